/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the runtime does again in a container that CRIU has put back, before that goes on: in a child, which joins the
 * container's namespaces but for the one of processes, so that nobody in there can see it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "sandbox/sandbox.h"

/* As when it is created, in a network namespace that is new. */
int sandbox_restored_network(struct sandbox *sandbox, struct error *error)
{
	_cleanup_fd_ int own = openat(sandbox->procfs, "self/ns/net", O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int network = -1;
	char path[32];
	int result;

	if (!config_has_new_namespace(sandbox->config, OCI_NAMESPACE_NETWORK))
		return 0;
	snprintf(path, sizeof(path), "%d/ns/net", sandbox->pid);
	network = openat(sandbox->procfs, path, O_RDONLY | O_CLOEXEC);
	if (own < 0 || network < 0)
		return error_set(error, errno, "open the container's network namespace");
	if (setns(network, CLONE_NEWNET) < 0)
		return error_set(error, errno, "enter the container's network namespace");
	result = namespaces_loopback(error);
	if (setns(own, CLONE_NEWNET) < 0)
		return error_set(error, errno, "come back from the container's network namespace");
	return result < 0 ? -1 : sandbox_move_net_devices(sandbox, error);
}

/* The child's rights do not depend on the user namespace: it is root of the host throughout. */
static int join(const struct sandbox *sandbox, int pidfd, struct error *error)
{
	static const enum oci_namespace_type types[] = {
		OCI_NAMESPACE_NETWORK,
		OCI_NAMESPACE_IPC,
		OCI_NAMESPACE_UTS,
		OCI_NAMESPACE_MOUNT,
	};
	int flags = 0;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (config_namespace(sandbox->config, types[i]))
			flags |= namespace_type_flag(types[i]);
	if (flags && setns(pidfd, flags) < 0)
		return error_set(error, errno, "join the restored container's namespaces");
	return 0;
}

static int finish(struct sandbox *sandbox, int pidfd, bool only_planned, struct error *error)
{
	if (prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_set(error, errno, "become undumpable");
	if (rootfs_open_masks(&sandbox->rootfs, error) < 0 || join(sandbox, pidfd, error) < 0 ||
	    rootfs_sysctls(&sandbox->rootfs, error) < 0)
		return -1;
	if (!config_namespace(sandbox->config, OCI_NAMESPACE_MOUNT))
		return 0;
	if (rootfs_lock_restored(&sandbox->rootfs, error) < 0)
		return -1;
	return only_planned ? rootfs_check_restored(&sandbox->rootfs, sandbox->pid, error) : 0;
}

int sandbox_finish_restored(struct sandbox *sandbox, int pidfd, bool only_planned, struct error *error)
{
	_cleanup_fd_ int report = -1;
	struct error reported;
	ssize_t got;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(error, errno, "make a pipe");
	report = ends[0];
	pid = fork();
	if (pid == 0) {
		if (finish(sandbox, pidfd, only_planned, &reported) < 0)
			fd_write_all(ends[1], &reported, sizeof(reported));
		else
			fd_write_all(ends[1], "", 1);
		_exit(0);
	}
	close(ends[1]);
	if (pid < 0)
		return error_set(error, errno, "fork");
	while ((got = read(report, &reported, sizeof(reported))) < 0 && errno == EINTR)
		;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (got == 1)
		return 0;
	if (got != sizeof(reported))
		return error_set(error, 0, "the process that finishes the restored container failed");
	*error = reported;
	return -1;
}
