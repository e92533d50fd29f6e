/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other end of every socket a runtime talks to.
 *
 *   socket console PATH          one console: prints "message NAME", "descriptors N", then all the terminal says;
 *                                what comes on standard input is typed into it
 *   socket consoles PATH         any number of consoles, in silence, until killed
 *   socket pidfd PATH SIGNAL     takes one pidfd and sends SIGNAL through it; prints "descriptors N"
 *   socket seccomp PATH ERRNO    takes one seccomp listener: prints the message, then answers each call with
 *                                ERRNO (0: lets it continue)
 *   socket datagram PATH COUNT   prints COUNT datagrams (systemd's notify protocol)
 *   socket connect PATH          connects once and ends: tells whether somebody listens
 *
 * "listening" is printed as soon as the socket is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

struct message {
	char text[65536];
	size_t length;
	int fds[16];
	size_t fd_count;
};

static void fail(const char *what)
{
	fprintf(stderr, "socket: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int make_socket(const char *path, int type, int listening)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		fail("socket");
	strcpy(address.sun_path, path);
	if (!listening) {
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
			fail("connect");
		return fd;
	}
	unlink(path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || (type == SOCK_STREAM && listen(fd, 16)))
		fail(path);
	puts("listening");
	fflush(stdout);
	return fd;
}

static void receive(int fd, struct message *message)
{
	char control[CMSG_SPACE(sizeof(message->fds))];
	struct iovec vector = { .iov_base = message->text, .iov_len = sizeof(message->text) - 1 };
	struct msghdr header = {
		.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	ssize_t length = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);

	if (length < 0)
		fail("recvmsg");
	message->length = (size_t)length;
	message->text[length] = '\0';
	message->fd_count = 0;
	for (struct cmsghdr *item = CMSG_FIRSTHDR(&header); item; item = CMSG_NXTHDR(&header, item)) {
		if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS)
			continue;
		message->fd_count = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(message->fds, CMSG_DATA(item), message->fd_count * sizeof(int));
	}
}

static void accept_one(int listener, struct message *message)
{
	int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (connection < 0)
		fail("accept");
	receive(connection, message);
	close(connection);
}

/* Copies both ways until the terminal hangs up, which it tells by EIO. */
static int relay(int terminal)
{
	struct pollfd polled[2] = { { .fd = terminal, .events = POLLIN }, { .fd = 0, .events = POLLIN } };
	char buffer[4096];

	for (;;) {
		ssize_t length;

		if (poll(polled, 2, -1) < 0)
			fail("poll");
		if (polled[1].revents) {
			length = read(0, buffer, sizeof(buffer));
			if (length <= 0)
				polled[1].fd = -1;
			else if (write(terminal, buffer, (size_t)length) != length)
				return 0;
		}
		if (polled[0].revents) {
			length = read(terminal, buffer, sizeof(buffer));
			if (length <= 0)
				return 0;
			if (write(1, buffer, (size_t)length) != length)
				return 1;
		}
	}
}

static int serve_console(const char *path)
{
	struct message message;

	accept_one(make_socket(path, SOCK_STREAM, 1), &message);
	printf("message %s\ndescriptors %zu\n", message.text, message.fd_count);
	fflush(stdout);
	return message.fd_count == 1 ? relay(message.fds[0]) : 1;
}

/* The masters stay open, or the containers would get SIGHUP; what they say is thrown away. */
static _Noreturn void serve_consoles(const char *path)
{
	struct pollfd polled[64] = { { .fd = make_socket(path, SOCK_STREAM, 1), .events = POLLIN } };
	nfds_t count = 1;

	for (;;) {
		char buffer[4096];

		if (poll(polled, count, -1) < 0)
			fail("poll");
		for (nfds_t i = count; i-- > 1;)
			if (polled[i].revents && read(polled[i].fd, buffer, sizeof(buffer)) <= 0) {
				close(polled[i].fd);
				polled[i] = polled[--count];
			}
		if (polled[0].revents && count < 64) {
			struct message message;

			accept_one(polled[0].fd, &message);
			if (message.fd_count)
				polled[count++] = (struct pollfd){ .fd = message.fds[0], .events = POLLIN };
		}
	}
}

static int serve_pidfd(const char *path, int signal_number)
{
	struct message message;

	accept_one(make_socket(path, SOCK_STREAM, 1), &message);
	printf("descriptors %zu\n", message.fd_count);
	fflush(stdout);
	if (message.fd_count != 1 || syscall(SYS_pidfd_send_signal, message.fds[0], signal_number, NULL, 0))
		fail("pidfd_send_signal");
	return 0;
}

static int serve_seccomp(const char *path, int error)
{
	struct seccomp_notif request;
	struct seccomp_notif_resp response;
	struct message message;

	accept_one(make_socket(path, SOCK_STREAM, 1), &message);
	printf("%s\ndescriptors %zu\n", message.text, message.fd_count);
	fflush(stdout);
	if (message.fd_count != 1)
		return 1;
	for (;;) {
		memset(&request, 0, sizeof(request));
		memset(&response, 0, sizeof(response));
		if (ioctl(message.fds[0], SECCOMP_IOCTL_NOTIF_RECV, &request)) {
			if (errno == EINTR)
				continue;
			return 0;
		}
		response.id = request.id;
		response.error = -error;
		response.flags = error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(message.fds[0], SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
}

static int serve_datagrams(const char *path, int count)
{
	struct message message;
	int fd = make_socket(path, SOCK_DGRAM, 1);

	while (count-- > 0) {
		receive(fd, &message);
		printf("%s\n", message.text);
		fflush(stdout);
		for (size_t i = 0; i < message.fd_count; i++)
			close(message.fds[i]);
	}
	return 0;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc == 3 && !strcmp(argv[1], "console"))
		return serve_console(argv[2]);
	if (argc == 3 && !strcmp(argv[1], "consoles"))
		serve_consoles(argv[2]);
	if (argc == 4 && !strcmp(argv[1], "pidfd"))
		return serve_pidfd(argv[2], atoi(argv[3]));
	if (argc == 4 && !strcmp(argv[1], "seccomp"))
		return serve_seccomp(argv[2], atoi(argv[3]));
	if (argc == 4 && !strcmp(argv[1], "datagram"))
		return serve_datagrams(argv[2], atoi(argv[3]));
	if (argc == 3 && !strcmp(argv[1], "connect"))
		return close(make_socket(argv[2], SOCK_STREAM, 0));
	fprintf(stderr, "socket: see the comment at the top of socket.c\n");
	return 2;
}
