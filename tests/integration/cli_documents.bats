#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The documents the program writes: spec, features, explain.

load helpers

setup() {
	setup_bundle
	SECRET=hunter2
}

teardown() {
	teardown_bundle
}

# Under this terminal width, as `script` gives it: without carriage returns.
on_terminal() {
	local columns=$1
	shift
	requires_command script
	script -qec "stty cols $columns; $*" /dev/null </dev/null | tr -d '\r'
}

explain() {
	runtime "${POLICY[@]}" explain "$@"
}

@test "spec: what runc writes, for this version of the specification" {
	requires_command runc
	mkdir ours theirs
	run -0 "$RUNTIME" spec -b ours
	is ""
	(cd theirs && runc spec)
	# what runc 1.5 has changed since Debian's
	jq -S '.ociVersion = "1.3.0" | del(.process.capabilities.ambient)' theirs/config.json >expected
	jq -S '.ociVersion = "1.3.0" | del(.process.capabilities.ambient)' ours/config.json | diff expected -
}

@test "spec --rootless: what runc writes" {
	requires_command runc
	mkdir ours theirs
	run -0 "$RUNTIME" spec --rootless --bundle=ours
	(cd theirs && runc spec --rootless)
	jq -S '.ociVersion = "1.3.0" | del(.process.capabilities.ambient)' theirs/config.json >expected
	jq -S '.ociVersion = "1.3.0" | del(.process.capabilities.ambient)' ours/config.json | diff expected -
}

@test "spec --rootless: maps the caller, whoever it is" {
	requires_root
	chmod 777 "$BUNDLE"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}"
	rm config.json
	cp "$RUNTIME" "$BATS_TEST_TMPDIR/program"
	run -0 setpriv --reuid 1234 --regid 5678 --clear-groups "$BATS_TEST_TMPDIR/program" spec --rootless
	run -0 jq -c '[.linux.uidMappings, .linux.gidMappings]' config.json
	is '[[{"containerID":0,"hostID":1234,"size":1}],[{"containerID":0,"hostID":5678,"size":1}]]'
}

@test "spec: a file that is there is not touched" {
	echo mine >config.json
	run -1 "$RUNTIME" spec
	contains "File config.json exists. Remove it first"
	equal "$(cat config.json)" mine
}

@test "spec: nothing is written through a link" {
	requires_casemate "follows it"
	rm config.json
	ln -s elsewhere config.json
	run -1 "$RUNTIME" spec
	[[ ! -e elsewhere ]]
}

@test "spec: a bundle that is not there, and one that is no directory" {
	run -1 "$RUNTIME" spec --bundle missing
	contains "no such file or directory"
	touch file
	run -1 "$RUNTIME" spec --bundle file
	contains "not a directory"
}

@test "spec: the umask decides who may read it" {
	rm config.json
	(umask 077 && "$RUNTIME" spec)
	equal "$(stat -c %a config.json)" 600
}

@test "features: a document of known members, each of its type" {
	requires_casemate "an older form of it"
	run -0 --separate-stderr "$RUNTIME" features
	# shellcheck disable=SC2154 # set by run
	equal "$stderr" ""
	jq -e '
		def strings: type == "array" and all(.[]; type == "string");
		def enabled: keys == ["enabled"] and (.enabled | type == "boolean");
		(.ociVersionMin == "1.0.0") and (.ociVersionMax | test("^1\\.[0-9]+\\.[0-9]+$")) and
		(.hooks | strings) and (.mountOptions | strings) and (.annotations | all(.[]; type == "string")) and
		(.potentiallyUnsafeConfigAnnotations | strings) and
		(.linux |
			(.namespaces | strings) and (.capabilities | all(.[]; test("^CAP_[A-Z_]+$"))) and
			(.cgroup | keys == ["rdma", "systemd", "systemdUser", "v1", "v2"] and all(.[]; type == "boolean")) and
			(.seccomp | .enabled == true and (.actions | all(.[]; test("^SCMP_ACT_[A-Z_]+$"))) and
				(.operators | all(.[]; test("^SCMP_CMP_[A-Z_]+$"))) and
				(.archs | all(.[]; test("^SCMP_ARCH_[A-Z0-9_]+$"))) and
				(.knownFlags | all(.[]; test("^SECCOMP_FILTER_FLAG_[A-Z_]+$"))) and
				(.supportedFlags - .knownFlags == [])) and
			(.apparmor | enabled) and (.selinux | enabled) and (.intelRdt | keys == ["enabled", "monitoring", "schemata"] and all(.[]; type == "boolean")) and
			(.netDevices | enabled) and (.mountExtensions.idmap | enabled))' <<<"$output"
}

@test "features: what engines look for" {
	requires_casemate "an older form of it"
	run -0 "$RUNTIME" features
	jq -e '(.mountOptions | index("rro")) and (.linux.namespaces | index("user") and index("time")) and
		.linux.mountExtensions.idmap.enabled and
		.hooks == ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"] and
		.potentiallyUnsafeConfigAnnotations == ["org.criu.config", "org.systemd.property."]' \
		<<<"$output"
}

@test "features: nothing that runc knows is missing" {
	requires_command runc
	requires_casemate "is what is compared with"
	missing=$(jq -n --argjson ours "$("$RUNTIME" features)" --argjson theirs "$(runc features)" '
		[($theirs.hooks - $ours.hooks), ($theirs.linux.namespaces - $ours.linux.namespaces),
			($theirs.linux.capabilities - $ours.linux.capabilities),
			($theirs.linux.seccomp.actions - $ours.linux.seccomp.actions),
			($theirs.linux.seccomp.operators - $ours.linux.seccomp.operators),
			($theirs.linux.seccomp.archs - $ours.linux.seccomp.archs)] | add | length')
	equal "$missing" 0
}

@test "features: every capability of this kernel" {
	requires_casemate
	equal "$("$RUNTIME" features | jq '.linux.capabilities | length')" "$(($(cat /proc/sys/kernel/cap_last_cap) + 1))"
}

@test "explain: a bundle, member by member, with the policy and its key" {
	requires_casemate
	edit '.process.noNewPrivileges = false'
	POLICY=(--policy baseline)
	run -0 explain "$BUNDLE"
	equal "${lines[0]}" "policy: baseline"
	matches "^process\.noNewPrivileges +false -> true +baseline: noNewPrivileges$"
	cd "$BUNDLE"
	equal "$(explain)" "$output"
	equal "$(explain .)" "$output"
}

@test "explain: off changes nothing" {
	requires_casemate
	edit '.process.noNewPrivileges = false'
	POLICY=(--policy off)
	run -0 explain "$BUNDLE"
	equal "${lines[0]}" "policy: off"
	contains "Nothing is changed"
	equal "$(explain "$BUNDLE" --format json | jq -c .)" '{"policies":["off"],"changes":[],"unmet":[]}'
}

@test "explain --format json: the same changes" {
	requires_casemate
	edit '.process.noNewPrivileges = false'
	POLICY=(--policy baseline)
	run -0 explain --format json "$BUNDLE"
	jq -e '.policies == ["baseline"] and all(.changes[]; keys == ["from", "key", "member", "policy", "to"])' \
		<<<"$output"
	jq -e 'any(.changes[]; . == {member: "process.noNewPrivileges", from: "false", to: "true",
		policy: "baseline", key: "noNewPrivileges"})' <<<"$output"
	changes=$(jq '.changes | length' <<<"$output")
	run -0 explain "$BUNDLE"
	matches "^$changes changes?:$"
}

@test "explain --format config: applied again, nothing more changes" {
	requires_casemate
	edit '.process.noNewPrivileges = false'
	POLICY=(--policy baseline)
	explain --format config "$BUNDLE" >hardened.json
	jq -e '.process.noNewPrivileges' hardened.json
	mkdir again
	mv hardened.json again/config.json
	equal "$(explain --format json again | jq -c .changes)" '[]'
}

@test "explain: a container shows what was applied to it" {
	requires_casemate
	policy_is_off && skip "is about a policy"
	edit '.process.noNewPrivileges = false'
	start_sleeping
	rm config.json
	run -0 runtime explain "$ID"
	matches "^process\.noNewPrivileges +false -> true +baseline: noNewPrivileges$"
	equal "$(runtime explain --format config "$ID" | jq .process.noNewPrivileges)" true
}

@test "explain: no value of an environment variable, in any format" {
	requires_casemate
	edit ".process.env += [\"TOKEN=$SECRET\"] | .hooks.poststop = [{path: \"/bin/true\", env: [\"KEY=$SECRET\"]}]"
	for format in text json config; do
		run -0 runtime explain --format $format "$BUNDLE"
		lacks "$SECRET"
	done
	contains '"TOKEN="'
	contains '"KEY="'
}

@test "explain: fits the terminal, and is plain where it should be" {
	requires_casemate
	edit '.process.noNewPrivileges = false'
	for columns in 40 80 100 132; do
		run on_terminal $columns env NO_COLOR=1 "$RUNTIME" --policy baseline explain
		[[ ${#lines[@]} -gt 3 ]]
		lacks $'\e'
		for line in "${lines[@]}"; do
			((${#line} <= columns))
		done
	done
	run on_terminal 100 env -u NO_COLOR TERM=xterm "$RUNTIME" --policy baseline explain
	contains $'\e[1m'
	run on_terminal 100 env -u NO_COLOR TERM=dumb "$RUNTIME" --policy baseline explain
	lacks $'\e'
	POLICY=(--policy baseline)
	run -0 explain
	lacks $'\e'
}

@test "explain: the configuration cannot write to the terminal" {
	requires_casemate
	edit '.mounts += [{destination: "/x\u001b[31m", type: "tmpfs", source: "tmpfs"}]'
	POLICY=(--policy baseline)
	run -0 explain
	lacks $'\e'
}

@test "explain: what is neither a bundle nor a container, and a bad format" {
	requires_casemate
	fails 1 "nothing-here is neither a bundle nor a container" runtime explain nothing-here
	fails 1 "nothing-here is neither a bundle nor a container" runtime audit nothing-here
	run -1 runtime explain --format yaml "$BUNDLE"
	contains "invalid format option"
	run -1 runtime --policy no-such-policy explain "$BUNDLE"
	contains no-such-policy
}
