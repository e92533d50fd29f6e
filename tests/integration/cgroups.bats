#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# Groups and their limits, on whatever mixture of hierarchies this host has.

load helpers

setup() {
	requires_root
	setup_bundle
	program sleep 1000
	GROUP=/it-group-$$-$BATS_TEST_NUMBER/$ID
	edit '.linux.cgroupsPath = $path' --arg path "$GROUP"
}

teardown() {
	teardown_bundle
	find /sys/fs/cgroup -depth -type d -name "it-group-$$-$BATS_TEST_NUMBER" -exec rmdir {} + 2>/dev/null || true
}

resources() {
	edit ".linux.resources += $1"
}

start() {
	detached run -d "$ID"
}

@test "cgroupsPath: absolute, relative, none" {
	start
	local line
	while IFS= read -r line; do
		[[ $line == *"$GROUP" ]]
	done < <(container_groups | grep -v '^0::')
	run -0 runtime delete --force "$ID"
	edit '.linux.cgroupsPath = $path' --arg path "${GROUP#/}"
	start
	[[ $(container_cgroup pids) == *"$GROUP" ]]
	run -0 runtime delete --force "$ID"
	edit 'del(.linux.cgroupsPath)'
	start
	[[ $(container_cgroup pids) == */"$ID" ]]
}

@test "the first process is in every hierarchy's group, the unified one too" {
	start
	run -0 container_groups
	((${#lines[@]}))
	equal "$(grep -v "$GROUP\$" <<<"$output" || true)" ""
}

@test "a hierarchy whose mount is hidden below another mount counts as not mounted" {
	local names
	names=$(cut -d : -f 2 /proc/self/cgroup | sed 's/^name=//; /^$/d')
	[[ -n $names ]] && (cd /sys/fs/cgroup && ls -d $names >/dev/null) || skip "no host of v1, or not where it is customary"
	mountpoint -q /sys/fs/cgroup/unified || skip "nothing to hide"
	program cat /proc/self/cgroup
	mkdir cgroup
	run -0 unshare --mount --propagation private sh -ec '
		mount -t tmpfs cgroup cgroup
		for name in $0; do
			mkdir "cgroup/$name"
			mount --bind "/sys/fs/cgroup/$name" "cgroup/$name"
		done
		mount --move cgroup /sys/fs/cgroup
		exec "$@"' "$names" "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID"
	contains "$GROUP"
}

@test "a host with v1 alone: its mount table, however long, is not read" {
	local names
	names=$(cut -d : -f 2 /proc/self/cgroup | sed 's/^name=//; /^$/d')
	[[ -n $names ]] && (cd /sys/fs/cgroup && ls -d $names >/dev/null) || skip "no host of v1, or not where it is customary"
	requires_command strace
	strace -f -o /dev/null true 2>/dev/null || skip "strace cannot trace here"
	program cat /proc/self/cgroup
	local status=0
	unshare --mount --propagation private sh -c '
		while umount /sys/fs/cgroup/unified 2>/dev/null; do :; done
		! grep -q " - cgroup2 " /proc/self/mountinfo || exit 77
		exec strace -f -qq -e trace=openat,openat2 -o "$0" "$@"' \
		"$OUT.calls" "$RUNTIME" --root "$STATE" $RUNTIME_ARGS run -b "$BUNDLE" "$ID" >"$OUT" || status=$?
	((status != 77)) || skip "v2 is mounted elsewhere, too"
	equal "$status" 0
	grep -q ":pids:$GROUP\$" "$OUT"
	run -1 grep "^0::.*$ID" "$OUT"
	[[ $(printf '%s\n' 6.8 "$(uname -r)" | sort -V | head -n 1) == 6.8 ]] || skip "listmount(2) is Linux 6.8's"
	run -1 grep mountinfo "$OUT.calls"
}

@test "cgroupsPath cannot leave the hierarchy" {
	edit '.linux.cgroupsPath = $path' --arg path "/../../../$ID"
	start
	[[ $(container_cgroup pids) == "$(cgroup_directory pids)/$ID" ]]
}

@test "a group that is in use is refused" {
	start
	fails 1 "container's cgroup is not empty|cgroup.*not empty" runtime run -d "$ID-second"
	status_is "$ID" running
	run -0 runtime list -q
	is "$ID"
}

@test "a group that others use in one hierarchy is refused, and left alone with its processes" {
	requires_newer_runc "starts all the same, and removes it"
	local controller group pid
	for controller in devices memory pids; do
		cgroup_directory "$controller" >/dev/null || continue # v2 has no devices
		group=$(cgroup_directory "$controller")$GROUP
		mkdir -p "$group"
		sleep 100 3>&- &
		pid=$!
		echo "$pid" >"$group/cgroup.procs"
		fails 1 "cgroup is not empty|cgroup.*not empty" runtime run -d "$ID"
		kill "$pid"
		wait "$pid" || (($? == 143))
		rmdir "$group"
		run -0 runtime list -q
		is ""
	done
}

@test "a container that fails before it has groups leaves those of others of that name alone" {
	requires_newer_runc "is not tested"
	local group pid
	group=$(cgroup_directory memory)$GROUP
	mkdir -p "$group"
	sleep 100 3>&- &
	pid=$!
	echo "$pid" >"$group/cgroup.procs"
	edit '.process.oomScoreAdj = -1000 | .linux.timeOffsets = {"boottime": {"secs": -9000000000, "nanosecs": 0}} |
		.linux.namespaces += [{type: "time"}]'
	fails 1 "" runtime run -d "$ID"
	kill "$pid"
	wait "$pid" || (($? == 143))
	rmdir "$group"
}

@test "a frozen group is refused" {
	requires_controller freezer
	requires_newer_runc "starts all the same"
	local group
	group=$(cgroup_directory freezer)$GROUP
	mkdir -p "$group"
	if [[ -e $group/freezer.state ]]; then
		echo FROZEN >"$group/freezer.state"
	else
		echo 1 >"$group/cgroup.freeze"
	fi
	fails 1 "container's cgroup unexpectedly frozen" runtime run -d "$ID"
	echo THAWED >"$group/freezer.state" 2>/dev/null || true
	[[ ! -d $group ]] || rmdir "$group"
}

@test "pids" {
	requires_controller pids
	resources '{pids: {limit: 42}}'
	start
	equal "$(cgroup_value pids pids.max)" 42
	run -0 runtime delete --force "$ID"
	resources '{pids: {limit: 1}}'
	program sh -c 'echo alone; (true); echo $?'
	run ! runtime run "$ID"
	matches "can't fork"
	requires_policy_off
	resources '{pids: {limit: -1}}'
	program sleep 1000
	start
	equal "$(cgroup_value pids pids.max)" max
}

@test "pids: a limit of 0 is a limit" {
	requires_controller pids
	requires_newer_runc "takes 0 for none"
	resources '{pids: {limit: 0}}'
	program sh -c '(true); echo forked'
	run runtime run "$ID"
	lacks forked
}

@test "pids: no limit of the config's" {
	requires_controller pids
	edit 'del(.linux.resources.pids)'
	start
	if policy_is_off; then
		equal "$(cgroup_value pids pids.max)" max
	else
		equal "$(cgroup_value pids pids.max)" 2048
	fi
}

@test "memory" {
	requires_controller memory
	resources '{memory: {limit: 33554432, reservation: 25165824}}'
	start
	equal "$(cgroup_value memory memory.limit_in_bytes memory.max)" 33554432
	equal "$(cgroup_value memory memory.soft_limit_in_bytes memory.low)" 25165824
	run -0 runtime delete --force "$ID"
	resources '{memory: {limit: 33554432, swap: 33554432}}'
	start
	equal "$(cgroup_value memory memory.memsw.limit_in_bytes memory.swap.max)" 33554432 ||
		equal "$(cgroup_value memory memory.memsw.limit_in_bytes memory.swap.max)" 0
}

@test "memory: what is used above the limit is killed" {
	requires_controller memory
	resources '{memory: {limit: 8388608, swap: 8388608}}'
	program sh -c 'x=$(head -c 100000000 /dev/zero | tr "\0" x); echo survived'
	run ! runtime run "$ID"
	lacks survived
	nothing_created
}

@test "memory: a limit of 512 KiB is enough to start" {
	requires_controller memory
	requires_newer_runc "needs megabytes"
	resources '{memory: {limit: 524288}}'
	program true
	run -0 runtime run "$ID"
	resources '{memory: {limit: 262144}}'
	run -0 runtime run "$ID"
}

@test "memory: a limit that cannot be is an error" {
	requires_controller memory
	resources '{memory: {limit: 1000, swap: 500}}'
	run -1 runtime run -d "$ID"
	nothing_created
}

@test "memory: swappiness, OOM killer" {
	requires_controller memory
	[[ -e $(cgroup_directory memory)/memory.limit_in_bytes ]] || skip "v1 only"
	resources '{memory: {limit: 33554432, swappiness: 10, disableOOMKiller: true}}'
	start
	equal "$(cgroup_value memory memory.swappiness)" 10
	run -0 cgroup_value memory memory.oom_control
	contains "oom_kill_disable 1"
	resources '{memory: {swappiness: 1000}}'
	run -1 runtime run -d "$ID-bad"
}

@test "cpu: shares, quota, period" {
	requires_controller cpu
	resources '{cpu: {shares: 512, quota: 50000, period: 200000}}'
	start
	if [[ -e $(container_cgroup cpu)/cpu.shares ]]; then
		equal "$(cgroup_value cpu cpu.shares)" 512
		[[ -e $(container_cgroup cpu)/cpu.cfs_quota_us ]] || skip "no quota in this kernel"
		equal "$(cgroup_value cpu cpu.cfs_quota_us) $(cgroup_value cpu cpu.cfs_period_us)" "50000 200000"
	else
		equal "$(cgroup_value cpu - cpu.max)" "50000 200000"
	fi
}

@test "cpu: a quota alone, a period alone, an impossible one" {
	requires_controller cpu
	[[ -e $(cgroup_directory cpu)/cpu.cfs_quota_us || -e $(cgroup_directory cpu)/cgroup.controllers ]] || skip "no quota in this kernel"
	resources '{cpu: {quota: 5000}}'
	start
	equal "$(cgroup_value cpu cpu.cfs_quota_us cpu.max)" 5000 || equal "$(cgroup_value cpu - cpu.max)" "5000 100000"
	run -0 runtime delete --force "$ID"
	resources '{cpu: {quota: 10}}'
	run -1 runtime run -d "$ID"
	nothing_created
}

@test "cpu: idle" {
	requires_controller cpu
	requires_newer_runc "does not know it"
	[[ -n $(find "$(cgroup_directory cpu)" -maxdepth 2 -name cpu.idle -print -quit) ]] || skip "no cpu.idle"
	resources '{cpu: {idle: 1}}'
	start
	equal "$(cgroup_value cpu cpu.idle cpu.idle)" 1
}

@test "cpuset" {
	requires_controller cpuset
	resources '{cpu: {cpus: "0", mems: "0"}}'
	start
	equal "$(cgroup_value cpuset cpuset.cpus cpuset.cpus)" 0
	equal "$(cgroup_value cpuset cpuset.mems cpuset.mems)" 0
	run -0 runtime exec "$ID" grep Cpus_allowed_list /proc/self/status
	is $'Cpus_allowed_list:\t0'
	run -0 runtime delete --force "$ID"
	resources '{cpu: {cpus: "99999"}}'
	run -1 runtime run -d "$ID"
	nothing_created
}

@test "cpuset: parents made by us have what the container needs" {
	requires_controller cpuset
	start
	[[ -n $(cgroup_value cpuset cpuset.effective_cpus cpuset.cpus.effective) ]]
}

@test "blkio, hugetlb, network" {
	local tested=0
	if cgroup_directory hugetlb >/dev/null; then
		resources '{hugepageLimits: [{pageSize: "2MB", limit: 2097152}]}'
		tested=1
	fi
	if [[ -e $(cgroup_directory blkio 2>/dev/null)/blkio.weight ]]; then
		resources '{blockIO: {weight: 500}}'
		tested=1
	fi
	if cgroup_directory net_cls >/dev/null; then
		resources '{network: {classID: 1048577}}'
		tested=1
	fi
	((tested)) || skip "none of these is here"
	start
	cgroup_directory hugetlb >/dev/null && equal "$(cgroup_value hugetlb hugetlb.2MB.limit_in_bytes hugetlb.2MB.max)" 2097152
	[[ ! -e $(container_cgroup blkio)/blkio.weight ]] || equal "$(cgroup_value blkio blkio.weight io.weight)" 500
	cgroup_directory net_cls >/dev/null && equal "$(cgroup_value net_cls net_cls.classid)" 1048577
	true
}

@test "network: a class where no controller sets it is refused, not left out" {
	requires_casemate "leaves it out with cgroup v2"
	! cgroup_directory net_cls >/dev/null || skip "the controller is here"
	resources '{network: {classID: 65537}}'
	refused 'controller \\"net_cls\\" not available'
	resources '{network: {priorities: [{name: "lo", priority: 1}]}}'
	cgroup_directory net_prio >/dev/null || refused 'controller \\"net_prio\\" not available'
}

@test "blkio: throttling of a device" {
	local device
	device=$(lsblk -ndo MAJ:MIN 2>/dev/null | head -1 | xargs)
	cgroup_directory blkio >/dev/null || requires_controller io
	[[ -n $device && (! -d $(cgroup_directory blkio) || -e $(cgroup_directory blkio)/blkio.throttle.read_bps_device) ]] ||
		skip "no device to throttle"
	resources "{blockIO: {throttleReadBpsDevice: [{major: ${device%:*}, minor: ${device#*:}, rate: 1048576}],
		throttleWriteBpsDevice: [{major: ${device%:*}, minor: ${device#*:}, rate: 2097152}],
		throttleReadIOPSDevice: [{major: ${device%:*}, minor: ${device#*:}, rate: 50}],
		throttleWriteIOPSDevice: [{major: ${device%:*}, minor: ${device#*:}, rate: 100}]}}"
	start
	if ! cgroup_directory blkio >/dev/null; then
		run -0 cgroup_value io io.max
		is "$device rbps=1048576 wbps=2097152 riops=50 wiops=100"
		return
	fi
	run -0 cgroup_value blkio blkio.throttle.write_bps_device
	is "$device 2097152"
	run -0 cgroup_value blkio blkio.throttle.read_iops_device
	is "$device 50"
	run -0 cgroup_value blkio blkio.throttle.read_bps_device
	is "$device 1048576"
	run -0 cgroup_value blkio blkio.throttle.write_iops_device
	is "$device 100"
}

@test "unified on a host of v1" {
	[[ $(stat -fc %T /sys/fs/cgroup) == tmpfs ]] || skip "this host is v2"
	resources '{unified: {"memory.min": "131072"}}'
	run -1 runtime run -d "$ID"
	contains "invalid configuration"
	nothing_created
}

@test "exec's processes count" {
	requires_controller pids
	# With cgroup v2 the process that makes exec's counts for a moment, too.
	local limit=3
	[[ $(stat -fc %T /sys/fs/cgroup) != cgroup2fs ]] || limit=4
	resources "{pids: {limit: $limit}}"
	start
	detached exec -d "$ID" sleep 1001
	detached exec -d "$ID" sleep 1002
	run ! runtime exec "$ID" true
	run -0 runtime ps -f json "$ID"
	equal "$(jq length <<<"$output")" 3
}

@test "the container sees its own groups only" {
	edit '.linux.namespaces += [{type: "cgroup"}] | .linux.namespaces |= unique_by(.type)'
	resources '{pids: {limit: 77}}'
	program sh -c 'cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max; ls -d /sys/fs/cgroup/*/it-* 2>/dev/null'
	run runtime run "$ID"
	equal "${lines[0]}" 77
	lacks it-group
}

# Where the kernel has no such file a limit that was asked for is not left out silently.
@test "blkio: weights that this kernel may not have" {
	requires_controller blkio
	[[ $(stat -fc %T /sys/fs/cgroup) == tmpfs ]] || skip "the files of cgroup v1"
	local device
	device=$(lsblk -ndo MAJ:MIN 2>/dev/null | head -1 | xargs)
	[[ -n $device ]] || skip "no device"
	resources '{blockIO: {leafWeight: 500}}'
	if [[ -e $(cgroup_directory blkio)/blkio.leaf_weight ]]; then
		start
		equal "$(cgroup_value blkio blkio.leaf_weight)" 500
		run -0 runtime delete --force "$ID"
	else
		refused "blkio.leaf_weight.*no such file or directory"
	fi
	resources "{blockIO: {weightDevice: [{major: ${device%:*}, minor: ${device#*:}, weight: 500, leafWeight: 400}]}}"
	if [[ -e $(cgroup_directory blkio)/blkio.leaf_weight_device ]]; then
		start
		equal "$(cgroup_value blkio blkio.leaf_weight_device)" "$device 400"
	else
		# The weight may be had of the BFQ scheduler, if it is the device's; the other one never.
		refused "weight_device.*(no such file or directory|operation not supported)"
	fi
}

@test "rdma" {
	! cgroup_directory rdma >/dev/null || skip "needs a device to set a limit of"
	resources '{rdma: {mlx5_1: {hcaHandles: 3, hcaObjects: 10}}}'
	refused "rdma"
}

@test "cpu: realtime" {
	requires_controller cpu
	[[ -e $(cgroup_directory cpu)/cpu.rt_runtime_us ]] || skip "a kernel without realtime groups"
	edit '.linux.cgroupsPath = "/" + $id' --arg id "$ID"
	resources '{cpu: {realtimePeriod: 500000, realtimeRuntime: 4000}}'
	start
	equal "$(cgroup_value cpu cpu.rt_period_us)" 500000
	equal "$(cgroup_value cpu cpu.rt_runtime_us)" 4000
	run -0 runtime update --cpu-rt-period 400000 --cpu-rt-runtime 3000 "$ID"
	equal "$(cgroup_value cpu cpu.rt_period_us)" 400000
	equal "$(cgroup_value cpu cpu.rt_runtime_us)" 3000
}

@test "cpu: burst" {
	requires_controller cpu
	requires_newer_runc "has no burst"
	[[ $(stat -fc %T /sys/fs/cgroup) != tmpfs || -e $(cgroup_directory cpu)/cpu.cfs_quota_us ]]
	resources '{cpu: {quota: 50000, period: 100000, burst: 20000}}'
	start
	equal "$(cgroup_value cpu cpu.cfs_burst_us cpu.max.burst)" 20000
	run -0 runtime update --cpu-burst 10000 "$ID"
	equal "$(cgroup_value cpu cpu.cfs_burst_us cpu.max.burst)" 10000
}

@test "memory: useHierarchy changes nothing, and a limit below what is used is refused" {
	requires_controller memory
	resources '{memory: {limit: 67108864, useHierarchy: true, checkBeforeUpdate: true, swappiness: 0}}'
	program sh -c 'x=$(head -c 20000000 /dev/zero | tr "\0" x); echo ready; while :; do sleep 1; done'
	start
	wait_for grep -q ready "$OUT"
	equal "$(cgroup_value memory memory.limit_in_bytes memory.max)" 67108864
	run ! runtime update --memory 1048576 "$ID"
	matches "memory"
	equal "$(cgroup_value memory memory.limit_in_bytes memory.max)" 67108864
	status_is "$ID" running
}
