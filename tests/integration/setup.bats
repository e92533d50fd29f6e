#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2154 # variables of bats
# setup: the runtime in copies of engines' configurations, and that the engines read what it writes.

load helpers

setup() {
	requires_casemate "has no setup"
	PROGRAM=$(readlink -f "$RUNTIME")
	cd "$BATS_TEST_TMPDIR" || return
}

casemate() {
	"$RUNTIME" "$@"
}

@test "setup docker: beside what is there, shown, copied, twice the same, and out again" {
	echo '{"log-level": "info", "runtimes": {"other": {"path": "/x"}}, "default-runtime": "other"}' >daemon.json
	cp daemon.json original.json
	run -0 casemate setup docker --file daemon.json --policy baseline,terminal
	contains '+'
	contains 'Restart Docker'
	contains 'daemon.json.before-casemate'
	equal "$(jq -c . daemon.json)" "$(jq -c --arg path "$PROGRAM" '.runtimes.casemate = {path: $path, runtimeArgs: ["--policy", "baseline,terminal"]}' original.json)"
	cmp daemon.json.before-casemate original.json
	cp daemon.json once.json
	run -0 casemate setup docker --file daemon.json --policy baseline,terminal
	contains 'nothing to change'
	cmp daemon.json once.json
	run -0 casemate setup docker --file daemon.json --name strict --policy web --default
	equal "$(jq -c '[.["default-runtime"], (.runtimes | keys)]' daemon.json)" '["strict",["casemate","other","strict"]]'
	run -0 casemate setup docker --file daemon.json --name strict --undo
	run -0 casemate setup docker --file daemon.json --undo
	equal "$(jq -c . daemon.json)" "$(jq -c . original.json)"
	cmp daemon.json.before-casemate original.json
	# One that has gone meanwhile is no default.
	run -0 casemate setup docker --file daemon.json --default
	jq 'del(.runtimes.other)' daemon.json >less.json
	cp less.json daemon.json
	run -0 casemate setup docker --file daemon.json --undo
	equal "$(jq -c . daemon.json)" '{"log-level":"info"}'
}

@test "setup docker: a file that is not there yet, and none again" {
	run -0 casemate setup docker --dry-run --file new/daemon.json
	[[ ! -e new ]]
	run -0 casemate setup docker --file new/daemon.json
	jq -e .runtimes.casemate.path new/daemon.json
	run -0 casemate setup docker --file new/daemon.json --undo
	[[ ! -e new/daemon.json ]]
	run -0 casemate setup docker --file new/daemon.json --undo
	contains 'nothing to change'
}

@test "setup: a file with nothing in it is there again afterwards" {
	local engine
	for engine in docker containerd; do
		if [[ $engine = docker ]]; then echo '{}'; fi >"$engine"
		cp "$engine" original
		run -0 casemate setup "$engine" --file "$engine"
		run -0 casemate setup "$engine" --file "$engine" --undo
		cmp "$engine" original
	done
}

@test "setup docker: nothing is written where something is wrong" {
	echo '{"runtimes": []}' >daemon.json
	fails 1 'expected an object' "$RUNTIME" setup docker --file daemon.json
	echo '{' >daemon.json
	fails 1 'daemon.json' "$RUNTIME" setup docker --file daemon.json
	equal "$(cat daemon.json)" '{'
	echo '{}' >daemon.json
	fails 1 'no policy called nosuch|nosuch' "$RUNTIME" setup docker --file daemon.json --policy nosuch
	fails 1 '\-\-name' "$RUNTIME" setup docker --file daemon.json --name 'a b'
	fails 1 'expected docker, podman or containerd' "$RUNTIME" setup frobnicate
	equal "$(cat daemon.json)" '{}'
	[[ ! -e daemon.json.before-casemate ]]
}

@test "setup docker: dockerd takes it" {
	requires_command dockerd
	dockerd --help | grep -q -- --validate || skip "an old dockerd cannot check a file; see tests/engine/policy_docker.bats"
	echo '{"log-level": "info"}' >daemon.json
	run -0 casemate setup docker --file daemon.json --policy terminal --default
	dockerd --validate --config-file daemon.json >"$BATS_TEST_TMPDIR/out" 2>&1 || {
		cat "$BATS_TEST_TMPDIR/out"
		return 1
	}
}

@test "setup podman: a file of its own that podman takes" {
	run -0 casemate setup podman --file casemate.conf --default
	cp casemate.conf once.conf
	run -0 casemate setup podman --file casemate.conf --default
	contains 'nothing to change'
	fails 1 'no place for a runtime.s options' "$RUNTIME" setup podman --file casemate.conf --policy web
	cmp casemate.conf once.conf
	if command -v podman >/dev/null && ((EUID == 0)); then
		run -0 env CONTAINERS_CONF="$PWD/casemate.conf" HOME="$PWD" podman --root "$PWD/root" --runroot "$PWD/run" \
			--storage-driver vfs --cgroup-manager cgroupfs info --format '{{.Host.OCIRuntime.Path}}'
		contains "$PROGRAM"
	fi
	run -0 casemate setup podman --file casemate.conf --undo
	[[ ! -e casemate.conf ]]
	echo '[engine]' >casemate.conf
	fails 1 'was not written by casemate' "$RUNTIME" setup podman --file casemate.conf
	fails 1 'was not written by casemate' "$RUNTIME" setup podman --file casemate.conf --undo
	equal "$(cat casemate.conf)" '[engine]'
}

@test "setup containerd: a block at the end, for versions 2 and 3, and out again" {
	local version plugin
	for version in 2 3; do
		plugin='"io.containerd.grpc.v1.cri"'
		[[ $version = 2 ]] || plugin="'io.containerd.cri.v1.runtime'"
		printf '# mine\nversion = %s\n[grpc]\n  address = "/run/x.sock"\n' "$version" >config.toml
		cp config.toml original.toml
		rm -f config.toml.before-casemate
		run -0 casemate setup containerd --file config.toml
		grep -qF "[plugins.$plugin.containerd.runtimes.casemate]" config.toml
		grep -qF "BinaryName = \"$PROGRAM\"" config.toml
		head -n 4 config.toml | cmp - original.toml
		cmp config.toml.before-casemate original.toml
		run -0 casemate setup containerd --file config.toml
		contains 'nothing to change'
		run -0 casemate setup containerd --file config.toml --undo
		cmp config.toml original.toml
	done
	printf '[grpc]\n' >config.toml
	fails 1 'expected version 2 or 3' "$RUNTIME" setup containerd --file config.toml
	fails 1 'no place for a runtime.s options' "$RUNTIME" setup containerd --file config.toml --policy web
	printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.casemate]\n' >config.toml
	fails 1 'already' "$RUNTIME" setup containerd --file config.toml
	printf "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.casemate]\n" >config.toml
	fails 1 'already' "$RUNTIME" setup containerd --file config.toml
	printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd]\n  runtimes.runc = { runtime_type = "x" }\n' >config.toml
	fails 1 'as keys, not as tables' "$RUNTIME" setup containerd --file config.toml
	rm config.toml config.toml.before-casemate
	run -0 casemate setup containerd --file config.toml
	run -0 casemate setup containerd --file config.toml --undo
	[[ ! -e config.toml ]]
}

@test "setup containerd: containerd takes it" {
	requires_command containerd
	containerd config default >config.toml
	run -0 casemate setup containerd --file config.toml
	containerd --config config.toml config dump >dump.toml
	grep -q 'runtimes.casemate' dump.toml
	grep -qF "BinaryName = \"$PROGRAM\"" dump.toml
}

@test "setup containerd: systemd makes the cgroups where it does for another runtime" {
	local table='[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc' type='runtime_type = "io.containerd.runc.v2"'
	printf 'version = 2\n%s]\n  %s\n  %s.options]\n    SystemdCgroup = false\n' "$table" "$type" "$table" >config.toml
	cp config.toml original.toml
	run -0 casemate setup containerd --file config.toml
	run ! grep -q 'SystemdCgroup = true' config.toml
	run -0 casemate setup containerd --file config.toml --undo
	sed -i 's/SystemdCgroup = false/SystemdCgroup = false\n    # no SystemdCgroup = true\n  other = { SystemdCgroup  =  true } # as the kubelet/' config.toml
	run -0 casemate setup containerd --file config.toml
	[[ "$(tail -n 2 config.toml)" = $'    SystemdCgroup = true\n# end casemate setup' ]]
	run -0 casemate setup containerd --file config.toml
	contains 'nothing to change'
	! command -v containerd || containerd --config config.toml config dump | grep -A12 'runtimes.casemate.options' | grep -q 'SystemdCgroup = true'
}

@test "setup containerd: containerd keeps its own runtime, which is its default" {
	requires_command containerd
	# As Debian's package has it: no runtime is named.
	printf 'version = 2\n[plugins]\n  [plugins."io.containerd.grpc.v1.cri".cni]\n    bin_dir = "/usr/lib/cni"\n# [a.containerd.runtimes.b]\n' >config.toml
	run -0 casemate setup containerd --file config.toml
	containerd --config config.toml config dump >dump.toml
	grep -q 'runtimes.casemate\]' dump.toml
	grep -q 'runtimes.runc\]' dump.toml
	# A table of runtimes with none in it names none.
	printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes]\n' >config.toml
	run -0 casemate setup containerd --file config.toml
	[[ "$(grep -c 'containerd.runtimes.runc\]' config.toml)" = 1 ]]
	# One that the file names stays alone beside ours.
	printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun]\n  runtime_type = "io.containerd.runc.v2"\n' >config.toml
	run -0 casemate setup containerd --file config.toml
	[[ "$(grep -c 'containerd.runtimes' config.toml)" = 3 ]]
	rm config.toml
	run -0 casemate setup containerd --file config.toml --name runc
	[[ "$(grep -c 'containerd.runtimes.runc\]' config.toml)" = 1 ]]
}
