/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shell patterns in paths of the container. glob(3) works on path strings of the process's own root; here
 * each directory is opened inside the root, and what comes out are names, to be resolved again when they
 * are used.
 */
#include "sandbox/rootfs_room.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/path.h"

struct glob {
	struct arena *arena;
	int root;
	struct string_list *paths;
	size_t capacity;
	struct error *error;
};

bool glob_is_pattern(const char *path)
{
	return strpbrk(path, "*?[") != NULL;
}

static void add_path(struct glob *glob, const char *path)
{
	struct string_list *paths = glob->paths;

	paths->items =
		arena_grow(glob->arena, paths->items, paths->count, &glob->capacity, sizeof(*paths->items));
	paths->items[paths->count++] = path;
}

static int expand(struct glob *glob, const char *directory, const char *rest);

/* Spares the caller what a pattern matches up to its last component only. Other errors are the caller's. */
static bool is_missing(int directory, const char *path)
{
	return faccessat(directory, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	       (errno == ENOENT || errno == ENOTDIR);
}

static int expand_component(struct glob *glob, const char *directory, const char *pattern, const char *rest)
{
	_cleanup_fd_ int fd =
		path_open_in_root(glob->root, *directory ? directory : "/", O_RDONLY | O_DIRECTORY);
	_cleanup_dir_ DIR *listing = NULL;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	listing = fd < 0 ? NULL : fdopendir(fd);
	if (!listing)
		return error_set(glob->error, errno, "list directory %s", *directory ? directory : "/");
	TAKE_FD(fd);
	for (;;) {
		const struct dirent *entry;
		const char *path;

		errno = 0;
		entry = readdir(listing);
		if (!entry)
			break;
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    fnmatch(pattern, entry->d_name, FNM_PERIOD) != 0)
			continue;
		path = arena_printf(glob->arena, "%s%s", entry->d_name, rest);
		if (!glob_is_pattern(path) && is_missing(dirfd(listing), path))
			continue;
		if (expand(glob, arena_printf(glob->arena, "%s/%s", directory, entry->d_name), rest) < 0)
			return -1;
	}
	if (errno != 0)
		return error_set(glob->error, errno, "list directory %s", directory);
	return 0;
}

/* @directory is without a pattern and "" for the root; @rest are the components still to come. */
static int expand(struct glob *glob, const char *directory, const char *rest)
{
	const char *component;
	size_t length;

	rest += strspn(rest, "/");
	length = strcspn(rest, "/");
	if (length == 0) {
		add_path(glob, directory);
		return 0;
	}
	component = arena_strndup(glob->arena, rest, length);
	rest += length;
	if (glob_is_pattern(component))
		return expand_component(glob, directory, component, rest);
	return expand(glob, arena_printf(glob->arena, "%s/%s", directory, component), rest);
}

int glob_in_root(struct arena *arena, int root, const char *pattern, struct string_list *paths,
		 struct error *error)
{
	struct glob glob = { arena, root, paths, paths->count, error };

	if (!glob_is_pattern(pattern)) {
		add_path(&glob, pattern);
		return 0;
	}
	return expand(&glob, "", pattern);
}
