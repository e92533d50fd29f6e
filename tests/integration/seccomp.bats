#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# Seccomp: actions, arguments, flags, new system calls, the cache of compiled filters, the notification socket.

load helpers

setup() {
	setup_bundle
	# Numbers of x86-64 and arm64.
	case $(uname -m) in
	x86_64) UNSHARE=272 KCMP=312 SOCKET=41 GETPRIORITY=140 ;;
	aarch64) UNSHARE=97 KCMP=272 SOCKET=198 GETPRIORITY=141 ;;
	*) skip "system call numbers of $(uname -m)" ;;
	esac
}

teardown() {
	teardown_bundle
}

# seccomp DEFAULT-ACTION [RULE...]: rules are JSON
seccomp() {
	local action=$1
	shift
	edit '.linux.seccomp = {defaultAction: $action, syscalls: $rules}' --arg action "$action" \
		--argjson rules "$(printf '%s\n' "$@" | jq -s .)"
}

probe_syscall() {
	program probe syscall "$@"
	run runtime run "$ID"
}

@test "mode 2 is in force, also without no_new_privs" {
	seccomp SCMP_ACT_ALLOW '{"names": ["kcmp"], "action": "SCMP_ACT_ERRNO"}'
	program grep ^Seccomp: /proc/self/status
	run -0 runtime run "$ID"
	matches '^Seccomp:.2$'
	edit '.process.noNewPrivileges = false'
	run -0 runtime run "$ID"
	matches '^Seccomp:.2$'
	edit 'del(.linux.seccomp) | .process.noNewPrivileges = true'
	policy_is_off || skip "a policy may add a filter"
	run -0 runtime run "$ID"
	matches '^Seccomp:.0$'
}

@test "SCMP_ACT_ERRNO: EPERM, or the given errno" {
	seccomp SCMP_ACT_ALLOW '{"names": ["kcmp"], "action": "SCMP_ACT_ERRNO"}' \
		'{"names": ["getpriority"], "action": "SCMP_ACT_ERRNO", "errnoRet": 100}'
	probe_syscall $KCMP 1 1 0 0 0
	is EPERM
	probe_syscall $GETPRIORITY 0 0
	is ENETDOWN
	edit '.linux.seccomp.syscalls[0].errnoRet = 0'
	probe_syscall $KCMP 1 1 0 0 0
	is 0
}

@test "SCMP_ACT_KILL, KILL_PROCESS, KILL_THREAD, TRAP, LOG, TRACE, ALLOW" {
	local action
	for action in SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL_THREAD SCMP_ACT_TRAP; do
		seccomp SCMP_ACT_ALLOW '{"names": ["kcmp"], "action": "'$action'"}'
		program sh -c "probe syscall $KCMP 1 1 0 0 0; echo status \$?"
		run runtime run "$ID"
		contains "status 159"
	done
	seccomp SCMP_ACT_ALLOW '{"names": ["kcmp"], "action": "SCMP_ACT_LOG"}'
	probe_syscall $KCMP 1 1 0 0 0
	lacks EPERM
	seccomp SCMP_ACT_ALLOW '{"names": ["kcmp"], "action": "SCMP_ACT_TRACE"}'
	probe_syscall $KCMP 1 1 0 0 0
	is ENOSYS
}

@test "the first process killed by its filter" {
	seccomp SCMP_ACT_ALLOW '{"names": ["kcmp"], "action": "SCMP_ACT_KILL_PROCESS"}'
	probe_syscall $KCMP 1 1 0 0 0
	equal "$status" 159
}

@test "arguments: each operator" {
	local operator below equal above priority=$((20 - $(nice)))
	# Of getpriority's first argument, compared with 1: what 0, 1 and 2 give.
	while read -r operator below equal above; do
		seccomp SCMP_ACT_ALLOW '{"names": ["getpriority"], "action": "SCMP_ACT_ERRNO", "errnoRet": 100,
			"args": [{"index": 0, "value": 1, "op": "SCMP_CMP_'"$operator"'"}]}'
		program sh -c "for value in 0 1 2; do probe syscall $GETPRIORITY \$value 0; done"
		run -0 runtime run "$ID"
		equal "$operator ${lines[*]/#$priority/-}" "$operator $below $equal $above"
	done <<-EOF2
		EQ - ENETDOWN -
		NE ENETDOWN - ENETDOWN
		LT ENETDOWN - -
		LE ENETDOWN ENETDOWN -
		GT - - ENETDOWN
		GE - ENETDOWN ENETDOWN
	EOF2
}

@test "arguments: a masked comparison, several that must all hold, the same one twice" {
	seccomp SCMP_ACT_ALLOW '{"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": 100,
		"args": [{"index": 2, "value": 3840, "valueTwo": 256, "op": "SCMP_CMP_MASKED_EQ"}]}'
	probe_syscall $SOCKET 1 1 0x1ff
	is ENETDOWN
	probe_syscall $SOCKET 1 1 0x2ff
	is EPROTONOSUPPORT
	seccomp SCMP_ACT_ALLOW '{"names": ["getpriority"], "action": "SCMP_ACT_ERRNO", "errnoRet": 100,
		"args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 7, "op": "SCMP_CMP_EQ"}]}'
	probe_syscall $GETPRIORITY 1 7
	is ENETDOWN
	probe_syscall $GETPRIORITY 0 7
	lacks ENETDOWN
	seccomp SCMP_ACT_ALLOW '{"names": ["getpriority"], "action": "SCMP_ACT_ERRNO", "errnoRet": 100,
		"args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]}'
	probe_syscall $GETPRIORITY 1 0
	is ENETDOWN
	probe_syscall $GETPRIORITY 2 0
	is ENETDOWN
	probe_syscall $GETPRIORITY 0 0
	lacks ENETDOWN
}

# Everything up to close_range, but for what is excluded.
everything_but() {
	local excluded=$1 names
	requires_command scmp_sys_resolver
	names=$(for number in $(seq 0 460); do scmp_sys_resolver "$number"; done | grep -v '^UNKNOWN' | grep -vxE "$excluded" | sort -u)
	seccomp SCMP_ACT_ERRNO "{\"names\": $(jq -Rn '[inputs]' <<<"$names"), \"action\": \"SCMP_ACT_ALLOW\"}"
}

@test "a system call newer than the profile is ENOSYS, an older one the default" {
	everything_but 'kcmp|unshare'
	probe_syscall $KCMP 1 1 0 0 0
	is EPERM
	probe_syscall $UNSHARE 0
	is EPERM
	probe_syscall 1000
	is ENOSYS
	edit '.linux.seccomp.defaultErrnoRet = 6'
	probe_syscall $KCMP 1 1 0 0 0
	is ENXIO
	probe_syscall 1000
	is ENOSYS
}

@test "names that nobody knows are ignored; nonsense is refused" {
	seccomp SCMP_ACT_ALLOW '{"names": ["frobnicate", "kcmp"], "action": "SCMP_ACT_ERRNO"}'
	probe_syscall $KCMP 1 1 0 0 0
	is EPERM
	program true
	seccomp SCMP_ACT_FROBNICATE
	refused 'SCMP_ACT_FROBNICATE'
	seccomp SCMP_ACT_ALLOW '{"names": ["kcmp"], "action": "FROBNICATE"}'
	refused FROBNICATE
	seccomp SCMP_ACT_ALLOW '{"names": ["kcmp"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 1, "op": "FROBNICATE"}]}'
	refused FROBNICATE
	seccomp SCMP_ACT_ALLOW '{"names": ["kcmp"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]}'
	refused .
	seccomp SCMP_ACT_ALLOW
	edit '.linux.seccomp.architectures = ["SCMP_ARCH_FROBNICATE"]'
	refused SCMP_ARCH_FROBNICATE
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_FROBNICATE"]}'
	refused SECCOMP_FILTER_FLAG_FROBNICATE
}

@test "foreign architectures in the list, and a rule that equals the default" {
	seccomp SCMP_ACT_ALLOW '{"names": ["kcmp"], "action": "SCMP_ACT_ERRNO"}' '{"names": ["bdflush", "mkdir"], "action": "SCMP_ACT_ALLOW"}'
	edit '.linux.seccomp.architectures = ["SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"]'
	probe_syscall $KCMP 1 1 0 0 0
	is EPERM
}

@test "flags, and how they show in the debug log" {
	requires_newer_runc "does not print them"
	local flags
	seccomp SCMP_ACT_ALLOW '{"names": ["kcmp"], "action": "SCMP_ACT_ERRNO"}'
	program true
	while read -r number flags; do
		edit '.linux.seccomp.flags = ($flags | fromjson)' --arg flags "$flags"
		run -0 runtime --debug run "$ID"
		contains "\"seccomp filter flags: $number\""
	done <<-EOF2
		0 []
		0 ["SECCOMP_FILTER_FLAG_TSYNC"]
		2 ["SECCOMP_FILTER_FLAG_LOG"]
		4 ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"]
		6 ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"]
	EOF2
	edit 'del(.linux.seccomp.flags)'
	run -0 runtime --debug run "$ID"
	contains '"seccomp filter flags: 4"'
}

@test "a filter that forbids what the runtime itself calls, loaded before it has ended" {
	requires_policy_off
	seccomp SCMP_ACT_ALLOW '{"names": ["close_range", "fsopen", "fsconfig", "openat2", "open_tree", "move_mount",
		"mount_setattr", "statx", "faccessat2"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}'
	edit '.process.noNewPrivileges = false'
	program true
	run -0 runtime run "$ID"
}

@test "a profile older than faccessat2, which it refuses with EPERM" {
	requires_policy_off
	seccomp SCMP_ACT_ALLOW '{"names": ["faccessat2"], "action": "SCMP_ACT_ERRNO"}'
	edit '.process.noNewPrivileges = false'
	program /bin/true
	run -0 runtime run "$ID"
	start_sleeping
	run -0 runtime exec "$ID" true
	run runtime exec "$ID" /etc/passwd
	equal "$status" 255
	contains "permission denied"
}

@test "exec has the container's filter" {
	seccomp SCMP_ACT_ALLOW '{"names": ["kcmp"], "action": "SCMP_ACT_ERRNO", "errnoRet": 100}'
	start_sleeping
	run -0 runtime exec "$ID" probe syscall $KCMP 1 1 0 0 0
	is ENETDOWN
	run -0 runtime exec "$ID" grep ^Seccomp: /proc/self/status
	matches '2$'
}

@test "startContainer hooks run under the filter" {
	seccomp SCMP_ACT_ALLOW '{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_KILL"}'
	edit '.hooks.startContainer = [{path: "/bin/mkdir", args: ["mkdir", "/dev/shm/x"]}]'
	program true
	run -1 runtime run "$ID"
	contains "error running startContainer hook"
	matches 'bad system call|signal'
}

@test "the same filter is compiled once; a different one is never taken for it" {
	seccomp SCMP_ACT_ALLOW '{"names": ["kcmp"], "action": "SCMP_ACT_ERRNO", "errnoRet": 100}'
	probe_syscall $KCMP 1 1 0 0 0
	is ENETDOWN
	probe_syscall $KCMP 1 1 0 0 0
	is ENETDOWN
	edit '.linux.seccomp.syscalls[0].errnoRet = 6'
	probe_syscall $KCMP 1 1 0 0 0
	is ENXIO
	edit '.linux.seccomp.syscalls[0].errnoRet = 100'
	probe_syscall $KCMP 1 1 0 0 0
	is ENETDOWN
}

@test "a damaged cache is not believed" {
	requires_casemate "has no cache"
	local file
	seccomp SCMP_ACT_ALLOW '{"names": ["kcmp"], "action": "SCMP_ACT_ERRNO", "errnoRet": 100}'
	probe_syscall $KCMP 1 1 0 0 0
	is ENETDOWN
	while read -r file; do
		head -c 100 /dev/urandom >"$file"
	done < <(find "$STATE" -type f)
	probe_syscall $KCMP 1 1 0 0 0
	is ENETDOWN
	while read -r file; do
		: >"$file"
	done < <(find "$STATE" -type f)
	probe_syscall $KCMP 1 1 0 0 0
	is ENETDOWN
}

notify_config() {
	LISTENER=$BATS_TEST_TMPDIR/listener
	seccomp SCMP_ACT_ALLOW '{"names": ["kcmp"], "action": "SCMP_ACT_NOTIFY"}'
	edit '.linux.seccomp += {listenerPath: $path, listenerMetadata: "some metadata"}' --arg path "$LISTENER"
}

@test "SCMP_ACT_NOTIFY: the state and the descriptor go to the listener, which answers" {
	local privileges
	for privileges in true false; do
		notify_config
		edit '.process.noNewPrivileges = $privileges' --argjson privileges $privileges
		background "$OUT" socket seccomp "$LISTENER" 100
		probe_syscall $KCMP 1 1 0 0 0
		is ENETDOWN
		run -0 sed -n 2p "$OUT"
		equal "$(jq -r '.fds[0], .metadata, .state.id, (.pid | type), (.ociVersion | type), .state.bundle' <<<"$output")" \
			"seccompFd"$'\n'"some metadata"$'\n'"$ID"$'\n'number$'\n'string$'\n'"$BUNDLE"
		grep -q "descriptors 1" "$OUT"
	done
}

@test "SCMP_ACT_NOTIFY: exec has a listener of its own" {
	notify_config
	background "$OUT" socket seccomp "$LISTENER" 100
	start_sleeping
	background "$OUT.exec" socket seccomp "$LISTENER" 6
	run -0 runtime exec "$ID" probe syscall $KCMP 1 1 0 0 0
	is ENXIO
}

@test "SCMP_ACT_NOTIFY: calls the runtime itself makes" {
	notify_config
	edit '.linux.seccomp.syscalls[0].names = ["execve", "openat", "open", "read", "close"]'
	background "$OUT" socket seccomp "$LISTENER" 0
	program true
	run -0 runtime run "$ID"
	background "$OUT" socket seccomp "$LISTENER" 0
	edit '.process.noNewPrivileges = false'
	run -0 runtime run "$ID"
}

@test "SCMP_ACT_NOTIFY: what cannot work is refused" {
	notify_config
	program true
	fails 1 'failed to connect with seccomp agent|listener' runtime run "$ID"
	nothing_created
	edit '.linux.seccomp.listenerPath = ""'
	run -1 runtime run "$ID"
	nothing_created
	edit '.linux.seccomp.listenerPath = "@abstract"'
	run -1 runtime run "$ID"
	nothing_created
	edit '.linux.seccomp.syscalls[0].names = ["write"]'
	run -1 runtime run "$ID"
	contains "SCMP_ACT_NOTIFY cannot be used for the write syscall"
	nothing_created
}

@test "a listenerPath without SCMP_ACT_NOTIFY is not connected to" {
	notify_config
	edit '.linux.seccomp.syscalls[0].action = "SCMP_ACT_ERRNO"'
	program true
	run -0 runtime run "$ID"
}
