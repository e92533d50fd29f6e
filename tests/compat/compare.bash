# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # the script's variables; bats' variables
#
# The same bundle, command and options with runc and with casemate --policy off: exit statuses, output, what the
# container sees of itself, and the class of the error as engines tell it must be the same.
#
# A case is one line: its name, what jq changes in `spec`'s config, and what is run (`run $ID` where nothing is said):
#
#   same NAME FILTER [COMMAND [ARGUMENT...]]
#   steps NAME FILTER SCRIPT           several commands, each `rt COMMAND [ARGUMENT...]`
#
# Each case runs on every kind of host (host.bash), as far as it means something there.
#
# Where Debian's runc is too old to be the measure the case is not here, but in tests/integration, and where casemate
# means to differ it is in docs/compatibility.md. A test ends with `finish`: it shows every difference, not the first.

load ../integration/helpers
load host

setup() {
	requires_casemate "would be compared with itself"
	requires_command runc
	setup_bundle
	cp "$BATS_TEST_DIRNAME/view" rootfs/bin/view
	mkdir rootfs/data rootfs/private
	chmod 700 rootfs/private
	echo text >rootfs/data/file
	ln -s /data rootfs/link
	ln -s /missing rootfs/dangling
	mkdir -p "$BATS_TEST_TMPDIR/source/below"
	echo outside >"$BATS_TEST_TMPDIR/source/file"
	SOURCE=$BATS_TEST_TMPDIR/source
	setup_host
	cp config.json original.json
	DIFFERENT=0
	CASES=0
	export RUNTIME STATE ID BUNDLE SOURCE BATS_TEST_TMPDIR
}

teardown() {
	teardown_bundle
}

# What the steps of a case are run with.
PRELUDE='
rt() {
	case $WHO in
	runc) timeout 60 runc $GLOBAL --root "$BATS_TEST_TMPDIR/runc" "$@" ;;
	casemate) timeout 60 "$RUNTIME" --policy off $GLOBAL --root "$STATE" "$@" ;;
	esac
}
class_of() {
	case ${1,,} in
	# As long as there is no group for it.
	*"could not join or create cgroup"* | *"rootless needs no limits"* | *"has no cgroup"*) echo no-group ;;
	*"get all container pids"*) echo no-group ;;
	*"permission denied"* | *"operation not permitted"*) echo 126 ;;
	*"is a directory"*) echo 126 ;;
	*"not a directory"* | *"executable file not found"* | *"no such file or directory"*) echo 127 ;;
	*"container does not exist"*) echo not-found ;;
	*"already exists"*) echo exists ;;
	*"not running"* | *"process already finished"* | *"no such process"*) echo not-running ;;
	*"that is not stopped"*) echo not-stopped ;;
	*"cannot exec in a stopped"*) echo stopped ;;
	*"cannot exec in a paused"*) echo paused ;;
	*"cannot allocate tty"* | *"cannot use console socket"*) echo console ;;
	"") echo none ;;
	*) echo other ;;
	esac
}
# A step whose status, and class of error (the last line that is no warning), are compared.
step() {
	local status=0
	"$@" 2>"$STEP_ERROR" || status=$?
	echo "status $status"
	((status == 0)) || echo "class $(class_of "$(grep -vE "level=(warning|info)" "$STEP_ERROR" | tail -n 1)")"
	cat "$STEP_ERROR" >&2
}
status() {
	rt state "$ID" 2>/dev/null | jq -r .status
}
# All that systemd says of the unit, but for what it counts and when that was, where it keeps what it was told, and what is
# in docs/compatibility.md: weights, /dev/net/tun where there is none (yet), devices of a user manager.
unit() {
	[[ $GLOBAL == *--systemd-cgroup* ]] || return 0
	local manager=--system left_out="^(DropInPaths|NeedDaemonReload|CPUWeight|IOWeight)=|^DeviceAllow=/dev/char/10:200 "
	((EUID == 0)) || manager=--user left_out+="|^Device(Allow|Policy)="
	left_out+="|^[A-Za-z]*(Timestamp|TimestampMonotonic|Current|NSec|Bytes|Packets|Operations|Available|Id|ID)="
	systemctl $manager show "${1:-runc-$ID.scope}" | sort | grep -vE "$left_out"
}
ended() {
	local attempt
	for ((attempt = 0; attempt < 200; attempt++)); do
		[[ $(status) != stopped ]] || return 0
		sleep 0.02
	done
}
'

# What may differ: which of the two it is, when, which process, and the help that follows a wrong command line.
normal() {
	sed -E -e '/^(Incorrect Usage|NAME:)/,$d' \
		-e 's/(tmpfs rw[^ ]*),mode=755/\1/' \
		-e 's/("ociVersion": ?)"[^"]*"/\1VERSION/; s/"owner": "[^"]*"/"owner": OWNER/; s/^\}status/}\nstatus/' \
		-e 's/"pid": [1-9][0-9]*/"pid": PID/' \
		-e 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/' "$1"
}

# compared NAME FILTER SCRIPT [ARGUMENT...]
compared() {
	local name=$1 filter=$2 script=$3 who
	shift 3
	CASES=$((CASES + 1))
	jq "$filter" original.json >config.json || return 1
	for who in runc casemate; do
		WHO=$who GLOBAL=${OPTIONS[*]} STEP_ERROR=$OUT.step "${AS[@]}" bash -c "$PRELUDE$script" - "$@" </dev/null >"$OUT.$who" \
			2>"$OUT.$who.error" 3>&- || true
		normal "$OUT.$who" >"$OUT.$who.normal"
	done
	cmp -s "$OUT.runc.normal" "$OUT.casemate.normal" || {
		echo "$name: < runc, > casemate"
		diff "$OUT.runc.normal" "$OUT.casemate.normal" || true
		cat "$OUT.runc.error" "$OUT.casemate.error"
		DIFFERENT=$((DIFFERENT + 1))
	}
}

same() {
	local name=$1 filter=$2
	shift 2
	(($# > 0)) || set -- run "$ID"
	compared "$name" "$filter" 'step rt "$@"; [[ $1 == run ]] || rt delete --force "$ID" >/dev/null 2>&1' "$@"
}

steps() {
	compared "$1" "$2" "$3; rt delete --force \"\$ID\" >/dev/null 2>&1"
}

# The case is with a container that runs for a while: running NAME SCRIPT [FILTER]
running() {
	steps "$1" ".process.args = [\"sleep\", \"1000\"] | ${3:-.}" \
		"step rt run -d \"\$ID\" >/dev/null; $2"
}

finish() {
	echo "$CASES cases, $DIFFERENT differ"
	((DIFFERENT == 0 && CASES > 0))
}
