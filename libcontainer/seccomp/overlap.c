/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libseccomp must not be asked for. It keeps the rules with conditions for one call in a tree, and up to 2.5.4 at least,
 * adding one that has several conditions may never return where another one with several is there.
 */
#include <linux/bpf_common.h>
#include <string.h>

#include "seccomp/profile.h"

/* Whether it is one rule with several conditions: two on one argument make each a rule of its own. */
static bool has_several_conditions(const struct oci_syscall *rule)
{
	struct error ignored;

	return rule->args.count > 1 && seccomp_rule_alternatives(rule, &ignored) == 0;
}

static bool has_name(const struct oci_syscall *rule, const char *name, size_t before)
{
	for (size_t i = 0; i < rule->names.count && i < before; i++)
		if (strcmp(rule->names.items[i], name) == 0)
			return true;
	return false;
}

/* Whether a name of @rule is also one of @other's, or is there twice where they are the same. */
static bool have_a_call_in_common(const struct oci_syscall *rule, const struct oci_syscall *other)
{
	for (size_t i = 0; i < rule->names.count; i++)
		if (has_name(other, rule->names.items[i], rule == other ? i : SIZE_MAX))
			return true;
	return false;
}

bool seccomp_is_too_much_for_library(const struct oci_seccomp *profile)
{
	const struct oci_syscall *rules = profile->syscalls.items;
	size_t names = 0;

	/* Nobody needs so many that comparing them takes long. */
	for (size_t i = 0; i < profile->syscalls.count; i++)
		names += has_several_conditions(&rules[i]) ? rules[i].names.count : 0;
	if (names > BPF_MAXINSNS)
		return true;
	for (size_t i = 0; i < profile->syscalls.count; i++)
		for (size_t j = 0; has_several_conditions(&rules[i]) && j <= i; j++)
			if (has_several_conditions(&rules[j]) && have_a_call_in_common(&rules[i], &rules[j]))
				return true;
	return false;
}
