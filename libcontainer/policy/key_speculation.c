/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speculation: storeBypass, indirectBranch, l1dFlush: what the CPU may not guess for this process, each "off" (left
 * as it is), "auto" or "require". See prctl(2), PR_SET_SPECULATION_CTRL, and the kernel's admin-guide/hw-vuln.
 */
#include "policy/level.h"

static const char *const controls[] = {
	[SPECULATION_STORE_BYPASS] = "storeBypass",
	[SPECULATION_INDIRECT_BRANCH] = "indirectBranch",
	[SPECULATION_L1D_FLUSH] = "l1dFlush",
	[SPECULATION_CONTROLS] = NULL,
};
static const char *const paths[] = { "speculation.storeBypass", "speculation.indirectBranch",
				     "speculation.l1dFlush" };

struct speculations {
	struct level levels[SPECULATION_CONTROLS];
};

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	struct speculations *all = ARENA_NEW(reading->arena, struct speculations);

	if (reading_object(reading, "speculation", value, controls))
		return NULL;
	for (size_t i = 0; i < SPECULATION_CONTROLS; i++) {
		const struct json_value *one = json_get(value, controls[i]);

		if (one && level_read(reading, paths[i], one, demand_words, &all->levels[i]))
			return NULL;
	}
	return all;
}

static const void *merge(struct arena *arena, const void *left, const void *right)
{
	const struct speculations *a = left, *b = right;
	struct speculations *both = ARENA_NEW(arena, struct speculations);

	for (size_t i = 0; i < SPECULATION_CONTROLS; i++)
		both->levels[i] = level_merge(arena, &a->levels[i], &b->levels[i]);
	return both;
}

static void print(struct json_writer *writer, const void *value)
{
	const struct speculations *all = value;

	json_begin_object(writer);
	for (size_t i = 0; i < SPECULATION_CONTROLS; i++) {
		if (all->levels[i].value == DEMAND_OFF)
			continue;
		json_member_string(writer, controls[i], demand_words[all->levels[i].value]);
	}
	json_end_object(writer);
}

static void apply(struct policy_pass *pass, const void *value)
{
	const struct speculations *all = value;

	for (size_t i = 0; i < SPECULATION_CONTROLS; i++) {
		const struct level *level = &all->levels[i];
		enum demand *now = &pass->hardening->speculation[i];

		if (level->value <= *now)
			continue;
		pass_change(pass, &level->names, paths[i], paths[i], demand_words[*now],
			    demand_words[level->value]);
		*now = (enum demand)level->value;
		pass->hardening->speculation_by[i] = level->names;
	}
}

const struct policy_key key_speculation = {
	.name = "speculation",
	.stages = POLICY_STAGE_CREATE | POLICY_STAGE_EXEC,
	.read = read_value,
	.merge = merge,
	.print = print,
	.apply = apply,
};
