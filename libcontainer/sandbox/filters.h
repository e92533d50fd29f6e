/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp filters of a process: those of its policies, and the one of its config. */
#pragma once

#include "policy/hardening.h"
#include "seccomp/seccomp.h"

struct filters {
	struct seccomp_filter *items; /* in the order of loading; at most the last has a listener */
	size_t count;
};

/*
 * Compiles those of a container, or takes them from the directory @cache (seccomp_compile()). What one filter can do is one.
 * 0, or -1.
 */
int filters_compile(struct arena *arena, int cache, const struct oci_config *config,
		    const struct hardening *hardening, struct filters *filters, struct error *error);
