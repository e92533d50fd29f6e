/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Detached mounts, private to this room.
 *
 * A mount is made without a place in the file system, given its flags, and only then attached, onto a
 * descriptor: between the making and the attaching nobody else can see it, and no path string takes part.
 * The descriptor of the detached mount goes on naming the mount itself afterwards, whatever is mounted over
 * it or moved: later changes (read-only, propagation) go through it. Needs Linux 5.12.
 * Source: fsopen(2), open_tree(2), move_mount(2), mount_setattr(2).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "sandbox/mount_calls.h"
#include "sandbox/rootfs.h"

/* A new instance of a file system, in the words of mount(2). */
struct filesystem {
	const char *type;
	const char *source; /* NULL: none */
	unsigned long flags; /* MS_*; those of the superblock and those of the mount */
	const char *data; /* comma-separated options, or NULL */
	const char *label; /* SELinux context of the mount, or NULL */
	int mode; /* of the root directory, as option "mode" before @data; -1: the file system's default */
};

/* Whether only mount(2) can say it: a value over 255 bytes, "iversion". Then filesystem_mount_on() it is. */
bool filesystem_needs_mount(const struct filesystem *filesystem);

/* Cuts the first option of a file system of @type off *rest: its key, and *value or NULL. NULL: no more. */
char *filesystem_next_option(struct arena *arena, const char *type, const char **rest, char **value);

/* Gives the file system mounted at @mount those of @filesystem's options that say how much it may hold. 0, or -1. */
int filesystem_limit(struct arena *arena, int mount, const struct filesystem *filesystem, struct error *error);

/* Makes a detached mount. Its descriptor, or -1; the error has what the kernel's context log says. */
int filesystem_open(struct arena *arena, const struct filesystem *filesystem, struct error *error);

/* Mounts with mount(2) on @target, through its descriptor; with MS_REMOUNT: changes what is there. 0, or -1. */
int filesystem_mount_on(struct arena *arena, const struct filesystem *filesystem, int target,
			struct error *error);

/* A detached copy of what is at @path ("" for @directory itself). A descriptor, or -1 with errno. */
int tree_clone(int directory, const char *path, bool recursive);

/* Puts a detached mount onto @target. 0, or -1 with errno. */
int tree_attach(int tree, int target);

/* Sets and clears MOUNT_ATTR_* of a mount and, where @recursive, of all below it. 0, or -1 with errno. */
int tree_set_attributes(int tree, bool recursive, uint64_t set, uint64_t clear);

/* @propagation: MS_SHARED, MS_SLAVE | MS_REC, … 0, or -1 with errno. */
int tree_set_propagation(int tree, unsigned long propagation);

/* The flags of the mount among MS_*, as MOUNT_ATTR_* of a new mount. */
unsigned int mount_attributes(unsigned long flags);

/* Gives a bind mount, named by its descriptor or by a name that is safe, the flags that @options asks for. */
int tree_set_bind_flags(int tree, const struct mount_options *options);
int name_set_bind_flags(int directory, const char *name, const struct mount_options *options);
