#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # what expands inside the container; what bats and containerd.bash set
# Policies under a real containerd: a floor for each runtime that its clients may choose (BinaryName of the runc shim's
# options), a stricter one for each container that asks for it, and nothing that goes below.

bats_require_minimum_version 1.5.0
load containerd

# The site lets containers select some policies.
site_in_room() {
	site_has '{"selectable": ["app", "terminal", "off"]}'
}

# containerd hands no options of a runtime's on: a program of two lines stands for the runtime with its policies.
setup_file() {
	[ "$ENGINE_RUNTIME" = casemate ] || skip "$ENGINE_RUNTIME has no policies"
	containerd_start
	local name
	for name in terminal web; do
		printf '#!/bin/sh\nexec "%s" --policy baseline,%s "$@"\n' "$CASEMATE" $name >"$ROOM_DIR/casemate-$name"
		chmod 755 "$ROOM_DIR/casemate-$name"
	done
}

teardown_file() {
	containerd_stop
}

setup() {
	ID=t$BATS_TEST_NUMBER
	CTR_RUNTIME=
}

teardown() {
	ctr_remove "$ID"
}

under() {
	CTR_RUNTIME=$ROOM_DIR/casemate-$1
}

# The runtime on containerd's containers.
casemate() {
	room "$CASEMATE" --root /run/containerd/runc/default "$@"
}

@test "ctr: a policy for each runtime" {
	run ctr_run --rm "$IMAGE" "$ID" sh -c 'grep -E "NoNewPrivs|Seccomp:" /proc/self/status; touch /x && echo written'
	[[ "$output" == *$'NoNewPrivs:\t1'* && "$output" == *written* ]]
	under terminal
	run ctr_run --rm "$IMAGE" "$ID-terminal" sh -c 'grep -E "CapBnd|Seccomp:" /proc/self/status; touch /x || echo refused; touch /tmp/x && echo tmp'
	[[ "$output" == *$'Seccomp:\t2'* ]]
	[ $((0x$(sed -n 's/^CapBnd:\t//p' <<<"$output") & ~0x4eb)) -eq 0 ]
	[[ "$output" == *refused* && "$output" == *tmp* ]]
	under web
	run ctr_run --rm "$IMAGE" "$ID-web" grep CapBnd /proc/self/status
	[[ "$output" == *$'CapBnd:\t0000000000000000'* ]]
}

@test "ctr run --privileged is refused under each, with the way out" {
	local name
	for name in baseline terminal web; do
		[ "$name" = baseline ] || under $name
		run ctr_run --rm --privileged "$IMAGE" "$ID-$name" true
		[ "$status" -ne 0 ]
		[[ "$output" == *policy*privileged*"remove --privileged"* ]]
		ctr_remove "$ID-$name"
	done
	run find /sys/fs/cgroup -type d -path "*/$ROOM_CGROUP/*"
	[ -z "$output" ]
}

@test "ctr run cannot ask for less: options that open a container" {
	under terminal
	run ctr_run --rm --cap-add CAP_SYS_ADMIN "$IMAGE" "$ID" \
		sh -c 'grep -E "NoNewPrivs|CapBnd|Seccomp:" /proc/self/status; wc -c </proc/timer_list; echo 1 >/proc/sys/kernel/panic'
	[ $((0x$(sed -n 's/^CapBnd:\t//p' <<<"$output") & ~0x4eb)) -eq 0 ]
	[[ "$output" == *$'NoNewPrivs:\t1'* && "$output" == *$'Seccomp:\t2'* && "$output" == *[Rr]ead-only* ]]
	[ "$(grep -xc 0 <<<"$output")" -eq 1 ]
	run ctr_run --rm --net-host "$IMAGE" "$ID-net" true
	[ "$status" -ne 0 ]
	[[ "$output" == *policy*namespaces.require*network* ]]
	ctr_remove "$ID-net"
	run ctr_run --rm --with-ns pid:/proc/self/ns/pid "$IMAGE" "$ID-pid" true
	[ "$status" -ne 0 ]
	[[ "$output" == *policy*namespaces.require*pid* ]]
	ctr_remove "$ID-pid"
	run ctr_run --rm --mount type=bind,src=/etc,dst=/host,options=rbind:ro "$IMAGE" "$ID-mount" true
	[ "$status" -ne 0 ]
	[[ "$output" == *policy*mounts.denySources* ]]
	ctr_remove "$ID-mount"
}

# The process that ctr asks for is the container's own, with what the policy left it: ctr cannot name capabilities.
@test "an exec of containerd's is held to the policy, with all capabilities asked for, too" {
	under terminal
	ctr_run -d "$IMAGE" "$ID" /pause
	run -0 room ctr tasks exec --exec-id one "$ID" sh -c 'grep -E "NoNewPrivs|CapBnd|CapEff|Seccomp:" /proc/self/status'
	[ $((0x$(sed -n 's/^CapBnd:\t//p' <<<"$output") & ~0x4eb)) -eq 0 ]
	[[ "$output" == *$'NoNewPrivs:\t1'* && "$output" == *$'Seccomp:\t2'* ]]
	# What other clients send for a privileged exec.
	casemate state "$ID" >/dev/null
	echo '{"args": ["grep", "-E", "NoNewPrivs|CapBnd", "/proc/self/status"], "cwd": "/", "env": ["PATH=/bin"], "noNewPrivileges": false,
		"capabilities": {"bounding": ["CAP_SYS_ADMIN", "CAP_KILL"], "effective": ["CAP_SYS_ADMIN", "CAP_KILL"], "permitted": ["CAP_SYS_ADMIN", "CAP_KILL"]}}' \
		>"$BATS_TEST_TMPDIR/process.json"
	run -0 casemate exec --process "$BATS_TEST_TMPDIR/process.json" "$ID"
	[[ "$output" == *$'NoNewPrivs:\t1'* ]]
	[ $((0x$(sed -n 's/^CapBnd:\t//p' <<<"$output") & ~0x4eb)) -eq 0 ]
	jq '.capabilities |= with_entries(.value += ["CAP_SYS_PTRACE", "CAP_NET_ADMIN", "CAP_DAC_READ_SEARCH"])' "$BATS_TEST_TMPDIR/process.json" \
		>"$BATS_TEST_TMPDIR/privileged.json"
	run casemate exec --process "$BATS_TEST_TMPDIR/privileged.json" "$ID"
	[ "$status" -ne 0 ]
	[[ "$output" == *policy*privileged* ]]
}

@test "ctr run --annotation: a stricter policy of the container's own choice" {
	run -0 ctr_run --rm --annotation dev.casemate.policy=terminal "$IMAGE" "$ID" sh -c 'grep CapBnd /proc/self/status; touch /x || echo refused'
	[ $((0x$(sed -n 's/^CapBnd:\t//p' <<<"$output") & ~0x4eb)) -eq 0 ]
	[[ "$output" == *refused* ]]
}

@test "ctr run --annotation: nothing looser than the runtime's, and nothing that the site does not list" {
	under web
	run ctr_run --rm --annotation dev.casemate.policy=terminal "$IMAGE" "$ID" grep CapBnd /proc/self/status
	[[ "$output" == *$'CapBnd:\t0000000000000000'* ]]
	# off adds nothing, and takes nothing away
	run ctr_run --rm --annotation dev.casemate.policy=off "$IMAGE" "$ID-off" grep CapBnd /proc/self/status
	[[ "$output" == *$'CapBnd:\t0000000000000000'* ]]
	run ctr_run --rm --privileged --annotation dev.casemate.policy=off "$IMAGE" "$ID-privileged" true
	[ "$status" -ne 0 ]
	[[ "$output" == *policy*privileged* ]]
	ctr_remove "$ID-privileged"
	run ctr_run --rm --annotation dev.casemate.policy=database "$IMAGE" "$ID-database" true
	[ "$status" -ne 0 ]
	[[ "$output" == *"not selectable"* ]]
	ctr_remove "$ID-database"
}

@test "explain, audit and verify of a container of containerd's" {
	under terminal
	ctr_run -d "$IMAGE" "$ID" /pause
	run -0 casemate explain "$ID"
	[[ "$output" == *capabilities.max* ]]
	run -0 casemate audit --format json "$ID"
	[ "$(jq -r .policies <<<"$output")" = baseline,terminal ]
	run casemate verify "$ID"
	[ "$status" -eq 0 ] || { grep -v '^ok' <<<"$output"; return 1; }
}
