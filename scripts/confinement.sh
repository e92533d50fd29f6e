# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Runs inside a container, in any POSIX shell: looks at its own confinement and prints a table.

row() {
	printf '  %-22s %s\n' "$1" "$2"
}

status() {
	sed -n "s/^$1:[[:space:]]*//p" /proc/self/status
}

# The first of the files that is there.
first() {
	for file in "$@"; do
		if [ -r "$file" ]; then
			cat "$file"
			return
		fi
	done
	echo "not to be seen"
}

yes_no() {
	if "$@" 2>/dev/null; then
		echo yes
	else
		echo no
	fi
}

# What is mounted at or below $1 read-only, or as a mask: an empty tmpfs or a device.
mounts_below() {
	while read -r _ point type options _; do
		case $point in
		"$1"/*) ;;
		*) continue ;;
		esac
		case $2,$type,$options in
		masked,tmpfs,ro*) echo "$point" ;;
		masked,devtmpfs,*) echo "$point" ;;
		readonly,proc,ro* | readonly,sysfs,ro*) echo "$point" ;;
		esac
	done </proc/mounts
}

# Reading this much of a masked file gives nothing.
masked_files() {
	while read -r device point _; do
		case $point in
		/proc/* | /sys/*) [ -c "$point" ] && [ -n "$device" ] && echo "$point" ;;
		esac
	done </proc/mounts
}

list() {
	tr '\n' ' ' | fold -s -w 76 | sed 's/^/      /'
	echo
}

echo "Who and where"
row "user" "$(id -u):$(id -g)"
row "host name" "$(hostname)"
row "processes to be seen" "$(printf '%s\n' /proc/[0-9]* | wc -l)"
row "network devices" "$(tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ' | tr '\n' ' ')"

echo "Privileges"
row "NoNewPrivs" "$(status NoNewPrivs)"
row "Seccomp" "$(status Seccomp) (2: a filter)"
for set in CapInh CapPrm CapEff CapBnd CapAmb; do
	row "$set" "$(status $set)"
done
row "can make a namespace" "$(yes_no unshare -U true)"
row "can mount" "$(yes_no mount -t tmpfs tmpfs /tmp)"

echo "Files"
row "root is writable" "$(yes_no touch /confinement-test)"
row "/tmp is writable" "$(yes_no touch /tmp/confinement-test)"
row "can write sysctls" "$(yes_no sh -c 'echo 1 >/proc/sys/vm/drop_caches')"
row "can read /proc/kcore" "$(yes_no head -c 1 /proc/kcore | sed 's/^yes$/it is empty/')"
echo "  masked:"
{
	mounts_below /proc masked
	mounts_below /sys masked
	masked_files
} | sort -u | list
echo "  read-only below /proc:"
mounts_below /proc readonly | sort -u | list

echo "Limits"
row "processes" "$(first /sys/fs/cgroup/pids.max /sys/fs/cgroup/pids/pids.max)"
row "memory" "$(first /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes)"
row "processor" "$(first /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us)"
row "open files" "$(sed -n 's/^Max open files *\([0-9]*\).*/\1/p' /proc/self/limits)"
