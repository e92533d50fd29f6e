/* SPDX-License-Identifier: Apache-2.0 */
/* A process that joins a running container (exec), from clone to exec. */
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "sandbox/channel.h"
#include "sandbox/console.h"
#include "sandbox/sandbox.h"
#include "sandbox/steps.h"

#include <fcntl.h>

static int step_initial_affinity(struct sandbox *sandbox, struct error *error)
{
	cpu_set_t set;

	if (!sandbox->cpu_affinity_initial)
		return 0;
	if (identity_cpu_affinity(sandbox->cpu_affinity_initial, error) < 0)
		return -1;
	if (log_is_debug() && sched_getaffinity(0, sizeof(set), &set) == 0)
		log_debug("nsexec[%d]: affinity: 0x%lx", getpid(), set.__bits[0]);
	return 0;
}

/* All at once, of the process that the pidfd names. Of the pid namespace only children are. */
int sandbox_join(struct sandbox *sandbox, struct error *error)
{
	if (step_initial_affinity(sandbox, error) < 0)
		return -1;
	if (sandbox->target_namespaces && setns(sandbox->target, (int)sandbox->target_namespaces) < 0)
		return error_set(error, errno, "join the container's namespaces");
	return 0;
}

/* Where the container has the host's processes, nothing else has joined for this one. */
static int step_join(struct sandbox *sandbox, struct error *error)
{
	if (!(sandbox->target_namespaces & CLONE_NEWPID))
		return sandbox_join(sandbox, error);
	sandbox->procfs = procfs_open(error);
	return sandbox->procfs < 0 ? -1 : 0;
}

static int step_about_to_execute(struct sandbox *sandbox, struct error *error)
{
	(void)sandbox;
	(void)error;
	log_debug("setns_init: about to exec");
	return 0;
}

static int step_console(struct sandbox *sandbox, struct error *error)
{
	_cleanup_fd_ int master = -1;
	_cleanup_fd_ int root = -1;
	struct console console;

	if (!sandbox->process->terminal)
		return 0;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_set(error, errno, "open the container's root");
	if (console_open(root, sandbox->process->console_size, sandbox->relays_console, &console, error) < 0)
		return -1;
	master = console.master;
	sandbox->console = console.slave;
	return channel_send(sandbox->channel, MESSAGE_CONSOLE, console.number, master, error);
}

static const struct step join_steps[] = {
	{ "runtime", step_wait_for_runtime },
	{ "join namespaces", step_join },
	{ "check the egress rules", step_check_egress },
	{ "join cgroups", step_join_early_cgroups },
	{ "user namespace", step_become_root },
	{ "signals", step_reset_signals },
	{ "session", step_new_session },
	{ "keyring", step_keyring },
	{ "console", step_console },
	{ "console", step_attach_console },
};

/* Between the two tables: steps_become_process(). */
static const struct step execute_steps[] = {
	{ "trace", step_about_to_execute },
	{ "seccomp", step_late_seccomp },
	{ "exec", execute_program },
};

_Noreturn void sandbox_become_exec(struct sandbox *sandbox)
{
	log_debug("child process in init()");
	steps_run(sandbox, join_steps, ARRAY_SIZE(join_steps));
	steps_become_process(sandbox);
	steps_run(sandbox, execute_steps, ARRAY_SIZE(execute_steps));
	_exit(1);
}
