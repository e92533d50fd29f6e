#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# What spec and features write.

load helpers

setup() {
	setup_bundle
}

teardown() {
	teardown_bundle
}

@test "spec: writes config.json here or in the bundle, never over one" {
	mkdir one two
	cd one
	run -0 "$RUNTIME" spec
	is ""
	[[ -s config.json ]]
	fails 1 'config.json exists. Remove it first' "$RUNTIME" spec
	run -0 "$RUNTIME" spec --bundle ../two
	cmp config.json ../two/config.json
	fails 1 . "$RUNTIME" spec -b ../missing
}

@test "spec: what scripts rely on" {
	mkdir one
	cd one
	"$RUNTIME" spec
	equal "$(jq -c '[.process.args, .process.terminal, .process.cwd, .process.user.uid, .process.noNewPrivileges, .root.path, .root.readonly]' config.json)" \
		'[["sh"],true,"/",0,true,"rootfs",true]'
	jq -e '.process.env | any(startswith("PATH=")) and any(startswith("TERM="))' config.json
	jq -e '[.linux.namespaces[] | keys] | all(. == ["type"])' config.json
	jq -e '[.linux.namespaces[].type] | contains(["pid", "network", "ipc", "uts", "mount"])' config.json
	jq -e '[.mounts[].destination] == ["/proc", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/sys", "/sys/fs/cgroup"]' config.json
	jq -e '.linux.maskedPaths | contains(["/proc/kcore", "/proc/keys", "/sys/firmware"])' config.json
	jq -e '.linux.resources.devices == [{allow: false, access: "rwm"}]' config.json
	jq -e '.process.rlimits == [{type: "RLIMIT_NOFILE", hard: 1024, soft: 1024}]' config.json
	jq -e '.process.capabilities.bounding == ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]' config.json
}

@test "spec: runs as it stands" {
	mkdir one
	cd one
	"$RUNTIME" spec
	mv ../rootfs .
	edit '.process.args = ["echo", "as it stands"]'
	run -0 runtime run "$ID" </dev/null
	is "as it stands"
	mv rootfs ..
}

@test "spec --rootless" {
	mkdir one
	cd one
	"$RUNTIME" spec --rootless
	jq -e '[.linux.namespaces[].type] | contains(["user"]) and (contains(["network"]) | not)' config.json
	jq -e '.linux.uidMappings == [{containerID: 0, hostID: $id, size: 1}]' --argjson id "$(id -u)" config.json
	jq -e 'any(.mounts[]; .destination == "/sys" and .type != "sysfs" and (.options | contains(["rbind"])))' config.json
}

@test "features: one document, on standard output only" {
	run -0 --separate-stderr "$RUNTIME" features
	equal "$stderr" ""
	jq -e '.ociVersionMin and .ociVersionMax' <<<"$output"
	jq -e '.hooks | contains(["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"])' <<<"$output"
	jq -e '.mountOptions | contains(["ro", "rro", "rbind", "nosuid", "tmpcopyup"])' <<<"$output"
	jq -e '.linux.namespaces | contains(["cgroup", "ipc", "mount", "network", "pid", "user", "uts"])' <<<"$output"
	jq -e '.linux.capabilities | contains(["CAP_SYS_ADMIN"])' <<<"$output"
	jq -e '.linux.cgroup | .v1 and .v2 | type == "boolean"' <<<"$output"
	jq -e '.linux.seccomp | .enabled and (.actions | contains(["SCMP_ACT_ERRNO", "SCMP_ACT_NOTIFY"])) and (.operators | contains(["SCMP_CMP_MASKED_EQ"])) and (.archs | contains(["SCMP_ARCH_X86_64"]))' <<<"$output"
	requires_newer_runc "does not tell"
	jq -e '.linux.mountExtensions.idmap.enabled == true' <<<"$output"
	jq -e '.linux.namespaces | contains(["time"])' <<<"$output"
	jq -e '.linux.intelRdt.enabled | type == "boolean"' <<<"$output"
	jq -e '.linux.seccomp.supportedFlags | contains(["SECCOMP_FILTER_FLAG_LOG"])' <<<"$output"
}

@test "features: what is in it works: every mount option" {
	local option
	requires_policy_off
	mount_entry /mnt tmpfs tmpfs
	program true
	for option in $("$RUNTIME" features | jq -r '.mountOptions[]'); do
		case $option in
		# Kinds of mounts, and what needs another kind.
		bind | rbind | remount | idmap | ridmap | tmpcopyup | copy-symlink | src-nofollow | mand | iversion | lazytime | nolazytime) continue ;;
		esac
		edit '.mounts[-1].options = [$option]' --arg option "$option"
		run runtime run "$ID"
		((status == 0)) || {
			echo "$option: $output"
			return 1
		}
	done
}
