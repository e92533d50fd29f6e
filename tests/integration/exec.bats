#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2153,SC2154 # variables of jq, of the container's shell and of bats
# exec: a further process joins everything its container is.

load helpers

setup() {
	setup_bundle
}

teardown() {
	teardown_bundle
}

process_file() {
	cat >"$BATS_TEST_TMPDIR/process.json"
	echo "$BATS_TEST_TMPDIR/process.json"
}

@test "output and exit status" {
	start_sleeping
	run -0 runtime exec "$ID" echo hello
	is hello
	run -0 runtime exec "$ID" true
	run -1 runtime exec "$ID" false
	run -42 runtime exec "$ID" sh -c 'exit 42'
	run -137 runtime exec "$ID" sh -c 'kill -KILL $$'
	run -0 runtime exec "$ID" cat <<<"input"
	is input
}

@test "255 when exec itself fails" {
	fails 255 "container does not exist" runtime exec "$ID" true
	start_sleeping
	fails 255 'exec: .*missing.*: executable file not found in \$PATH' runtime exec "$ID" missing
	fails 255 'exec: .*/missing.*: .*no such file or directory' runtime exec "$ID" /missing
	fails 255 'exec: .*/etc/passwd.*: permission denied' runtime exec "$ID" /etc/passwd
	fails 255 'no such file or directory' runtime exec --pid-file /missing/pid "$ID" true
	fails 255 'args (cannot|must not) be empty' runtime exec "$ID"
	fails 255 'cannot exec in a container that|stopped container' kill_and_exec
}

kill_and_exec() {
	runtime kill "$ID" KILL
	wait_status "$ID" stopped
	runtime exec "$ID" true
}

@test "a created container can be entered" {
	program sleep 1000
	detached create "$ID"
	run -0 runtime exec "$ID" echo hello
	is hello
	status_is "$ID" created
	run -0 runtime start "$ID"
	status_is "$ID" running
}

@test "it joins every namespace" {
	start_sleeping
	local pid name
	pid=$(container_pid)
	for name in cgroup ipc mnt net pid uts user; do
		equal "$(runtime exec "$ID" readlink "/proc/self/ns/$name")" "$(readlink "/proc/$pid/ns/$name")"
	done
	[[ $(runtime exec "$ID" readlink /proc/self/ns/pid) != $(readlink /proc/self/ns/pid) ]]
}

@test "it joins the user namespace, and time" {
	user_namespace
	program sleep 1000
	detached run -d "$ID"
	equal "$(runtime exec "$ID" readlink /proc/self/ns/user)" "$(readlink "/proc/$(container_pid)/ns/user")"
	run -0 runtime exec "$ID" id
	contains "uid=0(root) gid=0(root)"
	run -0 runtime exec -u 1000:1000 "$ID" id
	contains "uid=1000(tester) gid=1000(tester)"
	local pid
	detached exec -d --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" sleep 1001
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	run -0 stat -c %u:%g "/proc/$pid"
	is 100000:200000
}

@test "it joins every group of the container" {
	start_sleeping
	equal "$(runtime exec "$ID" cat /proc/self/cgroup)" "$(runtime exec "$ID" cat /proc/1/cgroup)"
	detached exec -d --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" sleep 1001
	equal "$(cat "/proc/$(cat "$BATS_TEST_TMPDIR/pid")/cgroup")" "$(cat "/proc/$(container_pid)/cgroup")"
}

@test "capabilities, no_new_privs, limits and label of the container's process" {
	edit '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 512, hard: 513}, {type: "RLIMIT_CORE", soft: 0, hard: 0}]
		| .process.oomScoreAdj = 321'
	program sleep 1000
	detached run -d "$ID"
	run -0 runtime exec "$ID" grep -E 'Cap(Prm|Eff|Bnd)|NoNewPrivs' /proc/self/status
	is "$(grep -E 'Cap(Prm|Eff|Bnd)|NoNewPrivs' "/proc/$(container_pid)/status")"
	contains $'NoNewPrivs:\t1'
	run -0 runtime exec "$ID" sh -c 'ulimit -n; ulimit -Hn; ulimit -c; cat /proc/self/oom_score_adj'
	is $'512\n513\n0\n321'
}

@test "--cwd, --env, --user, --additional-gids" {
	start_sleeping
	run -0 runtime exec --cwd /tmp "$ID" pwd
	is /tmp
	run -0 runtime exec -e ONE=1 -e TWO=2 -e ONE=3 "$ID" sh -c 'echo $ONE $TWO $TERM'
	is "3 2 xterm"
	run -0 runtime exec --user 1000 "$ID" id
	contains "uid=1000(tester) gid=0(root)"
	run -0 runtime exec -u 1000:5 "$ID" id
	contains "uid=1000(tester) gid=5(tty)"
	run -0 runtime exec -u 1000:1000 -g 100 -g 65534 "$ID" id -G
	is "1000 100 65534"
	fails 255 'absolute' runtime exec --cwd tmp "$ID" pwd
	fails 255 'no such file or directory' runtime exec --cwd /missing "$ID" pwd
}

@test "--user is parsed strictly" {
	start_sleeping
	for user in "" : 1: :1 x 1:x x:1 -1 1:-1 " 1" "1 " 0x1 1.0 4294967296 99999999999999999999 1:1:1 +1; do
		run --separate-stderr runtime exec -u "$user" "$ID" id
		# Debian's runc takes a few of these.
		is_runc && continue
		equal "$status:$output" "255:"
		[[ -n $stderr ]]
	done
}

@test "HOME is the user's of the container's passwd, unless it was given" {
	edit '.process.env = ["PATH=/bin"]'
	start_sleeping
	run -0 runtime exec "$ID" sh -c 'echo $HOME'
	is /root
	run -0 runtime exec -u 1000 "$ID" sh -c 'echo $HOME'
	is /home/tester
	run -0 runtime exec -u 4321 "$ID" sh -c 'echo $HOME'
	is /
	run -0 runtime exec -u 1000 -e HOME=/tmp "$ID" sh -c 'echo $HOME'
	is /tmp
}

@test "--cap adds to bounding, effective and permitted, not to inheritable and ambient" {
	requires_policy_off
	edit '.process.capabilities = {}'
	start_sleeping
	run -0 runtime exec "$ID" grep ^Cap /proc/self/status
	run ! grep -v $'\t0000000000000000' <<<"$output"
	run -0 runtime exec --cap CAP_KILL --cap CAP_AUDIT_WRITE "$ID" grep ^Cap /proc/self/status
	contains $'CapInh:\t0000000000000000'
	contains $'CapPrm:\t0000000020000020'
	contains $'CapEff:\t0000000020000020'
	contains $'CapBnd:\t0000000020000020'
	requires_newer_runc "raises ambient capabilities"
	contains $'CapAmb:\t0000000000000000'
}

@test "--no-new-privs" {
	requires_policy_off
	edit '.process.noNewPrivileges = false'
	start_sleeping
	run -0 runtime exec "$ID" grep NoNewPrivs /proc/self/status
	is $'NoNewPrivs:\t0'
	run -0 runtime exec --no-new-privs "$ID" grep NoNewPrivs /proc/self/status
	is $'NoNewPrivs:\t1'
}

@test "--process: everything from a file, also from a pipe" {
	start_sleeping
	local file
	file=$(process_file <<-'EOF2'
		{
			"args": ["sh", "-c", "id; pwd; echo $A; ulimit -n; grep CapEff /proc/self/status"],
			"cwd": "/tmp", "env": ["PATH=/bin", "A=from the file"],
			"user": {"uid": 1000, "gid": 1000, "additionalGids": [2000]},
			"rlimits": [{"type": "RLIMIT_NOFILE", "soft": 77, "hard": 77}],
			"noNewPrivileges": true
		}
	EOF2
	)
	run -0 runtime exec --process "$file" "$ID"
	equal "${lines[0]}" "uid=1000(tester) gid=1000(tester) groups=1000(tester),2000(extra)" ||
		equal "${lines[0]}" "uid=1000(tester) gid=1000(tester) groups=2000(extra)"
	equal "${lines[1]}|${lines[2]}|${lines[3]}" "/tmp|from the file|77"
	equal "${lines[4]}" $'CapEff:\t0000000000000000'
	run -0 runtime exec -p <(cat "$file") "$ID"
	equal "${lines[1]}" /tmp
}

@test "--process: a bad file is one line" {
	start_sleeping
	fails 255 'no such file or directory' runtime exec -p /missing "$ID"
	fails 255 . runtime exec -p <(echo '{') "$ID"
	fails 255 . runtime exec -p <(echo '{"args": "sh", "cwd": "/"}') "$ID"
	fails 255 . runtime exec -p <(echo '{"args": [], "cwd": "/"}') "$ID"
	fails 255 . runtime exec -p <(echo '{"args": ["true"], "cwd": "relative"}') "$ID"
}

@test "--detach and --pid-file" {
	start_sleeping
	detached exec -d --pid-file pid "$ID" sleep 1001
	local pid
	pid=$(cat pid)
	[[ $pid != $(container_pid) ]]
	equal "$(tr '\0' ' ' <"/proc/$pid/cmdline")" "sleep 1001 "
	run -0 runtime exec --pid-file second "$ID" true
	[[ $(cat second) =~ ^[0-9]+$ ]]
}

@test "a detached exec does not become the caller's child or zombie" {
	start_sleeping
	detached exec -d "$ID" true
	wait_for sh -c "[ \$('$RUNTIME' --root '$STATE' ps -f json '$ID' | jq length) = 1 ]"
}

@test "the arguments of exec's terminal and sockets are checked as runc does" {
	start_sleeping
	fails 255 "cannot allocate tty if (runc|$NAME) will detach without setting console socket" \
		runtime exec -t -d "$ID" sh
	fails 255 "cannot use console socket if (runc|$NAME) will not detach or allocate tty" \
		runtime exec --console-socket /missing "$ID" sh
}

@test "many at once" {
	start_sleeping
	local number pids=()
	for number in 1 2 3 4 5 6 7 8 9 10; do
		runtime exec "$ID" sh -c "echo $number; exit $number" >"$OUT.$number" &
		pids+=($!)
	done
	for number in 1 2 3 4 5 6 7 8 9 10; do
		local status=0
		wait "${pids[number - 1]}" || status=$?
		equal "$status:$(cat "$OUT.$number")" "$number:$number"
	done
}

@test "a working directory the user can enter and root without capabilities cannot" {
	mkdir -m 700 rootfs/private
	chown 1000:1000 rootfs/private
	edit '.process.cwd = "/private" | .process.user = {uid: 1000, gid: 1000}'
	start_sleeping
	run -0 runtime exec -u 0 "$ID" pwd
	is /private
}

@test "the host's /dev/null keeps its owner when a user's process gets it as a stream" {
	start_sleeping
	local before
	before=$(stat -c '%u:%g %a' /dev/null)
	runtime exec -u 1000:1000 "$ID" id </dev/null >/dev/null 2>/dev/null
	equal "$(stat -c '%u:%g %a' /dev/null)" "$before"
}

@test "streams belong to the user of the process, so that /dev/stdout can be opened again" {
	start_sleeping
	run -0 bash -c '"$@" | cat' - "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" \
		exec -u 1000:1000 "$ID" sh -c 'echo reopened >/dev/stdout'
	is reopened
}

# What comes before the path of one hierarchy's group in --cgroup: v2 has only one.
hierarchy() {
	[[ $(stat -fc %T /sys/fs/cgroup) == cgroup2fs ]] || echo pids:
}

@test "--cgroup: a group below the container's own" {
	start_sleeping
	local group pid
	group=$(container_cgroup pids)
	pid=$(container_pid)
	mkdir "$group/below"
	run -0 runtime exec --cgroup "$(hierarchy)below" "$ID" cat /proc/self/cgroup
	matches '(pids|0:):/(.*/)?below$'
	run -0 runtime exec --cgroup / "$ID" cat /proc/self/cgroup
	is "$(nsenter --target "$pid" --cgroup cat "/proc/$pid/cgroup")"
	fails 255 "sub cgroup path" runtime exec --cgroup .. "$ID" true
	fails 255 "sub cgroup path" runtime exec --cgroup "$(hierarchy)../../x" "$ID" true
	fails 255 "unknown controller " runtime exec --cgroup "frobnicate:/" "$ID" true
	fails 255 "adding pid .*no such file or directory" runtime exec --cgroup missing "$ID" true
	rmdir "$group/below"
}

@test "a name that begins as the container's group does is not below it" {
	requires_newer_runc "lets it through (fixed in 1.5.2)"
	start_sleeping
	local group
	group=$(container_cgroup pids)
	mkdir "$group-sibling"
	fails 255 "is not a sub cgroup path" runtime exec --cgroup "$(hierarchy)../${group##*/}-sibling" "$ID" true
	rmdir "$group-sibling"
}

@test "the keyring of the container is joined" {
	edit '.process.capabilities = {}'
	start_sleeping
	run -0 runtime exec "$ID" probe keyring
	contains "_ses.$ID"
	local serial=${lines[1]}
	run -0 runtime exec "$ID" probe keyring
	equal "${lines[1]}" "$serial"
}

@test "the program is executable only by its owner and the process has CAP_DAC_OVERRIDE" {
	requires_policy_off
	chmod 700 "rootfs$(readlink rootfs/bin/true)"
	edit '.process.user = {uid: 1000, gid: 1000}'
	program true
	run -1 runtime run "$ID"
	matches "permission denied"
	edit '.process.capabilities |= map_values(. + ["CAP_DAC_OVERRIDE"])
		| .process.capabilities.inheritable = .process.capabilities.bounding
		| .process.capabilities.ambient = .process.capabilities.bounding'
	run -0 runtime run "$ID"
}

# What entered without its limit would be out of the container.
@test "a group of the container's that is gone is an error" {
	requires_root
	requires_controller cpu
	requires_newer_runc "skips it"
	start_sleeping
	local group
	group=$(container_cgroup cpu)
	[[ $(stat -fc %T "$group") == cgroupfs ]] || skip "only one group on a host of cgroup v2"
	container_pid >"$(dirname "$group")/cgroup.procs"
	rmdir "$group"
	run runtime exec "$ID" cat /proc/self/cgroup
	equal "$status" 255
	contains "$group"
	matches "no such file or directory"
	mkdir "$group"
	run -0 runtime exec "$ID" true
}

@test "a label on a host without its module is refused, and says why" {
	requires_casemate "1.1 leaves it to the kernel"
	start_sleeping
	[[ -e /sys/fs/selinux/enforce ]] ||
		fails 255 "selinux is disabled or not supported" \
			runtime exec --process-label system_u:system_r:container_t:s0 "$ID" true
	[[ -e /sys/kernel/security/apparmor ]] ||
		fails 255 "apparmor is not enabled" runtime exec --apparmor some-profile "$ID" true
}

@test "--cgroup: a group without CPUs is named" {
	requires_casemate
	requires_controller cpuset
	start_sleeping
	local group
	group=$(container_cgroup cpuset)
	[[ $(stat -fc %T "$group") == cgroupfs ]] || skip "with cgroup v2 such a group has its parent's"
	mkdir "$group/empty"
	fails 255 "cpuset/.*/empty/tasks: no space left on device" runtime exec --cgroup cpuset:empty "$ID" true
	rmdir "$group/empty"
}
