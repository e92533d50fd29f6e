/* SPDX-License-Identifier: Apache-2.0 */
/* Small files of the runtime's own and of the kernel's interfaces, relative to a directory descriptor. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"

#define FILE_SIZE_MAX ((size_t)16 * 1024 * 1024) /* of any document the runtime reads */

/* Reads the whole file into @arena, NUL-terminated; larger than @limit is EFBIG. 0, or -1 with errno. */
int file_read_at(struct arena *arena, int directory, const char *path, size_t limit, char **bytes,
		 size_t *length);

/*
 * As file_read_at(), at most FILE_SIZE_MAX bytes, of a regular file that is only ever replaced whole (as
 * file_write_atomic_at() does): less than was asked for is its end, which is not looked for once more.
 */
int file_read_replaced_at(struct arena *arena, int directory, const char *path, char **bytes, size_t *length);

/*
 * Replaces @name in @directory by one with these bytes, whole or not at all: a temporary file, written,
 * then renamed. 0, or -1 with errno.
 */
int file_write_atomic_at(int directory, const char *name, const void *bytes, size_t length, mode_t mode);

/* Whether both are of the same file, whatever it was called. */
bool file_is_same(const struct stat *one, const struct stat *other);

/* What the link @name says, NUL-terminated. 0, or -1 with errno: ENAMETOOLONG where @target is too small. */
int link_read_at(int directory, const char *name, char *target, size_t size);

/* One write(2) of @text to an existing file: a kernel interface (procfs, cgroupfs). 0, or -1 with errno. */
int file_write_at(int directory, const char *path, const char *text);

/* Opens the host's procfs, and makes sure it is one and its root. A descriptor, or -1. */
int procfs_open(struct error *error);
