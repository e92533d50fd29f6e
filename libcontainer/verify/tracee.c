/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/tracee.h"

#include <errno.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "base/error.h"
#include "base/time.h"

#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif
#define STOP_TRIES 200
#define STOP_PAUSE_US 5000 /* so it has a second */
#define STOP_TRIES_SHORT 10 /* so it has some ten milliseconds */

/* Waits until @thread stops or ends. *signal: what it has to get when it goes on. */
static enum tracee_result await_stop(pid_t thread, int tries, int *signal, const char **why)
{
	int64_t pause = 20;

	*signal = 0;
	for (int try = 0; try < tries; try++) {
		int status;
		pid_t found = waitpid(thread, &status, __WALL | WNOHANG);

		if (found == thread && WIFSTOPPED(status)) {
			/* A signal came first: it is not the container's fault that it was held back. */
			if (status >> 16 == 0)
				*signal = WSTOPSIG(status);
			return TRACEE_READ;
		}
		if (found == thread || (found < 0 && errno != EINTR)) {
			*why = "it has ended";
			return TRACEE_GONE;
		}
		pause_us(pause);
		pause = pause * 2 < STOP_PAUSE_US ? pause * 2 : STOP_PAUSE_US;
	}
	*why = "it does not stop";
	return TRACEE_BUSY;
}

/* The oldest @most filters of a @thread that has stopped. The kernel counts from the oldest, whatever ptrace(2) says. */
static enum tracee_result read_filters(struct arena *arena, pid_t thread, size_t most,
				       struct sock_fprog *programs, size_t *count, const char **why)
{
	for (*count = 0; *count < most; (*count)++) {
		struct sock_fprog *program = &programs[*count];
		long length = ptrace(PTRACE_SECCOMP_GET_FILTER, thread, *count, NULL);

		if (length < 0 && errno == ENOENT)
			return TRACEE_READ;
		if (length > 0 && length <= BPF_MAXINSNS) {
			program->len = (unsigned short)length;
			program->filter = ARENA_NEW_ARRAY(arena, struct sock_filter, (size_t)length);
			length = ptrace(PTRACE_SECCOMP_GET_FILTER, thread, *count, program->filter);
		}
		if (length == program->len && length > 0)
			continue;
		*why = length < 0 ? error_describe(errno) : "the kernel gives another length than before";
		return length < 0 && errno == ESRCH ? TRACEE_GONE : TRACEE_REFUSED;
	}
	return TRACEE_READ;
}

static void reverse(struct sock_fprog *programs, size_t count)
{
	for (size_t i = 0; i < count / 2; i++) {
		const struct sock_fprog swapped = programs[i];

		programs[i] = programs[count - 1 - i];
		programs[count - 1 - i] = swapped;
	}
}

enum tracee_result tracee_filters(struct arena *arena, pid_t thread, int pidfd, size_t most, bool is_patient,
				  struct sock_fprog **programs, size_t *count, const char **why)
{
	enum tracee_result result;
	int signal;

	*programs = ARENA_NEW_ARRAY(arena, struct sock_fprog, most);
	*count = 0;
	/* From here on the kernel lets it go where this process ends, however it does. */
	if (ptrace(PTRACE_SEIZE, thread, NULL, NULL) < 0) {
		*why = error_describe(errno);
		return errno == ESRCH ? TRACEE_GONE : TRACEE_BUSY;
	}
	if (ptrace(PTRACE_INTERRUPT, thread, NULL, NULL) < 0) {
		*why = "it has ended";
		return TRACEE_GONE;
	}
	result = await_stop(thread, is_patient ? STOP_TRIES : STOP_TRIES_SHORT, &signal, why);
	if (result != TRACEE_READ)
		return result;
	/* Who is traced keeps the number. If its process had ended before that, a stranger has it, and is let go. */
	if (pidfd_send_signal(pidfd, 0, NULL, 0) < 0 && errno == ESRCH) {
		*why = "it has ended";
		result = TRACEE_GONE;
	} else {
		result = read_filters(arena, thread, most, *programs, count, why);
		reverse(*programs, *count);
	}
	(void)ptrace(PTRACE_DETACH, thread, NULL, signal);
	return result;
}
