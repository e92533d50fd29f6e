#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# linux.netDevices: devices of the host that the container gets.

load helpers

setup() {
	requires_root
	requires_newer_runc "network devices"
	requires_command ip
	setup_bundle
	DEVICE=nd$((BASHPID % 100000))
	NAMESPACE=
	# Any device without a wire will do; not every kernel has the first kind.
	ip link add "$DEVICE" type dummy 2>/dev/null || ip link add "$DEVICE" type veth peer name "${DEVICE}p" 2>/dev/null ||
		skip "this kernel makes neither dummy nor veth devices"
	program ip address show dev "$DEVICE"
	edit '.linux.netDevices = {($device): {}}' --arg device "$DEVICE"
}

teardown() {
	ip link del "$DEVICE" 2>/dev/null || true
	[[ -z ${NAMESPACE:-} ]] || ip netns del "$NAMESPACE"
	teardown_bundle
}

# The container joins a network namespace that lives on without it.
named_namespace() {
	NAMESPACE=$ID
	ip netns add "$NAMESPACE"
	edit '(.linux.namespaces[] | select(.type == "network")).path = $path' --arg path "/run/netns/$NAMESPACE"
}

@test "a device moves into a new namespace, and is up" {
	run -0 runtime run "$ID"
	matches "$DEVICE(@[^:]*)?: <[^>]*\bUP\b"
	# It was a virtual one: it went with the namespace.
	wait_for bash -c "! ip link show dev $DEVICE"
}

@test "it moves with its address, its size of packets and its hardware address" {
	named_namespace
	ip link set dev "$DEVICE" mtu 1789 address 02:11:22:33:44:55
	ip address add 169.254.169.77/32 dev "$DEVICE"
	ip address add 10.99.3.1/24 broadcast 10.99.3.255 dev "$DEVICE"
	run -0 runtime run "$ID"
	contains " 169.254.169.77/32 "
	contains " 10.99.3.1/24 brd 10.99.3.255 "
	contains "mtu 1789 "
	contains "ether 02:11:22:33:44:55 "
	run -0 ip -n "$NAMESPACE" address show dev "$DEVICE"
	contains " 169.254.169.77/32 "
	contains "mtu 1789 "
}

@test "IPv6 addresses move as well, though the kernel drops them when a device goes down" {
	[[ -e /proc/sys/net/ipv6/conf/$DEVICE ]] || skip "no IPv6"
	named_namespace
	ip link set dev "$DEVICE" up
	ip address add 2001:db8::77/64 nodad dev "$DEVICE"
	run -0 runtime run "$ID"
	run -0 ip -n "$NAMESPACE" address show dev "$DEVICE"
	contains " 2001:db8::77/64 scope global"
}

@test "addresses that are good on the host only stay behind" {
	named_namespace
	ip address add 127.0.0.33/32 scope host dev "$DEVICE"
	ip address add 10.99.3.2/24 scope link dev "$DEVICE"
	ip address add 10.99.4.3/24 valid_lft 600 preferred_lft 600 dev "$DEVICE"
	run -0 runtime run "$ID"
	lacks 127.0.0.33
	lacks 10.99.3.2
	lacks 10.99.4.3
}

@test "a new name" {
	named_namespace
	ip link set dev "$DEVICE" up
	ip address add 169.254.169.77/32 dev "$DEVICE"
	edit '.linux.netDevices[$device].name = "inside0"' --arg device "$DEVICE"
	program ip address show dev inside0
	run -0 runtime run "$ID"
	contains " 169.254.169.77/32 "
	matches 'inside0(@[^:]*)?: <[^>]*\bUP\b'
	run -0 ip -n "$NAMESPACE" link show dev inside0
	run -1 ip link show dev "$DEVICE"
}

@test "in a namespace joined by path it stays when the container is gone" {
	named_namespace
	start_sleeping
	run -0 runtime delete --force "$ID"
	run -0 ip -n "$NAMESPACE" link set dev "$DEVICE" netns "/proc/$$/ns/net"
	run -0 ip link show dev "$DEVICE"
}

@test "with a user namespace: the host's rights move it" {
	user_namespace
	ip address add 169.254.169.77/32 dev "$DEVICE"
	run -0 runtime run "$ID"
	contains " 169.254.169.77/32 "
}

@test "with a user namespace and a network namespace joined by path" {
	user_namespace
	named_namespace
	# A sysfs of its own is only for the owner of the network namespace.
	edit '(.mounts[] | select(.type == "sysfs")) |= {destination: "/sys", type: "bind", source: "/sys", options: ["rbind", "ro"]}'
	run -0 runtime run "$ID"
	matches "$DEVICE(@[^:]*)?: <[^>]*\bUP\b"
}

@test "createContainer hooks and sysctls find it there" {
	edit '.hooks = {createContainer: [{path: "/bin/sh", args: ["sh", "-c", $script]}]}
		| .linux.sysctl[$key] = "1"' \
		--arg script "ip -o link show dev $DEVICE >$OUT" --arg key "net.ipv4.conf.$DEVICE.log_martians"
	program cat "/proc/sys/net/ipv4/conf/$DEVICE/log_martians"
	run -0 runtime run "$ID"
	is 1
	grep -q "$DEVICE" "$OUT"
}

@test "without a network namespace: refused" {
	requires_policy_off
	without_namespace network
	refused "unable to move network devices without a NET namespace"
}

@test "a device that is not there: refused, and the others stay as they were" {
	ip link set dev "$DEVICE" up
	ip address add 10.99.3.1/24 dev "$DEVICE"
	edit '.linux.netDevices.nosuch0 = {}'
	refused "link not found for interface nosuch0 on runtime namespace: no such device"
	run -0 ip address show dev "$DEVICE"
	contains " 10.99.3.1/24 "
	matches "$DEVICE(@[^:]*)?: <[^>]*\bUP\b"
}

@test "a name that is taken: what was moved comes back, with address and state" {
	named_namespace
	ip -n "$NAMESPACE" link add taken0 type bridge
	ip link add "${DEVICE}b" type bridge
	ip link set dev "$DEVICE" up
	ip address add 10.99.3.1/24 dev "$DEVICE"
	edit '.linux.netDevices[$device] = {name: "taken0"}' --arg device "${DEVICE}b"
	run -1 runtime run "$ID"
	ip link del "${DEVICE}b"
	contains "fail to move network device ${DEVICE}b to network namespace as taken0: "
	run -0 ip address show dev "$DEVICE"
	contains " 10.99.3.1/24 "
	matches "$DEVICE(@[^:]*)?: <[^>]*\bUP\b"
	nothing_created
}

@test "a container that fails later gives its devices back under their names" {
	ip address add 10.99.3.1/24 dev "$DEVICE"
	edit '.linux.netDevices[$device].name = "inside0"
		| .hooks = {createRuntime: [{path: "/bin/false"}]}' --arg device "$DEVICE"
	refused "error running createRuntime hook #0"
	run -0 ip address show dev "$DEVICE"
	contains " 10.99.3.1/24 "
	matches "state DOWN"

	edit 'del(.hooks)'
	program /no/such/program
	run -1 runtime run "$ID"
	nothing_created
	run -0 ip address show dev "$DEVICE"
	contains " 10.99.3.1/24 "
}
