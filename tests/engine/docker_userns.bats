#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # what expands inside the container; what bats sets
# dockerd with userns-remap: every container in a user namespace of its own daemon's range.

bats_require_minimum_version 1.5.0
load docker

setup_file() {
	# "daemon" has subordinate ids in the room, from 200000 on.
	dockerd_start --userns-remap daemon
}

teardown_file() {
	dockerd_stop
}

setup() {
	NAME=t$BATS_TEST_NUMBER
}

teardown() {
	d rm -f "$NAME" >/dev/null 2>&1 || true
}

@test "userns-remap: root in the container is an ordinary user outside" {
	d run -d --name "$NAME" test /pause
	run d exec "$NAME" cat /proc/self/uid_map
	[ "$(tr -s ' ' <<<"$output")" = " 0 200000 65536" ]
	[ "$(stat -c %u "/proc/$(field "$NAME" .State.Pid)")" = 200000 ]
}

@test "userns-remap: run, exit status, terminal" {
	run d run --rm test sh -c 'id -u; exit 5'
	[ "$status" -eq 5 ]
	[ "$output" = 0 ]
	run script -qec "nsenter -t $ROOM -n -m $DOCKER run --rm -t test tty" /dev/null
	[[ "$output" == */dev/pts/0* ]]
}

@test "userns-remap: files written to a volume belong to the remapped root" {
	d run --rm --name "$NAME" -v "$NAME:/v" test touch /v/file
	run stat -c %u "$ROOM_DIR"/var/docker/*/volumes/"$NAME"/_data/file
	[ "$output" = 200000 ]
	d volume rm "$NAME" >/dev/null
}

@test "userns-remap: an ordinary user, exec as another" {
	d run -d --name "$NAME" -u app test /pause
	[ "$(d exec "$NAME" id -u)" = 1000 ]
	[ "$(d exec -u 0 "$NAME" id -u)" = 0 ]
}

@test "userns-remap: memory limit, pids limit, stop, read-only, tmpfs" {
	d run -d --name "$NAME" -m 64m --pids-limit 50 --read-only --tmpfs /t test /pause
	run d exec "$NAME" sh -c 'touch /x 2>&1; touch /t/x && echo ok'
	[[ "$output" == *"Read-only file system"*ok ]]
	d stop -t 5 "$NAME"
	field_is "$NAME" .State.ExitCode 0
}

@test "userns-remap: published ports and the default network" {
	d run -d --name "$NAME" -p 18081:80 test sh -c 'echo served >/srv/index.html; exec httpd -f -p 80 -h /srv'
	eventually 10 room "$(busybox_path)" wget -qO /dev/null http://127.0.0.1:18081/
}

@test "userns-remap: --network container: and --ipc container: join namespaces of the other's user namespace" {
	d run -d --name "$NAME" --ipc shareable test /pause
	run d run --rm --network "container:$NAME" --ipc "container:$NAME" test \
		sh -c 'readlink /proc/self/ns/net; readlink /proc/self/ns/ipc'
	[ "${lines[0]}" = "$(d exec "$NAME" readlink /proc/1/ns/net)" ]
	[ "${lines[1]}" = "$(d exec "$NAME" readlink /proc/1/ns/ipc)" ]
}

@test "userns-remap: --userns host switches it off for one container" {
	run d run --rm --userns host test cat /proc/self/uid_map
	[ "$(tr -s ' ' <<<"$output")" = " 0 0 4294967295" ]
}

@test "userns-remap: docker build" {
	printf 'FROM test\nRUN id -u >/who\nCMD cat /who\n' >"$BATS_TEST_TMPDIR/Dockerfile"
	run room env DOCKER_BUILDKIT=0 "$DOCKER" build -t built "$BATS_TEST_TMPDIR"
	[ "$status" -eq 0 ]
	[ "$(d run --rm built)" = 0 ]
}
