#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# Terminals: the caller's own, and one handed over through a console socket.

load helpers

setup() {
	setup_bundle
	SOCKET=$BATS_TEST_TMPDIR/console
	edit '.process.terminal = true'
}

teardown() {
	teardown_bundle
}

on_terminal() {
	"$(helper terminal)" "$@"
}

# The runtime as words, for helpers that execute it.
words() {
	WORDS=("$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE")
}

@test "the console socket: one message with the terminal's name and one descriptor" {
	background "$OUT" socket console "$SOCKET"
	program sh -c 'tty; echo said; sleep 1000'
	run -0 runtime create --console-socket "$SOCKET" "$ID" </dev/null
	run -0 runtime start "$ID"
	wait_for grep -q said "$OUT"
	run -0 cat "$OUT"
	matches '^message (/dev/)?(pts/)?[a-z0-9/]+'
	contains "descriptors 1"
	matches '^/dev/pts/0|^/dev/console'
}

@test "the terminal is the controlling one, and owned by the user" {
	background "$OUT" socket console "$SOCKET"
	edit '.process.user = {uid: 1000, gid: 1000}'
	program sh -c 'stat -c "%u:%g %a" $(tty); for fd in 0 1 2; do readlink /proc/self/fd/$fd; done; echo x >/dev/tty; ps -o pid,tty; echo end; sleep 1000'
	run -0 runtime run -d --console-socket "$SOCKET" "$ID" </dev/null
	wait_for grep -q end "$OUT"
	run -0 cat "$OUT"
	matches '^1000:5 6[0-9]0'
	equal "$(grep -c '^/dev/pts/0' "$OUT")" 3
	matches '^x'
}

@test "/dev/console is the terminal" {
	background "$OUT" socket console "$SOCKET"
	program sh -c 'test -c /dev/console && echo to the console >/dev/console; echo end; sleep 1000'
	run -0 runtime run -d --console-socket "$SOCKET" "$ID" </dev/null
	wait_for grep -q end "$OUT"
	run -0 cat "$OUT"
	contains "to the console"
}

@test "no /dev/console without a terminal" {
	edit '.process.terminal = false'
	program test ! -e /dev/console
	run -0 runtime run "$ID"
}

@test "in the foreground lines end as the program ends them: no carriage return is added" {
	program printf 'one\ntwo\n'
	run -0 runtime run "$ID" </dev/null
	is $'one\ntwo'
	edit '.process.terminal = false'
	start_sleeping
	run -0 runtime exec -t "$ID" printf 'one\ntwo\n' </dev/null
	is $'one\ntwo'
}

# Who takes the terminal may show it as it is: engines' clients do, on a terminal that translates nothing.
@test "handed over through a socket the terminal is as the kernel makes it: lines end with a carriage return, too" {
	background "$OUT" socket console "$SOCKET"
	program sh -c 'printf "one\ntwo\n"; sleep 1000'
	run -0 runtime run -d --console-socket "$SOCKET" "$ID" </dev/null
	wait_for grep -q two "$OUT"
	run -0 grep -c $'^\\(one\\|two\\)\r$' "$OUT"
	is 2
	background "$OUT.second" socket console "$SOCKET.second"
	run -0 runtime exec -d -t --console-socket "$SOCKET.second" "$ID" sh -c 'printf "one\ntwo\n"; sleep 1000' </dev/null
	wait_for grep -q two "$OUT.second"
	run -0 grep -c $'^\\(one\\|two\\)\r$' "$OUT.second"
	is 2
}

@test "on the caller's terminal lines begin at its left edge" {
	words
	program printf 'one\ntwo\n'
	run -0 on_terminal 24 80 -- "${WORDS[@]}" run "$ID"
	contains $'one\r\ntwo\r\n'
	edit '.process.terminal = false'
	start_sleeping
	run -0 on_terminal 24 80 -- "${WORDS[@]}" exec -t "$ID" printf 'one\ntwo\n'
	contains $'one\r\ntwo\r\n'
}

@test "the console socket is relative to the working directory" {
	requires_newer_runc "looks in the bundle"
	background "$OUT" socket console "$SOCKET"
	program sleep 1000
	cd "$(dirname "$SOCKET")"
	run -0 runtime run -d -b "$BUNDLE" --console-socket "$(basename "$SOCKET")" "$ID" </dev/null
	wait_for grep -q 'descriptors 1' "$OUT"
}

@test "exec -t through a console socket, with a size of its own" {
	background "$OUT" socket consoles "$SOCKET"
	program sleep 1000
	run -0 runtime run -d --console-socket "$SOCKET" "$ID" </dev/null
	edit . >/dev/null
	background "$OUT.second" socket console "$SOCKET.second"
	run -0 runtime exec -d -t --console-socket "$SOCKET.second" \
		-p <(echo '{"terminal": true, "consoleSize": {"height": 10, "width": 110}, "cwd": "/", "args": ["/bin/sh", "-c", "stty size; echo end; sleep 1000"], "env": ["PATH=/bin"]}') \
		"$ID" </dev/null
	wait_for grep -q end "$OUT.second"
	run -0 cat "$OUT.second"
	contains "10 110"
}

@test "a terminal needs a socket when detached, and a socket needs a terminal" {
	program true
	fails 1 "cannot allocate tty if (runc|$NAME) will detach without setting console socket" runtime run -d "$ID"
	fails 1 "cannot allocate tty if (runc|$NAME) will detach without setting console socket" runtime create "$ID"
	edit '.process.terminal = false'
	fails 1 "cannot use console socket if (runc|$NAME) will not detach or allocate tty" \
		runtime run --console-socket "$SOCKET" "$ID"
	fails 1 "cannot use console socket if (runc|$NAME) will not detach or allocate tty" \
		runtime create --console-socket "$SOCKET" "$ID"
	nothing_created
}

@test "a console socket that is not one" {
	program true
	fails 1 'no such file or directory' runtime create --console-socket "$SOCKET" "$ID"
	fails 1 . runtime create --console-socket /etc/passwd "$ID"
	fails 1 . runtime create --console-socket "$BATS_TEST_TMPDIR" "$ID"
	fails 1 . runtime create --console-socket "$(printf '/long%.0s' {1..50})" "$ID"
	nothing_created
}

@test "on the caller's terminal: size, input, output, exit status, and the settings come back" {
	words
	program sh -c 'stty size; echo ready; read line; echo "got $line"; exit 5'
	run -5 on_terminal 33 99 --type 'typed\n' -- "${WORDS[@]}" run "$ID"
	contains "33 99"
	contains "got typed"
	contains "settings restored"
	nothing_created
}

@test "on the caller's terminal: the settings come back however it ends" {
	words
	program sh -c 'kill -9 $$; false'
	run on_terminal 24 80 -- "${WORDS[@]}" run "$ID"
	contains "settings restored"
	program missing
	run -1 on_terminal 24 80 -- "${WORDS[@]}" run "$ID"
	contains "settings restored"
}

@test "on the caller's terminal: a new window size arrives" {
	words
	program sh -c 'trap "stty size; exit 0" WINCH; echo ready; while :; do sleep 0.1; done'
	run -0 on_terminal 24 80 --resize 40 120 -- "${WORDS[@]}" run "$ID"
	contains "40 120"
}

@test "on the caller's terminal: ^C goes to the program, not to the runtime" {
	words
	program sh -c 'trap "echo interrupted; exit 3" INT; echo ready; while :; do sleep 0.1; done'
	run -3 on_terminal 24 80 --type '\x03' -- "${WORDS[@]}" run "$ID"
	contains interrupted
}

@test "on the caller's terminal: exec -t" {
	edit '.process.terminal = false'
	start_sleeping
	words
	run -4 on_terminal 24 80 --type 'typed\n' -- "${WORDS[@]}" exec -t "$ID" \
		sh -c 'test -t 0 && tty; stty size; echo ready; read line; echo "got $line"; exit 4'
	contains "got typed"
	contains "24 80"
	matches '^/dev/pts/'
	contains "settings restored"
}

@test "a terminal in the container without one outside" {
	program sh -c 'test -t 0 && readlink /proc/self/fd/1'
	run -0 runtime run "$ID" </dev/null
	matches '^/dev/pts/0'
}

@test "two containers have each its own pts/0" {
	background "$OUT" socket consoles "$SOCKET"
	program sleep 1000
	run -0 runtime run -d --console-socket "$SOCKET" "$ID-a" </dev/null
	run -0 runtime run -d --console-socket "$SOCKET" "$ID-b" </dev/null
	run -0 runtime exec "$ID-a" ls /dev/pts
	is $'0\nptmx'
	run -0 runtime exec "$ID-b" ls /dev/pts
	is $'0\nptmx'
}
