#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# egress: where a container may send packets. A hook gives it one end of a cable; at the other end, in a network
# namespace of its own, is the rest of the world: 192.0.2.1, 198.51.100.1, 2001:db8::1 and the addresses of metadata.

load helpers

setup() {
	requires_casemate "has no policies"
	requires_root
	requires_command ip nft nsenter socat
	[[ " ${RUNTIME_ARGS:-} " != *policy* ]] || skip "another policy was asked for"
	setup_bundle
	WORLD=w-$ID
	ip netns add "$WORLD"
	ip netns exec "$WORLD" nft list ruleset 2>/dev/null >"$OUT" || skip "this kernel has no nf_tables"
	ip -n "$WORLD" link set lo up
	cable_hook
	serve TCP6-LISTEN:80,ipv6only=0 served
	serve TCP6-LISTEN:443,ipv6only=0 served
	serve UDP4-RECVFROM:53 answered
}

teardown() {
	[[ -z ${WORLD:-} ]] || ip netns pids "$WORLD" | xargs -r kill || true
	[[ -z ${WORLD:-} ]] || ip netns del "$WORLD"
	[[ -z ${SHARED:-} ]] || ip netns del "$SHARED"
	teardown_bundle
}

# What answers in the world: serve SOCAT-ADDRESS TEXT
serve() {
	ip netns exec "$WORLD" socat -T 5 "$1,fork,reuseaddr" "SYSTEM:echo $2" >/dev/null 2>&1 3>&- </dev/null &
	BACKGROUND+=($!)
	local port=${1#*:}
	wait_for bash -c "ip netns exec $WORLD ss -lntu | grep -q ':${port%%,*} '"
}

# As an engine's hook does it: the network is set up while the container is created.
cable_hook() {
	cat >"$BATS_TEST_TMPDIR/cable" <<-END
		set -e
		exec >&2
		pid=\$(jq .pid)
		ip link add name ca-\$pid type veth peer name cb-\$pid
		ip link set dev ca-\$pid netns $WORLD name cable
		ip link set dev cb-\$pid netns \$pid name eth0
		ip -n $WORLD link set dev cable up
		for address in 192.0.2.1/24 198.51.100.1/32 169.254.169.254/32 2001:db8::1/64 fd00:ec2::254/128; do
			ip -n $WORLD address add \$address dev cable \$(case \$address in *:*) echo nodad ;; esac)
		done
		in_it() { nsenter --target \$pid --net -- ip "\$@"; }
		in_it link set dev lo up
		in_it link set dev eth0 up
		in_it address add 192.0.2.2/24 dev eth0
		in_it address add 2001:db8::2/64 dev eth0 nodad
		in_it route add default via 192.0.2.1
		in_it -6 route add default via 2001:db8::1
	END
	edit '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", $script], env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]' \
		--arg script "$BATS_TEST_TMPDIR/cable"
}

# The policy of the container: baseline and these egress rules. With a name it is another file.
egress() {
	local name=${2:-egress}
	jq --arg name "$name" '{name: $name, extends: "baseline", egress: .}' <<<"$1" >"$name.json"
	chmod 644 "$name.json"
	RUNTIME_OPTIONS=(--policy "./$name.json")
}

metadata='{"default": "allow", "deny": ["169.254.169.254", "fd00:ec2::254"]}'

inside() {
	runtime exec "$ID" "$@" </dev/null
}

reaches() {
	run inside nc -w 30 "$1" "$2"
	equal "$output" served
}

# It is told so when the first packet is sent, or the second, a second later; nc says something else when its time is up.
misses() {
	run inside nc -w 30 "$1" "$2"
	((status == 1))
	matches "nc: .*: (No route to host|Permission denied)"
	lacks served
}

# A datagram from the container's network to port 53 of $1 (from port $2), and what comes back.
ask() {
	echo question | nsenter --target "$(container_pid)" --net -- socat -T 3 -t 3 - "UDP4:$1:53${2:+,bind=:$2}" 2>/dev/null || true
}

# A datagram that is sent before both ends of the cable have noticed each other is lost.
is_answered() {
	[[ $(ask "$@") == answered ]]
}

tables() {
	nsenter --target "$(container_pid)" --net -- nft list tables
}

flush() {
	nsenter --target "$(container_pid)" --net -- nft flush ruleset
}

@test "egress: what is listed is reached and nothing else, over IPv4 and IPv6" {
	egress '{"default": "deny", "allow": [{"cidr": "192.0.2.0/24", "ports": ["80/tcp", "53/udp"]}, {"cidr": "2001:db8::/64", "ports": ["80/tcp"]}]}'
	start_sleeping
	reaches 192.0.2.1 80
	reaches 2001:db8::1 80
	misses 192.0.2.1 443
	misses 2001:db8::1 443
	misses 198.51.100.1 80
	misses 169.254.169.254 80
	misses fd00:ec2::254 80
	wait_for is_answered 192.0.2.1
	equal "$(ask 198.51.100.1)" ''
	run inside ping -c 1 -W 1 192.0.2.1
	((status != 0))
	run -0 runtime verify "$ID"
	matches 'egress .*1 layer of rules'
}

@test "egress: everything but the addresses of metadata" {
	egress "$metadata"
	start_sleeping
	reaches 192.0.2.1 80
	reaches 198.51.100.1 443
	reaches 2001:db8::1 443
	misses 169.254.169.254 80
	misses fd00:ec2::254 80
}

@test "egress: the longest network decides" {
	egress '{"default": "deny", "allow": ["192.0.0.0/8", "198.51.100.1", "0.0.0.0/0"], "deny": ["192.0.2.0/24", "198.0.0.0/8", {"cidr": "0.0.0.0/0", "ports": ["1-79/tcp", "443/tcp"]}]}'
	start_sleeping
	misses 192.0.2.1 80
	reaches 198.51.100.1 80
	reaches 169.254.169.254 80
	misses 169.254.169.254 443
	misses 2001:db8::1 80
}

@test "egress: of equal networks what names the port decides, then what denies" {
	egress '{"default": "allow", "deny": ["192.0.2.0/24", {"cidr": "198.51.100.0/24", "ports": ["80/tcp"]}], "allow": [{"cidr": "192.0.2.0/24", "ports": ["80/tcp"]}, "198.51.100.0/24", {"cidr": "198.51.100.0/24", "ports": ["80/tcp"]}]}'
	start_sleeping
	reaches 192.0.2.1 80
	misses 192.0.2.1 443
	reaches 198.51.100.1 443
	misses 198.51.100.1 80
}

@test "egress: internet: no private network, no metadata; name servers everywhere" {
	RUNTIME_OPTIONS=(--policy internet)
	ip -n "$WORLD" address add 10.9.8.7/32 dev lo
	serve TCP6-LISTEN:53,ipv6only=0 served
	start_sleeping
	reaches 192.0.2.1 80
	reaches 2001:db8::1 443
	misses 10.9.8.7 80
	misses 169.254.169.254 80
	misses fd00:ec2::254 80
	reaches 10.9.8.7 53
	run -0 runtime verify "$ID"
}

@test "egress: of two policies a packet has to pass both, in any order" {
	local order
	egress '{"default": "deny", "allow": ["192.0.2.0/24", "2001:db8::/32"]}' one
	egress '{"default": "deny", "allow": [{"cidr": "0.0.0.0/0", "ports": ["80/tcp"]}, "198.51.100.1"]}' two
	for order in ./one.json,./two.json ./two.json,./one.json; do
		RUNTIME_OPTIONS=(--policy "$order")
		start_sleeping
		reaches 192.0.2.1 80
		misses 192.0.2.1 443
		misses 198.51.100.1 80
		misses 2001:db8::1 80
		run -0 runtime delete --force "$ID"
	done
}

@test "egress: the container reaches itself and answers whoever asks" {
	egress '{}'
	program sh -c 'while true; do echo answer | nc -l -p 8080; done'
	detached run --detach "$ID"
	misses 192.0.2.1 80
	wait_for bash -c "ip netns exec $WORLD socat -T 2 - TCP4:192.0.2.2:8080 </dev/null | grep answer"
	wait_for bash -c "ip netns exec $WORLD socat -T 2 - 'TCP6:[2001:db8::2]:8080' </dev/null | grep answer"
	wait_for bash -c "\"$RUNTIME\" ${RUNTIME_OPTIONS[*]} --root $STATE exec $ID nc -w 2 127.0.0.1 8080 </dev/null | grep answer"
	wait_for bash -c "\"$RUNTIME\" ${RUNTIME_OPTIONS[*]} --root $STATE exec $ID nc -w 2 192.0.2.2 8080 </dev/null | grep answer"
}

@test "egress: nothing in the container can change the rules or go past them, in exec neither" {
	local set family socket=198
	[[ $(uname -m) != x86_64 ]] || socket=41
	edit '(.process.capabilities[]) |= (. + ["CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_ADMIN", "CAP_KILL"] | unique)'
	egress "$metadata"
	run -0 runtime explain
	for set in bounding effective permitted; do
		matches "process.capabilities.$set .*egress: egress"
	done
	contains 'default allow; deny 169.254.169.254/32,'
	contains 'against sockets but of AF_UNIX'
	start_sleeping
	for set in "$ID" "--cap CAP_NET_ADMIN --cap CAP_NET_RAW --cap CAP_SYS_ADMIN $ID"; do
		run -0 runtime exec $set grep CapBnd /proc/self/status
		(((0x${output##*[[:space:]]} & (1 << 12 | 1 << 13 | 1 << 21)) == 0))
		# Of what is no packet of IP the rules see nothing: no AF_PACKET, AF_PPPOX, AF_TIPC, AF_VSOCK, AF_XDP.
		for family in 17 24 30 40 44 0x100000028; do
			run runtime exec $set probe syscall "$socket" $family 3 0
			equal "$output" EAFNOSUPPORT
		done
		# AF_UNIX, AF_INET, AF_INET6, AF_NETLINK
		for family in 1 2 10 16; do
			run runtime exec $set probe syscall "$socket" $family 2 0
			matches '^[0-9]+$'
		done
		# io_uring makes sockets past the filter
		run runtime exec $set probe syscall 425 8 0
		equal "$output" EPERM
	done
	run inside ip link set dev eth0 down
	((status != 0))
	run -0 runtime verify "$ID"
}

@test "egress: a packet that is to go by other hops is not sent" {
	requires_command python3
	egress '{"default": "deny", "allow": ["192.0.2.1"]}'
	start_sleeping
	reaches 192.0.2.1 80
	# Loose and strict source routes (RFC 791): to 192.0.2.1, and on to 169.254.169.254.
	run nsenter --target "$(container_pid)" --net -- python3 - <<-'END'
		import errno, socket
		for kind in 131, 137:
		    client = socket.socket()
		    client.settimeout(5)
		    hops = socket.inet_aton("192.0.2.1") + socket.inet_aton("169.254.169.254")
		    client.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, bytes([kind, 3 + len(hops), 4]) + hops + b"\0")
		    print(errno.errorcode.get(client.connect_ex(("192.0.2.1", 80))))
	END
	equal "$output" $'EHOSTUNREACH\nEHOSTUNREACH'
}

# IP_FREEBIND takes no capability. A packet from the denied address to the container, that it has sent itself, is not
# what a packet to there is the reply to.
@test "egress: a program cannot make replies of what it sends" {
	local inside=(nsenter --target) own='[2001:db8::2]:4000' other='[fd00:ec2::254]:5353'
	egress "$metadata"
	serve 'UDP6-RECVFROM:5353,bind=[2001:db8::1],ip-freebind' answered
	serve 'UDP6-RECVFROM:5353,bind=[fd00:ec2::254],ip-freebind' answered
	start_sleeping
	inside+=("$(container_pid)" --net -- setpriv --bounding-set=-all --inh-caps=-all socat -T 3 -t 3)
	answers() {
		[[ $(echo question | "${inside[@]}" - "UDP6:[2001:db8::1]:5353,bind=$own") == answered ]]
	}
	wait_for answers
	echo forged | "${inside[@]}" -u - "UDP6-SENDTO:$own,bind=$other,ip-freebind" || true
	run "${inside[@]}" - "UDP6:$other,bind=$own" <<<question
	lacks answered
}

@test "egress: a connection that is older than the rules is not spared" {
	SHARED=s-$ID
	ip netns add "$SHARED"
	edit '(.linux.namespaces[] | select(.type == "network")).path = $path' --arg path "/run/netns/$SHARED"
	egress '{"default": "allow", "deny": ["203.0.113.1"]}'
	start_sleeping
	wait_for is_answered 192.0.2.1 4001
	edit 'del(.hooks)'
	egress '{"default": "allow", "deny": ["192.0.2.1"]}' second
	start_sleeping "$ID-2"
	equal "$(ask 192.0.2.1 4001)" ''
}

@test "egress: in a user namespace, whose root owns the network" {
	user_namespace
	edit 'del(.mounts[] | select(.type == "cgroup"))'
	egress "$metadata"
	start_sleeping
	reaches 192.0.2.1 80
	misses 169.254.169.254 80
	# A user namespace below it has no more rights to the network than it has itself.
	run inside unshare -U -r ip link set dev eth0 down
	((status != 0))
	run -0 runtime verify "$ID"
}

@test "egress: the host's network is never touched" {
	local before
	egress "$metadata"
	before=$(nft list ruleset 2>/dev/null)
	without_namespace network
	refused "policy egress: egress: container shares the host's network.*remove --network=host or run with --policy off"
	edit '.linux.namespaces += [{type: "network", path: $path}]' --arg path "/proc/$$/ns/net"
	refused "egress: container shares the host's network"
	equal "$(nft list ruleset 2>/dev/null)" "$before"
}

@test "egress: containers that share a network namespace share each other's rules" {
	local before
	SHARED=s-$ID
	ip netns add "$SHARED"
	edit '(.linux.namespaces[] | select(.type == "network")).path = $path' --arg path "/run/netns/$SHARED"
	egress "$metadata"
	run -0 runtime explain
	contains '(for all in the network'
	start_sleeping
	edit 'del(.hooks)'
	egress '{"default": "deny", "allow": ["192.0.2.0/24", "169.254.0.0/16"]}' second
	start_sleeping "$ID-2"
	reaches 192.0.2.1 80
	misses 198.51.100.1 80
	misses 169.254.169.254 80
	equal "$(tables | wc -l)" 2
	# One that is started again finds its own.
	run -0 runtime delete --force "$ID-2"
	start_sleeping "$ID-2"
	equal "$(tables | wc -l)" 2
	run -0 runtime verify "$ID"
	run -0 runtime verify "$ID-2"
}

@test "egress: verify, start and exec notice rules that are not there, or others" {
	egress "$metadata"
	program sleep 1000
	detached create "$ID"
	run -0 runtime verify "$ID"
	flush
	fails 1 'policy egress: egress: the rules in the container.s network namespace are not as planned .they are not there.' \
		"$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" start "$ID"
	wait_status "$ID" stopped
	run -0 runtime delete "$ID"
	start_sleeping
	nsenter --target "$(container_pid)" --net -- nft add rule inet "$(tables | sed 's/.*inet //')" layer-0 accept
	run -2 runtime verify --format json "$ID"
	jq -e '.measures | any(.name == "egress" and .state == "broken" and .found == "others")' <<<"$output"
	fails 255 'egress: the rules .* are not as planned .others.' "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" exec "$ID" true
	flush
	run -2 runtime verify "$ID"
	matches 'egress.*they are not there'
}

@test "egress: without the library, or with a hook that fails, there is no container" {
	local library
	library=$(readlink -f "$(ldconfig -p | awk '/libnftables.so.1 / { print $NF; exit }')")
	egress "$metadata"
	program true
	fails 1 'policy egress: egress: install libnftables .*; or run with --policy off' \
		unshare -m sh -c 'mount --bind /dev/null "$0" && exec "$@"' "$library" \
		"$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" run "$ID" 3>&-
	nothing_created
	run -0 runtime run "$ID"
}

@test "egress: the audit trail has the decision and the refusal" {
	site_file '{"trail": ["'"$BATS_TEST_TMPDIR"'/trail"]}'
	egress "$metadata"
	program true
	run -0 site run "$ID"
	jq -se 'any(.event == "policy" and (.changes | any(.key == "egress" and .member == "egress rules")))' "$BATS_TEST_TMPDIR/trail"
	without_namespace network
	run -1 site run "$ID"
	jq -se '.[-1] | .outcome == "refused" and (.error | contains("egress"))' "$BATS_TEST_TMPDIR/trail"
}

@test "egress: it costs nothing where it is not asked for" {
	requires_command strace
	program true
	run -0 strace -f -e trace=execve,memfd_create -o "$OUT" "$RUNTIME" --root "$STATE" run "$ID" 3>&-
	run ! grep -E 'casemate-companion' "$OUT"
}
