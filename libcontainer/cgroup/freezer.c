/* SPDX-License-Identifier: Apache-2.0 */
/* Stopping all processes of a container and letting them go on. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#include "base/time.h"
#include "cgroup/internal.h"

#define FREEZE_LIMIT_US INT64_C(10000000)

/* The v1 freezer where it is mounted, else the v2 group. */
static struct cgroup_group *freezer_group(const struct cgroup *cgroup)
{
	return group_find(cgroup, "freezer");
}

/*
 * The v1 freezer gives no events, and it cannot freeze a process that forks at the wrong moment until it is
 * thawed for a moment: the group is read at growing intervals, and thawed in between when it does not settle.
 */
static int v1_freeze(struct cgroup_group *group, struct error *error)
{
	int64_t deadline = monotonic_us() + FREEZE_LIMIT_US;
	char state[16];

	for (unsigned int round = 0;; round++) {
		_cleanup_arena_ struct arena arena = { 0 };
		char *text;

		if (group_write(group, "freezer.state", "FROZEN", error) < 0)
			return -1;
		if (group_read(&arena, group, "freezer.state", &text) < 0)
			return error_set(error, errno, "read %s/freezer.state", group->directory);
		if (strcmp(text, "FROZEN") == 0)
			return 0;
		snprintf(state, sizeof(state), "%s", text);
		if (monotonic_us() >= deadline)
			break;
		if (round % 25 == 24) {
			group_try_write(group, "freezer.state", "THAWED");
			pause_us(10000);
		} else {
			pause_us(round < 10 ? 20 : 1000);
		}
	}
	group_try_write(group, "freezer.state", "THAWED");
	return error_set(error, 0, "unable to freeze %s: it is still %s", group->directory, state);
}

/* Waits until cgroup.events has the line "frozen VALUE". 0, or -1 with errno. */
static int v2_wait(struct cgroup_group *group, const char *line)
{
	_cleanup_fd_ int events = openat(group_fd(group), "cgroup.events", O_RDONLY | O_CLOEXEC);
	int64_t deadline = monotonic_us() + FREEZE_LIMIT_US;
	char text[256];

	if (events < 0)
		return -1;
	for (;;) {
		struct pollfd changed = { .fd = events, .events = POLLPRI };
		ssize_t length = pread(events, text, sizeof(text) - 1, 0);
		int left = milliseconds_left(deadline);

		if (length < 0)
			return -1;
		text[length] = '\0';
		if (strstr(text, line))
			return 0;
		if (left == 0 || poll(&changed, 1, left) == 0) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
}

static int v2_freeze(struct cgroup_group *group, struct error *error)
{
	if (group_write(group, "cgroup.freeze", "1", error) < 0)
		return -1;
	if (v2_wait(group, "frozen 1") == 0)
		return 0;
	error_set(error, errno, "wait for %s to freeze", group->directory);
	group_try_write(group, "cgroup.freeze", "0");
	return -1;
}

int cgroup_freeze(const struct cgroup *cgroup, struct error *error)
{
	struct cgroup_group *group = freezer_group(cgroup);

	if (!group)
		return error_set(error, 0, "cannot toggle freezer: cgroups not configured for container");
	return group->v2 ? v2_freeze(group, error) : v1_freeze(group, error);
}

int cgroup_thaw(const struct cgroup *cgroup, struct error *error)
{
	struct cgroup_group *group = freezer_group(cgroup);

	if (!group)
		return error_set(error, 0, "cannot toggle freezer: cgroups not configured for container");
	if (!group->v2)
		return group_write(group, "freezer.state", "THAWED", error);
	if (group_write(group, "cgroup.freeze", "0", error) < 0)
		return -1;
	if (v2_wait(group, "frozen 0") < 0)
		return error_set(error, errno, "wait for %s to thaw", group->directory);
	return 0;
}

static int v1_is_frozen(struct cgroup_group *group, bool *settled, struct error *error)
{
	char state[16];

	if (group_read_value(group, "freezer.state", state, sizeof(state)) < 0)
		return errno == ENOENT || errno == ENODEV
			       ? 0
			       : error_set(error, errno, "read %s/freezer.state", group->directory);
	*settled = strcmp(state, "FREEZING") != 0;
	return strcmp(state, "THAWED") != 0;
}

static int v2_is_frozen(struct cgroup_group *group, bool *settled, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	char freeze[16];
	char *events;

	if (group_read_value(group, "cgroup.freeze", freeze, sizeof(freeze)) < 0)
		/* Gone, or the root, or a kernel before 5.2: not frozen in any case. */
		return errno == ENOENT || errno == ENODEV
			       ? 0
			       : error_set(error, errno, "read %s/cgroup.freeze", group->directory);
	if (strcmp(freeze, "1") != 0)
		return 0;
	if (group_read(&arena, group, "cgroup.events", &events) < 0)
		return error_set(error, errno, "read %s/cgroup.events", group->directory);
	*settled = strstr(events, "frozen 1") != NULL;
	return 1;
}

int cgroup_is_frozen(const struct cgroup *cgroup, bool *settled, struct error *error)
{
	struct cgroup_group *group = freezer_group(cgroup);
	bool ignored = true;

	settled = settled ? settled : &ignored;
	*settled = true;
	if (!group)
		return 0;
	return group->v2 ? v2_is_frozen(group, settled, error) : v1_is_frozen(group, settled, error);
}
