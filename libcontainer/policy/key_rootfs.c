/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs.readonly: true mounts the root file system read-only. */
#include "policy/key.h"

struct rootfs_value {
	bool readonly;
	struct string_list names;
};

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	static const char *const members[] = { "readonly", NULL };
	struct rootfs_value *rootfs = ARENA_NEW(reading->arena, struct rootfs_value);
	const struct json_value *readonly;

	if (reading_object(reading, "rootfs", value, members))
		return NULL;
	readonly = json_get(value, "readonly");
	if (readonly && reading_bool(reading, "rootfs.readonly", readonly, &rootfs->readonly))
		return NULL;
	rootfs->names = reading->names;
	return rootfs;
}

static const void *merge(struct arena *arena, const void *left, const void *right)
{
	const struct rootfs_value *a = left, *b = right;
	struct rootfs_value *stricter;

	if (a->readonly != b->readonly)
		return a->readonly ? a : b;
	stricter = ARENA_NEW(arena, struct rootfs_value);
	*stricter = (struct rootfs_value){ a->readonly, names_unite(arena, &a->names, &b->names) };
	return stricter;
}

static void print(struct json_writer *writer, const void *value)
{
	json_begin_object(writer);
	json_member_bool(writer, "readonly", ((const struct rootfs_value *)value)->readonly);
	json_end_object(writer);
}

static void apply(struct policy_pass *pass, const void *value)
{
	const struct rootfs_value *rootfs = value;
	struct oci_root *root = pass->target->root;

	if (!rootfs->readonly || !root || root->readonly)
		return;
	root->readonly = true;
	pass_change(pass, &rootfs->names, "rootfs.readonly", "root.readonly", "false", "true");
}

const struct policy_key key_rootfs = {
	.name = "rootfs",
	.stages = POLICY_STAGE_CREATE,
	.read = read_value,
	.merge = merge,
	.print = print,
	.apply = apply,
};
