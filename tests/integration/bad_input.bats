#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2086,SC2154 # variables of jq, of the container's shell and of bats
# Bad input: one clear line, status 1, and nothing created.

load helpers

setup() {
	setup_bundle
	program true
}

teardown() {
	teardown_bundle
}

# member JQ-FILTER TEXT: the changed config is refused
member() {
	cp config.json saved.json
	edit "$1"
	refused "$2"
	mv saved.json config.json
}

@test "no bundle, no config, one that cannot be read" {
	fails 1 'no such file or directory' runtime run -b "$BATS_TEST_TMPDIR/missing" "$ID"
	mkdir "$BATS_TEST_TMPDIR/empty"
	fails 1 'config.json' runtime run -b "$BATS_TEST_TMPDIR/empty" "$ID"
	mkdir "$BATS_TEST_TMPDIR/empty/config.json"
	fails 1 . runtime run -b "$BATS_TEST_TMPDIR/empty" "$ID"
	fails 1 'not a directory' runtime run -b config.json "$ID"
	nothing_created
}

@test "not JSON: cut off at any place, rubbish after the end, empty" {
	local length cut
	cp config.json whole.json
	length=$(wc -c <whole.json)
	for cut in 0 1 10 100 $((length / 2)) $((length - 3)); do
		head -c "$cut" whole.json >config.json
		refused .
	done
	(cat whole.json && echo '}') >config.json
	refused .
	printf '\xff\xfe' >config.json
	refused .
	echo '[]' >config.json
	refused .
	echo 'null' >config.json
	refused .
}

@test "deep nesting, a huge number, bad UTF-8, a NUL" {
	requires_newer_runc "takes some of these"
	jq '.annotations.x = "MARK"' config.json >base.json
	(printf '{"x": %s' "$(printf '[%.0s' {1..100000})"; echo '}') >config.json
	refused .
	sed 's/"MARK"/"\xff\xfe"/' base.json >config.json
	refused .
	jq '.process.args = ["/bin/true\u0000hidden"]' base.json >config.json
	refused .
	jq '.process.cwd = "/\u0000"' base.json >config.json
	refused .
	sed 's/"uid": 0/"uid": 99999999999999999999999999/' base.json >config.json
	refused .
	sed 's/"uid": 0/"uid": 1.5/' base.json >config.json
	refused .
	sed 's/"uid": 0/"uid": -1/' base.json >config.json
	refused .
	sed 's/"uid": 0/"uid": 4294967296/' base.json >config.json
	refused .
}

@test "wrong types: the member's path is in the message" {
	is_runc && skip "runc's text names Go's types"
	member '.process.args = "sh"' 'process\.args'
	member '.process.args[0] = 1' 'process\.args'
	member '.process.noNewPrivileges = "yes"' 'process\.noNewPrivileges'
	member '.process.user.uid = "root"' 'process\.user\.uid'
	member '.process.capabilities = []' 'process\.capabilities'
	member '.process.rlimits = {}' 'process\.rlimits'
	member '.process.rlimits[0].soft = -1' 'process\.rlimits\[0\]\.soft'
	member '.root = "rootfs"' 'root'
	member '.root.readonly = 1' 'root\.readonly'
	member '.mounts = {}' 'mounts'
	member '.mounts[2].options = "ro"' 'mounts\[2\]\.options'
	member '.hostname = 7' 'hostname'
	member '.linux = []' 'linux'
	member '.linux.namespaces[0] = "pid"' 'linux\.namespaces\[0\]'
	member '.linux.resources.pids = {limit: "many"}' 'linux\.resources\.pids\.limit'
	member '.linux.maskedPaths = "/proc"' 'linux\.maskedPaths'
	member '.linux.sysctl = {"net.ipv4.ip_forward": 1}' 'linux\.sysctl'
	member '.hooks = {prestart: {}}' 'hooks\.prestart'
	member '.annotations = {"a": 1}' 'annotations'
	member '.ociVersion = 1' 'ociVersion'
}

@test "missing members" {
	member '.process = null' 'process'
	member 'del(.process)' 'process'
	member 'del(.root)' 'root'
	member '.process.args = []' 'args'
	member 'del(.process.args)' 'args'
	member 'del(.process.cwd)' 'cwd'
	member '.root.path = "missing"' 'rootfs|root'
	member '.root.path = "config.json"' 'not a directory|root'
}

@test "unknown members are ignored, newer versions of the specification accepted" {
	edit '.frobnicate = {a: [1]} | .process.frobnicate = true | .linux.frobnicate = "x"'
	run -0 runtime run "$ID"
	local version
	for version in 1.0.0 1.0.2 1.1.0 1.2.1 1.3.0 1.99.0 1.0.2-dev 1.2.0-rc.1+dev; do
		edit '.ociVersion = $version' --arg version "$version"
		run -0 runtime run "$ID"
	done
}

@test "a version that is none, or of another major number" {
	requires_newer_runc "does not look"
	local version
	for version in "" frobnicate 2.0.0 1 1.x.0; do
		member ".ociVersion = \"$version\"" 'ociVersion|version'
	done
}

@test "a pid file that cannot be written" {
	program sleep 1000
	refused 'no such file or directory' -d --pid-file "$BATS_TEST_TMPDIR/missing/pid"
	refused . -d --pid-file "$BATS_TEST_TMPDIR"
}

@test "a state root that cannot be" {
	run -1 --separate-stderr "$RUNTIME" --root /proc/missing run "$ID"
	[[ -n $stderr ]]
	touch "$BATS_TEST_TMPDIR/file"
	run -1 --separate-stderr "$RUNTIME" --root "$BATS_TEST_TMPDIR/file" run "$ID"
	[[ -n $stderr ]]
}

@test "mounts that cannot be" {
	member '.mounts += [{destination: "", type: "tmpfs", source: "tmpfs"}]' .
	member '.mounts += [{destination: "/mnt", type: "bind", source: "/missing", options: ["bind"]}]' 'no such file or directory'
	member '.mounts += [{destination: "/mnt", type: "frobnicatefs", source: "x"}]' 'frobnicatefs|no such device'
	member '.mounts += [{destination: "/etc/passwd", type: "tmpfs", source: "tmpfs"}]' 'not a directory|/etc/passwd'
}

@test "numbers of groups and limits out of range" {
	member '.linux.resources.memory = {limit: "1G"}' .
	member '.linux.resources.cpu = {shares: -1}' .
	member '.linux.resources.cpu = {cpus: "frobnicate"}' .
	member '.process.oomScoreAdj = 100000' .
	member '.process.user.additionalGids = [-1]' .
}

@test "a failed start leaves no trace in the bundle's neighbourhood" {
	local before
	before=$(find "$BATS_TEST_TMPDIR" | sort)
	edit '.process.args = ["missing"]'
	run -1 runtime run "$ID"
	run -1 runtime create "$ID"
	equal "$(find "$BATS_TEST_TMPDIR" -not -path "$STATE/*" -not -path "$STATE" | sort)" "$(grep -v "^$STATE" <<<"$before")"
}
