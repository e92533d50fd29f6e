/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks of the OCI specification: programs that get the container's state on their standard input. */
#pragma once

#include "base/error.h"
#include "spec/config.h"

/*
 * Where hooks run: their working directory (-1: "/"), and the environment of those that name none (NULL: an
 * empty one, so that nothing of an image's reaches a program of the host).
 */
struct hook_place {
	int directory;
	char **environment;
};

/*
 * Runs the hooks of one kind in their order and waits for each; the first that cannot be run, exits with a
 * status other than 0 or outlives its timeout (it is killed then) ends it: "error running KIND hook #0: …", with
 * what it said. A hook gets @state on its standard input and none of the caller's descriptors. @place may be
 * NULL. 0, or -1.
 */
int hooks_run(const char *kind, const struct oci_hook_list *hooks, const char *state,
	      const struct hook_place *place, struct error *error);
