/* SPDX-License-Identifier: Apache-2.0 */
/* The container's program: its environment, finding it, executing it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/number.h"
#include "base/path.h"
#include "sandbox/channel.h"
#include "sandbox/steps.h"

#define PASSWD_SIZE_MAX ((size_t)1024 * 1024)

static const char *environment_value(const struct oci_process *process, const char *name)
{
	size_t length = strlen(name);
	const char *value = NULL;

	/* The last one wins, as in a shell. */
	for (size_t i = 0; i < process->env.count; i++)
		if (!strncmp(process->env.items[i], name, length) && process->env.items[i][length] == '=')
			value = process->env.items[i] + length + 1;
	return value;
}

/* The home directory in a line "name:password:UID:gid:gecos:home:shell" where UID is @uid, or NULL. */
static char *home_in_line(char *line, uint32_t uid)
{
	char *fields[7];
	uint32_t found;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		fields[i] = strsep(&line, ":");
		if (!fields[i])
			return NULL;
	}
	if (parse_u32(fields[2], &found) < 0 || found != uid || fields[5][0] != '/')
		return NULL;
	return fields[5];
}

/*
 * The container's /etc/passwd. The image may have anything there, and opening a device or FIFO does something: it is
 * looked at first. A descriptor, or -1.
 */
static int open_passwd(int procfs)
{
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int found = -1;
	struct stat status;
	char name[32];

	if (root < 0)
		return -1;
	found = path_open_in_root(root, "/etc/passwd", O_PATH);
	if (found < 0 || fstat(found, &status) < 0 || !S_ISREG(status.st_mode))
		return -1;
	snprintf(name, sizeof(name), "self/fd/%d", found);
	return openat(procfs, name, O_RDONLY | O_CLOEXEC);
}

/* The home directory of @uid in the container's /etc/passwd, else "/". */
static const char *home_of(struct arena *arena, int procfs, uint32_t uid)
{
	_cleanup_fd_ int passwd = open_passwd(procfs);
	size_t length;
	char *text;

	if (passwd < 0 || fd_read_all(arena, passwd, PASSWD_SIZE_MAX, &text, &length) < 0)
		return "/";
	for (char *line = strsep(&text, "\n"); line; line = strsep(&text, "\n")) {
		char *home = home_in_line(line, uid);

		if (home)
			return home;
	}
	return "/";
}

/* One entry a name, with the last value. */
static size_t set_variable(char **environment, size_t count, const char *text)
{
	size_t length = strcspn(text, "=") + 1;

	for (size_t i = 0; i < count; i++) {
		if (strncmp(environment[i], text, length) != 0)
			continue;
		environment[i] = (char *)text;
		return count;
	}
	environment[count] = (char *)text;
	return count + 1;
}

int step_environment(struct sandbox *sandbox, struct error *error)
{
	const struct oci_process *process = sandbox->process;
	const char *home;
	size_t count = 0;

	(void)error;
	if (!process)
		return 0;
	sandbox->environment = ARENA_NEW_ARRAY(sandbox->arena, char *, process->env.count + 2);
	for (size_t i = 0; i < process->env.count; i++)
		count = set_variable(sandbox->environment, count, process->env.items[i]);
	home = environment_value(process, "HOME");
	if (!home || !*home)
		set_variable(sandbox->environment, count,
			     arena_printf(sandbox->arena, "HOME=%s",
					  home_of(sandbox->arena, sandbox->procfs, process->user.uid)));
	sandbox->arguments = ARENA_NEW_ARRAY(sandbox->arena, char *, process->args.count + 1);
	for (size_t i = 0; i < process->args.count; i++)
		sandbox->arguments[i] = (char *)process->args.items[i];
	return 0;
}

/* 0, or why @path cannot be executed. */
static int is_executable(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return errno;
	if (S_ISDIR(status.st_mode))
		return EISDIR;
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0)
		return 0;
	if (errno != EPERM)
		return errno;
	/* Not an answer of access(2) but of a seccomp filter older than faccessat2(2): execve(2) will tell. */
	return status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH) ? 0 : EACCES;
}

static int find_in_path(struct sandbox *sandbox, const char *name, struct error *error)
{
	const char *path = environment_value(sandbox->process, "PATH");
	int denied = 0;

	while (path && *path) {
		size_t length = strcspn(path, ":");
		char *candidate = length ? arena_printf(sandbox->arena, "%.*s/%s", (int)length, path, name)
					 : arena_printf(sandbox->arena, "./%s", name);
		int failure = is_executable(candidate);

		if (failure == 0) {
			sandbox->program = candidate;
			return 0;
		}
		if (failure == EACCES)
			denied = failure;
		path += length + (path[length] == ':');
	}
	if (denied)
		return error_set(error, denied, "exec: \"%s\"", name);
	return error_set(error, 0, "exec: \"%s\": executable file not found in $PATH", name);
}

/* Found before `start`, with the user's rights: a missing program is an error of `create`. */
int step_find_program(struct sandbox *sandbox, struct error *error)
{
	const char *name;
	int failure;

	if (!sandbox->process)
		return 0;
	name = sandbox->process->args.items[0];
	if (!strchr(name, '/'))
		return find_in_path(sandbox, name, error);
	failure = is_executable(name);
	if (failure == ENOENT || failure == ENOTDIR)
		return error_set(error, failure, "exec: \"%s\": stat %s", name, name);
	/* execve(2) calls it EACCES, and that is what Podman makes exit status 126 of. */
	if (failure == EISDIR)
		return error_set(error, EACCES, "exec: \"%s\": is a directory", name);
	if (failure)
		return error_set(error, failure, "exec: \"%s\"", name);
	sandbox->program = name;
	return 0;
}

int execute_program(struct sandbox *sandbox, struct error *error)
{
	if (!sandbox->program)
		return error_set(error, 0, "process: missing in config.json, there is nothing to start");
	execve(sandbox->program, sandbox->arguments, sandbox->environment);
	return error_set_bare(error, errno, "exec %s", sandbox->program);
}
