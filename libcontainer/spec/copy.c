/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "spec/table.h"

static void copy_members(struct arena *arena, const struct spec_table *table, const void *from, void *to);

static const char *copy_string(struct arena *arena, const char *text)
{
	return text ? arena_strdup(arena, text) : NULL;
}

/* All list structures begin alike: items, then count. */
static void copy_items(struct arena *arena, size_t size, const struct string_list *from,
		       struct string_list *to)
{
	to->items = NULL;
	if (from->count == 0)
		return;
	to->items = arena_array(arena, from->count, size);
	memcpy(to->items, from->items, from->count * size);
}

static void copy_strings(struct arena *arena, const struct string_list *from, struct string_list *to)
{
	copy_items(arena, sizeof(*from->items), from, to);
	for (size_t i = 0; i < from->count; i++)
		to->items[i] = copy_string(arena, from->items[i]);
}

static void copy_pairs(struct arena *arena, const struct string_map *from, struct string_map *to)
{
	copy_items(arena, sizeof(*from->items), (const struct string_list *)from, (struct string_list *)to);
	for (size_t i = 0; i < from->count; i++) {
		to->items[i].key = copy_string(arena, from->items[i].key);
		to->items[i].value = copy_string(arena, from->items[i].value);
	}
}

static void copy_objects(struct arena *arena, const struct spec_field *field, const struct string_list *from,
			 struct string_list *to)
{
	size_t size = field->table->size;

	copy_items(arena, size, from, to);
	for (size_t i = 0; i < from->count; i++) {
		const void *object = (const char *)from->items + i * size;
		void *copied = (char *)to->items + i * size;

		if (field->kind == SPEC_OBJECT_MAP)
			*(const char **)copied = copy_string(arena, *(const char *const *)object);
		copy_members(arena, field->table, object, copied);
	}
}

/* What the structure points to; the structure itself is a copy already. */
static void copy_member(struct arena *arena, const struct spec_field *field, const void *from, void *to)
{
	switch (field->kind) {
	case SPEC_STRING:
		*(const char **)to = copy_string(arena, *(const char *const *)from);
		break;
	case SPEC_STRING_LIST:
		copy_strings(arena, from, to);
		break;
	case SPEC_U32_LIST:
		copy_items(arena, sizeof(uint32_t), from, to);
		break;
	case SPEC_STRING_MAP:
		copy_pairs(arena, from, to);
		break;
	case SPEC_OBJECT:
		copy_members(arena, field->table, from, to);
		break;
	case SPEC_OBJECT_POINTER:
		*(void **)to = spec_copy(arena, field->table, *(const void *const *)from);
		break;
	case SPEC_OBJECT_LIST:
	case SPEC_OBJECT_MAP:
		copy_objects(arena, field, from, to);
		break;
	default:
		break;
	}
}

static void copy_members(struct arena *arena, const struct spec_table *table, const void *from, void *to)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct spec_field *field = &table->fields[i];

		copy_member(arena, field, (const char *)from + field->offset, (char *)to + field->offset);
	}
}

void *spec_copy(struct arena *arena, const struct spec_table *table, const void *object)
{
	void *copied;

	if (!object)
		return NULL;
	copied = arena_alloc(arena, table->size);
	memcpy(copied, object, table->size);
	copy_members(arena, table, object, copied);
	return copied;
}
