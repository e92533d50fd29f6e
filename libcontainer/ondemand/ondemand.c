/* SPDX-License-Identifier: Apache-2.0 */
#include "ondemand/ondemand.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/strbuf.h"
#include "base/syscalls.h"
#include "base/time.h"

#define REPLY_MAX ((size_t)1024 * 1024)
#define COMPLAINT_MAX ((size_t)600) /* of what the dynamic linker, say, writes */

struct companion {
	pid_t pid;
	int pidfd;
	int channel; /* its standard input and output */
	int complaint; /* its standard error */
};

/* What the companion has said so far. */
struct answer {
	struct strbuf reply;
	struct strbuf complaint;
};

static void answer_release(struct answer *answer)
{
	strbuf_release(&answer->reply);
	strbuf_release(&answer->complaint);
}

/* A file in memory that nobody can write any more. A descriptor, or -1 with errno. */
static int unpack(void)
{
	_cleanup_fd_ int fd = fd_memory_file("casemate-companion");

	if (fd < 0 || fd_write_all(fd, ondemand_companion, ondemand_companion_size) < 0)
		return -1;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -1;
	return TAKE_FD(fd);
}

static char **environment_of(struct arena *arena, const char *const *names)
{
	size_t count = 0;
	char **list;

	while (names && names[count])
		count++;
	list = ARENA_NEW_ARRAY(arena, char *, count + 1);
	count = 0;
	for (size_t i = 0; names && names[i]; i++) {
		const char *value = getenv(names[i]);

		if (value)
			list[count++] = arena_printf(arena, "%s=%s", names[i], value);
	}
	return list;
}

/* Only system calls from here on; its descriptors lie above those that they become. */
static _Noreturn void become_companion(const struct ondemand_request *request, int program, int channel,
				       int complaint, char *const *environment)
{
	char *arguments[] = { (char *)"casemate-companion", (char *)request->mode, NULL };
	struct sigaction standard = { .sa_handler = SIG_DFL };
	unsigned int first = request->fd >= 0 ? ONDEMAND_FD + 1 : ONDEMAND_FD;
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		sigaction(number, &standard, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (chdir("/") == 0 && dup2(channel, STDIN_FILENO) >= 0 && dup2(channel, STDOUT_FILENO) >= 0 &&
	    dup2(complaint, STDERR_FILENO) >= 0 && (request->fd < 0 || dup2(request->fd, ONDEMAND_FD) >= 0) &&
	    close_range(first, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		syscall(SYS_execveat, program, "", arguments, environment, AT_EMPTY_PATH);
	dprintf(STDERR_FILENO, "execute it: %s%s", error_describe(errno),
		errno == ENOENT ? " (the host's dynamic linker)" : "");
	_exit(127);
}

/* A copy above the descriptors that the companion gets. -1 with errno. */
static int high(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, ONDEMAND_FD + 1);
}

static int start(struct arena *arena, const struct ondemand_request *request, struct companion *companion)
{
	char **environment = environment_of(arena, request->variables);
	_cleanup_fd_ int file = unpack();
	_cleanup_fd_ int program = file < 0 ? -1 : high(file);
	struct ondemand_request raised = *request;
	_cleanup_fd_ int passed = request->fd < 0 ? -1 : high(request->fd);
	_cleanup_fd_ int theirs = -1;
	_cleanup_fd_ int complaint = -1;
	struct clone_args clone = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&companion->pidfd,
		.exit_signal = SIGCHLD,
	};
	int pipes[2];
	int ends[2];

	if (program < 0 || (request->fd >= 0 && passed < 0))
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	companion->channel = ends[0];
	theirs = high(ends[1]);
	close(ends[1]);
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -1;
	companion->complaint = pipes[0];
	complaint = high(pipes[1]);
	close(pipes[1]);
	if (theirs < 0 || complaint < 0)
		return -1;
	raised.fd = passed;
	companion->pid = sys_clone3(&clone, sizeof(clone));
	if (companion->pid == 0)
		become_companion(&raised, program, theirs, complaint, environment);
	return companion->pid < 0 ? -1 : 0;
}

/* The whole document fits into the socket's buffer or the companion reads it: it does so first thing. -1 with errno. */
static int ask(int channel, const char *text)
{
	size_t length = strlen(text);

	while (length > 0) {
		ssize_t sent = send(channel, text, length, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -1;
		text += sent;
		length -= (size_t)sent;
	}
	return shutdown(channel, SHUT_WR);
}

/* False at the end, or when there is more than can be meant. */
static bool listen_to(int fd, struct strbuf *words, size_t most)
{
	char chunk[4096];
	ssize_t got = read(fd, chunk, sizeof(chunk));

	if (got <= 0)
		return got < 0 && errno == EINTR;
	if (words->length + (size_t)got > most)
		return false;
	strbuf_add(words, chunk, (size_t)got);
	return true;
}

/* Collects what the companion says until it has closed both. 0, or -1: the time is over. */
static int follow(const struct companion *companion, int64_t deadline, struct answer *answer)
{
	struct pollfd polled[2] = {
		{ .fd = companion->channel, .events = POLLIN },
		{ .fd = companion->complaint, .events = POLLIN },
	};

	while (polled[0].fd >= 0 || polled[1].fd >= 0) {
		int left = milliseconds_left(deadline);

		if (left == 0 || (poll(polled, ARRAY_SIZE(polled), left) < 0 && errno != EINTR))
			return -1;
		if (polled[0].revents && !listen_to(companion->channel, &answer->reply, REPLY_MAX))
			polled[0].fd = -1;
		if (polled[1].revents && !listen_to(companion->complaint, &answer->complaint, COMPLAINT_MAX))
			polled[1].fd = -1;
		polled[0].revents = 0;
		polled[1].revents = 0;
	}
	return 0;
}

static void companion_end(struct companion *companion)
{
	if (companion->pid > 0) {
		pidfd_send_signal(companion->pidfd, SIGKILL, NULL, 0);
		while (waitpid(companion->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	fd_close(&companion->pidfd);
	fd_close(&companion->channel);
	fd_close(&companion->complaint);
}

static int judge(struct arena *arena, const struct ondemand_request *request, struct answer *answer,
		 const struct json_value **reply, struct error *error)
{
	char *complaint = arena_strdup(arena, strbuf_text(&answer->complaint));
	const char *problem;
	struct json_value *document;

	complaint[strcspn(complaint, "\n")] = '\0';
	if (answer->reply.length == 0)
		return error_set(error, 0, "the companion for %s ended without an answer%s%s", request->mode,
				 *complaint ? ": " : "", complaint);
	if (json_parse(arena, "the companion's answer", answer->reply.text, answer->reply.length, &document,
		       error) < 0)
		return -1;
	problem = json_get_string(document, "error");
	if (problem)
		return error_set(error, 0, "%s", problem);
	if (reply)
		*reply = document;
	return 0;
}

int ondemand_call(struct arena *arena, const struct ondemand_request *request, const struct json_value **reply,
		  struct error *error)
{
	_cleanup_(companion_end) struct companion companion = { .pidfd = -1, .channel = -1, .complaint = -1 };
	_cleanup_(answer_release) struct answer answer = { 0 };
	int64_t deadline = monotonic_us() + (int64_t)request->limit_ms * 1000;

	if (start(arena, request, &companion) < 0)
		return error_set(error, errno, "start the companion for %s", request->mode);
	if (ask(companion.channel, request->text) < 0 && errno != EPIPE && errno != ECONNRESET)
		return error_set(error, errno, "talk to the companion for %s", request->mode);
	if (follow(&companion, deadline, &answer) < 0)
		return error_set(error, ETIMEDOUT, "%s gave no answer within %u s", request->mode,
				 request->limit_ms / 1000);
	return judge(arena, request, &answer, reply, error);
}
