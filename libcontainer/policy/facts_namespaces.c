/* SPDX-License-Identifier: Apache-2.0 */
/* What policies need to know about a namespace that is joined by path: whose it is, and whose users it has. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/id_map.h"
#include "policy/key.h"

int policy_namespace_is_hosts(enum oci_namespace_type type, const struct stat *namespace, struct error *error)
{
	static const char *const processes[] = { "self", "1" };
	int result = 0;

	for (size_t i = 0; i < ARRAY_SIZE(processes); i++) {
		struct stat own;
		char path[64];

		snprintf(path, sizeof(path), "/proc/%s/ns/%s", processes[i], namespace_type_file(type));
		if (stat(path, &own) < 0) {
			/* An unprivileged user may not look at that of the first process, nor join it. */
			if (i > 0 && (errno == EACCES || errno == ENOENT))
				continue;
			return error_set(error, errno, "look at %s", path);
		}
		if (file_is_same(&own, namespace))
			result = 1;
	}
	return result;
}

/* One without a mapping may get any yet. */
static bool has_root(const struct id_map *map)
{
	for (size_t i = 0; i < map->count; i++)
		if (map->lines[i].outside == 0 && map->lines[i].size > 0)
			return true;
	return map->count == 0;
}

int facts_look_at_namespace(enum oci_namespace_type type, const char *path, struct policy_facts *facts,
			    struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct id_map uids, gids;
	struct stat joined;
	int hosts;

	if (fd < 0 || fstat(fd, &joined) < 0)
		return error_set(error, errno, "look at the %s namespace %s", namespace_type_name(type), path);
	hosts = policy_namespace_is_hosts(type, &joined, error);
	if (hosts < 0)
		return -1;
	facts->joined_identity[type] =
		(struct policy_namespace_identity){ .device = joined.st_dev, .inode = joined.st_ino };
	facts->joined[type] = hosts ? POLICY_NAMESPACE_HOST : POLICY_NAMESPACE_OTHER;
	if (hosts || type != OCI_NAMESPACE_USER || facts->rootless)
		return 0;
	if (id_map_of_namespace(&arena, fd, &uids, &gids, error) < 0)
		return error_context(error, "look at the user namespace %s", path);
	if (has_root(&uids) || has_root(&gids))
		facts->joined[type] = POLICY_NAMESPACE_HAS_ROOT;
	return 0;
}
