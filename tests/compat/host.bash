# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # an inner shell's variables; compare.bash's; bats'
#
# The kind of host that a case is tried on: who runs both programs, with which options, and what of that is in the
# configuration that all cases start from. A case itself does not say where it runs.
#
#   who      root, or whoever runs bats. COMPARE_AS=user: as root, make that a user without name, session and groups.
#   ids      of an ordinary user: one is mapped; COMPARE_AS=ranges: also those of /etc/subuid and /etc/subgid
#   groups   the cgroup filesystem; RUNTIME_ARGS=--systemd-cgroup: systemd, a user's own where one runs it. A user
#            has none to limit with (as_user), but where bats runs in a unit with Delegate= of the user's systemd.

SOMEBODY=12345
SUBORDINATE=300000

is_user() {
	((EUID != 0)) || [[ -n ${COMPARE_AS:-} ]]
}

has_ranges() {
	[[ ${COMPARE_AS:-} == ranges ]]
}

is_v2() {
	[[ $(stat -fc %T /sys/fs/cgroup) == cgroup2fs ]]
}

is_systemd() {
	[[ " ${RUNTIME_ARGS:-} " == *" --systemd-cgroup "* ]]
}

# The directory below which a user's containers can have groups: that of the unit that bats runs in.
delegated_parent() {
	local own
	is_v2 && ((EUID != 0)) || return 1
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	[[ -w /sys/fs/cgroup${own%/*}/cgroup.procs ]] && echo "${own%/*}"
}

# Whether containers have groups: nothing can be limited without.
has_groups() {
	! is_user || is_systemd || delegated_parent >/dev/null
}

requires_user_host() {
	is_user || skip "for an ordinary user"
}

requires_systemd_host() {
	is_systemd || skip "for --systemd-cgroup"
}

# After setup_bundle: the bundle is the user's, its config.json is `spec`'s for this kind of host. AS is what a case's
# script is run by.
setup_host() {
	AS=()
	OPTIONS=()
	if is_systemd; then
		[[ -d /run/systemd/system ]] || skip "systemd does not run here"
		OPTIONS=(--systemd-cgroup)
	fi
	! is_user || setup_user
}

setup_user() {
	local directory=$BUNDLE parent
	STATE=$BATS_TEST_TMPDIR/state
	if ((EUID == 0)); then
		while [[ $directory != / ]]; do
			chmod a+x "$directory"
			directory=$(dirname "$directory")
		done
		install -m 755 "$RUNTIME" "$BATS_TEST_TMPDIR/casemate"
		mkdir "$BATS_TEST_TMPDIR/session"
		AS=(setpriv --reuid "$SOMEBODY" --regid "$SOMEBODY" --clear-groups env
			HOME=/ XDG_RUNTIME_DIR="$BATS_TEST_TMPDIR/session" RUNTIME="$BATS_TEST_TMPDIR/casemate")
		! has_ranges || name_user
		chown -hR $SOMEBODY:$SOMEBODY "$BATS_TEST_TMPDIR"
	fi
	rm config.json
	# Its own copy: the directory that the program was built in may be closed to others.
	RUNTIME=$RUNTIME "${AS[@]}" sh -c '"$RUNTIME" spec --rootless'
	edit '.process.terminal = false'
	! has_ranges || map_ranges
	if ! is_systemd && parent=$(delegated_parent); then
		edit '.linux.cgroupsPath = $path' --arg path "$parent/$ID"
	fi
}

# newuidmap knows users by their name: for the time of a case /etc has one more.
name_user() {
	local etc=$BATS_TEST_TMPDIR/etc name
	mkdir "$etc"
	{ cat /etc/passwd && echo "compare:x:$SOMEBODY:$SOMEBODY::/:/bin/sh"; } >"$etc/passwd"
	{ cat /etc/group && echo "compare:x:$SOMEBODY:"; } >"$etc/group"
	for name in subuid subgid; do
		echo "compare:$SUBORDINATE:65536" >"$etc/$name"
	done
	AS=(unshare -m --propagation slave sh -c 'mount -t overlay -o "lowerdir=$0:/etc" compare /etc && exec "$@"' "$etc" "${AS[@]}")
}

map_ranges() {
	local first=$SUBORDINATE
	if ((EUID != 0)); then
		requires_command newuidmap newgidmap
		first=$(awk -F: -v name="$(id -un)" '$1 == name { print $2; exit }' /etc/subuid)
		[[ -n $first ]] || skip "the user has no subordinate ids"
	fi
	edit '.linux.uidMappings += [{containerID: 1, hostID: $first, size: 65536}] | .linux.gidMappings += [{containerID: 1, hostID: $first, size: 65536}]' \
		--argjson first "$first"
}
