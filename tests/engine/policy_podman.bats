#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # what expands inside the container; what bats sets
# Policies under a real Podman: what a container may select by its annotation, and what it cannot ask for.

bats_require_minimum_version 1.5.0
load podman

# The site lets containers select some policies, and has a trail.
site_in_room() {
	site_has "{\"selectable\": [\"app\", \"terminal\", \"egress\"], \"trail\": \"$ROOM_DIR/trail.jsonl\"}" \
		egress '{"name": "egress", "egress": {"default": "allow", "deny": ["169.254.169.254"]}}'
}

setup_file() {
	[ "$ENGINE_RUNTIME" = casemate ] || skip "$ENGINE_RUNTIME has no policies"
	podman_start
}

teardown_file() {
	podman_stop
}

setup() {
	NAME=t$BATS_TEST_NUMBER
}

teardown() {
	p rm -f -t 0 "$NAME" >/dev/null 2>&1 || true
}

@test "podman: a policy of the container's own choice, by annotation" {
	run -0 prun --rm test grep CapBnd /proc/self/status
	[[ "$output" != *00000000000004eb* ]]
	run -0 prun --rm --annotation dev.casemate.policy=terminal test sh -c 'grep -E "CapBnd|NoNewPrivs" /proc/self/status; touch /x || echo refused'
	[[ "$output" == *$'NoNewPrivs:\t1'* && "$output" == *refused* ]]
	# Podman's own set, cut to the policy's.
	[ $((0x$(sed -n 's/^CapBnd:\t//p' <<<"$output") & ~0x4eb)) -eq 0 ]
}

@test "podman: what the site does not list is refused, and so is less than the default" {
	local name
	for name in web off nosuch; do
		run prun --rm --annotation "dev.casemate.policy=$name" test true
		[ "$status" -ne 0 ]
		[[ "$output" == *"not selectable"* ]]
	done
}

@test "podman run --privileged is refused, podman exec --privileged gains nothing" {
	run prun --rm --privileged test true
	[ "$status" -ne 0 ]
	[[ "$output" == *policy*privileged* ]]
	prun -d --name "$NAME" --annotation dev.casemate.policy=app test sleep 1000 >/dev/null
	run p exec --privileged "$NAME" grep -E '^(NoNewPrivs|CapBnd)' /proc/self/status
	if [ "$status" -eq 0 ]; then
		[[ "$output" == *$'NoNewPrivs:\t1'* ]]
		[ $((0x$(sed -n 's/^CapBnd:\t//p' <<<"$output") & ~0x4eb)) -eq 0 ]
	else
		[[ "$output" == *policy*privileged* ]]
	fi
}

@test "podman: the trail has what was done, and what was refused" {
	prun --rm test true
	run prun --rm --privileged test true
	[ -s "$ROOM_DIR/trail.jsonl" ]
	jq -se 'any(.event == "create" and .outcome == "refused" and (.error | test("privileged")))
		and any(.event == "create" and .outcome == "done") and any(.event == "delete" and .outcome == "done")' "$ROOM_DIR/trail.jsonl"
}

# The room is what the container's bridge leads to: $1 is reached there.
served() {
	[ "$(p exec "$NAME" nc -w 3 "$1" 8099 </dev/null 2>&1)" = served ]
}

@test "podman: egress rules hold on the network that Podman sets up, for all who share it" {
	command -v nft >/dev/null || skip "there is no nft"
	command -v socat >/dev/null || skip "there is no socat"
	prun -d --name "$NAME" --annotation dev.casemate.policy=egress test sleep 1000 >/dev/null
	room ip address replace 169.254.169.254/32 dev lo
	room ip address replace 192.0.2.1/32 dev lo
	room_start socat socat TCP4-LISTEN:8099,fork,reuseaddr "SYSTEM:echo served"
	eventually 5 served 192.0.2.1
	run ! served 169.254.169.254
	run prun --rm --network "container:$NAME" test nc -w 3 169.254.169.254 8099
	[[ "$status" -ne 0 && "$output" != *served* ]]
	run prun --rm test nc -w 3 169.254.169.254 8099
	[[ "$output" == *served* ]]
	run prun --rm --network host --annotation dev.casemate.policy=egress test true
	[ "$status" -ne 0 ]
	[[ "$output" == *"egress: container shares the host's network"* ]]
	room_stop socat
}
