/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs.readonly: true mounts the root file system read-only. */
#include "policy/level.h"

static const char key[] = "rootfs";
static const char path[] = "rootfs.readonly";

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	return level_read_member(reading, key, path, value);
}

static void print(struct json_writer *writer, const void *value)
{
	json_begin_object(writer);
	json_member_bool(writer, "readonly", ((const struct level *)value)->value);
	json_end_object(writer);
}

static void apply(struct policy_pass *pass, const void *value)
{
	const struct level *level = value;
	struct oci_root *root = pass->target->root;

	if (!level->value || !root || root->readonly)
		return;
	root->readonly = true;
	pass_change(pass, &level->names, path, "root.readonly", "false", "true");
}

const struct policy_key key_rootfs = {
	.name = key,
	.stages = POLICY_STAGE_CREATE,
	.read = read_value,
	.merge = level_merge_values,
	.print = print,
	.apply = apply,
};
