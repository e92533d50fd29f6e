#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # what expands inside the container; what bats sets
# Podman as root with the runtime under test.

bats_require_minimum_version 1.5.0
load podman

setup_file() {
	podman_start
}

teardown_file() {
	podman_stop
}

setup() {
	NAME=t$BATS_TEST_NUMBER
}

teardown() {
	p pod rm -f -t 0 "$NAME" >/dev/null 2>&1 || true
	p rm -f -t 0 "$NAME" "$NAME-b" >/dev/null 2>&1 || true
}

@test "podman info names the runtime" {
	run p info --format '{{.Host.OCIRuntime.Path}} {{.Host.OCIRuntime.Version}}'
	[[ "$output" == "$(runtime_path)"* ]]
	[[ "$output" == *"$ENGINE_RUNTIME version"* ]]
}

@test "podman run prints the program's output and returns its exit status" {
	run --separate-stderr prun --rm test sh -c 'echo out; echo err >&2; exit 7'
	[ "$status" -eq 7 ]
	[ "$output" = out ]
	[ "$stderr" = err ]
}

@test "podman run of a program that is not there gives 127, of one that cannot run 126" {
	run -127 prun --rm test no-such-program
	run -127 prun --rm test /no/such/program
	run -126 prun --rm test /etc/passwd
}

@test "podman run -t gives a terminal, -i passes standard input" {
	run bash -c "echo text | CONTAINERS_CONF=$ROOM_DIR/containers.conf nsenter -t $ROOM -n -m podman run --cgroup-parent /$ROOM_CGROUP --rm -i test cat"
	[ "$output" = text ]
	run env CONTAINERS_CONF="$ROOM_DIR/containers.conf" script -qec \
		"nsenter -t $ROOM -n -m podman run --cgroup-parent /$ROOM_CGROUP --rm -t test tty" /dev/null
	[[ "$output" == */dev/pts/0* ]]
}

@test "podman run with user, groups, directory, environment, host name" {
	run prun --rm -w /srv -u app --group-add 3000 -e FOO=bar --hostname box test \
		sh -c 'pwd; id -u; id -G; echo $FOO; hostname'
	[ "${lines[0]}" = /srv ]
	[ "${lines[1]}" = 1000 ]
	[[ " ${lines[2]} " == *" 3000 "* ]]
	[ "${lines[3]}" = bar ]
	[ "${lines[4]}" = box ]
}

@test "podman run --rootfs needs no image" {
	cp -a "$ROOM_DIR/rootfs" "$BATS_TEST_TMPDIR/rootfs"
	run prun --rm --rootfs "$BATS_TEST_TMPDIR/rootfs" echo bare
	[ "$output" = bare ]
}

@test "podman run -d, logs, wait, rm" {
	prun -d --name "$NAME" test sh -c 'echo one; exit 9'
	run p wait "$NAME"
	[ "$output" = 9 ]
	[ "$(p logs "$NAME")" = one ]
	p rm "$NAME"
}

@test "podman exec: exit status, user, environment, standard input, detached" {
	prun -d --name "$NAME" test /pause
	run p exec -u app -e A=1 -w /srv "$NAME" sh -c 'id -u; echo $A; pwd; exit 6'
	[ "$status" -eq 6 ]
	[ "${lines[*]}" = "1000 1 /srv" ]
	run -127 p exec "$NAME" no-such-program
	run -126 p exec "$NAME" /etc
	p exec -d "$NAME" sleep 66
	run p exec "$NAME" ps
	[[ "$output" == *"sleep 66"* ]]
	run bash -c "echo text | CONTAINERS_CONF=$ROOM_DIR/containers.conf nsenter -t $ROOM -n -m podman exec -i $NAME cat"
	[ "$output" = text ]
}

@test "podman exec -t gives a terminal" {
	prun -d --name "$NAME" test /pause
	run p exec -t "$NAME" tty
	[[ "$output" == */dev/pts/* ]]
}

@test "podman stop, kill, restart" {
	prun -d --name "$NAME" test sh -c 'trap "exit 5" TERM; trap "exit 6" USR1; while :; do sleep 0.1; done'
	sleep 0.3
	p stop -t 5 "$NAME"
	field_is "$NAME" .State.ExitCode 5
	p start "$NAME"
	sleep 0.3
	p kill -s USR1 "$NAME"
	run p wait "$NAME"
	[ "$output" = 6 ]
	p start "$NAME"
	p restart -t 0 "$NAME"
	field_is "$NAME" .State.Status running
}

@test "podman pause and unpause" {
	prun -d --name "$NAME" test /pause
	p pause "$NAME"
	field_is "$NAME" .State.Status paused
	p unpause "$NAME"
	[ "$(p exec "$NAME" echo back)" = back ]
}

@test "podman top and stats" {
	prun -d --name "$NAME" -m 64m test sh -c 'sleep 998 & sleep 999'
	run p top "$NAME" args
	[[ "$output" == *"sleep 998"* ]]
	run p stats --no-stream --format '{{.MemUsage}}' "$NAME"
	[[ "$output" == *"67.11MB"* ]]
}

@test "podman cp both ways" {
	echo payload >"$BATS_TEST_TMPDIR/file"
	prun -d --name "$NAME" test /pause
	p cp "$BATS_TEST_TMPDIR/file" "$NAME:/srv/file"
	[ "$(p exec "$NAME" cat /srv/file)" = payload ]
	p cp "$NAME:/srv/file" "$BATS_TEST_TMPDIR/back"
	cmp "$BATS_TEST_TMPDIR/file" "$BATS_TEST_TMPDIR/back"
}

@test "podman volumes, binds, read-only root, tmpfs" {
	mkdir "$BATS_TEST_TMPDIR/data"
	echo one >"$BATS_TEST_TMPDIR/data/file"
	run --separate-stderr prun --rm --read-only --tmpfs /scratch:size=1m -v "$BATS_TEST_TMPDIR/data:/data:ro" test sh -c \
		'cat /data/file; echo x >/data/new; echo x >/new; echo ok >/scratch/f && cat /scratch/f'
	[ "${lines[*]}" = "one ok" ]
	[ "$(grep -c "Read-only file system" <<<"$stderr")" -eq 2 ]
	prun --rm -v "$NAME:/v" test sh -c 'echo kept >/v/f'
	run prun --rm -v "$NAME:/v" test cat /v/f
	[ "$output" = kept ]
	p volume rm "$NAME" >/dev/null
}

@test "podman run: capabilities, seccomp, no_new_privs, masks" {
	run prun --rm --cap-drop all --cap-add CHOWN test grep CapEff /proc/self/status
	[[ "$output" == *0000000000000001 ]]
	run prun --rm --security-opt no-new-privileges test grep -E '^(NoNewPrivs|Seccomp):' /proc/self/status
	[[ "${lines[0]}" == *1 ]]
	[[ "${lines[1]}" == *2 ]]
	run prun --rm test sh -c 'head -c 1 /proc/timer_list | wc -c; ls -A /sys/firmware /proc/acpi'
	[[ "$output" != *1* ]]
}

@test "podman run: memory, pids, cpu, ulimit, sysctl, shm" {
	run prun --rm -m 48m --pids-limit 44 --cpus 0.5 --ulimit nofile=100:100 --ulimit nproc=1024:1024 --sysctl kernel.msgmax=4096 \
		--shm-size 3m test sh -c 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max \
		/sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max /sys/fs/cgroup/cpu/cpu.cfs_quota_us \
		/sys/fs/cgroup/cpu.max 2>/dev/null; ulimit -n; cat /proc/sys/kernel/msgmax; grep " /dev/shm " /proc/mounts'
	[ "${lines[0]}" = 50331648 ]
	[ "${lines[1]}" = 44 ]
	[[ "${lines[2]}" == 50000* ]]
	[ "${lines[3]}" = 100 ]
	[ "${lines[4]}" = 4096 ]
	[[ "${lines[5]}" == *size=3072k* ]]
}

@test "podman run of a container that runs out of memory gives 137" {
	prun --name "$NAME" -m 16m --memory-swap 16m test tail /dev/zero || true
	field_is "$NAME" .State.ExitCode 137
}

@test "podman run --network none, host, container:, and a published port" {
	run prun --rm --network none test ls /sys/class/net
	[ "$output" = lo ]
	run prun --rm --network host test readlink /proc/self/ns/net
	[ "$output" = "$(readlink "/proc/$ROOM/ns/net")" ]
	[ -n "$(netavark_path)" ] || skip "netavark is not installed"
	prun -d --name "$NAME" -p 18082:80 test httpd -f -p 80 -h /etc
	eventually 10 room "$(busybox_path)" wget -qO /dev/null http://127.0.0.1:18082/passwd
	run prun --rm --network "container:$NAME" test readlink /proc/self/ns/net
	[ "$output" = "$(p exec "$NAME" readlink /proc/1/ns/net)" ]
}

@test "podman run --pid and --ipc container:" {
	prun -d --name "$NAME" test sleep 987
	run prun --rm --pid "container:$NAME" --ipc "container:$NAME" test ps
	[[ "$output" == *"sleep 987"* ]]
}

@test "podman run --userns=auto gives each container ids of its own" {
	prun -d --name "$NAME" --userns=auto:size=1000 test /pause
	prun -d --name "$NAME-b" --userns=auto:size=1000 test /pause
	local one two

	one=$(p exec "$NAME" cat /proc/self/uid_map)
	two=$(p exec "$NAME-b" cat /proc/self/uid_map)
	[[ "$one" == *1000 ]]
	[ "$one" != "$two" ]
	[ "$(stat -c %u "/proc/$(field "$NAME" .State.Pid)")" -ge 300000 ]
}

@test "podman run --uidmap with a volume" {
	run prun --rm --uidmap 0:300000:65536 --gidmap 0:300000:65536 -v "$NAME:/v:U" test sh -c 'touch /v/f; stat -c %u /v/f'
	[ "$output" = 0 ]
	[ "$(stat -c %u "$ROOM_DIR/var/containers/storage/volumes/$NAME/_data/f")" = 300000 ]
	p volume rm "$NAME" >/dev/null
}

@test "podman run --init puts an init in front" {
	local init

	init=$(command -v tini-static || command -v docker-init || command -v catatonit) || skip "no static init is installed"
	run prun --rm --init --init-path "$init" test sh -c 'readlink /proc/1/exe; exit 3'
	[ "$status" -eq 3 ]
	[[ "$output" == *init* ]]
}

@test "podman run --sdnotify=container passes NOTIFY_SOCKET in" {
	run prun --rm --sdnotify container test sh -c 'echo ${NOTIFY_SOCKET:-none}'
	[ "$output" = none ]
	[ -x "$(command -v socat)" ] || skip "socat is not installed"
	room mkdir -p /run/notified
	room_start notified socat -u UNIX-RECVFROM:/run/notified/socket,fork "OPEN:$ROOM_DIR/notified,creat,append"
	eventually 5 room test -S /run/notified/socket
	run room env NOTIFY_SOCKET=/run/notified/socket CONTAINERS_CONF="$ROOM_DIR/containers.conf" podman run \
		--cgroup-parent "/$ROOM_CGROUP" --rm --sdnotify container test \
		sh -c 'test -S $NOTIFY_SOCKET && echo $NOTIFY_SOCKET'
	room_stop notified
	[ "$output" = /run/notify/notify.sock ]
}

@test "podman pods share namespaces" {
	p pod create --name "$NAME" --cgroup-parent "/$ROOM_CGROUP" --network none --share net,ipc,uts >/dev/null
	p run -d --name "$NAME-b" --pod "$NAME" test /pause
	run p run --rm --pod "$NAME" test readlink /proc/self/ns/net
	[ "$output" = "$(p exec "$NAME-b" readlink /proc/1/ns/net)" ]
	run p pod ps --filter "name=$NAME" --format '{{.Status}}'
	[[ "$output" == Running* || "$output" == Degraded* ]]
	p pod stop -t 1 "$NAME"
	p pod rm -f -t 0 "$NAME"
}

@test "podman kube play and down" {
	cat >"$BATS_TEST_TMPDIR/pod.yaml" <<-END
		apiVersion: v1
		kind: Pod
		metadata:
		  name: $NAME
		spec:
		  hostNetwork: true
		  containers:
		    - name: web
		      image: localhost/test:latest
		      command: ["sh", "-c", "echo \$GREETING >/tmp/said; exec /pause"]
		      env: [{ name: GREETING, value: hello }]
		      securityContext:
		        readOnlyRootFilesystem: true
		        allowPrivilegeEscalation: false
		        capabilities: { drop: [ALL] }
		      volumeMounts: [{ name: scratch, mountPath: /tmp }]
		      resources: { limits: { memory: 32Mi } }
		  volumes: [{ name: scratch, emptyDir: {} }]
	END
	p play kube "$BATS_TEST_TMPDIR/pod.yaml"
	eventually 5 p exec "$NAME-web" test -e /tmp/said
	run p exec "$NAME-web" sh -c 'cat /tmp/said; grep -E "^(CapBnd|NoNewPrivs)" /proc/1/status'
	p play kube --down "$BATS_TEST_TMPDIR/pod.yaml"
	[ "${lines[0]}" = hello ]
	[[ "${lines[1]}" == *0000000000000000 ]]
	[[ "${lines[2]}" == *1 ]]
}

@test "the unit that podman generates starts and stops the container" {
	prun -d --name "$NAME" test /pause
	p generate systemd --new --name "$NAME" >"$BATS_TEST_TMPDIR/unit"
	p rm -f -t 0 "$NAME" >/dev/null
	# What systemd would run, with its specifiers filled in; without a manager there is nobody to notify.
	sed -e ':join' -e '/\\$/{N;s/\\\n\t*//;b join}' -e "s,%t,$BATS_TEST_TMPDIR,g; s,%n,$NAME,g" \
		"$BATS_TEST_TMPDIR/unit" >"$BATS_TEST_TMPDIR/commands"
	unit_command ExecStart
	run p exec "$NAME" echo alive
	[ "$output" = alive ]
	unit_command ExecStop
	unit_command ExecStopPost
	run p container exists "$NAME"
	[ "$status" -eq 1 ]
}

unit_command() {
	local words

	read -ra words <<<"$(sed -n "s/^$1=//p" "$BATS_TEST_TMPDIR/commands")"
	p "${words[@]:1}"
}

@test "podman health checks run by exec" {
	prun -d --name "$NAME" --health-cmd 'test -e /srv/ok' --health-interval disable test /pause
	run p healthcheck run "$NAME"
	[ "$status" -ne 0 ]
	p exec "$NAME" touch /srv/ok
	p healthcheck run "$NAME"
}

@test "podman commit, diff, export" {
	prun --name "$NAME" test sh -c 'echo x >/srv/new'
	[[ "$(p diff "$NAME")" == *"A /srv/new"* ]]
	p commit -q "$NAME" made >/dev/null
	run prun --rm made cat /srv/new
	[ "$output" = x ]
	p rmi -f made >/dev/null
}

# counts NAME: from where its counting container has come.
counts() {
	p exec "$1" cat /tmp/count
}

@test "podman container checkpoint and restore, also into and out of a file" {
	need_criu
	prun -d --name "$NAME" --network none test sh -c 'i=0; while :; do i=$((i + 1)); echo $i >/tmp/new; mv /tmp/new /tmp/count; sleep 0.1; done' >/dev/null
	sleep 1
	p container checkpoint "$NAME" >/dev/null
	run ! counts "$NAME"
	p container restore "$NAME" >/dev/null
	[ "$(counts "$NAME")" -gt 5 ]
	p container checkpoint --leave-running "$NAME" >/dev/null
	[ "$(counts "$NAME")" -gt 5 ]
	p container checkpoint -e "$ROOM_DIR/checkpoint.tar.gz" "$NAME" >/dev/null
	p rm -f -t 0 "$NAME" >/dev/null
	p container restore -i "$ROOM_DIR/checkpoint.tar.gz" >/dev/null
	[ "$(counts "$NAME")" -gt 5 ]
}

@test "podman build" {
	printf 'FROM localhost/test\nRUN id -u >/who\nUSER app\nRUN id -u >/tmp/who2\nCMD cat /who /tmp/who2\n' >"$BATS_TEST_TMPDIR/Containerfile"
	p build --runtime "$(runtime_path)" --cgroup-parent "/$ROOM_CGROUP/build" --ulimit nofile=1024:1024 --ulimit nproc=1024:1024 -t built "$BATS_TEST_TMPDIR"
	run prun --rm built
	[ "${lines[*]}" = "0 1000" ]
}

@test "podman run without a policy, by --runtime-flag" {
	[ "$ENGINE_RUNTIME" = casemate ] || skip "a matter of casemate's policies"
	run p --runtime-flag policy=off run --cgroup-parent "/$ROOM_CGROUP" --rm test grep NoNewPrivs /proc/self/status
	[[ "$output" == *0 ]]
	run prun --rm test grep NoNewPrivs /proc/self/status
	[[ "$output" == *1 ]]
}

@test "podman shows the reason when the policy refuses" {
	[ "$ENGINE_RUNTIME" = casemate ] || skip "a matter of casemate's policies"
	run prun --rm --pid host test true
	[ "$status" -ne 0 ]
	[[ "$output" == *baseline*pid* ]]
}
