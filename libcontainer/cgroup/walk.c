/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Going through a group and all groups below it.
 *
 * A container that may make groups can make them as deep as it likes. So there is no recursion, and no more than two
 * directories are open at any time: the way back up is "..", which is safe here, as nothing can be moved between
 * directories of a cgroup file system.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cgroup/internal.h"

struct level {
	struct level *above;
	const char *name; /* of this directory in the one above */
	const char **children;
	size_t count;
	size_t next;
};

/* The directories in @directory. -1 with errno. */
static int list(struct arena *arena, int directory, struct level *level)
{
	_cleanup_dir_ DIR *listing = NULL;
	const struct dirent *entry;
	size_t capacity = 0;
	int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	listing = fdopendir(fd);
	if (!listing) {
		close(fd);
		return -1;
	}
	while ((entry = readdir(listing))) {
		if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		level->children =
			arena_grow(arena, level->children, level->count, &capacity, sizeof(*level->children));
		level->children[level->count++] = arena_strdup(arena, entry->d_name);
	}
	return 0;
}

/* A group may be removed while it is looked at: then there is nothing below it. */
static bool is_gone(int number)
{
	return number == ENOENT || number == ENODEV;
}

/* Goes to @name in *@fd, or with "..": up. -1 with errno. */
static int go(int *fd, const char *name)
{
	int next = openat(*fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (next < 0)
		return -1;
	close(*fd);
	*fd = next;
	return 0;
}

/* Enters @directory, whose place in the walk becomes *@level. -1 with errno. */
static int enter_level(struct arena *arena, int directory, const char *name,
		       const struct group_visitor *visitor, struct level **level)
{
	struct level *entered = ARENA_NEW(arena, struct level);

	entered->above = *level;
	entered->name = name;
	*level = entered;
	if (visitor->enter && visitor->enter(directory, visitor->data) < 0)
		return -1;
	return list(arena, directory, entered) < 0 && !is_gone(errno) ? -1 : 0;
}

int group_walk(int top, const struct group_visitor *visitor)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_fd_ int fd = openat(top, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct level *level = NULL;

	if (fd < 0)
		return is_gone(errno) ? 0 : -1;
	if (enter_level(&arena, fd, NULL, visitor, &level) < 0)
		return -1;
	while (level->above || level->next < level->count) {
		const char *name;

		if (level->next < level->count) {
			name = level->children[level->next++];
			if (go(&fd, name) < 0) {
				if (is_gone(errno))
					continue;
				return -1;
			}
			if (enter_level(&arena, fd, name, visitor, &level) < 0)
				return -1;
			continue;
		}
		name = level->name;
		level = level->above;
		if (go(&fd, "..") < 0)
			return -1;
		if (visitor->leave && visitor->leave(fd, name, visitor->data) < 0)
			return -1;
	}
	return 0;
}
