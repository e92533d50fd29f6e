/* SPDX-License-Identifier: Apache-2.0 */
/* The managers, and a container's groups in its state file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/path.h"
#include "base/words.h"
#include "cgroup/internal.h"
#include "cgroup/systemd.h"

static int disabled_plan(struct cgroup *cgroup _unused_, const struct cgroup_layout *layout _unused_,
			 const struct cgroup_request *request _unused_, struct error *error _unused_)
{
	return 0;
}

static int disabled_create(struct cgroup *cgroup _unused_, const struct cgroup_layout *layout _unused_,
			   const struct oci_resources *resources _unused_, struct error *error _unused_)
{
	return 0;
}

/*
 * Who disables cgroups has no limits, by their own word: crun, from where the option comes, takes it so, too.
 */
static int disabled_set_resources(struct cgroup *cgroup _unused_,
				  const struct oci_resources *resources _unused_, struct error *error _unused_)
{
	return 0;
}

bool cgroup_is_disabled(const struct cgroup *cgroup)
{
	return cgroup && cgroup->ops == &disabled_ops;
}

static int disabled_set_devices(struct cgroup *cgroup _unused_,
				const struct oci_device_rule_list *rules _unused_,
				const struct oci_device_list *devices _unused_, struct error *error _unused_)
{
	return 0;
}

static int disabled_destroy(struct cgroup *cgroup _unused_, struct error *error _unused_)
{
	return 0;
}

const struct cgroup_ops disabled_ops = {
	.name = "disabled",
	.plan = disabled_plan,
	.create = disabled_create,
	.set_resources = disabled_set_resources,
	.set_devices = disabled_set_devices,
	.destroy = disabled_destroy,
};

static struct cgroup *cgroup_new(struct arena *arena, const struct cgroup_ops *ops)
{
	struct cgroup *cgroup = ARENA_NEW(arena, struct cgroup);

	cgroup->arena = arena;
	cgroup->ops = ops;
	cgroup->path = "";
	return cgroup;
}

/* A new one, of the manager that is asked for. NULL on an error. */
static struct cgroup *plan(struct arena *arena, const struct cgroup_layout *layout,
			   const struct cgroup_request *request, struct error *error)
{
	static const struct cgroup_ops *const managers[] = {
		[CGROUP_MANAGER_CGROUPFS] = &cgroupfs_ops,
		[CGROUP_MANAGER_SYSTEMD] = &systemd_ops,
		[CGROUP_MANAGER_DISABLED] = &disabled_ops,
	};
	struct cgroup *planned = cgroup_new(arena, managers[request->manager]);

	planned->rootless = request->rootless;
	planned->path_given = request->cgroups_path && *request->cgroups_path;
	planned->owner = request->owner;
	planned->v1_later = request->v1_later && planned->ops == &cgroupfs_ops;
	return planned->ops->plan(planned, layout, request, error) < 0 ? NULL : planned;
}

int cgroup_plan(struct arena *arena, const struct cgroup_layout *layout, const struct cgroup_request *request,
		struct cgroup **cgroup, struct error *error)
{
	struct cgroup *planned = plan(arena, layout, request, error);
	const struct cgroup_group *group;

	if (!planned)
		return -1;
	/* One look, into one hierarchy: the others are taken to be alike. */
	group = group_find(planned, "devices");
	if (group)
		planned->foreign = !group->inner[1] || faccessat(layout->items[group - planned->groups].fd,
								 group->inner + 1, F_OK, 0) == 0;
	*cgroup = planned;
	return 0;
}

int cgroup_create(struct arena *arena, const struct cgroup_layout *layout, const struct cgroup_request *request,
		  const struct oci_resources *resources, struct cgroup **cgroup, struct error *error)
{
	struct cgroup *made = plan(arena, layout, request, error);

	if (!made)
		return -1;
	made->making = true;
	if (made->ops->create(made, layout, resources, error) < 0)
		return -1;
	*cgroup = made;
	return 0;
}

int cgroup_settle(struct cgroup *cgroup, struct error *error)
{
	struct oci_pids pids = { .limit = cgroup->pids };
	const struct oci_resources resources = { .pids = &pids };

	if (!cgroup->making)
		return 0;
	cgroup->making = false;
	if (cgroup->ops->settle)
		cgroup->ops->settle(cgroup);
	return cgroup->pids.present ? cgroup_set_resources(cgroup, &resources, error) : 0;
}

static const char *parent_directory(struct arena *arena, const struct cgroup_group *group)
{
	const char *slash = strrchr(group->directory, '/');

	return arena_strndup(arena, group->directory, (size_t)(slash - group->directory));
}

static const char *read_list(struct arena *arena, int directory, const char *file)
{
	size_t length;
	char *text;

	if (file_read_at(arena, directory, file, FILE_SIZE_MAX, &text, &length) < 0)
		return "";
	text[strcspn(text, "\n")] = '\0';
	return text;
}

const char *cgroup_delegated(struct arena *arena, const struct cgroup_layout *layout,
			     const struct cgroup_request *request)
{
	struct error ignored;
	struct cgroup *planned = plan(arena, layout, request, &ignored);
	const struct cgroup_group *group = planned ? group_find(planned, NULL) : NULL;
	const char *holder;
	_cleanup_fd_ int directory = -1;

	if (!group)
		return "";
	holder = planned->ops->delegated ? planned->ops->delegated(planned) : NULL;
	directory = cgroup_directory_open(holder ? holder : parent_directory(arena, group), O_PATH);
	if (directory < 0)
		return "";
	/* Its manager passes them on. */
	if (holder)
		return read_list(arena, directory, "cgroup.controllers");
	if (faccessat(directory, ".", W_OK, 0) < 0)
		return "";
	/* A group that holds processes itself passes on no more than it does already. */
	if (faccessat(directory, "cgroup.subtree_control", W_OK, 0) == 0 &&
	    !*read_list(arena, directory, "cgroup.procs"))
		return read_list(arena, directory, "cgroup.controllers");
	return read_list(arena, directory, "cgroup.subtree_control");
}

bool cgroup_can_attach(const struct cgroup *cgroup)
{
	return cgroup->ops->attach != NULL;
}

int cgroup_attach(struct cgroup *cgroup, pid_t pid, struct error *error)
{
	return cgroup->ops->attach(cgroup, pid, error);
}

int cgroup_set_resources(struct cgroup *cgroup, const struct oci_resources *resources, struct error *error)
{
	return resources ? cgroup->ops->set_resources(cgroup, resources, error) : 0;
}

int cgroup_set_devices(struct cgroup *cgroup, const struct oci_device_rule_list *rules,
		       const struct oci_device_list *devices, struct error *error)
{
	return cgroup->ops->set_devices(cgroup, rules, devices, error);
}

int cgroup_destroy(struct cgroup *cgroup, struct error *error)
{
	return cgroup->ops->destroy(cgroup, error);
}

void cgroup_close(struct cgroup *cgroup)
{
	if (cgroup->making && cgroup->ops->settle)
		cgroup->ops->settle(cgroup);
	for (size_t i = 0; i < cgroup->count; i++)
		group_close(&cgroup->groups[i]);
}

const char *cgroup_path(const struct cgroup *cgroup)
{
	return cgroup->path;
}

const char *cgroup_directory(const struct cgroup *cgroup, const char *controller)
{
	const struct cgroup_group *v1 = controller ? group_find_v1(cgroup, controller) : NULL;
	struct cgroup_group *v2 = group_find(cgroup, NULL);

	if (v1)
		return v1->directory;
	if (!v2 || (controller && !words_have(v2_controllers(cgroup, v2),
					      strcmp(controller, "blkio") == 0 ? "io" : controller)))
		return NULL;
	return v2->directory;
}

/* Short, as `list` reads it of every container: what is false or the same as elsewhere is left out. */
static void save_true(struct json_writer *writer, const char *name, bool value)
{
	if (value)
		json_member_bool(writer, name, value);
}

void cgroup_save(struct json_writer *writer, const struct cgroup *cgroup)
{
	json_begin_object(writer);
	json_member_string(writer, "manager", cgroup->ops->name);
	json_member_string(writer, "path", cgroup->path);
	if (cgroup->unit) {
		json_member_string(writer, "unit", cgroup->unit->name);
	}
	save_true(writer, "rootless", cgroup->rootless);
	save_true(writer, "pathGiven", cgroup->path_given);
	save_true(writer, "unified", cgroup->unified);
	save_true(writer, "foreign", cgroup->foreign);
	json_key(writer, "groups");
	json_begin_array(writer);
	for (size_t i = 0; i < cgroup->count; i++) {
		const struct cgroup_group *group = &cgroup->groups[i];

		if (group->dropped)
			continue;
		json_begin_object(writer);
		json_member_string(writer, "controllers", group->v2 ? "" : group->controllers);
		json_member_string(writer, "mountpoint", group->mountpoint);
		if (strcmp(group->inner, cgroup->path) != 0)
			json_member_string(writer, "inner", group->inner);
		json_end_object(writer);
	}
	json_end_array(writer);
	json_end_object(writer);
}

static bool saved_bool(const struct json_value *object, const char *name)
{
	const struct json_value *value = json_get(object, name);

	return value && value->type == JSON_BOOL && value->boolean;
}

/* Absolute and without a detour: what is below a directory as text is below it in the file system. */
static bool is_plain_path(const char *path)
{
	return path && path_is_normal(path);
}

static int open_saved(struct arena *arena, const struct json_value *saved, const char *path,
		      struct cgroup_group *group, struct error *error)
{
	const char *controllers = json_get_string(saved, "controllers");
	const char *mountpoint = json_get_string(saved, "mountpoint");
	const char *inner = json_get(saved, "inner") ? json_get_string(saved, "inner") : path;

	if (!controllers || !is_plain_path(mountpoint) || !is_plain_path(inner))
		return error_set(error, 0,
				 "the saved cgroup is damaged: a group needs controllers, an absolute "
				 "mountpoint and an absolute path in it");
	*group = (struct cgroup_group){
		.v2 = !*controllers,
		.controllers = *controllers ? arena_strdup(arena, controllers) : NULL,
		.mountpoint = arena_strdup(arena, mountpoint),
		.inner = arena_strdup(arena, inner),
		.directory = strcmp(inner, "/") == 0 ? arena_strdup(arena, mountpoint)
						     : arena_printf(arena, "%s%s", mountpoint, inner),
		.fd = -1,
		.join_fd = -1,
		.home_fd = -1,
	};
	return 0;
}

int cgroup_open(struct arena *arena, const struct json_value *saved, struct cgroup **cgroup,
		struct error *error)
{
	const char *manager = json_get_string(saved, "manager");
	const char *path = json_get_string(saved, "path");
	const char *unit = json_get_string(saved, "unit");
	const struct json_value *groups = json_get(saved, "groups");
	struct cgroup *opened;

	if (!manager || !path || !groups || groups->type != JSON_ARRAY ||
	    groups->array.count > CGROUP_HIERARCHIES_MAX)
		return error_set(error, 0, "the saved cgroup is damaged: manager, path and groups are needed");
	if (strcmp(manager, cgroupfs_ops.name) == 0)
		opened = cgroup_new(arena, &cgroupfs_ops);
	else if (strcmp(manager, disabled_ops.name) == 0)
		opened = cgroup_new(arena, &disabled_ops);
	else if (strcmp(manager, systemd_ops.name) == 0 && unit)
		opened = cgroup_new(arena, &systemd_ops);
	else
		return error_set(error, 0, "the saved cgroup is damaged: unknown manager \"%s\"", manager);
	if (unit) {
		opened->unit = ARENA_NEW(arena, struct systemd_unit);
		opened->unit->name = arena_strdup(arena, unit);
	}
	opened->path = arena_strdup(arena, path);
	opened->rootless = saved_bool(saved, "rootless");
	opened->path_given = saved_bool(saved, "pathGiven");
	opened->unified = saved_bool(saved, "unified");
	opened->foreign = saved_bool(saved, "foreign");
	opened->groups = ARENA_NEW_ARRAY(arena, struct cgroup_group, groups->array.count + 1);
	for (size_t i = 0; i < groups->array.count; i++)
		if (open_saved(arena, &groups->array.items[i], path, &opened->groups[i], error) < 0)
			return -1;
	opened->count = groups->array.count;
	*cgroup = opened;
	return 0;
}
