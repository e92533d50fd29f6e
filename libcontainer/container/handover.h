/* SPDX-License-Identifier: Apache-2.0 */
/* What the runtime hands to others: the console's master, pidfds, seccomp listeners, pid files. */
#pragma once

#include "sandbox/sandbox.h"
#include "state/state.h"

/* The sockets of --console-socket and --pidfd-socket, and the console where there is no socket for it. */
struct handover {
	int console; /* connections, -1 where the option was not given */
	int pidfd;
	int master; /* of the pty that the caller's own terminal is to be connected to, or -1 */
};
#define HANDOVER_NONE ((struct handover){ -1, -1, -1 })

/*
 * Checks that the options fit together as runc does (@detach: the command does not stay; @terminal: the process
 * has one), and connects to the sockets. A path may be NULL. 0, or -1.
 */
int handover_open(struct handover *handover, const char *console_socket, const char *pidfd_socket, bool detach,
		  bool terminal, struct error *error);
void handover_close(struct handover *handover);

/* Takes the master of pty @number: sends it over the socket, or keeps it where there is none. 0, or -1. */
int handover_console(struct handover *handover, int master, int number, struct error *error);

/* Sends the pidfd where a socket was given. 0, or -1. */
int handover_pidfd(const struct handover *handover, int pidfd, struct error *error);

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
int handover_check_preserved(uint64_t count, struct error *error);

/* How many sockets LISTEN_FDS hands to this process (sd_listen_fds(3)); 0 where they are not for it. */
unsigned int handover_listen_fds(void);
