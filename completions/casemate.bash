# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Completion of casemate for bash.

_casemate_commands='audit checkpoint create delete events exec explain features help kill list lock pause policy ps
	restore resume run setup spec start state unlock update verify'

_casemate_create_options='-b --bundle -f --config --console-socket --pidfd-socket --pid-file --no-pivot --no-new-keyring
	--preserve-fds'

_casemate_image_options='--image-path --work-path --tcp-established --ext-unix-sk --shell-job --file-locks --lazy-pages
	--manage-cgroups-mode --empty-ns --auto-dedup'

# The names of the policies there are.
_casemate_policies()
{
	casemate policy list --format json 2>/dev/null | sed -n 's/^    "name": "\(.*\)",$/\1/p'
}

# The options of command $1 (empty: the global ones).
_casemate_options()
{
	case $1 in
	'') echo '--root --policy --log --log-format --debug --cgroup-manager --systemd-cgroup --rootless --criu' \
		'-v --version' ;;
	audit) echo '-f --format --min-score' ;;
	checkpoint) echo "$_casemate_image_options" '--parent-path --leave-running --pre-dump --tcp-skip-in-flight' \
		'--link-remap --status-fd --page-server' ;;
	restore) echo "$_casemate_image_options" '-b --bundle -f --config --console-socket --pid-file -d --detach' \
		'--no-subreaper --no-pivot --lsm-profile --lsm-mount-context' ;;
	create) echo "$_casemate_create_options" ;;
	run) echo "$_casemate_create_options -d --detach --keep --no-subreaper" ;;
	delete) echo '-f --force' ;;
	events) echo '--interval --stats' ;;
	exec) echo '-p --process -t --tty -u --user -g --additional-gids --cwd -e --env -c --cap --no-new-privs' \
		'--process-label --apparmor --cgroup --ignore-paused -d --detach --console-socket' \
		'--pidfd-socket --pid-file --preserve-fds' ;;
	explain | ps) echo '-f --format' ;;
	kill) echo '-a --all' ;;
	policy) echo '-f --format -s --source' ;;
	list) echo '-f --format -q --quiet' ;;
	setup) echo '-p --policy --file --name -d --default -n --dry-run --undo' ;;
	spec) echo '-b --bundle --rootless' ;;
	unlock) echo '-c --code' ;;
	verify) echo '-f --format -q --quiet' ;;
	update) echo '-r --resources --blkio-weight --cpu-period --cpu-quota --cpu-burst --cpu-share' \
		'--cpu-rt-period --cpu-rt-runtime --cpu-idle --cpuset-cpus --cpuset-mems --memory' \
		'--memory-reservation --memory-swap --pids-limit --l3-cache-schema --mem-bw-schema' ;;
	esac
	echo '-h --help'
}

# What may follow option $2 of command $1: a kind of value, or nothing where it takes none.
_casemate_value()
{
	case $1:$2 in
	:--policy | setup:-p | setup:--policy) echo policies ;;
	setup:--name) echo other ;;
	setup:--file) echo file ;;
	*:--root | *:-b | *:--bundle | *:--image-path | *:--work-path | *:--parent-path) echo directory ;;
	:--log | :--criu | *:--*-socket | *:--pid-file | exec:-p | exec:--process | update:-r | \
		update:--resources) echo file ;;
	:--log-format) echo 'text json' ;;
	:--cgroup-manager) echo 'cgroupfs systemd disabled' ;;
	:--rootless) echo 'true false auto' ;;
	explain:-f | explain:--format) echo 'text json config' ;;
	audit:-f | audit:--format) echo 'text json sarif' ;;
	audit:--min-score) echo '6 7 8 9 10' ;;
	verify:-f | verify:--format) echo 'text json' ;;
	*:--format | list:-f | policy:-f | ps:-f) echo 'table json' ;;
	update:--cpu-idle) echo '0 1' ;;
	*:--manage-cgroups-mode) echo 'soft full strict ignore' ;;
	*:--empty-ns) echo network ;;
	*:--preserve-fds | unlock:-c | unlock:--code | *:--status-fd | *:--page-server | *:--lsm-* | exec:-u | exec:--user | exec:-g | exec:--additional-gids | exec:--cwd | exec:-e | \
		exec:--env | exec:-c | exec:--cap | exec:--process-label | exec:--apparmor | exec:--cgroup | \
		events:--interval | update:--*) echo other ;;
	esac
}

_casemate()
{
	local word previous words=() command='' root=() arguments=0 i value kind stacked=''

	# bash splits --root=DIR in three.
	for value in "${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
		[[ $value == '=' ]] || words+=("$value")
	done
	[[ ${COMP_WORDS[COMP_CWORD]} != '=' ]] || words+=('')
	word=${words[-1]} previous=${words[-2]}

	COMPREPLY=()
	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		value=${words[i]}
		if [[ $value == -* ]]; then
			[[ $value == --root ]] && root=(--root "${words[i + 1]}")
			[[ $(_casemate_value "$command" "$value") ]] && ((i++))
		elif [[ ! $command ]]; then
			command=$value
		else
			((arguments++))
		fi
	done

	kind=$(_casemate_value "$command" "$previous")
	case $kind in
	directory) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
	file) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	policies) # one more behind each comma
		[[ $word == *,* ]] && stacked=${word%,*},
		mapfile -t COMPREPLY < <(compgen -P "$stacked" -W "$(_casemate_policies)" -- "${word##*,}"
			compgen -P "$stacked" -f -- "${word##*,}")
		;;
	other) ;;
	?*) mapfile -t COMPREPLY < <(compgen -W "$kind" -- "$word") ;;
	esac
	[[ $kind ]] && return

	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_casemate_options "$command")" -- "$word")
		return
	fi
	case $command:$arguments in
	:*) mapfile -t COMPREPLY < <(compgen -W "$_casemate_commands" -- "$word") ;;
	help:0) mapfile -t COMPREPLY < <(compgen -W "$_casemate_commands" -- "$word") ;;
	kill:1) mapfile -t COMPREPLY < <(compgen -A signal -- "$word" | grep ^SIG) ;;
	setup:0) mapfile -t COMPREPLY < <(compgen -W 'docker podman containerd' -- "$word") ;;
	policy:0) mapfile -t COMPREPLY < <(compgen -W 'list show check' -- "$word") ;;
	policy:*)
		mapfile -t COMPREPLY < <(compgen -W "$(_casemate_policies)" -- "$word"
			compgen -f -- "$word")
		;;
	delete:0 | events:0 | exec:0 | kill:0 | lock:0 | pause:0 | ps:0 | resume:0 | start:0 | state:0 | update:0 | \
		unlock:0 | verify:0)
		mapfile -t COMPREPLY < <(compgen -W "$(casemate "${root[@]}" list -q 2>/dev/null)" -- "$word")
		;;
	audit:0 | explain:0)
		mapfile -t COMPREPLY < <(compgen -W "$(casemate "${root[@]}" list -q 2>/dev/null)" -- "$word"
			compgen -d -- "$word")
		;;
	esac
}

complete -o filenames -F _casemate casemate
