#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # variables of the cases' scripts and of bats
# With --systemd-cgroup: the unit, as systemd shows it, where its group is, and what is left when it has ended.

load compare

# The unit of the case and its group; afterwards nothing is left of it.
SHOWN='group() {
	cut -d: -f2- "/proc/$(rt state "$ID" | jq .pid)/cgroup" | sort
}
left() {
	local manager=--system
	((EUID == 0)) || manager=--user
	systemctl $manager list-units --all --plain --no-legend "*$ID*"
}; '

@test "units and slices" {
	requires_systemd_host
	local path
	running "the default" "${SHOWN}unit; group"'; step rt kill "$ID" KILL; ended; step rt delete "$ID"; left'
	for path in "system.slice:compare:$ID" "user.slice:compare:$ID" "compare.slice:a:$ID" "compare-a-b.slice:compare:$ID" ":compare:$ID" "::$ID" "-.slice:compare:$ID" "compare.slice::$ID"; do
		running "path $path" "${SHOWN}group; left | cut -d' ' -f1; rt delete --force \"\$ID\"; left" ".linux.cgroupsPath = \"$path\""
	done
	for path in "/compare/$ID" "compare" "a:b" "compare:compare:$ID" "a--b.slice:compare:$ID" "compare/a.slice:compare:$ID" "-a.slice:compare:$ID" "a-.slice:compare:$ID"; do
		same "path $path" ".process.args = [\"true\"] | .linux.cgroupsPath = \"$path\""
	done
	systemctl "$(is_user && echo --user || echo --system)" stop compare.slice
	finish
}

@test "a unit's end" {
	requires_systemd_host
	steps "of its own" '.process.args = ["true"]' "${SHOWN}"'step rt run -d "$ID" >/dev/null; ended; status; step rt delete "$ID"; left'
	steps "in the foreground" '.process.args = ["sh", "-c", "exit 3"]' "${SHOWN}"'step rt run "$ID"; left'
	steps "that did not start" '.process.args = ["/missing"]' "${SHOWN}"'step rt run "$ID"; left'
	steps "created only" '.process.args = ["true"]' "${SHOWN}"'step rt create "$ID" >/dev/null; unit | grep -E "^(ActiveState|SubState|Delegate)="; step rt delete --force "$ID"; left'
	steps "killed for memory" '.process.args = ["tail", "/dev/zero"] | .linux.resources.memory = {limit: 33554432, swap: 33554432}' "${SHOWN}"'step rt run "$ID"; left'
	running "by force" "${SHOWN}"'rt exec -d "$ID" sleep 500 >/dev/null; step rt delete --force "$ID"; left'
	running "paused" "${SHOWN}"'step rt pause "$ID"; status; unit | grep -E "^(ActiveState|SubState|FreezerState)="; step rt resume "$ID"; status; step rt pause "$ID"; step rt delete --force "$ID"; left'
	# What older runc leaves of it is a failed unit.
	running "stopped by systemd" 'systemctl $([[ $EUID == 0 ]] || echo --user) stop "runc-$ID.scope"; ended; status; step rt delete "$ID"' \
		'.annotations = {"org.systemd.property.TimeoutStopUSec": "uint64 100000"}'
	finish
}

@test "annotations" {
	requires_systemd_host
	annotation() {
		running "$1 $2" "unit | grep -E '^($3)='; true" ".annotations = {\"org.systemd.property.$1\": \"$2\"}"
	}
	annotation TimeoutStopUSec "uint64 123000000" TimeoutStopUSec
	annotation TimeoutStopSec "uint64 12" TimeoutStopUSec
	annotation TimeoutStopSec "12" TimeoutStopUSec
	annotation TimeoutStopSec "1.5" TimeoutStopUSec
	annotation CollectMode "'inactive-or-failed'" CollectMode
	annotation CollectMode "'frobnicate'" CollectMode
	annotation Description "'a text'" Description
	annotation TimeoutStopUSec "soon" TimeoutStopUSec
	annotation frobnicate "true" x
	annotation Frobnicate "true" x
	annotation KillMode "'mixed'" KillMode
	finish
}

@test "devices as properties" {
	requires_systemd_host
	! is_user || skip "a user's manager cannot enforce them"
	rules() {
		running "$1" 'unit | grep -E "^Device"' ".linux.resources.devices = [$2]"
	}
	rules "none" ''
	rules "deny all" '{allow: false, access: "rwm"}'
	rules "allow all" '{allow: true, access: "rwm"}'
	rules "one" '{allow: false, access: "rwm"}, {allow: true, type: "c", major: 1, minor: 11, access: "r"}'
	rules "any minor" '{allow: false, access: "rwm"}, {allow: true, type: "b", major: 8, access: "rm"}'
	rules "any" '{allow: false, access: "rwm"}, {allow: true, type: "c", access: "m"}'
	finish
}
