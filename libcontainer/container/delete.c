/* SPDX-License-Identifier: Apache-2.0 */
/* `delete`: everything of the container that the host still has. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>

#include "container/destroy.h"
#include "state/container.h"
#include "state/trail.h"

#define KILL_TIMEOUT_MS 10000
#define KILL_SOON_MS 100 /* what is not frozen ends within that time, mostly */

static int kill_and_wait(const struct container *container, struct error *error)
{
	_cleanup_fd_ int pidfd = state_open_process(&container->entry, &container->state);
	struct pollfd polled = { .fd = pidfd, .events = POLLIN };
	struct error ignored;

	if (pidfd < 0 && errno == ESRCH)
		return 0;
	/* Hidden from this user (hidepid): what is in the container's group is the container's all the same. */
	if (pidfd < 0 && errno == EACCES && container->cgroup && cgroup_path(container->cgroup)[0])
		return cgroup_kill(container->cgroup, SIGKILL, error);
	if (pidfd < 0)
		return error_set(error, errno, "open the container's process %d", container->state.pid);
	if (pidfd_send_signal(pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		return error_set(error, errno, "kill the container's process");
	if (container->cgroup && cgroup_is_frozen(container->cgroup, NULL, &ignored) > 0)
		cgroup_thaw(container->cgroup, &ignored);
	if (container->cgroup && poll(&polled, 1, KILL_SOON_MS) == 0)
		cgroup_let_die(container->cgroup, container->state.pid);
	if (poll(&polled, 1, KILL_TIMEOUT_MS) <= 0)
		return error_set(error, ETIMEDOUT, "container's process %d did not end within %d s of SIGKILL",
				 container->state.pid, KILL_TIMEOUT_MS / 1000);
	return 0;
}

/* What is left of a `create` that was killed before it had written any state: an empty directory. */
static int delete_stump(struct arena *arena, const struct runtime *runtime, const char *id, struct error *error)
{
	_cleanup_store_ struct store store = { .fd = -1 };
	_cleanup_entry_ struct store_entry entry = { .fd = -1 };

	if (store_open(arena, runtime, false, &store, error) < 0 ||
	    store_lookup(arena, &store, id, true, &entry, error) < 0)
		return -1;
	return store_remove(&store, &entry, error);
}

static bool is_missing(const struct error *error)
{
	return error->number == 0 && !strcmp(error->text, "container does not exist");
}

/*
 * No state, or one that makes no sense: there is nothing to go by but the directory. A state that only this command
 * could not read (no memory, too many files) still says what has to be ended first.
 */
static bool is_stump(const struct container *container, const struct error *error)
{
	if (container->entry.fd < 0)
		return false;
	return error->number == 0 || (error->number == ENOENT && !container->state.id);
}

/*
 * Whether the state is this container's and says which cgroup has its processes. Another id is another container's state,
 * whose processes are none of this one's.
 */
static bool is_known_but_for_its_process(struct arena *arena, struct container *container, const char *id)
{
	const struct saved_state *state = &container->state;
	struct error ignored;

	return state->id && !strcmp(state->id, id) && state->cgroup &&
	       (container->cgroup || cgroup_open(arena, state->cgroup, &container->cgroup, &ignored) == 0);
}

static int delete_container(struct arena *arena, struct container *container, bool force, struct error *error)
{
	enum container_status status = container_status(container);

	if (!force && status != STATUS_STOPPED && status != STATUS_CREATED)
		return error_set(error, 0, "cannot delete container %s that is not stopped: %s",
				 container->state.id, status_name(status));
	if (kill_and_wait(container, error) < 0)
		return -1;
	/* A create that was killed may have left a process that had not got as far as the state. */
	if (container->cgroup && container->state.pid == 0)
		cgroup_kill(container->cgroup, SIGKILL, error);
	return container_destroy(arena, &container->store, &container->entry, &container->state, NULL,
				 container->cgroup, error);
}

int container_delete(const struct runtime *runtime, const char *id, bool force, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_container_ struct container container;

	if (container_open(&arena, runtime, id, true, &container, error) < 0) {
		if (is_missing(error))
			return force ? 0 : -1;
		if (!force || !is_stump(&container, error) || kill_and_wait(&container, error) < 0)
			return -1;
		if (is_known_but_for_its_process(&arena, &container, id))
			return trail_done(&container.state, "delete",
					  delete_container(&arena, &container, force, error), error);
		container_close(&container);
		return delete_stump(&arena, runtime, id, error);
	}
	return trail_done(&container.state, "delete", delete_container(&arena, &container, force, error),
			  error);
}
