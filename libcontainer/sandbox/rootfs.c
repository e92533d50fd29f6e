/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/rootfs_room.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/path.h"
#include "base/syscalls.h"
#include "sandbox/identity.h"

#define NULL_DEVICE makedev(1, 3) /* Documentation/admin-guide/devices.txt */

void rootfs_init(struct rootfs *rootfs)
{
	*rootfs = (struct rootfs){
		.bundle = -1,
		.procfs = -1,
		.userns = -1,
		.console = -1,
		.root = -1,
		.root_source = -1,
		.root_directory = -1,
		.proc = -1,
		.sys = -1,
		.empty_directory.fd = -1,
		.null_device.fd = -1,
	};
}

void rootfs_close(struct rootfs *rootfs)
{
	for (size_t i = 0; i < rootfs->mount_count; i++) {
		cleanup_fd(&rootfs->mounts[i].source);
		cleanup_fd(&rootfs->mounts[i].userns);
		cleanup_fd(&rootfs->mounts[i].tree);
	}
	rootfs->mount_count = 0;
	cleanup_fd(&rootfs->root);
	cleanup_fd(&rootfs->root_source);
	cleanup_fd(&rootfs->root_directory);
	cleanup_fd(&rootfs->proc);
	cleanup_fd(&rootfs->sys);
	cleanup_fd(&rootfs->empty_directory.fd);
	cleanup_fd(&rootfs->null_device.fd);
	rootfs->root = rootfs->proc = rootfs->sys = -1;
	rootfs->root_source = rootfs->root_directory = -1;
	rootfs->empty_directory.fd = rootfs->null_device.fd = -1;
}

const struct oci_linux *rootfs_linux(const struct rootfs *rootfs)
{
	static const struct oci_linux none;

	return rootfs->config->linux_ ? rootfs->config->linux_ : &none;
}

unsigned long rootfs_initial_propagation(const struct rootfs *rootfs)
{
	static const unsigned long flags[] = {
		[OCI_PROPAGATION_UNSET] = MS_SLAVE | MS_REC,
		[OCI_PROPAGATION_PRIVATE] = MS_PRIVATE,
		[OCI_PROPAGATION_SHARED] = MS_SHARED,
		[OCI_PROPAGATION_SLAVE] = MS_SLAVE,
		[OCI_PROPAGATION_UNBINDABLE] = MS_UNBINDABLE,
		[OCI_PROPAGATION_RPRIVATE] = MS_PRIVATE | MS_REC,
		[OCI_PROPAGATION_RSHARED] = MS_SHARED | MS_REC,
		[OCI_PROPAGATION_RSLAVE] = MS_SLAVE | MS_REC,
		[OCI_PROPAGATION_RUNBINDABLE] = MS_UNBINDABLE | MS_REC,
	};

	return flags[rootfs_linux(rootfs)->rootfs_propagation];
}

bool rootfs_has_mount_namespace(const struct rootfs *rootfs)
{
	return config_namespace(rootfs->config, OCI_NAMESPACE_MOUNT) != NULL;
}

bool rootfs_has_user_namespace(const struct rootfs *rootfs)
{
	return config_namespace(rootfs->config, OCI_NAMESPACE_USER) != NULL;
}

const char *rootfs_mount_label(const struct rootfs *rootfs)
{
	const char *label = rootfs_linux(rootfs)->mount_label;

	return label && *label ? label : NULL;
}

const char *rootfs_source_path(const struct rootfs *rootfs, const char *source)
{
	return path_join(rootfs->arena, rootfs->bundle_path, source);
}

/*
 * Where the root's parent mount is shared, attaching the root would show on the host too, and pivot_root(2)
 * refuses. The root of the mount that @directory is on is found by walking up, so no mount table is read.
 */
static int make_parent_mount_private(int directory, struct error *error)
{
	_cleanup_fd_ int current = openat(directory, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (;;) {
		struct statx status;
		int parent;

		if (current < 0 || statx(current, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) < 0)
			return error_set(error, errno, "find the mount that the rootfs is on");
		if (status.stx_attributes & STATX_ATTR_MOUNT_ROOT)
			break;
		parent = openat(current, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(current);
		current = parent;
	}
	if (tree_set_propagation(current, MS_PRIVATE) < 0)
		return error_set(error, errno, "make the mount that the rootfs is on private");
	return 0;
}

/* Nothing that is mounted here from now on may show on the host. */
static int set_initial_propagation(struct rootfs *rootfs, int directory, struct error *error)
{
	unsigned long propagation = rootfs_initial_propagation(rootfs);
	struct mount_attr attributes = { .propagation = propagation & ~(unsigned long)MS_REC };

	if (sys_mount_setattr(AT_FDCWD, "/", propagation & MS_REC ? AT_RECURSIVE : 0, &attributes) < 0)
		return error_set(error, errno, "set the propagation of /");
	if (propagation == (MS_SLAVE | MS_REC) || propagation == (MS_PRIVATE | MS_REC))
		return 0;
	return make_parent_mount_private(directory, error);
}

/* A detached copy, as it has to outlive the old root. */
int rootfs_open_null_device(struct rootfs *rootfs, struct error *error)
{
	struct mount_attr locked = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
		.propagation = MS_PRIVATE, /* the host's /dev is mostly shared */
	};
	struct stat status;
	int null;

	null = rootfs->null_device.fd = tree_clone(AT_FDCWD, "/dev/null", false);
	if (null < 0 || fstat(null, &status) < 0)
		return error_set(error, errno, "open the host's /dev/null");
	if (!S_ISCHR(status.st_mode) || status.st_rdev != NULL_DEVICE)
		return error_set(error, 0, "the host's /dev/null is not the null device");
	if (sys_mount_setattr(null, "", AT_EMPTY_PATH, &locked) < 0)
		return error_set(error, errno, "make the mask of files read-only");
	return 0;
}

/* As rootfs_open_sources() has checked it: what is a link by now was none then. */
static int open_directory(const char *path, struct error *error)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
	int directory = sys_openat2(AT_FDCWD, path, &how);

	return directory < 0 ? error_set(error, errno, "invalid rootfs: %s", path) : directory;
}

int rootfs_open_directory(struct rootfs *rootfs, struct error *error)
{
	if (rootfs->root_source < 0)
		return 0;
	rootfs->root_directory = open_directory(rootfs_source_path(rootfs, rootfs->config->root->path), error);
	return rootfs->root_directory < 0 ? -1 : 0;
}

int rootfs_begin(struct rootfs *rootfs, struct error *error)
{
	const char *path = rootfs_source_path(rootfs, rootfs->config->root->path);
	_cleanup_fd_ int directory = TAKE_FD(rootfs->root_directory);

	if (directory < 0)
		directory = open_directory(path, error);
	if (directory < 0)
		return -1;
	if (rootfs_linux(rootfs)->masked_paths.count > 0 && rootfs_open_null_device(rootfs, error) < 0)
		return -1;
	if (rootfs_has_mount_namespace(rootfs) && set_initial_propagation(rootfs, directory, error) < 0)
		return -1;
	/*
	 * A mount of its own: pivot_root(2) wants one, and flags and propagation are set on it. In the host's mount
	 * namespace it is by what the container's mounts are found and unmounted: umount --recursive ROOTFS.
	 */
	rootfs->root = TAKE_FD(rootfs->root_source);
	if (rootfs->root < 0)
		rootfs->root = tree_clone(directory, "", true);
	if (rootfs->root < 0)
		return error_set(error, errno, "clone the mounts of the rootfs %s", path);
	if (tree_attach(rootfs->root, directory) < 0)
		return error_set(error, errno, "attach the rootfs at %s", path);
	return 0;
}
