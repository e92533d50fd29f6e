/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"

#define PROCFS_ROOT_INODE 1 /* PROC_ROOT_INO of include/linux/proc_ns.h */

int file_read_at(struct arena *arena, int directory, const char *path, size_t limit, char **bytes,
		 size_t *length)
{
	_cleanup_fd_ int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return -1;
	return fd_read_all(arena, fd, limit, bytes, length);
}

int file_read_replaced_at(struct arena *arena, int directory, const char *path, char **bytes, size_t *length)
{
	_cleanup_fd_ int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd < 0)
		return -1;
	return fd_read_to_short(arena, fd, FILE_SIZE_MAX, bytes, length);
}

/* A temporary file with these bytes, whose name becomes @staged. 0, or -1 with errno and without it. */
static int stage(int directory, const char *name, const void *bytes, size_t length, mode_t mode,
		 char staged[NAME_MAX + 1])
{
	_cleanup_fd_ int fd = -1;
	int saved;

	if (snprintf(staged, NAME_MAX + 1, ".%s.%d", name, getpid()) > NAME_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	/* A new file, never one that somebody has put there: the directory may be one where others write, as /tmp. */
	fd = openat(directory, staged, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0 && errno == EEXIST && unlinkat(directory, staged, 0) == 0)
		fd = openat(directory, staged, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return -1;
	if (fd_write_all(fd, bytes, length) == 0)
		return 0;
	saved = errno;
	unlinkat(directory, staged, 0);
	errno = saved;
	return -1;
}

int file_write_atomic_at(int directory, const char *name, const void *bytes, size_t length, mode_t mode)
{
	char staged[NAME_MAX + 1];
	int saved;

	if (stage(directory, name, bytes, length, mode, staged) < 0)
		return -1;
	if (renameat(directory, staged, directory, name) == 0)
		return 0;
	saved = errno;
	unlinkat(directory, staged, 0);
	errno = saved;
	return -1;
}

bool file_is_same(const struct stat *one, const struct stat *other)
{
	return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

int link_read_at(int directory, const char *name, char *target, size_t size)
{
	ssize_t length = readlinkat(directory, name, target, size);

	if (length < 0)
		return -1;
	if ((size_t)length == size) {
		errno = ENAMETOOLONG;
		return -1;
	}
	target[length] = '\0';
	return 0;
}

int file_write_at(int directory, const char *path, const char *text)
{
	_cleanup_fd_ int fd = openat(directory, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -1 : fd_write_once(fd, text);
}

int procfs_open(struct error *error)
{
	_cleanup_fd_ int fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs filesystem;
	struct stat status;

	if (fd < 0)
		return error_set(error, errno, "open /proc");
	if (fstatfs(fd, &filesystem) < 0 || fstat(fd, &status) < 0)
		return error_set(error, errno, "look at /proc");
	if (filesystem.f_type != PROC_SUPER_MAGIC || status.st_ino != PROCFS_ROOT_INODE)
		return error_set(error, 0, "/proc is not the root of a procfs");
	return TAKE_FD(fd);
}
