/* SPDX-License-Identifier: Apache-2.0 */
#include "container/create.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/time.h"
#include "container/disk_quota.h"
#include "container/filters.h"
#include "container/id_range.h"
#include "container/intel_rdt.h"
#include "container/notify.h"
#include "container/restore.h"
#include "sandbox/hooks.h"
#include "state/container.h"
#include "state/secrets.h"
#include "state/trail.h"

void creation_init(struct creation *creation, struct arena *arena, const struct runtime *runtime,
		   const struct create_options *options, bool is_run)
{
	*creation = (struct creation){
		.runtime = runtime,
		.options = options,
		.arena = arena,
		.is_run = is_run,
		.plan = { .bundle_fd = -1, .id_range.fd = -1 },
		.store.fd = -1,
		.entry.fd = -1,
		.handover = HANDOVER_NONE,
	};
	sandbox_init(&creation->sandbox, arena);
}

void creation_close(struct creation *creation)
{
	plan_close(&creation->plan);
	cgroup_layout_release(&creation->layout);
	sandbox_close(&creation->sandbox);
	fd_close(&creation->sandbox.procfs);
	if (creation->cgroup)
		cgroup_close(creation->cgroup);
	store_entry_close(&creation->entry);
	store_close(&creation->store);
	handover_close(&creation->handover);
}

/* Nothing is created by these -------------------------------------------------------------------------- */

static bool detaches(const struct creation *creation)
{
	return !creation->is_run || creation->options->detach;
}

static int step_plan(struct creation *creation, struct error *error)
{
	const struct create_options *options = creation->options;

	if (store_check_id(options->id, error) < 0)
		return -1;
	if (plan_make(creation->arena, creation->runtime, options->id, options->bundle, options->config,
		      options->no_new_keyring, &creation->plan, error) < 0)
		return -1;
	if (creation->is_run && !creation->plan.config->process)
		return error_set(error, 0, "process: missing in config.json, there is nothing to run");
	return handover_check_preserved((uint64_t)handover_listen_fds() + options->preserve_fds, error);
}

static int step_connect(struct creation *creation, struct error *error)
{
	const struct create_options *options = creation->options;
	const struct oci_process *process = creation->plan.config->process;

	return handover_open(&creation->handover, options->console_socket, options->pidfd_socket,
			     detaches(creation), process && process->terminal, error);
}

/* What the engine's service manager hands to the container goes into its environment. */
static void add_environment(struct creation *creation, const char *text)
{
	struct string_list *env = &creation->plan.config->process->env;
	const char **items = ARENA_NEW_ARRAY(creation->arena, const char *, env->count + 1);

	if (env->count)
		memcpy(items, env->items, env->count * sizeof(*items));
	items[env->count] = text;
	env->items = items;
	env->count++;
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
	sandbox->preserve_fds = listen_fds + options->preserve_fds;
	sandbox->hook_state = hook_state;
	sandbox->hook_context = creation;
	if (listen_fds > 0 && config->process) {
		add_environment(creation, arena_printf(creation->arena, "LISTEN_FDS=%u", listen_fds));
		add_environment(creation, "LISTEN_PID=1");
	}
	if (config->process &&
	    capabilities_resolve(config->process->capabilities, &sandbox->capabilities, error) < 0)
		return -1;
	sandbox->procfs = procfs_open(error);
	return sandbox->procfs < 0 ? -1 : 0;
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
	if (namespaces_open(creation->plan.config->linux_, namespaces, error) < 0)
		return -1;
	rootfs->userns = namespaces->joined[OCI_NAMESPACE_USER];
	return 0;
}

static int step_prepare(struct creation *creation, struct error *error)
{
	if (fill_sandbox(creation, error) < 0 || fill_rootfs(creation, error) < 0)
		return -1;
	return cgroup_layout_read(creation->arena, &creation->layout, error);
}

/* From here on something is created ---------------------------------------------------------------------- */

/* A socket in the container's directory; its path may be longer than a socket address. */
static int listen_for_start(struct creation *creation, struct error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return error_set(error, errno, "make the start socket");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/" STORE_START_SOCKET,
		 fd_path(creation->entry.fd).text);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 4) < 0)
		return error_set(error, errno, "make the start socket in %s", creation->entry.path);
	creation->sandbox.start_socket = TAKE_FD(fd);
	return 0;
}

static void fill_state(struct creation *creation)
{
	const struct oci_config *config = creation->plan.config;
	const struct oci_namespace *pid_namespace = config_namespace(config, OCI_NAMESPACE_PID);
	char *now = arena_alloc(creation->arena, TIMESTAMP_SIZE);

	timestamp_now(now, true);

	creation->state = (struct saved_state){
		.oci_version = OCI_VERSION, /* that the state complies with, not the configuration */
		.id = creation->options->id,
		.created = now,
		.bundle = creation->plan.bundle,
		.config = creation->options->config,
		.rootfs = creation->plan.rootfs,
		.owner = geteuid(),
		.rootless = creation->plan.rootless,
		.own_pid_namespace = pid_namespace && !pid_namespace->path,
		.session_keyring = creation->sandbox.new_keyring,
		.annotations = config->annotations,
		.policies = policy_names(creation->plan.policy),
		.trail = creation->plan.trail,
	};
}

/* What later commands hold the container to. */
static int save_hardening(const struct creation *creation, struct error *error)
{
	struct oci_config config = secrets_without(creation->arena, creation->plan.config);

	if (container_save_policy(&creation->entry, creation->plan.policy, &creation->plan.changes, error) < 0)
		return -1;
	return container_save_config(&creation->entry, &config, error);
}

static bool mounts_cgroup_writable(const struct oci_config *config)
{
	for (size_t i = 0; i < config->mounts.count; i++) {
		const struct oci_mount *mount = &config->mounts.items[i];
		bool readonly = false;

		if (!mount->type || strcmp(mount->type, "cgroup") != 0 ||
		    strcmp(mount->destination, "/sys/fs/cgroup") != 0)
			continue;
		for (size_t j = 0; j < mount->options.count; j++)
			readonly |= !strcmp(mount->options.items[j], "ro");
		return !readonly;
	}
	return false;
}

/* Whom the container's tree of cgroup v2 is given to: the host's name of its user. config-linux.md, cgroup ownership */
static struct optional_u32 delegated_owner(const struct oci_config *config)
{
	const struct oci_id_mapping_list *map = config->linux_ ? &config->linux_->uid_mappings : NULL;
	uint32_t uid = config->process ? config->process->user.uid : 0;

	if (!config_has_new_namespace(config, OCI_NAMESPACE_CGROUP) ||
	    !config_has_new_namespace(config, OCI_NAMESPACE_USER) || !mounts_cgroup_writable(config))
		return (struct optional_u32){ 0 };
	for (size_t i = 0; map && i < map->count; i++)
		if (uid >= map->items[i].container_id && uid - map->items[i].container_id < map->items[i].size)
			return (struct optional_u32){
				.present = true,
				.value = map->items[i].host_id + (uid - map->items[i].container_id),
			};
	return (struct optional_u32){ 0 };
}

static struct cgroup_request cgroup_request(const struct creation *creation)
{
	const struct oci_linux *config = creation->plan.config->linux_;

	return (struct cgroup_request){
		.manager = creation->runtime->cgroup_manager,
		.container_id = creation->options->id,
		.cgroups_path = config ? config->cgroups_path : NULL,
		.rootless = creation->plan.rootless,
		.owner = delegated_owner(creation->plan.config),
		.devices = config ? &config->devices : NULL,
		.annotations = &creation->plan.config->annotations,
	};
}

static void undo_directory(struct creation *creation)
{
	struct error ignored;

	if (creation->entry.fd >= 0 && store_remove(&creation->store, &creation->entry, &ignored) < 0)
		log_warn("%s", ignored.text);
}

static int step_directory(struct creation *creation, struct error *error)
{
	if (store_create(creation->arena, &creation->store, creation->options->id, &creation->entry, error) < 0)
		return -1;
	if (slot_keep(&creation->plan.id_range, STORE_ID_RANGES, &creation->entry, error) == 0)
		return 0;
	undo_directory(creation);
	return -1;
}

static const char *cgroup_text(struct arena *arena, const struct cgroup *cgroup)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text, .first = true };

	cgroup_save(&writer, cgroup);
	return arena_strndup(arena, text.text, text.length);
}

/* Before anything else is made the state says what will be: so delete finds all of it at any moment. */
static int step_announce(struct creation *creation, struct error *error)
{
	struct cgroup_request request = cgroup_request(creation);
	struct cgroup *planned;

	fill_state(creation);
	if (cgroup_plan(creation->arena, &creation->layout, &request, &planned, error) < 0)
		return -1;
	creation->planned_cgroup = cgroup_text(creation->arena, planned);
	if (state_save(&creation->entry, &creation->state, planned, error) < 0)
		return -1;
	return creation->is_run ? 0 : listen_for_start(creation, error);
}

static int step_notify(struct creation *creation, struct error *error)
{
	creation->host_notify_socket = notify_host_socket();
	if (!creation->host_notify_socket || !creation->plan.config->process)
		return 0;
	add_environment(creation, "NOTIFY_SOCKET=" NOTIFY_CONTAINER_PATH);
	creation->sandbox.rootfs.notify_directory =
		arena_printf(creation->arena, "%s/" STORE_NOTIFY, creation->entry.path);
	return notify_make_directory(&creation->entry, error);
}

/* The notify directory is one of them, so it is there by now. */
static int step_sources(struct creation *creation, struct error *error)
{
	bool user_namespace = config_namespace(creation->plan.config, OCI_NAMESPACE_USER) != NULL;
	/* What is opened and judged here is compared with what CRIU then has mounted. */
	bool is_opened = user_namespace || creation->restoration;

	return rootfs_open_sources(&creation->sandbox.rootfs, is_opened && geteuid() == 0, error);
}

static const struct oci_resources *resources_of(const struct oci_config *config)
{
	return config->linux_ ? config->linux_->resources : NULL;
}

/* Nothing is written to a root file system that is read-only. */
static int step_disk_quota(struct creation *creation, struct error *error)
{
	const struct disk_quota *quota = &creation->plan.hardening.disk;
	struct slot slot = { .fd = -1 };
	int result;

	if (!quota->bytes || creation->plan.config->root->readonly)
		return 0;
	if (disk_quota_set(creation->arena, &creation->store, creation->options->id, creation->plan.rootfs,
			   quota, &slot, error) < 0)
		return -1;
	result = slot_keep(&slot, STORE_PROJECTS, &creation->entry, error);
	slot_close(&slot);
	return result;
}

/*
 * The group of v2, in which the process is born. Those of v1 it joins by itself, so they are made while it is busy with
 * its mounts; but not where a cgroup namespace has to be made in them before anything else, and not for a rootless
 * container, which may have to do without some.
 */
static int step_cgroup(struct creation *creation, struct error *error)
{
	const struct oci_config *config = creation->plan.config;
	struct cgroup_request request = cgroup_request(creation);

	request.v1_later = !creation->plan.rootless && !creation->restoration &&
			   !config_has_new_namespace(config, OCI_NAMESPACE_CGROUP);
	if (cgroup_create(creation->arena, &creation->layout, &request, resources_of(config), &creation->cgroup,
			  error) < 0)
		return error_context(error, "unable to apply cgroup configuration");
	creation->sandbox.cgroup = creation->cgroup;
	creation->sandbox.cgroup_later = request.v1_later;
	creation->sandbox.rootfs.cgroup = creation->cgroup;
	return 0;
}

static int step_limits(struct creation *creation, struct error *error)
{
	const struct oci_config *config = creation->plan.config;
	const struct oci_resources *resources = resources_of(config);
	const struct oci_device_rule_list none = { 0 };

	if (cgroup_create_rest(creation->cgroup, &creation->layout, resources, error) < 0 ||
	    cgroup_set_resources(creation->cgroup, resources, error) < 0 ||
	    cgroup_set_devices(creation->cgroup, resources ? &resources->devices : &none,
			       config->linux_ ? &config->linux_->devices : NULL, error) < 0)
		return error_context(error, "unable to apply cgroup configuration");
	return sandbox_hand_cgroups(&creation->sandbox, error);
}

/* Some groups were not permitted, or were there already: usually there is nothing to correct. */
static int step_cgroup_state(struct creation *creation, struct error *error)
{
	if (strcmp(cgroup_text(creation->arena, creation->cgroup), creation->planned_cgroup) == 0)
		return 0;
	return state_save(&creation->entry, &creation->state, creation->cgroup, error);
}

static void undo_cgroup(struct creation *creation)
{
	struct error ignored;

	cgroup_give_up_rest(creation->cgroup);
	cgroup_kill(creation->cgroup, SIGKILL, &ignored);
	if (cgroup_destroy(creation->cgroup, &ignored) == 0)
		return;
	log_warn("%s", ignored.text);
	/* What is left of it is found by `delete` only as long as the state says where it is. */
	store_entry_close(&creation->entry);
}

static int step_intel_rdt(struct creation *creation, struct error *error)
{
	return intel_rdt_create(creation->arena, &creation->entry, creation->plan.config,
				creation->sandbox.resctrl_tasks, error);
}

static void undo_intel_rdt(struct creation *creation)
{
	struct error ignored;

	if (intel_rdt_destroy(creation->arena, &creation->entry, &ignored) < 0)
		log_warn("%s", ignored.text);
}

static void undo_process(struct creation *creation)
{
	sandbox_kill(&creation->sandbox);
}

static int step_process(struct creation *creation, struct error *error)
{
	struct sandbox *sandbox = &creation->sandbox;

	log_debug("nsexec container setup"); /* what runc says here: scripts look for it */
	if (sandbox_spawn(sandbox, error) < 0)
		return error_context(error, "unable to start container process");
	/* Its own copies are the child's now: as long as they are open here, start would not see its end. */
	fd_close(&sandbox->start_socket);
	if (sandbox->process &&
	    identity_oom_score(sandbox->procfs, sandbox->pid, sandbox->process, error) < 0) {
		undo_process(creation);
		return -1;
	}
	/* Elsewhere it joins the groups by itself: that is done when its setup is. */
	if (cgroup_clone_fd(creation->cgroup) >= 0 && cgroup_settle(creation->cgroup, error) < 0) {
		undo_process(creation);
		return -1;
	}
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

static int run_hooks(void *context, struct error *error)
{
	return creation_run_hooks(context, error);
}

static int take_console(void *context, int master, int number, struct error *error)
{
	struct creation *creation = context;

	return handover_console(&creation->handover, master, number, error);
}

static int take_listener(void *context, int listener, struct error *error)
{
	struct creation *creation = context;
	_cleanup_fd_ int fd = listener;

	return handover_listener(creation->arena, creation->plan.config->linux_->seccomp, &creation->state,
				 creation->sandbox.pid, fd, error);
}

static int step_setup(struct creation *creation, struct error *error)
{
	struct sandbox_requests requests = {
		.hooks = run_hooks,
		.console = take_console,
		.listener = take_listener,
		.context = creation,
	};

	if (sandbox_serve(&creation->sandbox, &requests, error) == 0)
		return cgroup_settle(creation->cgroup, error);
	if (cgroup_oom_kills(creation->cgroup) > 0)
		return error_set(error, 0,
				 "unable to start container process: container init was OOM-killed "
				 "(memory limit too low?)");
	return error_context(error, "unable to start container process: error during container init");
}

/* Takes a while: done while the child sets itself up. */
static int step_write_files(struct creation *creation, struct error *error)
{
	char letter;

	creation->state.pid = creation->sandbox.pid;
	/* As long as this process has not waited for it, it is there. */
	if (process_stat(creation->state.pid, &creation->state.pid_start, &letter) < 0)
		return error_set(error, errno, "look at the container's process");
	if (state_stage_init(&creation->entry, &creation->state, creation->staged_init, error) < 0)
		return -1;
	return save_hardening(creation, error);
}

static int step_state(struct creation *creation, struct error *error)
{
	return state_commit_init(&creation->entry, creation->staged_init, error);
}

static int step_pidfd(struct creation *creation, struct error *error)
{
	/* Who gets it may end the process at once: only when this command needs it no more. `run` sends it later. */
	return creation->is_run ? 0 : handover_pidfd(&creation->handover, creation->sandbox.pidfd, error);
}

static int step_pid_file(struct creation *creation, struct error *error)
{
	if (!creation->options->pid_file)
		return 0;
	return handover_pid_file(creation->arena, creation->options->pid_file, creation->sandbox.pid, error);
}

static void undo_pid_file(struct creation *creation)
{
	if (creation->options->pid_file)
		unlink(creation->options->pid_file);
}

static int step_detach(struct creation *creation, struct error *error)
{
	return creation->is_run ? 0 : sandbox_detach(&creation->sandbox, error);
}

static int step_store(struct creation *creation, struct error *error)
{
	return store_open(creation->arena, creation->runtime, true, &creation->store, error);
}

static int step_seccomp(struct creation *creation, struct error *error)
{
	return filters_compile(creation->arena, &creation->store, creation->plan.config,
			       &creation->plan.hardening, &creation->sandbox, error);
}

/* The table --------------------------------------------------------------------------------------------- */

/* What is done for a container that is new, for one that comes from CRIU's images, or for both. */
static const struct {
	const char *name;
	int (*make)(struct creation *creation, struct error *error);
	void (*undo)(struct creation *creation);
	enum { ALWAYS, NEW_ONLY, RESTORE_ONLY } when;
} steps[] = {
	{ "configuration", step_plan, NULL, ALWAYS },
	{ "sockets", step_connect, NULL, ALWAYS },
	{ "state root", step_store, NULL, ALWAYS },
	{ "seccomp", step_seccomp, NULL, ALWAYS },
	{ "images", restore_images, NULL, RESTORE_ONLY },
	{ "preparation", step_prepare, NULL, ALWAYS },
	{ "state directory", step_directory, undo_directory, ALWAYS },
	{ "state", step_announce, NULL, ALWAYS },
	{ "notify socket", step_notify, NULL, ALWAYS },
	{ "disk quota", step_disk_quota, NULL, ALWAYS },
	{ "mount sources", step_sources, NULL, ALWAYS },
	{ "cgroup", step_cgroup, undo_cgroup, ALWAYS },
	{ "resctrl", step_intel_rdt, undo_intel_rdt, ALWAYS },
	{ "process", step_process, undo_process, NEW_ONLY },
	{ "limits", step_limits, NULL, ALWAYS },
	{ "cgroup's state", step_cgroup_state, NULL, ALWAYS },
	{ "restored process", restore_process, undo_process, RESTORE_ONLY },
	{ "files", step_write_files, NULL, ALWAYS },
	{ "setup", step_setup, NULL, NEW_ONLY },
	{ "process's state", step_state, NULL, ALWAYS },
	{ "pid file", step_pid_file, undo_pid_file, ALWAYS },
	{ "detach", step_detach, NULL, ALWAYS },
	{ "pidfd", step_pidfd, NULL, ALWAYS },
};

static bool is_wanted(const struct creation *creation, size_t step)
{
	return steps[step].when == ALWAYS ||
	       (steps[step].when == RESTORE_ONLY) == (creation->restoration != NULL);
}

/* What the policy decided, and then that it was done: or why not. */
static int leave_trail(const struct creation *creation, const struct error *error)
{
	const char *policies = creation->plan.policy ? policy_names(creation->plan.policy) : NULL;
	struct trail_event event = {
		.event = "policy",
		.id = creation->options->id,
		.policies = policies,
		.status = -1,
		.changes = &creation->plan.changes,
	};

	if (!error && creation->plan.changes.count)
		trail_write(&creation->plan.trail, &event);
	event.event = creation->restoration ? "restore" : "create";
	event.changes = NULL;
	event.pid = error ? 0 : creation->state.pid;
	event.error = error;
	trail_write(&creation->plan.trail, &event);
	return error ? -1 : 0;
}

int creation_run(struct creation *creation, struct error *error)
{
	for (creation->done = 0; creation->done < ARRAY_SIZE(steps); creation->done++) {
		const char *name = steps[creation->done].name;
		int64_t began = log_is_debug() ? monotonic_us() : 0;

		if (!is_wanted(creation, creation->done))
			continue;
		if (steps[creation->done].make(creation, error) < 0) {
			log_debug("%s failed, undoing what was done", name);
			creation_undo(creation);
			return leave_trail(creation, error);
		}
		log_debug("%s: %jd us", name, (intmax_t)(monotonic_us() - began));
	}
	return leave_trail(creation, NULL);
}

void creation_undo(struct creation *creation)
{
	while (creation->done > 0)
		if (is_wanted(creation, --creation->done) && steps[creation->done].undo)
			steps[creation->done].undo(creation);
}

int container_create(const struct runtime *runtime, const struct create_options *options, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_(creation_close) struct creation creation;

	creation_init(&creation, &arena, runtime, options, false);
	return creation_run(&creation, error);
}
