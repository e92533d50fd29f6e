#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# What the default policy does to a real container, what it refuses, and that exec is held to it as well.

load helpers

setup() {
	requires_casemate "has no policies"
	[[ " ${RUNTIME_ARGS:-} " != *policy* ]] || skip "another policy was asked for"
	setup_bundle
}

teardown() {
	teardown_bundle
	[[ -z ${LOOP:-} ]] || losetup --detach "$LOOP"
}

baseline_off() {
	"$RUNTIME" --policy off --root "$STATE" "$@" 3>&-
}

@test "no_new_privs, whatever the config says, in exec too" {
	edit '.process.noNewPrivileges = false'
	program grep NoNewPrivs /proc/self/status
	run -0 runtime run "$ID"
	is $'NoNewPrivs:\t1'
	start_sleeping
	run -0 runtime exec "$ID" grep NoNewPrivs /proc/self/status
	is $'NoNewPrivs:\t1'
	run -0 runtime exec -p <(echo '{"args": ["/bin/grep", "NoNewPrivs", "/proc/self/status"], "cwd": "/", "noNewPrivileges": false}') "$ID"
	is $'NoNewPrivs:\t1'
	program grep NoNewPrivs /proc/self/status
	run -0 baseline_off run "$ID-off"
	is $'NoNewPrivs:\t0'
}

@test "inheritable and ambient capabilities are empty, in exec too" {
	edit '.process.capabilities |= with_entries(.value = ["CAP_KILL", "CAP_CHOWN"])
		| .process.capabilities.inheritable = ["CAP_KILL"] | .process.capabilities.ambient = ["CAP_KILL"]'
	program grep -E 'CapInh|CapAmb' /proc/self/status
	run -0 runtime run "$ID"
	is $'CapInh:\t0000000000000000\nCapAmb:\t0000000000000000'
	start_sleeping
	run -0 runtime exec "$ID" grep -E 'CapInh|CapAmb' /proc/self/status
	is $'CapInh:\t0000000000000000\nCapAmb:\t0000000000000000'
	run -0 runtime exec -p <(echo '{"args": ["/bin/grep", "-E", "CapInh|CapAmb", "/proc/self/status"], "cwd": "/",
		"capabilities": {"inheritable": ["CAP_CHOWN"], "ambient": ["CAP_CHOWN"], "permitted": ["CAP_CHOWN"], "bounding": ["CAP_CHOWN"], "effective": ["CAP_CHOWN"]}}') "$ID"
	is $'CapInh:\t0000000000000000\nCapAmb:\t0000000000000000'
}

@test "a privileged container is refused, and a privileged exec" {
	local all
	all=$(json_array CAP_{CHOWN,DAC_OVERRIDE,DAC_READ_SEARCH,FOWNER,FSETID,KILL,SETGID,SETUID,SETPCAP,LINUX_IMMUTABLE,NET_BIND_SERVICE,NET_BROADCAST,NET_ADMIN,NET_RAW,IPC_LOCK,IPC_OWNER,SYS_MODULE,SYS_RAWIO,SYS_CHROOT,SYS_PTRACE,SYS_PACCT,SYS_ADMIN,SYS_BOOT,SYS_NICE,SYS_RESOURCE,SYS_TIME,SYS_TTY_CONFIG,MKNOD,LEASE,AUDIT_WRITE,AUDIT_CONTROL,SETFCAP,MAC_OVERRIDE,MAC_ADMIN,SYSLOG,WAKE_ALARM,BLOCK_SUSPEND,AUDIT_READ,PERFMON,BPF,CHECKPOINT_RESTORE})
	program true
	cp config.json plain.json
	edit '.process.capabilities |= with_entries(.value = $all)
		| .linux.resources.devices = [{allow: true, access: "rwm"}] | .linux.maskedPaths = [] | .linux.readonlyPaths = []' --argjson all "$all"
	refused 'baseline.*privileged'
	mv plain.json config.json
	start_sleeping
	run -255 --separate-stderr runtime exec -p <(jq -n '{args: ["/bin/true"], cwd: "/", capabilities: {bounding: $all, permitted: $all, effective: $all}}' --argjson all "$all") "$ID"
	output=$stderr
	contains baseline
}

@test "the host's mounts or processes are refused" {
	program true
	without_namespace pid
	refused 'baseline.*pid'
	edit '.linux.namespaces += [{type: "pid"}]'
	without_namespace mount
	refused 'mount'
	edit '.linux.namespaces += [{type: "mount"}] | (.linux.namespaces[] | select(.type == "pid")).path = "/proc/self/ns/pid"'
	refused 'baseline.*pid'
}

@test "another container's processes are not the host's" {
	start_sleeping "$ID-first"
	edit '(.linux.namespaces[] | select(.type == "pid")).path = $path' --arg path "/proc/$(container_pid "$ID-first")/ns/pid"
	program true
	run -0 runtime run "$ID"
}

@test "the documented paths are masked and read-only, in addition to the config's" {
	edit '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	program sh -c 'for path in /proc/acpi /proc/asound /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list /proc/sched_debug /proc/scsi /sys/firmware /sys/devices/virtual/powercap; do
			[ -e $path ] || continue
			if [ -d $path ]; then ls -A $path; else head -c 1 $path; fi
		done
		for path in /proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger; do
			[ -e $path ] || continue
			awk -v path=$path "\$5 == path { last = \$6 } END { if (substr(last, 1, 2) != \"ro\") print path, last }" /proc/self/mountinfo
		done'
	run -0 runtime run "$ID"
	is ""
}

@test "a pid limit where the config has none, and the config's own" {
	requires_controller pids
	start_sleeping
	equal "$(cgroup_value pids pids.max)" 2048
	run -0 runtime delete --force "$ID"
	edit '.linux.resources.pids.limit = 17'
	start_sleeping
	equal "$(cgroup_value pids pids.max)" 17
}

@test "--no-new-keyring gives a keyring all the same" {
	program probe keyring
	run -0 runtime run --no-new-keyring "$ID"
	contains "_ses.$ID"
}

@test "an ordinary image notices nothing" {
	program sh -c 'id; ps; top -bn1 >/dev/null; free >/dev/null; df >/dev/null; cat /proc/meminfo /proc/cpuinfo /proc/stat /proc/loadavg /proc/uptime /proc/version >/dev/null; nproc; uname -a >/dev/null; ls /sys/class/net /sys/devices/system/cpu >/dev/null && echo fine'
	run -0 runtime run "$ID"
	equal "${lines[-1]}" fine
}

@test "a policy that cannot be read, does not exist, or has an unknown key refuses" {
	program true
	local file=$BATS_TEST_TMPDIR/policy.json
	fails 1 'frobnicate' "$RUNTIME" --policy frobnicate --root "$STATE" run "$ID"
	fails 1 'missing.json' "$RUNTIME" --policy "$BATS_TEST_TMPDIR/missing.json" --root "$STATE" run "$ID"
	echo '{"name": "mine", "noNewPrivilegs": true}' >"$file"
	fails 1 'noNewPrivilegs' "$RUNTIME" --policy "$file" --root "$STATE" run "$ID"
	echo '{"name": "mine", "noNewPrivileges": "yes"}' >"$file"
	fails 1 'noNewPrivileges' "$RUNTIME" --policy "$file" --root "$STATE" run "$ID"
	echo '{' >"$file"
	fails 1 . "$RUNTIME" --policy "$file" --root "$STATE" run "$ID"
	fails 1 . "$RUNTIME" --policy "" --root "$STATE" run "$ID"
	fails 1 . "$RUNTIME" --policy baseline,frobnicate --root "$STATE" run "$ID"
	nothing_created
}

@test "a policy of one's own, stacked on baseline, in any order" {
	local file=$BATS_TEST_TMPDIR/policy.json order
	echo '{"name": "mine", "rootfs": {"readonly": true}, "capabilities": {"max": ["CAP_KILL"]}}' >"$file"
	edit '.root.readonly = false'
	program sh -c 'touch /x 2>/dev/null || echo refused; grep -E "CapBnd|NoNewPrivs" /proc/self/status'
	for order in "baseline,$file" "$file,baseline"; do
		run -0 "$RUNTIME" --policy "$order" --root "$STATE" run "$ID"
		is $'refused\nCapBnd:\t0000000000000020\nNoNewPrivs:\t1'
	done
}

@test "the policy stays with the container" {
	program sleep 1000
	detached run -d "$ID"
	# Looser options of a later command do not loosen it.
	run -0 baseline_off exec -p <(echo '{"args": ["/bin/grep", "NoNewPrivs", "/proc/self/status"], "cwd": "/"}') "$ID"
	is $'NoNewPrivs:\t1'
}

@test "explain: what was changed, from what to what, by which key of which policy" {
	edit '.process.noNewPrivileges = false | .process.env += ["SECRET=hunter2"]'
	run -0 runtime explain .
	contains baseline
	contains noNewPrivileges
	lacks hunter2
	run -0 runtime explain --format json .
	jq -e . <<<"$output" >/dev/null
	lacks hunter2
	run -0 runtime explain --format config .
	equal "$(jq .process.noNewPrivileges <<<"$output")" true
	start_sleeping
	run -0 runtime explain "$ID"
	contains noNewPrivileges
	lacks hunter2
	run -1 runtime explain "$ID-missing"
}

@test "explain --format config is a config that runs as it stands" {
	# The values of the environment are left out, PATH among them.
	program /bin/grep NoNewPrivs /proc/self/status
	edit '.process.noNewPrivileges = false'
	runtime explain --format config . >hardened.json
	cp hardened.json config.json
	run -0 baseline_off run "$ID"
	is $'NoNewPrivs:\t1'
}

# Root of a user namespace that is joined is not the host's: neither for the first process nor for exec's.
@test "user.nonRoot and a user namespace that is joined, in exec too" {
	requires_root
	echo '{"name": "nobody", "user": {"nonRoot": true}}' >"$BATS_TEST_TMPDIR/nobody.json"
	nobody() {
		"$RUNTIME" --policy "$BATS_TEST_TMPDIR/nobody.json" --root "$STATE" "$@" 3>&-
	}
	user_namespace
	start_sleeping "$ID-owner"
	edit '.linux.uidMappings = [] | .linux.gidMappings = []
		| .linux.namespaces |= map(select(.type != "mount") | .path = "/proc/" + $pid + "/ns/" +
			({network: "net"}[.type] // .type)) + [{type: "mount"}]' --arg pid "$(container_pid "$ID-owner")"
	edit 'del(.hostname)'
	nobody run -d "$ID" </dev/null >"$OUT" 2>&1
	run -0 nobody exec "$ID" id -u
	is 0
	edit 'del(.linux.namespaces[] | select(.type == "user"))'
	run ! nobody run "$ID-root"
	contains "user.nonRoot"
}

@test "the shipped policies for services: no path of the host's that rules it, neither as a mount nor as the root" {
	local name path
	mount_entry /host none /tmp bind
	cp config.json plain.json
	for name in app cache database terminal web; do
		for path in / /boot /dev /etc/ /etc/shadow /proc /root /run /run/casemate /run/docker.sock /run/docker/containerd \
			/run/containerd/containerd.sock /sys /var /var/lib/docker; do
			edit '.mounts[-1].source = $path' --arg path "$path"
			fails 1 "policy baseline,$name|policy $name: mounts.denySources: $path may not be mounted on /host" \
				"$RUNTIME" --policy "$name" --root "$STATE" run "$ID"
			cp plain.json config.json
		done
		edit '.root.path = "/"'
		fails 1 "mounts.denySources: / may not be the root file system" "$RUNTIME" --policy "$name" --root "$STATE" run "$ID"
		cp plain.json config.json
	done
}

# A policy that denies @1 as a source.
denies() {
	jq -n --arg path "$1" '{name: "denies", extends: "baseline", mounts: {denySources: [$path]}}' >"$BATS_TEST_TMPDIR/denies.json"
}

@test "denySources: a relative source of a file system, which the kernel looks up from the rootfs" {
	requires_root
	requires_command mkfs.ext4 losetup
	local relative
	truncate -s 16M "$BATS_TEST_TMPDIR/image"
	mkfs.ext4 -q "$BATS_TEST_TMPDIR/image"
	LOOP=$(losetup --find --show "$BATS_TEST_TMPDIR/image") || skip "there is no loop device"
	relative=$(realpath --relative-to="$PWD/rootfs" "$LOOP")
	program sh -c 'grep -o " /in ext4 " /proc/mounts'
	mount_entry /in ext4 "$relative" ro
	edit '.linux.resources.devices += [{allow: true, type: "b", access: "rwm"}]'
	run -0 "$RUNTIME" --root "$STATE" run "$ID"
	is " /in ext4 "
	denies /dev
	fails 1 "policy baseline,denies|policy denies: mounts.denySources: .*${LOOP##*/} may not be mounted on /in" \
		"$RUNTIME" --policy "$BATS_TEST_TMPDIR/denies.json" --root "$STATE" run "$ID"
	nothing_created
	denies /boot
	run -0 "$RUNTIME" --policy "$BATS_TEST_TMPDIR/denies.json" --root "$STATE" run "$ID"
	is " /in ext4 "
	# Layers, too; from any directory.
	mkdir -p "$BATS_TEST_TMPDIR/secret/below" layer
	edit 'del(.mounts[-1])'
	mount_entry /in overlay overlay "lowerdir=../$(realpath --relative-to="$PWD" "$BATS_TEST_TMPDIR")/secret/below:../layer"
	program true
	run -0 "$RUNTIME" --policy "$BATS_TEST_TMPDIR/denies.json" --root "$STATE" run "$ID"
	cd /
	denies "$BATS_TEST_TMPDIR/secret"
	fails 1 "mounts.denySources: $BATS_TEST_TMPDIR.*/secret/below may not be mounted on /in" \
		"$RUNTIME" --policy "$BATS_TEST_TMPDIR/denies.json" --root "$STATE" run --bundle "$BUNDLE" "$ID"
	nothing_created
	cd "$BUNDLE"
}

@test "denySources: what a link of procfs leads to, where a denied path has another name" {
	requires_root
	local there=$BATS_TEST_TMPDIR/there pid
	mkdir "$BATS_TEST_TMPDIR/secret" "$there"
	echo found >"$BATS_TEST_TMPDIR/secret/file"
	unshare -m sh -c 'mount --make-rprivate / && mount --bind "$1" "$2" && exec sleep 1000' sh "$BATS_TEST_TMPDIR/secret" "$there" 3>&- &
	pid=$!
	BACKGROUND+=("$pid")
	wait_for test -e "/proc/$pid/root$there/file"
	program cat /in/file
	mount_entry /in none "/proc/$pid/root$there" bind
	denies "$BATS_TEST_TMPDIR/secret"
	fails 1 "mounts.denySources: it is not known where the mount source /proc/$pid/root.* leads; give its own path" \
		"$RUNTIME" --policy "$BATS_TEST_TMPDIR/denies.json" --root "$STATE" run "$ID"
	ln -s "/proc/$pid/root$there" "$BATS_TEST_TMPDIR/link"
	edit '.mounts[-1].source = $link' --arg link "$BATS_TEST_TMPDIR/link"
	fails 1 "mounts.denySources: it is not known where the mount source $BATS_TEST_TMPDIR/link leads" \
		"$RUNTIME" --policy "$BATS_TEST_TMPDIR/denies.json" --root "$STATE" run "$ID"
	nothing_created
}

@test "the shipped policies for services mask what tells of the host's hardware" {
	local name path
	program sh -c '[ -c /proc/kmsg ] || echo /proc/kmsg
		for path in /sys/class/dmi /sys/class/hwmon /sys/class/powercap /sys/class/thermal /sys/devices/virtual/dmi \
			/sys/devices/virtual/thermal /sys/hypervisor /sys/module; do
			[ ! -d "$path" ] || [ -z "$(ls -A "$path")" ] || echo "$path"
		done'
	for name in app cache database terminal web; do
		run -0 "$RUNTIME" --policy "$name" --root "$STATE" run "$ID"
		is ""
	done
}

@test "a disk quota is passed over where nothing is written to, for each container, and refused where it is required" {
	local merged=$BATS_TEST_TMPDIR/merged name
	mkdir "$merged" "$BATS_TEST_TMPDIR/empty"
	on_host -t overlay -o "lowerdir=$PWD/rootfs:$BATS_TEST_TMPDIR/empty" overlay "$merged"
	echo '{"name": "quota", "extends": "baseline", "disk": {"max": "1g"}}' >"$BATS_TEST_TMPDIR/quota.json"
	program echo ran
	edit '.root = {path: $path} | .mounts |= map(select(.destination | IN("/proc", "/dev", "/sys")))' --arg path "$merged"
	for name in one two; do
		run -0 "$RUNTIME" --policy "$BATS_TEST_TMPDIR/quota.json" --root "$STATE" run "$ID-$name"
		is ran
	done
	echo '{"name": "quota", "extends": "baseline", "disk": {"max": "1g", "quota": "require"}}' >"$BATS_TEST_TMPDIR/quota.json"
	fails 1 "policy [^ ]*: disk.quota: the file system that" \
		"$RUNTIME" --policy "$BATS_TEST_TMPDIR/quota.json" --root "$STATE" run "$ID"
}

@test "a container without a cgroup: maxima are not given up, defaults do not hold, no limit can be updated" {
	requires_casemate
	program true
	echo '{"name": "most", "resources": {"pids": {"max": 50}}}' >most.json
	fails 1 "policy most: resources.pids.max: a container without a cgroup cannot be limited" \
		runtime --policy ./most.json --cgroup-manager disabled run "$ID"
	nothing_created
	program sleep 1000
	detached --cgroup-manager disabled run --detach "$ID"
	run -0 runtime explain "$ID"
	lacks resources.pids
	fails 1 "without a cgroup to set limits in" runtime update --memory 50m "$ID"
	run -0 runtime update "$ID"
	run -0 runtime explain "$ID"
	lacks resources.pids
	# Intel RDT's groups are not those of cgroups: whether it can be set is for the kernel to say
	[[ -e /sys/fs/resctrl/tasks ]] ||
		fails 1 "Intel RDT/CAT: l3 cache schema is not enabled" runtime update --l3-cache-schema "L3:0=f" "$ID"
}
