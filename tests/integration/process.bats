#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# What the container's process is: environment, directory, identity, capabilities, limits, scheduling.

load helpers

setup() {
	setup_bundle
}

teardown() {
	teardown_bundle
}

@test "env: exactly what the config has, and HOME" {
	edit '.process.env = ["PATH=/bin", "A=1", "EMPTY=", "LINES=one\ntwo", "EQUALS=a=b"]'
	program env
	run -0 env SECRET=1 "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID"
	equal "$(sort <<<"$output")" "$(printf '%s\n' A=1 EMPTY= EQUALS=a=b HOME=/root LINES=one PATH=/bin two | sort)"
}

@test "env: a doubled name is there once, the last wins" {
	requires_newer_runc "keeps both"
	edit '.process.env = ["A=1", "PATH=/bin", "A=2", "HOME=/x", "HOME="]'
	program env
	run -0 runtime run "$ID"
	equal "$(sort <<<"$output")" $'A=2\nHOME=/root\nPATH=/bin'
}

@test "env: HOME of the user in the container's passwd, / for an unknown one, the given one" {
	edit '.process.env = ["PATH=/bin"] | .process.user = {uid: 1000, gid: 1000}'
	program sh -c 'echo $HOME'
	run -0 runtime run "$ID"
	is /home/tester
	edit '.process.user.uid = 4321'
	run -0 runtime run "$ID"
	is /
	edit '.process.env += ["HOME=/given"]'
	run -0 runtime run "$ID"
	is /given
}

@test "env: names that cannot be are refused" {
	program true
	edit '.process.env = ["PATH=/bin", "NOEQUALS"]'
	refused .
	edit '.process.env = ["PATH=/bin", "=value"]'
	refused .
	edit '.process.env = ["PATH=/bin", "A=nul\u0000byte"]'
	refused .
}

@test "cwd: made when it is missing, with the mode of any directory" {
	edit '.process.cwd = "/made/by/runtime" | .root.readonly = false'
	program sh -c 'pwd; stat -c %a .'
	run -0 runtime run "$ID"
	is $'/made/by/runtime\n755'
	edit '.process.cwd = "/also/here" | .root.readonly = true'
	program pwd
	run -0 runtime run "$ID"
	is /also/here
}

@test "cwd: must be absolute" {
	edit '.process.cwd = "tmp"'
	program true
	refused 'absolute'
	edit '.process.cwd = ""'
	refused .
}

@test "cwd: a directory only the user may enter" {
	mkdir -m 700 rootfs/private
	chown 1000:1000 rootfs/private
	edit '.process.cwd = "/private" | .process.user = {uid: 1000, gid: 1000} | .process.capabilities = {}'
	program pwd
	run -0 runtime run "$ID"
	is /private
}

@test "user, group and additional groups" {
	program id
	edit '.process.user = {uid: 1000, gid: 1000}'
	run -0 runtime run "$ID"
	matches '^uid=1000\(tester\) gid=1000\(tester\)( groups=1000\(tester\))?$'
	edit '.process.user = {uid: 1000, gid: 5, additionalGids: [2000, 0, 4242]}'
	run -0 runtime run "$ID"
	contains "uid=1000(tester) gid=5(tty)"
	contains "2000(extra)"
	contains "0(root)"
	contains 4242
	edit '.process.user = {uid: 65534, gid: 65534}'
	run -0 runtime run "$ID"
	contains "uid=65534 gid=65534"
}

@test "the caller's own groups are not kept" {
	program id -G
	run -0 setpriv --groups 4,20,27 "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID"
	is 0
}

@test "umask" {
	program sh -c umask
	run -0 runtime run "$ID"
	is 0022
	edit '.process.user.umask = 63'
	run -0 runtime run "$ID"
	is 0077
	edit '.process.user.umask = 0'
	run -0 runtime run "$ID"
	is 0000
}

status_of() {
	grep -E "^($1):" <<<"$output" | sed 's/.*\t//' | xargs
}

@test "capabilities: the five sets, each as it is given" {
	requires_policy_off
	edit '.process.capabilities = {
		bounding: ["CAP_CHOWN", "CAP_KILL", "CAP_SYS_ADMIN", "CAP_NET_ADMIN"],
		permitted: ["CAP_CHOWN", "CAP_KILL", "CAP_SYS_ADMIN"],
		effective: ["CAP_CHOWN"], inheritable: ["CAP_KILL"], ambient: ["CAP_KILL"]}
		| .process.user = {uid: 1000, gid: 1000}'
	program cat /proc/self/status
	run -0 runtime run "$ID"
	# A user's execve keeps only what is ambient.
	equal "$(status_of 'CapInh|CapPrm|CapEff|CapBnd|CapAmb')" \
		"0000000000000020 0000000000000020 0000000000000020 0000000000201021 0000000000000020"
}

@test "capabilities: root's execve raises what is bounding" {
	edit '.process.capabilities = {bounding: ["CAP_SYS_ADMIN"],
		permitted: ["CAP_SYS_ADMIN", "CAP_KILL"], effective: ["CAP_SYS_ADMIN"]}'
	program cat /proc/self/status
	run -0 runtime run "$ID"
	equal "$(status_of 'CapInh|CapPrm|CapEff|CapBnd|CapAmb')" \
		"0000000000000000 0000000000200000 0000000000200000 0000000000200000 0000000000000000"
}

@test "capabilities: none, and no object at all" {
	program cat /proc/self/status
	edit '.process.capabilities = {}'
	run -0 runtime run "$ID"
	equal "$(status_of 'CapInh|CapPrm|CapEff|CapBnd|CapAmb')" "$(printf '0000000000000000 %.0s' 1 2 3 4 5 | xargs)"
	edit 'del(.process.capabilities)'
	run -0 runtime run "$ID"
	equal "$(status_of 'CapInh|CapPrm|CapEff|CapBnd|CapAmb')" "$(printf '0000000000000000 %.0s' 1 2 3 4 5 | xargs)"
}

@test "capabilities: an unknown name is a warning" {
	edit '.process.capabilities.bounding += ["CAP_FROBNICATE"]'
	program true
	run -0 --separate-stderr runtime run "$ID"
	[[ $stderr == *warning*CAP_FROBNICATE* ]]
}

@test "no_new_privs" {
	program grep NoNewPrivs /proc/self/status
	run -0 runtime run "$ID"
	is $'NoNewPrivs:\t1'
	requires_policy_off
	edit '.process.noNewPrivileges = false'
	run -0 runtime run "$ID"
	is $'NoNewPrivs:\t0'
}

@test "rlimits: every kind" {
	# Address space and data: more than the address sanitizer takes for itself, 20 TB.
	edit '.process.rlimits = [
		{type: "RLIMIT_AS", soft: 100000000000000, hard: 110000000000000}, {type: "RLIMIT_CORE", soft: 1, hard: 2},
		{type: "RLIMIT_CPU", soft: 100, hard: 200}, {type: "RLIMIT_DATA", soft: 100000000000001, hard: 100000000000002},
		{type: "RLIMIT_FSIZE", soft: 1000000, hard: 2000000}, {type: "RLIMIT_LOCKS", soft: 10, hard: 20},
		{type: "RLIMIT_MEMLOCK", soft: 4096, hard: 8192}, {type: "RLIMIT_MSGQUEUE", soft: 1000, hard: 2000},
		{type: "RLIMIT_NICE", soft: 0, hard: 0}, {type: "RLIMIT_NOFILE", soft: 100, hard: 200},
		{type: "RLIMIT_NPROC", soft: 1000, hard: 2000}, {type: "RLIMIT_RSS", soft: 1000000000, hard: 2000000000},
		{type: "RLIMIT_RTPRIO", soft: 0, hard: 0}, {type: "RLIMIT_RTTIME", soft: 1000000, hard: 2000000},
		{type: "RLIMIT_SIGPENDING", soft: 100, hard: 200}, {type: "RLIMIT_STACK", soft: 8388608, hard: 16777216}]'
	program cat /proc/self/limits
	run -0 runtime run "$ID"
	matches 'Max cpu time +100 +200'
	matches 'Max file size +1000000 +2000000'
	matches 'Max data size +100000000000001 +100000000000002'
	matches 'Max stack size +8388608 +16777216'
	matches 'Max core file size +1 +2'
	matches 'Max resident set +1000000000 +2000000000'
	matches 'Max processes +1000 +2000'
	matches 'Max open files +100 +200'
	matches 'Max locked memory +4096 +8192'
	matches 'Max address space +100000000000000 +110000000000000'
	matches 'Max file locks +10 +20'
	matches 'Max pending signals +100 +200'
	matches 'Max msgqueue size +1000 +2000'
	matches 'Max nice priority +0 +0'
	matches 'Max realtime priority +0 +0'
	matches 'Max realtime timeout +1000000 +2000000'
}

@test "rlimits: nonsense is refused" {
	program true
	edit '.process.rlimits = [{type: "RLIMIT_FROBNICATE", soft: 1, hard: 1}]'
	refused RLIMIT_FROBNICATE
	edit '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 20, hard: 10}]'
	refused .
	requires_newer_runc "takes the first"
	edit '.process.rlimits = [{type: "RLIMIT_CPU", soft: 20, hard: 20}, {type: "RLIMIT_CPU", soft: 30, hard: 30}]'
	refused RLIMIT_CPU
}

@test "the limits of the caller are the container's where the config says nothing" {
	edit 'del(.process.rlimits)'
	program sh -c 'ulimit -n; ulimit -Hn'
	run -0 bash -c 'ulimit -n 300; exec "$@"' - "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID"
	is $'300\n300'
}

@test "oom score" {
	program cat /proc/self/oom_score_adj
	edit '.process.oomScoreAdj = 500'
	run -0 runtime run "$ID"
	is 500
	edit '.process.oomScoreAdj = 5000'
	run -1 runtime run "$ID"
	nothing_created
}

@test "personality" {
	[[ $(uname -m) == x86_64 ]] || skip "a 32-bit personality of x86-64"
	requires_newer_runc "does not know it"
	program uname -m
	edit '.linux.personality = {domain: "LINUX32"}'
	run -0 runtime run "$ID"
	is i686
	edit '.linux.personality = {domain: "LINUX", flags: []}'
	run -0 runtime run "$ID"
	is x86_64
	edit '.linux.personality = {domain: "LINUX32"}'
	start_sleeping
	run -0 runtime exec "$ID" uname -m
	is i686
	edit '.linux.personality = {domain: "FROBNICATE"}'
	run -1 runtime run "$ID-bad"
}

@test "scheduler" {
	requires_newer_runc "does not know it"
	program probe scheduling
	edit '.process.scheduler = {policy: "SCHED_BATCH", nice: 7}'
	run -0 runtime run "$ID"
	matches '^policy 3$'
	matches '^nice 7$'
	edit '.process.scheduler = {policy: "SCHED_IDLE"}'
	run -0 runtime run "$ID"
	matches '^policy 5$'
	edit '.process.scheduler = {policy: "SCHED_FROBNICATE"}'
	refused SCHED_FROBNICATE
}

@test "scheduler: a deadline does not go with a choice of CPUs" {
	(($(nproc) > 1)) || skip "needs two CPUs"
	requires_newer_runc "explains it"
	edit '.process.scheduler = {policy: "SCHED_DEADLINE", runtime: 42000, deadline: 1000000, period: 1000000}'
	edit '.linux.resources.cpu.cpus = "0"'
	fails 1 "process scheduler can't be used together with AllowedCPUs" runtime run "$ID"
}

@test "scheduler: exec gets it too, and its own" {
	requires_newer_runc "does not know it"
	edit '.process.scheduler = {policy: "SCHED_BATCH", nice: 3}'
	start_sleeping
	run -0 runtime exec "$ID" probe scheduling
	matches '^policy 3$'
	run -0 runtime exec -p <(echo '{"args": ["/bin/probe", "scheduling"], "cwd": "/", "scheduler": {"policy": "SCHED_IDLE"}}') "$ID"
	matches '^policy 5$'
}

@test "I/O priority" {
	requires_newer_runc "does not know it"
	edit '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 4}'
	program probe scheduling
	run -0 runtime run "$ID"
	matches '^io 2 4$'
	start_sleeping
	run -0 runtime exec "$ID" probe scheduling
	matches '^io 2 4$'
	run -0 runtime exec -p <(echo '{"args": ["/bin/probe", "scheduling"], "cwd": "/", "ioPriority": {"class": "IOPRIO_CLASS_IDLE"}}') "$ID"
	matches '^io 3 0$'
	edit '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}'
	run -1 runtime run "$ID-bad"
}

@test "the caller's CPU affinity is not the container's" {
	requires_newer_runc "inherits it"
	[[ $(nproc) -gt 1 ]] || skip "one processor"
	local all
	all=$(awk '/^Cpus_allowed_list/ { print $2 }' /proc/self/status)
	program grep Cpus_allowed_list /proc/self/status
	run -0 taskset -c 0 "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID"
	is $'Cpus_allowed_list:\t'"$all"
	start_sleeping
	run -0 taskset -c 0 "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" exec "$ID" grep Cpus_allowed_list /proc/self/status
	is $'Cpus_allowed_list:\t'"$all"
}

@test "execCPUAffinity" {
	requires_newer_runc "does not know it"
	[[ $(nproc) -gt 1 ]] || skip "one processor"
	edit '.process.execCPUAffinity = {initial: "0", final: "1"}'
	start_sleeping
	run -0 runtime exec "$ID" grep Cpus_allowed_list /proc/self/status
	is $'Cpus_allowed_list:\t1'
	run -0 runtime exec -p <(echo '{"args": ["/bin/grep", "Cpus_allowed_list", "/proc/self/status"], "cwd": "/", "execCPUAffinity": {"final": "0,1"}}') "$ID"
	is $'Cpus_allowed_list:\t0-1'
	edit '.process.execCPUAffinity = {initial: "x"}'
	run -1 runtime run "$ID-bad"
}

@test "memory policy" {
	requires_newer_runc "does not know it"
	[[ -e /proc/self/numa_maps ]] || skip "no NUMA"
	program sh -c 'head -n 1 /proc/self/numa_maps | cut -d " " -f 2'
	edit '.linux.memoryPolicy = {mode: "MPOL_INTERLEAVE", nodes: "0"}'
	run -0 runtime run "$ID"
	is interleave:0
	edit '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}'
	run -0 runtime run "$ID"
	matches '^bind.*static.*0$'
	edit '.linux.memoryPolicy = {mode: "MPOL_DEFAULT"}'
	run -0 runtime run "$ID"
	contains default
	edit '.linux.memoryPolicy = {}'
	refused "invalid memory policy"
	edit '.linux.memoryPolicy = {nodes: "0"}'
	refused "invalid memory policy mode"
	edit '.linux.memoryPolicy = {mode: "INTERLEAVE", nodes: "0"}'
	refused "invalid memory policy"
	edit '.linux.memoryPolicy = {mode: "MPOL_PREFERRED", nodes: "0", flags: ["bad"]}'
	refused "invalid memory policy flag"
	edit '.linux.memoryPolicy = {mode: "MPOL_DEFAULT", nodes: "0-7"}'
	refused "mode requires 0 nodes but got 8"
	edit '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0-9876543210"}'
	refused "invalid memory policy node"
}

@test "a session keyring of its own, unless --no-new-keyring" {
	program probe keyring
	run -0 runtime run "$ID"
	contains "_ses.$ID"
	requires_policy_off
	run -0 keyctl session - "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run --no-new-keyring "$ID" 2>/dev/null ||
		skip "no keyctl to make a keyring with"
	lacks "_ses.$ID"
}

@test "the process is not dumpable into its runtime, has no parent-death signal and no subreaper" {
	program probe prctl
	run -0 runtime run "$ID"
	matches '^pdeathsig 0$'
	matches '^subreaper 0$'
	matches '^securebits (0|0x0)$'
	matches '^no_new_privs 1$'
}

@test "sysctl: of its own namespaces only" {
	edit '.linux.sysctl = {"net.ipv4.ip_forward": "1", "kernel.shm_rmid_forced": "1", "net.ipv4.ip_unprivileged_port_start": "0"}'
	program cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/shm_rmid_forced /proc/sys/net/ipv4/ip_unprivileged_port_start
	run -0 runtime run "$ID"
	is $'1\n1\n0'
	program true
	edit '.linux.sysctl = {"kernel.panic": "1"}'
	refused 'kernel.panic.*not in a separate kernel namespace'
	edit '.linux.sysctl = {"vm.overcommit_memory": "1"}'
	refused 'vm.overcommit_memory'
	edit '.linux.sysctl = {"net.ipv4.frobnicate": "1"}'
	refused 'frobnicate'
	edit '.linux.sysctl = {"net.ipv4/../../kernel.panic": "1"}'
	refused .
	requires_policy_off
	without_namespace network
	edit '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	refused 'net.ipv4.ip_forward'
}

@test "hostname and domain name" {
	edit '.hostname = "a-host"'
	program hostname
	run -0 runtime run "$ID"
	is a-host
	without_namespace uts
	edit '.hostname = "a-host"'
	refused 'hostname without a private UTS namespace'
	requires_newer_runc "does not know domainname"
	edit '.linux.namespaces += [{type: "uts"}] | .domainname = "a.domain"'
	program cat /proc/sys/kernel/domainname
	run -0 runtime run "$ID"
	is a.domain
}

@test "an AppArmor profile or an SELinux label on a host without is refused" {
	program true
	if [[ ! -e /sys/kernel/security/apparmor ]]; then
		edit '.process.apparmorProfile = "some-profile"'
		refused apparmor
		edit 'del(.process.apparmorProfile)'
	fi
	if [[ ! -e /sys/fs/selinux/enforce ]]; then
		edit '.process.selinuxLabel = "system_u:system_r:container_t:s0"'
		refused selinux
		edit 'del(.process.selinuxLabel) | .linux.mountLabel = "system_u:object_r:container_file_t:s0"'
		refused .
	fi
}
