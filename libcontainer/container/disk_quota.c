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

#include "base/file.h"
#include "base/log.h"

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

/* @keep_smaller: an engine may have set a smaller one. */
static int set_limit(int directory, uint32_t project, uint64_t bytes, bool keep_smaller)
{
	struct if_dqblk limit = { 0 };

	if (keep_smaller && syscall(SYS_quotactl_fd, directory, command(Q_GETQUOTA), project, &limit) == 0 &&
	    limit.dqb_bhardlimit > 0 && limit.dqb_bhardlimit <= bytes / BLOCK)
		return 0;
	limit = (struct if_dqblk){ .dqb_bhardlimit = bytes / BLOCK ? bytes / BLOCK : 1,
				   .dqb_bsoftlimit = bytes / BLOCK ? bytes / BLOCK : 1,
				   .dqb_valid = QIF_BLIMITS };
	return (int)syscall(SYS_quotactl_fd, directory, command(Q_SETQUOTA), project, &limit);
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

/* The value of the overlay's option @name in the line @options of mountinfo, or NULL. proc(5) */
static const char *overlay_option(struct arena *arena, const char *options, const char *name)
{
	size_t length = strlen(name);

	for (const char *next = options; next; next = strchr(next, ',') ? strchr(next, ',') + 1 : NULL)
		if (!strncmp(next, name, length) && next[length] == '=')
			return arena_strndup(arena, next + length + 1, strcspn(next + length + 1, ",\n "));
	return NULL;
}

/* The upper directory of the overlay that is mounted at @rootfs, or NULL. */
static const char *upper_directory(struct arena *arena, const char *rootfs)
{
	char *text, *line, *upper = NULL;
	size_t length;

	if (file_read_at(arena, AT_FDCWD, "/proc/self/mountinfo", FILE_SIZE_MAX, &text, &length) < 0)
		return NULL;
	while ((line = strsep(&text, "\n"))) {
		const char *dash = strstr(line, " - overlay "), *options = dash ? strrchr(line, ' ') : NULL;
		const char *place = line;

		for (int field = 0; field < 4 && place; field++) {
			place = strchr(place, ' ');
			place = place ? place + 1 : NULL;
		}
		if (dash && place && !strncmp(place, rootfs, strlen(rootfs)) && place[strlen(rootfs)] == ' ')
			upper = (char *)overlay_option(arena, options + 1, "upperdir"); /* the last is on top */
	}
	return upper;
}

static int open_layer(struct arena *arena, const char *rootfs)
{
	const char *path = rootfs;
	struct statfs status;

	if (statfs(rootfs, &status) == 0 && status.f_type == OVERLAYFS_SUPER_MAGIC)
		path = upper_directory(arena, rootfs);
	if (!path) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* One of a container that had the number before: another one may have it by now. */
static bool is_own_project(uint32_t project)
{
	return project >= FIRST_PROJECT && project - FIRST_PROJECT < PROJECTS;
}

/* A layer that has a project of the engine's already keeps it. 0, or -1 with errno. */
static int limit_layer(int layer, uint32_t project, uint64_t bytes)
{
	struct fsxattr attributes;
	struct stat status;

	if (ioctl(layer, FS_IOC_FSGETXATTR, &attributes) < 0 || fstat(layer, &status) < 0)
		return -1;
	if (attributes.fsx_projid != 0 && !is_own_project(attributes.fsx_projid))
		return set_limit(layer, attributes.fsx_projid, bytes, true);
	if (set_limit(layer, project, bytes, false) < 0 || set_project(layer, project, true) < 0)
		return -1;
	return set_project_below(layer, project, status.st_dev);
}

int disk_quota_set(struct arena *arena, const struct store *store, const char *id, const char *rootfs,
		   const struct disk_quota *quota, struct slot *slot, struct error *error)
{
	_cleanup_fd_ int layer = open_layer(arena, rootfs);
	int number = errno; /* why there is none */
	int taken = slot_take(store, STORE_PROJECTS, id, PROJECTS, slot, error);

	if (taken < 0)
		return -1;
	if (taken > 0)
		return error_set(error, 0, "disk quota: every project number is in use");
	if (layer >= 0 && limit_layer(layer, FIRST_PROJECT + slot->number, quota->bytes) == 0)
		return 0;
	number = layer >= 0 ? errno : number;
	slot_close(slot);
	if (!has_no_quotas(number))
		return error_set(error, number, "set the disk quota of %s", rootfs);
	if (quota->demand == DEMAND_REQUIRE)
		return error_set(error, 0,
				 "disk.quota: a policy requires a disk quota, and the file system that %s is "
				 "written to has no project quotas; mount it with prjquota, or run with "
				 "--policy off",
				 rootfs);
	log_debug("disk quota: %s has no project quotas", rootfs);
	return 0;
}
