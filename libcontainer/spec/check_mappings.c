/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "spec/check.h"

#define MAPPINGS_MAX 340 /* user_namespaces(7): the lines of a uid_map */

static bool overlap(uint32_t left, uint32_t right, const struct oci_id_mapping *a,
		    const struct oci_id_mapping *b)
{
	return left < (uint64_t)right + b->size && right < (uint64_t)left + a->size;
}

/* What the kernel would answer with "invalid argument" when the map is written. */
static int check_list(const char *member, const struct oci_id_mapping_list *list, struct error *error)
{
	if (list->count > MAPPINGS_MAX)
		return error_set(error, 0, "%s: found %zu, expected at most %d", member, list->count,
				 MAPPINGS_MAX);
	for (size_t i = 0; i < list->count; i++) {
		const struct oci_id_mapping *mapping = &list->items[i];

		if (mapping->size == 0)
			return error_set(error, 0, "%s[%zu].size: found 0, expected at least 1", member, i);
		if ((uint64_t)mapping->container_id + mapping->size > UINT32_MAX ||
		    (uint64_t)mapping->host_id + mapping->size > UINT32_MAX)
			return error_set(error, 0, "%s[%zu]: reaches beyond the last id, %u", member, i,
					 UINT32_MAX - 1);
		for (size_t j = 0; j < i; j++) {
			const struct oci_id_mapping *other = &list->items[j];

			if (overlap(mapping->container_id, other->container_id, mapping, other) ||
			    overlap(mapping->host_id, other->host_id, mapping, other))
				return error_set(error, 0, "%s[%zu]: overlaps %s[%zu]", member, i, member, j);
		}
	}
	return 0;
}

static bool is_mapped(const struct oci_id_mapping_list *list, uint32_t id)
{
	for (size_t i = 0; i < list->count; i++)
		if (id >= list->items[i].container_id && id - list->items[i].container_id < list->items[i].size)
			return true;
	return false;
}

/* An id that the process shall have but the new namespace does not know. */
static int check_process_ids(const struct oci_config *config, struct error *error)
{
	const struct oci_linux *linux_ = config->linux_;
	const struct oci_user *user = &config->process->user;

	if (!is_mapped(&linux_->uid_mappings, user->uid))
		return error_set(
			error, 0,
			"process.user.uid: cannot set uid to unmapped user in user namespace: %u is not in linux.uidMappings",
			user->uid);
	if (!is_mapped(&linux_->gid_mappings, user->gid))
		return error_set(
			error, 0,
			"process.user.gid: cannot set gid to unmapped user in user namespace: %u is not in linux.gidMappings",
			user->gid);
	for (size_t i = 0; i < user->additional_gids.count; i++)
		if (!is_mapped(&linux_->gid_mappings, user->additional_gids.items[i]))
			return error_set(error, 0,
					 "process.user.additionalGids[%zu]: %u is not in linux.gidMappings", i,
					 user->additional_gids.items[i]);
	return 0;
}

int check_mappings(const struct oci_config *config, struct error *error)
{
	const struct oci_namespace *namespace = config_namespace(config, OCI_NAMESPACE_USER);
	const struct oci_linux *linux_ = config->linux_;
	bool any;

	if (!linux_)
		return 0;
	any = linux_->uid_mappings.count > 0 || linux_->gid_mappings.count > 0;
	if (check_list("linux.uidMappings", &linux_->uid_mappings, error) < 0 ||
	    check_list("linux.gidMappings", &linux_->gid_mappings, error) < 0)
		return -1;
	if (!namespace && any)
		return error_set(
			error, 0,
			"linux.uidMappings: user namespace mappings specified, but user namespace isn't enabled in the config");
	if (!namespace)
		return 0;
	/* Of a joined namespace the mappings are there already; engines repeat them, so they may stand here. */
	if (namespace->path)
		return 0;
	if (!any)
		return error_set(
			error, 0,
			"linux.uidMappings: user namespaces enabled, but no namespace path to join nor mappings to apply specified");
	if (linux_->uid_mappings.count == 0)
		return error_set(error, 0,
				 "linux.uidMappings: user namespaces enabled, but no uid mappings found");
	if (linux_->gid_mappings.count == 0)
		return error_set(error, 0,
				 "linux.gidMappings: user namespaces enabled, but no gid mappings found");
	if (!is_mapped(&linux_->uid_mappings, 0))
		return error_set(
			error, 0,
			"linux.uidMappings: user namespaces enabled, but no user mapping found for the container's id 0");
	if (!is_mapped(&linux_->gid_mappings, 0))
		return error_set(
			error, 0,
			"linux.gidMappings: user namespaces enabled, but no group mapping found for the container's id 0");
	return config->process ? check_process_ids(config, error) : 0;
}

/* An id-mapped mount takes its own mappings, else those of the container's user namespace. */
int check_mount_mappings(const struct oci_config *config, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };

	for (size_t i = 0; i < config->mounts.count; i++) {
		const struct oci_mount *mount = &config->mounts.items[i];
		bool any = mount->uid_mappings.count > 0 || mount->gid_mappings.count > 0;
		const char *member;

		if (!any && !mount_has_either(mount, "idmap", "ridmap"))
			continue;
		member = arena_printf(&arena, "mounts[%zu]", i);
		if (!mount_has_either(mount, "bind", "rbind"))
			return error_set(error, 0, "%s: id-mapped mounts are only supported for bind-mounts",
					 member);
		if (any ? mount->uid_mappings.count == 0 || mount->gid_mappings.count == 0
			: !config_namespace(config, OCI_NAMESPACE_USER))
			return error_set(error, 0,
					 "%s: id-mapped mounts must have both uid and gid mappings specified",
					 member);
		if (check_list(arena_printf(&arena, "%s.uidMappings", member), &mount->uid_mappings, error) <
			    0 ||
		    check_list(arena_printf(&arena, "%s.gidMappings", member), &mount->gid_mappings, error) < 0)
			return -1;
	}
	return 0;
}
