/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Masked and read-only paths. A path that is not there is skipped; one that is there and cannot be locked
 * fails the container, whatever the reason.
 *
 * There are dozens of them in every container, so there are two ways. In general a path is opened inside
 * the root, and a detached mount is attached to its descriptor. Below the container's own procfs and sysfs,
 * which this room mounted and holds the descriptors of, names cannot be swapped by anyone: there the
 * working directory is set to that mount and one mount(2) of relative names does it, in a third of the
 * time. What that does not manage, and the first mask of each kind, goes the general way.
 */
#include "sandbox/rootfs_room.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"

enum mask_kind { MASK_FILE, MASK_DIRECTORY, MASK_KINDS };

/* A file system whose names are the kernel's. */
struct kernel_tree {
	const char *prefix;
	int fd; /* -1: not mounted by this room */
	enum mask_kind usual; /* what a masked path in it mostly is */
	const char *masked[MASK_KINDS]; /* a name in it that is masked already */
};

struct locking {
	struct rootfs *rootfs;
	struct kernel_tree trees[2];
	const struct kernel_tree *current; /* whose directory is the working directory; NULL: another */
	struct error *error;
};

/* Whether the kernel alone decides where @name leads: no link to a process's files, no way back up. */
static bool is_kernel_name(const char *name)
{
	static const char *const links[] = { "self", "thread-self", "net", "mounts" };
	size_t first = strcspn(name, "/");

	if (!*name || *name == '.' || isdigit((unsigned char)*name) || strstr(name, "//") || strstr(name, ".."))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		if (strlen(links[i]) == first && !strncmp(links[i], name, first))
			return false;
	return true;
}

/* The tree that @path is in, made the working directory, and its name in there; NULL: none. */
static struct kernel_tree *enter_tree(struct locking *locking, const char *path, const char **name)
{
	for (size_t i = 0; i < ARRAY_SIZE(locking->trees); i++) {
		struct kernel_tree *tree = &locking->trees[i];
		size_t length = strlen(tree->prefix);

		if (tree->fd < 0 || strncmp(path, tree->prefix, length) != 0 || !is_kernel_name(path + length))
			continue;
		if (locking->current != tree && fchdir(tree->fd) < 0)
			return NULL;
		locking->current = tree;
		*name = path + length;
		return tree;
	}
	return NULL;
}

/* 1, or 0: not there. */
static int open_path(struct rootfs *rootfs, const char *path, int *fd, struct error *error)
{
	*fd = path_open_in_root(rootfs->root, path, O_PATH);
	if (*fd >= 0)
		return 1;
	if (errno == ENOENT || errno == ENOTDIR)
		return 0;
	return error_set(error, errno, "open %s", path);
}

/* @target has been covered: where it was a tree's root, the tree's descriptor is of what nobody sees any more. */
static void forget_tree(struct locking *locking, int target)
{
	struct stat covered, root;

	if (fstat(target, &covered) < 0 || !S_ISDIR(covered.st_mode))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(locking->trees); i++) {
		struct kernel_tree *tree = &locking->trees[i];

		if (tree->fd >= 0 && fstat(tree->fd, &root) == 0 && root.st_dev == covered.st_dev &&
		    root.st_ino == covered.st_ino)
			tree->fd = -1;
	}
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

/* The general way. *kind: what was there. @tree_of_it: what it is below. 1, 0 where it is not there, or -1. */
static int mask_descriptor(struct locking *locking, const struct kernel_tree *tree_of_it, const char *path,
			   enum mask_kind *kind)
{
	struct rootfs *rootfs = locking->rootfs;
	struct error *error = locking->error;
	struct rootfs_mask *mask = &rootfs->null_device;
	_cleanup_fd_ int target = -1;
	struct stat status;
	int found;

	found = open_path(rootfs, path, &target, error);
	if (found <= 0)
		return found;
	if (fstat(target, &status) < 0)
		return error_set(error, errno, "look at it");
	*kind = MASK_FILE;
	if (S_ISDIR(status.st_mode)) {
		*kind = MASK_DIRECTORY;
		mask = &rootfs->empty_directory;
		if (mask->fd < 0 && open_empty_directory(rootfs, error) < 0)
			return -1;
	}
	if (attach_mask(mask, target) < 0)
		return error_set(error, errno, "attach the mask");
	if (!tree_of_it)
		forget_tree(locking, target);
	return 1;
}

/*
 * The way for names of the kernel's: 1, or 0 where it is not there, or -1: the general way has to be taken.
 * That it is not the mask which is not there any more is seen by rootfs_verify(), as that is one of the
 * masked paths.
 */
static int mask_name(const struct kernel_tree *tree, const char *name, enum mask_kind *kind)
{
	*kind = tree->usual;
	for (int attempt = 0; attempt < MASK_KINDS && tree->masked[*kind]; attempt++) {
		if (sys_mount(tree->masked[*kind], name, NULL, MS_BIND, NULL) == 0)
			return 1;
		if (errno == ENOENT)
			return 0;
		if (errno != ENOTDIR)
			return -1;
		*kind = *kind == MASK_FILE ? MASK_DIRECTORY : MASK_FILE;
	}
	return -1;
}

static int mask_path(struct locking *locking, struct rootfs_locked_path *locked)
{
	enum mask_kind kind = MASK_FILE;
	struct kernel_tree *tree;
	const char *name = NULL;
	int found = -1;

	tree = enter_tree(locking, locked->path, &name);
	if (tree)
		found = mask_name(tree, name, &kind);
	if (found < 0)
		found = mask_descriptor(locking, tree, locked->path, &kind);
	if (found <= 0)
		return found;
	if (tree && !tree->masked[kind])
		tree->masked[kind] = name;
	locked->kind = kind == MASK_FILE ? LOCKED_MASKED_FILE : LOCKED_MASKED_DIRECTORY;
	return 0;
}

/* The general way. 1, 0 where it is not there, or -1. */
static int lock_descriptor(struct locking *locking, const struct kernel_tree *tree_of_it, const char *path)
{
	struct error *error = locking->error;
	_cleanup_fd_ int target = -1;
	_cleanup_fd_ int tree = -1;
	int found;

	found = open_path(locking->rootfs, path, &target, error);
	if (found <= 0)
		return found;
	tree = tree_clone(target, "", true);
	if (tree < 0)
		return error_set(error, errno, "clone the mounts");
	if (tree_set_attributes(tree, true, MOUNT_ATTR_RDONLY, 0) < 0)
		return error_set(error, errno, "set them read-only");
	if (tree_attach(tree, target) < 0)
		return error_set(error, errno, "attach them");
	if (!tree_of_it)
		forget_tree(locking, target);
	return 1;
}

/* What is mounted below becomes read-only too; the other flags stay as they are. */
static int make_readonly(struct locking *locking, struct rootfs_locked_path *locked)
{
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
	const struct kernel_tree *tree;
	const char *name = NULL;
	int found = 1;

	tree = enter_tree(locking, locked->path, &name);
	if (tree && sys_mount(name, name, NULL, MS_BIND | MS_REC, NULL) == 0) {
		if (sys_mount_setattr(AT_FDCWD, name, AT_RECURSIVE, &readonly) < 0)
			return error_set(locking->error, errno, "set the mount read-only");
	} else {
		found = lock_descriptor(locking, tree, locked->path);
	}
	if (found > 0)
		locked->kind = LOCKED_READONLY;
	return found < 0 ? -1 : 0;
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

static bool is_repeated(const struct string_list *paths, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (!strcmp(paths->items[i], paths->items[index]))
			return true;
	return false;
}

static int lock_all(struct locking *locking, const struct string_list *readonly,
		    const struct string_list *masked)
{
	struct rootfs *rootfs = locking->rootfs;
	struct rootfs_locked_path *locked;

	locked = ARENA_NEW_ARRAY(rootfs->arena, struct rootfs_locked_path, readonly->count + masked->count + 1);
	rootfs->locked_paths = locked;
	for (size_t i = 0; i < readonly->count; i++, locked++) {
		locked->path = readonly->items[i];
		if (make_readonly(locking, locked) < 0)
			return error_context(locking->error, "make %s read-only", locked->path);
	}
	for (size_t i = 0; i < masked->count; i++, locked++) {
		locked->path = masked->items[i];
		if (is_repeated(masked, i))
			continue;
		if (mask_path(locking, locked) < 0)
			return error_context(locking->error, "mask %s", locked->path);
	}
	rootfs->locked_path_count = (size_t)(locked - rootfs->locked_paths);
	return 0;
}

int rootfs_lock_paths(struct rootfs *rootfs, struct error *error)
{
	const struct oci_linux *linux_ = rootfs_linux(rootfs);
	struct locking locking = {
		.rootfs = rootfs,
		.trees = { { .prefix = "/proc/", .fd = rootfs->proc, .usual = MASK_FILE },
			   { .prefix = "/sys/", .fd = rootfs->sys, .usual = MASK_DIRECTORY } },
		.error = error,
	};
	struct string_list readonly;
	struct string_list masked;

	if (expand(rootfs, &linux_->readonly_paths, &readonly, error) < 0 ||
	    expand(rootfs, &linux_->masked_paths, &masked, error) < 0)
		return error_context(error, "expand masked and read-only paths");
	if (lock_all(&locking, &readonly, &masked) < 0)
		return -1;
	if (locking.current && chdir("/") < 0)
		return error_set(error, errno, "chdir to the root");
	return 0;
}
