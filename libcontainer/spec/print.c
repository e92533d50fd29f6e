/* SPDX-License-Identifier: Apache-2.0 */
#include "spec/table.h"

static const void *at(const void *object, const struct spec_field *field)
{
	return (const char *)object + field->offset;
}

/* Whether the member is there; see "Absent" in table.h. */
static bool is_present(const struct spec_field *field, const void *object)
{
	const void *from = at(object, field);

	switch (field->kind) {
	case SPEC_STRING:
	case SPEC_OBJECT_POINTER: return *(const void *const *)from;
	case SPEC_BOOL: return *(const bool *)from;
	case SPEC_OPTIONAL_BOOL: return ((const struct optional_bool *)from)->present;
	case SPEC_I64:
	case SPEC_U64: return *(const uint64_t *)from != 0;
	case SPEC_OPTIONAL_I64: return ((const struct optional_i64 *)from)->present;
	case SPEC_OPTIONAL_U64: return ((const struct optional_u64 *)from)->present;
	case SPEC_U32: return *(const uint32_t *)from != 0;
	case SPEC_OPTIONAL_U32: return ((const struct optional_u32 *)from)->present;
	case SPEC_ENUM: return spec_enum_name(field->names, *(const int *)from);
	case SPEC_STRING_LIST:
		if (field->keep_empty && ((const struct string_list *)from)->items)
			return true;
		return ((const struct string_list *)from)->count > 0;
	case SPEC_U32_LIST:
	case SPEC_STRING_MAP:
	case SPEC_OBJECT_LIST:
	case SPEC_OBJECT_MAP: return ((const struct string_list *)from)->count > 0;
	case SPEC_OBJECT: return true;
	}
	return false;
}

static void print_numbers(struct json_writer *writer, const struct u32_list *list)
{
	json_begin_array(writer);
	for (size_t i = 0; i < list->count; i++)
		json_u64(writer, list->items[i]);
	json_end_array(writer);
}

static void print_pairs(struct json_writer *writer, const struct string_map *map)
{
	json_begin_object(writer);
	for (size_t i = 0; i < map->count; i++) {
		json_member_string(writer, map->items[i].key, map->items[i].value);
	}
	json_end_object(writer);
}

/* All list structures begin alike: items, then count. */
static void print_objects(struct json_writer *writer, const struct spec_table *table,
			  const struct string_list *list)
{
	json_begin_array(writer);
	for (size_t i = 0; i < list->count; i++)
		spec_print(writer, table, (const char *)list->items + i * table->size);
	json_end_array(writer);
}

static void print_keyed_objects(struct json_writer *writer, const struct spec_table *table,
				const struct string_list *list)
{
	json_begin_object(writer);
	for (size_t i = 0; i < list->count; i++) {
		const void *object = (const char *)list->items + i * table->size;

		json_key(writer, *(const char *const *)object);
		spec_print(writer, table, object);
	}
	json_end_object(writer);
}

static void print_value(struct json_writer *writer, const struct spec_field *field, const void *from)
{
	switch (field->kind) {
	case SPEC_STRING: json_string(writer, *(const char *const *)from); break;
	case SPEC_BOOL: json_bool(writer, *(const bool *)from); break;
	case SPEC_OPTIONAL_BOOL: json_bool(writer, ((const struct optional_bool *)from)->value); break;
	case SPEC_I64: json_i64(writer, *(const int64_t *)from); break;
	case SPEC_OPTIONAL_I64: json_i64(writer, ((const struct optional_i64 *)from)->value); break;
	case SPEC_U64: json_u64(writer, *(const uint64_t *)from); break;
	case SPEC_OPTIONAL_U64: json_u64(writer, ((const struct optional_u64 *)from)->value); break;
	case SPEC_U32: json_u64(writer, *(const uint32_t *)from); break;
	case SPEC_OPTIONAL_U32: json_u64(writer, ((const struct optional_u32 *)from)->value); break;
	case SPEC_ENUM: json_string(writer, spec_enum_name(field->names, *(const int *)from)); break;
	case SPEC_STRING_LIST:
		json_strings(writer, ((const struct string_list *)from)->items,
			     ((const struct string_list *)from)->count);
		break;
	case SPEC_U32_LIST: print_numbers(writer, from); break;
	case SPEC_STRING_MAP: print_pairs(writer, from); break;
	case SPEC_OBJECT: spec_print(writer, field->table, from); break;
	case SPEC_OBJECT_POINTER: spec_print(writer, field->table, *(const void *const *)from); break;
	case SPEC_OBJECT_LIST: print_objects(writer, field->table, from); break;
	case SPEC_OBJECT_MAP: print_keyed_objects(writer, field->table, from); break;
	}
}

void spec_print(struct json_writer *writer, const struct spec_table *table, const void *object)
{
	if (!object) {
		json_null(writer);
		return;
	}
	json_begin_object(writer);
	for (size_t i = 0; i < table->count; i++) {
		const struct spec_field *field = &table->fields[i];

		if (!field->required && !field->always && !is_present(field, object))
			continue;
		json_key(writer, field->name);
		print_value(writer, field, at(object, field));
	}
	json_end_object(writer);
}
