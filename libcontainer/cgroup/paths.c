/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/path.h"
#include "cgroup/internal.h"

const char *visible_own_path(struct arena *arena, const struct cgroup_hierarchy *hierarchy)
{
	const char *own = path_normalize(arena, hierarchy->own_path);
	const char *root = path_normalize(arena, hierarchy->mount_root);

	if (!path_is_below(own, root))
		return "/";
	if (strcmp(root, "/") == 0)
		return own;
	own += strlen(root);
	return *own ? own : "/";
}

static const char *parent_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? "/" : arena_strndup(arena, path, (size_t)(slash - path));
}

const char *inner_path(struct arena *arena, const struct cgroup_hierarchy *hierarchy, bool unified,
		       const char *cgroups_path, const char *container_id)
{
	const char *base;
	const char *tail;

	if (cgroups_path && cgroups_path[0] == '/')
		return path_normalize(arena, cgroups_path);
	/* Normalized as if it were absolute: ".." cannot climb out of the runtime's own group. */
	tail = path_normalize(arena, arena_printf(arena, "/%s",
						  cgroups_path && *cgroups_path ? cgroups_path : container_id));
	base = visible_own_path(arena, hierarchy);
	/*
	 * On v2 a group that holds processes, as the runtime's own does, cannot pass controllers on: the
	 * container goes beside it, not below.
	 */
	if (hierarchy->v2 && unified)
		base = parent_of(arena, base);
	return path_normalize(arena, arena_printf(arena, "%s%s", base, tail));
}
