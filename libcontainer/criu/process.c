/* SPDX-License-Identifier: Apache-2.0 */
/* Starting CRIU. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "criu/criu.h"

#define CRIU_SOCKET 3 /* as its command line says */
#define PROGRAM "criu"
/* What a system looks through where PATH is not set: engines start runtimes with hardly any environment. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const char *find_program(struct arena *arena)
{
	const char *path = getenv("PATH");
	char *saved;

	path = path && *path ? path : DEFAULT_PATH;
	for (char *directory = strtok_r(arena_strdup(arena, path), ":", &saved); directory;
	     directory = strtok_r(NULL, ":", &saved)) {
		const char *file = arena_printf(arena, "%s/" PROGRAM, directory);

		/* What lies in the working directory is not what anyone means. */
		if (*directory == '/' && access(file, X_OK) == 0)
			return file;
	}
	return NULL;
}

/* Moves @fd out of the way of the numbers that CRIU gets. */
static int lift(int fd)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, CRIU_FIRST_FD + 64);
}

static int place(int fd, int number, struct error *error)
{
	if (fd < 0 || dup2(fd, number) < 0)
		return error_set(error, errno, "hand a descriptor to criu");
	return 0;
}

static int place_descriptors(const struct criu_setup *setup, int socket, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	int *lifted = ARENA_NEW_ARRAY(&arena, int, setup->fd_count + 1);

	for (size_t i = 0; i < setup->fd_count; i++)
		lifted[i] = lift(setup->fds[i]);
	if (place(lift(socket), CRIU_SOCKET, error) < 0)
		return -1;
	for (size_t i = 0; i < setup->fd_count; i++)
		if (place(lifted[i], CRIU_FIRST_FD + (int)i, error) < 0)
			return -1;
	for (int number = 0; !setup->keep_streams && number <= STDERR_FILENO; number++)
		if (place(open("/dev/null", O_RDWR | O_CLOEXEC), number, error) < 0)
			return -1;
	if (fd_cloexec_from(CRIU_FIRST_FD + (unsigned int)setup->fd_count) < 0)
		return error_set(error, errno, "close descriptors before criu");
	return 0;
}

/*
 * CRIU looks for the descriptors of a request in the process that made the socket pair: made here, that is its own, and
 * they can be of a mount namespace that only it is in. Returns CRIU's end, or -1.
 */
static int make_socket(int report, struct error *error)
{
	_cleanup_fd_ int theirs = -1;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(error, errno, "make a socket pair for criu");
	theirs = pair[1];
	if (fd_send(report, "", 1, &theirs, 1) < 0) {
		close(pair[0]);
		return error_set(error, errno, "pass criu's socket on");
	}
	return pair[0];
}

/* In the new process: becomes CRIU, or says over @report why not. */
static _Noreturn void become_criu(const struct criu_setup *setup, const char *program, int report)
{
	char *arguments[] = { (char[]){ PROGRAM }, (char[]){ "swrk" }, (char[]){ "3" }, NULL };
	_cleanup_fd_ int kept = lift(report);
	_cleanup_fd_ int socket = -1;
	struct error error = { 0 };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!setup->prepare || setup->prepare(setup->context, &error) == 0)
		socket = make_socket(kept, &error);
	if (socket >= 0 && place_descriptors(setup, socket, &error) == 0) {
		execv(program, arguments);
		error_set(&error, errno, "exec: %s", program);
	}
	if (kept >= 0)
		fd_send(kept, &error, sizeof(error), NULL, 0);
	_exit(1);
}

/* Takes CRIU's socket; its program runs where the end of @report comes without another word. */
static int await_start(int report, int *socket, struct error *error)
{
	struct error reported;
	size_t count = 1;
	ssize_t got;

	got = fd_receive(report, &reported, sizeof(reported), socket, &count);
	if (got == 1 && count == 1) {
		count = 0;
		got = fd_receive(report, &reported, sizeof(reported), NULL, &count);
		if (got == 0)
			return 0;
	}
	if (got != sizeof(reported))
		return error_set(error, got < 0 ? errno : EPROTO, "start criu");
	*error = reported;
	return -1;
}

int criu_start(const struct criu_setup *setup, struct criu *criu, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const char *program = setup->program && *setup->program ? setup->program : find_program(&arena);
	_cleanup_fd_ int report = -1;
	int ends[2];

	*criu = CRIU_NONE;
	if (!program)
		return error_set(error, 0, "exec: \"" PROGRAM "\": executable file not found in $PATH");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(error, errno, "make a socket pair");
	report = ends[0];
	criu->pid = fork();
	if (criu->pid == 0)
		become_criu(setup, program, ends[1]);
	close(ends[1]);
	if (criu->pid < 0)
		return error_set(error, errno, "fork for criu");
	if (await_start(report, &criu->socket, error) == 0)
		return 0;
	criu_finish(criu);
	return -1;
}

int criu_finish(struct criu *criu)
{
	int status = 0;

	fd_close(&criu->socket);
	if (criu->pid > 0)
		while (waitpid(criu->pid, &status, 0) < 0 && errno == EINTR)
			;
	criu->pid = 0;
	return status;
}
