/* SPDX-License-Identifier: Apache-2.0 */
/* The profiles that are planned for the processes of a container. */
#pragma once

#include "policy/policy.h"
#include "spec/config.h"

/*
 * Those of its policies (guards, then profiles; read for the container's bounding set) and, last, its
 * configuration's: *profiles in @arena, *count of them, which may be 0. 0, or -1.
 */
int seccomp_planned(struct arena *arena, const struct oci_config *config, const struct hardening *hardening,
		    const struct oci_seccomp *const **profiles, size_t *count, struct error *error);
