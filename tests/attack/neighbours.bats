#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# A hostile neighbour: an unprivileged user of the same host, and a kernel that cannot answer just now.

load attacks

NEIGHBOUR=54321

setup() {
	setup_attack
}

teardown() {
	[[ -z ${EVIL:-} ]] || rm -rf "$EVIL"
	teardown_bundle
}

as_neighbour() {
	setpriv --reuid=$NEIGHBOUR --regid=$NEIGHBOUR --clear-groups "$@"
}

# What a neighbour would write into a state root that he can write to: a container whose poststop hook is his.
forge_container() {
	local root=$1
	program true
	detached create "$ID"
	mkdir "$root" "$root/forged"
	jq '.id = "forged" | .pid = 0 | del(.cgroup)' "$STATE/$ID/state.json" >"$root/forged/state.json"
	jq '.hooks.poststop = [{path: "/bin/sh", args: ["sh", "-c", "echo owned >" + $file]}]' --arg file "$HOST/file" \
		"$STATE/$ID/config.json" >"$root/forged/config.json"
	runtime delete --force "$ID"
}

@test "a state root of somebody else is not taken, whatever is asked for" {
	local command
	EVIL=$BATS_TEST_TMPDIR/evil
	forge_container "$EVIL"
	chown -R $NEIGHBOUR "$EVIL"
	for command in "delete --force forged" "delete forged" "list" "run $ID" "exec forged true" "kill forged"; do
		# shellcheck disable=SC2086
		run ! "$RUNTIME" --root "$EVIL" $command 3>&-
		contains "belongs to uid $NEIGHBOUR"
	done
	host_is_whole
}

@test "a state root that others can write to is not taken" {
	EVIL=$BATS_TEST_TMPDIR/evil
	forge_container "$EVIL"
	chmod 1777 "$EVIL"
	run ! "$RUNTIME" --root "$EVIL" delete --force forged
	contains "can be written by others"
	chmod 0770 "$EVIL"
	run ! "$RUNTIME" --root "$EVIL" delete --force forged
	contains "can be written by others"
	host_is_whole
}

@test "the default state root in /tmp is not somebody else's, nor a link" {
	local victim=54322 program=$BATS_TEST_TMPDIR/casemate directory
	EVIL=/tmp/casemate-$victim
	[[ ! -e $EVIL ]] || skip "there is a $EVIL"
	# The program has to be where its user can reach it.
	cp "$RUNTIME" "$program"
	directory=$BATS_TEST_TMPDIR
	while [[ $directory != / ]]; do
		chmod a+x "$directory"
		directory=$(dirname "$directory")
	done
	as_neighbour mkdir -m 777 "$EVIL"
	run ! env -i setpriv --reuid=$victim --regid=$victim --clear-groups "$program" list
	contains "belongs to uid $NEIGHBOUR"
	rmdir "$EVIL"
	mkdir "$BATS_TEST_TMPDIR/home"
	mkdir "$BATS_TEST_TMPDIR/home/documents"
	chown -R $victim "$BATS_TEST_TMPDIR/home"
	as_neighbour ln -s "$BATS_TEST_TMPDIR/home" "$EVIL"
	run ! env -i setpriv --reuid=$victim --regid=$victim --clear-groups "$program" delete --force documents
	[[ -d $BATS_TEST_TMPDIR/home/documents ]]
}

@test "a neighbour reaches neither the start nor the notify socket" {
	program sleep 1000
	(umask 0 && detached create "$ID")
	chmod 711 "$STATE"
	run ! as_neighbour ls "$STATE/$ID"
	run ! as_neighbour stat "$STATE/$ID/start.sock"
	equal "$(stat -c %a "$STATE/$ID")" 700
}

@test "a session keyring that a neighbour made under the container's name is not joined" {
	requires_command keyctl
	as_neighbour keyctl session "_ses.$ID" sh -c 'keyctl setperm @s 0x3f3f3f3f; keyctl show @s; sleep 1000' \
		>"$OUT.neighbour" 2>&1 3>&- &
	BACKGROUND+=($!)
	wait_for grep -q "_ses.$ID" "$OUT.neighbour"
	program probe keyring
	run -0 runtime run "$ID"
	lacks ";$NEIGHBOUR;"
	matches 'description keyring;0;'
}

@test "a pid file is a new one, whatever a neighbour has put in its place" {
	mkdir -m 1777 "$BATS_TEST_TMPDIR/shared"
	# The name of the file that becomes the pid file is not hard to guess: it holds the runtime's pid.
	program true
	cat >"$BATS_TEST_TMPDIR/run" <<-END
		#!/bin/sh
		ln "$HOST/file" "$BATS_TEST_TMPDIR/shared/.pid.\$\$"
		exec "$RUNTIME" --root "$STATE" run --pid-file "$BATS_TEST_TMPDIR/shared/pid" "$ID"
	END
	chmod +x "$BATS_TEST_TMPDIR/run"
	run -0 "$BATS_TEST_TMPDIR/run"
	rm -f "$BATS_TEST_TMPDIR/shared/"*
	host_is_whole
}

@test "a number of preserved descriptors that wraps around" {
	local number
	program true
	for number in 4294967292 4294967293 4294967294 4294967295; do
		run ! runtime run --preserve-fds $number "$ID"
		contains "preserved-fd"
	done
	nothing_created
}

@test "delete --force does not forget a container that it could not look at" {
	requires_command strace
	strace -o /dev/null true || skip "strace does not work here"
	local pid
	program sleep 1000
	detached --cgroup-manager disabled run -d "$ID"
	pid=$(container_pid)
	run ! strace -o /dev/null -e trace=pidfd_open -e inject=pidfd_open:error=EMFILE \
		"$RUNTIME" --root "$STATE" delete --force "$ID"
	contains "too many open files"
	run ! strace -o /dev/null -P state.json -e inject=openat:error=EMFILE \
		"$RUNTIME" --root "$STATE" delete --force "$ID"
	contains "too many open files"
	run ! strace -o /dev/null -P "/proc/$pid/stat" -e inject=openat,open:error=EMFILE \
		"$RUNTIME" --root "$STATE" delete "$ID"
	contains "not stopped"
	run ! strace -o /dev/null -e trace=pidfd_open -e inject=pidfd_open:error=EMFILE \
		"$RUNTIME" --root "$STATE" kill "$ID" KILL
	lacks "not running"
	kill -0 "$pid"
	run -0 runtime delete --force "$ID"
	run ! grep -s '^State:.[^Z]' "/proc/$pid/status"
}
