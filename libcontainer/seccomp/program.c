/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/program.h"

#include <linux/seccomp.h>
#include <stdlib.h>

/* Of a bit that may be tested in a number: each cuts the numbers into 2^(32 - bit) ranges. */
#define JSET_LOWEST 24

static bool is_understood(const struct sock_filter *instruction)
{
	switch (instruction->code) {
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_ALU | BPF_AND | BPF_K:
	case BPF_RET | BPF_K:
	case BPF_JMP | BPF_JA:
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_K: return true;
	case BPF_JMP | BPF_JSET | BPF_K:
		return instruction->k >= 1U << JSET_LOWEST && (instruction->k & (instruction->k - 1)) == 0;
	default: return false;
	}
}

bool seccomp_program_is_understood(const struct seccomp_program *program)
{
	for (size_t i = 0; i < program->count; i++)
		if (!is_understood(&program->items[i]))
			return false;
	return true;
}

/* The next instruction after the jump at @pc, where the accumulator is @value. */
static size_t follow(const struct sock_filter *jump, size_t pc, uint32_t value)
{
	bool yes;

	switch (BPF_OP(jump->code)) {
	case BPF_JA: return pc + 1 + jump->k;
	case BPF_JEQ: yes = value == jump->k; break;
	case BPF_JGT: yes = value > jump->k; break;
	case BPF_JGE: yes = value >= jump->k; break;
	default: yes = (value & jump->k) != 0; break;
	}
	return pc + 1 + (yes ? jump->jt : jump->jf);
}

struct seccomp_outcome seccomp_program_decide(const struct seccomp_program *program, uint32_t architecture,
					      const uint32_t *number)
{
	static const struct seccomp_outcome unknown = { OUTCOME_UNKNOWN, 0 };
	uint32_t value = 0;

	for (size_t pc = 0; pc < program->count;) {
		const struct sock_filter *instruction = &program->items[pc];

		switch (BPF_CLASS(instruction->code)) {
		case BPF_LD:
			if (instruction->k == offsetof(struct seccomp_data, arch))
				value = architecture;
			else if (instruction->k != offsetof(struct seccomp_data, nr))
				return (struct seccomp_outcome){ OUTCOME_ARGUMENTS, (uint32_t)pc };
			else if (number)
				value = *number;
			else
				return unknown;
			pc++;
			break;
		case BPF_JMP: pc = follow(instruction, pc, value); break;
		case BPF_RET: return (struct seccomp_outcome){ OUTCOME_ACTION, instruction->k };
		default: return unknown;
		}
	}
	return unknown;
}

static int compare_numbers(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left;
	uint32_t b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

static size_t boundaries_of(const struct sock_filter *instruction)
{
	if (BPF_CLASS(instruction->code) != BPF_JMP || BPF_OP(instruction->code) == BPF_JA)
		return 0;
	return BPF_OP(instruction->code) == BPF_JSET ? (size_t)((UINT64_C(1) << 32) / instruction->k) : 2;
}

static size_t add_boundaries(const struct sock_filter *instruction, uint32_t *all)
{
	size_t count = boundaries_of(instruction);
	bool bit = BPF_OP(instruction->code) == BPF_JSET;

	for (size_t i = 0; i < count; i++)
		all[i] = bit ? (uint32_t)(i * instruction->k) : instruction->k + (uint32_t)i;
	return count;
}

uint32_t *seccomp_program_boundaries(struct arena *arena, const struct seccomp_program *programs,
				     size_t program_count, size_t *count)
{
	size_t total = 1;
	uint32_t *all;

	for (size_t i = 0; i < program_count; i++)
		for (size_t pc = 0; pc < programs[i].count; pc++)
			total += boundaries_of(&programs[i].items[pc]);
	all = ARENA_NEW_ARRAY(arena, uint32_t, total);
	total = 1;
	for (size_t i = 0; i < program_count; i++)
		for (size_t pc = 0; pc < programs[i].count; pc++)
			total += add_boundaries(&programs[i].items[pc], all + total);
	qsort(all, total, sizeof(*all), compare_numbers);
	*count = 1;
	for (size_t i = 1; i < total; i++)
		if (all[i] != all[*count - 1])
			all[(*count)++] = all[i];
	return all;
}
