/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `restore`: a container as `run` makes it, but that its processes and mounts come from CRIU's images. CRIU works in a
 * mount namespace of its own; the container's first process becomes this one's child.
 */
#include "container/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "container/create_steps.h"
#include "container/foreground.h"
#include "container/notify.h"
#include "container/restore_check.h"
#include "container/restore_filters.h"
#include "container/run.h"
#include "sandbox/confine.h"

#define LOG_FILE "restore.log"
#define PLACE "criu" /* in the container's directory: where CRIU finds the rootfs and the sources */

/* The images -------------------------------------------------------------------------------------------- */

static void inherit(struct criu_options *criu, const char *key, int fd)
{
	criu->inherited[criu->inherited_count++] = (struct criu_inherited){ .key = key, .fd = fd };
}

/* Pipes that were the standard streams are connected to what this command has there. */
static int read_descriptors(struct creation *creation, struct error *error)
{
	struct restoration *restoration = creation->restoration;
	const char *path = restoration->images.path;
	struct json_value *root;
	size_t length;
	char *text;

	if (file_read_at(creation->arena, restoration->images.fd, IMAGES_DESCRIPTORS, FILE_SIZE_MAX, &text,
			 &length) < 0)
		return error_set(error, errno, "open %s/" IMAGES_DESCRIPTORS, path);
	path = arena_printf(creation->arena, "%s/" IMAGES_DESCRIPTORS, path);
	if (json_parse(creation->arena, path, text, length, &root, error) < 0)
		return -1;
	if (root->type != JSON_ARRAY || root->array.count > 3)
		return error_set(error, 0, "%s: expected an array of at most 3 strings", path);
	for (size_t i = 0; i < root->array.count; i++) {
		const struct json_value *item = &root->array.items[i];

		if (item->type != JSON_STRING)
			return error_set(error, 0, "%s: [%zu]: found %s, expected a string", path, i,
					 json_type_name(item->type));
		if (strstr(item->string, "pipe:"))
			inherit(&restoration->criu, item->string, (int)i);
	}
	return 0;
}

static int set_lsm(struct restoration *restoration, struct error *error)
{
	const struct restore_options *options = restoration->options;

	if (options->lsm_profile && *options->lsm_profile) {
		if (restoration->version < CRIU_VERSION_LSM_PROFILE)
			return error_set(error, 0, "--lsm-profile requires at least CRIU 3.16");
		restoration->criu.lsm_profile = options->lsm_profile;
	}
	if (options->lsm_mount_context && *options->lsm_mount_context) {
		if (restoration->version < CRIU_VERSION_LSM_PROFILE)
			return error_set(error, 0, "--lsm-mount-context requires at least CRIU 3.16");
		restoration->criu.lsm_mount_context = options->lsm_mount_context;
	}
	return 0;
}

/* `off` is runc's behaviour, which does not look. */
static int check_images(const struct creation *creation, struct error *error)
{
	const struct oci_seccomp *const *profiles;
	size_t count;

	if (policy_is_off(creation->plan.policy))
		return 0;
	if (images_check_owner(creation->arena, &creation->restoration->images, error) < 0)
		return -1;
	if (seccomp_planned_profiles(creation->arena, creation->plan.config, &creation->plan.hardening,
				     &profiles, &count, error) < 0)
		return -1;
	return restore_check_filters(creation->restoration->images.fd,
				     &(struct filter_plan){ profiles, count, &creation->sandbox.filters },
				     &creation->restoration->filters, error);
}

int restore_images(struct creation *creation, struct error *error)
{
	struct restoration *restoration = creation->restoration;
	const struct image_options *options = &restoration->options->images;

	if (restore_check_plan(creation, error) < 0 ||
	    criu_version(creation->runtime->criu, &restoration->version, error) < 0 ||
	    images_open(creation->arena, options, &restoration->images, error) < 0 ||
	    images_options(options, creation->plan.config, &restoration->criu, error) < 0 ||
	    check_images(creation, error) < 0)
		return -1;
	images_fds(&restoration->images, restoration->fds);
	restoration->fd_count = IMAGES_FDS;
	restoration->criu.log_file = LOG_FILE;
	restoration->criu.evasive_devices = true;
	restoration->criu.rst_sibling = true;
	if (set_lsm(restoration, error) < 0)
		return -1;
	return read_descriptors(creation, error);
}

/* What CRIU is told of the container ------------------------------------------------------------------------ */

static const char *place(const struct creation *creation)
{
	return arena_printf(creation->arena, "%s/" PLACE, creation->entry.path);
}

static void add_mount(struct creation *creation, const char *name, const char *source)
{
	criu_pair_add(creation->arena, &creation->restoration->criu.external_mounts, name, source);
}

/* Without a cgroup namespace the container's groups of v1 are bound in one by one. */
static void add_cgroups(struct creation *creation, const char *destination)
{
	const struct cgroup_layout *layout = &creation->layout;

	if (layout->unified || config_namespace(creation->plan.config, OCI_NAMESPACE_CGROUP))
		return;
	for (size_t i = 0; i < layout->count; i++) {
		const char *name = strrchr(layout->items[i].mountpoint, '/');

		if (!layout->items[i].v2 && name)
			add_mount(creation, arena_printf(creation->arena, "%s%s", destination, name),
				  rootfs_cgroup_directory(&creation->sandbox.rootfs, &layout->items[i]));
	}
}

/* In a user namespace devices are the host's, bound in. */
static void add_devices(struct creation *creation)
{
	static const char *const usual[] = { "/dev/full", "/dev/random", "/dev/tty", "/dev/urandom",
					     "/dev/zero" };
	const struct oci_linux *config = creation->plan.config->linux_;

	add_mount(creation, IMAGES_NULL_DEVICE, IMAGES_NULL_DEVICE);
	if (!config_namespace(creation->plan.config, OCI_NAMESPACE_USER))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		add_mount(creation, usual[i], usual[i]);
	for (size_t i = 0; config && i < config->devices.count; i++)
		add_mount(creation, config->devices.items[i].path, config->devices.items[i].path);
}

/* Whoever was saved with a directory for notifications gets one, whether this command forwards them or not. */
static int add_notify(struct creation *creation, struct error *error)
{
	if (creation->sandbox.rootfs.notify_directory)
		return 0;
	add_mount(creation, IMAGES_NOTIFY,
		  arena_printf(creation->arena, "%s/" STORE_NOTIFY, creation->entry.path));
	return notify_make_directory(&creation->entry, error);
}

/*
 * By its name on the host, as CRIU makes the mount a slave of the one that has it; where its ids are mapped, the mount
 * that does that.
 */
static const char *bind_source(struct creation *creation, size_t index)
{
	const struct rootfs_mount *mount = &creation->sandbox.rootfs.mounts[index];

	if (mount->options.idmap)
		return rootfs_restore_source(creation->arena, place(creation), index);
	return path_join(creation->arena, creation->plan.bundle, mount->mount->source);
}

static int add_mounts(struct creation *creation, struct error *error)
{
	const struct rootfs *rootfs = &creation->sandbox.rootfs;

	for (size_t i = 0; i < rootfs->mount_count; i++) {
		const struct oci_mount *mount = rootfs->mounts[i].mount;
		const char *name = path_normalize(creation->arena, mount->destination);

		if (rootfs->mounts[i].options.bind)
			add_mount(creation, name, bind_source(creation, i));
		else if (mount->type && !strcmp(mount->type, "cgroup"))
			add_cgroups(creation, name);
	}
	add_devices(creation);
	return add_notify(creation, error);
}

/* A descriptor of this process's that CRIU gets: its number there. */
static int hand_down(struct restoration *restoration, int fd)
{
	restoration->fds[restoration->fd_count] = fd;
	return CRIU_FIRST_FD + (int)restoration->fd_count++;
}

/* Namespaces that were joined by path are joined again, by the descriptors that were checked. */
static int add_namespaces(struct creation *creation, struct error *error)
{
	struct restoration *restoration = creation->restoration;
	const int *joined = creation->sandbox.namespaces.joined;

	if (joined[OCI_NAMESPACE_CGROUP] >= 0)
		return error_set(error, 0, "Do not know how to handle namespace cgroup");
	if (joined[OCI_NAMESPACE_NETWORK] >= 0)
		inherit(&restoration->criu, IMAGES_NETWORK_KEY,
			hand_down(restoration, joined[OCI_NAMESPACE_NETWORK]));
	if (joined[OCI_NAMESPACE_PID] >= 0)
		inherit(&restoration->criu, IMAGES_PID_KEY, hand_down(restoration, joined[OCI_NAMESPACE_PID]));
	for (enum oci_namespace_type type = 0; type < OCI_NAMESPACE_TYPES; type++) {
		if (joined[type] < 0 || type == OCI_NAMESPACE_NETWORK || type == OCI_NAMESPACE_PID)
			continue;
		criu_pair_add(creation->arena, &restoration->criu.joined_namespaces, namespace_type_file(type),
			      arena_printf(creation->arena, "/proc/%d/fd/%d", getpid(), joined[type]));
	}
	return 0;
}

/* What CRIU tells of ------------------------------------------------------------------------------------- */

static int take_terminal(struct creation *creation, int master, struct error *error)
{
	int number = 0;

	if (master >= 0 && ioctl(master, TIOCGPTN, &number) < 0) {
		close(master);
		return error_set(error, errno, "find the number of the restored terminal");
	}
	return handover_console(&creation->handover, master, number, error);
}

static int take_process(struct creation *creation, pid_t pid, struct error *error)
{
	creation->sandbox.pid = pid;
	creation->sandbox.pidfd = pidfd_open(pid, 0);
	if (creation->sandbox.pidfd < 0)
		return error_set(error, errno, "open the restored process %d", pid);
	return 0;
}

/* CRIU has set the network up. Rules that it has put back are replaced. */
static int set_egress(struct creation *creation, struct error *error)
{
	_cleanup_fd_ int network = -1;
	char path[32];

	if (creation->plan.hardening.egress.count == 0)
		return 0;
	snprintf(path, sizeof(path), "%d/ns/net", creation->sandbox.pid);
	network = openat(creation->sandbox.procfs, path, O_RDONLY | O_CLOEXEC);
	if (network < 0)
		return error_set(error, errno, "open the restored process's network namespace");
	return egress_carry_out(creation->arena, &creation->plan.hardening.egress, network, EGRESS_SET, error);
}

/* Where CRIU was asked to, it has put back limits of the images. */
static int limit_again(struct creation *creation, struct error *error)
{
	const enum criu_cgroup_mode mode = creation->restoration->criu.manage_cgroups_mode;

	if (!creation->cgroup || policy_is_off(creation->plan.policy) ||
	    (mode != CRIU_CGROUPS_FULL && mode != CRIU_CGROUPS_STRICT))
		return 0;
	return creation_set_limits(creation, error);
}

/* One that may mount has perhaps mounted something. */
static bool has_planned_mounts_only(const struct creation *creation)
{
	return !policy_is_off(creation->plan.policy) && !restore_may_make_namespaces(creation);
}

/* The processes are complete and are held by CRIU: none has executed anything yet. */
static int finish(struct creation *creation, struct error *error)
{
	struct error ignored;

	if (creation->sandbox.pidfd < 0 && take_process(creation, creation->sandbox.pid, error) < 0)
		return -1;
	if (restore_check(creation, error) == 0 && limit_again(creation, error) == 0 &&
	    sandbox_finish_restored(&creation->sandbox, creation->sandbox.pidfd,
				    has_planned_mounts_only(creation), error) == 0 &&
	    set_egress(creation, error) == 0) {
		creation->restoration->finished = true;
		return 0;
	}
	/* CRIU would let them go all the same. */
	pidfd_send_signal(creation->sandbox.pidfd, SIGKILL, NULL, 0);
	if (creation->cgroup)
		cgroup_kill(creation->cgroup, SIGKILL, &ignored);
	return -1;
}

static int notified(void *context, const struct criu_response *notification, int fd, struct error *error)
{
	struct creation *creation = context;
	_cleanup_fd_ int own = fd;

	if (!strcmp(notification->script, "setup-namespaces")) {
		creation->sandbox.pid = notification->pid;
		if (sandbox_restored_network(&creation->sandbox, error) < 0)
			return -1;
		return creation_run_hooks(creation, error);
	}
	if (!strcmp(notification->script, "orphan-pts-master"))
		return take_terminal(creation, TAKE_FD(own), error);
	if (!strcmp(notification->script, "post-restore"))
		return take_process(creation, notification->pid, error);
	if (!strcmp(notification->script, "pre-resume"))
		return finish(creation, error);
	return 0;
}

/* The restore ---------------------------------------------------------------------------------------------- */

/* In the process that becomes CRIU. */
static int prepare(void *context, struct error *error)
{
	struct creation *creation = context;
	struct restoration *restoration = creation->restoration;
	const struct hardening *hardening = &creation->plan.hardening;

	if (rootfs_prepare_restore(&creation->sandbox.rootfs, place(creation), error) < 0 ||
	    images_reopen(&restoration->images, error) < 0)
		return -1;
	images_fds(&restoration->images, restoration->fds);
	/* What it makes has these then: CRIU puts none of them back, but no_new_privs from 3.18 on. */
	if (confine_core(hardening, error) < 0 || confine_speculation(hardening, error) < 0)
		return -1;
	if (creation->plan.config->process->no_new_privileges)
		return identity_no_new_privs(error);
	return 0;
}

/* What CRIU is in, the processes it makes are born in. */
static int join_groups(struct creation *creation, pid_t pid, struct error *error)
{
	char text[16];

	if (creation->cgroup && cgroup_add_process(creation->cgroup, pid, error) < 0)
		return error_context(error, "unable to apply cgroup configuration");
	snprintf(text, sizeof(text), "%d", pid);
	for (size_t i = 0; i < RESCTRL_TASKS_MAX; i++)
		if (creation->sandbox.resctrl_tasks[i] >= 0 &&
		    fd_write_once(creation->sandbox.resctrl_tasks[i], text) < 0)
			return error_set(error, errno, "join the resctrl group");
	return 0;
}

/* Each controller's path of the container. */
static int add_cgroup_roots(struct creation *creation, pid_t pid, struct error *error)
{
	struct cgroup_memberships *groups = &creation->restoration->groups;
	const char *path = arena_printf(creation->arena, "%d/cgroup", pid);

	if (cgroup_memberships_read(creation->arena, creation->sandbox.procfs, path, groups) < 0)
		return error_set(error, errno, "read the cgroups of criu");
	for (size_t i = 0; i < groups->count; i++) {
		char *controllers = arena_strdup(creation->arena, groups->items[i].controllers);
		char *controller;

		while ((controller = strsep(&controllers, ",")))
			criu_pair_add(creation->arena, &creation->restoration->criu.cgroup_roots, controller,
				      groups->items[i].path);
	}
	return 0;
}

static int talk(struct creation *creation, struct criu *criu, struct error *error)
{
	struct restoration *restoration = creation->restoration;
	_cleanup_strbuf_ struct strbuf request = { 0 };
	struct criu_response response;

	if (join_groups(creation, criu->pid, error) < 0 || add_cgroup_roots(creation, criu->pid, error) < 0)
		return -1;
	criu_request(&request, CRIU_RESTORE, &restoration->criu, NULL);
	if (criu_talk(criu, CRIU_RESTORE, &request, notified, creation, NULL, &response, error) < 0)
		return -1;
	if (!restoration->finished || response.pid != creation->sandbox.pid)
		return error_set(error, EPROTO, CRIU_FAILED "it did not say when the processes were ready");
	return 0;
}

/* CRIU puts processes into a time namespace, for their clocks to go on: exec has to know. */
static void note_time_namespace(struct creation *creation)
{
	struct oci_linux *config = creation->plan.config->linux_;
	char path[64];
	struct stat theirs;
	struct stat ours;
	struct oci_namespace *items;

	snprintf(path, sizeof(path), "%d/ns/time", creation->sandbox.pid);
	if (!config || config_namespace(creation->plan.config, OCI_NAMESPACE_TIME) ||
	    fstatat(creation->sandbox.procfs, path, &theirs, 0) < 0 ||
	    fstatat(creation->sandbox.procfs, "self/ns/time", &ours, 0) < 0 || file_is_same(&theirs, &ours))
		return;
	items = ARENA_NEW_ARRAY(creation->arena, struct oci_namespace, config->namespaces.count + 1);
	if (config->namespaces.count)
		memcpy(items, config->namespaces.items, config->namespaces.count * sizeof(*items));
	items[config->namespaces.count++] = (struct oci_namespace){ .type = OCI_NAMESPACE_TIME };
	config->namespaces.items = items;
}

int restore_process(struct creation *creation, struct error *error)
{
	struct restoration *restoration = creation->restoration;
	struct criu_setup setup = {
		.program = creation->runtime->criu,
		.keep_streams = true,
		.fds = restoration->fds,
		.prepare = prepare,
		.context = creation,
	};
	struct criu criu;
	int result;

	if (mkdirat(creation->entry.fd, PLACE, 0700) < 0)
		return error_set(error, errno, "make %s", place(creation));
	restoration->criu.root = rootfs_restore_root(creation->arena, place(creation));
	if (add_mounts(creation, error) < 0 || add_namespaces(creation, error) < 0)
		return -1;
	setup.fd_count = restoration->fd_count;
	if (criu_start(&setup, &criu, error) < 0)
		return -1;
	restoration->criu_pid = criu.pid;
	result = talk(creation, &criu, error);
	criu_finish(&criu);
	if (result < 0) {
		sandbox_kill(&creation->sandbox);
		return images_explain(creation->arena, &restoration->images, LOG_FILE, error);
	}
	unlinkat(creation->entry.fd, PLACE, AT_REMOVEDIR);
	note_time_namespace(creation);
	return creation->cgroup ? cgroup_settle(creation->cgroup, error) : 0;
}

int container_restore(const struct runtime *runtime, const struct restore_options *options, int *exit_status,
		      struct error *error)
{
	struct restoration restoration = { .options = options, .images = IMAGES_NONE };
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_(creation_close) struct creation creation;
	int result;

	*exit_status = 0;
	creation_init(&creation, &arena, runtime, &options->create, true);
	creation.restoration = &restoration;
	if (runtime_is_rootless(runtime))
		log_warn("restore is untested with rootless containers");
	if (!options->create.detach && !options->create.no_subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return error_set(error, errno, "become the reaper of the container's orphans");
	result = creation_run(&creation, error);
	images_close(&restoration.images);
	if (result < 0)
		return -1;
	run_unlock(&creation);
	if (options->create.detach)
		return 0;
	foreground_block_signals();
	return run_stay(&creation, -1, exit_status, error);
}
