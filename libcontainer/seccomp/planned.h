/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is planned for the processes of a container: the profiles of its policies (guards, then profiles; read for the
 * container's bounding set) and, last, its configuration's, which may forbid to load another or hand out a listener.
 */
#pragma once

#include "policy/hardening.h"
#include "seccomp/seccomp.h"

struct seccomp_filters {
	struct seccomp_filter *items; /* in the order of loading; at most the last has a listener */
	size_t count;
};

/* Whether there is one at all. */
bool seccomp_is_planned(const struct oci_config *config, const struct hardening *hardening);

/* *profiles in @arena, *count of them, which may be 0. 0, or -1. */
int seccomp_planned_profiles(struct arena *arena, const struct oci_config *config,
			     const struct hardening *hardening, const struct oci_seccomp *const **profiles,
			     size_t *count, struct error *error);

/* seccomp_compile_all() of them. 0, or -1. */
int seccomp_planned_compile(struct arena *arena, int cache, const struct oci_config *config,
			    const struct hardening *hardening, struct seccomp_filters *filters,
			    struct error *error);
