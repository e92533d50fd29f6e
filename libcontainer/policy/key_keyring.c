/* SPDX-License-Identifier: Apache-2.0 */
/* keyring: "session": a fresh session keyring always, so that the caller's keys stay out of the container. */
#include <string.h>

#include "policy/key.h"

struct keyring {
	struct string_list names;
};

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	struct keyring *keyring = ARENA_NEW(reading->arena, struct keyring);

	if (value->type != JSON_STRING || strcmp(value->string, "session") != 0) {
		reading_error(reading, "keyring", value, "\"session\"");
		return NULL;
	}
	keyring->names = reading->names;
	return keyring;
}

static const void *merge(struct arena *arena, const void *left, const void *right)
{
	const struct keyring *a = left, *b = right;
	struct keyring *both = ARENA_NEW(arena, struct keyring);

	both->names = names_unite(arena, &a->names, &b->names);
	return both;
}

static void print(struct json_writer *writer, const void *value)
{
	(void)value;
	json_string(writer, "session");
}

static void apply(struct policy_pass *pass, const void *value)
{
	const struct keyring *keyring = value;

	pass->hardening->session_keyring = true;
	if (pass->facts->no_new_keyring)
		pass_change(pass, &keyring->names, "keyring", "session keyring", "the caller's", "a fresh one");
}

const struct policy_key key_keyring = {
	.name = "keyring",
	.stages = POLICY_STAGE_CREATE,
	.read = read_value,
	.merge = merge,
	.print = print,
	.apply = apply,
};
