/* SPDX-License-Identifier: Apache-2.0 */
/* Views of a container's groups from further down, for exec. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/path.h"
#include "cgroup/internal.h"
#include "cgroup/membership.h"

static struct cgroup *copy(struct arena *arena, const struct cgroup *cgroup)
{
	struct cgroup *view = ARENA_NEW(arena, struct cgroup);

	*view = *cgroup;
	view->arena = arena;
	view->groups = ARENA_NEW_ARRAY(arena, struct cgroup_group, cgroup->count + 1);
	for (size_t i = 0; i < cgroup->count; i++) {
		view->groups[i] = cgroup->groups[i];
		view->groups[i].fd = -1;
		view->groups[i].join_fd = -1;
		view->groups[i].home_fd = -1;
		view->groups[i].late = false;
	}
	return view;
}

/* Moves the view of one group to @inner. It has to be there: exec makes no groups. */
static int enter(struct arena *arena, struct cgroup_group *group, const char *inner, struct error *error)
{
	group->inner = inner;
	group->directory = strcmp(inner, "/") == 0 ? group->mountpoint
						   : arena_printf(arena, "%s%s", group->mountpoint, inner);
	if (group->v2)
		group->controllers = NULL;
	if (group_fd(group) < 0)
		return error_set(error, errno, "error adding pid to cgroups: open %s/cgroup.procs",
				 group->directory);
	return 0;
}

static int enter_below(struct arena *arena, struct cgroup_group *group, const char *path, struct error *error)
{
	const char *own = strcmp(group->inner, "/") == 0 ? "" : group->inner;
	const char *inner = path_normalize(arena, arena_printf(arena, "%s/%s", own, path));

	if (!path_is_below(inner, group->inner))
		return error_set(error, 0, "bad sub cgroup path: %s is not a sub cgroup path", path);
	return enter(arena, group, inner, error);
}

/* PATH alone: in every hierarchy. */
static int enter_all(struct arena *arena, struct cgroup *view, const char *path, struct error *error)
{
	for (size_t i = 0; i < view->count; i++)
		if (enter_below(arena, &view->groups[i], path, error) < 0)
			return -1;
	return 0;
}

/* One controller of an option; @used notes which option took the group. */
static int enter_controller(struct arena *arena, struct cgroup *view, const char *option, const char *name,
			    const char *path, const char **used, struct error *error)
{
	struct cgroup_group *group = group_find_v1(view, name);

	if (!*name)
		return error_set(error, 0, "invalid --cgroup argument: %s (empty <controller> prefix)", option);
	if (!group)
		return error_set(error, 0, "unknown controller %s in --cgroup %s", name, option);
	if (used[group - view->groups] == option)
		return 0; /* "cpu,cpuacct", and they are one hierarchy */
	if (used[group - view->groups])
		return error_set(error, 0,
				 "invalid --cgroup argument(s): controller %s specified multiple times", name);
	used[group - view->groups] = option;
	return enter_below(arena, group, path, error);
}

/* CONTROLLER[,CONTROLLER…]:PATH */
static int enter_some(struct arena *arena, struct cgroup *view, const char *option, const char *colon,
		      const char **used, struct error *error)
{
	for (const char *next = option; next <= colon;) {
		size_t length = strcspn(next, ",:");
		const char *name = arena_strndup(arena, next, length);

		if (enter_controller(arena, view, option, name, colon + 1, used, error) < 0)
			return -1;
		next += length + 1;
	}
	return 0;
}

int cgroup_sub(struct arena *arena, const struct cgroup *cgroup, const char *const *options, size_t count,
	       struct cgroup **sub, struct error *error)
{
	struct cgroup *view = copy(arena, cgroup);
	const char *used[CGROUP_HIERARCHIES_MAX] = { NULL };
	int result = 0;

	if (view->count == 0)
		return error_set(error, 0, "--cgroup: the container has no cgroup");
	for (size_t i = 0; i < count && result == 0; i++) {
		const char *colon = strchr(options[i], ':');

		if (colon)
			result = enter_some(arena, view, options[i], colon, used, error);
		else if (count > 1)
			result = error_set(error, 0,
					   "invalid --cgroup argument: %s (missing <controller>: prefix)",
					   options[i]);
		else
			result = enter_all(arena, view, options[i], error);
	}
	if (result < 0) {
		cgroup_close(view);
		return -1;
	}
	*sub = view;
	return 0;
}

int cgroup_of_process(struct arena *arena, const struct cgroup *cgroup, pid_t pid, struct cgroup **view,
		      struct error *error)
{
	struct cgroup *made = copy(arena, cgroup);
	struct cgroup_group *group = group_find(made, NULL);
	struct cgroup_memberships memberships;
	const char *tail;
	const char *path;

	*view = made;
	if (!group)
		return 0;
	if (cgroup_memberships_read(arena, AT_FDCWD, arena_printf(arena, "/proc/%d/cgroup", pid),
				    &memberships) < 0)
		return error_set(error, errno, "find the cgroup of process %d", pid);
	path = cgroup_memberships_path(&memberships, "");
	if (!path)
		return error_set(error, ENOENT, "find the cgroup of process %d", pid);
	/*
	 * Of a part of the hierarchy that is mounted, /proc names the whole path: what counts is the part
	 * below.
	 */
	tail = strcmp(group->inner, "/") == 0 ? path : strstr(path, group->inner);
	if (!tail || !path_is_below(tail, group->inner) || strcmp(tail, path_normalize(arena, tail)) != 0)
		return error_set(error, 0, "process %d is in cgroup %s, not in that of the container, %s", pid,
				 path, group->inner);
	return enter(arena, group, tail, error);
}
