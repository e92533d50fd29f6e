/* SPDX-License-Identifier: Apache-2.0 */
/* The members of resctrl groups. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/number.h"
#include "cgroup/resctrl.h"

static int open_tasks(struct arena *arena, int root, const char *group, struct error *error)
{
	int fd = openat(root, arena_printf(arena, "%s/tasks", group), O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return error_set(error, errno, "intelrdt: open %s/%s/tasks", RESCTRL_MOUNTPOINT, group);
	return fd;
}

int resctrl_open_tasks(struct arena *arena, int root, const struct oci_intel_rdt *wanted,
		       const char *container_id, int tasks[RESCTRL_TASKS_MAX], struct error *error)
{
	const char *monitor = resctrl_monitor_path(arena, wanted, container_id);

	tasks[1] = -1;
	tasks[0] = open_tasks(arena, root, resctrl_group_path(wanted, container_id), error);
	if (tasks[0] < 0)
		return -1;
	if (!monitor)
		return 0;
	tasks[1] = open_tasks(arena, root, monitor, error);
	if (tasks[1] >= 0)
		return 0;
	fd_close(&tasks[0]);
	return -1;
}

static int compare_threads(const void *left, const void *right)
{
	const pid_t *a = left;
	const pid_t *b = right;

	return (*a > *b) - (*a < *b);
}

/* A file of numbers, a line each, sorted. */
static int read_members(struct arena *arena, int root, const char *path, pid_t **members, size_t *count,
			struct error *error)
{
	char *save = NULL;
	size_t length;
	char *text;

	if (file_read_at(arena, root, path, FILE_SIZE_MAX, &text, &length) < 0)
		return error_set(error, errno, "intelrdt: read " RESCTRL_MOUNTPOINT "/%s", path);
	*members = ARENA_NEW_ARRAY(arena, pid_t, length / 2 + 1);
	*count = 0;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		uint32_t thread;

		if (parse_u32(line, &thread) < 0 || thread > INT32_MAX)
			return error_set(error, EBADMSG, "intelrdt: read " RESCTRL_MOUNTPOINT "/%s", path);
		(*members)[(*count)++] = (pid_t)thread;
	}
	qsort(*members, *count, sizeof(**members), compare_threads);
	return 0;
}

/* The class first, then the group in it that counts. 1: added, 0: it has ended, -1: an error. */
static int add_thread(const int tasks[RESCTRL_TASKS_MAX], pid_t thread, struct error *error)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", thread);

	for (size_t i = 0; i < RESCTRL_TASKS_MAX; i++) {
		if (tasks[i] < 0 || pwrite(tasks[i], text, (size_t)length, 0) == length)
			continue;
		if (errno == ESRCH)
			return 0;
		return error_set(error, errno, "intelrdt: add the thread %d to the container's group", thread);
	}
	return 1;
}

int resctrl_add(struct arena *arena, const struct resctrl_group *group, const int tasks[RESCTRL_TASKS_MAX],
		const pid_t *threads, size_t count, struct error *error)
{
	const char *monitor = resctrl_monitor_path(arena, group->wanted, group->container_id);
	const char *path = monitor ? monitor : resctrl_group_path(group->wanted, group->container_id);
	pid_t *members = NULL;
	size_t member_count = 0;
	int added = 0;

	if (read_members(arena, group->root, arena_printf(arena, "%s/tasks", path), &members, &member_count,
			 error) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		int result;

		if (member_count > 0 &&
		    bsearch(&threads[i], members, member_count, sizeof(*members), compare_threads))
			continue;
		result = add_thread(tasks, threads[i], error);
		if (result < 0)
			return -1;
		added += result;
	}
	return added;
}
