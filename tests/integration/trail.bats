#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2030,SC2031,SC2154 # variables of jq and of bats
# The audit trail, and that no value of an environment variable is in anything the runtime writes.

load helpers

SCHEMA=$REPOSITORY/docs/schema/trail.json

setup() {
	requires_casemate "has no audit trail"
	requires_root
	[[ " ${RUNTIME_ARGS:-} " != *policy* ]] || skip "another policy was asked for"
	setup_bundle
	TRAIL=$BATS_TEST_TMPDIR/trail.jsonl
}

teardown() {
	teardown_bundle
}

trail_to() {
	site_file "{\"trail\": $1}"
}

# Runs the container with a program that waits: as start_sleeping, on the site's host.
site_sleeping() {
	program sleep 1000
	site run --detach "$ID" </dev/null >"$OUT" 2>&1 || {
		cat "$OUT"
		return 1
	}
}

# The events of the trail as "EVENT OUTCOME", one a line.
events() {
	jq -r '"\(.event) \(.outcome)"' "$TRAIL"
}

@test "trail: a line of JSON for each thing that is done, as the schema says" {
	trail_to "\"$TRAIL\""
	program sleep 1000
	site create "$ID" </dev/null >"$OUT" 2>&1
	# What it was created with holds: these know of no site.
	run -0 runtime start "$ID"
	detached exec -d "$ID" sleep 1001
	run -0 runtime pause "$ID"
	run -0 runtime resume "$ID"
	run -0 runtime update --pids-limit 100 "$ID"
	run -0 runtime kill "$ID" KILL
	wait_status "$ID" stopped
	run -0 runtime delete "$ID"
	equal "$(events)" $'policy done\ncreate done\nstart done\nexec done\npause done\nresume done\nupdate done\nkill done\ndelete done'
	jq -s . "$TRAIL" >"$OUT"
	local i
	for ((i = 0; i < $(jq length "$OUT"); i++)); do
		valid_by "$SCHEMA" <(jq ".[$i]" "$OUT")
	done
	jq -se --arg id "$ID" 'all(.id == $id and .uid == 0 and .policies == "baseline")' "$TRAIL"
	jq -se '.[0].changes | any(.key == "maskedPaths" and .policy == "baseline")' "$TRAIL"
	jq -se '.[3].program == "sleep" and .[3].pid > 0 and .[7].signal == "KILL"' "$TRAIL"
	equal "$(stat -c %a "$TRAIL")" 600
}

@test "trail: a run in the foreground, to its end" {
	trail_to "\"$TRAIL\""
	program sh -c 'exit 7'
	run -7 site run "$ID"
	equal "$(events)" $'policy done\ncreate done\nstart done\nexit done'
	jq -se '.[3].status == 7' "$TRAIL"
}

@test "trail: refusals and failures, with the reason" {
	trail_to "\"$TRAIL\""
	program true
	without_namespace pid
	run -1 site run "$ID"
	edit '.linux.namespaces += [{type: "pid"}]'
	program /no/such/program
	run -1 site run "$ID"
	equal "$(jq -r 'select(.outcome != "done") | "\(.event) \(.outcome)"' "$TRAIL" | head -n 1)" 'create refused'
	jq -se '.[0].error | test("policy baseline: namespaces.require")' "$TRAIL"
	jq -se 'any(.outcome == "failed" and (.error | test("no such file or directory")))' "$TRAIL"
	: >"$TRAIL"
	site_sleeping
	run -255 runtime exec -p <(echo '{"args": ["/bin/true"], "cwd": "/", "capabilities": {"bounding": ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_NET_ADMIN", "CAP_DAC_READ_SEARCH"]}}') "$ID"
	run -1 runtime start "$ID"
	equal "$(jq -r 'select(.outcome != "done") | "\(.event) \(.outcome)"' "$TRAIL")" $'exec refused\nstart failed'
}

@test "trail: what the policy took from a process that joins" {
	trail_to "\"$TRAIL\""
	site_sleeping
	: >"$TRAIL"
	run -0 runtime exec "$ID" true
	run -0 runtime exec -p <(echo '{"args": ["/bin/true"], "cwd": "/", "noNewPrivileges": false}') "$ID"
	equal "$(events)" $'exec done\npolicy done\nexec done'
	jq -se '.[1].changes | length == 1 and (.[0] | .member == "process.noNewPrivileges" and .policy == "baseline")' "$TRAIL"
	valid_by "$SCHEMA" <(jq -s '.[1]' "$TRAIL")
}

@test "trail: a policy that a container may not select is a refusal" {
	trail_to "\"$TRAIL\""
	edit '.annotations = {"dev.casemate.policy": "off"}'
	program true
	run -1 site run "$ID"
	equal "$(events)" 'create refused'
}

@test "trail: locking and unlocking" {
	trail_to "\"$TRAIL\""
	echo '{"name": "mine", "exec": "lockable"}' >"$BATS_TEST_TMPDIR/mine.json"
	program sleep 1000
	site --policy "baseline,$BATS_TEST_TMPDIR/mine.json" run --detach "$ID" </dev/null >"$OUT" 2>&1
	: >"$TRAIL"
	run -0 runtime lock "$ID"
	run -255 runtime exec "$ID" true
	run -0 runtime unlock "$ID"
	run -0 runtime exec "$ID" true
	equal "$(events)" $'lock done\nexec refused\nunlock done\nexec done'
}

@test "trail: nothing is written, and nothing looked for, where none is configured" {
	start_sleeping
	jq -e 'has("trail") | not' "$STATE/$ID/state.json"
	requires_command strace
	run -0 strace -f -e trace=open,openat,connect -o "$OUT.strace" "$RUNTIME" --root "$STATE" kill "$ID" 0
	run -1 grep -E 'casemate.json|/dev/log|journal' "$OUT.strace"
}

@test "trail: one that cannot be written holds up nothing, and says so" {
	trail_to "\"$BATS_TEST_TMPDIR/missing/trail\""
	program true
	run -0 --separate-stderr site run "$ID"
	[[ $stderr == *"audit trail: write to $BATS_TEST_TMPDIR/missing/trail: no such file or directory"* ]]
	trail_to '"elsewhere"'
	run -1 site run "$ID"
	contains 'casemate.json: trail: found'
	nothing_created
}

@test "trail: to syslog and to the journal, in their own forms" {
	requires_command python3
	cat >"$BATS_TEST_TMPDIR/listen.py" <<-'END'
		import os, socket, sys, array
		path, out = sys.argv[1:]
		server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		server.bind(path)
		while True:
		    data, control, flags, address = server.recvmsg(1 << 20, socket.CMSG_SPACE(4))
		    for level, kind, fds in control:
		        fd = array.array("i", fds)[0]
		        data = b"FILE\n" + os.pread(fd, 1 << 20, 0)
		    with open(out, "ab") as file:
		        file.write(data + b"\n")
	END
	trail_to "[\"syslog\", \"journald\", \"$TRAIL\"]"
	mkdir -p dev journal
	python3 "$BATS_TEST_TMPDIR/listen.py" "$BUNDLE/dev/log" "$OUT.syslog" >/dev/null 2>&1 3>&- </dev/null &
	BACKGROUND+=($!)
	python3 "$BATS_TEST_TMPDIR/listen.py" "$BUNDLE/journal/socket" "$OUT.journal" >/dev/null 2>&1 3>&- </dev/null &
	BACKGROUND+=($!)
	wait_for test -S dev/log -a -S journal/socket
	program true
	# A host whose /dev/log and journal are those.
	run -0 unshare -m --propagation slave sh -c 'set -e
		mount -t overlay -o "lowerdir=$1:/etc" site /etc
		if [ ! -e /dev/log ]; then : >/dev/log; made=yes; fi
		mount --bind dev/log /dev/log
		mkdir -p /run/systemd
		mount -t tmpfs tmpfs /run/systemd
		mkdir /run/systemd/journal
		: >/run/systemd/journal/socket
		mount --bind journal/socket /run/systemd/journal/socket
		shift
		"$@"
		umount /dev/log
		[ -z "$made" ] || rm /dev/log' sh "$SITE" "$RUNTIME" --root "$STATE" run "$ID" 3>&-
	wait_for grep -q '"event":"exit"' "$OUT.journal"
	wait_for grep -q '"event":"exit"' "$OUT.syslog"
	grep -Eq '^<85>[A-Z][a-z]{2} [ 0-9][0-9] [0-9:]{8} casemate\[[0-9]+\]: \{"time":' "$OUT.syslog"
	sed 's/^<[0-9]*>.* casemate\[[0-9]*\]: //' "$OUT.syslog" | diff - "$TRAIL"
	sed -n 's/^MESSAGE=//p' "$OUT.journal" | diff - "$TRAIL"
	grep -q '^CASEMATE_EVENT=create$' "$OUT.journal"
	grep -q '^PRIORITY=5$' "$OUT.journal"
	grep -q "^CASEMATE_ID=$ID\$" "$OUT.journal"
	grep -q '^SYSLOG_IDENTIFIER=casemate$' "$OUT.journal"
}

@test "secrets: hooks that run later have their environment all the same" {
	edit '.hooks = {
		poststart: [{path: "/bin/sh", args: ["sh", "-c", "cat >/dev/null; echo start $HOOK >>" + $out], env: ["HOOK=one"]}],
		poststop: [{path: "/bin/sh", args: ["sh", "-c", "cat >/dev/null; echo stop $HOOK >>" + $out], env: ["HOOK=two"]}]}' --arg out "$OUT.hooks"
	program sleep 1000
	runtime create "$ID" </dev/null >"$OUT" 2>&1
	run -0 runtime start "$ID"
	run -0 runtime delete --force "$ID"
	equal "$(cat "$OUT.hooks")" $'start one\nstop two'
}

@test "secrets: no value of an environment variable is in anything that is written" {
	local secret=s3cret-$RANDOM$RANDOM
	trail_to "\"$TRAIL\""
	edit '.process.env += ["TOKEN=" + $s] | .hooks = {
			prestart: [{path: "/bin/sh", args: ["sh", "-c", "cat >/dev/null"], env: ["HOOK=" + $s]}],
			poststart: [{path: "/bin/sh", args: ["sh", "-c", "cat >/dev/null"], env: ["HOOK=" + $s]}],
			poststop: [{path: "/bin/sh", args: ["sh", "-c", "cat >/dev/null; exit 1"], env: ["HOOK=" + $s]}]}' --arg s "$secret"
	program sleep 1000
	{
		site --debug --log "$OUT.log" run --detach "$ID" </dev/null
		runtime --debug --log "$OUT.log" exec --env "OTHER=$secret" "$ID" true
		runtime --debug exec --env "OTHER=$secret" "$ID" /no/such/program || true
		runtime --debug exec -p <(jq -n '{args: ["/bin/true"], cwd: "/", env: ["DOC=" + $s]}' --arg s "$secret") "$ID"
		runtime exec -p <(jq -n '{args: ["/bin/true"], cwd: "relative", env: ["DOC=" + $s]}' --arg s "$secret") "$ID" || true
		runtime exec -p <(jq -n '{args: 1, cwd: "/", env: ["DOC=" + $s]}' --arg s "$secret") "$ID" || true
		runtime exec -p <(jq -n '{args: ["/bin/true"], cwd: "/", env: [$s, 1]}' --arg s "$secret") "$ID" || true
		runtime state "$ID"
		runtime list --format json
		for form in text json config; do
			runtime explain --format "$form" .
			runtime explain --format "$form" "$ID"
		done
		for form in text json sarif; do
			runtime audit --format "$form" .
			runtime audit --format "$form" "$ID"
		done
		for form in text json; do runtime verify --format "$form" "$ID" || true; done
	} >"$OUT.all" 2>&1
	cp -a "$STATE" "$OUT.state"
	runtime --debug delete --force "$ID" >>"$OUT.all" 2>&1
	# A document that is wrong right at the secret, and one that is not JSON behind it.
	jq '.process.env += [1]' config.json >wrong.json
	run -1 runtime run --config wrong.json "$ID"
	echo "$output" >>"$OUT.all"
	(head -c "$(($(grep -obF "$secret" config.json | head -n 1 | cut -d: -f1) + 4))" config.json) >cut.json
	run -1 runtime run --config cut.json "$ID"
	echo "$output" >>"$OUT.all"
	[[ -s $OUT.log && -s $TRAIL && -s $OUT.all && -s $OUT.state/$ID/config.json ]]
	run -1 grep -rlF "$secret" "$OUT.all" "$OUT.log" "$OUT.state" "$TRAIL"
}
