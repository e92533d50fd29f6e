/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the rootfs share among themselves; nobody else includes it. */
#pragma once

#include "sandbox/mount_tree.h"
#include "sandbox/rootfs.h"

/* linux of the configuration, or an empty one. */
const struct oci_linux *rootfs_linux(const struct rootfs *rootfs);

/* What "/" and host mounts get in the container's mount namespace: linux.rootfsPropagation, else rslave. */
unsigned long rootfs_initial_propagation(const struct rootfs *rootfs);

/* Whether the container has a mount namespace of its own, new or joined. */
bool rootfs_has_mount_namespace(const struct rootfs *rootfs);

/* Whether it has a user namespace, new or joined: no device nodes can be made there. */
bool rootfs_has_user_namespace(const struct rootfs *rootfs);

/* The label for file systems that take one: linux.mountLabel, or NULL. */
const char *rootfs_mount_label(const struct rootfs *rootfs);

/* The absolute path of a bind source: relative ones are below the bundle. */
const char *rootfs_source_path(const struct rootfs *rootfs, const char *source);

/*
 * The path in the rootfs of what the host calls @name, NULL where it is not below the root. What a bind source in
 * there shows may be a mount made before it.
 */
const char *rootfs_inner_path(const struct rootfs *rootfs, const char *name);

/*
 * A detached copy of the mounts at @path on the host, for bind mount @mount; the policy judges what is copied, not
 * the name. A descriptor, or -1.
 */
int rootfs_clone_source(const struct rootfs *rootfs, const struct rootfs_mount *mount, const char *path,
			struct error *error);

/* Whether the container's policy denies mount sources. */
bool rootfs_denies_sources(const struct rootfs *rootfs);
/* Opens @path, which @mount is to show, where the policy allows what is found there. An O_PATH descriptor, or -1. */
int rootfs_open_judged(const struct rootfs *rootfs, const struct oci_mount *mount, const char *path,
		       struct error *error);

/* The opened paths of a file system, until it is mounted. */
struct judged_paths {
	int *fds;
	size_t count;
};
void judged_paths_close(struct judged_paths *paths);
#define _cleanup_judged_paths_ _cleanup_(judged_paths_close)

/*
 * For what @filesystem, which @mount describes, has for paths in its source and its data, as the layers of an overlay are.
 * Relative ones start from the rootfs, as with runc, so the caller is there then. Where the policy denies mount sources,
 * they are opened, and the names of the descriptors put in their places. 0, or -1: one may not be mounted, or cannot be
 * opened.
 */
int judged_paths_open(const struct rootfs *rootfs, const struct oci_mount *mount, struct filesystem *filesystem,
		      struct judged_paths *paths, struct error *error);

/* Gives the detached @tree of a bind mount its id mapping. 0, or -1. */
int rootfs_idmap(const struct rootfs *rootfs, struct rootfs_mount *mount, int tree, struct error *error);

/*
 * Opens what @tree (of file system @type, where it is not a bind mount) is to be mounted on: where @path
 * leads inside the root, a directory or a file as the tree's root is, made where it is missing. A
 * descriptor, or -1.
 */
int rootfs_open_mount_point(struct rootfs *rootfs, const char *path, const char *type, int tree,
			    struct error *error);

/* The same, and attaches @tree there. 0, or -1. */
int rootfs_attach(struct rootfs *rootfs, int tree, const char *path, const char *type, struct error *error);

/* Whether what is mounted at @fd is a mask: then it is one that cannot be changed afterwards. 0, or -1 with errno. */
int rootfs_lock_mask(int fd, bool *masked);

/*
 * Refuses to mount inside /proc (CVE-2019-16884 and its successors): but procfs on /proc itself, and files
 * that lxcfs emulates. By name, before anything is made, and by what a descriptor turned out to be on.
 */
int proc_check_path(struct rootfs *rootfs, const char *path, struct error *error);
int proc_check_target(struct rootfs *rootfs, int target, const char *path, const char *type, int tree,
		      struct error *error);

/* Mounts of type "cgroup". */
int rootfs_mount_cgroup(struct rootfs *rootfs, struct rootfs_mount *mount, struct error *error);

/* The options of @mount's propagation, in their order. */
int rootfs_apply_propagation(int tree, const struct mount_options *options, struct error *error);

/* Copies what is in the directory @from into @to: files, links, devices, owners, modes, times. */
int copy_up(int from, int to, struct error *error);

/* A user namespace with these mappings. A descriptor, or -1. */
int idmap_open_namespace(int procfs, const struct oci_id_mapping_list *uids,
			 const struct oci_id_mapping_list *gids, struct error *error);
/* Maps the ids of a detached mount. 0, or -1 with errno. */
int tree_set_idmap(int tree, bool recursive, int userns);

/* Not where the configuration binds a directory of the host's to /dev: nothing is made in that. */
bool rootfs_makes_devices(const struct rootfs *rootfs);

/*
 * What files are masked with: it must come from the host's /dev/null, whatever the image has there (CVE-2025-31133), and
 * be read-only, or else chmod(2) on a mask would change the host's node. Devices can be written on a read-only mount.
 */
int rootfs_open_null_device(struct rootfs *rootfs, struct error *error);

/* Masked and read-only paths. */
int rootfs_lock_paths(struct rootfs *rootfs, struct error *error);

/* Whether @path has characters of shell patterns in it. */
bool glob_is_pattern(const char *path);

/*
 * Appends to @paths those below @root that the shell pattern @pattern matches, in @arena; one without pattern
 * characters stands for itself, whether it exists or not. 0, or -1.
 */
int glob_in_root(struct arena *arena, int root, const char *pattern, struct string_list *paths,
		 struct error *error);
