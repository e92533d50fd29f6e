/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cgroup/stats.h"

static void entry_write(struct json_writer *writer, uint64_t major, uint64_t minor, const char *operation,
			uint64_t value)
{
	json_begin_object(writer);
	stats_unless_zero(writer, "major", major);
	stats_unless_zero(writer, "minor", minor);
	if (*operation) {
		json_member_string(writer, "op", operation);
	}
	stats_unless_zero(writer, "value", value);
	json_end_object(writer);
}

/* Takes "8:0 " off *text. */
static bool take_device(const char **text, uint64_t *major, uint64_t *minor)
{
	char *next;

	*major = strtoull(*text, &next, 10);
	if (next == *text || *next != ':')
		return false;
	*text = next + 1;
	*minor = strtoull(*text, &next, 10);
	if (next == *text || *next != ' ')
		return false;
	*text = next + 1;
	return true;
}

/* "Read 4096" or, where a file has no operations, "4096". */
static bool take_value(const char *text, char operation[16], uint64_t *value)
{
	size_t length = strcspn(text, " \n");
	char *end;

	operation[0] = '\0';
	if (*text < '0' || *text > '9') {
		if (length >= 16 || text[length] != ' ')
			return false;
		memcpy(operation, text, length);
		operation[length] = '\0';
		text += length + 1;
	}
	*value = strtoull(text, &end, 10);
	return end != text;
}

/* Lines of "8:0 Read 4096". The sum at the end has no device and is left out. */
static void table_v1(struct json_writer *writer, const char *name, const char *text)
{
	bool any = false;

	for (const char *line = text; line && *line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		const char *next = line;
		uint64_t major;
		uint64_t minor;
		uint64_t value;
		char operation[16];

		if (!take_device(&next, &major, &minor) || !take_value(next, operation, &value))
			continue;
		if (!any) {
			json_key(writer, name);
			json_begin_array(writer);
			any = true;
		}
		entry_write(writer, major, minor, operation, value);
	}
	if (any)
		json_end_array(writer);
}

/* Which scheduler counts depends on the kernel; throttling counts two of the values in any case. */
static void stats_v1(struct json_writer *writer, struct cgroup_group *group)
{
	static const struct {
		const char *name;
		const char *file;
	} tables[] = {
		{ "ioServiceBytesRecursive", "io_service_bytes" },
		{ "ioServicedRecursive", "io_serviced" },
		{ "ioQueueRecursive", "io_queued" },
		{ "ioServiceTimeRecursive", "io_service_time" },
		{ "ioWaitTimeRecursive", "io_wait_time" },
		{ "ioMergedRecursive", "io_merged" },
		{ "ioTimeRecursive", "time" },
		{ "sectorsRecursive", "sectors" },
	};
	static const char *const prefixes[] = { "blkio.bfq.", "blkio.", "blkio.throttle." };

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(prefixes); j++) {
			_cleanup_arena_ struct arena arena = { 0 };
			const char *text =
				stats_text(&arena, group,
					   arena_printf(&arena, "%s%s_recursive", prefixes[j], tables[i].file));

			if (!strchr(text, ':'))
				continue;
			table_v1(writer, tables[i].name, text);
			break;
		}
	}
}

/* The values of two keys of io.stat, "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0". */
static void table_v2(struct json_writer *writer, const char *name, const char *text, const char *read_key,
		     const char *write_key)
{
	bool any = false;

	for (const char *line = text; line && *line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		_cleanup_arena_ struct arena arena = { 0 };
		const char *next = arena_strndup(&arena, line, strcspn(line, "\n"));
		const char *read_value = strstr(next, read_key);
		const char *write_value = strstr(next, write_key);
		uint64_t major;
		uint64_t minor;

		/* A device that was never used has a line with its number alone. */
		if (!take_device(&next, &major, &minor) || !read_value || !write_value)
			continue;
		if (!any) {
			json_key(writer, name);
			json_begin_array(writer);
			any = true;
		}
		entry_write(writer, major, minor, "Read", strtoull(read_value + strlen(read_key), NULL, 10));
		entry_write(writer, major, minor, "Write", strtoull(write_value + strlen(write_key), NULL, 10));
	}
	if (any)
		json_end_array(writer);
}

void stats_io(struct json_writer *writer, struct cgroup_group *group)
{
	_cleanup_arena_ struct arena arena = { 0 };

	json_begin_object(writer);
	if (group && group->v2) {
		const char *text = stats_text(&arena, group, "io.stat");

		table_v2(writer, "ioServiceBytesRecursive", text, " rbytes=", " wbytes=");
		table_v2(writer, "ioServicedRecursive", text, " rios=", " wios=");
		stats_pressure(writer, group, "io.pressure");
	} else if (group) {
		stats_v1(writer, group);
	}
	json_end_object(writer);
}
