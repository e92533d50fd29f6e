#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # what expands inside the container; what bats sets
# dockerd with the runtime under test as its default runtime.

bats_require_minimum_version 1.5.0

load docker

setup_file() {
	dockerd_start --experimental
}

teardown_file() {
	dockerd_stop
}

setup() {
	NAME=t$BATS_TEST_NUMBER
}

teardown() {
	d rm -f "$NAME" "$NAME-b" >/dev/null 2>&1 || true
}

# Whether this host's controllers are those of cgroup v1.
cgroup_v1() {
	[ -d /sys/fs/cgroup/memory ]
}

# Whether root here has every capability that the kernel knows.
all_capabilities() {
	local last

	last=$(cat /proc/sys/kernel/cap_last_cap)
	[ "$(sed -n 's/^CapBnd:[[:space:]]*//p' /proc/self/status)" = "$(printf %016x $(((1 << (last + 1)) - 1)))" ]
}

# in_cgroup V1FILE V2FILE: the command that prints a limit as the container sees it.
in_cgroup() {
	if cgroup_v1; then
		echo "cat /sys/fs/cgroup/$1"
	else
		echo "cat /sys/fs/cgroup/$2"
	fi
}

# --- run

@test "docker run prints the program's output and returns its exit status" {
	run d run --rm test echo hello
	[ "$status" -eq 0 ]
	[ "$output" = hello ]
	run d run --rm test sh -c 'exit 7'
	[ "$status" -eq 7 ]
}

@test "docker run keeps standard output and standard error apart" {
	run --separate-stderr d run --rm test sh -c 'echo out; echo err >&2'
	[ "$output" = out ]
	[ "$stderr" = err ]
}

@test "docker run -i passes standard input through" {
	run bash -c "printf 'a\nb\n' | nsenter -t $ROOM -n -m $DOCKER run --rm -i test wc -l"
	[ "$output" -eq 2 ]
}

@test "docker run of a program that is not there gives 127, of one that cannot run 126" {
	run d run --rm test /no/such/program
	[ "$status" -eq 127 ]
	[[ "$output" == *"no such file or directory"* ]]
	run d run --rm test no-such-program
	[ "$status" -eq 127 ]
	[[ "$output" == *"executable file not found"* ]]
	run d run --rm test /etc/passwd
	[ "$status" -eq 126 ]
	[[ "$output" == *"permission denied"* ]]
	# Docker 20 does not yet know the text that newer runtimes have for a directory.
	run d run --rm test /etc
	[ "$status" -eq 126 ] || [[ "$output" == *"is a directory"* ]]
}

@test "a container that failed to start leaves nothing and can be removed" {
	run d run --name "$NAME" test /no/such/program
	[ "$status" -eq 127 ]
	run d rm "$NAME"
	[ "$status" -eq 0 ]
}

@test "docker run -t gives a terminal" {
	run script -qec "nsenter -t $ROOM -n -m $DOCKER run --rm -t test tty" /dev/null
	[ "$status" -eq 0 ]
	[[ "$output" == */dev/pts/0* ]]
}

@test "docker run -it takes input from the terminal and passes its size" {
	run bash -c "printf 'sleep 1; stty size; exit 5\r' | script -qec 'stty rows 33 cols 77; nsenter -t $ROOM -n -m $DOCKER run --rm -it test' /dev/null"
	[ "$status" -eq 5 ]
	[[ "$output" == *$'33 77\r'* ]] # to the left edge: the client's terminal adds nothing to a newline
}

@test "docker run -w, -u, -e, --hostname, --entrypoint and --group-add reach the process" {
	run d run --rm -w /srv -u app:2000 -e FOO=bar --hostname box --group-add 3000 --entrypoint sh test \
		-c 'pwd; id -u; id -g; id -G; echo $FOO; hostname'
	[ "${lines[0]}" = /srv ]
	[ "${lines[1]}" = 1000 ]
	[ "${lines[2]}" = 2000 ]
	[[ " ${lines[3]} " == *" 3000 "* ]]
	[ "${lines[4]}" = bar ]
	[ "${lines[5]}" = box ]
}

@test "docker run --domainname and --add-host" {
	run d run --rm --hostname box --domainname example.org --add-host other:192.0.2.7 test \
		sh -c 'cat /proc/sys/kernel/domainname /etc/hosts'
	[ "${lines[0]}" = example.org ]
	[[ "$output" == *"192.0.2.7"*other* ]]
}

@test "docker run -w makes the working directory" {
	run d run --rm -w /new/directory test pwd
	[ "$output" = /new/directory ]
}

@test "docker run --init puts an init in front" {
	run d run --rm --init test sh -c 'cat /proc/1/comm; exit 3'
	[ "$status" -eq 3 ]
	[[ "${lines[0]}" == *init* ]]
}

@test "docker create and start are two steps" {
	d create --name "$NAME" test sh -c 'echo started; exit 4'
	run field "$NAME" .State.Status
	[ "$output" = created ]
	run d start -a "$NAME"
	[ "$status" -eq 4 ]
	[ "$output" = started ]
}

@test "docker run -d, logs and wait" {
	d run -d --name "$NAME" test sh -c 'echo one; echo two >&2; exit 9'
	run d wait "$NAME"
	[ "$output" = 9 ]
	run --separate-stderr d logs "$NAME"
	[ "$output" = one ]
	[ "$stderr" = two ]
}

@test "docker attach follows a running container" {
	d run -d --name "$NAME" test sh -c 'sleep 1; echo hello; exit 5'
	run d attach --no-stdin "$NAME"
	[ "$output" = hello ]
	[ "$status" -eq 5 ]
}

@test "eight containers start and end at once" {
	local pids=() i

	for i in 1 2 3 4 5 6 7 8; do
		d run --rm test sh -c "exit $i" 3>&- &
		pids+=($!)
	done
	for i in 1 2 3 4 5 6 7 8; do
		local status=0
		wait "${pids[i - 1]}" || status=$?
		[ "$status" -eq "$i" ]
	done
}

# --- exec

@test "docker exec runs in the container and returns the exit status" {
	d run -d --name "$NAME" test /pause
	run d exec "$NAME" sh -c 'hostname; exit 6'
	[ "$status" -eq 6 ]
	[ "$output" = "$(field "$NAME" .Config.Hostname)" ]
}

@test "docker exec -e, -w and -u reach the process" {
	d run -d --name "$NAME" -e A=1 test /pause
	run d exec -e B=2 -w /srv -u app "$NAME" sh -c 'echo $A$B; pwd; id -u; id -G'
	[ "${lines[0]}" = 12 ]
	[ "${lines[1]}" = /srv ]
	[ "${lines[2]}" = 1000 ]
	[[ " ${lines[3]} " == *" 2000 "* ]]
}

@test "docker exec -t gives a terminal" {
	d run -d --name "$NAME" test /pause
	run script -qec "nsenter -t $ROOM -n -m $DOCKER exec -t $NAME tty" /dev/null
	[[ "$output" == */dev/pts/* ]]
}

@test "docker exec -i passes standard input through" {
	d run -d --name "$NAME" test /pause
	run bash -c "echo text | nsenter -t $ROOM -n -m $DOCKER exec -i $NAME cat"
	[ "$output" = text ]
}

@test "docker exec -d leaves the process running" {
	d run -d --name "$NAME" test /pause
	d exec -d "$NAME" sleep 77
	run d exec "$NAME" ps
	[[ "$output" == *"sleep 77"* ]]
}

@test "docker exec of a program that is not there, and of one that cannot run" {
	d run -d --name "$NAME" test /pause
	run d exec "$NAME" no-such-program
	# 126 up to Docker 20, 127 later.
	[[ "$status" =~ ^12[67]$ ]]
	[[ "$output" == *"executable file not found"* ]]
	run d exec "$NAME" /etc/passwd
	[ "$status" -eq 126 ]
}

@test "docker exec joins every namespace and the cgroup of the container" {
	d run -d --name "$NAME" test /pause
	# The shell replaces itself, so the links are those of the process that exec made.
	run d exec "$NAME" sh -c 'for n in cgroup ipc mnt net pid uts; do [ "$(readlink /proc/self/ns/$n)" = "$(readlink /proc/1/ns/$n)" ] || echo $n; done; cmp /proc/self/cgroup /proc/1/cgroup'
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "docker exec --privileged is held to the container's policy" {
	[ "$ENGINE_RUNTIME" = casemate ] || skip "a matter of casemate's policies"
	d run -d --name "$NAME" test /pause
	run d exec --privileged "$NAME" grep -E "^(NoNewPrivs|CapInh)" /proc/self/status
	if [ "$status" -eq 0 ]; then
		[[ "${lines[0]}" == *0000000000000000 ]]
		[[ "${lines[1]}" == *1 ]]
	fi
}

# --- stop, kill, pause, restart

@test "docker stop sends the stop signal and waits" {
	d run -d --name "$NAME" test sh -c 'trap "echo bye; exit 0" TERM; while :; do sleep 0.1; done'
	eventually 5 d exec "$NAME" true
	d stop -t 5 "$NAME"
	[ "$(d logs "$NAME")" = bye ]
	field_is "$NAME" .State.ExitCode 0
}

@test "docker stop kills what does not end" {
	d run -d --name "$NAME" test sh -c 'trap "" TERM; while :; do sleep 1; done'
	d stop -t 1 "$NAME"
	field_is "$NAME" .State.ExitCode 137
}

@test "docker run --stop-signal" {
	d run -d --name "$NAME" --stop-signal USR1 test sh -c 'trap "exit 12" USR1; while :; do sleep 0.1; done'
	sleep 0.3
	d stop -t 5 "$NAME"
	field_is "$NAME" .State.ExitCode 12
}

@test "docker kill, with and without a signal" {
	d run -d --name "$NAME" test sh -c 'trap "exit 11" USR2; while :; do sleep 0.1; done'
	sleep 0.3
	d kill -s USR2 "$NAME"
	run d wait "$NAME"
	[ "$output" = 11 ]
	d start "$NAME"
	d kill "$NAME"
	run d wait "$NAME"
	[ "$output" = 137 ]
}

@test "docker pause freezes, unpause thaws" {
	d run -d --name "$NAME" test sh -c 'while :; do echo tick; sleep 0.05; done'
	d pause "$NAME"
	field_is "$NAME" .State.Status paused
	local before after

	before=$(d logs "$NAME" | wc -l)
	sleep 0.5
	after=$(d logs "$NAME" | wc -l)
	[ "$after" -le $((before + 1)) ]
	run d exec "$NAME" true
	[ "$status" -ne 0 ]
	d unpause "$NAME"
	eventually 5 bash -c "[ \$(nsenter -t $ROOM -n -m $DOCKER logs $NAME | wc -l) -gt $((after + 2)) ]"
}

@test "docker restart, and a second start of the same container" {
	d run -d --name "$NAME" test sh -c 'echo started; exec /pause'
	d restart -t 5 "$NAME"
	field_is "$NAME" .State.Status running
	[ "$(d logs "$NAME" | grep -c started)" -eq 2 ]
}

@test "docker run --restart starts a failed container again" {
	d run -d --name "$NAME" --restart on-failure:2 test sh -c 'echo try; exit 1'
	eventually 15 field_is "$NAME" .RestartCount 2
	eventually 15 field_is "$NAME" .State.Status exited
	[ "$(d logs "$NAME" | grep -c try)" -eq 3 ]
}

@test "docker rm -f removes a running container" {
	d run -d --name "$NAME" test sleep 1000
	local pid

	pid=$(field "$NAME" .State.Pid)
	d rm -f "$NAME"
	process_gone "$pid"
}

# --- looking

@test "docker top lists the container's processes" {
	d run -d --name "$NAME" test sh -c 'sleep 998 & sleep 999'
	sleep 0.2
	run d top "$NAME"
	[[ "$output" == *"sleep 998"* ]]
	[[ "$output" == *"sleep 999"* ]]
}

@test "docker stats shows memory and processes" {
	d run -d --name "$NAME" -m 64m test sh -c 'sleep 998 & sleep 999'
	run d stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' "$NAME"
	[[ "$output" == *"/ 64MiB "[23]* ]]
}

@test "docker inspect knows the process, which is the container's first" {
	d run -d --name "$NAME" test sleep 991
	run tr '\0' ' ' <"/proc/$(field "$NAME" .State.Pid)/cmdline"
	[ "$output" = "sleep 991 " ]
}

@test "docker cp copies both ways, in a running and in a stopped container" {
	echo payload >"$BATS_TEST_TMPDIR/file"
	d run -d --name "$NAME" test /pause
	d cp "$BATS_TEST_TMPDIR/file" "$NAME:/srv/file"
	[ "$(d exec "$NAME" cat /srv/file)" = payload ]
	d stop -t 5 "$NAME"
	d cp "$NAME:/srv/file" "$BATS_TEST_TMPDIR/back"
	cmp "$BATS_TEST_TMPDIR/file" "$BATS_TEST_TMPDIR/back"
}

@test "docker diff, commit and export" {
	d run --name "$NAME" test sh -c 'echo x >/srv/new'
	run d diff "$NAME"
	[[ "$output" == *"A /srv/new"* ]]
	d commit "$NAME" "$NAME:made" >/dev/null
	run d run --rm "$NAME:made" cat /srv/new
	[ "$output" = x ]
	d export "$NAME" | tar -t | grep -qx srv/new
	d rmi -f "$NAME:made" >/dev/null
}

@test "docker ps and events follow the container's life" {
	local since

	since=$(date +%s)
	d run --name "$NAME" test true
	run d events --since "$since" --until "$(($(date +%s) + 1))" --filter "container=$NAME" --format '{{.Action}}'
	[[ "$output" == *create*start*die* ]]
	run d ps -a --filter "name=^$NAME\$" --format '{{.Status}}'
	[[ "$output" == "Exited (0)"* ]]
}

# --- storage

@test "bind mounts: read-write, read-only, a single file" {
	mkdir "$BATS_TEST_TMPDIR/data"
	echo one >"$BATS_TEST_TMPDIR/data/file"
	run d run --rm -v "$BATS_TEST_TMPDIR/data:/data" test sh -c 'cat /data/file; echo two >/data/new'
	[ "$output" = one ]
	[ "$(cat "$BATS_TEST_TMPDIR/data/new")" = two ]
	run d run --rm -v "$BATS_TEST_TMPDIR/data:/data:ro" test sh -c 'echo no >/data/new'
	[ "$status" -ne 0 ]
	[[ "$output" == *"Read-only file system"* ]]
	run d run --rm -v "$BATS_TEST_TMPDIR/data/file:/etc/some/where:ro" test cat /etc/some/where
	[ "$output" = one ]
}

@test "named volumes keep their content and take over the image's" {
	d volume create "$NAME" >/dev/null
	d run --rm -v "$NAME:/vol" test sh -c 'echo kept >/vol/file'
	run d run --rm -v "$NAME:/vol:ro" test cat /vol/file
	[ "$output" = kept ]
	run d run --rm -v "$NAME-home:/home" test ls /home
	[ "$output" = app ]
	d volume rm "$NAME" "$NAME-home" >/dev/null
}

@test "volumes inside volumes, in any order" {
	mkdir -p "$BATS_TEST_TMPDIR/outer/inner" "$BATS_TEST_TMPDIR/other"
	touch "$BATS_TEST_TMPDIR/outer/a" "$BATS_TEST_TMPDIR/other/b"
	run d run --rm -v "$BATS_TEST_TMPDIR/other:/x/inner" -v "$BATS_TEST_TMPDIR/outer:/x" test ls /x /x/inner
	[[ "$output" == *"a"*"inner"*"b"* ]]
}

@test "docker run --volumes-from" {
	d run -d --name "$NAME" -v /shared test /pause
	d exec "$NAME" sh -c 'echo mine >/shared/f'
	run d run --rm --volumes-from "$NAME" test cat /shared/f
	[ "$output" = mine ]
	d rm -fv "$NAME"
}

@test "bind propagation rslave: mounts made on the host appear" {
	local source=$ROOM_DIR/propagation

	mkdir -p "$source"
	room mount -t tmpfs tmpfs "$source"
	room mount --make-shared "$source"
	room mkdir "$source/late"
	d run -d --name "$NAME" --mount "type=bind,source=$source,target=/p,bind-propagation=rslave" test /pause
	room mount -t tmpfs tmpfs "$source/late"
	room touch "$source/late/file"
	run d exec "$NAME" ls /p/late
	[ "$output" = file ]
	d rm -f "$NAME"
	room umount "$source/late" "$source"
}

@test "docker run --read-only with --tmpfs" {
	run --separate-stderr d run --rm --read-only --tmpfs /scratch:size=1m,mode=1777 test \
		sh -c 'echo no >/file; echo yes >/scratch/file && cat /scratch/file; grep " /scratch " /proc/mounts'
	[[ "$stderr" == *"Read-only file system"* ]]
	[ "${lines[0]}" = yes ]
	[[ "$output" == *size=1024k* ]]
	[[ "$output" == *noexec* ]]
	[[ "$output" == *nosuid* ]]
}

@test "docker run --mount type=tmpfs, --shm-size" {
	run d run --rm --shm-size 3m --mount type=tmpfs,destination=/t,tmpfs-size=2m test \
		sh -c 'grep -E " (/t|/dev/shm) " /proc/mounts'
	[[ "$output" == *size=2048k* ]]
	[[ "$output" == *size=3072k* ]]
}

# --- network

@test "docker run -p publishes a port" {
	d run -d --name "$NAME" -p 18080:80 test sh -c 'echo served >/srv/index.html; exec httpd -f -p 80 -h /srv'
	eventually 10 room "$(busybox_path)" wget -qO /dev/null http://127.0.0.1:18080/
	run room "$(busybox_path)" wget -qO - http://127.0.0.1:18080/
	[ "$output" = served ]
}

@test "containers on one network reach each other by name" {
	d network create "$NAME" >/dev/null
	d run -d --name "$NAME" --network "$NAME" --network-alias web test \
		sh -c 'echo served >/srv/index.html; exec httpd -f -p 80 -h /srv'
	run d run --rm --network "$NAME" test sh -c 'for i in 1 2 3 4 5; do wget -qO - http://web/ && break; sleep 0.5; done'
	d rm -f "$NAME" >/dev/null
	d network rm "$NAME" >/dev/null
	[[ "$output" == *served* ]]
}

@test "docker run --network none has the loopback only" {
	run d run --rm --network none test sh -c 'ls /sys/class/net; cat /proc/net/dev | grep -c :'
	[ "${lines[0]}" = lo ]
	[ "${lines[1]}" = 1 ]
}

@test "docker run --network host shares the engine's network" {
	run d run --rm --network host test readlink /proc/self/ns/net
	[ "$output" = "$(readlink "/proc/$ROOM/ns/net")" ]
}

@test "docker run --network container: joins another's network" {
	d run -d --name "$NAME" test /pause
	run d run --rm --network "container:$NAME" test readlink /proc/self/ns/net
	[ "$output" = "$(d exec "$NAME" readlink /proc/1/ns/net)" ]
}

@test "docker network connect works on a running container" {
	d run -d --name "$NAME" --network none test /pause
	d rm -f "$NAME" >/dev/null
	d run -d --name "$NAME" test /pause
	d network create "$NAME" >/dev/null
	d network connect "$NAME" "$NAME"
	run d exec "$NAME" ls /sys/class/net
	d network disconnect -f "$NAME" "$NAME"
	d network rm "$NAME" >/dev/null
	[[ "$output" == *eth1* ]]
}

# --- namespaces

@test "docker run --ipc container: and private" {
	d run -d --name "$NAME" --ipc shareable test /pause
	run d run --rm --ipc "container:$NAME" test readlink /proc/self/ns/ipc
	[ "$output" = "$(d exec "$NAME" readlink /proc/1/ns/ipc)" ]
	run d run --rm --ipc private test readlink /proc/self/ns/ipc
	[ "$output" != "$(d exec "$NAME" readlink /proc/1/ns/ipc)" ]
}

@test "docker run --ipc host shares the host's" {
	run d run --rm --ipc host --runtime "$RELAXED" test readlink /proc/self/ns/ipc
	[ "$output" = "$(readlink /proc/self/ns/ipc)" ]
}

@test "docker run --pid container: sees the other's processes" {
	d run -d --name "$NAME" test sleep 987
	run d run --rm --pid "container:$NAME" test ps
	[[ "$output" == *"sleep 987"* ]]
}

@test "docker run --pid host sees the host's processes, without a policy" {
	run d run --rm --pid host --runtime "$RELAXED" test readlink /proc/self/ns/pid
	[ "$output" = "$(readlink /proc/self/ns/pid)" ]
}

@test "a container that shares another's pid namespace can be stopped alone" {
	d run -d --name "$NAME" test /pause
	d run -d --name "$NAME-b" --pid "container:$NAME" test sh -c 'sleep 976 & sleep 977'
	d rm -f "$NAME-b"
	run d exec "$NAME" ps
	[[ "$output" != *"sleep 97"* ]]
	field_is "$NAME" .State.Status running
}

@test "docker run --uts host and --cgroupns" {
	run d run --rm --uts host test hostname
	[ "$output" = "$(hostname)" ]
	run d run --rm --cgroupns private test readlink /proc/self/ns/cgroup
	[ "$status" -eq 0 ]
	[ "$output" != "$(readlink /proc/self/ns/cgroup)" ]
	run d run --rm --cgroupns host test readlink /proc/self/ns/cgroup
	[ "$output" = "$(readlink /proc/self/ns/cgroup)" ]
}

# --- security options

@test "docker run has Docker's default capabilities, --cap-drop and --cap-add change them" {
	run d run --rm test grep CapEff /proc/self/status
	[[ "$output" == *00000000a80425fb ]]
	run d run --rm --cap-drop ALL test grep CapEff /proc/self/status
	[[ "$output" == *0000000000000000 ]]
	run d run --rm --cap-drop ALL --cap-add NET_ADMIN --cap-add CHOWN test grep CapEff /proc/self/status
	[[ "$output" == *0000000000001001 ]]
}

@test "capabilities of an ordinary user: none effective" {
	run d run --rm -u app test grep -E 'Cap(Eff|Prm|Amb)' /proc/self/status
	[ "$status" -eq 0 ]
	[ "$(grep -c 0000000000000000 <<<"$output")" -eq 3 ]
}

@test "docker run --security-opt no-new-privileges" {
	run d run --rm --security-opt no-new-privileges test grep NoNewPrivs /proc/self/status
	[[ "$output" == *1 ]]
}

@test "seccomp: Docker's default profile, none, and one of the user's" {
	run d run --rm test grep Seccomp: /proc/self/status
	[[ "$output" == *2 ]]
	run d run --rm --cap-add SYS_ADMIN test unshare -m true
	[ "$status" -eq 0 ]
	run d run --rm --runtime "$RELAXED" --security-opt seccomp=unconfined test grep Seccomp: /proc/self/status
	[[ "$output" == *0 ]]
	cat >"$BATS_TEST_TMPDIR/profile.json" <<-'END'
		{ "defaultAction": "SCMP_ACT_ALLOW",
		  "syscalls": [{ "names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28 }] }
	END
	run d run --rm --security-opt "seccomp=$BATS_TEST_TMPDIR/profile.json" test mkdir /srv/x
	[ "$status" -ne 0 ]
	[[ "$output" == *"No space left on device"* ]]
}

@test "masked and read-only paths, and systempaths=unconfined without a policy" {
	run d run --rm test sh -c 'for f in kcore keys timer_list; do
		[ ! -e /proc/$f ] || head -c 1 /proc/$f; done; ls -A /proc/acpi /sys/firmware'
	[[ "$output" != *[0-9]* ]]
	run d run --rm test sh -c 'echo 1 >/proc/sys/vm/drop_caches'
	[[ "$output" == *"Read-only file system"* ]]
	run d run --rm --runtime "$RELAXED" --security-opt systempaths=unconfined test \
		sh -c 'grep -E " (/proc/|/sys/firmware)" /proc/mounts; head -c 1 /proc/timer_list'
	[[ "$output" != */* ]]
}

@test "docker run --privileged, without a policy" {
	all_capabilities || skip "this machine lacks capabilities that a privileged container has"
	run d run --rm --privileged --runtime "$RELAXED" test \
		sh -c 'mkdir /m && mount -t tmpfs tmpfs /m && test -e /dev/kmsg && echo could'
	[ "$status" -eq 0 ]
	[[ "$output" == *could ]]
}

@test "docker run --device and --device-cgroup-rule" {
	run d run --rm --device /dev/null:/dev/mynull:rw test sh -c 'ls -l /dev/mynull; echo x >/dev/mynull'
	[ "$status" -eq 0 ]
	[[ "$output" == c*"1,"*3* ]]
	run d run --rm --cap-add MKNOD test sh -c 'mknod /srv/d c 1 11 && head -c 1 /srv/d'
	[ "$status" -ne 0 ]
	[[ "$output" == *"not permitted"* ]]
}

@test "docker run --sysctl" {
	run d run --rm --sysctl net.ipv4.ip_forward=1 --sysctl kernel.msgmax=4096 test \
		cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax
	[ "${lines[0]}" = 1 ]
	[ "${lines[1]}" = 4096 ]
}

# --- resources

@test "docker run -m and --memory-swap limit memory" {
	run d run --rm -m 48m --memory-swap 48m test sh -c "$(in_cgroup memory/memory.limit_in_bytes memory.max)"
	[ "$output" = $((48 * 1024 * 1024)) ]
}

@test "a container over its memory limit is killed, and docker says why" {
	run d run --name "$NAME" -m 16m --memory-swap 16m test sh -c 'tail /dev/zero; echo survived'
	[[ "$output" != *survived* ]] || [ "$(field "$NAME" .State.OOMKilled)" = true ]
	run d rm -f "$NAME"
	d run --name "$NAME" -m 16m --memory-swap 16m test tail /dev/zero || true
	field_is "$NAME" .State.OOMKilled true
	field_is "$NAME" .State.ExitCode 137
}

@test "docker run --pids-limit stops a fork bomb" {
	run d run --rm --pids-limit 10 test \
		sh -c 'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 2 & done; echo never'
	[ "$status" -ne 0 ]
	[[ "$output" == *"fork"* ]]
	run d run --rm --pids-limit 10 test sh -c "$(in_cgroup pids/pids.max pids.max)"
	[ "$output" = 10 ]
}

@test "docker run --cpus, --cpu-shares and --cpuset-cpus" {
	if cgroup_v1; then
		run d run --rm --cpus 0.5 --cpu-shares 512 --cpuset-cpus 0 test \
			sh -c 'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.shares /sys/fs/cgroup/cpuset/cpuset.cpus'
		[ "${lines[0]}" = 50000 ]
		[ "${lines[1]}" = 512 ]
		[ "${lines[2]}" = 0 ]
	else
		run d run --rm --cpus 0.5 --cpu-shares 512 --cpuset-cpus 0 test \
			sh -c 'cat /sys/fs/cgroup/cpu.max /sys/fs/cgroup/cpuset.cpus'
		[ "${lines[0]}" = "50000 100000" ]
		[ "${lines[1]}" = 0 ]
	fi
}

@test "docker run --ulimit" {
	run d run --rm --ulimit nofile=123:456 --ulimit core=0 test sh -c 'ulimit -Sn; ulimit -Hn; ulimit -c'
	[ "${lines[0]}" = 123 ]
	[ "${lines[1]}" = 456 ]
	[ "${lines[2]}" = 0 ]
}

@test "docker run --oom-score-adj" {
	run d run --rm --oom-score-adj 500 test cat /proc/self/oom_score_adj
	[ "$output" = 500 ]
}

@test "docker update changes the limits of a running container" {
	d run -d --name "$NAME" -m 64m --memory-swap 64m test /pause
	d update -m 32m --memory-swap 32m --pids-limit 33 "$NAME"
	run d exec "$NAME" sh -c "$(in_cgroup memory/memory.limit_in_bytes memory.max)"
	[ "$output" = $((32 * 1024 * 1024)) ]
	run d exec "$NAME" sh -c "$(in_cgroup pids/pids.max pids.max)"
	[ "$output" = 33 ]
}

# --- health checks, builds, compose, survival

@test "health checks run by exec" {
	d run -d --name "$NAME" --health-cmd 'test -e /srv/ok' --health-interval 1s --health-retries 1 test /pause
	eventually 10 field_is "$NAME" .State.Health.Status unhealthy
	d exec "$NAME" touch /srv/ok
	eventually 10 field_is "$NAME" .State.Health.Status healthy
}

@test "docker build, classic" {
	printf 'FROM test\nRUN id -u >/who\nUSER app\nRUN id -u >/tmp/who2\nCMD cat /who /tmp/who2\n' >"$BATS_TEST_TMPDIR/Dockerfile"
	run room env DOCKER_BUILDKIT=0 "$DOCKER" build -t built "$BATS_TEST_TMPDIR"
	[ "$status" -eq 0 ]
	run d run --rm built
	[ "${lines[0]}" = 0 ]
	[ "${lines[1]}" = 1000 ]
}

@test "docker build, BuildKit" {
	printf 'FROM test\nRUN --mount=type=tmpfs,target=/t echo kit >/kit\nRUN ["/bin/sh", "-c", "exit 0"]\nCMD cat /kit\n' >"$BATS_TEST_TMPDIR/Dockerfile"
	run room env DOCKER_BUILDKIT=1 "$DOCKER" build -t kit "$BATS_TEST_TMPDIR"
	[ "$status" -eq 0 ]
	run d run --rm kit
	[ "$output" = kit ]
	printf 'FROM test\nRUN exit 3\n' >"$BATS_TEST_TMPDIR/Dockerfile"
	run room env DOCKER_BUILDKIT=1 "$DOCKER" build "$BATS_TEST_TMPDIR"
	[ "$status" -ne 0 ]
	[[ "$output" == *"exit code: 3"* ]]
}

@test "docker compose brings a project up and down" {
	local compose

	if room "$DOCKER" compose version >/dev/null 2>&1; then
		compose="$DOCKER compose"
	elif command -v docker-compose >/dev/null; then
		compose=docker-compose
	else
		skip "docker compose is not installed"
	fi
	cat >"$BATS_TEST_TMPDIR/compose.yaml" <<-'END'
		version: "3"
		services:
		  web:
		    image: test
		    command: ["/pause"]
		    read_only: true
		    tmpfs: [/tmp]
		  peer:
		    image: test
		    command: ["/pause"]
		    depends_on: [web]
	END
	# shellcheck disable=SC2086 # a command of one or two words
	room $compose -p "$NAME" -f "$BATS_TEST_TMPDIR/compose.yaml" up -d
	# shellcheck disable=SC2086
	run room $compose -p "$NAME" -f "$BATS_TEST_TMPDIR/compose.yaml" exec -T peer echo inside
	# shellcheck disable=SC2086
	room $compose -p "$NAME" -f "$BATS_TEST_TMPDIR/compose.yaml" down -t 5
	[ "$output" = inside ]
}

# --- what the default policy adds (casemate only)

only_casemate() {
	[ "$ENGINE_RUNTIME" = casemate ] || skip "a matter of casemate's policies"
}

@test "baseline: no_new_privs, more masks and a pids limit without any flag" {
	only_casemate
	run d run --rm test sh -c "cat /proc/kallsyms /proc/interrupts; grep NoNewPrivs /proc/self/status
		$(in_cgroup pids/pids.max pids.max)"
	[ "${#lines[@]}" -eq 2 ]
	[[ "${lines[0]}" == NoNewPrivs*1 ]]
	[ "${lines[1]}" = 2048 ]
}

@test "baseline: a privileged container and the host's pid namespace are refused with a reason" {
	only_casemate
	run d run --rm --privileged test true
	[ "$status" -ne 0 ]
	[[ "$output" == *baseline*privileged* ]]
	run d run --rm --pid host test true
	[ "$status" -ne 0 ]
	[[ "$output" == *baseline*pid* ]]
}

@test "docker checkpoint create, start --checkpoint" {
	need_criu
	d run -d --name "$NAME" --network none test sh -c 'i=0; while :; do i=$((i + 1)); echo $i >/tmp/new; mv /tmp/new /tmp/count; sleep 0.1; done' >/dev/null
	sleep 1
	d checkpoint create "$NAME" one
	field_is "$NAME" .State.Running false
	run d start --checkpoint one "$NAME"
	[[ "$output" != *"failed to upload checkpoint to containerd"*"already exists" ]] ||
		skip "Docker trips over its own copy of the images: moby's issue 42900"
	[ "$status" -eq 0 ]
	[ "$(d exec "$NAME" cat /tmp/count)" -gt 5 ]
}
