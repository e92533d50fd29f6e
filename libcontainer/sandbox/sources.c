/* SPDX-License-Identifier: Apache-2.0 */
/* What the parent does for the rootfs before there is a child: checks, options, sources of bind mounts. */
#include "sandbox/rootfs_room.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "base/syscalls.h"
#include "sandbox/identity.h"

/* A policy has given the container a user namespace, and its files are to keep their owners. */
static bool is_idmapped(const struct rootfs *rootfs)
{
	return rootfs->hardening && rootfs->hardening->idmap_root;
}

static int open_root_source(struct rootfs *rootfs, int directory, struct error *error)
{
	rootfs->root_source = tree_clone(directory, "", true);
	if (rootfs->root_source < 0)
		return error_set(error, errno, "clone the mounts of the rootfs %s", rootfs->config->root->path);
	rootfs->idmap_pending = true;
	return 0;
}

/* A root that is a symbolic link, or below one, is refused as runc does: it may point elsewhere tomorrow. */
static int check_root(struct rootfs *rootfs, struct error *error)
{
	struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
	const struct oci_root *root = rootfs->config->root;
	_cleanup_fd_ int fd = -1;

	if (!root || !root->path || !*root->path)
		return error_set(error, 0, "invalid rootfs: root.path must be specified");
	fd = sys_openat2(rootfs->bundle, root->path, &how);
	if (fd < 0 && errno == ELOOP)
		return error_set(error, 0, "invalid rootfs: %s is or goes through a symbolic link", root->path);
	if (fd < 0)
		return error_set(error, errno, "invalid rootfs: %s", root->path);
	return is_idmapped(rootfs) ? open_root_source(rootfs, fd, error) : 0;
}

static int check_linux(const struct rootfs *rootfs, struct error *error)
{
	unsigned long propagation = rootfs_initial_propagation(rootfs);

	if (rootfs->no_pivot && propagation & MS_PRIVATE)
		return error_set(error, 0, "rootfsPropagation of [r]private is not safe without pivot_root");
	if (rootfs_mount_label(rootfs) && !selinux_is_enabled())
		return error_set(error, 0,
				 "linux.mountLabel is given but SELinux is disabled or not supported");
	return 0;
}

/* The directory with the container's own notification socket, shown as one more bind mount. */
static const struct oci_mount *notify_mount(const struct rootfs *rootfs)
{
	static const char *options[] = { "bind", "nosuid", "noexec", "nodev", "ro" };
	struct oci_mount *mount = ARENA_NEW(rootfs->arena, struct oci_mount);

	mount->destination = "/run/notify";
	mount->type = "bind";
	mount->source = rootfs->notify_directory;
	mount->options.items = options;
	mount->options.count = ARRAY_SIZE(options);
	return mount;
}

const char *rootfs_inner_path(const struct rootfs *rootfs, const char *name)
{
	const char *root =
		path_normalize(rootfs->arena, rootfs_source_path(rootfs, rootfs->config->root->path));
	const char *path = path_normalize(rootfs->arena, rootfs_source_path(rootfs, name));

	if (!strcmp(root, "/") || !strcmp(path, root) || !path_is_below(path, root))
		return NULL;
	return path + strlen(root);
}

/* A destination may name the place as the host sees it, which runc takes, too. */
static const struct oci_mount *with_inner_destination(struct rootfs *rootfs, const struct oci_mount *mount)
{
	const char *inner = *mount->destination == '/' ? rootfs_inner_path(rootfs, mount->destination) : NULL;
	struct oci_mount *changed;

	if (!inner)
		return mount;
	changed = ARENA_NEW(rootfs->arena, struct oci_mount);
	*changed = *mount;
	changed->destination = inner;
	return changed;
}

static int add_mount(struct rootfs *rootfs, const struct oci_mount *mount, struct error *error)
{
	struct rootfs_mount *added = &rootfs->mounts[rootfs->mount_count];

	added->source = -1;
	added->tree = -1;
	added->userns = -1;
	if (!mount->destination || !*mount->destination)
		return error_set(error, 0, "a mount without a destination");
	added->mount = with_inner_destination(rootfs, mount);
	if (mount_options_parse(rootfs->arena, mount, &added->options, error) < 0)
		return -1;
	if (added->options.bind && (!mount->source || !*mount->source))
		return error_set(error, 0, "bind mount %s has no source", mount->destination);
	rootfs->mount_count++;
	return 0;
}

static int read_mounts(struct rootfs *rootfs, struct error *error)
{
	const struct oci_mount_list *list = &rootfs->config->mounts;

	rootfs->mounts = ARENA_NEW_ARRAY(rootfs->arena, struct rootfs_mount, list->count + 1);
	for (size_t i = 0; i < list->count; i++)
		if (add_mount(rootfs, &list->items[i], error) < 0)
			return -1;
	if (rootfs->notify_directory)
		return add_mount(rootfs, notify_mount(rootfs), error);
	return 0;
}

/* The user namespace that a mount's own mappings make; made where processes have the numbers procfs knows. */
static int open_mapping(struct rootfs *rootfs, struct rootfs_mount *mount, struct error *error)
{
	const struct oci_mount *from = mount->mount;

	mount->userns = idmap_open_namespace(rootfs->procfs, &from->uid_mappings, &from->gid_mappings, error);
	return mount->userns < 0 ? error_context(error, "id-mapped mount %s", from->destination) : 0;
}

int rootfs_idmap(const struct rootfs *rootfs, struct rootfs_mount *mount, int tree, struct error *error)
{
	_cleanup_fd_ int own = TAKE_FD(mount->userns);

	if (tree_set_idmap(tree, mount->options.recursive_idmap, own < 0 ? rootfs->userns : own) < 0)
		return error_set(error, errno, "id-mapped mount %s of %s", mount->mount->destination,
				 mount->mount->source);
	return 0;
}

static bool needs_container_userns(const struct rootfs_mount *mount)
{
	return mount->options.idmap && mount->mount->uid_mappings.count == 0;
}

/* It has its mappings from the container's user namespace, which is not there yet. */
static bool awaits_userns(const struct rootfs *rootfs, const struct rootfs_mount *mount)
{
	return needs_container_userns(mount) && rootfs->userns < 0;
}

static int check_mapping(const struct rootfs *rootfs, const struct rootfs_mount *mount, struct error *error)
{
	if (!needs_container_userns(mount) || rootfs_has_user_namespace(rootfs))
		return 0;
	return error_set(error, 0,
			 "id-mapped mount %s has no mappings, and the container has no user namespace",
			 mount->mount->destination);
}

/* The path of what @fd is open on. */
static int real_path(const struct rootfs *rootfs, int fd, char path[PATH_MAX], struct error *error)
{
	char name[32];

	snprintf(name, sizeof(name), "self/fd/%d", fd);
	if (link_read_at(rootfs->procfs, name, path, PATH_MAX) < 0)
		return error_set(error, errno, "find out what it is");
	return *path == '/' ? 0 : error_set(error, 0, "find out what it is: found \"%s\"", path);
}

bool rootfs_denies_sources(const struct rootfs *rootfs)
{
	return rootfs->hardening && rootfs->hardening->denied_source_count > 0;
}

int rootfs_open_judged(const struct rootfs *rootfs, const struct oci_mount *mount, const char *path,
		       struct error *error)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS };
	_cleanup_fd_ int fd = sys_openat2(AT_FDCWD, path, &how);
	char real[PATH_MAX];

	if (fd < 0 && errno == ELOOP)
		return hardening_refuse_link(rootfs->hardening, mount, path, error);
	if (fd < 0)
		return error_set(error, errno, "open %s", path);
	if (real_path(rootfs, fd, real, error) < 0 ||
	    hardening_check_source(rootfs->hardening, mount, real, error) < 0)
		return -1;
	return TAKE_FD(fd);
}

int rootfs_clone_source(const struct rootfs *rootfs, const struct rootfs_mount *mount, const char *path,
			struct error *error)
{
	bool recursive = mount->options.recursive_bind;
	_cleanup_fd_ int opened = -1;
	int tree;

	if (rootfs_denies_sources(rootfs)) {
		opened = rootfs_open_judged(rootfs, mount->mount, path, error);
		if (opened < 0)
			return error->number ? error_context(error, "bind source %s", path) : -1;
		tree = tree_clone(opened, "", recursive);
	} else {
		tree = tree_clone(AT_FDCWD, path, recursive);
	}
	if (tree < 0)
		return error_set(error, errno, "bind source %s", path);
	return tree;
}

static int open_source(struct rootfs *rootfs, struct rootfs_mount *mount, struct error *error)
{
	const char *path = rootfs_source_path(rootfs, mount->mount->source);
	unsigned long propagation = rootfs_initial_propagation(rootfs);
	bool is_shared = propagation & MS_SHARED;

	mount->source = rootfs_clone_source(rootfs, mount, path, error);
	if (mount->source < 0)
		return error_context(error, "mount %s", mount->mount->destination);
	/* As the child's "/" will be, of which this tree is no part: what it mounts here stays there. */
	if (propagation & MS_PRIVATE)
		propagation = MS_PRIVATE | MS_REC;
	else
		propagation = MS_SLAVE | MS_REC;
	if (!is_shared && tree_set_propagation(mount->source, propagation) < 0)
		return error_set(error, errno, "set the propagation of bind source %s", path);
	if (!mount->options.idmap)
		return 0;
	return awaits_userns(rootfs, mount) ? 0 : rootfs_idmap(rootfs, mount, mount->source, error);
}

/* Whether the source is in the rootfs, and shows what mounts @index before it. */
static bool shows_earlier(const struct rootfs *rootfs, size_t index)
{
	const struct rootfs_mount *mount = &rootfs->mounts[index];
	const char *source = rootfs_inner_path(rootfs, mount->mount->source);

	for (size_t i = 0; source && i < index; i++) {
		const char *path = path_normalize(rootfs->arena, rootfs->mounts[i].mount->destination);

		if (path_is_below(source, path) ||
		    (mount->options.recursive_bind && path_is_below(path, source)))
			return true;
	}
	return false;
}

/*
 * Before the child has mounted anything, with rights that the child may not have: but not what shows the mounts
 * before it.
 */
static bool is_opened_early(const struct rootfs *rootfs, size_t index, bool privileged)
{
	const struct rootfs_mount *mount = &rootfs->mounts[index];

	if (!mount->options.bind || mount->options.set & MS_REMOUNT)
		return false;
	if (mount->options.idmap &&
	    (mount->mount->uid_mappings.count == 0 || rootfs_has_user_namespace(rootfs)))
		return !shows_earlier(rootfs, index);
	if (rootfs_inner_path(rootfs, mount->mount->source))
		return false;
	return privileged || mount->options.idmap;
}

int rootfs_open_sources(struct rootfs *rootfs, bool privileged, struct error *error)
{
	if (check_root(rootfs, error) < 0 || check_linux(rootfs, error) < 0 || read_mounts(rootfs, error) < 0)
		return -1;
	for (size_t i = 0; i < rootfs->mount_count; i++) {
		struct rootfs_mount *mount = &rootfs->mounts[i];

		if (mount->options.idmap && mount->mount->uid_mappings.count > 0 &&
		    open_mapping(rootfs, mount, error) < 0)
			return -1;
		if (check_mapping(rootfs, mount, error) < 0)
			return -1;
		rootfs->idmap_pending |= awaits_userns(rootfs, mount);
		if (is_opened_early(rootfs, i, privileged) && open_source(rootfs, mount, error) < 0)
			return -1;
	}
	return 0;
}

bool rootfs_needs_idmap(const struct rootfs *rootfs)
{
	return rootfs->idmap_pending;
}

/* For a tree that the parent has, or that the child will ask it to map. */
static int take_userns(struct rootfs *rootfs, struct rootfs_mount *mount, struct error *error)
{
	if (mount->source >= 0)
		return rootfs_idmap(rootfs, mount, mount->source, error);
	mount->userns = fcntl(rootfs->userns, F_DUPFD_CLOEXEC, 3);
	return mount->userns < 0 ? error_set(error, errno, "keep the container's user namespace") : 0;
}

int rootfs_idmap_requested(struct rootfs *rootfs, size_t index, int tree, struct error *error)
{
	struct rootfs_mount *mount = index < rootfs->mount_count ? &rootfs->mounts[index] : NULL;

	if (!mount || !mount->options.idmap || mount->source >= 0)
		return error_set(error, EPROTO, "mount %zu is not to be id-mapped now", index);
	return rootfs_idmap(rootfs, mount, tree, error);
}

int rootfs_idmap_sources(struct rootfs *rootfs, struct error *error)
{
	if (rootfs->root_source >= 0 && tree_set_idmap(rootfs->root_source, false, rootfs->userns) < 0)
		return error_set(error, errno, "id-map the rootfs %s", rootfs->config->root->path);
	for (size_t i = 0; i < rootfs->mount_count; i++)
		if (needs_container_userns(&rootfs->mounts[i]) &&
		    take_userns(rootfs, &rootfs->mounts[i], error) < 0)
			return -1;
	rootfs->idmap_pending = false;
	return 0;
}
