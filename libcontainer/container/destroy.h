/* SPDX-License-Identifier: Apache-2.0 */
/* Removing a container whose process has ended. */
#pragma once

#include "state/state.h"

/*
 * Kills what is left in its cgroups, removes them, runs the poststop hooks and removes its directory. A step
 * that fails does not keep the others from being done; the first failure is reported, and then the directory
 * stays, so that it can be tried again. @config NULL: the one that was kept is read. @cgroup may be NULL.
 */
int container_destroy(struct arena *arena, const struct store *store, const struct store_entry *entry,
		      const struct saved_state *state, const struct oci_config *config, struct cgroup *cgroup,
		      struct error *error);
