/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/procfs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/syscalls.h"

int procfs_open_file(int procfs, pid_t pid, const char *name, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC | O_NOCTTY),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
	};
	char path[96];
	int length;

	if (pid > 0)
		length = snprintf(path, sizeof(path), "%d/%s", (int)pid, name);
	else
		length = snprintf(path, sizeof(path), "thread-self/%s", name);
	if (length < 0 || (size_t)length >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return sys_openat2(procfs, path, &how);
}

int procfs_write_file(int procfs, pid_t pid, const char *name, const char *text)
{
	_cleanup_fd_ int fd = procfs_open_file(procfs, pid, name, O_WRONLY);

	return fd < 0 ? -1 : fd_write_once(fd, text);
}

ssize_t procfs_read_file(int procfs, pid_t pid, const char *name, char *text, size_t size)
{
	_cleanup_fd_ int fd = procfs_open_file(procfs, pid, name, O_RDONLY);
	ssize_t got;

	if (fd < 0)
		return -1;
	do
		got = read(fd, text, size - 1);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -1;
	text[got] = '\0';
	return got;
}

char *procfs_sysctl(struct arena *arena, const char *name)
{
	const char *first = strpbrk(name, "./");
	char *path = arena_printf(arena, "sys/%s", name);

	if (!first || *first == '/')
		return path;
	for (char *c = path + strlen("sys/"); *c; c++) {
		if (*c == '.')
			*c = '/';
		else if (*c == '/')
			*c = '.';
	}
	return path;
}
