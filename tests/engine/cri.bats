#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # what expands inside the container; what bats and containerd.bash set
# Pods as Kubernetes makes them: containerd's container runtime interface with the runtime under test as a handler, and
# the calls that a kubelet makes.

bats_require_minimum_version 1.5.0
load containerd

HANDLER=casemate

setup_file() {
	need containerd ctr protoc jq
	/usr/bin/python3 -c 'import grpc, google.protobuf' 2>/dev/null || skip "python3 has no grpc"
	cni_directory >/dev/null || skip "there are no CNI plugins"
	cri_start
}

teardown_file() {
	[ -z "${ROOM:-}" ] || pods_remove
	containerd_stop
}

setup() {
	NAME=p$BATS_TEST_NUMBER
	POD=
}

teardown() {
	pods_remove
}

cni_directory() {
	local directory

	for directory in /usr/lib/cni /usr/libexec/cni /opt/cni/bin; do
		if [ -x "$directory/bridge" ] && [ -x "$directory/loopback" ]; then
			echo "$directory"
			return
		fi
	done
	return 1
}

# The handler is set up as README.md says. What this room needs besides: its own bridge, and no oom_score_adj below this
# process's.
cri_start() {
	room_enter "$BATS_FILE_TMPDIR/room"
	site_has '{"selectable": ["app"]}'
	mkdir -p "$ROOM_DIR/cni" "$ROOM_DIR/logs"
	cat >"$ROOM_DIR/cni/pods.conflist" <<-'END'
		{ "cniVersion": "0.4.0", "name": "pods", "plugins": [
		  { "type": "bridge", "bridge": "pods0", "isGateway": true,
		    "ipam": { "type": "host-local", "ranges": [[{ "subnet": "10.77.0.0/24" }]] } } ] }
	END
	cat >"$ROOM_DIR/containerd.toml" <<-END
		version = 2
		disabled_plugins = ["io.containerd.snapshotter.v1.btrfs"]
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "$IMAGE"
		  restrict_oom_score_adj = true
		  [plugins."io.containerd.grpc.v1.cri".cni]
		    bin_dir = "$(cni_directory)"
		    conf_dir = "$ROOM_DIR/cni"
	END
	if [ "$ENGINE_RUNTIME" = casemate ]; then
		"$CASEMATE" setup containerd --file "$ROOM_DIR/containerd.toml" >/dev/null
	else
		printf '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.%s]\n  runtime_type = "%s"\n' runc io.containerd.runc.v2 \
			casemate io.containerd.runc.v2 >>"$ROOM_DIR/containerd.toml"
		printf '[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.casemate.options]\n  BinaryName = "%s"\n' \
			"$(runtime_path)" >>"$ROOM_DIR/containerd.toml"
	fi
	room_start containerd containerd --config "$ROOM_DIR/containerd.toml"
	if ! eventually 20 cri ListPodSandbox; then
		tail -n 20 "$ROOM_DIR/containerd.log" >&2
		return 1
	fi
	make_image "$ROOM_DIR/image"
	room ctr -n k8s.io images import "$ROOM_DIR/image.tar" >/dev/null
}

# cri METHOD [REQUEST]: the response.
cri() {
	room "$REPOSITORY/tests/engine/cri" /run/containerd/containerd.sock "$1" <<<"${2:-{\}}"
}

pods_remove() {
	local pod

	for pod in $(cri ListPodSandbox | jq -r '.items[].id'); do
		cri StopPodSandbox "{ \"pod_sandbox_id\": \"$pod\" }" >/dev/null || true
		cri RemovePodSandbox "{ \"pod_sandbox_id\": \"$pod\" }" >/dev/null || true
	done
}

# pod [MORE]: starts one with what the JSON MORE adds to its configuration; POD_CONFIG and POD tell of it.
pod() {
	local more=${1:-'{}'}

	POD_CONFIG=$(jq -n --arg name "$NAME" --arg group "/$ROOM_CGROUP" --arg logs "$ROOM_DIR/logs" --argjson more "$more" '
		{ metadata: { name: $name, uid: $name, namespace: "default" }, hostname: $name, log_directory: $logs,
		  linux: { cgroup_parent: $group, security_context: { namespace_options: { pid: "CONTAINER" } } } } * $more')
	POD=$(cri RunPodSandbox "{ \"config\": $POD_CONFIG, \"runtime_handler\": \"$HANDLER\" }" | jq -r .pod_sandbox_id)
	[ -n "$POD" ]
}

# create NAME MORE: a container in the pod, with what the JSON MORE adds; prints its id.
create() {
	local config

	config=$(jq -n --arg name "$1" --arg image "$IMAGE" --argjson more "$2" '
		{ metadata: { name: $name }, image: { image: $image }, log_path: ($name + ".log"),
		  linux: { security_context: { namespace_options: { pid: "CONTAINER" } } } } * $more')
	cri CreateContainer "{ \"pod_sandbox_id\": \"$POD\", \"config\": $config, \"sandbox_config\": $POD_CONFIG }" |
		jq -r .container_id
}

# start NAME MORE: such a container, started; prints its id.
start() {
	local id

	id=$(create "$@")
	cri StartContainer "{ \"container_id\": \"$id\" }" >/dev/null && echo "$id"
}

# shell SCRIPT [MORE]: the configuration of a container that runs it.
shell() {
	local more=${2:-'{}'}

	jq -n --arg script "$1" --argjson more "$more" '{ command: ["sh", "-c", $script] } * $more'
}

# status ID FILTER: of the container.
status() {
	cri ContainerStatus "{ \"container_id\": \"$1\" }" | jq -r ".status | $2"
}

is() {
	[ "$(status "$1" .state)" = "CONTAINER_$2" ]
}

# log NAME: what the container wrote, without the times.
log() {
	cut -d' ' -f4- "$ROOM_DIR/logs/$1.log"
}

# output NAME SCRIPT [MORE]: what a container prints that runs to its end.
output() {
	local id

	rm -f "$ROOM_DIR/logs/$1.log"
	id=$(start "$1" "$(shell "$2" "${3:-}")")
	eventually 10 is "$id" EXITED
	log "$1"
}

# exec_in ID PROGRAM...: response of ExecSync.
exec_in() {
	local id=$1

	shift
	cri ExecSync "$(jq -n --arg id "$id" '{ container_id: $id, cmd: $ARGS.positional, timeout: 20 }' --args -- "$@")"
}

@test "a pod's container runs, its output is logged, its exit status known" {
	pod
	run jq -r '.status | .state, .runtime_handler' <<<"$(cri PodSandboxStatus "{ \"pod_sandbox_id\": \"$POD\" }")"
	[ "${lines[*]}" = "SANDBOX_READY $HANDLER" ]
	id=$(start one "$(shell 'echo to out; echo to err >&2; exit 7')")
	eventually 10 is "$id" EXITED
	[ "$(status "$id" .exit_code)" -eq 7 ]
	grep -q ' stdout F to out$' "$ROOM_DIR/logs/one.log"
	grep -q ' stderr F to err$' "$ROOM_DIR/logs/one.log"
}

@test "a program that is not there: StartContainer says so, and so does the status" {
	pod
	id=$(create none '{ "command": ["no-such-program"] }')
	run cri StartContainer "{ \"container_id\": \"$id\" }"
	[ "$status" -ne 0 ]
	[[ "$output" == *'exec: "no-such-program": executable file not found in $PATH'* ]]
	[ "$(status "$id" .reason)" = StartError ]
	[ "$(status "$id" .exit_code)" -eq 128 ]
}

@test "exec: output, exit status, and a probe that takes too long" {
	pod
	id=$(start one '{ "command": ["/pause"] }')
	run exec_in "$id" sh -c 'echo inside; echo wrong >&2; exit 3'
	[ "$(jq -r '.stdout | @base64d' <<<"$output")" = inside ]
	[ "$(jq -r '.stderr | @base64d' <<<"$output")" = wrong ]
	[ "$(jq .exit_code <<<"$output")" -eq 3 ]
	run cri ExecSync "{ \"container_id\": \"$id\", \"cmd\": [\"sleep\", \"50\"], \"timeout\": 1 }"
	[ "$status" -ne 0 ]
	[[ "$output" == *timed\ out* || "$output" == *timeout* || "$output" == *deadline* ]]
	is "$id" RUNNING
	[ "$(exec_in "$id" sh -c 'ps | grep -c "[s]leep 50"' | jq -r '.stdout | @base64d')" = 0 ]
}

@test "the containers of a pod share its network, host name and memory, not their processes" {
	pod
	one=$(start one '{ "command": ["/pause"] }')
	two=$(start two '{ "command": ["/pause"] }')
	for kind in net uts ipc; do
		[ "$(exec_in "$one" readlink /proc/1/ns/$kind)" = "$(exec_in "$two" readlink /proc/1/ns/$kind)" ]
	done
	[ "$(exec_in "$one" readlink /proc/1/ns/pid)" != "$(exec_in "$two" readlink /proc/1/ns/pid)" ]
	[ "$(exec_in "$one" hostname | jq -r '.stdout | @base64d')" = "$NAME" ]
	exec_in "$one" sh -c 'echo shared >/dev/shm/file' >/dev/null
	[ "$(exec_in "$two" cat /dev/shm/file | jq -r '.stdout | @base64d')" = shared ]
}

@test "a pod with one pid namespace for all" {
	pod '{ "linux": { "security_context": { "namespace_options": { "pid": "POD" } } } }'
	more='{ "command": ["/pause"], "linux": { "security_context": { "namespace_options": { "pid": "POD" } } } }'
	one=$(start one "$more")
	two=$(start two "$more")
	[ "$(exec_in "$one" readlink /proc/self/ns/pid)" = "$(exec_in "$two" readlink /proc/self/ns/pid)" ]
	[ "$(exec_in "$one" sh -c 'ps | grep -c "[/]pause"' | jq -r '.stdout | @base64d')" -ge 3 ]
}

@test "a pod's address on its own bridge, and a pod in the node's network" {
	pod
	start one "$(shell 'while :; do echo served | nc -l -p 80; done')"
	address=$(cri PodSandboxStatus "{ \"pod_sandbox_id\": \"$POD\" }" | jq -r .status.network.ip)
	[[ "$address" == 10.77.0.* ]]
	eventually 10 room_serves "$address"
	pods_remove
	NAME=$NAME-node
	options='{ "network": "NODE", "pid": "CONTAINER" }'
	pod "{ \"hostname\": \"\", \"linux\": { \"security_context\": { \"namespace_options\": $options } } }"
	run output two 'readlink /proc/self/ns/net' "{ \"linux\": { \"security_context\": { \"namespace_options\": $options } } }"
	[ "$output" = "$(room readlink /proc/self/ns/net)" ]
}

room_serves() {
	[ "$(room timeout 3 bash -c 'cat </dev/tcp/$0/80' "$1")" = served ]
}

@test "names, resolver, sysctls, environment, directory, terminal" {
	pod '{ "dns_config": { "servers": ["192.0.2.53"], "searches": ["pods.test"] },
		"linux": { "sysctls": { "net.ipv4.ip_unprivileged_port_start": "80", "kernel.shm_rmid_forced": "1" } } }'
	run output one 'pwd; echo "$A"; cat /etc/resolv.conf /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shm_rmid_forced' \
		'{ "working_dir": "/srv", "envs": [{ "key": "A", "value": "b c" }] }'
	[ "${lines[*]}" = "/srv b c search pods.test nameserver 192.0.2.53 80 1" ]
	run output two 'tty' '{ "tty": true, "stdin": true }'
	[[ "$output" == /dev/pts/0* ]]
}

@test "security contexts: user, groups, capabilities, read-only root, no_new_privs, seccomp, paths" {
	pod
	run output one 'id; grep -E "^(CapEff|CapBnd|NoNewPrivs|Seccomp):" /proc/self/status; touch /x || echo read-only; ls -A /srv; touch /home/y || echo locked' '{
		"mounts": [], "linux": { "security_context": {
			"run_as_user": { "value": "1000" }, "run_as_group": { "value": "1000" }, "supplemental_groups": ["3000"],
			"readonly_rootfs": true, "no_new_privs": true, "seccomp": { "profile_type": "RuntimeDefault" },
			"masked_paths": ["/srv"], "readonly_paths": ["/home"],
			"capabilities": { "drop_capabilities": ["ALL"], "add_capabilities": ["NET_BIND_SERVICE"] } } } }'
	[[ "${lines[0]}" == uid=1000*gid=1000*3000* ]]
	[[ "$output" == *$'NoNewPrivs:\t1'*$'Seccomp:\t2'* ]]
	[[ "$output" == *CapBnd:*0000000000000400* ]]
	[[ "$output" == *read-only* && "$output" == *locked* ]]
	run output two 'id -u; id -g' '{ "linux": { "security_context": { "run_as_username": "app" } } }'
	[ "${lines[*]}" = "1000 1000" ]
}

@test "volumes: read-only, writable, of one file, and one where later mounts arrive" {
	mkdir -p "$ROOM_DIR/volume/below"
	echo content >"$ROOM_DIR/volume/file"
	room mount --bind "$ROOM_DIR/volume" "$ROOM_DIR/volume"
	room mount --make-shared "$ROOM_DIR/volume"
	pod
	id=$(start one "$(jq -n --arg volume "$ROOM_DIR/volume" '{ command: ["/pause"], mounts: [
		{ container_path: "/ro", host_path: $volume, readonly: true },
		{ container_path: "/rw", host_path: $volume, propagation: "PROPAGATION_HOST_TO_CONTAINER" },
		{ container_path: "/srv/one", host_path: ($volume + "/file") }] }')")
	run exec_in "$id" sh -c 'cat /srv/one; touch /ro/x; echo more >/rw/new'
	[[ "$(jq -r '.stderr | @base64d' <<<"$output")" == *"Read-only file system"* ]]
	[ "$(jq -r '.stdout | @base64d' <<<"$output")" = content ]
	[ "$(cat "$ROOM_DIR/volume/new")" = more ]
	room sh -c 'mount -t tmpfs later "$0" && touch "$0/arrived"' "$ROOM_DIR/volume/below"
	run exec_in "$id" ls /rw/below /ro/below
	room umount "$ROOM_DIR/volume/below"
	room umount "$ROOM_DIR/volume"
	[ "$(jq -r '.stdout | @base64d' <<<"$output")" = $'/ro/below:\n\n/rw/below:\narrived' ]
}

@test "resources and their update" {
	pod
	id=$(start one '{ "command": ["/pause"], "linux": { "resources": {
		"memory_limit_in_bytes": "67108864", "cpu_period": "100000", "cpu_quota": "50000", "cpu_shares": "512" } } }')
	[ "$(memory_limit "$id")" = 67108864 ]
	cri UpdateContainerResources "{ \"container_id\": \"$id\", \"linux\": { \"memory_limit_in_bytes\": \"50331648\" } }" >/dev/null
	[ "$(memory_limit "$id")" = 50331648 ]
}

@test "statistics" {
	can_measure
	pod
	id=$(start one '{ "command": ["/pause"] }')
	run cri ContainerStats "{ \"container_id\": \"$id\" }"
	[ "$(jq -r '.stats.memory.working_set_bytes.value' <<<"$output")" -gt 0 ]
	[ "$(jq -r '.stats.cpu.usage_core_nano_seconds.value' <<<"$output")" -gt 0 ]
}

# memory_limit ID: of the container's group, v1's or v2's.
memory_limit() {
	find /sys/fs/cgroup -path "*/$1/*" \( -name memory.limit_in_bytes -o -name memory.max \) -exec cat {} +
}

@test "a container that takes more memory than it has is OOMKilled" {
	can_measure
	pod
	id=$(start one "$(shell 'exec tail /dev/zero' '{ "linux": { "resources": { "memory_limit_in_bytes": "16777216", "memory_swap_limit_in_bytes": "16777216" } } }')")
	eventually 20 is "$id" EXITED
	[ "$(status "$id" .reason)" = OOMKilled ]
	[ "$(status "$id" .exit_code)" -eq 137 ]
}

@test "StopContainer asks, waits, and kills" {
	pod
	asked=$(start asked "$(shell 'trap "exit 5" TERM; while :; do sleep 0.1; done')")
	cri StopContainer "{ \"container_id\": \"$asked\", \"timeout\": \"10\" }"
	[ "$(status "$asked" .exit_code)" -eq 5 ]
	deaf=$(start deaf "$(shell 'trap "" TERM; while :; do sleep 0.1; done')")
	cri StopContainer "{ \"container_id\": \"$deaf\", \"timeout\": \"1\" }"
	[ "$(status "$deaf" .exit_code)" -eq 137 ]
	cri RemoveContainer "{ \"container_id\": \"$deaf\" }"
	run cri ContainerStatus "{ \"container_id\": \"$deaf\" }"
	[ "$status" -ne 0 ]
}

@test "a privileged container is refused by the default policy, with the way out" {
	[ "$ENGINE_RUNTIME" = casemate ] || skip "$ENGINE_RUNTIME has no policies"
	pod '{ "linux": { "security_context": { "privileged": true } } }'
	id=$(create one '{ "command": ["/pause"], "linux": { "security_context": { "privileged": true } } }')
	run cri StartContainer "{ \"container_id\": \"$id\" }"
	[ "$status" -ne 0 ]
	[[ "$output" == *"policy baseline: privileged"*"--policy off"* ]]
}

@test "every container of a pod is held to the floor, and the kernel confirms it" {
	[ "$ENGINE_RUNTIME" = casemate ] || skip "$ENGINE_RUNTIME has no policies"
	pod
	id=$(start one '{ "command": ["/pause"] }')
	for container in "$POD" "$id"; do
		run room "$CASEMATE" --root /run/containerd/runc/k8s.io verify "$container"
		[ "$status" -eq 0 ]
	done
	run exec_in "$id" sh -c 'grep NoNewPrivs /proc/self/status; cat /proc/kallsyms | wc -c'
	[ "$(jq -r '.stdout | @base64d' <<<"$output")" = $'NoNewPrivs:\t1\n0' ]
}

@test "a pod's annotation selects a policy, where the site allows it" {
	[ "$ENGINE_RUNTIME" = casemate ] || skip "$ENGINE_RUNTIME has no policies"
	pod '{ "annotations": { "dev.casemate.policy": "app" } }'
	run output one 'touch /x || echo read-only; touch /tmp/x && echo tmp; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max'
	[[ "$output" == *read-only* && "$output" == *tmp* && "$output" == *256* ]]
}
