/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id_map.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/number.h"

#define BLANKS " \t\n"

static bool read_number(char **next, uint32_t *number)
{
	char *word = strtok_r(NULL, BLANKS, next);

	return word && parse_u32(word, number) == 0;
}

bool id_map_parse(struct arena *arena, const char *text, struct id_map *map)
{
	char *next = NULL;
	size_t lines = 0;

	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	*map = (struct id_map){ .lines = ARENA_NEW_ARRAY(arena, struct id_map_line, lines + 1) };
	for (char *word = strtok_r(arena_strdup(arena, text), BLANKS, &next); word;
	     word = strtok_r(NULL, BLANKS, &next)) {
		struct id_map_line *line = &map->lines[map->count];

		if (map->count++ > lines || parse_u32(word, &line->inside) < 0 ||
		    !read_number(&next, &line->outside) || !read_number(&next, &line->size))
			return false;
	}
	return true;
}

bool id_map_own(struct arena *arena, struct id_map *map)
{
	size_t length;
	char *text;

	return file_read_at(arena, AT_FDCWD, "/proc/self/uid_map", FILE_SIZE_MAX, &text, &length) == 0 &&
	       id_map_parse(arena, text, map);
}
