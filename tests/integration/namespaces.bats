#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# The eight namespaces: new, shared with the host, or joined by path; id maps and time offsets.

load helpers

setup() {
	setup_bundle
}

teardown() {
	teardown_bundle
}

# The namespaces of the container's process, one link a line.
links() {
	local name
	for name in cgroup ipc mnt net pid time user uts; do
		readlink "/proc/$1/ns/$name"
	done
}

@test "new: those that are listed, and only those" {
	start_sleeping
	local name
	for name in ipc mnt net pid uts; do
		[[ $(readlink "/proc/$(container_pid)/ns/$name") != $(readlink "/proc/self/ns/$name") ]]
	done
	for name in user time; do
		equal "$(readlink "/proc/$(container_pid)/ns/$name")" "$(readlink "/proc/self/ns/$name")"
	done
}

@test "not listed: the host's" {
	requires_policy_off
	edit '.linux.namespaces = [{type: "mount"}] | del(.hostname)'
	start_sleeping
	local name
	for name in cgroup ipc net pid time user uts; do
		equal "$(readlink "/proc/$(container_pid)/ns/$name")" "$(readlink "/proc/self/ns/$name")"
	done
}

@test "the host's mounts: all that is the container's is below its rootfs" {
	requires_policy_off
	edit 'del(.linux.maskedPaths, .linux.readonlyPaths) | .linux.namespaces -= [{type: "mount"}]'
	program true
	run -0 runtime run "$ID"
	run -0 umount --recursive --lazy rootfs
	run ! grep -F " $BUNDLE/rootfs" /proc/self/mounts
}

@test "the first process is process 1, in a fresh network with loopback up" {
	program sh -c 'echo $$; cat /sys/class/net/lo/operstate; ls /sys/class/net; cat /sys/class/net/lo/flags'
	run -0 runtime run "$ID"
	is $'1\nunknown\nlo\n0x9'
}

@test "joined by path" {
	start_sleeping "$ID-first"
	local pid name
	pid=$(container_pid "$ID-first")
	edit '.linux.namespaces |= map(if .type == "mount" then . else .path = $base + ({network: "net"}[.type] // .type) end)
		| del(.hostname)' --arg base "/proc/$pid/ns/"
	start_sleeping "$ID"
	for name in ipc net pid uts; do
		equal "$(readlink "/proc/$(container_pid)/ns/$name")" "$(readlink "/proc/$pid/ns/$name")"
	done
	[[ $(readlink "/proc/$(container_pid)/ns/mnt") != $(readlink "/proc/$pid/ns/mnt") ]]
	run -0 runtime exec "$ID" ps -o args
	equal "$(grep -c '^sleep 1000' <<<"$output")" 2
	# The processes of the other container are not ours to end.
	run -0 runtime delete --force "$ID"
	status_is "$ID-first" running
}

@test "an empty path is no path" {
	edit '.linux.namespaces |= map(.path = "")'
	program true
	run -0 runtime run "$ID"
}

@test "a path of the wrong kind, or of nothing, is refused" {
	program true
	edit '(.linux.namespaces[] | select(.type == "network")).path = "/proc/self/ns/uts"'
	run -1 runtime run "$ID"
	nothing_created
	edit '(.linux.namespaces[] | select(.type == "network")).path = "/proc/self/ns/missing"'
	refused 'no such file or directory'
	edit '(.linux.namespaces[] | select(.type == "network")).path = "/etc/passwd"'
	run -1 runtime run "$ID"
	nothing_created
	edit '(.linux.namespaces[] | select(.type == "network")).path = "relative/path"'
	run -1 runtime run "$ID"
	nothing_created
}

@test "twice the same kind, an unknown kind" {
	program true
	edit '.linux.namespaces += [{type: "pid"}]'
	refused 'duplicated ns|duplicate'
	edit 'del(.linux.namespaces[-1]) | .linux.namespaces += [{type: "frobnicate"}]'
	refused frobnicate
}

@test "user: the maps, the owner, and the capabilities in it" {
	user_namespace
	program sh -c 'cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups; id -u; stat -c %u:%g /etc/passwd'
	run -0 runtime run "$ID"
	equal "$(xargs <<<"${lines[0]}|${lines[1]}|${lines[2]}|${lines[3]}|${lines[4]}")" \
		"0 100000 65536| 0 200000 65536|allow|0|0:0"
}

@test "user: several ranges, size one, and a user other than root" {
	user_namespace
	edit '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1}, {containerID: 1000, hostID: 101000, size: 5}]
		| .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 1}, {containerID: 1000, hostID: 201000, size: 5}]
		| .process.user = {uid: 1000, gid: 1000}
		| .mounts |= map(if .type == "devpts" then .options -= ["gid=5"] else . end)'
	start_sleeping
	run -0 stat -c %u:%g "/proc/$(container_pid)"
	is 101000:201000
	run -0 awk '{ print $1, $2, $3 }' "/proc/$(container_pid)/uid_map"
	is $'0 100000 1\n1000 101000 5'
}

@test "user: bad maps are refused" {
	user_namespace
	program true
	edit '.linux.uidMappings = []'
	refused 'uid mappings|uidMappings'
	edit '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 10}, {containerID: 5, hostID: 200000, size: 10}]'
	run -1 runtime run "$ID"
	nothing_created
	edit '.linux.uidMappings = [{containerID: 0, hostID: -1, size: 10}]'
	refused .
	edit '.linux.uidMappings = [{containerID: 0, hostID: 4294967290, size: 100}]'
	run -1 runtime run "$ID"
	nothing_created
	edit '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 0}]'
	run -1 runtime run "$ID"
	nothing_created
}

@test "user: joined by path, with the other namespaces made inside it" {
	requires_newer_runc "wants maps"
	user_namespace
	start_sleeping "$ID-first"
	edit '(.linux.namespaces[] | select(.type == "user")).path = $path | del(.linux.uidMappings, .linux.gidMappings)' \
		--arg path "/proc/$(container_pid "$ID-first")/ns/user"
	start_sleeping
	run -0 runtime exec "$ID" cat /proc/self/uid_map
	equal "$(xargs <<<"$output")" "0 100000 65536"
	run -0 runtime exec "$ID" cat /proc/self/gid_map
	equal "$(xargs <<<"$output")" "0 200000 65536"
	run -0 runtime exec "$ID" id -u
	is 0
}

@test "user: joined through a bind-mounted namespace file" {
	requires_newer_runc "wants maps"
	user_namespace
	start_sleeping "$ID-first"
	touch "$BATS_TEST_TMPDIR/userns"
	on_host --bind "/proc/$(container_pid "$ID-first")/ns/user" "$BATS_TEST_TMPDIR/userns"
	edit '(.linux.namespaces[] | select(.type == "user")).path = $path | del(.linux.uidMappings, .linux.gidMappings)' \
		--arg path "$BATS_TEST_TMPDIR/userns"
	start_sleeping
	run -0 runtime exec "$ID" cat /proc/self/uid_map
	equal "$(xargs <<<"$output")" "0 100000 65536"
}

@test "user: bind sources only the host's root can reach" {
	user_namespace
	mkdir -p secret/directory
	echo content >secret/directory/file
	chmod 700 secret
	chmod 755 secret/directory
	mount_entry /mnt bind "$BUNDLE/secret/directory" bind
	mount_entry /file bind "$BUNDLE/secret/directory/file" bind
	program cat /mnt/file /file
	run -0 runtime run "$ID"
	is $'content\ncontent'
	start_sleeping
	run -0 runtime exec "$ID" cat /mnt/file
	is content
}

@test "time: offsets" {
	requires_newer_runc "does not know time namespaces"
	[[ -e /proc/self/ns/time ]] || skip "this kernel has no time namespaces"
	edit '.linux.namespaces += [{type: "time"}]
		| .linux.timeOffsets = {monotonic: {secs: 7881, nanosecs: 2718281}, boottime: {secs: 1337, nanosecs: 3141519}}'
	program cat /proc/self/timens_offsets
	run -0 runtime run "$ID"
	equal "$(xargs <<<"$output")" "monotonic 7881 2718281 boottime 1337 3141519"
	program sh -c 'cut -d. -f1 /proc/uptime'
	run -0 runtime run "$ID"
	((output - $(cut -d. -f1 /proc/uptime) >= 1330))
	start_sleeping
	run -0 runtime exec "$ID" cat /proc/self/timens_offsets
	contains 7881
	equal "$(runtime exec "$ID" readlink /proc/self/ns/time)" "$(readlink "/proc/$(container_pid)/ns/time")"
}

@test "time: no offsets, and offsets without the namespace" {
	requires_newer_runc "does not know time namespaces"
	edit '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = null'
	program cat /proc/self/timens_offsets
	run -0 runtime run "$ID"
	equal "$(xargs <<<"$output")" "monotonic 0 0 boottime 0 0"
	without_namespace time
	edit '.linux.timeOffsets = {monotonic: {secs: 1}}'
	refused 'time'
}

@test "time with user" {
	requires_newer_runc "does not know time namespaces"
	user_namespace
	edit '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 1337}}'
	program cat /proc/self/timens_offsets
	run -0 runtime run "$ID"
	contains 1337
}

@test "cgroup: the container sees its own group as the root" {
	edit '.linux.namespaces += [{type: "cgroup"}]'
	program cat /proc/self/cgroup
	run -0 runtime run "$ID"
	run ! grep -v ':/$' <<<"$output"
	start_sleeping
	run -0 runtime exec "$ID" cat /proc/self/cgroup
	run ! grep -v ':/$' <<<"$output"
}

@test "all eight at once" {
	requires_newer_runc "knows seven"
	user_namespace
	edit '.linux.namespaces += [{type: "cgroup"}, {type: "time"}] | .linux.namespaces |= unique_by(.type)'
	start_sleeping
	local mine theirs
	mine=$(links self)
	theirs=$(links "$(container_pid)")
	equal "$(comm -12 <(sort <<<"$mine") <(sort <<<"$theirs"))" ""
	run -0 runtime exec "$ID" id -u
	is 0
}

@test "IPC is the container's own" {
	requires_command ipcmk ipcrm
	local id
	id=$(ipcmk -M 4096 | awk '{ print $NF }')
	program cat /proc/sysvipc/shm
	run runtime run "$ID"
	ipcrm -m "$id"
	equal "$status:${#lines[@]}" 0:1
}
