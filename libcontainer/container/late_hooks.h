/* SPDX-License-Identifier: Apache-2.0 */
/* The hooks of a container that runs, and of one that is no more. Those before are the creation's. */
#pragma once

#include "state/state.h"

/* poststart, in the runtime's namespaces; the first that fails ends them. 0, or -1. */
int run_poststart_hooks(struct arena *arena, const struct saved_state *state, const struct oci_config *config,
			struct error *error);

/* poststop: each that fails is a warning, as the specification has it. */
void run_poststop_hooks(struct arena *arena, const struct saved_state *state, const struct oci_config *config);
