/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rules: what they come to, and that the program for v2 decides as the rules say. The program is run
 * here by a small interpreter of the few instructions that it is made of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/bpf.h>
#include <string.h>

#include "cgroup/internal.h"

#define STEPS_MAX 100000
#define NR(n)           \
	{               \
		true, n \
	}

static struct arena arena;
static struct error error;

static int release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

/* The answer of @program for @context; fails the test on an instruction that is not among those expected. */
static uint64_t run(const struct bpf_program *program, const struct bpf_cgroup_dev_ctx *context)
{
	uint64_t reg[11] = { 0 };
	size_t next = 0;

	for (size_t step = 0; step < STEPS_MAX; step++) {
		const struct bpf_insn *insn;
		uint32_t loaded;

		assert_true(next < program->count);
		insn = &program->items[next++];
		switch (insn->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			assert_int_equal(insn->src_reg, BPF_REG_1);
			assert_true(insn->off >= 0 && (size_t)insn->off + 4 <= sizeof(*context));
			memcpy(&loaded, (const char *)context + insn->off, sizeof(loaded));
			reg[insn->dst_reg] = loaded;
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K: reg[insn->dst_reg] = (uint64_t)(int64_t)insn->imm; break;
		case BPF_ALU64 | BPF_MOV | BPF_X: reg[insn->dst_reg] = reg[insn->src_reg]; break;
		case BPF_ALU64 | BPF_AND | BPF_K: reg[insn->dst_reg] &= (uint64_t)(int64_t)insn->imm; break;
		case BPF_ALU64 | BPF_RSH | BPF_K: reg[insn->dst_reg] >>= insn->imm; break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			if ((uint32_t)reg[insn->dst_reg] != (uint32_t)insn->imm)
				next += (size_t)insn->off;
			break;
		case BPF_JMP32 | BPF_JEQ | BPF_K:
			if ((uint32_t)reg[insn->dst_reg] == (uint32_t)insn->imm)
				next += (size_t)insn->off;
			break;
		case BPF_JMP | BPF_EXIT: return reg[0];
		default: fail_msg("unexpected instruction 0x%02x", insn->code);
		}
	}
	fail_msg("the program does not end");
	return 0;
}

/* What the v1 controller would decide: match_exception() and match_exception_partial() of device_cgroup.c. */
static bool decide(const struct device_state *state, char type, uint32_t major, uint32_t minor,
		   unsigned int access)
{
	for (size_t i = 0; i < state->count; i++) {
		const struct device_exception *exception = &state->exceptions[i];

		if (exception->type != type || (exception->major != DEVICE_ANY && exception->major != major) ||
		    (exception->minor != DEVICE_ANY && exception->minor != minor))
			continue;
		if (state->allow ? (exception->access & access) != 0 : (access & ~exception->access) == 0)
			return !state->allow;
	}
	return state->allow;
}

/* Asks the program about everything near the exceptions, and compares. */
static void assert_program_decides_alike(const struct device_state *state)
{
	static const uint32_t numbers[] = { 0, 1, 3, 5, 7, 8, 10, 136, 200, 229, 1048575, UINT32_MAX };
	struct bpf_program program;

	devices_bpf_assemble(&arena, state, &program);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(numbers); j++) {
			for (uint32_t access = 1; access <= DEVICE_ACCESS_ALL; access++) {
				for (uint32_t type = BPF_DEVCG_DEV_BLOCK; type <= BPF_DEVCG_DEV_CHAR; type++) {
					const struct bpf_cgroup_dev_ctx context = {
						.access_type = access << 16 | type,
						.major = numbers[i],
						.minor = numbers[j],
					};
					bool expected = decide(state, type == BPF_DEVCG_DEV_BLOCK ? 'b' : 'c',
							       numbers[i], numbers[j], access);

					assert_int_equal(run(&program, &context), expected);
				}
			}
		}
	}
}

static struct device_state resolve(const struct oci_device_rule *rules, size_t count)
{
	const struct oci_device_rule_list list = { (struct oci_device_rule *)rules, count };
	struct device_state state;

	if (devices_resolve(&arena, &list, NULL, &state, &error) < 0)
		fail_msg("%s", error.text);
	assert_program_decides_alike(&state);
	return state;
}

static void refused(const struct oci_device_rule *rules, size_t count, const char *text)
{
	const struct oci_device_rule_list list = { (struct oci_device_rule *)rules, count };
	struct device_state state;

	assert_int_equal(devices_resolve(&arena, &list, NULL, &state, &error), -1);
	assert_non_null(strstr(error.text, text));
}

static void denying_all_leaves_the_default_devices(void **test)
{
	static const struct oci_device_rule rules[] = { { .allow = false, .access = "rwm" } };
	struct device_state state = resolve(rules, 1);

	(void)test;
	assert_false(state.allow);
	assert_true(decide(&state, 'c', 1, 3, DEVICE_ACCESS_READ | DEVICE_ACCESS_WRITE));
	assert_true(decide(&state, 'c', 136, 4711, DEVICE_ACCESS_ALL));
	assert_true(decide(&state, 'c', 5, 2, DEVICE_ACCESS_READ));
	assert_true(decide(&state, 'b', 8, 0, DEVICE_ACCESS_MKNOD));
	assert_false(decide(&state, 'b', 8, 0, DEVICE_ACCESS_READ));
	assert_false(decide(&state, 'c', 1, 1, DEVICE_ACCESS_READ));
}

static void no_rules_deny_as_well(void **test)
{
	struct device_state state = resolve(NULL, 0);

	(void)test;
	assert_false(state.allow);
	assert_true(decide(&state, 'c', 1, 9, DEVICE_ACCESS_READ));
	assert_false(decide(&state, 'c', 10, 229, DEVICE_ACCESS_READ));
}

static void allowing_all_has_no_exception(void **test)
{
	static const struct oci_device_rule rules[] = {
		{ .allow = false, .access = "rwm" },
		{ .allow = true, .type = "c", .major = NR(10), .access = "r" },
		{ .allow = true, .type = "a", .access = "rwm" }
	};
	struct device_state state = resolve(rules, ARRAY_SIZE(rules));

	(void)test;
	assert_true(state.allow);
	assert_int_equal(state.count, 0);
}

static void the_last_word_counts(void **test)
{
	static const struct oci_device_rule rules[] = {
		{ .allow = false, .access = "rwm" },
		{ .allow = true, .type = "c", .major = NR(10), .minor = NR(229), .access = "rw" },
		{ .allow = true, .type = "b", .major = NR(8), .minor = NR(-1), .access = "r" },
		{ .allow = false, .type = "c", .major = NR(10), .minor = NR(229), .access = "w" },
	};
	struct device_state state = resolve(rules, ARRAY_SIZE(rules));

	(void)test;
	assert_true(decide(&state, 'c', 10, 229, DEVICE_ACCESS_READ));
	assert_false(decide(&state, 'c', 10, 229, DEVICE_ACCESS_WRITE));
	assert_false(decide(&state, 'c', 10, 229, DEVICE_ACCESS_READ | DEVICE_ACCESS_WRITE));
	assert_true(decide(&state, 'b', 8, 5, DEVICE_ACCESS_READ));
	assert_false(decide(&state, 'b', 8, 5, DEVICE_ACCESS_WRITE));
}

static void denying_after_allowing_all(void **test)
{
	static const struct oci_device_rule rules[] = {
		{ .allow = true, .access = "rwm" },
		{ .allow = false, .type = "b", .access = "w" },
		{ .allow = false, .type = "c", .major = NR(1), .minor = NR(1), .access = "rwa" },
	};
	struct device_state state = resolve(rules, ARRAY_SIZE(rules));

	(void)test;
	assert_true(state.allow);
	assert_true(decide(&state, 'b', 8, 0, DEVICE_ACCESS_READ));
	assert_false(decide(&state, 'b', 8, 0, DEVICE_ACCESS_READ | DEVICE_ACCESS_WRITE));
	assert_false(decide(&state, 'c', 1, 1, DEVICE_ACCESS_READ));
}

/* "allow type a 10:229 r" reads as if it were about one device; the v1 controller takes it for all of them. */
static void a_narrow_rule_for_all_types_stays_narrow(void **test)
{
	static const struct oci_device_rule rules[] = {
		{ .allow = false, .access = "rwm" },
		{ .allow = true, .major = NR(10), .minor = NR(229), .access = "r" },
	};
	struct device_state state = resolve(rules, ARRAY_SIZE(rules));

	(void)test;
	assert_false(state.allow);
	assert_true(decide(&state, 'c', 10, 229, DEVICE_ACCESS_READ));
	assert_true(decide(&state, 'b', 10, 229, DEVICE_ACCESS_READ));
	assert_false(decide(&state, 'c', 10, 229, DEVICE_ACCESS_WRITE));
	assert_false(decide(&state, 'c', 10, 230, DEVICE_ACCESS_READ));
}

static void holes_are_refused(void **test)
{
	static const struct oci_device_rule rules[] = {
		{ .allow = false, .access = "rwm" },
		{ .allow = true, .type = "c", .major = NR(10), .access = "rw" },
		{ .allow = false, .type = "c", .major = NR(10), .minor = NR(229), .access = "w" },
	};
	static const struct oci_device_rule beside[] = {
		{ .allow = false, .access = "rwm" },
		{ .allow = true, .type = "c", .major = NR(10), .access = "r" },
		{ .allow = false, .type = "c", .major = NR(10), .minor = NR(229), .access = "w" },
	};

	(void)test;
	refused(rules, ARRAY_SIZE(rules),
		"linux.resources.devices[2]: requested rule [c 10:229 w] not supported");
	refused(rules, ARRAY_SIZE(rules), "cannot punch hole in existing rule [c 10:* rw]");
	resolve(beside, ARRAY_SIZE(beside));
}

static void nonsense_is_refused(void **test)
{
	static const struct oci_device_rule type = { .allow = true, .type = "x", .access = "r" };
	static const struct oci_device_rule long_type = { .allow = true, .type = "cb", .access = "r" };
	static const struct oci_device_rule access = { .allow = true, .type = "c", .access = "rx" };
	static const struct oci_device_rule no_access = { .allow = true, .type = "c", .access = "" };
	static const struct oci_device_rule number = {
		.allow = true, .type = "c", .major = NR(-2), .access = "r"
	};
	static const struct oci_device_rule large = {
		.allow = true, .type = "c", .major = NR(1LL << 32), .access = "r"
	};

	(void)test;
	refused(&type, 1, "invalid cgroup device type \"x\"");
	refused(&long_type, 1, "invalid cgroup device type \"cb\"");
	refused(&access, 1, "invalid cgroup device access \"rx\"");
	refused(&no_access, 1, "invalid cgroup device access \"\"");
	refused(&number, 1, "invalid cgroup device number");
	refused(&large, 1, "invalid cgroup device number");
}

static void a_configured_device_replaces_the_default(void **test)
{
	struct oci_device null = { .type = "c", .path = "/dev/null", .major = NR(1), .minor = NR(3) };
	const struct oci_device_list devices = { &null, 1 };
	struct device_state state;

	(void)test;
	assert_int_equal(devices_resolve(&arena, NULL, &devices, &state, &error), 0);
	assert_false(decide(&state, 'c', 1, 3, DEVICE_ACCESS_READ));
	assert_true(decide(&state, 'c', 1, 5, DEVICE_ACCESS_READ));
}

static void rules_are_written_as_v1_reads_them(void **test)
{
	static const struct {
		struct device_exception exception;
		const char *text;
	} cases[] = {
		{ { 'c', 1, 3, DEVICE_ACCESS_ALL }, "c 1:3 rwm" },
		{ { 'b', DEVICE_ANY, DEVICE_ANY, DEVICE_ACCESS_MKNOD }, "b *:* m" },
		{ { 'c', 136, DEVICE_ANY, DEVICE_ACCESS_READ | DEVICE_ACCESS_WRITE }, "c 136:* rw" },
		{ { 'b', UINT32_MAX, UINT32_MAX, DEVICE_ACCESS_WRITE }, "b 4294967295:4294967295 w" },
	};
	char text[64];

	(void)test;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(device_exception_text(&cases[i].exception, text), cases[i].text);
}

/* Hundreds of rules, some of them taken back: the list and the jumps hold. */
static void many_rules(void **test)
{
	struct oci_device_rule rules[600];

	(void)test;
	for (int i = 0; i < 600; i++)
		rules[i] = (struct oci_device_rule){
			.allow = i < 400,
			.type = i % 2 ? "c" : "b",
			.major = NR(i % 400),
			.minor = NR(i % 7),
			.access = i % 3 ? "rw" : "r",
		};
	resolve(rules, ARRAY_SIZE(rules));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(denying_all_leaves_the_default_devices, release),
		cmocka_unit_test_teardown(no_rules_deny_as_well, release),
		cmocka_unit_test_teardown(allowing_all_has_no_exception, release),
		cmocka_unit_test_teardown(the_last_word_counts, release),
		cmocka_unit_test_teardown(denying_after_allowing_all, release),
		cmocka_unit_test_teardown(a_narrow_rule_for_all_types_stays_narrow, release),
		cmocka_unit_test_teardown(holes_are_refused, release),
		cmocka_unit_test_teardown(nonsense_is_refused, release),
		cmocka_unit_test_teardown(a_configured_device_replaces_the_default, release),
		cmocka_unit_test_teardown(rules_are_written_as_v1_reads_them, release),
		cmocka_unit_test_teardown(many_rules, release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
