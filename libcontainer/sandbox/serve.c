/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's side of the channel while the child sets itself up. */
#include <errno.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/channel.h"
#include "sandbox/sandbox.h"

/* The child has the right to lower its limits, but in a user namespace not to raise them: that is done here. */
static int set_limits(const struct sandbox *sandbox, struct error *error)
{
	return identity_rlimits(sandbox->pid, sandbox->process, error);
}

static int map_ids(struct sandbox *sandbox, int index, int received, struct error *error)
{
	_cleanup_fd_ int tree = received;

	if (tree < 0 || index < 0)
		return error_set(error, EPROTO, "a mount to be id-mapped that is none");
	if (rootfs_idmap_requested(&sandbox->rootfs, (size_t)index, tree, error) < 0)
		return -1;
	return channel_send(sandbox->channel, MESSAGE_CONTINUE, 0, -1, error);
}

static int serve_egress(int channel, const struct sandbox_requests *requests, const struct message *message,
			int network, struct error *error)
{
	_cleanup_fd_ int fd = network;

	if (fd < 0 || (message->value != EGRESS_SET && message->value != EGRESS_CHECK))
		return error_set(error, EPROTO, "egress rules asked for without a network namespace");
	if (requests->egress(requests->context, fd, (enum egress_request)message->value, error) < 0)
		return -1;
	return channel_send(channel, MESSAGE_CONTINUE, 0, -1, error);
}

static int serve_one(struct sandbox *sandbox, const struct sandbox_requests *requests,
		     const struct message *message, int fd, struct error *error)
{
	switch (message->type) {
	case MESSAGE_HOOKS:
		if (requests->hooks(requests->context, error) < 0)
			return -1;
		return channel_send(sandbox->channel, MESSAGE_CONTINUE, 0, -1, error);
	case MESSAGE_IDMAP: return map_ids(sandbox, message->value, fd, error);
	case MESSAGE_LIMITS:
		if (set_limits(sandbox, error) < 0)
			return -1;
		return channel_send(sandbox->channel, MESSAGE_CONTINUE, 0, -1, error);
	case MESSAGE_EGRESS: return serve_egress(sandbox->channel, requests, message, fd, error);
	case MESSAGE_CONSOLE: return requests->console(requests->context, fd, message->value, error);
	case MESSAGE_LISTENER:
		if (fd < 0)
			fd = pidfd_getfd(sandbox->pidfd, message->value, 0);
		if (fd < 0)
			return error_set(error, errno, "fetch the seccomp listener");
		if (requests->listener(requests->context, fd, error) < 0)
			return -1;
		return channel_send(sandbox->channel, MESSAGE_CONTINUE, 0, -1, error);
	case MESSAGE_ERROR: *error = message->error; return -1;
	default: return error_set(error, EPROTO, "message %u of the container's process", message->type);
	}
}

int sandbox_serve(struct sandbox *sandbox, const struct sandbox_requests *requests, struct error *error)
{
	struct message message;

	for (;;) {
		int fd = -1;
		int got = channel_receive(sandbox->channel, &message, &fd, error);

		if (got < 0)
			return -1;
		if (got == 0 && sandbox->is_exec)
			return 0; /* close-on-exec: the program runs */
		if (got == 0)
			return error_set(error, 0, "the container's process ended while it was set up");
		if (message.type == MESSAGE_CREATED)
			return 0;
		if (serve_one(sandbox, requests, &message, fd, error) < 0)
			return -1;
	}
}

int sandbox_detach(struct sandbox *sandbox, struct error *error)
{
	return channel_send(sandbox->channel, MESSAGE_CONTINUE, 0, -1, error);
}

int sandbox_start(int channel, const struct sandbox_requests *requests, struct error *error)
{
	struct message message;
	int got;
	int fd;

	if (channel_send(channel, MESSAGE_START, 0, -1, error) < 0)
		return -1;
	while ((got = channel_receive(channel, &message, &fd, error)) > 0 && message.type == MESSAGE_EGRESS)
		if (serve_egress(channel, requests, &message, fd, error) < 0)
			return -1;
	if (got <= 0)
		return got;
	if (message.type != MESSAGE_ERROR)
		return error_set(error, EPROTO, "message %u of the container's process", message.type);
	*error = message.error;
	return -1;
}
