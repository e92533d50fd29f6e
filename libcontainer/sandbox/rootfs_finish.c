/* SPDX-License-Identifier: Apache-2.0 */
/* What is done to the rootfs once nothing more is made in it. */
#include "sandbox/rootfs_room.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/path.h"

#define NULL_DEVICE makedev(1, 3)

/* tmpfs and /dev had to be writable so far. */
static int make_mounts_readonly(struct rootfs *rootfs, struct error *error)
{
	for (size_t i = 0; i < rootfs->mount_count; i++) {
		struct rootfs_mount *mount = &rootfs->mounts[i];
		_cleanup_fd_ int tree = TAKE_FD(mount->tree);

		if (tree >= 0 && tree_set_attributes(tree, false, MOUNT_ATTR_RDONLY, 0) < 0)
			return error_set(error, errno, "make %s read-only", mount->mount->destination);
	}
	return 0;
}

static int finish_root(struct rootfs *rootfs, struct error *error)
{
	unsigned long propagation = rootfs_initial_propagation(rootfs);

	if (rootfs->config->root->readonly &&
	    tree_set_attributes(rootfs->root, false, MOUNT_ATTR_RDONLY, 0) < 0)
		return error_set(error, errno, "make the rootfs read-only");
	/*
	 * Only now: while the host's mounts were here it would have shown there. A private root is what the
	 * clone of a private parent is already.
	 */
	if (rootfs_linux(rootfs)->rootfs_propagation != OCI_PROPAGATION_UNSET && !(propagation & MS_PRIVATE) &&
	    tree_set_propagation(rootfs->root, propagation) < 0)
		return error_set(error, errno, "set the propagation of the rootfs");
	return 0;
}

/* Standard input and output that are the host's /dev/null become the container's, as runc does it. */
static int reopen_null(struct rootfs *rootfs, struct error *error)
{
	_cleanup_fd_ int null = -1;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		struct stat status;

		if (fstat(fd, &status) < 0 || !S_ISCHR(status.st_mode) || status.st_rdev != NULL_DEVICE)
			continue;
		if (null < 0) {
			null = path_open_in_root(rootfs->root, "/dev/null", O_RDWR | O_NOFOLLOW | O_NOCTTY);
			if (null < 0 || fstat(null, &status) < 0)
				return error_set(error, errno, "open the container's /dev/null");
			if (!S_ISCHR(status.st_mode) || status.st_rdev != NULL_DEVICE)
				return error_set(error, 0, "the container's /dev/null is not the null device");
		}
		if (dup3(null, fd, 0) < 0)
			return error_set(error, errno, "reopen standard input or output");
	}
	return 0;
}

int rootfs_finish(struct rootfs *rootfs, struct error *error)
{
	if (rootfs_sysctls(rootfs, error) < 0 || make_mounts_readonly(rootfs, error) < 0)
		return -1;
	if (rootfs_has_mount_namespace(rootfs) && finish_root(rootfs, error) < 0)
		return -1;
	if (rootfs_lock_paths(rootfs, error) < 0)
		return -1;
	return rootfs_makes_devices(rootfs) ? reopen_null(rootfs, error) : 0;
}
