/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A filter that decides the same in fewer instructions.
 *
 * Loading a filter costs the kernel time for each instruction (it compiles them), and for each step that each
 * system call number takes through them (it finds out which are always allowed). libseccomp compares number
 * by number; a profile mostly allows long runs of them. So its program is asked what it decides for every
 * number, and that is written down again as ranges in a balanced tree. Where the decision depends on
 * arguments, the program's own instructions for them are kept. What libseccomp means is thereby never
 * interpreted anew, and the result is run against the original before it is used.
 */
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "seccomp/profile.h"

#define JUMP_MAX 255U
#define JSET_LOWEST \
	24 /* of a bit that may be tested in a number: each cuts the numbers into 2^(32 - bit) ranges */

enum outcome_kind { OUTCOME_ACTION, OUTCOME_ARGUMENTS, OUTCOME_UNKNOWN };

/* What a program does with a number: return @value, or look at arguments from instruction @value on. */
struct outcome {
	enum outcome_kind kind;
	uint32_t value;
};

/* The numbers from @first to the next range's have one outcome. */
struct range {
	uint32_t first;
	struct outcome outcome;
};

struct code {
	struct sock_filter *items;
	size_t count;
	size_t capacity;
};

struct compaction {
	struct arena *arena;
	struct code from;
	uint32_t *boundaries; /* where an outcome may change: sorted, unique, the first is 0 */
	size_t boundary_count;
	bool *kept; /* instructions of @from that depend on arguments */
	/* The result grows from its end, because jumps go forward: a position is counted from there. */
	struct code to;
	size_t *position; /* of each kept instruction */
};

static bool outcomes_equal(struct outcome a, struct outcome b)
{
	return a.kind == b.kind && a.value == b.value;
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

/* What @code does on @architecture with @number (NULL: with any, or else the outcome is unknown). */
static struct outcome decide(const struct code *code, uint32_t architecture, const uint32_t *number)
{
	static const struct outcome unknown = { OUTCOME_UNKNOWN, 0 };
	uint32_t value = 0;

	for (size_t pc = 0; pc < code->count;) {
		const struct sock_filter *instruction = &code->items[pc];

		switch (BPF_CLASS(instruction->code)) {
		case BPF_LD:
			if (instruction->k == offsetof(struct seccomp_data, arch))
				value = architecture;
			else if (instruction->k != offsetof(struct seccomp_data, nr))
				return (struct outcome){ OUTCOME_ARGUMENTS, (uint32_t)pc };
			else if (number)
				value = *number;
			else
				return unknown;
			pc++;
			break;
		case BPF_JMP: pc = follow(instruction, pc, value); break;
		case BPF_RET: return (struct outcome){ OUTCOME_ACTION, instruction->k };
		default: return unknown;
		}
	}
	return unknown;
}

/* Whether @instruction is one of the few kinds that are understood here: all that libseccomp uses. */
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

/* Between two constants that anything is compared with, every comparison comes out the same. */
static void find_boundaries(struct compaction *compaction)
{
	const struct code *code = &compaction->from;
	size_t count = 1;
	size_t unique = 1;
	uint32_t *all;

	for (size_t i = 0; i < code->count; i++)
		count += boundaries_of(&code->items[i]);
	all = ARENA_NEW_ARRAY(compaction->arena, uint32_t, count);
	count = 1;
	for (size_t i = 0; i < code->count; i++) {
		size_t more = boundaries_of(&code->items[i]);
		bool bit = BPF_OP(code->items[i].code) == BPF_JSET;

		for (size_t j = 0; j < more; j++)
			all[count++] = bit ? (uint32_t)(j * code->items[i].k) : code->items[i].k + (uint32_t)j;
	}
	qsort(all, count, sizeof(*all), compare_numbers);
	for (size_t i = 1; i < count; i++)
		if (all[i] != all[unique - 1])
			all[unique++] = all[i];
	compaction->boundaries = all;
	compaction->boundary_count = unique;
}

/* Marks what can be reached from @entry. False where that depends on more than arguments. */
static bool keep_from(struct compaction *compaction, uint32_t entry)
{
	const struct code *code = &compaction->from;

	compaction->kept[entry] = true;
	for (size_t pc = entry; pc < code->count; pc++) {
		const struct sock_filter *instruction = &code->items[pc];

		if (!compaction->kept[pc])
			continue;
		if (BPF_CLASS(instruction->code) == BPF_LD &&
		    instruction->k < offsetof(struct seccomp_data, args))
			return false;
		if (BPF_CLASS(instruction->code) == BPF_RET)
			continue;
		if (instruction->code == (BPF_JMP | BPF_JA)) {
			compaction->kept[pc + 1 + instruction->k] = true;
		} else if (BPF_CLASS(instruction->code) == BPF_JMP) {
			compaction->kept[pc + 1 + instruction->jt] = true;
			compaction->kept[pc + 1 + instruction->jf] = true;
		} else {
			compaction->kept[pc + 1] = true;
		}
	}
	return true;
}

/* The outcomes of all numbers on @architecture, neighbours joined. False where one cannot be told. */
static bool find_ranges(struct compaction *compaction, uint32_t architecture, struct range **ranges,
			size_t *count)
{
	*ranges = ARENA_NEW_ARRAY(compaction->arena, struct range, compaction->boundary_count);
	*count = 0;
	for (size_t i = 0; i < compaction->boundary_count; i++) {
		struct range range = { .first = compaction->boundaries[i] };

		range.outcome = decide(&compaction->from, architecture, &range.first);
		if (range.outcome.kind == OUTCOME_UNKNOWN)
			return false;
		if (*count && outcomes_equal((*ranges)[*count - 1].outcome, range.outcome))
			continue;
		if (range.outcome.kind == OUTCOME_ARGUMENTS && !keep_from(compaction, range.outcome.value))
			return false;
		(*ranges)[(*count)++] = range;
	}
	return true;
}

/* Adds an instruction in front of all others and returns its position, counted from the end. */
static size_t prepend(struct compaction *compaction, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	struct code *to = &compaction->to;

	if (to->count == to->capacity)
		return 0; /* the caller gives up: nothing was gained */
	to->items[to->count] = (struct sock_filter){ .code = code, .jt = jt, .jf = jf, .k = k };
	return to->count++;
}

/* How far the next instruction to be added would have to jump to @target. */
static uint32_t distance(const struct compaction *compaction, size_t target)
{
	return (uint32_t)(compaction->to.count - target - 1);
}

/* @target, or a jump to it that a conditional one reaches; there may come one more such jump before that. */
static size_t within_reach(struct compaction *compaction, size_t target)
{
	if (distance(compaction, target) + 1 <= JUMP_MAX)
		return target;
	return prepend(compaction, BPF_JMP | BPF_JA, distance(compaction, target), 0, 0);
}

/* A position that has the outcome: a return used before, where it is near enough, or a new one. */
static size_t place_outcome(struct compaction *compaction, struct outcome outcome)
{
	const struct code *to = &compaction->to;

	if (outcome.kind == OUTCOME_ARGUMENTS)
		return compaction->position[outcome.value];
	for (size_t i = to->count; i > 0 && distance(compaction, i - 1) + 2 <= JUMP_MAX; i--)
		if (to->items[i - 1].code == (BPF_RET | BPF_K) && to->items[i - 1].k == outcome.value)
			return i - 1;
	return prepend(compaction, BPF_RET | BPF_K, outcome.value, 0, 0);
}

static void prepend_if(struct compaction *compaction, uint16_t condition, uint32_t value, size_t yes, size_t no)
{
	yes = within_reach(compaction, yes);
	no = within_reach(compaction, no);
	prepend(compaction, BPF_JMP | condition | BPF_K, value, (uint8_t)distance(compaction, yes),
		(uint8_t)distance(compaction, no));
}

/* A balanced tree over the ranges; returns the position of its root. */
static size_t place_tree(struct compaction *compaction, const struct range *ranges, size_t count)
{
	size_t middle = count / 2;
	size_t below;
	size_t above;

	if (count == 1)
		return place_outcome(compaction, ranges[0].outcome);
	above = place_tree(compaction, ranges + middle, count - middle);
	below = place_tree(compaction, ranges, middle);
	prepend_if(compaction, BPF_JGE, ranges[middle].first, above, below);
	return compaction->to.count - 1;
}

/* The instructions for arguments, in their order; what lay between them only makes jumps shorter. */
static void place_kept(struct compaction *compaction)
{
	const struct code *from = &compaction->from;

	for (size_t i = from->count; i > 0; i--) {
		const struct sock_filter *instruction = &from->items[i - 1];
		struct sock_filter copy = *instruction;

		if (!compaction->kept[i - 1])
			continue;
		if (instruction->code == (BPF_JMP | BPF_JA)) {
			copy.k = distance(compaction, compaction->position[i + instruction->k]);
		} else if (BPF_CLASS(instruction->code) == BPF_JMP) {
			copy.jt = (uint8_t)distance(compaction, compaction->position[i + instruction->jt]);
			copy.jf = (uint8_t)distance(compaction, compaction->position[i + instruction->jf]);
		}
		compaction->position[i - 1] = prepend(compaction, copy.code, copy.k, copy.jt, copy.jf);
	}
}

static void reverse(struct code *code)
{
	for (size_t i = 0; i < code->count / 2; i++) {
		struct sock_filter swapped = code->items[i];

		code->items[i] = code->items[code->count - 1 - i];
		code->items[code->count - 1 - i] = swapped;
	}
}

/* Whether both programs go the same way with every number of @architecture. */
static bool agrees(const struct compaction *compaction, uint32_t architecture)
{
	for (size_t i = 0; i < compaction->boundary_count; i++) {
		struct outcome old = decide(&compaction->from, architecture, &compaction->boundaries[i]);
		struct outcome new = decide(&compaction->to, architecture, &compaction->boundaries[i]);

		if (old.kind == OUTCOME_ARGUMENTS)
			old.value = (uint32_t)(compaction->to.count - 1 - compaction->position[old.value]);
		if (!outcomes_equal(old, new))
			return false;
	}
	return true;
}

/* An architecture that is none of @audits. */
static uint32_t other_architecture(const uint32_t *audits, size_t count)
{
	uint32_t other = 0;

	for (size_t i = 0; i < count; i++)
		if (audits[i] == other) {
			other++;
			i = (size_t)-1;
		}
	return other;
}

struct sock_filter *seccomp_compact(struct arena *arena, const struct sock_filter *instructions, size_t count,
				    const uint32_t *audits, size_t audit_count, size_t *compact_count)
{
	struct compaction compaction = {
		.arena = arena,
		.from = { (struct sock_filter *)instructions, count, count },
		.kept = ARENA_NEW_ARRAY(arena, bool, count),
		.to = { ARENA_NEW_ARRAY(arena, struct sock_filter, count), 0, count },
		.position = ARENA_NEW_ARRAY(arena, size_t, count),
	};
	struct outcome other = decide(&compaction.from, other_architecture(audits, audit_count), NULL);
	struct range **ranges = ARENA_NEW_ARRAY(arena, struct range *, audit_count);
	size_t *range_counts = ARENA_NEW_ARRAY(arena, size_t, audit_count);
	size_t *roots = ARENA_NEW_ARRAY(arena, size_t, audit_count);
	size_t next;

	for (size_t i = 0; i < count; i++)
		if (!is_understood(&instructions[i]))
			return NULL;
	if (other.kind != OUTCOME_ACTION)
		return NULL;
	find_boundaries(&compaction);
	for (size_t i = 0; i < audit_count; i++)
		if (!find_ranges(&compaction, audits[i], &ranges[i], &range_counts[i]))
			return NULL;

	place_kept(&compaction);
	for (size_t i = audit_count; i > 0; i--) {
		size_t root = place_tree(&compaction, ranges[i - 1], range_counts[i - 1]);

		if (distance(&compaction, root) > 0)
			prepend(&compaction, BPF_JMP | BPF_JA, distance(&compaction, root), 0, 0);
		roots[i - 1] =
			prepend(&compaction, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	}
	next = prepend(&compaction, BPF_RET | BPF_K, other.value, 0, 0);
	for (size_t i = audit_count; i > 0; i--) {
		prepend_if(&compaction, BPF_JEQ, audits[i - 1], roots[i - 1], next);
		next = compaction.to.count - 1;
	}
	prepend(&compaction, BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch), 0, 0);
	if (compaction.to.count >= count)
		return NULL;
	reverse(&compaction.to);
	if (!outcomes_equal(decide(&compaction.to, other_architecture(audits, audit_count), NULL), other))
		return NULL;
	for (size_t i = 0; i < audit_count; i++)
		if (!agrees(&compaction, audits[i]))
			return NULL;
	*compact_count = compaction.to.count;
	return compaction.to.items;
}
