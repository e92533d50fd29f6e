/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/hooks.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "base/time.h"

/* Up to this much of what a hook says is shown with its failure. */
#define HOOK_OUTPUT_MAX 900

struct hook_process {
	pid_t pid;
	int pidfd;
	int input; /* the other end of its standard input, */
	int output; /* of its standard output */
	int complaint; /* and of its standard error */
};

struct hook_words {
	char text[HOOK_OUTPUT_MAX];
	size_t length;
};

/* Pairs of pipe ends: what the hook gets and what stays here. */
struct hook_pipes {
	int input[2];
	int output[2];
	int complaint[2];
};

static void close_pipes(struct hook_pipes *pipes)
{
	int *ends[] = { pipes->input, pipes->output, pipes->complaint };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		for (int end = 0; end < 2; end++)
			cleanup_fd(&ends[i][end]);
}

static char **strings(struct arena *arena, const struct string_list *list)
{
	char **copy = ARENA_NEW_ARRAY(arena, char *, list->count + 1);

	for (size_t i = 0; i < list->count; i++)
		copy[i] = (char *)list->items[i];
	return copy;
}

static _Noreturn void become_hook(const struct oci_hook *hook, char **arguments, char **environment,
				  const struct hook_place *place, const struct hook_pipes *pipes)
{
	int entered = place && place->directory >= 0 ? fchdir(place->directory) : chdir("/");
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (entered == 0 && dup2(pipes->input[0], STDIN_FILENO) >= 0 &&
	    dup2(pipes->output[1], STDOUT_FILENO) >= 0 && dup2(pipes->complaint[1], STDERR_FILENO) >= 0 &&
	    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		execve(hook->path, arguments, environment);
	dprintf(STDERR_FILENO, "%s: %s", hook->path, error_describe(errno));
	_exit(127);
}

static int make_pipes(struct hook_pipes *pipes, struct error *error)
{
	if (pipe2(pipes->input, O_CLOEXEC) < 0 || pipe2(pipes->output, O_CLOEXEC) < 0 ||
	    pipe2(pipes->complaint, O_CLOEXEC) < 0)
		return error_set(error, errno, "make a pipe");
	return 0;
}

static int start_hook(const struct oci_hook *hook, const struct hook_place *place, struct hook_process *process,
		      struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_(close_pipes) struct hook_pipes pipes = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	char *only_name[] = { (char *)hook->path, NULL };
	char **arguments = hook->args.count ? strings(&arena, &hook->args) : only_name;
	char **environment = strings(&arena, &hook->env);
	struct clone_args clone = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&process->pidfd,
		.exit_signal = SIGCHLD,
	};

	if (hook->env.count == 0 && place && place->environment)
		environment = place->environment;
	if (make_pipes(&pipes, error) < 0)
		return -1;
	process->pid = sys_clone3(&clone, sizeof(clone));
	if (process->pid < 0)
		return error_set(error, errno, "fork");
	if (process->pid == 0)
		become_hook(hook, arguments, environment, place, &pipes);
	process->input = TAKE_FD(pipes.input[1]);
	process->output = TAKE_FD(pipes.output[0]);
	process->complaint = TAKE_FD(pipes.complaint[0]);
	return 0;
}

/*
 * Hands over what the pipe takes now of the state, which may be larger than a pipe. A hook need not read its input,
 * and may close it: neither may block or kill the runtime. False at the end.
 */
static bool feed(int input, const char **state)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction before;
	ssize_t written;

	sigaction(SIGPIPE, &ignore, &before);
	written = write(input, *state, strlen(*state));
	/* Where the signal is blocked it waits even so; once more, and it is thrown away. sigaction(2), signal(7) */
	if (written < 0)
		sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGPIPE, &before, NULL);
	if (written > 0)
		*state += written;
	return **state && (written >= 0 || errno == EAGAIN || errno == EINTR);
}

/* Takes what is there, keeps what there is room for. False at the end of file. */
static bool listen_to(int fd, struct hook_words *words)
{
	char chunk[4096];
	ssize_t got = read(fd, chunk, sizeof(chunk));

	for (ssize_t i = 0; i < got && words->length < sizeof(words->text) - 1; i++)
		words->text[words->length++] = chunk[i];
	return got > 0 || (got < 0 && errno == EINTR);
}

/*
 * Feeds the hook and collects what it says until it ends: not until its pipes are closed, a daemon that it leaves
 * behind may keep them. 0 when it has ended, 1 when @deadline (microseconds, -1: none) has passed.
 */
static int follow(struct hook_process *process, const char *state, int64_t deadline, struct hook_words words[2])
{
	struct pollfd polled[4] = {
		{ .fd = process->output, .events = POLLIN },
		{ .fd = process->complaint, .events = POLLIN },
		{ .fd = process->pidfd, .events = POLLIN },
		{ .fd = process->input, .events = POLLOUT },
	};

	for (;;) {
		int left = deadline < 0 ? -1 : milliseconds_left(deadline);
		bool heard = false;

		if (polled[3].fd >= 0 && !feed(process->input, &state)) {
			close(TAKE_FD(process->input));
			polled[3].fd = -1;
		}
		if (left == 0 || (poll(polled, ARRAY_SIZE(polled), left) < 0 && errno != EINTR))
			return 1;
		for (size_t i = 0; i < 2; i++) {
			if (polled[i].fd < 0 || !polled[i].revents)
				continue;
			heard = true;
			if (!listen_to(polled[i].fd, &words[i]))
				polled[i].fd = -1;
		}
		if (!heard && polled[2].revents)
			return 0;
	}
}

static int judge(const siginfo_t *end, const struct hook_words words[2], struct error *error)
{
	char how[96];

	if (end->si_code == CLD_EXITED && end->si_status == 0)
		return 0;
	if (end->si_code == CLD_EXITED) {
		snprintf(how, sizeof(how), "exit status %d", end->si_status);
	} else {
		const char *name = sigdescr_np(end->si_status);

		snprintf(how, sizeof(how), "signal: %s%s", name ? name : "unknown",
			 end->si_code == CLD_DUMPED ? " (core dumped)" : "");
		how[strlen("signal: ")] = (char)tolower((unsigned char)how[strlen("signal: ")]);
	}
	return error_set(error, 0, "%s, stdout: %s, stderr: %s", how, words[0].text, words[1].text);
}

static void hook_process_close(struct hook_process *process)
{
	fd_close(&process->input);
	fd_close(&process->output);
	fd_close(&process->complaint);
	fd_close(&process->pidfd);
}

static int run_one(const struct oci_hook *hook, const char *state, const struct hook_place *place,
		   struct error *error)
{
	_cleanup_(hook_process_close) struct hook_process process = {
		.pidfd = -1,
		.input = -1,
		.output = -1,
		.complaint = -1,
	};
	struct hook_words words[2] = { 0 };
	siginfo_t end = { 0 };
	int late;

	if (start_hook(hook, place, &process, error) < 0)
		return -1;
	fcntl(process.input, F_SETFL, O_NONBLOCK);
	late = follow(&process, state,
		      hook->timeout.present ? monotonic_us() + hook->timeout.value * 1000000 : -1, words);
	fd_close(&process.input);
	if (late)
		pidfd_send_signal(process.pidfd, SIGKILL, NULL, 0);
	while (waitid(P_PIDFD, (id_t)process.pidfd, &end, WEXITED) < 0)
		if (errno != EINTR)
			return error_set(error, errno, "wait");
	if (late)
		return error_set(error, 0, "hook ran past specified timeout of %.1fs",
				 (double)hook->timeout.value);
	return judge(&end, words, error);
}

int hooks_run(const char *kind, const struct oci_hook_list *hooks, const char *state,
	      const struct hook_place *place, struct error *error)
{
	for (size_t i = 0; i < hooks->count; i++)
		if (run_one(&hooks->items[i], state, place, error) < 0)
			return error_context(error, "error running %s hook #%zu", kind, i);
	return 0;
}
