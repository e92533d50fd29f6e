/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode "systemd": what the cgroup manager asks of systemd.
 *
 *   {"operation": "start", "unit": U, "properties": [...]}  makes a transient unit   → {"controlGroup", "version"}
 *   {"operation": "set", "unit": U, "properties": [...]}    changes it, until it ends
 *   {"operation": "attach", "unit": U, "subgroup", "pids"}  moves processes into it
 *   {"operation": "stop", "unit": U}                        ends it; one that has ended already is fine
 *
 * and in each: "user" (whether it is the user's own manager), "owner" (that user's id) and "limitMs".
 */
#include <errno.h>
#include <string.h>

#include "base/time.h"
#include "ondemand/companion/bus.h"
#include "ondemand/companion/bus_library.h"
#include "ondemand/companion/mode.h"

#if HAVE_SYSTEMD

static const struct json_value *string_value(struct arena *arena, const char *text)
{
	struct json_value *value = ARENA_NEW(arena, struct json_value);

	value->type = JSON_STRING;
	value->string = text;
	return value;
}

static const struct json_value *truth(struct arena *arena)
{
	struct json_value *value = ARENA_NEW(arena, struct json_value);

	value->type = JSON_BOOL;
	value->boolean = true;
	return value;
}

static enum bus_outcome reset_failed(struct arena *arena, struct bus *bus, const char *unit)
{
	const struct bus_argument arguments[] = { { "s", string_value(arena, unit) } };
	struct error ignored;

	return bus_call(arena, bus, "ResetFailedUnit", arguments, ARRAY_SIZE(arguments), NULL, &ignored);
}

static enum bus_outcome call_start(struct arena *arena, struct bus *bus, const char *unit,
				   const struct json_value *properties, const char **job, struct error *error)
{
	const struct bus_argument arguments[] = {
		{ "s", string_value(arena, unit) },
		{ "s", string_value(arena, "replace") },
		{ "a(sv)", properties },
		{ "a(sa(sv))", NULL },
	};

	return bus_call(arena, bus, "StartTransientUnit", arguments, ARRAY_SIZE(arguments), job, error);
}

/* A slice has another interface than a scope. */
static const char *interface_of(const char *unit)
{
	size_t length = strlen(unit);

	return length > 6 && strcmp(unit + length - 6, ".slice") == 0 ? "org.freedesktop.systemd1.Slice"
								      : "org.freedesktop.systemd1.Scope";
}

static int start(struct arena *arena, struct bus *bus, const char *unit, const struct json_value *request,
		 struct json_writer *answer, struct error *error)
{
	const struct json_value *properties = json_get(request, "properties");
	enum bus_outcome outcome;
	const char *result;
	const char *job;
	const char *path;

	if (bus_watch_jobs(bus, error) < 0)
		return -1;
	outcome = call_start(arena, bus, unit, properties, &job, error);
	/* What has failed keeps its name until somebody has taken note of it. */
	if (outcome == BUS_UNIT_EXISTS && reset_failed(arena, bus, unit) == BUS_DONE)
		outcome = call_start(arena, bus, unit, properties, &job, error);
	if (outcome != BUS_DONE || bus_wait_job(bus, job, &result, error) < 0)
		return -1;
	if (strcmp(result, "done") != 0) {
		reset_failed(arena, bus, unit);
		return error_set(error, 0, "systemd: error creating systemd unit `%s`: got `%s`", unit, result);
	}
	path = bus_unit_string(arena, bus, unit, interface_of(unit), "ControlGroup");
	json_member_string(answer, "controlGroup", path ? path : "");
	json_member_u64(answer, "version", bus->version);
	return 0;
}

static int set(struct arena *arena, struct bus *bus, const char *unit, const struct json_value *request,
	       struct json_writer *answer _unused_, struct error *error)
{
	const struct bus_argument arguments[] = {
		{ "s", string_value(arena, unit) },
		{ "b", truth(arena) },
		{ "a(sv)", json_get(request, "properties") },
	};

	return bus_call(arena, bus, "SetUnitProperties", arguments, ARRAY_SIZE(arguments), NULL, error) ==
			       BUS_DONE
		       ? 0
		       : -1;
}

static int attach(struct arena *arena, struct bus *bus, const char *unit, const struct json_value *request,
		  struct json_writer *answer _unused_, struct error *error)
{
	const struct bus_argument arguments[] = {
		{ "s", string_value(arena, unit) },
		{ "s", json_get(request, "subgroup") },
		{ "au", json_get(request, "pids") },
	};

	return bus_call(arena, bus, "AttachProcessesToUnit", arguments, ARRAY_SIZE(arguments), NULL, error) ==
			       BUS_DONE
		       ? 0
		       : -1;
}

static int stop(struct arena *arena, struct bus *bus, const char *unit,
		const struct json_value *request _unused_, struct json_writer *answer _unused_,
		struct error *error)
{
	const struct bus_argument arguments[] = {
		{ "s", string_value(arena, unit) },
		{ "s", string_value(arena, "replace") },
	};
	enum bus_outcome outcome;
	const char *result;
	const char *job;
	int waited = 0;

	if (bus_watch_jobs(bus, error) < 0)
		return -1;
	outcome = bus_call(arena, bus, "StopUnit", arguments, ARRAY_SIZE(arguments), &job, error);
	if (outcome == BUS_DONE)
		waited = bus_wait_job(bus, job, &result, error);
	/* One that had failed is still known until then. */
	reset_failed(arena, bus, unit);
	return outcome == BUS_FAILED ? -1 : waited;
}

static const struct {
	const char *name;
	int (*carry_out)(struct arena *arena, struct bus *bus, const char *unit,
			 const struct json_value *request, struct json_writer *answer, struct error *error);
} operations[] = {
	{ "start", start },
	{ "set", set },
	{ "attach", attach },
	{ "stop", stop },
};

static uint64_t request_number(const struct json_value *request, const char *name)
{
	const struct json_value *value = json_get(request, name);

	return value && value->type == JSON_INTEGER && !value->integer.negative ? value->integer.magnitude : 0;
}

int mode_systemd(struct arena *arena, const struct json_value *request, struct json_writer *answer,
		 struct error *error)
{
	const struct json_value *user = json_get(request, "user");
	const char *operation = json_get_string(request, "operation");
	const char *unit = json_get_string(request, "unit");
	int64_t deadline = monotonic_us() + (int64_t)request_number(request, "limitMs") * 1000;
	struct bus bus;

	if (!operation || !unit)
		return error_set(error, 0, "systemd: operation and unit are needed");
	if (bus_open(arena, user && user->boolean, (uint32_t)request_number(request, "owner"), deadline, &bus,
		     error) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++)
		if (strcmp(operations[i].name, operation) == 0)
			return operations[i].carry_out(arena, &bus, unit, request, answer, error);
	return error_set(error, 0, "systemd: no operation \"%s\"", operation);
}

#else

int mode_systemd(struct arena *arena _unused_, const struct json_value *request _unused_,
		 struct json_writer *answer _unused_, struct error *error)
{
	return error_set(error, 0, "systemd cgroup manager is not supported by this build (no sd-bus.h)");
}

#endif
