/* SPDX-License-Identifier: Apache-2.0 */
#include "container/foreground.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

/* Where bytes wait that one side has sent and the other cannot take yet. */
struct pipe_buffer {
	char bytes[32 * 1024];
	size_t start;
	size_t end;
};

struct session {
	pid_t pid;
	int signals;
	int master; /* -1 once the pty is closed */
	int input; /* -1 once the caller's input has ended */
	struct pipe_buffer *to_container; /* both NULL where there is no pty */
	struct pipe_buffer *from_container;
	struct termios saved;
	bool raw; /* saved holds what to restore */
	int status; /* of the process, once it has ended */
	bool ended;
};

void foreground_block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

void foreground_hold_signals(void)
{
	sigset_t held;

	sigfillset(&held);
	sigdelset(&held, SIGTSTP);
	sigdelset(&held, SIGTTIN);
	sigdelset(&held, SIGTTOU);
	sigprocmask(SIG_SETMASK, &held, NULL);
}

void foreground_unblock_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void copy_window_size(const struct session *session)
{
	struct winsize size;

	if (session->master < 0)
		return;
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		ioctl(session->master, TIOCSWINSZ, &size);
}

/*
 * The pty does the line editing and the signals' characters; the caller's terminal only passes bytes, and does what it
 * is set to do with newlines, which the pty leaves alone.
 */
static void make_raw(struct session *session)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &session->saved) < 0)
		return;
	raw = session->saved;
	cfmakeraw(&raw);
	raw.c_oflag |= OPOST;
	session->raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

static void restore_terminal(struct session *session)
{
	if (session->raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &session->saved);
	session->raw = false;
}

static void close_session(struct session *session)
{
	restore_terminal(session);
	if (session->signals >= 0)
		close(session->signals);
}

static void note_end(struct session *session, const siginfo_t *end)
{
	session->ended = true;
	session->status = end->si_code == CLD_EXITED ? end->si_status : 128 + end->si_status;
}

/* Every child that has ended: the container's process, and orphans of which this one is the reaper. */
static void reap(struct session *session)
{
	for (;;) {
		siginfo_t end = { 0 };

		if (waitid(P_ALL, 0, &end, WEXITED | WNOHANG) < 0 || end.si_pid == 0)
			return;
		if (end.si_pid == session->pid)
			note_end(session, &end);
	}
}

static void handle_signals(struct session *session)
{
	struct signalfd_siginfo information;

	while (read(session->signals, &information, sizeof(information)) == sizeof(information)) {
		int number = (int)information.ssi_signo;

		if (number == SIGCHLD)
			reap(session);
		else if (number == SIGWINCH)
			/* The caller's terminal has changed. Where the process has none it is told nothing:
			 * some servers end when they get it. */
			copy_window_size(session);
		else if (number != SIGPIPE && number != SIGURG && !session->ended)
			kill(session->pid, number);
	}
}

static bool has_room(const struct pipe_buffer *buffer)
{
	return buffer && buffer->end < sizeof(buffer->bytes);
}

static bool has_bytes(const struct pipe_buffer *buffer)
{
	return buffer && buffer->start < buffer->end;
}

/* Reads what is there. False at the end of file or on an error. */
static bool fill(struct pipe_buffer *buffer, int fd)
{
	ssize_t got = read(fd, buffer->bytes + buffer->end, sizeof(buffer->bytes) - buffer->end);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	buffer->end += (size_t)got;
	return got > 0;
}

static bool drain(struct pipe_buffer *buffer, int fd)
{
	ssize_t written = write(fd, buffer->bytes + buffer->start, buffer->end - buffer->start);

	if (written < 0)
		return errno == EAGAIN || errno == EINTR;
	buffer->start += (size_t)written;
	if (buffer->start == buffer->end)
		buffer->start = buffer->end = 0;
	return true;
}

/* The end of the caller's input is the end of the container's: what a terminal's user types for it. */
static void end_input(struct session *session)
{
	struct termios settings;
	char end_of_file = 4;

	session->input = -1;
	if (tcgetattr(session->master, &settings) == 0)
		end_of_file = (char)settings.c_cc[VEOF];
	if (has_room(session->to_container))
		session->to_container->bytes[session->to_container->end++] = end_of_file;
}

static void close_master(struct session *session)
{
	session->master = -1;
}

static void move_bytes(struct session *session, const struct pollfd *polled)
{
	if (polled[1].revents & (POLLIN | POLLHUP | POLLERR))
		if (!fill(session->to_container, session->input))
			end_input(session);
	if (session->master >= 0 && has_bytes(session->to_container) && (polled[2].revents & POLLOUT))
		if (!drain(session->to_container, session->master))
			session->to_container->start = session->to_container->end = 0;
	if (session->master >= 0 && (polled[2].revents & (POLLIN | POLLHUP | POLLERR)))
		if (!fill(session->from_container, session->master))
			close_master(session);
	if (has_bytes(session->from_container) && (polled[3].revents & (POLLOUT | POLLERR | POLLHUP)))
		if (!drain(session->from_container, STDOUT_FILENO))
			session->from_container->start = session->from_container->end = 0;
}

/* One round: 0 to go on, 1 when all is done, -1 on an error. */
static int serve(struct session *session, struct error *error)
{
	struct pollfd polled[4] = {
		{ .fd = session->signals, .events = POLLIN },
		{ .fd = has_room(session->to_container) && session->master >= 0 ? session->input : -1,
		  .events = POLLIN },
		{ .fd = session->master },
		{ .fd = has_bytes(session->from_container) ? STDOUT_FILENO : -1, .events = POLLOUT },
	};
	/* The last output may still be in the pty when the process has ended: read until it hangs up. */
	int timeout = session->ended ? 50 : -1;
	int ready;

	if (session->ended && session->master < 0 && !has_bytes(session->from_container))
		return 1;
	if (has_room(session->from_container))
		polled[2].events |= POLLIN;
	if (has_bytes(session->to_container))
		polled[2].events |= POLLOUT;
	ready = poll(polled, ARRAY_SIZE(polled), timeout);
	if (ready < 0 && errno != EINTR)
		return error_set(error, errno, "wait for the container");
	/* Another process of the container keeps the pty open and is silent: that is not waited for. */
	if (ready == 0 && session->ended)
		return 1;
	if (ready > 0) {
		if (session->to_container)
			move_bytes(session, polled);
		if (polled[0].revents)
			handle_signals(session);
	}
	return 0;
}

int foreground_wait(struct arena *arena, pid_t pid, int master, struct error *error)
{
	_cleanup_(close_session) struct session session = {
		.pid = pid,
		.master = master,
		.input = master >= 0 ? STDIN_FILENO : -1,
		.signals = -1,
	};
	sigset_t all;
	int result;

	sigfillset(&all);
	session.signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (session.signals < 0)
		return error_set(error, errno, "make a signal descriptor");
	if (master >= 0) {
		session.to_container = ARENA_NEW(arena, struct pipe_buffer);
		session.from_container = ARENA_NEW(arena, struct pipe_buffer);
		copy_window_size(&session);
		make_raw(&session);
		fcntl(master, F_SETFL, O_NONBLOCK);
	}
	reap(&session); /* whatever ended before the signals were blocked */
	do
		result = serve(&session, error);
	while (result == 0);
	return result < 0 ? -1 : session.status;
}
