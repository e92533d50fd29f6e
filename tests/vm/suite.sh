#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The guest's side of check.sh: unpacks tree.tar and runs what the file `plan` has, as one TAP list with its plan at the
# end. A line each: the user ("unit": the same one, in a unit of their systemd; "ranges": in tests/compat with subordinate
# ids), global options of the program, one file below tests/ (or `unit`: the programs of tests/unit) and options of bats,
# separated by "|".
#
# As many files run at once as there are processors, and what fails is tried once more: emulated time has its own races.
set -u

here=$PWD
mkdir -p /srv/casemate/build/tests
tar -xf tree.tar -C /srv/casemate
cd /srv/casemate || exit 1
mv casemate unit build/
mv helpers build/tests/
find tests -name '*.c' -exec touch -d 2000-01-01 {} +
install -m 755 build/casemate /usr/local/bin/casemate
chmod -R a+rX .
# Without a journal of their own, users' logs are in the system's.
gpasswd -a tester systemd-journal >/dev/null
systemctl start user@1000
install -d -o 1000 -g 1000 /tmp/user
export LC_ALL=C.UTF-8 BUILD=$PWD/build RUNTIME=/usr/local/bin/casemate

# bats as the user, with the options as the program's: run_as USER OPTIONS ARGUMENT...
run_as() {
	local user=$1 unit=() groups=--init-groups bats=(bats --formatter tap --print-output-on-failure)
	export RUNTIME_ARGS=$2 COMPARE_AS=
	[ "$user" != ranges ] || COMPARE_AS=ranges
	shift 2
	if [ "$user" = root ]; then
		"${bats[@]}" "$@"
		return
	fi
	# runc leaves the caller's groups to the container: docs/compatibility.md.
	[ "$user" != ranges ] || groups=--clear-groups
	[ "$user" != unit ] || unit=(systemd-run --user --pipe --wait --quiet --collect -p Delegate=yes
		--setenv=BUILD --setenv=RUNTIME --setenv=RUNTIME_ARGS --setenv=COMPARE_AS --setenv=TMPDIR --setenv=LC_ALL --same-dir)
	setpriv --reuid 1000 --regid 1000 "$groups" env HOME=/home/tester TMPDIR=/tmp/user USER=tester \
		XDG_RUNTIME_DIR=/run/user/1000 DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus \
		"${unit[@]}" "${bats[@]}" "$@"
}

# Each test with what it says in one piece, as others write meanwhile; those that fail into the file $1.
hold_failures() {
	awk -v failures="$1" '
		function end_block() {
			if (block ~ /^not ok/) printf "%s", block >failures
			else { printf "%s", block; fflush() }
			block = ""
		}
		/^(not )?ok |^1\.\./ { end_block() }
		{ block = block $0 "\n" }
		END { end_block() }'
}

# One line of the plan, with a second try: part USER OPTIONS FILE [-f FILTER]
part() {
	local failures again
	failures=$(mktemp /tmp/failures.XXXX)
	run_as "$@" 2>&1 | hold_failures "$failures"
	sed 's/^not ok [0-9]* /# again /; t; s/^/#   /' "$failures"
	again=$(sed -n 's/^not ok [0-9]* //p' "$failures" | sed 's/ # .*//; s/[][\.*^$+?(){}|/]/\\&/g' | paste -sd '|')
	[ -z "$again" ] || run_as "$1" "$2" "$3" -f "^($again)\$" 2>&1 | grep -v '^1\.\.' | hold_failures /dev/stdout
}

unit_tests() {
	local program
	for program in build/unit/test_*; do
		tests/unit/tap "$program"
	done
}

# One list, which is seen while it grows.
one_list() {
	awk '/^1\.\.[0-9]/ { sub(/^1\.\./, ""); planned += $0; next }
		/^(not )?ok [0-9]/ { sub(/ok [0-9]+/, "ok " ++number) }
		/^not ok/ { failed = 1 }
		{ print; fflush() }
		END { print "1.." planned; exit failed }'
}

{
	while IFS='|' read -r user options file; do
		filter=()
		[[ $file != *" -f "* ]] || filter=(-f "${file#* -f }")
		while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
			wait -n
		done
		if [ "$file" = unit ]; then
			unit_tests </dev/null &
			continue
		fi
		part "$user" "$options" "tests/${file%% -f *}" "${filter[@]}" </dev/null &
	done <"$here/plan"
	wait
} | one_list
