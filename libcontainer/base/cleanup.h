/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resources that release themselves.
 *
 * A variable declared with one of these attributes is released when it leaves its scope, on every path.
 * To hand a resource on, take it out of the variable with TAKE_FD or TAKE_PTR, which leaves an empty one.
 */
#pragma once

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(release) __attribute__((cleanup(release)))
#define _printf_(text, first) __attribute__((__format__(__printf__, text, first)))
#define _unused_ __attribute__((unused))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static inline void cleanup_fd(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_file(FILE **stream)
{
	if (*stream)
		fclose(*stream);
}

static inline void cleanup_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define _cleanup_fd_ _cleanup_(cleanup_fd)
#define _cleanup_free_ _cleanup_(cleanup_free)
#define _cleanup_file_ _cleanup_(cleanup_file)
#define _cleanup_dir_ _cleanup_(cleanup_dir)

/* Take a descriptor out of the variable that would close it. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}
#define TAKE_FD(fd) take_fd(&(fd))

/* Take a pointer out of the variable that would free it. */
#define TAKE_PTR(pointer)                         \
	({                                        \
		__typeof__(pointer) p_ = pointer; \
		(pointer) = NULL;                 \
		p_;                               \
	})
