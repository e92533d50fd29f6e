#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # variables of jq and of bats
# audit: the score of configurations of real engines, of bundles and of containers; its forms.

load helpers

CONFIGS=$REPOSITORY/tests/data/engine-configs

setup() {
	requires_casemate "has no audit"
	[[ " ${RUNTIME_ARGS:-} " != *policy* ]] || skip "another policy was asked for"
	setup_bundle
}

teardown() {
	teardown_bundle
}

# score FILE [POLICY]
score() {
	"$RUNTIME" ${2:+--policy "$2"} --root "$STATE" audit --format json - <"$1" | jq .score
}

@test "audit: calibrated on what engines write" {
	equal "$(score "$CONFIGS/docker-default.json")" 6
	equal "$(score "$CONFIGS/docker-default.json" baseline)" 6
	equal "$(score "$CONFIGS/docker-default.json" terminal)" 8
	((9 <= $(score "$CONFIGS/docker-default.json" web)))
	equal "$(score "$CONFIGS/podman-default.json")" 6
	((9 <= $(score "$CONFIGS/podman-default.json" web)))
	((7 <= $(score "$CONFIGS/docker-hardened-flags.json")))
}

@test "audit: a policy never lowers the points" {
	local file name before after
	for file in "$CONFIGS"/*.json; do
		before=$(runtime audit --format json - <"$file" | jq .points)
		for name in $(runtime policy list --format json | jq -r '.[].name'); do
			[[ $name != rootless ]] || continue # it refuses root
			after=$("$RUNTIME" --policy "$name" audit --format json - <"$file" | jq .points)
			((after >= before)) || { echo "$file $name: $before to $after"; return 1; }
		done
	done
}

@test "audit: each thing taken away costs its check" {
	local id filter
	while read -r id filter; do
		run -0 runtime audit --format json - <"$CONFIGS/docker-hardened-flags.json"
		jq -e --arg id "$id" '.checks[] | select(.id == $id).passed' <<<"$output" >/dev/null || { echo "$id does not pass before"; return 1; }
		jq "$filter" "$CONFIGS/docker-hardened-flags.json" >"$OUT"
		run -0 runtime audit --format json - <"$OUT"
		jq -e --arg id "$id" '.checks[] | select(.id == $id).passed | not' <<<"$output" >/dev/null || { echo "$id passes after: $filter"; return 1; }
	done <<-'END'
		no-new-privileges .process.noNewPrivileges = false
		capabilities-none-ruling .process.capabilities.bounding += ["CAP_SYS_ADMIN"]
		capabilities-few .process.capabilities.bounding += ["CAP_NET_RAW"]
		capabilities-inheritable .process.capabilities.inheritable = ["CAP_CHOWN"]
		seccomp del(.linux.seccomp)
		seccomp .linux.seccomp.defaultAction = "SCMP_ACT_ALLOW"
		namespaces-mount-pid del(.linux.namespaces[] | select(.type == "pid"))
		namespace-network del(.linux.namespaces[] | select(.type == "network"))
		namespaces-ipc-uts del(.linux.namespaces[] | select(.type == "ipc"))
		masked-paths .linux.maskedPaths -= ["/proc/kcore"]
		readonly-paths .linux.readonlyPaths -= ["/proc/sys"]
		host-sources .mounts += [{destination: "/x", type: "bind", source: "/var/run/docker.sock", options: ["rbind"]}]
		host-sources .mounts += [{destination: "/x", type: "bind", source: "/", options: ["rbind", "ro"]}]
		host-sources .mounts += [{destination: "/x", type: "bind", source: "/var/lib", options: ["rbind", "ro"]}]
		devices .linux.resources.devices += [{allow: true, type: "c", major: 10, minor: 229, access: "rwm"}]
		devices .linux.resources.devices += [{allow: true, access: "rwm"}]
		sysfs-readonly (.mounts[] | select(.destination == "/sys")).options -= ["ro"]
		rootfs-readonly .root.readonly = false
		pids-limit del(.linux.resources.pids)
		pids-few .linux.resources.pids.limit = 5000
		memory-limit del(.linux.resources.memory)
		cpu-limit del(.linux.resources.cpu)
	END
}

@test "audit: a privileged container" {
	jq '.process.capabilities |= with_entries(.value += ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_NET_ADMIN", "CAP_DAC_READ_SEARCH"])
		| .linux.resources.devices = [{allow: true, access: "rwm"}] | .linux.maskedPaths = [] | .linux.readonlyPaths = [] | del(.linux.seccomp)' \
		"$CONFIGS/docker-default.json" >"$OUT"
	run -0 runtime audit --format json - <"$OUT"
	jq -e '.score <= 3 and (.checks[] | select(.id == "not-privileged").passed | not)' <<<"$output"
	fails 1 'policy baseline: privileged' "$RUNTIME" --policy baseline audit - <"$OUT"
}

@test "audit: a bundle under the policies that would hold, a container under those that do" {
	cp "$CONFIGS/docker-default.json" config.json
	jq '.root.path = "rootfs" | .mounts |= map(select(.type != "bind")) | .process.args = ["sleep", "1000"]' config.json >new && mv new config.json
	run -0 runtime audit --format json
	jq -e '.policies == "baseline" and .subject == "." and (.checks[] | select(.id == "no-new-privileges").passed)' <<<"$output"
	run -0 "$RUNTIME" --policy off audit --format json "$BUNDLE"
	equal "$(jq -c '[.policies, .score]' <<<"$output")" '["off",6]'
	run -1 runtime audit "$BUNDLE/missing"
}

@test "audit: whether the seccomp filter is proven" {
	cp "$CONFIGS/docker-default.json" config.json
	equal "$(passes seccomp-proven - <config.json)" true
	# A profile that create refuses, as it cannot be carried out.
	edit '.linux.seccomp.syscalls += [{"names": ["kcmp"], "action": "SCMP_ACT_NOTIFY"}]'
	equal "$(passes seccomp-proven - <config.json)" false
	equal "$(passes seccomp - <config.json)" true
	run -0 runtime audit - <config.json
	contains "seccomp listenerPath is not set"
	edit 'del(.linux.seccomp)'
	equal "$(passes seccomp-proven - <config.json)" false
}

@test "audit: a container under the policies that hold" {
	requires_root
	program sleep 1000
	"$RUNTIME" --policy baseline,app --root "$STATE" run --detach "$ID" </dev/null >"$OUT" 2>&1 3>&-
	run -0 runtime audit --format json "$ID"
	jq -e '.policies == "app,baseline" and (.checks[] | select(.id == "seccomp-strict").passed) and (.checks[] | select(.id == "keyring").passed)' <<<"$output"
}

# passes CHECK [SUBJECT]: whether the check of the working directory's bundle, or of a container, passes.
passes() {
	runtime audit --format json "${2:-$BUNDLE}" | jq -r --arg id "$1" '.checks[] | select(.id == $id).passed'
}

@test "audit: where a source leads counts, not what it is called" {
	local source up
	equal "$(passes host-sources)" true
	mkdir -p "$BUNDLE/volume"
	ln -s /etc "$BUNDLE/harmless"
	ln -s "$BUNDLE/harmless" "$BUNDLE/far"
	cp config.json before.json
	mount_entry /data bind "$BUNDLE/volume" bind
	equal "$(passes host-sources)" true
	RUNTIME_OPTIONS=(--policy off)
	# shellcheck disable=SC2001 # what ${variable//} cannot say
	up=$(sed 's|[^/]*|..|g' <<<"$BUNDLE")
	for source in "$BUNDLE/far" harmless far/../.. "$BUNDLE/volume/$up/proc"; do
		cp before.json config.json
		mount_entry /data bind "$source" bind
		equal "$source: $(passes host-sources)" "$source: false"
	done
	cp before.json config.json
	mount_entry /data overlay overlay "lowerdir=$BUNDLE/volume:$BUNDLE/far"
	equal "$(passes host-sources)" false
	# What is read from elsewhere is taken by its names.
	equal "$(runtime audit --format json - <config.json | jq '.checks[] | select(.id == "host-sources").passed')" true
}

@test "audit: of a running container, too" {
	requires_root
	mkdir volume
	ln -s volume link
	mount_entry /data bind "$PWD/link" bind
	start_sleeping
	equal "$(passes host-sources "$ID")" true
	ln -sfn /etc link
	equal "$(passes host-sources "$ID")" false
}

# prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, 0, THREAD, &cookie)
has_core_scheduling() {
	local number=157
	[[ $(uname -m) == x86_64 ]] || number=167
	[[ $("$(helper probe)" syscall $number 62 0 0 0 0) != EINVAL && $("$(helper probe)" syscall $number 62 0 0 0 0) != ENODEV ]]
}

@test "audit: what this host cannot do is not counted, what another can may be" {
	local id
	jq -n '{name: "all", coreScheduling: "auto", speculation: {storeBypass: "auto", indirectBranch: "auto"}, disk: {max: "1g"},
		landlock: {filesystem: {read: ["/"], execute: ["/"], write: ["/"]}}}' >"$BATS_TEST_TMPDIR/all.json"
	edit '.root.readonly = false'
	RUNTIME_OPTIONS=(--policy "$BATS_TEST_TMPDIR/all.json")
	for id in core-scheduling speculation disk-limit landlock; do
		equal "$id $(runtime audit --format json - <config.json | jq --arg id $id '.checks[] | select(.id == $id).passed')" "$id true"
	done
	if has_core_scheduling; then
		equal "$(passes core-scheduling)" true
	else
		equal "$(passes core-scheduling)" false
	fi
	edit '.root.readonly = true'
	equal "$(passes disk-limit)" true
	RUNTIME_OPTIONS=(--policy off)
	equal "$(passes disk-limit)" true
	edit '.root.readonly = false'
	RUNTIME_OPTIONS=(--policy "$BATS_TEST_TMPDIR/all.json")
	# quotactl_fd(2) on the file system is what says that there are project quotas
	equal "$(passes disk-limit)" "$(grep -qE ' / .*(prjquota|pquota)' /proc/self/mountinfo && echo true || echo false)"
	if [[ $("$(helper probe)" syscall 444 0 0 1) =~ ^[0-9] ]]; then
		equal "$(passes landlock)" true
	else
		equal "$(passes landlock)" false
	fi
}

@test "audit: a namespace that is joined is not the host's" {
	requires_root
	local kind
	RUNTIME_OPTIONS=(--policy off)
	equal "$(passes namespace-network)" true
	edit '(.linux.namespaces[] | select(.type == "network")).path = "/proc/self/ns/net"'
	equal "$(passes namespace-network)" false
	edit '.linux.namespaces += [{type: "user", path: "/proc/self/ns/user"}]'
	equal "$(passes user)" false
	unshare --user --map-root-user --net sleep 1000 </dev/null >/dev/null 2>&1 3>&- &
	BACKGROUND+=($!)
	wait_for grep -q sleep "/proc/$!/comm"
	edit '(.linux.namespaces[] | select(.type == "network")).path = "/proc/\($pid)/ns/net"
		| (.linux.namespaces[] | select(.type == "user")).path = "/proc/\($pid)/ns/user"' --arg pid $!
	equal "$(passes namespace-network)" true
	# it maps the host's root
	equal "$(passes user)" false
}

@test "audit: text, each check with how to fix it" {
	run -0 runtime audit - <"$CONFIGS/docker-default.json"
	contains 'score 6 of 10 (60 of 100 points), no policy'
	contains 'fix: use --security-opt no-new-privileges'
	equal "$(grep -cE '^(pass|FAIL) ' <<<"$output")" "$(runtime audit --format json - <"$CONFIGS/docker-default.json" | jq '.checks | length')"
	lacks $'\033'
	[[ $(awk '{ if (length > widest) widest = length } END { print widest }' <<<"$output") -le 110 ]]
	requires_command script
	run -0 script -qec "stty cols 60; '$RUNTIME' audit - <'$CONFIGS/docker-default.json'" /dev/null
	contains $'\033[31mFAIL'
	[[ $(sed 's/\x1b\[[0-9;]*m//g; s/\r//' <<<"$output" | awk '{ if (length > widest) widest = length } END { print widest }') -le 60 ]]
	run -0 env NO_COLOR=1 script -qec "'$RUNTIME' audit - <'$CONFIGS/docker-default.json'" /dev/null
	lacks $'\033'
}

@test "audit: json as its schema says, the weights come to 100 points and are those of the manual" {
	runtime audit --format json - <"$CONFIGS/docker-default.json" >"$OUT"
	valid_by "$REPOSITORY/docs/schema/audit.json" "$OUT"
	equal "$(jq '[.checks[].weight] | add' "$OUT")" 100
	equal "$(jq '[.checks[] | select(.passed).weight] | add' "$OUT")" "$(jq .points "$OUT")"
	diff <(jq -r '.checks[] | ".It \(.id) Pq \(.weight)"' "$OUT") <(sed -n '/^\.Sh CHECKS/,/^\.El/s/^\(\.It .*\)/\1/p' "$REPOSITORY/docs/man/casemate-audit.8")
}

@test "audit: sarif with a result for each check that does not pass" {
	local failed
	failed=$(runtime audit --format json - <"$CONFIGS/docker-default.json" | jq -c '[.checks[] | select(.passed | not).id]')
	run -0 runtime audit --format sarif - <"$CONFIGS/docker-default.json"
	equal "$(jq -r .version <<<"$output")" 2.1.0
	equal "$(jq -c '[.runs[0].results[].ruleId]' <<<"$output")" "$failed"
	jq -e '.runs[0] | .tool.driver.rules as $rules | .results | all(.ruleId == $rules[.ruleIndex].id and (.level | IN("error", "warning", "note"))
		and .message.text != "" and .locations[0].physicalLocation.artifactLocation.uri == "config.json")' <<<"$output"
	jq -e '.runs[0].properties.score == 6' <<<"$output"
}

@test "audit: --min-score" {
	run -0 runtime audit --min-score 6 - <"$CONFIGS/docker-default.json"
	run -2 runtime audit --min-score 7 - <"$CONFIGS/docker-default.json"
	contains 'score 6'
	run -0 "$RUNTIME" --policy web audit --min-score=9 - <"$CONFIGS/docker-default.json"
	fails 1 'min-score' "$RUNTIME" audit --min-score 11 - <"$CONFIGS/docker-default.json"
	fails 1 'min-score' "$RUNTIME" audit --min-score six - <"$CONFIGS/docker-default.json"
	fails 1 'invalid format' "$RUNTIME" audit --format yaml - <"$CONFIGS/docker-default.json"
	fails 1 'standard input' "$RUNTIME" audit - <<<'{'
}

@test "audit: a secret is in no form of it" {
	local form
	jq '.process.env += ["TOKEN=marked-value"] | .hooks = {prestart: [{path: "/bin/true", env: ["KEY=marked-value"]}]}' "$CONFIGS/docker-default.json" >"$OUT"
	for form in text json sarif; do
		run -0 runtime audit --format "$form" - <"$OUT"
		lacks marked-value
	done
}
