/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/strbuf.h"
#include "base/utf8.h"
#include "spec/table.h"

#define SHOWN_MAX 60 /* bytes of a string or a name that an error shows */

/* What is the same for the whole document. */
struct reader {
	struct arena *arena;
	const char *label;
	enum spec_unknown unknown;
	struct error *error;
};

/* The way from the document to a value: a member's name, or where @name is NULL an index. */
struct step {
	const struct step *parent;
	const char *name;
	size_t index;
};

/* One value that is being read, and where it belongs. */
struct site {
	const struct reader *reader;
	const struct step *step;
	const struct spec_field *field;
	const struct json_value *value; /* NULL: a required member is missing */
};

/* How all lists look; see SPEC_LIST_OFFSET. */
struct list {
	void *items;
	size_t count;
};

static int read_object(const struct reader *reader, const struct step *parent, const struct spec_table *table,
		       const struct json_value *value, void *object);

/* A string from outside: cut, and without what a terminal would act on. */
static void add_shown(struct strbuf *out, const char *text)
{
	size_t length = strlen(text);
	size_t offset = 0;

	while (offset < length && offset < SHOWN_MAX) {
		size_t size = utf8_character(text + offset, length - offset);

		if (size == 0 || (unsigned char)text[offset] < 0x20 || text[offset] == 0x7f)
			strbuf_putc(out, '?');
		else
			strbuf_add(out, text + offset, size);
		offset += size ? size : 1;
	}
	if (offset < length)
		strbuf_puts(out, "...");
}

static bool is_plain_name(const char *name)
{
	return *name && !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")];
}

/* linux.namespaces[2].type, linux.sysctl["net.ipv4.ip_forward"] */
static void add_path(struct strbuf *out, const struct step *step)
{
	if (!step)
		return;
	add_path(out, step->parent);
	if (!step->name) {
		strbuf_printf(out, "[%zu]", step->index);
	} else if (is_plain_name(step->name)) {
		strbuf_puts(out, step->parent ? "." : "");
		add_shown(out, step->name);
	} else {
		strbuf_puts(out, "[\"");
		add_shown(out, step->name);
		strbuf_puts(out, "\"]");
	}
}

static void add_found(struct strbuf *out, const struct json_value *value, bool secret)
{
	if (!value) {
		strbuf_puts(out, "nothing");
	} else if (value->type == JSON_STRING && !secret) {
		strbuf_putc(out, '"');
		add_shown(out, value->string);
		strbuf_putc(out, '"');
	} else if (value->type == JSON_INTEGER && !secret) {
		strbuf_printf(out, "%s%" PRIu64, value->integer.negative ? "-" : "", value->integer.magnitude);
	} else if (value->type == JSON_DOUBLE && !secret) {
		strbuf_printf(out, "%.17g", value->number);
	} else {
		strbuf_puts(out, json_type_name(value->type));
	}
}

static bool has_type(const struct json_value *value, enum json_type type)
{
	return value && value->type == type;
}

static int refuse_text(const struct reader *reader, const struct step *step, const char *found,
		       const char *expected)
{
	_cleanup_strbuf_ struct strbuf path = { 0 };

	add_path(&path, step);
	return error_set(reader->error, 0, "%s: %s%sfound %s, expected %s", reader->label, strbuf_text(&path),
			 path.length ? ": " : "", found, expected);
}

static int refuse(const struct site *site, const char *expected)
{
	_cleanup_strbuf_ struct strbuf found = { 0 };

	add_found(&found, site->value, site->field && site->field->secret);
	return refuse_text(site->reader, site->step, strbuf_text(&found), expected);
}

static int refuse_name(const struct site *site)
{
	const struct spec_name *names = site->field->names;
	_cleanup_strbuf_ struct strbuf expected = { 0 };

	strbuf_puts(&expected, "one of");
	for (; names->name; names++)
		strbuf_printf(&expected, " \"%s\"%s", names->name, names[1].name ? "," : "");
	refuse(site, strbuf_text(&expected));
	return site->field->complaint ? error_context(site->reader->error, "%s", site->field->complaint) : -1;
}

static int read_string(const struct site *site, void *to)
{
	const struct spec_field *field = site->field;
	int ignored;

	if (!has_type(site->value, JSON_STRING))
		return refuse(site, field->expected ? field->expected : "string");
	if (field->valid && !field->valid(site->value->string))
		return refuse(site, field->expected);
	if (field->names && !spec_enum_value(field->names, site->value->string, &ignored))
		return refuse_name(site);
	*(const char **)to = site->value->string;
	return 0;
}

static int read_enum(const struct site *site, void *to)
{
	if (!has_type(site->value, JSON_STRING) ||
	    !spec_enum_value(site->field->names, site->value->string, to))
		return refuse_name(site);
	return 0;
}

static int read_bool(const struct site *site, void *to)
{
	if (!has_type(site->value, JSON_BOOL))
		return refuse(site, "true or false");
	*(bool *)to = site->value->boolean;
	return 0;
}

static int read_optional_bool(const struct site *site, void *to)
{
	struct optional_bool *optional = to;

	optional->present = true;
	return read_bool(site, &optional->value);
}

/* An integer in the range of its type and its field; negative ones as two's complement in *bits. */
static int read_integer(const struct site *site, int64_t min, uint64_t max, uint64_t *bits)
{
	const struct json_value *value = site->value;
	bool fits = has_type(value, JSON_INTEGER);
	uint64_t magnitude = fits ? value->integer.magnitude : 0;
	char expected[80];

	if (site->field->min || site->field->max)
		min = site->field->min;
	if (site->field->max)
		max = site->field->max;
	if (fits && value->integer.negative)
		fits = min < 0 && magnitude <= -(uint64_t)min;
	else if (fits)
		fits = magnitude <= max && (min <= 0 || magnitude >= (uint64_t)min);
	if (!fits) {
		snprintf(expected, sizeof(expected), "integer from %" PRId64 " to %" PRIu64, min, max);
		return refuse(site, expected);
	}
	*bits = value->integer.negative ? -magnitude : magnitude;
	return 0;
}

static int read_i64(const struct site *site, void *to)
{
	return read_integer(site, INT64_MIN, INT64_MAX, to);
}

static int read_optional_i64(const struct site *site, void *to)
{
	struct optional_i64 *optional = to;

	optional->present = true;
	return read_i64(site, &optional->value);
}

static int read_u64(const struct site *site, void *to)
{
	return read_integer(site, 0, UINT64_MAX, to);
}

static int read_optional_u64(const struct site *site, void *to)
{
	struct optional_u64 *optional = to;

	optional->present = true;
	return read_u64(site, &optional->value);
}

static int read_u32(const struct site *site, void *to)
{
	uint64_t bits = 0;

	if (read_integer(site, 0, UINT32_MAX, &bits) < 0)
		return -1;
	*(uint32_t *)to = (uint32_t)bits;
	return 0;
}

static int read_optional_u32(const struct site *site, void *to)
{
	struct optional_u32 *optional = to;

	optional->present = true;
	return read_u32(site, &optional->value);
}

/* Each item of an array, by @read_item into elements of @size bytes. */
static int read_items(const struct site *site, size_t size, int (*read_item)(const struct site *, void *),
		      void *to)
{
	const struct json_value *array = site->value;
	struct list *list = to;
	char expected[48];
	char found[48];

	if (!has_type(array, JSON_ARRAY))
		return refuse(site, "array");
	if (array->array.count < site->field->min_count) {
		snprintf(found, sizeof(found), "array of %zu", array->array.count);
		snprintf(expected, sizeof(expected), "array of at least %zu", site->field->min_count);
		return refuse_text(site->reader, site->step, found, expected);
	}
	if (array->array.count == 0) {
		list->items = site->field->keep_empty ? arena_alloc(site->reader->arena, size) : NULL;
		return 0;
	}
	list->items = arena_array(site->reader->arena, array->array.count, size);
	list->count = array->array.count;
	for (size_t i = 0; i < list->count; i++) {
		struct step step = { .parent = site->step, .index = i };
		struct site item = *site;

		item.step = &step;
		item.value = &array->array.items[i];
		if (read_item(&item, (char *)list->items + i * size) < 0)
			return -1;
	}
	return 0;
}

static int read_string_list(const struct site *site, void *to)
{
	return read_items(site, sizeof(const char *), read_string, to);
}

static int read_u32_list(const struct site *site, void *to)
{
	return read_items(site, sizeof(uint32_t), read_u32, to);
}

static int read_string_map(const struct site *site, void *to)
{
	const struct json_value *object = site->value;
	struct string_map *map = to;

	if (!has_type(object, JSON_OBJECT))
		return refuse(site, "object");
	if (object->object.count == 0)
		return 0;
	map->items = ARENA_NEW_ARRAY(site->reader->arena, struct string_pair, object->object.count);
	map->count = object->object.count;
	for (size_t i = 0; i < map->count; i++) {
		struct step step = { .parent = site->step, .name = object->object.items[i].name };
		struct site item = *site;

		item.step = &step;
		item.value = &object->object.items[i].value;
		map->items[i].key = step.name;
		if (read_string(&item, &map->items[i].value) < 0)
			return -1;
	}
	return 0;
}

static int read_embedded(const struct site *site, void *to)
{
	return read_object(site->reader, site->step, site->field->table, site->value, to);
}

static int read_object_pointer(const struct site *site, void *to)
{
	void *object = arena_alloc(site->reader->arena, site->field->table->size);

	*(void **)to = object;
	return read_embedded(site, object);
}

static int read_object_list(const struct site *site, void *to)
{
	return read_items(site, site->field->table->size, read_embedded, to);
}

static int read_object_map(const struct site *site, void *to)
{
	const struct json_value *object = site->value;
	size_t size = site->field->table->size;
	struct list *list = to;

	if (!has_type(object, JSON_OBJECT))
		return refuse(site, "object");
	if (object->object.count == 0)
		return 0;
	list->items = arena_array(site->reader->arena, object->object.count, size);
	list->count = object->object.count;
	for (size_t i = 0; i < list->count; i++) {
		struct step step = { .parent = site->step, .name = object->object.items[i].name };
		struct site item = *site;
		void *structure = (char *)list->items + i * size;

		item.step = &step;
		item.value = &object->object.items[i].value;
		*(const char **)structure = step.name;
		if (read_embedded(&item, structure) < 0)
			return -1;
	}
	return 0;
}

static int (*const readers[])(const struct site *site, void *to) = {
	[SPEC_STRING] = read_string,
	[SPEC_BOOL] = read_bool,
	[SPEC_OPTIONAL_BOOL] = read_optional_bool,
	[SPEC_I64] = read_i64,
	[SPEC_OPTIONAL_I64] = read_optional_i64,
	[SPEC_U64] = read_u64,
	[SPEC_OPTIONAL_U64] = read_optional_u64,
	[SPEC_U32] = read_u32,
	[SPEC_OPTIONAL_U32] = read_optional_u32,
	[SPEC_ENUM] = read_enum,
	[SPEC_STRING_LIST] = read_string_list,
	[SPEC_U32_LIST] = read_u32_list,
	[SPEC_STRING_MAP] = read_string_map,
	[SPEC_OBJECT] = read_embedded,
	[SPEC_OBJECT_POINTER] = read_object_pointer,
	[SPEC_OBJECT_LIST] = read_object_list,
	[SPEC_OBJECT_MAP] = read_object_map,
};

/* What engines write where they mean nothing. */
static bool is_absent(const struct spec_field *field, const struct json_value *value)
{
	if (field->required)
		return false;
	return !value || value->type == JSON_NULL ||
	       ((field->kind == SPEC_STRING || field->kind == SPEC_ENUM) && value->type == JSON_STRING &&
		!*value->string);
}

static bool has_field(const struct spec_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++)
		if (!strcmp(table->fields[i].name, name))
			return true;
	return false;
}

static int refuse_unknown(const struct reader *reader, const struct step *parent,
			  const struct spec_table *table, const struct json_value *value)
{
	_cleanup_strbuf_ struct strbuf expected = { 0 };

	for (size_t i = 0; i < value->object.count; i++) {
		struct step step = { .parent = parent, .name = value->object.items[i].name };

		if (has_field(table, step.name))
			continue;
		strbuf_puts(&expected, "one of");
		for (size_t j = 0; j < table->count; j++)
			strbuf_printf(&expected, "%s %s", j ? "," : "", table->fields[j].name);
		return refuse_text(reader, &step, "an unknown member", strbuf_text(&expected));
	}
	return 0;
}

/* The last member of that name in whatever case. */
static const struct json_value *get_in_any_case(const struct json_value *object, const char *name)
{
	for (size_t i = object->object.count; i-- > 0;)
		if (!strcasecmp(object->object.items[i].name, name))
			return &object->object.items[i].value;
	return NULL;
}

/*
 * The member of each field, or NULL. Names of OCI documents mean the same in every case where nothing has exactly
 * that name: so it is with runc, whose JSON is Go's (encoding/json).
 */
static void find_members(const struct spec_table *table, const struct json_value *object, bool any_case,
			 const struct json_value **members)
{
	size_t found = 0;

	for (size_t i = 0; i < table->count; i++) {
		members[i] = json_get(object, table->fields[i].name);
		found += members[i] != NULL;
	}
	if (!any_case || found == object->object.count)
		return;
	for (size_t i = 0; i < table->count; i++)
		if (!members[i])
			members[i] = get_in_any_case(object, table->fields[i].name);
}

static int read_object(const struct reader *reader, const struct step *parent, const struct spec_table *table,
		       const struct json_value *value, void *object)
{
	const struct json_value *members[SPEC_FIELDS_MAX];

	if (!has_type(value, JSON_OBJECT)) {
		struct site site = { .reader = reader, .step = parent, .value = value };

		return refuse(&site, "object");
	}
	if (reader->unknown == SPEC_UNKNOWN_REFUSED && refuse_unknown(reader, parent, table, value) < 0)
		return -1;
	find_members(table, value, reader->unknown == SPEC_UNKNOWN_IGNORED, members);
	for (size_t i = 0; i < table->count; i++) {
		const struct spec_field *field = &table->fields[i];
		struct step step = { .parent = parent, .name = field->name };
		struct site site = { .reader = reader, .step = &step, .field = field, .value = members[i] };

		if (!is_absent(field, members[i]) &&
		    readers[field->kind](&site, (char *)object + field->offset) < 0)
			return -1;
	}
	return 0;
}

void *spec_parse(struct arena *arena, const struct spec_table *table, const char *label, const char *bytes,
		 size_t length, enum spec_unknown unknown, struct error *error)
{
	struct reader reader = { .arena = arena, .label = label, .unknown = unknown, .error = error };
	void *object = arena_alloc(arena, table->size);
	struct json_value *root;

	if (json_parse(arena, label, bytes, length, &root, error) < 0)
		return NULL;
	return read_object(&reader, NULL, table, root, object) < 0 ? NULL : object;
}

const char *spec_enum_name(const struct spec_name *names, int value)
{
	for (; names->name; names++)
		if (names->value == value)
			return names->name;
	return NULL;
}

bool spec_enum_value(const struct spec_name *names, const char *name, int *value)
{
	for (; names->name; names++) {
		if (!strcmp(names->name, name)) {
			*value = names->value;
			return true;
		}
	}
	return false;
}
