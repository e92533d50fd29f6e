/* SPDX-License-Identifier: Apache-2.0 */
/* The filters of a process as verify reads them: the oldest ones, and not for as long as the process likes. */
#include <linux/seccomp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/fd.h"
#include "verify/tracee.h"
#include "skips.h"

#define LOADED 3

static void load(uint32_t number)
{
	struct sock_filter items[] = { BPF_STMT(BPF_LD | BPF_IMM, number),
				       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	const struct sock_fprog program = { 2, items };

	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		_exit(1);
}

/* Its first filter has the number 1. */
static void filtered(int ready)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		_exit(1);
	for (uint32_t number = 1; number <= LOADED; number++)
		load(number);
	if (write(ready, "", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

/* It does not stop as long as its child does not execute a program. */
static void waiting_for_a_child(int ready)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		_exit(1);
	/* vfork(2), but for the memory in common */
	if (syscall(SYS_clone, CLONE_VFORK | SIGCHLD, NULL, NULL, NULL, NULL) == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || write(ready, "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	_exit(0);
}

static pid_t start(void (*process)(int ready))
{
	int ready[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		process(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void the_oldest_are_read(void **state)
{
	(void)state;
	for (size_t most = 1; most <= LOADED + 1; most++) {
		_cleanup_arena_ struct arena arena = { 0 };
		size_t expected = most < LOADED ? most : LOADED;
		struct sock_fprog *programs;
		pid_t pid = start(filtered);
		_cleanup_fd_ int pidfd = pidfd_open(pid, 0);
		enum tracee_result result;
		const char *why;
		size_t count;

		result = tracee_filters(&arena, pid, pidfd, most, true, &programs, &count, &why);
		end(pid);
		if (result == TRACEE_REFUSED || (result == TRACEE_BUSY && geteuid() != 0))
			skip_because("nothing may be traced here");
		assert_int_equal(result, TRACEE_READ);
		assert_int_equal(count, expected);
		for (size_t i = 0; i < count; i++)
			assert_int_equal(programs[i].filter[0].k, expected - i);
	}
}

static void who_does_not_stop_is_not_waited_for_long(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	pid_t pid = start(waiting_for_a_child);
	_cleanup_fd_ int pidfd = pidfd_open(pid, 0);
	struct timespec before, after;
	struct sock_fprog *programs;
	enum tracee_result result;
	const char *why;
	size_t count;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &before);
	result = tracee_filters(&arena, pid, pidfd, 1, false, &programs, &count, &why);
	clock_gettime(CLOCK_MONOTONIC, &after);
	end(pid);
	assert_int_equal(result, TRACEE_BUSY);
	assert_true(after.tv_sec - before.tv_sec + (after.tv_nsec - before.tv_nsec) / 1e9 < 0.7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_oldest_are_read),
		cmocka_unit_test(who_does_not_stop_is_not_waited_for_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
