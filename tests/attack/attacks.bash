# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# What the attacks share. They are never run against a runtime of the distribution: an old one would lose, on this
# very host.

load ../integration/helpers

setup_attack() {
	requires_casemate "of this host may be an old one: the attacks would work"
	requires_root
	setup_bundle
	# What must not be touched, read or written.
	HOST=$BATS_TEST_TMPDIR/host
	mkdir "$HOST"
	echo "the host's" >"$HOST/file"
	chmod 600 "$HOST/file"
	cp "$(helper attacker)" rootfs/bin/attacker
	BEFORE=$(host_state)
	edit '.root.readonly = false'
}

host_state() {
	find "$HOST" -printf '%p %m %u:%g %y %l\n' | sort
	cat "$HOST/file"
}

host_is_whole() {
	equal "$(host_state)" "$BEFORE"
	[[ $(stat -c '%a %t:%T %u:%g' /dev/null) == "666 1:3 0:0" ]]
}

# The mount of a tmpfs on /dev is taken away, so that the image's own /dev is what the runtime meets.
images_own_dev() {
	edit '.mounts |= map(select(.destination | startswith("/dev") | not))'
	rm -rf rootfs/dev
	mkdir rootfs/dev
}

# Runs the container up to $ATTEMPTS times; it may fail, the host may not change.
try_many_times() {
	local attempt
	for ((attempt = 0; attempt < ${ATTEMPTS:-40}; attempt++)); do
		timeout 60 "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" "$@" "$ID" </dev/null >>"$OUT.many" 2>&1 3>&- || true
		"$RUNTIME" --root "$STATE" delete --force "$ID" 3>&- || return 1
	done
}
