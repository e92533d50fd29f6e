/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/level.h"

#include <string.h>

const char *const demand_words[] = { "off", "auto", "require", NULL };

/* '"off", "auto" or "require"' */
static const char *expected_words(struct arena *arena, const char *const *words)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };

	for (size_t i = 0; words[i]; i++)
		strbuf_printf(&text, "%s\"%s\"", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
	return arena_strdup(arena, strbuf_text(&text));
}

int level_read(struct policy_reading *reading, const char *path, const struct json_value *value,
	       const char *const *words, struct level *level)
{
	for (unsigned int i = 0; value->type == JSON_STRING && words[i]; i++) {
		if (strcmp(words[i], value->string) != 0)
			continue;
		*level = (struct level){ i, reading->names };
		return 0;
	}
	return reading_error(reading, path, value, expected_words(reading->arena, words));
}

const void *level_read_word(struct policy_reading *reading, const char *key, const struct json_value *value,
			    const char *const *words)
{
	struct level *level = ARENA_NEW(reading->arena, struct level);

	return level_read(reading, key, value, words, level) ? NULL : level;
}

const void *level_read_bool(struct policy_reading *reading, const char *key, const struct json_value *value)
{
	struct level *level = ARENA_NEW(reading->arena, struct level);
	bool is_set;

	if (reading_bool(reading, key, value, &is_set))
		return NULL;
	*level = (struct level){ is_set, reading->names };
	return level;
}

const void *level_read_member(struct policy_reading *reading, const char *key, const char *path,
			      const struct json_value *value)
{
	const char *const members[] = { path + strlen(key) + 1, NULL };
	const struct json_value absent = { .type = JSON_BOOL, .boolean = false };
	const struct json_value *found;

	if (reading_object(reading, key, value, members))
		return NULL;
	found = json_get(value, members[0]);
	return level_read_bool(reading, path, found ? found : &absent);
}

struct level level_merge(struct arena *arena, const struct level *left, const struct level *right)
{
	if (left->value != right->value)
		return left->value > right->value ? *left : *right;
	return (struct level){ left->value, names_unite(arena, &left->names, &right->names) };
}

const void *level_merge_values(struct arena *arena, const void *left, const void *right)
{
	struct level *stricter = ARENA_NEW(arena, struct level);

	*stricter = level_merge(arena, left, right);
	return stricter;
}
