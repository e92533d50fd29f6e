/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <stdbool.h>
#include <sys/un.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

#define FDS_MAX 64

void fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int fd_write_once(int fd, const char *text)
{
	size_t length = strlen(text);
	ssize_t written;

	do
		written = write(fd, text, length);
	while (written < 0 && errno == EINTR);
	if (written < 0)
		return -1;
	if ((size_t)written != length) {
		errno = EIO;
		return -1;
	}
	return 0;
}

int fd_write_all(int fd, const void *bytes, size_t length)
{
	const char *next = bytes;

	while (length > 0) {
		ssize_t written = write(fd, next, length);

		if (written < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		next += written;
		length -= (size_t)written;
	}
	return 0;
}

static int read_file(struct arena *arena, int fd, size_t limit, bool short_is_end, char **bytes, size_t *length)
{
	_cleanup_free_ char *buffer = NULL;
	size_t capacity = 0;
	size_t used = 0;

	for (;;) {
		ssize_t got;

		if (used == capacity) {
			char *larger;

			capacity = capacity ? capacity * 2 : 16 * 1024;
			larger = realloc(buffer, capacity);
			if (!larger)
				return -1;
			buffer = larger;
		}
		got = read(fd, buffer + used, capacity - used);
		if (got < 0 && errno == EINTR)
			continue;
		/* A pipe whose writer is not done, opened so that one without a writer does not block the open. */
		if (got < 0 && errno == EAGAIN &&
		    poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, -1) >= 0)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		used += (size_t)got;
		if (used > limit) {
			errno = EFBIG;
			return -1;
		}
		if (short_is_end && used < capacity)
			break;
	}
	*bytes = arena_strndup(arena, buffer, used);
	*length = used;
	return 0;
}

int fd_read_all(struct arena *arena, int fd, size_t limit, char **bytes, size_t *length)
{
	return read_file(arena, fd, limit, false, bytes, length);
}

int fd_read_to_short(struct arena *arena, int fd, size_t limit, char **bytes, size_t *length)
{
	return read_file(arena, fd, limit, true, bytes, length);
}

int fd_send(int socket, const void *bytes, size_t length, const int *fds, size_t count)
{
	char control[CMSG_SPACE(sizeof(int) * FDS_MAX)] __attribute__((aligned(8))) = { 0 };
	struct iovec vector = { .iov_base = (void *)bytes, .iov_len = length };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
	ssize_t sent;

	if (count > FDS_MAX) {
		errno = EINVAL;
		return -1;
	}
	if (count > 0) {
		struct cmsghdr *header;

		message.msg_control = control;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int) * count);
		memcpy(CMSG_DATA(header), fds, sizeof(int) * count);
	}
	do
		sent = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -1;
	if ((size_t)sent != length) {
		errno = EIO;
		return -1;
	}
	return 0;
}

ssize_t fd_receive(int socket, void *bytes, size_t length, int *fds, size_t *count)
{
	char control[CMSG_SPACE(sizeof(int) * FDS_MAX)] __attribute__((aligned(8)));
	struct iovec vector = { .iov_base = bytes, .iov_len = length };
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	size_t room = count ? *count : 0;
	size_t received = 0;
	bool too_many;
	ssize_t got;

	do
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -1;
	too_many = message.msg_flags & MSG_CTRUNC;
	for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
		size_t in_header;

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		in_header = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < in_header; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
			if (received < room)
				fds[received++] = fd;
			else {
				close(fd);
				too_many = true;
			}
		}
	}
	if (too_many) {
		for (size_t i = 0; i < received; i++)
			close(fds[i]);
		if (count)
			*count = 0;
		errno = EMSGSIZE;
		return -1;
	}
	if (count)
		*count = received;
	return got;
}

int fd_connect_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_fd_ int target = open(path, O_PATH | O_CLOEXEC);
	_cleanup_fd_ int sock = -1;

	if (target < 0)
		return -1;
	sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		return -1;
	/* Through the descriptor: sun_path holds only 108 bytes, and the path is resolved once. */
	memcpy(address.sun_path, fd_path(target).text, sizeof(fd_path(target).text));
	if (connect(sock, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return TAKE_FD(sock);
}

int fd_cloexec_from(unsigned int first)
{
	return close_range(first, ~0U, CLOSE_RANGE_CLOEXEC);
}

struct fd_path fd_path(int fd)
{
	struct fd_path path;

	snprintf(path.text, sizeof(path.text), "/proc/self/fd/%d", fd);
	return path;
}

int fd_memory_file(const char *name)
{
	/* That it is meant to be executed is said where vm.memfd_noexec asks for it; kernels before 6.3 do not know it. */
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	return fd < 0 && errno == EINVAL ? memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING) : fd;
}
