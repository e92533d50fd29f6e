#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# Descriptors and sockets handed over: --preserve-fds, LISTEN_FDS, NOTIFY_SOCKET, --pidfd-socket. Nothing else gets in.

load helpers

setup() {
	setup_bundle
}

teardown() {
	teardown_bundle
}

# Runs the program with descriptors open: with_fds 'REDIRECTIONS' ARGUMENT...
with_fds() {
	local redirections=$1
	shift
	bash -c "exec \"\$@\" 3>&- $redirections" - "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" "$@"
}

@test "no descriptor of the caller gets in" {
	program probe fds
	run -0 with_fds '4</etc/passwd 9</' run "$ID"
	is ""
	start_sleeping
	run -0 with_fds '4</etc/passwd 9</' exec "$ID" probe fds
	is ""
}

@test "no descriptor of the runtime gets in, in create and detached" {
	edit '.root.readonly = false'
	program sh -c 'probe fds >/tmp/fds; exec sleep 1000'
	detached create "$ID"
	run -0 runtime start "$ID"
	# By then the shell has no descriptor of its own, and the probe has written all.
	wait_for grep -qx sleep "/proc/$(container_pid)/comm"
	test -e rootfs/tmp/fds
	equal "$(cat rootfs/tmp/fds)" ""
	run -0 ls "/proc/$(container_pid)/fd"
	is $'0\n1\n2'
}

@test "--preserve-fds" {
	echo three >three
	echo four >four
	program sh -c 'cat <&3; cat <&4; probe fds | wc -l'
	run -0 with_fds '3<three 4<four 5</etc/passwd' run --preserve-fds 2 "$ID"
	is $'three\nfour\n2'
	start_sleeping
	run -0 with_fds '3<three 4<four 5</etc/passwd' exec --preserve-fds=1 "$ID" sh -c 'cat <&3; probe fds | wc -l'
	is $'three\n1'
}

@test "--preserve-fds of what is not open" {
	requires_newer_runc "does not look"
	program true
	run ! with_fds '3<&- 4<&-' run --preserve-fds 1 "$ID"
	contains "preserved-fd 0"
	nothing_created
}

@test "--preserve-fds: numbers only" {
	program true
	for number in -1 x 1x ""; do
		run ! runtime run --preserve-fds "$number" "$ID"
	done
	nothing_created
}

@test "LISTEN_FDS" {
	echo three >three
	program sh -c 'echo "$LISTEN_FDS $LISTEN_PID"; cat <&3'
	run -0 env LISTEN_FDS=1 LISTEN_PID=$$ bash -c 'LISTEN_PID=$$ exec "$@" 3<three' - \
		"$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID"
	is $'1 1\nthree'
}

@test "LISTEN_FDS of somebody else is not taken" {
	program sh -c 'echo "[$LISTEN_FDS]"; probe fds'
	run runtime_with_foreign_listen_fds
	lacks "[1]"
	lacks group
}

runtime_with_foreign_listen_fds() {
	requires_newer_runc "takes it"
	LISTEN_FDS=1 LISTEN_PID=1 with_fds '3</etc/group' run "$ID"
}

@test "NOTIFY_SOCKET: READY reaches the host's socket" {
	background "$OUT" socket datagram "$BATS_TEST_TMPDIR/notify" 3
	cp "$(helper notify)" rootfs/bin/notify
	program sh -c 'echo "$NOTIFY_SOCKET" >/dev/shm/path; notify READY=1; sleep 1000'
	NOTIFY_SOCKET=$BATS_TEST_TMPDIR/notify detached run -d "$ID"
	wait_for grep -q READY=1 "$OUT"
	run -0 runtime exec "$ID" cat /dev/shm/path
	is /run/notify/notify.sock
	wait_for grep -q "MAINPID=" "$OUT"
	equal "$(sed -n 's/.*MAINPID=//p' "$OUT")" "$(container_pid)"
}

@test "--pidfd-socket" {
	requires_newer_runc "does not have it"
	background "$OUT" socket pidfd "$BATS_TEST_TMPDIR/pidfd" 9
	program sleep 1000
	detached create --pidfd-socket "$BATS_TEST_TMPDIR/pidfd" "$ID"
	wait_status "$ID" stopped
	run -0 cat "$OUT"
	contains "descriptors 1"
	run -0 runtime delete "$ID"
	background "$OUT" socket pidfd "$BATS_TEST_TMPDIR/pidfd" 9
	detached run -d --pidfd-socket "$BATS_TEST_TMPDIR/pidfd" "$ID"
	wait_status "$ID" stopped
}

@test "--pidfd-socket of exec" {
	requires_newer_runc "does not have it"
	start_sleeping
	background "$OUT.socket" socket pidfd "$BATS_TEST_TMPDIR/pidfd" 9
	detached exec -d --pid-file pid --pidfd-socket "$BATS_TEST_TMPDIR/pidfd" "$ID" sleep 1001
	wait_for test ! -d "/proc/$(cat pid)/root/bin"
	status_is "$ID" running
}

@test "--pidfd-socket that is not there" {
	requires_newer_runc "does not have it"
	program true
	fails 1 . runtime create --pidfd-socket "$BATS_TEST_TMPDIR/missing" "$ID"
	nothing_created
}

@test "closed standard streams of the caller" {
	program true
	run -0 bash -c '"$@" <&- >&- 2>&-' - "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID"
	nothing_created
}
