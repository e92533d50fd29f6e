/* SPDX-License-Identifier: Apache-2.0 */
/* Device rules as systemd writes them: by node, or by the driver that a whole major number belongs to. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cgroup/systemd.h"

static void one(struct json_writer *writer, const char *node, const struct device_exception *exception)
{
	char text[64];

	json_begin_array(writer);
	json_string(writer, node);
	device_exception_text(exception, text);
	json_string(writer, strrchr(text, ' ') + 1);
	json_end_array(writer);
}

/*
 * The name of @major in /proc/devices, whose "Character devices:" come before its "Block devices:". Several drivers
 * may share a name; systemd then allows all of them, so such a name is not used. False: none.
 */
static bool driver_of(const char *drivers, char type, int64_t major, char *name, size_t size)
{
	const char *block = strstr(drivers, "Block devices:");
	const char *line = type == 'b' ? block : drivers;
	unsigned int same = 0;

	name[0] = '\0';
	for (int pass = 0; pass < 2; pass++) {
		for (const char *next = line; next && *next && (type == 'b' || next != block);
		     next = strchr(next, '\n'), next += next != NULL) {
			char *driver;
			long number = strtol(next, &driver, 10);
			size_t length;

			driver += strspn(driver, " ");
			length = strcspn(driver, "\n");
			if (driver == next || length == 0 || length >= size)
				continue;
			if (pass == 0 && number == major)
				snprintf(name, size, "%.*s", (int)length, driver);
			else if (pass == 1 && strlen(name) == length && !strncmp(driver, name, length))
				same++;
		}
		if (!name[0])
			return false;
	}
	return same == 1;
}

static void allow(struct json_writer *writer, const struct device_exception *exception, const char *drivers)
{
	const char *kind = exception->type == 'b' ? "block" : "char";
	char driver[80];
	char text[64];
	char node[96];

	if (exception->major == DEVICE_ANY && exception->minor == DEVICE_ANY) {
		snprintf(node, sizeof(node), "%s-*", kind);
	} else if (exception->major == DEVICE_ANY) {
		log_debug("systemd cannot express the device rule \"%s\"",
			  device_exception_text(exception, text));
		return;
	} else if (exception->minor == DEVICE_ANY) {
		if (!driver_of(drivers, exception->type, exception->major, driver, sizeof(driver))) {
			log_debug(
				"systemd cannot express the device rule \"%s\": no driver has that number alone",
				device_exception_text(exception, text));
			return;
		}
		snprintf(node, sizeof(node), "%s-%s", kind, driver);
	} else {
		snprintf(node, sizeof(node), "/dev/%s/%" PRId64 ":%" PRId64, kind, exception->major,
			 exception->minor);
	}
	one(writer, node, exception);
}

void systemd_devices(struct json_writer *writer, const struct device_state *state, const char *drivers)
{
	/* All but some: there is no such policy. */
	property_string(writer, "DevicePolicy", 0, state->allow ? "auto" : "strict");
	property_begin(writer, "DeviceAllow", "a(ss)", 0);
	json_begin_array(writer);
	for (size_t i = 0; i < state->count && !state->allow; i++)
		allow(writer, &state->exceptions[i], drivers);
	json_end_array(writer);
	property_end(writer);
}
