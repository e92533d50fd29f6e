/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "base/time.h"

/* Up to this much of what a hook says on standard error is shown with its failure. */
#define HOOK_STDERR_MAX 1024

struct hook_process {
	pid_t pid;
	int pidfd;
	int input; /* its standard input */
	int output; /* its standard error */
};

static char **strings(struct arena *arena, const struct string_list *list)
{
	char **copy = ARENA_NEW_ARRAY(arena, char *, list->count + 1);

	for (size_t i = 0; i < list->count; i++)
		copy[i] = (char *)list->items[i];
	return copy;
}

static _Noreturn void become_hook(const struct oci_hook *hook, char **arguments, char **environment,
				  const int input[2], const int output[2])
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (dup2(input[0], STDIN_FILENO) >= 0 && dup2(output[1], STDERR_FILENO) >= 0 && chdir("/") == 0 &&
	    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		execve(hook->path, arguments, environment);
	dprintf(output[1], "%s: %s", hook->path, error_describe(errno));
	_exit(127);
}

static int start_hook(const struct oci_hook *hook, struct hook_process *process, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	char *only_name[] = { (char *)hook->path, NULL };
	char **arguments = hook->args.count ? strings(&arena, &hook->args) : only_name;
	char **environment = strings(&arena, &hook->env);
	struct clone_args clone = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&process->pidfd,
		.exit_signal = SIGCHLD,
	};
	int output[2];
	int input[2];

	if (pipe2(input, O_CLOEXEC) < 0)
		return error_set(error, errno, "make a pipe");
	if (pipe2(output, O_CLOEXEC) < 0) {
		close(input[0]);
		close(input[1]);
		return error_set(error, errno, "make a pipe");
	}
	process->pid = sys_clone3(&clone, sizeof(clone));
	if (process->pid == 0)
		become_hook(hook, arguments, environment, input, output);
	close(input[0]);
	close(output[1]);
	process->input = input[1];
	process->output = output[0];
	if (process->pid < 0) {
		close(input[1]);
		close(output[0]);
		return error_set(error, errno, "fork");
	}
	return 0;
}

/* A hook need not read its input, and may close it: neither may block or kill the runtime. */
static void feed(int input, const char *state)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction before;

	sigaction(SIGPIPE, &ignore, &before);
	/* A pipe holds 64 KiB, more than any state; should it be full, the rest is dropped. */
	fcntl(input, F_SETFL, O_NONBLOCK);
	(void)!fd_write_all(input, state, strlen(state));
	sigaction(SIGPIPE, &before, NULL);
}

/* Collects standard error until the hook ends. 0 when it has ended, 1 when @deadline (-1: none) passed. */
static int follow(struct hook_process *process, int64_t deadline, char *said)
{
	struct pollfd polled[2] = {
		{ .fd = process->pidfd, .events = POLLIN },
		{ .fd = process->output, .events = POLLIN },
	};
	size_t used = 0;

	for (;;) {
		char chunk[512];
		int64_t left = deadline < 0 ? -1 : deadline - monotonic_us() / 1000;
		ssize_t got;

		if (deadline >= 0 && left <= 0)
			return 1;
		if (poll(polled, 2, (int)(left > INT32_MAX ? INT32_MAX : left)) < 0 && errno != EINTR)
			return 1;
		if (polled[1].revents) {
			got = read(process->output, chunk, sizeof(chunk));
			if (got <= 0)
				polled[1].fd = -1;
			for (ssize_t i = 0; i < got && used < HOOK_STDERR_MAX - 1; i++)
				said[used++] = chunk[i];
			continue;
		}
		if (polled[0].revents)
			return 0;
	}
}

static int run_one(const struct oci_hook *hook, const char *state, struct error *error)
{
	struct hook_process process = { .pidfd = -1 };
	char said[HOOK_STDERR_MAX] = "";
	_cleanup_fd_ int output = -1;
	_cleanup_fd_ int pidfd = -1;
	siginfo_t end = { 0 };
	int late;

	if (start_hook(hook, &process, error) < 0)
		return -1;
	output = process.output;
	pidfd = process.pidfd;
	feed(process.input, state);
	close(process.input);
	late = follow(&process, hook->timeout.present ? monotonic_us() / 1000 + hook->timeout.value * 1000 : -1, said);
	if (late)
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	while (waitid(P_PIDFD, (id_t)pidfd, &end, WEXITED) < 0)
		if (errno != EINTR)
			return error_set(error, errno, "wait");
	if (late)
		return error_set(error, 0, "hook ran past specified timeout of %.1fs",
				 (double)hook->timeout.value);
	if (end.si_code == CLD_EXITED && end.si_status == 0)
		return 0;
	if (end.si_code == CLD_EXITED)
		return error_set(error, 0, "exit status %d, stderr: %s", end.si_status, said);
	return error_set(error, 0, "signal: %d, stderr: %s", end.si_status, said);
}

int hooks_run(const char *kind, const struct oci_hook_list *hooks, const char *state, struct error *error)
{
	for (size_t i = 0; i < hooks->count; i++)
		if (run_one(&hooks->items[i], state, error) < 0)
			return error_context(error, "error running %s hook #%zu", kind, i);
	return 0;
}
