#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # what expands inside the container; what bats sets
# Buildah with the runtime under test.

bats_require_minimum_version 1.5.0
load engines

setup_file() {
	need buildah ip nsenter unshare
	room_enter "$BATS_FILE_TMPDIR/room"
	printf '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n' >"$ROOM_DIR/containers.conf"
	WORKING=$(b from scratch)
	b add "$WORKING" "$ROOM_DIR/rootfs.tar" / >/dev/null
	b config --env PATH=/bin:/usr/bin --cmd sh "$WORKING"
	b commit -q "$WORKING" test >/dev/null
	b rm "$WORKING" >/dev/null
}

teardown_file() {
	[ -n "${ROOM:-}" ] || return 0
	b rm -a >/dev/null 2>&1 || true
	room_leave
}

b() {
	room env CONTAINERS_CONF="$ROOM_DIR/containers.conf" HOME=/nonexistent buildah "$@"
}

# buildah run in the container of this test.
brun() {
	b run --isolation oci --runtime "$(runtime_path)" "$@"
}

build() {
	b bud --isolation oci --runtime "$(runtime_path)" --cgroup-parent "/$ROOM_CGROUP/build" "$@"
}

setup() {
	WORKING=$(b from --cgroup-parent "/$ROOM_CGROUP/run" test)
}

teardown() {
	b rm "$WORKING" >/dev/null 2>&1 || true
}

@test "buildah run prints the program's output and returns its exit status" {
	run brun "$WORKING" sh -c 'echo hello; exit 7'
	[ "$status" -eq 7 ]
	[[ "$output" == hello* ]]
}

@test "buildah run with a user, a directory, an environment and a mount" {
	echo one >"$BATS_TEST_TMPDIR/file"
	run --separate-stderr brun --user app --workingdir /srv --env A=1 -v "$BATS_TEST_TMPDIR:/data:ro" "$WORKING" \
		sh -c 'id -u; pwd; echo $A; cat /data/file; touch /data/x'
	[ "${lines[*]}" = "1000 /srv 1 one" ]
	[[ "$stderr" == *"Read-only file system"* ]]
}

@test "buildah run passes standard input and gives a terminal" {
	run bash -c "echo text | CONTAINERS_CONF=$ROOM_DIR/containers.conf nsenter -t $ROOM -n -m buildah run --isolation oci --runtime $(runtime_path) $WORKING cat"
	[ "$output" = text ]
	run env CONTAINERS_CONF="$ROOM_DIR/containers.conf" script -qec "nsenter -t $ROOM -n -m buildah run --isolation oci --runtime $(runtime_path) -t $WORKING tty" /dev/null
	[[ "$output" == */dev/pts/0* ]]
}

@test "buildah run --cap-drop, --network none" {
	run --separate-stderr brun --cap-drop CAP_CHOWN --network none "$WORKING" sh -c 'chown 1 /srv; ls /sys/class/net'
	[[ "$stderr" == *"not permitted"* ]]
	[ "$output" = lo ]
}

@test "a multi-stage build" {
	cat >"$BATS_TEST_TMPDIR/Containerfile" <<-'END'
		FROM test AS first
		RUN echo built >/result && id -u >/who
		FROM test
		COPY --from=first /result /who /
		USER app
		RUN id -u >/tmp/who2
		CMD cat /result
	END
	build -t built "$BATS_TEST_TMPDIR"
	local made

	made=$(b from built)
	run brun "$made" cat /result /who /tmp/who2
	b rm "$made" >/dev/null
	[ "${lines[*]}" = "built 0 1000" ]
}

@test "a build whose step fails says so" {
	printf 'FROM test\nRUN exit 3\n' >"$BATS_TEST_TMPDIR/Containerfile"
	run build "$BATS_TEST_TMPDIR"
	[ "$status" -ne 0 ]
	[[ "$output" == *"exit status 3"* ]]
}

@test "a build with RUN --mount" {
	printf 'FROM test\nRUN --mount=type=tmpfs,target=/t --mount=type=cache,target=/c echo x >/t/f && cat /t/f >/c/f && cat /c/f >/result\n' \
		>"$BATS_TEST_TMPDIR/Containerfile"
	build -t mounted "$BATS_TEST_TMPDIR"
}
