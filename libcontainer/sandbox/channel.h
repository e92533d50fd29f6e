/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the runtime and the process it makes talk: one socket pair of sequenced packets, every message of the
 * same size. There is no length on the wire that could be wrong (CVE-2021-43784).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum message_type {
	MESSAGE_CONTINUE = 1, /* runtime to child: go on */
	MESSAGE_START, /* runtime to child: execute the program */
	MESSAGE_CGROUPS, /* runtime to child: descriptors of cgroups to join are attached, value says how many early ones */
	MESSAGE_HOOKS, /* child to runtime: the mounts are made, run createRuntime's hooks, then CONTINUE */
	MESSAGE_IDMAP, /* child to runtime: id-map the attached tree of mount number value, then CONTINUE */
	MESSAGE_LIMITS, /* child to runtime: set my resource limits, then CONTINUE */
	MESSAGE_CONSOLE, /* child to runtime: the pty's master is attached; value is its number */
	MESSAGE_LISTENER, /* child to runtime: the seccomp listener is attached, or value is its number in the child */
	MESSAGE_EGRESS, /* child to runtime: its network namespace is attached, value is an enum egress_request; then CONTINUE */
	MESSAGE_PID, /* intermediate to runtime: value is the pid of the container's process */
	MESSAGE_CREATED, /* child to runtime: all is set up, waiting for START (or CONTINUE) */
	MESSAGE_ERROR, /* child to runtime: it failed, error says why */
};

struct message {
	uint32_t type; /* enum message_type */
	int32_t value;
	struct error error;
};

/* Makes the pair: ends[0] for the runtime, ends[1] for the child, both close-on-exec. 0, or -1. */
int channel_make(int ends[2], struct error *error);

/* Sends a message, with a descriptor where @fd is not negative. 0, or -1 (the peer is gone: EPIPE). */
int channel_send(int channel, enum message_type type, int value, int fd, struct error *error);

/* The same with @count descriptors. */
int channel_send_fds(int channel, enum message_type type, int value, const int *fds, size_t count,
		     struct error *error);

/* The same without a descriptor, by write(2) and nothing else. */
int channel_send_plainly(int channel, enum message_type type, int value, struct error *error);

/* Sends @cause as MESSAGE_ERROR; failing to do so is not reported, there is nobody left to tell. */
void channel_send_error(int channel, const struct error *cause);

/*
 * Receives one message. *fd (may be NULL) becomes the descriptor it brought, or -1. Returns 1, 0 when the
 * peer has closed its end, or -1. A message of another size or an unknown type is an error.
 */
int channel_receive(int channel, struct message *message, int *fd, struct error *error);

/* The same for up to *count descriptors; *count becomes their number. */
int channel_receive_fds(int channel, struct message *message, int *fds, size_t *count, struct error *error);

/* Waits for a message of @type; an error message, another type or a closed end is a failure. 0, or -1. */
int channel_expect(int channel, enum message_type type, struct error *error);
/* The same; *value is the message's, and errors say that it comes from @who. */
int channel_expect_value(int channel, const char *who, enum message_type type, int *value, struct error *error);
