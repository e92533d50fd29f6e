/* SPDX-License-Identifier: Apache-2.0 */
/* Filters in the kernel: loaded into a child, and asked with real system calls. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "documents.h"
#include "profiles.h"
#include "sandbox/identity.h"
#include "seccomp/seccomp.h"

#define MSEAL 462
#define NOBODYS_CALL 4000

static struct seccomp_filter compile_text(struct arena *arena, const char *text)
{
	return profile_compile(arena, profile_parse(arena, text));
}

/* Runs @test in a child that has loaded @filter, which ends with what @test returns; returns the wait status. */
static int run_filtered(const struct seccomp_filter *filter, int (*test)(int listener))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		struct error error;
		int listener;

		signal(SIGSYS, SIG_DFL); /* cmocka's handler belongs to the parent */
		if (identity_no_new_privs(&error) < 0 || seccomp_filter_load(filter, &listener, &error) < 0)
			_exit(100);
		_exit(test(listener));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static int errno_of(long number, unsigned long first)
{
	errno = 0;
	return syscall(number, first, 0UL, 0UL, 0UL, 0UL, 0UL) < 0 ? errno : 0;
}

/* Numbered, so that the wait status says which one failed. */
static int ask_docker(int listener)
{
	if (listener != -1)
		return 1;
	if (errno_of(SYS_getpid, 0) != 0)
		return 2;
	if (errno_of(SYS_personality, PER_LINUX) != 0)
		return 3;
	if (errno_of(SYS_personality, PER_SVR4) != EPERM)
		return 4;
	if (errno_of(SYS_mount, 0) != EPERM)
		return 5;
	if (errno_of(SYS_unshare, 0) != EPERM)
		return 6;
	if (errno_of(SYS_clone3, 0) != ENOSYS)
		return 7;
	if (errno_of(NOBODYS_CALL, 0) != ENOSYS)
		return 8;
	/* Named by the profile and unknown to libseccomp: it is the kernel's answer, whatever that is. */
	if (errno_of(MSEAL, 0) == EPERM)
		return 9;
	/* Numbers below the largest that the profile leaves out. */
	if (errno_of(SYS_kexec_load, 0) != EPERM)
		return 10;
	return 0;
}

static void dockers_profile_works(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_filter filter;
	struct oci_seccomp *profile;
	struct error error;
	size_t length;
	char *text = document_read(&arena, "seccomp/docker-default.json", &length);

	(void)state;
	assert_int_equal(seccomp_parse(&arena, "docker", text, length, &profile, &error), 0);
	filter = profile_compile(&arena, profile);
	assert_int_equal(run_filtered(&filter, ask_docker), 0);
}

static int use_personality(int listener)
{
	(void)listener;
	return errno_of(SYS_personality, 0xffffffff);
}

static void killing_actions_kill(void **state)
{
	static const char *const actions[] = { "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_KILL_PROCESS",
					       "SCMP_ACT_TRAP" };
	_cleanup_arena_ struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		struct seccomp_filter filter =
			compile_text(&arena, arena_printf(&arena,
							  "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
							  "{\"names\":[\"personality\"],\"action\":\"%s\"}]}",
							  actions[i]));
		int status = run_filtered(&filter, use_personality);

		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), SIGSYS);
	}
}

static void permissive_actions_let_pass(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_filter filter =
		compile_text(&arena,
			     "{\"defaultAction\":\"SCMP_ACT_LOG\",\"flags\":[\"SECCOMP_FILTER_FLAG_TSYNC\"],"
			     "\"syscalls\":[{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\"}]}");

	(void)state;
	assert_int_equal(run_filtered(&filter, use_personality), 0);
}

static void an_untraced_process_gets_enosys_for_trace(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_filter filter =
		compile_text(&arena, "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
				     "{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_TRACE\"}]}");
	int status = run_filtered(&filter, use_personality);

	(void)state;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), ENOSYS);
}

static int look_at_listener(int listener)
{
	if (listener < 0)
		return 1;
	return fcntl(listener, F_GETFD) == FD_CLOEXEC ? 0 : 2;
}

static void notify_gives_a_listener(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_filter filter =
		compile_text(&arena, "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/s\","
				     "\"flags\":[\"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"],\"syscalls\":["
				     "{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}");

	(void)state;
	assert_int_equal(run_filtered(&filter, look_at_listener), 0);
}

static int load_another(int listener)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct seccomp_filter second = {
		.instructions = &allow,
		.count = 1,
		.load_flags = SECCOMP_FILTER_FLAG_NEW_LISTENER,
		.has_listener = true,
	};
	struct error error;

	(void)listener;
	if (seccomp_filter_load(&second, &listener, &error) == 0 || error.number != EBUSY)
		return 1;
	second.count = 0;
	second.load_flags = 0;
	return seccomp_filter_load(&second, &listener, &error) < 0 && error.number == EINVAL ? 0 : 2;
}

static void failures_are_reported(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_filter filter =
		compile_text(&arena,
			     "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/s\",\"syscalls\":["
			     "{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}");

	(void)state;
	assert_int_equal(run_filtered(&filter, load_another), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dockers_profile_works),
		cmocka_unit_test(killing_actions_kill),
		cmocka_unit_test(permissive_actions_let_pass),
		cmocka_unit_test(an_untraced_process_gets_enosys_for_trace),
		cmocka_unit_test(notify_gives_a_listener),
		cmocka_unit_test(failures_are_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
