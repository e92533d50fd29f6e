/* SPDX-License-Identifier: Apache-2.0 */
/* `start`: tells the process that `create` left waiting to execute its program. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/late_hooks.h"
#include "container/notify.h"
#include "sandbox/sandbox.h"
#include "state/container.h"
#include "state/secrets.h"
#include "state/trail.h"

static int connect_start_socket(const struct container *container, struct error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/" STORE_START_SOCKET,
		 fd_path(container->entry.fd).text);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_set(error, errno, "connect to the container's process");
	return TAKE_FD(fd);
}

static int check_status(const struct container *container, struct error *error)
{
	switch (container_status(container)) {
	case STATUS_CREATED: return 0;
	case STATUS_STOPPED: return error_set(error, 0, "cannot start a container that has stopped");
	case STATUS_RUNNING: return error_set(error, 0, "cannot start an already running container");
	default:
		return error_set(error, 0, "cannot start a container in the %s state",
				 status_name(container_status(container)));
	}
}

static int run_poststart(struct arena *arena, const struct container *container, int pidfd, struct error *error)
{
	struct oci_config *config;

	if (container_load_config(arena, &container->entry, &config, error) < 0)
		return -1;
	if (!config->hooks || config->hooks->poststart.count == 0)
		return 0;
	secrets_restore_hooks(arena, &container->state, config);
	if (run_poststart_hooks(arena, &container->state, config, error) == 0)
		return 0;
	if (pidfd >= 0)
		pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
	return -1;
}

struct starting {
	struct arena *arena;
	struct container *container;
};

/* Asked for only where there are rules: then it is time to find out which. */
static int check_egress(void *context, int network, enum egress_request request, struct error *error)
{
	struct starting *starting = context;
	struct hardening hardening = { 0 };
	struct oci_config *config;
	struct policy *policy;

	if (container_load_config(starting->arena, &starting->container->entry, &config, error) < 0 ||
	    container_hardening(starting->arena, starting->container, config, &policy, &hardening, error) < 0)
		return -1;
	return egress_carry_out(starting->arena, &hardening.egress, network, request, error);
}

static int start(struct arena *arena, struct container *container, struct error *error)
{
	struct starting starting = { arena, container };
	const struct sandbox_requests requests = { .egress = check_egress, .context = &starting };
	const char *host_notify = notify_host_socket();
	_cleanup_fd_ int connection = -1;
	_cleanup_fd_ int notify = -1;
	_cleanup_fd_ int pidfd = -1;

	if (check_status(container, error) < 0)
		return -1;
	pidfd = state_open_process(&container->entry, &container->state);
	if (pidfd < 0)
		return error_set(error, errno, "open the container's process %d", container->state.pid);
	if (host_notify && faccessat(container->entry.fd, STORE_NOTIFY, F_OK, 0) == 0) {
		notify = notify_bind(&container->entry, error);
		if (notify < 0)
			return -1;
	}
	connection = connect_start_socket(container, error);
	if (connection < 0)
		return -1;
	/*
	 * Gone before the program runs: a `start` that is killed here leaves a container that counts as running,
	 * and not a running one that counts as created.
	 */
	unlinkat(container->entry.fd, STORE_START_SOCKET, 0);
	if (sandbox_start(connection, &requests, error) < 0)
		return -1;
	if (run_poststart(arena, container, pidfd, error) < 0)
		return -1;
	trail_done(&container->state, "start", 0, NULL);
	store_entry_close(&container->entry); /* the lock: waiting for readiness can take long */
	if (notify >= 0 && pidfd >= 0)
		return notify_forward(notify, host_notify, container->state.pid, pidfd, error);
	return 0;
}

int container_start(const struct runtime *runtime, const char *id, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_container_ struct container container;

	if (container_open(&arena, runtime, id, true, &container, error) < 0)
		return -1;
	if (start(&arena, &container, error) == 0)
		return 0;
	return trail_done(&container.state, "start", -1, error);
}
