#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# update by single options, by a file and by standard input; events.

load helpers

setup() {
	setup_bundle
	requires_root
}

teardown() {
	teardown_bundle
}

# refused_update TEXT OPTION...: one line that has TEXT, and the limit of processes is what it was.
refused_update() {
	local text=$1
	shift
	run -1 runtime update "$@" "$ID"
	contains "$text"
	equal "$(cgroup_value pids pids.max)" 100
}

has_lines() {
	(($(wc -l <"$2") >= $1))
}

@test "update: single options, each its file" {
	requires_controller pids memory cpu
	start_sleeping
	run -0 runtime update --pids-limit 77 --memory 64m --cpu-share 512 --cpu-period 50000 --cpu-quota 20000 "$ID"
	is ""
	equal "$(cgroup_value pids pids.max)" 77
	equal "$(cgroup_value memory memory.limit_in_bytes memory.max)" 67108864
	matches_cpu=$(cgroup_value cpu cpu.cfs_quota_us cpu.max)
	[[ $matches_cpu == 20000 || $matches_cpu == "20000 50000" ]]
}

@test "update: what is not given stays" {
	requires_controller pids memory
	start_sleeping
	runtime update --memory 64m --pids-limit 77 "$ID"
	runtime update --pids-limit 88 "$ID"
	equal "$(cgroup_value memory memory.limit_in_bytes memory.max)" 67108864
	equal "$(cgroup_value pids pids.max)" 88
	run -0 runtime update "$ID"
	equal "$(cgroup_value pids pids.max)" 88
}

@test "update: an idle group has no shares to set, and gets them back; no memory limit is none with swap either" {
	requires_controller memory cpu
	requires_newer_runc "does not know idle groups"
	edit '.linux.resources.cpu.shares = 512 | .linux.resources.memory = {limit: 67108864, swap: 67108864}'
	start_sleeping
	local idle
	for idle in 1 0 1; do
		run -0 runtime update --cpu-idle $idle "$ID"
		equal "$(cgroup_value cpu cpu.idle)" $idle
	done
	run -0 runtime update --memory -1 "$ID"
	[[ $(cgroup_value memory memory.limit_in_bytes memory.max) =~ ^(max|9223372036854771712)$ ]]
}

@test "update --resources: a file, and standard input; other options are ignored then" {
	requires_controller pids
	start_sleeping
	echo '{"pids": {"limit": 55}}' >resources.json
	run -0 runtime update --pids-limit 77 -r resources.json "$ID"
	equal "$(cgroup_value pids pids.max)" 55
	runtime update --resources - "$ID" <<<'{"pids": {"limit": 44}}'
	equal "$(cgroup_value pids pids.max)" 44
}

@test "update: the container can use what it is given" {
	requires_controller pids
	edit '.linux.resources.pids.limit = 20'
	start_sleeping
	run -0 runtime exec "$ID" true
	runtime update --pids-limit 1 "$ID"
	run ! runtime exec "$ID" sh -c 'true | true'
	runtime update --pids-limit 20 "$ID"
	run -0 runtime exec "$ID" sh -c 'true | true'
}

@test "update: the container still has its devices" {
	requires_controller pids
	start_sleeping
	runtime update --pids-limit 50 "$ID"
	run -0 runtime exec "$ID" sh -c 'echo >/dev/null && head -c 1 /dev/zero | od -An -tx1'
	is " 00"
}

@test "update: limits that no kernel has any more are taken and ignored" {
	requires_newer_runc "its words"
	start_sleeping
	run -0 runtime update --kernel-memory 1m --kernel-memory-tcp 1m "$ID"
	contains "Setting --kernel-memory is ignored and will be removed"
	contains "Setting --kernel-memory-tcp is ignored and will be removed"
	run -0 runtime update --help
	lacks kernel-memory
}

@test "update: what is refused changes nothing" {
	requires_casemate "words it differently"
	requires_controller pids
	edit '.linux.resources.pids.limit = 100'
	start_sleeping
	refused_update 'invalid value for pids-limit: \"many\"' --pids-limit many
	refused_update 'invalid value for pids-limit: \"12x\"' --pids-limit 12x
	refused_update 'invalid value for memory: \"lots\"' --memory lots
	refused_update 'invalid value for cpu-period: \"-1\"' --cpu-period -1
	refused_update 'invalid value for blkio-weight: \"65536\"' --blkio-weight 65536
	refused_update "Intel RDT/CAT: l3 cache schema is not enabled" --l3-cache-schema "L3:0=f"
	refused_update "Intel RDT/MBA: memory bandwidth schema is not enabled" --mem-bw-schema "MB:0=10"
	refused_update "no such file or directory" --resources missing.json
	echo '{"pids": {"limit": "55"}}' >bad.json
	refused_update "bad.json: pids.limit: found " --resources bad.json
	echo '{"pids": {' >bad.json
	refused_update "bad.json" --resources bad.json
	mkdir directory
	refused_update directory --resources directory
}

@test "update: a container that is not there, and one that has stopped" {
	run -1 runtime update --pids-limit 10 missing
	contains "container does not exist"
	program true
	detached run -d "$ID"
	wait_status "$ID" stopped
	run -1 runtime update --pids-limit 10 "$ID"
	contains "not running"
}

@test "events --stats: one line with runc's members" {
	requires_controller pids memory
	edit '.linux.resources.pids.limit = 100'
	start_sleeping
	run -0 runtime events --stats "$ID"
	[[ ${#lines[@]} -eq 1 ]]
	jq -e --arg id "$ID" '.type == "stats" and .id == $id and
		(.data | has("cpu") and has("memory") and has("pids") and has("blkio")) and
		.data.pids.limit == 100 and .data.pids.current >= 1 and .data.memory.usage.usage > 0' <<<"$output"
}

# Memory and disk that are used: members of value 0 are left out, and on v2 the kernel counts little things late.
@test "events: the same members as runc's" {
	requires_casemate "is what is compared with"
	requires_command runc
	local members='[.data | paths(type != "array") | map(select(type == "string"))] | unique' missing
	local write=(dd if=/dev/zero of=/tmp/written bs=1M count=8 conv=fsync)
	edit '.root.readonly = false'
	mkdir -p rootfs/tmp
	start_sleeping
	run -0 runtime exec "$ID" "${write[@]}"
	runtime events --stats "$ID" | jq -c "$members" >ours
	runtime delete -f "$ID"
	rm rootfs/tmp/written
	runc --root "$BATS_TEST_TMPDIR/runc" run -d "$ID" </dev/null >/dev/null 2>&1 3>&-
	run -0 runc --root "$BATS_TEST_TMPDIR/runc" exec "$ID" "${write[@]}" 3>&-
	runc --root "$BATS_TEST_TMPDIR/runc" events --stats "$ID" | jq -c "$members" >theirs
	runc --root "$BATS_TEST_TMPDIR/runc" delete -f "$ID"
	missing=$(jq -n --slurpfile ours ours --slurpfile theirs theirs -c '$theirs[0] - $ours[0] |
		map(select(.[0:2] != ["memory", "raw"] and .[0] != "pids"))')
	equal "$missing" '[]'
}

@test "events: a line at each interval, until the container stops" {
	start_sleeping
	runtime events --interval 200ms "$ID" >lines &
	follower=$!
	wait_for has_lines 3 lines
	runtime delete --force "$ID"
	wait "$follower"
	jq -es 'length >= 3 and all(.[]; .type == "stats")' lines
}

@test "events: a line for processes killed for want of memory" {
	requires_controller memory
	edit '.linux.resources.memory = {limit: 33554432, swap: 33554432} | .process.oomScoreAdj = 0'
	start_sleeping
	runtime events --interval 100ms "$ID" >lines &
	follower=$!
	wait_for has_lines 1 lines
	run runtime exec "$ID" sh -c 'x=$(dd if=/dev/zero bs=1M count=200 | tr "\\0" x)'
	wait_for grep -qxF "{\"type\":\"oom\",\"id\":\"$ID\"}" lines
	runtime delete --force "$ID"
	wait "$follower"
	equal "$(grep -c '"oom","id"' lines)" 1
}

@test "events: intervals that are none, and containers that do not run" {
	start_sleeping
	run -1 runtime events --interval 0 "$ID"
	contains "duration interval must be greater than 0"
	run -1 runtime events --interval -5s "$ID"
	run -1 runtime events --interval soon "$ID"
	contains "invalid value"
	run -1 runtime events missing
	contains "container does not exist"
	runtime kill "$ID" KILL
	wait_status "$ID" stopped
	for option in --stats --interval=1s; do
		run -1 runtime events "$option" "$ID"
		contains "container with id $ID is not running"
	done
}
