/* SPDX-License-Identifier: Apache-2.0 */
/* `run`: create and start without a stop between them, and, in the foreground, staying until the end. */
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "container/destroy.h"
#include "container/foreground.h"
#include "container/late_hooks.h"
#include "container/notify.h"
#include "container/run.h"
#include "state/trail.h"

static int start(struct creation *creation, int *notify, struct error *error)
{
	*notify = -1;
	if (creation->host_notify_socket) {
		*notify = notify_bind(&creation->entry, error);
		if (*notify < 0)
			return -1;
	}
	if (creation_start(creation, error) < 0 ||
	    handover_pidfd(&creation->handover, creation->sandbox.pidfd, error) < 0)
		return -1;
	return run_poststart_hooks(creation->arena, &creation->state, creation->plan.config, error);
}

/* A container that runs but was not to: as any other, with its poststop hooks. */
static void remove_container(struct creation *creation)
{
	struct error ignored;

	sandbox_kill(&creation->sandbox);
	if (container_destroy(creation->arena, &creation->store, &creation->entry, &creation->state,
			      creation->plan.config, creation->cgroup, &ignored) < 0)
		log_warn("%s", ignored.text);
}

int run_stay(struct creation *creation, int notify, int *exit_status, struct error *error)
{
	struct trail_event event = {
		.event = "exit",
		.id = creation->state.id,
		.policies = creation->state.policies,
		.pid = creation->state.pid,
	};
	struct error ignored;

	if (notify >= 0 && notify_forward(notify, creation->host_notify_socket, creation->state.pid,
					  creation->sandbox.pidfd, &ignored) < 0)
		log_warn("%s", ignored.text);
	*exit_status = foreground_wait(creation->arena, creation->state.pid, creation->handover.master, error);
	if (*exit_status < 0)
		return -1;
	event.status = *exit_status;
	trail_write(&creation->state.trail, &event);
	if (creation->options->keep)
		return 0;
	return container_destroy(creation->arena, &creation->store, &creation->entry, &creation->state,
				 creation->plan.config, creation->cgroup, error);
}

void run_unlock(struct creation *creation)
{
	struct store_entry again;
	struct error ignored;

	store_entry_close(&creation->entry);
	if (store_lookup(creation->arena, &creation->store, creation->options->id, false, &again, &ignored) ==
	    0)
		creation->entry = again;
}

int container_run(const struct runtime *runtime, const struct create_options *options, int *exit_status,
		  struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_(creation_close) struct creation creation;
	_cleanup_fd_ int notify = -1;

	*exit_status = 0;
	creation_init(&creation, &arena, runtime, options, true);
	if (!options->detach && !options->no_subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return error_set(error, errno, "become the reaper of the container's orphans");
	if (creation_run(&creation, error) < 0)
		return -1;
	if (!options->detach)
		foreground_block_signals();
	if (start(&creation, &notify, error) < 0) {
		remove_container(&creation);
		error_context(error, "unable to start container process");
		return trail_done(&creation.state, "start", -1, error);
	}
	trail_done(&creation.state, "start", 0, NULL);
	run_unlock(&creation);
	if (!options->detach)
		return run_stay(&creation, notify, exit_status, error);
	foreground_unblock_signals();
	if (notify >= 0)
		return notify_forward(notify, creation.host_notify_socket, creation.state.pid,
				      creation.sandbox.pidfd, error);
	return 0;
}
