#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # jq's variables; a test's variables are its own; bats' variables
# Containers of an ordinary user. As root the tests become one; in a session of a user they use its systemd.

load helpers

# Somebody without a name, without subordinate ids, without a session.
NOBODY=12345

setup() {
	requires_casemate "is tested as root"
	setup_bundle
	STATE=$BATS_TEST_TMPDIR/state
	HIDDEN=()
	if ((EUID == 0)); then
		OWNER=$NOBODY
		local directory=$BUNDLE
		while [[ $directory != / ]]; do
			chmod a+x "$directory"
			directory=$(dirname "$directory")
		done
		install -m 755 "$RUNTIME" "$BATS_TEST_TMPDIR/casemate"
		mkdir "$BATS_TEST_TMPDIR/session"
		chown -hR $NOBODY:$NOBODY "$BATS_TEST_TMPDIR"
	else
		OWNER=$EUID
	fi
	rm config.json
	user spec --rootless
	edit '.process.terminal = false'
}

teardown() {
	[[ -z ${STATE:-} ]] || user delete --force "$ID" || true
	[[ -z ${GROUP:-} ]] || find "$GROUP" -depth -type d -exec rmdir {} \;
	teardown_bundle
}

as_user() {
	if ((EUID == 0)); then
		"${HIDDEN[@]}" setpriv --reuid $NOBODY --regid $NOBODY --clear-groups env -i PATH="$PATH" \
			XDG_RUNTIME_DIR="$BATS_TEST_TMPDIR/session" "$@" 3>&-
	else
		"$@"
	fi
}

# The program as the ordinary user.
user() {
	if ((EUID == 0)); then
		as_user "$BATS_TEST_TMPDIR/casemate" "${RUNTIME_OPTIONS[@]}" --root "$STATE" "$@"
	else
		runtime "$@"
	fi
}

sleeping() {
	program sleep 1000
	user "$@" run --detach "$ID" </dev/null >"$OUT" 2>&1 || {
		cat "$OUT"
		return 1
	}
}

requires_session() {
	[[ -S ${XDG_RUNTIME_DIR:-/nonexistent}/systemd/private ]] || skip "this user has no systemd of its own"
}

requires_v2() {
	[[ $(stat -fc %T /sys/fs/cgroup) == cgroup2fs ]] || skip "cgroup v2 only"
}

@test "rootless: run, exec, ps, kill, delete with one id" {
	program sh -c 'id -u; cat /proc/self/uid_map'
	run -0 user run "$ID"
	matches "^0$"
	matches "^ *0 +$OWNER +1$"
	sleeping
	run -0 user exec "$ID" sh -c 'id -u; cat /etc/passwd | wc -l'
	is $'0\n2'
	run -0 user list -q
	is "$ID"
	equal "$(user state "$ID" | jq -r .status)" running
	# The program on the host is the user's.
	local pid
	pid=$(user state "$ID" | jq .pid)
	equal "$(stat -c %u "/proc/$pid")" "$OWNER"
	user kill "$ID" KILL
	wait_for sh -c "! kill -0 $pid"
	user delete "$ID"
	run -0 user list -q
	is ""
}

@test "rootless: spec --rootless is a container's that runs as it stands" {
	edit '.process.args = ["true"]'
	run -0 user run "$ID"
	equal "$(jq -c '[.linux.uidMappings[0].hostID, (.linux.namespaces | map(.type) | index("user") != null)]' config.json)" \
		"[$OWNER,true]"
	equal "$(jq '.linux.resources // {} | length' config.json)" 0
	sleeping
	run -0 user verify "$ID"
}

@test "rootless: verify says that seccomp filters were not looked at where the kernel does not show them" {
	edit '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["swapon"], action: "SCMP_ACT_ERRNO"}]}'
	sleeping
	run -0 user verify --format json "$ID"
	jq -e '.inForce and (.measures[] | select(.name == "seccomp decisions") | .state == "not looked at")' <<<"$output"
	run -0 user verify "$ID"
	matches 'seccomp decisions.*process'
}

@test "rootless: create and start, a terminal, hooks, a read-only root" {
	edit '.root.readonly = true | .hooks = {createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "cat >hook"]}]}'
	program sh -c 'touch /x'
	user create "$ID" </dev/null >"$OUT" 2>&1
	jq -e .pid hook
	user start "$ID"
	wait_for sh -c "! kill -0 $(jq .pid hook)"
	grep -q "Read-only file system" "$OUT"
	user delete "$ID"
}

@test "rootless: limits that nobody asked for are left out, those asked for are refused without a cgroup" {
	((EUID == 0)) || skip "a session has a cgroup"
	program true
	run -0 user run "$ID"
	edit '.linux.resources.pids.limit = 20'
	fails 1 "cannot set pids limit" user run "$ID"
	edit '.linux.resources = {memory: {limit: 67108864}}'
	fails 1 "cannot set memory limit" user run "$ID"
	run -0 user list -q
	is ""
}

@test "rootless: without a cgroup swappiness and the OOM killer of v1 are asked for in vain, and are refused" {
	((EUID == 0)) || skip "a session has a cgroup"
	cgroup_directory memory | grep -q memory || skip "cgroup v1 only"
	program true
	edit '.linux.resources.memory = {swappiness: 10}'
	fails 1 "cannot set memory limit" user run "$ID"
	edit '.linux.resources.memory = {disableOOMKiller: true}'
	fails 1 "cannot set memory limit" user run "$ID"
}

@test "rootless: kill --all without a cgroup reaches the first process, and with it all" {
	((EUID == 0)) || skip "a session has a cgroup"
	sleeping
	user exec --detach "$ID" sleep 1000 </dev/null >"$OUT" 2>&1
	user kill --all "$ID" KILL
	wait_for eval '[[ $(user state "$ID" | jq -r .status) == stopped ]]'
	run -0 user kill --all "$ID" KILL
	user delete "$ID"
}

@test "rootless: kill --all without a cgroup and a pid namespace of its own says what it cannot reach" {
	((EUID == 0)) || skip "a session has a cgroup"
	requires_policy_off
	local other
	without_namespace pid
	edit '(.mounts[] | select(.destination == "/proc")) |= (.type = "bind" | .source = "/proc" | .options = ["rbind"])
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	sleeping
	user exec --detach --pid-file "$OUT.pid" "$ID" sleep 1000 </dev/null >"$OUT" 2>&1
	other=$(<"$OUT.pid")
	run -0 user kill --all "$ID" KILL
	contains "only the container's first process is signalled"
	wait_for eval '[[ $(user state "$ID" | jq -r .status) == stopped ]]'
	fails 1 "cannot be found" user kill --all "$ID" KILL
	kill -KILL "$other"
	user delete "$ID"
}

@test "rootless: the out-of-memory score of the container's process, and of exec's" {
	edit '.process.oomScoreAdj = 500'
	program cat /proc/self/oom_score_adj
	run -0 user run "$ID"
	is 500
	sleeping
	run -0 user exec "$ID" cat /proc/self/oom_score_adj
	is 500
	user delete --force "$ID"
	policy_is_off || return 0
	without_namespace pid
	edit '(.mounts[] | select(.destination == "/proc")) |= (.type = "bind" | .source = "/proc" | .options = ["rbind"])
		| .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	sleeping
	run -0 user exec "$ID" cat /proc/self/oom_score_adj
	is 500
}

@test "rootless: tmpcopyup of a directory whose owner has no mapping" {
	((EUID == 0)) || skip "needs root to make it"
	mkdir rootfs/mnt
	echo text >rootfs/mnt/file
	chown $NOBODY rootfs/mnt/file
	chgrp $NOBODY rootfs/mnt/file
	mount_entry /mnt tmpfs tmpfs tmpcopyup
	program cat /mnt/file
	run -0 user run "$ID"
	is text
}

@test "rootless: without a user namespace nothing can be made" {
	edit 'del(.linux.namespaces[] | select(.type == "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	program true
	fails 1 "rootless container requires user namespaces" user run "$ID"
	# what makes nothing takes nothing
	user explain "$BUNDLE"
	user audit "$BUNDLE"
}

@test "rootless: ids without a mapping are refused, groups too" {
	edit '.process.user = {uid: 5, gid: 0}'
	program true
	run user run "$ID"
	((status == 1))
	edit '.process.user = {uid: 0, gid: 0, additionalGids: [5]}'
	fails 1 "additionalGids" user run "$ID"
}

@test "rootless: nothing of another user's is reached" {
	((EUID == 0)) || skip "needs root to make it"
	mkdir "$BATS_TEST_TMPDIR/secret"
	echo secret >"$BATS_TEST_TMPDIR/secret/file"
	chmod 700 "$BATS_TEST_TMPDIR/secret"
	mount_entry /mnt bind "$BATS_TEST_TMPDIR/secret" bind,ro
	program cat /mnt/file
	run user run "$ID"
	((status != 0))
	lacks secret$'\n'
	[[ $output != secret ]]
}

@test "rootless: where /proc shows a user nothing of others" {
	((EUID == 0)) || skip "needs root to mount it"
	HIDDEN=(unshare --mount sh -c 'mount -t proc -o hidepid=2 proc /proc && exec "$@"' sh)
	run -0 as_user sh -c '[ ! -e /proc/1 ] && echo hidden'
	is hidden
	program sleep 1000
	user create "$ID" </dev/null >"$OUT" 2>&1
	equal "$(user state "$ID" | jq -r .status)" created
	user start "$ID"
	equal "$(user state "$ID" | jq -r .status)" running
	run -0 user exec "$ID" sh -c 'echo in; readlink /proc/1/root'
	is $'in\n/'
	run -0 user verify "$ID"
	user kill "$ID" KILL
	wait_for eval '[[ $(user state "$ID" | jq -r .status) == stopped ]]'
	user delete "$ID"
	user create "$ID" </dev/null >"$OUT" 2>&1
	user delete --force "$ID"
	run -0 user list -q
	is ""
	program sh -c 'exit 3'
	run -3 user run "$ID"
}

@test "rootless: denied sources that the user cannot look at are denied all the same" {
	((EUID == 0)) || skip "takes a directory of another user's"
	[[ " ${RUNTIME_ARGS:-} " != *policy* ]] || skip "another policy was asked for"
	local hidden=$BATS_TEST_TMPDIR/hidden
	mkdir -m 700 "$hidden"
	touch "$hidden/socket"
	ln -s hidden "$BATS_TEST_TMPDIR/link"
	jq -n --arg source "$BATS_TEST_TMPDIR/link/socket" '{name: "own", mounts: {denySources: [$source]}}' >own.json
	RUNTIME_OPTIONS=(--policy ./own.json)
	program true
	run -0 user run "$ID"
	edit ".mounts += [{destination: \"/mnt\", type: \"bind\", source: \"$hidden\", options: [\"bind\"]}]"
	fails 1 "policy own: mounts.denySources" user run "$ID"
}

@test "rootless: a user's own policy of where packets go" {
	requires_command ip nft nsenter
	[[ " ${RUNTIME_ARGS:-} " != *policy* ]] || skip "another policy was asked for"
	jq -n '{name: "own", extends: "baseline", egress: {default: "allow", deny: ["192.0.2.0/24"]}}' >own.json
	RUNTIME_OPTIONS=(--policy ./own.json)
	program true
	fails 1 "policy own: egress: container shares the host's network" user run "$ID"
	edit '.linux.namespaces += [{type: "network"}]'
	sleeping
	local network=(as_user nsenter --target "$(user state "$ID" | jq .pid)" --user --preserve-credentials --net --)
	"${network[@]}" sh -ec 'ip link add name cable type veth peer name end
		ip link set dev cable up
		ip link set dev end up
		ip address add 203.0.113.2/24 dev cable
		ip route add default dev cable
		ip neighbour add 198.51.100.1 lladdr 02:00:00:00:00:01 dev cable'
	run user exec "$ID" nc -w 3 192.0.2.1 80
	matches "No route to host|Permission denied"
	# Here the packets go out, to nobody.
	run user exec "$ID" nc -w 3 198.51.100.1 80
	matches "timed out"
	run -0 user verify "$ID"
	matches "egress .*1 layer of rules"
	"${network[@]}" nft flush ruleset
	run -2 user verify "$ID"
	matches "egress.*they are not there"
}

@test "rootless: root of a user's own namespace keeps its state in the session" {
	((EUID == 0)) || skip "has a session anyway"
	mkdir -p "$BATS_TEST_TMPDIR/home"
	local run=(setpriv --reuid "$NOBODY" --regid "$NOBODY" --clear-groups env -i PATH="$PATH"
		XDG_RUNTIME_DIR="$BATS_TEST_TMPDIR/session" unshare --user --map-root-user --mount)
	program true
	edit '.linux.uidMappings[0].hostID = 0 | .linux.gidMappings[0].hostID = 0'
	run -0 "${run[@]}" "$BATS_TEST_TMPDIR/casemate" run "$ID"
	[[ -d $BATS_TEST_TMPDIR/session/casemate ]]
}

@test "rootless: ranges of /etc/subuid, by newuidmap" {
	local name
	name=$(id -un "$OWNER" 2>/dev/null) || skip "the user has no name"
	grep -q "^$name:" /etc/subuid 2>/dev/null || skip "the user has no subordinate ids"
	requires_command newuidmap newgidmap
	local first
	first=$(awk -F: -v name="$name" '$1 == name { print $2; exit }' /etc/subuid)
	edit '.linux.uidMappings += [{containerID: 1, hostID: $first, size: 1000}] | .linux.gidMappings += [{containerID: 1, hostID: $first, size: 1000}]' \
		--argjson first "$first"
	edit '.root.readonly = false | .process.capabilities |= with_entries(
		if .key == "ambient" or .key == "inheritable" then . else .value += ["CAP_CHOWN"] end)'
	program sh -c 'touch /tmp/f && chown 7:8 /tmp/f && stat -c %u:%g /tmp/f'
	run -0 user run "$ID"
	is 7:8
	edit '.process.user = {uid: 5, gid: 6, additionalGids: [7]}'
	program id
	run -0 user run "$ID"
	contains "uid=5"
	contains "7"
	edit '.linux.uidMappings[1].hostID = 4000000000 | .process.user = {uid: 0, gid: 0}'
	fails 1 "newuidmap refused the mappings: .*4000000000" user run "$ID"
	run -0 unshare --map-root-user --map-auto rm -rf rootfs/tmp
}

@test "rootless: a delegated cgroup takes limits, pauses and is gone afterwards" {
	requires_v2
	local parent
	if ((EUID == 0)); then
		GROUP=/sys/fs/cgroup/casemate-delegated-$$
		mkdir -p "$GROUP/shell"
		echo "+pids +memory" >/sys/fs/cgroup/cgroup.subtree_control
		echo "+pids +memory" >"$GROUP/cgroup.subtree_control"
		chown -R $NOBODY "$GROUP"
		parent=$GROUP
		echo $BASHPID >"$GROUP/shell/cgroup.procs"
	else
		requires_session
		parent=/sys/fs/cgroup$(systemctl --user show -P ControlGroup app.slice)
		[[ $(cat /proc/self/cgroup) == 0::${parent#/sys/fs/cgroup}/* ]] || skip "not started by the user's systemd"
	fi
	edit '.linux.resources = {pids: {limit: 20}, memory: {limit: 67108864}} | .linux.cgroupsPath = $path' \
		--arg path "${parent#/sys/fs/cgroup}/$ID"
	sleeping
	equal "$(cat "$parent/$ID/pids.max")" 20
	equal "$(cat "$parent/$ID/memory.max")" 67108864
	user pause "$ID"
	equal "$(user state "$ID" | jq -r .status)" paused
	user resume "$ID"
	user update --pids-limit 30 "$ID"
	equal "$(cat "$parent/$ID/pids.max")" 30
	run -0 user exec "$ID" cat /proc/self/cgroup
	user delete --force "$ID"
	[[ ! -e $parent/$ID ]]
	((EUID != 0)) || echo $BASHPID >/sys/fs/cgroup/cgroup.procs
}

@test "rootless: the policy's default limit holds where the cgroup takes it" {
	requires_session
	requires_v2
	policy_is_off && skip "there is no policy"
	sleeping --systemd-cgroup
	equal "$(cat "/sys/fs/cgroup$(systemctl --user show -P ControlGroup "runc-$ID.scope")/pids.max")" 2048
}

@test "rootless: the user's systemd: run, limits, exec, pause, update, delete" {
	requires_session
	requires_v2
	edit '.linux.resources = {pids: {limit: 20}, memory: {limit: 67108864}}'
	sleeping --systemd-cgroup
	local group
	group=/sys/fs/cgroup$(systemctl --user show -P ControlGroup "runc-$ID.scope")
	equal "$(cat "$group/pids.max")" 20
	equal "$(cat "$group/memory.max")" 67108864
	run -0 user exec "$ID" true
	user exec --detach "$ID" sleep 1000
	equal "$(wc -l <"$group/cgroup.procs")" 2
	user pause "$ID"
	equal "$(user state "$ID" | jq -r .status)" paused
	user resume "$ID"
	user update --memory 50331648 "$ID"
	equal "$(cat "$group/memory.max")" 50331648
	user delete --force "$ID"
	run -0 systemctl --user list-units --all --plain --no-legend "*$ID*"
	is ""
}
