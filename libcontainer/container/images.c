/* SPDX-License-Identifier: Apache-2.0 */
#include "container/images.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"

#define DEFAULT_DIRECTORY "checkpoint" /* in the working directory */
#define DEFAULT_CONFIG "/etc/criu/runc.conf" /* the one that CRIU's manual names for runtimes */
#define PARENT_LINK "parent" /* of a checkpoint with --parent-path */
#define CONFIG_ANNOTATION "org.criu.config"

/* mkdir -p, as runc does for the images. */
static int make_directories(const char *path)
{
	size_t length = strlen(path);
	char partial[PATH_MAX];

	if (length >= sizeof(partial)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(partial, path, length + 1);
	for (char *slash = strchr(partial + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(partial, 0700) < 0 && errno != EEXIST)
			return -1;
		*slash = '/';
	}
	return mkdir(partial, 0700) < 0 && errno != EEXIST ? -1 : 0;
}

static int open_directory(const char *what, const char *path, struct error *error)
{
	int fd;

	if (make_directories(path) < 0)
		return error_set(error, errno, "make the %s directory %s", what, path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return error_set(error, errno, "open the %s directory %s", what, path);
	return fd;
}

/* The name of an open directory, wherever the working directory is by then. */
static const char *full_path(struct arena *arena, int fd)
{
	char path[PATH_MAX];
	ssize_t length = readlink(fd_path(fd).text, path, sizeof(path));

	return length < 0 ? "?" : arena_strndup(arena, path, (size_t)length);
}

int images_open(struct arena *arena, const struct image_options *options, struct images *images,
		struct error *error)
{
	const char *path =
		options->image_path && *options->image_path ? options->image_path : DEFAULT_DIRECTORY;

	images->fd = open_directory("image", path, error);
	if (images->fd < 0)
		return -1;
	images->path = images->work_path = full_path(arena, images->fd);
	if (!options->work_path || !*options->work_path)
		return 0;
	images->work_fd = open_directory("work", options->work_path, error);
	if (images->work_fd < 0)
		return -1;
	images->work_path = full_path(arena, images->work_fd);
	return 0;
}

void images_close(struct images *images)
{
	fd_close(&images->fd);
	fd_close(&images->work_fd);
}

void images_fds(const struct images *images, int fds[IMAGES_FDS])
{
	fds[0] = images->fd;
	fds[1] = images->work_fd >= 0 ? images->work_fd : images->fd;
}

/* The same directory: whoever can write one above it could put another in its place meanwhile. */
static int reopen(int *fd, const char *path, struct error *error)
{
	_cleanup_fd_ int before = *fd;
	struct stat expected, found;

	if (before < 0)
		return 0;
	*fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0 || fstat(*fd, &found) < 0 || fstat(before, &expected) < 0)
		return error_set(error, errno, "open %s", path);
	if (!file_is_same(&found, &expected))
		return error_set(error, 0, "%s is no longer the directory that it was", path);
	return 0;
}

int images_reopen(struct images *images, struct error *error)
{
	return reopen(&images->fd, images->path, error) < 0
		       ? -1
		       : reopen(&images->work_fd, images->work_path, error);
}

static int check_owner(const char *path, const struct stat *status, struct error *error)
{
	if (status->st_uid != 0 && status->st_uid != geteuid())
		return error_set(error, 0, "%s belongs to uid %u: the images have to be the caller's or root's",
				 path, status->st_uid);
	if (S_ISLNK(status->st_mode))
		return error_set(error, 0, "%s is a link: images are files", path);
	if (status->st_mode & (S_IWGRP | S_IWOTH))
		return error_set(error, 0, "%s can be written by others than its owner (mode %04o)", path,
				 status->st_mode & 07777);
	return 0;
}

int images_check_owner(struct arena *arena, const struct images *images, struct error *error)
{
	int fd = openat(images->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *found;
	struct stat status;

	if (!dir || fstat(fd, &status) < 0)
		return error_set(error, errno, "list the images in %s", images->path);
	if (check_owner(images->path, &status, error) < 0)
		return -1;
	while (errno = 0, (found = readdir(dir))) {
		const char *path = arena_printf(arena, "%s/%s", images->path, found->d_name);

		/* What was saved before: CRIU takes only memory from there. */
		if (!strcmp(found->d_name, ".") || !strcmp(found->d_name, "..") ||
		    !strcmp(found->d_name, PARENT_LINK))
			continue;
		if (fstatat(fd, found->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			return error_set(error, errno, "look at the image %s", path);
		if (check_owner(path, &status, error) < 0)
			return -1;
	}
	return errno ? error_set(error, errno, "list the images in %s", images->path) : 0;
}

static int read_cgroups_mode(const char *text, enum criu_cgroup_mode *mode, struct error *error)
{
	static const struct {
		const char *name;
		enum criu_cgroup_mode mode;
	} modes[] = {
		{ "", CRIU_CGROUPS_DEFAULT },	   { "soft", CRIU_CGROUPS_SOFT },
		{ "full", CRIU_CGROUPS_FULL },	   { "strict", CRIU_CGROUPS_STRICT },
		{ "ignore", CRIU_CGROUPS_IGNORE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		if (!strcmp(text ? text : "", modes[i].name)) {
			*mode = modes[i].mode;
			return 0;
		}
	}
	return error_set(error, 0, "Invalid manage-cgroups-mode value");
}

/* runc configures no network devices, so their namespace is always made empty. */
static int read_empty_namespaces(const struct string_list *names, uint32_t *flags, struct error *error)
{
	*flags = CLONE_NEWNET;
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], "network") != 0)
			return error_set(error, 0, "namespace \"%s\" is not supported", names->items[i]);
	return 0;
}

/*
 * CRIU's configuration can name programs to run. An annotation may come from an image, so a file counts only where
 * nobody but root, or the caller, could have written it.
 */
static int check_config_file(const char *path, struct error *error)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return errno == ENOENT ? 0
				       : error_set(error, errno, "annotation " CONFIG_ANNOTATION ": %s", path);
	if (*path != '/' || !S_ISREG(status.st_mode) || (status.st_uid != 0 && status.st_uid != geteuid()) ||
	    (status.st_mode & (S_IWGRP | S_IWOTH)))
		return error_set(error, 0,
				 "annotation " CONFIG_ANNOTATION
				 ": %s: expected an absolute path of a file that only root can write to",
				 path);
	return 0;
}

/* An empty annotation means none but CRIU's own. */
static int find_config_file(const struct oci_config *config, const char **path, struct error *error)
{
	*path = DEFAULT_CONFIG;
	for (size_t i = 0; i < config->annotations.count; i++) {
		if (strcmp(config->annotations.items[i].key, CONFIG_ANNOTATION) != 0)
			continue;
		*path = *config->annotations.items[i].value ? config->annotations.items[i].value : NULL;
		return *path ? check_config_file(*path, error) : 0;
	}
	return 0;
}

int images_options(const struct image_options *options, const struct oci_config *config,
		   struct criu_options *criu, struct error *error)
{
	*criu = (struct criu_options){
		.images_dir_fd = CRIU_FIRST_FD,
		.work_dir_fd = CRIU_FIRST_FD + 1,
		.status_fd = -1,
		.ext_unix_sk = options->ext_unix_sk,
		.tcp_established = options->tcp_established,
		.shell_job = options->shell_job,
		.file_locks = options->file_locks,
		.auto_dedup = options->auto_dedup,
		.lazy_pages = options->lazy_pages,
	};
	if (read_cgroups_mode(options->manage_cgroups_mode, &criu->manage_cgroups_mode, error) < 0 ||
	    read_empty_namespaces(&options->empty_ns, &criu->empty_ns, error) < 0)
		return -1;
	return find_config_file(config, &criu->config_file, error);
}

int images_explain(struct arena *arena, const struct images *images, const char *log_file, struct error *error)
{
	const char *reason =
		criu_log_error(arena, images->work_fd >= 0 ? images->work_fd : images->fd, log_file);
	char cause[ERROR_TEXT_MAX];

	/* What this side refused is no error of CRIU's: it does not know why, either. */
	if (strncmp(error->text, CRIU_FAILED, strlen(CRIU_FAILED)) != 0)
		return -1;
	memcpy(cause, error->text, sizeof(cause));
	return error_set(error, 0, "%s%s%s, log file: %s/%s", cause, reason ? ": " : "", reason ? reason : "",
			 images->work_path, log_file);
}
