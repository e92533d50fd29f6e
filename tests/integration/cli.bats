#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# The command line itself: what the program calls itself, how options are read, where errors go.

load helpers

setup() {
	setup_bundle
}

teardown() {
	teardown_bundle
}

@test "--version names the program, the commit and the specification, one a line" {
	for option in --version -v -version; do
		run -0 "$RUNTIME" "$option"
		[[ ${lines[0]} =~ ^$NAME\ version\ [0-9]+\.[0-9]+\.[0-9]+ ]]
		[[ ${lines[1]} =~ ^commit:\  ]]
		[[ ${lines[2]} =~ ^spec:\ [0-9]+\.[0-9]+\.[0-9]+ ]]
	done
}

@test "under the name runc it calls itself runc" {
	ln -s "$RUNTIME" "$BATS_TEST_TMPDIR/runc"
	run -0 "$BATS_TEST_TMPDIR/runc" --version
	[[ ${lines[0]} =~ ^runc\ version\ [0-9] ]]
	run -0 "$BATS_TEST_TMPDIR/runc" --help
	contains "runc - "
	edit '.process.terminal = true'
	run -1 "$BATS_TEST_TMPDIR/runc" --root "$STATE" run --detach "$ID"
	contains "if runc will detach"
}

@test "a symbolic link under any other name works too" {
	ln -s "$RUNTIME" "$BATS_TEST_TMPDIR/another"
	program echo through a link
	run -0 "$BATS_TEST_TMPDIR/another" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID"
	is "through a link"
}

@test "--help of the program and of every command" {
	run -0 "$RUNTIME" --help
	[[ ${lines[0]} == NAME:* ]]
	[[ ${lines[1]} =~ $NAME\ -\  ]]
	run -0 "$RUNTIME" -h
	[[ ${lines[0]} == NAME:* ]]
	for command in create delete exec features kill list pause ps resume run spec start state; do
		for option in -h --help; do
			run -0 "$RUNTIME" "$command" "$option"
			[[ ${lines[0]} == NAME:* ]]
			[[ ${lines[1]} =~ $NAME\ $command ]]
		done
	done
}

@test "every option that engines use is in the help" {
	local -A options=(
		[create]="bundle console-socket pidfd-socket pid-file no-pivot no-new-keyring preserve-fds"
		[run]="bundle console-socket pidfd-socket pid-file no-pivot no-new-keyring preserve-fds detach keep no-subreaper"
		[exec]="console-socket pidfd-socket cwd env tty user additional-gids process detach pid-file process-label apparmor no-new-privs cap preserve-fds cgroup ignore-paused"
		[kill]="all" [delete]="force" [list]="format quiet" [ps]="format" [spec]="bundle rootless"
	)
	local command option
	is_runc && options[create]=${options[create]/pidfd-socket/} options[run]=${options[run]/pidfd-socket/} options[exec]=${options[exec]/pidfd-socket/}
	for command in "${!options[@]}"; do
		run -0 "$RUNTIME" "$command" --help
		for option in ${options[$command]}; do
			contains "--$option"
		done
	done
	run -0 "$RUNTIME" --help
	for option in root debug log log-format systemd-cgroup rootless criu version help; do
		contains "--$option"
	done
}

@test "options: --name value, --name=value, one dash, and the short one" {
	program echo hello
	for form in "--bundle $BUNDLE" "--bundle=$BUNDLE" "-bundle $BUNDLE" "-bundle=$BUNDLE" "-b $BUNDLE" "-b=$BUNDLE"; do
		read -ra words <<<"$form"
		cd /
		run -0 runtime run "${words[@]}" "$ID"
		is hello
	done
}

@test "what follows the first argument of exec's command belongs to the command" {
	start_sleeping
	run -0 runtime exec "$ID" echo --user -t --help
	is "--user -t --help"
	run -0 runtime exec --env A=1 -- "$ID" echo two words
	is "two words"
}

@test "an unknown command, an unknown option, a missing value" {
	run -3 --separate-stderr "$RUNTIME" frobnicate
	[[ $stderr == *"No help topic for 'frobnicate'"* ]]
	run ! "$RUNTIME" frobnicate -h
	contains "No help topic for 'frobnicate'"
	run -1 --separate-stderr runtime run --frobnicate "$ID"
	[[ $stderr == *"flag provided but not defined: -frobnicate"* ]]
	run -1 --separate-stderr runtime create --bundle
	[[ $stderr == *"flag needs an argument: -bundle"* ]]
	run ! "$RUNTIME" --frobnicate list
}

@test "the wrong number of arguments" {
	for command in create run start state; do
		run -1 --separate-stderr runtime "$command"
		[[ $stderr == *"$command\" requires exactly 1 argument(s)"* || $stderr == *"$command\\\" requires exactly 1 argument(s)"* ]]
	done
	run -1 --separate-stderr runtime run one two
	[[ $stderr == *"requires exactly 1 argument"* ]]
	run -1 --separate-stderr runtime kill
	[[ $stderr == *"requires a minimum of 1 argument"* ]]
	run ! --separate-stderr runtime exec
	[[ -n $stderr ]]
}

@test "without arguments it prints its help" {
	run -0 "$RUNTIME"
	contains "USAGE:"
}

@test "--log: the log line goes to the file, the plain text to standard error" {
	umask 0
	run -1 --separate-stderr runtime --log "$BATS_TEST_TMPDIR/log" state missing
	umask 022
	equal "$(stat -c %a "$BATS_TEST_TMPDIR/log")" 644
	equal "$stderr" "container does not exist"
	run -0 cat "$BATS_TEST_TMPDIR/log"
	[[ $output =~ ^time=\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+(Z|[+-][0-9:]+)\"\ level=error\ msg=\"container\ does\ not\ exist\"$ ]]
}

@test "--log-format json: one object a line, with a time that can be read" {
	run -1 runtime --log "$BATS_TEST_TMPDIR/log" --log-format json state missing
	run -0 jq -er '.level, .msg, (.time | sub("[.][0-9]+"; "") | fromdateiso8601 > 0)' "$BATS_TEST_TMPDIR/log"
	is $'error\ncontainer does not exist\ntrue'
	run -0 wc -l "$BATS_TEST_TMPDIR/log"
	[[ $output == "1 "* ]]
}

@test "--log appends, and quotes what needs it" {
	run -1 runtime --log "$BATS_TEST_TMPDIR/log" --log-format json state missing
	edit '.process.args = ["no \"such\"\nthing"]'
	run -1 runtime --log "$BATS_TEST_TMPDIR/log" --log-format json run "$ID"
	run -0 jq -s length "$BATS_TEST_TMPDIR/log"
	is 2
	run -0 jq -rs '.[1].msg' "$BATS_TEST_TMPDIR/log"
	contains "executable file not found"
	run -1 runtime --log "$BATS_TEST_TMPDIR/text" run "$ID"
	run -0 grep -c ^time= "$BATS_TEST_TMPDIR/text"
	is 1
}

@test "--log-format: anything else is refused, and so is a log that cannot be written" {
	run ! runtime --log-format frobnicate list
	run ! runtime --log "$BATS_TEST_TMPDIR/missing/log" list
}

@test "--debug: steps on standard error, or only in the log" {
	program true
	run -0 --separate-stderr runtime --debug run "$ID"
	[[ $stderr == *level=debug* ]]
	run -0 --separate-stderr runtime --debug --log "$BATS_TEST_TMPDIR/log" run "$ID"
	[[ -z $stderr ]]
	grep -q level=debug "$BATS_TEST_TMPDIR/log"
	run -0 runtime --debug --log "$BATS_TEST_TMPDIR/json" --log-format json run "$ID"
	jq -es 'all(.[]; .level == "debug" and (.msg | length > 0))' "$BATS_TEST_TMPDIR/json"
}

@test "the texts that debuggers of containers look for" {
	program true
	run -0 runtime --debug run "$ID"
	contains "nsexec container setup"
	contains "child process in init()"
	contains "init: closing the pipe to signal completion"
	start_sleeping
	run -0 runtime --debug exec "$ID" true
	contains "nsexec container setup"
	contains "setns_init: about to exec"
}

@test "no value of an environment variable is in an error or a log" {
	edit '.process.env += ["SECRET=hunter2"] | .process.args = ["missing"]'
	run -1 env ANOTHER=hunter2 "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --debug --root "$STATE" run "$ID"
	lacks hunter2
	program sleep 100
	detached --debug run -d "$ID"
	run ! grep hunter2 "$OUT"
	run -0 runtime --debug exec --env MORE=hunter2 "$ID" true
	lacks hunter2
	run -255 runtime --debug exec --env MORE=hunter2 "$ID" missing
	lacks hunter2
	run ! grep -rl hunter2 "$STATE"
}

@test "two state roots know nothing of each other" {
	start_sleeping
	run -1 "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$BATS_TEST_TMPDIR/other" state "$ID"
	contains "container does not exist"
	run -0 "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$BATS_TEST_TMPDIR/other" list -q
	is ""
}

@test "it works without an environment, as podman calls it" {
	program sleep 1000
	env -i "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run -d "$ID" </dev/null >"$OUT" 2>&1 3>&-
	run -0 env -i "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" kill "$ID" KILL
	wait_status "$ID" stopped
	run -0 env -i "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" delete "$ID"
}

@test "--criu is taken where it is not needed" {
	run -0 runtime --criu /missing list -q
	is ""
}

@test "every option of checkpoint, restore and unlock is known: what is missing is the container" {
	requires_casemate "has no unlock"
	mkdir images
	fails 1 "container does not exist" runtime checkpoint --image-path images --leave-running --tcp-established \
		--tcp-skip-in-flight --ext-unix-sk --shell-job --file-locks --link-remap --auto-dedup --pre-dump missing
	fails 1 "container does not exist" runtime unlock --code 123456 missing
	run -1 runtime restore --image-path images/none --tcp-established --ext-unix-sk --shell-job --file-locks \
		--auto-dedup --lsm-profile apparmor:x --lsm-mount-context x "$ID"
	lacks "flag provided but not defined"
	nothing_created
}
