#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# Any system call may fail, and the runtime may be killed at any of them. After either, `delete --force` leaves no
# process, mount, cgroup or state behind, and no other container is touched.
#
# A traced run counts the calls of a command; then the command is run again for each of them, with that one call
# failing, or with a kill there. By default $SAMPLE calls of each command, evenly spread; FAULTS=all takes every one.

load ../integration/helpers

# A first run must tell where there is something to fail; some calls are never worth failing.
NEVER='exit_group|exit|execve|brk|arch_prctl|set_tid_address|set_robust_list|rseq|rt_sigreturn|munmap|restart_syscall|wait4|waitid'

setup() {
	requires_casemate "cleans up less"
	requires_command strace
	setup_bundle
	SAMPLE=${SAMPLE:-8}
	program sleep 1000
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["kcmp"], action: "SCMP_ACT_ERRNO"}]}'
	mount_entry /mnt/made bind "$BUNDLE/rootfs/etc" bind ro
	strace -D -f -o /dev/null true 2>/dev/null || skip "strace cannot trace here"
	# A neighbour, which must not notice anything.
	NEIGHBOUR=$ID-neighbour
	detached run -d "$NEIGHBOUR"
	NEIGHBOURS_PID=$(container_pid "$NEIGHBOUR")
}

teardown() {
	teardown_bundle
}

# With -D strace is not the parent: the command ends when it ends, not with the last process it leaves.

# Each process's N-th call of a name, one "NAME N" a line, in the order they are made.
calls_of() {
	local trace=$BATS_TEST_TMPDIR/trace
	before_each
	timeout -s KILL 60 strace -D -f -qq -o "$trace" "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" "$@" \
		</dev/null >/dev/null 2>&1 3>&- || true
	clean_up
	awk -v never="^($NEVER)\$" '{
		name = $2; sub(/\(.*/, "", name)
		if (name !~ /^[a-z][a-z0-9_]*$/ || name ~ never || $0 ~ /resumed>/) next
		number = ++seen[$1, name]
		if (!((name, number) in said)) { said[name, number] = 1; print name, number }
	}' "$trace"
}

# Every call, or as many as the sample has, evenly spread; the first differs from run to run of the same command.
sampled() {
	if [[ ${FAULTS:-} == all ]]; then
		cat
		return
	fi
	awk -v wanted="$SAMPLE" '{ line[NR] = $0 } END {
		step = NR / wanted; if (step < 1) step = 1
		for (at = 1 + step / 2; at <= NR; at += step) print line[int(at)]
	}'
}

clean_up() {
	run timeout 60 "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" delete --force "$ID" 3>&-
	((status == 0)) || {
		echo "delete --force: $status: $output"
		return 1
	}
}

only_the_neighbour_is_left() {
	local _ left maps
	equal "$(runtime list -q)" "$NEIGHBOUR"
	kill -0 "$NEIGHBOURS_PID"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		left=$(
			find /sys/fs/cgroup -depth -type d -name "$ID" 2>/dev/null
			# Processes of this test's containers, but for the neighbour's.
			grep -lsF "$BATS_TEST_TMPDIR" /proc/[0-9]*/mountinfo | while read -r maps; do
				[[ ${maps//[^0-9]/} == "$NEIGHBOURS_PID" ]] || echo "$maps"
			done
		)
		[[ -n $left ]] || return 0
		sleep 0.1
	done
	echo "left: $left"
	return 1
}

# with_each FAULT COMMAND...: FAULT as strace's inject has it ("error=EIO", "signal=KILL")
with_each() {
	local fault=$1 name number result
	shift
	calls_of "$@" | sampled >"$OUT.calls"
	(($(wc -l <"$OUT.calls") >= (SAMPLE < 8 ? SAMPLE : 8)))
	while read -r name number; do
		before_each
		result=0
		timeout -s KILL 60 strace -D -f -qq -o /dev/null -e "inject=$name:$fault:when=$number" \
			"$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" "$@" </dev/null >"$OUT.fault" 2>&1 3>&- || result=$?
		if ! clean_up || ! only_the_neighbour_is_left || ((result == 124)); then
			echo "after $name:$fault:when=$number of $* (status $result)"
			cat "$OUT.fault"
			return 1
		fi
	done <"$OUT.calls"
}

@test "create: any call fails" {
	before_each() { :; }
	with_each error=EIO create "$ID"
}

@test "create: killed at any call" {
	before_each() { :; }
	with_each signal=KILL create "$ID"
}

@test "run: any call is out of memory" {
	before_each() { :; }
	with_each error=ENOMEM run -d "$ID"
}

@test "run: any call is forbidden" {
	before_each() { :; }
	with_each error=EPERM run -d "$ID"
}

@test "run: killed at any call" {
	before_each() { :; }
	with_each signal=KILL run -d "$ID"
}

@test "start: any call fails, or it is killed there" {
	before_each() { detached create "$ID"; }
	with_each error=EIO start "$ID"
	with_each signal=KILL start "$ID"
}

@test "exec: any call fails, or it is killed there" {
	before_each() { detached run -d "$ID"; }
	with_each error=EIO exec "$ID" true
	with_each signal=KILL exec "$ID" true
}

@test "kill: any call fails, or it is killed there" {
	before_each() { detached run -d "$ID"; }
	with_each error=EIO kill "$ID" KILL
	with_each signal=KILL kill "$ID" KILL
}

@test "delete: any call fails, or it is killed there" {
	before_each() { detached run -d "$ID"; }
	with_each error=EIO delete --force "$ID"
	with_each signal=KILL delete --force "$ID"
}

@test "a step that fails is an error with its name, never a container that is weaker than asked for" {
	local name confining=0
	before_each() { :; }
	# The calls that confine: failing, each must stop the container.
	program sh -c 'echo the program ran'
	calls_of run "$ID" >"$OUT.calls"
	for name in pivot_root capset seccomp setgroups mount_setattr sethostname unshare close_range; do
		grep -q "^$name " "$OUT.calls" || continue
		confining=$((confining + 1))
		if timeout -s KILL 60 strace -D -f -qq -o /dev/null -e "inject=$name:error=EPERM" \
			"$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID" </dev/null >"$OUT.fault" 2>&1 3>&-; then
			echo "$name: it went on: $(cat "$OUT.fault")"
			return 1
		fi
		run ! grep "the program ran" "$OUT.fault"
		clean_up
	done
	((confining >= 5))
}
