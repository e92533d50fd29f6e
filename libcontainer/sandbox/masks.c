// SPDX-License-Identifier: Apache-2.0
/*
 * Masked and read-only paths. A path that is not there is skipped; one that is there and cannot be locked fails the
 * container, whatever the reason.
 */
#include "sandbox/rootfs_room.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"

/* 0: not there. */
static int open_path(struct rootfs *rootfs, const char *path, int *fd, struct error *error)
{
	*fd = path_open_in_root(rootfs->root, path, O_PATH);
	if (*fd >= 0)
		return 1;
	if (errno == ENOENT || errno == ENOTDIR)
		return 0;
	return error_set(error, errno, "open %s", path);
}

/* One empty read-only tmpfs serves all directories. */
static int open_empty_directory(struct rootfs *rootfs, struct error *error)
{
	const struct filesystem filesystem = {
		.type = "tmpfs",
		.source = "tmpfs",
		.flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		.data = "nr_inodes=1",
		.label = rootfs_mount_label(rootfs),
		.mode = -1,
	};

	rootfs->empty_directory.fd = filesystem_open(rootfs->arena, &filesystem, error);
	return rootfs->empty_directory.fd;
}

/*
 * The first target gets the mount itself and the others copies of it: before Linux 6.15 only a mount that is
 * attached can be copied.
 */
static int attach_mask(struct rootfs_mask *mask, int target)
{
	_cleanup_fd_ int copy = -1;

	if (!mask->attached) {
		mask->attached = true;
		return tree_attach(mask->fd, target);
	}
	copy = tree_clone(mask->fd, "", false);
	return copy < 0 ? -1 : tree_attach(copy, target);
}

static int mask_path(struct rootfs *rootfs, struct rootfs_locked_path *locked, struct error *error)
{
	struct rootfs_mask *mask = &rootfs->null_device;
	_cleanup_fd_ int target = -1;
	struct stat status;
	int found;

	found = open_path(rootfs, locked->path, &target, error);
	if (found <= 0)
		return found;
	if (fstat(target, &status) < 0)
		return error_set(error, errno, "look at %s", locked->path);
	locked->kind = LOCKED_MASKED_FILE;
	if (S_ISDIR(status.st_mode)) {
		locked->kind = LOCKED_MASKED_DIRECTORY;
		mask = &rootfs->empty_directory;
		if (mask->fd < 0 && open_empty_directory(rootfs, error) < 0)
			return -1;
	}
	if (attach_mask(mask, target) < 0)
		return error_set(error, errno, "attach the mask");
	return 0;
}

/* What is mounted below becomes read-only too; the other flags stay as they are. */
static int make_readonly(struct rootfs *rootfs, struct rootfs_locked_path *locked, struct error *error)
{
	_cleanup_fd_ int target = -1;
	_cleanup_fd_ int tree = -1;
	int found;

	found = open_path(rootfs, locked->path, &target, error);
	if (found <= 0)
		return found;
	locked->kind = LOCKED_READONLY;
	tree = tree_clone(target, "", true);
	if (tree < 0)
		return error_set(error, errno, "clone the mounts");
	if (tree_set_attributes(tree, true, MOUNT_ATTR_RDONLY, 0) < 0)
		return error_set(error, errno, "set them read-only");
	if (tree_attach(tree, target) < 0)
		return error_set(error, errno, "attach them");
	return 0;
}

static int expand(struct rootfs *rootfs, const struct string_list *patterns, struct string_list *paths,
		  struct error *error)
{
	bool has_pattern = false;

	for (size_t i = 0; i < patterns->count && !has_pattern; i++)
		has_pattern = glob_is_pattern(patterns->items[i]);
	*paths = *patterns;
	if (!has_pattern)
		return 0;
	*paths = (struct string_list){ 0 };
	for (size_t i = 0; i < patterns->count; i++)
		if (glob_in_root(rootfs->arena, rootfs->root, patterns->items[i], paths, error) < 0)
			return -1;
	return 0;
}

int rootfs_lock_paths(struct rootfs *rootfs, struct error *error)
{
	const struct oci_linux *linux_ = rootfs_linux(rootfs);
	struct string_list readonly;
	struct string_list masked;

	if (expand(rootfs, &linux_->readonly_paths, &readonly, error) < 0 ||
	    expand(rootfs, &linux_->masked_paths, &masked, error) < 0)
		return error_context(error, "expand masked and read-only paths");
	rootfs->locked_paths =
		ARENA_NEW_ARRAY(rootfs->arena, struct rootfs_locked_path, readonly.count + masked.count + 1);
	for (size_t i = 0; i < readonly.count; i++) {
		struct rootfs_locked_path *locked = &rootfs->locked_paths[rootfs->locked_path_count++];

		locked->path = readonly.items[i];
		if (make_readonly(rootfs, locked, error) < 0)
			return error_context(error, "make %s read-only", locked->path);
	}
	for (size_t i = 0; i < masked.count; i++) {
		struct rootfs_locked_path *locked = &rootfs->locked_paths[rootfs->locked_path_count++];

		locked->path = masked.items[i];
		if (mask_path(rootfs, locked, error) < 0)
			return error_context(error, "mask %s", locked->path);
	}
	return 0;
}
