/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mountinfo.h"

#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "base/syscalls.h"

/* Blank, tab, newline and backslash are written as three octal digits. */
static char *unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' && from[2] <= '7' &&
		    from[3] >= '0' && from[3] <= '7') {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
	return text;
}

/* "36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/sda rw" */
static bool split(char *line, struct mountinfo *mount)
{
	char *type = strstr(line, " - ");
	char *options = type ? strrchr(type + 3, ' ') : NULL; /* what is mounted, in between, can be empty */
	char *fields[6];
	char *saved;

	if (!options)
		return false;
	*type = '\0';
	type += 3;
	type[strcspn(type, " ")] = '\0';
	for (size_t i = 0; i < 6; i++) {
		fields[i] = strtok_r(i == 0 ? line : NULL, " ", &saved);
		if (!fields[i])
			return false;
	}
	mount->device = fields[2];
	mount->root = unescape(fields[3]);
	mount->point = unescape(fields[4]);
	mount->flags = fields[5];
	mount->type = unescape(type);
	mount->options = options + 1;
	return parse_u64(fields[0], 0, UINT64_MAX, &mount->id) == 0 &&
	       parse_u64(fields[1], 0, UINT64_MAX, &mount->parent) == 0;
}

bool mountinfo_next(char **text, struct mountinfo *mount)
{
	while (*text && **text) {
		char *line = *text;
		char *end = strchr(line, '\n');

		*text = end ? end + 1 : NULL;
		if (end)
			*end = '\0';
		if (split(line, mount))
			return true;
	}
	return false;
}

struct mountinfo_list mountinfo_parse(struct arena *arena, char *text)
{
	struct mountinfo_list list = { 0 };
	size_t lines = 1;

	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	list.items = ARENA_NEW_ARRAY(arena, struct mountinfo, lines);
	while (list.count < lines && mountinfo_next(&text, &list.items[list.count]))
		list.count++;
	return list;
}

const struct mountinfo *mountinfo_find(const struct mountinfo_list *list, uint64_t id)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].id == id)
			return &list->items[i];
	return NULL;
}

/* 1, 0, or -1 where it cannot be said. A mount that is gone by now has no type. */
static int has_type(uint64_t id, uint64_t magic)
{
	struct mount_request request = { .size = sizeof(request),
					 .id = id,
					 .parameter = MOUNT_STATUS_FILESYSTEM };
	struct mount_status status;

	if (sys_statmount(&request, &status) < 0)
		return errno == ENOENT ? 0 : -1;
	return (status.mask & MOUNT_STATUS_FILESYSTEM) ? status.magic == magic : -1;
}

int mountinfo_has_type(uint64_t magic)
{
	/* After the last that it was told, parameter, the kernel goes on. */
	struct mount_request request = { .size = sizeof(request), .id = MOUNT_LIST_ROOT };
	uint64_t ids[256];
	ssize_t count;

	while ((count = sys_listmount(&request, ids, ARRAY_SIZE(ids))) > 0) {
		for (ssize_t i = 0; i < count; i++) {
			int result = has_type(ids[i], magic);

			if (result)
				return result;
		}
		request.parameter = ids[count - 1];
	}
	return count < 0 ? -1 : 0;
}
