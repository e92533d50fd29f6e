#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # what expands inside the container; what bats sets
# containerd: its own client, ctr, with the runtime under test behind the runc shim.

bats_require_minimum_version 1.5.0
load containerd

setup_file() {
	containerd_start
}

teardown_file() {
	containerd_stop
}

setup() {
	ID=t$BATS_TEST_NUMBER
}

teardown() {
	ctr_remove "$ID"
}

@test "ctr run prints the program's output and returns its exit status" {
	run ctr_run --rm "$IMAGE" "$ID" sh -c 'echo hello; exit 7'
	[ "$status" -eq 7 ]
	[ "$output" = hello ]
}

@test "ctr run of a program that is not there fails and leaves nothing" {
	run ctr_run --rm "$IMAGE" "$ID" no-such-program
	[ "$status" -ne 0 ]
	[[ "$output" == *"executable file not found in \$PATH"* ]]
	run room ctr tasks list -q
	[[ "$output" != *"$ID"* ]]
}

@test "ctr run -t gives a terminal" {
	run script -qec "nsenter -t $ROOM -n -m ctr run -t --rm --runc-binary $(runtime_path) --cgroup /$ROOM_CGROUP/$ID $IMAGE $ID tty" /dev/null
	[[ "$output" == */dev/pts/0* ]]
}

@test "ctr run --rootfs needs no image" {
	run ctr_run --rm --rootfs "$ROOM_DIR/rootfs" "$ID" /bin/echo bare
	[ "$output" = bare ]
}

@test "ctr run -d, tasks list, exec, kill, delete" {
	ctr_run -d "$IMAGE" "$ID" sh -c 'trap "exit 5" TERM; while :; do sleep 0.1; done'
	run room ctr tasks list
	[[ "$output" == *"$ID"*RUNNING* ]]
	run room ctr tasks exec --exec-id one "$ID" sh -c 'echo inside; exit 6'
	[ "$status" -eq 6 ]
	[ "$output" = inside ]
	room ctr tasks kill -s TERM "$ID"
	eventually 5 task_is STOPPED
	run room ctr tasks delete "$ID"
	[[ "$output" == *"exit code 5"* ]]
}

task_is() {
	room ctr tasks list | grep -q "^$ID .*$1"
}

@test "ctr tasks pause and resume" {
	ctr_run -d "$IMAGE" "$ID" /pause
	room ctr tasks pause "$ID"
	task_is PAUSED
	room ctr tasks resume "$ID"
	task_is RUNNING
}

@test "ctr tasks ps and metrics" {
	can_measure
	ctr_run -d --memory-limit 67108864 "$IMAGE" "$ID" sh -c 'sleep 998 & sleep 999'
	run room ctr tasks ps "$ID"
	[ "${#lines[@]}" -ge 3 ]
	run room ctr tasks metrics "$ID"
	[ "$status" -eq 0 ]
	[[ "$output" == *memory* ]]
	[[ "$output" == *pids.current*[23]* ]]
}

@test "ctr run: read-only root, mounts, environment, directory" {
	echo one >"$BATS_TEST_TMPDIR/file"
	run --separate-stderr ctr_run --rm --read-only --mount "type=bind,src=$BATS_TEST_TMPDIR,dst=/srv,options=rbind:ro" --env A=1 --cwd /srv \
		"$IMAGE" "$ID" sh -c 'pwd; cat file; echo $A; touch /x; touch /srv/y'
	[ "${lines[*]}" = "/srv one 1" ]
	[ "$(grep -c "Read-only file system" <<<"$stderr")" -eq 2 ]
}

@test "ctr run --memory-limit, --cpus and --pid-file" {
	ctr_run -d --memory-limit 50331648 --cpus 0.5 --pid-file "$BATS_TEST_TMPDIR/pid" "$IMAGE" "$ID" /pause
	kill -0 "$(cat "$BATS_TEST_TMPDIR/pid")"
	run find /sys/fs/cgroup -path "*/$ROOM_CGROUP/$ID/*" \( -name memory.limit_in_bytes -o -name memory.max \) -exec cat {} +
	[ "$output" = 50331648 ]
}

@test "ctr run --net-host and --seccomp" {
	run ctr_run --rm --net-host --seccomp "$IMAGE" "$ID" sh -c 'readlink /proc/self/ns/net; grep Seccomp: /proc/self/status'
	[ "${lines[0]}" = "$(readlink "/proc/$ROOM/ns/net")" ]
	[[ "${lines[1]}" == *2 ]]
}

@test "ctr run --uidmap gives a user namespace" {
	run ctr_run --rm --uidmap 0:200000:65536 --gidmap 0:200000:65536 "$IMAGE" "$ID" cat /proc/self/uid_map
	[ "$status" -eq 0 ]
	[ "$(tr -s ' ' <<<"$output")" = " 0 200000 65536" ]
	grep -q create "$ROOM_DIR/called"
}

@test "a killed shim's container is cleaned away" {
	ctr_run -d "$IMAGE" "$ID" /pause
	local shim

	shim=$(pgrep -f "containerd-shim-runc-v2 .*-id $ID ")
	kill -KILL "$shim"
	eventually 10 task_is STOPPED || [ -z "$(room ctr tasks list -q)" ]
	run find /sys/fs/cgroup -path "*/$ROOM_CGROUP/$ID"
	[ -z "$output" ]
}
