/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The instructions in front of libseccomp's part of a filter. They decide what libseccomp cannot: system
 * calls it does not know, and ENOSYS for those that nobody knew when the profile was written.
 *
 * For each architecture: "is it this one? then: is it one of these numbers? is it larger than the largest?" and
 * else a jump behind the prelude. Conditional jumps of BPF reach 255 instructions, so they only step over the
 * next few; unconditional ones do the rest.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "seccomp/profile.h"

#define SETUP_S390 \
	0U /* setup(2): s390 passes numbers over 255 in its place when the kernel does not know them */
#define TO_FILTER 0xffffffffU /* a jump's distance until the end of the prelude is known */
#define FAIL 0xff /* a conditional jump's distance until the end of its rule is known */

struct program {
	struct sock_filter *items;
	size_t count;
	size_t capacity;
	struct arena *arena;
};

/* Adds an instruction and returns its index. */
static size_t emit(struct program *program, struct sock_filter instruction)
{
	program->items = arena_grow(program->arena, program->items, program->count, &program->capacity,
				    sizeof(*program->items));
	program->items[program->count] = instruction;
	return program->count++;
}

static void emit_load(struct program *program, size_t offset)
{
	emit(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void emit_jump_if(struct program *program, uint16_t condition, uint32_t value, uint8_t yes, uint8_t no)
{
	emit(program, (struct sock_filter)BPF_JUMP(BPF_JMP | condition | BPF_K, value, yes, no));
}

static size_t emit_jump(struct program *program, uint32_t distance)
{
	return emit(program, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, distance));
}

static void emit_return(struct program *program, uint32_t action)
{
	emit(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* Lets the jump at @index go to the next instruction that will be added. */
static void land_here(struct program *program, size_t index)
{
	program->items[index].k = (uint32_t)(program->count - index - 1);
}

static size_t low_word(uint32_t index)
{
	size_t offset = offsetof(struct seccomp_data, args) + index * sizeof(uint64_t);

	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? offset : offset + sizeof(uint32_t);
}

static size_t high_word(uint32_t index)
{
	size_t offset = offsetof(struct seccomp_data, args) + index * sizeof(uint64_t);

	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? offset + sizeof(uint32_t) : offset;
}

/* The high words decide, or are equal and leave it to the low ones: two instructions, which follow. */
static void emit_high_word(struct program *program, const struct oci_seccomp_arg *condition)
{
	uint32_t high = (uint32_t)(condition->value >> 32);

	emit_load(program, high_word(condition->index));
	switch (condition->op) {
	case OCI_SECCOMP_NE: emit_jump_if(program, BPF_JEQ, high, 0, 2); break;
	case OCI_SECCOMP_GT:
	case OCI_SECCOMP_GE:
		emit_jump_if(program, BPF_JGT, high, 3, 0);
		emit_jump_if(program, BPF_JEQ, high, 0, FAIL);
		break;
	case OCI_SECCOMP_LT:
	case OCI_SECCOMP_LE:
		emit_jump_if(program, BPF_JGT, high, FAIL, 0);
		emit_jump_if(program, BPF_JEQ, high, 0, 2);
		break;
	case OCI_SECCOMP_MASKED_EQ:
		emit(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, high));
		emit_jump_if(program, BPF_JEQ, (uint32_t)(condition->value_two >> 32) & high, 0, FAIL);
		break;
	default: emit_jump_if(program, BPF_JEQ, high, 0, FAIL); break;
	}
}

static void emit_low_word(struct program *program, const struct oci_seccomp_arg *condition)
{
	uint32_t low = (uint32_t)condition->value;

	emit_load(program, low_word(condition->index));
	switch (condition->op) {
	case OCI_SECCOMP_NE: emit_jump_if(program, BPF_JEQ, low, FAIL, 0); break;
	case OCI_SECCOMP_GT: emit_jump_if(program, BPF_JGT, low, 0, FAIL); break;
	case OCI_SECCOMP_GE: emit_jump_if(program, BPF_JGE, low, 0, FAIL); break;
	case OCI_SECCOMP_LT: emit_jump_if(program, BPF_JGE, low, FAIL, 0); break;
	case OCI_SECCOMP_LE: emit_jump_if(program, BPF_JGT, low, FAIL, 0); break;
	case OCI_SECCOMP_MASKED_EQ:
		emit(program, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, low));
		emit_jump_if(program, BPF_JEQ, (uint32_t)condition->value_two & low, 0, FAIL);
		break;
	default: emit_jump_if(program, BPF_JEQ, low, 0, FAIL); break;
	}
}

/* One rule: every condition, then its action; where one fails, on to what follows. At most 6 conditions. */
static void emit_rule(struct program *program, const struct seccomp_rule *rule, bool wide)
{
	size_t start = program->count;

	for (size_t i = 0; i < rule->condition_count; i++) {
		if (wide)
			emit_high_word(program, &rule->conditions[i]);
		emit_low_word(program, &rule->conditions[i]);
	}
	emit_return(program, rule->action);
	for (size_t i = start; i < program->count; i++) {
		struct sock_filter *instruction = &program->items[i];

		if (BPF_CLASS(instruction->code) != BPF_JMP)
			continue;
		if (instruction->jt == FAIL)
			instruction->jt = (uint8_t)(program->count - i - 1);
		if (instruction->jf == FAIL)
			instruction->jf = (uint8_t)(program->count - i - 1);
	}
}

int seccomp_rule_compare(const void *left, const void *right)
{
	const struct seccomp_rule *a = left;
	const struct seccomp_rule *b = right;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	if ((a->condition_count == 0) != (b->condition_count == 0))
		return a->condition_count == 0 ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order; /* qsort(3) does not keep the order of equals */
}

/* The first of the rules behind @first that is about another number. */
static size_t next_number(const struct seccomp_prelude *part, size_t first)
{
	size_t next = first + 1;

	while (next < part->rule_count && part->rules[next].number == part->rules[first].number)
		next++;
	return next;
}

/* Neighbouring numbers with the same unconditional action: one comparison of a range. Returns what follows. */
static size_t emit_range(struct program *program, const struct seccomp_prelude *part, size_t first)
{
	const struct seccomp_rule *rules = part->rules;
	uint32_t last_number = rules[first].number;
	size_t next = next_number(part, first);

	while (next < part->rule_count && rules[next].number == last_number + 1 &&
	       rules[next].condition_count == 0 && rules[next].action == rules[first].action) {
		last_number++;
		next = next_number(part, next);
	}
	if (last_number == rules[first].number) {
		emit_jump_if(program, BPF_JEQ, last_number, 0, 1);
	} else {
		emit_jump_if(program, BPF_JGE, rules[first].number, 0, 2);
		emit_jump_if(program, BPF_JGT, last_number, 1, 0);
	}
	emit_return(program, rules[first].action);
	return next;
}

/* The rules with conditions of one number; if none of them matches, the default. Returns what follows. */
static size_t emit_conditional(struct program *program, const struct seccomp_prelude *part, size_t first,
			       uint32_t default_action)
{
	size_t next = next_number(part, first);
	size_t over;

	emit_jump_if(program, BPF_JEQ, part->rules[first].number, 1, 0);
	over = emit_jump(program, 0);
	for (size_t i = first; i < next; i++)
		emit_rule(program, &part->rules[i], part->architecture->wide);
	emit_return(program, default_action);
	land_here(program, over);
	return next;
}

/* Everything about one architecture; seccomp_data.nr is loaded. */
static void emit_part(struct program *program, const struct seccomp_prelude *part, uint32_t default_action,
		      bool unknown_is_enosys)
{
	size_t i = 0;

	while (i < part->rule_count)
		i = part->rules[i].condition_count == 0 ? emit_range(program, part, i)
							: emit_conditional(program, part, i, default_action);
	if (unknown_is_enosys && part->largest) {
		if (part->architecture->audit == AUDIT_ARCH_S390 ||
		    part->architecture->audit == AUDIT_ARCH_S390X) {
			emit_jump_if(program, BPF_JEQ, SETUP_S390, 0, 1);
			emit_return(program, SECCOMP_RET_ERRNO | ENOSYS);
		}
		emit_jump_if(program, BPF_JGT, part->largest, 0, 1);
		emit_return(program, SECCOMP_RET_ERRNO | ENOSYS);
	}
	emit_jump(program, TO_FILTER);
}

/* x86-64 and x32 are one architecture to the kernel, and differ in a bit of the number. One may be missing. */
static void emit_x86_64(struct program *program, const struct seccomp_prelude *normal,
			const struct seccomp_prelude *x32, uint32_t default_action, bool unknown_is_enosys)
{
	size_t to_x32;

	emit_jump_if(program, BPF_JSET, X32_SYSCALL_BIT, 0, 1);
	to_x32 = emit_jump(program, 0);
	if (normal)
		emit_part(program, normal, default_action, unknown_is_enosys);
	else
		emit_jump(program, TO_FILTER);
	land_here(program, to_x32);
	if (x32)
		emit_part(program, x32, default_action, unknown_is_enosys);
	else
		emit_jump(program, TO_FILTER);
}

static const struct seccomp_prelude *find_token(const struct seccomp_prelude *parts, size_t count,
						uint32_t base)
{
	for (size_t i = 0; i < count; i++)
		if (parts[i].architecture->audit == AUDIT_ARCH_X86_64 && parts[i].architecture->base == base)
			return &parts[i];
	return NULL;
}

/* Whether an earlier part has dealt with the architecture of @parts[@index]: x86-64 and x32 share one. */
static bool is_done(const struct seccomp_prelude *parts, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (parts[i].architecture->audit == parts[index].architecture->audit)
			return true;
	return false;
}

static bool has_work(const struct seccomp_prelude *parts, size_t count, bool unknown_is_enosys)
{
	for (size_t i = 0; i < count; i++)
		if (parts[i].rule_count || (unknown_is_enosys && parts[i].largest))
			return true;
	return false;
}

struct sock_filter *seccomp_prelude_build(struct arena *arena, struct seccomp_prelude *parts, size_t part_count,
					  uint32_t default_action, bool unknown_is_enosys, size_t *count)
{
	struct program program = { .arena = arena };

	*count = 0;
	if (!has_work(parts, part_count, unknown_is_enosys))
		return NULL;
	for (size_t i = 0; i < part_count; i++)
		if (parts[i].rule_count)
			qsort(parts[i].rules, parts[i].rule_count, sizeof(*parts[i].rules),
			      seccomp_rule_compare);
	emit_load(&program, offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < part_count; i++) {
		size_t over;

		if (is_done(parts, i))
			continue;
		emit_jump_if(&program, BPF_JEQ, parts[i].architecture->audit, 1, 0);
		over = emit_jump(&program, 0);
		emit_load(&program, offsetof(struct seccomp_data, nr));
		if (parts[i].architecture->audit == AUDIT_ARCH_X86_64)
			emit_x86_64(&program, find_token(parts, part_count, 0),
				    find_token(parts, part_count, X32_SYSCALL_BIT), default_action,
				    unknown_is_enosys);
		else
			emit_part(&program, &parts[i], default_action, unknown_is_enosys);
		land_here(&program, over);
	}
	for (size_t i = 0; i < program.count; i++)
		if (program.items[i].code == (BPF_JMP | BPF_JA) && program.items[i].k == TO_FILTER)
			land_here(&program, i);
	*count = program.count;
	return program.items;
}
