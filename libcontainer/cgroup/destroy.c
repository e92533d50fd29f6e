/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removing the container's groups.
 *
 * A group can be removed when its last process has exited and nothing is below it. What is waited for is an
 * event: the exit of each process that is still listed (pidfd), or "populated 0" in cgroup.events of v2. Only a
 * v1 group that lists nobody and yet is busy is tried again after a pause: the kernel has no event for that.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/vfs.h>

#include "base/time.h"
#include "cgroup/internal.h"

#define REMOVE_LIMIT_US INT64_C(10000000)
#define PAUSE_US_MAX 50000

/* One that is still busy is passed over: its turn comes in the next round. */
static int remove_one(int parent, const char *name, void *data _unused_)
{
	return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT || errno == EBUSY ? 0 : -1;
}

/* Removes what is below the group, from the bottom up. -1 with errno. */
static int remove_below(int directory)
{
	const struct group_visitor visitor = { .leave = remove_one };

	return group_walk(directory, &visitor);
}

/* Waits until one of the processes listed has exited. False: none is listed that could be waited for. */
static bool wait_exit(int directory, int64_t deadline)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct pid_set pids = { 0 };

	if (pids_collect(&arena, directory, true, &pids) < 0)
		return false;
	for (size_t i = 0; i < pids.count; i++) {
		_cleanup_fd_ int process = pidfd_open(pids.items[i], 0);
		struct pollfd exited = { .fd = process, .events = POLLIN };

		if (process >= 0)
			return poll(&exited, 1, milliseconds_left(deadline)) == 1;
	}
	return false;
}

/* Waits until cgroup.events says that nobody is left. False: this group has no such file, or time is up. */
static bool wait_unpopulated(int directory, int64_t deadline)
{
	_cleanup_fd_ int events = openat(directory, "cgroup.events", O_RDONLY | O_CLOEXEC);
	char text[256];

	if (events < 0)
		return false;
	for (;;) {
		struct pollfd changed = { .fd = events, .events = POLLPRI };
		ssize_t length = pread(events, text, sizeof(text) - 1, 0);
		int left = milliseconds_left(deadline);

		if (length <= 0)
			return length == 0 || errno == ENODEV;
		text[length] = '\0';
		if (strstr(text, "populated 0"))
			return true;
		if (left == 0 || poll(&changed, 1, left) <= 0)
			return false;
	}
}

/* -1 with errno */
static int remove_busy(struct cgroup_group *group, int64_t deadline)
{
	int64_t pause = 1000;
	bool paused = true;
	_cleanup_fd_ int directory = cgroup_directory_open(group->directory, O_PATH);

	if (directory < 0)
		return errno == ENOENT ? 0 : -1;
	for (;;) {
		/* What is below goes first; what is still busy there is waited for in the next round. */
		if (remove_below(directory) < 0)
			return -1;
		if (rmdir(group->directory) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY)
			return -1;
		if (monotonic_us() >= deadline) {
			errno = EBUSY;
			return -1;
		}
		if ((group->v2 ? wait_unpopulated(directory, deadline) : wait_exit(directory, deadline)) &&
		    paused) {
			paused = false;
			continue;
		}
		pause_us(pause);
		pause = pause * 2 > PAUSE_US_MAX ? PAUSE_US_MAX : pause * 2;
		paused = true;
	}
}

/* What the state file names is removed only if it is in a cgroup filesystem. -1 with errno. */
static int check(struct cgroup_group *group)
{
	struct statfs filesystem;

	if (group->verified)
		return 0;
	if (statfs(group->directory, &filesystem) < 0)
		return -1;
	if (filesystem.f_type != CGROUP_SUPER_MAGIC && filesystem.f_type != CGROUP2_SUPER_MAGIC) {
		errno = EXDEV;
		return -1;
	}
	return 0;
}

int cgroupfs_destroy(struct cgroup *cgroup, struct error *error)
{
	int64_t deadline = 0;
	int result = 0;

	for (size_t i = cgroup->count; i > 0; i--) {
		struct cgroup_group *group = &cgroup->groups[i - 1];

		group_close(group);
		if (group->dropped || strcmp(group->inner, "/") == 0)
			continue;
		if (check(group) == 0 && rmdir(group->directory) == 0)
			continue;
		if (errno == EBUSY && cgroup->foreign)
			continue;
		if (errno == EBUSY) {
			/* One limit for all of them. */
			deadline = deadline ? deadline : monotonic_us() + REMOVE_LIMIT_US;
			if (remove_busy(group, deadline) == 0)
				continue;
		}
		if (errno == ENOENT)
			continue;
		if (result == 0)
			result = error_set(error, errno, "remove cgroup %s", group->directory);
	}
	return result;
}
