#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# run in the foreground: exit statuses, standard streams, signals, and programs that cannot be started.

load helpers

setup() {
	setup_bundle
}

teardown() {
	teardown_bundle
}

@test "the exit status is the program's own" {
	for status in 0 1 7 42 126 127 255; do
		program sh -c "exit $status"
		run -"$status" runtime run "$ID"
		is ""
	done
	nothing_created
}

@test "the exit status of a program killed by a signal is 128 and its number" {
	# The first process of a PID namespace cannot be killed from inside.
	program sh -c 'kill -KILL $$'
	without_namespace pid
	requires_policy_off
	run -137 runtime run "$ID"
	program sh -c 'kill -SEGV $$'
	run -139 runtime run "$ID"
}

@test "killed from outside" {
	program sleep 1000
	runtime run "$ID" </dev/null >/dev/null 2>&1 &
	local pid=$!
	wait_status "$ID" running
	run -0 runtime kill "$ID" KILL
	local status=0
	wait "$pid" || status=$?
	equal "$status" 137
}

@test "standard input, output and error are the caller's" {
	program sh -c 'cat; echo error >&2'
	run -0 --separate-stderr runtime run "$ID" <<<"input"
	is input
	equal "$stderr" error
	program sh -c 'test -p /proc/self/fd/0 && echo pipe'
	echo | run -0 runtime run "$ID"
	program cat
	run -0 runtime run "$ID" < <(head -c 1000000 /dev/zero | tr '\0' x)
	equal "${#output}" 1000000
}

@test "a foreground run hands signals on to the container" {
	program probe trap 10 12 1 2 3
	runtime run "$ID" </dev/null >"$OUT" 2>&1 &
	local pid=$! signal
	wait_for grep -q ready "$OUT"
	# The function runs in a shell of its own: the program is its child, or it itself.
	pid=$(pgrep -P "$pid" -f "$ID" || echo "$pid")
	for signal in USR1 USR2 HUP INT QUIT TERM; do
		kill -"$signal" "$pid"
		wait_for grep -q "SIG$signal" "$OUT"
	done
	wait_for nothing_created
}

@test "a terminal of the caller that changes its size is no signal for a container without one" {
	program sh -c 'trap "echo resized" WINCH; trap "echo asked" USR1; trap "exit 7" TERM; echo ready; while :; do sleep 0.1; done'
	runtime run "$ID" </dev/null >"$OUT" 2>&1 &
	local pid=$! job=$! ended=0
	wait_for grep -q ready "$OUT"
	pid=$(pgrep -P "$pid" -f "$ID" || echo "$pid")
	kill -WINCH "$pid"
	kill -USR1 "$pid"
	wait_for grep -q asked "$OUT"
	kill -TERM "$pid"
	wait "$job" || ended=$?
	equal "$ended" 7
	equal "$(cat "$OUT")" $'ready\nasked'
}

@test "a program that is not there is an error, in create already" {
	for command in run create; do
		program missing
		fails 1 'exec: .*missing.*: executable file not found in \$PATH' runtime "$command" "$ID"
		program /missing/program
		fails 1 'exec: .*/missing/program.*: .*no such file or directory' runtime "$command" "$ID"
		nothing_created
	done
}

@test "a program that is not executable, or a directory" {
	program /etc/passwd
	fails 1 'exec: .*/etc/passwd.*: permission denied' runtime run "$ID"
	program /etc
	fails 1 'exec: .*/etc.*: permission denied' runtime run "$ID"
	printf '#!/bin/sh\necho script ran\n' >rootfs/script
	program /script
	fails 1 'permission denied' runtime run "$ID"
	chmod +x rootfs/script
	run -0 runtime run "$ID"
	is "script ran"
}

@test "a script whose interpreter is missing: one line" {
	printf '#!/missing/interpreter\n' >rootfs/script
	chmod +x rootfs/script
	program /script
	run ! runtime run "$ID"
	matches 'exec .*/script.*no such file or directory'
	requires_newer_runc "quotes the program"
	equal "${#lines[@]}" 1
	is "exec /script: no such file or directory"
	run ! runtime --log log --log-format json run "$ID"
	is "exec /script: no such file or directory"
	run -0 jq -r .msg log
	is "exec /script: no such file or directory"
}

@test "--config: another configuration of the bundle, for exec too" {
	requires_casemate "has no such option"
	edit '.process.env += ["WHICH=other"] | .process.args = ["sleep", "60"] | .process.terminal = false'
	mv config.json other.json
	detached run -d --config other.json "$ID"
	run -0 runtime exec "$ID" sh -c 'echo $WHICH'
	is other
	fails 1 "specification file" runtime run -f missing.json "$ID-2"
}

@test "the program is looked up in the container's PATH" {
	mkdir rootfs/opt
	printf '#!/bin/sh\necho found in /opt\n' >rootfs/opt/tool
	chmod +x rootfs/opt/tool
	edit '.process.env = ["PATH=/nowhere:/opt:/bin"]'
	program tool
	run -0 runtime run "$ID"
	is "found in /opt"
	edit '.process.env = ["PATH=/bin"]'
	fails 1 'executable file not found in \$PATH' runtime run "$ID"
}

@test "the program is relative to the working directory when it has a slash" {
	mkdir rootfs/opt
	printf '#!/bin/sh\npwd\n' >rootfs/opt/tool
	chmod +x rootfs/opt/tool
	edit '.process.cwd = "/opt"'
	program ./tool
	run -0 runtime run "$ID"
	is /opt
}

@test "arguments arrive as they are" {
	program printf '%s|' "" "two words" $'line\nbreak' '$HOME' "ünïcode" '"'
	run -0 runtime run "$ID"
	is $'|two words|line\nbreak|$HOME|ünïcode|"|'
}

@test "a rootfs given as ., and as an absolute path" {
	program cat /etc/marker
	echo here >rootfs/etc/marker
	edit '.root.path = $path' --arg path "$BUNDLE/rootfs"
	run -0 runtime run "$ID"
	is here
	edit '.root.path = "."'
	cp config.json rootfs/
	cd rootfs
	run -0 runtime run "$ID"
	is here
}

@test "root.readonly" {
	program touch /file
	run -1 runtime run "$ID"
	contains "Read-only file system"
	edit '.root.readonly = false'
	run -0 runtime run "$ID"
	[[ -e rootfs/file ]]
	run -0 stat -c %u:%g rootfs/file
	is 0:0
}

@test "--pid-file: the process, only on success, whole" {
	detached run -d --pid-file "$BATS_TEST_TMPDIR/pid" "$ID-sh" </dev/null || true
	program sleep 1000
	detached run -d --pid-file pid "$ID"
	equal "$(cat pid)" "$(container_pid)"
	equal "$(find . -maxdepth 1 -name '*pid*')" ./pid
	run -1 runtime run -d --pid-file pid "$ID"
	equal "$(cat pid)" "$(container_pid)"
	program missing
	run -1 runtime run -d --pid-file second "$ID-second"
	[[ ! -e second ]]
}

@test "--pid-file is relative to the working directory, not to the bundle" {
	mkdir "$BATS_TEST_TMPDIR/elsewhere"
	program sleep 1000
	cd "$BATS_TEST_TMPDIR/elsewhere"
	detached create -b "$BUNDLE" --pid-file pid "$ID"
	equal "$(cat pid)" "$(container_pid)"
}

@test "run -d returns at once, and the container goes on without us" {
	program sh -c 'sleep 0.3; echo done >/dev/shm/done; exec sleep 1000'
	detached run -d "$ID"
	status_is "$ID" running
	# Its parent is not us, and not the runtime's process.
	local parent
	parent=$(awk '/^PPid:/ { print $2 }' "/proc/$(container_pid)/status")
	[[ $(cat "/proc/$parent/comm") != "$NAME" ]]
	wait_for runtime exec "$ID" test -e /dev/shm/done
}

@test "run waits for its own container, not for the processes it left" {
	without_namespace pid
	requires_policy_off
	program sh -c 'sleep 2 >/dev/null 2>&1 </dev/null & exit 3'
	SECONDS=0
	run -3 runtime run "$ID"
	((SECONDS < 10))
}

@test "a zombie of the container is reaped by its first process's parent" {
	program sh -c '(sleep 0.05 &) ; sleep 0.3; exec true'
	run -0 runtime run "$ID"
	run -0 runtime run --no-subreaper "$ID"
}

@test "a stopped foreground container leaves nothing, however it failed" {
	program false
	run -1 runtime run "$ID"
	nothing_created
	[[ -z $(find /sys/fs/cgroup -type d -name "$ID" 2>/dev/null) ]]
}

@test "blocked and ignored signals of the caller are not the container's" {
	program probe signals
	run -0 bash -c 'trap "" USR1 HUP; exec "$@"' - "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID"
	lacks blocked
	requires_newer_runc "lets ignored signals through"
	lacks "ignored 10"
}

@test "a small open-files limit of the caller" {
	program sh -c 'ulimit -n'
	run -0 bash -c 'ulimit -n 32; exec "$@"' - "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID" || skip "runc needs more"
	is 1024
}

@test "the caller's umask does not change what the container sees" {
	program sh -c 'umask; stat -c %a /dev /dev/null /dev/shm /tmp'
	run -0 bash -c 'umask 077; exec "$@"' - "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID"
	is $'0022\n755\n666\n1777\n1777'
}
