/* SPDX-License-Identifier: Apache-2.0 */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

/* Field 3 is the state's letter, field 22 the start time; field 2 may hold blanks and parentheses. proc(5) */
int process_stat(pid_t pid, uint64_t *start, char *letter)
{
	_cleanup_fd_ int fd = -1;
	char path[48];
	char text[1024];
	ssize_t got;
	char *field;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		errno = errno == ENOENT ? ESRCH : errno;
		return -1;
	}
	got = read(fd, text, sizeof(text) - 1);
	if (got < 0)
		return -1;
	errno = EIO; /* should it not look as expected */
	text[got] = '\0';
	field = strrchr(text, ')');
	if (!field || field[1] != ' ')
		return -1;
	field += 2;
	*letter = *field;
	for (int number = 3; number < 22; number++) {
		field = strchr(field, ' ');
		if (!field)
			return -1;
		field++;
	}
	*start = strtoull(field, NULL, 10);
	return 0;
}

const char *process_status_field(const char *status, const char *name)
{
	size_t length = strlen(name);

	for (const char *line = status; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0 && line[length] == ':')
			return line + length + 1 + strspn(line + length + 1, " \t");
	}
	return NULL;
}

bool process_status_number(const char **field, int base, uint64_t *number)
{
	char *end;

	*field += strspn(*field, " \t");
	if (**field == '\n' || **field == '\0')
		return false;
	errno = 0;
	*number = strtoull(*field, &end, base);
	if (end == *field || errno)
		return false;
	*field = end;
	return true;
}
