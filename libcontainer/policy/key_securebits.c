/* SPDX-License-Identifier: Apache-2.0 */
/*
 * securebits: uid 0 is nobody special to execve(2) and setuid(2), and the process cannot change that again.
 * "auto" where it has no capability to lose; "always" in any case: then only ambient capabilities outlive execve(2).
 */
#include "policy/level.h"

static const char key[] = "securebits";
static const char *const words[] = { "off", "auto", "always", NULL };

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	return level_read_word(reading, key, value, words);
}

static void print(struct json_writer *writer, const void *value)
{
	json_string(writer, words[((const struct level *)value)->value]);
}

static void apply(struct policy_pass *pass, const void *value)
{
	const struct level *level = value;

	if (level->value <= pass->hardening->securebits)
		return;
	pass_change(pass, &level->names, key, "securebits", words[pass->hardening->securebits],
		    words[level->value]);
	pass->hardening->securebits = (enum securebits_lock)level->value;
}

const struct policy_key key_securebits = {
	.name = key,
	.stages = POLICY_STAGE_CREATE | POLICY_STAGE_EXEC,
	.read = read_value,
	.merge = level_merge_values,
	.print = print,
	.apply = apply,
};
