/* SPDX-License-Identifier: Apache-2.0 */
/* The systemd manager: what is asked of systemd, and what is done beside it. */
#include "cgroup/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/id_map.h"
#include "base/log.h"
#include "base/path.h"
#include "base/strbuf.h"
#include "ondemand/ondemand.h"

/* What systemd gets for one operation, and the companion on top of it. */
#define LIMIT_MS 30000U
#define LIMIT_ALL_MS (LIMIT_MS + 2000U)
#define DRIVERS_MAX ((size_t)256 * 1024)

/* The user as the host knows it: the owner of the user namespace that an engine may run this program in. */
static uint32_t host_user(struct arena *arena)
{
	uint32_t own = geteuid();
	struct id_map map;

	if (!id_map_own(arena, &map))
		return own;
	for (size_t i = 0; i < map.count; i++) {
		const struct id_map_line *line = &map.lines[i];

		if (own >= line->inside && own - line->inside < line->size)
			return line->outside + (own - line->inside);
	}
	return own;
}

/* Asking systemd --------------------------------------------------------------------------------------- */

static void request_begin(const struct cgroup *cgroup, struct json_writer *writer, const char *operation)
{
	json_begin_object(writer);
	json_member_string(writer, "operation", operation);
	json_member_string(writer, "unit", cgroup->unit->name);
	json_member_bool(writer, "user", cgroup->rootless);
	if (cgroup->rootless) {
		json_member_u64(writer, "owner", host_user(cgroup->arena));
	}
	json_member_u64(writer, "limitMs", LIMIT_MS);
}

static int request_send(const struct cgroup *cgroup, struct json_writer *writer,
			const struct json_value **reply, struct error *error)
{
	static const char *const variables[] = { "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", NULL };
	struct ondemand_request request = {
		.mode = "systemd",
		.variables = cgroup->rootless ? variables : NULL,
		.fd = -1,
		.limit_ms = LIMIT_ALL_MS,
	};

	json_end_object(writer);
	request.text = strbuf_text(writer->out);
	return ondemand_call(cgroup->arena, &request, reply, error);
}

/* Planning ----------------------------------------------------------------------------------------------- */

/* Where the unit will be in every hierarchy; what systemd says in the end is what counts. */
static const char *unit_inner(struct cgroup *cgroup, const struct cgroup_hierarchy *hierarchy _unused_,
			      const void *data)
{
	const struct systemd_unit *unit = cgroup->unit;
	const char *base = data;

	if (systemd_unit_is_slice(unit))
		return arena_printf(cgroup->arena, "%s%s", base, unit->slice_path);
	return arena_printf(cgroup->arena, "%s%s/%s", base, unit->slice_path, unit->name);
}

static int systemd_plan(struct cgroup *cgroup, const struct cgroup_layout *layout,
			const struct cgroup_request *request, struct error *error)
{
	struct systemd_unit *unit = ARENA_NEW(cgroup->arena, struct systemd_unit);
	const char *base = "";
	struct stat status;

	if (lstat("/run/systemd/system", &status) < 0 || !S_ISDIR(status.st_mode))
		return error_set(error, 0,
				 "systemd not running on this host, cannot use systemd cgroups manager");
	if (cgroup->rootless && !layout->unified)
		return error_set(error, 0, "cannot use rootless systemd cgroups manager on cgroup v1");
	if (systemd_unit_parse(cgroup->arena, request->cgroups_path, request->container_id, cgroup->rootless,
			       unit, error) < 0)
		return -1;
	if (cgroup->rootless) {
		unsigned int user = host_user(cgroup->arena);

		base = arena_printf(cgroup->arena, "/user.slice/user-%u.slice/user@%u.service", user, user);
		unit->manager = base;
	}
	unit->devices = request->devices;
	unit->annotations = request->annotations;
	cgroup->unit = unit;
	groups_plan(cgroup, layout, unit_inner, base);
	return 0;
}

/* Making ------------------------------------------------------------------------------------------------- */

static int write_devices(struct cgroup *cgroup, struct json_writer *writer,
			 const struct oci_resources *resources, struct error *error)
{
	const struct oci_device_rule_list none = { 0 };
	struct device_state state;
	size_t length;
	char *drivers;

	/* Neither files nor programs of the devices controller are for who is not the host's root. */
	if (cgroup->rootless)
		return 0;
	if (devices_resolve(cgroup->arena, resources ? &resources->devices : &none, cgroup->unit->devices,
			    &state, error) < 0)
		return -1;
	if (file_read_at(cgroup->arena, AT_FDCWD, "/proc/devices", DRIVERS_MAX, &drivers, &length) < 0)
		return error_set(error, errno, "read /proc/devices");
	systemd_devices(writer, &state, drivers);
	return 0;
}

static void write_place(struct cgroup *cgroup, struct json_writer *writer)
{
	const struct systemd_unit *unit = cgroup->unit;

	if (systemd_unit_is_slice(unit)) {
		property_begin(writer, "Wants", "as", 0);
		json_begin_array(writer);
		json_string(writer, unit->slice);
		json_end_array(writer);
		property_end(writer);
		return;
	}
	property_string(writer, "Slice", 0, unit->slice);
	property_bool(writer, "Delegate", true);
	property_begin(writer, "PIDs", "au", 0);
	json_begin_array(writer);
	json_i64(writer, unit->holder);
	json_end_array(writer);
	property_end(writer);
}

static int write_properties(struct cgroup *cgroup, struct json_writer *writer,
			    const struct oci_resources *resources, struct error *error)
{
	json_key(writer, "properties");
	json_begin_array(writer);
	property_string(writer, "Description", 0,
			arena_printf(cgroup->arena, "libcontainer container %s", cgroup->unit->container));
	write_place(cgroup, writer);
	/* What is not accounted from the start is not known later. */
	property_bool(writer, "MemoryAccounting", true);
	property_bool(writer, "CPUAccounting", true);
	property_bool(writer, cgroup->unified ? "IOAccounting" : "BlockIOAccounting", true);
	property_bool(writer, "TasksAccounting", true);
	property_bool(writer, "DefaultDependencies", false);
	if (systemd_annotations(writer, cgroup->unit->annotations, error) < 0 ||
	    (resources && systemd_limits(writer, resources, cgroup->unified, true, error) < 0) ||
	    write_devices(cgroup, writer, resources, error) < 0)
		return -1;
	json_end_array(writer);
	return 0;
}

/* Its own account of where the unit is, such as for a user's manager that is started in another way. */
static void relocate(struct cgroup *cgroup, const struct json_value *reply)
{
	const char *inner = json_get_string(reply, "controlGroup");

	if (!inner || inner[0] != '/' || strcmp(inner, path_normalize(cgroup->arena, inner)) != 0)
		return;
	for (size_t i = 0; i < cgroup->count; i++) {
		struct cgroup_group *group = &cgroup->groups[i];

		group->inner = arena_strdup(cgroup->arena, inner);
		group->directory = arena_printf(cgroup->arena, "%s%s", group->mountpoint, inner);
	}
	cgroup->path = cgroup->groups[0].inner;
}

static int start_unit(struct cgroup *cgroup, const struct oci_resources *resources, struct error *error)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text, .first = true };
	const struct json_value *reply;

	if (!systemd_unit_is_slice(cgroup->unit) && holder_start(cgroup->unit, error) < 0)
		return -1;
	request_begin(cgroup, &writer, "start");
	if (write_properties(cgroup, &writer, resources, error) < 0 ||
	    request_send(cgroup, &writer, &reply, error) < 0)
		return -1;
	relocate(cgroup, reply);
	return 0;
}

static int make_groups(struct cgroup *cgroup, const struct cgroup_layout *layout,
		       const struct oci_resources *resources, struct error *error)
{
	for (size_t i = 0; i < cgroup->count; i++) {
		struct cgroup_group *group = &cgroup->groups[i];

		if (group_make(cgroup, group, &layout->items[i], resources, error) < 0)
			return -1;
		/* Whom systemd has to move in cannot go out and come in again. */
		group->late &= !cgroup->rootless;
	}
	return 0;
}

static int systemd_create(struct cgroup *cgroup, const struct cgroup_layout *layout,
			  const struct oci_resources *resources, struct error *error)
{
	struct error ignored;

	/* A scope that could not be started ends with the process that was to hold it. */
	if (start_unit(cgroup, resources, error) < 0) {
		holder_end(cgroup->unit);
		return -1;
	}
	if (make_groups(cgroup, layout, resources, error) == 0)
		return 0;
	cgroup_destroy(cgroup, &ignored);
	return -1;
}

static const char *systemd_delegated(const struct cgroup *cgroup)
{
	const struct cgroup_group *group = group_find(cgroup, NULL);

	return cgroup->unit->manager
		       ? arena_printf(cgroup->arena, "%s%s", group->mountpoint, cgroup->unit->manager)
		       : NULL;
}

static void systemd_settle(struct cgroup *cgroup)
{
	holder_end(cgroup->unit);
}

/* Later ---------------------------------------------------------------------------------------------------- */

static int set_properties(struct cgroup *cgroup, const struct oci_resources *resources, struct error *error)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text, .first = true };

	request_begin(cgroup, &writer, "set");
	json_key(&writer, "properties");
	json_begin_array(&writer);
	if (systemd_limits(&writer, resources, cgroup->unified, false, error) < 0)
		return -1;
	json_end_array(&writer);
	if (request_send(cgroup, &writer, NULL, error) < 0)
		return error_context(error, "unable to set unit properties");
	return 0;
}

static int systemd_set_resources(struct cgroup *cgroup, const struct oci_resources *resources,
				 struct error *error)
{
	const struct oci_memory *memory = resources->memory;
	struct cgroup_group *group = memory ? group_find(cgroup, "memory") : NULL;

	/* A new unit has been told with its start. */
	if (cgroup->making)
		return limits_set(cgroup, resources, error);
	if (group && group->v2 && v2_check_usage(group, memory, error) < 0)
		return -1;
	if (set_properties(cgroup, resources, error) < 0)
		return -1;
	return limits_set(cgroup, resources, error);
}

static int systemd_attach(struct cgroup *cgroup, pid_t pid, struct error *error)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text, .first = true };
	const char *below = strstr(cgroup->groups[0].inner, cgroup->unit->name);

	request_begin(cgroup, &writer, "attach");
	json_member_string(&writer, "subgroup", below ? below + strlen(cgroup->unit->name) : "");
	json_key(&writer, "pids");
	json_begin_array(&writer);
	json_i64(&writer, pid);
	json_end_array(&writer);
	if (request_send(cgroup, &writer, NULL, error) < 0)
		return error_context(error, "move the process into its unit");
	return 0;
}

/* A user that has logged out has no manager any more, and no units. */
static bool is_gone(const struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->count; i++)
		if (!cgroup->groups[i].dropped && access(cgroup->groups[i].directory, F_OK) == 0)
			return false;
	return true;
}

static int stop_unit(struct cgroup *cgroup, struct error *error)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text, .first = true };

	request_begin(cgroup, &writer, "stop");
	if (request_send(cgroup, &writer, NULL, error) == 0)
		return 0;
	if (!is_gone(cgroup))
		return error_context(error, "stop unit %s", cgroup->unit->name);
	log_warn("stop unit %s: %s", cgroup->unit->name, error->text);
	return 0;
}

static int systemd_destroy(struct cgroup *cgroup, struct error *error)
{
	holder_end(cgroup->unit);
	/* From a plan, and it was there before: another container's. */
	if (cgroup->foreign)
		return 0;
	/* What systemd did not make (some controllers of v1, groups below), it does not always remove. */
	if (stop_unit(cgroup, error) < 0)
		return -1;
	return cgroupfs_destroy(cgroup, error);
}

const struct cgroup_ops systemd_ops = {
	.name = "systemd",
	.plan = systemd_plan,
	.create = systemd_create,
	.set_resources = systemd_set_resources,
	.set_devices = cgroupfs_set_devices,
	.destroy = systemd_destroy,
	.delegated = systemd_delegated,
	.attach = systemd_attach,
	.settle = systemd_settle,
};
