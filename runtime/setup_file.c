/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "setup.h"

#define SUFFIX ".before-casemate"

/* The runtime may have been started through a link or a name without a path: the kernel knows which file it is. */
static int find_program(struct arena *arena, const char **program, struct error *error)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	struct stat status;

	if (length < 0)
		return error_set(error, errno, "find the runtime's own file");
	*program = arena_strndup(arena, path, (size_t)length);
	/* What an engine runs as root must not be what somebody else can write, nor a file that has gone. */
	if (stat(*program, &status) < 0)
		return error_set(error, errno, "look at %s", *program);
	if (!S_ISREG(status.st_mode) || status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)))
		return error_set(error, 0, "%s: not a file that only root can write: install it first",
				 *program);
	if (strpbrk(*program, "\"\\\n"))
		return error_set(error, 0, "the path %s cannot be written into a configuration", *program);
	return 0;
}

int setup_read(struct arena *arena, const struct setup_values *setup, struct setup_change *change,
	       struct error *error)
{
	_cleanup_free_ char *real = realpath(setup->file, NULL);
	const char *copy;
	size_t length;
	char *text;

	if (find_program(arena, &change->program, error) < 0)
		return -1;
	change->file = arena_strdup(arena, real ? real : setup->file);
	if (!real && errno == ENOENT)
		return 0;
	if (!real || file_read_at(arena, AT_FDCWD, change->file, FILE_SIZE_MAX, &text, &length) < 0)
		return error_set(error, errno, "read %s", change->file);
	if (strlen(text) != length)
		return error_set(error, 0, "%s is no text", change->file);
	change->old = text;
	copy = arena_printf(arena, "%s" SUFFIX, change->file);
	change->was_there = access(copy, F_OK) == 0;
	if (!change->was_there)
		return 0;
	if (file_read_at(arena, AT_FDCWD, copy, FILE_SIZE_MAX, &text, &length) < 0)
		return error_set(error, errno, "read %s", copy);
	change->first = text;
	return 0;
}

bool setup_is_unchanged(const struct setup_change *change)
{
	if (!change->old || !change->new)
		return change->old == change->new;
	return strcmp(change->old, change->new) == 0;
}

/* The first copy stays: it is what was there before this program came. */
static int keep_copy(struct arena *arena, int directory, const char *name, struct setup_change *change,
		     struct error *error)
{
	const char *copy = arena_printf(arena, "%s" SUFFIX, name);

	if (!change->old || !change->keep)
		return 0;
	change->copy = arena_printf(arena, "%s" SUFFIX, change->file);
	if (faccessat(directory, copy, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (file_write_atomic_at(directory, copy, change->old, strlen(change->old), 0600) < 0)
		return error_set(error, errno, "write %s", change->copy);
	return 0;
}

/* The directory of the file, made where it is missing: engines' directories for drop-ins often are. */
static int open_directory(const char *path, struct error *error)
{
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return path_make_directory(root, path, 0755, error);
}

int setup_write(struct arena *arena, struct setup_change *change, struct error *error)
{
	const char *absolute = change->file;
	_cleanup_free_ char *cwd = NULL;
	_cleanup_fd_ int directory = -1;
	struct stat status;
	mode_t mode = 0644;
	char *name;

	if (*absolute != '/') {
		cwd = getcwd(NULL, 0);
		absolute = path_join(arena, cwd ? cwd : "/", absolute);
	}
	name = arena_strdup(arena, strrchr(absolute, '/') + 1);
	directory = open_directory(arena_strndup(arena, absolute, strlen(absolute) - strlen(name)), error);
	if (directory < 0)
		return -1;
	if (keep_copy(arena, directory, name, change, error) < 0)
		return -1;
	if (fstatat(directory, name, &status, 0) == 0)
		mode = status.st_mode & 0777;
	if (!change->new &&unlinkat(directory, name, 0) < 0)
		return error_set(error, errno, "remove %s", change->file);
	if (change->new &&file_write_atomic_at(directory, name, change->new, strlen(change->new), mode) < 0)
		return error_set(error, errno, "write %s", change->file);
	return 0;
}
