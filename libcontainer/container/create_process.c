/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of create.c's table that make the container's first process and serve it until it is set up. */
#include <sys/stat.h>

#include "base/fd.h"
#include "base/file.h"
#include "container/create_steps.h"
#include "container/service.h"
#include "sandbox/hooks.h"

/* What the engine's service manager hands to the container goes into its environment. */
void creation_add_environment(struct creation *creation, const char *text)
{
	string_list_add(creation->arena, &creation->plan.config->process->env, text);
}

static const char *hook_state(struct sandbox *sandbox, pid_t pid, const char *status)
{
	const struct creation *creation = sandbox->hook_context;

	return state_for_hooks(sandbox->arena, &creation->state, pid, status);
}

static int fill_sandbox(struct creation *creation, struct error *error)
{
	const struct create_options *options = creation->options;
	struct oci_config *config = creation->plan.config;
	struct sandbox *sandbox = &creation->sandbox;
	unsigned int listen_fds = handover_listen_fds();

	sandbox->container_id = options->id;
	sandbox->config = config;
	sandbox->process = config->process;
	sandbox->hardening = &creation->plan.hardening;
	sandbox->start = creation->is_run ? SANDBOX_START_TOLD : SANDBOX_START_SOCKET;
	sandbox->new_keyring = creation->plan.hardening.session_keyring || !options->no_new_keyring;
	sandbox->relays_console = !options->console_socket;
	sandbox->preserve_fds = listen_fds + options->preserve_fds;
	sandbox->hook_state = hook_state;
	sandbox->hook_context = creation;
	if (listen_fds > 0 && config->process) {
		creation_add_environment(creation, arena_printf(creation->arena, "LISTEN_FDS=%u", listen_fds));
		creation_add_environment(creation, "LISTEN_PID=1");
	}
	if (config->process &&
	    capabilities_resolve(config->process->capabilities, &sandbox->capabilities, error) < 0)
		return -1;
	sandbox->procfs = procfs_open(error);
	return sandbox->procfs < 0 ? -1 : 0;
}

/* A path that led to one namespace when the policy was applied may lead to another one by now. */
static int check_joined(const struct creation *creation, struct error *error)
{
	for (int type = 0; type < OCI_NAMESPACE_TYPES; type++) {
		const struct policy_namespace_identity *judged = &creation->plan.joined[type];
		int fd = creation->sandbox.namespaces.joined[type];
		struct stat found;

		if (judged->inode == 0)
			continue;
		/* The runtime's own user namespace cannot be joined again, and is not open. */
		if ((fd < 0 ? stat("/proc/self/ns/user", &found) : fstat(fd, &found)) == 0 &&
		    found.st_ino == judged->inode && found.st_dev == judged->device)
			continue;
		return error_set(error, 0, "the %s namespace to join was replaced meanwhile",
				 namespace_type_name((enum oci_namespace_type)type));
	}
	return 0;
}

static int fill_rootfs(struct creation *creation, struct error *error)
{
	struct rootfs *rootfs = &creation->sandbox.rootfs;
	struct namespaces *namespaces = &creation->sandbox.namespaces;

	rootfs->arena = creation->arena;
	rootfs->config = creation->plan.config;
	rootfs->bundle = creation->plan.bundle_fd;
	rootfs->bundle_path = creation->plan.bundle;
	rootfs->procfs = creation->sandbox.procfs;
	rootfs->cgroup_layout = &creation->layout;
	rootfs->no_pivot = creation->options->no_pivot;
	rootfs->hardening = &creation->plan.hardening;
	if (namespaces_open(creation->plan.config->linux_, namespaces, error) < 0 ||
	    check_joined(creation, error) < 0)
		return -1;
	rootfs->userns = namespaces->joined[OCI_NAMESPACE_USER];
	return 0;
}

int creation_prepare(struct creation *creation, struct error *error)
{
	if (fill_sandbox(creation, error) < 0 || fill_rootfs(creation, error) < 0)
		return -1;
	return cgroup_layout_read(creation->arena, &creation->layout, error);
}

void creation_undo_process(struct creation *creation)
{
	sandbox_kill(&creation->sandbox);
}

int creation_make_process(struct creation *creation, struct error *error)
{
	struct sandbox *sandbox = &creation->sandbox;

	log_debug("nsexec container setup"); /* what runc says here: scripts look for it */
	if (sandbox_spawn(sandbox, error) < 0)
		return error_context(error, "unable to start container process");
	/* Its own copies are the child's now: as long as they are open here, start would not see its end. */
	fd_close(&sandbox->start_socket);
	return 0;
}

int creation_run_hooks(struct creation *creation, struct error *error)
{
	const struct oci_hooks *hooks = creation->plan.config->hooks;
	const char *state =
		state_for_hooks(creation->arena, &creation->state, creation->sandbox.pid, "creating");
	const struct hook_place place = { .directory = creation->plan.bundle_fd };

	if (!hooks)
		return 0;
	if (hooks_run("prestart", &hooks->prestart, state, &place, error) < 0)
		return -1;
	return hooks_run("createRuntime", &hooks->create_runtime, state, &place, error);
}

static int run_hooks(void *owner, struct error *error)
{
	return creation_run_hooks(owner, error);
}

static struct service service_of(struct creation *creation)
{
	return (struct service){
		.arena = creation->arena,
		.sandbox = &creation->sandbox,
		.handover = &creation->handover,
		.hardening = &creation->plan.hardening,
		.config = creation->plan.config,
		.state = &creation->state,
		.hooks = run_hooks,
		.owner = creation,
	};
}

int creation_start(struct creation *creation, struct error *error)
{
	const struct service service = service_of(creation);

	return service_start(&service, error);
}

int creation_serve(struct creation *creation, struct error *error)
{
	const struct service service = service_of(creation);

	if (service_serve(&service, error) == 0)
		return cgroup_settle(creation->cgroup, error);
	if (error->refused)
		return -1;
	if (cgroup_oom_kills(creation->cgroup) > 0)
		return error_set(error, 0,
				 "unable to start container process: container init was OOM-killed "
				 "(memory limit too low?)");
	return error_context(error, "unable to start container process: error during container init");
}
