/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

/* One component below @directory, made if it is missing; the root is needed to follow a link in it. */
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
	return openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int path_make_directory(int root, const char *path, mode_t mode, struct error *error)
{
	_cleanup_fd_ int current = -1;
	char so_far[PATH_MAX] = "";
	const char *next = path;

	current = path_open_in_root(root, path, O_PATH | O_DIRECTORY);
	if (current >= 0)
		return TAKE_FD(current);
	if (errno != ENOENT)
		return error_set(error, errno, "open directory %s in the rootfs", path);
	current = path_open_in_root(root, ".", O_PATH | O_DIRECTORY);
	if (current < 0)
		return error_set(error, errno, "open the rootfs");
	for (;;) {
		size_t length;
		size_t used = strlen(so_far);
		int entered;

		next += strspn(next, "/");
		length = strcspn(next, "/");
		if (length == 0)
			break;
		if (used + length + 2 > sizeof(so_far))
			return error_set(error, ENAMETOOLONG, "make directory %s in the rootfs", path);
		so_far[used] = '/';
		memcpy(so_far + used + 1, next, length);
		so_far[used + 1 + length] = '\0';
		next += length;
		if (length == 1 && so_far[used + 1] == '.')
			continue;
		if (length == 2 && !strcmp(so_far + used + 1, ".."))
			entered = path_open_in_root(root, so_far, O_PATH | O_DIRECTORY);
		else
			entered = enter_directory(root, current, so_far, so_far + used + 1, mode);
		if (entered < 0)
			return error_set(error, errno, "make directory %s in the rootfs", path);
		close(current);
		current = entered;
	}
	return TAKE_FD(current);
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
	*name = last;
	return fd;
}

int path_make_file(int root, const char *path, mode_t mode, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_fd_ int parent = -1;
	_cleanup_fd_ int made = -1;
	const char *name;
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
	if (made < 0)
		return error_set(error, errno, "make file %s in the rootfs", path);
	fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_set(error, errno, "open file %s in the rootfs", path);
	return fd;
}

char *path_normalize(struct arena *arena, const char *path)
{
	char *normal = arena_alloc(arena, strlen(path) + 2);
	size_t used = 0;

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
	size_t length = strlen(directory);

	if (!strcmp(directory, "/"))
		return true;
	return !strncmp(path, directory, length) && (path[length] == '\0' || path[length] == '/');
}
