/* SPDX-License-Identifier: Apache-2.0 */
/* An existing container, opened for a command: its directory, its state, its cgroups. */
#pragma once

#include "policy/policy.h"
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
/*
 * What @bundle_or_id (NULL: the working directory) of `explain` and `audit` names. What can be an id and is one is a
 * container, opened then: 1. All else is a bundle's directory: 0. -1 where it is neither.
 */
int container_find(struct arena *arena, const struct runtime *runtime, const char *bundle_or_id,
		   struct container *container, struct error *error);
void container_close(struct container *container);
#define _cleanup_container_ _cleanup_(container_close)

/* Keeps the hardened @config with the container: it has no value of the environment any more, see secrets.h. 0, or -1. */
int container_save_config(const struct store_entry *entry, const struct oci_config *config,
			  struct error *error);
int container_load_config(struct arena *arena, const struct store_entry *entry, struct oci_config **config,
			  struct error *error);

/* Likewise the policies that were applied to it, and what they changed. 0, or -1: also where they are not there. */
int container_save_policy(const struct store_entry *entry, const struct policy *policy,
			  const struct policy_changes *changes, struct error *error);
int container_load_policy(struct arena *arena, const struct container *container, struct policy **policy,
			  struct error *error);
int container_load_changes(struct arena *arena, const struct container *container,
			   struct policy_changes *changes, struct error *error);

/*
 * What the kept policy asks for besides the kept @config, which is as strict already: *policy and *hardening. 0, or -1.
 */
int container_hardening(struct arena *arena, const struct container *container, const struct oci_config *config,
			struct policy **policy, struct hardening *hardening, struct error *error);

/* What it is doing now, by its process and its freezer. */
enum container_status container_status(const struct container *container);
