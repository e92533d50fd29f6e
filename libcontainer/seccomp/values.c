/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/values.h"

#include <stdlib.h>

void seccomp_values_add(struct arena *arena, struct seccomp_values *values, uint32_t value)
{
	values->items =
		arena_grow(arena, values->items, values->count, &values->capacity, sizeof(*values->items));
	values->items[values->count++] = value;
}

void seccomp_values_near(struct arena *arena, struct seccomp_values *values, uint32_t value)
{
	seccomp_values_add(arena, values, value - 1);
	seccomp_values_add(arena, values, value);
	seccomp_values_add(arena, values, value + 1);
}

static int compare_values(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left;
	uint32_t b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

void seccomp_values_settle(struct seccomp_values *values)
{
	size_t unique = 1;

	if (values->count == 0)
		return;
	qsort(values->items, values->count, sizeof(*values->items), compare_values);
	for (size_t i = 1; i < values->count; i++)
		if (values->items[i] != values->items[unique - 1])
			values->items[unique++] = values->items[i];
	values->count = unique;
}

/* Equal in the upper bits: between two numbers, as all that is asked of a whole word. */
static bool is_range(uint32_t mask)
{
	return (~mask & (~mask + 1)) == 0;
}

void seccomp_values_compared(struct arena *arena, struct seccomp_values *values, uint32_t mask,
			     uint32_t constant)
{
	const uint32_t kind = is_range(mask) ? UINT32_MAX : mask;

	/* Of no bits at all nothing depends. */
	if (mask != 0) {
		values->is_mixed |= values->mask != 0 && values->mask != kind;
		values->mask = kind;
	}
	seccomp_values_near(arena, values, constant);
	if (mask == UINT32_MAX)
		return;
	seccomp_values_add(arena, values, constant | ~mask);
	seccomp_values_add(arena, values, (constant | ~mask) + 1);
	for (uint32_t bit = 1; bit; bit <<= 1)
		if (mask & bit)
			seccomp_values_add(arena, values, constant ^ bit);
}

void seccomp_values_clear(struct seccomp_values *values)
{
	values->count = 0;
	values->mask = 0;
	values->is_mixed = false;
}
