/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/netlink.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel fills a message of a listing up to 32 KiB where there is room for it. */
#define ANSWER_SIZE 32768

void netlink_begin(struct netlink_request *request, int type, int flags, const void *header, size_t length)
{
	*request = (struct netlink_request){
		.header = {
			.nlmsg_len = NLMSG_SPACE(length),
			.nlmsg_type = (unsigned short)type,
			.nlmsg_flags = (unsigned short)(NLM_F_REQUEST | flags),
		},
	};
	memcpy(NLMSG_DATA(&request->header), header, length);
}

void netlink_add(struct netlink_request *request, unsigned short type, const void *value, size_t length)
{
	struct rtattr attribute = { .rta_type = type, .rta_len = (unsigned short)RTA_LENGTH(length) };
	char *end = request->bytes + request->header.nlmsg_len;

	assert(request->header.nlmsg_len + RTA_SPACE(length) <= sizeof(request->bytes));
	memcpy(end, &attribute, sizeof(attribute));
	memcpy(end + RTA_LENGTH(0), value, length);
	request->header.nlmsg_len += (unsigned int)RTA_SPACE(length);
}

int netlink_open(struct netlink *netlink)
{
	int on = 1;

	netlink->sequence = 0;
	netlink->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (netlink->fd < 0)
		return -1;
	/* Listings are of what was asked for only, where the kernel knows that (Linux 4.20); they are looked through anyway. */
	(void)!setsockopt(netlink->fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	return 0;
}

void netlink_close(struct netlink *netlink)
{
	if (netlink->fd >= 0)
		close(netlink->fd);
	netlink->fd = -1;
}

/* One datagram of the kernel's, whole. Its length, or -1. */
static ssize_t receive(int socket, void *bytes, size_t size)
{
	for (;;) {
		struct sockaddr_nl from = { 0 };
		struct iovec part = { .iov_base = bytes, .iov_len = size };
		struct msghdr header = {
			.msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &part,
			.msg_iovlen = 1,
		};
		ssize_t got = recvmsg(socket, &header, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (header.msg_namelen != sizeof(from) || from.nl_pid != 0)
			continue; /* somebody else's */
		if (header.msg_flags & MSG_TRUNC) {
			errno = EMSGSIZE;
			return -1;
		}
		return got;
	}
}

/* The kernel's number at the start of an error or of the end of a listing: 0, or a negative errno. */
static int outcome(const struct nlmsghdr *message)
{
	int number;

	if (message->nlmsg_len < NLMSG_LENGTH(sizeof(number)))
		return -EBADMSG;
	memcpy(&number, NLMSG_DATA(message), sizeof(number));
	return number > 0 ? -EBADMSG : number;
}

/* 1: this was the last message; 0: there are more; -1 with errno. */
static int take_one(const struct netlink_request *request, const struct nlmsghdr *message,
		    int (*take)(void *context, const struct nlmsghdr *message), void *context)
{
	int number;

	if (message->nlmsg_seq != request->header.nlmsg_seq)
		return 0;
	if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE) {
		number = outcome(message);
		errno = -number;
		return number < 0 ? -1 : 1;
	}
	if (message->nlmsg_type < NLMSG_MIN_TYPE)
		return 0;
	if (!take) {
		errno = EBADMSG;
		return -1;
	}
	return take(context, message);
}

int netlink_ask(struct netlink *netlink, struct netlink_request *request,
		int (*take)(void *context, const struct nlmsghdr *message), void *context)
{
	_Alignas(struct nlmsghdr) char bytes[ANSWER_SIZE];
	bool interrupted = false;

	/* Listings have an end of their own. Of the two bits that ask for one, requests to make something have others' names. */
	if ((request->header.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		request->header.nlmsg_flags |= NLM_F_ACK;
	request->header.nlmsg_seq = ++netlink->sequence;
	if (send(netlink->fd, request->bytes, request->header.nlmsg_len, 0) < 0)
		return -1;
	for (;;) {
		ssize_t got = receive(netlink->fd, bytes, sizeof(bytes));
		const struct nlmsghdr *message = (const struct nlmsghdr *)bytes;

		if (got < 0)
			return -1;
		for (size_t left = (size_t)got; NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
			int last = take_one(request, message, take, context);

			interrupted |= message->nlmsg_flags & NLM_F_DUMP_INTR;
			if (last < 0)
				return -1;
			if (last > 0 && interrupted) {
				errno = EINTR;
				return -1;
			}
			if (last > 0)
				return 0;
		}
	}
}

int netlink_attributes(const struct nlmsghdr *message, size_t length, const struct rtattr **found,
		       unsigned short max)
{
	const struct rtattr *attribute;
	size_t left;

	memset(found, 0, (max + 1U) * sizeof(const struct rtattr *));
	errno = EBADMSG;
	if (message->nlmsg_len < NLMSG_SPACE(length))
		return -1;
	attribute = (const struct rtattr *)((const char *)message + NLMSG_SPACE(length));
	for (left = message->nlmsg_len - NLMSG_SPACE(length); RTA_OK(attribute, left);
	     attribute = RTA_NEXT(attribute, left))
		if ((attribute->rta_type & NLA_TYPE_MASK) <= max)
			found[attribute->rta_type & NLA_TYPE_MASK] = attribute;
	return left == 0 ? 0 : -1;
}
