/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the cgroup room: the systemd manager.
 *
 * The container's groups are those of a transient unit, mostly a scope. systemd makes the unit, and with it the
 * groups of those controllers that it knows; the rest is made and written beside, through the file system, as
 * runc does. A scope lives as long as there is a process in it: until the container's own one is there, a process
 * that does nothing holds its place.
 */
#pragma once

#include "cgroup/internal.h"

struct systemd_unit {
	const char *name; /* "runc-ID.scope", or "NAME.slice" */
	const char *container; /* NAME of linux.cgroupsPath, or the container's id */
	const char *slice; /* "system.slice" */
	const char *slice_path; /* "/a.slice/a-b.slice" */
	const char *manager; /* the group of the user's own manager; NULL: the host's */
	/* what it starts with besides the limits */
	const struct oci_device_list *devices;
	const struct string_map *annotations;
	/* the process that holds the place of the container's, or 0 and -1 */
	pid_t holder;
	int holder_pidfd;
};

/* systemd_unit.c */
/*
 * From linux.cgroupsPath, "[SLICE]:[PREFIX]:NAME", to a unit; without one ":runc:ID". The slice is by default
 * user.slice for the user's own manager, else system.slice. 0, or -1.
 */
int systemd_unit_parse(struct arena *arena, const char *cgroups_path, const char *container_id, bool user,
		       struct systemd_unit *unit, struct error *error);
bool systemd_unit_is_slice(const struct systemd_unit *unit);

/* systemd_properties.c */
/* Writes one member of the list of properties; @since: the first version that knows it, or 0. */
void property_begin(struct json_writer *writer, const char *name, const char *type, unsigned int since);
void property_end(struct json_writer *writer);
void property_u64(struct json_writer *writer, const char *name, unsigned int since, uint64_t value);
void property_bool(struct json_writer *writer, const char *name, bool value);
void property_string(struct json_writer *writer, const char *name, unsigned int since, const char *value);
/*
 * The limits that systemd knows, under its names: of v2 where @unified, else of v1. @starting: also what can be said
 * only then. 0, or -1.
 */
int systemd_limits(struct json_writer *writer, const struct oci_resources *resources, bool unified,
		   bool starting, struct error *error);

/* systemd_devices.c */
/*
 * DevicePolicy and DeviceAllow: systemd makes rules of its own whenever it likes to (daemon-reload), and on v1 would
 * allow everything. What it cannot express is left out with a note: the rules in force are devices.c's. @drivers is
 * the text of /proc/devices.
 */
void systemd_devices(struct json_writer *writer, const struct device_state *state, const char *drivers);

/* systemd_annotations.c */
/*
 * The annotations org.systemd.property.NAME: harmless ones are taken, any other is refused (CVE-2024-3154). Values
 * are in the text format of GVariant. 0, or -1.
 */
int systemd_annotations(struct json_writer *writer, const struct string_map *annotations, struct error *error);

/* systemd_holder.c */
/* Makes the process that holds the place. 0, or -1. */
int holder_start(struct systemd_unit *unit, struct error *error);
/* Ends it, where there is one, and waits for its end. */
void holder_end(struct systemd_unit *unit);
