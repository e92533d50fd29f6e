/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts of type "cgroup", in runc's form. Where any v1 hierarchy is mounted on the host: a tmpfs with one
 * mount for each of them. On a host with nothing but v2: cgroup2. With a cgroup namespace the file systems
 * are mounted anew and show the container's own groups as their root; without one the container's
 * directories are bound.
 */
#include "sandbox/rootfs_room.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"

#define CGROUP_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)
#define CGROUP_DIRECTORY_MODE 0755

static bool has_cgroup_namespace(const struct rootfs *rootfs)
{
	return config_namespace(rootfs->config, OCI_NAMESPACE_CGROUP) != NULL;
}

const char *rootfs_cgroup_directory(const struct rootfs *rootfs, const struct cgroup_hierarchy *hierarchy)
{
	const char *directory = NULL;
	const char *inside = hierarchy->own_path;

	if (rootfs->cgroup && hierarchy->v2) {
		directory = cgroup_directory(rootfs->cgroup, NULL);
	} else if (rootfs->cgroup) {
		size_t length = strcspn(hierarchy->controllers, ",");

		directory = cgroup_directory(rootfs->cgroup,
					     arena_strndup(rootfs->arena, hierarchy->controllers, length));
	}
	if (directory)
		return directory;
	if (path_is_below(inside, hierarchy->mount_root) && strcmp(hierarchy->mount_root, "/") != 0)
		inside += strlen(hierarchy->mount_root);
	return arena_printf(rootfs->arena, "%s%s", hierarchy->mountpoint, strcmp(inside, "/") ? inside : "");
}

/*
 * Mounts @hierarchy on the directory @name of the working directory. That is the tmpfs that was made a
 * moment ago: nobody else knows its names, so mount(2) with a name is as good as a descriptor, in a third
 * of the calls. (There may be a dozen hierarchies.)
 */
static int mount_on_name(struct rootfs *rootfs, const struct mount_options *options,
			 const struct cgroup_hierarchy *hierarchy, const char *name, struct error *error)
{
	const char *directory;

	if (has_cgroup_namespace(rootfs)) {
		bool is_systemd = !strcmp(hierarchy->controllers, "name=systemd");

		if (sys_mount(is_systemd ? "systemd" : "cgroup", name, "cgroup",
			      CGROUP_FLAGS | (options->set & MS_RDONLY), hierarchy->controllers) < 0)
			return error_set(error, errno, "mount cgroup hierarchy %s", hierarchy->controllers);
		return 0;
	}
	directory = rootfs_cgroup_directory(rootfs, hierarchy);
	if (sys_mount(directory, name, NULL, MS_BIND | MS_REC, NULL) < 0)
		return error_set(error, errno, "bind cgroup %s", directory);
	if (name_set_bind_flags(AT_FDCWD, name, options) < 0)
		return error_set(error, errno, "set the options of cgroup %s", directory);
	return 0;
}

/* "cpu,cpuacct" is there under both names too. */
static int link_controllers(struct rootfs *rootfs, int directory, const char *name, struct error *error)
{
	char *saved;

	if (!strchr(name, ','))
		return 0;
	for (char *part = strtok_r(arena_strdup(rootfs->arena, name), ",", &saved); part;
	     part = strtok_r(NULL, ",", &saved))
		if (symlinkat(name, directory, part) < 0 && errno != EEXIST)
			return error_set(error, errno, "make link %s to %s", part, name);
	return 0;
}

static int mount_hierarchy(struct rootfs *rootfs, const struct mount_options *options, int directory,
			   const struct cgroup_hierarchy *hierarchy, struct error *error)
{
	const char *slash = strrchr(hierarchy->mountpoint, '/');
	const char *name = slash ? slash + 1 : hierarchy->mountpoint;

	if (mkdirat(directory, name, CGROUP_DIRECTORY_MODE) < 0 && errno != EEXIST)
		return error_set(error, errno, "make directory %s", name);
	if (mount_on_name(rootfs, options, hierarchy, name, error) < 0)
		return -1;
	if (options->propagation_count > 0) {
		_cleanup_fd_ int mounted = openat(directory, name, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (mounted < 0)
			return error_set(error, errno, "open directory %s", name);
		if (rootfs_apply_propagation(mounted, options, error) < 0)
			return -1;
	}
	return link_controllers(rootfs, directory, name, error);
}

static int mount_hierarchies(struct rootfs *rootfs, struct rootfs_mount *mount, struct error *error)
{
	const struct filesystem filesystem = {
		.type = "tmpfs",
		.source = "tmpfs",
		.flags = CGROUP_FLAGS,
		.data = "mode=755",
		.label = rootfs_mount_label(rootfs),
		.mode = -1,
	};
	_cleanup_fd_ int tree = filesystem_open(rootfs->arena, &filesystem, error);

	if (tree < 0 || rootfs_attach(rootfs, tree, mount->mount->destination, "tmpfs", error) < 0 ||
	    rootfs_apply_propagation(tree, &mount->options, error) < 0)
		return -1;
	if (fchdir(tree) < 0)
		return error_set(error, errno, "chdir to the directory of cgroup hierarchies");
	for (size_t i = 0; i < rootfs->cgroup_layout->count; i++) {
		const struct cgroup_hierarchy *hierarchy = &rootfs->cgroup_layout->items[i];

		if (!hierarchy->v2 && mount_hierarchy(rootfs, &mount->options, tree, hierarchy, error) < 0)
			return -1;
	}
	if (fchdir(rootfs->root) < 0)
		return error_set(error, errno, "chdir to the rootfs");
	return 0;
}

/* Where nothing of the host's may be shown at all: an empty directory that stays empty. */
static int open_nothing(struct rootfs *rootfs, struct error *error)
{
	const struct filesystem filesystem = {
		.type = "tmpfs",
		.source = "tmpfs",
		.flags = MS_RDONLY | CGROUP_FLAGS,
		.label = rootfs_mount_label(rootfs),
		.mode = -1,
	};

	return filesystem_open(rootfs->arena, &filesystem, error);
}

/*
 * A user namespace without a cgroup namespace of its own cannot mount cgroup2: it gets a bind mount, of the
 * container's own group if there is one, and else of the host's tree, but never a writable one
 * (CVE-2023-25809).
 */
static int bind_unified(struct rootfs *rootfs, const struct mount_options *options, struct error *error)
{
	const struct cgroup_hierarchy *hierarchy = NULL;
	_cleanup_fd_ int tree = -1;
	const char *directory;
	bool is_own;

	for (size_t i = 0; i < rootfs->cgroup_layout->count; i++)
		if (rootfs->cgroup_layout->items[i].v2)
			hierarchy = &rootfs->cgroup_layout->items[i];
	if (!hierarchy)
		return error_set(error, ENOENT, "no cgroup2 hierarchy is mounted on the host");
	directory =
		rootfs->cgroup && has_cgroup_namespace(rootfs) ? cgroup_directory(rootfs->cgroup, NULL) : NULL;
	is_own = directory != NULL;
	if (!is_own)
		directory = hierarchy->mountpoint;
	tree = tree_clone(AT_FDCWD, directory, true);
	if (tree < 0 && errno == ENOENT)
		return open_nothing(rootfs, error);
	if (tree < 0)
		return error_set(error, errno, "bind cgroup %s", directory);
	if (tree_set_bind_flags(tree, options) < 0)
		return error_set(error, errno, "set the options of cgroup %s", directory);
	if (!is_own && tree_set_attributes(tree, true, MOUNT_ATTR_RDONLY, 0) < 0)
		return error_set(error, errno, "make cgroup %s read-only", directory);
	return TAKE_FD(tree);
}

static int mount_unified(struct rootfs *rootfs, struct rootfs_mount *mount, struct error *error)
{
	const struct filesystem filesystem = {
		.type = "cgroup2",
		.source = mount->mount->source,
		.flags = mount->options.set & ~(unsigned long)MS_REC,
		.data = mount->options.data,
		.mode = -1,
	};
	_cleanup_fd_ int tree = filesystem_open(rootfs->arena, &filesystem, error);

	if (tree < 0 && (error->number == EPERM || error->number == EBUSY))
		tree = bind_unified(rootfs, &mount->options, error);
	if (tree < 0 || rootfs_attach(rootfs, tree, mount->mount->destination, "cgroup2", error) < 0)
		return -1;
	return rootfs_apply_propagation(tree, &mount->options, error);
}

int rootfs_mount_cgroup(struct rootfs *rootfs, struct rootfs_mount *mount, struct error *error)
{
	if (!rootfs->cgroup_layout)
		return error_set(error, 0, "the host's cgroups are not known");
	if (rootfs->await_cgroups && rootfs->await_cgroups(rootfs->context, error) < 0)
		return -1;
	if (rootfs->cgroup_layout->unified)
		return mount_unified(rootfs, mount, error);
	return mount_hierarchies(rootfs, mount, error);
}
