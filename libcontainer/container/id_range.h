/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges of ids on the host that containers' users are mapped to, each container's its own: 65536 of the site's
 * `userns` (/etc/casemate/casemate.json), else of what /etc/subuid and /etc/subgid give the name "casemate" or
 * "containers". Which are taken is kept in the default state root, whatever --root is: engines have state roots of their
 * own, and users of the host in common.
 */
#pragma once

#include "policy/policy.h"
#include "state/slot.h"

/*
 * Fills *remap with a range that no other container has, and takes it for @id until *slot is kept or closed; @id NULL:
 * with what such a range looks like. Where none can be had, *remap says why. 0, or -1.
 */
int id_range_offer(struct arena *arena, const struct policy_site *site, const char *id,
		   struct policy_remap *remap, struct slot *slot, struct error *error);
