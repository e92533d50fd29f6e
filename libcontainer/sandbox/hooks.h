/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks of the OCI specification: programs that get the container's state on their standard input. */
#pragma once

#include "base/error.h"
#include "spec/config.h"

/*
 * Runs the hooks of one kind in their order and waits for each; the first that cannot be run, exits with a
 * status other than 0 or outlives its timeout (it is killed then) ends it: "error running KIND hook #0: …".
 * A hook has the environment that its entry names and no other, "/" as its working directory, @state on its
 * standard input, and none of the caller's descriptors but standard output and error. 0, or -1.
 */
int hooks_run(const char *kind, const struct oci_hook_list *hooks, const char *state, struct error *error);
