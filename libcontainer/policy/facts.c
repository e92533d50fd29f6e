/* SPDX-License-Identifier: Apache-2.0 */
/* What policies need to know about the host. Here, and in load.c, the room makes system calls. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "policy/key.h"

/* The names of /proc/PID/ns. */
static const char *namespace_file(enum oci_namespace_type type)
{
	switch (type) {
	case OCI_NAMESPACE_MOUNT: return "mnt";
	case OCI_NAMESPACE_NETWORK: return "net";
	default: return namespace_type_name(type);
	}
}

/*
 * The host's is this process's own, and that of the first process, if it is another: the runtime may have been
 * started in a namespace that its engine made. An unprivileged user may not look at the latter, nor join it.
 */
static int look_at_namespace(enum oci_namespace_type type, const char *joined_path,
			     enum policy_namespace_origin *origin, struct error *error)
{
	static const char *const processes[] = { "self", "1" };
	struct stat joined, own;
	char path[64];

	if (stat(joined_path, &joined) < 0)
		return error_set(error, errno, "look at the %s namespace %s", namespace_type_name(type),
				 joined_path);
	*origin = POLICY_NAMESPACE_OTHER;
	for (size_t i = 0; i < ARRAY_SIZE(processes); i++) {
		snprintf(path, sizeof(path), "/proc/%s/ns/%s", processes[i], namespace_file(type));
		if (stat(path, &own) < 0) {
			if (i > 0 && (errno == EACCES || errno == ENOENT))
				continue;
			return error_set(error, errno, "look at %s", path);
		}
		if (own.st_dev == joined.st_dev && own.st_ino == joined.st_ino)
			*origin = POLICY_NAMESPACE_HOST;
	}
	return 0;
}

static int add_real_path(struct arena *arena, const char *path, const char *bundle, struct policy_facts *facts,
			 struct error *error)
{
	_cleanup_free_ char *real = realpath(path_join(arena, bundle, path), NULL);
	struct string_map *map = &facts->real_paths;
	struct string_pair *items;

	/* what is not there cannot be mounted, and a denied path that is not there is compared as it is */
	if (!real && errno != ENOENT && errno != ENOTDIR)
		return error_set(error, errno, "look at the mount source %s", path);
	items = ARENA_NEW_ARRAY(arena, struct string_pair, map->count + 1);
	if (map->count)
		memcpy(items, map->items, map->count * sizeof(*items));
	items[map->count++] = (struct string_pair){
		.key = path,
		.value = real ? arena_strdup(arena, real)
			      : path_normalize(arena, path_join(arena, bundle, path)),
	};
	map->items = items;
	return 0;
}

static int add_real_paths(struct arena *arena, const struct string_list *paths, const char *bundle,
			  struct policy_facts *facts, struct error *error)
{
	for (size_t i = 0; i < paths->count; i++)
		if (add_real_path(arena, paths->items[i], bundle, facts, error))
			return -1;
	return 0;
}

int policy_facts_gather(struct arena *arena, const struct policy *policy, const struct oci_config *config,
			const char *bundle, struct policy_facts *facts, struct error *error)
{
	const void *namespaces = policy_value(policy, "namespaces");
	const void *user = policy_value(policy, "user");
	struct string_list denied = mounts_denied(arena, policy_value(policy, "mounts"));

	facts->real_paths = (struct string_map){ 0 };
	for (size_t i = 0; config->linux_ && i < config->linux_->namespaces.count; i++) {
		const struct oci_namespace *entry = &config->linux_->namespaces.items[i];
		bool asked = namespaces_require(namespaces, entry->type) ||
			     (entry->type == OCI_NAMESPACE_USER && user_needs_namespace(user));

		if (entry->path && asked &&
		    look_at_namespace(entry->type, entry->path, &facts->joined[entry->type], error))
			return -1;
	}
	if (add_real_paths(arena, &denied, "/", facts, error))
		return -1;
	for (size_t i = 0; denied.count && i < config->mounts.count; i++) {
		struct string_list sources = mount_sources(arena, &config->mounts.items[i]);

		if (add_real_paths(arena, &sources, bundle, facts, error))
			return -1;
	}
	return 0;
}

int policy_facts_gather_process(const struct policy *policy, const struct oci_config *config, pid_t pid,
				struct policy_facts *facts, struct error *error)
{
	const struct oci_namespace *user = config_namespace(config, OCI_NAMESPACE_USER);
	char path[32];

	if (!user || !user->path || !user_needs_namespace(policy_value(policy, "user")))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	return look_at_namespace(OCI_NAMESPACE_USER, path, &facts->joined[OCI_NAMESPACE_USER], error);
}
