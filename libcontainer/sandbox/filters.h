/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp filters of a process: those of its policies, and the one of its config. */
#pragma once

#include "policy/policy.h"
#include "sandbox/sandbox.h"
#include "state/store.h"

/*
 * Compiles them, or takes them from the cache in @store, into @sandbox, in the order in which they are loaded: the
 * config's is the last, as it may forbid to load another or hand out a listener. 0, or -1.
 */
int filters_compile(struct arena *arena, const struct store *store, const struct oci_config *config,
		    const struct hardening *hardening, struct sandbox *sandbox, struct error *error);
