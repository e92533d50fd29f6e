#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# The same bundle, command and options with runc and with casemate --policy off: the exit status, the output, what
# the container sees of itself, and the error's class as engines tell it must be the same.
#
# Each case is a name and what is changed in `spec`'s config. Where Debian's runc is too old to be the measure the
# case is not here, but in tests/integration.

load ../integration/helpers

setup() {
	requires_casemate "would be compared with itself"
	requires_command runc
	requires_root
	setup_bundle
	cp config.json original.json
	cp "$BATS_TEST_DIRNAME/view" rootfs/bin/view
	mkdir rootfs/data rootfs/private
	chmod 700 rootfs/private
	echo text >rootfs/data/file
	mkdir -p "$BATS_TEST_TMPDIR/source/below"
	echo outside >"$BATS_TEST_TMPDIR/source/file"
}

teardown() {
	teardown_bundle
}

by_runc() {
	runc --root "$BATS_TEST_TMPDIR/runc" "$@" 3>&-
}

by_casemate() {
	"$RUNTIME" --policy off --root "$STATE" "$@" 3>&-
}

# What moby and podman make of an error.
class_of() {
	local text
	text=$(tr '[:upper:]' '[:lower:]' <"$1")
	case $text in
	*"permission denied"* | *"operation not permitted"*) echo 126 ;;
	*"is a directory"*) echo 126 ;;
	*"not a directory"* | *"executable file not found"* | *"no such file or directory"*) echo 127 ;;
	*"container does not exist"*) echo not-found ;;
	*"already exists"*) echo exists ;;
	*"not running"*) echo not-running ;;
	"") echo none ;;
	*) echo other ;;
	esac
}

# What may differ.
normal() {
	sed -E -e 's/(tmpfs rw[^ ]*),mode=755/\1/' "$1"
}

# same NAME JQ-FILTER [COMMAND [ARGUMENT...]] (run by default)
same() {
	local name=$1 filter=$2 who status
	shift 2
	(($# > 0)) || set -- run "$ID"
	cp original.json config.json
	edit "$filter" || return 1
	for who in runc casemate; do
		status=0
		timeout 60 bash -c "$(declare -f by_$who); by_$who \"\$@\"" - "$@" \
			</dev/null >"$OUT.$who" 2>"$OUT.$who.error" || status=$?
		echo "status $status" >>"$OUT.$who"
		[[ $status == 0 ]] || echo "class $(class_of "$OUT.$who.error")" >>"$OUT.$who"
		by_$who delete --force "$ID" >/dev/null 2>&1 || true
		normal "$OUT.$who" >"$OUT.$who.normal"
	done
	diff "$OUT.runc.normal" "$OUT.casemate.normal" >"$OUT.diff" || {
		echo "$name: < runc, > casemate"
		cat "$OUT.diff" "$OUT.runc.error" "$OUT.casemate.error"
		DIFFERENT=$((DIFFERENT + 1))
	}
}

finish() {
	((DIFFERENT == 0))
}

@test "what the container sees of itself" {
	DIFFERENT=0
	export RUNTIME STATE BATS_TEST_TMPDIR
	local view='.process.args = ["view"]'
	same "spec's config" "$view"
	same "writable root" "$view | .root.readonly = false"
	same "user" "$view | .process.user = {uid: 1000, gid: 1000}"
	same "groups" "$view | .process.user = {uid: 1000, gid: 5, additionalGids: [7, 2000]}"
	same "umask" "$view | .process.user.umask = 7"
	same "no capabilities" "$view | .process.capabilities = {}"
	same "no capabilities object" "$view | del(.process.capabilities)"
	same "capabilities of a user" "$view | .process.user = {uid: 1000, gid: 1000} | .process.capabilities |= map_values([\"CAP_KILL\"])"
	same "ambient" "$view | .process.user = {uid: 1000, gid: 1000} | .process.capabilities |= (map_values([\"CAP_KILL\"]) | .inheritable = .bounding | .ambient = .bounding)"
	same "new privileges" "$view | .process.noNewPrivileges = false"
	same "limits" "$view | .process.rlimits += [{type: \"RLIMIT_CORE\", soft: 1, hard: 2}, {type: \"RLIMIT_STACK\", soft: 8388608, hard: 16777216}]"
	same "oom score" "$view | .process.oomScoreAdj = 123"
	same "environment" "$view | .process.env += [\"A=1\", \"B=\", \"C=x y\"]"
	same "cwd" "$view | .process.cwd = \"/data\""
	same "hostname" "$view | .hostname = \"other\""
	same "no hostname" "$view | del(.hostname)"
	same "sysctl" "$view | .linux.sysctl = {\"net.ipv4.ip_forward\": \"1\"}"
	same "no masks" "$view | .linux.maskedPaths = [] | .linux.readonlyPaths = []"
	same "more masks" "$view | .linux.maskedPaths += [\"/data/file\", \"/data\", \"/missing\"]"
	same "host's network" "$view | del(.linux.namespaces[] | select(.type == \"network\")) | .mounts |= map(if .type == \"sysfs\" then .options = [\"ro\", \"nosuid\"] else . end)"
	same "host's ipc" "$view | del(.linux.namespaces[] | select(.type == \"ipc\"))"
	same "host's uts" "$view | del(.hostname) | del(.linux.namespaces[] | select(.type == \"uts\"))"
	same "cgroup namespace" "$view | .linux.namespaces += [{type: \"cgroup\"}]"
	same "pids and memory" "$view | .linux.resources += {pids: {limit: 77}, memory: {limit: 67108864, reservation: 33554432}}"
	same "cpu" "$view | .linux.resources.cpu = {shares: 512, cpus: \"0\", mems: \"0\"}"
	same "devices" "$view | .linux.devices = [{path: \"/dev/fuse\", type: \"c\", major: 10, minor: 229, fileMode: 384, uid: 5, gid: 6}, {path: \"/dev/pipe\", type: \"p\"}]"
	same "no pivot" "$view" run --no-pivot "$ID"
	finish
}

@test "mounts" {
	DIFFERENT=0
	export RUNTIME STATE BATS_TEST_TMPDIR
	local option source=$BATS_TEST_TMPDIR/source
	local mounts='.process.args = ["sh", "-c", "grep -E \" (/mnt|/data)\" /proc/self/mountinfo | cut -d\" \" -f4-; ls -la /mnt | cut -c1-10"]'
	for option in ro rw nosuid suid nodev dev noexec exec noatime atime nodiratime diratime relatime norelatime strictatime nostrictatime private rprivate slave rslave shared rshared unbindable runbindable rro rrw rnosuid rnodev rnoexec rnoatime rrelatime rstrictatime; do
		same "bind $option" "$mounts | .mounts += [{destination: \"/mnt\", type: \"bind\", source: \"$source\", options: [\"rbind\", \"$option\"]}]"
	done
	# That a tmpfs has the mode of what it covers shows in newer runc's mounts: mode= is in tests/integration.
	mkdir -p rootfs/mnt
	for option in ro rw nosuid nodev noexec noatime sync dirsync size=1m uid=5 gid=6 tmpcopyup; do
		same "tmpfs $option" "$mounts | .mounts += [{destination: \"/mnt\", type: \"tmpfs\", source: \"tmpfs\", options: [\"$option\"]}]"
	done
	same "file" "$mounts | .mounts += [{destination: \"/data/file\", type: \"bind\", source: \"$source/file\", options: [\"bind\", \"ro\"]}]"
	same "relative source" "$mounts | .mounts += [{destination: \"/mnt\", source: \"rootfs\", options: [\"bind\"]}]"
	same "missing source" "$mounts | .mounts += [{destination: \"/mnt\", type: \"bind\", source: \"/missing\", options: [\"bind\"]}]"
	same "missing filesystem" "$mounts | .mounts += [{destination: \"/mnt\", type: \"frobnicate\", source: \"x\"}]"
	same "rslave root" "$mounts | .linux.rootfsPropagation = \"rslave\""
	finish
}

@test "exit statuses and errors" {
	DIFFERENT=0
	export RUNTIME STATE BATS_TEST_TMPDIR
	local number
	for number in 0 1 42 125 126 127 128 255; do
		same "status $number" ".process.args = [\"sh\", \"-c\", \"exit $number\"]"
	done
	same "missing program" '.process.args = ["missing"]'
	same "missing path" '.process.args = ["/missing/path"]'
	same "not executable" '.process.args = ["/etc/passwd"]'
	same "through a file" '.process.args = ["/etc/passwd/x"]'
	same "no arguments" '.process.args = []'
	same "relative cwd" '.process.cwd = "x"'
	same "cwd is a file" '.process.cwd = "/etc/passwd"'
	same "no process" 'del(.process)'
	same "no root" 'del(.root)'
	same "missing rootfs" '.root.path = "missing"'
	same "bad namespace" '.linux.namespaces += [{type: "frobnicate"}]'
	same "twice" '.linux.namespaces += [{type: "pid"}]'
	same "namespace path" '.linux.namespaces[1].path = "/missing"'
	same "hostname without uts" 'del(.linux.namespaces[] | select(.type == "uts"))'
	same "bad rlimit" '.process.rlimits[0].type = "RLIMIT_X"'
	same "bad seccomp" '.linux.seccomp = {defaultAction: "X"}'
	same "bad sysctl" '.linux.sysctl = {"kernel.panic": "1"}'
	same "bad id" . run ../x
	same "empty id" . run ""
	same "state of nothing" . state "$ID"
	same "start of nothing" . start "$ID"
	same "kill of nothing" . kill "$ID"
	same "delete of nothing" . delete "$ID"
	same "forced delete of nothing" . delete --force "$ID"
	same "exec of nothing" . exec "$ID" true
	same "list of nothing" . list
	same "list in JSON" . list -f json
	same "list quietly" . list -q
	same "list badly" . list -f x
	same "tty, detached" '.process.terminal = true' run -d "$ID"
	same "socket without tty" . run --console-socket /missing "$ID"
	finish
}

@test "seccomp" {
	DIFFERENT=0
	export RUNTIME STATE BATS_TEST_TMPDIR
	local action
	local probe='.process.args = ["sh", "-c", "mkdir /dev/shm/x; echo $?; ls -d /dev/shm/x; grep Seccomp: /proc/self/status"]'
	for action in ERRNO KILL KILL_PROCESS KILL_THREAD TRAP LOG ALLOW; do
		same "$action" "$probe | .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"mkdir\", \"mkdirat\"], action: \"SCMP_ACT_$action\"}]}"
	done
	same "errno" "$probe | .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"mkdir\", \"mkdirat\"], action: \"SCMP_ACT_ERRNO\", errnoRet: 28}]}"
	same "unknown names" "$probe | .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"frobnicate\"], action: \"SCMP_ACT_ERRNO\"}]}"
	same "an argument" "$probe | .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: [{names: [\"mkdir\"], action: \"SCMP_ACT_ERRNO\", args: [{index: 1, value: 511, op: \"SCMP_CMP_EQ\"}]}]}"
	finish
}
