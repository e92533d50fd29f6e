/* SPDX-License-Identifier: Apache-2.0 */
/* Several filters as one: that one decides as the kernel would with all of them. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "bpf.h"
#include "directories.h"
#include "documents.h"
#include "policy/policy.h"
#include "profiles.h"
#include "seccomp/seccomp.h"

#define SOURCES_MAX 4
#define X32_BIT 0x40000000U
#define MSEAL 462 /* newer than libseccomp 2.5 */
#define GENERATED 150

static const struct string_list no_capabilities;

struct stack {
	struct seccomp_source sources[SOURCES_MAX];
	size_t count;
	struct seccomp_filter filters[SOURCES_MAX];
	size_t filter_count;
};

static void add_profile(struct arena *arena, struct stack *stack, const char *text)
{
	stack->sources[stack->count++] = (struct seccomp_source){ .profile = profile_parse(arena, text) };
}

static void add_document(struct stack *stack, const char *text)
{
	assert_non_null(text);
	stack->sources[stack->count++] = (struct seccomp_source){ .label = "document",
								  .document = text,
								  .capabilities = &no_capabilities };
}

static void add_engines_profile(struct arena *arena, struct stack *stack, const char *path)
{
	struct oci_config *config;
	struct error error;
	size_t length;
	char *bytes = document_read(arena, path, &length);

	if (config_parse(arena, path, bytes, length, &config, &error) < 0)
		fail_msg("%s", error.text);
	stack->sources[stack->count++] = (struct seccomp_source){ .profile = config->linux_->seccomp };
}

static void compile(struct arena *arena, struct stack *stack, int cache)
{
	struct error error;

	if (seccomp_compile_all(arena, stack->sources, stack->count, cache, stack->filters,
				&stack->filter_count, &error) < 0)
		fail_msg("%s", error.text);
}

/* The same sources, each a filter of its own. */
static struct stack separate(struct arena *arena, const struct stack *stack)
{
	struct stack result = { 0 };

	for (size_t i = 0; i < stack->count; i++) {
		struct stack one = { .sources = { stack->sources[i] }, .count = 1 };

		compile(arena, &one, -1);
		assert_int_equal(one.filter_count, 1);
		result.filters[result.filter_count++] = one.filters[0];
	}
	return result;
}

/* seccomp(2): the newest is asked first; the most severe answer counts, of equal ones the first. */
static uint32_t run(const struct stack *stack, const struct seccomp_data *data)
{
	uint32_t result = SECCOMP_RET_ALLOW;

	for (size_t i = stack->filter_count; i > 0; i--) {
		const struct seccomp_filter *filter = &stack->filters[i - 1];
		uint32_t action = bpf_run(filter->instructions, filter->count, data);

		if ((int32_t)(action & SECCOMP_RET_ACTION_FULL) < (int32_t)(result & SECCOMP_RET_ACTION_FULL))
			result = action;
	}
	return result;
}

/* Over pairs of arguments. */
static void compare_arguments(const struct stack *joined, const struct stack *expected, uint32_t arch,
			      uint32_t number)
{
	static const uint64_t first[] = { 0,  1,  2,	      8,	  16,	      17,	  38,
					  40, 41, 0x7e020000, 0x80087601, 0x10000000, 0xffffffff, 0x100000008 };
	static const uint64_t others[] = { 0, 1, 8, 0x7e020000, UINT64_MAX };
	struct seccomp_data data = { .nr = (int)number, .arch = arch };

	for (size_t i = 0; i < ARRAY_SIZE(first) * ARRAY_SIZE(others); i++) {
		uint32_t one, other;

		data.args[0] = first[i % ARRAY_SIZE(first)];
		data.args[1] = data.args[2] = others[i / ARRAY_SIZE(first)];
		one = run(joined, &data);
		other = run(expected, &data);
		if (one != other)
			fail_msg("architecture %#x: %u(%#llx, %#llx): %#x instead of %#x", arch, number,
				 (unsigned long long)data.args[0], (unsigned long long)data.args[1], one,
				 other);
	}
}

static void compare_number(const struct stack *joined, const struct stack *expected, uint32_t arch,
			   uint32_t number)
{
	const struct seccomp_data data = { .nr = (int)number, .arch = arch };

	assert_int_equal(run(joined, &data), run(expected, &data));
}

/* All numbers, and all arguments of those that some profile has conditions for. */
static void compare(const struct stack *joined, const struct stack *expected)
{
	static const struct {
		uint32_t audit, token;
	} archs[] = { { AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64 },
		      { AUDIT_ARCH_X86_64, SCMP_ARCH_X32 },
		      { AUDIT_ARCH_I386, SCMP_ARCH_X86 },
		      { AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64 },
		      { AUDIT_ARCH_S390X, SCMP_ARCH_S390X } };
	static const char *const conditional[] = { "clone",	  "clone3",	   "socket",	 "socketpair",
						   "personality", "ioctl",	   "unshare",	 "setns",
						   "mount",	  "read",	   "openat2",	 "mseal",
						   "ptrace",	  "kexec_load",	   "socketcall", "prctl",
						   "bpf",	  "io_uring_setup" };
	static const uint32_t edges[] = { 1000, 0x3fffffff, 0x7fffffff, 0x80000000, 0xffffffff };

	for (size_t i = 0; i < ARRAY_SIZE(archs); i++) {
		for (uint32_t number = 0; number < 500; number++)
			compare_number(joined, expected, archs[i].audit,
				       number | (archs[i].token == SCMP_ARCH_X32 ? X32_BIT : 0));
		for (size_t j = 0; j < ARRAY_SIZE(edges); j++)
			compare_number(joined, expected, archs[i].audit, edges[j]);
		for (size_t j = 0; j < ARRAY_SIZE(conditional); j++) {
			int number = seccomp_syscall_resolve_name_arch(archs[i].token, conditional[j]);

			if (number >= 0)
				compare_arguments(joined, expected, archs[i].audit, (uint32_t)number);
		}
		compare_arguments(joined, expected, archs[i].audit, MSEAL);
	}
}

static void an_engines_profile_and_the_policys_become_one(void **state)
{
	static const char *const profiles[] = { "web", "strict", "default", "terminal" };
	_cleanup_arena_ struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(profiles); i++) {
		struct stack stack = { 0 }, expected;

		add_document(&stack, seccomp_guard_builtin("disk"));
		add_document(&stack, seccomp_guard_builtin("egress"));
		add_document(&stack, seccomp_profile_builtin(profiles[i]));
		add_engines_profile(&arena, &stack,
				    i % 2 ? "engine-configs/podman-default.json"
					  : "engine-configs/docker-default.json");
		compile(&arena, &stack, -1);
		assert_int_equal(stack.filter_count, 1);
		expected = separate(&arena, &stack);
		compare(&stack, &expected);
		/* The documents' flags: what one filter does not give up is not given up. */
		assert_int_equal(stack.filters[0].load_flags, 0);
		/* It is for speed that they are one. */
		assert_true(stack.filters[0].count < expected.filters[2].count + expected.filters[3].count);
	}
}

/* Generated ------------------------------------------------------------------------------------------------- */

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

#define PICK(seed, array) ((array)[next_random(seed) % ARRAY_SIZE(array)])

static const char *const actions[] = {
	"\"SCMP_ACT_ALLOW\"",
	"\"SCMP_ACT_ALLOW\"",
	"\"SCMP_ACT_ALLOW\"",
	"\"SCMP_ACT_ERRNO\"",
	"\"SCMP_ACT_KILL\"",
	"\"SCMP_ACT_KILL_PROCESS\"",
	"\"SCMP_ACT_TRAP\"",
	"\"SCMP_ACT_LOG\"",
	"\"SCMP_ACT_TRACE\"",
	"\"SCMP_ACT_ERRNO\",\"errnoRet\":38",
	"\"SCMP_ACT_TRACE\",\"errnoRet\":7",
};

/* Rule number @index, of names of its own: libseccomp 2.5 goes round in circles with some rules for one name. */
static void add_rule(struct strbuf *text, uint32_t *seed, size_t index)
{
	static const char *const names[] = {
		"clone", "socket", "personality", "ioctl", "unshare", "setns",
		"mount", "read",   "openat2",	  "mseal", "ptrace",  "kexec_load"
	};
	static const char *const operators[] = { "NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ" };
	static const unsigned int values[] = { 0, 1, 8, 16, 40, 0x7e020000, 0x80087601, 0x10000000 };
	size_t name = index * 3;
	size_t length = 1 + next_random(seed) % 3;
	size_t conditions = next_random(seed) % 3;

	strbuf_puts(text, "{\"names\":[");
	for (size_t i = 0; i < length; i++)
		strbuf_printf(text, "%s\"%s\"", i ? "," : "", names[name + i]);
	strbuf_printf(text, "],\"action\":%s,\"args\":[", PICK(seed, actions));
	for (size_t i = 0; i < conditions; i++)
		strbuf_printf(text, "%s{\"index\":%zu,\"value\":%u,\"valueTwo\":%u,\"op\":\"SCMP_CMP_%s\"}",
			      i ? "," : "", i, PICK(seed, values), PICK(seed, values), PICK(seed, operators));
	strbuf_puts(text, "]}");
}

static void add_generated(struct arena *arena, struct stack *stack, uint32_t *seed)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	size_t rules = 1 + next_random(seed) % 4;

	strbuf_printf(&text, "{\"defaultAction\":%s,%s\"syscalls\":[",
		      next_random(seed) % 2 ? "\"SCMP_ACT_ALLOW\"" : "\"SCMP_ACT_ERRNO\"",
		      next_random(seed) % 2
			      ? "\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_X86\",\"SCMP_ARCH_X32\"],"
			      : "");
	for (size_t i = 0; i < rules; i++) {
		if (i)
			strbuf_putc(&text, ',');
		add_rule(&text, seed, i);
	}
	strbuf_puts(&text, "]}");
	add_profile(arena, stack, arena_strdup(arena, strbuf_text(&text)));
}

static void generated_filters_become_one_that_decides_the_same(void **state)
{
	uint32_t seed = 20261122;
	size_t joined = 0, apart = 0;

	(void)state;
	for (size_t i = 0; i < GENERATED; i++) {
		_cleanup_arena_ struct arena arena = { 0 };
		size_t count = 2 + next_random(&seed) % 2;
		struct stack stack = { 0 }, expected;

		while (stack.count < count)
			add_generated(&arena, &stack, &seed);
		compile(&arena, &stack, -1);
		assert_true(stack.filter_count == 1 || stack.filter_count == count);
		expected = separate(&arena, &stack);
		compare(&stack, &expected);
		if (stack.filter_count == 1)
			joined++;
		else
			apart++;
	}
	print_message("%zu became one, %zu did not\n", joined, apart);
	assert_true(joined > GENERATED / 5);
}

/* What stays apart -------------------------------------------------------------------------------------------- */

#define DENY(name)                                                                  \
	"{\"defaultAction\":\"SCMP_ACT_ALLOW\"%s,\"syscalls\":[{\"names\":[\"" name \
	"\"],\"action\":\"SCMP_ACT_ERRNO\"}]}"

static void what_is_logged_stays_each_filters_own(void **state)
{
	static const char logging[] = ",\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"]";
	_cleanup_arena_ struct arena arena = { 0 };
	struct stack both = { 0 }, one = { 0 };

	(void)state;
	add_profile(&arena, &one, arena_printf(&arena, DENY("mount"), logging));
	add_profile(&arena, &one, arena_printf(&arena, DENY("bpf"), ""));
	compile(&arena, &one, -1);
	assert_int_equal(one.filter_count, 2);
	assert_int_equal(one.filters[0].load_flags, SECCOMP_FILTER_FLAG_LOG);
	assert_int_equal(one.filters[1].load_flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);

	add_profile(&arena, &both, arena_printf(&arena, DENY("mount"), logging));
	add_profile(&arena, &both, arena_printf(&arena, DENY("bpf"), logging));
	compile(&arena, &both, -1);
	assert_int_equal(both.filter_count, 1);
	assert_int_equal(both.filters[0].load_flags, SECCOMP_FILTER_FLAG_LOG);
}

static void mitigations_are_given_up_only_together(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct stack both = { 0 }, one = { 0 };

	(void)state;
	add_profile(&arena, &both, arena_printf(&arena, DENY("mount"), ""));
	add_profile(&arena, &both, arena_printf(&arena, DENY("bpf"), ""));
	compile(&arena, &both, -1);
	assert_int_equal(both.filter_count, 1);
	assert_int_equal(both.filters[0].load_flags, SECCOMP_FILTER_FLAG_SPEC_ALLOW);

	add_profile(&arena, &one, arena_printf(&arena, DENY("mount"), ",\"flags\":[]"));
	add_profile(&arena, &one, arena_printf(&arena, DENY("bpf"), ""));
	compile(&arena, &one, -1);
	assert_int_equal(one.filter_count, 1);
	assert_int_equal(one.filters[0].load_flags, 0);
}

static void a_listener_keeps_its_filter(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct stack stack = { 0 };

	(void)state;
	add_profile(&arena, &stack, arena_printf(&arena, DENY("mount"), ""));
	add_profile(&arena, &stack, arena_printf(&arena, DENY("bpf"), ""));
	add_profile(&arena, &stack,
		    "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/run/agent.sock\",\"syscalls\":["
		    "{\"names\":[\"mknod\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}");
	compile(&arena, &stack, -1);
	assert_int_equal(stack.filter_count, 2);
	assert_false(stack.filters[0].has_listener);
	assert_true(stack.filters[1].has_listener);
}

static void nothing_and_one_are_what_they_are(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct stack none = { 0 }, one = { 0 };

	(void)state;
	compile(&arena, &none, -1);
	assert_int_equal(none.filter_count, 0);
	add_profile(&arena, &one, arena_printf(&arena, DENY("mount"), ""));
	compile(&arena, &one, -1);
	assert_int_equal(one.filter_count, 1);
}

static void mistakes_of_any_are_errors(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct stack stack = { 0 };
	struct error error;

	(void)state;
	add_profile(&arena, &stack, arena_printf(&arena, DENY("mount"), ""));
	add_profile(&arena, &stack, arena_printf(&arena, DENY("bpf"), ""));
	stack.sources[1].profile = &(struct oci_seccomp){ .default_action = OCI_SECCOMP_NOTIFY };
	assert_int_equal(seccomp_compile_all(&arena, stack.sources, stack.count, -1, stack.filters,
					     &stack.filter_count, &error),
			 -1);
	assert_non_null(strstr(error.text, "SCMP_ACT_NOTIFY cannot be used as default action"));
}

/* The cache --------------------------------------------------------------------------------------------------- */

static struct stack cached(struct arena *arena, int cache, const char *first, const char *second)
{
	struct stack stack = { 0 };

	add_profile(arena, &stack, arena_printf(arena, first, ""));
	add_profile(arena, &stack, arena_printf(arena, second, ""));
	compile(arena, &stack, cache);
	assert_int_equal(stack.filter_count, 1);
	return stack;
}

static void the_one_filter_is_found_again(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	char path[] = P_tmpdir "/seccomp-stack-XXXXXX";
	_cleanup_fd_ int cache = -1;
	struct stack first, again, turned, expected;

	(void)state;
	assert_non_null(mkdtemp(path));
	cache = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(cache >= 0);
	first = cached(&arena, cache, DENY("mount"), DENY("bpf"));
	again = cached(&arena, cache, DENY("mount"), DENY("bpf"));
	assert_int_equal(again.filters[0].load_flags, first.filters[0].load_flags);
	assert_int_equal(again.filters[0].count, first.filters[0].count);
	assert_memory_equal(again.filters[0].instructions, first.filters[0].instructions,
			    first.filters[0].count * sizeof(*first.filters[0].instructions));
	/* Not those of one profile, and not the other's. */
	turned = cached(&arena, cache, DENY("mount"), DENY("mount"));
	expected = separate(&arena, &turned);
	compare(&turned, &expected);
	remove_directory(path);
}

/* How many there are, and when the last of them was written. */
static size_t count_entries(const char *path, struct timespec *last)
{
	_cleanup_dir_ DIR *directory = opendir(path);
	size_t count = 0;

	assert_non_null(directory);
	*last = (struct timespec){ 0 };
	for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
		struct stat status;

		if (entry->d_name[0] == '.')
			continue;
		count++;
		assert_int_equal(fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW), 0);
		if (status.st_mtim.tv_sec > last->tv_sec ||
		    (status.st_mtim.tv_sec == last->tv_sec && status.st_mtim.tv_nsec > last->tv_nsec))
			*last = status.st_mtim;
	}
	return count;
}

/* Finding out that they cannot be joined takes as long as joining them: it is not done at each start. */
static void that_filters_stay_apart_is_found_again(void **state)
{
	/* Whether the older one kills is only known when it has looked at arguments. */
	static const char kill[] = "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mount\"],"
				   "\"action\":\"SCMP_ACT_KILL\",\"args\":[{\"index\":0,\"value\":1,"
				   "\"op\":\"SCMP_CMP_EQ\"}]}]}";
	_cleanup_arena_ struct arena arena = { 0 };
	char path[] = P_tmpdir "/seccomp-stack-XXXXXX";
	struct timespec written[2];
	_cleanup_fd_ int cache = -1;

	(void)state;
	assert_non_null(mkdtemp(path));
	cache = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(cache >= 0);
	for (int i = 0; i < 2; i++) {
		struct stack stack = { 0 };

		usleep(20000); /* longer than the file system's clock ticks */
		add_profile(&arena, &stack, kill);
		add_profile(&arena, &stack, arena_printf(&arena, DENY("mount"), ""));
		compile(&arena, &stack, cache);
		assert_int_equal(stack.filter_count, 2);
		/* each of them, and that they stay apart */
		assert_int_equal(count_entries(path, &written[i]), 3);
	}
	assert_memory_equal(&written[0], &written[1], sizeof(written[0]));
	remove_directory(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_engines_profile_and_the_policys_become_one),
		cmocka_unit_test(generated_filters_become_one_that_decides_the_same),
		cmocka_unit_test(what_is_logged_stays_each_filters_own),
		cmocka_unit_test(mitigations_are_given_up_only_together),
		cmocka_unit_test(a_listener_keeps_its_filter),
		cmocka_unit_test(nothing_and_one_are_what_they_are),
		cmocka_unit_test(mistakes_of_any_are_errors),
		cmocka_unit_test(the_one_filter_is_found_again),
		cmocka_unit_test(that_filters_stay_apart_is_found_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
