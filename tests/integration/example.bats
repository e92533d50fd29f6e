#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # what expands inside the container; what bats sets
# config.json.example: runs as it stands, and confines.

load helpers

setup() {
	requires_root
	# Debian's runc knows neither the version nor the empty lists of capabilities.
	requires_newer_runc "the example is written for OCI 1.3"
	setup_bundle
	cp "$REPOSITORY/config.json.example" config.json
}

teardown() {
	teardown_bundle
}

# Runs the example with this script on its standard input.
inside() {
	run runtime run "$ID" <<<"$1"
}

@test "the example runs a shell as an ordinary user" {
	inside 'id -u; id -g; hostname; exit 7'
	[ "$status" -eq 7 ]
	[ "${lines[*]}" = "1000 1000 casemate" ]
}

@test "the example leaves no privilege" {
	inside 'grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status; unshare -U true && echo unshared; true'
	[ "$status" -eq 0 ]
	[ "$(grep -c '^Cap.*	0000000000000000$' <<<"$output")" -eq 5 ]
	grep -qx 'NoNewPrivs:	1' <<<"$output"
	grep -qx 'Seccomp:	2' <<<"$output"
	[[ "$output" != *unshared* ]]
}

@test "the example's root is read-only, its /tmp is not, and holds no programs" {
	inside 'touch /x; echo "echo ran" >/tmp/f && chmod 700 /tmp/f && /tmp/f; echo "status $?"'
	[[ "$output" == *"Read-only file system"* ]]
	[[ "$output" == *"status 126"* ]]
	[[ "$output" != *"ran"* ]]
}

@test "the example's limits hold" {
	requires_controller pids memory
	inside 'cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max /sys/fs/cgroup/memory/memory.limit_in_bytes \
		/sys/fs/cgroup/memory.max 2>/dev/null; grep "^Max open files" /proc/self/limits'
	[ "${lines[0]}" = 256 ]
	[ "${lines[1]}" = 268435456 ]
	[[ "${lines[2]}" == *1024*1024* ]]
}

@test "the script of the demo finds the example confined" {
	inside "$(cat "$REPOSITORY/scripts/confinement.sh")"
	[ "$status" -eq 0 ]
	[[ "$output" == *"NoNewPrivs             1"* ]]
	[[ "$output" == *"root is writable       no"* ]]
	[[ "$output" == *"can make a namespace   no"* ]]
	[[ "$output" == *"can mount              no"* ]]
	[[ "$output" == *"/proc/timer_list"* ]]
}
