#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What --help lists is what the man pages and the completions know, no less and no more.

load helpers

MAN=$REPOSITORY/docs/man
COMPLETIONS=$REPOSITORY/completions

setup() {
	requires_casemate "has help of its own"
}

# The commands the program's help lists, without `help`.
commands() {
	"$RUNTIME" --help | sed -n '/^COMMANDS:/,/^$/s/^   \([a-z]*\)  .*/\1/p' | grep -vx help
}

# The options in the help of command $1 (none: the program), long and short, one a line.
options() {
	"$RUNTIME" ${1:+"$1"} --help | sed -n '/OPTIONS:/,$p' |
		sed -n 's/^   \(-\(.\), \|    \)--\([a-z0-9-]*\).*/-\2\n--\3/p' | grep -vx -- -
}

# The options that the man page $1 has an entry for; an entry may name two: ".It Fl b , -bundle".
man_options() {
	sed -n '/^\.It Fl /p' "$MAN/$1.8" | grep -o '^\.It Fl [^ ]*\( , [^ ]*\)\?' |
		sed 's/^\.It Fl //; s/ , /\n/' | sed 's/^/-/'
}

bash_options() {
	bash -c '. "$1"; _casemate_options "$2"' bash "$COMPLETIONS/casemate.bash" "$1" | tr -s ' \t' '\n'
}

# All options of one command in the zsh completion: its branch of the case, with the shared lists put in.
zsh_options() {
	local block

	if [ -n "$1" ]; then
		block=$(sed -n "/^	\(.* | \)\?$1\( | .*\)\?)\$/,/^		;;/p" "$COMPLETIONS/_casemate")
	else
		block=$(sed -n '/_arguments -C/,/&& return/p' "$COMPLETIONS/_casemate")
	fi
	{
		echo "$block"
		sed -n '/help_option=/p' "$COMPLETIONS/_casemate"
		[[ $block != *create_options* ]] || sed -n '/create_options=(/,/)$/p' "$COMPLETIONS/_casemate"
	} | grep -o "^[^[]*\[" | grep -o -- '-\{1,2\}[a-z][a-z0-9-]*' | grep -vx -- -C
}

fish_options() {
	local condition='not __fish_seen_subcommand_from'

	[ -z "$1" ] || condition="__fish_seen_subcommand_from $1'"
	{
		grep -F -- "$condition" "$COMPLETIONS/casemate.fish" | grep "^complete -c casemate -n .* -l "
		grep '^complete -c casemate -s h -l help' "$COMPLETIONS/casemate.fish"
	} | grep -o -- ' -[sl] [a-z0-9-]*' | sed 's/^ -s /-/; s/^ -l /--/'
}

# Compares a list ($2, from $1) with the options of command $3.
same_options() {
	local expected

	expected=$(options "$3" | sort -u)
	[ -n "$expected" ]
	diff <(echo "$expected") <(echo "$2" | sort -u) || {
		echo "help (<) and $1 (>) of '${3:-casemate}' differ"
		return 1
	}
}

@test "help: every command is listed and has a help of its own" {
	[ "$(commands | wc -l)" -ge 16 ]
	for command in $(commands); do
		run "$RUNTIME" "$command" --help
		[ "$status" -eq 0 ]
		[ "${lines[0]}" = NAME: ]
		[[ ${lines[1]} = "   casemate $command - "* ]]
		[[ $output = *"   casemate $command [options]"* ]]
		[ "$("$RUNTIME" help "$command")" = "$output" ]
		[ "$("$RUNTIME" "$command" -h)" = "$output" ]
	done
}

@test "help: no line is wider than 120 columns" {
	for command in '' $(commands); do
		run "$RUNTIME" ${command:+"$command"} --help
		for line in "${lines[@]}"; do
			[ "${#line}" -le 120 ]
		done
	done
}

@test "help: a command that is not there" {
	for words in "nonsense" "help nonsense" "nonsense --help"; do
		# shellcheck disable=SC2086
		run "$RUNTIME" $words
		[ "$status" -eq 3 ]
		[[ $output = *"No help topic for 'nonsense'"* ]]
	done
}

@test "help: under the name runc it says runc" {
	ln -s "$RUNTIME" "$BATS_TEST_TMPDIR/runc"
	run "$BATS_TEST_TMPDIR/runc" --help
	[ "$status" -eq 0 ]
	[[ $output != *casemate\ \[* ]]
	[[ ${lines[1]} = "   runc - Open Container Initiative runtime"* ]]
	run "$BATS_TEST_TMPDIR/runc" --version
	[[ ${lines[0]} =~ ^runc\ version\ [0-9]+\.[0-9]+\.[0-9]+ ]]
	run "$BATS_TEST_TMPDIR/runc" start
	[ "$status" -eq 1 ]
	[[ $output = *'runc: \"start\" requires exactly 1 argument(s)'* ]]
}

@test "help: the man pages have every option and no other" {
	same_options "casemate.8" "$(man_options casemate)" ""
	for command in $(commands); do
		same_options "casemate-$command.8" "$(man_options "casemate-$command")" "$command"
	done
}

@test "help: casemate.8 lists every command, with the summary of its own page and help" {
	for command in $(commands); do
		summary=$("$RUNTIME" --help | sed -n "s/^   $command  *//p")
		grep -qxF ".Nd $summary" "$MAN/casemate-$command.8"
		grep -A1 -xF ".It Cm $command" "$MAN/casemate.8" | grep -qxF "$summary,"
	done
}

@test "help: the man pages are well formed" {
	command -v mandoc >/dev/null || skip "mandoc is not installed"
	run mandoc -T lint -W warning "$MAN"/*.8
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "help: bash completes every option and no other" {
	for command in '' $(commands); do
		same_options casemate.bash "$(bash_options "$command")" "$command"
	done
}

@test "help: zsh completes every option and no other" {
	for command in '' $(commands); do
		same_options _casemate "$(zsh_options "$command")" "$command"
	done
}

@test "help: fish completes every option and no other" {
	for command in '' $(commands); do
		same_options casemate.fish "$(fish_options "$command")" "$command"
	done
}

@test "help: the completions know every command" {
	for command in $(commands) help; do
		bash -c '. "$1"; printf "%s\n" $_casemate_commands' bash "$COMPLETIONS/casemate.bash" | grep -qx "$command"
		grep -q "^		['\"]$command:" "$COMPLETIONS/_casemate"
		grep -q -- " -a $command -d " "$COMPLETIONS/casemate.fish"
	done
}

@test "help: bash completes commands, options and values where they belong" {
	complete_words() {
		bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _casemate
			printf "%s\n" "${COMPREPLY[@]}"' bash "$COMPLETIONS/casemate.bash" "$@"
	}
	[ "$(complete_words casemate sta)" = "$(printf 'start\nstate')" ]
	[ "$(complete_words casemate --debug --root /x pau)" = pause ]
	[ "$(complete_words casemate list --format j)" = json ]
	[ "$(complete_words casemate explain -f c)" = config ]
	[ "$(complete_words casemate --log-format '')" = "$(printf 'text\njson')" ]
	[ "$(complete_words casemate run --no-s)" = --no-subreaper ]
	[[ " $(complete_words casemate kill id '' | tr '\n' ' ')" == *" SIGTERM "* ]]
	[[ " $(complete_words casemate kill id '' | tr '\n' ' ')" != *" EXIT "* ]]
	PATH=${RUNTIME%/*}:$PATH
	[ "$(complete_words casemate --policy basel)" = baseline ]
	[ "$(complete_words casemate --policy baseline,datab)" = baseline,database ]
	[ "$(complete_words casemate setup docker --policy termi)" = terminal ]
	[ "$(complete_words casemate --policy = basel)" = baseline ]
	[ "$(complete_words casemate --log-format =)" = "$(printf 'text\njson')" ]
	[ "$(complete_words casemate --root = /x pau)" = pause ]
}

@test "help: fish completes policies" {
	requires_command fish
	complete_line() {
		PATH=${RUNTIME%/*}:$PATH HOME=$BATS_TEST_TMPDIR fish --no-config -c 'source $argv[1]; complete -C $argv[2]' \
			"$COMPLETIONS/casemate.fish" "$1" | cut -f1
	}
	[ "$(complete_line 'casemate sta')" = "$(printf 'start\nstate')" ]
	[ "$(complete_line 'casemate --policy basel')" = baseline ]
	[ "$(complete_line 'casemate --policy=baseline,datab')" = --policy=baseline,database ]
	[ "$(complete_line 'casemate policy show termi')" = terminal ]
}
