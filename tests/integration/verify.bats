#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # variables of jq, of the container's shell and of bats
# verify: what is in force, and that it says so when a measure is broken behind its back.

load helpers

SCHEMA=$REPOSITORY/docs/schema/verify.json

setup() {
	requires_casemate "has no verify"
	requires_root
	[[ " ${RUNTIME_ARGS:-} " != *policy* ]] || skip "another policy was asked for"
	setup_bundle
	edit '.root.readonly = true | .linux.resources.pids.limit = 50
		| .linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "80", "kernel.msgmax": "4096"}'
	mount_entry /tmp tmpfs tmpfs nosuid nodev noexec size=1m
}

teardown() {
	teardown_bundle
}

# Runs a command of the host's with the mounts of the container: in_mounts COMMAND [ARGUMENT...]
in_mounts() {
	nsenter --target "$(container_pid)" --mount --pid -- "$@" 3>&-
}

holds() {
	run -0 runtime verify "$ID"
	contains ' in force'
	lacks BROKEN
}

# The measures that are said to be broken are those that begin with the texts given.
broken() {
	local name
	run -2 runtime verify --format json "$ID"
	jq -e '.inForce == false' <<<"$output"
	for name in "$@"; do
		jq -e --arg name "$name" '.measures | any(.state == "broken" and (.name | startswith($name)))' <<<"$output" || {
			echo "not broken: $name"
			jq -c '.measures[] | select(.state != "in force")' <<<"$output"
			return 1
		}
	done
	equal "$(jq -c '[.measures[] | select(.state == "broken") | .name | select(. as $found | $ARGS.positional | all(. as $name | $found | startswith($name) | not))]' \
		--args "$@" <<<"$output")" '[]'
}

@test "verify: every measure of a container that runs is in force" {
	start_sleeping
	holds
	for text in process.noNewPrivileges process.capabilities.bounding 'linux.namespaces pid' 'linux.maskedPaths /proc/interrupts' \
		'linux.readonlyPaths /proc/sys' 'mounts /tmp' root.readonly 'linux.sysctl kernel.msgmax' linux.resources.devices; do
		contains "$text"
	done
	runtime verify --format json "$ID" >"$OUT"
	valid_by "$SCHEMA" "$OUT"
	jq -e '.inForce and .processes == 1 and .policies == "baseline" and (.measures | length > 40)' "$OUT"
	run -0 runtime verify --quiet "$ID"
	lacks process.noNewPrivileges
	detached exec -d "$ID" sleep 1000
	run -0 runtime verify --format json "$ID"
	equal "$(jq .processes <<<"$output")" 2
}

@test "verify: nothing to look at is an error, not a success" {
	fails 1 'container does not exist' "$RUNTIME" --root "$STATE" verify "$ID"
	program true
	detached run --detach --keep "$ID"
	wait_status "$ID" stopped
	fails 1 'not running' "$RUNTIME" --root "$STATE" verify "$ID"
	fails 1 'invalid format' "$RUNTIME" --root "$STATE" verify --format xml "$ID"
}

@test "verify: the root file system made writable" {
	start_sleeping
	in_mounts mount -o remount,bind,rw /
	broken root.readonly
	in_mounts mount -o remount,bind,ro /
	holds
}

@test "verify: a mask taken away, of a file and of a directory" {
	start_sleeping
	in_mounts umount /proc/interrupts
	broken 'linux.maskedPaths /proc/interrupts'
	in_mounts umount /sys/firmware
	broken 'linux.maskedPaths /proc/interrupts' 'linux.maskedPaths /sys/firmware'
}

@test "verify: a mask of something else than nothing" {
	start_sleeping
	in_mounts umount /sys/firmware
	in_mounts mount --bind /etc /sys/firmware
	broken 'linux.maskedPaths /sys/firmware'
	in_mounts mount -o remount,bind,ro /sys/firmware
	broken 'linux.maskedPaths /sys/firmware'
}

@test "verify: what is not there any more since the file system that it lies in is not" {
	start_sleeping
	run -0 runtime verify --format json "$ID"
	jq -e '.measures[] | select(.name == "linux.maskedPaths /proc/interrupts") | .state == "in force" and .found == "device 1:3"' <<<"$output"
	in_mounts umount -l /proc
	run -2 runtime verify --format json "$ID"
	jq -e '.measures[] | select(.name == "linux.maskedPaths /proc/interrupts") | .state == "broken" and .found == "not there: nothing is mounted on /proc"' <<<"$output"
	jq -e '.measures[] | select(.name == "linux.readonlyPaths /proc/sys") | .state == "broken" and .found == "not there: nothing is mounted on /proc"' <<<"$output"
	in_mounts mount -t tmpfs tmpfs /proc
	run -2 runtime verify --format json "$ID"
	jq -e '.measures[] | select(.name == "linux.maskedPaths /proc/interrupts") | .found == "not there: tmpfs is mounted on /proc"' <<<"$output"
	mkdir "/proc/$(container_pid)/root/proc/scsi"
	run -2 runtime verify --format json "$ID"
	jq -e '.measures[] | select(.name == "linux.maskedPaths /proc/scsi") | .state == "broken" and .found == "a directory of tmpfs, writable, empty"' <<<"$output"
}

@test "verify: a read-only path made writable, and one below it" {
	start_sleeping
	in_mounts mount -o remount,bind,rw /proc/irq
	broken 'linux.readonlyPaths /proc/irq'
	in_mounts umount /proc/irq
	broken 'linux.readonlyPaths /proc/irq'
	in_mounts mount -t tmpfs tmpfs /proc/sys/net
	broken 'linux.readonlyPaths /proc/irq' 'linux.readonlyPaths /proc/sys'
}

@test "verify: a mount without its flags, another file system in its place, and none" {
	start_sleeping
	in_mounts mount -o remount,bind,nosuid,nodev,exec /tmp
	broken 'mounts /tmp'
	in_mounts mount -o remount,bind,nosuid,nodev,noexec /tmp
	holds
	in_mounts mount -o remount,size=64m /tmp
	broken 'mounts /tmp'
	in_mounts umount /dev/mqueue
	broken 'mounts /tmp' 'mounts /dev/mqueue'
	in_mounts mount -t tmpfs -o nosuid,nodev,noexec tmpfs /dev/mqueue
	broken 'mounts /tmp' 'mounts /dev/mqueue'
	contains 'tmpfs is mounted there'
}

@test "verify: a mount that a later one covers, and ro taken back by rrw" {
	local source=$BATS_TEST_TMPDIR/source
	mkdir -p "$source/below"
	mount_entry /mnt/below bind "$source" bind ro
	mount_entry /mnt bind "$source" bind
	mount_entry /mnt/ bind "$source" bind nosuid
	mount_entry /home bind "$source" rbind ro nosuid rrw
	start_sleeping
	holds
	in_mounts mount -o remount,bind,rw,suid /mnt
	broken 'mounts /mnt/'
	in_mounts mount -o remount,bind,rw,suid /home
	broken 'mounts /mnt/' 'mounts /home'
}

@test "verify: limits raised in the group; a lower one is as good" {
	requires_controller pids memory cpu
	edit '.linux.resources.memory = {limit: 67108864, swap: 67108864} | .linux.resources.cpu = {quota: 50000, period: 100000}'
	start_sleeping
	holds
	local pids memory cpu
	pids=$(container_cgroup pids)
	memory=$(container_cgroup memory)
	cpu=$(container_cgroup cpu)
	echo max >"$pids/pids.max"
	broken linux.resources.pids.limit
	contains 'no limit'
	echo 10 >"$pids/pids.max"
	holds
	if [[ -e $cpu/cpu.max ]]; then
		echo max >"$cpu/cpu.max"
		echo max >"$memory/memory.swap.max"
		echo 128m >"$memory/memory.max"
	else
		echo -1 >"$cpu/cpu.cfs_quota_us"
		[[ ! -e $memory/memory.memsw.limit_in_bytes ]] || echo 128m >"$memory/memory.memsw.limit_in_bytes"
		echo 128m >"$memory/memory.limit_in_bytes"
	fi
	broken linux.resources.cpu.quota linux.resources.memory
}

@test "verify: what update sets is what is planned then" {
	requires_controller pids
	start_sleeping
	run -0 runtime update --pids-limit 20 "$ID"
	holds
	echo 40 >"$(container_cgroup pids)/pids.max"
	broken linux.resources.pids.limit
}

@test "verify: another device let through" {
	local devices
	devices=$(cgroup_directory devices) || skip "the v1 controller devices is not there"
	[[ -n $devices ]]
	start_sleeping
	echo 'c 10:229 rwm' >"$(container_cgroup devices)/devices.allow"
	broken linux.resources.devices
	contains 'c 10:229 rwm is allowed'
	echo 'c 10:229 rwm' >"$(container_cgroup devices)/devices.deny"
	holds
	echo a >"$(container_cgroup devices)/devices.allow"
	broken linux.resources.devices
}

@test "verify: a process that left the group" {
	requires_controller pids
	start_sleeping
	container_pid >"$(cgroup_directory pids)/cgroup.procs"
	broken linux.cgroupsPath
}

@test "verify: a sysctl set to something else" {
	start_sleeping
	nsenter --target "$(container_pid)" --ipc --net -- sh -c 'echo 8192 >/proc/sys/kernel/msgmax; echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start'
	broken 'linux.sysctl kernel.msgmax' 'linux.sysctl net.ipv4.ip_unprivileged_port_start'
}

@test "verify: a process that came in without what holds for the others" {
	requires_controller pids
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["swapon"], action: "SCMP_ACT_ERRNO"}]}'
	start_sleeping
	holds
	# As root of the host: no filter, every capability, no no_new_privs; in the container's groups.
	sleep 1000 >/dev/null 2>&1 3>&- &
	BACKGROUND+=($!)
	echo $! >"$(container_cgroup pids)/cgroup.procs"
	broken process.noNewPrivileges linux.seccomp 'seccomp decisions' process.capabilities
	contains "process $!: "
	contains 'swapon: planned errno 1, found allow'
	kill "$!"
	wait "$!" || true
	holds
}

@test "verify: a process without the filters of the policy" {
	requires_controller pids
	echo '{"name": "filtered", "extends": "baseline", "seccomp": {"profile": ["default", "strict"]}}' >"$BATS_TEST_TMPDIR/filtered.json"
	RUNTIME_OPTIONS+=(--policy "$BATS_TEST_TMPDIR/filtered.json")
	start_sleeping
	holds
	contains 'seccomp filters'
	contains 'at least 1 filter'
	sleep 1000 >/dev/null 2>&1 3>&- &
	BACKGROUND+=($!)
	echo $! >"$(container_cgroup pids)/cgroup.procs"
	broken process.noNewPrivileges 'seccomp filters' 'seccomp decisions' process.capabilities
	kill "$!"
	wait "$!" || true
}

# The measure of what the filters decide: decisions STATE [TEXT]
decisions() {
	run runtime verify --format json "$ID"
	jq -e --arg state "$1" --arg text "${2:-}" \
		'.measures[] | select(.name == "seccomp decisions") | .state == $state and (.found | contains($text))' <<<"$output" || {
		jq '.measures[] | select(.name | startswith("seccomp"))' <<<"$output"
		return 1
	}
}

@test "verify: the filters that the kernel has decide as Docker's profile and a policy's say" {
	RUNTIME_OPTIONS+=(--policy web)
	edit '.linux.seccomp = $docker[0].linux.seccomp' --slurpfile docker "$REPOSITORY/tests/data/engine-configs/docker-default.json"
	start_sleeping
	decisions 'in force' 'so in 1 process'
	detached exec -d "$ID" sleep 1000
	decisions 'in force' 'so in 2 processes'
	holds
	contains 'as 2 profiles say'
	# They go on, untraced.
	grep -q '^State:.S' "/proc/$(container_pid)/status"
	grep -q '^TracerPid:.0$' "/proc/$(container_pid)/status"
}

@test "verify: more processes than it may have open files: those that it can hold are looked at" {
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["swapon"], action: "SCMP_ACT_ERRNO"}]}'
	program sh -c 'i=0; while [ $i -lt 24 ]; do sleep 1000 & i=$((i + 1)); done; wait'
	detached run -d "$ID"
	wait_for eval '(($(runtime ps -f json "$ID" | jq length) == 25))'
	(
		ulimit -n 80
		decisions 'not looked at' 'more than can be held at once'
	)
	ulimit -Sn 80
	decisions 'in force' 'so in 25 processes'
}

@test "verify: a process with a filter that lets one call more through, or arguments" {
	requires_controller pids
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [
		{names: ["swapon"], action: "SCMP_ACT_ERRNO", errnoRet: 2},
		{names: ["personality"], action: "SCMP_ACT_ERRNO", args: [{index: 0, value: 8, op: "SCMP_CMP_GE"}]}]}'
	start_sleeping
	decisions 'in force'
	# Another container's process, brought into this one: seccomp is all that is wrong with it.
	edit '.linux.seccomp.syscalls[0].names = ["swapoff"]'
	start_sleeping "$ID-other"
	container_pid "$ID-other" >"$(container_cgroup pids)/cgroup.procs"
	decisions broken "process $(container_pid "$ID-other"): "
	contains 'swapon: planned errno 2, found allow'
	run -0 runtime delete --force "$ID-other"
	edit '.linux.seccomp.syscalls[0].names = ["swapon"] | .linux.seccomp.syscalls[1].args[0].value = 9'
	start_sleeping "$ID-other"
	container_pid "$ID-other" >"$(container_cgroup pids)/cgroup.procs"
	decisions broken 'personality(0x8): planned errno 1, found allow'
	run -0 runtime delete --force "$ID-other"
	# A tighter one is as good.
	edit '.linux.seccomp.syscalls[1].args[0].value = 7'
	start_sleeping "$ID-other"
	container_pid "$ID-other" >"$(container_cgroup pids)/cgroup.procs"
	decisions 'in force' 'personality(0x7): planned allow, found errno 1'
	run -0 runtime delete --force "$ID-other"
}

@test "verify: filters are not looked at where that would disturb the container" {
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["swapon"], action: "SCMP_ACT_ERRNO"}]}'
	program sleep 1000
	detached create "$ID"
	decisions 'not looked at' 'comes with start'
	holds
	contains '1 not looked at'
	run -0 runtime start "$ID"
	decisions 'in force'
	run -0 runtime pause "$ID"
	decisions 'not looked at' 'the container is paused'
	holds
	run -0 runtime resume "$ID"
	decisions 'in force'
}

@test "verify: filters of a process that another one traces" {
	requires_command strace
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["swapon"], action: "SCMP_ACT_ERRNO"}]}'
	start_sleeping
	strace -qq -o /dev/null -p "$(container_pid)" >/dev/null 2>&1 3>&- &
	BACKGROUND+=($!)
	wait_for grep -q "^TracerPid:.$!\$" "/proc/$(container_pid)/status"
	decisions 'not looked at' "traced by process $!"
	holds
	kill "$!"
	wait "$!" || true
	decisions 'in force'
	# One that is stopped stays so, and a signal that comes meanwhile is not lost.
	kill -STOP "$(container_pid)"
	wait_for grep -q '^State:.T' "/proc/$(container_pid)/status"
	decisions 'in force'
	grep -q '^State:.T' "/proc/$(container_pid)/status"
	kill -CONT "$(container_pid)"
	wait_for grep -q '^State:.S' "/proc/$(container_pid)/status"
}

@test "verify: of a container that is only created, before its filters are loaded" {
	echo '{"name": "filtered", "extends": "baseline", "seccomp": {"profile": "strict"}}' >"$BATS_TEST_TMPDIR/filtered.json"
	RUNTIME_OPTIONS+=(--policy "$BATS_TEST_TMPDIR/filtered.json")
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["swapon"], action: "SCMP_ACT_ERRNO"}]}'
	program sleep 1000
	detached create "$ID"
	holds
	run -0 runtime pause "$ID"
	holds
	run -0 runtime resume "$ID"
	run -0 runtime start "$ID"
	holds
}

@test "verify: a policy that judged what cannot be judged any more" {
	echo '{"name": "denies", "extends": "baseline", "mounts": {"denySources": ["/boot"]}}' >"$BATS_TEST_TMPDIR/denies.json"
	RUNTIME_OPTIONS+=(--policy "$BATS_TEST_TMPDIR/denies.json")
	mkdir data
	mount_entry /data none data bind
	start_sleeping
	holds
	rmdir data
	holds
}

@test "verify: limits of the process raised" {
	start_sleeping
	prlimit --pid "$(container_pid)" --nofile=4096:4096 || skip "may not raise limits"
	broken 'process.rlimits RLIMIT_NOFILE'
}

@test "verify: a lower oom score" {
	edit '.process.oomScoreAdj = 500'
	start_sleeping
	holds
	echo 100 >"/proc/$(container_pid)/oom_score_adj" || skip "may not lower it"
	broken process.oomScoreAdj
}

@test "verify: a program that is not root stays so" {
	edit '.process.user = {uid: 1000, gid: 1000}'
	start_sleeping
	holds
	contains process.user
}

@test "verify: a namespace that is joined by path, while the path leads there" {
	start_sleeping
	local path
	path=/proc/$(container_pid)/ns/net
	edit '(.linux.namespaces[] | select(.type == "network")).path = $path | del(.linux.sysctl)' --arg path "$path"
	start_sleeping "$ID-second"
	run -0 runtime verify "$ID-second"
	# What a name leads to may change: then what the container is in is another.
	run -0 runtime delete --force "$ID"
	run -2 runtime verify "$ID-second"
	contains 'linux.namespaces network'
}

@test "verify: a user namespace and its mappings" {
	user_namespace
	start_sleeping
	holds
	contains linux.uidMappings
	contains '0 to 100000 (65536)'
	# The state says otherwise: what was planned is compared with the kernel's.
	jq '.linux.uidMappings[0].hostID = 0' "$STATE/$ID/config.json" >"$OUT"
	cp "$OUT" "$STATE/$ID/config.json"
	broken linux.uidMappings
}

@test "verify: what a policy asks for besides the configuration" {
	program sleep 1000
	"$RUNTIME" --policy baseline,app --root "$STATE" run --detach "$ID" </dev/null >"$OUT" 2>&1 3>&-
	holds
	contains 'seccomp filters'
	contains coreScheduling
	contains speculation.storeBypass
	# The policy kept with it says more than was loaded: what the kernel's filters decide is what counts.
	jq '.policy.seccomp.profile = ["default", "strict", "web"]' "$STATE/$ID/policy.json" >"$OUT"
	cp "$OUT" "$STATE/$ID/policy.json"
	broken 'seccomp decisions'
	contains 'planned errno 1, found allow'
}

@test "verify: the state file is not what is looked at" {
	start_sleeping
	in_mounts mount -o remount,bind,rw /
	# Whatever is written there, the kernel is asked.
	jq '.changes = []' "$STATE/$ID/policy.json" >"$OUT"
	cp "$OUT" "$STATE/$ID/policy.json"
	broken root.readonly
}
