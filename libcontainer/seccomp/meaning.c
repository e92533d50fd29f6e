/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/meaning.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/net.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define PARTS_MAX 32 /* more than there are architectures */
#define X86_SOCKETCALL 102
#define X86_IPC 117
#define NO_NUMBERS_FROM 0x80000000U /* on x86-64: beyond those with X32_SYSCALL_BIT */
#define ENOSYS_VALUE (SECCOMP_RET_ERRNO | ENOSYS)

struct seccomp_meaning {
	struct arena *arena;
	uint32_t default_value;
	bool unknown_is_enosys;
	struct seccomp_meaning_part parts[PARTS_MAX];
	size_t part_count;
};

/* calls of x86 with two numbers --------------------------------------------------------------------------- */

/*
 * The calls of x86 that are also a function of socketcall(2) or ipc(2): linux/net.h, linux/ipc.h, and
 * arch/x86/entry/syscalls/syscall_32.tbl for the number of their own, which not all have.
 */
static const struct shared_call {
	const char *name;
	uint32_t shared;
	uint32_t function;
	uint32_t own; /* 0: none */
} shared_calls[] = {
	{ "socket", X86_SOCKETCALL, SYS_SOCKET, 359 },
	{ "bind", X86_SOCKETCALL, SYS_BIND, 361 },
	{ "connect", X86_SOCKETCALL, SYS_CONNECT, 362 },
	{ "listen", X86_SOCKETCALL, SYS_LISTEN, 363 },
	{ "accept", X86_SOCKETCALL, SYS_ACCEPT, 0 },
	{ "getsockname", X86_SOCKETCALL, SYS_GETSOCKNAME, 367 },
	{ "getpeername", X86_SOCKETCALL, SYS_GETPEERNAME, 368 },
	{ "socketpair", X86_SOCKETCALL, SYS_SOCKETPAIR, 360 },
	{ "send", X86_SOCKETCALL, SYS_SEND, 0 },
	{ "recv", X86_SOCKETCALL, SYS_RECV, 0 },
	{ "sendto", X86_SOCKETCALL, SYS_SENDTO, 369 },
	{ "recvfrom", X86_SOCKETCALL, SYS_RECVFROM, 371 },
	{ "shutdown", X86_SOCKETCALL, SYS_SHUTDOWN, 373 },
	{ "setsockopt", X86_SOCKETCALL, SYS_SETSOCKOPT, 366 },
	{ "getsockopt", X86_SOCKETCALL, SYS_GETSOCKOPT, 365 },
	{ "sendmsg", X86_SOCKETCALL, SYS_SENDMSG, 370 },
	{ "recvmsg", X86_SOCKETCALL, SYS_RECVMSG, 372 },
	{ "accept4", X86_SOCKETCALL, SYS_ACCEPT4, 364 },
	{ "recvmmsg", X86_SOCKETCALL, SYS_RECVMMSG, 337 },
	{ "sendmmsg", X86_SOCKETCALL, SYS_SENDMMSG, 345 },
	{ "semop", X86_IPC, 1, 0 },
	{ "semget", X86_IPC, 2, 393 },
	{ "semctl", X86_IPC, 3, 394 },
	{ "semtimedop", X86_IPC, 4, 0 },
	{ "msgsnd", X86_IPC, 11, 400 },
	{ "msgrcv", X86_IPC, 12, 401 },
	{ "msgget", X86_IPC, 13, 399 },
	{ "msgctl", X86_IPC, 14, 402 },
	{ "shmat", X86_IPC, 21, 397 },
	{ "shmdt", X86_IPC, 22, 398 },
	{ "shmget", X86_IPC, 23, 395 },
	{ "shmctl", X86_IPC, 24, 396 },
};

static const struct shared_call *find_shared(const struct seccomp_architecture *architecture, const char *name)
{
	if (architecture->audit != AUDIT_ARCH_I386)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(shared_calls); i++)
		if (strcmp(shared_calls[i].name, name) == 0)
			return &shared_calls[i];
	return NULL;
}

/* reading ------------------------------------------------------------------------------------------------ */

static bool can_judge(const struct seccomp_architecture *architecture)
{
	static const uint32_t runs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64,
					 AUDIT_ARCH_ARM };

	for (size_t i = 0; i < ARRAY_SIZE(runs); i++)
		if (architecture->audit == runs[i])
			return seccomp_syscall_resolve_name_arch(architecture->token, "read") !=
			       __NR_SCMP_ERROR;
	return false;
}

static void add_part(struct seccomp_meaning *meaning, const struct seccomp_architecture *architecture)
{
	for (size_t i = 0; i < meaning->part_count; i++)
		if (meaning->parts[i].architecture == architecture)
			return;
	meaning->parts[meaning->part_count++] = (struct seccomp_meaning_part){
		.architecture = architecture,
		.is_judged = can_judge(architecture),
	};
}

static int add_parts(struct seccomp_meaning *meaning, const struct oci_seccomp *profile, struct error *error)
{
	const struct seccomp_architecture *native = seccomp_architecture_by_token(seccomp_arch_native());

	if (native)
		add_part(meaning, native);
	for (size_t i = 0; i < profile->architectures.count; i++) {
		const char *name = profile->architectures.items[i];
		const struct seccomp_architecture *architecture = seccomp_architecture(name);

		if (!architecture)
			return error_set(error, 0, "unknown seccomp architecture %s", name);
		add_part(meaning, architecture);
	}
	return 0;
}

static void add_rule(struct seccomp_meaning *meaning, struct seccomp_meaning_part *part,
		     struct seccomp_rule rule)
{
	part->rules = arena_grow(meaning->arena, part->rules, part->rule_count, &part->capacity,
				 sizeof(*part->rules));
	rule.order = part->rule_count;
	part->rules[part->rule_count++] = rule;
}

/* @rule about a function of socketcall(2) or ipc(2). */
static void add_shared(struct seccomp_meaning *meaning, struct seccomp_meaning_part *part,
		       const struct shared_call *call, struct seccomp_rule rule)
{
	struct oci_seccomp_arg *conditions =
		ARENA_NEW_ARRAY(meaning->arena, struct oci_seccomp_arg, rule.condition_count + 1);
	size_t count = 0;

	conditions[count++] = (struct oci_seccomp_arg){ .value = call->function, .op = OCI_SECCOMP_EQ };
	for (size_t i = 0; rule.conditions && i < rule.condition_count; i++)
		if (rule.conditions[i].index != 0)
			conditions[count++] = rule.conditions[i];
	rule.number = call->shared;
	rule.conditions = conditions;
	rule.condition_count = count;
	add_rule(meaning, part, rule);
}

/* What @rule says about @name on the architecture of @part. */
static void add_name(struct seccomp_meaning *meaning, struct seccomp_meaning_part *part, const char *name,
		     struct seccomp_rule rule, bool says_something)
{
	const struct shared_call *shared = find_shared(part->architecture, name);
	int number = seccomp_syscall_resolve_name_arch(part->architecture->token, name);

	if (number == __NR_SCMP_ERROR)
		number = seccomp_newer_syscall(part->architecture, name);
	/* Calls with two numbers are negative ones to libseccomp, and do not count for the largest. */
	if (number > 0 && (uint32_t)number > part->largest)
		part->largest = (uint32_t)number;
	if (!says_something)
		return;
	if (shared)
		add_shared(meaning, part, shared, rule);
	if (shared && shared->own)
		rule.number = shared->own;
	else if (number >= 0)
		rule.number = (uint32_t)number;
	else
		return;
	add_rule(meaning, part, rule);
}

static int read_rule(struct seccomp_meaning *meaning, const struct oci_syscall *source, struct error *error)
{
	int alternatives = seccomp_rule_alternatives(source, error);
	size_t step = alternatives ? 1 : source->args.count;
	struct seccomp_rule rule = { .condition_count = step };

	if (alternatives < 0 || seccomp_action_value(source->action, &source->errno_ret,
						     "seccomp action of a rule", &rule.action, error) < 0)
		return -1;
	for (size_t i = 0; i < source->names.count; i++)
		if (!*source->names.items[i])
			return error_set(error, 0, "seccomp: an empty string is not a valid syscall");
	for (size_t i = 0; i < meaning->part_count; i++) {
		struct seccomp_meaning_part *part = &meaning->parts[i];

		for (size_t j = 0; part->is_judged && j < source->names.count; j++) {
			size_t done = 0;

			do {
				rule.conditions = source->args.count ? source->args.items + done : NULL;
				add_name(meaning, part, source->names.items[j], rule,
					 rule.action != meaning->default_value);
				done += step;
			} while (done < source->args.count);
		}
	}
	return 0;
}

static bool lets_through(uint32_t value)
{
	uint32_t action = value & SECCOMP_RET_ACTION_FULL;

	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG || action == SECCOMP_RET_TRACE;
}

int seccomp_meaning_read(struct arena *arena, const struct oci_seccomp *profile,
			 struct seccomp_meaning **meaning, struct error *error)
{
	struct seccomp_meaning *made = ARENA_NEW(arena, struct seccomp_meaning);

	made->arena = arena;
	if (seccomp_action_value(profile->default_action, &profile->default_errno_ret, "seccomp defaultAction",
				 &made->default_value, error) < 0 ||
	    add_parts(made, profile, error) < 0)
		return -1;
	made->unknown_is_enosys = !lets_through(made->default_value) && made->default_value != ENOSYS_VALUE;
	for (size_t i = 0; i < profile->syscalls.count; i++)
		if (read_rule(made, &profile->syscalls.items[i], error) < 0)
			return -1;
	for (size_t i = 0; i < made->part_count; i++)
		if (made->parts[i].rule_count)
			qsort(made->parts[i].rules, made->parts[i].rule_count, sizeof(struct seccomp_rule),
			      seccomp_rule_compare);
	*meaning = made;
	return 0;
}

/* answering ---------------------------------------------------------------------------------------------- */

const struct seccomp_meaning_part *seccomp_meaning_parts(const struct seccomp_meaning *meaning, size_t *count)
{
	*count = meaning->part_count;
	return meaning->parts;
}

static const struct seccomp_meaning_part *find_part(const struct seccomp_meaning *meaning,
						    const struct seccomp_data *data)
{
	uint32_t base = data->arch == AUDIT_ARCH_X86_64 ? (uint32_t)data->nr & X32_SYSCALL_BIT : 0;

	for (size_t i = 0; i < meaning->part_count; i++) {
		const struct seccomp_architecture *architecture = meaning->parts[i].architecture;

		if (architecture->audit == data->arch &&
		    (data->arch != AUDIT_ARCH_X86_64 || architecture->base == base))
			return &meaning->parts[i];
	}
	return NULL;
}

static const struct seccomp_rule *rules_of(const struct seccomp_meaning_part *part, uint32_t number,
					   size_t *count)
{
	size_t low = 0;
	size_t high = part->rule_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (part->rules[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	*count = 0;
	while (low + *count < part->rule_count && part->rules[low + *count].number == number)
		(*count)++;
	return part->rules + low;
}

const struct seccomp_rule *seccomp_meaning_rules(const struct seccomp_meaning *meaning,
						 const struct seccomp_data *data, size_t *count)
{
	const struct seccomp_meaning_part *part = find_part(meaning, data);

	*count = 0;
	return part ? rules_of(part, (uint32_t)data->nr, count) : NULL;
}

static bool condition_holds(const struct oci_seccomp_arg *condition, const struct seccomp_data *data, bool wide)
{
	uint64_t bits = wide ? UINT64_MAX : UINT32_MAX;
	uint64_t argument = data->args[condition->index] & bits;
	uint64_t value = condition->value & bits;

	switch (condition->op) {
	case OCI_SECCOMP_NE: return argument != value;
	case OCI_SECCOMP_LT: return argument < value;
	case OCI_SECCOMP_LE: return argument <= value;
	case OCI_SECCOMP_GE: return argument >= value;
	case OCI_SECCOMP_GT: return argument > value;
	case OCI_SECCOMP_MASKED_EQ: return (argument & value) == (condition->value_two & value);
	default: return argument == value;
	}
}

static bool rule_holds(const struct seccomp_rule *rule, const struct seccomp_data *data, bool wide)
{
	for (size_t i = 0; i < rule->condition_count; i++)
		if (!condition_holds(&rule->conditions[i], data, wide))
			return false;
	return true;
}

/* Whether it has conditions that any argument meets, which libseccomp leaves out. */
static bool rule_always_holds(const struct seccomp_rule *rule, bool wide)
{
	uint64_t bits = wide ? UINT64_MAX : UINT32_MAX;

	for (size_t i = 0; i < rule->condition_count; i++)
		if (rule->conditions[i].op != OCI_SECCOMP_MASKED_EQ || (rule->conditions[i].value & bits) != 0)
			return false;
	return true;
}

static void add_answer(struct seccomp_answers *answers, uint32_t value)
{
	for (size_t i = 0; i < answers->count; i++)
		if (answers->values[i] == value)
			return;
	if (answers->count < ARRAY_SIZE(answers->values))
		answers->values[answers->count++] = value;
}

/* No kernel has such a number. A tracer has a call skipped by setting -1; what is said then changes nothing. */
static void answer_no_number(const struct seccomp_meaning *meaning, struct seccomp_answers *answers)
{
	add_answer(answers, meaning->default_value);
	add_answer(answers, SECCOMP_RET_KILL_THREAD);
	if (meaning->unknown_is_enosys)
		add_answer(answers, ENOSYS_VALUE);
}

void seccomp_meaning_answer(const struct seccomp_meaning *meaning, const struct seccomp_data *data,
			    struct seccomp_answers *answers)
{
	const struct seccomp_meaning_part *part = find_part(meaning, data);
	uint32_t number = (uint32_t)data->nr;
	const struct seccomp_rule *rules;
	bool decided; /* by a rule without conditions */
	bool wide;
	size_t count;

	answers->count = 0;
	if (data->arch == AUDIT_ARCH_X86_64 && number >= NO_NUMBERS_FROM) {
		answer_no_number(meaning, answers);
		return;
	}
	if (!part) {
		add_answer(answers, SECCOMP_RET_KILL_THREAD);
		return;
	}
	if (meaning->unknown_is_enosys && part->largest && number > part->largest) {
		add_answer(answers, ENOSYS_VALUE);
		return;
	}
	wide = part->architecture->wide;
	rules = rules_of(part, number, &count);
	decided = count && rules[0].condition_count == 0;
	for (size_t i = 0; i < count; i++)
		if (rule_holds(&rules[i], data, wide) &&
		    (!decided || i == 0 || (rules[i].condition_count && rule_always_holds(&rules[i], wide))))
			add_answer(answers, rules[i].action);
	if (answers->count == 0)
		add_answer(answers, meaning->default_value);
}
