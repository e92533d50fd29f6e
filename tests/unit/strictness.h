/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What "at least as strict" means, written a second time and in another way than in the policy room: by asking
 * of a config what it allows. The tests of the laws hold the room against this.
 */
#pragma once

#include <stdbool.h>

#include "policy/policy.h"

/* What @after allows and @before did not, or NULL: then it is at least as strict. */
const char *looser_in(struct arena *arena, const struct oci_config *before, const struct oci_config *after);

/* What of the policy @document (as it was written) does not hold in @after, made of @before; or NULL. */
const char *unmet_in(struct arena *arena, const struct json_value *document, const struct oci_config *before,
		     const struct oci_config *after, const struct policy_facts *facts,
		     const struct hardening *hardening);

/* What @after asks less of than @before of what a config has no member for, or NULL. */
const char *looser_hardening(const struct hardening *before, const struct hardening *after);
