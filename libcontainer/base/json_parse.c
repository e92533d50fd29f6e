/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/utf8.h"

#define NUMBER_TEXT_MAX 400 /* longer than any double that means something; bounds the work of strtod */
#define NAME_IN_PATH_MAX 60
#define COMPARE_ALL_MAX 16 /* from this many members on, duplicates are found by sorting */

/* One object or array that is still open. */
struct level {
	bool is_object;
	size_t first; /* its first value among the pending ones */
	const char *name; /* of the member that is being read */
};

/*
 * Values whose array or object is still open wait in one list, in the document's order; at the closing
 * bracket they move to the arena as an array of the right size.
 */
struct parser {
	struct arena *arena;
	struct arena scratch; /* lives as long as the parser */
	const char *label;
	struct error *error;
	bool refused; /* by a callback; *error is filled */
	struct level levels[JSON_DEPTH_MAX];
	size_t depth;
	struct json_member *pending;
	size_t pending_count;
	size_t pending_capacity;
	size_t values; /* so far, in the whole document */
};

/* Memory for yajl: it does not look at what malloc returns. The size stands in front, for realloc. */
static void *scratch_allocate(void *context, size_t size)
{
	struct parser *parser = context;
	size_t *memory = arena_alloc(&parser->scratch, size + 2 * sizeof(size_t));

	memory[0] = size;
	return memory + 2;
}

static void *scratch_reallocate(void *context, void *pointer, size_t size)
{
	void *larger = scratch_allocate(context, size);

	if (pointer) {
		size_t old = ((size_t *)pointer)[-2];

		memcpy(larger, pointer, old < size ? old : size);
	}
	return larger;
}

static void scratch_free(void *context _unused_, void *pointer _unused_)
{
}

/* "linux.namespaces[2].type" of the value that is being read, "" for the document itself. */
static char *current_path(struct parser *parser)
{
	char *path = arena_strdup(&parser->scratch, "");

	for (size_t i = 0; i < parser->depth; i++) {
		const struct level *level = &parser->levels[i];
		size_t end = i + 1 < parser->depth ? parser->levels[i + 1].first : parser->pending_count;

		if (!level->is_object)
			path = arena_printf(&parser->scratch, "%s[%zu]", path, end - level->first);
		else if (level->name)
			path = arena_printf(&parser->scratch, "%s%s%.*s", path, *path ? "." : "",
					    NAME_IN_PATH_MAX, level->name);
	}
	return path;
}

static int refuse(struct parser *parser, const char *why)
{
	const char *path = current_path(parser);

	parser->refused = true;
	error_set(parser->error, 0, "%s: %s%s%s", parser->label, path, *path ? ": " : "", why);
	return 0;
}

static int add_value(struct parser *parser, struct json_value value)
{
	struct json_member *member;

	if (++parser->values > JSON_VALUES_MAX)
		return refuse(parser, "too many values in one document");
	parser->pending = arena_grow(&parser->scratch, parser->pending, parser->pending_count,
				     &parser->pending_capacity, sizeof(*parser->pending));
	member = &parser->pending[parser->pending_count++];
	member->name = parser->depth ? parser->levels[parser->depth - 1].name : NULL;
	member->value = value;
	return 1;
}

static int on_null(void *context)
{
	return add_value(context, (struct json_value){ .type = JSON_NULL });
}

static int on_boolean(void *context, int boolean)
{
	return add_value(context, (struct json_value){ .type = JSON_BOOL, .boolean = boolean });
}

/* The magnitude of an integer's digits. False where it does not fit into 64 bits. */
static bool convert_digits(const char *digits, size_t length, uint64_t *magnitude)
{
	uint64_t result = 0;

	for (size_t i = 0; i < length; i++)
		if (__builtin_mul_overflow(result, 10, &result) ||
		    __builtin_add_overflow(result, (uint64_t)(digits[i] - '0'), &result))
			return false;
	*magnitude = result;
	return true;
}

/* yajl has checked the syntax already. */
static int on_number(void *context, const char *text, size_t length)
{
	struct json_value value = { .type = JSON_INTEGER };
	struct parser *parser = context;
	bool negative = text[0] == '-';
	char copy[NUMBER_TEXT_MAX + 1];
	uint64_t magnitude;
	bool is_integer;

	is_integer = !memchr(text, '.', length) && !memchr(text, 'e', length) && !memchr(text, 'E', length);
	if (is_integer && convert_digits(text + negative, length - negative, &magnitude) &&
	    !(negative && magnitude > (uint64_t)INT64_MAX + 1)) {
		value.integer.negative = negative && magnitude != 0;
		value.integer.magnitude = magnitude;
		return add_value(parser, value);
	}
	if (length > NUMBER_TEXT_MAX)
		return refuse(parser, "found a number that is too long");
	memcpy(copy, text, length);
	copy[length] = '\0';
	value.type = JSON_DOUBLE;
	value.number = strtod(copy, NULL);
	if (!isfinite(value.number))
		return refuse(parser, "found a number that is too large");
	return add_value(parser, value);
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
	struct json_value value = { .type = JSON_STRING };
	struct parser *parser = context;

	if (memchr(text, '\0', length))
		return refuse(parser, "found a string with a NUL character in it");
	value.string = arena_strndup(parser->arena, (const char *)text, length);
	return add_value(parser, value);
}

static int on_key(void *context, const unsigned char *text, size_t length)
{
	struct parser *parser = context;
	struct level *level = &parser->levels[parser->depth - 1];

	level->name = NULL; /* the path of an error here is the object's */
	if (memchr(text, '\0', length))
		return refuse(parser, "found a member whose name has a NUL character in it");
	level->name = arena_strndup(parser->arena, (const char *)text, length);
	return 1;
}

static int open_level(struct parser *parser, bool is_object)
{
	if (parser->depth == JSON_DEPTH_MAX)
		return refuse(parser, "nested too deep");
	parser->levels[parser->depth++] = (struct level){
		.is_object = is_object,
		.first = parser->pending_count,
	};
	return 1;
}

static int on_start_object(void *context)
{
	return open_level(context, true);
}

static int on_start_array(void *context)
{
	return open_level(context, false);
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* A name that comes twice, or NULL. An attacker chooses how many there are: at most n log n comparisons. */
static const char *find_duplicate(struct parser *parser, const struct json_member *members, size_t count)
{
	const char **names;

	if (count < COMPARE_ALL_MAX) {
		for (size_t i = 1; i < count; i++)
			for (size_t j = 0; j < i; j++)
				if (!strcmp(members[i].name, members[j].name))
					return members[i].name;
		return NULL;
	}
	names = ARENA_NEW_ARRAY(&parser->scratch, const char *, count);
	for (size_t i = 0; i < count; i++)
		names[i] = members[i].name;
	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 1; i < count; i++)
		if (!strcmp(names[i - 1], names[i]))
			return names[i];
	return NULL;
}

static int on_end_object(void *context)
{
	struct json_value value = { .type = JSON_OBJECT };
	struct parser *parser = context;
	struct level *level = &parser->levels[parser->depth - 1];
	const struct json_member *members = parser->pending + level->first;
	size_t count = parser->pending_count - level->first;
	const char *duplicate = find_duplicate(parser, members, count);

	level->name = duplicate;
	if (duplicate)
		return refuse(parser, "found a second time");
	value.object.count = count;
	if (count) {
		value.object.items = ARENA_NEW_ARRAY(parser->arena, struct json_member, count);
		memcpy(value.object.items, members, count * sizeof(*members));
	}
	parser->pending_count = level->first;
	parser->depth--;
	return add_value(parser, value);
}

static int on_end_array(void *context)
{
	struct json_value value = { .type = JSON_ARRAY };
	struct parser *parser = context;
	struct level *level = &parser->levels[parser->depth - 1];
	size_t count = parser->pending_count - level->first;

	value.array.count = count;
	if (count)
		value.array.items = ARENA_NEW_ARRAY(parser->arena, struct json_value, count);
	for (size_t i = 0; i < count; i++)
		value.array.items[i] = parser->pending[level->first + i].value;
	parser->pending_count = level->first;
	parser->depth--;
	return add_value(parser, value);
}

/* Lines and columns count from 1, columns in characters. */
static int refuse_at(const struct parser *parser, const char *bytes, size_t offset, const char *why)
{
	size_t column = 1;
	size_t line = 1;

	for (size_t i = 0; i < offset; i++) {
		if (bytes[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)bytes[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	return error_set(parser->error, 0, "%s: line %zu, column %zu: %s", parser->label, line, column, why);
}

static bool read_escape(const char *bytes, size_t length, size_t offset, unsigned int *unit)
{
	unsigned int result = 0;

	if (length - offset < 6 || bytes[offset] != '\\' || bytes[offset + 1] != 'u')
		return false;
	for (size_t i = 2; i < 6; i++) {
		char c = bytes[offset + i];

		if (c >= '0' && c <= '9')
			result = result * 16 + (unsigned int)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			result = result * 16 + (unsigned int)((c | 0x20) - 'a') + 10;
		else
			return false;
	}
	*unit = result;
	return true;
}

/*
 * yajl turns half a surrogate pair (\ud800 alone) into a question mark: a different name. In a document
 * whose syntax is right a backslash stands in strings only. Returns the offset of the first half pair, or
 * @length.
 */
static size_t find_half_pair(const char *bytes, size_t length)
{
	size_t offset = 0;

	while (offset < length) {
		const char *backslash = memchr(bytes + offset, '\\', length - offset);
		unsigned int unit;
		unsigned int low;

		if (!backslash)
			return length;
		offset = (size_t)(backslash - bytes);
		if (!read_escape(bytes, length, offset, &unit)) {
			offset += 2;
			continue;
		}
		if (unit >= 0xdc00 && unit <= 0xdfff)
			return offset;
		if (unit >= 0xd800 && unit <= 0xdbff) {
			if (!read_escape(bytes, length, offset + 6, &low) || low < 0xdc00 || low > 0xdfff)
				return offset;
			offset += 6;
		}
		offset += 6;
	}
	return length;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_object,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end_object,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end_array,
};

static void close_parser(struct parser *parser)
{
	arena_release(&parser->scratch);
}

/* yajl's own words, without the kind in front and the line's end: "invalid char in json text." */
static int refuse_syntax(struct parser *parser, yajl_handle handle, const char *bytes, size_t length)
{
	size_t offset = yajl_get_bytes_consumed(handle);
	char *text = (char *)yajl_get_error(handle, 0, (const unsigned char *)bytes, length);
	char *colon = strstr(text, ": ");
	char *why = colon ? colon + 2 : text;

	why[strcspn(why, "\n")] = '\0';
	if (!strcmp(why, "premature EOF"))
		offset = length;
	else if (!strcmp(why, "invalid char in json text.") && offset > 0)
		offset--; /* it has been consumed already */
	return refuse_at(parser, bytes, offset < length ? offset : length, why);
}

int json_parse(struct arena *arena, const char *label, const char *bytes, size_t length,
	       struct json_value **root, struct error *error)
{
	_cleanup_(close_parser) struct parser parser = { .arena = arena, .label = label, .error = error };
	yajl_alloc_funcs memory = {
		.malloc = scratch_allocate,
		.realloc = scratch_reallocate,
		.free = scratch_free,
		.ctx = &parser,
	};
	size_t offset = utf8_valid_prefix(bytes, length);
	yajl_status status;
	yajl_handle handle;

	if (offset < length)
		return refuse_at(&parser, bytes, offset, "found bytes that are no UTF-8");
	handle = yajl_alloc(&callbacks, &memory, &parser);
	yajl_config(handle, yajl_dont_validate_strings, 1);
	status = yajl_parse(handle, (const unsigned char *)bytes, length);
	if (status == yajl_status_ok)
		status = yajl_complete_parse(handle);
	if (parser.refused)
		return -1;
	if (status != yajl_status_ok)
		return refuse_syntax(&parser, handle, bytes, length);
	offset = find_half_pair(bytes, length);
	if (offset < length)
		return refuse_at(&parser, bytes, offset, "found half of a surrogate pair");
	*root = ARENA_NEW(arena, struct json_value);
	**root = parser.pending[0].value;
	return 0;
}

const struct json_value *json_get(const struct json_value *object, const char *name)
{
	if (!object || object->type != JSON_OBJECT)
		return NULL;
	for (size_t i = 0; i < object->object.count; i++)
		if (!strcmp(object->object.items[i].name, name))
			return &object->object.items[i].value;
	return NULL;
}

const char *json_get_string(const struct json_value *object, const char *name)
{
	const struct json_value *value = json_get(object, name);

	return value && value->type == JSON_STRING ? value->string : NULL;
}

const char *json_type_name(enum json_type type)
{
	static const char *const names[] = {
		[JSON_NULL] = "null",	  [JSON_BOOL] = "boolean",  [JSON_INTEGER] = "integer",
		[JSON_DOUBLE] = "number", [JSON_STRING] = "string", [JSON_ARRAY] = "array",
		[JSON_OBJECT] = "object",
	};

	return names[type];
}
