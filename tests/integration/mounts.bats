#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# Mounts: kinds, flags, sources and destinations, propagation, id-mapped mounts.

load helpers

setup() {
	setup_bundle
	SOURCE=$BATS_TEST_TMPDIR/source
	mkdir "$SOURCE"
	echo content >"$SOURCE/file"
	chmod 755 "$SOURCE"
}

teardown() {
	teardown_bundle
}

# The options of the mount at $1 as the container sees them.
flags_of() {
	program awk -v target="$1" '$5 == target { print $6 }' /proc/self/mountinfo
	run -0 runtime run "$ID"
	output=${lines[-1]:-}
}

@test "a config's own mounts are there, in their order" {
	program awk '{ print $5 }' /proc/self/mountinfo
	run -0 runtime run "$ID"
	local expected
	expected=$(jq -r '.mounts[].destination' config.json)
	equal "$(grep -Fx "$expected" <<<"$output")" "$expected"
	program awk '$5 == "/dev/shm" { print $6, $(NF) }' /proc/self/mountinfo
	run -0 runtime run "$ID"
	matches '^rw,nosuid,nodev,noexec,relatime .*size=65536k'
}

@test "bind: a directory, a file, a relative source, no type" {
	mount_entry /mnt bind "$SOURCE" bind
	mount_entry /etc/file bind "$SOURCE/file" rbind ro
	edit '.mounts += [{source: ".", destination: "/bundle", options: ["bind"]}]'
	program cat /mnt/file /etc/file /bundle/rootfs/etc/group
	run -0 runtime run "$ID"
	equal "${lines[0]}${lines[1]}${lines[2]}" "contentcontentroot:x:0:"
}

@test "bind: a fifo, a socket, a device, a symbolic link's target" {
	mkfifo "$SOURCE/fifo"
	ln -s file "$SOURCE/link"
	mount_entry /fifo bind "$SOURCE/fifo" bind
	mount_entry /null bind /dev/null bind
	mount_entry /link bind "$SOURCE/link" bind ro
	program sh -c 'test -p /fifo && test -c /null && cat /link'
	run -0 runtime run "$ID"
	is content
	background "$OUT" socket datagram "$SOURCE/socket" 1
	mount_entry /socket bind "$SOURCE/socket" bind
	program test -S /socket
	run -0 runtime run "$ID"
}

@test "bind: a missing source is refused" {
	mount_entry /mnt bind "$SOURCE/missing" bind
	program true
	refused 'no such file or directory'
}

@test "a destination is made where it is missing, files for files" {
	mount_entry /made/of/directories bind "$SOURCE" bind
	mount_entry /made/of/file bind "$SOURCE/file" bind
	program sh -c 'test -f /made/of/file && stat -c %a /made /made/of'
	run -0 runtime run "$ID"
	is $'755\n755'
}

@test "a destination through symbolic links of the image stays in the image" {
	mkdir -p rootfs/real/place
	ln -s /real/place rootfs/absolute
	ln -s ../../../../../../real/place rootfs/upward
	ln -s /not/there/yet rootfs/dangling
	mount_entry /absolute/one bind "$SOURCE" bind
	mount_entry /upward/two bind "$SOURCE" bind
	mount_entry /dangling bind "$SOURCE" bind
	program cat /real/place/one/file /real/place/two/file /not/there/yet/file
	run -0 runtime run "$ID"
	is $'content\ncontent\ncontent'
	[[ ! -e /not/there && ! -e /real ]]
}

@test "a relative destination, doubled slashes, dots" {
	edit '.mounts += [{source: $s, destination: "relative/here", type: "bind", options: ["bind"]},
		{source: $s, destination: "//doubled///slashes/", type: "bind", options: ["bind"]}]' --arg s "$SOURCE"
	program cat /relative/here/file /doubled/slashes/file
	run -0 --separate-stderr runtime run "$ID"
	is $'content\ncontent'
}

@test "a destination inside an earlier mount" {
	mount_entry /mnt tmpfs tmpfs
	mount_entry /mnt/below bind "$SOURCE" bind
	mount_entry /mnt/below/file bind /dev/null bind
	program sh -c 'test -c /mnt/below/file; test -d /mnt/below'
	run -0 runtime run "$ID"
}

@test "tmpfs: mode, size, and the mode of what it covers" {
	chmod 0710 rootfs/var
	mount_entry /var tmpfs tmpfs
	mount_entry /given tmpfs tmpfs mode=0410 size=1m nr_inodes=100
	mount_entry /new/one tmpfs tmpfs
	program sh -c 'stat -c %a /var /given; df -k /given | tail -1 | xargs | cut -d" " -f2'
	run -0 runtime run "$ID"
	is $'710\n410\n1024'
	equal "$(stat -c %a rootfs/var)" 710
	requires_newer_runc "gives 755 to what was missing"
	program stat -c %a /new/one
	rmdir rootfs/new/one
	run -0 runtime run "$ID"
	is 1777
}

@test "tmpfs: every bit of the mode it covers" {
	chmod 'a=rwx,ug+s,+t' rootfs/var
	local mode
	mode=$(stat -c %A rootfs/var)
	mount_entry /var tmpfs tmpfs noexec nosuid nodev
	program stat -c %A /var
	run -0 runtime run "$ID"
	is "$mode"
}

@test "tmpcopyup: the contents, their modes and owners, links" {
	requires_newer_runc "lets the umask change them"
	mkdir -p rootfs/var/deep/er
	echo text >rootfs/var/deep/er/file
	ln -s deep/er/file rootfs/var/link
	chmod 777 rootfs/var/deep
	chmod 4755 rootfs/var/deep/er/file
	chown -h 12:34 rootfs/var/deep/er/file rootfs/var/link
	mount_entry /var tmpfs tmpfs tmpcopyup
	program sh -c 'cat /var/link; stat -c "%a %u:%g" /var/deep /var/deep/er/file; echo more >/var/new; awk "\$5 == \"/var\" { print \$(NF - 1) }" /proc/self/mountinfo'
	umask 077
	run -0 runtime run "$ID"
	equal "${lines[0]}|${lines[1]}" "text|777 0:0"
	equal "${lines[3]}" tmpfs
	contains "12:34"
	[[ ! -e rootfs/var/new ]]
}

@test "flags: ro, nosuid, nodev, noexec, noatime, and their opposites" {
	mount_entry /mnt bind "$SOURCE" bind ro nosuid nodev noexec noatime
	flags_of /mnt
	is ro,nosuid,nodev,noexec,noatime
	edit '.mounts[-1].options = ["bind", "ro", "rw", "nosuid", "suid", "nodev", "dev", "noexec", "exec"]'
	flags_of /mnt
	matches '^rw,[a-z]*atime$'
	edit '.mounts[-1].options = ["bind", "strictatime"]'
	flags_of /mnt
	is rw
	edit '.mounts[-1].options = ["bind", "relatime", "nodiratime"]'
	flags_of /mnt
	is rw,nodiratime,relatime
	edit '.mounts[-1] |= (.type = "tmpfs" | .source = "tmpfs" | .options = ["ro", "nodev", "sync", "dirsync"])'
	flags_of /mnt
	matches '^ro,nodev'
}

@test "flags: nosymfollow" {
	requires_newer_runc "does not know it"
	ln -s file "$SOURCE/link"
	mount_entry /mnt bind "$SOURCE" bind nosymfollow
	program cat /mnt/link
	run -1 runtime run "$ID"
	flags_of /mnt
	contains nosymfollow
}

@test "flags: data that only the filesystem knows is handed to it, nonsense is refused" {
	mount_entry /mnt tmpfs tmpfs uid=12 gid=34 huge=never
	program stat -c %u:%g /mnt
	run -0 runtime run "$ID"
	is 12:34
	edit '.mounts[-1].options = ["frobnicate"]'
	run -1 runtime run "$ID"
	nothing_created
	edit '.mounts[-1] |= (.type = "frobnicatefs" | .options = [])'
	refused 'no such device|frobnicatefs'
}

@test "a bind without flags keeps those of its source; one with flags has exactly its own" {
	requires_newer_runc "keeps none"
	on_host -t tmpfs none "$SOURCE"
	mount -o remount,bind,ro,noexec "$SOURCE"
	mount_entry /mnt bind "$SOURCE" bind
	flags_of /mnt
	contains ro
	contains noexec
	edit '.mounts[-1].options = ["bind", "nosuid"]'
	flags_of /mnt
	matches '^rw,nosuid,'
	lacks noexec
}

@test "rbind and ro: not what is mounted below; rro: all of it" {
	on_host -t tmpfs none "$SOURCE"
	mkdir "$SOURCE/below"
	on_host -t tmpfs none "$SOURCE/below"
	mount_entry /mnt bind "$SOURCE" rbind ro
	program sh -c 'touch /mnt/x 2>/dev/null || echo top; touch /mnt/below/x 2>/dev/null || echo below'
	run -0 runtime run "$ID"
	is top
	edit '.mounts[-1].options = ["rbind", "rro"]'
	run -0 runtime run "$ID"
	is $'top\nbelow'
	edit '.mounts[-1].options = ["rbind", "ro", "rro", "rnosuid", "rnoexec", "rnodev"]'
	program awk '$5 ~ "^/mnt" { print $6 }' /proc/self/mountinfo
	run -0 runtime run "$ID"
	equal "$(grep -c '^ro,nosuid,nodev,noexec' <<<"$output")" 2
}

@test "rrw comes after ro; rro holds with rrw" {
	on_host -t tmpfs none "$SOURCE"
	mkdir "$SOURCE/below"
	on_host -t tmpfs none "$SOURCE/below"
	mount_entry /mnt bind "$SOURCE" rbind ro rrw
	program touch /mnt/x /mnt/below/x
	run -0 runtime run "$ID"
	edit '.mounts[-1].options = ["rbind", "rro", "rrw"]'
	program sh -c 'touch /mnt/x 2>/dev/null || echo top; touch /mnt/below/x 2>/dev/null || echo below'
	run -0 runtime run "$ID"
	is $'top\nbelow'
	edit '.mounts[-1].options = ["rbind", "rrw", "rro"]'
	run -0 runtime run "$ID"
	is $'top\nbelow'
}

@test "a read-only mount that a later one covers: by another name, through a link, from above" {
	local pair
	mkdir -p rootfs/mnt/below "$SOURCE/below"
	ln -s mnt rootfs/link
	cp config.json "$BATS_TEST_TMPDIR/plain.json"
	for pair in "/mnt /mnt" "/mnt /mnt/" "/mnt //mnt" "/mnt /./mnt" "/mnt /link" "/link /mnt" "/mnt/below /mnt" \
		"/link/below /mnt"; do
		cp "$BATS_TEST_TMPDIR/plain.json" config.json
		mount_entry "${pair% *}" bind "$SOURCE" bind ro
		mount_entry "${pair#* }" bind "$SOURCE" bind
		program touch "${pair% *}/x"
		run -0 runtime run "$ID"
	done
	mount_entry /mnt/below bind "$SOURCE" bind ro
	run -1 runtime run "$ID"
	contains "Read-only file system"
}

@test "masks where all of /proc or /sys is read-only, by a link too, or another /sys is mounted over it" {
	local change
	ln -s /proc rootfs/p
	cp config.json "$BATS_TEST_TMPDIR/plain.json"
	for change in '.linux.readonlyPaths = ["/proc", "/sys"]' '.linux.readonlyPaths = ["/proc/.", "/sys/"]' \
		'.linux.readonlyPaths = ["/p"]' \
		'.mounts += [{destination: "/sys", type: "bind", source: "/sys", options: ["rbind", "ro"]}]' \
		'.mounts += [{destination: "/sys/", type: "bind", source: "/sys", options: ["rbind", "ro"]}]'; do
		cp "$BATS_TEST_TMPDIR/plain.json" config.json
		edit "$change"' | .linux.maskedPaths = ["/proc/timer_list", "/proc/version", "/sys/kernel", "/sys/module"]'
		program sh -c 'cat /proc/version /proc/timer_list; ls -A /sys/kernel /sys/module | grep -v :'
		run runtime run "$ID"
		is ""
	done
}

@test "bind takes one mount, rbind what is below it" {
	on_host -t tmpfs none "$SOURCE"
	mkdir "$SOURCE/below"
	on_host -t tmpfs none "$SOURCE/below"
	touch "$SOURCE/below/file"
	mount_entry /mnt bind "$SOURCE" bind
	program test ! -e /mnt/below/file
	run -0 runtime run "$ID"
	edit '.mounts[-1].options = ["rbind"]'
	program test -e /mnt/below/file
	run -0 runtime run "$ID"
}

propagation_of() {
	program awk -v target="$1" '$5 == target { found = ""; for (i = 7; $i != "-"; i++) found = found " " $i; last = found } END { print last }' \
		/proc/self/mountinfo
	run -0 runtime run "$ID"
}

@test "propagation of a mount" {
	on_host -t tmpfs none "$SOURCE"
	mount --make-shared "$SOURCE"
	mount_entry /mnt bind "$SOURCE" bind rprivate
	propagation_of /mnt
	is ""
	edit '.mounts[-1].options = ["bind", "rslave"]'
	propagation_of /mnt
	contains master:
	edit '.mounts[-1].options = ["bind", "rshared"]'
	propagation_of /mnt
	contains shared:
	edit '.mounts[-1].options = ["bind", "unbindable"]'
	propagation_of /mnt
	contains unbindable
}

@test "propagation of the rootfs" {
	local kind
	edit '.linux.rootfsPropagation = "frobnicate"'
	refused 'rootfsPropagation'
	requires_newer_runc "leaves it private"
	for kind in shared rshared; do
		edit '.linux.rootfsPropagation = $kind' --arg kind "$kind"
		propagation_of /
		contains shared:
	done
	for kind in private rprivate; do
		edit '.linux.rootfsPropagation = $kind' --arg kind "$kind"
		propagation_of /
		is ""
	done
}

@test "what is mounted inside never shows on the host" {
	requires_policy_off
	on_host --bind rootfs rootfs
	mount --make-shared rootfs
	edit '.linux.rootfsPropagation = "rshared"
		| .process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	program mount -t tmpfs tmpfs /tmp
	local before
	before=$(grep -cF "$BATS_TEST_TMPDIR" /proc/self/mountinfo)
	run runtime run "$ID"
	run -0 grep -cF "$BATS_TEST_TMPDIR" /proc/self/mountinfo
	is "$before"
}

@test "a mount of the host arrives in a slave, and not in a private one" {
	on_host -t tmpfs none "$SOURCE"
	mount --make-shared "$SOURCE"
	mkdir "$SOURCE/later"
	mount_entry /slave bind "$SOURCE" rbind rslave
	mount_entry /private bind "$SOURCE" rbind rprivate
	start_sleeping
	on_host -t tmpfs none "$SOURCE/later"
	touch "$SOURCE/later/file"
	run -0 runtime exec "$ID" ls /slave/later /private/later
	is $'/private/later:\n\n/slave/later:\nfile'
}

@test "proc must be mounted on a real directory" {
	rmdir rootfs/proc
	mkdir rootfs/other
	ln -s /other rootfs/proc
	program true
	refused 'must be mounted on ordinary directory'
}

@test "proc and sysfs without options, without source" {
	edit '(.mounts[] | select(.destination == "/proc")) |= {destination: "/proc", type: "proc"}'
	program grep -c . /proc/self/mountinfo
	run -0 runtime run "$ID"
}

@test "/dev read-only, with its devices" {
	edit '(.mounts[] | select(.destination == "/dev")).options += ["ro"]'
	program sh -c 'test -c /dev/null; echo x >/dev/null; touch /dev/file 2>/dev/null || echo refused'
	run -0 runtime run "$ID"
	is refused
}

@test "cgroup: a view of its own, read-only unless asked" {
	program sh -c 'find /sys/fs/cgroup -maxdepth 2 -name cgroup.procs | head -1; awk "\$5 ~ \"^/sys/fs/cgroup/\" || \$9 == \"cgroup2\" { print \$6 }" /proc/self/mountinfo | cut -d, -f1 | sort -u'
	run -0 runtime run "$ID"
	matches cgroup.procs
	equal "${lines[-1]}" ro
	edit '.linux.namespaces += [{type: "cgroup"}] | .linux.namespaces |= unique_by(.type)'
	run -0 runtime run "$ID"
	matches cgroup.procs
	equal "${lines[-1]}" ro
}

@test "setgid is inherited by the directories made for a mount" {
	requires_newer_runc "does not keep it"
	mkdir rootfs/setgid
	chmod '=7755' rootfs/setgid
	mount_entry /setgid/a/b tmpfs tmpfs
	program true
	run -0 runtime run "$ID"
	equal "$(stat -c %a rootfs/setgid rootfs/setgid/a rootfs/setgid/a/b | xargs)" "7755 2755 2755"
}

@test "a source inside the rootfs sees the mounts made before it" {
	mount_entry /one bind "$SOURCE" bind
	mount_entry /two bind "$BUNDLE/rootfs/one" rbind
	program cat /two/file
	run -0 runtime run "$ID"
	is content
}

@test "sources and destinations named as the host sees the rootfs" {
	mkdir -p source/one source/two rootfs/tree rootfs/copy rootfs/mapped
	chmod 700 source
	echo one >source/one/file
	echo two >source/two/file
	mkdir source/one/below
	mount_entry /tree bind "$BUNDLE/source/one" bind
	mount_entry /tree/below bind "$BUNDLE/source/two" bind
	mount_entry "$BUNDLE/rootfs/copy" bind "$BUNDLE/rootfs/tree" rbind
	program cat /copy/below/file
	run -0 runtime run "$ID"
	is two
	# A link of the image's that the source goes through leads to where the container would get.
	ln -s /tree rootfs/link
	mount_entry /again bind "$BUNDLE/rootfs/link/below" rbind
	program cat /again/file
	run -0 runtime run "$ID"
	is two
	requires_newer_runc "has no mappings of a mount without a user namespace"
	edit '.mounts += [{destination: "/mapped", type: "bind", source: ($bundle + "/rootfs/tree"), options: ["rbind"],
		uidMappings: [{containerID: 0, hostID: 1234, size: 1}],
		gidMappings: [{containerID: 0, hostID: 1234, size: 1}]}]' --arg bundle "$BUNDLE"
	program stat -c %u:%g /mapped/file
	run -0 runtime run "$ID"
	is 1234:1234
}

@test "a user namespace keeps what the host's mount forbids" {
	mkdir source rootfs/data
	mount -t tmpfs -o mode=755 tmpfs source
	mount -o remount,bind,ro,nosuid,noexec,noatime source
	user_namespace
	mount_entry /data bind "$BUNDLE/source" bind dev
	program awk '$2 == "/data" { print $4 }' /proc/self/mounts
	run -0 runtime run "$ID"
	local found=",$output," flag
	for flag in rw exec suid relatime; do
		edit '.mounts[-1].options = ["bind", $flag]' --arg flag "$flag"
		run -1 runtime run "$ID"
		contains "operation not permitted"
	done
	umount source
	for flag in ro nosuid noexec noatime; do
		[[ $found == *",$flag,"* ]]
	done
}

@test "thirty mounts" {
	local number
	for number in {1..30}; do
		mount_entry "/mount/$number" bind "$SOURCE" bind ro
	done
	program sh -c 'cat /mount/*/file | wc -l'
	run -0 runtime run "$ID"
	is 30
}

@test "--no-pivot" {
	program sh -c 'ls / | grep -x etc; cat /proc/self/mountinfo | wc -l'
	run -0 runtime run --no-pivot "$ID"
	equal "${lines[0]}" etc
	program sh -c 'ls /../../..'
	run -0 runtime run --no-pivot "$ID"
	lacks lost+found
	contains etc
}

idmapped() {
	local probe=$BATS_TEST_TMPDIR/idmapped
	requires_newer_runc "knows only the user namespace's own map"
	mkdir "$probe"
	unshare --help 2>&1 | grep -q map-users || skip "util-linux is too old to tell"
}

@test "id-mapped mounts, without a user namespace" {
	idmapped
	chown 1000:2000 "$SOURCE/file"
	edit '.mounts += [{destination: "/mnt", type: "bind", source: $s, options: ["bind"],
		uidMappings: [{containerID: 1000, hostID: 5000, size: 1}, {containerID: 0, hostID: 0, size: 1}],
		gidMappings: [{containerID: 2000, hostID: 6000, size: 1}, {containerID: 0, hostID: 0, size: 1}]}]' --arg s "$SOURCE"
	program stat -c %u:%g /mnt/file /mnt
	run -0 runtime run "$ID"
	is $'5000:6000\n0:0'
}

@test "id-mapped mounts, with a user namespace; idmap means its maps" {
	idmapped
	user_namespace
	chown 7:8 "$SOURCE/file"
	edit '.mounts += [{destination: "/mnt", type: "bind", source: $s, options: ["bind", "idmap"]}]' --arg s "$SOURCE"
	program stat -c %u:%g /mnt/file
	run -0 runtime run "$ID"
	is 7:8
	edit '.mounts[-1] |= (.options = ["bind"] | .uidMappings = [{containerID: 7, hostID: 100070, size: 1}]
		| .gidMappings = [{containerID: 8, hostID: 200080, size: 1}])'
	run -0 runtime run "$ID"
	is 70:80
}

@test "id-mapped mounts: ridmap reaches below, idmap does not" {
	idmapped
	mkdir "$SOURCE/below"
	on_host -t tmpfs none "$SOURCE/below"
	touch "$SOURCE/below/file"
	chown 7:7 "$SOURCE/below/file" "$SOURCE/file"
	edit '.mounts += [{destination: "/mnt", type: "bind", source: $s, options: ["rbind", "ridmap"],
		uidMappings: [{containerID: 0, hostID: 5000, size: 10}], gidMappings: [{containerID: 0, hostID: 6000, size: 10}]}]' --arg s "$SOURCE"
	program stat -c %u:%g /mnt/file /mnt/below/file
	run -0 runtime run "$ID"
	is $'5007:6007\n5007:6007'
	edit '.mounts[-1].options = ["rbind", "idmap"]'
	run -0 runtime run "$ID"
	is $'5007:6007\n7:7'
}

@test "id-mapped mounts of what an earlier mount shows in the rootfs, in a user namespace" {
	idmapped
	user_namespace
	chown 7:8 "$SOURCE/file"
	mkdir -p "$BUNDLE/rootfs/shown" "$BUNDLE/rootfs/mapped"
	edit '.mounts += [{destination: "/shown", type: "bind", source: $s, options: ["rbind"]},
		{destination: "/mapped", type: "bind", source: "rootfs/shown", options: ["bind", "idmap"]}]' --arg s "$SOURCE"
	program stat -c %u:%g /mapped/file
	run -0 runtime run "$ID"
	is 7:8
	edit '.mounts[-1] |= (.options = ["bind"] | .uidMappings = [{containerID: 7, hostID: 100070, size: 1}]
		| .gidMappings = [{containerID: 8, hostID: 200080, size: 1}])'
	run -0 runtime run "$ID"
	is 70:80
	rmdir "$BUNDLE/rootfs/shown"
	edit '.mounts[-1].destination = "/shown"'
	program stat -c %u:%g /shown/file
	run -0 runtime run "$ID"
	is 70:80
}

@test "id-mapped mounts: half a map, and not a bind, are refused" {
	idmapped
	program true
	edit '.mounts += [{destination: "/mnt", type: "bind", source: $s, options: ["bind"],
		uidMappings: [{containerID: 0, hostID: 5000, size: 10}]}]' --arg s "$SOURCE"
	refused 'invalid mount|id-mapped'
	edit '.mounts[-1] |= (.gidMappings = .uidMappings | del(.uidMappings))'
	refused 'invalid mount|id-mapped'
	edit '.mounts[-1] |= (.uidMappings = .gidMappings | .type = "tmpfs" | .source = "tmpfs" | .options = [])'
	refused 'invalid mount|id-mapped'
}
