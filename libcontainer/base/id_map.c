/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id_map.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/number.h"
#include "base/syscalls.h"

#define BLANKS " \t\n"

static bool read_number(char **next, uint32_t *number)
{
	char *word = strtok_r(NULL, BLANKS, next);

	return word && parse_u32(word, number) == 0;
}

bool id_map_parse(struct arena *arena, const char *text, struct id_map *map)
{
	char *next = NULL;
	size_t lines = 0;

	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	*map = (struct id_map){ .lines = ARENA_NEW_ARRAY(arena, struct id_map_line, lines + 1) };
	for (char *word = strtok_r(arena_strdup(arena, text), BLANKS, &next); word;
	     word = strtok_r(NULL, BLANKS, &next)) {
		struct id_map_line *line = &map->lines[map->count];

		if (map->count++ > lines || parse_u32(word, &line->inside) < 0 ||
		    !read_number(&next, &line->outside) || !read_number(&next, &line->size))
			return false;
	}
	return true;
}

bool id_map_own(struct arena *arena, struct id_map *map)
{
	size_t length;
	char *text;

	return file_read_at(arena, AT_FDCWD, "/proc/self/uid_map", FILE_SIZE_MAX, &text, &length) == 0 &&
	       id_map_parse(arena, text, map);
}

static bool read_map(struct arena *arena, pid_t pid, const char *name, struct id_map *map)
{
	char path[48];
	size_t length;
	char *text;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return file_read_at(arena, AT_FDCWD, path, FILE_SIZE_MAX, &text, &length) == 0 &&
	       id_map_parse(arena, text, map);
}

/*
 * Whoever has rights in that namespace may look into a process that joins it, unless that is undumpable and its memory
 * belongs to the caller's: and this one has all of the caller's memory and descriptors. ptrace(2)
 */
static _Noreturn void be_in_namespace(int userns, int ready)
{
	char done = 0;

	if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
	    setns(userns, CLONE_NEWUSER) < 0)
		_exit(1);
	/* It is taken back where the credentials change. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (write(ready, &done, 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

int id_map_of_namespace(struct arena *arena, int userns, struct id_map *uids, struct id_map *gids,
			struct error *error)
{
	/* No exit signal: whoever waits for children of the runtime's does not see this one. */
	struct clone_args arguments = { 0 };
	_cleanup_fd_ int read_end = -1, write_end = -1;
	int ends[2];
	bool is_in, is_read;
	char done;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(error, errno, "make a pipe");
	read_end = ends[0];
	write_end = ends[1];
	child = sys_clone3(&arguments, sizeof(arguments));
	if (child < 0)
		return error_set(error, errno, "make a process to join the namespace with");
	if (child == 0)
		be_in_namespace(userns, write_end);
	close(TAKE_FD(write_end));
	is_in = read(read_end, &done, 1) == 1;
	is_read = is_in && read_map(arena, child, "uid_map", uids) && read_map(arena, child, "gid_map", gids);
	kill(child, SIGKILL);
	while (waitpid(child, NULL, __WALL) < 0 && errno == EINTR)
		;
	if (!is_in)
		return error_set(error, 0, "it cannot be joined");
	return is_read ? 0 : error_set(error, 0, "its mappings cannot be read");
}
