/* SPDX-License-Identifier: Apache-2.0 */
/* The container's first process, from clone to exec: the tables at the end are the whole story. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "sandbox/channel.h"
#include "sandbox/console.h"
#include "sandbox/hooks.h"
#include "sandbox/sandbox.h"
#include "sandbox/steps.h"

static bool makes(const struct sandbox *sandbox, unsigned int flag)
{
	return sandbox->namespaces.new_flags & flag;
}

/* Should the runtime die before the container is created, so does this process. */
static int step_die_with_runtime(struct sandbox *sandbox, struct error *error)
{
	(void)sandbox;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return error_set(error, errno, "ask for a signal on the runtime's death");
	return 0;
}

/* Where a cgroup namespace is made, it shows the groups that this process is in as its root. */
static int step_join_cgroups_now(struct sandbox *sandbox, struct error *error)
{
	return sandbox->cgroup_later ? 0 : step_join_early_cgroups(sandbox, error);
}

/* Made in the meantime: what mounts them waits for them, and so does everything after the mounts. */
static int step_join_made_cgroups(struct sandbox *sandbox, struct error *error)
{
	return sandbox->cgroup_later ? step_join_early_cgroups(sandbox, error) : 0;
}

static int await_cgroups(void *sandbox, struct error *error)
{
	return step_join_made_cgroups(sandbox, error);
}

/* The groups that may be on their way come before the answer. */
static int request_idmap(void *context, size_t index, int tree, struct error *error)
{
	const struct sandbox *sandbox = context;

	if (await_cgroups(context, error) < 0 ||
	    channel_send(sandbox->channel, MESSAGE_IDMAP, (int)index, tree, error) < 0)
		return -1;
	return channel_expect(sandbox->channel, MESSAGE_CONTINUE, error);
}

static int step_join_namespaces(struct sandbox *sandbox, struct error *error)
{
	uint32_t types = UINT32_MAX & ~(1U << OCI_NAMESPACE_PID);

	/* The intermediate process has joined all but the mount namespace already. */
	if (namespaces_joins(&sandbox->namespaces, OCI_NAMESPACE_USER) || makes(sandbox, CLONE_NEWUSER))
		types = 1U << OCI_NAMESPACE_MOUNT;
	return namespaces_join(&sandbox->namespaces, types, error);
}

static int step_cgroup_namespace(struct sandbox *sandbox, struct error *error)
{
	if (makes(sandbox, CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) < 0)
		return error_set(error, errno, "make a cgroup namespace");
	return 0;
}

static int step_loopback(struct sandbox *sandbox, struct error *error)
{
	return makes(sandbox, CLONE_NEWNET) ? namespaces_loopback(error) : 0;
}

static int step_root_directory(struct sandbox *sandbox, struct error *error)
{
	return rootfs_open_directory(&sandbox->rootfs, error);
}

static int step_root(struct sandbox *sandbox, struct error *error)
{
	return rootfs_begin(&sandbox->rootfs, error);
}

static int step_mounts(struct sandbox *sandbox, struct error *error)
{
	sandbox->rootfs.await_cgroups = await_cgroups;
	if (sandbox_has_user_namespace(sandbox))
		sandbox->rootfs.request_idmap = request_idmap;
	sandbox->rootfs.context = sandbox;
	return rootfs_mounts(&sandbox->rootfs, error);
}

static int step_console(struct sandbox *sandbox, struct error *error)
{
	const struct oci_process *process = sandbox->process;
	_cleanup_fd_ int master = -1;
	struct console console;

	if (!process || !process->terminal)
		return 0;
	if (console_open(sandbox->rootfs.root, process->console_size, sandbox->relays_console, &console,
			 error) < 0)
		return -1;
	master = console.master;
	sandbox->console = console.slave;
	sandbox->rootfs.console = console.slave;
	return channel_send(sandbox->channel, MESSAGE_CONSOLE, console.number, master, error);
}

static int step_devices(struct sandbox *sandbox, struct error *error)
{
	return rootfs_devices(&sandbox->rootfs, error);
}

static int step_runtime_hooks(struct sandbox *sandbox, struct error *error)
{
	const struct oci_hooks *hooks = sandbox->config->hooks;

	if (!hooks || hooks->prestart.count + hooks->create_runtime.count == 0)
		return 0;
	return ask_runtime(sandbox, MESSAGE_HOOKS, error);
}

static int run_own_hooks(struct sandbox *sandbox, const char *kind, const struct oci_hook_list *hooks,
			 const char *status, const struct hook_place *place, struct error *error)
{
	if (hooks->count == 0)
		return 0;
	return hooks_run(kind, hooks, sandbox->hook_state(sandbox, getpid(), status), place, error);
}

static int step_create_container_hooks(struct sandbox *sandbox, struct error *error)
{
	const struct oci_hooks *hooks = sandbox->config->hooks;

	struct hook_place place = { .directory = sandbox->rootfs.root };

	if (!hooks)
		return 0;
	return run_own_hooks(sandbox, "createContainer", &hooks->create_container, "creating", &place, error);
}

static int step_pivot(struct sandbox *sandbox, struct error *error)
{
	return rootfs_pivot(&sandbox->rootfs, error);
}

/* As runc has it, a missing working directory is made: before the root may become read-only. */
static int step_make_cwd(struct sandbox *sandbox, struct error *error)
{
	const char *cwd = sandbox->process ? sandbox->process->cwd : NULL;
	_cleanup_fd_ int root = -1;
	_cleanup_fd_ int made = -1;

	if (!cwd || !strcmp(cwd, "/"))
		return 0;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return error_set(error, errno, "open the container's root");
	made = path_open_in_root(root, cwd, O_PATH | O_DIRECTORY);
	if (made >= 0 || errno != ENOENT)
		return 0; /* whatever is wrong with it is found when it is entered */
	made = path_make_directory(root, cwd, 0755, error);
	return made < 0 ? -1 : 0;
}

static int step_finish_rootfs(struct sandbox *sandbox, struct error *error)
{
	return rootfs_finish(&sandbox->rootfs, error);
}

static int step_names(struct sandbox *sandbox, struct error *error)
{
	const struct oci_config *config = sandbox->config;

	if (config->hostname && *config->hostname &&
	    sethostname(config->hostname, strlen(config->hostname)) < 0)
		return error_set(error, errno, "set the hostname to %s", config->hostname);
	if (config->domainname && *config->domainname &&
	    setdomainname(config->domainname, strlen(config->domainname)) < 0)
		return error_set(error, errno, "set the domainname to %s", config->domainname);
	return 0;
}

static int step_verify_rootfs(struct sandbox *sandbox, struct error *error)
{
	return rootfs_verify(&sandbox->rootfs, error);
}

static int step_created(struct sandbox *sandbox, struct error *error)
{
	log_debug("init: closing the pipe to signal completion");
	/*
	 * From here on this process waits on the channel, and sees the runtime's death as its end. The signal would
	 * come for the regular end of `create`, too, before there was time to do without it.
	 */
	prctl(PR_SET_PDEATHSIG, 0);
	return channel_send(sandbox->channel, MESSAGE_CREATED, 0, -1, error);
}

/* As pid 1 it would not notice them otherwise, and `kill` on a created container would do nothing. */
static void end_by_signal(int signal)
{
	_exit(128 + signal);
}

/* Waits for START from the command `start`, and keeps its connection to report to it. */
static int wait_on_socket(struct sandbox *sandbox, struct error *error)
{
	struct sigaction action = { .sa_handler = end_by_signal };
	int connection;

	/* The state is saved: from here on the container lives without the command that created it. */
	if (channel_expect(sandbox->channel, MESSAGE_CONTINUE, error) < 0)
		return -1;
	close(sandbox->channel);
	sandbox->channel = -1;
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	for (;;) {
		struct message message;

		do
			/* cppcheck-suppress nullPointer ; whose address it is need not be said */
			connection = accept4(sandbox->start_socket, NULL, NULL, SOCK_CLOEXEC);
		while (connection < 0 && (errno == EINTR || errno == ECONNABORTED));
		if (connection < 0)
			return error_set(error, errno, "wait for start");
		if (channel_receive(connection, &message, NULL, error) > 0 && message.type == MESSAGE_START)
			break;
		close(connection); /* whoever connected went away: wait for the next */
	}
	close(sandbox->start_socket);
	sandbox->channel = connection;
	return 0;
}

static int step_wait_for_start(struct sandbox *sandbox, struct error *error)
{
	if (sandbox->start == SANDBOX_START_SOCKET)
		return wait_on_socket(sandbox, error);
	return channel_expect(sandbox->channel, MESSAGE_START, error);
}

static int step_start_container_hooks(struct sandbox *sandbox, struct error *error)
{
	const struct oci_hooks *hooks = sandbox->config->hooks;

	struct hook_place place = { .directory = -1, .environment = sandbox->environment };

	if (!hooks)
		return 0;
	return run_own_hooks(sandbox, "startContainer", &hooks->start_container, "created", &place, error);
}

static const struct step setup_steps[] = {
	{ "follow the runtime", step_die_with_runtime },
	{ "join cgroups", step_join_cgroups_now },
	{ "id maps", step_wait_for_runtime },
	{ "join namespaces", step_join_namespaces },
	{ "cgroup namespace", step_cgroup_namespace },
	{ "root directory", step_root_directory },
	{ "user namespace", step_become_root },
	{ "signals", step_reset_signals },
	{ "session", step_new_session },
	{ "loopback", step_loopback },
	{ "keyring", step_keyring },
	{ "rootfs", step_root },
	{ "mounts", step_mounts },
	{ "join cgroups made meanwhile", step_join_made_cgroups },
	{ "console", step_console },
	{ "devices", step_devices },
	{ "createRuntime hooks", step_runtime_hooks },
	{ "createContainer hooks", step_create_container_hooks },
	{ "egress rules", step_set_egress },
	{ "pivot_root", step_pivot },
	{ "console", step_attach_console },
	{ "names", step_names },
	{ "working directory", step_make_cwd },
	{ "lock the rootfs down", step_finish_rootfs },
	{ "check the rootfs", step_verify_rootfs },
};

/* Between the two tables: steps_become_process(). */
static const struct step start_steps[] = {
	{ "created", step_created },
	/* `create` ends here; the rest is for `start`, whenever that comes. */
	{ "start", step_wait_for_start },
	{ "check the egress rules", step_check_egress },
	{ "seccomp", step_late_seccomp },
	{ "startContainer hooks", step_start_container_hooks },
	{ "exec", execute_program },
};

_Noreturn void sandbox_become_init(struct sandbox *sandbox)
{
	log_debug("child process in init()");
	steps_run(sandbox, setup_steps, ARRAY_SIZE(setup_steps));
	steps_become_process(sandbox);
	steps_run(sandbox, start_steps, ARRAY_SIZE(start_steps));
	_exit(1);
}
