#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command in the virtual machine, as root under systemd: tests/vm/boot.sh [OPTION...] COMMAND
#
# Its output comes here, its status is this program's (125: the machine never ran it, 124: time is up). What it
# changes on the disk is thrown away.
#
#   -d DIR    the machine, as build.sh made it (build/vm)
#   -s DIR    directory of the host that is shared at /mnt/share, where the command starts (DIR/share of the machine)
#   -t SECS   time limit for it all (1800)
#   -r NAME   go on from the snapshot NAME instead of booting
#   -b NAME   boot, run the command, save the snapshot NAME
#   -l LSM    apparmor (default), selinux (permissive), none
#   -g GROUPS v2 (default), hybrid, v1: these two with kernel 6.1, the last with all controllers of v1
set -u

here=$(cd "$(dirname "$0")" && pwd)
machine=$here/../../build/vm shared='' limit=1800 resumed='' saved='' lsm=apparmor groups=v2
while getopts d:s:t:r:b:l:g: option; do
	case $option in
	d) machine=$OPTARG ;;
	s) shared=$OPTARG ;;
	t) limit=$OPTARG ;;
	r) resumed=$OPTARG ;;
	b) saved=$OPTARG ;;
	l) lsm=$OPTARG ;;
	g) groups=$OPTARG ;;
	*) exit 125 ;;
	esac
done
shift $((OPTIND - 1))

machine=$(cd "$machine" && pwd) || exit 125
shared=${shared:-$machine/share}
mkdir -p "$shared" "$machine/log" "$machine/snapshot"
shared=$(cd "$shared" && pwd)
image=$machine/root.img format=raw
run=$(mktemp -d "$machine/run.XXXXXX") || exit 125
# The machine's files in the shared directory.
label=.vm.${run##*.}
mkdir -p "$shared/$label"
printf '%s\n' "$*" >"$shared/$label/command"
qemu_pid='' tail_pid=''
# shellcheck disable=SC2317 # by the trap
clean() {
	[ -z "$qemu_pid" ] || kill "$qemu_pid" 2>/dev/null
	[ -z "$tail_pid" ] || kill "$tail_pid" 2>/dev/null
	rm -rf "$run" "${shared:?}/$label"
}
trap clean EXIT
trap 'exit 130' INT TERM HUP

if [ -n "$resumed" ]; then
	# shellcheck source=/dev/null
	. "$machine/snapshot/$resumed/options"
	image=$machine/snapshot/$resumed/disk.qcow2 format=qcow2
elif [ -n "$saved" ]; then
	rm -rf "$machine/snapshot/$saved"
	mkdir -p "$machine/snapshot/$saved"
	image=$machine/snapshot/$saved/disk.qcow2 format=qcow2
	qemu-img create -q -f qcow2 -b ../../root.img -F raw "$image" || exit 125
fi
kernel=$(printf '%s\n' "$machine"/kernel/vmlinux-6.1.* | sort -V | tail -1)
case $lsm in
apparmor) parameters="security=apparmor audit=0" ;;
selinux) parameters="security=selinux selinux=1 enforcing=0 audit=1" ;;
*) parameters="lsm=landlock,lockdown,yama,bpf audit=0" ;;
esac
case $groups in
v2) parameters+=" systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all" ;;
hybrid) parameters+=" systemd.unified_cgroup_hierarchy=0" ;;
v1) parameters+=" systemd.unified_cgroup_hierarchy=0 systemd.legacy_systemd_cgroup_controller=1" ;;
esac
parameters="console=ttyS0 root=/dev/vda rw $parameters mitigations=off nokaslr no_timer_check tsc=reliable"
parameters+=" random.trust_cpu=1 panic=-1 quiet systemd.show_status=false net.ifnames=0 vm.dir=$label"
parameters+=${saved:+ vm.snapshot=1}

# shellcheck disable=SC2054 # QEMU's options have commas
qemu=("$machine/qemu/usr/bin/qemu-system-x86_64" -L "$machine/qemu/usr/share/qemu" -L "$machine/qemu/usr/share/seabios"
	-accel tcg,thread=multi,tb-size=1024 -cpu max,-la57,-pku,-svm,-cx16 -M q35 -smp 2 -m 2048
	-nodefaults -no-user-config -display none -no-reboot
	-kernel "$kernel" -initrd "${kernel/vmlinux-/initrd-}" -append "$parameters"
	-chardev "file,id=console,path=$run/console" -serial chardev:console
	-object rng-random,id=rng,filename=/dev/urandom -device virtio-rng-pci,rng=rng
	-drive "if=none,id=disk,file=$image,format=$format,cache=unsafe,aio=threads,discard=unmap,snapshot=$([ -n "$saved" ] && echo off || echo on)"
	-device virtio-blk-pci,drive=disk
	-device virtio-serial-pci
	-chardev "file,id=out,path=$run/out" -device virtserialport,chardev=out,name=org.vm.out
	-chardev "socket,id=control,path=$run/control,server=on,wait=off" -device virtserialport,chardev=control,name=org.vm.control
	-fsdev "local,id=share,path=$shared,security_model=none,multidevs=remap" -device virtio-9p-pci,fsdev=share,mount_tag=share)
[ -z "$saved" ] || qemu+=(-qmp "unix:$run/monitor,server=on,wait=off")
[ -z "$resumed" ] || qemu+=(-incoming "exec:cat $machine/snapshot/$resumed/state")

: >"$run/out"
TMPDIR=$run timeout -k 5 "$limit" "${qemu[@]}" </dev/null >"$run/qemu.log" 2>&1 &
qemu_pid=$!
tail -n +1 -s 0.05 -f --pid=$qemu_pid "$run/out" 2>/dev/null &
tail_pid=$!

# Early in about one boot of a hundred kernel 6.1 hangs.
(
	for ((second = 0; second < ${BOOT_LIMIT:-240}; second++)); do
		sleep 1
		if [ -n "$saved$resumed" ] || [ -s "$shared/$label/up" ] || ! kill -0 $qemu_pid; then
			exit
		fi
	done
	kill $qemu_pid
) 2>/dev/null &

# Tells a resumed machine what to do, or saves one that says that it is ready.
if [ -n "$resumed" ] || [ -n "$saved" ]; then
	# In the background, for a signal to this program is heard while it waits.
	python3 "$here/control.py" "$run" "$qemu_pid" "$label" "${saved:+$machine/snapshot/$saved/state}" &
	wait $! || kill $qemu_pid 2>/dev/null
fi
wait $qemu_pid
qemu_status=$?
qemu_pid=''
wait $tail_pid 2>/dev/null
tail_pid=''
cp "$run/console" "$machine/log/console" 2>/dev/null
if [ -n "$saved" ]; then
	[ -s "$machine/snapshot/$saved/state" ] || exit 125
	echo "lsm=$lsm groups=$groups" >"$machine/snapshot/$saved/options"
	exit 0
fi
[ -s "$shared/$label/status" ] && exit "$(cat "$shared/$label/status")"
echo "boot.sh: the command did not finish (status of qemu $qemu_status)" >&2
tail -n 20 "$run/console" "$run/qemu.log" >&2
[ $qemu_status = 124 ] && exit 124
exit 125
