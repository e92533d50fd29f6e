# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # used by the files that load this
# A dockerd of one's own, for the test files that use it.

load engines

# dockerd_start [OPTIONS]: in a new room, with the runtime under test as the default one, the image "test" and,
# for casemate, a second runtime without a policy. RELAXED names the one for what `baseline` refuses. MORE_RUNTIMES:
# members of the daemon's runtimes, in front of those. site_in_room() is called where there is one.
MORE_RUNTIMES=
dockerd_start() {
	local runtimes

	need docker dockerd containerd ip nsenter unshare
	room_enter "$BATS_FILE_TMPDIR/room"
	! declare -F site_in_room >/dev/null || site_in_room
	if [ "$ENGINE_RUNTIME" = runc ]; then
		RELAXED=runc
		runtimes='{}'
	else
		RELAXED=$ENGINE_RUNTIME
		runtimes="\"$ENGINE_RUNTIME\": { \"path\": \"$(runtime_path)\" }"
		if [ "$ENGINE_RUNTIME" = casemate ]; then
			RELAXED=casemate-off
			runtimes+=", \"casemate-off\": { \"path\": \"$CASEMATE\", \"runtimeArgs\": [\"--policy\", \"off\"] }"
		fi
		runtimes="{ $MORE_RUNTIMES $runtimes }"
	fi
	export RELAXED
	cat >"$ROOM_DIR/daemon.json" <<-END
		{
			"runtimes": $runtimes,
			"default-runtime": "$ENGINE_RUNTIME",
			"cgroup-parent": "/$ROOM_CGROUP",
			"exec-opts": ["native.cgroupdriver=cgroupfs"],
			"shutdown-timeout": 5
		}
	END
	room_start dockerd dockerd --config-file "$ROOM_DIR/daemon.json" "$@"
	if ! eventually 30 d version; then
		tail -n 20 "$ROOM_DIR/dockerd.log" >&2
		return 1
	fi
	d import --change 'CMD ["sh"]' - test <"$ROOM_DIR/rootfs.tar" >/dev/null
}

dockerd_stop() {
	local containers

	[ -n "${ROOM:-}" ] || return 0
	containers=$(d ps -aq) || true
	# shellcheck disable=SC2086 # a list
	[ -z "$containers" ] || d rm -f $containers >/dev/null || true
	room_stop dockerd
	room_leave
}

# docker in the room, without the caller's configuration. The distribution's own client comes first: it is of the
# daemon's version.
DOCKER=/usr/bin/docker
[ -x "$DOCKER" ] || DOCKER=docker
d() {
	room env -u DOCKER_HOST -u DOCKER_CONTEXT HOME=/nonexistent "$DOCKER" "$@"
}

# The value of a field of `docker inspect`.
field() {
	d inspect -f "{{$2}}" "$1"
}

field_is() {
	[ "$(field "$1" "$2")" = "$3" ]
}
