# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # used by the files that load this
# A containerd of one's own with the image $IMAGE, for the test files that use it.

load engines

IMAGE=docker.io/library/test:latest

# In a new room. site_in_room() is called where there is one.
containerd_start() {
	need containerd ctr ip nsenter unshare
	room_enter "$BATS_FILE_TMPDIR/room"
	! declare -F site_in_room >/dev/null || site_in_room
	cat >"$ROOM_DIR/containerd.toml" <<-END
		version = 2
		root = "/var/lib/containerd"
		state = "/run/containerd"
		disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs"]
		[grpc]
		address = "/run/containerd/containerd.sock"
	END
	name_runc
	room_start containerd env PATH="$ROOM_DIR/path:$PATH" containerd --config "$ROOM_DIR/containerd.toml"
	if ! eventually 20 room ctr version; then
		tail -n 20 "$ROOM_DIR/containerd.log" >&2
		return 1
	fi
	make_image "$ROOM_DIR/image"
	room ctr images import "$ROOM_DIR/image.tar" >/dev/null
}

# What ctr runs where it drops --runc-binary, as with --uidmap: "runc" of containerd's PATH. Each call leaves a line.
name_runc() {
	mkdir -p "$ROOM_DIR/path" "$ROOM_DIR/named"
	ln -s "$(runtime_path)" "$ROOM_DIR/named/runc"
	printf '#!/bin/sh\necho "$*" >>%s\nexec %s "$@"\n' "$ROOM_DIR/called" "$ROOM_DIR/named/runc" >"$ROOM_DIR/path/runc"
	chmod 755 "$ROOM_DIR/path/runc"
}

containerd_stop() {
	local id

	[ -n "${ROOM:-}" ] || return 0
	for id in $(room ctr containers list -q); do
		ctr_remove "$id"
	done
	room_stop containerd
	room_leave
}

# containerd measures nothing, and hears of no OOM kill, where one of the hierarchies of cgroup v1 is mounted nowhere.
can_measure() {
	local names

	while IFS=: read -r _ names _; do
		[ -z "$names" ] || [ -n "$(findmnt -n -t cgroup -O "$names")" ] || skip "$names of cgroup v1 is not mounted"
	done </proc/self/cgroup
}

# Ends container $1, whatever it is doing.
ctr_remove() {
	room ctr tasks kill -s KILL "$1" >/dev/null 2>&1 || true
	room ctr tasks delete -f "$1" >/dev/null 2>&1 || true
	room ctr containers delete "$1" >/dev/null 2>&1 || true
}

# ctr run with the runtime $CTR_RUNTIME (the one under test), in a group that the room looks after.
ctr_run() {
	room ctr run --runtime io.containerd.runc.v2 --runc-binary "${CTR_RUNTIME:-$(runtime_path)}" \
		--cgroup "/$ROOM_CGROUP/$ID" "$@"
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
