# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # used by the files that load this
# Real engines in a room of their own.
#
# An engine under test lives in private network and mount namespaces with an empty /run and empty data
# directories of its own. So it keeps its default paths, meets no other engine's state, may build bridges and
# firewall rules as it likes, and leaves nothing behind: all of that goes with the last process in the room.
# What is left to look after is processes and cgroups, and those room_leave checks.
#
# ENGINE_RUNTIME says which runtime is tested: casemate (the default), runc or crun. A test that passes with
# runc and not with casemate has found a bug in casemate.

ENGINE_RUNTIME=${ENGINE_RUNTIME:-casemate}
REPOSITORY=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
CASEMATE=${CASEMATE:-$REPOSITORY/build/casemate}

# The path of the runtime under test.
runtime_path() {
	if [ "$ENGINE_RUNTIME" = casemate ]; then
		echo "$CASEMATE"
	else
		command -v "$ENGINE_RUNTIME"
	fi
}

# Skips every test of the file where something is missing.
need() {
	local program

	[ "$(id -u)" = 0 ] || skip "needs root"
	for program in "$@"; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
	[ -x "$(runtime_path)" ] || skip "the runtime under test, $ENGINE_RUNTIME, is not there"
	busybox_path >/dev/null || skip "no static busybox"
}

# Skips where CRIU cannot work on this kernel.
need_criu() {
	command -v criu >/dev/null || skip "criu is not installed"
	criu check >"$BATS_TEST_TMPDIR/criu" 2>&1 || skip "criu check: $(grep -m1 Error "$BATS_TEST_TMPDIR/criu")"
}

busybox_path() {
	local candidate

	for candidate in /bin/busybox /usr/bin/busybox /bin/busybox.static; do
		if [ -x "$candidate" ]; then
			echo "$candidate"
			return
		fi
	done
	return 1
}

# Runs "$@" until it succeeds, for at most $1 seconds.
eventually() {
	local deadline=$((SECONDS + $1))

	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || { echo "did not happen in time: $*" >&2 && return 1; }
		sleep 0.1
	done
}

# make_rootfs DIR: a root file system from the host's static busybox.
make_rootfs() {
	local root=$1 applet

	mkdir -p "$root"/{bin,dev,etc,home/app,proc,root,run,srv,sys,tmp,usr/bin,var}
	cp "$(busybox_path)" "$root/bin/busybox"
	for applet in $("$root/bin/busybox" --list); do
		[ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"
	done
	printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'app:x:1000:1000:app:/home/app:/bin/sh' \
		'nobody:x:65534:65534:nobody:/:/bin/false' >"$root/etc/passwd"
	printf '%s\n' 'root:x:0:' 'app:x:1000:' 'extra:x:2000:app' 'nogroup:x:65534:' >"$root/etc/group"
	printf '%s\n' '#!/bin/sh' 'trap "exit 0" TERM INT' 'while :; do sleep 1000 & wait; done' >"$root/pause"
	chmod 755 "$root/pause"
	chmod 1777 "$root/tmp"
	chown 1000:1000 "$root/home/app"
}

# room_enter DIR: makes the room and remembers it in ROOM (a pid) and ROOM_DIR.
room_enter() {
	ROOM_DIR=$1
	mkdir -p "$ROOM_DIR/var"
	make_rootfs "$ROOM_DIR/rootfs"
	tar -C "$ROOM_DIR/rootfs" -cf "$ROOM_DIR/rootfs.tar" .
	# Engines look for subordinate ids of this ordinary user where they remap.
	printf 'daemon:200000:65536\ncontainers:300000:655360\n' >"$ROOM_DIR/subids"
	cat >"$ROOM_DIR/room.sh" <<-'END'
		set -e
		ip link set lo up
		mount -t tmpfs -o mode=755 tmpfs /run
		mkdir -p /run/lock /run/user
		for name in docker containerd containers cni; do
			mkdir -p "/var/lib/$name" "$1/var/$name"
			mount --bind "$1/var/$name" "/var/lib/$name"
		done
		for name in subuid subgid; do
			[ -e "/etc/$name" ] || : >"/etc/$name"
			mount --bind "$1/subids" "/etc/$name"
		done
		echo 1 >/proc/sys/net/ipv4/ip_forward
		echo ready >"$1/ready"
		exec sleep 86400
	END
	unshare --net --mount --propagation private sh "$ROOM_DIR/room.sh" "$ROOM_DIR" \
		>"$ROOM_DIR/room.log" 2>&1 3>&- </dev/null &
	ROOM=$!
	disown
	if ! eventually 10 test -e "$ROOM_DIR/ready"; then
		cat "$ROOM_DIR/room.log" >&2
		return 1
	fi
	ROOM_CGROUP=casemate-engine-$ROOM
	export ROOM ROOM_DIR ROOM_CGROUP
}

# Runs a command in the room, for two minutes at most: a test that hangs has failed.
room() {
	timeout --foreground -k 5 120 nsenter --target "$ROOM" --net --mount -- "$@"
}

# room_start NAME COMMAND...: a daemon in the room; its pid goes to $ROOM_DIR/NAME.pid, its output to
# $ROOM_DIR/NAME.log. nsenter executes the command, so the pid is the daemon's own.
room_start() {
	local name=$1

	shift
	nsenter --target "$ROOM" --net --mount -- "$@" >"$ROOM_DIR/$name.log" 2>&1 3>&- </dev/null &
	echo $! >"$ROOM_DIR/$name.pid"
	disown
}

# site_has JSON [NAME POLICY]: the room's /etc/casemate/casemate.json, and one policy of the site's own.
site_has() {
	room sh -c 'mkdir -p /run/site/upper/casemate/policies /run/site/work
		echo "$0" >/run/site/upper/casemate/casemate.json
		[ -z "$1" ] || echo "$2" >"/run/site/upper/casemate/policies/$1.json"
		chmod -R go-w /run/site
		mount -t overlay -o lowerdir=/etc,upperdir=/run/site/upper,workdir=/run/site/work site /etc' "$@"
}

# room_stop NAME: ends such a daemon and waits for it, 30 seconds at most.
room_stop() {
	local pid

	[ -e "$ROOM_DIR/$1.pid" ] || return 0
	pid=$(cat "$ROOM_DIR/$1.pid")
	kill "$pid" 2>/dev/null || return 0
	eventually 30 process_gone "$pid" || kill -KILL "$pid"
}

process_gone() {
	[ ! -e "/proc/$1" ] || [ "$(cut -d' ' -f3 "/proc/$1/stat" 2>/dev/null)" = Z ]
}

# The processes that live in the room, but for its keeper and ourselves.
room_processes() {
	local keeper process

	keeper=$(readlink "/proc/$ROOM/ns/mnt") || return 0
	for process in /proc/[0-9]*; do
		if [ "${process#/proc/}" != "$ROOM" ] && [ "$(readlink "$process/ns/mnt" 2>/dev/null)" = "$keeper" ]; then
			echo "${process#/proc/}"
		fi
	done
}

room_empty() {
	[ -z "$(room_processes)" ]
}

rmdir_group() {
	rmdir "$1" 2>/dev/null || [ ! -e "$1" ]
}

# The cgroups that engines made in the room, and further ones that the file of tests knows of.
ROOM_MORE_CGROUPS=
room_cgroups() {
	find /sys/fs/cgroup -depth -type d \( -path "*/$ROOM_CGROUP*" -o -path "*/${ROOM_MORE_CGROUPS:-$ROOM_CGROUP}*" \) 2>/dev/null
}

# Groups that engines make and leave themselves: above containers, or for their own helpers.
ENGINES_OWN_GROUPS='^(buildkit|casemate-engine-[0-9]+)$'

# Takes the room down. Fails where processes or containers' cgroups are left in it.
room_leave() {
	local left=0 group

	[ -n "${ROOM:-}" ] || return 0
	if ! eventually 10 room_empty; then
		echo "processes left in the room:" >&2
		room_processes | while read -r pid; do tr '\0' ' ' <"/proc/$pid/cmdline" && echo; done >&2
		room_processes | while read -r pid; do kill -KILL "$pid" 2>/dev/null; done
		left=1
	fi
	for group in $(room_cgroups); do
		if ! [[ "${group##*/}" =~ $ENGINES_OWN_GROUPS ]]; then
			echo "cgroup left: ${group#/sys/fs/cgroup/}" >&2
			left=1
		fi
		eventually 5 rmdir_group "$group" || left=1
	done
	kill -KILL "$ROOM" 2>/dev/null || true
	eventually 10 process_gone "$ROOM"
	rm -rf --one-file-system "${ROOM_DIR:?}" || left=1
	return $left
}
