/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making the child.
 *
 * Mostly one clone3(2) with all the namespaces. Where a user namespace is joined, or a new one has to be there
 * before other namespaces are joined or a time namespace gets its offsets, an intermediate process goes first
 * and makes the container's process as its sibling (CLONE_PARENT). So it is for exec: what the container's
 * processes can see must have the container's root already, or one with CAP_SYS_PTRACE would take the host's
 * from /proc/PID/root.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/process.h"
#include "base/syscalls.h"
#include "sandbox/channel.h"
#include "sandbox/id_maps.h"
#include "sandbox/identity.h"
#include "sandbox/sandbox.h"
#include "sandbox/steps.h"

void sandbox_init(struct sandbox *sandbox, struct arena *arena)
{
	static const struct hardening none;

	*sandbox = (struct sandbox){
		.hardening = &none,
		.arena = arena,
		.procfs = -1,
		.status = -1,
		.start_socket = -1,
		.resctrl_tasks = { -1, -1 },
		.target = -1,
		.channel = -1,
		.child_channel = -1,
		.pidfd = -1,
		.entering = -1,
		.network = -1,
		.console = -1,
		.cwd = -1,
		.net_devices.namespace = -1,
	};
	for (int type = 0; type < OCI_NAMESPACE_TYPES; type++)
		sandbox->namespaces.joined[type] = -1;
	rootfs_init(&sandbox->rootfs);
}

void sandbox_close(struct sandbox *sandbox)
{
	namespaces_close(&sandbox->namespaces);
	rootfs_close(&sandbox->rootfs);
	fd_close(&sandbox->channel);
	fd_close(&sandbox->child_channel);
	fd_close(&sandbox->start_socket);
	fd_close(&sandbox->pidfd);
	for (size_t i = 0; i < RESCTRL_TASKS_MAX; i++)
		fd_close(&sandbox->resctrl_tasks[i]);
	net_devices_close(&sandbox->net_devices);
}

static bool makes(const struct sandbox *sandbox, unsigned int flag)
{
	return sandbox->namespaces.new_flags & flag;
}

static const struct oci_time_offsets *time_offsets(const struct sandbox *sandbox)
{
	return sandbox->config->linux_ ? sandbox->config->linux_->time_offsets : NULL;
}

static bool needs_intermediate(const struct sandbox *sandbox)
{
	const struct namespaces *namespaces = &sandbox->namespaces;

	if (sandbox->is_exec)
		return sandbox->target_namespaces & CLONE_NEWPID;
	if (namespaces_joins(namespaces, OCI_NAMESPACE_USER))
		return true;
	if (!makes(sandbox, CLONE_NEWUSER))
		return false;
	for (int type = 0; type < OCI_NAMESPACE_TYPES; type++)
		if (namespaces->joined[type] >= 0)
			return true;
	return makes(sandbox, CLONE_NEWTIME) && time_offsets(sandbox);
}

static bool gets_net_devices(const struct sandbox *sandbox)
{
	return !sandbox->is_exec && sandbox->config->linux_ && sandbox->config->linux_->net_devices.count > 0;
}

bool child_waits(const struct sandbox *sandbox)
{
	return sandbox->attach || needs_intermediate(sandbox) || makes(sandbox, CLONE_NEWUSER) ||
	       rootfs_needs_idmap(&sandbox->rootfs) || gets_net_devices(sandbox);
}

static _Noreturn void become_child(struct sandbox *sandbox)
{
	fd_close(&sandbox->channel);
	sandbox->channel = TAKE_FD(sandbox->child_channel);
	if (sandbox->is_exec)
		sandbox_become_exec(sandbox);
	sandbox_become_init(sandbox);
}

/* What clone3 makes; the cgroup namespace comes later, once the process is in the container's cgroups. */
static uint64_t clone_flags(const struct sandbox *sandbox)
{
	return sandbox->namespaces.new_flags & ~(uint64_t)CLONE_NEWCGROUP;
}

static int clone_cgroup(const struct sandbox *sandbox)
{
	return sandbox->cgroup ? cgroup_clone_fd(sandbox->cgroup) : -1;
}

static pid_t clone_child(uint64_t flags, uint64_t exit_signal, int cgroup, int *pidfd)
{
	struct clone_args arguments = {
		.flags = flags | (pidfd ? CLONE_PIDFD : 0),
		.pidfd = (uint64_t)(uintptr_t)pidfd,
		.exit_signal = exit_signal,
	};

	if (cgroup >= 0) {
		arguments.flags |= CLONE_INTO_CGROUP;
		arguments.cgroup = (uint64_t)cgroup;
	}
	return sys_clone3(&arguments, sizeof(arguments));
}

/* A child in the container's cgroup, or one that its manager has to move there. */
static pid_t clone_into_cgroup(struct sandbox *sandbox, uint64_t flags, int *pidfd)
{
	pid_t pid = clone_child(flags, SIGCHLD, clone_cgroup(sandbox), pidfd);

	if (pid >= 0 || (errno != EACCES && errno != EPERM) || !sandbox->cgroup ||
	    !cgroup_can_attach(sandbox->cgroup))
		return pid;
	sandbox->attach = true;
	return clone_child(flags, SIGCHLD, -1, pidfd);
}

/* Namespaces for this process's children, put back when it leaves the scope: hooks belong to the host. */
struct for_children {
	int own_pid;
	int own_time;
};

static void close_saved(struct for_children *saved)
{
	fd_close(&saved->own_pid);
	fd_close(&saved->own_time);
}

static int restore_namespaces(const struct for_children *saved, struct error *error)
{
	if ((saved->own_pid >= 0 && setns(saved->own_pid, CLONE_NEWPID) < 0) ||
	    (saved->own_time >= 0 && setns(saved->own_time, CLONE_NEWTIME) < 0))
		return error_set(error, errno, "go back to the runtime's namespaces");
	return 0;
}

static int set_for_children(struct sandbox *sandbox, struct for_children *saved, uint64_t *flags,
			    struct error *error)
{
	int pid = sandbox->namespaces.joined[OCI_NAMESPACE_PID];

	if (pid >= 0) {
		saved->own_pid = openat(sandbox->procfs, "self/ns/pid", O_RDONLY | O_CLOEXEC);
		if (saved->own_pid < 0)
			return error_set(error, errno, "open the runtime's pid namespace");
		if (setns(pid, CLONE_NEWPID) < 0)
			return error_set(error, errno, "join the pid namespace");
	}
	if ((*flags & CLONE_NEWTIME) && time_offsets(sandbox)) {
		*flags &= ~(uint64_t)CLONE_NEWTIME;
		saved->own_time = openat(sandbox->procfs, "self/ns/time", O_RDONLY | O_CLOEXEC);
		if (saved->own_time < 0)
			return error_set(error, errno, "open the runtime's time namespace");
		if (namespaces_new_time(sandbox->procfs, time_offsets(sandbox), error) < 0)
			return -1;
	}
	return 0;
}

/*
 * Without privileges the maps can be written only while the child is dumpable (proc(5)); everywhere else the
 * child is born undumpable, so that nothing in a namespace it enters can trace it (CVE-2016-9962).
 */
static bool needs_dumpable(const struct sandbox *sandbox)
{
	return makes(sandbox, CLONE_NEWUSER) && geteuid() != 0;
}

static int set_oom_score(const struct sandbox *sandbox, pid_t pid, struct error *error)
{
	return sandbox->process ? identity_oom_score(sandbox->procfs, pid, sandbox->process, error) : 0;
}

/*
 * An ordinary user may not see it any more once it is undumpable, where /proc is mounted with hidepid, and its files
 * there are root's. proc(5). 0, or -1.
 */
static int look_while_dumpable(struct sandbox *sandbox, struct error *error)
{
	char letter;

	if (!needs_dumpable(sandbox))
		return 0;
	if (process_stat(sandbox->pid, &sandbox->pid_start, &letter) < 0)
		sandbox->pid_start = 0;
	return set_oom_score(sandbox, sandbox->pid, error);
}

/*
 * An ordinary user's child, or the intermediate process for the one that it makes: before it enters anything, when
 * nobody but the user's own processes could trace it. 0, or -1.
 */
static int set_oom_score_while_dumpable(const struct sandbox *sandbox, struct error *error)
{
	int was;

	if (geteuid() == 0 || !sandbox->process || !sandbox->process->oom_score_adj.present)
		return 0;
	was = prctl(PR_GET_DUMPABLE);
	if (was < 0 || prctl(PR_SET_DUMPABLE, 1) < 0)
		return error_set(error, errno, "become dumpable");
	if (set_oom_score(sandbox, 0, error) < 0)
		return -1;
	return prctl(PR_SET_DUMPABLE, was) < 0 ? error_set(error, errno, "become undumpable again") : 0;
}

static int spawn_directly(struct sandbox *sandbox, struct error *error)
{
	_cleanup_(close_saved) struct for_children saved = { -1, -1 };
	uint64_t flags = clone_flags(sandbox);

	if (set_for_children(sandbox, &saved, &flags, error) < 0)
		return -1;
	sandbox->pid = clone_into_cgroup(sandbox, flags, &sandbox->pidfd);
	if (sandbox->pid < 0)
		return error_set(error, errno, "make the container's process");
	if (sandbox->pid == 0) {
		if (!needs_dumpable(sandbox) && set_oom_score_while_dumpable(sandbox, error) < 0) {
			channel_send_error(sandbox->child_channel, error);
			_exit(1);
		}
		become_child(sandbox);
	}
	if (restore_namespaces(&saved, error) < 0)
		return -1;
	if (look_while_dumpable(sandbox, error) < 0)
		return -1;
	if (sandbox->attach && cgroup_attach(sandbox->cgroup, sandbox->pid, error) < 0)
		return -1;
	if (makes(sandbox, CLONE_NEWUSER) &&
	    (id_maps_write(sandbox->procfs, sandbox->pid, sandbox->config->linux_, error) < 0))
		return -1;
	return 0;
}

/* The namespaces all at once: no window in which some are the container's and some the host's. */
static int be_intermediate_of_exec(struct sandbox *sandbox, struct error *error)
{
	pid_t pid;

	if (sandbox_join(sandbox, error) < 0 || close_before_entering(sandbox, error) < 0)
		return -1;
	prctl(PR_SET_DUMPABLE, 0);
	/* Born into the cgroup that this process was made in: its directory's descriptor must not go in there. */
	pid = clone_child(CLONE_PARENT, 0, -1, NULL);
	if (pid < 0)
		return error_set(error, errno, "make the container's process");
	if (pid == 0)
		become_child(sandbox);
	return channel_send(sandbox->child_channel, MESSAGE_PID, pid, -1, error);
}

static int be_intermediate(struct sandbox *sandbox, struct error *error)
{
	const struct namespaces *namespaces = &sandbox->namespaces;
	uint64_t flags = clone_flags(sandbox);
	pid_t pid;

	if (namespaces_join(namespaces, UINT32_MAX & ~(1U << OCI_NAMESPACE_MOUNT), error) < 0)
		return -1;
	if (flags & CLONE_NEWUSER) {
		if (unshare(CLONE_NEWUSER) < 0)
			return error_set(error, errno, "make a user namespace");
		if (channel_send(sandbox->child_channel, MESSAGE_PID, 0, -1, error) < 0 ||
		    channel_expect(sandbox->child_channel, MESSAGE_CONTINUE, error) < 0)
			return -1;
		flags &= ~(uint64_t)CLONE_NEWUSER;
	}
	/* Before the ids change and this process is undumpable: its files in procfs are somebody else's then. */
	if (flags & CLONE_NEWTIME) {
		flags &= ~(uint64_t)CLONE_NEWTIME;
		if (namespaces_new_time(sandbox->procfs, time_offsets(sandbox), error) < 0)
			return -1;
	}
	prctl(PR_SET_DUMPABLE, 0);
	if ((setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) && errno != EINVAL)
		return error_set(error, errno, "become root in the user namespace");
	prctl(PR_SET_DUMPABLE, 0); /* the change of ids takes fs.suid_dumpable for it; the child inherits it */
	/* Born into the cgroup that this process was made in. */
	pid = clone_child(flags | CLONE_PARENT, 0, -1, NULL);
	if (pid < 0)
		return error_set(error, errno, "make the container's process");
	if (pid == 0)
		become_child(sandbox);
	return channel_send(sandbox->child_channel, MESSAGE_PID, pid, -1, error);
}

static _Noreturn void become_intermediate(struct sandbox *sandbox)
{
	struct error error;

	fd_close(&sandbox->channel);
	/* What it makes is born into its cgroup: it must be there first. */
	if (sandbox->attach && channel_expect(sandbox->child_channel, MESSAGE_CONTINUE, &error) < 0)
		_exit(1);
	if (set_oom_score_while_dumpable(sandbox, &error) < 0 ||
	    (sandbox->is_exec ? be_intermediate_of_exec : be_intermediate)(sandbox, &error) < 0) {
		channel_send_error(sandbox->child_channel, &error);
		_exit(1);
	}
	_exit(0);
}

static int hear_pid(struct sandbox *sandbox, pid_t *pid, struct error *error)
{
	return channel_expect_value(sandbox->channel, "the intermediate process", MESSAGE_PID, pid, error);
}

static int attend_intermediate(struct sandbox *sandbox, pid_t intermediate, struct error *error)
{
	pid_t pid = -1;

	if (sandbox->attach && (cgroup_attach(sandbox->cgroup, intermediate, error) < 0 ||
				channel_send(sandbox->channel, MESSAGE_CONTINUE, 0, -1, error) < 0))
		return -1;
	if (makes(sandbox, CLONE_NEWUSER)) {
		if (hear_pid(sandbox, &pid, error) < 0 ||
		    id_maps_write(sandbox->procfs, intermediate, sandbox->config->linux_, error) < 0 ||
		    channel_send(sandbox->channel, MESSAGE_CONTINUE, 0, -1, error) < 0)
			return -1;
	}
	if (hear_pid(sandbox, &pid, error) < 0)
		return -1;
	sandbox->pid = pid;
	/* It is this process's child: its pid cannot be another's before it is waited for. */
	sandbox->pidfd = pidfd_open(pid, 0);
	if (sandbox->pidfd < 0)
		return error_set(error, errno, "open the container's process");
	return 0;
}

static int spawn_through_intermediate(struct sandbox *sandbox, struct error *error)
{
	/* For the moment of its life it counts as a process of the container, as runc's do. */
	pid_t intermediate = clone_into_cgroup(sandbox, 0, NULL);
	int result;

	if (intermediate < 0)
		return error_set(error, errno, "fork");
	if (intermediate == 0)
		become_intermediate(sandbox);
	/* So that its death is seen as the end of the channel. The container's process has its own copy. */
	fd_close(&sandbox->child_channel);
	result = attend_intermediate(sandbox, intermediate, error);
	if (result < 0)
		kill(intermediate, SIGKILL);
	while (waitpid(intermediate, NULL, 0) < 0 && errno == EINTR)
		;
	return result;
}

/* Idmapped mounts of the container's own user namespace can be made once its maps are written. */
static int idmap_sources(struct sandbox *sandbox, struct error *error)
{
	char path[32];
	int result;

	if (!rootfs_needs_idmap(&sandbox->rootfs))
		return 0;
	snprintf(path, sizeof(path), "%d/ns/user", sandbox->pid);
	sandbox->rootfs.userns = openat(sandbox->procfs, path, O_RDONLY | O_CLOEXEC);
	if (sandbox->rootfs.userns < 0)
		return error_set(error, errno, "open the container's user namespace");
	result = rootfs_idmap_sources(&sandbox->rootfs, error);
	fd_close(&sandbox->rootfs.userns);
	return result;
}

/* By the host's rights, and before the child goes on: its sysctls and hooks may be about them. */
int sandbox_move_net_devices(struct sandbox *sandbox, struct error *error)
{
	char path[32];
	int network;

	if (!gets_net_devices(sandbox))
		return 0;
	snprintf(path, sizeof(path), "%d/ns/net", sandbox->pid);
	if (namespaces_joins(&sandbox->namespaces, OCI_NAMESPACE_NETWORK))
		network = fcntl(sandbox->namespaces.joined[OCI_NAMESPACE_NETWORK], F_DUPFD_CLOEXEC, 3);
	else
		network = openat(sandbox->procfs, path, O_RDONLY | O_CLOEXEC);
	if (network < 0)
		return error_set(error, errno, "open the container's network namespace");
	return net_devices_move(sandbox->arena, sandbox->procfs, network, &sandbox->config->linux_->net_devices,
				&sandbox->net_devices, error);
}

void sandbox_kill(struct sandbox *sandbox)
{
	net_devices_return(&sandbox->net_devices);
	if (sandbox->pid <= 0)
		return;
	kill(sandbox->pid, SIGKILL);
	while (waitpid(sandbox->pid, NULL, 0) < 0 && errno == EINTR)
		;
	sandbox->pid = 0;
	fd_close(&sandbox->pidfd);
}

int sandbox_spawn(struct sandbox *sandbox, struct error *error)
{
	int ends[2];
	int result;

	sandbox->attach = false;

	if (sandbox->cgroup && !sandbox->cgroup_later &&
	    cgroup_join_fds(sandbox->cgroup, clone_cgroup(sandbox) >= 0, &sandbox->join, error) < 0)
		return -1;
	if (channel_make(ends, error) < 0)
		return -1;
	fd_close(&sandbox->channel);
	sandbox->channel = ends[0];
	sandbox->child_channel = ends[1];
	if (!needs_dumpable(sandbox) && prctl(PR_SET_DUMPABLE, 0) < 0)
		return error_set(error, errno, "become undumpable");
	if (needs_intermediate(sandbox))
		result = spawn_through_intermediate(sandbox, error);
	else
		result = spawn_directly(sandbox, error);
	fd_close(&sandbox->child_channel);
	if (result == 0 && geteuid() == 0)
		result = set_oom_score(sandbox, sandbox->pid, error);
	if (result == 0)
		result = idmap_sources(sandbox, error);
	if (result == 0)
		result = sandbox_move_net_devices(sandbox, error);
	if (result == 0 && child_waits(sandbox))
		result = channel_send(sandbox->channel, MESSAGE_CONTINUE, 0, -1, error);
	if (result < 0)
		sandbox_kill(sandbox);
	return result;
}

int sandbox_hand_cgroups(struct sandbox *sandbox, struct error *error)
{
	struct cgroup_join *join = &sandbox->join;
	int fds[2 * CGROUP_HIERARCHIES_MAX];

	if (!sandbox->cgroup_later)
		return 0;
	if (cgroup_join_fds(sandbox->cgroup, clone_cgroup(sandbox) >= 0, join, error) < 0)
		return -1;
	memcpy(fds, join->early, join->early_count * sizeof(*fds));
	memcpy(fds + join->early_count, join->late, join->late_count * sizeof(*fds));
	if (channel_send_fds(sandbox->channel, MESSAGE_CGROUPS, (int)join->early_count, fds,
			     join->early_count + join->late_count, error) == 0)
		return 0;
	/* A child that has failed by now says why: sandbox_serve() reads it. */
	return error->number == EPIPE ? 0 : -1;
}
