#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # variables of jq and of bats
# The container's file system: mounts and their options, the root, masked and read-only paths, devices.

load compare

MOUNTS='.process.args = ["sh", "-c", "grep -E \" (/mnt|/data)\" /proc/self/mountinfo | cut -d\" \" -f4- | sed -E \"s/(shared|master|propagate_from):[0-9]+/\\\\1/g\"; ls -la /mnt | cut -c1-10"]'

# mount NAME TYPE SOURCE [OPTION...]: at /mnt
mount_case() {
	same "$1" "$MOUNTS | .mounts += [{destination: \"/mnt\", type: \"$2\", source: \"$3\", options: $(json_array "${@:4}")}]"
}

@test "bind mounts" {
	local option
	for option in ro rw nosuid suid nodev dev noexec exec noatime atime nodiratime diratime relatime norelatime strictatime nostrictatime private rprivate slave rslave shared rshared unbindable runbindable rro rrw rnosuid rsuid rnodev rdev rnoexec rexec rnoatime rnodiratime rrelatime rstrictatime; do
		mount_case "rbind $option" bind "$SOURCE" rbind "$option"
	done
	for option in ro nosuid noexec nodev; do
		mount_case "bind $option" bind "$SOURCE" bind "$option"
		mount_case "$option, no type" "" "$SOURCE" bind "$option"
		mount_case "file $option" bind "$SOURCE/file" bind "$option"
	done
	mount_case "no options" bind "$SOURCE"
	mount_case "several" bind "$SOURCE" rbind ro nosuid nodev noexec
	mount_case "contradictions" bind "$SOURCE" rbind ro rw nosuid suid
	mount_case "unknown option" bind "$SOURCE" rbind frobnicate
	mount_case "missing source" bind /missing bind
	mount_case "relative source" bind rootfs bind
	mount_case "a file for a directory" bind "$SOURCE/file" bind
	same "file onto a file" "$MOUNTS | .mounts += [{destination: \"/data/file\", type: \"bind\", source: \"$SOURCE/file\", options: [\"bind\", \"ro\"]}]"
	same "through a link" "$MOUNTS | .mounts += [{destination: \"/link/new\", type: \"bind\", source: \"$SOURCE\", options: [\"bind\"]}]"
	same "directory onto a file" "$MOUNTS | .mounts += [{destination: \"/data/file\", type: \"bind\", source: \"$SOURCE\", options: [\"bind\"]}]"
	same "relative destination" "$MOUNTS | .mounts += [{destination: \"mnt\", type: \"bind\", source: \"$SOURCE\", options: [\"bind\"]}]"
	same "destination that climbs" "$MOUNTS | .mounts += [{destination: \"/../../mnt\", type: \"bind\", source: \"$SOURCE\", options: [\"bind\"]}]"
	same "one over the other" "$MOUNTS | .mounts += [{destination: \"/mnt\", type: \"bind\", source: \"$SOURCE\", options: [\"bind\"]}, {destination: \"/mnt/below\", type: \"tmpfs\", source: \"tmpfs\"}]"
	same "in /proc" "$MOUNTS | .mounts += [{destination: \"/proc/sys\", type: \"bind\", source: \"$SOURCE\", options: [\"bind\"]}]"
	finish
}

@test "file systems" {
	local option
	# That a tmpfs has the mode of what it covers shows in newer runc's mounts: mode= is in tests/integration.
	mkdir -p rootfs/mnt
	for option in ro rw nosuid nodev noexec noatime sync dirsync mand silent loud iversion lazytime size=1m size=64k nr_inodes=100 uid=5 gid=6 tmpcopyup; do
		mount_case "tmpfs $option" tmpfs tmpfs "$option"
	done
	mount_case "tmpfs, several" tmpfs tmpfs nosuid nodev noexec size=65536k
	mount_case "tmpfs, bad option" tmpfs tmpfs frobnicate=1
	mount_case "proc" proc proc nosuid
	mount_case "sysfs" sysfs sysfs ro
	mount_case "mqueue" mqueue mqueue nosuid
	mount_case "devpts" devpts devpts newinstance ptmxmode=0666 mode=0620
	mount_case "ramfs" ramfs ramfs
	mount_case "overlay" overlay overlay "lowerdir=$SOURCE:$BUNDLE/rootfs/data"
	mount_case "overlay without layers" overlay overlay
	mount_case "unknown" frobnicate x
	same "no dev" 'del(.mounts[] | select(.destination | startswith("/dev"))) | .root.readonly = false | .process.args = ["ls", "/dev"]'
	same "proc, read-only" '(.mounts[] | select(.destination == "/proc")).options = ["ro"] | .process.args = ["grep", " /proc ", "/proc/mounts"]'
	finish
}

@test "the root" {
	local propagation
	local root='.process.args = ["sh", "-c", "grep \" / / \\| /rootfs / \" /proc/self/mountinfo | cut -d\" \" -f5- | sed -E \"s/:[0-9]+//g\"; touch /new && rm /new"]'
	for propagation in private rprivate slave rslave shared rshared unbindable runbindable frobnicate ""; do
		same "propagation $propagation" "$root | .linux.rootfsPropagation = \"$propagation\""
	done
	same "writable" "$root | .root.readonly = false"
	same "readonly left out" "$root | del(.root.readonly)"
	same "absolute" "$root | .root.path = \"$BUNDLE/rootfs\""
	same "slash" "$root | .root.path = \"rootfs/\""
	same "missing" '.root.path = "missing"'
	same "a file" '.root.path = "config.json"'
	ln -s rootfs linked
	same "a link" '.root.path = "linked"'
	same "none" 'del(.root)'
	same "no pivot" "$root" run --no-pivot "$ID"
	finish
}

@test "masked and read-only paths" {
	local path
	local probe='.root.readonly = false | .process.args = ["sh", "-c", "for p in \"$@\"; do ls -A $p 2>&1; touch $p/new 2>/dev/null && echo wrote $p && rm $p/new; head -c 10 $p 2>/dev/null; done", "sh"]'
	for path in /data /data/file /missing /link /dangling /proc/kcore /proc/sys /proc/keys /sys/firmware /proc/self/status /private; do
		same "masked $path" "$probe | .process.args += [\"$path\"] | .linux.maskedPaths = [\"$path\"]"
		same "read-only $path" "$probe | .process.args += [\"$path\"] | .linux.readonlyPaths = [\"$path\"]"
	done
	same "both" "$probe | .process.args += [\"/data\"] | .linux.readonlyPaths = [\"/data\"] | .linux.maskedPaths = [\"/data\"]"
	same "nested" "$probe | .process.args += [\"/data\", \"/data/file\"] | .linux.readonlyPaths = [\"/data\", \"/data/file\"]"
	same "of a mount" "$probe | .mounts += [{destination: \"/mnt\", type: \"tmpfs\", source: \"tmpfs\"}] | .process.args += [\"/mnt\"] | .linux.readonlyPaths = [\"/mnt\"]"
	finish
}

@test "devices" {
	local mode
	local list='.process.args = ["sh", "-c", "ls -ld /dev/x /dev/sub 2>&1 | awk \"{ print \\$1, \\$3, \\$4, \\$5, \\$6 }\"; ls /dev; cat /sys/fs/cgroup/devices/devices.list 2>/dev/null | sort"]'
	device() {
		same "$1" "$list | .linux.devices = [$2]"
	}
	device "character" '{path: "/dev/x", type: "c", major: 1, minor: 3}'
	device "unbuffered" '{path: "/dev/x", type: "u", major: 1, minor: 3}'
	device "block" '{path: "/dev/x", type: "b", major: 7, minor: 0}'
	is_user || device "fifo" '{path: "/dev/x", type: "p"}'
	device "owner" '{path: "/dev/x", type: "c", major: 1, minor: 3, uid: 5, gid: 6}'
	for mode in 0 111 438 511 384; do
		device "mode $mode" "{path: \"/dev/x\", type: \"c\", major: 1, minor: 3, fileMode: $mode}"
	done
	device "below" '{path: "/dev/sub/x", type: "c", major: 1, minor: 3}'
	device "outside" '{path: "/data/x", type: "c", major: 1, minor: 3}'
	device "default one again" '{path: "/dev/null", type: "c", major: 1, minor: 3, fileMode: 384}'
	device "type unknown" '{path: "/dev/x", type: "z", major: 1, minor: 3}'
	device "no type" '{path: "/dev/x", major: 1, minor: 3}'
	rules() {
		same "$1" "$list | .linux.resources.devices = [$2]"
	}
	rules "deny all" '{allow: false, access: "rwm"}'
	rules "allow all" '{allow: true, access: "rwm"}'
	rules "one" '{allow: false, access: "rwm"}, {allow: true, type: "c", major: 10, minor: 229, access: "rw"}'
	rules "any minor" '{allow: false, access: "rwm"}, {allow: true, type: "b", major: 8, access: "r"}'
	rules "a hole" '{allow: true, access: "rwm"}, {allow: false, type: "c", major: 1, minor: 11, access: "rwm"}'
	rules "bad type" '{allow: true, type: "z", access: "rwm"}'
	rules "none" ''
	finish
}
