#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # variables of jq, of the container's shell and of bats
# The policy key disk, on a file system of its own that has project quotas.

load helpers

setup() {
	requires_casemate "has no policies"
	requires_root
	[[ " ${RUNTIME_ARGS:-} " != *policy* ]] || skip "another policy was asked for"
	setup_bundle
	requires_command mkfs.ext4 losetup
	truncate -s 64M "$BATS_TEST_TMPDIR/image"
	mkdir "$BATS_TEST_TMPDIR/disk"
	mkfs.ext4 -q -O project,quota -E quotatype=prjquota "$BATS_TEST_TMPDIR/image"
	mount -o loop,prjquota "$BATS_TEST_TMPDIR/image" "$BATS_TEST_TMPDIR/disk" 2>/dev/null ||
		skip "this kernel mounts no ext4 with project quotas"
	MOUNTED=("$(realpath "$BATS_TEST_TMPDIR/disk")")
	mv rootfs "$BATS_TEST_TMPDIR/disk/rootfs"
	edit '.root = {path: $path, readonly: false}' --arg path "$BATS_TEST_TMPDIR/disk/rootfs"
	disk_policy '{"max": "16m", "quota": "require"}'
}

teardown() {
	teardown_bundle
}

disk_policy() {
	jq '{name: "test", extends: "baseline", disk: .}' <<<"$1" >policy.json
	chmod 644 policy.json
	RUNTIME_OPTIONS=(--policy ./policy.json)
}

# What stops a program at a size: writing $1 MiB to file $2.
write() {
	echo "dd if=/dev/zero of=$2 bs=1M count=$1 2>&1"
}

# Q_SETQUOTA for project $1: a hard limit of $2 KiB. quotactl(2), struct if_dqblk
set_limit() {
	python3 - "$1" "$2" "$BATS_TEST_TMPDIR/disk" <<-'END'
		import ctypes, os, struct, sys
		project, blocks, path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
		limit = ctypes.create_string_buffer(struct.pack("=8QI4x", blocks, blocks, 0, 0, 0, 0, 0, 0, 1))
		directory = os.open(path, os.O_RDONLY)
		result = ctypes.CDLL(None, use_errno=True).syscall(443, directory, 0x800008 << 8 | 2, project, limit)
		sys.exit(0 if result == 0 else os.strerror(ctypes.get_errno()))
	END
}

project_of() {
	lsattr -pd "$BATS_TEST_TMPDIR/disk/$1" | awk '{ print $1 }'
}

@test "disk: what is written beyond the limit is refused, in exec too; deleted files give it back" {
	program sh -c "$(write 4 /tmp/a) && echo fits; $(write 20 /tmp/b); rm /tmp/b; $(write 2 /tmp/c) && echo again"
	run -0 runtime run "$ID"
	contains fits
	matches 'Disk quota exceeded|No space left'
	contains again
	start_sleeping
	run runtime exec "$ID" sh -c "$(write 20 /tmp/d)"
	((status != 0))
	matches 'Disk quota exceeded|No space left'
	# What is there before counts, too; what is beside the root file system does not.
	(($(stat -c %s "$BATS_TEST_TMPDIR/disk/rootfs/tmp/d") < 10 << 20))
	dd if=/dev/zero of="$BATS_TEST_TMPDIR/disk/beside" bs=1M count=20 2>/dev/null
}

@test "disk: volumes have no part in it" {
	mkdir "$BATS_TEST_TMPDIR/disk/volume"
	mount_entry /volume bind "$BATS_TEST_TMPDIR/disk/volume" rbind rw
	program sh -c "$(write 20 /volume/a) && echo fits"
	run -0 runtime run "$ID"
	contains fits
}

@test "disk: each container has a project of its own, which is free again after delete" {
	cp -a "$BATS_TEST_TMPDIR/disk/rootfs" "$BATS_TEST_TMPDIR/disk/other"
	start_sleeping "$ID-one"
	edit '.root.path = $path' --arg path "$BATS_TEST_TMPDIR/disk/other"
	start_sleeping "$ID-two"
	local one two
	one=$(project_of rootfs)
	two=$(project_of other)
	((one > 0 && two > 0 && one != two))
	[[ $(project_of rootfs/tmp) == "$one" ]]
	# Each has its whole limit.
	run -0 runtime exec "$ID-one" sh -c "$(write 4 /tmp/a)"
	run -0 runtime exec "$ID-two" sh -c "$(write 4 /tmp/a)"
	runtime delete --force "$ID-one"
	disk_policy '{"max": "30m", "quota": "require"}'
	edit '.root.path = $path' --arg path "$BATS_TEST_TMPDIR/disk/rootfs"
	start_sleeping "$ID-one"
	run -0 runtime exec "$ID-one" sh -c "$(write 20 /tmp/b)"
	[[ $(project_of other) == "$two" ]]
}

@test "disk: a project that the engine gave stays, and gets no larger limit" {
	requires_command python3
	chattr -R -f -p 4711 "$BATS_TEST_TMPDIR/disk/rootfs" || true
	chattr +P "$BATS_TEST_TMPDIR/disk/rootfs/tmp"
	set_limit 4711 6144
	start_sleeping
	[[ $(project_of rootfs) == 4711 ]]
	run runtime exec "$ID" sh -c "$(write 7 /tmp/a)"
	((status != 0))
	matches 'Disk quota exceeded|No space left'
}

@test "disk: an overlay's upper directory is what is limited" {
	mkdir "$BATS_TEST_TMPDIR"/disk/{upper,work} "$BATS_TEST_TMPDIR/merged"
	on_host -t overlay -o "lowerdir=$BATS_TEST_TMPDIR/disk/rootfs,upperdir=$BATS_TEST_TMPDIR/disk/upper,workdir=$BATS_TEST_TMPDIR/disk/work" \
		overlay "$BATS_TEST_TMPDIR/merged"
	edit '.root.path = $path' --arg path "$BATS_TEST_TMPDIR/merged"
	program sh -c "$(write 6 /tmp/a) && echo fits; $(write 20 /tmp/b)"
	run runtime run "$ID"
	contains fits
	matches 'Disk quota exceeded|No space left'
	[[ $(project_of rootfs) == 0 ]]
	(($(project_of upper) > 0))
	[[ $(project_of work) == "$(project_of upper)" ]]
}

@test "disk: a read-only root file system needs none" {
	edit '.root.readonly = true'
	program true
	run -0 runtime run "$ID"
	[[ $(project_of rootfs) == 0 ]]
}

# Every way that the kernel has to take files out of a project, as the owner of the files.
escape() {
	echo "mkdir -p /tmp/d && probe project /tmp/d 0; $(write 20 /tmp/d/a)"
}

@test "disk: the container cannot take its files out of its project, in exec neither" {
	edit '(.process.capabilities[]) |= (. + ["CAP_SYS_RESOURCE", "CAP_SYS_ADMIN"] | unique)'
	run -0 runtime explain
	contains 'against changing the project of a file'
	program sh -c "$(escape)"
	run runtime run "$ID"
	((status != 0))
	contains 'FSSETXATTR EPERM'
	contains 'SETFLAGS EPERM'
	lacks 'file_setattr set'
	matches 'Disk quota exceeded|No space left'
	start_sleeping
	run runtime exec --cap CAP_SYS_RESOURCE "$ID" sh -c "$(escape)"
	((status != 0))
	contains 'FSSETXATTR EPERM'
	contains 'SETFLAGS EPERM'
	lacks 'file_setattr set'
	matches 'Disk quota exceeded|No space left'
	run -0 runtime verify "$ID"
	matches 'seccomp filters .*at least 1 filter'
	lsattr -pd "$BATS_TEST_TMPDIR/disk/rootfs/tmp/d" | awk '{ exit !($1 > 0 && $2 ~ /P/) }'
}

@test "disk: in a user namespace of its own the kernel refuses it, and there is no filter" {
	rm -rf "$BATS_TEST_TMPDIR/disk/rootfs/tmp/d"
	edit '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	chown -hR 100000:100000 "$BATS_TEST_TMPDIR/disk/rootfs"
	local directory=$BATS_TEST_TMPDIR/disk
	while [[ $directory != / ]]; do
		chmod a+x "$directory"
		directory=$(dirname "$directory")
	done
	run -0 runtime explain
	lacks 'seccomp filter'
	program sh -c "$(escape)"
	run runtime run "$ID"
	((status != 0))
	contains 'FSSETXATTR EINVAL'
	contains 'SETFLAGS EINVAL'
	lacks 'file_setattr set'
	matches 'Disk quota exceeded|No space left'
}
