/* SPDX-License-Identifier: Apache-2.0 */
/* `kill`: a signal for the container's process, or for all of them. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/pidfd.h>

#include "base/number.h"
#include "state/container.h"
#include "state/trail.h"

/* "9", "KILL", "SIGKILL", "sigkill", "SIGRTMIN+3": the number, which the kernel may not know, or -1. */
static int signal_number(const char *text)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	uint64_t number;

	if (parse_u64(text, 0, INT32_MAX, &number) == 0)
		return (int)number;
	for (int candidate = 1; candidate < SIGRTMIN; candidate++) {
		const char *known = sigabbrev_np(candidate);

		if (known && !strcasecmp(known, name))
			return candidate;
	}
	if (!strcasecmp(name, "IOT"))
		return SIGABRT;
	if (!strcasecmp(name, "CLD"))
		return SIGCHLD;
	if (!strcasecmp(name, "POLL"))
		return SIGIO;
	if (!strcasecmp(name, "RTMIN"))
		return SIGRTMIN;
	if (!strcasecmp(name, "RTMAX"))
		return SIGRTMAX;
	if (!strncasecmp(name, "RTMIN+", 6) &&
	    parse_u64(name + 6, 0, (uint64_t)(SIGRTMAX - SIGRTMIN), &number) == 0)
		return SIGRTMIN + (int)number;
	if (!strncasecmp(name, "RTMAX-", 6) &&
	    parse_u64(name + 6, 0, (uint64_t)(SIGRTMAX - SIGRTMIN), &number) == 0)
		return SIGRTMAX - (int)number;
	return -1;
}

/* The first process has ended: in a pid namespace of the container's own all others have, too. */
static int signal_the_rest(const struct container *container, int number, bool all, bool has_group,
			   struct error *error)
{
	bool own_pid_namespace = container->state.own_pid_namespace;

	if (number == SIGKILL && has_group && !own_pid_namespace)
		return cgroup_kill(container->cgroup, number, error);
	if (!all)
		return error_set(error, 0, "container not running");
	return own_pid_namespace
		       ? 0
		       : error_set(error, 0,
				   "without a cgroup or a pid namespace of its own what is left of the "
				   "container cannot be found");
}

static int send_signal(const struct container *container, const char *signal, bool all, struct error *error)
{
	bool has_group = container->cgroup && cgroup_path(container->cgroup)[0] != '\0';
	_cleanup_fd_ int pidfd = -1;
	int number = signal_number(signal);

	if (number < 0)
		return error_set(error, 0, "unknown signal \"%s\"", signal);
	if (all && number > SIGRTMAX)
		return error_set(error, EINVAL, "unable to signal init");
	if (all && has_group)
		return cgroup_kill(container->cgroup, number, error);
	pidfd = state_open_process(&container->entry, &container->state);
	if (pidfd < 0 && errno != ESRCH)
		return error_set(error, errno, "open the container's process %d", container->state.pid);
	if (pidfd < 0)
		return signal_the_rest(container, number, all, has_group, error);
	/* Without a pid namespace the kernel does not end the others with the first process. */
	if (number == SIGKILL && !container->state.own_pid_namespace && has_group)
		return cgroup_kill(container->cgroup, number, error);
	if ((all || number == SIGKILL) && !container->state.own_pid_namespace)
		log_warn("without a cgroup or a pid namespace of its own only the container's first process is "
			 "signalled");
	if (pidfd_send_signal(pidfd, number, NULL, 0) < 0) {
		if (errno == ESRCH)
			return error_set(error, 0, "container not running");
		return error_set(error, errno, "unable to signal init");
	}
	/* On cgroup v1 a frozen process does not even die. */
	if (number == SIGKILL && container->cgroup && cgroup_is_frozen(container->cgroup, NULL, error) > 0)
		return cgroup_thaw(container->cgroup, error);
	return 0;
}

int container_kill(const struct runtime *runtime, const char *id, const char *signal, bool all,
		   struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_container_ struct container container;
	struct trail_event event = { .event = "kill", .id = id, .signal = signal, .status = -1 };
	int result;

	if (container_open(&arena, runtime, id, false, &container, error) < 0)
		return -1;
	result = send_signal(&container, signal, all, error);
	event.policies = container.state.policies;
	event.pid = container.state.pid;
	event.error = result < 0 ? error : NULL;
	trail_write(&container.state.trail, &event);
	return result;
}
