#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # jq's variables; bats' variables
# SELinux where it is real: labels of processes and of mounts.

load ../integration/helpers

PROCESS=system_u:system_r:container_t:s0:c1,c2
MOUNT=system_u:object_r:container_file_t:s0:c1,c2

setup() {
	requires_root
	[[ -e /sys/fs/selinux/enforce ]] || skip "the kernel has no SELinux"
	setup_bundle
}

teardown() {
	teardown_bundle
}

label_of() {
	tr -d '\0' <"/proc/$1/attr/current"
}

@test "selinux: the process has its label, as ps -Z shows it" {
	edit '.process.selinuxLabel = $text' --arg text "$PROCESS"
	start_sleeping
	equal "$(label_of "$(container_pid)")" "$PROCESS"
	run -0 ps -Zp "$(container_pid)"
	contains "$PROCESS"
	# exec has the container's label, or its own.
	runtime exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" sleep 1000
	equal "$(label_of "$(cat "$BATS_TEST_TMPDIR/pid")")" "$PROCESS"
	runtime exec --detach --process-label "${PROCESS%c1,c2}c3" --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" sleep 1000
	equal "$(label_of "$(cat "$BATS_TEST_TMPDIR/pid")")" "${PROCESS%c1,c2}c3"
}

@test "selinux: mounts have the mount label" {
	edit '.linux.mountLabel = $text' --arg text "$MOUNT"
	mount_entry /scratch tmpfs tmpfs
	start_sleeping
	run -0 grep -E ' /(scratch|dev) ' "/proc/$(container_pid)/mounts"
	equal "$(grep -c "container_file_t:s0:c1,c2" <<<"$output")" 2
	run -0 stat -c %C "/proc/$(container_pid)/root/scratch"
	is "$MOUNT"
}

@test "selinux: a label that the policy does not know is refused" {
	edit '.process.selinuxLabel = "system_u:system_r:no_such_t:s0"'
	program true
	fails 1 "selinux|label" runtime run "$ID"
	nothing_created
}
