#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# The shipped policies, measure by measure as docs/hardening.md lists them, seen from inside a running container.

load helpers

setup() {
	requires_casemate "has no policies"
	[[ " ${RUNTIME_ARGS:-} " != *policy* ]] || skip "another policy was asked for"
	setup_bundle
	# As loose as an engine sends it.
	edit '.root.readonly = false | .process.noNewPrivileges = false | del(.linux.seccomp) | .linux.maskedPaths = [] |
		.linux.readonlyPaths = [] | .process.capabilities |= with_entries(.value = $all)' --argjson all \
		"$(json_array CAP_{CHOWN,DAC_OVERRIDE,FOWNER,FSETID,KILL,SETGID,SETUID,SETPCAP,NET_BIND_SERVICE,NET_RAW,SYS_CHROOT,MKNOD,AUDIT_WRITE,SETFCAP,IPC_LOCK,SYS_NICE})"
}

teardown() {
	teardown_bundle
}

held_to() {
	RUNTIME_OPTIONS=(--policy "$1")
}

shell() {
	program sh -c "$1"
}

# The names of the effective capabilities of a status file's line, sorted.
capabilities() {
	local mask
	mask=$(sed -n 's/^CapEff:\t//p' <<<"$output")
	capsh --decode="$mask" | sed 's/.*=//' | tr , '\n' | sort | paste -sd ' '
}

@test "every policy: no_new_privs, a fresh filter of capabilities' inheritance, no privileged container, masks" {
	local name
	for name in app terminal web database cache hobby; do
		held_to $name
		shell 'grep -E "NoNewPrivs|CapInh|CapAmb" /proc/self/status; cat /proc/keys | wc -c; ls /sys/firmware | wc -l; echo 1 >/proc/sys/kernel/panic'
		run runtime run "$ID-$name"
		contains $'NoNewPrivs:\t1'
		contains $'CapInh:\t0000000000000000'
		contains $'CapAmb:\t0000000000000000'
		contains "can't create /proc/sys/kernel/panic: "
		equal "${lines[*]:3:2}" "0 0"
	done
}

@test "app: minimal capabilities, read-only but for /tmp and mounts, strict seccomp, own network" {
	held_to app
	mkdir own
	edit '.mounts += [{destination: "/own", type: "bind", source: "own", options: ["rbind"]}]'
	shell 'cat /proc/self/status; echo a >/etc/a; echo b >/tmp/b && echo tmp; echo c >/own/c && echo own; unshare -m true'
	run runtime run "$ID"
	equal "$(capabilities)" "cap_chown cap_dac_override cap_fowner cap_kill cap_net_bind_service cap_setgid cap_setuid"
	contains $'Seccomp:\t2'
	contains "can't create /etc/a: Read-only file system"
	contains tmp
	contains own
	contains 'unshare(0x20000): Operation not permitted'
	[[ ! -e rootfs/tmp/b && -s own/c ]]
	edit '.linux.namespaces |= map(select(.type != "network"))'
	refused 'policy app: namespaces.require: container shares the host.s network namespace'
}

@test "app: at most 256 processes, and update cannot lift that" {
	requires_controller pids
	held_to app
	edit '.linux.resources.pids = {limit: -1}'
	start_sleeping
	equal "$(cgroup_value pids pids.max pids.max)" 256
	run -0 runtime update --pids-limit -1 "$ID"
	equal "$(cgroup_value pids pids.max pids.max)" 256
}

@test "terminal: the capabilities, tmpfs, masks, limits and sysctl of a shared terminal" {
	held_to terminal
	shell 'cat /proc/self/status; cat /proc/mounts; ls /sys/kernel | wc -l; cat /proc/sys/net/ipv4/ip_unprivileged_port_start; echo x >/y'
	run runtime run "$ID"
	equal "$(capabilities)" "cap_chown cap_dac_override cap_fowner cap_kill cap_net_bind_service cap_setgid cap_setuid"
	matches '^tmpfs /tmp tmpfs rw,nosuid,nodev,noexec.*size=102400k'
	matches '^tmpfs /var/tmp tmpfs rw,nosuid,nodev,noexec.*size=51200k'
	matches '^tmpfs /run tmpfs rw,nosuid,nodev,noexec.*size=51200k'
	matches '^tmpfs /root tmpfs rw,nosuid,nodev,.*size=51200k'
	contains "can't create /y: Read-only file system"
	equal "${lines[*]: -3:2}" "0 0"
	run ! grep -q '^tmpfs /root .*noexec' <<<"$output"
}

@test "terminal: memory, CPU, lock" {
	requires_controller memory pids
	held_to terminal
	start_sleeping
	equal "$(cgroup_value pids pids.max pids.max)" 256
	equal "$(cgroup_value memory memory.max memory.limit_in_bytes)" $((4 * 1024 * 1024 * 1024))
	run -0 runtime lock "$ID"
	fails 255 'policy terminal: exec: the container is locked' runtime exec "$ID" true
	run -0 runtime unlock "$ID"
	run -0 runtime exec "$ID" true
}

@test "rootless: root is refused, and the host's users" {
	held_to rootless
	program true
	refused 'policy rootless: (userns|user.nonRoot): '
	edit '.process.user = {uid: 1000, gid: 1000}'
	site_file '{"userns": {"first": 700000000, "count": 65536}}'
	program cat /proc/self/uid_map
	run -0 site run "$ID"
	matches '^ *0 +700000000 +65536$'
}

@test "web: no capability, read-only, remapped, its own seccomp profile, Landlock, securebits" {
	held_to web
	site_file '{"userns": {"first": 700000000, "count": 65536}}'
	shell 'cat /proc/self/status /proc/self/uid_map; echo a >/tmp/a && echo tmp; echo b >/run/b && echo run; echo c >/etc/c; echo d >/proc/self/comm; probe prctl; httpd -f -p 80 & sleep 0.2; wget -qO- http://127.0.0.1/bin/probe | wc -c'
	run site run "$ID"
	contains $'CapBnd:\t0000000000000000'
	contains $'CapPrm:\t0000000000000000'
	contains $'Seccomp:\t2'
	matches '^ *0 +700000000 +65536$'
	contains tmp
	contains run
	contains "can't create /etc/c: Read-only file system"
	[[ ! -e /sys/kernel/security/lsm ]] || contains "can't create /proc/self/comm: Permission denied"
	contains 'securebits 0xcf'
}

@test "web: an engine's socket, /proc, /sys and the devices stay out" {
	held_to web
	cp config.json plain.json
	local source
	for source in / /run /proc /sys /boot /run/docker.sock /run/containerd; do
		jq --arg source "$source" '.mounts += [{destination: "/in", type: "bind", source: $source, options: ["rbind", "ro"]}]' plain.json >config.json
		program true
		refused 'policy web: mounts.denySources: '
	done
}

@test "web: a subvolume's name is no path of the host's, an option that names a device is, as the socket of 9p" {
	local source
	held_to web
	cp config.json plain.json
	jq '.mounts += [{destination: "/in", type: "btrfs", source: "/srv/none", options: ["subvol=/etc"]}]' plain.json >config.json
	run -0 runtime --policy web explain .
	jq '.mounts += [{destination: "/in", type: "ext4", source: "/srv/none", options: ["journal_path=/run/docker.sock"]}]' plain.json >config.json
	run -1 runtime --policy web explain .
	contains 'policy web: mounts.denySources: '
	jq '.mounts += [{destination: "/in", type: "9p", source: "share", options: ["trans=virtio"]}]' plain.json >config.json
	run -0 runtime --policy web explain .
	# from the root directory, where the mount is made
	source=$(realpath -m --relative-to="$(jq -r .root.path plain.json)" /run/docker.sock)
	jq --arg source "$source" '.mounts += [{destination: "/in", type: "9p", source: $source, options: ["msize=8192,trans=unix"]}]' plain.json >config.json
	run -1 runtime --policy web explain .
	contains 'policy web: mounts.denySources: '
}

@test "database and cache: their row of capabilities, their own seccomp profiles" {
	held_to database
	shell 'cat /proc/self/status; ipcs -q; unshare -U true'
	run runtime run "$ID"
	equal "$(capabilities)" "cap_ipc_lock cap_sys_nice"
	contains $'Seccomp:\t2'
	contains 'unshare(0x10000000): Operation not permitted'
	held_to cache
	run runtime run "$ID-cache"
	equal "$(capabilities)" "cap_ipc_lock"
	contains $'Seccomp:\t2'
}

@test "hobby, pro, business: memory and CPU at most, stacked in any order" {
	requires_controller memory cpu
	local plan bytes
	while read -r plan bytes; do
		held_to "database,$plan"
		start_sleeping "$ID-$plan"
		equal "$(ID=$ID-$plan cgroup_value memory memory.max memory.limit_in_bytes)" "$bytes"
		runtime explain "$ID-$plan" --format config >"one-$plan"
		run -0 runtime delete -f "$ID-$plan"
		held_to "$plan,database"
		start_sleeping "$ID-$plan"
		runtime explain "$ID-$plan" --format config >"two-$plan"
		run -0 runtime delete -f "$ID-$plan"
		cmp "one-$plan" "two-$plan"
	done <<-END
		hobby $((512 * 1024 * 1024))
		pro $((2048 * 1024 * 1024))
		business $((4096 * 1024 * 1024))
	END
}

@test "every shipped policy takes what an ordinary image does, and its own config once more" {
	local name
	for name in app terminal web database cache hobby pro business; do
		held_to $name
		edit '.process.user = {uid: 1000, gid: 1000}'
		shell 'id && ls -l / >/dev/null && ps >/dev/null && mount >/dev/null && date >/dev/null && (sleep 0.01 & wait) && echo fine'
		run -0 runtime run "$ID-$name"
		contains fine
		runtime explain --format config | jq '.process.env = ["PATH=/bin"]' >again.json # values are not shown
		run -0 runtime run -f again.json "$ID-$name-again"
	done
}

@test "web: no name is looked at twice, no path is opened twice for its rules" {
	requires_root
	requires_command strace
	strace -f -o /dev/null true 2>/dev/null || skip "strace cannot trace here"
	program true
	run -0 strace -f -qq -o "$OUT.calls" "$RUNTIME" --policy web --root "$STATE" run "$ID"
	# denied mount sources have their parents in common
	[[ $(grep -cF 'readlink("/run",' "$OUT.calls") -le 1 ]]
	# and Landlock's lists their paths
	run -0 sh -c "grep -B3 'landlock_add_rule(' '$OUT.calls' | grep -o 'openat2([0-9]*, \"[^\"]*\"' | sort | uniq -d"
	is ""
}
