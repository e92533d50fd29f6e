/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/membership.h"

#include <string.h>

#include "base/file.h"
#include "base/words.h"

/* "4:cpu,cpuacct:/user.slice" */
static bool split(char *line, struct cgroup_membership *membership)
{
	char *controllers = strchr(line, ':');
	char *path = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!path || path[1] != '/')
		return false;
	*path = '\0';
	*membership = (struct cgroup_membership){ .controllers = controllers + 1, .path = path + 1 };
	return true;
}

struct cgroup_memberships cgroup_memberships_parse(struct arena *arena, const char *text)
{
	struct cgroup_memberships memberships = { 0 };
	char *rest = arena_strdup(arena, text);
	size_t capacity = 0;
	char *line;

	while ((line = strsep(&rest, "\n"))) {
		memberships.items = arena_grow(arena, memberships.items, memberships.count, &capacity,
					       sizeof(*memberships.items));
		memberships.count += split(line, &memberships.items[memberships.count]);
	}
	return memberships;
}

int cgroup_memberships_read(struct arena *arena, int procfs, const char *file,
			    struct cgroup_memberships *memberships)
{
	size_t length;
	char *text;

	if (file_read_at(arena, procfs, file, FILE_SIZE_MAX, &text, &length) < 0)
		return -1;
	*memberships = cgroup_memberships_parse(arena, text);
	return 0;
}

const char *cgroup_memberships_path(const struct cgroup_memberships *memberships, const char *controller)
{
	for (size_t i = 0; i < memberships->count; i++) {
		const struct cgroup_membership *item = &memberships->items[i];

		if (*controller ? words_have(item->controllers, controller) : !*item->controllers)
			return item->path;
	}
	return NULL;
}

bool cgroup_is_mount_of(const struct mountinfo *mount, const char *controllers)
{
	if (!*controllers)
		return strcmp(mount->type, "cgroup2") == 0;
	return strcmp(mount->type, "cgroup") == 0 && words_have_all(mount->options, controllers);
}
