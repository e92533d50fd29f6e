/* SPDX-License-Identifier: Apache-2.0 */
/* An existing container, opened for a command: its directory, its state, its cgroups. */
#pragma once

#include "state/state.h"

struct container {
	struct store store;
	struct store_entry entry;
	struct saved_state state;
	struct cgroup *cgroup; /* NULL where none was made */
};

/* Opens container @id; @lock: to change it. 0, or -1 ("container does not exist"). */
int container_open(struct arena *arena, const struct runtime *runtime, const char *id, bool lock,
		   struct container *container, struct error *error);
void container_close(struct container *container);
#define _cleanup_container_ _cleanup_(container_close)

/* The hardened configuration that is kept with the container. 0, or -1. */
int container_load_config(struct arena *arena, const struct store_entry *entry, struct oci_config **config,
			  struct error *error);

/* The policies that were applied to it. 0, or -1. */
int container_load_policy(struct arena *arena, const struct container *container, struct policy **policy,
			  struct error *error);

/*
 * What the kept policy asks for besides the kept @config, which is as strict already: *policy and *hardening. 0, or -1.
 */
int container_hardening(struct arena *arena, const struct container *container, const struct oci_config *config,
			struct policy **policy, struct hardening *hardening, struct error *error);

enum container_status container_status(const struct container *container);
