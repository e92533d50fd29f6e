/* SPDX-License-Identifier: Apache-2.0 */
/* `exec`: one more process in a running container, held to the container's policy. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/number.h"
#include "container/foreground.h"
#include "container/intel_rdt.h"
#include "container/lock.h"
#include "container/service.h"
#include "sandbox/identity.h"
#include "sandbox/sandbox.h"
#include "state/container.h"
#include "state/trail.h"

struct execution {
	const struct exec_options *options;
	struct arena *arena;
	struct container container;
	struct oci_config *config; /* the container's, hardened */
	struct policy *policy;
	struct hardening hardening;
	struct oci_process *process;
	struct policy_changes changes; /* to the process that was asked for */
	struct cgroup *sub_cgroup; /* --cgroup */
	struct sandbox sandbox;
	int target; /* pidfd of the container's process */
	int entering; /* holds `lock` off until the process is in, or -1 */
	struct handover handover;
};

static void execution_close(struct execution *execution)
{
	sandbox_close(&execution->sandbox);
	fd_close(&execution->sandbox.procfs);
	if (execution->sub_cgroup)
		cgroup_close(execution->sub_cgroup);
	container_close(&execution->container);
	fd_close(&execution->target);
	fd_close(&execution->entering);
	handover_close(&execution->handover);
}

/* The process ------------------------------------------------------------------------------------------- */

/* "UID" or "UID:GID", digits only: anything else once meant root (crun, CVE-2026-30892). */
static int set_user(struct arena *arena, const char *text, struct oci_user *user, struct error *error)
{
	const char *colon = strchr(text, ':');
	const char *uid = colon ? arena_strndup(arena, text, (size_t)(colon - text)) : text;

	if (parse_u32(uid, &user->uid) < 0 || (colon && parse_u32(colon + 1, &user->gid) < 0))
		return error_set(error, 0, "--user: found \"%s\", expected UID or UID:GID in digits", text);
	if (user->uid == UINT32_MAX || user->gid == UINT32_MAX)
		return error_set(error, 0, "--user: %s: %u is no valid id", text, UINT32_MAX);
	return 0;
}

static int add_groups(struct execution *execution, struct error *error)
{
	const struct exec_options *options = execution->options;
	struct u32_list *groups = &execution->process->user.additional_gids;
	uint32_t *items =
		ARENA_NEW_ARRAY(execution->arena, uint32_t, groups->count + options->additional_gids_count + 1);

	if (groups->count)
		memcpy(items, groups->items, groups->count * sizeof(*items));
	for (size_t i = 0; i < options->additional_gids_count; i++)
		if (parse_u32(options->additional_gids[i], &items[groups->count++]) < 0)
			return error_set(error, 0, "--additional-gids: found \"%s\", expected a gid in digits",
					 options->additional_gids[i]);
	groups->items = items;
	return 0;
}

static void add_capabilities(struct execution *execution)
{
	const struct exec_options *options = execution->options;
	struct oci_process *process = execution->process;

	if (options->capabilities_count == 0)
		return;
	if (!process->capabilities)
		process->capabilities = ARENA_NEW(execution->arena, struct oci_capabilities);
	for (size_t i = 0; i < options->capabilities_count; i++) {
		string_list_add(execution->arena, &process->capabilities->bounding, options->capabilities[i]);
		string_list_add(execution->arena, &process->capabilities->effective, options->capabilities[i]);
		string_list_add(execution->arena, &process->capabilities->permitted, options->capabilities[i]);
		/* As runc: ambient ones only where the configuration has inheritable ones at all. */
		if (process->capabilities->inheritable.count > 0)
			string_list_add(execution->arena, &process->capabilities->ambient,
					options->capabilities[i]);
	}
}

/* The container's own process, as its bundle describes it, with the command line's changes. */
static int process_from_bundle(struct execution *execution, struct error *error)
{
	const struct exec_options *options = execution->options;
	struct arena *arena = execution->arena;
	struct oci_config *config;
	struct oci_process *process;
	const struct saved_state *own = &execution->container.state;
	_cleanup_fd_ int bundle = open(own->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (bundle < 0)
		return error_set(error, errno, "open bundle %s", own->bundle);
	if (config_load(arena, bundle, own->config ? own->config : "config.json", &config, error) < 0)
		return -1;
	process = config->process ? config->process : ARENA_NEW(arena, struct oci_process);
	execution->process = process;
	process->args.items = (const char **)options->args;
	process->args.count = options->args_count;
	process->terminal = options->tty;
	process->console_size = NULL;
	if (options->args_count == 0)
		return error_set(error, 0, "process args cannot be empty");
	if (options->cwd && *options->cwd)
		process->cwd = options->cwd;
	if (options->apparmor)
		process->apparmor_profile = options->apparmor;
	if (options->process_label)
		process->selinux_label = options->process_label;
	if (options->no_new_privs)
		process->no_new_privileges = true;
	for (size_t i = 0; i < options->env_count; i++)
		string_list_add(arena, &process->env, options->env[i]);
	if (options->user && set_user(arena, options->user, &process->user, error) < 0)
		return -1;
	add_capabilities(execution);
	return add_groups(execution, error);
}

static int process_from_file(struct execution *execution, struct error *error)
{
	const char *path = execution->options->process_file;
	size_t length;
	char *text;

	if (file_read_at(execution->arena, AT_FDCWD, path, FILE_SIZE_MAX, &text, &length) < 0)
		return error_set(error, errno, "read %s", path);
	if (process_parse(execution->arena, path, text, length, &execution->process, error) < 0)
		return -1;
	execution->process->terminal |= execution->options->tty;
	return 0;
}

/* What a process document leaves out, the container has: its capabilities, limits, labels, no_new_privs. */
static void inherit(struct execution *execution)
{
	const struct oci_process *own = execution->config->process;
	struct oci_process *process = execution->process;

	if (!own)
		return;
	if (!process->capabilities)
		process->capabilities = own->capabilities;
	if (process->rlimits.count == 0)
		process->rlimits = own->rlimits;
	if (!process->apparmor_profile)
		process->apparmor_profile = own->apparmor_profile;
	if (!process->selinux_label)
		process->selinux_label = own->selinux_label;
	if (!process->io_priority)
		process->io_priority = own->io_priority;
	if (!process->scheduler)
		process->scheduler = own->scheduler;
	if (!process->oom_score_adj.present)
		process->oom_score_adj = own->oom_score_adj;
}

/* What was not locked when it was looked at stays so until the process is in. */
static int look_at_lock(struct execution *execution, bool *locked, struct error *error)
{
	*locked = false;
	if (policy_exec_rule(execution->policy) != EXEC_LOCKABLE)
		return 0;
	execution->entering = lock_hold_off(&execution->container.entry, error);
	if (execution->entering < 0)
		return -1;
	*locked = lock_is_set(&execution->container.entry);
	return 0;
}

static int make_process(struct execution *execution, struct error *error)
{
	struct policy_facts facts = { .rootless = execution->container.state.rootless };
	int result;

	if (execution->options->process_file)
		result = process_from_file(execution, error);
	else
		result = process_from_bundle(execution, error);
	if (result < 0)
		return -1;
	inherit(execution);
	if (look_at_lock(execution, &facts.exec_locked, error) < 0 ||
	    policy_facts_gather_process(execution->policy, execution->config, execution->container.state.pid,
					&facts, error) < 0 ||
	    policy_apply_process(execution->arena, execution->policy, execution->config, &facts,
				 execution->process, &execution->hardening, &execution->changes, error) < 0)
		return -1;
	if (identity_check_labels(execution->process, error) < 0)
		return -1;
	return process_check(execution->process, error);
}

/* The container ------------------------------------------------------------------------------------------ */

static int open_container(struct execution *execution, const struct runtime *runtime, struct error *error)
{
	enum container_status status;

	if (container_open(execution->arena, runtime, execution->options->id, false, &execution->container,
			   error) < 0)
		return -1;
	status = container_status(&execution->container);
	if (status == STATUS_STOPPED)
		return error_set(error, 0, "cannot exec in a stopped container");
	if ((status == STATUS_PAUSED || status == STATUS_PAUSING) && !execution->options->ignore_paused)
		return error_set(error, 0,
				 "cannot exec in a paused container (use --ignore-paused to override)");
	execution->target = state_open_process(&execution->container.entry, &execution->container.state);
	if (execution->target < 0)
		return error_set(error, 0, "cannot exec in a stopped container");
	if (container_load_config(execution->arena, &execution->container.entry, &execution->config, error) < 0)
		return -1;
	return container_load_policy(execution->arena, &execution->container, &execution->policy, error);
}

static bool shares_user_namespace(pid_t pid)
{
	struct stat theirs;
	struct stat ours;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	return stat(path, &theirs) == 0 && stat("/proc/self/ns/user", &ours) == 0 &&
	       file_is_same(&theirs, &ours);
}

/* All that its configuration names, new or joined. A process cannot join the user namespace it is in. */
static unsigned int target_namespaces(const struct execution *execution)
{
	const struct oci_linux *config = execution->config->linux_;
	unsigned int flags = 0;

	for (size_t i = 0; config && i < config->namespaces.count; i++)
		flags |= (unsigned int)namespace_type_flag(config->namespaces.items[i].type);
	if ((flags & CLONE_NEWUSER) && shares_user_namespace(execution->container.state.pid))
		flags &= ~(unsigned int)CLONE_NEWUSER;
	return flags;
}

static int choose_cgroup(struct execution *execution, struct error *error)
{
	const struct exec_options *options = execution->options;

	execution->sandbox.cgroup = execution->container.cgroup;
	if (options->cgroups_count == 0)
		return 0;
	if (!execution->container.cgroup)
		return error_set(error, 0, "--cgroup: the container has no cgroup");
	if (cgroup_sub(execution->arena, execution->container.cgroup, options->cgroups, options->cgroups_count,
		       &execution->sub_cgroup, error) < 0)
		return -1;
	execution->sandbox.cgroup = execution->sub_cgroup;
	return 0;
}

static int fill_sandbox(struct execution *execution, struct error *error)
{
	struct sandbox *sandbox = &execution->sandbox;
	const struct oci_process *process = execution->process;

	sandbox->container_id = execution->container.state.id;
	sandbox->config = execution->config;
	sandbox->process = process;
	sandbox->hardening = &execution->hardening;
	sandbox->start = SANDBOX_START_NOW;
	sandbox->new_keyring = execution->container.state.session_keyring;
	sandbox->relays_console = !execution->options->console_socket;
	sandbox->preserve_fds = execution->options->preserve_fds;
	sandbox->is_exec = true;
	sandbox->target = execution->target;
	sandbox->entering = execution->entering;
	sandbox->target_namespaces = target_namespaces(execution);
	sandbox->cpu_affinity_initial = process->exec_cpu_affinity ? process->exec_cpu_affinity->initial : NULL;
	if (capabilities_resolve(process->capabilities, &sandbox->capabilities, error) < 0)
		return -1;
	sandbox->procfs = procfs_open(error);
	if (sandbox->procfs < 0)
		return -1;
	return intel_rdt_open(execution->arena, sandbox->container_id, execution->config,
			      sandbox->resctrl_tasks, error);
}

static int connect_sockets(struct execution *execution, struct error *error)
{
	const struct exec_options *options = execution->options;

	return handover_open(&execution->handover, options->console_socket, options->pidfd_socket,
			     options->detach, execution->process->terminal, error);
}

/* Running it --------------------------------------------------------------------------------------------- */

/*
 * A container with a cgroup namespace may have moved its processes to groups below its own and have passed its
 * controllers on: then its own takes no process any more (v2), and the one of its first process is joined.
 */
static int spawn_in_cgroup(struct execution *execution, struct error *error)
{
	struct sandbox *sandbox = &execution->sandbox;

	if (sandbox->cgroup && cgroup_check_room(sandbox->cgroup, error) < 0)
		return -1;
	if (sandbox_spawn(sandbox, error) == 0)
		return 0;
	if (execution->options->cgroups_count > 0 || !sandbox->cgroup ||
	    (error->number != EBUSY && error->number != ENOENT && error->number != ENODEV))
		return -1;
	if (cgroup_of_process(execution->arena, execution->container.cgroup, execution->container.state.pid,
			      &execution->sub_cgroup, error) < 0)
		return -1;
	sandbox->cgroup = execution->sub_cgroup;
	return sandbox_spawn(sandbox, error);
}

static int spawn(struct execution *execution, struct error *error)
{
	struct sandbox *sandbox = &execution->sandbox;
	const struct service service = {
		.arena = execution->arena,
		.sandbox = sandbox,
		.handover = &execution->handover,
		.hardening = &execution->hardening,
		.config = execution->config,
		.state = &execution->container.state,
	};

	log_debug("nsexec container setup"); /* what runc says here: scripts look for it */
	if (confine_join_core(&execution->hardening, execution->container.state.pid, error) < 0 ||
	    spawn_in_cgroup(execution, error) < 0)
		return -1;
	if (handover_pidfd(&execution->handover, sandbox->pidfd, error) < 0)
		return -1;
	if (execution->options->pid_file &&
	    handover_pid_file(execution->arena, execution->options->pid_file, sandbox->pid, error) < 0)
		return -1;
	return service_serve(&service, error);
}

static void abandon(struct execution *execution)
{
	if (execution->sandbox.pid <= 0)
		return;
	sandbox_kill(&execution->sandbox);
	if (execution->options->pid_file)
		unlink(execution->options->pid_file);
}

static int compile_filters(struct execution *execution, struct error *error)
{
	_cleanup_fd_ int cache = -1;

	if (seccomp_is_planned(execution->config, &execution->hardening))
		cache = store_seccomp_cache(&execution->container.store);
	return seccomp_planned_compile(execution->arena, cache, execution->config, &execution->hardening,
				       &execution->sandbox.filters, error);
}

static int prepare(struct execution *execution, const struct runtime *runtime, struct error *error)
{
	if (handover_check_preserved(execution->options->preserve_fds, error) < 0 ||
	    open_container(execution, runtime, error) < 0 || make_process(execution, error) < 0 ||
	    choose_cgroup(execution, error) < 0 || compile_filters(execution, error) < 0 ||
	    fill_sandbox(execution, error) < 0)
		return -1;
	return connect_sockets(execution, error);
}

/* What the policy took from the process that was asked for. What holds for all of the container is said of `create`. */
static void leave_decision(const struct execution *execution)
{
	const struct policy_changes *all = &execution->changes;
	struct policy_changes own = {
		.items = ARENA_NEW_ARRAY(execution->arena, struct policy_change, all->count + 1),
	};
	const struct trail_event event = {
		.event = "policy",
		.id = execution->options->id,
		.policies = execution->container.state.policies,
		.status = -1,
		.changes = &own,
	};

	for (size_t i = 0; i < all->count; i++)
		if (strncmp(all->items[i].member, "process.", strlen("process.")) == 0)
			own.items[own.count++] = all->items[i];
	if (own.count)
		trail_write(&execution->container.state.trail, &event);
}

/* The program's name without its arguments: those may be secrets. */
static void leave_trail(const struct execution *execution, const struct error *error)
{
	const struct oci_process *process = execution->process;
	const struct trail_event event = {
		.event = "exec",
		.id = execution->options->id,
		.policies = execution->container.state.policies,
		.pid = error ? 0 : execution->sandbox.pid,
		.program = process && process->args.count ? process->args.items[0] : NULL,
		.status = -1,
		.error = error,
	};

	if (execution->container.state.trail.count == 0)
		return;
	if (!error)
		leave_decision(execution);
	trail_write(&execution->container.state.trail, &event);
}

int container_exec(const struct runtime *runtime, const struct exec_options *options, int *exit_status,
		   struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_(execution_close) struct execution execution = {
		.options = options,
		.arena = &arena,
		.container = { .store.fd = -1, .entry.fd = -1 },
		.target = -1,
		.entering = -1,
		.handover = HANDOVER_NONE,
	};

	*exit_status = 0;
	sandbox_init(&execution.sandbox, &arena);
	if (prepare(&execution, runtime, error) < 0) {
		leave_trail(&execution, error);
		return -1;
	}
	if (!options->detach && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return error_set(error, errno, "become the reaper of the process's orphans");
	if (spawn(&execution, error) < 0) {
		abandon(&execution);
		if (!error->refused)
			error_context(error, "unable to start container process");
		leave_trail(&execution, error);
		return -1;
	}
	fd_close(&execution.entering);
	leave_trail(&execution, NULL);
	if (options->detach)
		return 0;
	foreground_block_signals();
	*exit_status = foreground_wait(&arena, execution.sandbox.pid, execution.handover.master, error);
	return *exit_status < 0 ? -1 : 0;
}
