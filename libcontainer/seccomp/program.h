/* SPDX-License-Identifier: Apache-2.0 */
/* What a BPF program of libseccomp's kind decides about a system call, as far as its number alone tells. */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct seccomp_program {
	const struct sock_filter *items;
	size_t count;
};

enum seccomp_outcome_kind { OUTCOME_ACTION, OUTCOME_ARGUMENTS, OUTCOME_UNKNOWN };

/* The program returns @value, or looks at arguments from instruction @value on. */
struct seccomp_outcome {
	enum seccomp_outcome_kind kind;
	uint32_t value;
};

/* Whether all its instructions are of the few kinds that are understood here: all that libseccomp uses. */
bool seccomp_program_is_understood(const struct seccomp_program *program);

/*
 * What @program, which is understood, does on @architecture (as seccomp_data.arch has it) with *number; NULL: with any
 * number, or else the outcome is unknown.
 */
struct seccomp_outcome seccomp_program_decide(const struct seccomp_program *program, uint32_t architecture,
					      const uint32_t *number);

/*
 * Where the decision of one of @programs may change: numbers, sorted, unique, the first is 0. Between two of them every
 * comparison comes out the same. In @arena.
 */
uint32_t *seccomp_program_boundaries(struct arena *arena, const struct seccomp_program *programs,
				     size_t program_count, size_t *count);
