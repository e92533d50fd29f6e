/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles to filters: what the compiled filter decides, system call by system call. */
#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "bpf.h"
#include "documents.h"
#include "profiles.h"
#include "seccomp/seccomp.h"

#define X32_BIT 0x40000000U
#define ENOSYS_ACTION (SECCOMP_RET_ERRNO | ENOSYS)
#define EPERM_ACTION (SECCOMP_RET_ERRNO | EPERM)

static struct seccomp_filter compile_text(struct arena *arena, const char *text)
{
	return profile_compile(arena, profile_parse(arena, text));
}

static void assert_refused(const char *text, const char *expected)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_filter filter;
	struct error error;

	assert_int_equal(seccomp_compile(&arena, profile_parse(&arena, text), -1, &filter, &error), -1);
	if (!strstr(error.text, expected))
		fail_msg("\"%s\" does not say \"%s\"", error.text, expected);
}

static uint32_t decide(const struct seccomp_filter *filter, uint32_t arch, uint32_t number, uint64_t first)
{
	struct seccomp_data data = { .nr = (int)number, .arch = arch, .args = { first } };

	return bpf_run(filter->instructions, filter->count, &data);
}

/* The reference: libseccomp alone, asked by its own documentation ------------------------------------------ */

static const struct {
	enum oci_seccomp_action action;
	uint32_t value;
} actions[] = {
	{ OCI_SECCOMP_ALLOW, SCMP_ACT_ALLOW },
	{ OCI_SECCOMP_ERRNO, SCMP_ACT_ERRNO(EPERM) },
};

static uint32_t action_of(enum oci_seccomp_action action, const struct optional_u32 *errno_ret)
{
	if (action == OCI_SECCOMP_ERRNO && errno_ret->present)
		return SCMP_ACT_ERRNO(errno_ret->value);
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		if (actions[i].action == action)
			return actions[i].value;
	fail_msg("the reference does not know action %d", (int)action);
	return 0;
}

static const struct {
	const char *name;
	uint32_t token;
	uint32_t audit;
	uint32_t base; /* of the numbers that all architectures share */
} architectures[] = {
	{ "SCMP_ARCH_X86_64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, 0 },
	{ "SCMP_ARCH_X86", SCMP_ARCH_X86, AUDIT_ARCH_I386, 0 },
	{ "SCMP_ARCH_X32", SCMP_ARCH_X32, AUDIT_ARCH_X86_64, X32_BIT },
	{ "SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, 0 },
};

struct reference {
	const struct oci_seccomp *profile;
	uint32_t default_action;
	uint32_t largest[ARRAY_SIZE(architectures)]; /* number that the profile names */
	struct sock_filter program[BPF_MAXINSNS];
	size_t count;
};

/* Numbers of system calls newer than libseccomp 2.5.4, as the kernel's tables have them. */
static int64_t newer_number(const char *name, size_t architecture)
{
	static const struct {
		const char *name;
		uint32_t number;
	} newer[] = {
		{ "statmount", 457 },	      { "listmount", 458 },	   { "lsm_get_self_attr", 459 },
		{ "lsm_set_self_attr", 460 }, { "lsm_list_modules", 461 }, { "mseal", 462 },
		{ "setxattrat", 463 },	      { "getxattrat", 464 },	   { "listxattrat", 465 },
		{ "removexattrat", 466 },
	};

	if (strcmp(name, "uretprobe") == 0)
		return architectures[architecture].token == SCMP_ARCH_X86_64 ? 335 : -1;
	for (size_t i = 0; i < ARRAY_SIZE(newer); i++)
		if (strcmp(newer[i].name, name) == 0)
			return (int64_t)newer[i].number + architectures[architecture].base;
	return -1;
}

static bool library_knows(const char *name)
{
	return seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR;
}

static int64_t number_of(const char *name, size_t architecture)
{
	if (library_knows(name))
		return seccomp_syscall_resolve_name_arch(architectures[architecture].token, name);
	return newer_number(name, architecture);
}

static enum scmp_compare compare_of(enum oci_seccomp_operator operator)
{
	switch (operator) {
	case OCI_SECCOMP_NE: return SCMP_CMP_NE;
	case OCI_SECCOMP_LT: return SCMP_CMP_LT;
	case OCI_SECCOMP_LE: return SCMP_CMP_LE;
	case OCI_SECCOMP_EQ: return SCMP_CMP_EQ;
	case OCI_SECCOMP_GE: return SCMP_CMP_GE;
	case OCI_SECCOMP_GT: return SCMP_CMP_GT;
	default: return SCMP_CMP_MASKED_EQ;
	}
}

static void reference_add(scmp_filter_ctx context, const struct oci_syscall *rule, uint32_t action)
{
	struct scmp_arg_cmp conditions[6];

	assert_true(rule->args.count <= ARRAY_SIZE(conditions));
	for (size_t i = 0; i < rule->args.count; i++) {
		const struct oci_seccomp_arg *arg = &rule->args.items[i];

		conditions[i] =
			(struct scmp_arg_cmp){ arg->index, compare_of(arg->op), arg->value, arg->value_two };
	}
	for (size_t i = 0; i < rule->names.count; i++) {
		int number = seccomp_syscall_resolve_name(rule->names.items[i]);

		if (number != __NR_SCMP_ERROR)
			assert_int_equal(seccomp_rule_add_array(context, action, number,
								(unsigned int)rule->args.count, conditions),
					 0);
	}
}

static void find_largest(struct reference *reference, const struct string_list *names)
{
	for (size_t i = 0; i < names->count; i++)
		for (size_t j = 0; j < ARRAY_SIZE(architectures); j++) {
			int64_t number = number_of(names->items[i], j);

			if (number > (int64_t)reference->largest[j])
				reference->largest[j] = (uint32_t)number;
		}
}

static void reference_make(struct reference *reference, const struct oci_seccomp *profile)
{
	uint32_t default_action = action_of(profile->default_action, &profile->default_errno_ret);
	scmp_filter_ctx context = seccomp_init(default_action);
	_cleanup_fd_ int fd = memfd_create("reference", MFD_CLOEXEC);
	ssize_t length;

	assert_non_null(context);
	*reference = (struct reference){ .profile = profile, .default_action = default_action };
	for (size_t i = 0; i < profile->architectures.count; i++)
		for (size_t j = 0; j < ARRAY_SIZE(architectures); j++)
			if (strcmp(architectures[j].name, profile->architectures.items[i]) == 0)
				(void)seccomp_arch_add(context, architectures[j].token);
	for (size_t i = 0; i < profile->syscalls.count; i++) {
		const struct oci_syscall *rule = &profile->syscalls.items[i];
		uint32_t action = action_of(rule->action, &rule->errno_ret);

		find_largest(reference, &rule->names);
		if (action != default_action)
			reference_add(context, rule, action);
	}
	assert_int_equal(seccomp_export_bpf(context, fd), 0);
	seccomp_release(context);
	length = pread(fd, reference->program, sizeof(reference->program), 0);
	assert_true(length > 0);
	reference->count = (size_t)length / sizeof(*reference->program);
}

/* Whether a number is decided before libseccomp's program; rules for newer calls have no conditions here. */
static bool decided_before(const struct reference *reference, size_t architecture, uint32_t number,
			   uint32_t *action)
{
	const struct oci_syscall_list *rules = &reference->profile->syscalls;

	for (size_t i = 0; i < rules->count; i++)
		for (size_t j = 0; j < rules->items[i].names.count; j++) {
			const char *name = rules->items[i].names.items[j];

			if (!library_knows(name) && newer_number(name, architecture) == (int64_t)number) {
				*action = action_of(rules->items[i].action, &rules->items[i].errno_ret);
				return true;
			}
		}
	*action = ENOSYS_ACTION;
	return number > reference->largest[architecture];
}

/* Whether a rule of the profile has conditions for @number. */
static bool is_conditional(const struct oci_seccomp *profile, size_t architecture, uint32_t number)
{
	for (size_t i = 0; i < profile->syscalls.count; i++) {
		const struct oci_syscall *rule = &profile->syscalls.items[i];

		for (size_t j = 0; rule->args.count && j < rule->names.count; j++)
			if (number_of(rule->names.items[j], architecture) == (int64_t)number)
				return true;
	}
	return false;
}

static void compare_arguments(const struct seccomp_filter *filter, const struct reference *reference,
			      const struct seccomp_data *data, const uint32_t *before)
{
	uint32_t expected = before ? *before : bpf_run(reference->program, reference->count, data);
	uint32_t found = bpf_run(filter->instructions, filter->count, data);

	if (found != expected)
		fail_msg("architecture %#x: %u(%#llx, _, %#llx): %#x instead of %#x", data->arch,
			 (uint32_t)data->nr, (unsigned long long)data->args[0],
			 (unsigned long long)data->args[2], found, expected);
}

/* Both on one number: over all pairs of interesting arguments, if those can matter. */
static void compare(const struct seccomp_filter *filter, const struct reference *reference, size_t architecture,
		    uint32_t number)
{
	static const uint64_t interesting[] = {
		UINT64_MAX, 0,	1,	8,	9,	    16,		37,	    38,		 39,
		40,	    41, 131072, 131080, 0xffffffff, 0x7e020000, 0x10000000, 0x100000000, 0x100000008,
	};
	size_t count = is_conditional(reference->profile, architecture, number) ? ARRAY_SIZE(interesting) : 2;
	struct seccomp_data data = { .nr = (int)number, .arch = architectures[architecture].audit };
	uint32_t action;
	const uint32_t *before = decided_before(reference, architecture, number, &action) ? &action : NULL;

	for (size_t i = 0; i < count * count; i++) {
		data.args[0] = data.args[1] = interesting[i % count];
		data.args[2] = interesting[i / count];
		compare_arguments(filter, reference, &data, before);
	}
}

static void compare_all(const struct oci_seccomp *profile, const struct seccomp_filter *filter)
{
	static const uint32_t edges[] = { 1000,	      0x3fffffff, X32_BIT + 1000, 0x7fffffff,
					  0x80000000, 0xbfffffff, 0xc0000000,	  0xffffffff };
	static struct reference reference;

	reference_make(&reference, profile);
	for (size_t i = 0; i < profile->architectures.count; i++)
		for (size_t j = 0; j < ARRAY_SIZE(architectures); j++) {
			if (strcmp(architectures[j].name, profile->architectures.items[i]) != 0)
				continue;
			for (uint32_t number = 0; number < 600; number++)
				compare(filter, &reference, j, number + architectures[j].base);
			for (size_t k = 0; k < ARRAY_SIZE(edges); k++)
				if ((edges[k] & X32_BIT) == architectures[j].base)
					compare(filter, &reference, j, edges[k]);
		}
}

static void engine_profiles_are_compiled_to_what_they_say(void **state)
{
	static const char *const names[] = { "docker-default", "docker-hardened-flags", "podman-default" };
	_cleanup_arena_ struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *path = arena_printf(&arena, "engine-configs/%s.json", names[i]);
		struct seccomp_filter filter;
		struct oci_config *config;
		struct error error;
		size_t length;
		char *bytes = document_read(&arena, path, &length);

		if (config_parse(&arena, path, bytes, length, &config, &error) < 0)
			fail_msg("%s", error.text);
		filter = profile_compile(&arena, config->linux_->seccomp);
		compare_all(config->linux_->seccomp, &filter);
	}
}

static void dockers_newest_profile_is_compiled_to_what_it_says(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_filter filter;
	struct oci_seccomp *profile;
	size_t length;

	(void)state;
	profile = profile_parse(&arena, document_read(&arena, "seccomp/docker-default.json", &length));
	filter = profile_compile(&arena, profile);
	compare_all(profile, &filter);
	/* libseccomp's own program has more than a thousand; on arm64 ours is longer than on x86. */
	assert_true(filter.count >= 1 && filter.count <= 450);
}

/* Details -------------------------------------------------------------------------------------------------- */

#define HEAD "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\"]"

static void what_the_profile_could_not_know_gives_enosys(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_filter filter =
		compile_text(&arena,
			     "{" HEAD
			     ",\"syscalls\":[{\"names\":[\"read\",\"chmod\"],\"action\":\"SCMP_ACT_ALLOW\"}]}");

	(void)state;
	/* chmod is 90 on x86-64 and 15 on x86. */
	assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 0, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 90, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 89, 0), EPERM_ACTION);
	assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 91, 0), ENOSYS_ACTION);
	assert_int_equal(decide(&filter, AUDIT_ARCH_I386, 15, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&filter, AUDIT_ARCH_I386, 14, 0), EPERM_ACTION);
	assert_int_equal(decide(&filter, AUDIT_ARCH_I386, 16, 0), ENOSYS_ACTION);
	/* x32 and ARM are not named. */
	assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, X32_BIT, 0), SECCOMP_RET_KILL_THREAD);
	assert_int_equal(decide(&filter, AUDIT_ARCH_ARM, 3, 0), SECCOMP_RET_KILL_THREAD);
}

static void x32_has_a_largest_number_of_its_own(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_filter filter = compile_text(
		&arena,
		"{\"defaultAction\":\"SCMP_ACT_KILL\",\"architectures\":[\"SCMP_ARCH_X32\",\"SCMP_ARCH_X86_64\"],"
		"\"syscalls\":[{\"names\":[\"ioctl\",\"clone3\"],\"action\":\"SCMP_ACT_ALLOW\"}]}");

	(void)state;
	/* ioctl is 16 on x86-64 and 514 on x32, where clone3 is 435 as well. */
	assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 16, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 17, 0), SECCOMP_RET_KILL_THREAD);
	assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 436, 0), ENOSYS_ACTION);
	assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, X32_BIT + 514, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, X32_BIT + 436, 0), SECCOMP_RET_KILL_THREAD);
	assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, X32_BIT + 515, 0), ENOSYS_ACTION);
}

static void permissive_defaults_stay(void **state)
{
	static const struct {
		const char *action;
		uint32_t value;
	} defaults[] = {
		{ "SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW },
		{ "SCMP_ACT_LOG", SECCOMP_RET_LOG },
		{ "SCMP_ACT_TRACE", SECCOMP_RET_TRACE | EPERM },
	};
	_cleanup_arena_ struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		struct seccomp_filter filter = compile_text(
			&arena,
			arena_printf(&arena,
				     "{\"defaultAction\":\"%s\",\"architectures\":[\"SCMP_ARCH_X86_64\"],"
				     "\"syscalls\":[{\"names\":[\"ptrace\",\"mseal\"],"
				     "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":13}]}",
				     defaults[i].action));

		assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 101, 0), SECCOMP_RET_ERRNO | EACCES);
		assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 462, 0), SECCOMP_RET_ERRNO | EACCES);
		assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 461, 0), defaults[i].value);
		assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 463, 0), defaults[i].value);
		assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 100000, 0), defaults[i].value);
	}
}

static void rules_that_change_nothing_are_no_error(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_filter filter =
		compile_text(&arena,
			     "{" HEAD ",\"syscalls\":["
			     "{\"names\":[\"ptrace\",\"mseal\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":1},"
			     "{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":13}]}");

	(void)state;
	assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 101, 0), EPERM_ACTION);
	assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 165, 0), SECCOMP_RET_ERRNO | EACCES);
	/* They still say how far the profile's author knew the table. */
	assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 462, 0), EPERM_ACTION);
	assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 463, 0), ENOSYS_ACTION);
}

static void actions_have_their_values(void **state)
{
	static const struct {
		const char *action;
		uint32_t value;
	} known[] = {
		{ "\"SCMP_ACT_KILL\"", SECCOMP_RET_KILL_THREAD },
		{ "\"SCMP_ACT_KILL_THREAD\"", SECCOMP_RET_KILL_THREAD },
		{ "\"SCMP_ACT_KILL_PROCESS\"", SECCOMP_RET_KILL_PROCESS },
		{ "\"SCMP_ACT_TRAP\"", SECCOMP_RET_TRAP },
		{ "\"SCMP_ACT_ERRNO\"", SECCOMP_RET_ERRNO | EPERM },
		{ "\"SCMP_ACT_ERRNO\",\"errnoRet\":0", SECCOMP_RET_ERRNO },
		{ "\"SCMP_ACT_ERRNO\",\"errnoRet\":4094", SECCOMP_RET_ERRNO | 4094 },
		{ "\"SCMP_ACT_TRACE\"", SECCOMP_RET_TRACE | EPERM },
		{ "\"SCMP_ACT_TRACE\",\"errnoRet\":65535", SECCOMP_RET_TRACE | 65535 },
		{ "\"SCMP_ACT_LOG\"", SECCOMP_RET_LOG },
		{ "\"SCMP_ACT_NOTIFY\"", SECCOMP_RET_USER_NOTIF },
	};
	_cleanup_arena_ struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		struct seccomp_filter filter = compile_text(
			&arena,
			arena_printf(
				&arena,
				"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86_64\"],"
				"\"listenerPath\":\"/s\","
				"\"syscalls\":[{\"names\":[\"ptrace\",\"mseal\"],\"action\":%s}]}",
				known[i].action));

		assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 101, 0), known[i].value);
		assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 462, 0), known[i].value);
		assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 102, 0), SECCOMP_RET_ALLOW);
		assert_int_equal(filter.has_listener, known[i].value == SECCOMP_RET_USER_NOTIF);
	}
}

static bool holds(const char *operator, uint64_t argument, uint64_t value, uint64_t value_two)
{
	if (strcmp(operator, "SCMP_CMP_NE") == 0)
		return argument != value;
	if (strcmp(operator, "SCMP_CMP_LT") == 0)
		return argument < value;
	if (strcmp(operator, "SCMP_CMP_LE") == 0)
		return argument <= value;
	if (strcmp(operator, "SCMP_CMP_EQ") == 0)
		return argument == value;
	if (strcmp(operator, "SCMP_CMP_GE") == 0)
		return argument >= value;
	if (strcmp(operator, "SCMP_CMP_GT") == 0)
		return argument > value;
	assert_string_equal(operator, "SCMP_CMP_MASKED_EQ");
	return (argument & value) == (value_two & value);
}

/* One operator and value: for a call that libseccomp knows, and for one that only the prelude does. */
static void check_operator(const char *operator, uint64_t value, const uint64_t *arguments, size_t count)
{
	_cleanup_arena_ struct arena arena = { 0 };
	uint64_t value_two = UINT64_C(0x100000008);
	struct seccomp_filter filter = compile_text(
		&arena, arena_printf(&arena,
				     "{" HEAD ",\"syscalls\":[{\"names\":[\"personality\",\"mseal\"],"
				     "\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":%llu,"
				     "\"valueTwo\":%llu,\"op\":\"%s\"}]}]}",
				     (unsigned long long)value, (unsigned long long)value_two, operator));

	for (size_t i = 0; i < count; i++) {
		uint64_t argument = arguments[i];
		bool wide = holds(operator, argument, value, value_two);
		bool narrow = holds(operator,(uint32_t) argument, (uint32_t)value, (uint32_t)value_two);
		uint32_t expected_wide = wide ? SECCOMP_RET_ALLOW : EPERM_ACTION;
		uint32_t expected_narrow = narrow ? SECCOMP_RET_ALLOW : EPERM_ACTION;

		assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 135, argument), expected_wide);
		assert_int_equal(decide(&filter, AUDIT_ARCH_X86_64, 462, argument), expected_wide);
		assert_int_equal(decide(&filter, AUDIT_ARCH_I386, 136, argument), expected_narrow);
		assert_int_equal(decide(&filter, AUDIT_ARCH_I386, 462, argument), expected_narrow);
	}
}

static void operators_compare_all_bits(void **state)
{
	static const uint64_t values[] = { 0,		7,	     8,		  9,	     0xffffffff,
					   0x100000000, 0x100000008, 0x200000007, UINT64_MAX };

	(void)state;
	for (const char *const *operator= seccomp_known_operators(); *operator; operator++)
		for (size_t i = 0; i < ARRAY_SIZE(values); i++)
			check_operator(*operator, values[i], values, ARRAY_SIZE(values));
}

static void conditions_on_one_argument_are_alternatives(void **state)
{
	static const struct {
		const char *name;
		uint32_t number;
	} calls[] = { { "personality", 135 }, { "mseal", 462 } };
	_cleanup_arena_ struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct seccomp_filter any = compile_text(
			&arena,
			arena_printf(
				&arena,
				"{" HEAD
				",\"syscalls\":[{\"names\":[\"%s\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
				"{\"index\":0,\"value\":3,\"op\":\"SCMP_CMP_EQ\"},"
				"{\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_EQ\"}]}]}",
				calls[i].name));
		struct seccomp_filter both = compile_text(
			&arena,
			arena_printf(
				&arena,
				"{" HEAD
				",\"syscalls\":[{\"names\":[\"%s\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":["
				"{\"index\":0,\"value\":3,\"op\":\"SCMP_CMP_EQ\"},"
				"{\"index\":1,\"value\":0,\"op\":\"SCMP_CMP_NE\"}]}]}",
				calls[i].name));
		struct seccomp_data data = { .nr = (int)calls[i].number,
					     .arch = AUDIT_ARCH_X86_64,
					     .args = { 3, 1 } };

		assert_int_equal(decide(&any, AUDIT_ARCH_X86_64, calls[i].number, 3), SECCOMP_RET_ALLOW);
		assert_int_equal(decide(&any, AUDIT_ARCH_X86_64, calls[i].number, 5), SECCOMP_RET_ALLOW);
		assert_int_equal(decide(&any, AUDIT_ARCH_X86_64, calls[i].number, 4), EPERM_ACTION);
		assert_int_equal(decide(&both, AUDIT_ARCH_X86_64, calls[i].number, 3), EPERM_ACTION);
		assert_int_equal(bpf_run(both.instructions, both.count, &data), SECCOMP_RET_ALLOW);
	}
}

static void a_profile_without_architectures_is_the_hosts(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_filter filter =
		compile_text(&arena,
			     "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":["
			     "{\"names\":[\"getpid\",\"no_such_call\"],\"action\":\"SCMP_ACT_ALLOW\"}]}");
	size_t host = 0;

	(void)state;
	while (architectures[host].token != seccomp_arch_native())
		assert_true(++host < ARRAY_SIZE(architectures));
	assert_int_equal(decide(&filter, architectures[host].audit,
				(uint32_t)seccomp_syscall_resolve_name("getpid"), 0),
			 SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&filter, architectures[host].audit, 500, 0), ENOSYS_ACTION);
	assert_int_equal(decide(&filter, AUDIT_ARCH_ARM, 20, 0), SECCOMP_RET_KILL_THREAD);
}

static void every_named_architecture_is_taken(void **state)
{
	(void)state;
	for (const char *const *name = seccomp_known_architectures(); *name; name++) {
		_cleanup_arena_ struct arena arena = { 0 };
		struct seccomp_filter filter = compile_text(
			&arena,
			arena_printf(&arena,
				     "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"%s\",\"%s\"],"
				     "\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
				     *name, *name));

		assert_true(filter.count > 0);
	}
}

static void flags_are_those_of_the_system_call(void **state)
{
	static const struct {
		const char *flags;
		unsigned int value;
	} known[] = {
		{ "", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
		{ "\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],", SECCOMP_FILTER_FLAG_LOG },
		{ "\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\",\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"],",
		  SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	};
	_cleanup_arena_ struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		struct seccomp_filter filter =
			compile_text(&arena, arena_printf(&arena, "{%s\"defaultAction\":\"SCMP_ACT_ALLOW\"}",
							  known[i].flags));

		assert_int_equal(filter.load_flags, known[i].value);
	}
}

static void no_flags_are_not_the_default_flags(void **state)
{
	const char *nothing[1] = { NULL };
	struct oci_seccomp profile = { .default_action = OCI_SECCOMP_ALLOW, .flags = { nothing, 0 } };
	_cleanup_arena_ struct arena arena = { 0 };

	(void)state;
	assert_int_equal(profile_compile(&arena, &profile).load_flags, 0);
}

static void mistakes_are_errors(void **state)
{
#define RULE(members) \
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\",\"write\"]," members "}]}"
#define NOTIFY "\"action\":\"SCMP_ACT_NOTIFY\""
	(void)state;
	assert_refused("{\"defaultAction\":\"SCMP_ACT_NOTIFY\",\"listenerPath\":\"/s\"}",
		       "SCMP_ACT_NOTIFY cannot be used as default action");
	assert_refused(RULE(NOTIFY), "SCMP_ACT_NOTIFY cannot be used for the write syscall");
	assert_refused("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"read\"]," NOTIFY
		       "}]}",
		       "listenerPath is not set");
	assert_refused("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerMetadata\":\"x\"}",
		       "without listenerPath");
	assert_refused("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultErrnoRet\":1}", "takes no errno");
	assert_refused(RULE("\"action\":\"SCMP_ACT_KILL\",\"errnoRet\":1"), "SCMP_ACT_KILL takes no errno");
	assert_refused(RULE("\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":4095"), "errno 4095 is too large");
	assert_refused(RULE("\"action\":\"SCMP_ACT_TRACE\",\"errnoRet\":65536"), "errno 65536 is too large");
	assert_refused(
		"{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"]}",
		"needs a rule with SCMP_ACT_NOTIFY");
#undef RULE
#undef NOTIFY
}

/* What the parser refuses already, in case that a profile comes from somewhere else. */
static void unknown_words_are_errors(void **state)
{
	const char *word = "SCMP_OR_SO";
	const char *empty = "";
	struct oci_seccomp_arg arg = { .index = 6, .op = OCI_SECCOMP_EQ };
	struct oci_syscall rule = { .names = { &empty, 1 }, .action = OCI_SECCOMP_ALLOW };
	struct oci_seccomp architecture = { .default_action = OCI_SECCOMP_ERRNO,
					    .architectures = { &word, 1 } };
	struct oci_seccomp flag = { .default_action = OCI_SECCOMP_ERRNO, .flags = { &word, 1 } };
	struct oci_seccomp unset = { .default_action = OCI_SECCOMP_UNSET };
	struct oci_seccomp syscall = { .default_action = OCI_SECCOMP_ERRNO, .syscalls = { &rule, 1 } };
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_filter filter;
	struct error error;

	(void)state;
	assert_int_equal(seccomp_compile(&arena, &architecture, -1, &filter, &error), -1);
	assert_string_equal(error.text, "unknown seccomp architecture SCMP_OR_SO");
	assert_int_equal(seccomp_compile(&arena, &flag, -1, &filter, &error), -1);
	assert_string_equal(error.text, "unknown seccomp flag SCMP_OR_SO");
	assert_int_equal(seccomp_compile(&arena, &unset, -1, &filter, &error), -1);
	assert_string_equal(error.text, "seccomp defaultAction is not set or unknown");
	assert_int_equal(seccomp_compile(&arena, &syscall, -1, &filter, &error), -1);
	assert_string_equal(error.text, "seccomp: an empty string is not a valid syscall");
	empty = "read";
	rule.args.items = &arg;
	rule.args.count = 1;
	assert_int_equal(seccomp_compile(&arena, &syscall, -1, &filter, &error), -1);
	assert_string_equal(error.text, "seccomp: there is no argument with index 6");
	arg.index = 0;
	arg.op = OCI_SECCOMP_OP_UNSET;
	assert_int_equal(seccomp_compile(&arena, &syscall, -1, &filter, &error), -1);
	assert_string_equal(error.text, "seccomp: the operator of argument 0 is not set or unknown");
	arg.op = OCI_SECCOMP_EQ;
	rule.action = OCI_SECCOMP_UNSET;
	assert_int_equal(seccomp_compile(&arena, &syscall, -1, &filter, &error), -1);
	assert_string_equal(error.text, "seccomp action of a rule is not set or unknown");
}

static void known_words_are_sorted_and_complete(void **state)
{
	const char *const *lists[] = { seccomp_known_actions(), seccomp_known_operators(),
				       seccomp_known_architectures() };
	size_t counts[] = { 9, 7, 23 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		size_t count = 0;

		for (; lists[i][count]; count++)
			if (count)
				assert_true(strcmp(lists[i][count - 1], lists[i][count]) < 0);
		assert_int_equal(count, counts[i]);
	}
	assert_string_equal(seccomp_known_flags()[3], "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
	assert_null(seccomp_known_flags()[4]);
	/* Older than every kernel this runs on. */
	assert_string_equal(seccomp_supported_flags()[0], "SECCOMP_FILTER_FLAG_TSYNC");
	assert_string_equal(seccomp_supported_flags()[2], "SECCOMP_FILTER_FLAG_SPEC_ALLOW");
	assert_null(seccomp_supported_flags()[3]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engine_profiles_are_compiled_to_what_they_say),
		cmocka_unit_test(dockers_newest_profile_is_compiled_to_what_it_says),
		cmocka_unit_test(what_the_profile_could_not_know_gives_enosys),
		cmocka_unit_test(x32_has_a_largest_number_of_its_own),
		cmocka_unit_test(permissive_defaults_stay),
		cmocka_unit_test(rules_that_change_nothing_are_no_error),
		cmocka_unit_test(actions_have_their_values),
		cmocka_unit_test(operators_compare_all_bits),
		cmocka_unit_test(conditions_on_one_argument_are_alternatives),
		cmocka_unit_test(a_profile_without_architectures_is_the_hosts),
		cmocka_unit_test(every_named_architecture_is_taken),
		cmocka_unit_test(flags_are_those_of_the_system_call),
		cmocka_unit_test(no_flags_are_not_the_default_flags),
		cmocka_unit_test(mistakes_are_errors),
		cmocka_unit_test(unknown_words_are_errors),
		cmocka_unit_test(known_words_are_sorted_and_complete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
