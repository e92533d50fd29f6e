/* SPDX-License-Identifier: Apache-2.0 */
/* config.json: read, printed, read again; checked; hardened by every built-in policy. */
#include "fuzz.h"
#include "policy/policy.h"
#include "spec/config.h"

/* Applying a policy twice changes nothing more, and never ends in anything that cannot be printed. */
static void harden(struct arena *arena, struct oci_config *config, const char *name)
{
	const struct policy_facts facts = { 0 };
	const struct policy_site site = { .default_policy = name };
	struct policy_changes changes = { 0 };
	struct hardening hardening = { 0 };
	struct error error = { 0 };
	struct policy *policy;
	size_t count;

	/* The annotation may name what the site does not allow. */
	config->annotations = (struct string_map){ 0 };
	fuzz_require(policy_load(arena, &site, name, config, &policy, &error) == 0);
	if (policy_apply(arena, policy, config, &facts, &hardening, &changes, &error) < 0) {
		fuzz_require_message(&error);
		return;
	}
	count = changes.count;
	fuzz_require(policy_apply(arena, policy, config, &facts, &hardening, &changes, &error) == 0);
	fuzz_require(changes.count == count);
}

static void check_and_harden(struct arena *arena, struct oci_config *config)
{
	struct error error = { 0 };

	if (config_check(config, &error) < 0)
		fuzz_require_message(&error);
	for (const char *const *name = policy_builtin_names(); *name; name++)
		harden(arena, config_copy(arena, config), *name);
}

FUZZ_DOCUMENT(config, struct oci_config, check_and_harden(&arena, document))
