/* SPDX-License-Identifier: Apache-2.0 */
/* How a process gets into the container's groups. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/fd.h"
#include "base/time.h"
#include "cgroup/internal.h"

#define NEW_TASK_TRIES 5
#define NEW_TASK_WAIT_US 10000

int cgroup_clone_fd(const struct cgroup *cgroup)
{
	struct cgroup_group *group = group_find(cgroup, NULL);

	return !group || group->late ? -1 : group_fd(group);
}

/* -1 with errno */
static int join_fd(struct cgroup_group *group)
{
	if (group->join_fd < 0 && group_fd(group) >= 0)
		group->join_fd = openat(group->fd, group->v2 ? "cgroup.procs" : "tasks", O_WRONLY | O_CLOEXEC);
	return group->join_fd;
}

/* -1 with errno */
static int home_fd(struct cgroup_group *group)
{
	_cleanup_fd_ int directory = -1;

	if (group->home_fd >= 0)
		return group->home_fd;
	directory = cgroup_directory_open(group->home, O_PATH);
	if (directory >= 0)
		group->home_fd = openat(directory, group->v2 ? "cgroup.procs" : "tasks", O_WRONLY | O_CLOEXEC);
	return group->home_fd;
}

int cgroup_join_fds(const struct cgroup *cgroup, bool cloned, struct cgroup_join *join, struct error *error)
{
	join->early_count = 0;
	join->late_count = 0;
	join->home_count = 0;
	for (size_t i = 0; i < cgroup->count; i++) {
		struct cgroup_group *group = &cgroup->groups[i];
		int fd;

		if (group->dropped || (group->v2 && cloned))
			continue;
		fd = join_fd(group);
		/* Also when it is gone: a process outside of it would have none of its limits. */
		if (fd < 0)
			return error_set(error, errno, "open %s for joining it", group->directory);
		if (!group->late) {
			join->early[join->early_count++] = fd;
			continue;
		}
		join->late[join->late_count++] = fd;
		if (!group->home)
			continue;
		fd = home_fd(group);
		if (fd < 0)
			return error_set(error, errno, "open %s for going back to it", group->home);
		join->home[join->home_count++] = fd;
	}
	return 0;
}

int cgroup_check_room(const struct cgroup *cgroup, struct error *error)
{
	struct cgroup_group *group = group_find_v1(cgroup, "pids");
	uint64_t current;
	uint64_t max;

	if (!group || group->dropped)
		return 0;
	if (group_read_u64(group, "pids.max", &max) < 0 || group_read_u64(group, "pids.current", &current) < 0)
		return error_set(error, errno, "read the pids limit of %s", group->directory);
	if (current >= max)
		return error_set(error, EAGAIN, "the container has as many processes as its pids limit allows");
	return 0;
}

/* EINVAL: the process is so new that the scheduler does not have it yet. */
static int write_pid(struct cgroup_group *group, const char *text)
{
	for (unsigned int tries = 1;; tries++) {
		if (group_try_write(group, "cgroup.procs", text) == 0)
			return 0;
		if (errno != EINVAL || tries == NEW_TASK_TRIES)
			return -1;
		pause_us(NEW_TASK_WAIT_US);
		errno = EINVAL;
	}
}

int cgroup_add_process(const struct cgroup *cgroup, pid_t pid, struct error *error)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	for (size_t i = 0; i < cgroup->count; i++) {
		struct cgroup_group *group = &cgroup->groups[i];

		if (group->dropped || write_pid(group, text) == 0)
			continue;
		if (cgroup->rootless && !cgroup->path_given &&
		    (errno == EPERM || errno == EACCES || errno == EROFS)) {
			group->dropped = true;
			continue;
		}
		return group_write_error(group, "cgroup.procs", text, error);
	}
	return 0;
}
