/* SPDX-License-Identifier: Apache-2.0 */
/* The uid_map and gid_map of a process, as the kernel shows them. user_namespaces(7) */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

/* @size ids from @inside on are those from @outside on. */
struct id_map_line {
	uint32_t inside;
	uint32_t outside;
	uint32_t size;
};

struct id_map {
	struct id_map_line *lines;
	size_t count;
};

/* Reads the text of such a file; the lines live in @arena. False: it is not one. */
bool id_map_parse(struct arena *arena, const char *text, struct id_map *map);

/* The same of this process's own uid_map. False: it cannot be read. */
bool id_map_own(struct arena *arena, struct id_map *map);

/*
 * The same of the user namespace @userns, as it looks from the caller's. Only a process in it has such files, so one
 * joins it for that; the caller has to be allowed to. Without lines: nobody has written them yet. 0, or -1.
 */
int id_map_of_namespace(struct arena *arena, int userns, struct id_map *uids, struct id_map *gids,
			struct error *error);
