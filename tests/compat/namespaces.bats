#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # variables of jq and of bats
# Namespaces, names, sysctls, hooks, seccomp.

load compare

@test "namespaces" {
	local type
	local own='.process.args = ["sh", "-c", "for n in /proc/self/ns/*; do [ $(readlink $n) = \"$(echo $HOST | tr , \"\\n\" | grep ^${n##*/}:)\" ] && echo host $n; done; true"]'
	own="$own | .process.env += [\"HOST=$(for type in cgroup ipc mnt net pid user uts; do readlink "/proc/self/ns/$type"; done | paste -sd,)\"]"
	same "spec's" "$own"
	for type in ipc uts network cgroup pid; do
		same "without $type" "$own | del(.linux.namespaces[] | select(.type == \"$type\")) | del(.hostname) | .mounts |= map(select(.destination != \"/sys\" and .destination != \"/sys/fs/cgroup\" and .destination != \"/dev/mqueue\")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []"
		same "$type twice" ".linux.namespaces += [{type: \"$type\"}, {type: \"$type\"}]"
		same "$type, missing path" ".linux.namespaces |= map(select(.type != \"$type\")) + [{type: \"$type\", path: \"/missing\"}]"
		same "$type, not a namespace" ".linux.namespaces |= map(select(.type != \"$type\")) + [{type: \"$type\", path: \"/etc/passwd\"}]"
		same "$type, another kind's" ".linux.namespaces |= map(select(.type != \"$type\")) + [{type: \"$type\", path: \"/proc/self/ns/mnt\"}]"
	done
	same "unknown" '.linux.namespaces += [{type: "frobnicate"}]'
	same "empty type" '.linux.namespaces += [{type: ""}]'
	same "none" '.linux.namespaces = []'
	same "user without mappings" '.linux.namespaces += [{type: "user"}]'
	same "user" "$own | .linux.namespaces += [{type: \"user\"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 1000}] | .linux.gidMappings = .linux.uidMappings"
	same "its maps" '.process.args = ["cat", "/proc/self/uid_map", "/proc/self/gid_map"] | .linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 10}, {containerID: 10, hostID: 100010, size: 90}] | .linux.gidMappings = [{containerID: 0, hostID: 0, size: 7}]'
	same "maps that overlap" '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 10}, {containerID: 5, hostID: 100, size: 10}] | .linux.gidMappings = .linux.uidMappings'
	same "a user without a mapping" '.process.user.uid = 50 | .linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 0, size: 10}] | .linux.gidMappings = .linux.uidMappings'
	finish
}

@test "names and sysctls" {
	local name
	for name in a host.example.org "$(printf 'x%.0s' {1..64})" "$(printf 'x%.0s' {1..65})" ""; do
		same "hostname ${name:0:20}" ".process.args = [\"hostname\"] | .hostname = \"$name\""
	done
	same "no hostname" 'del(.hostname) | .process.args = ["hostname"]'
	same "hostname without uts" 'del(.linux.namespaces[] | select(.type == "uts"))'
	for name in kernel.shm_rmid_forced=1 kernel.msgmax=8000 kernel.shmall=1000 fs.mqueue.msg_max=20 net.ipv4.ip_forward=1 net.ipv4.ping_group_range="0 100" net/ipv4/ip_forward=1 kernel.panic=1 vm.swappiness=1 kernel.domainname=x kernel.hostname=x net.missing=1 frobnicate=1 kernel.msgmax=x; do
		same "sysctl $name" ".process.args = [\"sh\", \"-c\", \"cat /proc/sys/$(sed 's/=.*//; s#\.#/#g' <<<"$name")\"] | .linux.sysctl = {\"${name%%=*}\": \"${name#*=}\"}"
	done
	same "sysctl of the host's network" '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | del(.linux.namespaces[] | select(.type == "network"))'
	same "sysctl of the host's ipc" '.linux.sysctl = {"kernel.msgmax": "8000"} | del(.linux.namespaces[] | select(.type == "ipc"))'
	finish
}

@test "hooks" {
	local kind
	for kind in prestart createRuntime createContainer startContainer poststart poststop; do
		same "$kind" ".process.args = [\"true\"] | .hooks.$kind = [{path: \"/bin/true\"}]"
		same "$kind fails" ".process.args = [\"true\"] | .hooks.$kind = [{path: \"/bin/false\"}]"
		same "$kind is missing" ".process.args = [\"true\"] | .hooks.$kind = [{path: \"/missing\"}]"
		same "$kind, timeout" ".process.args = [\"true\"] | .hooks.$kind = [{path: \"/bin/sleep\", args: [\"sleep\", \"5\"], timeout: 1}]"
		# The status that poststart hooks are told is `created` with older runc, against the specification.
		[[ $kind == poststart ]] ||
			steps "$kind's environment and state" ".process.args = [\"true\"] | .root.readonly = false | .hooks.$kind = [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"{ echo \$0 \$#; env | grep -v ^PWD; cat; } >$(if [[ $kind == startContainer ]]; then echo /data; else echo "$BUNDLE/rootfs/data"; fi)/hook\"], env: [\"A=1\"]}]" \
				'step rt run "$ID"; sed -E "s/\"pid\":[1-9][0-9]*/\"pid\":1/" rootfs/data/hook; echo; rm -f rootfs/data/hook'
	done
	same "the second fails" '.hooks.prestart = [{path: "/bin/true"}, {path: "/bin/false"}]'
	finish
}

@test "seccomp" {
	local action operator
	local probe='.process.args = ["sh", "-c", "mkdir /dev/shm/x; echo $?; ls -d /dev/shm/x; grep Seccomp: /proc/self/status"]'
	for action in ERRNO KILL KILL_PROCESS KILL_THREAD TRAP LOG ALLOW FROBNICATE; do
		same "$action" "$probe | .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"mkdir\", \"mkdirat\"], action: \"SCMP_ACT_$action\"}]}"
		[[ $action == KILL* || $action == TRAP || $action == ERRNO ]] ||
			same "default $action" "$probe | .linux.seccomp = {defaultAction: \"SCMP_ACT_$action\"}"
	done
	for operator in NE LT LE EQ GE GT; do
		for action in 510 511 512; do
			same "$operator $action" "$probe | .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"mkdir\"], action: \"SCMP_ACT_ERRNO\", args: [{index: 1, value: $action, op: \"SCMP_CMP_$operator\"}]}]}"
		done
	done
	same "masked" "$probe | .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"mkdir\"], action: \"SCMP_ACT_ERRNO\", args: [{index: 1, value: 448, valueTwo: 448, op: \"SCMP_CMP_MASKED_EQ\"}]}]}"
	same "bad operator" "$probe | .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"mkdir\"], action: \"SCMP_ACT_ERRNO\", args: [{index: 1, value: 1, op: \"X\"}]}]}"
	same "bad index" "$probe | .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"mkdir\"], action: \"SCMP_ACT_ERRNO\", args: [{index: 6, value: 1, op: \"SCMP_CMP_EQ\"}]}]}"
	for action in 0 1 13 28 38; do
		same "errno $action" "$probe | .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"mkdir\", \"mkdirat\"], action: \"SCMP_ACT_ERRNO\", errnoRet: $action}]}"
	done
	same "unknown names" "$probe | .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"frobnicate\"], action: \"SCMP_ACT_ERRNO\"}]}"
	same "architectures" "$probe | .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", architectures: [\"SCMP_ARCH_X86_64\", \"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"], syscalls: [{names: [\"mkdir\"], action: \"SCMP_ACT_ERRNO\"}]}"
	same "unknown architecture" "$probe | .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", architectures: [\"X\"]}"
	same "no new privileges off" "$probe | .process.noNewPrivileges = false | .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"mkdir\"], action: \"SCMP_ACT_ERRNO\"}]}"
	finish
}
