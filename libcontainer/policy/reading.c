/* SPDX-License-Identifier: Apache-2.0 */
/* Strict reading of the values of a policy document. */
#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "base/path.h"
#include "policy/key.h"

static const char *describe(struct arena *arena, const struct json_value *value)
{
	switch (value->type) {
	case JSON_STRING: return arena_printf(arena, "\"%s\"", value->string);
	case JSON_BOOL: return value->boolean ? "true" : "false";
	case JSON_INTEGER:
		return arena_printf(arena, "%s%" PRIu64, value->integer.negative ? "-" : "",
				    value->integer.magnitude);
	case JSON_DOUBLE: return arena_printf(arena, "%g", value->number);
	default: return json_type_name(value->type);
	}
}

int reading_error(struct policy_reading *reading, const char *path, const struct json_value *found,
		  const char *expected)
{
	return error_set(reading->error, 0, "%s: %s: found %s, expected %s", reading->label, path,
			 describe(reading->arena, found), expected);
}

int reading_bool(struct policy_reading *reading, const char *path, const struct json_value *value, bool *out)
{
	if (value->type != JSON_BOOL)
		return reading_error(reading, path, value, "true or false");
	*out = value->boolean;
	return 0;
}

int reading_string(struct policy_reading *reading, const char *path, const struct json_value *value,
		   const char **out)
{
	if (value->type != JSON_STRING)
		return reading_error(reading, path, value, "a string");
	*out = value->string;
	return 0;
}

int reading_count(struct policy_reading *reading, const char *path, const struct json_value *value,
		  uint64_t *out)
{
	if (value->type != JSON_INTEGER || value->integer.negative || value->integer.magnitude == 0 ||
	    value->integer.magnitude > INT64_MAX)
		return reading_error(reading, path, value, "a whole number of at least 1");
	*out = value->integer.magnitude;
	return 0;
}

int reading_bytes(struct policy_reading *reading, const char *path, const struct json_value *value,
		  uint64_t *out)
{
	static const char expected[] = "bytes: a whole number of at least 1, or text such as \"512m\"";

	if (value->type == JSON_INTEGER)
		return reading_count(reading, path, value, out);
	if (value->type != JSON_STRING || parse_size(value->string, out) || *out == 0)
		return reading_error(reading, path, value, expected);
	return 0;
}

int reading_object(struct policy_reading *reading, const char *path, const struct json_value *value,
		   const char *const *allowed)
{
	if (value->type != JSON_OBJECT)
		return reading_error(reading, path, value, "an object");
	for (size_t i = 0; i < value->object.count; i++) {
		const char *name = value->object.items[i].name;
		const char *const *known = allowed;

		while (*known && strcmp(*known, name) != 0)
			known++;
		if (!*known)
			return error_set(reading->error, 0, "%s: %s.%s: unknown member", reading->label, path,
					 name);
	}
	return 0;
}

int reading_set(struct policy_reading *reading, const char *path, const struct json_value *value,
		const char *(*accept)(struct arena *arena, const char *text), const char *expected,
		struct named_set *set)
{
	struct named_item *items;

	*set = (struct named_set){ 0 };
	if (value->type != JSON_ARRAY)
		return reading_error(reading, path, value, "an array of strings");
	items = ARENA_NEW_ARRAY(reading->arena, struct named_item, value->array.count + 1);
	for (size_t i = 0; i < value->array.count; i++) {
		const struct json_value *item = &value->array.items[i];
		const char *text = item->type == JSON_STRING ? item->string : NULL;

		if (text && accept)
			text = accept(reading->arena, text);
		if (!text)
			return reading_error(reading, arena_printf(reading->arena, "%s[%zu]", path, i), item,
					     expected);
		items[i] = (struct named_item){ .text = text, .names = reading->names };
	}
	*set = named_set_of(items, value->array.count);
	return 0;
}

const char *accept_path(struct arena *arena, const char *text)
{
	size_t length;

	if (path_is_normal(text))
		return text;
	length = strlen(text);
	if (text[0] != '/' || strstr(text, "/../") || (length >= 3 && !strcmp(text + length - 3, "/..")))
		return NULL;
	return path_normalize(arena, text);
}
