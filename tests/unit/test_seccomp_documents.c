/* SPDX-License-Identifier: Apache-2.0 */
/* The shipped profiles: what their conditions choose, and that each is at least as strict as the default one. */
#include <linux/audit.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "bpf.h"
#include "policy/policy.h"
#include "seccomp/document.h"
#include "skips.h"

#define LAST_SYSCALL 470

static const struct string_list no_capabilities;

static struct seccomp_filter compile(struct arena *arena, const char *name,
				     const struct string_list *capabilities)
{
	struct seccomp_filter filter;
	struct error error;

	assert_non_null(seccomp_profile_builtin(name));
	if (seccomp_document_compile(arena, name, seccomp_profile_builtin(name), capabilities, -1, &filter,
				     &error) < 0)
		fail_msg("%s", error.text);
	return filter;
}

static uint32_t native_audit(void)
{
	return seccomp_arch_native() == SCMP_ARCH_X86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64;
}

static bool allows(const struct seccomp_filter *filter, int number, uint64_t first)
{
	struct seccomp_data data = { .nr = number, .arch = native_audit(), .args = { first } };

	return bpf_run(filter->instructions, filter->count, &data) == SECCOMP_RET_ALLOW;
}

static bool allows_name(const struct seccomp_filter *filter, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);

	return number >= 0 && allows(filter, number, 0);
}

static void every_profile_is_within_the_default(void **state)
{
	static const char *items[] = { "CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_SYS_CHROOT", "CAP_SYS_TIME",
				       "CAP_SYSLOG",	"CAP_SYS_NICE",	  "CAP_BPF" };
	const struct string_list sets[] = { no_capabilities, { items, ARRAY_SIZE(items) } };
	static const uint64_t arguments[] = { 0, 1, 2, 10, 16, 17, 38, 40, 8, 0x10000000, 0xffffffff };

	(void)state;
	for (size_t s = 0; s < ARRAY_SIZE(sets); s++) {
		_cleanup_arena_ struct arena arena = { 0 };
		struct seccomp_filter base = compile(&arena, "default", &sets[s]);

		for (const char *const *name = seccomp_profile_builtin_names(); *name; name++) {
			struct seccomp_filter filter = compile(&arena, *name, &sets[s]);

			for (int number = 0; number < LAST_SYSCALL; number++)
				for (size_t a = 0; a < ARRAY_SIZE(arguments); a++)
					if (allows(&filter, number, arguments[a]) &&
					    !allows(&base, number, arguments[a]))
						fail_msg("%s allows %d, and default does not", *name, number);
		}
	}
}

static void assert_strict(const char *name, const struct string_list *capabilities)
{
	static const char *const denied[] = {
		"mount",
		"umount2",
		"move_mount",
		"open_tree",
		"fsopen",
		"fsconfig",
		"fsmount",
		"fspick",
		"mount_setattr",
		"pivot_root",
		"init_module",
		"finit_module",
		"delete_module",
		"kexec_load",
		"bpf",
		"perf_event_open",
		"userfaultfd",
		"io_uring_setup",
		"io_uring_enter",
		"keyctl",
		"add_key",
		"request_key",
		"setns",
		"unshare",
		"process_madvise",
		"kcmp",
		"pidfd_getfd",
		"open_by_handle_at",
		"reboot",
		"swapon",
		"fanotify_init",
		"quotactl",
		"acct",
		"sethostname",
	};
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_filter filter = compile(&arena, name, capabilities);

	for (size_t i = 0; i < ARRAY_SIZE(denied); i++)
		if (allows_name(&filter, denied[i]))
			fail_msg("%s allows %s", name, denied[i]);
	/* clone with CLONE_NEWUSER, and without */
	assert_false(allows(&filter, seccomp_syscall_resolve_name("clone"), 0x10000000));
	assert_true(allows(&filter, seccomp_syscall_resolve_name("clone"), 0x11));
	/* AF_UNIX and AF_INET, not AF_PACKET, AF_ALG, AF_VSOCK */
	assert_true(allows(&filter, seccomp_syscall_resolve_name("socket"), 1));
	assert_true(allows(&filter, seccomp_syscall_resolve_name("socket"), 2));
	assert_false(allows(&filter, seccomp_syscall_resolve_name("socket"), 17));
	assert_false(allows(&filter, seccomp_syscall_resolve_name("socket"), 38));
	assert_false(allows(&filter, seccomp_syscall_resolve_name("socket"), 40));
	/* what the runtime itself needs when filters are stacked without no_new_privs */
	assert_true(allows_name(&filter, "seccomp") && allows_name(&filter, "prctl") &&
		    allows_name(&filter, "execve") && allows_name(&filter, "capset"));
	assert_int_equal(allows_name(&filter, "ptrace"), !strcmp(name, "terminal"));
}

static void what_no_service_needs_is_denied_with_every_capability(void **state)
{
	static const char *items[] = { "CAP_SYS_ADMIN", "CAP_SYS_PTRACE",      "CAP_SYS_MODULE",
				       "CAP_BPF",	"CAP_PERFMON",	       "CAP_SYS_BOOT",
				       "CAP_SYS_PACCT", "CAP_DAC_READ_SEARCH", "CAP_SYS_RAWIO" };
	const struct string_list all = { items, ARRAY_SIZE(items) };

	(void)state;
	for (const char *const *name = seccomp_profile_builtin_names(); *name; name++) {
		if (!strcmp(*name, "default"))
			continue;
		assert_strict(*name, &no_capabilities);
		assert_strict(*name, &all);
	}
}

static void conditions_are_those_of_the_capabilities(void **state)
{
	static const char *chroot_items[] = { "CAP_SYS_CHROOT" };
	const struct string_list can_chroot = { chroot_items, 1 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_filter with = compile(&arena, "default", &can_chroot);
	struct seccomp_filter without = compile(&arena, "default", &no_capabilities);

	(void)state;
	assert_true(allows_name(&with, "chroot"));
	assert_false(allows_name(&without, "chroot"));
	assert_true(allows_name(&with, "ptrace")); /* minKernel 4.8 */
}

struct guarded_call {
	uint32_t architecture;
	int number;
};

static uint32_t guard_decides(const struct seccomp_filter *filter, struct guarded_call call, uint64_t first,
			      uint64_t second)
{
	struct seccomp_data data = { .nr = call.number, .arch = call.architecture, .args = { first, second } };

	return bpf_run(filter->instructions, filter->count, &data);
}

static struct seccomp_filter compile_guard(struct arena *arena, const char *name)
{
	struct seccomp_filter filter;
	struct error error;

	if (seccomp_document_compile(arena, name, seccomp_guard_builtin(name), &no_capabilities, -1, &filter,
				     &error) < 0)
		fail_msg("%s", error.text);
	return filter;
}

/* ioctl, file_setattr, socket, socketpair and io_uring_setup of what a kernel of x86-64 or arm64 runs. */
static const struct guarded_calls {
	bool wide; /* of 64 bits: the upper half of an argument is there to confuse a filter */
	struct guarded_call ioctl, file_setattr, socket, socketpair, io_uring_setup;
} guarded[] = {
#ifdef __x86_64__
	{ true,
	  { AUDIT_ARCH_X86_64, 16 },
	  { AUDIT_ARCH_X86_64, 469 },
	  { AUDIT_ARCH_X86_64, 41 },
	  { AUDIT_ARCH_X86_64, 53 },
	  { AUDIT_ARCH_X86_64, 425 } },
	{ false,
	  { AUDIT_ARCH_X86_64, 0x40000000 + 514 },
	  { AUDIT_ARCH_X86_64, 0x40000000 + 469 },
	  { AUDIT_ARCH_X86_64, 0x40000000 + 41 },
	  { AUDIT_ARCH_X86_64, 0x40000000 + 53 },
	  { AUDIT_ARCH_X86_64, 0x40000000 + 425 } },
	{ false,
	  { AUDIT_ARCH_I386, 54 },
	  { AUDIT_ARCH_I386, 469 },
	  { AUDIT_ARCH_I386, 359 },
	  { AUDIT_ARCH_I386, 360 },
	  { AUDIT_ARCH_I386, 425 } },
#else
	{ true,
	  { AUDIT_ARCH_AARCH64, 29 },
	  { AUDIT_ARCH_AARCH64, 469 },
	  { AUDIT_ARCH_AARCH64, 198 },
	  { AUDIT_ARCH_AARCH64, 199 },
	  { AUDIT_ARCH_AARCH64, 425 } },
	{ false,
	  { AUDIT_ARCH_ARM, 54 },
	  { AUDIT_ARCH_ARM, 469 },
	  { AUDIT_ARCH_ARM, 281 },
	  { AUDIT_ARCH_ARM, 288 },
	  { AUDIT_ARCH_ARM, 425 } },
#endif
};

static void no_project_is_changed_under_the_guard_of_disk(void **state)
{
	static const uint32_t denied[] = { 0x401c5820, 0x40086602, 0x40046602,
					   0x801c5820, 0x80086602, 0x80046602 };
	static const uint32_t allowed[] = { 0x801c581f, 0x80086601, 0x80046601, 0x5401, 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_filter filter = compile_guard(&arena, "disk");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(guarded); i++) {
		for (uint64_t high = 0; high <= (guarded[i].wide ? 3 : 0); high++) {
			for (size_t d = 0; d < ARRAY_SIZE(denied); d++)
				assert_int_equal(guard_decides(&filter, guarded[i].ioctl, 3,
							       high << 32 | denied[d]),
						 SECCOMP_RET_ERRNO | 1);
			for (size_t a = 0; a < ARRAY_SIZE(allowed); a++)
				assert_int_equal(guard_decides(&filter, guarded[i].ioctl, 3,
							       high << 32 | allowed[a]),
						 SECCOMP_RET_ALLOW);
		}
		assert_int_equal(guard_decides(&filter, guarded[i].file_setattr, 0, 0), SECCOMP_RET_ERRNO | 1);
		assert_int_equal(guard_decides(&filter, guarded[i].socket, 40, 1), SECCOMP_RET_ALLOW);
	}
}

static bool family_is_seen(uint64_t family)
{
	return family == 0 || family == 1 || family == 2 || family == 10 || family == 16;
}

static uint32_t socket_of_protocol(const struct seccomp_filter *filter, struct guarded_call call,
				   uint64_t protocol)
{
	struct seccomp_data data = { .nr = call.number, .arch = call.architecture, .args = { 2, 1, protocol } };

	return bpf_run(filter->instructions, filter->count, &data);
}

/* But what IPPROTO_SMC (256) makes is none of IP's; IPPROTO_MPTCP (262) is. */
static void rules_see_every_socket_under_the_guard_of_egress(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_filter filter = compile_guard(&arena, "egress");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(guarded); i++) {
		const struct guarded_call calls[] = { guarded[i].socket, guarded[i].socketpair };

		for (size_t c = 0; c < ARRAY_SIZE(calls); c++) {
			for (uint64_t family = 0; family < 300; family++)
				assert_int_equal(guard_decides(&filter, calls[c], family, 1),
						 family_is_seen(family) ? SECCOMP_RET_ALLOW
									: (SECCOMP_RET_ERRNO | 97));
			/* The kernel takes the lower half. */
			if (guarded[i].wide)
				assert_int_not_equal(guard_decides(&filter, calls[c], 1ULL << 32 | 3, 1),
						     SECCOMP_RET_ALLOW);
			assert_int_not_equal(guard_decides(&filter, calls[c], 0xffffffff, 1),
					     SECCOMP_RET_ALLOW);
		}
		assert_int_equal(guard_decides(&filter, guarded[i].io_uring_setup, 0, 0),
				 SECCOMP_RET_ERRNO | 1);
		assert_int_equal(guard_decides(&filter, guarded[i].ioctl, 0, 0), SECCOMP_RET_ALLOW);
		assert_int_equal(socket_of_protocol(&filter, guarded[i].socket, 256), SECCOMP_RET_ERRNO | 93);
		assert_int_equal(socket_of_protocol(&filter, guarded[i].socket, 262), SECCOMP_RET_ALLOW);
	}
}

/* SYS_SOCKET and SYS_SOCKETPAIR, whose families no filter sees; not SYS_CONNECT, SYS_SENDMSG. */
static void the_guard_of_egress_leaves_socketcall_its_rest(void **state)
{
#ifdef __x86_64__
	const struct guarded_call socketcall = { AUDIT_ARCH_I386, 102 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_filter filter = compile_guard(&arena, "egress");

	(void)state;
	for (uint64_t call = 0; call <= 20; call++)
		assert_int_equal(guard_decides(&filter, socketcall, call, 0xffffd000),
				 call == 1 || call == 8 ? (SECCOMP_RET_ERRNO | 97) : SECCOMP_RET_ALLOW);
#else
	(void)state;
	skip_because("there is no such call on this architecture");
#endif
}

static void mistakes_are_refused(void **state)
{
	static const char *const mistakes[][2] = {
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":"
		  "\"SCMP_ACT_ALLOW\",\"includes\":{\"caps\":\"CAP_KILL\"}}]}",
		  "x: syscalls[0]: caps and arches are arrays of strings" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":"
		  "\"SCMP_ACT_ALLOW\",\"includes\":{\"minKernel\":\"new\"}}]}",
		  "x: syscalls[0]: minKernel is a version such as \"4.8\"" },
		{ "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":"
		  "\"SCMP_ACT_ALLOW\",\"excludes\":{\"cap\":[]}}]}",
		  "x: syscalls[0]: conditions are caps, arches and minKernel" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		_cleanup_arena_ struct arena arena = { 0 };
		struct oci_seccomp *profile;
		struct error error;

		assert_int_equal(seccomp_document_read(&arena, "x", mistakes[i][0], &no_capabilities, &profile,
						       &error),
				 -1);
		assert_string_equal(error.text, mistakes[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_profile_is_within_the_default),
		cmocka_unit_test(what_no_service_needs_is_denied_with_every_capability),
		cmocka_unit_test(conditions_are_those_of_the_capabilities),
		cmocka_unit_test(no_project_is_changed_under_the_guard_of_disk),
		cmocka_unit_test(rules_see_every_socket_under_the_guard_of_egress),
		cmocka_unit_test(the_guard_of_egress_leaves_socketcall_its_rest),
		cmocka_unit_test(mistakes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
