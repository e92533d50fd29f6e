/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <cmocka.h>

static bool condition_holds(const struct sock_filter *instruction, uint32_t value)
{
	switch (BPF_OP(instruction->code)) {
	case BPF_JEQ: return value == instruction->k;
	case BPF_JGT: return value > instruction->k;
	case BPF_JGE: return value >= instruction->k;
	case BPF_JSET: return (value & instruction->k) != 0;
	default: fail_msg("unknown jump %#x", instruction->code); return false;
	}
}

uint32_t bpf_run(const struct sock_filter *program, size_t count, const struct seccomp_data *data)
{
	uint32_t value = 0;

	for (size_t pc = 0; pc < count; pc++) {
		const struct sock_filter *instruction = &program[pc];

		switch (instruction->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			assert_true(instruction->k % 4 == 0 && instruction->k + 4 <= sizeof(*data));
			memcpy(&value, (const char *)data + instruction->k, sizeof(value));
			break;
		case BPF_ALU | BPF_AND | BPF_K: value &= instruction->k; break;
		case BPF_RET | BPF_K: return instruction->k;
		case BPF_JMP | BPF_JA: pc += instruction->k; break;
		default:
			assert_int_equal(BPF_CLASS(instruction->code), BPF_JMP);
			pc += condition_holds(instruction, value) ? instruction->jt : instruction->jf;
			break;
		}
	}
	fail_msg("a filter ran over its end");
	return 0;
}
