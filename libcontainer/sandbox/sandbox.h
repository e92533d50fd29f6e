/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens between clone and exec.
 *
 * The runtime (the parent) plans everything in a struct sandbox, makes the child with sandbox_spawn(), serves
 * its few requests with sandbox_serve(), and tells it to start. The child carries out a table of steps: the
 * one in init.c for a container's first process, the one in join.c for a process that exec adds. It owns
 * nothing that outlives the execve(2).
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "cgroup/cgroup.h"
#include "cgroup/resctrl.h"
#include "policy/hardening.h"
#include "sandbox/channel.h"
#include "sandbox/confine.h"
#include "sandbox/egress.h"
#include "sandbox/identity.h"
#include "sandbox/namespaces.h"
#include "sandbox/net_devices.h"
#include "sandbox/rootfs.h"
#include "seccomp/planned.h"
#include "spec/config.h"

enum sandbox_start {
	SANDBOX_START_TOLD, /* run: MESSAGE_START comes over the channel */
	SANDBOX_START_SOCKET, /* create: it comes over start_socket, from another command */
	SANDBOX_START_NOW, /* exec: at once */
};

struct sandbox {
	/* the plan: set by the caller, read by the child */
	struct arena *arena;
	const char *container_id;
	const struct oci_config *config; /* hardened */
	const struct oci_process *process; /* of the config, or exec's own */
	const struct hardening *hardening; /* never NULL */
	struct cgroup *cgroup; /* NULL: the process stays in the runtime's groups */
	bool cgroup_later; /* v1's are made while the child sets itself up: sandbox_hand_cgroups() brings them */
	int resctrl_tasks[RESCTRL_TASKS_MAX]; /* of its resctrl groups, or -1 */
	struct namespaces namespaces;
	struct rootfs rootfs; /* init only */
	struct seccomp_filters filters;
	struct capability_masks capabilities; /* none, where the process names none */
	int procfs;
	int status; /* of the child, for its check before exec */
	enum sandbox_start start;
	int start_socket; /* listening, SANDBOX_START_SOCKET only */
	bool new_keyring;
	bool relays_console; /* the runtime itself copies what a console says: no socket takes it over */
	unsigned int preserve_fds; /* descriptors from 3 on that the program inherits */
	bool is_exec;
	int target; /* exec: pidfd of the container's first process */
	unsigned int target_namespaces; /* exec: CLONE_NEW* flags of the namespaces to join */
	const char *cpu_affinity_initial; /* exec: before the cgroup is joined */
	int entering; /* exec: stays open in the child until it executes its program, or -1 */
	/* The container's state document for hooks that run in the child; @status as the specification has it. */
	const char *(*hook_state)(struct sandbox *sandbox, pid_t pid, const char *status);
	const void *hook_context;

	/* set by sandbox_spawn() */
	struct cgroup_join join; /* opened with the runtime's rights */
	int channel; /* the parent's end in the parent, the child's in the child */
	pid_t pid;
	uint64_t pid_start; /* when it started, of /proc/PID/stat; 0: not asked yet */
	int pidfd;
	int child_channel;
	bool attach; /* the child is moved into its cgroup by the cgroup's manager, and waits for that */
	struct net_devices net_devices; /* what the container got of the host's */

	/* the child's own */
	struct landlock_rulesets rulesets;
	int network; /* its network namespace, where it has egress rules, or -1 */
	int console; /* the pty's slave, or -1 */
	int cwd; /* process.cwd until it is entered, or -1 */
	bool in_cwd;
	const char *program; /* the path found for args[0] */
	char **arguments;
	char **environment;
};

/* Prepares an empty plan: all descriptors -1. */
void sandbox_init(struct sandbox *sandbox, struct arena *arena);

/* Closes every descriptor of the plan in this process. */
void sandbox_close(struct sandbox *sandbox);

/*
 * Makes the child, in its namespaces and (v2) its cgroup, with its id maps written and its network devices moved,
 * not yet set up. Fills
 * pid and pidfd. The parent's own next children may be born into a joined pid namespace afterwards: it makes
 * none but hooks. 0, or -1 with no child left.
 */
int sandbox_spawn(struct sandbox *sandbox, struct error *error);

/*
 * Moves linux.netDevices into the network namespace of the container, new or joined. sandbox_spawn() has done it; CRIU's
 * processes get them once they have their namespaces. sandbox_kill() takes them back. 0, or -1.
 */
int sandbox_move_net_devices(struct sandbox *sandbox, struct error *error);

/*
 * With cgroup_later: hands the cgroups to the child, once they are made. Nothing else may be said to the child between
 * sandbox_spawn() and this. 0, or -1.
 */
int sandbox_hand_cgroups(struct sandbox *sandbox, struct error *error);

/* Ends the child, where there is one: its network devices come back, it is killed and waited for. */
void sandbox_kill(struct sandbox *sandbox);

/* What the parent does for the child while it sets itself up. */
struct sandbox_requests {
	int (*hooks)(void *context, struct error *error); /* the mounts are made: run createRuntime's hooks */
	int (*console)(void *context, int master, int number, struct error *error); /* takes the descriptor */
	int (*listener)(void *context, int listener, struct error *error); /* takes the descriptor */
	/* Puts the egress rules into the network namespace @network, or checks them: sandbox/egress.h. */
	int (*egress)(void *context, int network, enum egress_request request, struct error *error);
	void *context;
};

/*
 * Serves the child until it has set itself up (or, exec, has executed its program). 0, or -1 with the error
 * of the child or of the request.
 */
int sandbox_serve(struct sandbox *sandbox, const struct sandbox_requests *requests, struct error *error);

/* Lets the child that was set up go on without this process (create). 0, or -1. */
int sandbox_detach(struct sandbox *sandbox, struct error *error);

/*
 * Tells the child on @channel (the sandbox's, or a connection to its start socket) to execute the program and
 * waits until it has; of @requests it makes none but `egress`. 0, or -1 with the child's error.
 */
int sandbox_start(int channel, const struct sandbox_requests *requests, struct error *error);

/* The steps of the two kinds of children: never return. Called by sandbox_spawn(). */
_Noreturn void sandbox_become_init(struct sandbox *sandbox);
_Noreturn void sandbox_become_exec(struct sandbox *sandbox);
/* exec: makes the caller, and with the pid namespace its children, members of the container. */
int sandbox_join(struct sandbox *sandbox, struct error *error);

/*
 * restore: once CRIU has made the network namespace of @sandbox->pid, and before it puts sockets into it: brings the
 * loopback device up, over which connections may go, and moves linux.netDevices in. One that was joined has kept both.
 * 0, or -1.
 */
int sandbox_restored_network(struct sandbox *sandbox, struct error *error);

/*
 * restore: does again, inside the container whose first process @pidfd CRIU has made and holds, what CRIU does
 * not put back: sysctls, the flags of mounts and the locked paths. @only_planned: refuses mounts that are not planned.
 * 0, or -1.
 */
int sandbox_finish_restored(struct sandbox *sandbox, int pidfd, bool only_planned, struct error *error);
