#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# Devices, their links and their cgroup; masked and read-only paths.

load helpers

setup() {
	setup_bundle
}

teardown() {
	teardown_bundle
}

@test "the default devices and links" {
	program sh -c 'cd /dev; stat -c "%n %t:%T %a %u:%g" null zero full random urandom tty; for link in fd stdin stdout stderr ptmx; do echo "$link $(readlink $link)"; done'
	run -0 runtime run "$ID"
	is "null 1:3 666 0:0
zero 1:5 666 0:0
full 1:7 666 0:0
random 1:8 666 0:0
urandom 1:9 666 0:0
tty 5:0 666 0:0
fd /proc/self/fd
stdin /proc/self/fd/0
stdout /proc/self/fd/1
stderr /proc/self/fd/2
ptmx pts/ptmx"
}

@test "the default devices work, and no other" {
	requires_policy_off
	edit '.process.capabilities |= map_values(. + ["CAP_MKNOD"])'
	program sh -c 'head -c 4 /dev/urandom | wc -c; head -c 4 /dev/zero | wc -c; echo x >/dev/null; echo x 2>/dev/null >/dev/full || echo full
		mknod /dev/mem c 1 1 2>/dev/null && head -c 1 /dev/mem >/dev/null 2>&1 || echo refused
		mknod /dev/shm/kmsg c 1 11 2>/dev/null && head -c 1 /dev/shm/kmsg >/dev/null 2>&1 || echo refused'
	run -0 runtime run "$ID"
	is $'4\n4\nfull\nrefused\nrefused'
}

@test "linux.devices: kind, numbers, mode, owner, whatever the umask" {
	edit '.linux.devices = [
		{path: "/dev/char", type: "c", major: 1, minor: 3, fileMode: 420, uid: 10, gid: 11},
		{path: "/dev/unbuffered", type: "u", major: 1, minor: 5},
		{path: "/dev/block", type: "b", major: 7, minor: 200, fileMode: 432},
		{path: "/dev/fifo", type: "p", fileMode: 438},
		{path: "/dev/sub/directory/null", type: "c", major: 1, minor: 3}]'
	program sh -c 'cd /dev; stat -c "%n %F %t:%T %a %u:%g" char unbuffered block fifo sub/directory/null'
	umask 077
	run -0 runtime run "$ID"
	equal "${lines[0]}" "char character special file 1:3 644 10:11"
	[[ ${lines[1]} == "unbuffered character special file 1:5 "* ]]
	[[ ${lines[2]} == "block block special file 7:c8 660 0:0" ]]
	[[ ${lines[3]} == "fifo fifo 0:0 666 0:0" ]]
	[[ ${lines[4]} == "sub/directory/null character special file 1:3 "* ]]
}

@test "linux.devices: those of the defaults once more" {
	edit '.linux.devices = [{path: "/dev/tty", type: "c", major: 5, minor: 0}, {path: "/dev/ptmx", type: "c", major: 5, minor: 2}]'
	program ls -lLn /dev/tty /dev/ptmx
	run -0 runtime run "$ID"
	matches 'crw-rw-rw-.* 5, +0 .*/dev/tty'
	matches 'crw-rw-rw-.* 5, +2 .*/dev/ptmx'
}

@test "linux.devices: outside /dev, and where there is something already" {
	requires_newer_runc "takes whatever is there"
	mkdir rootfs/data
	edit '.linux.devices = [{path: "/data/null", type: "c", major: 1, minor: 3}]'
	program sh -c 'echo x >/data/null && stat -c %t:%T /data/null'
	run -0 runtime run "$ID"
	is 1:3
	run -0 runtime run "$ID"
	rm -f rootfs/data/null
	touch rootfs/data/null
	run -1 runtime run "$ID"
	contains "/data/null has incorrect ftype"
	rm rootfs/data/null
	mknod rootfs/data/null c 1 5
	run -1 runtime run "$ID"
	contains "/data/null has incorrect major:minor: 1:5 doesn't match expected 1:3"
	nothing_created
}

@test "linux.devices: an unknown kind, a missing path" {
	program true
	edit '.linux.devices = [{path: "/dev/x", type: "x", major: 1, minor: 3}]'
	refused .
	requires_newer_runc "takes it"
	edit '.linux.devices = [{path: "", type: "c", major: 1, minor: 3}]'
	run -1 runtime run "$ID"
	nothing_created
}

@test "in a user namespace the devices are the host's, and work" {
	user_namespace
	program sh -c 'echo x >/dev/null && head -c 1 /dev/zero | wc -c && stat -c %t:%T /dev/null'
	run -0 runtime run "$ID"
	is $'1\n1:3'
}

@test "the device cgroup: allow and deny" {
	requires_policy_off
	[[ -e /dev/fuse ]] || skip "no /dev/fuse"
	edit '.linux.devices = [{path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 438}]'
	program sh -c 'true </dev/fuse && echo read; true >/dev/fuse && echo write'
	run runtime run "$ID"
	lacks read
	matches 'Operation not permitted'
	edit '.linux.resources.devices += [{allow: true, type: "c", major: 10, minor: 229, access: "r"}]'
	run runtime run "$ID"
	contains read
	lacks write
	edit '.linux.resources.devices[-1].access = "rwm"'
	run -0 runtime run "$ID"
	contains write
	edit '.linux.resources.devices[-1] = {allow: true, type: "c", major: 10, access: "rwm"}'
	run -0 runtime run "$ID"
	contains write
}

@test "the device cgroup holds for exec" {
	[[ -e /dev/fuse ]] || skip "no /dev/fuse"
	edit '.linux.devices = [{path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 438}]'
	start_sleeping
	run -1 runtime exec "$ID" sh -c 'exec </dev/fuse'
	contains "Operation not permitted"
}

@test "masked: a file is empty, a directory is empty and read-only" {
	mkdir rootfs/dir rootfs/dir2
	echo secret >rootfs/file
	echo secret >rootfs/dir/file
	edit '.linux.maskedPaths += ["/file", "/dir", "/dir2", "/not/there"] | .root.readonly = false'
	program sh -c 'cat /file; ls -A /dir; echo x >/file; cat /file; touch /dir/x 2>/dev/null || echo refused; rm -f /file 2>/dev/null || echo refused
		umount /file 2>/dev/null || echo refused; umount /dir 2>/dev/null || echo refused'
	run -0 runtime run "$ID"
	is $'refused\nrefused\nrefused\nrefused'
	equal "$(cat rootfs/file)" secret
}

@test "masked: /proc and /sys of the default config" {
	program sh -c 'for path in /proc/keys /proc/timer_list /proc/acpi /sys/firmware /proc/kcore; do [ -e $path ] || continue; if [ -d $path ]; then ls -A $path; else head -c 1 $path; fi; done'
	run -0 runtime run "$ID"
	is ""
}

@test "masked: the same path twice is mounted once; directories share one filesystem" {
	requires_newer_runc "mounts it twice"
	mkdir rootfs/dir rootfs/dir2
	edit '.linux.maskedPaths += ["/dir", "/dir", "/dir2"]'
	program sh -c 'grep -c " /dir " /proc/self/mountinfo; stat -c %d /dir /dir2 | uniq | wc -l'
	run -0 runtime run "$ID"
	is $'1\n1'
}

@test "masked: through a link of the image, never on the host" {
	mkdir rootfs/real
	echo secret >rootfs/real/file
	ln -s real rootfs/link
	edit '.linux.maskedPaths += ["/link"]'
	program sh -c 'cat /real/file 2>/dev/null; echo done'
	run runtime run "$ID"
	lacks secret
}

@test "read-only: below too, and the flags stay" {
	mkdir -p rootfs/data
	edit '.root.readonly = false | .linux.readonlyPaths += ["/data", "/not/there", "/proc/sys"]'
	mount_entry /data tmpfs tmpfs nosuid noexec nodev
	program sh -c 'touch /data/x 2>/dev/null || echo refused; echo 1 2>/dev/null >/proc/sys/kernel/domainname || echo refused; awk "\$5 == \"/data\" { last = \$6 } END { print last }" /proc/self/mountinfo'
	run -0 runtime run "$ID"
	equal "${lines[0]} ${lines[1]}" "refused refused"
	[[ ${lines[2]} == ro,nosuid,nodev,noexec* ]]
}

@test "read-only: recursively" {
	requires_newer_runc "leaves what is mounted below writable"
	edit '.linux.readonlyPaths += ["/data"]'
	mount_entry /data tmpfs tmpfs
	mount_entry /data/below tmpfs tmpfs
	program sh -c 'touch /data/x 2>/dev/null || echo refused; touch /data/below/x 2>/dev/null || echo refused'
	run -0 runtime run "$ID"
	is $'refused\nrefused'
}

@test "masks hold for exec" {
	echo secret >rootfs/file
	edit '.linux.maskedPaths += ["/file"]'
	start_sleeping
	run -0 runtime exec "$ID" cat /file
	is ""
}
