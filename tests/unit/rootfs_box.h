/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's file system without the rest of a container: a bundle in a temporary directory, a configuration
 * made by hand, and a child in namespaces of its own that goes through all functions of sandbox/rootfs.h in
 * their order and then looks around.
 */
#pragma once

#include "sandbox/rootfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "skips.h"

#define BOX_MOUNTS 12

struct box;

/* Looks around in the child; ends it with box_expect() where something is not as it should be. */
typedef void box_look(struct box *box, struct rootfs *rootfs);

struct box {
	char base[48]; /* the bundle: rootfs/, outside/ and what a test makes */
	struct arena arena;
	struct oci_config config;
	struct oci_root root;
	struct oci_linux linux_;
	struct oci_mount mounts[BOX_MOUNTS];
	struct oci_namespace namespaces[OCI_NAMESPACE_TYPES];
	struct cgroup_layout cgroup_layout;
	const char *notify_directory;
	const struct hardening *hardening;
	bool no_pivot;
	bool privileged; /* for rootfs_open_sources() */
	box_look *before_devices;
	box_look *before_pivot; /* after devices; the host is still there */
	box_look *inside; /* after rootfs_verify() */
	struct error *error; /* shared with the child */
};

/* Skips the test where this process has not got root's rights. */
#define box_needs_root()                            \
	do {                                        \
		if (geteuid())                      \
			skip_because("needs root"); \
	} while (0)

void box_make(struct box *box);
/* Whether mounts of a box's directories can be id-mapped: those of a tmpfs since Linux 6.3 only. mount_setattr(2) */
bool box_can_be_idmapped(void);
void box_release(struct box *box);
#define _cleanup_box_ _cleanup_(box_release)

/* "BASE/NAME", in the box's arena. */
const char *box_path(struct box *box, const char *name);
/* Below BASE, parents included. */
void box_directory(struct box *box, const char *name);
void box_file(struct box *box, const char *name, const char *text);
void box_link(struct box *box, const char *target, const char *name);
/* Whether something is at BASE/NAME; a link is something. */
bool box_has(struct box *box, const char *name);

/* Adds a mount; options up to NULL. */
struct oci_mount *box_mount(struct box *box, const char *destination, const char *type, const char *source,
			    ...);
/* /proc, /dev, /dev/pts and /sys as engines have them. */
void box_usual_mounts(struct box *box);
void box_masked(struct box *box, const char *path, ...);
void box_readonly(struct box *box, const char *path, ...);

/* 0, or -1 where a step failed or a look found something: box->error says what. */
int box_run(struct box *box);

/* In the child: where @condition is false, the run has failed with that text. */
void box_expect(struct box *box, bool condition, const char *format, ...) _printf_(3, 4);

/* The mount flags (ST_*) at @path, as statvfs(3) has them; ends the child where there is nothing. */
unsigned long box_flags(struct box *box, const char *path);
/* At most 255 bytes of a file's contents; ends the child where it cannot be read. */
const char *box_read(struct box *box, const char *path);

/* That a run succeeds, or that it fails with a text that has @part in it. */
void assert_runs(struct box *box);
void assert_fails(struct box *box, const char *part);
