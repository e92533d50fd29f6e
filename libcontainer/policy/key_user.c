/* SPDX-License-Identifier: Apache-2.0 */
/* user.nonRoot: true refuses uid 0, unless it is another one on the host. */
#include "policy/key.h"

struct user_value {
	bool non_root;
	struct string_list names;
};

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	static const char *const members[] = { "nonRoot", NULL };
	struct user_value *user = ARENA_NEW(reading->arena, struct user_value);
	const struct json_value *non_root;

	if (reading_object(reading, "user", value, members))
		return NULL;
	non_root = json_get(value, "nonRoot");
	if (non_root && reading_bool(reading, "user.nonRoot", non_root, &user->non_root))
		return NULL;
	user->names = reading->names;
	return user;
}

static const void *merge(struct arena *arena, const void *left, const void *right)
{
	const struct user_value *a = left, *b = right;
	struct user_value *stricter;

	if (a->non_root != b->non_root)
		return a->non_root ? a : b;
	stricter = ARENA_NEW(arena, struct user_value);
	*stricter = (struct user_value){ a->non_root, names_unite(arena, &a->names, &b->names) };
	return stricter;
}

static void print(struct json_writer *writer, const void *value)
{
	json_begin_object(writer);
	json_member_bool(writer, "nonRoot", ((const struct user_value *)value)->non_root);
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
	const struct user_value *user = value;

	if (!user->non_root || !pass->process || pass->process->user.uid != 0 || root_is_remapped(pass))
		return 0;
	return policy_refuse(
		&user->names, "user.nonRoot", error,
		"process runs as root; give it another user (--user), a user namespace that maps root "
		"to another user, or run with --policy off");
}

bool user_needs_namespace(const void *value)
{
	return value && ((const struct user_value *)value)->non_root;
}

bool policy_demands_non_root(const struct policy *policy)
{
	return user_needs_namespace(policy_value(policy, "user"));
}

const struct policy_key key_user = {
	.name = "user",
	.stages = POLICY_STAGE_CREATE | POLICY_STAGE_EXEC,
	.read = read_value,
	.merge = merge,
	.print = print,
	.refuse = refuse,
};
