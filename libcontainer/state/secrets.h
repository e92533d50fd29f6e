/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of the environment are secrets: the kept configuration goes without them. Who needs them later reads them from
 * the bundle again: exec the process's, start and delete those of the hooks that run then.
 */
#pragma once

#include "state/state.h"

/* @config without the environments of its process and hooks; what it has else is shared with @config. */
struct oci_config secrets_without(struct arena *arena, const struct oci_config *config);

/*
 * Gives the hooks of @config, as it was kept, their environments from the container's bundle. Where the bundle has gone,
 * or has other hooks now, they stay without, and a warning says so.
 */
void secrets_restore_hooks(struct arena *arena, const struct saved_state *state, struct oci_config *config);
