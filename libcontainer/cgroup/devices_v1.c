/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules through the v1 controller. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "cgroup/internal.h"

static int write_rule(struct cgroup_group *group, const char *file, int fd, const char *text,
		      struct error *error)
{
	if (fd_write_all(fd, text, strlen(text)) < 0)
		return group_write_error(group, file, text, error);
	return 0;
}

int devices_v1_set(struct cgroup_group *group, const struct device_state *state, struct error *error)
{
	const char *exception_file = state->allow ? "devices.deny" : "devices.allow";
	const char *default_file = state->allow ? "devices.allow" : "devices.deny";
	_cleanup_fd_ int fd = -1;
	char text[64];

	/* "a" forgets all exceptions that were there. */
	if (group_write(group, default_file, "a", error) < 0)
		return -1;
	if (!state->count)
		return 0;
	fd = openat(group_fd(group), exception_file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(error, errno, "open %s/%s", group->directory, exception_file);
	for (size_t i = 0; i < state->count; i++)
		if (write_rule(group, exception_file, fd, device_exception_text(&state->exceptions[i], text),
			       error) < 0)
			return -1;
	return 0;
}
