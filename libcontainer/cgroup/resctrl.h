/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.intelRdt: the shares of cache and memory bandwidth of a container, as groups of the resctrl file system. A
 * group is a class of service named closID ("/": the one of all that have no other), or the container's own, named
 * like it; with enableMonitoring there is one below it that only counts.
 * Source: config-linux.md, "IntelRdt"; Documentation/filesystems/resctrl.rst of the kernel.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "spec/config.h"

#define RESCTRL_MOUNTPOINT "/sys/fs/resctrl" /* the kernel makes it for this */
#define RESCTRL_TASKS_MAX 2

/* Opens the mounted file system. A descriptor, or -1 ("Intel RDT is not enabled", as runc says it). */
int resctrl_open(struct error *error);

/* Whether it is mounted: what statistics are asked for by. */
bool resctrl_is_mounted(void);

/* Each of these takes the file system's root. */

/* The directory with what is known of the L3 cache's shares, relative to @root; NULL where they cannot be set. */
const char *resctrl_cache_info(int root);

/* What the hardware must have for @wanted. 0, or -1. */
int resctrl_check(int root, const struct oci_intel_rdt *wanted, struct error *error);

/* The directories that resctrl_create() will have to make, in that order, relative to @root. */
struct string_list resctrl_plan(struct arena *arena, int root, const struct oci_intel_rdt *wanted,
				const char *container_id);

/*
 * Makes the directories of @plan and sets the shares. A group that was there already is shared with others: it is not
 * changed, its shares must be those that are wanted. 0, or -1 with what was made removed.
 */
int resctrl_create(struct arena *arena, int root, const struct oci_intel_rdt *wanted, const char *container_id,
		   const struct string_list *plan, struct error *error);

/*
 * Opens the files that a process writes "0" to, one after the other, to become a member; tasks[] is -1 where there is
 * none. 0, or -1 with none open.
 */
int resctrl_open_tasks(struct arena *arena, int root, const struct oci_intel_rdt *wanted,
		       const char *container_id, int tasks[RESCTRL_TASKS_MAX], struct error *error);

/* Removes what a plan made, but for a class that others have joined meanwhile. What is gone is no error. 0, or -1. */
int resctrl_remove(struct arena *arena, int root, const struct string_list *plan, struct error *error);

/* The directory of a container's group, and of the one that counts (NULL: none), relative to the root. */
const char *resctrl_group_path(const struct oci_intel_rdt *wanted, const char *container_id);
const char *resctrl_monitor_path(struct arena *arena, const struct oci_intel_rdt *wanted,
				 const char *container_id);

/* A container's group. */
struct resctrl_group {
	int root;
	const struct oci_intel_rdt *wanted;
	const char *container_id;
};

/*
 * Writes the object "intel_rdt" of runc's statistics: what the hardware has, the shares of the root and of the group,
 * and its counters. 0, or -1 with the object not ended.
 */
int resctrl_stats(struct json_writer *writer, const struct resctrl_group *group, struct error *error);

/* Changes shares of the group: @schemata as resctrl_schemata() makes it. 0, or -1. */
int resctrl_set_shares(struct arena *arena, const struct resctrl_group *group, const char *schemata,
		       struct error *error);

/*
 * Makes those of @threads that are no members of the group its members, through @tasks of resctrl_open_tasks(). What
 * has ended is no error. The number of those that were none, or -1.
 */
int resctrl_add(struct arena *arena, const struct resctrl_group *group, const int tasks[RESCTRL_TASKS_MAX],
		const pid_t *threads, size_t count, struct error *error);

/*
 * What a container has when those members of @update that are set ("l3CacheSchema", "memBwSchema") come to what it
 * had (NULL: nothing): lines of "schemata" for the same resource are left out.
 */
struct oci_intel_rdt *resctrl_merge(struct arena *arena, const struct oci_intel_rdt *current,
				    const struct oci_intel_rdt *update);

/* The lines to be written, NULL where there are none. A later member replaces the lines of an earlier one. */
const char *resctrl_schemata(struct arena *arena, const struct oci_intel_rdt *wanted);

/* Whether @present, as the kernel prints it, has every share that @wanted asks for. */
bool resctrl_schemata_has(const char *present, const char *wanted);
