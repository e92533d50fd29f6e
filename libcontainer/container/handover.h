/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime hands to others: the console's master, pidfds, seccomp listeners, pid files. */
#pragma once

#include "container/state.h"
#include "sandbox/sandbox.h"

/* Connects to the unix stream socket that @option names. A descriptor, or -1. */
int handover_connect(const char *option, const char *path, struct error *error);

/* Sends @fd with @text as one message, as engines expect it of --console-socket and --pidfd-socket. */
int handover_send(int connection, const char *text, int fd, struct error *error);

/*
 * Sends the listener of a seccomp filter with the container process state of the specification to the
 * socket of linux.seccomp.listenerPath.
 */
int handover_listener(struct arena *arena, const struct oci_seccomp *seccomp, const struct saved_state *state,
		      pid_t pid, int listener, struct error *error);

/* Writes the pid, whole, by rename. */
int handover_pid_file(struct arena *arena, const char *path, pid_t pid, struct error *error);

/*
 * Makes sure that the @count descriptors from 3 on were handed to this program and are not its own (those are
 * close-on-exec). 0, or -1.
 */
int handover_check_preserved(unsigned int count, struct error *error);

/* How many sockets LISTEN_FDS hands to this process (sd_listen_fds(3)); 0 where they are not for it. */
unsigned int handover_listen_fds(void);
