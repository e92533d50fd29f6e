#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# create, start, state, kill, delete, list and ps: what a container's life looks like from outside.

load helpers

setup() {
	setup_bundle
}

teardown() {
	teardown_bundle
}

create_sleeping() {
	program sleep 1000
	detached create "$ID"
}

@test "create, start, kill, delete" {
	create_sleeping
	status_is "$ID" created
	run -0 runtime start "$ID"
	status_is "$ID" running
	run -0 runtime kill "$ID" KILL
	wait_status "$ID" stopped
	run -0 runtime delete "$ID"
	fails 1 "container does not exist" runtime state "$ID"
}

@test "the program does not run before start" {
	edit '.root.readonly = false'
	program touch /started
	detached create "$ID"
	sleep 0.2
	[[ ! -e rootfs/started ]]
	run -0 runtime start "$ID"
	wait_for test -e rootfs/started
	wait_status "$ID" stopped
}

@test "state: the members, in their order" {
	edit '.annotations = {"org.example.key": "a \"value\""}'
	start_sleeping
	run -0 runtime state "$ID"
	equal "$(jq -r 'keys_unsorted | join(" ")' <<<"$output")" \
		"ociVersion id pid status bundle rootfs created annotations owner"
	equal "$(jq -r '.id, .status, .bundle, .rootfs, .annotations["org.example.key"]' <<<"$output")" \
		"$ID"$'\n'"running"$'\n'"$BUNDLE"$'\n'"$BUNDLE/rootfs"$'\n''a "value"'
	equal "$(jq -r .ociVersion <<<"$output")" "$(jq -r .ociVersion config.json)"
	[[ $(jq -r .created <<<"$output") =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{1,9}Z$ ]]
	# The process is the container's: it has the container's mounts.
	grep -q "$BUNDLE/rootfs\|/rootfs / " "/proc/$(jq .pid <<<"$output")/mountinfo"
}

@test "state: no annotations member without annotations, pid 0 when stopped" {
	start_sleeping
	run -0 runtime state "$ID"
	equal "$(jq 'has("annotations")' <<<"$output")" false
	run -0 runtime kill "$ID" KILL
	wait_status "$ID" stopped
	run -0 runtime state "$ID"
	equal "$(jq .pid <<<"$output")" 0
}

@test "state: a zombie is stopped" {
	# We are its parent's reaper only if nobody waits; the shell never waits for an adopted child here.
	start_sleeping
	kill -KILL "$(container_pid)"
	wait_status "$ID" stopped
}

@test "the relative bundle, the symlinked bundle" {
	program true
	ln -s "$BUNDLE" "$BATS_TEST_TMPDIR/link"
	cd "$BATS_TEST_TMPDIR"
	detached create -b bundle "$ID"
	equal "$(runtime state "$ID" | jq -r .bundle)" "$BUNDLE"
	run -0 runtime delete "$ID"
	run -0 runtime run -b link "$ID"
}

@test "config.json is read at create, never later" {
	edit '.root.readonly = false'
	program touch /first
	detached create "$ID"
	program touch /second
	run -0 runtime start "$ID"
	wait_status "$ID" stopped
	[[ -e rootfs/first && ! -e rootfs/second ]]
}

@test "start: only a created container can be started" {
	fails 1 "container does not exist" runtime start "$ID"
	start_sleeping
	fails 1 "cannot start an already running container" runtime start "$ID"
	run -0 runtime kill "$ID" KILL
	wait_status "$ID" stopped
	fails 1 "cannot start a container that has stopped" runtime start "$ID"
}

@test "an id in use is refused, and the container that has it is untouched" {
	start_sleeping
	local pid
	pid=$(container_pid)
	fails 1 "container with given ID already exists" runtime run -d "$ID"
	fails 1 "container with given ID already exists" runtime create "$ID"
	equal "$(container_pid)" "$pid"
	kill -0 "$pid"
}

@test "an id can be used again after delete, and after run" {
	program echo again
	for _ in 1 2 3; do
		run -0 runtime run "$ID"
		is again
	done
	start_sleeping
	run -0 runtime delete --force "$ID"
	start_sleeping
}

@test "ids: letters, digits and _ + - . up to 1,024 characters" {
	program true
	for id in "$ID.a" "$ID+b" "$ID-c" "${ID}_d" "$ID."; do
		run -0 runtime run "$id"
	done
	for id in .. . a/b ../a /a "" "a b" $'a\nb' "a;b" 'a$b' ä; do
		run -1 --separate-stderr runtime run "$id"
		[[ -n $stderr ]]
	done
	if ! is_runc; then
		run -1 runtime run "a b"
		[[ $output == *'invalid character ` `'* ]]
	fi
	requires_newer_runc "takes an id of any length until a file name is too long"
	run -1 --separate-stderr runtime run "$(printf 'a%.0s' {1..1025})"
	matches_stderr "container id|ID"
	nothing_created
}

matches_stderr() {
	grep -Eq "$1" <<<"$stderr"
}

@test "kill: names, numbers, any case; SIGTERM when none is given" {
	program probe trap 10 12
	local signal
	detached run -d "$ID"
	wait_for grep -q ready "$OUT"
	for signal in USR1 SIGUSR1 10 usr1 sigusr1; do
		run -0 runtime kill "$ID" "$signal"
	done
	wait_for grep -q SIGUSR1 "$OUT"
	run -0 runtime kill "$ID" SIGUSR2
	wait_for grep -q SIGUSR2 "$OUT"
	run -0 runtime kill "$ID" 0
	run -0 runtime kill "$ID"
	wait_for grep -q SIGTERM "$OUT"
	wait_status "$ID" stopped
}

@test "kill: what is not a signal is refused" {
	start_sleeping
	for signal in NOSUCH SIGNOSUCH 1x 0x9 " 9" 9999; do
		run -1 --separate-stderr runtime kill "$ID" "$signal"
		[[ -n $stderr ]]
	done
	fails 1 'unknown signal' runtime kill "$ID" NOSUCH
	fails 1 'unable to signal init: invalid argument' runtime kill "$ID" 65
	fails 1 'unable to signal init: invalid argument' runtime kill "$ID" 99
	status_is "$ID" running
}

@test "kill: a stopped container is not running; --all says nothing" {
	start_sleeping
	run -0 runtime kill "$ID" KILL
	wait_status "$ID" stopped
	fails 1 "container not running" runtime kill "$ID" TERM
	fails 1 "container not running" runtime kill "$ID" 0
	fails 1 "container not running" runtime kill "$ID" 99
	run -0 runtime kill --all "$ID" KILL
}

@test "kill: a created container, which is then stopped" {
	create_sleeping
	run -0 runtime kill "$ID" KILL
	wait_status "$ID" stopped
}

@test "kill --all reaches every process" {
	edit '.root.readonly = false'
	program sh -c 'sleep 1001 & sleep 1002 & exec sleep 1003'
	detached run -d "$ID"
	local pids
	wait_for sh -c "[ \$('$RUNTIME' --root '$STATE' ps -f json '$ID' | jq length) = 3 ]"
	pids=$(runtime ps -f json "$ID" | jq '.[]')
	run -0 runtime kill --all "$ID" KILL
	wait_status "$ID" stopped
	for pid in $pids; do
		wait_for test ! -d "/proc/$pid/root/bin"
	done
}

@test "kill KILL ends every process of a container with the host's processes" {
	requires_policy_off
	requires_newer_runc "leaves the others alive"
	without_namespace pid
	program sh -c 'sleep 1001 & sleep 1002 & exec sleep 1003'
	detached run -d "$ID"
	wait_for sh -c "[ \$('$RUNTIME' --root '$STATE' ps -f json '$ID' | jq length) = 3 ]"
	run -0 runtime kill "$ID" KILL
	wait_status "$ID" stopped
	wait_for sh -c "[ \$('$RUNTIME' --root '$STATE' ps -f json '$ID' | jq length) = 0 ]"
}

@test "delete ends what is left of a container without its first process" {
	requires_policy_off
	requires_newer_runc "cannot delete it"
	for force in "" --force; do
		without_namespace pid
		program sh -c 'sleep 1001 & sleep 1002 & exec sleep 1003'
		detached run -d "$ID"
		local pids
		wait_for sh -c "[ \$('$RUNTIME' --root '$STATE' ps -f json '$ID' | jq length) = 3 ]"
		pids=$(runtime ps -f json "$ID" | jq '.[]')
		kill -KILL "$(container_pid)"
		wait_status "$ID" stopped
		# shellcheck disable=SC2086 # no word at all when empty
		run -0 runtime delete $force "$ID"
		for pid in $pids; do
			wait_for test ! -d "/proc/$pid/root/bin"
		done
	done
}

@test "delete: a running container is refused, a created one is not" {
	start_sleeping
	fails 1 "cannot delete container $ID that is not stopped: running" runtime delete "$ID"
	status_is "$ID" running
	run -0 runtime delete --force "$ID"
	create_sleeping
	run -0 runtime delete "$ID"
	nothing_created
}

@test "delete --force of what does not exist is a success, without it an error" {
	run -0 runtime delete --force "$ID"
	is ""
	fails 1 "container does not exist" runtime delete "$ID"
}

@test "delete removes the cgroup, with the groups made below it" {
	requires_root
	edit '.mounts |= map(if .type == "cgroup" then .options -= ["ro"] else . end)'
	start_sleeping
	local group
	group=$(container_cgroup pids)
	[[ -d $group ]]
	"$(helper probe)" mkdirs "$group" 30
	run -0 runtime delete --force "$ID"
	[[ ! -e $group ]]
}

@test "delete removes a group into which a process has moved" {
	start_sleeping
	local group
	group=$(container_cgroup pids)
	mkdir "$group/below"
	container_pid >"$group/below/cgroup.procs"
	run -0 runtime delete --force "$ID"
	[[ ! -e $group ]]
}

@test "delete works when the bundle is gone" {
	start_sleeping
	cd /
	mv "$BUNDLE" "$BUNDLE.away"
	run -0 runtime delete --force "$ID"
	mv "$BUNDLE.away" "$BUNDLE"
}

@test "run --keep leaves a stopped container" {
	program true
	run -0 runtime run --keep "$ID"
	status_is "$ID" stopped
	run -0 runtime delete "$ID"
	nothing_created
}

@test "list: a table, names only, JSON on one line" {
	run -0 runtime list
	[[ $output =~ ^ID\ +PID\ +STATUS\ +BUNDLE\ +CREATED\ +OWNER$ ]]
	run -0 runtime list -f json
	is null
	run -0 runtime list -q
	is ""
	start_sleeping "$ID-b"
	start_sleeping "$ID-a"
	start_sleeping "$ID-c"
	run -0 runtime list -q
	is "$ID-a"$'\n'"$ID-b"$'\n'"$ID-c"
	run -0 runtime list --quiet
	is "$ID-a"$'\n'"$ID-b"$'\n'"$ID-c"
	run -0 runtime list --format table
	[[ ${lines[0]} =~ ^ID\ +PID\ +STATUS\ +BUNDLE\ +CREATED\ +OWNER$ ]]
	[[ ${lines[2]} =~ ^$ID-b\ +$(container_pid "$ID-b")\ +running\ +$BUNDLE\ +[0-9T:.-]+Z\ +root$ ]]
	run -0 runtime list -f json
	equal "${#lines[@]}" 1
	[[ $output == '[{"ociVersion":"'*'","id":"'"$ID-a"'","pid":'*',"status":"running","bundle":"'"$BUNDLE"'","rootfs":"'"$BUNDLE/rootfs"'","created":"'*'","owner":"root"},{'*']' ]]
	equal "$(jq -r '[.[].id] | join(" ")' <<<"$output")" "$ID-a $ID-b $ID-c"
	fails 1 "invalid format option" runtime list -f frobnicate
}

@test "delete --force: a container whose process is not known any more, with its cgroup" {
	local pid

	for damage in 'ln -s nobody' 'touch'; do
		start_sleeping
		pid=$(container_pid "$ID")
		rm "$STATE/$ID/init"
		$damage "$STATE/$ID/init"
		fails 1 'init: expected a process and when it started' runtime state "$ID"
		run -0 runtime delete --force "$ID"
		wait_for sh -c "! kill -0 $pid 2>/dev/null"
		[[ ! -e $STATE/$ID ]]
	done
}

@test "delete --force: a state copied from another container ends nothing of that one" {
	start_sleeping
	cp -r "$STATE/$ID" "$STATE/$ID-copy"
	fails 1 "state.json: id: found" runtime state "$ID-copy"
	run -0 runtime delete --force "$ID-copy"
	[[ ! -e $STATE/$ID-copy ]]
	status_is "$ID" running
}

@test "list: rubbish in the state root does not hide the containers" {
	start_sleeping
	mkdir "$STATE/rubbish" "$STATE/empty"
	echo '{' >"$STATE/rubbish/state.json"
	touch "$STATE/stray"
	run -0 --separate-stderr runtime list -q
	contains "$ID"
	# shellcheck disable=SC2154 # set by run
	[[ $stderr == *rubbish* && $stderr != *stray* ]]
	run -0 --separate-stderr runtime list -f json
	equal "$(jq -r '.[] | select(.id | startswith("it-")).id' <<<"$output")" "$ID"
	rm -r "$STATE/rubbish" "$STATE/empty" "$STATE/stray"
}

@test "list: a state root that is not there is empty" {
	run -0 "$RUNTIME" --root "$BATS_TEST_TMPDIR/none" list -q
	is ""
	[[ ! -e $BATS_TEST_TMPDIR/none ]] || rmdir "$BATS_TEST_TMPDIR/none"
}

@test "ps: the host's columns, its options, and JSON" {
	requires_command ps
	program sh -c 'sleep 1001 & exec sleep 1002'
	detached run -d "$ID"
	wait_for sh -c "[ \$('$RUNTIME' --root '$STATE' ps -f json '$ID' | jq length) = 2 ]"
	run -0 runtime ps "$ID"
	[[ ${lines[0]} =~ ^UID\ +PID\ +PPID\ +C\ +STIME\ +TTY\ +TIME\ +CMD$ ]]
	equal "${#lines[@]}" 3
	matches "root +$(container_pid) .* sleep 1002"
	contains "sleep 1001"
	run -0 runtime ps "$ID" -o pid,comm
	[[ ${lines[0]} =~ ^\ *PID\ COMMAND$ ]]
	equal "${#lines[@]}" 3
	run -0 runtime ps -f json "$ID"
	equal "$(jq -c sort <<<"$output")" "$(pgrep -f '^sleep 100[12]$' --ns "$(container_pid)" --nslist pid | jq -cs sort)"
	fails 1 "invalid format option" runtime ps -f frobnicate "$ID"
}

@test "ps: the processes of exec too; none when it has stopped" {
	start_sleeping
	detached exec -d "$ID" sleep 1001
	run -0 runtime ps -f json "$ID"
	equal "$(jq length <<<"$output")" 2
	run -0 runtime kill "$ID" KILL
	wait_status "$ID" stopped
	run -0 runtime ps "$ID"
	[[ ${lines[0]} == UID* && ${#lines[@]} == 1 ]]
	fails 1 "container does not exist" runtime ps missing
}

@test "pause and resume: state, exec, kill and delete" {
	requires_controller freezer
	fails 1 "container does not exist" runtime pause "$ID"
	fails 1 "container does not exist" runtime resume "$ID"
	start_sleeping
	fails 1 "container not paused" runtime resume "$ID"
	run -0 runtime pause "$ID"
	status_is "$ID" paused
	fails 1 'msg="?container not running"?$' runtime pause "$ID"
	fails 255 "cannot exec in a paused container" runtime exec "$ID" true
	fails 1 "that is not stopped: paused" runtime delete "$ID"
	run -0 runtime resume "$ID"
	status_is "$ID" running
	run -0 runtime exec "$ID" true
	run -0 runtime pause "$ID"
	run -0 runtime kill "$ID" KILL
	wait_status "$ID" stopped
	fails 1 "container not running" runtime pause "$ID"
}

@test "delete --force of a paused container" {
	requires_controller freezer
	start_sleeping
	run -0 runtime pause "$ID"
	run -0 runtime delete --force "$ID"
	nothing_created
}

# A process frozen by the v1 freezer does not die of SIGKILL, and who may write to its groups may freeze it there.
@test "delete --force of a container frozen in a group below its own, and in one of the host's" {
	requires_root
	requires_controller freezer
	requires_newer_runc "never ends"
	local group freezer pid
	start_sleeping
	group=$(container_cgroup freezer)
	[[ $(stat -fc %T "$group") == cgroupfs ]] || skip "the freezer of v2 lets processes die"
	freezer=$(cgroup_directory freezer)
	mkdir "$group/below"
	container_pid >"$group/below/cgroup.procs"
	echo FROZEN >"$group/below/freezer.state"
	run runtime delete --force "$ID"
	[[ ! -d $group/below ]] || echo THAWED >"$group/below/freezer.state"
	equal "$status" 0
	nothing_created
	start_sleeping "$ID-other"
	mkdir "$freezer/it-frozen-$ID"
	container_pid "$ID-other" >"$freezer/it-frozen-$ID/cgroup.procs"
	echo FROZEN >"$freezer/it-frozen-$ID/freezer.state"
	run runtime delete --force "$ID-other"
	echo THAWED >"$freezer/it-frozen-$ID/freezer.state"
	rmdir "$freezer/it-frozen-$ID"
	equal "$status" 0
	nothing_created
}

@test "exec --ignore-paused waits for resume" {
	requires_controller freezer
	start_sleeping
	run -0 runtime pause "$ID"
	(sleep 0.5 && runtime resume "$ID") &
	run -0 runtime exec --ignore-paused "$ID" echo thawed
	is thawed
}

@test "an empty path is as if it were not given" {
	program echo ran
	run -0 runtime run --bundle "" --pid-file "" --console-socket "" "$ID"
	is ran
	start_sleeping
	run -0 runtime exec --process "" --cwd "" --pid-file "" --console-socket "" "$ID" echo ran
	is ran
	mkdir "$BATS_TEST_TMPDIR/new"
	(cd "$BATS_TEST_TMPDIR/new" && runtime spec --bundle "")
	[[ -s $BATS_TEST_TMPDIR/new/config.json ]]
}
