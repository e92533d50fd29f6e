/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files that write parts of cgroup_stats(): each writes the value of one member of "data". */
#pragma once

#include "cgroup/internal.h"

/* The number behind @key in lines of "KEY NUMBER"; 0 where it is not there. */
uint64_t stats_value(const char *text, const char *key);
/* The text of @file, "" where it cannot be read: what a kernel does not have is left out of statistics. */
const char *stats_text(struct arena *arena, struct cgroup_group *group, const char *file);
/* A file with one number, 0 where it cannot be read. */
uint64_t stats_number(struct cgroup_group *group, const char *file);
/* Writes @name and @value unless that is 0, as runc leaves out what is empty. */
void stats_unless_zero(struct json_writer *writer, const char *name, uint64_t value);
/* The member "psi" from a pressure file of v2, where there is one. */
void stats_pressure(struct json_writer *writer, struct cgroup_group *group, const char *file);

/* stats_memory.c, stats_io.c; @group may be NULL */
void stats_memory(struct json_writer *writer, struct cgroup_group *group);
void stats_io(struct json_writer *writer, struct cgroup_group *group);
