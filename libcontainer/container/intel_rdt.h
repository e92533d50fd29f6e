/* SPDX-License-Identifier: Apache-2.0 */
/* A container's resctrl groups, and the file in its directory that says which of them were made for it. */
#pragma once

#include "cgroup/cgroup.h"
#include "cgroup/resctrl.h"
#include "state/store.h"

/*
 * Carries linux.intelRdt out, where it is set, and opens what the container's process joins with. The file is written
 * before anything is made. 0, or -1 with nothing left.
 */
int intel_rdt_create(struct arena *arena, const struct store_entry *entry, const struct oci_config *config,
		     int tasks[RESCTRL_TASKS_MAX], struct error *error);

/* For a process that joins the container. 0, or -1. */
int intel_rdt_open(struct arena *arena, const char *container_id, const struct oci_config *config,
		   int tasks[RESCTRL_TASKS_MAX], struct error *error);

/*
 * Changes its shares: those of "l3CacheSchema" and "memBwSchema" that @shares has. A container without intelRdt gets a
 * group of its own, with all its processes. @config gets what it has then. 0, or -1.
 */
int intel_rdt_update(struct arena *arena, const struct store_entry *entry, const struct cgroup *cgroup,
		     struct oci_config *config, const struct oci_intel_rdt *shares, struct error *error);

/* Removes what was made for it. 0, or -1. */
int intel_rdt_destroy(struct arena *arena, const struct store_entry *entry, struct error *error);
