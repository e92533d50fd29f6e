/* SPDX-License-Identifier: Apache-2.0 */
/* sd-bus, opened when it is needed: a connection to a systemd manager, and messages made of JSON. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

struct sd_bus;
struct sd_bus_message;

#define SYSTEMD_NAME "org.freedesktop.systemd1"
#define SYSTEMD_PATH "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"

struct bus {
	const struct bus_library *library;
	struct sd_bus *connection;
	uint32_t version; /* of systemd */
	int64_t deadline; /* microseconds of the monotonic clock */
	char ended_job[256]; /* the job that was last heard to have ended, */
	char ended_result[64]; /* and how */
};

/* What a call gave back. */
enum bus_outcome {
	BUS_DONE,
	BUS_NO_SUCH_UNIT,
	BUS_UNIT_EXISTS,
	BUS_FAILED,
};

/*
 * Opens libsystemd and connects to the system's manager, or to that of user @owner. 0, or -1. Ends with the
 * process.
 */
int bus_open(struct arena *arena, bool user, uint32_t owner, int64_t deadline, struct bus *bus,
	     struct error *error);

/*
 * A call of the manager's @member: its arguments as a list of D-Bus types ("ssb", "sa(sv)aa(sva(sv))", …) and JSON
 * values, see bus_append(). @path (may be NULL) becomes the object path of the answer. @error is filled unless it is
 * BUS_DONE.
 */
struct bus_argument {
	const char *type; /* "s", "b", "au", "a(sv)" (properties), "a(sa(sv))" (none) */
	const struct json_value *value;
};
enum bus_outcome bus_call(struct arena *arena, struct bus *bus, const char *member,
			  const struct bus_argument *arguments, size_t count, const char **path,
			  struct error *error);

/* Makes the end of jobs known; before the call that makes one. @bus must stay where it is. 0, or -1. */
int bus_watch_jobs(struct bus *bus, struct error *error);
/* Waits for the end of @job. *result: "done", "failed", "timeout", … 0, or -1. */
int bus_wait_job(struct bus *bus, const char *job, const char **result, struct error *error);

/* A string property of a unit. NULL where there is none. */
const char *bus_unit_string(struct arena *arena, struct bus *bus, const char *unit, const char *interface,
			    const char *property);
