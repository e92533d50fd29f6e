/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "spec/table.h"

static void copy_members(struct arena *arena, const struct spec_table *table, const void *from, void *to);

static const char *copy_string(struct arena *arena, const char *text)
{
	return text ? arena_strdup(arena, text) : NULL;
}

static void *copy_items(struct arena *arena, const void *items, size_t count, size_t size)
{
	return count ? memcpy(arena_array(arena, count, size), items, count * size) : NULL;
}

static void copy_strings(struct arena *arena, const struct string_list *from, struct string_list *to)
{
	const char **items = copy_items(arena, from->items, from->count, sizeof(*items));

	for (size_t i = 0; i < from->count; i++)
		items[i] = copy_string(arena, items[i]);
	if (from->items && from->count == 0)
		items = arena_alloc(arena, sizeof(*items)); /* empty, not absent: see keep_empty */
	to->items = items;
}

static void copy_numbers(struct arena *arena, const struct u32_list *from, struct u32_list *to)
{
	to->items = copy_items(arena, from->items, from->count, sizeof(*from->items));
}

static void copy_pairs(struct arena *arena, const struct string_map *from, struct string_map *to)
{
	struct string_pair *items = copy_items(arena, from->items, from->count, sizeof(*items));

	for (size_t i = 0; i < from->count; i++) {
		items[i].key = copy_string(arena, items[i].key);
		items[i].value = copy_string(arena, items[i].value);
	}
	to->items = items;
}

/* All list structures begin alike: items, then count. */
static void copy_objects(struct arena *arena, const struct spec_field *field, const struct string_list *from,
			 struct string_list *to)
{
	size_t size = field->table->size;
	char *items = copy_items(arena, from->items, from->count, size);

	for (size_t i = 0; i < from->count; i++) {
		void *copied = items + i * size;

		if (field->kind == SPEC_OBJECT_MAP)
			*(const char **)copied = copy_string(arena, *(const char **)copied);
		copy_members(arena, field->table, (const char *)from->items + i * size, copied);
	}
	to->items = (const char **)items;
}

/* What the structure points to; the structure itself is a copy already. */
static void copy_member(struct arena *arena, const struct spec_field *field, const void *from, void *to)
{
	switch (field->kind) {
	case SPEC_STRING: *(const char **)to = copy_string(arena, *(const char *const *)from); break;
	case SPEC_STRING_LIST: copy_strings(arena, from, to); break;
	case SPEC_U32_LIST: copy_numbers(arena, from, to); break;
	case SPEC_STRING_MAP: copy_pairs(arena, from, to); break;
	case SPEC_OBJECT: copy_members(arena, field->table, from, to); break;
	case SPEC_OBJECT_POINTER:
		*(void **)to = spec_copy(arena, field->table, *(const void *const *)from);
		break;
	case SPEC_OBJECT_LIST:
	case SPEC_OBJECT_MAP: copy_objects(arena, field, from, to); break;
	default: break;
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
