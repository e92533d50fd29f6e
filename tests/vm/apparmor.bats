#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # jq's variables; bats' variables
# AppArmor where it is real: profiles that the kernel enforces.

load ../integration/helpers

PROFILE=casemate-test

setup() {
	requires_root
	[[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) == Y ]] || skip "the kernel has no AppArmor"
	requires_command apparmor_parser
	setup_bundle
	cat >"$BATS_TEST_TMPDIR/profile" <<-END
		#include <tunables/global>
		profile $PROFILE flags=(attach_disconnected,mediate_deleted) {
			file,
			capability,
			network,
			mount,
			umount,
			signal,
			ptrace,
			unix,
			deny /etc/forbidden rwklx,
		}
		profile $PROFILE-other flags=(attach_disconnected,mediate_deleted) {
			file,
			capability,
			signal,
		}
	END
	apparmor_parser -r -K "$BATS_TEST_TMPDIR/profile"
	echo secret >rootfs/etc/forbidden
	echo open >rootfs/etc/allowed
}

teardown() {
	teardown_bundle
	[[ ! -e $BATS_TEST_TMPDIR/profile ]] || apparmor_parser -R "$BATS_TEST_TMPDIR/profile"
}

confined() {
	edit '.process.apparmorProfile = $profile' --arg profile "${1:-$PROFILE}"
}

@test "apparmor: a profile that denies a file" {
	program sh -c 'cat /etc/allowed; cat /etc/forbidden; cat /proc/self/attr/current'
	run runtime run "$ID"
	contains secret
	confined
	run runtime run "$ID"
	contains open
	lacks secret
	matches "can't open '/etc/forbidden': Permission denied"
	contains "$PROFILE (enforce)"
}

@test "apparmor: an unknown profile is refused" {
	confined casemate-test-missing
	program true
	fails 1 "apparmor.*casemate-test-missing" runtime run "$ID"
	nothing_created
}

@test "apparmor: exec has the container's profile, or the one that is named" {
	confined
	start_sleeping
	equal "$(cat "/proc/$(container_pid)/attr/current")" "$PROFILE (enforce)"
	run -0 runtime exec "$ID" cat /proc/self/attr/current
	is "$PROFILE (enforce)"
	run runtime exec "$ID" cat /etc/forbidden
	((status != 0))
	run -0 runtime exec --apparmor "$PROFILE-other" "$ID" cat /proc/self/attr/current
	is "$PROFILE-other (enforce)"
	run runtime exec --apparmor casemate-test-missing "$ID" true
	((status != 0))
}

@test "apparmor: unconfined is a profile, too" {
	confined unconfined
	program cat /proc/self/attr/current
	run -0 runtime run "$ID"
	is unconfined
}
