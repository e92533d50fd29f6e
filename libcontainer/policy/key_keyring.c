/* SPDX-License-Identifier: Apache-2.0 */
/* keyring: "session": a fresh session keyring always, so that the caller's keys stay out of the container. */
#include "policy/level.h"

static const char key[] = "keyring";
static const char *const words[] = { "session", NULL };

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

	pass->hardening->session_keyring = true;
	if (pass->facts->no_new_keyring)
		pass_change(pass, &level->names, key, "session keyring", "the caller's", "a fresh one");
}

const struct policy_key key_keyring = {
	.name = key,
	.stages = POLICY_STAGE_CREATE,
	.read = read_value,
	.merge = level_merge_values,
	.print = print,
	.apply = apply,
};
