/* SPDX-License-Identifier: Apache-2.0 */
/* What a restore needs of the rootfs: CRIU makes the mounts, on mount points that have to be there. */
#include "sandbox/rootfs_room.h"

#include <errno.h>
#include <linux/magic.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/syscalls.h"

#define NULL_DEVICE makedev(1, 3)

#define PLACE_ROOT "root" /* in the place that CRIU works from */

/* Attaches the rootfs with all that is mounted below it in the directory @place. 0, or -1. */
static int attach_root(struct rootfs *rootfs, int directory, int place, struct error *error)
{
	_cleanup_fd_ int target = openat(place, PLACE_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC);

	fd_close(&rootfs->root);
	rootfs->root = tree_clone(directory, "", true);
	if (target < 0 || rootfs->root < 0 || tree_attach(rootfs->root, target) < 0)
		return error_set(error, errno, "attach the rootfs for criu");
	return 0;
}

/* A file system of CRIU's own at @path. A descriptor of it, or -1. */
static int open_place(struct rootfs *rootfs, const char *path, struct error *error)
{
	const struct filesystem filesystem = {
		.type = "tmpfs",
		.source = "tmpfs",
		.flags = MS_NOSUID | MS_NODEV | MS_NOEXEC,
		.data = "mode=700",
		.mode = -1,
	};
	_cleanup_fd_ int target = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_fd_ int tree = -1;

	if (target < 0)
		return error_set(error, errno, "open %s", path);
	tree = filesystem_open(rootfs->arena, &filesystem, error);
	if (tree < 0)
		return -1;
	if (tree_attach(tree, target) < 0 || mkdirat(tree, PLACE_ROOT, 0700) < 0)
		return error_set(error, errno, "mount a tmpfs at %s", path);
	return TAKE_FD(tree);
}

/* What comes with a file system that CRIU brings back whole has its mount points in there. */
static bool is_in_restored(struct rootfs *rootfs, size_t index)
{
	const char *path = path_normalize(rootfs->arena, rootfs->mounts[index].mount->destination);

	for (size_t i = 0; i < index; i++) {
		const struct rootfs_mount *earlier = &rootfs->mounts[i];
		const char *above = path_normalize(rootfs->arena, earlier->mount->destination);

		if (!earlier->options.bind && strcmp(path, above) != 0 && path_is_below(path, above))
			return true;
	}
	return false;
}

static int open_source(struct rootfs *rootfs, struct rootfs_mount *mount, struct error *error)
{
	const char *path = rootfs_source_path(rootfs, mount->mount->source);
	const char *inner = rootfs_inner_path(rootfs, mount->mount->source);
	_cleanup_fd_ int directory = -1;
	int tree;

	if (mount->source >= 0)
		return TAKE_FD(mount->source);
	if (mount->options.idmap)
		return error_set(error, 0,
				 "criu cannot map its ids as a user namespace does that it has yet to make");
	if (!inner)
		return rootfs_clone_source(rootfs, mount, path, error);
	directory = path_open_in_root(rootfs->root, inner, O_PATH);
	tree = directory < 0 ? -1 : tree_clone(directory, "", mount->options.recursive_bind);
	return tree < 0 ? error_set(error, errno, "bind source %s", path) : tree;
}

/* Puts @tree where CRIU finds it: as the file or directory @index of @place. */
static int attach_source(int place, size_t index, int tree, struct error *error)
{
	_cleanup_fd_ int target = -1;
	struct stat status;
	char name[24];
	int made;

	snprintf(name, sizeof(name), "%zu", index);
	if (fstat(tree, &status) < 0)
		return error_set(error, errno, "look at the source");
	if (S_ISDIR(status.st_mode))
		made = mkdirat(place, name, 0700);
	else
		made = mknodat(place, name, S_IFREG | 0600, 0);
	target = made < 0 ? -1 : openat(place, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0 || tree_attach(tree, target) < 0)
		return error_set(error, errno, "attach the source for criu");
	return 0;
}

/* In the rootfs for the time being: a later mount point may lie in it. */
static int place_bind(struct rootfs *rootfs, size_t index, int place, struct error *error)
{
	struct rootfs_mount *mount = &rootfs->mounts[index];
	_cleanup_fd_ int tree = open_source(rootfs, mount, error);
	_cleanup_fd_ int copy = -1;

	if (tree < 0 || attach_source(place, index, tree, error) < 0)
		return -1;
	copy = tree_clone(tree, "", true);
	if (copy < 0)
		return error_set(error, errno, "clone the mounts of the source");
	return rootfs_attach(rootfs, copy, mount->mount->destination, NULL, error);
}

static int make_mount_point(struct rootfs *rootfs, size_t index, int place, struct error *error)
{
	const struct rootfs_mount *mount = &rootfs->mounts[index];
	const char *type = mount->mount->type ? mount->mount->type : "";
	_cleanup_fd_ int point = -1;

	if (mount->options.set & MS_REMOUNT)
		return 0;
	if (is_in_restored(rootfs, index)) {
		/* Its source is wanted all the same. */
		point = mount->options.bind ? open_source(rootfs, &rootfs->mounts[index], error) : -1;
		if (!mount->options.bind)
			return 0;
		return point < 0 ? -1 : attach_source(place, index, point, error);
	}
	if (mount->options.bind)
		return place_bind(rootfs, index, place, error);
	point = rootfs_open_mount_point(rootfs, mount->mount->destination, type, -1, error);
	return point < 0 ? -1 : 0;
}

static int make_mount_points(struct rootfs *rootfs, int place, struct error *error)
{
	mode_t umask_before = umask(0);
	int result = 0;

	for (size_t i = 0; i < rootfs->mount_count && result == 0; i++) {
		result = make_mount_point(rootfs, i, place, error);
		if (result < 0)
			error_context(error, "mount %s", rootfs->mounts[i].mount->destination);
	}
	umask(umask_before);
	return result;
}

const char *rootfs_restore_root(struct arena *arena, const char *place)
{
	return arena_printf(arena, "%s/" PLACE_ROOT, place);
}

const char *rootfs_restore_source(struct arena *arena, const char *place, size_t index)
{
	return arena_printf(arena, "%s/%zu", place, index);
}

int rootfs_prepare_restore(struct rootfs *rootfs, const char *place, struct error *error)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
	const char *path = rootfs_source_path(rootfs, rootfs->config->root->path);
	struct mount_attr slave = { .propagation = MS_SLAVE };
	_cleanup_fd_ int directory = -1;
	_cleanup_fd_ int own = -1;

	if (unshare(CLONE_NEWNS) < 0 || sys_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &slave) < 0)
		return error_set(error, errno, "make a mount namespace");
	directory = sys_openat2(AT_FDCWD, path, &how);
	if (directory < 0)
		return error_set(error, errno, "invalid rootfs: %s", path);
	own = open_place(rootfs, place, error);
	if (own < 0 || attach_root(rootfs, directory, own, error) < 0 ||
	    make_mount_points(rootfs, own, error) < 0)
		return -1;
	if (sys_umount2(fd_path(rootfs->root).text, MNT_DETACH) < 0)
		return error_set(error, errno, "unmount the rootfs");
	return attach_root(rootfs, directory, own, error);
}

/* In the restored container ------------------------------------------------------------------------------------ */

static bool is_gone(void)
{
	return errno == ENOENT || errno == ENOTDIR;
}

static bool is_tmpfs(int fd)
{
	struct statfs filesystem;

	return fstatfs(fd, &filesystem) == 0 && filesystem.f_type == TMPFS_MAGIC;
}

/* CRIU has looked for the source by its name: it must have found what this runtime has opened and judged. */
static int check_source(const struct rootfs_mount *mount, int fd, struct error *error)
{
	struct stat expected;
	struct stat found;

	if (mount->source < 0)
		return 0;
	if (fstat(mount->source, &expected) < 0 || fstat(fd, &found) < 0)
		return error_set(error, errno, "look at mount %s", mount->mount->destination);
	if (!file_is_same(&expected, &found))
		return error_set(error, 0, "mount %s: its source %s was changed meanwhile",
				 mount->mount->destination, mount->mount->source);
	return 0;
}

/* Those of a file system that is mounted anew. Of cgroup v1 the hierarchies are read-only, not what they are in. */
static int set_own_flags(const struct rootfs_mount *mount, int fd)
{
	const uint64_t kept = mount->options.recursive_clear & ~mount->options.recursive_set;
	const uint64_t flags =
		mount_attributes(mount->options.set & (MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)) & ~kept;
	const bool is_cgroup = mount->mount->type && !strcmp(mount->mount->type, "cgroup");

	if (tree_set_attributes(fd, is_cgroup, flags, 0) < 0)
		return -1;
	return is_cgroup && is_tmpfs(fd) ? tree_set_attributes(fd, false, 0, MOUNT_ATTR_RDONLY) : 0;
}

/* What a tmpfs may hold. */
static int set_limits(const struct rootfs *rootfs, const struct rootfs_mount *mount, int fd,
		      struct error *error)
{
	const struct filesystem filesystem = { .type = "tmpfs", .data = mount->options.data };

	if (mount->options.bind || !mount->mount->type || strcmp(mount->mount->type, "tmpfs") != 0 ||
	    !is_tmpfs(fd))
		return 0;
	if (filesystem_limit(rootfs->arena, fd, &filesystem, error) < 0)
		return error_context(error, "mount %s", mount->mount->destination);
	return 0;
}

/* CRIU puts back what was mounted, not every flag: masks, say, come back writable. And it was saved as it was then. */
static int set_flags(struct rootfs *rootfs, const struct rootfs_mount *mount, struct error *error)
{
	const struct mount_options *options = &mount->options;
	const char *path = mount->mount->destination;
	_cleanup_fd_ int fd = path_open_in_root(rootfs->root, path, O_PATH);
	struct statx status;

	/* What the container has unmounted before it was saved is not there. */
	if (fd < 0 && is_gone())
		return 0;
	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &status) < 0)
		return error_set(error, errno, "open mount %s", path);
	if (!(status.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return 0;
	if (options->bind && check_source(mount, fd, error) < 0)
		return -1;
	if ((options->bind ? tree_set_bind_flags(fd, options) : set_own_flags(mount, fd)) < 0)
		return error_set(error, errno, "set the options of mount %s", path);
	if ((options->recursive_set || options->recursive_clear) &&
	    tree_set_attributes(fd, true, options->recursive_set, options->recursive_clear) < 0)
		return error_set(error, errno, "set the recursive options of mount %s", path);
	return set_limits(rootfs, mount, fd, error);
}

int rootfs_lock_mask(int fd, bool *masked)
{
	const uint64_t flags = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
	struct statfs filesystem;
	struct statx status;

	*masked = false;
	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) < 0 || fstatfs(fd, &filesystem) < 0)
		return -1;
	if (!(status.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return 0;
	if (S_ISCHR(status.stx_mode))
		*masked = makedev(status.stx_rdev_major, status.stx_rdev_minor) == NULL_DEVICE;
	else if (S_ISDIR(status.stx_mode))
		*masked = filesystem.f_type == TMPFS_MAGIC && filesystem.f_flags & ST_RDONLY &&
			  status.stx_nlink == 2;
	return *masked ? tree_set_attributes(fd, false, flags, 0) : 0;
}

static int is_readonly(int fd, bool *readonly)
{
	struct statvfs flags;

	if (fstatvfs(fd, &flags) < 0)
		return -1;
	*readonly = flags.f_flag & ST_RDONLY;
	return 0;
}

/* Leaves in @list those paths for which @is_done does not say that they are as they should be. */
static int drop_done(struct rootfs *rootfs, struct string_list *list, int (*is_done)(int fd, bool *done),
		     struct error *error)
{
	struct string_list found = { 0 };

	for (size_t i = 0; i < list->count; i++)
		if (glob_in_root(rootfs->arena, rootfs->root, list->items[i], &found, error) < 0)
			return -1;
	*list = (struct string_list){ .items = ARENA_NEW_ARRAY(rootfs->arena, const char *, found.count + 1) };
	for (size_t i = 0; i < found.count; i++) {
		_cleanup_fd_ int fd = path_open_in_root(rootfs->root, found.items[i], O_PATH);
		bool done;

		if (fd < 0 && is_gone())
			continue;
		if (fd < 0 || is_done(fd, &done) < 0)
			return error_set(error, errno, "look at %s", found.items[i]);
		if (!done)
			list->items[list->count++] = found.items[i];
	}
	return 0;
}

/* Masks and read-only paths that the image lacks: it may have been saved under another policy. */
static int lock_the_rest(struct rootfs *rootfs, struct error *error)
{
	const struct oci_config *config = rootfs->config;
	struct oci_linux rest = *rootfs_linux(rootfs);
	struct oci_config changed = *config;
	int result;

	if (drop_done(rootfs, &rest.readonly_paths, is_readonly, error) < 0 ||
	    drop_done(rootfs, &rest.masked_paths, rootfs_lock_mask, error) < 0)
		return -1;
	changed.linux_ = &rest;
	rootfs->config = &changed;
	result = rootfs_lock_paths(rootfs, error);
	rootfs->config = config;
	return result;
}

int rootfs_open_masks(struct rootfs *rootfs, struct error *error)
{
	return rootfs_linux(rootfs)->masked_paths.count > 0 ? rootfs_open_null_device(rootfs, error) : 0;
}

int rootfs_lock_restored(struct rootfs *rootfs, struct error *error)
{
	fd_close(&rootfs->root);
	rootfs->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rootfs->root < 0)
		return error_set(error, errno, "open the container's root");
	for (size_t i = 0; i < rootfs->mount_count; i++)
		if (!(rootfs->mounts[i].options.set & MS_REMOUNT) &&
		    set_flags(rootfs, &rootfs->mounts[i], error) < 0)
			return -1;
	if (lock_the_rest(rootfs, error) < 0)
		return -1;
	if (rootfs->config->root->readonly &&
	    tree_set_attributes(rootfs->root, false, MOUNT_ATTR_RDONLY, 0) < 0)
		return error_set(error, errno, "make the root read-only");
	return 0;
}
