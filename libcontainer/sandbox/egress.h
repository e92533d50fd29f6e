/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the container may send packets: rules of nftables in its network namespace, put there by the companion
 * (ondemand/) once the engine's hooks have set the network up, and looked at again before a program runs.
 *
 * They are a table of family inet named after what it says: "casemate-" and a digest. So the containers of a pod, which
 * share a network namespace, have a table for each different plan, a packet has to pass all of them, and a container
 * that is started again finds its own. They go with the namespace.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "policy/hardening.h"

enum egress_request {
	EGRESS_SET, /* put the rules there, in place of the same ones */
	EGRESS_CHECK, /* make sure that they are there */
};

/*
 * Does it in the network namespace of the descriptor @network, which must not be the host's. 0, or -1 with a refusal:
 * the kernel or the host's libraries cannot, or the rules are not as planned.
 */
int egress_carry_out(struct arena *arena, const struct egress_plan *plan, int network,
		     enum egress_request request, struct error *error);

/* Whether the rules are in force in @network; *found is what there is instead. 1, 0, or -1: it cannot be told. */
int egress_look(struct arena *arena, const struct egress_plan *plan, int network, const char **found,
		struct error *error);
