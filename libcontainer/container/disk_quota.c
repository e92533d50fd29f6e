/* SPDX-License-Identifier: Apache-2.0 */
#include "container/disk_quota.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/quota.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mountinfo.h"
#include "base/syscalls.h"
#include "base/words.h"

#ifndef SYS_quotactl_fd
#define SYS_quotactl_fd 443 /* Linux 5.14 */
#endif

/* Far from what people number by hand (projects(5)); each container of a host has one. */
#define FIRST_PROJECT 0x43000000U
#define PROJECTS (1U << 20)
#define BLOCK 1024U /* what the limits are counted in */

/* What says that there are no project quotas, rather than that something is wrong. */
static bool has_no_quotas(int number)
{
	/* EOPNOTSUPP is ENOTSUP here. */
	return number == ENOTTY || number == EOPNOTSUPP || number == ENOSYS || number == ESRCH ||
	       number == EINVAL || number == ENODEV;
}

/* QCMD() of sys/quota.h shifts an int out of its range. */
static unsigned int command(unsigned int operation)
{
	return operation << SUBCMDSHIFT | PRJQUOTA;
}

static int set_limit(int directory, uint32_t project, uint64_t bytes)
{
	uint64_t blocks = bytes / BLOCK ? bytes / BLOCK : 1;
	struct if_dqblk limit = { .dqb_bhardlimit = blocks,
				  .dqb_bsoftlimit = blocks,
				  .dqb_valid = QIF_BLIMITS };

	return (int)syscall(SYS_quotactl_fd, directory, command(Q_SETQUOTA), project, &limit);
}

static bool has_limit(int directory, uint32_t project, uint64_t bytes)
{
	struct if_dqblk limit = { 0 };

	return syscall(SYS_quotactl_fd, directory, command(Q_GETQUOTA), project, &limit) == 0 &&
	       limit.dqb_bhardlimit > 0 && limit.dqb_bhardlimit <= bytes / BLOCK;
}

/* The file's project, which what is made in a directory inherits. */
static int set_project(int fd, uint32_t project, bool is_directory)
{
	struct fsxattr attributes;

	if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) < 0)
		return -1;
	attributes.fsx_projid = project;
	if (is_directory)
		attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
	return ioctl(fd, FS_IOC_FSSETXATTR, &attributes);
}

/* What is there already, too: an overlay's upper directory has little, an unpacked image all of it. */
static int set_project_below(int directory, uint32_t project, dev_t device)
{
	int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;

	if (!dir)
		return -1;
	for (const struct dirent *found = readdir(dir); found; found = readdir(dir)) {
		_cleanup_fd_ int fd = -1;
		struct stat status;

		if (!strcmp(found->d_name, ".") || !strcmp(found->d_name, ".."))
			continue;
		if (fstatat(directory, found->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			return -1;
		/* Links and devices take no room worth counting, and what is mounted here is another matter. */
		if (status.st_dev != device || !(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)))
			continue;
		fd = openat(directory, found->d_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd < 0 || set_project(fd, project, S_ISDIR(status.st_mode)) < 0 ||
		    (S_ISDIR(status.st_mode) && set_project_below(fd, project, device) < 0))
			return -1;
	}
	return 0;
}

/* What is written to. */
struct layer {
	int fd; /* the root file system, or the upper directory of the overlay that it is; -1 with errno */
	int work; /* the overlay's other directory, beside it, or -1 */
};

static void layer_close(struct layer *layer)
{
	fd_close(&layer->fd);
	fd_close(&layer->work);
}

/* The options of the overlay that is mounted at @rootfs, or NULL. */
static const char *overlay_options(struct arena *arena, const char *rootfs)
{
	const char *found = NULL;
	struct mountinfo mount;
	size_t length;
	char *text;

	if (file_read_at(arena, AT_FDCWD, "/proc/self/mountinfo", FILE_SIZE_MAX, &text, &length) < 0)
		return NULL;
	while (mountinfo_next(&text, &mount))
		if (!strcmp(mount.type, "overlay") && !strcmp(mount.point, rootfs))
			found = mount.options; /* the last is on top */
	return found;
}

/* What mountinfo says: whoever mounted may have given paths from where he is, or of descriptors that he had. */
static int open_directory(const char *path)
{
	struct open_how how = {
		.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
		.resolve = RESOLVE_NO_MAGICLINKS,
	};
	int fd;

	errno = ELOOP;
	fd = path && *path == '/' ? sys_openat2(AT_FDCWD, path, &how) : -1;
	if (fd < 0 && errno == ELOOP)
		errno = EOPNOTSUPP;
	return fd;
}

/* Of an overlay both directories or none. */
static struct layer open_layer(struct arena *arena, const char *rootfs)
{
	struct layer layer = { .fd = -1, .work = -1 };
	const char *path = rootfs;
	struct statfs status;

	if (statfs(rootfs, &status) == 0 && status.f_type == OVERLAYFS_SUPER_MAGIC) {
		const char *options = overlay_options(arena, rootfs);

		path = words_value(arena, options, "upperdir");
		layer.work = open_directory(words_value(arena, options, "workdir"));
		if (layer.work < 0)
			return layer;
	}
	layer.fd = open_directory(path);
	return layer;
}

/* One of a container that had the number before: another one may have it by now. */
static bool is_own_project(uint32_t project)
{
	return project >= FIRST_PROJECT && project - FIRST_PROJECT < PROJECTS;
}

/* The project of a directory. 0, or -1 with errno. */
static int project_of(int directory, uint32_t *project)
{
	struct fsxattr attributes;

	if (ioctl(directory, FS_IOC_FSGETXATTR, &attributes) < 0)
		return -1;
	*project = attributes.fsx_projid;
	return 0;
}

/* The directory above @directory, or -1 where a mount hides which one that is. */
static int open_above(int directory)
{
	struct statx status;

	if (statx(directory, "", AT_EMPTY_PATH, 0, &status) < 0 ||
	    !(status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) ||
	    (status.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return -1;
	return openat(directory, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool is_same(int fd, const struct stat *other)
{
	struct stat status;

	return fd >= 0 && fstat(fd, &status) == 0 && file_is_same(&status, other);
}

/* Whether no directory is in @above but the layer's: engines have one that holds an overlay's two. */
static bool holds_only(int above, const struct layer *layer)
{
	int copy = openat(above, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
	const struct dirent *found;
	struct stat own;

	if (!dir || fstat(above, &own) < 0)
		return false;
	while (errno = 0, (found = readdir(dir))) {
		struct stat status;

		if (!strcmp(found->d_name, ".") || !strcmp(found->d_name, ".."))
			continue;
		if (fstatat(above, found->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			return false;
		/* Of another device: it is mounted here, the overlay itself. */
		if (S_ISDIR(status.st_mode) && status.st_dev == own.st_dev && !is_same(layer->fd, &status) &&
		    !is_same(layer->work, &status))
			return false;
	}
	return errno == 0;
}

/* Whether an engine gave @project to this layer: it starts there, or in the directory that holds only what is its. */
static bool starts_here(const struct layer *layer, uint32_t project)
{
	_cleanup_fd_ int above = open_above(layer->fd);
	_cleanup_fd_ int top = -1;
	uint32_t theirs;

	if (above < 0 || project_of(above, &theirs) < 0)
		return false;
	if (theirs != project)
		return true;
	if (!holds_only(above, layer))
		return false;
	top = open_above(above);
	return top >= 0 && project_of(top, &theirs) == 0 && theirs != project;
}

/* The layer keeps the project that an engine gave it. 0; 1 where others may be in it; or -1 with errno. */
static int limit_theirs(const struct layer *layer, uint32_t project, uint64_t bytes)
{
	if (has_limit(layer->fd, project, bytes))
		return 0;
	return starts_here(layer, project) ? set_limit(layer->fd, project, bytes) : 1;
}

/* @directory and what is in it. 0, or -1 with errno. */
static int give_project(int directory, uint32_t project)
{
	struct stat status;

	if (fstat(directory, &status) < 0 || set_project(directory, project, true) < 0)
		return -1;
	return set_project_below(directory, project, status.st_dev);
}

/*
 * An overlay makes its files in the work directory and renames them, which file systems refuse from one project to
 * another (EXDEV, rename(2)): both have the same one. 0, or -1 with errno.
 */
static int limit_ours(const struct layer *layer, uint32_t project, uint64_t bytes)
{
	if (set_limit(layer->fd, project, bytes) < 0 || give_project(layer->fd, project) < 0)
		return -1;
	return layer->work >= 0 ? give_project(layer->work, project) : 0;
}

static int take_project(struct arena *arena, const char *id, struct slot *slot, struct error *error)
{
	_cleanup_store_ struct store store = { .fd = -1 };
	int taken;

	if (store_open_machine(arena, &store, error) < 0)
		return -1;
	taken = slot_take(&store, STORE_PROJECTS, id, PROJECTS, slot, error);
	return taken > 0 ? error_set(error, 0, "disk quota: every project number is in use") : taken;
}

/* What cannot be had is an error where it is required. */
static int go_without(const struct disk_quota *quota, const char *rootfs, const char *reason,
		      struct error *error)
{
	if (quota->demand == DEMAND_REQUIRE)
		return policy_refuse(&quota->demanded_by, "disk.quota", error,
				     "the file system that %s is written to %s, or run with --policy off",
				     rootfs, reason);
	log_debug("disk quota: the file system that %s is written to %s", rootfs, reason);
	return 0;
}

int disk_quota_set(struct arena *arena, const char *id, const char *rootfs, const struct disk_quota *quota,
		   struct slot *slot, struct error *error)
{
	_cleanup_(layer_close) struct layer layer = open_layer(arena, rootfs);
	uint32_t project;
	int result = -1;
	int number;

	if (layer.fd >= 0 && project_of(layer.fd, &project) == 0) {
		if (project != 0 && !is_own_project(project)) {
			result = limit_theirs(&layer, project, quota->bytes);
		} else {
			if (take_project(arena, id, slot, error) < 0)
				return -1;
			result = limit_ours(&layer, FIRST_PROJECT + slot->number, quota->bytes);
		}
	}
	if (result == 0)
		return 0;
	number = errno;
	slot_close(slot);
	if (result > 0)
		return go_without(quota, rootfs,
				  "has it in a project that others may be in, whose limit is not "
				  "theirs to lose; give the container a project of its own",
				  error);
	if (!has_no_quotas(number))
		return error_set(error, number, "set the disk quota of %s", rootfs);
	return go_without(quota, rootfs, "has no project quotas; mount it with prjquota", error);
}

bool disk_quota_can(struct arena *arena, const char *rootfs)
{
	_cleanup_(layer_close) struct layer layer = open_layer(arena, rootfs);
	struct if_dqblk limit;

	/* ENOENT: that project has no limit yet. */
	return layer.fd >= 0 &&
	       (syscall(SYS_quotactl_fd, layer.fd, command(Q_GETQUOTA), FIRST_PROJECT, &limit) == 0 ||
		errno == ENOENT);
}
