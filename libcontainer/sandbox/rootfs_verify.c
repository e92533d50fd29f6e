/* SPDX-License-Identifier: Apache-2.0 */
/* The check before exec: what rootfs_finish() has locked is looked at again, by name, as the program will. */
#include "sandbox/rootfs_room.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "base/path.h"

/* A relative path is one below the root, wherever the working directory is by now. */
static const char *from_root(struct rootfs *rootfs, const char *path)
{
	return *path == '/' ? path : arena_printf(rootfs->arena, "/%s", path);
}

/* Below a mask, say: what cannot be named any more is locked well enough. */
static bool is_gone(void)
{
	return errno == ENOENT || errno == ENOTDIR;
}

static int check_mask(const char *path, int kind, const struct stat *empty, struct error *error)
{
	struct statx status;
	bool is_masked;

	if (statx(AT_FDCWD, path, 0, STATX_TYPE, &status) < 0)
		return is_gone() ? 0 : error_set(error, errno, "look at masked path %s", path);
	if (kind == LOCKED_MASKED_FILE)
		is_masked =
			S_ISCHR(status.stx_mode) && status.stx_rdev_major == 1 && status.stx_rdev_minor == 3;
	else
		is_masked = S_ISDIR(status.stx_mode) && status.stx_dev_major == major(empty->st_dev) &&
			    status.stx_dev_minor == minor(empty->st_dev);
	if (!is_masked || !(status.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return error_set(error, 0, "masked path %s is not masked", path);
	return 0;
}

static int check_readonly(const char *path, struct error *error)
{
	struct statfs status;

	if (statfs(path, &status) < 0)
		return is_gone() ? 0 : error_set(error, errno, "look at read-only path %s", path);
	if (!(status.f_flags & ST_RDONLY))
		return error_set(error, 0, "read-only path %s is writable", path);
	return 0;
}

/* What @path is called with every link in it followed, or NULL where that cannot be told. */
static const char *real_name(struct rootfs *rootfs, const char *path)
{
	_cleanup_fd_ int fd = open(from_root(rootfs, path), O_PATH | O_CLOEXEC);
	char target[PATH_MAX];
	char name[32];

	if (fd < 0)
		return NULL;
	snprintf(name, sizeof(name), "self/fd/%d", fd);
	if (link_read_at(rootfs->procfs, name, target, sizeof(target)) < 0)
		return NULL;
	return arena_strdup(rootfs->arena, target);
}

/* Whether a later mount covers the one with number @index: put there, or above it, by whatever name. */
static bool is_covered(struct rootfs *rootfs, size_t index)
{
	const char *name = real_name(rootfs, rootfs->mounts[index].mount->destination);

	for (size_t i = index + 1; name && i < rootfs->mount_count; i++) {
		bool is_remount = (rootfs->mounts[i].options.set & MS_REMOUNT) != 0;
		const char *later = real_name(rootfs, rootfs->mounts[i].mount->destination);

		if (later && (is_remount ? !strcmp(name, later) : path_is_below(name, later)))
			return true;
	}
	return false;
}

/* Whether @mount has to be read-only in the end: a remount tells another, and "rrw" comes after "ro". */
static bool is_readonly(const struct rootfs_mount *mount)
{
	/* Of cgroup v1 the hierarchies are read-only, not the tmpfs that they are mounted in, as in runc. */
	if (mount->mount->type && !strcmp(mount->mount->type, "cgroup"))
		return false;
	return (mount->options.set & MS_RDONLY) && !(mount->options.set & MS_REMOUNT) &&
	       !(mount->options.recursive_clear & ~mount->options.recursive_set & MOUNT_ATTR_RDONLY);
}

static int check_mounts(struct rootfs *rootfs, struct error *error)
{
	for (size_t i = 0; i < rootfs->mount_count; i++) {
		const struct rootfs_mount *mount = &rootfs->mounts[i];

		/* What covers it is only looked for where it matters. */
		if (is_readonly(mount) &&
		    check_readonly(from_root(rootfs, mount->mount->destination), error) < 0 &&
		    !is_covered(rootfs, i))
			return -1;
	}
	return 0;
}

int rootfs_verify(struct rootfs *rootfs, struct error *error)
{
	struct stat empty = { 0 };

	if (rootfs->empty_directory.fd >= 0 && fstat(rootfs->empty_directory.fd, &empty) < 0)
		return error_set(error, errno, "look at the mask of directories");
	for (size_t i = 0; i < rootfs->locked_path_count; i++) {
		const struct rootfs_locked_path *locked = &rootfs->locked_paths[i];
		const char *path = from_root(rootfs, locked->path);
		int result;

		if (locked->kind == LOCKED_NOT_THERE)
			continue;
		if (locked->kind == LOCKED_READONLY)
			result = check_readonly(path, error);
		else
			result = check_mask(path, locked->kind, &empty, error);
		if (result < 0)
			return -1;
	}
	if (rootfs_has_mount_namespace(rootfs) && check_mounts(rootfs, error) < 0)
		return -1;
	if (rootfs->config->root->readonly && rootfs_has_mount_namespace(rootfs))
		return check_readonly("/", error);
	return 0;
}
