/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's file system: its root, mounts, devices, masks.
 *
 * All of it runs in the child, in the container's own mount namespace, in this order: rootfs_begin(),
 * rootfs_mounts(), rootfs_devices(), [hooks], rootfs_pivot(), rootfs_finish(). Every path in the rootfs is
 * resolved with base/path.h against the descriptor of the root; mounts are made detached and attached with
 * move_mount(2) onto descriptors; Linux 5.12 is needed for that. Where a source has to be opened with the
 * runtime's own rights (a new user namespace, idmapped mounts) the parent does it before the child is made:
 * rootfs_open_sources().
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "cgroup/cgroup.h"
#include "policy/policy.h"
#include "spec/config.h"

/* A mount's options, parsed: the table behind it also prints `features`' mountOptions. */
struct mount_options {
	unsigned long set; /* MS_* flags */
	unsigned long clear; /* MS_* flags taken away ("suid", "rw", …) */
	unsigned long propagation[4]; /* MS_SHARED, MS_SLAVE|MS_REC, … in the order given */
	size_t propagation_count;
	uint64_t recursive_set; /* MOUNT_ATTR_* of "rro", "rnosuid", … */
	uint64_t recursive_clear;
	bool bind;
	bool recursive_bind;
	bool copy_up; /* tmpcopyup */
	bool idmap;
	bool recursive_idmap;
	const char *data; /* what is left: filesystem options, comma-separated; NULL where none */
};

/* 0, or -1 (contradictory or forbidden options). Allocates from @arena. */
int mount_options_parse(struct arena *arena, const struct oci_mount *mount, struct mount_options *options,
			struct error *error);
/* Every name the table knows, NULL-terminated, sorted: for `features`. */
const char *const *mount_options_known(void);

/* A mount that masks are copied from. */
struct rootfs_mask {
	int fd; /* -1: not needed so far */
	bool attached; /* it is itself the first of the masks */
};

struct rootfs {
	/* set by the caller */
	struct arena *arena;
	const struct oci_config *config;
	int bundle; /* directory descriptor of the bundle */
	const char *bundle_path; /* absolute; relative root.path and bind sources are taken from here */
	int procfs; /* the host's procfs, from procfs_open() */
	const struct cgroup_layout *cgroup_layout; /* for mounts of type "cgroup" */
	const struct cgroup *cgroup;
	/* Called before anything of the container's cgroups is mounted: they may still be in the making. Or NULL. */
	int (*await_cgroups)(void *context, struct error *error);
	/*
	 * In a user namespace, where the child may not do it itself: has the parent call rootfs_idmap_requested() for
	 * mount number @index with this @tree. Or NULL.
	 */
	int (*request_idmap)(void *context, size_t index, int tree, struct error *error);
	void *context; /* of these two */
	int userns; /* descriptor of the container's user namespace where it has a new or joined one, else -1 */
	bool no_pivot;
	const struct hardening
		*hardening; /* what it says of mount sources is judged as they are opened; or NULL */
	const char *notify_directory; /* host directory to show at /run/notify, or NULL (NOTIFY_SOCKET) */
	int console; /* the pty's slave, to be shown as /dev/console, or -1 */

	/* kept by the room; rootfs_init() and rootfs_open_sources() set them up */
	int root; /* O_PATH of the root, valid from rootfs_begin() on */
	int root_source; /* the detached tree of a root that is idmapped, or -1 */
	int root_directory; /* where it is attached, or -1 */
	struct rootfs_mount *mounts; /* config.mounts, and the notify directory where there is one */
	size_t mount_count;
	bool idmap_pending; /* some source waits for rootfs_idmap_sources() */
	int proc; /* the mounts of procfs at /proc and of sysfs at /sys, or -1 */
	int sys;
	struct rootfs_mask empty_directory; /* of masked directories: an empty tmpfs */
	struct rootfs_mask null_device; /* of masked files: the host's /dev/null, checked to be device 1:3 */
	struct rootfs_locked_path *locked_paths; /* what rootfs_finish() masked or made read-only */
	size_t locked_path_count;
};

/* One mount of the configuration on its way into the rootfs. */
struct rootfs_mount {
	const struct oci_mount *mount;
	struct mount_options options;
	int source; /* the detached tree that the parent opened, or -1 */
	int userns; /* of its own id mappings, until they are applied, or -1 */
	int tree; /* the mount in the rootfs, kept where it becomes read-only at the end, or -1 */
};

/* A masked or read-only path as rootfs_finish() found it, for rootfs_verify(). */
struct rootfs_locked_path {
	const char *path;
	enum { LOCKED_NOT_THERE, LOCKED_MASKED_FILE, LOCKED_MASKED_DIRECTORY, LOCKED_READONLY } kind;
};

/* An empty one, before the caller sets its members. */
void rootfs_init(struct rootfs *rootfs);

/* Closes what the room opened. */
void rootfs_close(struct rootfs *rootfs);

/*
 * Parent, always, before the child is made: checks that the root exists and is a directory ("invalid
 * rootfs: …"), reads the options of all mounts, and opens the sources of bind mounts as detached trees
 * where the child will not have the right to (@privileged: the container gets a user namespace and this
 * process has CAP_SYS_ADMIN) and where they are idmapped. A mount's own mappings are applied at once; so
 * are the container's where rootfs->userns is there already.
 */
int rootfs_open_sources(struct rootfs *rootfs, bool privileged, struct error *error);

/*
 * Parent, once the container's user namespace exists (rootfs->userns for mounts that are idmapped without
 * mappings of their own): applies the idmappings to the trees it opened.
 */
int rootfs_idmap_sources(struct rootfs *rootfs, struct error *error);

/*
 * Parent, when the child asks for it: gives @tree, the source of mount number @index that the child has opened, since
 * it shows a mount made before it, its id mapping. 0, or -1.
 */
int rootfs_idmap_requested(struct rootfs *rootfs, size_t index, int tree, struct error *error);

/* Whether the parent has to call rootfs_idmap_sources() after the id maps are written. */
bool rootfs_needs_idmap(const struct rootfs *rootfs);

/*
 * Child, in its mount namespace and before it becomes another user, where the root is idmapped: opens the directory it
 * is attached at, which the container's users may have no way to.
 */
int rootfs_open_directory(struct rootfs *rootfs, struct error *error);
/* Propagation of "/", and the root bound to itself. */
int rootfs_begin(struct rootfs *rootfs, struct error *error);
/* config.mounts in their order. */
int rootfs_mounts(struct rootfs *rootfs, struct error *error);
/* Default devices, linux.devices, the links of /dev, /dev/ptmx; /dev/console where there is a console. */
int rootfs_devices(struct rootfs *rootfs, struct error *error);
/* pivot_root(2), or the older way with --no-pivot; the old root is gone and cwd is "/" afterwards. */
int rootfs_pivot(struct rootfs *rootfs, struct error *error);
/*
 * After the pivot: sysctls, the root's read-only flag and propagation, masked and read-only paths
 * (globs expanded, recursive, fail closed).
 */
int rootfs_finish(struct rootfs *rootfs, struct error *error);

/*
 * Part of the check before exec: every masked and every read-only path that was there, and the read-only root,
 * are what they should be, as statx(2) and statfs(2) see them now. To be called with root's rights still. 0, or
 * -1 with the first that is not.
 */
int rootfs_verify(struct rootfs *rootfs, struct error *error);

/*
 * restore, in the process that becomes CRIU, after rootfs_open_sources(): gives the caller a mount namespace of its own,
 * whose mounts do not show on the host, and in it the directory @place a file system with what CRIU is to work on: the
 * rootfs, where the mount points that it lacked have been made, and the source of each bind mount, by its index among
 * rootfs->mounts. 0, or -1.
 */
int rootfs_prepare_restore(struct rootfs *rootfs, const char *place, struct error *error);
/* The paths of those. */
const char *rootfs_restore_root(struct arena *arena, const char *place);
const char *rootfs_restore_source(struct arena *arena, const char *place, size_t index);

/*
 * restore: rootfs_open_masks() opens what masks are made of while the host's files are in view;
 * rootfs_lock_restored(), in the mount namespace of a container that CRIU has put back and that does not run yet, sets
 * the flags of bind mounts and masks again, and locks the masked and read-only paths that are not locked. 0, or -1.
 */
int rootfs_open_masks(struct rootfs *rootfs, struct error *error);
int rootfs_lock_restored(struct rootfs *rootfs, struct error *error);
/*
 * After that: refuses mounts that were not planned, in a container that cannot have made any itself and whose first process
 * is @pid. 0, or -1.
 */
int rootfs_check_restored(struct rootfs *rootfs, pid_t pid, struct error *error);

/* linux.sysctl, of the caller's namespaces. 0, or -1. */
int rootfs_sysctls(struct rootfs *rootfs, struct error *error);

/* The container's own directory in @hierarchy on the host; where it has no group there, the runtime's. */
const char *rootfs_cgroup_directory(const struct rootfs *rootfs, const struct cgroup_hierarchy *hierarchy);
