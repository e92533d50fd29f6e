/* SPDX-License-Identifier: Apache-2.0 */
/* coreScheduling: no process of another container or of the host runs on a core's other threads meanwhile. */
#include "policy/level.h"

static const char key[] = "coreScheduling";

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	return level_read_word(reading, key, value, demand_words);
}

static void print(struct json_writer *writer, const void *value)
{
	json_string(writer, demand_words[((const struct level *)value)->value]);
}

static void apply(struct policy_pass *pass, const void *value)
{
	const struct level *level = value;

	if (level->value <= pass->hardening->core_scheduling)
		return;
	pass_change(pass, &level->names, key, "core scheduling", demand_words[pass->hardening->core_scheduling],
		    demand_words[level->value]);
	pass->hardening->core_scheduling = (enum demand)level->value;
	pass->hardening->core_scheduling_by = level->names;
}

const struct policy_key key_core_scheduling = {
	.name = key,
	.stages = POLICY_STAGE_CREATE | POLICY_STAGE_EXEC,
	.read = read_value,
	.merge = level_merge_values,
	.print = print,
	.apply = apply,
};
