#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the virtual machine for tests, once: tests/vm/build.sh DIRECTORY
#
#   DIRECTORY/kernel/      Debian's kernels, unpacked for a direct boot, and an initial ramdisk for each
#   DIRECTORY/qemu/        QEMU of bookworm-backports, unpacked, not installed (the one of bookworm miscompiles)
#   DIRECTORY/root.img     Debian 12 with systemd, engines, AppArmor and SELinux; the user "tester" (1000)
#
# Takes some minutes, 2 GB of disk, root, and the Debian mirror that this machine uses.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
directory=$PWD
root=$directory/rootfs
mkdir -p debs log apt/etc/preferences.d apt/state/lists/partial apt/cache/archives/partial apt/none

packages=(
	apparmor apparmor-utils attr acl aardvark-dns bats bc bsdextrautils conmon containerd criu crun curl docker.io
	file fuse-overlayfs gawk git iproute2 iptables jq keyutils kmod libcap2-bin netavark nftables openssl passt
	podman procps psmisc python3 runc selinux-basics selinux-policy-default selinux-utils policycoreutils
	checkpolicy semodule-utils slirp4netns socat strace sudo tini uidmap
	libapparmor1 libcap2 libcmocka0 liboath0 libseccomp2 libselinux1 libsystemd0 libyajl2
)

# What the machine does not need to start fast.
masked=(
	apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service
	fstrim.timer man-db.timer logrotate.timer systemd-timesyncd.service systemd-tmpfiles-clean.timer getty.target
	getty@tty1.service console-getty.service serial-getty@ttyS0.service systemd-networkd.service
	networking.service nftables.service auditd.service selinux-autorelabel-mark.service podman.service
	podman.socket podman-restart.service podman-auto-update.timer podman-auto-update.service
	systemd-pcrphase.service systemd-pcrphase-sysinit.service systemd-update-utmp.service
	systemd-update-utmp-runlevel.service systemd-machine-id-commit.service systemd-firstboot.service
	systemd-hwdb-update.service systemd-journal-catalog-update.service systemd-update-done.service
	systemd-boot-system-token.service systemd-pstore.service systemd-repart.service
	systemd-growfs-root.service proc-sys-fs-binfmt_misc.automount systemd-binfmt.service
	systemd-quotacheck.service quotaon.service modprobe@drm.service modprobe@dm_mod.service
	modprobe@loop.service
)

step() {
	echo "[$SECONDS s] $*" >&2
}

# The mirror that this machine's apt has for a release.
mirror_of() {
	# shellcheck disable=SC2016 # apt's variables
	apt-get indextargets --format '$(SITE) $(CODENAME)' 'Created-By: Packages' | sort -u |
		awk -v release="$1" '$2 == release { print $1; exit }'
}

# A command inside the root file system; nothing stays mounted.
in_root() {
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m bash -e -c '
		root=$0
		mount --make-rprivate /
		mount -t proc proc "$root/proc"
		mount -t tmpfs tmp "$root/tmp"
		cp -L /etc/resolv.conf "$root/etc/resolv.conf"
		exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
			chroot "$root" "$@"' "$root" "$@"
}

# Kernels and QEMU come through apt with a state of its own.
download() {
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	cat >apt/etc/sources.list <<-END
		deb [signed-by=$keyring] $mirror bookworm main
		deb [signed-by=$keyring] $security bookworm-security main
		deb [signed-by=$keyring] $mirror bookworm-backports main
	END
	: >apt/status
	cat >apt/apt.conf <<-END
		Dir::Etc "$directory/apt/etc"; Dir::Etc::sourcelist "$directory/apt/etc/sources.list";
		Dir::Etc::sourceparts "$directory/apt/none"; Dir::Etc::parts "$directory/apt/none";
		Dir::State "$directory/apt/state"; Dir::State::status "$directory/apt/status";
		Dir::Cache "$directory/apt/cache"; APT::Sandbox::User "root"; Acquire::Languages "none";
	END
	export APT_CONFIG=$directory/apt/apt.conf
	apt-get update -q >log/apt.log
	kernels=$(for pattern in '^linux-image-6\.1\.0-[0-9]+-amd64$' '^linux-image-6\.12\.[0-9.+]*deb12-amd64$'; do
		apt-cache search --names-only "$pattern" | awk '{ print $1 }' | sort -V | tail -1
	done)
	step "kernels: $kernels"
	# shellcheck disable=SC2086 # a list
	(cd debs && apt-get download $kernels {qemu-system-x86,qemu-system-common,qemu-system-data,seabios}/bookworm-backports) \
		>>log/apt.log 2>&1
	unset APT_CONFIG
	rm -rf qemu kernel
	mkdir qemu kernel
	for package in debs/qemu-system*.deb debs/seabios*.deb; do
		dpkg-deb -x "$package" qemu
	done
}

make_root() {
	step "debootstrap"
	rm -rf "$root"
	debootstrap --variant=minbase \
		--include=systemd,systemd-sysv,udev,dbus,dbus-user-session,libpam-systemd,ca-certificates,busybox-static,less,util-linux-extra \
		bookworm "$root" "$mirror" >log/debootstrap.log 2>&1
	step "packages"
	printf 'deb %s bookworm main\ndeb %s bookworm-security main\ndeb %s bookworm-updates main\n' \
		"$mirror" "$security" "$mirror" >"$root/etc/apt/sources.list"
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod +x "$root/usr/sbin/policy-rc.d"
	printf 'APT::Install-Recommends "false";\nAcquire::Languages "none";\n' >"$root/etc/apt/apt.conf.d/99vm"
	printf 'path-exclude=/usr/share/man/*\npath-exclude=/usr/share/doc/*\npath-exclude=/usr/share/locale/*\n' \
		>"$root/etc/dpkg/dpkg.cfg.d/99vm"
	in_root bash -e -c "apt-get update -q; apt-get dist-upgrade -yq
		apt-get install -yq --no-install-recommends ${packages[*]}; apt-get clean" >log/packages.log 2>&1
	rm -rf "$root/usr/sbin/policy-rc.d" "$root"/usr/share/{man,doc,locale}/* "$root"/var/lib/apt/lists/*
}

# The ELF image inside of a bzImage: QEMU starts it without a boot loader.
unpack_kernel() {
	python3 - "$1" "$2" <<-'END'
		import lzma, struct, subprocess, sys
		image = open(sys.argv[1], 'rb').read()
		begin = ((image[0x1f1] or 4) + 1) * 512
		offset, length = struct.unpack_from('<II', image, 0x248)
		payload = image[begin + offset:begin + offset + length]
		if payload[:4] == b'\xfd7zX':
		    kernel = lzma.LZMADecompressor().decompress(payload)
		else:
		    tool = 'zstd' if payload[:4] == b'\x28\xb5\x2f\xfd' else 'lz4'
		    kernel = subprocess.run([tool, '-dc'], input=payload[:-4], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
		assert b'\x7fELF' in kernel[:64]
		open(sys.argv[2], 'wb').write(kernel[kernel.find(b'\x7fELF'):])
	END
}

# Without the modules that a virtual machine never needs; unpacked, for that takes long without hardware help.
install_modules() {
	local version=$1 modules=$root/lib/modules/$1
	mkdir -p "$root/lib/modules"
	cp -a "$2"/lib/modules/"$version" "$root/lib/modules/" 2>/dev/null ||
		cp -a "$2"/usr/lib/modules/"$version" "$root/lib/modules/"
	(
		cd "$modules/kernel"
		rm -rf sound drivers/{media,gpu,infiniband,staging,iio,isdn,usb,mtd,hwmon,bluetooth,net/wireless,net/ethernet,scsi/{lpfc,qla2xxx,mpt3sas,megaraid,aic7xxx,bfa},input/{joystick,tablet,touchscreen},thunderbolt,firewire,mmc,memstick,platform,comedi,w1,power,leds,pcmcia,ufs,target,nfc,edac,crypto,net/can} \
			net/{bluetooth,mac80211,wireless,can,nfc,sctp,rds,tipc} \
			fs/{ocfs2,gfs2,nfs,nfsd,ceph,cifs,smb,afs,jfs,ubifs,reiserfs,hfs,hfsplus,ntfs,ntfs3,orangefs,coda} arch/x86/kvm
	)
	find "$modules" -name '*.ko.xz' -print0 | xargs -0 -r -n 50 -P 2 xz -d
	chroot "$root" depmod "$version"
}

# busybox and the modules that it takes to mount /dev/vda.
make_ramdisk() {
	local version=$1 tree number=100 module
	tree=$(mktemp -d kernel/tree.XXXX)
	mkdir -p "$tree"/{bin,proc,sys,dev,root,modules}
	cp "$root/bin/busybox" "$tree/bin/"
	for module in virtio_pci virtio_blk ext4 virtio_console 9p 9pnet_virtio; do
		chroot "$root" modprobe -S "$version" --show-depends "$module" 2>/dev/null | awk '$1 == "insmod" { print $2 }'
	done | awk '!seen[$0]++' | while read -r module; do
		cp "$root$module" "$tree/modules/$number-${module##*/}"
		number=$((number + 1))
	done
	cat >"$tree/init" <<-'END'
		#!/bin/busybox sh
		b=/bin/busybox
		$b mount -t devtmpfs dev /dev
		$b mount -t proc proc /proc
		for module in /modules/*; do $b insmod $module; done
		i=0
		until [ -b /dev/vda ] || [ $i -ge 600 ]; do $b usleep 50000; i=$((i + 1)); done
		$b mount -t ext4 -o rw,noatime /dev/vda /root || exec $b sh
		$b umount /proc
		$b mount --move /dev /root/dev
		exec $b switch_root /root /lib/systemd/systemd
	END
	chmod +x "$tree/init"
	(cd "$tree" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"kernel/initrd-$version"
	rm -rf "$tree"
}

install_kernels() {
	local package version tree
	for package in $kernels; do
		version=${package#linux-image-}
		step "kernel $version"
		tree=$(mktemp -d kernel/tree.XXXX)
		dpkg-deb -x debs/"${package}"_*.deb "$tree"
		unpack_kernel "$tree/boot/vmlinuz-$version" "kernel/vmlinux-$version"
		install_modules "$version" "$tree"
		rm -rf "$tree"
		make_ramdisk "$version"
	done
}

configure() {
	local unit module
	step "configuration"
	echo vmtest >"$root/etc/hostname"
	printf '127.0.0.1 localhost vmtest\n::1 localhost\n' >"$root/etc/hosts"
	printf '/dev/root / ext4 defaults,noatime 0 0\n' >"$root/etc/fstab"
	echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
	chroot "$root" passwd -d root >/dev/null
	chroot "$root" useradd -m -u 1000 -s /bin/bash tester
	grep -q ^tester "$root/etc/subuid" || echo tester:100000:65536 | tee -a "$root/etc/subuid" >>"$root/etc/subgid"
	mkdir -p "$root"/etc/systemd/system/user@.service.d "$root"/etc/systemd/{journald,system}.conf.d \
		"$root"/etc/{docker,containers} "$root/var/lib/systemd/linger"
	: >"$root/var/lib/systemd/linger/tester"
	printf '[Service]\nDelegate=cpu cpuset io memory pids\n' >"$root/etc/systemd/system/user@.service.d/delegate.conf"
	printf '[Journal]\nStorage=volatile\n' >"$root/etc/systemd/journald.conf.d/vm.conf"
	printf '[Manager]\nDefaultTimeoutStartSec=600s\nDefaultTimeoutStopSec=60s\nDefaultDeviceTimeoutSec=600s\n' \
		>"$root/etc/systemd/system.conf.d/vm.conf"
	printf '[network]\nnetwork_backend = "netavark"\n' >"$root/etc/containers/containers.conf"
	for unit in "${masked[@]}"; do
		ln -sf /dev/null "$root/etc/systemd/system/$unit"
	done
	# Started on demand.
	rm -f "$root"/etc/systemd/system/multi-user.target.wants/{docker,containerd}.service
	ln -sf /lib/systemd/system/multi-user.target "$root/etc/systemd/system/default.target"
	printf 'net.ipv4.ip_forward=1\nkernel.printk=3 4 1 3\n' >"$root/etc/sysctl.d/99-vm.conf"
	for module in ahci libahci ata_piix ata_generic pata_acpi evdev button serio_raw psmouse pcspkr qemu_fw_cfg \
		i2c_i801 lpc_ich iTCO_wdt intel_rapl_msr joydev bochs sg; do
		echo "blacklist $module"
	done >"$root/etc/modprobe.d/vm.conf"
	install_runner
}

# The guest's side of boot.sh is part of the image.
install_runner() {
	install -m 755 "$here/guest.sh" "$root/usr/local/sbin/vm-guest"
	cat >"$root/etc/systemd/system/vm-guest.service" <<-'END'
		[Unit]
		Description=run the command of the host
		After=multi-user.target
		[Service]
		Type=exec
		ExecStart=/usr/local/sbin/vm-guest
		KillMode=process
		TimeoutStopSec=5
	END
	mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
	ln -sf ../vm-guest.service "$root/etc/systemd/system/multi-user.target.wants/vm-guest.service"
}

# Types for containers: Debian's policy names them in lxc_contexts, but has no module for them.
configure_selinux() {
	step "selinux"
	cat >"$root/usr/share/selinux/default/vmtest.cil" <<-'END'
		(type container_t) (roletype system_r container_t) (typeattributeset domain container_t)
		(type container_file_t) (roletype object_r container_file_t) (typeattributeset file_type container_file_t)
		(type container_ro_file_t) (roletype object_r container_ro_file_t) (typeattributeset file_type container_ro_file_t)
		(typepermissive container_t) (typepermissive initrc_t) (typepermissive mount_t)
		(allow container_file_t fs_t (filesystem (associate))) (allow container_file_t tmpfs_t (filesystem (associate)))
		(allow container_ro_file_t fs_t (filesystem (associate))) (allow container_ro_file_t tmpfs_t (filesystem (associate)))
		(allow unlabeled_t unlabeled_t (filesystem (associate))) (allow file_type unlabeled_t (filesystem (associate)))
	END
	in_root semodule -n -s default -i /usr/share/selinux/default/vmtest.cil >log/selinux.log 2>&1
}

make_image() {
	step "image"
	in_root setfiles -F -e /proc -e /sys -e /dev -e /tmp /etc/selinux/default/contexts/files/file_contexts / \
		>log/setfiles.log 2>&1
	rm -f root.img.new
	truncate -s 4G root.img.new
	mkfs.ext4 -q -F -L vmroot -O '^metadata_csum,^64bit,^has_journal,^orphan_file' \
		-E lazy_itable_init=0,nodiscard -m 0 -d "$root" root.img.new
	mv root.img.new root.img
}

mirror=$(mirror_of bookworm)
security=$(mirror_of bookworm-security)
if [ -z "$mirror" ] || [ -z "$security" ]; then
	echo "build.sh: apt has no mirror of bookworm" >&2
	exit 1
fi
download
make_root
install_kernels
configure
configure_selinux
make_image
rm -rf "$root" debs apt
step "done: $(du -sh . | cut -f1)"
