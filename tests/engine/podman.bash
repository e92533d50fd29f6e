# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # used by the files that load this
# Podman (as root) in a room of its own.

load engines

# What has no parent given is put here.
ROOM_MORE_CGROUPS=libpod_parent

# A pod's group, named by a bare id, is podman's: it forgets the hierarchies that have no controller.
ENGINES_OWN_GROUPS='^(conmon|libpod_parent|[0-9a-f]{64}|casemate-engine-[0-9]+)$'

podman_start() {
	need podman conmon ip nsenter unshare
	room_enter "$BATS_FILE_TMPDIR/room"
	! declare -F site_in_room >/dev/null || site_in_room
	RELAXED=$(runtime_path)
	export RELAXED
	# Podman 5 has a word to say about cgroup v1 in each command.
	export PODMAN_IGNORE_CGROUPSV1_WARNING=1
	# Podman parses the runtime's log as JSON only for names that it is told.
	cat >"$ROOM_DIR/containers.conf" <<-END
		[containers]
		default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
		log_driver = "k8s-file"
		cgroups = "enabled"
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "file"
		runtime = "$ENGINE_RUNTIME"
		runtime_supports_json = ["casemate", "crun", "runc"]
		infra_image = "localhost/pause:latest"
		[engine.runtimes]
		$ENGINE_RUNTIME = ["$(runtime_path)"]
		[network]
		$([ -z "$(netavark_path)" ] || echo 'network_backend = "netavark"')
	END
	printf '{ "default": [{ "type": "insecureAcceptAnything" }] }\n' >"$ROOM_DIR/policy.json"
	p import --change 'ENV PATH=/bin:/usr/bin' --change 'CMD ["sh"]' "$ROOM_DIR/rootfs.tar" test >/dev/null 2>&1
	p import --change 'ENTRYPOINT ["/pause"]' "$ROOM_DIR/rootfs.tar" pause >/dev/null 2>&1
}

netavark_path() {
	local directory

	for directory in /usr/lib/podman /usr/libexec/podman /usr/local/libexec/podman; do
		if [ -x "$directory/netavark" ]; then
			echo "$directory/netavark"
			return
		fi
	done
}

podman_stop() {
	[ -n "${ROOM:-}" ] || return 0
	p pod rm -fa -t 0 >/dev/null 2>&1 || true
	p rm -fa -t 0 >/dev/null 2>&1 || true
	room_leave
}

p() {
	room env -u CONTAINER_HOST CONTAINERS_CONF="$ROOM_DIR/containers.conf" HOME=/nonexistent podman "$@"
}

# A container in a group that the room looks after.
prun() {
	p run --cgroup-parent "/$ROOM_CGROUP" "$@"
}

field() {
	p inspect -f "{{$2}}" "$1"
}

field_is() {
	[ "$(field "$1" "$2")" = "$3" ]
}
