/* SPDX-License-Identifier: Apache-2.0 */
/* Which groups a process is in: /proc/PID/cgroup. cgroups(7) */
#pragma once

#include "base/arena.h"
#include "base/mountinfo.h"

struct cgroup_membership {
	const char *controllers; /* of the hierarchy: v1: "cpu,cpuacct" or "name=systemd"; v2: "" */
	const char
		*path; /* of the group, seen from the reader's cgroup namespace: "/user.slice", "/../other" */
};

struct cgroup_memberships {
	struct cgroup_membership *items;
	size_t count;
};

/* Reads @file below the directory @procfs: "PID/cgroup". 0, or -1 with errno. */
int cgroup_memberships_read(struct arena *arena, int procfs, const char *file,
			    struct cgroup_memberships *memberships);

/* The same of such a file's text. A line that makes no sense is left out. */
struct cgroup_memberships cgroup_memberships_parse(struct arena *arena, const char *text);

/* The path of the group in the hierarchy of @controller ("freezer"; "": v2), or NULL. */
const char *cgroup_memberships_path(const struct cgroup_memberships *memberships, const char *controller);

/* Whether @mount shows (a part of) the hierarchy of @controllers, as of struct cgroup_membership. */
bool cgroup_is_mount_of(const struct mountinfo *mount, const char *controllers);
