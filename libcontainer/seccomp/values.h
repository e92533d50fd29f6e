/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of numbers that comparisons may come out differently for: what a proof tries. In an arena. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct seccomp_values {
	uint32_t *items; /* sorted and unique after seccomp_values_settle() */
	size_t count;
	size_t capacity;
	uint32_t mask; /* of seccomp_values_compared(); UINT32_MAX also for upper bits; 0: none */
	bool is_mixed; /* with different ones: then values may be missing that only all of them together have */
};

void seccomp_values_add(struct arena *arena, struct seccomp_values *values, uint32_t value);
/* @value and its neighbours. */
void seccomp_values_near(struct arena *arena, struct seccomp_values *values, uint32_t value);
/* What a word may be for which (the word and @mask) is compared with @constant. */
void seccomp_values_compared(struct arena *arena, struct seccomp_values *values, uint32_t mask,
			     uint32_t constant);
void seccomp_values_settle(struct seccomp_values *values);
/* None is left. */
void seccomp_values_clear(struct seccomp_values *values);
