#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2119
# shellcheck disable=SC2016,SC2154 # jq's variables; bats' variables
# The cgroup manager systemd: on a host that runs it, and what is said on one that does not.

load helpers

setup() {
	setup_bundle
	UNIT=runc-$ID.scope
}

teardown() {
	! is_running_systemd || teardown_systemd
	teardown_bundle
}

is_running_systemd() {
	[[ -d /run/systemd/system ]]
}

requires_systemd() {
	is_running_systemd || skip "systemd does not run here"
}

# The manager of the user that runs the tests.
systemd() {
	if ((EUID == 0)); then
		systemctl "$@"
	else
		systemctl --user "$@"
	fi
}

teardown_systemd() {
	local left
	runtime --systemd-cgroup delete --force "$ID" 2>/dev/null || true
	left=$(systemd list-units --all --plain --no-legend "*$ID*")
	[[ -z $left ]] || {
		echo "left in systemd: $left"
		systemd stop "*$ID*"
		return 1
	}
}

property() {
	systemd show -P "$1" "${2:-$UNIT}"
}

# The unit's group; on a host with v1 the one in the hierarchy $1.
group() {
	local mount=/sys/fs/cgroup
	[[ $(stat -fc %T "$mount") == cgroup2fs ]] || mount+=/$1
	echo "$mount$(property ControlGroup)"
}

# shellcheck disable=SC2120 # mostly without further options
systemd_run() {
	program sleep 1000
	detached --systemd-cgroup run --detach "$@" "$ID"
}

requires_v2() {
	[[ $(stat -fc %T /sys/fs/cgroup) == cgroup2fs ]] || skip "cgroup v2 only"
}

@test "--systemd-cgroup without systemd is a clear error" {
	! is_running_systemd || skip "systemd runs here"
	fails 1 "systemd not running on this host, cannot use systemd cgroups manager" \
		runtime --systemd-cgroup run "$ID"
	nothing_created
	fails 1 "systemd not running on this host" runtime --cgroup-manager systemd run "$ID"
	nothing_created
}

@test "a container is a scope in a slice, and leaves nothing behind" {
	requires_systemd
	systemd_run
	equal "$(property ActiveState)" active
	equal "$(property Delegate)" yes
	equal "$(property DefaultDependencies)" no
	equal "$(property Description)" "libcontainer container $ID"
	if ((EUID == 0)); then
		equal "$(property Slice)" system.slice
		equal "$(property ControlGroup)" "/system.slice/$UNIT"
	else
		equal "$(property Slice)" user.slice
	fi
	# Nobody but the container's process is in it.
	equal "$(cat "$(group systemd)/cgroup.procs")" "$(container_pid)"
	runtime delete --force "$ID"
	run -0 systemd list-units --all --plain --no-legend "$UNIT"
	is ""
}

@test "cgroupsPath slice:prefix:name, with slices in slices" {
	requires_systemd
	UNIT=pre-$ID.scope
	edit '.linux.cgroupsPath = $path' --arg path "casemate-test.slice:pre:$ID"
	systemd_run
	equal "$(property Slice)" casemate-test.slice
	[[ $(property ControlGroup) == */casemate.slice/casemate-test.slice/$UNIT ]]
	run -0 runtime exec "$ID" true
}

@test "cgroupsPath of another form is refused" {
	requires_systemd
	local path
	for path in /a/b a:b "a--b.slice:c:$ID" "a.slice:c:" "a.slice:c:x/y"; do
		edit '.linux.cgroupsPath = $path' --arg path "$path"
		fails 1 "cgroupsPath|invalid slice name" runtime --systemd-cgroup run "$ID"
		nothing_created
	done
}

@test "limits are the unit's properties, and the files'" {
	requires_systemd
	requires_v2
	edit '.linux.resources += {memory: {limit: 67108864, swap: 134217728}, pids: {limit: 20}, cpu: {shares: 512, quota: 50000, period: 100000}}'
	systemd_run
	equal "$(property MemoryMax)" 67108864
	equal "$(property MemorySwapMax)" 67108864
	equal "$(property TasksMax)" 20
	equal "$(property CPUWeight)" 59
	equal "$(property CPUQuotaPerSecUSec)" 500ms
	equal "$(cat "$(group memory)/memory.max")" 67108864
	equal "$(cat "$(group pids)/pids.max")" 20
	equal "$(cat "$(group cpu)/cpu.max")" "50000 100000"
	# What systemd does of its own accord changes nothing.
	systemd daemon-reload
	equal "$(cat "$(group memory)/memory.max")" 67108864
	equal "$(cat "$(group pids)/pids.max")" 20
}

@test "limits are properties on a host with v1, too, and change with update" {
	requires_systemd
	[[ $(stat -fc %T /sys/fs/cgroup) != cgroup2fs ]] || skip "cgroup v1 only"
	edit '.linux.resources += {memory: {limit: 67108864}, pids: {limit: 20}, cpu: {shares: 512, quota: 50000, period: 100000}}'
	systemd_run
	equal "$(property MemoryLimit)" 67108864
	equal "$(property CPUShares)" 512
	equal "$(property CPUQuotaPerSecUSec)" 500ms
	equal "$(property TasksMax)" 20
	systemd daemon-reload
	equal "$(cat "$(group memory)/memory.limit_in_bytes")" 67108864
	equal "$(cat "$(group cpu)/cpu.shares")" 512
	equal "$(cat "$(group cpu)/cpu.cfs_quota_us")" 50000
	equal "$(cat "$(group pids)/pids.max")" 20
	runtime update --memory 50331648 --cpu-share 1024 --pids-limit 33 "$ID"
	equal "$(property MemoryLimit)" 50331648
	equal "$(property CPUShares)" 1024
	equal "$(property TasksMax)" 33
	equal "$(cat "$(group memory)/memory.limit_in_bytes")" 50331648
	equal "$(cat "$(group cpu)/cpu.shares")" 1024
	equal "$(cat "$(group pids)/pids.max")" 33
}

@test "update changes the properties until the unit ends" {
	requires_systemd
	requires_v2
	systemd_run
	runtime update --memory 50331648 --pids-limit 33 --cpu-share 1024 "$ID"
	equal "$(property MemoryMax)" 50331648
	equal "$(property TasksMax)" 33
	equal "$(property CPUWeight)" 100
	equal "$(cat "$(group memory)/memory.max")" 50331648
	runtime update --memory -1 --pids-limit -1 "$ID"
	equal "$(property MemoryMax)" infinity
	equal "$(cat "$(group memory)/memory.max")" max
	policy_is_off || return 0
	equal "$(property TasksMax)" infinity
}

@test "a limit of one process" {
	requires_systemd
	edit '.linux.resources.pids.limit = 1'
	systemd_run
	equal "$(cat "$(group pids)/pids.max")" 1
	equal "$(property TasksMax)" 1
	run runtime exec "$ID" true
	((status != 0))
}

@test "device rules hold, also after systemd reads its units again" {
	requires_systemd
	requires_root
	requires_v2
	edit '.linux.resources.devices = [{allow: false, access: "rwm"}] | .linux.devices = [{path: "/dev/kmsg2", type: "c", major: 1, minor: 11, fileMode: 438}]'
	systemd_run
	equal "$(property DevicePolicy)" strict
	run -0 runtime exec "$ID" sh -c 'echo x >/dev/null && head -c 1 /dev/zero | wc -c'
	is 1
	run runtime exec "$ID" head -c 1 /dev/kmsg2
	((status != 0))
	systemd daemon-reload
	run runtime exec "$ID" head -c 1 /dev/kmsg2
	((status != 0))
	run -0 runtime exec "$ID" sh -c 'echo x >/dev/null'
}

@test "pause, resume, ps, events, kill, exec go by the unit's group" {
	requires_systemd
	systemd_run
	runtime pause "$ID"
	status_is "$ID" paused
	runtime resume "$ID"
	status_is "$ID" running
	run -0 runtime ps -f json "$ID"
	is "[$(container_pid)]"
	run -0 runtime exec "$ID" sh -c 'kill -0 1; cat /proc/self/cgroup'
	runtime exec --detach "$ID" sleep 1000
	equal "$(runtime ps -f json "$ID" | jq length)" 2
	run -0 runtime events --stats "$ID"
	equal "$(jq .data.pids.current <<<"$output")" 2
	runtime kill "$ID" KILL
	wait_status "$ID" stopped
	runtime delete "$ID"
}

@test "annotations: harmless properties are set, others are refused" {
	requires_systemd
	edit '.annotations = {"org.systemd.property.TimeoutStopUSec": "uint64 123000000", "org.systemd.property.CollectMode": "'"'inactive-or-failed'"'"}'
	systemd_run
	equal "$(property TimeoutStopUSec)" "2min 3s"
	equal "$(property CollectMode)" inactive-or-failed
	runtime delete --force "$ID"
	local name
	for name in Delegate Slice DeviceAllow Wants BindsTo ExecStart; do
		edit '.annotations = {($name): "true"}' --arg name "org.systemd.property.$name"
		fails 1 "org.systemd.property.$name: a container may not set this" runtime --systemd-cgroup run "$ID"
		nothing_created
	done
	edit '.annotations = {"org.systemd.property.TimeoutStopUSec": "soon"}'
	fails 1 "no value of GVariant's type t" runtime --systemd-cgroup run "$ID"
}

@test "a unit of that name is there already" {
	requires_systemd
	systemd_run
	# Another state root knows nothing of it.
	fails 1 "already (loaded|exists)" \
		"$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE.other" --systemd-cgroup run "$ID"
	status_is "$ID" running
	equal "$(property ActiveState)" active
}

@test "a program killed for its memory leaves no failed unit" {
	requires_systemd
	requires_v2
	edit '.linux.resources.memory = {limit: 8388608, swap: 8388608}'
	program sh -c 'tail /dev/zero'
	run runtime --systemd-cgroup run "$ID"
	((status == 137))
	run -0 systemd list-units --all --plain --no-legend "$UNIT"
	is ""
}

@test "a small memory limit does not keep a container from starting" {
	requires_systemd
	requires_root
	edit '.linux.resources.memory = {limit: 1048576, swap: 1048576}'
	program true
	run -0 runtime --systemd-cgroup run "$ID"
}

@test "delete when the unit was stopped behind its back" {
	requires_systemd
	# As pid 1 it does not mind SIGTERM.
	edit '.annotations = {"org.systemd.property.TimeoutStopUSec": "uint64 1000000"}'
	systemd_run
	systemd stop "$UNIT"
	wait_status "$ID" stopped
	runtime delete "$ID"
}

@test "a bus that does not answer is not waited for without end" {
	requires_systemd
	((EUID != 0)) || skip "for a user's manager"
	local socket=$BATS_TEST_TMPDIR/bus
	socat "UNIX-LISTEN:$socket,fork" EXEC:"sleep 1000" &
	BACKGROUND+=($!)
	wait_for test -S "$socket"
	program true
	SECONDS=0
	DBUS_SESSION_BUS_ADDRESS=unix:path=$socket run runtime --systemd-cgroup run "$ID"
	((SECONDS < 60))
}
