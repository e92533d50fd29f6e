#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# The measures that no OCI config can carry, one by one, in a running container and in exec.

load helpers

setup() {
	requires_casemate "has no policies"
	[[ " ${RUNTIME_ARGS:-} " != *policy* ]] || skip "another policy was asked for"
	setup_bundle
}

teardown() {
	teardown_bundle
}

# The policy of the container: baseline and what the JSON says.
policy() {
	jq '{name: "test", extends: "baseline"} + .' <<<"$1" >policy.json
	chmod 644 policy.json
	RUNTIME_OPTIONS=(--policy ./policy.json)
}

requires_landlock() {
	[[ ,$(cat /sys/kernel/security/lsm 2>/dev/null), == *,landlock,* ]] || probe_landlock || skip "the kernel has no Landlock"
}

# landlock_create_ruleset(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION)
probe_landlock() {
	[[ $("$(helper probe)" syscall 444 0 0 1) =~ ^[0-9] ]]
}

set_writable() {
	edit '.root.readonly = false'
}

shell() {
	program sh -c "$1"
}

@test "landlock: only what is listed is written, read and executed; in exec too" {
	requires_landlock
	set_writable
	policy '{"landlock": {"filesystem": {"read": ["/bin", "/home", "/proc", "/usr", "/lib"], "execute": ["/bin", "/usr"], "write": ["/tmp", "/dev"]}}}'
	cp "$BUNDLE/rootfs/bin/probe" "$BUNDLE/rootfs/home/probe"
	shell 'echo a >/tmp/a && cat /tmp/a; echo b >/home/b; cat /etc/passwd; ls /bin >/dev/null && echo listed; /home/probe prctl; echo c >/proc/self/comm'
	run runtime run "$ID"
	contains "can't open '/tmp/a': Permission denied"
	contains "can't create /home/b: Permission denied"
	contains "can't open '/etc/passwd': Permission denied"
	contains listed
	contains "/home/probe: Permission denied"
	contains "can't create /proc/self/comm: Permission denied"
	[[ -s $BUNDLE/rootfs/tmp/a && ! -e $BUNDLE/rootfs/home/b ]]
	start_sleeping
	run runtime exec "$ID" sh -c 'echo d >/tmp/d && echo written; echo b >/home/b'
	contains written
	contains "can't create /home/b: Permission denied"
}

@test "landlock: \$mounts are the container's own writable mounts" {
	requires_landlock
	set_writable
	mkdir volume rovolume
	edit '.mounts += [{destination: "/volume", type: "bind", source: "volume", options: ["rbind"]},
		{destination: "/rovolume", type: "bind", source: "rovolume", options: ["rbind", "ro"]}]'
	policy '{"landlock": {"filesystem": {"read": ["/"], "execute": ["/"], "write": ["$mounts"]}}}'
	shell 'echo a >/volume/a && echo written; echo b >/tmp/b; echo c >/rovolume/c; echo d >/dev/null && echo null'
	run runtime run "$ID"
	contains written
	contains null
	contains "can't create /tmp/b: Permission denied"
	contains "can't create /rovolume/c: Read-only file system"
	run -0 runtime explain
	contains /volume
}

@test "landlock: without no_new_privs, for another user, with a listed path that only root can look up" {
	requires_landlock
	set_writable
	mkdir -m 700 rootfs/secret rootfs/secret/below
	chmod 777 rootfs/secret/below
	jq '{name: "test"} + .' <<<'{"landlock": {"filesystem": {"read": ["/"], "execute": ["/"], "write": ["/secret/below"]}}}' >policy.json
	RUNTIME_OPTIONS=(--policy ./policy.json)
	edit '.process.noNewPrivileges = false | .process.user = {uid: 1000, gid: 1000} | .process.cwd = "/tmp"'
	shell 'grep NoNewPrivs /proc/self/status; echo a >/tmp/a'
	run runtime run "$ID"
	contains $'NoNewPrivs:\t0'
	contains "can't create /tmp/a: Permission denied"
}

@test "landlock: ports of TCP, and stacked rulesets" {
	requires_landlock
	policy '{"landlock": {"kernel": "require", "layers": [{"network": {"bind": [81, 82]}}, {"network": {"bind": [82, 83]}}]}}'
	shell 'for port in 81 82 83; do timeout 1 nc -l -p $port; echo $port $?; done'
	run runtime run "$ID"
	if [[ $output == *"this kernel has"* ]]; then
		skip "the kernel's Landlock knows no ports"
	fi
	contains 'nc: bind: Permission denied'
	contains '82 143'
	lacks '81 143'
	lacks '83 143'
}

@test "securebits: locked where the process has no capabilities, and not where it has" {
	policy '{"securebits": "auto", "capabilities": {"max": []}}'
	program probe prctl
	run -0 runtime run "$ID"
	contains 'securebits 0xcf'
	start_sleeping
	run -0 runtime exec "$ID" probe prctl
	contains 'securebits 0xcf'
	policy '{"securebits": "auto"}'
	program probe prctl
	run -0 runtime run "$ID-with"
	contains 'securebits 0'
}

@test "securebits: always: root's programs gain nothing by being root's" {
	policy '{"securebits": "always"}'
	edit '.process.capabilities |= with_entries(.value = ["CAP_KILL"])'
	program grep CapEff /proc/self/status
	run -0 runtime run "$ID"
	contains $'CapEff:\t0000000000000000'
	edit '.process.user = {uid: 1000, gid: 1000}'
	program probe prctl
	run -0 runtime run "$ID-user"
	contains 'securebits 0xcf'
}

@test "speculation: store bypass and indirect branches, for good, in exec too" {
	grep -q 'Speculation_Store_Bypass:.*vulnerable' /proc/self/status && ! grep -q 'not vulnerable' /proc/self/status ||
		skip "this processor's speculation is not controlled for single processes"
	policy '{"speculation": {"storeBypass": "require", "indirectBranch": "auto"}}'
	program grep Specul /proc/self/status
	run -0 runtime run "$ID"
	contains 'thread force mitigated'
	start_sleeping
	run -0 runtime exec "$ID" grep Specul /proc/self/status
	contains 'thread force mitigated'
}

@test "coreScheduling: where the kernel can, or not without it" {
	policy '{"coreScheduling": "auto"}'
	program true
	run -0 runtime run "$ID"
	# prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, 0, THREAD, &cookie) says EINVAL where there is none
	local number=157
	[[ $(uname -m) == x86_64 ]] || number=167
	[[ $("$(helper probe)" syscall $number 62 1 0 1 0) == EINVAL ]] || skip "the kernel has core scheduling"
	policy '{"coreScheduling": "require"}'
	refused 'policy .*: coreScheduling: this kernel or processor has none; say .*auto.* there, or run with --policy off'
}

@test "seccomp.profile: beside the config's own filter, in exec too, and as one program" {
	local ptrace=101 kcmp=312
	[[ $(uname -m) == x86_64 ]] || ptrace=117 kcmp=272
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["kcmp"], action: "SCMP_ACT_ERRNO", errnoRet: 95}]}'
	policy '{"seccomp": {"profile": ["strict", "web"]}}'
	shell "grep Seccomp /proc/self/status; probe syscall $ptrace 0 0 0 0; probe syscall $kcmp 1 1 0 0"
	run runtime run "$ID"
	contains $'Seccomp:\t2'
	contains $'Seccomp_filters:\t1'
	contains EPERM
	contains EOPNOTSUPP
	start_sleeping
	run runtime exec "$ID" sh -c "grep Seccomp /proc/self/status; probe syscall $ptrace 0 0 0 0; probe syscall $kcmp 1 1 0 0"
	contains $'Seccomp_filters:\t1'
	contains EPERM
	contains EOPNOTSUPP
}

@test "seccomp.profile: alone where the engine sent none, also without no_new_privs" {
	echo '{"name": "test", "seccomp": {"profile": "strict"}}' >policy.json
	RUNTIME_OPTIONS=(--policy ./policy.json)
	edit 'del(.linux.seccomp) | .process.noNewPrivileges = false'
	shell 'grep Seccomp_filters /proc/self/status; unshare -U true; mount -t tmpfs x /tmp'
	run runtime run "$ID"
	contains $'Seccomp_filters:\t1'
	contains 'unshare(0x10000000): Operation not permitted'
}

@test "seccomp.profile: the filters come out of the cache, which another capability misses" {
	policy '{"seccomp": {"profile": "default"}}'
	program true
	run -0 runtime run "$ID"
	local first
	first=$(find "$STATE/.seccomp" -type f | wc -l)
	run -0 runtime run "$ID-again"
	equal "$(find "$STATE/.seccomp" -type f | wc -l)" "$first"
	edit '.process.capabilities |= with_entries(if .key == "ambient" or .key == "inheritable" then . else .value += ["CAP_SYS_CHROOT"] end)'
	program chroot / true
	run -0 runtime run "$ID-chroot"
	equal "$(find "$STATE/.seccomp" -type f | wc -l)" "$((first + 1))"
}

@test "userns: a range of its own for each container, files keep their owners, in exec too" {
	requires_root
	mkdir volume
	chown 1234 volume
	chmod 777 volume
	set_writable
	edit '.mounts += [{destination: "/volume", type: "bind", source: "volume", options: ["bind"]}]'
	policy '{"userns": "require"}'
	site_file '{"userns": {"first": 700000000, "count": 655360}}'
	shell 'id -u; stat -c %u /volume /bin; touch /volume/a; awk "{ print \$2, \$3 }" /proc/self/uid_map'
	run -0 site run "$ID"
	equal "${lines[0]} ${lines[1]} ${lines[2]}" "0 1234 0"
	matches '^700[0-9]{6} 65536$'
	equal "$(stat -c %u volume/a)" 0
	program sleep 1000
	site run -d "$ID-1" >/dev/null 2>&1 </dev/null
	site run -d "$ID-2" >/dev/null 2>&1 </dev/null
	run -0 site exec "$ID-1" cat /proc/self/uid_map
	local one=$output
	run -0 site exec "$ID-2" cat /proc/self/gid_map
	[[ $output != "$one" ]]
	run -0 site explain "$ID-1"
	contains 'linux.uidMappings'
}

@test "userns: auto goes on without a range, require does not; a range is free again after delete" {
	requires_root
	local id
	if grep -qE '^(casemate|containers):' /etc/subuid; then
		skip "this host has ranges for containers in /etc/subuid"
	fi
	policy '{"userns": "auto"}'
	program cat /proc/self/uid_map
	run -0 runtime run "$ID"
	matches '^ *0 +0 +4294967295$'
	run -0 runtime explain
	contains 'Not possible here:'
	lacks 'as strict as that'
	contains 'userns: no range of ids is set aside for containers'
	program sleep 1000
	detached run -d "$ID"
	run -0 runtime explain --format json "$ID"
	jq -e '.unmet | length == 1 and (.[0] | test("userns: no range of ids"))' <<<"$output"
	run -0 runtime delete -f "$ID"
	policy '{"userns": "require"}'
	refused 'userns: no range of ids is set aside for containers'
	site_file '{"userns": {"first": 700000000, "count": 65536}}'
	program sleep 1000
	site run -d "$ID" >/dev/null 2>&1 </dev/null
	run -1 site run "$ID-more"
	contains 'every range of ids that is set aside for containers is in use'
	run -0 site delete -f "$ID"
	program true
	for id in 1 2 3; do
		run -0 site run "$ID-$id"
	done
}

# The container joins a user namespace that lives as long as the test: user_namespace_with [UID_MAP GID_MAP]
user_namespace_with() {
	unshare --user sleep 1000 </dev/null >/dev/null 2>&1 3>&- &
	BACKGROUND+=($!)
	wait_for grep -q sleep "/proc/$!/comm"
	[[ $# -eq 0 ]] || { echo "$1" >"/proc/$!/uid_map" && echo "$2" >"/proc/$!/gid_map"; }
	edit 'del(.linux.namespaces[] | select(.type == "user")) | .linux.namespaces += [{type: "user", path: $path}]' --arg path "/proc/$!/ns/user"
}

@test "userns: a namespace that is joined is refused where it maps the host's root, or may yet" {
	requires_root
	program true
	policy '{"userns": "require"}'
	user_namespace_with '0 0 1' '0 0 1'
	refused 'policy test: userns: the user namespace that is joined maps the host.s root'
	user_namespace_with
	refused 'policy test: userns: the user namespace that is joined maps the host.s root'
	user_namespace_with '0 100000 1000' '0 0 1000'
	refused 'policy test: userns: the user namespace that is joined maps the host.s root'
	user_namespace_with '0 100000 1000' '0 100000 1000'
	run -0 runtime explain
	policy '{"user": {"nonRoot": true}}'
	run -0 runtime explain
	user_namespace_with '0 0 1' '0 0 1'
	fails 1 'user.nonRoot: process runs as root' runtime explain
}

@test "userns: the namespace that was judged is the one that is joined" {
	requires_root
	requires_command strace
	strace -f -o /dev/null true 2>/dev/null || skip "strace cannot trace here"
	program true
	policy '{"userns": "require"}'
	user_namespace_with '0 0 1' '0 0 1'
	mv config.json other.json
	"$RUNTIME" spec
	edit '.process.terminal = false'
	user_namespace_with '0 100000 1000' '0 100000 1000'
	ln -s "$(jq -r '.linux.namespaces[-1].path' config.json)" link
	edit '.linux.namespaces[-1].path = $path' --arg path "$PWD/link"
	# The first process that is made looks at the mappings of what is open by then.
	strace -f -qq -o "$OUT.calls" -e trace=clone3 -e inject=clone3:delay_enter=1500000:when=1 \
		"$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID" </dev/null >"$OUT" 2>&1 3>&- &
	BACKGROUND+=($!)
	wait_for test -s "$OUT.calls"
	ln -sfn "$(jq -r '.linux.namespaces[-1].path' other.json)" link
	wait_for grep -q . "$OUT"
	run -0 cat "$OUT"
	contains 'the user namespace to join was replaced meanwhile'
	nothing_created
}

@test "disk: what takes a file out of its project is refused, unless nothing is written or the kernel refuses it" {
	local ioctl=29 call
	[[ $(uname -m) != x86_64 ]] || ioctl=16
	policy '{"disk": {"max": "10m"}}'
	set_writable
	run -0 runtime explain
	matches 'seccomp filter.*against changing the project of a file.*disk.max'
	start_sleeping
	# FS_IOC_FSSETXATTR, FS_IOC_SETFLAGS (of 32 bits, too, and with more in the upper half), file_setattr(2)
	for call in "$ioctl 9 0x401c5820" "$ioctl 9 0x40086602" "$ioctl 9 0x40046602" "$ioctl 9 0x1401c5820" 469; do
		run -0 runtime exec "$ID" probe syscall $call
		is EPERM
	done
	run -0 runtime exec "$ID" probe syscall "$ioctl" 9 0x801c581f
	is EBADF
	run -0 runtime verify "$ID"
	matches 'seccomp filters .*at least 1 filter'
	edit '.root.readonly = true'
	run -0 runtime explain
	lacks 'changing the project'
	set_writable
	user_namespace
	run -0 runtime explain
	lacks 'changing the project'
}

@test "disk: required where the file system has no project quotas is refused; otherwise it goes on" {
	set_writable
	policy '{"disk": {"max": "10m", "quota": "require"}}'
	program true
	run runtime run "$ID"
	[[ $status -ne 0 ]] || skip "this file system has project quotas"
	contains 'policy test: disk.quota: the file system that'
	nothing_created
	policy '{"disk": {"max": "10m"}}'
	run -0 runtime run "$ID"
}

@test "exec: deny" {
	policy '{"exec": "deny"}'
	run -0 runtime explain
	matches 'exec +allow -> deny +test: exec'
	start_sleeping
	fails 255 'policy test: exec: no process may join this container' runtime exec "$ID" true
	run -1 runtime lock "$ID"
	contains 'does not say exec: lockable'
}

@test "lock, unlock: exec is refused in between, and what runs goes on" {
	policy '{"exec": "lockable"}'
	start_sleeping
	run -0 runtime exec "$ID" echo in
	run -0 runtime lock "$ID"
	run -0 runtime lock "$ID"
	fails 255 'the container is locked; unlock it with' runtime exec "$ID" true
	fails 255 'the container is locked' runtime exec -p <(echo '{"args": ["/bin/true"], "cwd": "/"}') "$ID"
	equal "$(runtime state "$ID" | jq -r .status)" running
	fails 1 'there is no /etc/casemate/unlock.secret' runtime unlock --code 123456 "$ID"
	run -0 runtime unlock "$ID"
	run -0 runtime exec "$ID" echo in
}

@test "lock waits for an exec that found the container open: none enters after it" {
	requires_command strace
	strace -f -o /dev/null true 2>/dev/null || skip "strace cannot trace here"
	policy '{"exec": "lockable"}'
	start_sleeping
	strace -f -qq -o "$OUT.calls" -e trace=clone3 -e inject=clone3:delay_enter=1500000 \
		"$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" exec "$ID" sleep 1000 </dev/null >"$OUT" 2>&1 3>&- &
	BACKGROUND+=($!)
	# strace writes the call's line when it has begun it: by then the lock was looked at.
	wait_for test -s "$OUT.calls"
	run -0 runtime lock "$ID"
	# it is in by now, or never
	equal "$(runtime ps -f json "$ID" | jq length)" 2
	fails 255 'the container is locked' runtime exec "$ID" true
}

@test "lock waits for an exec on its way in whose command was killed" {
	local pid
	requires_command strace
	strace -f -o /dev/null true 2>/dev/null || skip "strace cannot trace here"
	policy '{"exec": "lockable"}'
	start_sleeping
	# Late in the child: it needs nothing of the command any more.
	strace -f -qq -o "$OUT.calls" -e trace=capset -e inject=capset:delay_enter=3000000 \
		"$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" exec "$ID" sleep 1000 </dev/null >"$OUT" 2>&1 3>&- &
	BACKGROUND+=($!)
	wait_for test -s "$OUT.calls"
	kill -KILL "$(pgrep -o -P "${BACKGROUND[-1]}")"
	run -0 runtime lock "$ID"
	# it is in by now, or never
	for pid in $(runtime ps -f json "$ID" | jq .[]); do
		equal "$(<"/proc/$pid/comm")" sleep
	done
}

@test "lock does not wait for ever: it names the exec that is still on its way in, and no other enters" {
	local begun pid
	requires_command flock
	policy '{"exec": "lockable"}'
	start_sleeping
	run -0 runtime exec "$ID" true
	# What an exec has until its program runs: this one hangs.
	flock --shared --no-fork "$STATE/$ID/entering" sleep 1000 3>&- &
	pid=$!
	BACKGROUND+=("$pid")
	wait_for grep -q sleep "/proc/$pid/comm"
	begun=$SECONDS
	fails 1 "the container is locked, and an exec .* still on its way in after 10 seconds .process $pid.; end it" \
		runtime lock "$ID"
	((SECONDS - begun >= 9 && SECONDS - begun <= 15))
	fails 255 'the container is locked' runtime exec "$ID" true
	kill "$pid"
	wait "$pid" || true
	run -0 runtime lock "$ID"
	fails 255 'the container is locked' runtime exec "$ID" true
}

# The code of now and of OFFSET steps later: totp SECRET [OFFSET]. RFC 6238
totp() {
	python3 - "$1" "${2:-0}" <<-'END'
		import base64, hashlib, hmac, struct, sys, time
		key = base64.b32decode(sys.argv[1])
		digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30 + int(sys.argv[2])), hashlib.sha1).digest()
		at = digest[19] & 15
		print("%06d" % ((struct.unpack(">I", digest[at:at + 4])[0] & 0x7fffffff) % 1000000))
	END
}

@test "unlock: a one-time code, good once, and a pause after wrong ones" {
	requires_root
	requires_command python3
	local secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP code
	MACHINE=$BATS_TEST_TMPDIR/machine
	site_file '{}'
	echo $secret >"$SITE/casemate/unlock.secret"
	policy '{"exec": "lockable"}'
	start_sleeping
	run -0 site lock "$ID"
	chmod 644 "$SITE/casemate/unlock.secret"
	fails 1 'unlock.secret must be a file of root.s that nobody else can read' site unlock --code 123456 "$ID"
	chmod 600 "$SITE/casemate/unlock.secret"
	fails 1 'unlocking takes a code here' site unlock "$ID"
	fails 1 'wrong code' site unlock --code 12345 "$ID"
	fails 1 'wrong code' site unlock --code "$(totp $secret 5)" "$ID"
	code=$(totp $secret)
	run -0 site unlock --code "$code" "$ID"
	run -0 site exec "$ID" true
	run -0 site lock "$ID"
	fails 1 'wrong code, or one that was used before' site unlock --code "$code" "$ID"
	run -1 site exec "$ID" true || run -255 site exec "$ID" true
	for code in 2 3 4 5; do
		fails 1 'wrong code' site unlock --code 00000$code "$ID"
	done
	fails 1 'too many wrong codes; wait (30|2[0-9]) seconds' site unlock --code 000006 "$ID"
	# The machine has one secret and one count, whatever --root says.
	local state=$STATE
	STATE=$STATE.other
	start_sleeping "$ID-other"
	run -0 site lock "$ID-other"
	fails 1 'too many wrong codes' site unlock --code "$(totp $secret 1)" "$ID-other"
	run -0 runtime delete -f "$ID-other"
	STATE=$state
	run -1 grep -rs $secret "$STATE" "$MACHINE"
}

# Whether the hexadecimal PATTERN is in a writable part of the memory of process PID: in_memory PID PATTERN
in_memory() {
	python3 - "$1" "$2" <<-'END'
		import sys
		pattern = bytes.fromhex(sys.argv[2])
		memory = open("/proc/%s/mem" % sys.argv[1], "rb", 0)
		for line in open("/proc/%s/maps" % sys.argv[1]):
		    first, last = (int(number, 16) for number in line.split()[0].split("-"))
		    # terabytes are the address sanitizer's own
		    if line.split()[1].startswith("rw") and last - first < 1 << 30:
		        memory.seek(first)
		        if pattern in memory.read(last - first):
		            sys.exit(0)
		sys.exit(1)
	END
}

in_hex() {
	od -A n -v -t x1 | tr -d ' \n'
}

@test "unlock: the secret is not in memory any more when it has been used" {
	requires_root
	requires_command python3 strace
	strace -f -o /dev/null true 2>/dev/null || skip "strace cannot trace here"
	local secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP pid text
	MACHINE=$BATS_TEST_TMPDIR/machine
	site_file '{}'
	echo $secret >"$SITE/casemate/unlock.secret"
	chmod 600 "$SITE/casemate/unlock.secret"
	policy '{"exec": "lockable"}'
	start_sleeping
	run -0 site lock "$ID"
	# It waits at its end, where the secret has been used.
	(
		RUNTIME_OPTIONS=(-f -qq -o "$OUT.calls" -e trace=exit_group -e inject=exit_group:delay_enter=4000000 "$RUNTIME" "${RUNTIME_OPTIONS[@]}")
		RUNTIME=$(command -v strace)
		site unlock --code 000000 "$ID" >/dev/null 2>&1
	) &
	BACKGROUND+=($!)
	wait_for grep -q exit_group "$OUT.calls"
	pid=$(pgrep -f "^$RUNTIME .*unlock --code 000000 $ID\$")
	# what is known to be there is found
	in_memory "$pid" "$(printf '%s' "--code" | in_hex)"
	for text in "$(printf '%s' "${secret:8:16}" | in_hex)" "$(printf '%s' "$secret" | base32 -d | in_hex)"; do
		! in_memory "$pid" "$text" || { echo "in memory: $text"; return 1; }
	done
}
