/* SPDX-License-Identifier: Apache-2.0 */
/* user.nonRoot: true refuses uid 0, unless it is another one on the host. */
#include "policy/level.h"

static const char key[] = "user";
static const char path[] = "user.nonRoot";

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	return level_read_member(reading, key, path, value);
}

static void print(struct json_writer *writer, const void *value)
{
	json_begin_object(writer);
	json_member_bool(writer, "nonRoot", ((const struct level *)value)->value);
	json_end_object(writer);
}

static bool root_is_remapped(const struct policy_pass *pass)
{
	const struct oci_namespace *user = config_namespace(pass->config, OCI_NAMESPACE_USER);
	const struct oci_id_mapping_list *mappings;

	if (pass->facts->rootless)
		return true;
	if (!user)
		return false;
	if (user->path)
		return pass->facts->joined[OCI_NAMESPACE_USER] == POLICY_NAMESPACE_OTHER;
	mappings = &pass->config->linux_->uid_mappings;
	for (size_t i = 0; i < mappings->count; i++)
		if (mappings->items[i].container_id == 0 && mappings->items[i].size > 0)
			return mappings->items[i].host_id != 0;
	return false;
}

static int refuse(const struct policy_pass *pass, const void *value, struct error *error)
{
	const struct level *level = value;

	if (!level->value || !pass->process || pass->process->user.uid != 0 || root_is_remapped(pass))
		return 0;
	return policy_refuse(
		&level->names, path, error,
		"process runs as root; give it another user (--user), a user namespace that maps root "
		"to another user, or run with --policy off");
}

bool user_needs_namespace(const void *value)
{
	return value && ((const struct level *)value)->value;
}

bool policy_demands_non_root(const struct policy *policy)
{
	return user_needs_namespace(policy_value(policy, key));
}

const struct policy_key key_user = {
	.name = key,
	.stages = POLICY_STAGE_CREATE | POLICY_STAGE_EXEC,
	.read = read_value,
	.merge = level_merge_values,
	.print = print,
	.refuse = refuse,
};
