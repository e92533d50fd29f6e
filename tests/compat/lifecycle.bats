#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # variables of the cases' scripts and of bats
# Commands on containers in every state, their exit statuses, what they print, and exec.

load compare

@test "a container's life" {
	local signal
	local sleeping='.process.args = ["sleep", "1000"]'
	steps "create, start" "$sleeping" 'step rt create "$ID" >/dev/null; status; step rt start "$ID"; status; step rt start "$ID"; step rt delete "$ID"; step rt kill "$ID" KILL; ended; status; step rt start "$ID"; step rt kill "$ID"; step rt delete "$ID"; step rt state "$ID"'
	steps "create, delete" "$sleeping" 'step rt create "$ID" >/dev/null; step rt delete "$ID"; step rt state "$ID"'
	steps "create, kill" "$sleeping" 'step rt create "$ID" >/dev/null; step rt kill "$ID" KILL; ended; status; step rt start "$ID"; step rt delete "$ID"'
	steps "create twice" "$sleeping" 'step rt create "$ID" >/dev/null; step rt create "$ID"; step rt run "$ID"'
	steps "state" "$sleeping | .annotations = {\"a\": \"b\", \"x.y\": \"z \\\" \"}" 'step rt run -d "$ID" >/dev/null; step rt state "$ID"'
	steps "state when stopped" '.process.args = ["true"]' 'step rt run -d "$ID" >/dev/null; ended; step rt state "$ID"; step rt exec "$ID" true; step rt ps "$ID" | wc -l; step rt kill "$ID" KILL; step rt kill --all "$ID" KILL; step rt pause "$ID"; step rt resume "$ID"'
	steps "list" "$sleeping" 'step rt run -d "$ID" >/dev/null; rt list | head -1 | tr -s " "; rt list | awk "NR > 1 { print \$1, \$3, \$4, \$6 }"; rt list -q; rt list -f json | jq -c "map(del(.pid, .created))"'
	running "ps of a container" 'step rt ps "$ID" >/dev/null'
	! has_groups || steps "ps" "$sleeping" 'step rt run -d "$ID" >/dev/null; rt ps "$ID" | head -1; rt ps "$ID" | wc -l; rt ps -f json "$ID" | jq length; step rt ps -f x "$ID"; rt ps "$ID" -o pid,comm | awk "{ print \$2 }"; step rt ps "$ID" -o comm'
	steps "pause" "$sleeping" 'step rt run -d "$ID" >/dev/null; step rt pause "$ID"; status; step rt pause "$ID"; step rt exec "$ID" true; step rt start "$ID"; step rt delete "$ID"; step rt resume "$ID"; status; step rt resume "$ID"; step rt pause "$ID"; step rt delete --force "$ID"; step rt state "$ID"'
	for signal in KILL SIGKILL kill 9 TERM sigterm 15 HUP 0 64 65 -1 FROBNICATE "" USR1; do
		running "kill $signal" "step rt kill \"\$ID\" \"$signal\""
	done
	running "kill without a signal" 'step rt kill "$ID"'
	# Older runc looks for the processes in the group that there is none of.
	! has_groups || running "kill --all" 'step rt kill --all "$ID" KILL; ended; status'
	running "trapped" 'sleep 0.2; step rt kill "$ID" TERM; ended; status' '.process.args = ["sh", "-c", "trap \"exit 3\" TERM; while :; do sleep 0.1; done"]'
	steps "pid file" "$sleeping" 'step rt run -d --pid-file pid "$ID" >/dev/null; [[ $(cat pid) == "$(rt state "$ID" | jq .pid)" ]] && echo same; stat -c %a pid; rm pid'
	steps "pid file that cannot be" "$sleeping" 'step rt run -d --pid-file /missing/pid "$ID"; step rt state "$ID"'
	steps "bundle" "$sleeping" 'cd /; step rt run -d -b "$BUNDLE" "$ID" >/dev/null; rt state "$ID" | jq -r .bundle'
	steps "keep" '.process.args = ["true"]' 'step rt run "$ID"; step rt state "$ID"'
	steps "host's pid namespace" "$sleeping | del(.linux.namespaces[] | select(.type == \"pid\"))" 'step rt run -d "$ID" >/dev/null; step rt exec -d "$ID" sleep 1000; step rt kill "$ID" KILL; ended; status; step rt delete "$ID"'
	finish
}

@test "commands without a container" {
	local command
	for command in state start kill delete pause resume ps events update exec; do
		same "$command of nothing" . "$command" "$ID"
		same "$command without an id" . "$command"
		same "$command with a bad option" . "$command" --frobnicate "$ID"
		same "$command of a bad id" . "$command" a/b
		same "$command of an empty id" . "$command" ""
	done
	for command in create run; do
		same "$command without an id" . "$command"
		same "$command of two" . "$command" a b
		same "$command with a bad option" . "$command" --frobnicate "$ID"
		for id in a/b .. . "" 'a b' 'a*' "$(printf 'x%.0s' {1..1025})" -x; do
			same "$command ${id:0:5}" . "$command" "$id"
		done
		same "$command, bundle missing" . "$command" -b /missing "$ID"
		same "$command, bundle a file" . "$command" -b /etc/passwd "$ID"
		same "$command, bundle without config" . "$command" -b / "$ID"
		same "$command, option without value" . "$command" --bundle
		same "$command, preserve-fds" . "$command" --preserve-fds x "$ID"
		same "$command, preserve-fds that are not there" . "$command" --preserve-fds 50 "$ID"
	done
	same "forced delete of nothing" . delete --force "$ID"
	same "list" . list
	same "list in JSON" . list -f json
	same "list quietly" . list -q
	same "list badly" . list -f x
	same "unknown command" . frobnicate
	same "unknown global option" . --frobnicate list
	same "bad log format" . --log-format x list
	same "log that cannot be" . --log /missing/log list
	same "spec where one is" . spec
	same "spec elsewhere" . spec -b /missing
	same "kill, three arguments" . kill a b c
	same "delete, two" . delete a b
	same "tty, detached" '.process.terminal = true' run -d "$ID"
	same "tty, create" '.process.terminal = true' create "$ID"
	same "socket without tty" . run --console-socket /missing "$ID"
	same "socket that is not there" '.process.terminal = true' run -d --console-socket /missing "$ID"
	same "socket that is none" '.process.terminal = true' run -d --console-socket /etc/passwd "$ID"
	finish
}

@test "configurations that are none" {
	local text
	for text in '' '{' '[]' '"x"' '{}' '{"ociVersion": 1}' '{"ociVersion": "1.0.0"} x' '{"ociVersion": "1.0.0", "process": []}' '{"ociVersion": "1.0.0", "process": {"args": "x"}}'; do
		steps "$text" . "printf '%s' '$text' >config.json; step rt run \"\$ID\"; step rt state \"\$ID\""
	done
	steps "missing" . 'rm config.json; step rt run "$ID"; cp original.json config.json'
	steps "a directory" . 'rm config.json; mkdir config.json; step rt run "$ID"; rmdir config.json; cp original.json config.json'
	same "unknown members" '.frobnicate = {a: 1} | .process.x = [] | .linux.y = null | .process.args = ["true"]'
	same "names in another case" '.process.Cwd = "/data" | del(.process.cwd) | .process.args = ["pwd"]'
	same "version 1.0.0" '.ociVersion = "1.0.0" | .process.args = ["true"]'
	same "null members" '.linux.resources = null | .linux.devices = null | .hooks = null | .annotations = null | .process.args = ["true"]'
	finish
}

@test "exec" {
	local user args cwd
	running "output" 'step rt exec "$ID" sh -c "echo out; echo err >&2"; step rt exec "$ID" sh -c "exit 42"; step rt exec "$ID" sh -c "kill -9 \$\$"'
	running "input" 'echo in | step rt exec "$ID" cat'
	running "programs" 'step rt exec "$ID" missing; step rt exec "$ID" /missing; step rt exec "$ID" /etc/passwd; step rt exec "$ID" /data; step rt exec "$ID"; step rt exec "$ID" ""'
	running "--" 'step rt exec "$ID" -- echo x'
	for cwd in / /data /missing x "" /etc/passwd /link; do
		running "--cwd $cwd" "step rt exec --cwd \"$cwd\" \"\$ID\" pwd"
	done
	for user in 0 1000 1000:2000 0:5 4242 x 1000:x -1 :5 1000:; do
		running "--user $user" "step rt exec --user \"$user\" \"\$ID\" sh -c 'grep -E \"^(Uid|Gid|Groups|Cap)\" /proc/self/status; echo \$HOME'"
	done
	# What newgidmap has mapped can be a group, too: docs/compatibility.md.
	has_ranges || running "--additional-gids" 'step rt exec -u 1000:1000 -g 7 -g 2000 "$ID" id -G'
	running "--env" 'step rt exec -e A=1 -e B= "$ID" env; step rt exec --env A "$ID" env; step rt exec --env =x "$ID" env; step rt exec --env PATH=/missing "$ID" env; step rt exec --env HOME=/x "$ID" env'
	running "--cap" 'step rt exec --cap CAP_SYS_ADMIN "$ID" grep Cap /proc/self/status; step rt exec --cap CAP_X "$ID" grep Cap /proc/self/status; step rt exec --cap cap_kill "$ID" grep Cap /proc/self/status'
	running "--cap of a user" 'step rt exec -u 1000 --cap CAP_SYS_ADMIN "$ID" grep Cap /proc/self/status'
	running "--no-new-privs" 'step rt exec --no-new-privs "$ID" grep NoNew /proc/self/status; step rt exec "$ID" grep NoNew /proc/self/status' '.process.noNewPrivileges = false'
	# A user's systemd moves casemate's process into the group; runc's stays where it was: docs/compatibility.md.
	local listed='rt ps -f json "$ID" | jq length'
	! { is_user && is_systemd; } || listed=true
	running "--detach" 'step rt exec -d --pid-file pid "$ID" sleep 500 >/dev/null; '"$listed"'; [[ $(cat pid) != "$(rt state "$ID" | jq .pid)" ]] && echo other; rm pid'
	running "--tty" 'step rt exec -t -d "$ID" true; step rt exec --console-socket /missing "$ID" true; step rt exec -t --console-socket /missing "$ID" true'
	running "--preserve-fds" 'step rt exec --preserve-fds 2 "$ID" cat /proc/self/fd/4 3<<<three 4<<<four; step rt exec --preserve-fds 50 "$ID" true; step rt exec --preserve-fds x "$ID" true'
	running "streams" 'step rt exec "$ID" sh -c "ls /proc/self/fd | wc -l"'
	for args in '{"args":["id"],"cwd":"/","env":["PATH=/bin"]}' '{"args":["id","-G"],"cwd":"/","env":["PATH=/bin"],"user":{"uid":5,"gid":6,"additionalGids":[7]}}' '{"args":["grep","Cap","/proc/self/status"],"cwd":"/","env":["PATH=/bin"]}' '{"args":["pwd"],"env":["PATH=/bin"]}' '{"args":[],"cwd":"/"}' '{' '[]' '{"args":["env"],"cwd":"/data"}'; do
		! has_ranges || [[ $args != *additionalGids* ]] || continue
		running "-p $args" "printf '%s' '$args' >process.json; step rt exec -p process.json \"\$ID\"; rm process.json"
	done
	running "-p missing" 'step rt exec -p /missing "$ID"'
	running "oom score" 'step rt exec "$ID" cat /proc/self/oom_score_adj' '.process.oomScoreAdj = 500'
	running "limits" 'step rt exec "$ID" cat /proc/self/limits'
	running "namespaces" 'step rt exec "$ID" sh -c "[ \$(readlink /proc/self/ns/mnt) = \$(readlink /proc/1/ns/mnt) ] && hostname; ls /proc/1/ns"'
	[[ $listed == true ]] || running "cgroup" 'step rt exec "$ID" sh -c "diff /proc/self/cgroup /proc/1/cgroup && echo same"'
	running "options after the id" 'step rt exec "$ID" ls -ld /'
	finish
}
