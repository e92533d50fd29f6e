/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tmpcopyup: what an image has in a directory, copied into the tmpfs that covers it. The tmpfs is not
 * attached yet, so nothing moves on that side; on the other side no link is followed.
 */
#include "sandbox/rootfs_room.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/file.h"

#define DEPTH_MAX 256
#define COPY_BUFFER ((size_t)64 * 1024)

static int copy_directory(int from, int to, unsigned int depth, struct error *error);

static int copy_bytes(int from, int to)
{
	_cleanup_free_ char *buffer = malloc(COPY_BUFFER);
	ssize_t length;

	if (!buffer)
		return -1;
	while ((length = read(from, buffer, COPY_BUFFER)) != 0) {
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0 || fd_write_all(to, buffer, (size_t)length) < 0)
			return -1;
	}
	return 0;
}

static int copy_file(int from, int to, const char *name, const struct stat *status)
{
	_cleanup_fd_ int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_cleanup_fd_ int copy = -1;
	struct stat opened;

	if (source < 0 || fstat(source, &opened) < 0)
		return -1;
	if (!S_ISREG(opened.st_mode) || !file_is_same(&opened, status)) {
		errno = ESTALE; /* swapped while we looked */
		return -1;
	}
	copy = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return copy < 0 ? -1 : copy_bytes(source, copy);
}

static int copy_link(int from, int to, const char *name)
{
	char target[PATH_MAX];

	return link_read_at(from, name, target, sizeof(target)) < 0 ? -1 : symlinkat(target, to, name);
}

static int copy_subdirectory(int from, int to, const char *name, unsigned int depth, struct error *error)
{
	_cleanup_fd_ int source = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_cleanup_fd_ int copy = -1;

	if (source < 0 || mkdirat(to, name, 0700) < 0)
		return error_set(error, errno, "tmpcopyup: copy directory %s", name);
	copy = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (copy < 0)
		return error_set(error, errno, "tmpcopyup: copy directory %s", name);
	return copy_directory(source, copy, depth + 1, error);
}

/* Owner first: changing it takes set-id bits away, which the mode brings back. */
static int copy_attributes(int to, const char *name, const struct stat *status)
{
	const struct timespec times[2] = { status->st_atim, status->st_mtim };

	if (fchownat(to, name, status->st_uid, status->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (!S_ISLNK(status->st_mode) && fchmodat(to, name, status->st_mode & 07777, 0) < 0)
		return -1;
	return utimensat(to, name, times, AT_SYMLINK_NOFOLLOW);
}

static int copy_entry(int from, int to, const char *name, unsigned int depth, struct error *error)
{
	struct stat status;
	int result = 0;

	if (fstatat(from, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(error, errno, "tmpcopyup: look at %s", name);
	if (S_ISDIR(status.st_mode)) {
		if (copy_subdirectory(from, to, name, depth, error) < 0)
			return -1;
	} else if (S_ISREG(status.st_mode)) {
		result = copy_file(from, to, name, &status);
	} else if (S_ISLNK(status.st_mode)) {
		result = copy_link(from, to, name);
	} else {
		result = mknodat(to, name, status.st_mode, status.st_rdev);
	}
	if (result < 0 || copy_attributes(to, name, &status) < 0)
		return error_set(error, errno, "tmpcopyup: copy %s", name);
	return 0;
}

/* Takes no ownership of the descriptors. */
static int copy_directory(int from, int to, unsigned int depth, struct error *error)
{
	_cleanup_dir_ DIR *listing = NULL;
	int own = fcntl(from, F_DUPFD_CLOEXEC, 3);

	listing = own < 0 ? NULL : fdopendir(own);
	if (!listing) {
		cleanup_fd(&own);
		return error_set(error, errno, "tmpcopyup: list a directory");
	}
	if (depth > DEPTH_MAX)
		return error_set(error, ELOOP, "tmpcopyup: more than %d levels of directories", DEPTH_MAX);
	for (;;) {
		const struct dirent *entry;

		errno = 0;
		entry = readdir(listing);
		if (!entry)
			break;
		if (entry->d_name[0] == '.' &&
		    (!entry->d_name[1] || (entry->d_name[1] == '.' && !entry->d_name[2])))
			continue;
		if (copy_entry(from, to, entry->d_name, depth, error) < 0)
			return -1;
	}
	return errno ? error_set(error, errno, "tmpcopyup: list a directory") : 0;
}

int copy_up(int from, int to, struct error *error)
{
	_cleanup_fd_ int source = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int copy = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat status;

	if (source < 0 || copy < 0 || fstat(source, &status) < 0)
		return error_set(error, errno, "tmpcopyup: open the directory");
	/* In a user namespace that does not map the owner it stays root's, as with runc. */
	if (fchown(copy, status.st_uid, status.st_gid) < 0 && errno != EINVAL)
		return error_set(error, errno, "tmpcopyup: set the owner");
	return copy_directory(source, copy, 0, error);
}
