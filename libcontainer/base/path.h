/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths below a root that an attacker may change while we walk: a container's rootfs.
 *
 * Every path is resolved once, inside the root, with openat2(2) RESOLVE_IN_ROOT: symbolic links and ".."
 * cannot leave it, and "magic links" of procfs are refused. The result is a descriptor, and only the
 * descriptor is used from there on. There is no fallback to path strings.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"

/*
 * Opens @path (absolute or relative, taken as inside @root) with open(2) @flags; O_CLOEXEC is added.
 * Returns a descriptor, or -1 with errno.
 */
int path_open_in_root(int root, const char *path, int flags);

/*
 * Opens the directory @path below @root as O_PATH, making each missing component with @mode. Symbolic links
 * are followed inside the root; where one dangles, what it names is made. Returns a descriptor, or -1.
 */
int path_make_directory(int root, const char *path, mode_t mode, struct error *error);

/*
 * Opens the file @path below @root as O_PATH; where nothing is there, makes its missing parent directories
 * (0755) and an empty regular file with @mode, through links as path_make_directory() does. A directory found
 * there is returned as it is. Returns a descriptor, or -1.
 */
int path_make_file(int root, const char *path, mode_t mode, struct error *error);

/*
 * Opens the parent directory of @path below @root as O_PATH, made where missing, and points *name at the
 * last component (allocated from @arena; never empty, "." or ".."). Returns a descriptor, or -1.
 */
int path_open_parent(struct arena *arena, int root, const char *path, bool make, const char **name,
		     struct error *error);

/*
 * The lexical normal form of @path: absolute, no ".", "..", "//" or trailing slash. ".." stops at "/".
 * For comparing and sorting names only, never for opening anything.
 */
char *path_normalize(struct arena *arena, const char *path);
/* Whether @path is its own lexical normal form. */
bool path_is_normal(const char *path);

/* @path if it is absolute, else "@base/@path". Lexical. */
char *path_join(struct arena *arena, const char *base, const char *path);

/* Whether normalized @path is normalized @directory or lies below it. */
bool path_is_below(const char *path, const char *directory);
