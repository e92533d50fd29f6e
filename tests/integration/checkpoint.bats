#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Saving a running container and making it again. What needs CRIU to work on this kernel says so; CI's virtual machine
# has one that does.

load helpers

setup() {
	setup_bundle
	IMAGES=$BATS_TEST_TMPDIR/images
	WORK=$BATS_TEST_TMPDIR/work
	NETWORK=
}

teardown() {
	[[ -z $NETWORK ]] || ip netns del "$NETWORK"
	[[ -z ${NETWORK_DEVICE:-} ]] || ip link del "$NETWORK_DEVICE" 2>/dev/null || true
	teardown_bundle
}

requires_criu() {
	requires_root
	requires_command criu
	criu check >"$BATS_TEST_TMPDIR/check" 2>&1 || skip "criu check: $(grep -m1 Error "$BATS_TEST_TMPDIR/check")"
}

# A program that counts in a file of a tmpfs, so that what is restored can be told from what is new.
counting() {
	mount_entry /count tmpfs tmpfs nosuid
	program sh -c 'i=0; while :; do i=$((i + 1)); echo $i >/count/new; mv /count/new /count/n; sleep 0.1; done'
}

count_of() {
	runtime exec "$1" cat /count/n 2>/dev/null
}

counts_beyond() {
	[[ $(count_of "$1") -gt $2 ]]
}

run_detached() {
	runtime run --detach "$@" </dev/null >/dev/null 2>&1
	wait_status "${*: -1}" running
}

checkpoint() {
	runtime checkpoint --image-path "$IMAGES" --work-path "$WORK" "$@" || {
		grep -B5 Error "$WORK/dump.log"
		return 1
	}
}

restore() {
	runtime restore --detach --image-path "$IMAGES" --work-path "$WORK" "$@" </dev/null >/dev/null 2>"$OUT" || {
		cat "$OUT"
		grep -B5 Error "$WORK/restore.log"
		return 1
	}
}

without_path() {
	PATH=/nonexistent "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" "$@" 3>&-
}

pid_of() {
	runtime state "$1" | jq .pid
}

# Whether this shell has the capability with the number $1.
has_capability() {
	((0x$(awk '/^CapEff:/ { print $2 }' /proc/self/status) >> $1 & 1))
}

# What is known without CRIU ------------------------------------------------------------------------------

@test "checkpoint: a container that does not exist, was only created, or has stopped" {
	fails 1 'container does not exist' runtime checkpoint nosuch
	program true
	detached create "$ID"
	fails 1 'Container cannot be checkpointed in created state' runtime checkpoint "$ID"
	runtime start "$ID"
	wait_status "$ID" stopped
	fails 1 'Container cannot be checkpointed in stopped state' runtime checkpoint "$ID"
}

@test "checkpoint: wrong options are told before anything is done" {
	requires_command criu
	start_sleeping
	fails 1 'Use --page-server ADDRESS:PORT to specify page server' \
		runtime checkpoint --image-path "$IMAGES" --page-server 27277 "$ID"
	fails 1 'Use --page-server ADDRESS:PORT' runtime checkpoint --image-path "$IMAGES" --page-server ::1:80 "$ID"
	fails 1 'Invalid port number' runtime checkpoint --image-path "$IMAGES" --page-server localhost:http "$ID"
	fails 1 'Invalid manage-cgroups-mode value' \
		runtime checkpoint --image-path "$IMAGES" --manage-cgroups-mode hard "$ID"
	fails 1 'namespace .*pid.* is not supported' runtime checkpoint --image-path "$IMAGES" --empty-ns pid "$ID"
	fails 1 'parent-path' runtime checkpoint --image-path "$IMAGES" --parent-path /tmp "$ID"
	fails 1 'invalid --parent-path' runtime checkpoint --image-path "$IMAGES" --parent-path ../nosuch "$ID"
	wait_status "$ID" running
}

@test "checkpoint: a status descriptor must be open and writable" {
	requires_command criu
	requires_newer_runc "its check"
	start_sleeping
	fails 1 'invalid --status-fd argument 77: bad file descriptor' \
		runtime checkpoint --image-path "$IMAGES" --lazy-pages --status-fd 77 "$ID"
	exec 77</dev/null
	fails 1 'invalid --status-fd argument 77: not writable' \
		runtime checkpoint --image-path "$IMAGES" --lazy-pages --status-fd 77 "$ID"
	exec 77<&-
}

@test "checkpoint and restore without CRIU: said so, and nothing is left" {
	requires_casemate "says it in other words"
	start_sleeping
	fails 1 'executable file not found in .PATH' without_path checkpoint --image-path "$IMAGES" "$ID"
	fails 1 'executable file not found in .PATH' without_path restore --image-path "$IMAGES" "$ID-again"
	fails 1 'exec: /nonexistent/criu: no such file or directory' \
		runtime --criu /nonexistent/criu checkpoint --image-path "$IMAGES" "$ID"
	[[ $(runtime list -q) == "$ID" ]]
}

@test "restore: an image directory without images, and nothing is left" {
	requires_command criu
	fails 1 'descriptors.json: no such file or directory' runtime restore --image-path "$IMAGES" "$ID"
	[[ -z $(runtime list -q) ]]
}

@test "restore: descriptors.json of another kind" {
	requires_casemate "does not look so closely"
	requires_command criu
	mkdir "$IMAGES"
	for text in '{}' '[1]' '["a","b","c","d"]' '[' ''; do
		echo "$text" >"$IMAGES/descriptors.json"
		fails 1 descriptors.json runtime restore --image-path "$IMAGES" "$ID"
	done
	[[ -z $(runtime list -q) ]]
}

@test "restore: a configuration for CRIU that others can write to is not read" {
	requires_casemate "reads it"
	requires_command criu
	touch "$BATS_TEST_TMPDIR/criu.conf"
	chmod 666 "$BATS_TEST_TMPDIR/criu.conf"
	edit '.annotations["org.criu.config"] = $f' --arg f "$BATS_TEST_TMPDIR/criu.conf"
	fails 1 'only root can write to' runtime restore --image-path "$IMAGES" "$ID"
}

# With CRIU ----------------------------------------------------------------------------------------------

@test "checkpoint and restore: the program goes on where it was, twice, and under another id" {
	requires_criu
	counting
	run_detached "$ID"
	wait_for counts_beyond "$ID" 3
	checkpoint "$ID"
	fails 1 'container does not exist' runtime state "$ID"
	[[ -s $IMAGES/inventory.img && -s $IMAGES/descriptors.json && -s $WORK/dump.log ]]
	restore "$ID"
	wait_status "$ID" running
	before=$(count_of "$ID")
	((before > 3))
	wait_for counts_beyond "$ID" "$before"
	rm -rf "$IMAGES"
	checkpoint "$ID"
	restore --pid-file "$BATS_TEST_TMPDIR/pid" "$ID-other"
	[[ $(cat "$BATS_TEST_TMPDIR/pid") == "$(pid_of "$ID-other")" ]]
	wait_for counts_beyond "$ID-other" "$before"
	[[ $(runtime list -q) == "$ID-other" ]]
	# It is in the groups of its new name, and nothing is left where CRIU worked.
	grep -q "$ID-other" "/proc/$(pid_of "$ID-other")/cgroup"
	[[ ! -e $STATE/$ID-other/criu ]]
	run ! grep -qF "$STATE" /proc/self/mountinfo
}

@test "checkpoint --leave-running: the container goes on" {
	requires_criu
	counting
	run_detached "$ID"
	wait_for counts_beyond "$ID" 3
	checkpoint --leave-running "$ID"
	status_is "$ID" running
	before=$(count_of "$ID")
	wait_for counts_beyond "$ID" "$before"
}

@test "checkpoint of a paused container" {
	requires_criu
	counting
	run_detached "$ID"
	wait_for counts_beyond "$ID" 3
	runtime pause "$ID"
	checkpoint "$ID"
	fails 1 'container does not exist' runtime state "$ID"
	restore "$ID"
	wait_for counts_beyond "$ID" 4
}

@test "pipes as standard streams are those of restore; --pre-dump and --parent-path" {
	requires_criu
	criu check --feature mem_dirty_track >/dev/null 2>&1 || skip "this kernel does not track memory"
	program sh -c 'while read -r line; do echo "got $line"; done; echo over'
	{
		echo $BASHPID >"$BATS_TEST_TMPDIR/pid"
		echo one
		exec sleep 1000
	} 3>&- | runtime run --detach "$ID" 2>&1 | cat >"$OUT.first" 3>&- &
	wait_for test -s "$BATS_TEST_TMPDIR/pid"
	# Only this one: to wait for another of the pipeline is to wait for all of it.
	BACKGROUND+=("$(cat "$BATS_TEST_TMPDIR/pid")")
	# An emulated machine takes its time.
	wait_status "$ID" running || wait_status "$ID" running
	wait_for grep -q 'got one' "$OUT.first"
	runtime checkpoint --pre-dump --image-path "$IMAGES/parent" "$ID"
	status_is "$ID" running
	[[ ! -e $IMAGES/parent/descriptors.json ]]
	runtime checkpoint --parent-path ../parent --image-path "$IMAGES/last" --work-path "$WORK" "$ID"
	[[ -L $IMAGES/last/parent ]]
	[[ $(jq -r '.[0:2] | map(startswith("pipe:")) | all' "$IMAGES/last/descriptors.json") == true ]]
	# Several words in a pipe, then its end: the restored shell says so and ends.
	run -0 bash -c 'echo two | "$@" 2>&1 | cat' - "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" \
		restore --image-path "$IMAGES/last" --work-path "$WORK" "$ID" 3>&-
	[[ $output == *"got two"*over* ]]
	[[ -z $(runtime list -q) ]]
}

@test "restore in the foreground: the exit status is the program's, and the container goes" {
	requires_criu
	program sh -c 'i=0; while [ ! -e /count/stop ]; do sleep 0.1; done; exit 7'
	# One without the bundle: its own mounts would be bound in, which nothing is known of then.
	mkdir "$BATS_TEST_TMPDIR/count"
	mount_entry /count bind "$BATS_TEST_TMPDIR/count" rbind
	run_detached "$ID"
	checkpoint "$ID"
	touch "$BATS_TEST_TMPDIR/count/stop"
	run -7 runtime restore --image-path "$IMAGES" --work-path "$WORK" "$ID" </dev/null
	[[ -z $(runtime list -q) ]]
}

@test "a terminal comes over the console socket again" {
	requires_criu
	edit '.process.terminal = true'
	program sh -c 'echo ready; while read -r line; do echo "got $line"; done'
	background "$OUT.consoles" socket consoles "$BATS_TEST_TMPDIR/consoles"
	run_detached --console-socket "$BATS_TEST_TMPDIR/consoles" "$ID"
	checkpoint "$ID"
	background "$OUT.console" socket console "$BATS_TEST_TMPDIR/console"
	restore --console-socket "$BATS_TEST_TMPDIR/console" "$ID"
	wait_status "$ID" running
	wait_for grep -q 'descriptors 1' "$OUT.console"
	runtime exec "$ID" test -t 0 </dev/null || true
	[[ $(readlink "/proc/$(pid_of "$ID")/fd/0") == /dev/pts/* ]]
	fails 1 'cannot allocate tty if runc will detach without setting console socket' \
		runtime restore --detach --image-path "$IMAGES" "$ID-b"
}

@test "a network namespace that was joined is joined again" {
	requires_criu
	requires_command ip
	NETWORK=it-$$-$BATS_TEST_NUMBER
	ip netns add "$NETWORK"
	edit '(.linux.namespaces[] | select(.type == "network")).path = $p' --arg p "/run/netns/$NETWORK"
	counting
	run_detached "$ID"
	checkpoint "$ID"
	restore "$ID"
	[[ $(stat -Lc %i "/proc/$(pid_of "$ID")/ns/net") == "$(stat -Lc %i "/run/netns/$NETWORK")" ]]
}

@test "bind mounts, also of files, below each other and on missing mount points, come back with their flags" {
	requires_criu
	mkdir -p source/inner other
	echo file >source/file
	echo other >other/o
	mount_entry /data bind "$PWD/source" rbind ro nosuid
	mount_entry /data/inner bind "$PWD/other" bind
	mount_entry /tmp/one/file bind "$PWD/source/file" bind ro
	counting
	run_detached "$ID"
	checkpoint "$ID"
	# As on a host where the container never ran.
	rm -rf rootfs/data rootfs/tmp/one
	restore "$ID"
	[[ $(runtime exec "$ID" cat /data/file /data/inner/o /tmp/one/file) == $'file\nother\nfile' ]]
	options=$(runtime exec "$ID" awk '$5 == "/data" { print $6 }' /proc/self/mountinfo)
	[[ ,$options, == *,ro,* && ,$options, == *,nosuid,* ]]
	options=$(runtime exec "$ID" awk '$5 == "/data/inner" { print $6 }' /proc/self/mountinfo)
	[[ ,$options, == *,rw,* ]]
	# CRIU works in a mount namespace of its own: nothing is mounted here.
	run ! grep -qF "$BATS_TEST_TMPDIR" /proc/self/mountinfo
}

@test "file systems come back with the flags and the size that they have now" {
	requires_criu
	requires_casemate "leaves those they were saved with"
	counting
	run_detached "$ID"
	checkpoint "$ID"
	edit '(.mounts[] | select(.destination == "/count")).options += ["noexec", "nodev", "size=128k"]
		| (.mounts[] | select(.destination == "/dev/shm")).options += ["ro"]'
	restore "$ID"
	wait_for counts_beyond "$ID" 3
	flags() {
		runtime exec "$ID" awk -v p="$1" '$5 == p { print $6 }' /proc/self/mountinfo
	}
	[[ ,$(flags /count), == *,rw,*nosuid,*nodev,*noexec,* ]]
	[[ $(flags /dev/shm) == ro,* ]]
	[[ $(runtime exec "$ID" df -k /count | awk 'NR == 2 { print $2 }') == 128 ]]
}

@test "masks come back read-only: the host's null device cannot be changed through them" {
	requires_criu
	requires_casemate "brings them back writable"
	counting
	edit '.process.capabilities = {bounding: ["CAP_FOWNER"], effective: ["CAP_FOWNER"], permitted: ["CAP_FOWNER"]}'
	run_detached "$ID"
	checkpoint "$ID"
	restore "$ID"
	fails 1 'Read-only file system' runtime exec "$ID" chmod 600 /proc/keys
	[[ $(stat -c %a /dev/null) == 666 ]]
	[[ -z $(runtime exec "$ID" cat /proc/keys) ]]
}

@test "no_new_privs, limits, sysctls and the loopback device are set again" {
	requires_criu
	requires_casemate "leaves them"
	requires_controller pids
	edit '.process.noNewPrivileges = true | .linux.resources.pids.limit = 77
		| .linux.sysctl = {"net.ipv4.ip_unprivileged_port_start": "80"}'
	counting
	run_detached "$ID"
	checkpoint "$ID"
	restore "$ID"
	grep -q '^NoNewPrivs:.*1' "/proc/$(pid_of "$ID")/status"
	[[ $(cgroup_value pids pids.max pids.max) == 77 ]]
	[[ $(runtime exec "$ID" cat /proc/sys/net/ipv4/ip_unprivileged_port_start) == 80 ]]
	[[ $(runtime exec "$ID" ip link show lo) == *UP* ]]
}

@test "seccomp: the filter comes back" {
	requires_criu
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 99}]}'
	counting
	run_detached "$ID"
	checkpoint "$ID"
	restore "$ID"
	grep -q '^Seccomp:.*2' "/proc/$(pid_of "$ID")/status"
}

@test "hooks: prestart and createRuntime run for the restored process, poststop at checkpoint" {
	requires_criu
	for kind in prestart createRuntime poststop; do
		edit '.hooks[$k] = [{path: "/bin/sh", args: ["sh", "-c", "{ echo \($k); cat; echo; } >>\($o)"]}]' \
			--arg k "$kind" --arg o "$OUT.hooks"
	done
	counting
	run_detached "$ID"
	checkpoint "$ID"
	grep -q poststop "$OUT.hooks"
	rm "$OUT.hooks"
	restore "$ID"
	[[ $(grep -cE '^(prestart|createRuntime)$' "$OUT.hooks") == 2 ]]
	[[ $(grep '^{' "$OUT.hooks" | jq -s 'map(.pid) | unique | length') == 1 ]]
	[[ $(grep '^{' "$OUT.hooks" | jq -s '.[0].pid') == "$(pid_of "$ID")" ]]
}

@test "a hook that fails ends the restore, and nothing is left" {
	requires_criu
	counting
	run_detached "$ID"
	checkpoint "$ID"
	edit '.hooks.createRuntime = [{path: "/bin/false"}]'
	fails 1 'createRuntime hook #0' runtime restore -d --image-path "$IMAGES" --work-path "$WORK" "$ID"
	[[ -z $(runtime list -q) ]]
}

@test "the clock of a restored container goes on, and exec sees the same one" {
	requires_criu
	counting
	run_detached "$ID"
	checkpoint "$ID"
	restore "$ID"
	[[ $(runtime exec "$ID" readlink /proc/self/ns/time) == "$(runtime exec "$ID" readlink /proc/1/ns/time)" ]]
}

@test "exec, pause, update, kill and delete work on a restored container" {
	requires_criu
	requires_controller pids
	counting
	run_detached "$ID"
	checkpoint "$ID"
	restore "$ID"
	[[ $(runtime exec "$ID" echo ok) == ok ]]
	runtime pause "$ID"
	status_is "$ID" paused
	runtime resume "$ID"
	runtime update --pids-limit 55 "$ID"
	[[ $(cgroup_value pids pids.max pids.max) == 55 ]]
	runtime kill "$ID" KILL
	wait_status "$ID" stopped
	runtime delete "$ID"
}

@test "a container-specific configuration of CRIU's" {
	requires_criu
	echo "log-file=mine.log" >"$BATS_TEST_TMPDIR/criu.conf"
	edit '.annotations["org.criu.config"] = $f' --arg f "$BATS_TEST_TMPDIR/criu.conf"
	counting
	run_detached "$ID"
	runtime checkpoint --image-path "$IMAGES" --work-path "$WORK" "$ID"
	[[ -s $WORK/mine.log && ! -e $WORK/dump.log ]]
	rm "$WORK/mine.log"
	runtime restore -d --image-path "$IMAGES" --work-path "$WORK" "$ID" </dev/null >/dev/null 2>&1
	[[ -s $WORK/mine.log ]]
}

@test "lazy pages: memory is served after the status descriptor has heard of it" {
	requires_criu
	criu check --feature uffd-noncoop >/dev/null 2>&1 || skip "this kernel or criu has no lazy pages"
	# Else it ends while it serves, and the other one waits for it for ever.
	has_capability 24 || skip "criu needs CAP_SYS_RESOURCE for the pipes that it serves memory from"
	edit '.root.readonly = false'
	counting
	run_detached "$ID"
	mkfifo "$BATS_TEST_TMPDIR/ready"
	port=$((20000 + RANDOM % 10000))
	(
		exec 78>"$BATS_TEST_TMPDIR/ready"
		runtime checkpoint --lazy-pages --page-server "127.0.0.1:$port" --status-fd 78 --image-path "$IMAGES" \
			--work-path "$WORK" "$ID" >"$OUT.dump" 2>&1
	) 3>&- &
	BACKGROUND+=($!)
	[[ $(head -c 1 "$BATS_TEST_TMPDIR/ready" | od -An -tu1 | tr -d ' ') == 0 ]]
	criu lazy-pages --page-server --address 127.0.0.1 --port "$port" -D "$IMAGES" -W "$WORK" >/dev/null 2>&1 3>&- &
	BACKGROUND+=($!)
	restore --lazy-pages "$ID-restored"
	wait_status "$ID-restored" running
	[[ $(runtime exec "$ID-restored" echo ok) == ok ]]
}

@test "a page server gets the memory, without lazy pages" {
	requires_criu
	counting
	run_detached "$ID"
	wait_for counts_beyond "$ID" 3
	port=$((20000 + RANDOM % 10000))
	mkdir -p "$BATS_TEST_TMPDIR/pages"
	criu page-server --images-dir "$BATS_TEST_TMPDIR/pages" --address 127.0.0.1 --port "$port" >/dev/null 2>&1 3>&- &
	BACKGROUND+=($!)
	wait_for grep -qi ":$(printf %04x "$port") .* 0a " /proc/net/tcp
	checkpoint --page-server "127.0.0.1:$port" "$ID"
	[[ -z $(find "$IMAGES" -name 'pages-*.img' -size +0) ]]
	[[ -n $(find "$BATS_TEST_TMPDIR/pages" -name 'pages-*.img' -size +0) ]]
	# Restored where the memory is.
	cp -n "$BATS_TEST_TMPDIR"/pages/*.img "$IMAGES"
	restore "$ID"
	wait_for counts_beyond "$ID" 4
}

@test "--tcp-established: a connection goes on, and without the option nothing is done to the container" {
	requires_criu
	mount_entry /count tmpfs tmpfs nosuid
	program sh -c 'sleep 1000 | nc -l -p 8000 >/count/n & sleep 1; while :; do echo x; sleep 0.1; done | nc 127.0.0.1 8000'
	run_detached "$ID"
	received() {
		[[ $(count_of "$1" | wc -l) -gt $2 ]]
	}
	wait_for received "$ID" 3
	run -1 runtime checkpoint --image-path "$IMAGES" --work-path "$WORK" "$ID"
	grep -q 'tcp-established' "$WORK/dump.log"
	status_is "$ID" running
	rm -rf "$IMAGES"
	checkpoint --tcp-established "$ID"
	restore --tcp-established "$ID"
	before=$(count_of "$ID" | wc -l)
	((before > 3))
	wait_for received "$ID" "$before"
}

@test "ipc and uts namespaces that were joined are joined again" {
	requires_criu
	unshare --ipc --uts sleep 1000 3>&- &
	BACKGROUND+=($!)
	other=$!
	not_the_hosts() {
		[[ $(readlink "/proc/$other/ns/uts") != "$(readlink /proc/self/ns/uts)" ]]
	}
	wait_for not_the_hosts
	edit '(.linux.namespaces[] | select(.type == "ipc")).path = $p' --arg p "/proc/$other/ns/ipc"
	edit '(.linux.namespaces[] | select(.type == "uts")).path = $p | del(.hostname)' --arg p "/proc/$other/ns/uts"
	counting
	run_detached "$ID"
	checkpoint "$ID"
	restore "$ID"
	wait_for counts_beyond "$ID" 3
	for kind in ipc uts; do
		[[ $(readlink "/proc/$(pid_of "$ID")/ns/$kind") == "$(readlink "/proc/$other/ns/$kind")" ]]
	done
}

@test "netDevices: the restored container has them" {
	requires_criu
	requires_casemate "leaves them"
	requires_command ip
	NETWORK_DEVICE=it$((BASHPID % 10000))d
	make_device() {
		ip link add "$NETWORK_DEVICE" type dummy 2>/dev/null ||
			ip link add "$NETWORK_DEVICE" type veth peer name "${NETWORK_DEVICE}p" 2>/dev/null
	}
	make_device || skip "this kernel makes neither dummy nor veth devices"
	edit '.linux.netDevices = {($d): {name: "data0"}}' --arg d "$NETWORK_DEVICE"
	counting
	run_detached "$ID"
	runtime exec "$ID" ip link show data0
	checkpoint "$ID"
	# A virtual one went with its namespace, as at delete.
	fails 1 "$NETWORK_DEVICE" runtime restore -d --image-path "$IMAGES" --work-path "$WORK" "$ID"
	wait_for make_device
	restore "$ID"
	runtime exec "$ID" ip link show data0
}

# Under a policy -------------------------------------------------------------------------------------------

@test "restore under a policy: what the checkpoint has too much of is refused before it runs" {
	requires_criu
	requires_casemate "has no policies"
	edit '.process.capabilities = {bounding: ["CAP_SYS_ADMIN"], effective: ["CAP_SYS_ADMIN"], permitted: ["CAP_SYS_ADMIN"]}'
	counting
	"$RUNTIME" --policy off --root "$STATE" run -d "$ID" </dev/null >/dev/null 2>&1 3>&-
	"$RUNTIME" --policy off --root "$STATE" checkpoint --image-path "$IMAGES" "$ID" 3>&-
	edit '.process.capabilities = {}'
	run -1 "$RUNTIME" --policy baseline --root "$STATE" restore -d --image-path "$IMAGES" "$ID" 3>&-
	[[ $output == *"process.capabilities: CapPrm of the restored process is 0x200000"* ]]
	[[ -z $(runtime list -q) ]]
}

@test "restore under a policy: a checkpoint without its seccomp filter is refused, one with it comes back" {
	requires_criu
	requires_casemate "has no policies"
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["kcmp"], action: "SCMP_ACT_ERRNO"}]}'
	echo '{"name": "filtered", "seccomp": {"profile": "strict"}}' >policy.json
	counting
	"$RUNTIME" --policy off --root "$STATE" run -d "$ID" </dev/null >/dev/null 2>&1 3>&-
	"$RUNTIME" --policy off --root "$STATE" checkpoint --image-path "$IMAGES" "$ID" 3>&-
	run -1 "$RUNTIME" --policy ./policy.json --root "$STATE" restore -d --image-path "$IMAGES" "$ID" 3>&-
	[[ $output == *"linux.seccomp: core-"*"the filters of a process are not those planned: "* ]]
	[[ -z $(runtime list -q) ]]

	rm -r "$IMAGES"
	"$RUNTIME" --policy ./policy.json --root "$STATE" run -d "$ID" </dev/null >/dev/null 2>&1 3>&-
	"$RUNTIME" --policy ./policy.json --root "$STATE" checkpoint --image-path "$IMAGES" "$ID" 3>&-
	"$RUNTIME" --policy ./policy.json --root "$STATE" restore -d --image-path "$IMAGES" "$ID" </dev/null >/dev/null 2>&1 3>&-
	grep -q '^Seccomp_filters:.1$' "/proc/$(pid_of "$ID")/status"
}

@test "restore under a policy: images that somebody else can write are not read" {
	requires_root
	requires_casemate "reads them"
	requires_command criu
	! policy_is_off || skip "without a policy it is as with runc"
	mkdir "$IMAGES"
	chmod 777 "$IMAGES"
	fails 1 'images can be written by others than its owner .mode 0777.' runtime restore --image-path "$IMAGES" "$ID"
	chmod 755 "$IMAGES"
	touch "$IMAGES/core-1.img"
	chown 12345 "$IMAGES/core-1.img"
	fails 1 'core-1.img belongs to uid 12345' runtime restore --image-path "$IMAGES" "$ID"
	chown 0 "$IMAGES/core-1.img"
	chmod 664 "$IMAGES/core-1.img"
	fails 1 'core-1.img can be written by others' runtime restore --image-path "$IMAGES" "$ID"
	chmod 644 "$IMAGES/core-1.img"
	ln -s ../other/core-2.img "$IMAGES"
	fails 1 'core-2.img is a link' runtime restore --image-path "$IMAGES" "$ID"
	mv "$IMAGES/core-2.img" "$IMAGES/parent"
	fails 1 'pstree.img|descriptors.json' runtime restore --image-path "$IMAGES" "$ID"
	[[ -z $(runtime list -q) ]]
}

@test "restore under a policy: mounts that were not planned are refused" {
	requires_criu
	requires_casemate "has no policies"
	! policy_is_off || skip "without a policy it is as with runc"
	counting
	run_detached "$ID"
	# Without the masks of /proc.
	mkdir rootfs/again
	nsenter --target "$(pid_of "$ID")" --mount busybox mount -t proc proc /again
	checkpoint --leave-running "$ID"
	run -1 restore "$ID-again"
	contains 'mounts: the checkpoint has one at /again (proc) that is not planned'
	[[ $(runtime list -q) == "$ID" ]]
	# A program that may mount has perhaps done so itself.
	edit '.process.capabilities.bounding += ["CAP_SYS_ADMIN"]'
	restore "$ID-again"
	wait_for counts_beyond "$ID-again" 3
}

@test "restore under a policy: limits are those of now, also where criu puts back those of the images" {
	requires_criu
	requires_casemate "has no policies"
	! policy_is_off || skip "without a policy it is as with runc"
	requires_controller pids
	edit '.linux.resources.pids.limit = 77'
	counting
	run_detached "$ID"
	checkpoint --manage-cgroups-mode full "$ID"
	edit '.linux.resources.pids.limit = 55'
	restore --manage-cgroups-mode full "$ID"
	[[ $(cgroup_value pids pids.max pids.max) == 55 ]]
}

# Under the policy with a filter: the program of these steps (tests/helpers/filters.c) in container $ID.
run_filters() {
	echo '{"name": "filtered", "seccomp": {"profile": "strict"}}' >policy.json
	chmod 644 policy.json
	RUNTIME_OPTIONS=(--policy ./policy.json)
	cp "$(helper filters)" rootfs/bin/filters
	mount_entry /count tmpfs tmpfs nosuid
	program sh -c "exec filters $* >/count/n"
	run_detached "$ID"
	wait_for filters_are_ready "$ID"
}

filters_are_ready() {
	[[ $(count_of "$1") == ready ]]
}

# How many filters each thread of the first process has.
filter_counts() {
	sed -n 's/^Seccomp_filters:[[:space:]]*//p' /proc/"$(pid_of "$1")"/task/*/status | xargs
}

comes_back_with() {
	checkpoint "$ID"
	restore "$ID"
	run -0 filter_counts "$ID"
	[[ $output == "$1" ]]
}

@test "restore under a policy: threads that share their filters" {
	requires_criu
	requires_casemate "has no policies"
	run_filters thread thread
	comes_back_with "1 1 1"
	# And again, of what was restored.
	rm -r "$IMAGES"
	comes_back_with "1 1 1"
}

@test "restore under a policy: a program with a filter of its own" {
	requires_criu
	requires_casemate "has no policies"
	run_filters own own
	comes_back_with 3
}

@test "restore under a policy: threads with a filter of the program's" {
	requires_criu
	requires_casemate "has no policies"
	run_filters thread shared thread
	comes_back_with "2 2 2"
}

@test "restore under a policy: a thread with a filter that another has not" {
	requires_criu
	requires_casemate "has no policies"
	run_filters thread own
	comes_back_with "2 1"
}

@test "restore under a policy: a process that has ended has no filters" {
	requires_criu
	requires_casemate "has no policies"
	run_filters child thread
	zombie=$(cat "/proc/$(pid_of "$ID")/task/$(pid_of "$ID")/children")
	grep -q '^State:.Z' "/proc/${zombie% }/status"
	comes_back_with "1 1"
}

@test "restore under a policy: another program's filters in the images are refused" {
	requires_criu
	requires_casemate "has no policies"
	run_filters thread own
	checkpoint "$ID"
	# What gives errno 1 allows.
	cp "$IMAGES/seccomp.img" "$BATS_TEST_TMPDIR/saved"
	LC_ALL=C sed -i 's/\x06\x00\x00\x00\x01\x00\x05\x00/\x06\x00\x00\x00\x00\x00\xff\x7f/g' "$IMAGES/seccomp.img"
	run ! cmp -s "$IMAGES/seccomp.img" "$BATS_TEST_TMPDIR/saved"
	run -1 restore "$ID"
	contains "the filters of a process are not those planned"
	[[ -z $(runtime list -q) ]]
}

@test "restore under a policy: egress rules are put into the network again" {
	requires_casemate "has no policies"
	requires_criu
	requires_command nft
	[[ " ${RUNTIME_ARGS:-} " != *policy* ]] || skip "another policy was asked for"
	echo '{"name": "egress", "extends": "baseline", "egress": {"default": "allow", "deny": ["169.254.169.254"]}}' >egress.json
	chmod 644 egress.json
	counting
	run_detached "$ID"
	checkpoint "$ID"
	# What was saved without the filter that keeps sockets from going past the rules cannot get it any more.
	RUNTIME_OPTIONS=(--policy ./egress.json)
	run -1 restore "$ID"
	contains "linux.seccomp: core-1.img: the filters of a process are not those planned"
	rm -r "$IMAGES"
	run_detached "$ID"
	checkpoint "$ID"
	restore "$ID"
	run -0 nsenter --target "$(pid_of "$ID")" --net -- nft list ruleset
	contains 'ip daddr 169.254.169.254 reject'
	run -0 runtime verify "$ID"
	matches 'egress .*1 layer of rules'
	run -0 runtime exec "$ID" true
}

@test "restore under a policy: paths are masked that were not when the container was saved" {
	requires_criu
	requires_casemate "has no policies"
	edit '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	counting
	"$RUNTIME" --policy off --root "$STATE" run -d "$ID" </dev/null >/dev/null 2>&1 3>&-
	[[ -n $("$RUNTIME" --root "$STATE" exec "$ID" head -c 10 /proc/interrupts 3>&-) ]]
	"$RUNTIME" --policy off --root "$STATE" checkpoint --image-path "$IMAGES" "$ID" 3>&-
	"$RUNTIME" --policy baseline --root "$STATE" restore -d --image-path "$IMAGES" "$ID" </dev/null >/dev/null 2>&1 3>&-
	[[ -z $("$RUNTIME" --root "$STATE" exec "$ID" cat /proc/interrupts 3>&-) ]]
	[[ $("$RUNTIME" --root "$STATE" exec "$ID" awk '$5 == "/proc/sys" { print $6 }' /proc/self/mountinfo 3>&-) == ro,* ]]
}
