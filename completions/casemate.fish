# SPDX-License-Identifier: Apache-2.0
# Completion of casemate for fish.

set -l commands audit checkpoint create delete events exec explain features help kill list lock pause policy ps restore resume run setup spec start state unlock update verify

# The containers, below the --root the line has.
function __casemate_containers
    set -l root (commandline -opc | string match -rg -- '^--?root=(.*)')
    set -l words (commandline -opc)
    if set -l index (contains -i -- --root $words)
        set root $words[(math $index + 1)]
    end
    casemate (test -n "$root"; and echo -- --root=$root) list -q 2>/dev/null
end

# The policies, one more behind each comma.
function __casemate_policies
    set -l stacked (commandline -ct | string match -rg '^(?:-.*=)?(.*,)')
    casemate policy list --format json 2>/dev/null | string match -rg '^    "name": "(.*)",$' | string replace -r '^' "$stacked"
end

complete -c casemate -f

# global options
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -l root -xa '(__fish_complete_directories)' -d 'where the state of containers is kept'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -l policy -rF -a '(__casemate_policies)' -d 'policies the container is held to'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -l log -rF -d 'append the log to a file'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -l log-format -xa 'text json' -d "form of the log's lines"
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -l debug -d 'log what is done, step by step'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -l cgroup-manager -xa 'cgroupfs systemd disabled' -d 'who makes the cgroups'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -l systemd-cgroup -d 'the same as --cgroup-manager systemd'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -l rootless -xa 'true false auto' -d "work without the host's root"
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -l criu -rF -d 'the criu program'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -s v -l version -d 'show the version'
complete -c casemate -s h -l help -d 'show help'

# commands
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a audit -d 'score how hard a container is, and say what is missing'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a checkpoint -d 'save a running container to files'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a create -d 'create a container'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a delete -d 'remove a stopped container and all it holds'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a events -d 'print what a container uses'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a exec -d 'run one more process in a container'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a explain -d 'show what the policy changes, and why'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a features -d 'print what the runtime supports'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a help -d 'show the help of the program or of a command'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a kill -d "send a signal to a container's first process"
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a list -d 'list the containers'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a pause -d 'suspend all processes of a container'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a policy -d 'list, show and check policies'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a ps -d 'list the processes of a container'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a restore -d 'make a container again from a checkpoint'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a resume -d 'let the processes of a paused container go on'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a run -d 'create and run a container'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a setup -d 'register the runtime with an engine'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a spec -d 'write a config.json to start from'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a start -d 'run the program of a created container'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a state -d 'print the state of a container'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a lock -d 'close a container to exec'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a unlock -d 'open a locked container to exec again'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a update -d 'change the resource limits of a container'
complete -c casemate -n "not __fish_seen_subcommand_from $commands" -a verify -d 'compare a running container with what was planned'

# containers
complete -c casemate -n '__fish_seen_subcommand_from checkpoint delete events exec explain kill lock pause ps resume start state unlock update verify' \
    -a '(__casemate_containers)' -d container
complete -c casemate -n '__fish_seen_subcommand_from explain' -a '(__fish_complete_directories)'
complete -c casemate -n '__fish_seen_subcommand_from policy' -a 'list show check (__casemate_policies)' -F
complete -c casemate -n '__fish_seen_subcommand_from audit' -a '(__casemate_containers) (__fish_complete_directories)'
complete -c casemate -n '__fish_seen_subcommand_from setup' -a 'docker podman containerd'
complete -c casemate -n '__fish_seen_subcommand_from help' -a "$commands"

# checkpoint
complete -c casemate -n '__fish_seen_subcommand_from checkpoint' -l image-path -xa '(__fish_complete_directories)' -d "directory of CRIU's images"
complete -c casemate -n '__fish_seen_subcommand_from checkpoint' -l work-path -xa '(__fish_complete_directories)' -d "directory of CRIU's logs"
complete -c casemate -n '__fish_seen_subcommand_from checkpoint' -l tcp-established -d 'allow established TCP connections'
complete -c casemate -n '__fish_seen_subcommand_from checkpoint' -l ext-unix-sk -d 'allow unix sockets connected to the outside'
complete -c casemate -n '__fish_seen_subcommand_from checkpoint' -l shell-job -d 'allow a session or terminal of the outside'
complete -c casemate -n '__fish_seen_subcommand_from checkpoint' -l file-locks -d 'allow file locks'
complete -c casemate -n '__fish_seen_subcommand_from checkpoint' -l lazy-pages -d 'bring memory back as it is used'
complete -c casemate -n '__fish_seen_subcommand_from checkpoint' -l manage-cgroups-mode -xa 'soft full strict ignore' -d 'what CRIU does about cgroups'
complete -c casemate -n '__fish_seen_subcommand_from checkpoint' -l empty-ns -xa 'network' -d 'make this namespace without its contents'
complete -c casemate -n '__fish_seen_subcommand_from checkpoint' -l auto-dedup -d 'free what later images have again'
complete -c casemate -n '__fish_seen_subcommand_from checkpoint' -l parent-path -xa '(__fish_complete_directories)' -d 'images of an earlier pre-dump, relative to the images'
complete -c casemate -n '__fish_seen_subcommand_from checkpoint' -l leave-running -d 'let the container go on'
complete -c casemate -n '__fish_seen_subcommand_from checkpoint' -l pre-dump -d 'save the memory only'
complete -c casemate -n '__fish_seen_subcommand_from checkpoint' -l tcp-skip-in-flight -d 'leave out TCP connections that are not established yet'
complete -c casemate -n '__fish_seen_subcommand_from checkpoint' -l link-remap -d 'save open files whose name is gone'
complete -c casemate -n '__fish_seen_subcommand_from checkpoint' -l status-fd -x -d 'descriptor that hears when lazy pages can be had'
complete -c casemate -n '__fish_seen_subcommand_from checkpoint' -l page-server -x -d 'page server: address and port'

# create
complete -c casemate -n '__fish_seen_subcommand_from create' -s b -l bundle -xa '(__fish_complete_directories)' -d 'bundle directory'
complete -c casemate -n '__fish_seen_subcommand_from create' -s f -l config -rF -d 'configuration in the bundle'
complete -c casemate -n '__fish_seen_subcommand_from create' -l console-socket -rF -d 'unix socket that receives the master end of the terminal'
complete -c casemate -n '__fish_seen_subcommand_from create' -l pidfd-socket -rF -d 'unix socket that receives a pidfd of the first process'
complete -c casemate -n '__fish_seen_subcommand_from create' -l pid-file -rF -d 'write the process id to a file'
complete -c casemate -n '__fish_seen_subcommand_from create' -l no-pivot -d 'do not use pivot_root(2)'
complete -c casemate -n '__fish_seen_subcommand_from create' -l no-new-keyring -d "keep the caller's session keyring"
complete -c casemate -n '__fish_seen_subcommand_from create' -l preserve-fds -x -d 'pass more file descriptors'

# delete
complete -c casemate -n '__fish_seen_subcommand_from delete' -s f -l force -d 'kill a container that still runs'

# events
complete -c casemate -n '__fish_seen_subcommand_from events' -l interval -x -d 'time between two lines'
complete -c casemate -n '__fish_seen_subcommand_from events' -l stats -d 'print one line of statistics and stop'

# exec
complete -c casemate -n '__fish_seen_subcommand_from exec' -s p -l process -rF -d 'take the whole process from a file'
complete -c casemate -n '__fish_seen_subcommand_from exec' -s t -l tty -d 'give the process a terminal'
complete -c casemate -n '__fish_seen_subcommand_from exec' -s u -l user -x -d 'run as this user'
complete -c casemate -n '__fish_seen_subcommand_from exec' -s g -l additional-gids -x -d 'add a group'
complete -c casemate -n '__fish_seen_subcommand_from exec' -l cwd -x -d 'working directory in the container'
complete -c casemate -n '__fish_seen_subcommand_from exec' -s e -l env -x -d 'set an environment variable'
complete -c casemate -n '__fish_seen_subcommand_from exec' -s c -l cap -x -d 'add a capability'
complete -c casemate -n '__fish_seen_subcommand_from exec' -l no-new-privs -d 'set no_new_privs'
complete -c casemate -n '__fish_seen_subcommand_from exec' -l process-label -x -d 'SELinux label'
complete -c casemate -n '__fish_seen_subcommand_from exec' -l apparmor -x -d 'AppArmor profile'
complete -c casemate -n '__fish_seen_subcommand_from exec' -l cgroup -x -d "run in this group below the container's"
complete -c casemate -n '__fish_seen_subcommand_from exec' -l ignore-paused -d 'go ahead where the container is paused'
complete -c casemate -n '__fish_seen_subcommand_from exec' -s d -l detach -d 'do not wait for the process'
complete -c casemate -n '__fish_seen_subcommand_from exec' -l console-socket -rF -d 'unix socket that receives the master end of the terminal'
complete -c casemate -n '__fish_seen_subcommand_from exec' -l pidfd-socket -rF -d 'unix socket that receives a pidfd of the process'
complete -c casemate -n '__fish_seen_subcommand_from exec' -l pid-file -rF -d 'write the process id to a file'
complete -c casemate -n '__fish_seen_subcommand_from exec' -l preserve-fds -x -d 'pass more file descriptors'

# explain
complete -c casemate -n '__fish_seen_subcommand_from explain' -s f -l format -xa 'text json config' -d 'what to print'

# kill
complete -c casemate -n '__fish_seen_subcommand_from kill' -s a -l all -d 'signal every process of the container'

# list
complete -c casemate -n '__fish_seen_subcommand_from list' -s f -l format -xa 'table json' -d 'what to print'
complete -c casemate -n '__fish_seen_subcommand_from list' -s q -l quiet -d 'print the ids only'

# ps
complete -c casemate -n '__fish_seen_subcommand_from ps' -s f -l format -xa 'table json' -d 'what to print'

# restore
complete -c casemate -n '__fish_seen_subcommand_from restore' -s b -l bundle -xa '(__fish_complete_directories)' -d 'bundle directory'
complete -c casemate -n '__fish_seen_subcommand_from restore' -s f -l config -rF -d 'configuration in the bundle'
complete -c casemate -n '__fish_seen_subcommand_from restore' -l console-socket -rF -d 'unix socket that receives the master end of the terminal'
complete -c casemate -n '__fish_seen_subcommand_from restore' -l pid-file -rF -d 'write the process id to a file'
complete -c casemate -n '__fish_seen_subcommand_from restore' -s d -l detach -d "do not wait for the container's program"
complete -c casemate -n '__fish_seen_subcommand_from restore' -l no-subreaper -d 'do not adopt processes the container leaves behind'
complete -c casemate -n '__fish_seen_subcommand_from restore' -l no-pivot -d 'of no effect'
complete -c casemate -n '__fish_seen_subcommand_from restore' -l image-path -xa '(__fish_complete_directories)' -d "directory of CRIU's images"
complete -c casemate -n '__fish_seen_subcommand_from restore' -l work-path -xa '(__fish_complete_directories)' -d "directory of CRIU's logs"
complete -c casemate -n '__fish_seen_subcommand_from restore' -l tcp-established -d 'allow established TCP connections'
complete -c casemate -n '__fish_seen_subcommand_from restore' -l ext-unix-sk -d 'allow unix sockets connected to the outside'
complete -c casemate -n '__fish_seen_subcommand_from restore' -l shell-job -d 'allow a session or terminal of the outside'
complete -c casemate -n '__fish_seen_subcommand_from restore' -l file-locks -d 'allow file locks'
complete -c casemate -n '__fish_seen_subcommand_from restore' -l lazy-pages -d 'bring memory back as it is used'
complete -c casemate -n '__fish_seen_subcommand_from restore' -l manage-cgroups-mode -xa 'soft full strict ignore' -d 'what CRIU does about cgroups'
complete -c casemate -n '__fish_seen_subcommand_from restore' -l empty-ns -xa 'network' -d 'make this namespace without its contents'
complete -c casemate -n '__fish_seen_subcommand_from restore' -l auto-dedup -d 'free what later images have again'
complete -c casemate -n '__fish_seen_subcommand_from restore' -l lsm-profile -x -d 'AppArmor profile or SELinux label of the processes'
complete -c casemate -n '__fish_seen_subcommand_from restore' -l lsm-mount-context -x -d 'SELinux context of the mounts'

# run
complete -c casemate -n '__fish_seen_subcommand_from run' -s b -l bundle -xa '(__fish_complete_directories)' -d 'bundle directory'
complete -c casemate -n '__fish_seen_subcommand_from run' -s f -l config -rF -d 'configuration in the bundle'
complete -c casemate -n '__fish_seen_subcommand_from run' -l console-socket -rF -d 'unix socket that receives the master end of the terminal'
complete -c casemate -n '__fish_seen_subcommand_from run' -l pidfd-socket -rF -d 'unix socket that receives a pidfd of the first process'
complete -c casemate -n '__fish_seen_subcommand_from run' -l pid-file -rF -d 'write the process id to a file'
complete -c casemate -n '__fish_seen_subcommand_from run' -l no-pivot -d 'do not use pivot_root(2)'
complete -c casemate -n '__fish_seen_subcommand_from run' -l no-new-keyring -d "keep the caller's session keyring"
complete -c casemate -n '__fish_seen_subcommand_from run' -l preserve-fds -x -d 'pass more file descriptors'
complete -c casemate -n '__fish_seen_subcommand_from run' -s d -l detach -d "do not wait for the container's program"
complete -c casemate -n '__fish_seen_subcommand_from run' -l keep -d 'do not delete the container after it stops'
complete -c casemate -n '__fish_seen_subcommand_from run' -l no-subreaper -d 'do not adopt processes the container leaves behind'

# spec
complete -c casemate -n '__fish_seen_subcommand_from spec' -s b -l bundle -xa '(__fish_complete_directories)' -d 'where to write it'
complete -c casemate -n '__fish_seen_subcommand_from spec' -l rootless -d 'for a container that an ordinary user runs'

# policy
complete -c casemate -n '__fish_seen_subcommand_from policy' -s f -l format -xa 'table json' -d 'form of the list'
complete -c casemate -n '__fish_seen_subcommand_from policy' -s s -l source -d 'show a policy as it is written'

# unlock
complete -c casemate -n '__fish_seen_subcommand_from unlock' -s c -l code -x -d 'the one-time code'

# verify
complete -c casemate -n '__fish_seen_subcommand_from verify' -s f -l format -xa 'text json' -d 'what to print'
complete -c casemate -n '__fish_seen_subcommand_from verify' -s q -l quiet -d 'print only what is not in force'

# audit
complete -c casemate -n '__fish_seen_subcommand_from audit' -s f -l format -xa 'text json sarif' -d 'what to print'
complete -c casemate -n '__fish_seen_subcommand_from audit' -l min-score -xa '6 7 8 9 10' -d 'fail below this score'

# setup
complete -c casemate -n '__fish_seen_subcommand_from setup' -s p -l policy -xa '(__casemate_policies)' -d 'hold the containers to these policies'
complete -c casemate -n '__fish_seen_subcommand_from setup' -l file -rF -d "the engine's configuration"
complete -c casemate -n '__fish_seen_subcommand_from setup' -l name -x -d 'what the engine calls the runtime'
complete -c casemate -n '__fish_seen_subcommand_from setup' -s d -l default -d "make it the engine's default"
complete -c casemate -n '__fish_seen_subcommand_from setup' -s n -l dry-run -d 'show the change only'
complete -c casemate -n '__fish_seen_subcommand_from setup' -l undo -d 'take out what this command put there'

# update
complete -c casemate -n '__fish_seen_subcommand_from update' -s r -l resources -rF -d 'take the limits from a file'
complete -c casemate -n '__fish_seen_subcommand_from update' -l blkio-weight -x -d 'relative weight of block I/O'
complete -c casemate -n '__fish_seen_subcommand_from update' -l cpu-period -x -d 'period of the CPU quota'
complete -c casemate -n '__fish_seen_subcommand_from update' -l cpu-quota -x -d 'CPU time in a period'
complete -c casemate -n '__fish_seen_subcommand_from update' -l cpu-burst -x -d 'CPU time that may be saved up for a burst'
complete -c casemate -n '__fish_seen_subcommand_from update' -l cpu-share -x -d 'relative weight of CPU time'
complete -c casemate -n '__fish_seen_subcommand_from update' -l cpu-rt-period -x -d 'period of the realtime quota'
complete -c casemate -n '__fish_seen_subcommand_from update' -l cpu-rt-runtime -x -d 'realtime CPU time in a period'
complete -c casemate -n '__fish_seen_subcommand_from update' -l cpu-idle -xa '0 1' -d 'run only when nothing else wants the CPU'
complete -c casemate -n '__fish_seen_subcommand_from update' -l cpuset-cpus -x -d 'CPUs to use'
complete -c casemate -n '__fish_seen_subcommand_from update' -l cpuset-mems -x -d 'memory nodes to use'
complete -c casemate -n '__fish_seen_subcommand_from update' -l memory -x -d 'memory limit'
complete -c casemate -n '__fish_seen_subcommand_from update' -l memory-reservation -x -d 'memory that is kept under pressure'
complete -c casemate -n '__fish_seen_subcommand_from update' -l memory-swap -x -d 'limit of memory and swap together'
complete -c casemate -n '__fish_seen_subcommand_from update' -l pids-limit -x -d 'number of processes'
complete -c casemate -n '__fish_seen_subcommand_from update' -l l3-cache-schema -x -d 'shares of the L3 cache (Intel RDT)'
complete -c casemate -n '__fish_seen_subcommand_from update' -l mem-bw-schema -x -d 'shares of the memory bandwidth (Intel RDT)'
