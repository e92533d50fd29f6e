/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: whole reads and writes, passing them over sockets, closing what must not leak. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"

/* Closes *fd where it is not negative, and makes it -1. */
void fd_close(int *fd);

/* Writes all of @bytes, going on after short writes and EINTR. Returns 0, or -1 with errno. */
int fd_write_all(int fd, const void *bytes, size_t length);

/* One write(2) of @text, as kernel interfaces want it: a short one is EIO. Returns 0, or -1 with errno. */
int fd_write_once(int fd, const char *text);

/*
 * Reads to the end of file, at most @limit bytes (more is an error, EFBIG). The result is allocated from
 * @arena and NUL-terminated; *length does not count the NUL. Returns 0, or -1 with errno.
 */
int fd_read_all(struct arena *arena, int fd, size_t limit, char **bytes, size_t *length);

/* The same of what ends with the first read that gives less than was asked for: a regular file that nobody writes. */
int fd_read_to_short(struct arena *arena, int fd, size_t limit, char **bytes, size_t *length);

/*
 * Sends one message of @length bytes with @count descriptors (at most 64) as SCM_RIGHTS over a unix
 * socket, without SIGPIPE. Returns 0, or -1 with errno.
 */
int fd_send(int socket, const void *bytes, size_t length, const int *fds, size_t count);

/*
 * Receives one message of at most @length bytes and at most *count descriptors (close-on-exec); *count
 * becomes the number received, and too many are an error, with all of them closed. Returns the number of
 * bytes (0: the peer is gone), or -1 with errno.
 */
ssize_t fd_receive(int socket, void *bytes, size_t length, int *fds, size_t *count);

/* Connects to the unix stream socket at @path, of any length. Returns a descriptor, or -1 with errno. */
int fd_connect_unix(const char *path);

/* Marks every descriptor from @first on close-on-exec. Returns 0, or -1 with errno. */
int fd_cloexec_from(unsigned int first);

/* "/proc/self/fd/N", for the calls that have no form that takes a descriptor. */
struct fd_path {
	char text[32];
};
struct fd_path fd_path(int fd);

/* A file in memory, close-on-exec, to be sealed and executed: memfd_create(2). A descriptor, or -1 with errno. */
int fd_memory_file(const char *name);
