/* SPDX-License-Identifier: Apache-2.0 */
#include "container/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/fd.h"

#define SOCKET_NAME "notify.sock"
#define BARRIER_TIMEOUT_MS 30000

const char *notify_host_socket(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	return path && *path ? path : NULL;
}

int notify_make_directory(const struct store_entry *entry, struct error *error)
{
	if (mkdirat(entry->fd, STORE_NOTIFY, 0755) < 0 && errno != EEXIST)
		return error_set(error, errno, "make %s/" STORE_NOTIFY, entry->path);
	return 0;
}

int notify_bind(const struct store_entry *entry, struct error *error)
{
	_cleanup_fd_ int directory = openat(entry->fd, STORE_NOTIFY, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int bound = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (directory < 0 || bound < 0)
		return error_set(error, errno, "make the notify socket in %s", entry->path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/" SOCKET_NAME, fd_path(directory).text);
	if (bind(bound, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_set(error, errno, "make the notify socket in %s", entry->path);
	/* Whoever the container's user is may write to it; its directory is seen in this container only. */
	if (fchmodat(directory, SOCKET_NAME, 0777, 0) < 0)
		return error_set(error, errno, "open the notify socket to the container's user");
	return TAKE_FD(bound);
}

static int connect_host(const char *path, struct error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t length = strlen(path);

	if (length >= sizeof(address.sun_path))
		return error_set(error, ENAMETOOLONG, "NOTIFY_SOCKET");
	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0'; /* an abstract socket, sd_notify(3) */
	if (fd < 0 || connect(fd, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		return error_set(error, errno, "connect to the host's notify socket");
	return TAKE_FD(fd);
}

/* READY=1 stands on a line of its own. */
static bool says_ready(const char *text)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		if (!strncmp(line, "READY=1", 7) && (line[7] == '\n' || line[7] == '\0'))
			return true;
	}
	return false;
}

/* 1 ready, 0 the container has ended, -1 an error. */
static int wait_for_ready(int bound, int pidfd, struct error *error)
{
	struct pollfd polled[2] = {
		{ .fd = bound, .events = POLLIN },
		{ .fd = pidfd, .events = POLLIN },
	};
	char text[4096];

	for (;;) {
		ssize_t got;

		if (poll(polled, 2, -1) < 0 && errno != EINTR)
			return error_set(error, errno, "wait for the container's readiness");
		if (polled[0].revents & POLLIN) {
			got = recv(bound, text, sizeof(text) - 1, MSG_DONTWAIT);
			if (got > 0) {
				text[got] = '\0';
				if (says_ready(text))
					return 1;
			}
			continue;
		}
		if (polled[1].revents)
			return 0;
	}
}

/* The service manager closes its end of the pipe once it has read all that came before. sd_notify(3) */
static int barrier(int host, struct error *error)
{
	struct pollfd polled = { .events = 0 };
	int ends[2];
	int sent;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(error, errno, "make a pipe");
	sent = fd_send(host, "BARRIER=1", 9, &ends[1], 1);
	close(ends[1]);
	polled.fd = ends[0];
	if (sent == 0)
		poll(&polled, 1, BARRIER_TIMEOUT_MS);
	close(ends[0]);
	return sent < 0 ? error_set(error, errno, "send to the host's notify socket") : 0;
}

int notify_forward(int bound, const char *socket, pid_t pid, int pidfd, struct error *error)
{
	_cleanup_fd_ int host = connect_host(socket, error);
	char text[32];
	int ready;

	if (host < 0)
		return -1;
	ready = wait_for_ready(bound, pidfd, error);
	if (ready <= 0)
		return ready;
	snprintf(text, sizeof(text), "MAINPID=%d", pid);
	if (fd_send(host, "READY=1\n", 8, NULL, 0) < 0 || fd_send(host, text, strlen(text), NULL, 0) < 0)
		return error_set(error, errno, "send to the host's notify socket");
	return barrier(host, error);
}
