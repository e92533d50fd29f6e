/* SPDX-License-Identifier: Apache-2.0 */
/* Leaving the host's root for the container's. */
#include "sandbox/rootfs_room.h"

#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/mountinfo.h"
#include "base/path.h"
#include "base/strbuf.h"

#define MOUNT_TABLE_MAX ((size_t)64 * 1024 * 1024)

static int change_root_to_cwd(struct error *error)
{
	if (chroot(".") < 0)
		return error_set(error, errno, "chroot to the rootfs");
	if (chdir("/") < 0)
		return error_set(error, errno, "chdir to the new root");
	return 0;
}

/*
 * pivot_root(2) with both at ".": the old root ends up stacked on the new one, and "." for umount2(2) is the
 * topmost of the stack. No directory for the old root is needed.
 */
static int pivot(struct rootfs *rootfs, struct error *error)
{
	unsigned long propagation = rootfs_initial_propagation(rootfs);
	_cleanup_fd_ int old_root = -1;

	/* Where mounts may be shared with the host still, they must not be taken away there. */
	if (!(propagation & MS_REC) || propagation & (MS_SHARED | MS_UNBINDABLE)) {
		old_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (old_root < 0)
			return error_set(error, errno, "open the old root");
	}
	if (sys_pivot_root(".", ".") < 0)
		return error_set(error, errno, "pivot_root to the rootfs");
	if (old_root >= 0 && tree_set_propagation(old_root, MS_SLAVE | MS_REC) < 0)
		return error_set(error, errno, "make the old root a slave mount");
	if (sys_umount2(".", MNT_DETACH) < 0)
		return error_set(error, errno, "unmount the old root");
	if (chdir("/") < 0)
		return error_set(error, errno, "chdir to the new root");
	return 0;
}

/* Whether that is a whole procfs or sysfs. */
static bool is_full_kernel_mount(const struct mountinfo *mount)
{
	return (!strcmp(mount->type, "proc") || !strcmp(mount->type, "sysfs")) && !strcmp(mount->root, "/");
}

static int hide_mount(struct arena *arena, const char *path, struct error *error)
{
	static const struct filesystem cover = { .type = "tmpfs", .source = "tmpfs", .mode = -1 };
	struct mount_attr slave = { .propagation = MS_SLAVE };
	_cleanup_fd_ int target = -1;
	_cleanup_fd_ int tree = -1;

	if (sys_mount_setattr(AT_FDCWD, path, AT_RECURSIVE, &slave) < 0) {
		if (errno == ENOENT)
			return 0; /* a mount above it has been taken away already */
		return error_set(error, errno, "make %s a slave mount", path);
	}
	if (sys_umount2(path, MNT_DETACH) == 0)
		return 0;
	if (errno != EINVAL && errno != EPERM)
		return error_set(error, errno, "unmount %s", path);
	tree = filesystem_open(arena, &cover, error);
	target = open(path, O_PATH | O_CLOEXEC);
	if (tree < 0)
		return -1;
	if (target < 0 || tree_attach(tree, target) < 0)
		return error_set(error, errno, "cover %s", path);
	return 0;
}

/*
 * Without pivot_root(2) the host's mounts stay in the namespace, below the new root. The kernel lets a user
 * namespace mount procfs and sysfs anew only where a whole one is visible already: so whole ones outside the
 * rootfs are taken away, or else the container's masks could be walked around.
 */
static int hide_kernel_mounts(struct rootfs *rootfs, struct error *error)
{
	const char *root =
		path_normalize(rootfs->arena, rootfs_source_path(rootfs, rootfs->config->root->path));
	struct mountinfo mount;
	size_t length;
	char *table;

	if (file_read_at(rootfs->arena, rootfs->procfs, "thread-self/mountinfo", MOUNT_TABLE_MAX, &table,
			 &length) < 0)
		return error_set(error, errno, "read the mount table");
	while (mountinfo_next(&table, &mount)) {
		if (is_full_kernel_mount(&mount) && !path_is_below(mount.point, root) &&
		    hide_mount(rootfs->arena, mount.point, error) < 0)
			return -1;
	}
	return 0;
}

static int move_root(struct rootfs *rootfs, struct error *error)
{
	if (hide_kernel_mounts(rootfs, error) < 0)
		return -1;
	if (sys_move_mount(rootfs->root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_set(error, errno, "move the rootfs onto /");
	return change_root_to_cwd(error);
}

int rootfs_pivot(struct rootfs *rootfs, struct error *error)
{
	if (fchdir(rootfs->root) < 0)
		return error_set(error, errno, "chdir to the rootfs");
	if (!rootfs_has_mount_namespace(rootfs))
		return change_root_to_cwd(error);
	return rootfs->no_pivot ? move_root(rootfs, error) : pivot(rootfs, error);
}
