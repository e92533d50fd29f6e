/* SPDX-License-Identifier: Apache-2.0 */
/* Making the container's groups in the file system: the cgroupfs manager's part of cgroup_create(). */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/log.h"
#include "base/words.h"
#include "cgroup/internal.h"

/*
 * What setting a container up charges to its memory group (stacks, page tables, mounts) does not fit into a
 * small limit: below this the group is joined when the setup is done. Above it, v2 saves the later move.
 */
#define LATE_LIMIT ((int64_t)8 * 1024 * 1024)

#define CPUSET_TEXT_MAX ((size_t)64 * 1024)

/* As runc has it: without a cgroupsPath of its own, a rootless container does without what it may not make. */
static bool may_drop(const struct cgroup *cgroup, int number)
{
	return cgroup->rootless && !cgroup->path_given &&
	       (number == EPERM || number == EACCES || number == EROFS);
}

/* "a/b" of "a/b/c"; "" of "a". */
static char *parent_path(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? arena_strndup(arena, path, (size_t)(slash - path)) : arena_strdup(arena, "");
}

static const char *file_below(struct arena *arena, const char *path, const char *file)
{
	return *path ? arena_printf(arena, "%s/%s", path, file) : file;
}

/*
 * A v1 cpuset starts without cpus and memory nodes, and takes no process until it has some: hand down those of
 * the nearest group above that has any. A @fresh one is known to be empty.
 */
static int cpuset_inherit(struct arena *arena, int base, const char *path, const char *file, bool fresh,
			  char **value)
{
	size_t length;

	if (!fresh) {
		if (file_read_at(arena, base, file_below(arena, path, file), CPUSET_TEXT_MAX, value, &length) <
		    0)
			return -1;
		(*value)[strcspn(*value, "\n")] = '\0';
		if (**value)
			return 0;
	}
	if (!*path) {
		errno = ENODATA;
		return -1;
	}
	if (cpuset_inherit(arena, base, parent_path(arena, path), file, false, value) < 0)
		return -1;
	return file_write_at(base, file_below(arena, path, file), *value);
}

static int cpuset_prepare(struct arena *arena, int base, const char *path, bool fresh)
{
	char *value;

	if (cpuset_inherit(arena, base, path, "cpuset.cpus", fresh, &value) < 0)
		return -1;
	return cpuset_inherit(arena, base, path, "cpuset.mems", fresh, &value);
}

/* Makes each component of the path that is missing. -1 with errno. */
static int make_path(struct arena *arena, struct cgroup_group *group, int base)
{
	char *path = arena_strdup(arena, group->inner + 1);

	for (char *end = path; end; end = strchr(end, '/')) {
		char *next;

		if (end != path)
			end++;
		next = strchr(end, '/');
		if (next)
			*next = '\0';
		if (mkdirat(base, path, 0755) == 0)
			group->made++;
		else if (errno != EEXIST)
			return -1;
		if (next)
			*next = '/';
		end = next;
		if (!end)
			break;
	}
	return 0;
}

/* One mkdir in the usual case: the group's parent is there, the group is not. -1 with errno. */
static int make_group(struct arena *arena, struct cgroup_group *group, int base)
{
	const char *path = group->inner + 1;

	if (!*path) {
		group->taken_over = true;
		return 0;
	}
	if (mkdirat(base, path, 0755) == 0)
		group->made = 1;
	else if (errno == EEXIST)
		group->taken_over = true;
	else if (errno != ENOENT || make_path(arena, group, base) < 0)
		return -1;
	if (!group->v2 && words_have(group->controllers, "cpuset"))
		return cpuset_prepare(arena, base, path, !group->taken_over);
	return 0;
}

/* -1 with errno */
static int open_group(struct arena *arena, struct cgroup_group *group, int base)
{
	const char *path = *(group->inner + 1) ? group->inner + 1 : ".";

	if (group->v2) {
		group->fd = openat(base, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		return group->fd;
	}
	group->join_fd = openat(base, file_below(arena, group->inner + 1, "tasks"), O_WRONLY | O_CLOEXEC);
	return group->join_fd;
}

/* A group that was there before must be free: neither used by others nor frozen. */
static int check_free(struct cgroup *cgroup, struct cgroup_group *group, struct error *error)
{
	struct pid_set pids = { 0 };
	int directory;

	if (!group->taken_over)
		return 0;
	directory = group_fd(group);
	if (directory < 0 || pids_collect(cgroup->arena, directory, true, &pids) < 0)
		return error_set(error, errno, "unable to get the pids of cgroup %s", group->directory);
	if (pids.count > 0)
		return error_set(error, 0, "container's cgroup is not empty: %zu process(es) found",
				 pids.count);
	return 0;
}

/* On v1 a group is frozen with its parent, which only a group right below the root cannot be. */
static int check_thawed(struct cgroup *cgroup, struct cgroup_group *group, struct error *error)
{
	bool nested = strchr(group->inner + 1, '/') != NULL;
	char *state;
	bool frozen;

	if (strcmp(group->inner, "/") == 0)
		return 0;
	if (group->v2) {
		if (!group->taken_over || group_read(cgroup->arena, group, "cgroup.freeze", &state) < 0)
			return 0;
		frozen = strcmp(state, "1") == 0;
	} else {
		if ((!nested && !group->taken_over) || !words_have(group->controllers, "freezer"))
			return 0;
		if (group_read(cgroup->arena, group, "freezer.state", &state) < 0)
			return error_set(error, errno, "read %s/freezer.state", group->directory);
		frozen = strcmp(state, "THAWED") != 0;
	}
	return frozen ? error_set(error, 0, "container's cgroup unexpectedly frozen") : 0;
}

static bool has_small_memory(const struct oci_resources *resources)
{
	const struct oci_memory *memory = resources ? resources->memory : NULL;

	return memory && memory->limit.present && memory->limit.value > 0 && memory->limit.value < LATE_LIMIT;
}

int group_make(struct cgroup *cgroup, struct cgroup_group *group, const struct cgroup_hierarchy *hierarchy,
	       const struct oci_resources *resources, struct error *error)
{
	bool holds_memory;

	if (make_group(cgroup->arena, group, hierarchy->fd) < 0 ||
	    open_group(cgroup->arena, group, hierarchy->fd) < 0) {
		if (may_drop(cgroup, errno)) {
			log_debug("not permitted to use cgroup %s: %s", group->directory,
				  error_describe(errno));
			group->dropped = true;
			return 0;
		}
		return error_set(error, errno, "make cgroup %s", group->directory);
	}
	if (group->v2 && v2_prepare(cgroup, group, hierarchy->fd, resources, error) < 0)
		return -1;
	holds_memory =
		group->v2 ? group_find(cgroup, "memory") == group : words_have(group->controllers, "memory");
	group->late = holds_memory && has_small_memory(resources);
	return 0;
}

static int group_create(struct cgroup *cgroup, struct cgroup_group *group,
			const struct cgroup_hierarchy *hierarchy, const struct oci_resources *resources,
			struct error *error)
{
	if (group_make(cgroup, group, hierarchy, resources, error) < 0)
		return -1;
	if (group->dropped)
		return 0;
	return check_free(cgroup, group, error) < 0 ? -1 : check_thawed(cgroup, group, error);
}

/* Removes what group_create() made, with its parents as far as they are new; @v1_only: in the hierarchies of v1. */
static void undo(struct cgroup *cgroup, bool v1_only)
{
	for (size_t i = 0; i < cgroup->count; i++) {
		struct cgroup_group *group = &cgroup->groups[i];
		char *path;

		if (group->v2 && v1_only)
			continue;
		path = arena_strdup(cgroup->arena, group->directory);
		group_close(group);
		for (unsigned int made = group->made; made > 0; made--) {
			if (rmdir(path) < 0)
				break;
			*strrchr(path, '/') = '\0';
		}
		group->made = 0;
	}
}

static void group_init(struct cgroup *cgroup, struct cgroup_group *group,
		       const struct cgroup_hierarchy *hierarchy, const char *inner)
{
	*group = (struct cgroup_group){
		.v2 = hierarchy->v2,
		.verified = true,
		.controllers = hierarchy->v2 ? NULL : hierarchy->controllers,
		.mountpoint = hierarchy->mountpoint,
		.inner = inner,
		.directory = strcmp(inner, "/") == 0
				     ? hierarchy->mountpoint
				     : arena_printf(cgroup->arena, "%s%s", hierarchy->mountpoint, inner),
		.home = arena_printf(cgroup->arena, "%s%s", hierarchy->mountpoint,
				     visible_own_path(cgroup->arena, hierarchy)),
		.fd = -1,
		.join_fd = -1,
		.home_fd = -1,
	};
}

void groups_plan(struct cgroup *cgroup, const struct cgroup_layout *layout, inner_path_function inner,
		 const void *data)
{
	const struct cgroup_group *named;

	cgroup->unified = layout->unified;
	cgroup->groups = ARENA_NEW_ARRAY(cgroup->arena, struct cgroup_group, layout->count);
	cgroup->count = layout->count;
	for (size_t i = 0; i < layout->count; i++)
		group_init(cgroup, &cgroup->groups[i], &layout->items[i],
			   inner(cgroup, &layout->items[i], data));
	named = group_find(cgroup, "devices");
	cgroup->path = named ? named->inner : "";
}

static const char *cgroupfs_inner(struct cgroup *cgroup, const struct cgroup_hierarchy *hierarchy,
				  const void *data)
{
	const struct cgroup_request *request = data;

	return inner_path(cgroup->arena, hierarchy, cgroup->unified, request->cgroups_path,
			  request->container_id);
}

static int cgroupfs_plan(struct cgroup *cgroup, const struct cgroup_layout *layout,
			 const struct cgroup_request *request, struct error *error _unused_)
{
	groups_plan(cgroup, layout, cgroupfs_inner, request);
	return 0;
}

static int cgroupfs_create(struct cgroup *cgroup, const struct cgroup_layout *layout,
			   const struct oci_resources *resources, struct error *error)
{
	for (size_t i = 0; i < layout->count; i++) {
		if (cgroup->v1_later && !layout->items[i].v2)
			continue;
		if (group_create(cgroup, &cgroup->groups[i], &layout->items[i], resources, error) < 0) {
			undo(cgroup, false);
			return -1;
		}
	}
	if (!group_find(cgroup, "devices"))
		cgroup->path = ""; /* rootless, and nothing was permitted */
	return 0;
}

int cgroup_create_rest(struct cgroup *cgroup, const struct cgroup_layout *layout,
		       const struct oci_resources *resources, struct error *error)
{
	if (!cgroup->v1_later)
		return 0;
	for (size_t i = 0; i < layout->count; i++) {
		if (layout->items[i].v2)
			continue;
		if (group_create(cgroup, &cgroup->groups[i], &layout->items[i], resources, error) < 0) {
			undo(cgroup, true);
			return -1;
		}
	}
	cgroup->v1_later = false;
	return 0;
}

void cgroup_give_up_rest(struct cgroup *cgroup)
{
	for (size_t i = 0; cgroup->v1_later && i < cgroup->count; i++)
		cgroup->groups[i].dropped |= !cgroup->groups[i].v2;
}

const struct cgroup_ops cgroupfs_ops = {
	.name = "cgroupfs",
	.plan = cgroupfs_plan,
	.create = cgroupfs_create,
	.set_resources = limits_set,
	.set_devices = cgroupfs_set_devices,
	.destroy = cgroupfs_destroy,
};
