/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy applied: first every key may refuse, looking at what came in; then every key changes it. So a
 * refusal does not depend on what another key has put right, and stacking cannot lift one.
 */
#include "policy/key.h"

static const struct policy_facts nothing_known;

static int judge(const struct policy_pass *pass, const struct policy *policy, struct error *error)
{
	for (size_t i = 0; policy_keys[i]; i++) {
		const struct policy_key *key = policy_keys[i];

		if (policy->values[i] && (key->stages & pass->stage) && key->refuse &&
		    key->refuse(pass, policy->values[i], error))
			return -1;
	}
	return 0;
}

static void change(struct policy_pass *pass, const struct policy *policy)
{
	for (size_t i = 0; policy_keys[i]; i++) {
		const struct policy_key *key = policy_keys[i];

		if (policy->values[i] && (key->stages & pass->stage) && key->apply)
			key->apply(pass, policy->values[i]);
	}
}

static int run_pass(struct policy_pass *pass, const struct policy *policy, struct error *error)
{
	if (!pass->facts)
		pass->facts = &nothing_known;
	if (judge(pass, policy, error))
		return -1;
	change(pass, policy);
	return 0;
}

static struct policy_pass pass_at_creation(struct arena *arena, struct oci_config *config,
					   const struct policy_facts *facts, struct hardening *hardening,
					   struct policy_changes *changes)
{
	return (struct policy_pass){
		.stage = POLICY_STAGE_CREATE,
		.arena = arena,
		.facts = facts,
		.config = config,
		.target = config,
		.process = config->process,
		.resources = config->linux_ ? config->linux_->resources : NULL,
		.hardening = hardening,
		.changes = changes,
	};
}

void policy_plan(struct arena *arena, const struct policy *policy, const struct oci_config *config,
		 const struct policy_facts *facts, struct hardening *hardening)
{
	struct policy_changes changes = { 0 };
	struct policy_pass pass =
		pass_at_creation(arena, config_copy(arena, config), facts, hardening, &changes);

	change(&pass, policy);
}

int policy_apply(struct arena *arena, const struct policy *policy, struct oci_config *config,
		 const struct policy_facts *facts, struct hardening *hardening, struct policy_changes *changes,
		 struct error *error)
{
	struct policy_pass pass = pass_at_creation(arena, config, facts, hardening, changes);

	return run_pass(&pass, policy, error);
}

int policy_apply_process(struct arena *arena, const struct policy *policy, const struct oci_config *config,
			 const struct policy_facts *facts, struct oci_process *process,
			 struct hardening *hardening, struct policy_changes *changes, struct error *error)
{
	struct policy_pass pass = {
		.stage = POLICY_STAGE_EXEC,
		.arena = arena,
		.facts = facts,
		.config = config,
		.process = process,
		.hardening = hardening,
		.changes = changes,
	};

	return run_pass(&pass, policy, error);
}

int policy_apply_resources(struct arena *arena, const struct policy *policy,
			   const struct oci_resources *current, const struct policy_facts *facts,
			   struct oci_resources *resources, struct policy_changes *changes, struct error *error)
{
	struct policy_pass pass = {
		.stage = POLICY_STAGE_UPDATE,
		.arena = arena,
		.facts = facts,
		.resources = resources,
		.current = current,
		.changes = changes,
	};

	return run_pass(&pass, policy, error);
}
