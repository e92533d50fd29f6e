#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs one part of the tests in the virtual machine, and writes TAP: tests/vm/check.sh PART [LINE...]
#
# With lines, these in the part's machine instead of its plan, for a test that is being worked on:
#   tests/vm/check.sh root 'root||integration/cgroups.bats -f memory'
#
#   root      as root, with cgroup v2 and nothing else; the unit tests as well
#   systemd   as root, with systemd as cgroup manager
#   rootless  as an ordinary user, without cgroups, with delegated ones, and with the user's systemd
#   podman    podman as an ordinary user
#   engines   Docker and Podman as root
#   apparmor  profiles that are enforced
#   selinux   labels (another machine: the kernel has one or the other)
#   hybrid    as root, v1 and v2 beside each other, with the cgroup filesystem and with systemd
#   compat    side by side with runc, as root
#   compat-systemd   the same with systemd as cgroup manager
#   compat-rootless  the same as an ordinary user: without groups, with delegated ones, with the user's systemd
#   quick     the heart of all of that: for `make check`
#   everything  all of tests/integration as root, which takes hours: not among those of `make check-vm`
#
# The machine is $BUILD/vm, made by `make check-vm`. Where there is none, the tests are skipped.
set -u

cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build}
machine=$BUILD/vm
part=$1
groups=v2 lsm=apparmor

# What suite.sh runs: USER|OPTIONS|FILE [-f FILTER]. Emulation is slow: a file that says nothing new on this kind of host
# is left to the host that builds, and of a long one the tests are chosen that have to do with
# groups. Two run at once: the longest come first.
in_groups='create, start|kill --all|kill KILL|delete ends|delete removes|ps: the processes|pause|frozen'
case $part in
root) plan=(
	"root||integration/checkpoint.bats"
	"root||unit"
	"root||integration/egress.bats"
	"root||integration/cgroups.bats"
	"root||integration/update.bats"
	"root||integration/devices.bats -f device cgroup|devices work|devices are"
	"root||integration/lifecycle.bats -f $in_groups"
	"root||integration/exec.bats -f every group|--cgroup|begins as|is gone"
	"root||integration/disk_quota.bats"
) ;;
everything)
	plan=()
	for file in tests/integration/*.bats; do
		plan+=("root||${file#tests/}")
	done
	;;
systemd) plan=(
	"root||integration/systemd.bats"
	"root|--systemd-cgroup|integration/update.bats"
	"root|--systemd-cgroup|integration/lifecycle.bats -f $in_groups"
	"root|--systemd-cgroup|integration/run.bats -f not there|foreground|returns at once|processes it left"
) ;;
rootless) plan=(
	"tester||integration/systemd.bats"
	"tester||integration/rootless.bats"
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
compat) plan=(
	"root||compat/resources.bats"
	"root||compat/lifecycle.bats"
	"root||compat/process.bats"
	"root||compat/namespaces.bats"
	"root||compat/mounts.bats"
) ;;
compat-systemd) plan=(
	"root|--systemd-cgroup|compat/resources.bats"
	"root|--systemd-cgroup|compat/systemd.bats"
	"root|--systemd-cgroup|compat/lifecycle.bats"
	"root|--systemd-cgroup|compat/process.bats -f sees of itself"
	"root|--systemd-cgroup|compat/mounts.bats -f devices"
	"root|--systemd-cgroup|compat/namespaces.bats -f hooks|namespaces"
) ;;
compat-rootless) plan=(
	"tester|--systemd-cgroup|compat/resources.bats"
	"unit||compat/resources.bats"
	"tester|--systemd-cgroup|compat/lifecycle.bats"
	"tester|--systemd-cgroup|compat/systemd.bats"
	"unit||compat/lifecycle.bats"
	"ranges|--systemd-cgroup|compat/rootless.bats"
	"unit||compat/rootless.bats"
	"ranges||compat/rootless.bats"
	"tester||compat/rootless.bats"
	"tester||compat/resources.bats -f limits"
	"ranges||compat/process.bats -f sees of itself|users"
	"tester||compat/mounts.bats -f file systems|devices"
) ;;
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
shift
(($# == 0)) || plan=("$@")

if [ ! -s "$machine/root.img" ]; then
	echo 1..1
	echo "ok 1 $part # skip there is no virtual machine in $machine: make check-vm builds it"
	exit 0
fi

shared=$(mktemp -d "$machine/share.XXXXXX") || exit 1
trap 'rm -rf "$shared"' EXIT

# What the guest needs, in one file: many small ones take long over 9p.
tar -cf "$shared/tree.tar" --exclude='*.d' --exclude='*.o' --exclude=tests/fuzz \
	tests policies docs/man completions config.json.example scripts -C "$BUILD" casemate unit -C tests helpers
printf '%s\n' "${plan[@]}" >"$shared/plan"

snapshot=$groups-$lsm
boot=(tests/vm/boot.sh -d "$machine" -s "$shared" -t "${VM_LIMIT:-3600}")
if [ ! -s "$machine/snapshot/$snapshot/state" ] || [ "$machine/root.img" -nt "$machine/snapshot/$snapshot/state" ]; then
	"${boot[@]}" -b "$snapshot" -g "$groups" -l "$lsm" 'systemctl start user@1000; true' >"$machine/log/snapshot" 2>&1 ||
		"${boot[@]}" -b "$snapshot" -g "$groups" -l "$lsm" 'systemctl start user@1000; true' >>"$machine/log/snapshot" 2>&1 || {
		echo 1..1
		echo "not ok 1 $part: the machine does not start"
		sed 's/^/# /' "$machine/log/snapshot"
		exit 1
	}
fi
"${boot[@]}" -r "$snapshot" 'tar -xOf tree.tar tests/vm/suite.sh >suite.sh; bash suite.sh'
