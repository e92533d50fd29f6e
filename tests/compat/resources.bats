#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # variables of the cases' scripts and of bats
# Limits: what the kernel's files say after them, and after `update`.

load compare

# Every value of the container's groups that a limit could have set. The v2 hierarchy of a host that has v1, too, is left
# out: Debian's runc sets nothing there. So is cpu.weight, which older runc makes of shares by another formula.
VALUES='values() {
	local directory controllers path
	while IFS=: read -r _ controllers path; do
		[[ $controllers != *=* ]] || continue
		if [[ -n $controllers ]]; then
			directory=$(awk -v name="$controllers" "{ for (i = 7; \$i != \"-\"; i++) ; if (\$(i + 1) == \"cgroup\" && index(\",\" \$(i + 3) \",\", \",\" name \",\")) { print \$5; exit } }" /proc/self/mountinfo)$path
		else
			[[ $(stat -fc %T /sys/fs/cgroup) == cgroup2fs ]] || continue
			directory=/sys/fs/cgroup$path
		fi
		(cd "$directory" && grep -sH "" memory.limit_in_bytes memory.memsw.limit_in_bytes memory.soft_limit_in_bytes memory.swappiness memory.oom_control cpu.shares cpu.cfs_quota_us cpu.cfs_period_us cpu.cfs_burst_us cpuset.cpus cpuset.mems pids.max blkio.weight blkio.bfq.weight blkio.throttle.read_bps_device blkio.throttle.write_bps_device blkio.throttle.read_iops_device blkio.throttle.write_iops_device hugetlb.2MB.limit_in_bytes net_cls.classid devices.list \
			memory.max memory.high memory.low memory.min memory.swap.max memory.oom.group cpu.max cpu.idle io.weight io.bfq.weight io.max hugetlb.2MB.max) |
			grep -v ":oom_kill \|:under_oom " | sort
	done <"/proc/$(rt state "$ID" | jq .pid)/cgroup"
	unit
}; '

limits() {
	running "$1" "${VALUES}values" ".linux.resources += $2"
}

@test "limits" {
	local value
	for value in -1 1 77 4194304 4194305; do
		limits "pids $value" "{pids: {limit: $value}}"
	done
	limits "memory" '{memory: {limit: 67108864}}'
	limits "memory, unlimited" '{memory: {limit: -1}}'
	limits "memory of 0" '{memory: {limit: 0}}'
	limits "reservation" '{memory: {limit: 67108864, reservation: 33554432}}'
	limits "swap" '{memory: {limit: 67108864, swap: 134217728}}'
	limits "swap below memory" '{memory: {limit: 67108864, swap: 1048576}}'
	limits "swap alone" '{memory: {swap: 67108864}}'
	limits "unlimited swap" '{memory: {limit: 67108864, swap: -1}}'
	for value in 0 50 100; do
		limits "swappiness $value" "{memory: {swappiness: $value}}"
	done
	is_v2 || limits "swappiness 101" '{memory: {swappiness: 101}}'
	limits "no OOM killer" '{memory: {disableOOMKiller: true}}'
	limits "kernel memory" '{memory: {limit: 67108864, kernel: 33554432, kernelTCP: 33554432}}'
	is_v2 || limits "shares 1" '{cpu: {shares: 1}}'
	for value in 0 2 512 1024 262144 262145; do
		limits "shares $value" "{cpu: {shares: $value}}"
	done
	limits "quota" '{cpu: {quota: 50000, period: 100000}}'
	limits "quota alone" '{cpu: {quota: 50000}}'
	limits "period alone" '{cpu: {period: 50000}}'
	limits "no quota" '{cpu: {quota: -1}}'
	limits "quota too small" '{cpu: {quota: 10, period: 100000}}'
	limits "period too large" '{cpu: {period: 100000000}}'
	limits "cpus" '{cpu: {cpus: "0"}}'
	limits "cpus and mems" '{cpu: {cpus: "0-1", mems: "0"}}'
	limits "cpus that are not there" '{cpu: {cpus: "0-4095"}}'
	limits "cpus that are no numbers" '{cpu: {cpus: "x"}}'
	limits "weight" '{blockIO: {weight: 300}}'
	is_v2 || limits "network" '{network: {classID: 65537}}'
	! cgroup_directory hugetlb >/dev/null || [[ $(cgroup_directory hugetlb) == */unified ]] ||
		limits "hugepages" '{hugepageLimits: [{pageSize: "2MB", limit: 2097152}]}'
	limits "hugepages of no size" '{hugepageLimits: [{pageSize: "3MB", limit: 2097152}]}'
	limits "unified, memory.high" '{unified: {"memory.high": "100000000"}}'
	limits "all of it" '{pids: {limit: 50}, cpu: {shares: 512, quota: 40000, period: 80000, cpus: "0"}, memory: {limit: 67108864, reservation: 33554432}}'
	limits "none" '{}'
	finish
}

# update NAME COMMAND-LINE [RESOURCES]
update() {
	running "$1" "${VALUES}step rt update $2 \"\$ID\" >/dev/null; values" \
		".linux.resources += ${3:-{memory: {limit: 67108864\}, cpu: {quota: 50000, period: 100000, shares: 100\}, pids: {limit: 20\}\}}"
}

@test "update" {
	local option
	for option in "--memory 33554432" "--memory 32M" "--memory -1" "--memory x" "--memory 1" "--memory-reservation 1048576" "--memory-swap 134217728" "--memory-swap -1" "--cpu-share 200" "--cpu-quota 20000" "--cpu-quota -1" "--cpu-period 50000" "--cpu-period 50000 --cpu-quota 1000" "--cpuset-cpus 0" "--cpuset-cpus 4095" "--cpuset-mems 0" "--pids-limit 10" "--pids-limit -1" "--blkio-weight 300" "--blkio-weight 5" "--frobnicate" "--cpu-quota 1" "--memory 33554432 --memory-swap 33554432" ""; do
		! is_v2 || [[ $option != "--memory-swap 134217728" && $option != "--blkio-weight 5" ]] || continue
		# What older runc tells systemd of these is wrong, and nothing: docs/compatibility.md.
		! is_systemd || [[ $option != "--cpuset-cpus 4095" && $option != *"--memory-swap 33554432" ]] || continue
		update "update $option" "$option"
	done
	update "document" "-r <(echo '{\"memory\": {\"limit\": 33554432}, \"cpu\": {\"shares\": 300}, \"pids\": {\"limit\": 7}}')"
	update "an empty document" "-r <(echo '{}')"
	update "no document" "-r /missing"
	update "a bad document" "-r <(echo '{')"
	running "standard input" "${VALUES}echo '{\"pids\": {\"limit\": 8}}' | step rt update -r - \"\$ID\" >/dev/null; values"
	finish
}

@test "cgroupsPath" {
	local path
	for path in "/compat/$ID" "compat-$ID" "/compat/../compat/$ID" "/../../compat-$ID" "./compat-$ID" ""; do
		running "path $path" 'cut -d: -f2- "/proc/$(rt state "$ID" | jq .pid)/cgroup" | sort' ".linux.cgroupsPath = \"$path\""
	done
	find /sys/fs/cgroup -maxdepth 3 -depth -type d -name compat -exec rmdir {} + 2>/dev/null || true
	finish
}
