#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # what expands inside the container; what bats sets
# containerd: its own client, ctr, with the runtime under test behind the runc shim.

bats_require_minimum_version 1.5.0
load engines

setup_file() {
	need containerd ctr ip nsenter unshare
	room_enter "$BATS_FILE_TMPDIR/room"
	cat >"$ROOM_DIR/containerd.toml" <<-END
		version = 2
		root = "/var/lib/containerd"
		state = "/run/containerd"
		disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs"]
		[grpc]
		address = "/run/containerd/containerd.sock"
	END
	room_start containerd containerd --config "$ROOM_DIR/containerd.toml"
	if ! eventually 20 room ctr version; then
		tail -n 20 "$ROOM_DIR/containerd.log" >&2
		return 1
	fi
	make_image "$ROOM_DIR/image"
	room ctr images import "$ROOM_DIR/image.tar" >/dev/null
}

teardown_file() {
	local id

	[ -n "${ROOM:-}" ] || return 0
	for id in $(room ctr tasks list -q); do
		room ctr tasks kill -s KILL "$id" || true
		room ctr tasks delete -f "$id" || true
	done >/dev/null 2>&1
	for id in $(room ctr containers list -q); do
		room ctr containers delete "$id" || true
	done >/dev/null 2>&1
	room_stop containerd
	room_leave
}

setup() {
	ID=t$BATS_TEST_NUMBER
}

teardown() {
	room ctr tasks kill -s KILL "$ID" >/dev/null 2>&1 || true
	room ctr tasks delete -f "$ID" >/dev/null 2>&1 || true
	room ctr containers delete "$ID" >/dev/null 2>&1 || true
}

# make_image DIR: DIR.tar becomes an image in the format of `docker save`.
make_image() {
	local layer config

	mkdir -p "$1"
	layer=$(sha256sum "$ROOM_DIR/rootfs.tar" | cut -d' ' -f1)
	cp "$ROOM_DIR/rootfs.tar" "$1/layer.tar"
	cat >"$1/config.json" <<-END
		{ "architecture": "$(dpkg_architecture)", "os": "linux",
		  "config": { "Cmd": ["/pause"], "Env": ["PATH=/bin:/usr/bin"] },
		  "rootfs": { "type": "layers", "diff_ids": ["sha256:$layer"] } }
	END
	config=$(sha256sum "$1/config.json" | cut -d' ' -f1)
	mv "$1/config.json" "$1/$config.json"
	printf '[{ "Config": "%s.json", "RepoTags": ["docker.io/library/test:latest"], "Layers": ["layer.tar"] }]\n' \
		"$config" >"$1/manifest.json"
	tar -C "$1" -cf "$1.tar" .
}

dpkg_architecture() {
	case $(uname -m) in
	x86_64) echo amd64 ;;
	aarch64) echo arm64 ;;
	*) uname -m ;;
	esac
}

# ctr run with the runtime under test, in a group that the room looks after.
ctr_run() {
	room ctr run --runtime io.containerd.runc.v2 --runc-binary "$(runtime_path)" --cgroup "/$ROOM_CGROUP/$ID" "$@"
}

IMAGE=docker.io/library/test:latest

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
