/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp(2), and the kernel's kernel/seccomp.c (seccomp_check_filter) and net/core/filter.c (bpf_check_classic).
 */
#include "seccomp/interpreter.h"

#include <linux/bpf_common.h>
#include <string.h>

#define ALL_WORDS ((UINT32_C(1) << SECCOMP_WORDS) - 1)
#define NO_WORD (UINT32_C(1) << SECCOMP_WORDS) /* the 0 in front of the first load */

/* checking ----------------------------------------------------------------------------------------------- */

static bool alu_is_allowed(const struct sock_filter *instruction)
{
	bool constant = BPF_SRC(instruction->code) == BPF_K;

	switch (BPF_OP(instruction->code)) {
	case BPF_ADD:
	case BPF_SUB:
	case BPF_MUL:
	case BPF_OR:
	case BPF_AND:
	case BPF_XOR: return true;
	case BPF_NEG: return constant;
	case BPF_DIV: return !constant || instruction->k != 0;
	case BPF_LSH:
	case BPF_RSH: return !constant || instruction->k < 32;
	default: return false;
	}
}

/* @left: how many instructions follow. */
static bool jump_is_allowed(const struct sock_filter *instruction, size_t left)
{
	switch (BPF_OP(instruction->code)) {
	case BPF_JA: return BPF_SRC(instruction->code) == BPF_K && instruction->k < left;
	case BPF_JEQ:
	case BPF_JGT:
	case BPF_JGE:
	case BPF_JSET: return instruction->jt < left && instruction->jf < left;
	default: return false;
	}
}

static bool is_allowed(const struct sock_filter *instruction, size_t left)
{
	switch (instruction->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return instruction->k % sizeof(uint32_t) == 0 && instruction->k < sizeof(struct seccomp_data);
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A: return true;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX: return instruction->k < BPF_MEMWORDS;
	default: break;
	}
	if ((instruction->code & ~(BPF_OP(0xff) | BPF_SRC(0xff) | BPF_CLASS(0xff))) != 0)
		return false;
	if (BPF_CLASS(instruction->code) == BPF_ALU)
		return alu_is_allowed(instruction);
	return BPF_CLASS(instruction->code) == BPF_JMP && jump_is_allowed(instruction, left);
}

int seccomp_program_fault(const struct sock_filter *program, size_t count)
{
	if (count == 0 || count > BPF_MAXINSNS)
		return 0;
	for (size_t i = 0; i < count; i++)
		if (!is_allowed(&program[i], count - 1 - i))
			return (int)i;
	return BPF_CLASS(program[count - 1].code) == BPF_RET ? -1 : (int)count;
}

bool seccomp_only_compares(const struct sock_filter *program, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		switch (program[i].code) {
		case BPF_LD | BPF_W | BPF_ABS:
		case BPF_ALU | BPF_AND | BPF_K:
		case BPF_RET | BPF_K: continue;
		default: break;
		}
		if (BPF_CLASS(program[i].code) != BPF_JMP || BPF_SRC(program[i].code) != BPF_K)
			return false;
	}
	return true;
}

/* running ------------------------------------------------------------------------------------------------ */

static bool condition_holds(uint16_t code, uint32_t left, uint32_t right)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ: return left == right;
	case BPF_JGT: return left > right;
	case BPF_JGE: return left >= right;
	default: return (left & right) != 0;
	}
}

static uint32_t calculate(uint16_t code, uint32_t left, uint32_t right)
{
	switch (BPF_OP(code)) {
	case BPF_ADD: return left + right;
	case BPF_SUB: return left - right;
	case BPF_MUL: return left * right;
	case BPF_DIV: return left / right;
	case BPF_OR: return left | right;
	case BPF_AND: return left & right;
	case BPF_XOR: return left ^ right;
	case BPF_LSH: return left << (right & 31);
	case BPF_RSH: return left >> (right & 31);
	default: return -left;
	}
}

static uint32_t word_of(const struct seccomp_data *data, size_t word)
{
	uint32_t value;

	memcpy(&value, (const char *)data + word * sizeof(value), sizeof(value));
	return value;
}

uint32_t seccomp_interpret(const struct sock_filter *program, size_t count, const struct seccomp_data *data,
			   struct seccomp_trace *trace)
{
	uint32_t memory[BPF_MEMWORDS] = { 0 };
	uint32_t a = 0;
	uint32_t x = 0;

	for (size_t pc = 0; pc < count; pc++) {
		const struct sock_filter *instruction = &program[pc];
		uint32_t operand = BPF_SRC(instruction->code) == BPF_X ? x : instruction->k;

		trace->steps++;
		switch (instruction->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = word_of(data, instruction->k / sizeof(uint32_t));
			trace->words |= UINT32_C(1) << (instruction->k / sizeof(uint32_t));
			continue;
		case BPF_LD | BPF_W | BPF_LEN: a = sizeof(*data); continue;
		case BPF_LDX | BPF_W | BPF_LEN: x = sizeof(*data); continue;
		case BPF_LD | BPF_IMM: a = instruction->k; continue;
		case BPF_LDX | BPF_IMM: x = instruction->k; continue;
		case BPF_LD | BPF_MEM: a = memory[instruction->k]; continue;
		case BPF_LDX | BPF_MEM: x = memory[instruction->k]; continue;
		case BPF_ST: memory[instruction->k] = a; continue;
		case BPF_STX: memory[instruction->k] = x; continue;
		case BPF_MISC | BPF_TAX: x = a; continue;
		case BPF_MISC | BPF_TXA: a = x; continue;
		case BPF_RET | BPF_K: return instruction->k;
		case BPF_RET | BPF_A: return a;
		case BPF_JMP | BPF_JA: pc += instruction->k; continue;
		default: break;
		}
		if (BPF_CLASS(instruction->code) == BPF_JMP)
			pc += condition_holds(instruction->code, a, operand) ? instruction->jt
									     : instruction->jf;
		else if (BPF_OP(instruction->code) == BPF_DIV && operand == 0)
			return 0; /* as the kernel's: the program ends there */
		else
			a = calculate(instruction->code, a, operand);
	}
	return SECCOMP_RET_KILL_PROCESS;
}

/* what a program compares -------------------------------------------------------------------------------- */

/* What the accumulator may be in front of an instruction: one of some words, cut by a mask. */
struct holding {
	bool reached;
	uint32_t words;
	uint32_t mask;
	bool unknown; /* something else, or cut by different masks */
};

static void reach(struct holding *at, const struct holding *from)
{
	if (!at->reached) {
		*at = *from;
		return;
	}
	at->words |= from->words;
	at->unknown |= from->unknown || at->mask != from->mask;
}

static void jump(const struct sock_filter *instruction, struct holding *next, const struct holding *holding,
		 const struct seccomp_data *data, uint32_t known)
{
	bool one_word = holding->words && (holding->words & (holding->words - 1)) == 0;
	bool yes;

	/* As far as everything is known, only the way that is taken is looked at. */
	if (BPF_SRC(instruction->code) == BPF_K && one_word && (holding->words & known) && !holding->unknown) {
		uint32_t value = word_of(data, (size_t)__builtin_ctz(holding->words)) & holding->mask;

		yes = condition_holds(instruction->code, value, instruction->k);
		reach(&next[yes ? instruction->jt : instruction->jf], holding);
		return;
	}
	reach(&next[instruction->jt], holding);
	reach(&next[instruction->jf], holding);
}

static struct holding advance(const struct sock_filter *instruction, struct holding holding)
{
	if (instruction->code == (BPF_LD | BPF_W | BPF_ABS))
		return (struct holding){ true, UINT32_C(1) << (instruction->k / sizeof(uint32_t)), UINT32_MAX,
					 false };
	if (instruction->code == (BPF_ALU | BPF_AND | BPF_K)) {
		holding.mask &= instruction->k;
		return holding;
	}
	/* Anything else may make anything of anything. */
	switch (BPF_CLASS(instruction->code)) {
	case BPF_ST:
	case BPF_STX:
	case BPF_LDX: return holding;
	case BPF_MISC:
		if (instruction->code == (BPF_MISC | BPF_TAX))
			return holding;
		break;
	default: break;
	}
	return (struct holding){ true, ALL_WORDS, UINT32_MAX, true };
}

static void tell(const struct sock_filter *instruction, const struct holding *holding,
		 seccomp_constant_found *found, void *context)
{
	bool bits = BPF_OP(instruction->code) == BPF_JSET;
	uint32_t mask = holding->unknown ? UINT32_MAX : holding->mask;
	bool exactly =
		!holding->unknown && (mask == UINT32_MAX || bits || BPF_OP(instruction->code) == BPF_JEQ);

	if (BPF_SRC(instruction->code) == BPF_X)
		return;
	for (size_t word = 0; word < SECCOMP_WORDS; word++)
		if (holding->words & (UINT32_C(1) << word))
			found(context, word, bits ? mask & instruction->k : mask, bits ? 0 : instruction->k,
			      exactly);
}

void seccomp_constants(const struct sock_filter *program, size_t count, const struct seccomp_data *data,
		       uint32_t known, seccomp_constant_found *found, void *context)
{
	struct holding at[BPF_MAXINSNS];

	memset(at, 0, count * sizeof(*at));
	at[0] = (struct holding){ true, NO_WORD, UINT32_MAX, false };
	/* Jumps only go forward: once is enough. */
	for (size_t pc = 0; pc < count; pc++) {
		const struct sock_filter *instruction = &program[pc];
		const struct holding holding = at[pc];

		if (!holding.reached || BPF_CLASS(instruction->code) == BPF_RET)
			continue;
		if (instruction->code == (BPF_JMP | BPF_JA)) {
			reach(&at[pc + 1 + instruction->k], &holding);
		} else if (BPF_CLASS(instruction->code) == BPF_JMP) {
			tell(instruction, &holding, found, context);
			jump(instruction, at + pc + 1, &holding, data, known);
		} else {
			const struct holding next = advance(instruction, holding);

			reach(&at[pc + 1], &next);
		}
	}
}
