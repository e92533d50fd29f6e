#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# A hostile image, or a neighbour that changes it while it is being set up, against the paths the runtime walks.

load attacks

setup() {
	setup_attack
}

teardown() {
	teardown_bundle
}

@test "CVE-2019-16884: /proc is a link of the image" {
	rm -rf rootfs/proc
	mkdir -p rootfs/fake/self/attr
	ln -s /fake rootfs/proc
	program true
	refused 'must be mounted on ordinary directory'
	equal "$(find rootfs/fake -type f)" ""
	rm rootfs/proc
	ln -s ../../host rootfs/proc
	refused 'must be mounted on ordinary directory'
	host_is_whole
}

@test "CVE-2019-19921, CVE-2025-52881: /proc is something else, and a sysctl is to be written" {
	mkdir -p rootfs/fake/sys/net/ipv4 fake/sys/net/ipv4
	echo 0 >fake/sys/net/ipv4/ip_forward
	ln -s "$HOST/file" fake/sys/net/ipv4/conf
	edit '(.mounts[] | select(.destination == "/proc")) |= {destination: "/proc", type: "bind", source: $fake, options: ["rbind"]}
		| .linux.sysctl = {"net.ipv4.ip_forward": "1"}' --arg fake "$BUNDLE/fake"
	program true
	run runtime run "$ID"
	equal "$(cat fake/sys/net/ipv4/ip_forward)" 0
	host_is_whole
}

@test "CVE-2023-27561: nothing is mounted below /proc but what is known to be safe" {
	local path
	program true
	cp config.json plain.json
	for path in /proc/self /proc/self/attr /proc/self/attr/exec /proc/sys /proc/sysrq-trigger /proc/sys/kernel/core_pattern /proc/1 /proc/thread-self /proc/../proc/self /proc/tty; do
		cp plain.json config.json
		edit '.mounts += [{destination: $path, type: "tmpfs", source: "tmpfs"}]' --arg path "$path"
		run -1 --separate-stderr runtime run "$ID"
		[[ -n $stderr ]]
	done
	nothing_created
	for path in /proc/cpuinfo /proc/meminfo /proc/uptime /proc/stat /proc/diskstats /proc/loadavg /proc/swaps; do
		[[ -e $path ]] || continue
		cp plain.json config.json
		edit '.mounts += [{destination: $path, type: "bind", source: "/etc/hostname", options: ["bind", "ro"]}]' --arg path "$path"
		run -0 runtime run "$ID"
	done
}

@test "CVE-2023-28642: a link of the image below /proc's mount" {
	mkdir rootfs/other
	ln -s /proc/self rootfs/other/link
	edit '.mounts += [{destination: "/other/link/attr", type: "tmpfs", source: "tmpfs"}]'
	program true
	run runtime run "$ID"
	((status != 0))
	nothing_created
}

swapped_with_host() {
	mkdir -p rootfs/swap "$BATS_TEST_TMPDIR/aside"
	ln -s "$1" rootfs/link
	background "$OUT.swap" attacker swap "$BUNDLE/rootfs/swap" "$BUNDLE/rootfs/link"
}

@test "CVE-2021-30465: a mount's target is swapped for a link to the host" {
	swapped_with_host "$HOST"
	mount_entry /swap/made/here tmpfs tmpfs
	mount_entry /swap/made/there bind "$BUNDLE/rootfs/etc" bind
	program true
	try_many_times run
	host_is_whole
}

@test "CVE-2024-45310: nothing is created on the host for a target that is swapped" {
	swapped_with_host ../../host
	mount_entry /swap/file bind "$BUNDLE/rootfs/etc/passwd" bind
	mount_entry /swap/directory tmpfs tmpfs tmpcopyup
	program true
	try_many_times run
	host_is_whole
}

@test "youki 2025-54867, GHSA-3q8j-pf29-vwv8: masks and read-only paths that are swapped" {
	swapped_with_host "$HOST"
	edit '.linux.maskedPaths += ["/swap", "/swap/file"] | .linux.readonlyPaths += ["/swap", "/link"]'
	program sh -c 'cat /swap/file /link/file'
	try_many_times run
	run ! grep "the host's" "$OUT.many"
	host_is_whole
}

@test "devices and working directories that are swapped" {
	swapped_with_host "$HOST"
	edit '.linux.devices = [{path: "/swap/null", type: "c", major: 1, minor: 3}] | .process.cwd = "/swap/made/cwd"'
	program sh -c 'cat file'
	try_many_times run
	run ! grep "the host's" "$OUT.many"
	host_is_whole
}

@test "a rootfs whose every directory is a link upwards" {
	local name
	for name in dev sys etc tmp var; do
		rm -rf "rootfs/$name"
		ln -s ../../host "rootfs/$name"
	done
	mount_entry /etc/made/deep tmpfs tmpfs
	mount_entry /tmp tmpfs tmpfs
	program true
	run runtime run "$ID"
	host_is_whole
}

@test "CVE-2026-41579: /dev is a link, and ptmx and the links are made through it" {
	images_own_dev
	rmdir rootfs/dev
	ln -s ../../host rootfs/dev
	program true
	run runtime run "$ID"
	host_is_whole
	rm rootfs/dev
	ln -s "$HOST" rootfs/dev
	run runtime run "$ID"
	edit '.process.terminal = true'
	run runtime run "$ID" </dev/null
	host_is_whole
}

@test "CVE-2025-31133: /dev/null of the image is a link, and something is masked" {
	images_own_dev
	echo secret >rootfs/secret
	ln -s "$HOST/file" rootfs/dev/null
	edit '.linux.maskedPaths = ["/secret"] | .linux.readonlyPaths = []'
	program sh -c 'echo owned >/secret; cat /secret'
	run runtime run "$ID"
	lacks "the host's"
	lacks secret
	host_is_whole
	rm -f rootfs/dev/null
	ln -s /proc/sysrq-trigger rootfs/dev/null
	run runtime run "$ID"
	lacks secret
}

@test "CVE-2025-31133: while it is swapped" {
	images_own_dev
	touch rootfs/dev/null
	ln -s "$HOST/file" rootfs/dev/other
	echo secret >rootfs/secret
	edit '.linux.maskedPaths = ["/secret"] | .linux.readonlyPaths = []'
	program sh -c 'echo owned >/secret; cat /secret'
	background "$OUT.swap" attacker swap "$BUNDLE/rootfs/dev/null" "$BUNDLE/rootfs/dev/other"
	try_many_times run
	run ! grep -E "the host's|secret" "$OUT.many"
	host_is_whole
}

@test "CVE-2025-52565, crun 2026-88264: /dev/console and /dev/pts are links" {
	local socket=$BATS_TEST_TMPDIR/console
	images_own_dev
	edit '.process.terminal = true | .process.user = {uid: 1000, gid: 1000}'
	ln -s "$HOST/file" rootfs/dev/console
	program sleep 1000
	background "$OUT" socket consoles "$socket"
	run runtime run -d --console-socket "$socket" "$ID" </dev/null
	host_is_whole
	runtime delete --force "$ID"
	mkdir -p rootfs/dev/pts
	for number in 0 1 2 3 4 5; do
		ln -sf "$HOST/file" "rootfs/dev/pts/$number"
	done
	run runtime run -d --console-socket "$socket" "$ID" </dev/null
	host_is_whole
	runtime delete --force "$ID"
	rm -rf rootfs/dev/pts
	ln -s "$HOST" rootfs/dev/pts
	run runtime run -d --console-socket "$socket" "$ID" </dev/null
	host_is_whole
}

@test "crun 2026-88265: streams that are files of the host keep their owner" {
	edit '.process.user = {uid: 1000, gid: 1000}'
	program sh -c 'exec >/dev/stdout; echo x'
	runtime run "$ID" </dev/null >"$HOST/file" 2>/dev/null || true
	equal "$(stat -c %u:%g /dev/null)" 0:0
	runtime run "$ID" </dev/zero >/dev/null 2>&1 || true
	equal "$(stat -c %u:%g /dev/zero)" 0:0
}

@test "crun 2025-24965: the runtime writes no file of its own through a link of the image" {
	local name
	rm -rf rootfs/run rootfs/.casemate
	ln -s ../../host rootfs/run
	for name in .casemate .krun_config.json .containerenv; do
		ln -s "$HOST/file" "rootfs/$name"
	done
	background "$OUT.notify" socket datagram "$BATS_TEST_TMPDIR/notify" 1
	program true
	NOTIFY_SOCKET=$BATS_TEST_TMPDIR/notify run runtime run "$ID"
	host_is_whole
}

@test "a bundle whose rootfs is swapped for a link to the host's root" {
	mkdir -p "$BATS_TEST_TMPDIR/other/dev"
	ln -s / "$BUNDLE/link"
	background "$OUT.swap" attacker swap "$BUNDLE/rootfs" "$BUNDLE/link"
	program sh -c "cat $HOST/file"
	edit '.mounts += [{destination: $path, type: "tmpfs", source: "tmpfs"}]' --arg path "$HOST/made"
	edit '.root.readonly = true'
	ATTEMPTS=20 try_many_times run
	kill "${BACKGROUND[-1]}"
	wait "${BACKGROUND[-1]}" || true
	[[ -d rootfs/bin && ! -L rootfs ]] || (cd "$BUNDLE" && mv link x && mv rootfs link && mv x rootfs)
	[[ ! -d $HOST/made ]] || rmdir "$HOST/made"
	host_is_whole
}

@test "a rootfs that becomes a link after it was checked" {
	requires_command strace
	strace -o /dev/null true || skip "strace does not work here"
	program cat /etc/passwd
	strace -f -o /dev/null -e trace=clone3 -e inject=clone3:delay_enter=1000000:when=1 \
		"$RUNTIME" --root "$STATE" run "$ID" </dev/null >"$OUT" 2>&1 3>&- &
	sleep 0.5
	mv rootfs real
	ln -s real rootfs
	wait $! || true
	rm rootfs
	mv real rootfs
	run -0 cat "$OUT"
	contains "invalid rootfs"
}

@test "a mask that cannot be put in place stops the container" {
	# A masked path below a file: it is there or it is not, but it is never skipped silently when it is.
	mkdir -p rootfs/secret/deep
	echo secret >rootfs/secret/deep/file
	edit '.linux.maskedPaths += ["/secret/deep/file"]'
	program cat /secret/deep/file
	run runtime run "$ID"
	lacks secret
}

@test "ids and names that are paths" {
	local id
	program true
	for id in ../escape /escape a/../../b . .. "$(printf 'x/%.0s' {1..10})"; do
		run -1 runtime run "$id"
		run ! runtime delete "$id"
		run ! runtime state "$id"
		run ! runtime kill "$id"
	done
	[[ ! -e $BATS_TEST_TMPDIR/escape && ! -e /escape ]]
}

@test "a passwd that is a FIFO or a device is not even opened" {
	rm rootfs/etc/passwd
	mkfifo rootfs/etc/passwd
	(: >rootfs/etc/passwd) 2>/dev/null 3>&- &
	BACKGROUND+=($!)
	program sh -c 'echo $HOME'
	run -0 runtime run "$ID"
	is /
	kill -0 "${BACKGROUND[-1]}"
	start_sleeping
	run -0 runtime exec "$ID" sh -c 'echo $HOME'
	is /
	kill -0 "${BACKGROUND[-1]}"
}
