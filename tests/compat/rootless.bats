#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # variables of the cases' scripts and of bats
# What only an ordinary user meets: spec --rootless, ids without a mapping, no groups, or those that were delegated.

load compare

@test "spec --rootless" {
	requires_user_host
	steps "spec --rootless" . 'mkdir spec; step rt spec --rootless -b spec; jq -S "del(.ociVersion, .process.capabilities.inheritable, .process.capabilities.ambient)" spec/config.json; rm -r spec'
	steps "spec" . 'mkdir spec; step rt spec -b spec; jq -S "[.linux.uidMappings, .linux.gidMappings]" spec/config.json; rm -r spec'
	finish
}

@test "maps and namespaces" {
	requires_user_host
	local maps='.process.args = ["cat", "/proc/self/uid_map", "/proc/self/gid_map", "/proc/self/setgroups"]'
	local hidden='.process.args = ["sh", "-c", "ls -ldn /data /data/file | cut -c1-30; cat /data/file; ls /private; touch /data/new && rm /data/new"] | .root.readonly = false'
	same "maps" "$maps"
	same "files" "$hidden"
	same "no user namespace" 'del(.linux.namespaces[] | select(.type == "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	same "no user namespace, maps" 'del(.linux.namespaces[] | select(.type == "user"))'
	same "no maps" 'del(.linux.uidMappings, .linux.gidMappings)'
	same "no group map" 'del(.linux.gidMappings)'
	same "an id that is not the user's to give" '.linux.uidMappings += [{containerID: 100000, hostID: 4000000000, size: 10}]'
	same "root is not mapped" "$maps | .linux.uidMappings |= [.[0] | .containerID = 1000] | .linux.gidMappings |= [.[0] | .containerID = 1000] | .process.user = {uid: 1000, gid: 1000}"
	same "a mount for a user without a mapping" '.mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["uid=70000"]}]'
	same "a mount for a group without a mapping" '.mounts += [{destination: "/mnt", type: "tmpfs", source: "tmpfs", options: ["gid=70000"]}]'
	same "own network" '.process.args = ["ls", "/sys/class/net"] | .linux.namespaces += [{type: "network"}]'
	same "own network, sysfs" '.process.args = ["ls", "/sys/class/net"] | .linux.namespaces += [{type: "network"}] | .mounts |= map(if .destination == "/sys" then {destination: "/sys", type: "sysfs", source: "sysfs", options: ["ro"]} else . end)'
	same "sysfs of the host's network" '.mounts |= map(if .destination == "/sys" then {destination: "/sys", type: "sysfs", source: "sysfs", options: ["ro"]} else . end)'
	same "groups mounted" '.process.args = ["sh", "-c", "ls /sys/fs/cgroup; mkdir /sys/fs/cgroup/x && rmdir /sys/fs/cgroup/x"] | .mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["rw"]}]'
	same "groups mounted, cgroup namespace" '.process.args = ["sh", "-c", "cut -d: -f2- /proc/self/cgroup"] | .linux.namespaces |= (map(select(.type != "cgroup")) + [{type: "cgroup"}]) | .mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev", "relatime", "ro"]}]'
	same "a device" '.process.args = ["ls", "-n", "/dev/zero2"] | .linux.devices = [{path: "/dev/zero2", type: "c", major: 1, minor: 5}]'
	same "a sysctl" '.process.args = ["cat", "/proc/sys/kernel/msgmax"] | .linux.sysctl = {"kernel.msgmax": "8000"}'
	same "a sysctl of the host's network" '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	same "a limit above its own" '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 100000000, hard: 100000000}]'
	finish
}

@test "without groups" {
	requires_user_host
	! has_groups || skip "there are groups"
	local command
	for command in pause resume ps "events --stats" "update --pids-limit 10" "update --memory 64M"; do
		running "$command" "step rt $command \"\$ID\" >/dev/null; status"
	done
	for command in "pids: {limit: 10}" "memory: {limit: 67108864}" "cpu: {shares: 100}" "cpu: {cpus: \"0\"}" "blockIO: {weight: 300}" "devices: [{allow: false, access: \"rwm\"}]" "unified: {\"pids.max\": \"10\"}" "hugepageLimits: [{pageSize: \"2MB\", limit: 2097152}]" "pids: {limit: -1}" "pids: {}" "memory: {}"; do
		same "$command" ".process.args = [\"true\"] | .linux.resources = {$command}"
	done
	for command in "/compare/$ID" "compare-$ID"; do
		same "path $command" ".process.args = [\"true\"] | .linux.cgroupsPath = \"$command\""
	done
	finish
}

@test "with delegated groups" {
	requires_user_host
	has_groups || skip "there are none"
	local group='cut -d: -f2- "/proc/$(rt state "$ID" | jq .pid)/cgroup"'
	running "where it is" "$group; cd /sys/fs/cgroup\$($group | cut -c2-) && stat -c '%n %u %a' cgroup.procs pids.max memory.max; cat cgroup.controllers; cat cgroup.procs | wc -l"
	# From elsewhere older runc's stays where it was called: docs/compatibility.md.
	! delegated_parent >/dev/null || running "exec" 'step rt exec "$ID" cat /proc/self/cgroup; rt exec -d "$ID" sleep 500; rt ps -f json "$ID" | jq length'
	running "pause" 'step rt pause "$ID"; status; step rt resume "$ID"; status'
	running "statistics" 'rt events --stats "$ID" | jq ".data.pids, (.data | keys)"' '.linux.resources.pids.limit = 50'
	running "what is left" "group=/sys/fs/cgroup\$($group | cut -c2-); rt delete --force \"\$ID\"; ls -d \"\$group\" 2>/dev/null"
	running "kill --all" 'rt exec -d "$ID" sleep 500; step rt kill --all "$ID" KILL; ended; status'
	finish
}
