#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # what expands inside the container; what bats sets
# Docker and Podman as root where systemd runs: both then use it for cgroups.

bats_require_minimum_version 1.5.0

RUNTIME=${RUNTIME:-$(command -v casemate)}
export LC_ALL=C.UTF-8

setup_file() {
	((EUID == 0)) || skip "needs root"
	[[ -d /run/systemd/system ]] || skip "systemd does not run here"
	local root=$BATS_FILE_TMPDIR/rootfs applet
	mkdir -p "$root"/{bin,dev,etc,proc,run,sys,tmp}
	cp "$(readlink -f "$(command -v busybox)")" "$root/bin/busybox"
	for applet in $("$root/bin/busybox" --list); do
		[[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
	done
	tar -C "$root" -cf "$BATS_FILE_TMPDIR/rootfs.tar" .
	mkdir -p /etc/docker
	printf '{"runtimes": {"casemate": {"path": "%s"}}, "default-runtime": "casemate", "exec-opts": ["native.cgroupdriver=systemd"]}\n' \
		"$RUNTIME" >/etc/docker/daemon.json
	export CONTAINERS_CONF=$BATS_FILE_TMPDIR/containers.conf
	cat >"$CONTAINERS_CONF" <<-END
		[engine]
		cgroup_manager = "systemd"
		runtime = "casemate"
		runtime_supports_json = ["casemate"]
		[engine.runtimes]
		casemate = ["$RUNTIME"]
		[network]
		network_backend = "netavark"
	END
	systemctl restart docker
	docker import --change 'CMD ["sh"]' "$BATS_FILE_TMPDIR/rootfs.tar" test >/dev/null
	podman import --change 'CMD ["sh"]' "$BATS_FILE_TMPDIR/rootfs.tar" test >/dev/null
}

teardown_file() {
	[[ -e ${CONTAINERS_CONF:-/nonexistent} ]] || return 0
	docker ps -aq | xargs -r docker rm -f >/dev/null 2>&1
	podman rm -fa -t 0 >/dev/null 2>&1
	systemctl stop docker.service docker.socket
	rm /etc/docker/daemon.json
}

is() {
	[[ $output == "$1" ]] || {
		printf 'expected: %s\ngot: %s\n' "$1" "$output"
		return 1
	}
}

@test "docker run: output, exit status, limits in a scope of system.slice" {
	run -0 docker info -f '{{.CgroupDriver}} {{.CgroupVersion}} {{.DefaultRuntime}}'
	is "systemd 2 casemate"
	run -0 docker run --rm test echo hello
	is hello
	run docker run --rm test sh -c 'exit 7'
	((status == 7))
	run -0 docker run --rm --cgroupns private -m 64m --pids-limit 50 --cpus 0.5 test \
		sh -c 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max /sys/fs/cgroup/cpu.max'
	is $'67108864\n50\n50000 100000'
	docker run -d --name d1 test sleep 1000 >/dev/null
	run -0 systemctl show -P Slice "docker-$(docker inspect -f '{{.Id}}' d1).scope"
	is system.slice
}

@test "docker exec, pause, update, stats, stop" {
	run -0 docker exec d1 echo in
	is in
	docker pause d1
	run -0 docker inspect -f '{{.State.Status}}' d1
	is paused
	docker unpause d1
	docker update --pids-limit 77 -m 80m --memory-swap 160m d1 >/dev/null
	run -0 systemctl show -P MemoryMax "docker-$(docker inspect -f '{{.Id}}' d1).scope"
	is 83886080
	run -0 docker exec d1 cat /sys/fs/cgroup/pids.max
	is 77
	run -0 docker stats --no-stream --format '{{.PIDs}}' d1
	is 1
	docker stop -t 0 d1 >/dev/null
	docker rm d1 >/dev/null
	run -0 systemctl list-units --all --plain --no-legend 'docker-*.scope'
	is ""
}

@test "docker: the default AppArmor profile holds" {
	[[ $(cat /sys/module/apparmor/parameters/enabled 2>/dev/null) == Y ]] || skip "the kernel has no AppArmor"
	run -0 docker run --rm test cat /proc/self/attr/current
	is "docker-default (enforce)"
}

@test "podman as root: scopes in machine.slice, limits, exec, pods" {
	run -0 podman run --rm --pids-limit 50 -m 64m test sh -c 'cat /sys/fs/cgroup/pids.max /sys/fs/cgroup/memory.max'
	is $'50\n67108864'
	podman run -d --name p1 test sleep 1000 >/dev/null
	run -0 systemctl show -P Slice "libpod-$(podman inspect -f '{{.Id}}' p1).scope"
	is machine.slice
	run -0 podman exec p1 echo in
	is in
	podman rm -f -t 0 p1 >/dev/null
	run -0 systemctl list-units --all --plain --no-legend 'libpod-*.scope'
	[[ $output != *libpod-[0-9a-f]* ]]
}
