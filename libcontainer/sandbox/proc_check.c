/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing but procfs and a few known-safe files is mounted at and below /proc. */
#include "sandbox/rootfs_room.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "base/path.h"

#define PROCFS_ROOT_INODE 1 /* PROC_ROOT_INO of include/linux/proc_ns.h */

/* What lxcfs and the like emulate, and what a restore or FIPS needs: no runtime writes any of it. */
static const char *const safe_paths[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/loadavg",
	"/proc/meminfo",
	"/proc/slabinfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/sys/crypto/fips_enabled",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/uptime",
};

static bool is_safe(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(safe_paths); i++)
		if (!strcmp(path, safe_paths[i]))
			return true;
	return false;
}

static int refuse(const char *path, struct error *error)
{
	return error_set(error, 0, "\"%s\" cannot be mounted because it is inside /proc", path);
}

int proc_check_path(struct rootfs *rootfs, const char *path, struct error *error)
{
	const char *normal = path_normalize(rootfs->arena, path);

	if (path_is_below(normal, "/proc") && strcmp(normal, "/proc") != 0 && !is_safe(normal))
		return refuse(normal, error);
	return 0;
}

/* Where the kernel says that a descriptor is. */
static int current_path(int procfs, int fd, char path[PATH_MAX])
{
	char link[64];

	snprintf(link, sizeof(link), "thread-self/fd/%d", fd);
	return link_read_at(procfs, link, path, PATH_MAX);
}

static bool is_procfs_root(int fd)
{
	struct statfs filesystem;
	struct stat status;

	return fstatfs(fd, &filesystem) == 0 && filesystem.f_type == PROC_SUPER_MAGIC &&
	       fstat(fd, &status) == 0 && status.st_ino == PROCFS_ROOT_INODE;
}

int proc_check_target(struct rootfs *rootfs, int target, const char *path, const char *type, int tree,
		      struct error *error)
{
	const char *normal = path_normalize(rootfs->arena, path);
	struct statfs filesystem;
	char root[PATH_MAX];
	char real[PATH_MAX];
	const char *inside;

	if (fstatfs(target, &filesystem) < 0)
		return error_set(error, errno, "look at mount point %s", path);
	/* A mount point off procfs and with a name off /proc is the ordinary case; no more calls for that. */
	if (filesystem.f_type != PROC_SUPER_MAGIC && !path_is_below(normal, "/proc"))
		return 0;
	/* So is procfs on /proc: a directory of the root itself, as rootfs_open_mount_point() has seen to. */
	if (filesystem.f_type != PROC_SUPER_MAGIC && type && !strcmp(type, "proc") && !strcmp(normal, "/proc"))
		return 0;
	if (current_path(rootfs->procfs, target, real) < 0 ||
	    current_path(rootfs->procfs, rootfs->root, root) < 0)
		return error_set(error, errno, "find out where mount point %s is", path);
	if (!path_is_below(real, root))
		return error_set(error, 0, "mount point %s has left the rootfs", path);
	inside = strcmp(root, "/") ? real + strlen(root) : real;
	if (!path_is_below(inside, "/proc"))
		return 0;
	if (strcmp(inside, "/proc") != 0)
		return is_safe(inside) ? 0 : refuse(inside, error);
	if (type ? !strcmp(type, "proc") : is_procfs_root(tree))
		return 0;
	return error_set(error, 0, "\"%s\" cannot be mounted because it is not of type proc", inside);
}
