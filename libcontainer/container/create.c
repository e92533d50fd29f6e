/* SPDX-License-Identifier: Apache-2.0 */
#include "container/create.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/fd.h"
#include "base/process.h"
#include "base/time.h"
#include "container/create_steps.h"
#include "container/disk_quota.h"
#include "container/foreground.h"
#include "container/id_range.h"
#include "container/intel_rdt.h"
#include "container/late_hooks.h"
#include "container/notify.h"
#include "container/restore.h"
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

static void undo_directory(struct creation *creation)
{
	struct error ignored;

	if (creation->entry.fd >= 0 && store_remove(&creation->store, &creation->entry, &ignored) < 0)
		log_warn("%s", ignored.text);
}

/*
 * From here on a signal, as that of ^C, waits until there is a container for it or nothing is left. The hooks that share
 * the caller's terminal get it, too; they end, and so does the creation.
 */
static int step_hold_signals(struct creation *creation, struct error *error)
{
	(void)creation;
	(void)error;
	foreground_hold_signals();
	return 0;
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

/* Before anything else is made the state says what will be: so delete finds all of it at any moment. */
static int step_announce(struct creation *creation, struct error *error)
{
	struct cgroup *planned;

	fill_state(creation);
	if (creation_plan_cgroup(creation, &planned, error) < 0 ||
	    state_save(&creation->entry, &creation->state, planned, error) < 0)
		return -1;
	return creation->is_run ? 0 : listen_for_start(creation, error);
}

/*
 * What hooks before have taken they give back here, so also for a container that never came to be: the specification's
 * lifecycle goes on at its destruction. As there: before the directory, which is undone next, and after all else.
 */
static void undo_announce(struct creation *creation)
{
	run_poststop_hooks(creation->arena, &creation->state, creation->plan.config);
}

static int step_notify(struct creation *creation, struct error *error)
{
	creation->host_notify_socket = notify_host_socket();
	if (!creation->host_notify_socket || !creation->plan.config->process)
		return 0;
	creation_add_environment(creation, "NOTIFY_SOCKET=" NOTIFY_CONTAINER_PATH);
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

/* Nothing is written to a root file system that is read-only. */
static int step_disk_quota(struct creation *creation, struct error *error)
{
	const struct disk_quota *quota = &creation->plan.hardening.disk;
	struct slot slot = { .fd = -1 };
	int result;

	if (!quota->bytes || creation->plan.config->root->readonly)
		return 0;
	if (disk_quota_set(creation->arena, creation->options->id, creation->plan.rootfs, quota, &slot, error) <
	    0)
		return -1;
	result = slot_keep(&slot, STORE_PROJECTS, &creation->entry, error);
	slot_close(&slot);
	return result;
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

/* Takes a while: done while the child sets itself up. */
static int step_write_files(struct creation *creation, struct error *error)
{
	char letter;

	creation->state.pid = creation->sandbox.pid;
	creation->state.pid_start = creation->sandbox.pid_start;
	/* As long as this process has not waited for it, it is there. */
	if (creation->state.pid_start == 0 &&
	    process_stat(creation->state.pid, &creation->state.pid_start, &letter) < 0)
		return errno == ESRCH ? error_set(error, 0,
						  "look at the container's process: /proc does not show it to "
						  "this user (hidepid)")
				      : error_set(error, errno, "look at the container's process");
	return save_hardening(creation, error);
}

static int step_state(struct creation *creation, struct error *error)
{
	return state_save_init(&creation->entry, &creation->state, error);
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
	const struct hardening *hardening = &creation->plan.hardening;
	_cleanup_fd_ int cache = -1;

	if (seccomp_is_planned(creation->plan.config, hardening))
		cache = store_seccomp_cache(&creation->store);
	return seccomp_planned_compile(creation->arena, cache, creation->plan.config, hardening,
				       &creation->sandbox.filters, error);
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
	{ "preparation", creation_prepare, NULL, ALWAYS },
	{ "signals", step_hold_signals, NULL, ALWAYS },
	{ "state directory", step_directory, undo_directory, ALWAYS },
	{ "state", step_announce, undo_announce, ALWAYS },
	{ "notify socket", step_notify, NULL, ALWAYS },
	{ "disk quota", step_disk_quota, NULL, ALWAYS },
	{ "mount sources", step_sources, NULL, ALWAYS },
	{ "cgroup", creation_make_cgroup, creation_undo_cgroup, ALWAYS },
	{ "resctrl", step_intel_rdt, undo_intel_rdt, ALWAYS },
	{ "process", creation_make_process, creation_undo_process, NEW_ONLY },
	{ "limits", creation_limit, NULL, ALWAYS },
	{ "cgroup's state", creation_correct_cgroup, NULL, ALWAYS },
	{ "restored process", restore_process, creation_undo_process, RESTORE_ONLY },
	{ "files", step_write_files, NULL, ALWAYS },
	{ "setup", creation_serve, NULL, NEW_ONLY },
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

static void undo(struct creation *creation)
{
	while (creation->done > 0)
		if (is_wanted(creation, --creation->done) && steps[creation->done].undo)
			steps[creation->done].undo(creation);
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
			undo(creation);
			return leave_trail(creation, error);
		}
		log_debug("%s: %jd us", name, (intmax_t)(monotonic_us() - began));
	}
	return leave_trail(creation, NULL);
}

int container_create(const struct runtime *runtime, const struct create_options *options, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_(creation_close) struct creation creation;

	creation_init(&creation, &arena, runtime, options, false);
	return creation_run(&creation, error);
}
