#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# A hostile container against the processes that enter it.

load attacks

setup() {
	setup_attack
}

teardown() {
	teardown_bundle
}

all_capabilities() {
	edit '.process.capabilities |= map_values(["CAP_SYS_PTRACE", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_KILL", "CAP_SETUID", "CAP_SETGID", "CAP_CHOWN", "CAP_FOWNER"])
		| del(.process.capabilities.inheritable, .process.capabilities.ambient)'
}

@test "CVE-2016-9962: a joining process is not traced, read, or robbed of its descriptors" {
	local attempt
	program attacker trace
	detached run -d "$ID"
	wait_for grep -q attacking "$OUT"
	for ((attempt = 0; attempt < ${ATTEMPTS:-40}; attempt++)); do
		runtime exec "$ID" true </dev/null >/dev/null 2>&1 || true
	done
	run -0 cat "$OUT"
	is attacking
}

@test "CVE-2016-9962: with CAP_SYS_PTRACE it may be traced, and yet has nothing of the host" {
	local attempt
	all_capabilities
	program attacker join
	detached run -d "$ID"
	wait_for grep -q attacking "$OUT"
	for ((attempt = 0; attempt < ${ATTEMPTS:-40}; attempt++)); do
		runtime exec "$ID" true </dev/null >/dev/null 2>&1 || true
	done
	run -0 cat "$OUT"
	is attacking
}

@test "CVE-2016-9962: nor in a user namespace, where the attacker is root" {
	local attempt
	user_namespace
	edit '.process.capabilities |= map_values(["CAP_SYS_PTRACE", "CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"])
		| del(.process.capabilities.inheritable, .process.capabilities.ambient)'
	program attacker trace
	detached run -d "$ID"
	wait_for grep -q attacking "$OUT"
	for ((attempt = 0; attempt < ${ATTEMPTS:-40}; attempt++)); do
		runtime exec "$ID" true </dev/null >/dev/null 2>&1 || true
	done
	run -0 cat "$OUT"
	is attacking
}

# The program under attack is a copy: should the attack work, this test fails and nothing else is harmed.
own_copy() {
	RUNTIME_COPY=$BATS_TEST_TMPDIR/copy
	cp "$RUNTIME" "$RUNTIME_COPY"
	chmod 755 "$RUNTIME_COPY"
	CHECKSUM=$(sha256sum <"$RUNTIME_COPY")
}

copy() {
	"$RUNTIME_COPY" "${RUNTIME_OPTIONS[@]}" --root "$STATE" "$@" 3>&-
}

@test "CVE-2019-5736: the executable of a joining process cannot be written" {
	local attempt
	own_copy
	all_capabilities
	program attacker overwrite
	copy run -d "$ID" </dev/null >"$OUT" 2>&1
	wait_for grep -q attacking "$OUT"
	for ((attempt = 0; attempt < ${ATTEMPTS:-40}; attempt++)); do
		copy exec "$ID" true </dev/null >/dev/null 2>&1 || true
	done
	equal "$(sha256sum <"$RUNTIME_COPY")" "$CHECKSUM"
	run ! grep wholly "$OUT"
}

@test "CVE-2019-5736: an image whose program is /proc/self/exe" {
	own_copy
	printf '#!/proc/self/exe\n' >rootfs/entry
	chmod +x rootfs/entry
	for program in /entry /proc/self/exe; do
		program "$program"
		run timeout 20 "$RUNTIME_COPY" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID" 3>&-
		equal "$(sha256sum <"$RUNTIME_COPY")" "$CHECKSUM"
		copy delete --force "$ID"
	done
	start_sleeping
	run timeout 20 "$RUNTIME_COPY" "${RUNTIME_OPTIONS[@]}" --root "$STATE" exec "$ID" /entry 3>&-
	equal "$(sha256sum <"$RUNTIME_COPY")" "$CHECKSUM"
}

@test "CVE-2024-21626: a working directory behind a descriptor" {
	local number
	program sh -c 'ls ../../../../../../host ../host 2>/dev/null; pwd'
	for number in {3..24}; do
		edit '.process.cwd = $cwd' --arg cwd "/proc/self/fd/$number"
		run runtime run "$ID"
		lacks file
		((status != 0)) || [[ $output == / ]]
	done
	edit '.process.cwd = "/"'
	start_sleeping
	for number in {3..24}; do
		run runtime exec --cwd "/proc/self/fd/$number" "$ID" sh -c 'ls; pwd'
		((status != 0)) || [[ $output == *$'\n/' ]]
	done
	host_is_whole
}

@test "CVE-2024-21626: the same through a link of the image" {
	local number
	start_sleeping
	for number in {3..24}; do
		ln -sfn "/proc/self/fd/$number" rootfs/link
		run runtime exec --cwd /link "$ID" sh -c 'ls -d ../../../../../../../*'
		((status != 0)) || lacks "$(basename "$BATS_TEST_TMPDIR")"
	done
}

@test "CVE-2022-29162: what the caller or a file has inheritable does not get in" {
	policy_is_off && edit 'del(.process.capabilities.inheritable, .process.capabilities.ambient)'
	program grep CapInh /proc/self/status
	if command -v setpriv >/dev/null; then
		run -0 setpriv --inh-caps +kill,+chown "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID"
		is $'CapInh:\t0000000000000000'
	fi
	start_sleeping
	run -0 runtime exec --cap CAP_SYS_ADMIN "$ID" grep CapInh /proc/self/status
	is $'CapInh:\t0000000000000000'
}

@test "CVE-2023-25809: the host's cgroups are read-only, also without a mount of them" {
	user_namespace
	edit '.mounts |= map(select(.type != "cgroup"))
		| (.mounts[] | select(.destination == "/sys")) |= {destination: "/sys", type: "none", source: "/sys", options: ["rbind", "nosuid", "noexec", "nodev", "ro"]}
		| .process.capabilities |= map_values(["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"])
		| del(.process.capabilities.inheritable, .process.capabilities.ambient)'
	program sh -c 'for directory in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir "$directory/attack" 2>/dev/null && echo "made in $directory"; done; echo done'
	run runtime run "$ID"
	lacks made
	[[ -z $(find /sys/fs/cgroup -name attack 2>/dev/null) ]]
}

@test "CVE-2025-23266: a hook does not get the image's environment" {
	edit '.process.env += ["LD_PRELOAD=/tmp/evil.so", "PATH=/evil"]
		| .hooks.createRuntime = [{path: "/usr/bin/env"}]
		| .hooks.createContainer = [{path: "/bin/sh", args: ["sh", "-c", $script]}]' \
		--arg script "/usr/bin/env >$BATS_TEST_TMPDIR/environment"
	program true
	edit '.process.args = ["/bin/true"]'
	run runtime run "$ID"
	run ! grep -E 'LD_PRELOAD|evil' "$BATS_TEST_TMPDIR/environment"
}

@test "CVE-2021-43784: large and odd documents between the stages" {
	local text
	text=$(printf 'x%.0s' {1..60000})
	edit '.process.env += [range(300) | "NAME\(.)=" + $text[:400]] | .annotations = {big: ($text * 10)}
		| .process.args = (["true"] + [range(500) | "argument \(.)"])' --arg text "$text"
	run -0 runtime run "$ID"
	edit '.process.env += ["X=" + ($text * 10)]' --arg text "$text"
	run runtime run "$ID"
	# The kernel's own limit on one string.
	((status == 0)) || matches 'argument list too long'
	nothing_created
}

@test "crun 2026-30892: users that are almost numbers" {
	local user
	start_sleeping
	for user in "" : 1: :1 "1 " " 1" 0x1 1e0 01x ١; do
		run -255 runtime exec -u "$user" "$ID" id
		lacks uid=
	done
}

@test "CRI-O 2024-3154: an annotation is not a systemd property" {
	edit '.annotations = {"org.systemd.property.ExecStart": "/bin/false", "org.systemd.property.TimeoutStopUSec": "uint64 1"}'
	program true
	run runtime run "$ID"
	if [[ -d /run/systemd/system ]]; then
		run -1 runtime --systemd-cgroup run "$ID"
		contains ExecStart
	else
		equal "$status" 0
	fi
}
