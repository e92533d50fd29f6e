/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of spec/ against the specification's JSON schemas, member by member; and as a property: what is
 * made from a table at random is written and read again the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "documents.h"
#include "spec/tables.h"

/* Schemas ---------------------------------------------------------------------------------------------- */

struct schema {
	struct arena *arena;
	const struct json_value *node;
	const char *file; /* that it is in, for references within it */
};

/* Follows "$ref": "FILE#/a/b", which stands alone. */
static struct schema resolve(struct schema schema)
{
	const struct json_value *reference = json_get(schema.node, "$ref");

	while (reference) {
		char *target = arena_strdup(schema.arena, reference->string);
		char *pointer = strchr(target, '#');
		char *rest = NULL;

		assert_non_null(pointer);
		*pointer = '\0';
		if (*target)
			schema.file = target;
		schema.node =
			document_parse(schema.arena, arena_printf(schema.arena, "oci-schema/%s", schema.file));
		for (char *part = strtok_r(pointer + 1, "/", &rest); part; part = strtok_r(NULL, "/", &rest)) {
			schema.node = json_get(schema.node, part);
			assert_non_null(schema.node);
		}
		reference = json_get(schema.node, "$ref");
	}
	return schema;
}

static struct schema below(struct schema schema, const struct json_value *node)
{
	schema.node = node;
	return resolve(schema);
}

static const struct spec_field *find_field(const struct spec_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++)
		if (!strcmp(table->fields[i].name, name))
			return &table->fields[i];
	return NULL;
}

/* Platforms that are not ours. */
static bool is_foreign(const char *path)
{
	static const char *const foreign[] = { ".solaris", ".windows", ".vm", ".zos", ".freebsd" };

	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		if (!strcmp(foreign[i], path))
			return true;
	return false;
}

/* Where engines' documents differ from the schema, and runtimes take them. */
static bool is_lenient(const char *path, const char *what)
{
	static const char *const lenient[][2] = {
		{ ".linux.resources.pids.limit", "required" },
		{ ".linux.devices[].fileMode", "maximum" },
		{ ".linux.rootfsPropagation", "enum" }, /* takes more */
	};

	for (size_t i = 0; i < ARRAY_SIZE(lenient); i++)
		if (!strcmp(lenient[i][0], path) && !strcmp(lenient[i][1], what))
			return true;
	return false;
}

static void compare_object(struct schema schema, const struct spec_table *table, const char *path);

static bool is_kind(const struct spec_field *field, enum spec_kind one, enum spec_kind other)
{
	return field->kind == one || field->kind == other;
}

static void compare_enum(struct schema schema, const struct spec_field *field, const char *path)
{
	const struct json_value *names = json_get(schema.node, "enum");
	size_t count = 0;
	int ignored;

	if (!names) {
		if (field->kind == SPEC_ENUM)
			fail_msg("%s is an enum in the table only", path);
		return;
	}
	if (!field->names) {
		fail_msg("%s is an enum in the schema only", path);
		return;
	}
	for (size_t i = 0; i < names->array.count; i++)
		if (!spec_enum_value(field->names, names->array.items[i].string, &ignored))
			fail_msg("%s lacks the value %s", path, names->array.items[i].string);
	while (field->names[count].name)
		count++;
	if (!is_lenient(path, "enum"))
		assert_int_equal(count, names->array.count);
}

static void compare_string(struct schema schema, const struct spec_field *field, const char *path)
{
	if (!is_kind(field, SPEC_STRING, SPEC_ENUM) && field->kind != SPEC_STRING_LIST)
		fail_msg("%s is a string in the schema", path);
	if (json_get(schema.node, "pattern") && !field->valid)
		fail_msg("%s has a pattern in the schema", path);
	compare_enum(schema, field, path);
}

static int64_t as_i64(const struct json_value *value)
{
	return (int64_t)(value->integer.negative ? -value->integer.magnitude : value->integer.magnitude);
}

static void compare_integer(struct schema schema, const struct spec_field *field, const char *path)
{
	const struct json_value *minimum = json_get(schema.node, "minimum");
	const struct json_value *maximum = json_get(schema.node, "maximum");
	bool is_u32 = is_kind(field, SPEC_U32, SPEC_OPTIONAL_U32) || field->kind == SPEC_U32_LIST;
	bool is_u64 = is_kind(field, SPEC_U64, SPEC_OPTIONAL_U64);
	int64_t min = is_u32 || is_u64 ? 0 : INT64_MIN;
	uint64_t max = is_u32 ? UINT32_MAX : is_u64 ? UINT64_MAX : INT64_MAX;

	if (!is_u32 && !is_u64 && !is_kind(field, SPEC_I64, SPEC_OPTIONAL_I64))
		fail_msg("%s is an integer in the schema", path);
	if (field->min || field->max)
		min = field->min;
	if (field->max)
		max = field->max;
	if (minimum && as_i64(minimum) != min)
		fail_msg("%s has another minimum in the schema", path);
	/* The range of an argument's index is the number of a system call's arguments. */
	if (maximum && maximum->integer.magnitude != max && !is_lenient(path, "maximum") &&
	    strcmp(path, ".linux.seccomp.syscalls[].args[].index") != 0)
		fail_msg("%s has another maximum in the schema", path);
}

static void compare_array(struct schema schema, const struct spec_field *field, const char *path)
{
	const struct json_value *any = json_get(json_get(schema.node, "items"), "anyOf");
	const struct json_value *minimum = json_get(schema.node, "minItems");
	struct schema items = below(schema, any ? &any->array.items[0] : json_get(schema.node, "items"));
	const char *item = arena_printf(schema.arena, "%s[]", path);
	const struct json_value *type = json_get(items.node, "type");

	if (minimum)
		assert_int_equal(minimum->integer.magnitude, field->min_count);
	if (type && !strcmp(type->string, "string")) {
		assert_int_equal(field->kind, SPEC_STRING_LIST);
		compare_string(items, field, item);
	} else if (type && !strcmp(type->string, "integer")) {
		assert_int_equal(field->kind, SPEC_U32_LIST);
		compare_integer(items, field, item);
	} else {
		if (field->kind != SPEC_OBJECT_LIST)
			fail_msg("%s is an array of objects in the schema", path);
		compare_object(items, field->table, item);
	}
}

static void compare_member(struct schema schema, const struct spec_field *field, const char *path)
{
	const struct json_value *type = json_get(schema.node, "type");
	const struct json_value *others = json_get(schema.node, "additionalProperties");

	if (!type && !json_get(schema.node, "properties") && !json_get(schema.node, "allOf"))
		fail_msg("%s has no type in the schema", path);
	if (type && !strcmp(type->string, "string")) {
		compare_string(schema, field, path);
	} else if (type && !strcmp(type->string, "integer")) {
		compare_integer(schema, field, path);
	} else if (type && !strcmp(type->string, "boolean")) {
		assert_true(is_kind(field, SPEC_BOOL, SPEC_OPTIONAL_BOOL));
	} else if (type && !strcmp(type->string, "array")) {
		compare_array(schema, field, path);
	} else if (others) {
		assert_int_equal(field->kind, SPEC_OBJECT_MAP);
		compare_object(below(schema, others), field->table, arena_printf(schema.arena, "%s{}", path));
	} else if (json_get(schema.node, "patternProperties")) {
		assert_int_equal(field->kind, SPEC_STRING_MAP);
	} else {
		if (!is_kind(field, SPEC_OBJECT, SPEC_OBJECT_POINTER))
			fail_msg("%s is an object in the schema", path);
		compare_object(schema, field->table, path);
	}
}

static size_t compare_properties(struct schema schema, const struct spec_table *table, const char *path)
{
	const struct json_value *properties = json_get(schema.node, "properties");
	const struct json_value *required = json_get(schema.node, "required");
	size_t compared = 0;

	for (size_t i = 0; properties && i < properties->object.count; i++) {
		const struct json_member *member = &properties->object.items[i];
		const char *member_path = arena_printf(schema.arena, "%s.%s", path, member->name);
		const struct spec_field *field = find_field(table, member->name);

		if (is_foreign(member_path))
			continue;
		if (!field) {
			fail_msg("%s is not in the table", member_path);
			return compared;
		}
		compare_member(below(schema, &member->value), field, member_path);
		compared++;
	}
	for (size_t i = 0; required && i < required->array.count; i++) {
		const char *name = required->array.items[i].string;
		const char *member_path = arena_printf(schema.arena, "%s.%s", path, name);

		if (!find_field(table, name)->required && !is_lenient(member_path, "required"))
			fail_msg("%s is required in the schema", member_path);
	}
	return compared;
}

static void compare_object(struct schema schema, const struct spec_table *table, const char *path)
{
	const struct json_value *all = json_get(schema.node, "allOf");
	size_t compared = compare_properties(schema, table, path);

	for (size_t i = 0; all && i < all->array.count; i++)
		compared += compare_properties(below(schema, &all->array.items[i]), table, path);
	if (compared != table->count)
		fail_msg("%s has members in the table that are not in the schema", path);
}

static void tables_are_the_schemas(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct schema schema = {
		.arena = &arena,
		.node = document_parse(&arena, "oci-schema/config-schema.json"),
		.file = "config-schema.json",
	};

	(void)state;
	compare_object(schema, &spec_config_table, "");
}

/* At random -------------------------------------------------------------------------------------------- */

/* xorshift: the same documents in every run. */
static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

struct list {
	void *items;
	size_t count;
};

static const char *random_string(struct arena *arena, uint64_t *seed, const struct spec_field *field)
{
	static const char *const plain[] = { "a", "/some/path", "with \"quotes\" and \\", "\xc3\xa4\n\t",
					     "KEY=value" };
	static const char *const patterned[] = { "RLIMIT_CORE", "2MB", "c", "b", "rw", "MB:0=50", "0-3,7" };
	size_t count = 0;

	while (field->names && field->names[count].name)
		count++;
	if (count)
		return field->names[next_random(seed) % count].name;
	if (!field->valid)
		return arena_strdup(arena, plain[next_random(seed) % ARRAY_SIZE(plain)]);
	for (;;) {
		const char *text = patterned[next_random(seed) % ARRAY_SIZE(patterned)];

		if (field->valid(text))
			return text;
	}
}

static uint64_t random_number(uint64_t *seed, const struct spec_field *field, int64_t min, uint64_t max)
{
	uint64_t choice = next_random(seed) % 4;

	if (field->min || field->max)
		min = field->min;
	if (field->max)
		max = field->max;
	if (choice == 0)
		return (uint64_t)min;
	if (choice == 1)
		return max;
	return next_random(seed) % (max / 2) + (min > 0 ? (uint64_t)min : 0);
}

static void fill(struct arena *arena, uint64_t *seed, const struct spec_table *table, void *object);

static void fill_strings(struct arena *arena, uint64_t *seed, const struct spec_field *field,
			 struct string_list *list)
{
	list->count = 1 + next_random(seed) % 3;
	list->items = ARENA_NEW_ARRAY(arena, const char *, list->count);
	for (size_t i = 0; i < list->count; i++)
		list->items[i] = random_string(arena, seed, field);
}

static void fill_pairs(struct arena *arena, uint64_t *seed, const struct spec_field *field,
		       struct string_map *map)
{
	map->count = 1 + next_random(seed) % 3;
	map->items = ARENA_NEW_ARRAY(arena, struct string_pair, map->count);
	for (size_t i = 0; i < map->count; i++) {
		map->items[i].key = arena_printf(arena, "key.%zu", i);
		map->items[i].value = random_string(arena, seed, field);
	}
}

static void fill_objects(struct arena *arena, uint64_t *seed, const struct spec_field *field, struct list *list)
{
	list->count = 1 + next_random(seed) % 3;
	list->items = arena_array(arena, list->count, field->table->size);
	for (size_t i = 0; i < list->count; i++) {
		void *item = (char *)list->items + i * field->table->size;

		if (field->kind == SPEC_OBJECT_MAP)
			*(const char **)item = arena_printf(arena, "eth%zu", i);
		fill(arena, seed, field->table, item);
	}
}

static void fill_numbers(struct arena *arena, uint64_t *seed, const struct spec_field *field,
			 struct u32_list *list)
{
	list->count = 1 + next_random(seed) % 3;
	list->items = ARENA_NEW_ARRAY(arena, uint32_t, list->count);
	for (size_t i = 0; i < list->count; i++)
		list->items[i] = (uint32_t)random_number(seed, field, 0, UINT32_MAX);
}

static void fill_member(struct arena *arena, uint64_t *seed, const struct spec_field *field, void *to)
{
	switch (field->kind) {
	case SPEC_STRING: *(const char **)to = random_string(arena, seed, field); break;
	case SPEC_BOOL: *(bool *)to = next_random(seed) % 2; break;
	case SPEC_OPTIONAL_BOOL:
		*(struct optional_bool *)to = (struct optional_bool){ true, next_random(seed) % 2 };
		break;
	case SPEC_I64: *(int64_t *)to = (int64_t)random_number(seed, field, INT64_MIN, INT64_MAX); break;
	case SPEC_OPTIONAL_I64:
		*(struct optional_i64 *)to =
			(struct optional_i64){ true,
					       (int64_t)random_number(seed, field, INT64_MIN, INT64_MAX) };
		break;
	case SPEC_U64: *(uint64_t *)to = random_number(seed, field, 0, UINT64_MAX); break;
	case SPEC_OPTIONAL_U64:
		*(struct optional_u64 *)to =
			(struct optional_u64){ true, random_number(seed, field, 0, UINT64_MAX) };
		break;
	case SPEC_U32: *(uint32_t *)to = (uint32_t)random_number(seed, field, 0, UINT32_MAX); break;
	case SPEC_OPTIONAL_U32:
		*(struct optional_u32 *)to =
			(struct optional_u32){ true, (uint32_t)random_number(seed, field, 0, UINT32_MAX) };
		break;
	case SPEC_ENUM:
		assert_true(spec_enum_value(field->names, random_string(arena, seed, field), to));
		break;
	case SPEC_STRING_LIST: fill_strings(arena, seed, field, to); break;
	case SPEC_U32_LIST: fill_numbers(arena, seed, field, to); break;
	case SPEC_STRING_MAP: fill_pairs(arena, seed, field, to); break;
	case SPEC_OBJECT: fill(arena, seed, field->table, to); break;
	case SPEC_OBJECT_POINTER:
		*(void **)to = arena_alloc(arena, field->table->size);
		fill(arena, seed, field->table, *(void **)to);
		break;
	case SPEC_OBJECT_LIST:
	case SPEC_OBJECT_MAP: fill_objects(arena, seed, field, to); break;
	}
}

static void fill(struct arena *arena, uint64_t *seed, const struct spec_table *table, void *object)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->fields[i].required || next_random(seed) % 4 != 0)
			fill_member(arena, seed, &table->fields[i], (char *)object + table->fields[i].offset);
}

static char *print(struct arena *arena, const void *object)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct json_writer writer = { .out = &out };

	spec_print(&writer, &spec_config_table, object);
	return arena_strdup(arena, strbuf_text(&out));
}

/* How many members @value and all below it have. */
static size_t count_members(const struct json_value *value)
{
	size_t count = 0;

	for (size_t i = 0; value->type == JSON_OBJECT && i < value->object.count; i++)
		count += 1 + count_members(&value->object.items[i].value);
	for (size_t i = 0; value->type == JSON_ARRAY && i < value->array.count; i++)
		count += count_members(&value->array.items[i]);
	return count;
}

static void random_configs_round_trip(void **state)
{
	uint64_t seed = 20261121;
	size_t most = 0;

	(void)state;
	for (int i = 0; i < 300; i++) {
		_cleanup_arena_ struct arena arena = { 0 };
		_cleanup_arena_ struct arena other = { 0 };
		struct oci_config *config = ARENA_NEW(&other, struct oci_config);
		struct oci_config *copied;
		struct error error = { 0 };
		size_t members;
		char *text;
		void *read;

		fill(&other, &seed, &spec_config_table, config);
		copied = config_copy(&arena, config);
		text = print(&arena, config);
		arena_release(&other);
		assert_string_equal(print(&arena, copied), text);
		read = spec_parse(&arena, &spec_config_table, "f", text, strlen(text), SPEC_UNKNOWN_REFUSED,
				  &error);
		if (!read)
			fail_msg("%s", error.text);
		assert_string_equal(print(&arena, read), text);
		{
			struct json_value *root;

			assert_int_equal(json_parse(&arena, "f", text, strlen(text), &root, &error), 0);
			members = count_members(root);
		}
		most = members > most ? members : most;
	}
	assert_true(most > 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_the_schemas),
		cmocka_unit_test(random_configs_round_trip),
	};

	return cmocka_run_group_tests_name("spec/tables", tests, NULL, NULL);
}
