/* SPDX-License-Identifier: Apache-2.0 */
/* noNewPrivileges: true sets it. */
#include "policy/level.h"

static const char key[] = "noNewPrivileges";

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	return level_read_bool(reading, key, value);
}

static void print(struct json_writer *writer, const void *value)
{
	json_bool(writer, ((const struct level *)value)->value);
}

static void apply(struct policy_pass *pass, const void *value)
{
	const struct level *level = value;

	if (!level->value || !pass->process || pass->process->no_new_privileges)
		return;
	pass->process->no_new_privileges = true;
	pass_change(pass, &level->names, key, "process.noNewPrivileges", "false", "true");
}

const struct policy_key key_no_new_privileges = {
	.name = key,
	.stages = POLICY_STAGE_CREATE | POLICY_STAGE_EXEC,
	.read = read_value,
	.merge = level_merge_values,
	.print = print,
	.apply = apply,
};
