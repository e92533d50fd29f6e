/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/PID/mountinfo, line by line. proc(5) */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct mountinfo {
	uint64_t id;
	const char *root; /* of the mount in its file system */
	const char *point; /* as the process sees it */
	const char *type; /* "tmpfs", "cgroup2", … */
};

/*
 * Takes the next line off *text, which is changed: what @mount points to lies in there. False at the end. A line that
 * makes no sense is skipped.
 */
bool mountinfo_next(char **text, struct mountinfo *mount);
