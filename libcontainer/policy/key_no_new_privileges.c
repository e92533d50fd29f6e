/* SPDX-License-Identifier: Apache-2.0 */
/* noNewPrivileges: true sets it. */
#include "policy/key.h"

struct flag {
	bool set;
	struct string_list names;
};

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	struct flag *flag = ARENA_NEW(reading->arena, struct flag);

	if (reading_bool(reading, "noNewPrivileges", value, &flag->set))
		return NULL;
	flag->names = reading->names;
	return flag;
}

static const void *merge(struct arena *arena, const void *left, const void *right)
{
	const struct flag *a = left, *b = right;
	struct flag *stricter;

	if (a->set != b->set)
		return a->set ? a : b;
	stricter = ARENA_NEW(arena, struct flag);
	*stricter = (struct flag){ a->set, names_unite(arena, &a->names, &b->names) };
	return stricter;
}

static void print(struct json_writer *writer, const void *value)
{
	json_bool(writer, ((const struct flag *)value)->set);
}

static void apply(struct policy_pass *pass, const void *value)
{
	const struct flag *flag = value;

	if (!flag->set || !pass->process || pass->process->no_new_privileges)
		return;
	pass->process->no_new_privileges = true;
	pass_change(pass, &flag->names, "noNewPrivileges", "process.noNewPrivileges", "false", "true");
}

const struct policy_key key_no_new_privileges = {
	.name = "noNewPrivileges",
	.stages = POLICY_STAGE_CREATE | POLICY_STAGE_EXEC,
	.read = read_value,
	.merge = merge,
	.print = print,
	.apply = apply,
};
