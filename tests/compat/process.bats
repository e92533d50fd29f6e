#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2154 # variables of jq and of bats
# The container's process: who it is, what it may, where it is, what it is given.

load compare

STATUS='.process.args = ["grep", "-E", "^(Cap|Uid|Gid|Groups|NoNewPrivs|Seccomp:)", "/proc/self/status"]'

@test "what the container sees of itself" {
	local view='.process.args = ["view"]'
	# What a user without groups sees of them: docs/compatibility.md.
	! is_user || has_groups || view+=' | del(.mounts[] | select(.destination == "/sys/fs/cgroup"))'
	same "spec's config" "$view"
	same "writable root" "$view | .root.readonly = false"
	same "user" "$view | .process.user = {uid: 1000, gid: 1000}"
	same "no capabilities" "$view | .process.capabilities = {}"
	same "no capabilities object" "$view | del(.process.capabilities)"
	same "environment" "$view | .process.env += [\"A=1\", \"B=\", \"C=x y\"]"
	same "cwd" "$view | .process.cwd = \"/data\""
	same "no masks" "$view | .linux.maskedPaths = [] | .linux.readonlyPaths = []"
	same "more masks" "$view | .linux.maskedPaths += [\"/data/file\", \"/data\", \"/missing\"]"
	same "host's network" "$view | del(.linux.namespaces[] | select(.type == \"network\")) | .mounts |= map(if .type == \"sysfs\" then .options = [\"ro\", \"nosuid\"] else . end)"
	same "host's ipc" "$view | del(.linux.namespaces[] | select(.type == \"ipc\"))"
	same "host's uts" "$view | del(.hostname) | del(.linux.namespaces[] | select(.type == \"uts\"))"
	same "cgroup namespace" "$view | .linux.namespaces += [{type: \"cgroup\"}]"
	same "no pivot" "$view" run --no-pivot "$ID"
	finish
}

@test "each capability, of root and of a user" {
	local name names
	names=$(jq -r '.process.capabilities.bounding | length' original.json)
	((names > 0))
	for name in $(capsh --print | sed -n 's/^Bounding set =//p' | tr ',' ' '); do
		name=${name^^}
		same "$name" "$STATUS | .process.capabilities |= map_values([\"$name\"])"
		same "$name of a user" "$STATUS | .process.user = {uid: 1000, gid: 1000} | .process.capabilities = {bounding: [\"$name\"], permitted: [\"$name\"], inheritable: [\"$name\"], ambient: [\"$name\"]}"
	done
	same "unknown" "$STATUS | .process.capabilities.bounding += [\"CAP_FROBNICATE\"]"
	same "lower case" "$STATUS | .process.capabilities.bounding += [\"cap_kill\"]"
	same "effective alone" "$STATUS | .process.capabilities = {effective: [\"CAP_KILL\"]}"
	same "bounding alone" "$STATUS | .process.capabilities = {bounding: [\"CAP_KILL\"]}"
	same "inheritable alone" "$STATUS | .process.capabilities = {inheritable: [\"CAP_KILL\"]}"
	same "permitted alone" "$STATUS | .process.capabilities = {permitted: [\"CAP_KILL\"]}"
	same "twice" "$STATUS | .process.capabilities.bounding = [\"CAP_KILL\", \"CAP_KILL\"]"
	finish
}

@test "users, groups, umask" {
	local uid gid umask
	for uid in 0 1 1000 65534 65535 2147483647; do
		for gid in 0 5 1000 2147483647; do
			same "$uid:$gid" "$STATUS | .process.user = {uid: $uid, gid: $gid}"
		done
	done
	# What newgidmap has mapped can be a group, too: docs/compatibility.md.
	has_ranges || same "groups" "$STATUS | .process.user.additionalGids = [7, 2000]"
	has_ranges || same "many groups" "$STATUS | .process.user.additionalGids = [range(1; 40)]"
	for umask in 0 2 18 63 511; do
		same "umask $umask" ".process.args = [\"sh\", \"-c\", \"umask\"] | .process.user.umask = $umask"
	done
	same "home" '.process.args = ["sh", "-c", "echo $HOME"] | .process.user.uid = 1000'
	same "home of nobody" '.process.args = ["sh", "-c", "echo $HOME"] | .process.user.uid = 4242'
	same "home given" '.process.args = ["sh", "-c", "echo $HOME"] | .process.env += ["HOME=/x"]'
	same "home empty" '.process.args = ["sh", "-c", "echo $HOME"] | .process.env += ["HOME="]'
	same "negative" "$STATUS | .process.user.uid = -1"
	same "too large" "$STATUS | .process.user.gid = 4294967296"
	same "text" "$STATUS | .process.user.uid = \"0\""
	same "no user" "$STATUS | del(.process.user)"
	same "new privileges" "$STATUS | .process.noNewPrivileges = false"
	same "no new privileges, as a user" "$STATUS | .process.user.uid = 1000 | .process.noNewPrivileges = true"
	finish
}

@test "resource limits, oom score" {
	local type score
	# Debian's runc hands on the soft limit that Go's runtime has raised for itself; since 1.2 its own is put back.
	ulimit -Sn "$(ulimit -Hn)"
	for type in AS CORE CPU DATA FSIZE LOCKS MEMLOCK MSGQUEUE NICE NOFILE NPROC RSS RTPRIO RTTIME SIGPENDING STACK; do
		same "RLIMIT_$type" ".process.args = [\"cat\", \"/proc/self/limits\"] | .process.rlimits = [{type: \"RLIMIT_$type\", soft: 1073741, hard: 1073742}]"
	done
	same "none" '.process.args = ["cat", "/proc/self/limits"] | del(.process.rlimits)'
	same "several" '.process.args = ["cat", "/proc/self/limits"] | .process.rlimits += [{type: "RLIMIT_CORE", soft: 1, hard: 2}, {type: "RLIMIT_STACK", soft: 8388608, hard: 16777216}]'
	same "unknown" '.process.rlimits[0].type = "RLIMIT_X"'
	same "lower case" '.process.rlimits[0].type = "rlimit_core"'
	same "soft above hard" '.process.rlimits[0] |= (.soft = 2 | .hard = 1)'
	local scores="0 1 500 1000 1001 -1001"
	# Lower than one's own only with CAP_SYS_RESOURCE: without, runc's error says nothing.
	! (echo -1000 >"/proc/$BASHPID/oom_score_adj") 2>/dev/null || scores+=" -1000 -1"
	for score in $scores; do
		same "oom $score" ".process.args = [\"cat\", \"/proc/self/oom_score_adj\"] | .process.oomScoreAdj = $score"
	done
	finish
}

@test "environment and arguments" {
	local env='.process.args = ["env"]' number
	same "twice" "$env | .process.env += [\"A=1\", \"A=2\"]"
	same "empty" "$env | .process.env += [\"A=\"]"
	same "with an equals sign" "$env | .process.env += [\"A=b=c\"]"
	same "blanks and lines" "$env | .process.env += [\"A= b\\nc \"]"
	same "no equals sign" "$env | .process.env += [\"A\"]"
	same "no name" "$env | .process.env += [\"=x\"]"
	same "UTF-8" "$env | .process.env += [\"Ä=ö\"]"
	same "no PATH" "$env | .process.env = [\"A=1\"]"
	same "no PATH, absolute" '.process.args = ["/bin/env"] | .process.env = ["A=1"]'
	same "empty PATH" "$env | .process.env = [\"PATH=\"]"
	same "PATH that ends elsewhere" "$env | .process.env = [\"PATH=/missing:/data:/bin\"]"
	same "no environment" '.process.args = ["/bin/env"] | del(.process.env)'
	same "many" "$env | .process.env += [range(500) | \"V\(.)=\(.)\"]"
	same "empty argument" '.process.args = ["sh", "-c", "echo $# $1", "sh", "", "x"]'
	same "many arguments" '.process.args = ["sh", "-c", "echo $#", "sh"] + [range(1000) | tostring]'
	same "no trailing newline" '.process.args = ["printf", "x"]'
	same "standard error" '.process.args = ["sh", "-c", "echo x >&2"]'
	same "standard input" '.process.args = ["cat"]'
	for number in 0 1 2 42 125 126 127 128 137 254 255; do
		same "status $number" ".process.args = [\"sh\", \"-c\", \"exit $number\"]"
	done
	for number in 1 2 3 6 9 10 12 13 14 15; do
		same "signal $number" ".process.args = [\"sh\", \"-c\", \"kill -$number \$\$; sleep 0.1\"] | del(.linux.namespaces[] | select(.type == \"pid\"))"
	done
	finish
}

@test "working directory and program" {
	local cwd
	for cwd in / /data /data/ /data/.. /data/../proc //data /link /private /new /new/below /proc/self /dev/shm; do
		same "cwd $cwd" ".process.args = [\"pwd\"] | .process.cwd = \"$cwd\""
	done
	same "made on a writable root" '.process.args = ["sh", "-c", "pwd; ls -ld . | cut -c1-10"] | .process.cwd = "/new/below" | .root.readonly = false'
	same "a user's" '.process.args = ["pwd"] | .process.cwd = "/private" | .process.user = {uid: 1000, gid: 1000}'
	same "relative" '.process.cwd = "x"'
	same "empty" '.process.cwd = ""'
	same "none" 'del(.process.cwd)'
	same "a file" '.process.cwd = "/etc/passwd"'
	same "below a file" '.process.cwd = "/etc/passwd/x"'
	same "relative program" '.process.args = ["./busybox", "true"] | .process.cwd = "/bin"'
	same "relative program that is missing" '.process.args = ["./x"] | .process.cwd = "/bin"'
	same "missing program" '.process.args = ["missing"]'
	same "missing path" '.process.args = ["/missing/path"]'
	same "not executable" '.process.args = ["/etc/passwd"]'
	same "not executable for a user" '.process.args = ["/private/x"] | .process.user = {uid: 1000, gid: 1000}'
	same "through a file" '.process.args = ["/etc/passwd/x"]'
	same "a dangling program" '.process.args = ["/dangling"]'
	same "empty program" '.process.args = [""]'
	same "no arguments" '.process.args = []'
	same "no args" 'del(.process.args)'
	same "no process" 'del(.process)'
	same "process is null" '.process = null'
	finish
}
