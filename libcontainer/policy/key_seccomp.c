/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp.profile: a built-in profile, or several. Each decides besides the one of the config, and nothing passes
 * that one of them denies.
 */
#include <string.h>

#include "policy/key.h"

static const char key[] = "seccomp.profile";

static const char *accept_profile(struct arena *arena, const char *text)
{
	(void)arena;
	return seccomp_profile_builtin(text) ? text : NULL;
}

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	static const char *const members[] = { "profile", NULL };
	static const char expected[] = "the name of a built-in seccomp profile, or an array of them";
	struct named_set *set = ARENA_NEW(reading->arena, struct named_set);
	const struct json_value *profile;
	struct json_value alone = { .type = JSON_ARRAY };

	if (reading_object(reading, "seccomp", value, members))
		return NULL;
	profile = json_get(value, "profile");
	if (!profile)
		return set;
	if (profile->type == JSON_STRING) {
		if (!seccomp_profile_builtin(profile->string)) {
			reading_error(reading, key, profile, expected);
			return NULL;
		}
		alone.array.items = (struct json_value *)profile;
		alone.array.count = 1;
		profile = &alone;
	}
	return reading_set(reading, key, profile, accept_profile, expected, set) ? NULL : set;
}

static const void *merge(struct arena *arena, const void *left, const void *right)
{
	struct named_set *united = ARENA_NEW(arena, struct named_set);

	*united = named_set_unite(arena, left, right);
	return united;
}

static void print(struct json_writer *writer, const void *value)
{
	json_begin_object(writer);
	json_key(writer, "profile");
	named_set_print(writer, value);
	json_end_object(writer);
}

static void apply(struct policy_pass *pass, const void *value)
{
	const struct named_set *set = value;
	struct string_list *profiles = &pass->hardening->seccomp_profiles;

	for (size_t i = 0; i < set->count; i++) {
		const struct named_item *item = &set->items[i];

		if (string_list_has(profiles, item->text))
			continue;
		string_list_add(pass->arena, profiles, item->text);
		pass_change(pass, &item->names, key, "seccomp filter", "absent", item->text);
	}
}

const struct policy_key key_seccomp = {
	.name = "seccomp",
	.stages = POLICY_STAGE_CREATE | POLICY_STAGE_EXEC,
	.read = read_value,
	.merge = merge,
	.print = print,
	.apply = apply,
};
