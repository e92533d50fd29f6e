#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # what expands inside the container; what bats sets
# Policies under a real Podman: what a container may select by its annotation, and what it cannot ask for.

bats_require_minimum_version 1.5.0
load podman

# The site lets containers select some policies, and has a trail.
site_in_room() {
	room sh -c 'mkdir -p /run/site/upper/casemate /run/site/work
		echo "$0" >/run/site/upper/casemate/casemate.json
		chmod -R go-w /run/site
		mount -t overlay -o lowerdir=/etc,upperdir=/run/site/upper,workdir=/run/site/work site /etc' \
		"{\"selectable\": [\"app\", \"terminal\"], \"trail\": \"$ROOM_DIR/trail.jsonl\"}"
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
