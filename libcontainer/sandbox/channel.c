/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/channel.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

int channel_make(int ends[2], struct error *error)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(error, errno, "make a socket pair");
	return 0;
}

int channel_send_fds(int channel, enum message_type type, int value, const int *fds, size_t count,
		     struct error *error)
{
	struct message message = { .type = type, .value = value };

	if (fd_send(channel, &message, sizeof(message), fds, count) < 0)
		return error_set(error, errno, "send to the other stage of the runtime");
	return 0;
}

int channel_send(int channel, enum message_type type, int value, int fd, struct error *error)
{
	return channel_send_fds(channel, type, value, &fd, fd >= 0 ? 1 : 0, error);
}

int channel_send_plainly(int channel, enum message_type type, int value, struct error *error)
{
	struct message message = { .type = type, .value = value };

	if (write(channel, &message, sizeof(message)) != (ssize_t)sizeof(message))
		return error_set(error, errno, "write to the other stage of the runtime");
	return 0;
}

void channel_send_error(int channel, const struct error *cause)
{
	struct message message = { .type = MESSAGE_ERROR, .error = *cause };

	(void)!fd_send(channel, &message, sizeof(message), NULL, 0);
}

int channel_receive_fds(int channel, struct message *message, int *fds, size_t *count, struct error *error)
{
	size_t room = count ? *count : 0;
	ssize_t got = fd_receive(channel, message, sizeof(*message), fds, count);

	/* Of a peer that has ended with something unread that is said first, and then what it had sent itself. */
	if (got < 0 && errno == ECONNRESET) {
		if (count)
			*count = room;
		got = fd_receive(channel, message, sizeof(*message), fds, count);
	}
	if (got < 0 && errno == ECONNRESET)
		return 0;
	if (got < 0)
		return error_set(error, errno, "receive from the other stage of the runtime");
	if (got == 0)
		return 0;
	if (got != sizeof(*message) || message->type < MESSAGE_CONTINUE || message->type > MESSAGE_ERROR)
		return error_set(error, EPROTO, "message from the other stage of the runtime");
	message->error.text[sizeof(message->error.text) - 1] = '\0';
	return 1;
}

int channel_receive(int channel, struct message *message, int *fd, struct error *error)
{
	int received = -1;
	size_t count = fd ? 1 : 0;
	int got = channel_receive_fds(channel, message, &received, &count, error);

	if (fd)
		*fd = received;
	return got;
}

int channel_expect_value(int channel, const char *who, enum message_type type, int *value, struct error *error)
{
	struct message message;
	int got = channel_receive(channel, &message, NULL, error);

	if (got < 0)
		return -1;
	if (got == 0)
		return error_set(error, 0, "%s ended without a word", who);
	if (message.type == MESSAGE_ERROR) {
		*error = message.error;
		return -1;
	}
	if (message.type != type)
		return error_set(error, EPROTO, "message %u from %s", message.type, who);
	*value = message.value;
	return 0;
}

int channel_expect(int channel, enum message_type type, struct error *error)
{
	int ignored;

	return channel_expect_value(channel, "the other stage of the runtime", type, &ignored, error);
}
