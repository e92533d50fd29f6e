#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2034,SC2154 # what expands inside the container; what bats and docker.bash use
# Policies under a real dockerd: a floor for each runtime of the daemon, which nothing a user asks for goes below.

bats_require_minimum_version 1.5.0
load docker

# The site lets containers select some policies.
site_in_room() {
	site_has '{"selectable": ["app", "terminal", "off"]}'
}

setup_file() {
	[ "$ENGINE_RUNTIME" = casemate ] || skip "$ENGINE_RUNTIME has no policies"
	local name
	for name in terminal web; do
		MORE_RUNTIMES+="\"$name\": { \"path\": \"$CASEMATE\", \"runtimeArgs\": [\"--policy\", \"baseline,$name\"] },"
	done
	MORE_RUNTIMES+="\"egress\": { \"path\": \"$CASEMATE\", \"runtimeArgs\": [\"--policy\", \"baseline,$BATS_FILE_TMPDIR/egress.json\"] },"
	echo '{"name": "egress", "egress": {"default": "allow", "deny": ["169.254.169.254"]}}' >"$BATS_FILE_TMPDIR/egress.json"
	chmod 644 "$BATS_FILE_TMPDIR/egress.json"
	dockerd_start
}

teardown_file() {
	dockerd_stop
}

setup() {
	NAME=t$BATS_TEST_NUMBER
}

teardown() {
	d rm -f "$NAME" >/dev/null 2>&1 || true
}

# What the runtime keeps of container $1, by dockerd's root for it.
state_root() {
	room find /run/docker -maxdepth 3 -type d -name "$(field "$1" .Id)" -path '*runtime*' | head -n 1 | xargs dirname
}

# The runtime on the daemon's containers.
casemate() {
	room "$CASEMATE" --root "$(state_root "$NAME")" "$@"
}

pids_max() {
	d exec "$1" cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || d exec "$1" cat /sys/fs/cgroup/pids.max
}

@test "docker: a policy for each runtime of the daemon, by runtimeArgs" {
	run -0 d run --rm test sh -c 'grep -E "NoNewPrivs|CapBnd" /proc/self/status; touch /x && echo written'
	[[ "$output" == *$'NoNewPrivs:\t1'* && "$output" == *written* ]]
	run d run --rm --runtime terminal test sh -c 'grep -E "NoNewPrivs|CapBnd" /proc/self/status; touch /x || echo refused; touch /tmp/x && echo tmp'
	[[ "$output" == *$'CapBnd:\t00000000000004eb'* ]]
	[[ "$output" == *refused* && "$output" == *tmp* ]]
	run d run --rm --runtime web test sh -c 'grep CapBnd /proc/self/status'
	[[ "$output" == *$'CapBnd:\t0000000000000000'* ]]
}

@test "docker run --privileged is refused under each, with the way out" {
	local runtime
	for runtime in casemate terminal web; do
		run d run --rm --privileged --runtime "$runtime" test true
		[ "$status" -eq 126 ] || [ "$status" -eq 128 ] || [ "$status" -eq 125 ]
		[[ "$output" == *policy*privileged*"remove --privileged"* ]]
	done
}

@test "docker exec --privileged gains nothing" {
	d run -d --name "$NAME" --runtime terminal test sleep 1000 >/dev/null
	run d exec --privileged "$NAME" grep -E '^(NoNewPrivs|CapBnd|CapEff)' /proc/self/status
	# Either the policy refuses it, or what it gives is no more than the policy's.
	if [ "$status" -eq 0 ]; then
		[[ "$output" == *$'CapBnd:\t00000000000004eb'* && "$output" == *$'NoNewPrivs:\t1'* ]]
	else
		[[ "$output" == *policy*privileged* ]]
	fi
}

@test "docker update --pids-limit -1 stays at the policy's maximum" {
	d run -d --name "$NAME" --runtime terminal test sleep 1000 >/dev/null
	[ "$(pids_max "$NAME")" = 256 ]
	d update --pids-limit 100 "$NAME" >/dev/null
	[ "$(pids_max "$NAME")" = 100 ]
	d update --pids-limit -1 "$NAME" >/dev/null
	[ "$(pids_max "$NAME")" = 256 ]
	d update --pids-limit 100000 "$NAME" >/dev/null
	[ "$(pids_max "$NAME")" = 256 ]
}

@test "docker run cannot ask for less: options that open a container" {
	run d run --rm --runtime terminal --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt systempaths=unconfined \
		test sh -c 'grep -E "NoNewPrivs|CapBnd|Seccomp:" /proc/self/status; cat /proc/timer_list | wc -c; echo 1 >/proc/sys/kernel/panic'
	[[ "$output" == *$'CapBnd:\t00000000000004eb'* ]]
	[[ "$output" == *$'Seccomp:\t2'* ]]
	[[ "$output" == *$'\n0\n'* ]]
	[[ "$output" == *[Rr]ead-only* ]]
	run d run --rm --runtime terminal --pid host test true
	[ "$status" -ne 0 ]
	[[ "$output" == *policy*namespaces.require* ]]
	run d run --rm --runtime terminal --network host test true
	[[ "$output" == *policy*namespaces.require*network* ]]
	run d run --rm --runtime terminal -v /:/host test true
	[[ "$output" == *policy*mounts.denySources* ]]
}

@test "docker run --annotation: a stricter policy of the container's own choice, nothing looser, nothing unlisted" {
	d run --help | grep -q -- --annotation || skip "this docker has no --annotation (Docker 24 has): a container chooses by --runtime, as above"
	run -0 d run --rm --annotation dev.casemate.policy=terminal test sh -c 'grep CapBnd /proc/self/status; touch /x || echo refused'
	[[ "$output" == *$'CapBnd:\t00000000000004eb'* && "$output" == *refused* ]]
	run d run --rm --runtime web --annotation dev.casemate.policy=off test grep CapBnd /proc/self/status
	[[ "$output" == *$'CapBnd:\t0000000000000000'* ]]
	run d run --rm --privileged --annotation dev.casemate.policy=off test true
	[ "$status" -ne 0 ]
	[[ "$output" == *policy*privileged* ]]
	run d run --rm --annotation dev.casemate.policy=database test true
	[ "$status" -ne 0 ]
	[[ "$output" == *"not selectable"* ]]
	# The choice holds for what enters later, too.
	d run -d --name "$NAME" --annotation dev.casemate.policy=terminal test sleep 1000 >/dev/null
	run d exec --privileged "$NAME" true
	[ "$status" -ne 0 ]
	[[ "$output" == *policy*privileged* ]]
}

@test "explain, audit and verify of a container of Docker's" {
	d run -d --name "$NAME" --runtime terminal test sleep 1000 >/dev/null
	local id
	id=$(field "$NAME" .Id)
	run casemate explain "$id"
	[ "$status" -eq 0 ]
	[[ "$output" == *capabilities.max* ]]
	run casemate audit --format json "$id"
	[ "$(jq .score <<<"$output")" = 8 ]
	run casemate verify "$id"
	[ "$status" -eq 0 ] || { echo "$output" | grep -v '^ok'; return 1; }
	room nsenter -t "$(field "$NAME" .State.Pid)" -m -p mount -o remount,bind,rw /
	run casemate verify --quiet "$id"
	[ "$status" -eq 2 ]
	[[ "$output" == *root.readonly* ]]
}

@test "setup docker: what it writes dockerd takes up" {
	"$CASEMATE" setup docker --file "$ROOM_DIR/daemon.json" --name registered --policy baseline,web
	kill -HUP "$(cat "$ROOM_DIR/dockerd.pid")"
	eventually 10 d run --rm --runtime registered test true
	run d run --rm --runtime registered test grep CapBnd /proc/self/status
	[[ "$output" == *$'CapBnd:\t0000000000000000'* ]]
	"$CASEMATE" setup docker --file "$ROOM_DIR/daemon.json" --name registered --undo
	kill -HUP "$(cat "$ROOM_DIR/dockerd.pid")"
	eventually 10 not_registered
}

not_registered() {
	! d info -f '{{json .Runtimes}}' | grep -q registered
}

# The room is what the container's bridge leads to: $1 is reached there.
served() {
	[ "$(d exec "$NAME" nc -w 3 "$1" 8099 </dev/null 2>&1)" = served ]
}

@test "docker: egress rules hold on the bridge network that the daemon sets up, in exec too" {
	command -v nft >/dev/null || skip "there is no nft"
	command -v socat >/dev/null || skip "there is no socat"
	d run -d --name "$NAME" --runtime egress test sleep 1000 >/dev/null
	room ip address replace 169.254.169.254/32 dev docker0
	room ip address replace 192.0.2.1/32 dev docker0
	room_start socat socat TCP4-LISTEN:8099,fork,reuseaddr "SYSTEM:echo served"
	eventually 5 served 192.0.2.1
	run ! served 169.254.169.254
	run -0 d run --rm test nc -w 3 169.254.169.254 8099
	[ "$output" = served ]
	run d exec --privileged "$NAME" sh -c 'ip link set dev eth0 down || grep CapBnd /proc/self/status'
	[[ "$output" == *policy* || "$output" == *"not permitted"* ]]
	run -0 casemate verify "$(field "$NAME" .Id)"
	[[ "$output" == *"egress"* ]]
	# What shares its network is held to the same.
	run d run --rm --network "container:$NAME" test nc -w 3 169.254.169.254 8099
	[[ "$status" -ne 0 && "$output" != *served* ]]
	run d run --rm --network host --runtime egress test true
	[ "$status" -ne 0 ]
	[[ "$output" == *"policy egress: egress: container shares the host's network"* ]]
	room_stop socat
}
