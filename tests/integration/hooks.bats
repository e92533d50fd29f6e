#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# The six kinds of hooks: when, where, with what on their standard input, and what a failure does.

load helpers

setup() {
	setup_bundle
	HOOKS=$BATS_TEST_TMPDIR/hooks
	mkdir "$HOOKS"
	edit '.root.readonly = false'
}

teardown() {
	teardown_bundle
}

# hook KIND SHELL-SCRIPT: a hook that runs the script with /bin/sh
hook() {
	edit '.hooks[$kind] += [{path: "/bin/sh", args: ["sh", "-c", $script], env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]' \
		--arg kind "$1" --arg script "$2"
}

@test "createRuntime and prestart hooks start in the bundle" {
	hook prestart 'pwd >prestart'
	hook createRuntime 'pwd >createRuntime'
	program true
	(cd / && run -0 runtime run --bundle "$BUNDLE" "$ID")
	run -0 cat prestart createRuntime
	is "$BUNDLE"$'\n'"$BUNDLE"
}

@test "all kinds run, in the order of the specification" {
	local kind
	for kind in prestart createRuntime createContainer poststart poststop; do
		hook $kind "echo $kind >>$HOOKS/order"
	done
	hook startContainer "echo startContainer >>/tmp/order"
	program sh -c 'echo program >>/tmp/order; sleep 0.2'
	detached create "$ID"
	# runc runs poststart in create already, whatever the specification says.
	run -0 grep -v poststart "$HOOKS/order"
	is $'prestart\ncreateRuntime\ncreateContainer'
	is_runc || run ! grep poststart "$HOOKS/order"
	[[ ! -e rootfs/tmp/order ]]
	run -0 runtime start "$ID"
	wait_status "$ID" stopped
	run -0 cat rootfs/tmp/order
	is $'startContainer\nprogram'
	run -0 runtime delete "$ID"
	run -0 cat "$HOOKS/order"
	is $'prestart\ncreateRuntime\ncreateContainer\npoststart\npoststop'
}

@test "hooks of one kind run one after the other" {
	hook createRuntime "sleep 0.2; echo one >>$HOOKS/order"
	hook createRuntime "echo two >>$HOOKS/order"
	program true
	run -0 runtime run "$ID"
	run -0 cat "$HOOKS/order"
	is $'one\ntwo'
}

@test "each gets the state on its standard input" {
	local kind expected
	edit '.annotations = {key: "value"}'
	for kind in prestart createRuntime createContainer poststart poststop; do
		hook $kind "cat >$HOOKS/$kind"
	done
	hook startContainer "cat >/tmp/startContainer"
	program sleep 0.2
	run -0 runtime run "$ID"
	mv rootfs/tmp/startContainer "$HOOKS"
	local -A statuses=([prestart]=creat [createRuntime]=creat [createContainer]=creat [startContainer]=creat [poststart]=running [poststop]=stopped)
	for kind in "${!statuses[@]}"; do
		expected=${statuses[$kind]}
		run -0 jq -r '.id, .bundle, .annotations.key, .status, (.ociVersion | type), (.pid // 0 | type)' "$HOOKS/$kind"
		equal "${lines[0]} ${lines[1]} ${lines[2]} ${lines[4]} ${lines[5]}" "$ID $BUNDLE value string number"
		is_runc || [[ ${lines[3]} == "$expected"* ]]
	done
	[[ $(jq .pid "$HOOKS/createRuntime") -gt 1 ]]
	# Of a stopped container 0 or nothing.
	equal "$(jq '.pid // 0' "$HOOKS/poststop")" 0
}

@test "where each runs" {
	hook createRuntime "readlink /proc/self/ns/mnt >$HOOKS/runtime"
	hook createContainer "readlink /proc/self/ns/mnt >$HOOKS/container; pwd >>$HOOKS/container; ls -d /etc/*release >/dev/null"
	hook startContainer "readlink /proc/self/ns/mnt >/tmp/start; test ! -e $HOOKS; readlink /proc/self/ns/pid >>/tmp/start"
	program sh -c 'readlink /proc/self/ns/mnt; readlink /proc/self/ns/pid'
	run -0 runtime run "$ID"
	local mount=${lines[0]} pid=${lines[1]}
	equal "$(cat "$HOOKS/runtime")" "$(readlink /proc/self/ns/mnt)"
	equal "$(head -1 "$HOOKS/container")" "$mount"
	equal "$(cat rootfs/tmp/start)" "$mount"$'\n'"$pid"
}

@test "createRuntime can reach into the container's mounts before it pivots, and so can createContainer" {
	requires_command nsenter
	echo from the host >"$HOOKS/file"
	touch rootfs/one rootfs/two
	hook createRuntime "pid=\$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/'); nsenter -m -t \$pid mount --bind $HOOKS/file $BUNDLE/rootfs/one"
	hook createContainer "mount --bind $HOOKS/file ./two"
	program cat /one /two
	run -0 runtime run "$ID"
	is $'from the host\nfrom the host'
}

@test "prestart can configure the network" {
	requires_command ip nsenter
	hook prestart "pid=\$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/'); nsenter -n -t \$pid ip link add probe0 type dummy || echo no dummy devices >$HOOKS/skip"
	program ls /sys/class/net
	run -0 runtime run "$ID"
	contains lo
	[[ ! -e $HOOKS/skip ]] || skip "the kernel has no dummy devices"
	contains probe0
}

@test "path, args and env as they are given" {
	cat >"$HOOKS/show" <<-EOF2
		#!/bin/bash
		printf '%s|' "\$@" >$HOOKS/args
		env >$HOOKS/env
	EOF2
	chmod +x "$HOOKS/show"
	edit '.hooks.createRuntime = [{path: $path, args: ["name", "two words", ""], env: ["A=1", "B=two words"]}]' --arg path "$HOOKS/show"
	program true
	run -0 env SECRET=1 "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID"
	equal "$(cat "$HOOKS/args")" "two words||"
	equal "$(grep -v '^_=\|^PWD=\|^SHLVL=' "$HOOKS/env" | sort)" $'A=1\nB=two words'
}

@test "without env a hook gets nothing of the caller's" {
	requires_newer_runc "hands its own over"
	edit '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", $script]}]' --arg script "/usr/bin/env >$HOOKS/env"
	program true
	run -0 env SECRET=1 "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID"
	run ! grep SECRET "$HOOKS/env"
}

@test "startContainer without env has the process's" {
	requires_newer_runc "gives it none"
	edit '.process.env += ["ONE=two"] | .hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "echo $ONE $HOME >/tmp/out"]}]'
	program true
	run -0 runtime run "$ID"
	equal "$(cat rootfs/tmp/out)" "two /root"
}

@test "a failing hook fails the command, names itself, and nothing is left" {
	local kind
	program echo the program ran
	for kind in prestart createRuntime createContainer startContainer poststart; do
		edit '.hooks = {}'
		hook $kind 'exit 0'
		hook $kind 'echo said; echo complained >&2; exit 3'
		run -1 --separate-stderr runtime run "$ID"
		output=$stderr
		is_runc || contains "error running $kind hook #1"
		contains complained
		[[ $kind == poststart ]] || lacks "the program ran"
		nothing_created
	done
	for kind in prestart createRuntime createContainer; do
		edit '.hooks = {}'
		hook $kind 'exit 3'
		run -1 runtime create "$ID"
		is_runc || contains "error running $kind hook #0"
		nothing_created
	done
}

@test "a hook that is not there, or is killed" {
	program true
	edit '.hooks.createRuntime = [{path: "/missing/hook"}]'
	run -1 runtime run "$ID"
	matches 'hook.*no such file or directory'
	edit '.hooks = {}'
	hook createRuntime 'kill -SEGV $$'
	run -1 runtime run "$ID"
	is_runc || contains "error running createRuntime hook #0"
	nothing_created
}

@test "a hook's path must be absolute" {
	program true
	edit '.hooks.createRuntime = [{path: "true"}]'
	run -1 runtime run "$ID"
	nothing_created
}

@test "timeout: the hook is ended, and that is a failure" {
	requires_newer_runc "waits for its children"
	hook createRuntime "sleep 60"
	edit '.hooks.createRuntime[0].timeout = 1'
	program true
	SECONDS=0
	run -1 runtime run "$ID"
	((SECONDS < 20))
	contains "error running createRuntime hook #0"
	nothing_created
	edit '.hooks.createRuntime[0].timeout = 0'
	run -1 runtime run "$ID"
	nothing_created
}

@test "a failing poststop hook is a warning" {
	requires_newer_runc "stops at the first"
	hook poststop 'exit 3'
	hook poststop "touch $HOOKS/second"
	program true
	detached create "$ID"
	run -0 runtime delete --force "$ID"
	nothing_created
	[[ -e $HOOKS/second ]]
}

@test "poststop runs for a foreground run" {
	hook poststop "echo ran >>$HOOKS/poststop"
	program true
	run -0 runtime run "$ID"
	equal "$(cat "$HOOKS/poststop")" ran
}

@test "poststop runs after a create that failed, once, when all but the directory is gone" {
	local kind
	hook poststop "cat >>$HOOKS/poststop"
	for kind in prestart createRuntime createContainer; do
		hook $kind 'exit 3'
		program true
		run -1 runtime create "$ID"
		contains "hook #0"
		equal "$(jq -c '[.id, .status, .pid // 0, .bundle]' "$HOOKS/poststop")" "[\"$ID\",\"stopped\",0,\"$BUNDLE\"]"
		rm "$HOOKS/poststop"
		edit "del(.hooks.$kind)"
		nothing_created
	done
	program /not/there
	run -1 runtime run "$ID"
	contains "no such file or directory"
	equal "$(jq -r .status "$HOOKS/poststop")" stopped
	nothing_created
}

@test "a hook's output does not mix into the container's" {
	hook createRuntime 'echo from the hook'
	program echo from the program
	run -0 --separate-stderr runtime run "$ID"
	is "from the program"
}

@test "a state larger than a pipe arrives whole" {
	edit '.annotations = {large: ("x" * 300000)}'
	hook createRuntime "cat >$HOOKS/state"
	hook poststop "sleep 0.2; cat >$HOOKS/last"
	program true
	run -0 runtime run "$ID"
	equal "$(jq -r '.annotations.large | length' "$HOOKS/state")" 300000
	equal "$(jq -r '.annotations.large | length' "$HOOKS/last")" 300000
}

@test "a hook of the host is not born into the pid namespace that the container joins" {
	requires_casemate "has no way to fail here"
	requires_command strace unshare
	strace -o /dev/null true || skip "strace does not work here"
	unshare --pid --fork --kill-child sleep 1000 3>&- &
	BACKGROUND+=($!)
	wait_for pgrep -P "${BACKGROUND[-1]}"
	edit '(.linux.namespaces[] | select(.type == "pid")).path = $path' \
		--arg path "/proc/$(pgrep -P "${BACKGROUND[-1]}")/ns/pid"
	hook createRuntime "readlink /proc/self/ns/pid >$HOOKS/pid"
	program true
	run -0 runtime run "$ID"
	equal "$(cat "$HOOKS/pid")" "$(readlink /proc/self/ns/pid)"
	rm "$HOOKS/pid"
	run ! strace -o /dev/null -e trace=setns -e inject=setns:error=EPERM:when=2 \
		"$RUNTIME" --root "$STATE" run "$ID"
	[[ ! -e $HOOKS/pid ]]
}

is_stopped() {
	[[ $(runtime state "$ID" | jq -r .status) = stopped ]]
}

@test "a hook that reads nothing of its standard input" {
	edit '.annotations = {big: ("x" * 200000)}'
	hook createRuntime 'exit 0'
	program true
	run -0 runtime run "$ID"
	run -0 runtime run -d "$ID" </dev/null
	wait_for is_stopped
}

@test "a hook has no descriptor but its three" {
	hook createRuntime "ls /proc/self/fd >$HOOKS/fds"
	hook startContainer "probe fds >/tmp/fds"
	edit '.hooks.startContainer[0].env = ["PATH=/bin"]'
	program true
	run -0 runtime run "$ID"
	equal "$(xargs <"$HOOKS/fds")" "0 1 2 3"
	equal "$(cat rootfs/tmp/fds)" ""
}

@test "a hook's background child does not keep the runtime waiting" {
	requires_newer_runc "waits for its pipe"
	hook createRuntime 'sleep 5 </dev/null >/dev/null 2>&1 &'
	program true
	SECONDS=0
	run -0 runtime run "$ID"
	((SECONDS < 4))
}

@test "hooks work with a user namespace" {
	user_namespace
	chmod 777 "$HOOKS"
	hook createRuntime "id -u >$HOOKS/one"
	hook createContainer "id -u >$HOOKS/two"
	hook startContainer "id -u >/tmp/three"
	edit '.hooks.startContainer[0].env = ["PATH=/bin"]'
	program cat /tmp/three
	run -0 runtime run "$ID"
	is 0
	equal "$(cat "$HOOKS/one")" 0
}

# As a terminal sends ^C: to the hook as well.
@test "a signal while hooks run leaves a whole container, or nothing" {
	local ended=0
	hook createRuntime "touch $HOOKS/runs; sleep 0.7"
	program sleep 1000
	setsid "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID" >/dev/null 2>&1 </dev/null 3>&- &
	wait_for test -e "$HOOKS/runs"
	kill -TERM -- "-$!"
	wait $! || ended=$?
	equal "$ended" 1
	nothing_created
	rm "$HOOKS/runs"
	"$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" create "$ID" >/dev/null 2>&1 </dev/null 3>&- &
	wait_for test -e "$HOOKS/runs"
	kill -TERM $!
	wait $!
	run -0 runtime state "$ID"
	contains '"status": "created"'
}

@test "what stops a job stops a command that waits for its hooks" {
	requires_casemate "keeps it from itself"
	hook createRuntime "touch $HOOKS/runs; sleep 1"
	program true
	setsid "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID" >/dev/null 2>&1 </dev/null 3>&- &
	wait_for test -e "$HOOKS/runs"
	# SIGTSTP, SIGTTIN and SIGTTOU are not among what it holds back.
	equal "$((0x$(sed -n 's/^SigBlk:\t//p' "/proc/$!/status") & 0x380000))" 0
	wait "$!"
	nothing_created
}
