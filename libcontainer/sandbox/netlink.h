/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to the kernel's routing sockets, private to this room. libmnl would do, but Debian has no static one, and a
 * handful of requests does not make up for a library.
 * Source: netlink(7), rtnetlink(7).
 */
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>

/* A request being built: its header, the header of its family, attributes. None of ours is longer. */
struct netlink_request {
	union {
		struct nlmsghdr header;
		char bytes[256];
	};
};

/* Begins a request of RTM_* @type, NLM_F_* @flags, with the family's header. */
void netlink_begin(struct netlink_request *request, int type, int flags, const void *header, size_t length);
void netlink_add(struct netlink_request *request, unsigned short type, const void *value, size_t length);

struct netlink {
	int fd;
	unsigned int sequence; /* of the last request */
};

/* Opens a socket in the present network namespace. 0, or -1 with errno. */
int netlink_open(struct netlink *netlink);
void netlink_close(struct netlink *netlink);

/*
 * Sends @request and hands every message of the answer to @take (may be NULL: none is expected), up to the kernel's word
 * that this was all. 0; or -1 with errno, the kernel's, or take's. EINTR: what was listed changed meanwhile.
 */
int netlink_ask(struct netlink *netlink, struct netlink_request *request,
		int (*take)(void *context, const struct nlmsghdr *message), void *context);

/*
 * The attributes of a message behind the family's header of @length, by type: found[type], up to @max, NULL where
 * there is none. 0, or -1 (EBADMSG) where the message is shorter than it says.
 */
int netlink_attributes(const struct nlmsghdr *message, size_t length, const struct rtattr **found,
		       unsigned short max);
