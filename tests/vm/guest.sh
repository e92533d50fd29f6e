#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The guest's side of boot.sh: runs $vm_dir/command of the shared directory, its output to the port org.vm.out, its
# status to $vm_dir/status, then ends the machine. For a snapshot it says READY in between, is saved, and goes on from
# there in every machine that is made of it.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb LANG=C.UTF-8 USER=root
vm_dir='' vm_snapshot=''
read -ra arguments </proc/cmdline
for argument in "${arguments[@]}"; do
	case $argument in
	vm.dir=*) vm_dir=${argument#*=} ;;
	vm.snapshot=*) vm_snapshot=${argument#*=} ;;
	esac
done

# The device of the virtio port of that name.
port() {
	local port attempt
	for ((attempt = 0; attempt < 100; attempt++)); do
		for port in /sys/class/virtio-ports/*; do
			[ "$(cat "$port/name" 2>/dev/null)" = "$1" ] && { echo "/dev/${port##*/}"; return; }
		done
		sleep 0.1
	done
}

share() {
	mkdir -p /mnt/share
	mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=none,access=any share /mnt/share ||
		echo "vm-guest: cannot mount the shared directory"
}

exec >"$(port org.vm.out)" 2>&1 </dev/null
if [ -n "$vm_snapshot" ]; then
	control=$(port org.vm.control)
	systemctl is-system-running --wait >/dev/null
	share
	(cd /mnt/share && bash "$vm_dir/command")
	# What is mounted by 9p cannot be saved.
	umount /mnt/share
	sync
	echo 3 >/proc/sys/vm/drop_caches
	exec 3<>"$control"
	echo READY >&3
	line=''
	until read -r line <&3 && [ "${line#go }" != "$line" ]; do sleep 0.02; done
	read -r _ now vm_dir <<<"$line"
	date -s "@$now" >/dev/null
	echo "$line" >/dev/urandom
	exec 3>&-
fi
share
cut -d' ' -f1 /proc/uptime >"/mnt/share/$vm_dir/up"
cd /mnt/share || exit 1
setsid -w bash "$vm_dir/command"
echo $? >"/mnt/share/$vm_dir/status"
exec >/dev/null 2>&1
cd / && umount /mnt/share
sync
echo 1 >/proc/sys/kernel/sysrq
echo o >/proc/sysrq-trigger
sleep 1
poweroff -ff
