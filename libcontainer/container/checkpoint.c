/* SPDX-License-Identifier: Apache-2.0 */
/* `checkpoint`: CRIU writes the container's processes to files, and the container goes, or goes on. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/number.h"
#include "container/checkpoint_mounts.h"
#include "container/destroy.h"
#include "container/images.h"
#include "state/container.h"
#include "state/trail.h"

#define LOG_FILE "dump.log"

struct checkpoint {
	const struct runtime *runtime;
	const struct checkpoint_options *options;
	struct arena arena;
	struct container container;
	struct oci_config *config;
	struct images images;
	struct criu_options criu;
	int version; /* of CRIU */
	int status_fd; /* told that lazy pages can be had; -1: nobody is */
};

static int check_status(const struct container *container, struct error *error)
{
	enum container_status status = container_status(container);

	if (status != STATUS_RUNNING && status != STATUS_PAUSED && status != STATUS_PAUSING)
		return error_set(error, 0, "Container cannot be checkpointed in %s state", status_name(status));
	return 0;
}

/* What only `checkpoint` is told ------------------------------------------------------------------------- */

/* "ADDRESS:PORT", an IPv6 address in brackets. */
static int read_page_server(struct checkpoint *checkpoint, const char *text, struct error *error)
{
	const char *colon = text ? strrchr(text, ':') : NULL;
	size_t length = colon ? (size_t)(colon - text) : 0;
	const char *address = text;
	uint64_t port;

	if (!text || !*text)
		return 0;
	if (length >= 2 && text[0] == '[' && colon[-1] == ']') {
		address++;
		length -= 2;
	} else if (memchr(text, ':', length)) {
		length = 0;
	}
	if (length == 0 || !colon[1])
		return error_set(error, 0, "Use --page-server ADDRESS:PORT to specify page server");
	if (parse_u64(colon + 1, 1, UINT16_MAX, &port) < 0)
		return error_set(error, 0, "Invalid port number");
	checkpoint->criu.page_server_address = arena_strndup(&checkpoint->arena, address, length);
	checkpoint->criu.page_server_port = (uint16_t)port;
	return 0;
}

static int read_parent(struct checkpoint *checkpoint, const char *path, struct error *error)
{
	struct stat status;

	if (!path || !*path)
		return 0;
	if (*path == '/')
		return error_set(error, 0, "--parent-path must be relative");
	if (fstatat(checkpoint->images.fd, path, &status, 0) < 0)
		return error_set(error, errno, "invalid --parent-path: stat %s/%s", checkpoint->images.path,
				 path);
	if (!S_ISDIR(status.st_mode))
		return error_set(error, ENOTDIR, "invalid --parent-path: %s/%s", checkpoint->images.path, path);
	checkpoint->criu.parent_img = path;
	checkpoint->criu.track_mem = true;
	return 0;
}

/* Who waits there learns from one byte that the pages can be had, or, from CRIU before 3.15, so from CRIU. */
static int read_status_fd(struct checkpoint *checkpoint, const char *text, struct error *error)
{
	uint32_t fd;
	int flags;

	if (!text || !strcmp(text, "-1") || !checkpoint->options->images.lazy_pages)
		return 0;
	if (parse_u32(text, &fd) < 0 || fd > INT32_MAX)
		return error_set(error, 0, "invalid value \"%s\" for flag -status-fd: parse error", text);
	flags = fcntl((int)fd, F_GETFL);
	if (flags < 0)
		return error_set(error, errno, "invalid --status-fd argument %u", fd);
	if ((flags & O_ACCMODE) == O_RDONLY)
		return error_set(error, 0, "invalid --status-fd argument %u: not writable", fd);
	checkpoint->status_fd = (int)fd;
	if (checkpoint->version < CRIU_VERSION_STATUS_READY)
		checkpoint->criu.status_fd = CRIU_FIRST_FD + IMAGES_FDS;
	return 0;
}

static int check_features(const struct checkpoint *checkpoint, struct error *error)
{
	const struct criu_features wanted = {
		.mem_track = checkpoint->options->pre_dump,
		.lazy_pages = checkpoint->options->images.lazy_pages,
	};

	if (!wanted.mem_track && !wanted.lazy_pages)
		return 0;
	return criu_check_features(checkpoint->runtime->criu, &wanted, error);
}

/* What CRIU is told of the container ----------------------------------------------------------------------- */

/* A namespace that was joined by path is not the container's: CRIU leaves it alone. */
static int add_external(struct checkpoint *checkpoint, enum oci_namespace_type type, const char *kind,
			const char *key, struct error *error)
{
	const struct oci_namespace *entry = config_namespace(checkpoint->config, type);
	struct criu_options *criu = &checkpoint->criu;
	struct stat status;
	char path[64];

	if (!entry || !entry->path)
		return 0;
	if (checkpoint->version < CRIU_VERSION_EXTERNAL_NETWORK ||
	    (type == OCI_NAMESPACE_PID && checkpoint->version < CRIU_VERSION_STATUS_READY))
		return error_set(error, 0,
				 "criu lacks support for external %s namespace during checkpointing process "
				 "(old criu version?)",
				 kind);
	/* The container's own link to it: the path in the configuration may have gone since. */
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", checkpoint->container.state.pid, kind);
	if (stat(path, &status) < 0)
		return error_set(error, errno, "look at the container's %s namespace", kind);
	criu->external[criu->external_count++] =
		arena_printf(&checkpoint->arena, "%s[%ju]:%s", kind, (uintmax_t)status.st_ino, key);
	return 0;
}

static void set_freezer(struct checkpoint *checkpoint)
{
	const struct cgroup *cgroup = checkpoint->container.cgroup;

	if (!cgroup)
		return;
	checkpoint->criu.freeze_cgroup = cgroup_directory(cgroup, "freezer");
	if (!checkpoint->criu.freeze_cgroup && checkpoint->version >= CRIU_VERSION_FREEZER_V2)
		checkpoint->criu.freeze_cgroup = cgroup_directory(cgroup, NULL);
}

static int fill_criu_options(struct checkpoint *checkpoint, struct error *error)
{
	const struct checkpoint_options *options = checkpoint->options;
	struct criu_options *criu = &checkpoint->criu;

	if (images_options(&options->images, checkpoint->config, criu, error) < 0)
		return -1;
	criu->log_file = LOG_FILE;
	criu->pid = checkpoint->container.state.pid;
	criu->root = checkpoint->container.state.rootfs;
	criu->leave_running = options->leave_running;
	criu->tcp_skip_in_flight = options->tcp_skip_in_flight;
	criu->link_remap = options->link_remap;
	set_freezer(checkpoint);
	if (read_page_server(checkpoint, options->page_server, error) < 0 ||
	    read_parent(checkpoint, options->parent_path, error) < 0 ||
	    read_status_fd(checkpoint, options->status_fd, error) < 0 || check_features(checkpoint, error) < 0)
		return -1;
	if (add_external(checkpoint, OCI_NAMESPACE_NETWORK, "net", IMAGES_NETWORK_KEY, error) < 0)
		return -1;
	return add_external(checkpoint, OCI_NAMESPACE_PID, "pid", IMAGES_PID_KEY, error);
}

/* What the first process's standard streams are: pipes among them are handed to the restored one. */
static int save_descriptors(struct checkpoint *checkpoint, struct error *error)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text, .first = true };

	json_begin_array(&writer);
	for (int fd = 0; fd <= 2; fd++) {
		char path[64];
		char target[4096];
		ssize_t length;

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", checkpoint->container.state.pid, fd);
		length = readlink(path, target, sizeof(target) - 1);
		if (length < 0 && errno != ENOENT)
			return error_set(error, errno, "look at descriptor %d of the container's process", fd);
		target[length < 0 ? 0 : length] = '\0';
		json_string(&writer, target);
	}
	json_end_array(&writer);
	if (file_write_atomic_at(checkpoint->images.fd, IMAGES_DESCRIPTORS, text.text, text.length, 0600) < 0)
		return error_set(error, errno, "write %s/" IMAGES_DESCRIPTORS, checkpoint->images.path);
	return 0;
}

/* The dump ----------------------------------------------------------------------------------------------- */

static int notified(void *context, const struct criu_response *notification, int fd, struct error *error)
{
	struct checkpoint *checkpoint = context;
	_cleanup_fd_ _unused_ int unwanted = fd;

	(void)error;
	if (strcmp(notification->script, "status-ready") != 0 || checkpoint->status_fd < 0)
		return 0;
	if (write(checkpoint->status_fd, "", 1) < 0)
		log_warn("can't write \\0 to status fd: %s", error_describe(errno));
	fd_close(&checkpoint->status_fd);
	return 0;
}

static int dump(struct checkpoint *checkpoint, struct error *error)
{
	enum criu_type type = checkpoint->options->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP;
	int fds[IMAGES_FDS + 1] = { [IMAGES_FDS] = checkpoint->status_fd };
	const struct criu_setup setup = {
		.program = checkpoint->runtime->criu,
		.fds = fds,
		.fd_count = checkpoint->criu.status_fd >= 0 ? IMAGES_FDS + 1 : IMAGES_FDS,
	};
	_cleanup_strbuf_ struct strbuf request = { 0 };
	struct criu_response response;
	struct criu criu;
	int *taken = checkpoint->criu.status_fd >= 0 ? &checkpoint->status_fd : NULL;
	int result;
	int status;

	images_fds(&checkpoint->images, fds);
	criu_request(&request, type, &checkpoint->criu, NULL);
	if (criu_start(&setup, &criu, error) < 0)
		return -1;
	result = criu_talk(&criu, type, &request, notified, checkpoint, taken, &response, error);
	status = criu_finish(&criu);
	/* After a pre-dump CRIU waits for the dump, which another one will make: its being let go is no failure. */
	if (result == 0 && status != 0 && type == CRIU_DUMP)
		result = error_set(error, 0, CRIU_FAILED "wait status %#x", (unsigned int)status);
	if (result < 0)
		return images_explain(&checkpoint->arena, &checkpoint->images, LOG_FILE, error);
	return 0;
}

/* CRIU has ended the processes; where they were paused, they end now. */
static int remove_container(struct checkpoint *checkpoint, struct error *error)
{
	struct container *container = &checkpoint->container;
	struct error ignored;

	if (container->cgroup && cgroup_is_frozen(container->cgroup, NULL, &ignored) > 0)
		cgroup_thaw(container->cgroup, &ignored);
	return container_destroy(&checkpoint->arena, &container->store, &container->entry, &container->state,
				 checkpoint->config, container->cgroup, error);
}

static int run(struct checkpoint *checkpoint, struct error *error)
{
	const struct checkpoint_options *options = checkpoint->options;

	if (container_open(&checkpoint->arena, checkpoint->runtime, options->id, true, &checkpoint->container,
			   error) < 0 ||
	    check_status(&checkpoint->container, error) < 0)
		return -1;
	if (container_load_config(&checkpoint->arena, &checkpoint->container.entry, &checkpoint->config,
				  error) < 0 ||
	    criu_version(checkpoint->runtime->criu, &checkpoint->version, error) < 0 ||
	    images_open(&checkpoint->arena, &options->images, &checkpoint->images, error) < 0 ||
	    fill_criu_options(checkpoint, error) < 0)
		return -1;
	if (!options->pre_dump &&
	    (checkpoint_mounts(&checkpoint->arena, checkpoint->container.state.pid, checkpoint->config,
			       &checkpoint->criu.external_mounts, error) < 0 ||
	     save_descriptors(checkpoint, error) < 0))
		return -1;
	if (dump(checkpoint, error) < 0)
		return -1;
	return options->leave_running || options->pre_dump ? 0 : remove_container(checkpoint, error);
}

int container_checkpoint(const struct runtime *runtime, const struct checkpoint_options *options,
			 struct error *error)
{
	struct checkpoint checkpoint = {
		.runtime = runtime,
		.options = options,
		.container = { .store.fd = -1, .entry.fd = -1 },
		.images = IMAGES_NONE,
		.status_fd = -1,
	};
	int result;

	if (runtime_is_rootless(runtime))
		log_warn("checkpoint is untested with rootless containers");
	result = run(&checkpoint, error);
	if (checkpoint.container.state.id)
		trail_done(&checkpoint.container.state, "checkpoint", result, error);
	images_close(&checkpoint.images);
	container_close(&checkpoint.container);
	arena_release(&checkpoint.arena);
	return result;
}
