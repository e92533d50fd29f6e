#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# Two commands at once, and commands killed at any moment.

load helpers

setup() {
	setup_bundle
}

teardown() {
	teardown_bundle
}

@test "of many creates with one id exactly one succeeds" {
	local pids=() successes=0 pid
	program sleep 1000
	for _ in 1 2 3 4 5 6 7 8; do
		runtime create "$ID" </dev/null >/dev/null 2>&1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" && successes=$((successes + 1))
	done
	equal $successes 1
	status_is "$ID" created
	run -0 runtime start "$ID"
	status_is "$ID" running
}

@test "of many starts exactly one succeeds" {
	local pids=() successes=0 pid
	program sleep 1000
	detached create "$ID"
	for _ in 1 2 3 4 5 6 7 8; do
		runtime start "$ID" >/dev/null 2>&1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" && successes=$((successes + 1))
	done
	equal $successes 1
	status_is "$ID" running
}

@test "many deletes at once" {
	local pids=() pid number
	start_sleeping
	for number in 1 2 3 4 5 6 7 8; do
		runtime delete --force "$ID" >/dev/null 2>"$OUT.$number" &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || is_runc || {
			cat "$OUT".*
			return 1
		}
	done
	nothing_created
}

@test "state, list and ps while containers come and go" {
	program true
	(for _ in {1..15}; do runtime run "$ID-a"; done) >/dev/null 2>&1 &
	(for _ in {1..15}; do runtime run "$ID-b"; done) >/dev/null 2>&1 &
	for _ in {1..30}; do
		run -0 --separate-stderr runtime list -f json
		jq . <<<"$output" >/dev/null
		run --separate-stderr runtime state "$ID-a"
		((status == 0)) || [[ $stderr == *"container does not exist"* ]]
	done
	wait
	nothing_created
}

@test "exec, kill and delete against each other" {
	start_sleeping
	local number
	for number in 1 2 3 4 5; do
		runtime exec "$ID" sleep 1001 >/dev/null 2>&1 &
	done
	sleep 0.2
	run -0 runtime delete --force "$ID"
	wait
	nothing_created
}

# Kills the command COUNT times, each time a little later, and cleans up after it.
killed_at_any_moment() {
	local count=$1 number
	shift
	for ((number = 0; number < count; number++)); do
		prepare_each
		"$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" "$@" </dev/null >/dev/null 2>&1 3>&- &
		local pid=$!
		sleep "0.$(printf %03d $((number * 2)))"
		kill -KILL $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		run -0 timeout 30 "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" delete --force "$ID"
		run -0 runtime list -q
		is ""
		assert_nothing_left
	done
}

@test "create killed at any moment, then delete --force" {
	requires_casemate "leaves some of it behind"
	prepare_each() { :; }
	program sleep 1000
	killed_at_any_moment "${KILLS:-15}" create "$ID"
}

@test "run -d killed at any moment, then delete --force" {
	requires_casemate "leaves some of it behind"
	prepare_each() { :; }
	program sleep 1000
	killed_at_any_moment "${KILLS:-15}" run -d "$ID"
}

@test "start killed at any moment, then delete --force" {
	requires_casemate "leaves some of it behind"
	prepare_each() { detached create "$ID"; }
	program sleep 1000
	killed_at_any_moment "${KILLS:-10}" start "$ID"
}

@test "delete killed at any moment, then delete --force" {
	requires_casemate "leaves some of it behind"
	prepare_each() { detached run -d "$ID"; }
	program sleep 1000
	killed_at_any_moment "${KILLS:-10}" delete --force "$ID"
}

@test "exec killed at any moment" {
	requires_casemate "leaves some of it behind"
	prepare_each() { detached run -d "$ID"; }
	program sleep 1000
	killed_at_any_moment "${KILLS:-10}" exec "$ID" sleep 1001
}

@test "the foreground run killed: delete --force ends the container" {
	program sleep 1000
	"$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID" </dev/null >/dev/null 2>&1 3>&- &
	local pid=$!
	wait_status "$ID" running
	kill -KILL $pid
	wait $pid || true
	run -0 runtime delete --force "$ID"
	nothing_created
}

@test "a create that died is no running container, and its id can be had again" {
	requires_casemate "keeps it"
	program sleep 1000
	for delay in 0.001 0.002 0.004; do
		"$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" create "$ID" </dev/null >/dev/null 2>&1 3>&- &
		local pid=$!
		sleep $delay
		kill -KILL $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		run runtime state "$ID"
		run -0 runtime delete --force "$ID"
		detached run -d "$ID"
		run -0 runtime delete --force "$ID"
	done
}
