#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # what expands inside the container; what bats sets
# podman of an ordinary user, with the user's systemd: what a rootless stack of services is made of.

bats_require_minimum_version 1.5.0

RUNTIME=${RUNTIME:-$(command -v casemate)}
export LC_ALL=C.UTF-8

setup_file() {
	((EUID != 0)) || skip "for an ordinary user"
	command -v podman >/dev/null || skip "podman is not installed"
	[[ -S ${XDG_RUNTIME_DIR:-/nonexistent}/systemd/private ]] || skip "this user has no systemd of its own"
	local root=$BATS_FILE_TMPDIR/rootfs applet
	mkdir -p "$root"/{bin,dev,etc,proc,run,sys,tmp,data}
	cp "$(readlink -f "$(command -v busybox)")" "$root/bin/busybox"
	for applet in $("$root/bin/busybox" --list); do
		[[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
	done
	printf 'root:x:0:0:root:/:/bin/sh\napp:x:1000:1000:app:/:/bin/sh\n' >"$root/etc/passwd"
	printf 'root:x:0:\napp:x:1000:\n' >"$root/etc/group"
	printf '#!/bin/sh\ntrap "exit 0" TERM\nwhile :; do sleep 1000 & wait; done\n' >"$root/pause"
	chmod 755 "$root/pause"
	export CONTAINERS_CONF=$BATS_FILE_TMPDIR/containers.conf
	cat >"$CONTAINERS_CONF" <<-END
		[engine]
		cgroup_manager = "systemd"
		events_logger = "journald"
		runtime = "casemate"
		runtime_supports_json = ["casemate"]
		infra_image = "localhost/pause:latest"
		[engine.runtimes]
		casemate = ["$RUNTIME"]
		[containers]
		log_driver = "journald"
		[network]
		network_backend = "netavark"
	END
	tar -C "$root" -cf "$BATS_FILE_TMPDIR/rootfs.tar" .
	podman import --change 'ENV PATH=/bin' --change 'CMD ["sh"]' "$BATS_FILE_TMPDIR/rootfs.tar" test >/dev/null
	podman import --change 'ENTRYPOINT ["/pause"]' "$BATS_FILE_TMPDIR/rootfs.tar" pause >/dev/null
}

teardown_file() {
	[[ -e ${CONTAINERS_CONF:-/nonexistent} ]] || return 0
	podman pod rm -fa -t 0 >/dev/null 2>&1
	podman rm -fa -t 0 >/dev/null 2>&1
	podman rmi -fa >/dev/null 2>&1
	return 0
}

teardown() {
	podman rm -f -t 0 "t$BATS_TEST_NUMBER" >/dev/null 2>&1 || true
}

is() {
	[[ $output == "$1" ]] || {
		printf 'expected: %s\ngot: %s\n' "$1" "$output"
		return 1
	}
}

@test "podman run as a user: root inside, the user outside, an exit status" {
	run -0 podman run --rm test sh -c 'id -u'
	is 0
	run podman run --rm test sh -c 'exit 7'
	((status == 7))
	run -127 podman run --rm test no-such-program
}

@test "podman: limits are the unit's" {
	run -0 podman run --rm --pids-limit 50 -m 64m test sh -c 'cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/memory.max'
	is $'50\n67108864'
}

@test "podman exec, pause, stop" {
	podman run -d --name t3 test sleep 1000 >/dev/null
	run -0 podman exec t3 sh -c 'echo $$ >/dev/null; id -u'
	is 0
	podman pause t3
	run -0 podman inspect -f '{{.State.Status}}' t3
	is paused
	podman unpause t3
	podman stop -t 0 t3 >/dev/null
	run -0 systemctl --user list-units --all --plain --no-legend 'libpod-*.scope'
	[[ $output != *"$(podman inspect -f '{{.Id}}' t3)"* ]]
}

@test "podman --userns=keep-id" {
	run -0 podman run --rm --userns=keep-id test sh -c 'id -u; awk "/^Uid/ { print \$2 }" /proc/self/status'
	is "$EUID"$'\n'"$EUID"
}

@test "podman: a volume keeps what is written, ports lead in" {
	podman run --rm -v vol:/data test sh -c 'echo kept >/data/file'
	run -0 podman run --rm -v vol:/data test cat /data/file
	is kept
	podman volume rm vol >/dev/null
	podman run -d --name t5 -p 127.0.0.1:18080:80 test sh -c 'mkdir /www; echo served >/www/index.html; httpd -f -p 80 -h /www' >/dev/null
	local attempt
	for attempt in 1 2 3 4 5 6 7 8 9 10; do
		output=$(curl -s http://127.0.0.1:18080/) && break
		sleep 1
	done
	is served
}

@test "podman pods share a network, and only within themselves" {
	podman pod create --name p6 >/dev/null
	podman run -d --pod p6 --name t6 test sh -c 'mkdir /www; echo inside >/www/index.html; httpd -f -p 8000 -h /www' >/dev/null
	sleep 2
	run -0 podman run --rm --pod p6 test wget -q -O - http://127.0.0.1:8000/
	is inside
	run podman run --rm test wget -q -T 3 -O - http://127.0.0.1:8000/
	((status != 0))
	podman pod rm -f -t 0 p6 >/dev/null
}

@test "podman's units run under systemd, the logs are in the journal" {
	podman create --name t7 test sh -c 'echo said-by-t7; sleep 1000' >/dev/null
	mkdir -p "$HOME/.config/systemd/user"
	(cd "$HOME/.config/systemd/user" && podman generate systemd --new --files --name t7 >/dev/null)
	podman rm t7 >/dev/null
	sed -i "/^\[Service\]/a Environment=CONTAINERS_CONF=$CONTAINERS_CONF" "$HOME/.config/systemd/user/container-t7.service"
	systemctl --user daemon-reload
	systemctl --user start container-t7.service
	run -0 systemctl --user is-active container-t7.service
	is active
	local attempt
	for attempt in 1 2 3 4 5 6 7 8 9 10; do
		output=$(podman logs t7 2>/dev/null) || true
		[[ -z $output ]] || break
		sleep 1
	done
	is said-by-t7
	systemctl --user stop container-t7.service
	rm "$HOME/.config/systemd/user/container-t7.service"
	systemctl --user daemon-reload
}
