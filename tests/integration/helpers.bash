# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # jq's variables; bats' variables; what is set for the tests
#
# What every test of a running program shares: a bundle of busybox, a state root of its own, and the proof that
# nothing is left behind.
#
#   RUNTIME       the program under test (build/casemate). `RUNTIME=runc` proves the tests themselves.
#   RUNTIME_ARGS  global options put in front of every command, such as "--policy off"
#   BUILD         where test programs are compiled to (build)

bats_require_minimum_version 1.5.0

REPOSITORY=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BUILD=${BUILD:-$REPOSITORY/build}
[[ $BUILD == /* ]] || BUILD=$REPOSITORY/$BUILD
RUNTIME=${RUNTIME:-$BUILD/casemate}
RUNTIME=$(command -v "$RUNTIME" || echo "$RUNTIME")
read -ra RUNTIME_OPTIONS <<<"${RUNTIME_ARGS:-}"
# What the program calls itself: runc under that name only.
NAME=casemate
[[ $(basename "$RUNTIME") != runc ]] || NAME=runc

# The messages below are compared in English.
export LC_ALL=C

runtime() {
	# Descriptor 3 is bats' own: a container that kept it would keep bats waiting.
	"$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" "$@" 3>&-
}

is_runc() {
	[[ $NAME == runc ]]
}

# Without a policy the program does what runc does, to the letter.
policy_is_off() {
	is_runc || [[ " ${RUNTIME_ARGS:-} " == *" --policy off "* || " ${RUNTIME_ARGS:-} " == *" --policy=off "* ]]
}

requires_policy_off() {
	policy_is_off || skip "the default policy forbids this: see policy.bats"
}

requires_casemate() {
	! is_runc || skip "runc ${1:-does not have this}"
}

# Debian's runc is older than the behaviour that is tested.
requires_newer_runc() {
	! is_runc || skip "newer than Debian's runc: $1"
}

requires_command() {
	local name
	for name in "$@"; do
		command -v "$name" >/dev/null || skip "there is no $name"
	done
}

requires_root() {
	((EUID == 0)) || skip "needs root"
}

requires_controller() {
	local name
	for name in "$@"; do
		cgroup_directory "$name" >/dev/null || skip "the cgroup controller $name is not there"
	done
}

# The mount point of controller $1's hierarchy, and the host's own group in it.
cgroup_directory() {
	local mount
	mount=$(awk -v name="$1" '{
		for (i = 7; $i != "-"; i++) ;
		type = $(i + 1); options = "," $(i + 3) ","
		if (type == "cgroup" && index(options, "," name ",")) { print $5; exit }
	}' /proc/self/mountinfo)
	if [[ -z $mount ]]; then
		mount=$(awk '$9 == "cgroup2" || $8 == "cgroup2" { print $5; exit }' /proc/self/mountinfo)
		# Freezing takes no controller there.
		[[ -n $mount && $1 == freezer ]] || grep -qsw "$1" "$mount/cgroup.controllers" || return 1
	fi
	echo "$mount"
}

# The directory of container $2's group ($ID's) in controller $1's hierarchy.
container_cgroup() {
	local mount path pid
	mount=$(cgroup_directory "$1") || return 1
	pid=$(runtime state "${2:-$ID}" | jq .pid)
	path=$(awk -F: -v name="$1" '
		index("," $2 ",", "," name ",") { found = $3 }
		$1 == 0 && unified == "" { unified = $3 }
		END { print found != "" ? found : unified }' "/proc/$pid/cgroup")
	echo "$mount$path"
}

# [ID]: /proc/PID/cgroup of the container, for the hierarchies that are mounted: one that was lives on while it has groups.
container_groups() {
	local line controllers mount
	while IFS= read -r line; do
		controllers=${line#*:}
		controllers=${controllers%%:*}
		mount=" - cgroup .*[ ,]$controllers(,|\$)"
		[[ -n $controllers ]] || mount=' - cgroup2 '
		if grep -qE "$mount" /proc/self/mountinfo; then echo "$line"; fi
	done <"/proc/$(container_pid "$@")/cgroup"
}

# A value of the group, by the file name of v1 and of v2.
cgroup_value() {
	local directory
	directory=$(container_cgroup "$1") || return 1
	if [[ -e $directory/$2 ]]; then
		cat "$directory/$2"
	else
		cat "$directory/$3"
	fi
}

# Compiles tests/helpers/$1.c (or $1 itself) once and prints where it is.
helper() {
	local source=$REPOSITORY/tests/helpers/$1.c program=$BUILD/tests/helpers/$1
	if [[ ! -x $program || $source -nt $program ]]; then
		mkdir -p "$(dirname "$program")"
		${CC:-gcc} -D_GNU_SOURCE -std=gnu17 -O1 -Wall -Wextra -static -o "$program.$$" "$source" &&
			mv "$program.$$" "$program"
	fi
	echo "$program"
}

# A root filesystem of busybox, copied by every test.
make_rootfs_template() {
	local directory=$BATS_RUN_TMPDIR/rootfs-template
	[[ ! -d $directory ]] || return 0
	local new=$directory.$$ busybox
	# Its symbolic links are absolute: it goes where it is on the host.
	busybox=$(readlink -f "$(command -v busybox)")
	mkdir -p "$new"/{bin,dev,etc,home,proc,root,sys,tmp,var} "$new$(dirname "$busybox")"
	cp "$busybox" "$new$busybox"
	busybox --install -s "$new/bin"
	cp "$(helper probe)" "$new/bin/probe"
	printf 'root:x:0:0:root:/root:/bin/sh\ntester:x:1000:1000::/home/tester:/bin/sh\n' >"$new/etc/passwd"
	printf 'root:x:0:\ntty:x:5:\ntester:x:1000:\nextra:x:2000:tester\n' >"$new/etc/group"
	chmod 1777 "$new/tmp"
	mv -T "$new" "$directory" 2>/dev/null || rm -rf "$new"
}

# $ID is this test's container; others it makes are named $ID-something. $BUNDLE is the working directory.
setup_bundle() {
	ID=it-$$-$BATS_TEST_NUMBER
	STATE=$BATS_TEST_TMPDIR/state
	# What the machine has one of is kept in the default state root, and can be had on that file system alone.
	((EUID != 0)) || STATE=/run/casemate-$ID
	BUNDLE=$BATS_TEST_TMPDIR/bundle
	OUT=$BATS_TEST_TMPDIR/out
	BACKGROUND=()
	MOUNTED=()
	[[ -x $RUNTIME ]] || skip "there is no $RUNTIME"
	make_rootfs_template
	mkdir -p "$BUNDLE"
	cp -a "$BATS_RUN_TMPDIR/rootfs-template" "$BUNDLE/rootfs"
	cd "$BUNDLE" || return
	if ((EUID == 0)); then
		"$RUNTIME" spec
	else
		"$RUNTIME" spec --rootless
	fi
	edit '.process.terminal = false'
}

# What is started through a shell function has a shell in between, whose end its children would survive.
kill_tree() {
	local child
	# shellcheck disable=SC2013 # words are what the file has
	for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
		kill_tree "$child"
	done
	kill -KILL "$1" 2>/dev/null || true
}

teardown_bundle() {
	[[ -n ${STATE:-} && -d ${BUNDLE:-} ]] || return 0
	local id pid mount
	cd "$BATS_TEST_TMPDIR" || return
	for id in $(runtime list -q 2>/dev/null); do
		runtime delete --force "$id" || true
	done
	for pid in "${BACKGROUND[@]}"; do
		kill_tree "$pid"
		wait "$pid" 2>/dev/null || true
	done
	for mount in "${MOUNTED[@]}"; do
		umount -R "$mount"
	done
	assert_nothing_left
	((EUID != 0)) || rm -rf "/run/casemate-$ID" "/run/casemate-$ID".*
}

# Mounts something on the host for the time of the test: on_host [MOUNT OPTIONS...] TARGET
on_host() {
	local target
	target=$(realpath "${*: -1}")
	mount "${@:1:$#-1}" "$target"
	MOUNTED=("$target" "${MOUNTED[@]}")
}

# No process, mount or group of this test is left.
assert_nothing_left() {
	local left attempt
	for attempt in 1 2 3 4 5 6 7 8 9 10; do
		left=$(
			grep -lsF "$BATS_TEST_TMPDIR" /proc/[0-9]*/mountinfo | sed 's/^/still mounted in: /'
			find /sys/fs/cgroup -depth -type d -name "*it-$$-$BATS_TEST_NUMBER*" 2>/dev/null |
				sed 's/^/cgroup: /'
			runtime list -q 2>/dev/null | sed 's/^/state: /'
		)
		[[ -n $left ]] || return 0
		sleep 0.1
	done
	echo "left behind: $(head -n 5 <<<"$left")"
	return 1
}

# Editing config.json

# edit FILTER [JQ OPTIONS...]
edit() {
	local filter=$1
	shift
	jq "$@" "$filter" config.json >config.json.new && mv config.json.new config.json
}

# What the container runs: program COMMAND [ARGUMENT...]
program() {
	edit '.process.args = $program' --argjson program "$(json_array "$@")"
}

json_array() {
	jq -cn '$ARGS.positional' --args -- "$@"
}

# Adds a mount: mount_entry DESTINATION TYPE SOURCE [OPTION...]
mount_entry() {
	local destination=$1 type=$2 source=$3
	shift 3
	edit '.mounts += [{destination: $d, type: $t, source: $s, options: $o}]' \
		--arg d "$destination" --arg t "$type" --arg s "$source" --argjson o "$(json_array "$@")"
}

# Gives the container a user namespace: root is 100000, and the rootfs belongs to it.
user_namespace() {
	edit '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 200000, size: 65536}]'
	chown -hR 100000:200000 rootfs
	# Root inside must be able to walk to its rootfs.
	local directory=$BUNDLE
	while [[ $directory != / ]]; do
		chmod a+x "$directory"
		directory=$(dirname "$directory")
	done
}

without_namespace() {
	edit 'del(.linux.namespaces[] | select(.type == $type)) | if $type == "uts" then del(.hostname) else . end' --arg type "$1"
}

# Running

# Runs the container in the background with a program that waits: start_sleeping [ID [OPTION...]]
start_sleeping() {
	local id=${1:-$ID}
	[[ $# -eq 0 ]] || shift
	program sleep 1000
	detached run --detach "$@" "$id"
}

# A site's file and policies for the commands that `site` runs: site_file JSON, and files in $SITE/casemate/policies.
site_file() {
	requires_root
	SITE=$BATS_TEST_TMPDIR/etc
	mkdir -p "$SITE/casemate/policies"
	chmod -R go-w "$SITE"
	echo "$1" >"$SITE/casemate/casemate.json"
}

# The program as `runtime` calls it, on a host with that site, and a default state root of its own where $MACHINE is one.
site() {
	[[ -z ${MACHINE:-} ]] || mkdir -p "$MACHINE" /run/casemate
	unshare -m --propagation slave sh -c 'mount -t overlay -o "lowerdir=$0:/etc" site /etc &&
		{ [ -z "$1" ] || mount --bind "$1" /run/casemate; } && shift && exec "$@"' \
		"$SITE" "${MACHINE:-}" "$RUNTIME" "${RUNTIME_OPTIONS[@]}" --root "$STATE" "$@" 3>&-
}

# Whether the document $2 is what the JSON schema $1 says.
valid_by() {
	local python
	for python in python3 /usr/bin/python3; do
		"$python" -c 'import jsonschema' 2>/dev/null || continue
		"$python" - "$1" "$2" <<-'END'
			import json, sys, jsonschema
			schema, document = (json.load(open(name)) for name in sys.argv[1:])
			kind = jsonschema.validators.validator_for(schema)
			kind.check_schema(schema)
			errors = list(kind(schema).iter_errors(document))
			for error in errors:
			    print("/".join(map(str, error.absolute_path)), error.message[:200])
			sys.exit(1 if errors else 0)
		END
		return
	done
	skip "there is no jsonschema for Python"
}

# A command that must succeed and whose container lives on: its output goes to $OUT, for a pipe would be held open.
detached() {
	runtime "$@" </dev/null >"$OUT" 2>&1 || {
		echo "status $?: $*"
		cat "$OUT"
		return 1
	}
}

# A program of tests/helpers in the background, its output in file $1: background FILE PROGRAM [ARGUMENT...]
background() {
	local file=$1 program
	program=$(helper "$2")
	shift 2
	"$program" "$@" >"$file" 2>&1 3>&- </dev/null &
	BACKGROUND+=($!)
	wait_for grep -q . "$file"
}

# Repeats a command for up to five seconds until it succeeds.
wait_for() {
	local attempt
	for ((attempt = 0; attempt < 100; attempt++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	echo "gave up waiting for: $*"
	return 1
}

status_is() {
	[[ $(runtime state "$1" 2>/dev/null | jq -r .status) == "$2" ]]
}

wait_status() {
	wait_for status_is "$1" "$2"
}

container_pid() {
	runtime state "${1:-$ID}" | jq .pid
}

# Asserting

contains() {
	[[ $output == *"$1"* ]] || {
		printf 'expected to contain: %s\ngot: %s\n' "$1" "$output"
		return 1
	}
}

lacks() {
	[[ $output != *"$1"* ]] || {
		printf 'expected not to contain: %s\ngot: %s\n' "$1" "$output"
		return 1
	}
}

# Case does not matter, as engines compare texts.
matches() {
	grep -Eqi -- "$1" <<<"$output" || {
		printf 'expected to match: %s\ngot: %s\n' "$1" "$output"
		return 1
	}
}

is() {
	[[ $output == "$1" ]] || {
		printf 'expected: %s\ngot: %s\n' "$1" "$output"
		return 1
	}
}

equal() {
	[[ $1 == "$2" ]] || {
		printf 'expected: %s\ngot: %s\n' "$2" "$1"
		return 1
	}
}

# fails STATUS TEXT COMMAND...: one line on standard error that matches TEXT, nothing on standard output.
fails() {
	local expected=$1 text=$2
	shift 2
	run --separate-stderr "$@"
	if ((status != expected)) || [[ -n $output ]] || ! grep -Eqi -- "$text" <<<"$stderr" ||
		(($(wc -l <<<"$stderr") != 1)); then
		printf 'status %s (expected %s)\nstdout: %s\nstderr: %s\nexpected: %s\n' \
			"$status" "$expected" "$output" "$stderr" "$text"
		return 1
	fi
}

# The same, and there is no container afterwards.
refused() {
	local text=$1
	shift
	fails 1 "$text" runtime run "$@" "$ID"
	nothing_created
}

nothing_created() {
	run -0 runtime list -q
	is ""
}
