/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts of the configuration. */
#include "sandbox/rootfs_room.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/syscalls.h"

#define MOUNT_POINT_MODE 0755

int rootfs_apply_propagation(int tree, const struct mount_options *options, struct error *error)
{
	for (size_t i = 0; i < options->propagation_count; i++)
		if (tree_set_propagation(tree, options->propagation[i]) < 0)
			return error_set(error, errno, "set the propagation");
	return 0;
}

static int apply_recursive(int tree, const struct mount_options *options, struct error *error)
{
	if (options->recursive_set == 0 && options->recursive_clear == 0)
		return 0;
	if (tree_set_attributes(tree, true, options->recursive_set, options->recursive_clear) < 0)
		return error_set(error, errno, "set the recursive options");
	return 0;
}

/* The mount point of procfs and sysfs is a real directory: a link may lead to a forged one (CVE-2019-19921). */
static int open_ordinary_directory(struct rootfs *rootfs, const char *path, const char *type,
				   struct error *error)
{
	const char *normal = path_normalize(rootfs->arena, path);
	const char *name = normal + 1;
	_cleanup_fd_ int opened = -1;
	int parent = rootfs->root;
	int fd;

	if (!*name || strchr(name, '/')) {
		opened = path_open_parent(rootfs->arena, rootfs->root, normal, true, &name, error);
		if (opened < 0)
			return -1;
		parent = opened;
	}
	fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(parent, name, MOUNT_POINT_MODE) < 0 && errno != EEXIST)
			return error_set(error, errno, "make directory %s in the rootfs", path);
		fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	}
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return error_set(error, errno, "filesystem \"%s\" must be mounted on ordinary directory", type);
	if (fd < 0)
		return error_set(error, errno, "open directory %s in the rootfs", path);
	return fd;
}

/* path_make_directory() for a @path that is not there; fewer calls where only its last component is missing. */
static int make_directory(struct rootfs *rootfs, const char *path, struct error *error)
{
	const char *normal = path_normalize(rootfs->arena, path);
	const char *slash = strrchr(normal, '/');
	_cleanup_fd_ int parent = -1;
	int fd = -1;

	/* What is left of ".." lexically is not what it is left of by links: those paths go the long way. */
	if (slash != normal && !strstr(path, ".."))
		parent = path_open_in_root(rootfs->root,
					   arena_strndup(rootfs->arena, normal, (size_t)(slash - normal)),
					   O_PATH | O_DIRECTORY);
	if (parent >= 0 && mkdirat(parent, slash + 1, MOUNT_POINT_MODE) == 0)
		fd = openat(parent, slash + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 ? fd : path_make_directory(rootfs->root, path, MOUNT_POINT_MODE, error);
}

static int open_directory(struct rootfs *rootfs, const char *path, struct error *error)
{
	int fd = path_open_in_root(rootfs->root, path, O_PATH | O_DIRECTORY);

	if (fd < 0 && errno == ENOENT)
		return make_directory(rootfs, path, error);
	if (fd < 0)
		return error_set(error, errno, "open directory %s in the rootfs", path);
	return fd;
}

static int open_by_type(struct rootfs *rootfs, const char *path, const char *type, int tree,
			struct error *error)
{
	struct stat status;

	if (type && (!strcmp(type, "proc") || !strcmp(type, "sysfs")))
		return open_ordinary_directory(rootfs, path, type, error);
	if (type)
		return open_directory(rootfs, path, error);
	if (fstat(tree, &status) < 0)
		return error_set(error, errno, "look at the source");
	if (S_ISDIR(status.st_mode))
		return open_directory(rootfs, path, error);
	return path_make_file(rootfs->root, path, MOUNT_POINT_MODE, error);
}

int rootfs_open_mount_point(struct rootfs *rootfs, const char *path, const char *type, int tree,
			    struct error *error)
{
	_cleanup_fd_ int target = -1;

	if (proc_check_path(rootfs, path, error) < 0)
		return -1;
	target = open_by_type(rootfs, path, type, tree, error);
	if (target < 0 || proc_check_target(rootfs, target, path, type, tree, error) < 0)
		return -1;
	return TAKE_FD(target);
}

/* Where only one of the two is a directory. move_mount(2) says EINVAL then, for which it has a dozen reasons. */
static bool differ_in_kind(int tree, int target)
{
	struct stat one;
	struct stat other;

	return fstat(tree, &one) == 0 && fstat(target, &other) == 0 &&
	       S_ISDIR(one.st_mode) != S_ISDIR(other.st_mode);
}

static int attach(int tree, int target, const char *path, struct error *error)
{
	if (tree_attach(tree, target) == 0)
		return 0;
	if (errno == EINVAL && differ_in_kind(tree, target))
		return error_set(error, ENOTDIR,
				 "attach the mount at %s (a directory onto a file, or the other way round)",
				 path);
	return error_set(error, errno, "attach the mount at %s", path);
}

int rootfs_attach(struct rootfs *rootfs, int tree, const char *path, const char *type, struct error *error)
{
	_cleanup_fd_ int target = rootfs_open_mount_point(rootfs, path, type, tree, error);

	return target < 0 ? -1 : attach(tree, target, path, error);
}

static int map_ids(const struct rootfs *rootfs, struct rootfs_mount *mount, int tree, struct error *error)
{
	if (rootfs->request_idmap)
		return rootfs->request_idmap(rootfs->context, (size_t)(mount - rootfs->mounts), tree, error);
	return rootfs_idmap(rootfs, mount, tree, error);
}

/* A source in the rootfs is looked up in there: its links are the container's, not the host's. */
static int open_source(struct rootfs *rootfs, struct rootfs_mount *mount, struct error *error)
{
	const char *path = rootfs_source_path(rootfs, mount->mount->source);
	const char *inner = rootfs_inner_path(rootfs, mount->mount->source);
	_cleanup_fd_ int directory = -1;
	_cleanup_fd_ int tree = -1;

	if (inner) {
		directory = path_open_in_root(rootfs->root, inner, O_PATH);
		if (directory >= 0)
			tree = tree_clone(directory, "", mount->options.recursive_bind);
		if (tree < 0)
			return error_set(error, errno, "bind source %s", path);
	} else {
		tree = rootfs_clone_source(rootfs, mount, path, error);
	}
	if (tree < 0)
		return -1;
	if (mount->options.idmap && map_ids(rootfs, mount, tree, error) < 0)
		return -1;
	return TAKE_FD(tree);
}

/* Whether MS_* flags @wanted mean what the ST_* flags @kept say; relatime is what is meant where none is named. */
static bool same_access_times(unsigned long kept, unsigned long wanted)
{
	bool strict = wanted & MS_STRICTATIME;

	return !(kept & ST_NODIRATIME) == !(wanted & MS_NODIRATIME) &&
	       !(kept & ST_NOATIME) == !(wanted & MS_NOATIME) &&
	       (kept & ST_NOATIME || !(kept & ST_RELATIME) == strict);
}

/*
 * What the host's mount forbids a user namespace may not allow itself: the kernel locks those flags on what is
 * cloned in there (mount_namespaces(7)). The parent's clone is not, so they are added here, and an option that
 * takes one away is refused as the kernel would.
 */
static int keep_locked_flags(int tree, struct mount_options *options, struct error *error)
{
	static const struct {
		unsigned long kept; /* ST_* */
		unsigned long flag; /* MS_* */
	} lockable[] = {
		{ ST_RDONLY, MS_RDONLY },
		{ ST_NOSUID, MS_NOSUID },
		{ ST_NODEV, MS_NODEV },
		{ ST_NOEXEC, MS_NOEXEC },
	};
	const unsigned long atime = MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME;
	bool has_flags = (options->set | options->clear) & ~(unsigned long)(MS_BIND | MS_REC);
	struct statvfs found;

	if (fstatvfs(tree, &found) < 0)
		return error_set(error, errno, "look at the source's flags");
	if (options->set & atime && !same_access_times(found.f_flag, options->set))
		return error_set(error, EPERM, "change how the source keeps access times");
	for (size_t i = 0; i < ARRAY_SIZE(lockable); i++) {
		if (!(found.f_flag & lockable[i].kept))
			continue;
		if (options->clear & lockable[i].flag)
			return error_set(error, EPERM, "take away a flag of the source");
		if (has_flags)
			options->set |= lockable[i].flag;
	}
	return 0;
}

static int mount_bind(struct rootfs *rootfs, struct rootfs_mount *mount, struct error *error)
{
	struct mount_options *options = &mount->options;
	_cleanup_fd_ int tree = TAKE_FD(mount->source);

	if (tree < 0)
		tree = open_source(rootfs, mount, error);
	if (tree < 0)
		return -1;
	if (rootfs_has_user_namespace(rootfs) && keep_locked_flags(tree, options, error) < 0)
		return -1;
	if (tree_set_bind_flags(tree, options) < 0)
		return error_set(error, errno, "set the options");
	if (apply_recursive(tree, options, error) < 0 ||
	    rootfs_attach(rootfs, tree, mount->mount->destination, NULL, error) < 0)
		return -1;
	return rootfs_apply_propagation(tree, options, error);
}

/* Changes the mount that is at the destination already. */
static int remount(struct rootfs *rootfs, struct rootfs_mount *mount, struct error *error)
{
	const struct mount_options *options = &mount->options;
	const struct filesystem filesystem = {
		.type = mount->mount->type,
		.source = mount->mount->source,
		.flags = options->set & ~(unsigned long)MS_REC,
		.data = options->data,
		.mode = -1,
	};
	_cleanup_fd_ int target = -1;
	struct statx status;

	target = path_open_in_root(rootfs->root, mount->mount->destination, O_PATH);
	if (target < 0 || statx(target, "", AT_EMPTY_PATH, STATX_TYPE, &status) < 0)
		return error_set(error, errno, "open the mount");
	if (!(status.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return error_set(error, EINVAL, "nothing is mounted there");
	if (proc_check_target(rootfs, target, mount->mount->destination, options->bind ? NULL : filesystem.type,
			      target, error) < 0)
		return -1;
	if (options->bind && tree_set_bind_flags(target, options) < 0)
		return error_set(error, errno, "set the options");
	if (!options->bind && filesystem_mount_on(rootfs->arena, &filesystem, target, error) < 0)
		return -1;
	if (apply_recursive(target, options, error) < 0)
		return -1;
	return rootfs_apply_propagation(target, options, error);
}

/* The mount that mount(2) has just put onto @covered, found again by its name. */
static int open_covering(struct rootfs *rootfs, const char *path, int covered, struct error *error)
{
	_cleanup_fd_ int tree = path_open_in_root(rootfs->root, path, O_PATH);
	struct statx before;
	struct statx now;

	if (tree < 0 || statx(covered, "", AT_EMPTY_PATH, STATX_MNT_ID, &before) < 0 ||
	    statx(tree, "", AT_EMPTY_PATH, STATX_MNT_ID, &now) < 0)
		return error_set(error, errno, "open the new mount");
	if (!(now.stx_attributes & STATX_ATTR_MOUNT_ROOT) || before.stx_mnt_id == now.stx_mnt_id)
		return error_set(error, 0, "the mount point was changed meanwhile");
	return TAKE_FD(tree);
}

/* Attaches a new instance at @target. The mount's descriptor, or -1. */
static int mount_new(struct rootfs *rootfs, const struct rootfs_mount *mount,
		     const struct filesystem *filesystem, int target, struct error *error)
{
	const char *path = mount->mount->destination;
	_cleanup_fd_ int tree = -1;

	if (filesystem_needs_mount(filesystem) && !mount->options.copy_up) {
		if (filesystem_mount_on(rootfs->arena, filesystem, target, error) < 0)
			return -1;
		return open_covering(rootfs, path, target, error);
	}
	tree = filesystem_open(rootfs->arena, filesystem, error);
	if (tree < 0)
		return -1;
	if (mount->options.copy_up && copy_up(target, tree, error) < 0)
		return -1;
	if (attach(tree, target, path, error) < 0)
		return -1;
	return TAKE_FD(tree);
}

/* A tmpfs over a directory has that directory's mode, unless its options say another; else its own default. */
static int open_tmpfs_mount_point(struct rootfs *rootfs, const char *path, int *mode, struct error *error)
{
	_cleanup_fd_ int target = -1;
	struct stat status;

	if (proc_check_path(rootfs, path, error) < 0)
		return -1;
	target = path_open_in_root(rootfs->root, path, O_PATH | O_DIRECTORY);
	if (target < 0 && errno == ENOENT) {
		target = make_directory(rootfs, path, error);
		mode = NULL;
	} else if (target < 0) {
		error_set(error, errno, "open directory %s in the rootfs", path);
	}
	if (target < 0 || proc_check_target(rootfs, target, path, "tmpfs", -1, error) < 0)
		return -1;
	if (mode && fstat(target, &status) < 0)
		return error_set(error, errno, "look at directory %s in the rootfs", path);
	if (mode)
		*mode = (int)(status.st_mode & 07777);
	return TAKE_FD(target);
}

/* mqueue takes no context option: its root is labelled instead. */
static int label_mqueue(struct rootfs *rootfs, int tree, struct error *error)
{
	const char *label = rootfs_mount_label(rootfs);

	if (label && setxattr(fd_path(tree).text, "security.selinux", label, strlen(label) + 1, 0) < 0)
		return error_set(error, errno, "label the mqueue file system %s", label);
	return 0;
}

static void keep(int *kept, int *tree)
{
	cleanup_fd(kept);
	*kept = TAKE_FD(*tree);
}

static int mount_filesystem(struct rootfs *rootfs, struct rootfs_mount *mount, struct error *error)
{
	const char *path = mount->mount->destination;
	const char *type = mount->mount->type ? mount->mount->type : "";
	const struct mount_options *options = &mount->options;
	bool is_tmpfs = !strcmp(type, "tmpfs");
	bool is_mqueue = !strcmp(type, "mqueue");
	const char *normal = path_normalize(rootfs->arena, path);
	bool is_dev = !strcmp(normal, "/dev");
	struct filesystem filesystem = {
		.type = type,
		.source = mount->mount->source,
		.flags = options->set & ~(unsigned long)MS_REC,
		.data = options->data,
		.mode = -1,
	};
	_cleanup_judged_paths_ struct judged_paths judged = { 0 };
	_cleanup_fd_ int target = -1;
	_cleanup_fd_ int tree = -1;

	if (judged_paths_open(rootfs, mount->mount, &filesystem, &judged, error) < 0)
		return -1;
	if (strcmp(type, "proc") != 0 && strcmp(type, "sysfs") != 0 && !is_mqueue)
		filesystem.label = rootfs_mount_label(rootfs);
	/* Mount points and devices are still to be made in these; rootfs_finish() makes them read-only. */
	if (is_tmpfs || is_dev)
		filesystem.flags &= ~(unsigned long)MS_RDONLY;
	target = is_tmpfs ? open_tmpfs_mount_point(rootfs, path, &filesystem.mode, error)
			  : rootfs_open_mount_point(rootfs, path, type, -1, error);
	if (target < 0)
		return -1;
	tree = mount_new(rootfs, mount, &filesystem, target, error);
	if (tree < 0 || (is_mqueue && label_mqueue(rootfs, tree, error) < 0))
		return -1;
	if (apply_recursive(tree, options, error) < 0 || rootfs_apply_propagation(tree, options, error) < 0)
		return -1;
	if ((is_tmpfs || is_dev) && options->set & MS_RDONLY)
		mount->tree = TAKE_FD(tree);
	else if (!strcmp(type, "proc") && !strcmp(normal, "/proc"))
		keep(&rootfs->proc, &tree);
	else if (!strcmp(type, "sysfs") && !strcmp(normal, "/sys"))
		keep(&rootfs->sys, &tree);
	return 0;
}

/* The container's procfs and sysfs are no longer those that are kept when something is mounted on or above them. */
static void forget_covered(struct rootfs *rootfs, const char *destination)
{
	const char *name =
		path_is_normal(destination) ? destination : path_normalize(rootfs->arena, destination);

	if (path_is_below("/proc", name))
		fd_close(&rootfs->proc);
	if (path_is_below("/sys", name))
		fd_close(&rootfs->sys);
}

static int mount_one(struct rootfs *rootfs, struct rootfs_mount *mount, struct error *error)
{
	if (mount->options.set & MS_REMOUNT)
		return remount(rootfs, mount, error);
	forget_covered(rootfs, mount->mount->destination);
	if (mount->options.bind)
		return mount_bind(rootfs, mount, error);
	if (mount->mount->type && !strcmp(mount->mount->type, "cgroup"))
		return rootfs_mount_cgroup(rootfs, mount, error);
	return mount_filesystem(rootfs, mount, error);
}

static const char *mount_name(const struct oci_mount *mount)
{
	if (mount->source && *mount->source)
		return mount->source;
	return mount->type && *mount->type ? mount->type : "nothing";
}

int rootfs_mounts(struct rootfs *rootfs, struct error *error)
{
	mode_t umask_before = umask(0);
	int result = 0;

	for (size_t i = 0; i < rootfs->mount_count && result == 0; i++) {
		const struct oci_mount *mount = rootfs->mounts[i].mount;

		result = mount_one(rootfs, &rootfs->mounts[i], error);
		if (result < 0)
			error_context(error, "error mounting \"%s\" to rootfs at \"%s\"", mount_name(mount),
				      mount->destination);
	}
	umask(umask_before);
	return result;
}
