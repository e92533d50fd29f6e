/* SPDX-License-Identifier: Apache-2.0 */
/* Laying one structure over another, by its table: what the upper one sets replaces what the lower one says. */
#include <string.h>

#include "spec/table.h"

static void merge_members(struct arena *arena, const struct spec_table *table, const void *upper, void *lower);

/* The size of a member that is replaced whole where @member is set, or 0 where it is absent. */
static size_t size_if_set(const struct spec_field *field, const void *member)
{
	switch (field->kind) {
	case SPEC_STRING: return *(const char *const *)member ? sizeof(const char *) : 0;
	case SPEC_BOOL: return *(const bool *)member ? sizeof(bool) : 0;
	case SPEC_OPTIONAL_BOOL:
		return ((const struct optional_bool *)member)->present ? sizeof(struct optional_bool) : 0;
	case SPEC_I64:
	case SPEC_U64: return *(const uint64_t *)member ? sizeof(uint64_t) : 0;
	case SPEC_OPTIONAL_I64:
		return ((const struct optional_i64 *)member)->present ? sizeof(struct optional_i64) : 0;
	case SPEC_OPTIONAL_U64:
		return ((const struct optional_u64 *)member)->present ? sizeof(struct optional_u64) : 0;
	case SPEC_U32: return *(const uint32_t *)member ? sizeof(uint32_t) : 0;
	case SPEC_OPTIONAL_U32:
		return ((const struct optional_u32 *)member)->present ? sizeof(struct optional_u32) : 0;
	case SPEC_ENUM: return *(const int *)member ? sizeof(int) : 0;
	default: /* All lists and maps begin alike: items, then count. */
		return ((const struct string_list *)member)->count ? sizeof(struct string_list) : 0;
	}
}

static void merge_pointer(struct arena *arena, const struct spec_table *table, const void *upper, void **lower)
{
	if (!upper)
		return;
	if (*lower)
		merge_members(arena, table, upper, *lower);
	else
		*lower = spec_copy(arena, table, upper);
}

static void merge_members(struct arena *arena, const struct spec_table *table, const void *upper, void *lower)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct spec_field *field = &table->fields[i];
		const void *from = (const char *)upper + field->offset;
		void *to = (char *)lower + field->offset;

		if (field->kind == SPEC_OBJECT)
			merge_members(arena, field->table, from, to);
		else if (field->kind == SPEC_OBJECT_POINTER)
			merge_pointer(arena, field->table, *(const void *const *)from, to);
		else
			memcpy(to, from, size_if_set(field, from));
	}
}

void *spec_merge(struct arena *arena, const struct spec_table *table, const void *lower, const void *upper)
{
	void *merged = lower ? spec_copy(arena, table, lower) : arena_alloc(arena, table->size);

	if (upper)
		merge_members(arena, table, upper, merged);
	return merged;
}
