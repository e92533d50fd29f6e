/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/mountinfo, line by line. proc(5) */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct mountinfo {
	uint64_t id;
	uint64_t parent; /* the mount that this one is mounted on */
	const char *device; /* of its file system: "0:45" */
	const char *root; /* of the mount in its file system */
	const char *point; /* as the process sees it */
	const char *flags; /* of the mount: "rw,nosuid" */
	const char *type; /* "tmpfs", "cgroup2", … */
	const char *options; /* of the file system, as it prints them: "rw,size=64k" */
};

struct mountinfo_list {
	struct mountinfo *items;
	size_t count;
};

/*
 * Takes the next line off *text, which is changed: what @mount points to lies in there. False at the end. A line that
 * makes no sense is skipped.
 */
bool mountinfo_next(char **text, struct mountinfo *mount);

/* The whole of @text, which is changed and goes on being pointed to. */
struct mountinfo_list mountinfo_parse(struct arena *arena, char *text);

/* The mount @id of @list, or NULL. */
const struct mountinfo *mountinfo_find(const struct mountinfo_list *list, uint64_t id);

/*
 * Whether a file system of the type @magic (statfs(2)'s f_type) is mounted anywhere in this mount namespace, over or under
 * whatever else: 1 or 0. -1: only the table can tell. Much cheaper than the table, which the kernel writes as text.
 * listmount(2), statmount(2): since Linux 6.8
 */
int mountinfo_has_type(uint64_t magic);
