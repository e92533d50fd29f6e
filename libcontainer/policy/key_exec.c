/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec: whether a process may enter the running container. "lockable": `casemate lock` closes it for all, root and
 * engines included, until `casemate unlock`.
 */
#include "policy/level.h"

static const char key[] = "exec";
static const char *const words[] = { "allow", "lockable", "deny", NULL };

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	return level_read_word(reading, key, value, words);
}

static void print(struct json_writer *writer, const void *value)
{
	json_string(writer, words[((const struct level *)value)->value]);
}

static int refuse(const struct policy_pass *pass, const void *value, struct error *error)
{
	const struct level *level = value;

	if (pass->stage != POLICY_STAGE_EXEC)
		return 0;
	if (level->value == EXEC_DENY)
		return policy_refuse(&level->names, key, error,
				     "no process may join this container; create it with another policy or run "
				     "with --policy off");
	if (level->value == EXEC_LOCKABLE && pass->facts->exec_locked)
		return policy_refuse(
			&level->names, key, error,
			"the container is locked; unlock it with `casemate unlock`, create it with "
			"another policy or run with --policy off");
	return 0;
}

/* Nothing of the configuration: what holds for those that want to join is said when the container is made. */
static void apply(struct policy_pass *pass, const void *value)
{
	const struct level *level = value;

	if (pass->stage != POLICY_STAGE_CREATE || level->value <= pass->hardening->exec)
		return;
	pass_change(pass, &level->names, key, "exec", words[pass->hardening->exec], words[level->value]);
	pass->hardening->exec = (enum exec_rule)level->value;
}

enum exec_rule policy_exec_rule(const struct policy *policy)
{
	const struct level *level = policy_value(policy, key);

	return level ? (enum exec_rule)level->value : EXEC_ALLOW;
}

const struct policy_key key_exec = {
	.name = key,
	.stages = POLICY_STAGE_CREATE | POLICY_STAGE_EXEC,
	.read = read_value,
	.merge = level_merge_values,
	.print = print,
	.refuse = refuse,
	.apply = apply,
};
