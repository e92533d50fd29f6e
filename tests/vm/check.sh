#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs one part of the tests in the virtual machine, and writes TAP: tests/vm/check.sh PART
#
#   root      as root, with cgroup v2 and nothing else
#   systemd   as root, with systemd as cgroup manager
#   rootless  as an ordinary user, without cgroups, with delegated ones, and with the user's systemd
#   podman    podman as an ordinary user
#   engines   Docker and Podman as root
#   apparmor  profiles that are enforced
#   selinux   labels (another machine: the kernel has one or the other)
#   hybrid    as root, v1 and v2 beside each other, with the cgroup filesystem and with systemd
#   quick     the heart of all of that: for `make check`
#
# The machine is $BUILD/vm, made by `make check-vm`. Where there is none, the tests are skipped.
set -u

cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
machine=$BUILD/vm
part=$1
groups=v2 lsm=apparmor

# A line each: the user ("unit": the same one, in a unit of their systemd), global options of the program, files below tests/ (and options of bats).
case $part in
root) plan=(
	"root||integration/run.bats integration/lifecycle.bats integration/cgroups.bats"
	"root||integration/update.bats integration/devices.bats integration/exec.bats"
) ;;
systemd) plan=(
	"root||integration/systemd.bats"
	"root|--systemd-cgroup|integration/run.bats integration/lifecycle.bats integration/update.bats"
) ;;
rootless) plan=(
	"tester||integration/systemd.bats integration/rootless.bats"
	"unit||integration/rootless.bats -f delegated"
) ;;
podman) plan=("tester||vm/podman_rootless.bats") ;;
engines) plan=("root||vm/engines.bats") ;;
apparmor) plan=("root||vm/apparmor.bats") ;;
selinux)
	plan=("root||vm/selinux.bats")
	lsm=selinux
	;;
hybrid)
	plan=(
		"root||integration/cgroups.bats"
		"root||integration/systemd.bats"
	)
	groups=hybrid
	;;
quick) plan=(
	"root||integration/systemd.bats -f scope|annotations|device"
	"tester||integration/rootless.bats -f systemd|delegated"
	"root||vm/apparmor.bats"
) ;;
*)
	echo "check.sh: no part named $part" >&2
	exit 2
	;;
esac

if [ ! -s "$machine/root.img" ]; then
	echo 1..1
	echo "ok 1 $part # skip there is no virtual machine in $machine: make check-vm builds it"
	exit 0
fi

shared=$(mktemp -d "$machine/share.XXXXXX") || exit 1
trap 'rm -rf "$shared"' EXIT

# What the guest needs, in one file: many small ones take long over 9p.
tar -cf "$shared/tree.tar" --exclude='*.d' --exclude='*.o' --exclude=tests/fuzz --exclude=tests/unit \
	tests policies docs/man completions config.json.example scripts -C "$BUILD" casemate tests/helpers

# In the guest all of it is in /srv/casemate, with the program and the helpers where tests look for them.
{
	cat <<-'END'
		mkdir -p /srv/casemate/build/tests
		tar -xf tree.tar -C /srv/casemate
		cd /srv/casemate
		mv casemate build/
		mkdir -p build/tests
		[ ! -d tests/helpers ] || cp -a tests/helpers build/tests/
		find tests -name '*.c' -exec touch -d 2000-01-01 {} +
		install -m 755 build/casemate /usr/local/bin/casemate
		chmod -R a+rX .
		# Without a journal of their own, users' logs are in the system's.
		gpasswd -a tester systemd-journal >/dev/null
		export LC_ALL=C.UTF-8 BUILD=/srv/casemate/build RUNTIME=/usr/local/bin/casemate
		part() { # USER OPTIONS FILES
			local user=$1 options=$2
			shift 2
			if [ "$user" = root ]; then
				RUNTIME_ARGS=$options bats --formatter tap --print-output-on-failure "$@"
			else
				local unit=()
				[ "$user" != unit ] || unit=(systemd-run --user --pipe --wait --quiet --collect
					-p Delegate=yes --setenv=BUILD --setenv=RUNTIME --setenv=TMPDIR --same-dir)
				systemctl start user@1000
				mkdir -p /tmp/user && chown 1000:1000 /tmp/user
				setpriv --reuid 1000 --regid 1000 --init-groups env HOME=/home/tester TMPDIR=/tmp/user \
					USER=tester XDG_RUNTIME_DIR=/run/user/1000 RUNTIME_ARGS="$options" \
					DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus \
					"${unit[@]}" bats --formatter tap --print-output-on-failure "$@"
			fi
		}
	END
	for line in "${plan[@]}"; do
		IFS='|' read -r user options files <<<"$line"
		filter=''
		[[ $files != *" -f "* ]] || { filter=${line##* -f }; files=${files%% -f *}; }
		printf 'part %q %q' "$user" "$options"
		for file in $files; do
			printf ' %q' "tests/$file"
		done
		[ -z "$filter" ] || printf ' -f %q' "$filter"
		# Several runs of bats become one list.
		printf ' 2>&1 | tee -a /tmp/tap >/dev/null\n'
	done
	# shellcheck disable=SC2016 # for the guest
	echo 'awk '\''/^1\.\.[0-9]/ { sub(/^1\.\./, ""); planned += $0; next }
		/^(not )?ok [0-9]/ { sub(/ok [0-9]+/, "ok " ++number) }
		{ lines[++count] = $0 }
		END { print "1.." planned; for (i = 1; i <= count; i++) print lines[i] }'\'' /tmp/tap'
	echo '! grep -q "^not ok" /tmp/tap'
} >"$shared/run.sh"

snapshot=$groups-$lsm
boot=(tests/vm/boot.sh -d "$machine" -s "$shared" -t "${VM_LIMIT:-2400}")
if [ ! -s "$machine/snapshot/$snapshot/state" ] || [ "$machine/root.img" -nt "$machine/snapshot/$snapshot/state" ]; then
	"${boot[@]}" -b "$snapshot" -g "$groups" -l "$lsm" 'systemctl start user@1000; true' >"$machine/log/snapshot" 2>&1 ||
		"${boot[@]}" -b "$snapshot" -g "$groups" -l "$lsm" 'systemctl start user@1000; true' >>"$machine/log/snapshot" 2>&1 || {
		echo 1..1
		echo "not ok 1 $part: the machine does not start"
		sed 's/^/# /' "$machine/log/snapshot"
		exit 1
	}
fi
"${boot[@]}" -r "$snapshot" 'bash run.sh'
