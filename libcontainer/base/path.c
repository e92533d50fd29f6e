/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/syscalls.h"

int path_open_in_root(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)flags | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};
	int attempts = 32;
	int fd;

	/* EAGAIN: something was renamed while ".." was resolved (openat2(2)); bounded, an attacker may go on. */
	do
		fd = sys_openat2(root, path, &how);
	while (fd < 0 && errno == EAGAIN && --attempts > 0);
	return fd;
}

/* As many links as the kernel follows in one path. */
enum { MAXIMUM_LINKS = 40 };

/* Replaces the start of @path, up to @rest, whose last component is the link @name, by what the link names. */
static int replace_link(char path[PATH_MAX], int directory, const char *so_far, const char *name,
			const char *rest)
{
	size_t parent = (size_t)(strrchr(so_far, '/') - so_far);
	char target[PATH_MAX];
	char replaced[PATH_MAX];
	ssize_t length = readlinkat(directory, name, target, sizeof(target));
	int written;

	if (length < 0)
		return -1;
	written = snprintf(replaced, sizeof(replaced), "%.*s/%.*s%s", target[0] == '/' ? 0 : (int)parent,
			   so_far, (int)length, target, rest);
	if (written < 0 || (size_t)written >= sizeof(replaced)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(path, replaced, (size_t)written + 1);
	return 0;
}

/*
 * One component below @directory, made if it is missing; the root is needed to follow a link in it. -1 with
 * ENOENT: a link to what is not there yet.
 */
static int enter_directory(int root, int directory, const char *so_far, const char *name, mode_t mode)
{
	int made;
	int fd;

	fd = openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	/* A symbolic link: resolve the whole prefix again, inside the root. */
	if (errno == ENOTDIR || errno == ELOOP)
		return path_open_in_root(root, so_far, O_PATH | O_DIRECTORY);
	if (errno != ENOENT)
		return -1;
	made = mkdirat(directory, name, mode);
	if (made < 0 && errno != EEXIST)
		return -1;
	fd = openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* Gone again: somebody is at it, and it is not a link to look through. */
	if (fd < 0 && errno == ENOENT)
		errno = EAGAIN;
	return fd;
}

/* The next component of @path, copied to the end of @so_far: *next points behind it. NULL at the end. */
static const char *next_component(char so_far[PATH_MAX], const char **next)
{
	size_t used = strlen(so_far);
	size_t length;

	*next += strspn(*next, "/");
	length = strcspn(*next, "/");
	if (length == 0)
		return NULL;
	so_far[used] = '/';
	memcpy(so_far + used + 1, *next, length);
	so_far[used + 1 + length] = '\0';
	*next += length;
	return so_far + used + 1;
}

/* Walks @path from the root. -1 with ENOENT: @path was changed by a link, to be walked anew. */
static int walk_and_make(int root, char path[PATH_MAX], mode_t mode)
{
	_cleanup_fd_ int current = path_open_in_root(root, ".", O_PATH | O_DIRECTORY);
	char so_far[PATH_MAX] = "";
	const char *next = path;
	const char *name;

	if (current < 0)
		return -1;
	while ((name = next_component(so_far, &next))) {
		int entered;

		if (!strcmp(name, "."))
			continue;
		if (!strcmp(name, ".."))
			entered = path_open_in_root(root, so_far, O_PATH | O_DIRECTORY);
		else
			entered = enter_directory(root, current, so_far, name, mode);
		if (entered < 0) {
			if (errno == ENOENT && replace_link(path, current, so_far, name, next) == 0)
				errno = ENOENT;
			return -1;
		}
		close(current);
		current = entered;
	}
	return TAKE_FD(current);
}

int path_make_directory(int root, const char *path, mode_t mode, struct error *error)
{
	size_t length = strlen(path);
	char rest[PATH_MAX];
	int fd;

	fd = path_open_in_root(root, path, O_PATH | O_DIRECTORY);
	if (fd >= 0)
		return fd;
	if (errno != ENOENT)
		return error_set(error, errno, "open directory %s in the rootfs", path);
	/* One more for the slash that next_component() may put in front. */
	if (length + 1 >= sizeof(rest))
		return error_set(error, ENAMETOOLONG, "make directory %s in the rootfs", path);
	memcpy(rest, path, length + 1);
	for (int links = 0; links <= MAXIMUM_LINKS; links++) {
		fd = walk_and_make(root, rest, mode);
		if (fd >= 0)
			return fd;
		if (errno != ENOENT)
			break;
	}
	return error_set(error, errno == ENOENT ? ELOOP : errno, "make directory %s in the rootfs", path);
}

int path_open_parent(struct arena *arena, int root, const char *path, bool make, const char **name,
		     struct error *error)
{
	size_t length = strlen(path);
	size_t start;
	char *parent;
	char *last;
	int fd;

	while (length > 0 && path[length - 1] == '/')
		length--;
	start = length;
	while (start > 0 && path[start - 1] != '/')
		start--;
	last = arena_strndup(arena, path + start, length - start);
	*name = last;
	if (!*last || !strcmp(last, ".") || !strcmp(last, ".."))
		return error_set(error, EINVAL, "path %s has no name at its end", path);
	parent = arena_printf(arena, "/%.*s", (int)start, path);
	if (make)
		fd = path_make_directory(root, parent, 0755, error);
	else {
		fd = path_open_in_root(root, parent, O_PATH | O_DIRECTORY);
		if (fd < 0)
			error_set(error, errno, "open directory %s in the rootfs", parent);
	}
	return fd;
}

int path_make_file(int root, const char *path, mode_t mode, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };

	path = arena_printf(&arena, "/%s", path);
	for (int links = 0; links <= MAXIMUM_LINKS; links++) {
		_cleanup_fd_ int parent = -1;
		_cleanup_fd_ int made = -1;
		char target[PATH_MAX];
		const char *name = NULL;
		ssize_t length;
		int fd;

		fd = path_open_in_root(root, path, O_PATH);
		if (fd >= 0)
			return fd;
		if (errno != ENOENT)
			return error_set(error, errno, "open %s in the rootfs", path);
		parent = path_open_parent(&arena, root, path, true, &name, error);
		if (parent < 0)
			return -1;
		made = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
		if (made >= 0) {
			fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
			return fd >= 0 ? fd : error_set(error, errno, "open file %s in the rootfs", path);
		}
		/* A link to what is not there: that is what is made. */
		length = errno == EEXIST ? readlinkat(parent, name, target, sizeof(target)) : -1;
		if (length < 0)
			return error_set(error, errno, "make file %s in the rootfs", path);
		path = arena_printf(&arena, "%.*s%.*s",
				    target[0] == '/' ? 0 : (int)(strrchr(path, '/') - path + 1), path,
				    (int)length, target);
	}
	return error_set(error, ELOOP, "make file %s in the rootfs", path);
}

bool path_is_normal(const char *path)
{
	if (path[0] != '/')
		return false;
	if (path[1] == '\0')
		return true;
	for (const char *next = path; *next; next++) {
		if (*next != '/')
			continue;
		if (next[1] == '/' || next[1] == '\0')
			return false;
		if (next[1] == '.' && (next[2] == '/' || next[2] == '\0' ||
				       (next[2] == '.' && (next[3] == '/' || next[3] == '\0'))))
			return false;
	}
	return true;
}

char *path_normalize(struct arena *arena, const char *path)
{
	size_t used = 0;
	char *normal;

	if (path_is_normal(path))
		return arena_strdup(arena, path);
	normal = arena_alloc(arena, strlen(path) + 2);
	for (const char *next = path;;) {
		size_t length;

		next += strspn(next, "/");
		length = strcspn(next, "/");
		if (length == 0)
			break;
		if (length == 2 && next[0] == '.' && next[1] == '.') {
			while (used > 0 && normal[--used] != '/')
				;
		} else if (!(length == 1 && next[0] == '.')) {
			normal[used++] = '/';
			memcpy(normal + used, next, length);
			used += length;
		}
		next += length;
	}
	if (used == 0)
		normal[used++] = '/';
	normal[used] = '\0';
	return normal;
}

char *path_join(struct arena *arena, const char *base, const char *path)
{
	return path[0] == '/' ? arena_strdup(arena, path) : arena_printf(arena, "%s/%s", base, path);
}

bool path_is_below(const char *path, const char *directory)
{
	const char *next = path;

	/* Policies compare each path with each other: most differ early. */
	while (*directory && *next == *directory)
		next++, directory++;
	return !*directory && (*next == '\0' || *next == '/' || (next == path + 1 && *path == '/'));
}
