/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /dev: device nodes, links, ptmx, console. All of it is made relative to the descriptor of a directory
 * that was resolved inside the root (CVE-2026-41579), and no link at the last component is followed
 * (CVE-2025-52565).
 */
#include "sandbox/rootfs_room.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/path.h"

#define DEVICE_MODE 0666

struct node {
	const char *path;
	mode_t type; /* S_IFCHR, S_IFBLK or S_IFIFO */
	dev_t device;
	mode_t mode;
	uid_t uid;
	gid_t gid;
};

bool rootfs_makes_devices(const struct rootfs *rootfs)
{
	for (size_t i = 0; i < rootfs->mount_count; i++) {
		const struct rootfs_mount *mount = &rootfs->mounts[i];

		if (mount->options.bind &&
		    !strcmp(path_normalize(rootfs->arena, mount->mount->destination), "/dev"))
			return false;
	}
	return true;
}

/*
 * The directory of @path as a descriptor and the last component. For what is right below /dev that is @dev,
 * opened once for all; else *owned, to be closed.
 */
static int open_directory(struct rootfs *rootfs, int dev, const char *path, int *owned, const char **name,
			  struct error *error)
{
	const char *normal = path_normalize(rootfs->arena, path);

	if (!strncmp(normal, "/dev/", 5) && !strchr(normal + 5, '/')) {
		*name = normal + 5;
		return dev;
	}
	*owned = path_open_parent(rootfs->arena, rootfs->root, normal, true, name, error);
	return *owned;
}

static bool is_node(const struct stat *status, const struct node *node)
{
	if ((status->st_mode & S_IFMT) != node->type)
		return false;
	return node->type == S_IFIFO || status->st_rdev == node->device;
}

/* The host's node, for where nodes cannot be made: checked to be the device that is asked for. */
static int bind_node(int directory, const char *name, const struct node *node, struct error *error)
{
	_cleanup_fd_ int tree = tree_clone(AT_FDCWD, node->path, false);
	_cleanup_fd_ int target = -1;
	struct stat status;

	if (tree < 0 || fstat(tree, &status) < 0)
		return error_set(error, errno, "open the host's %s", node->path);
	if (!is_node(&status, node))
		return error_set(error, 0, "the host's %s is not device %u:%u", node->path, major(node->device),
				 minor(node->device));
	target = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, DEVICE_MODE);
	if (target < 0 && errno != EEXIST)
		return error_set(error, errno, "make the mount point for %s", node->path);
	if (target >= 0)
		close(target);
	target = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0 || fstat(target, &status) < 0)
		return error_set(error, errno, "open the mount point for %s", node->path);
	if (S_ISLNK(status.st_mode))
		return error_set(error, ELOOP, "the mount point for %s", node->path);
	if (tree_attach(tree, target) < 0)
		return error_set(error, errno, "bind the host's %s", node->path);
	return 0;
}

/* What an image brought stays, as runc has it, where it is the same device. */
static int accept_existing(int directory, const char *name, const struct node *node, struct error *error)
{
	struct stat status;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(error, errno, "look at the existing %s", node->path);
	if ((status.st_mode & S_IFMT) != node->type)
		return error_set(error, 0, "container device %s has incorrect ftype", node->path);
	if (!is_node(&status, node))
		return error_set(
			error, 0,
			"container device %s has incorrect major:minor: %u:%u doesn't match expected %u:%u",
			node->path, major(status.st_rdev), minor(status.st_rdev), major(node->device),
			minor(node->device));
	return 0;
}

static int make_node(struct rootfs *rootfs, int dev, const struct node *node, bool bind, struct error *error)
{
	_cleanup_fd_ int owned = -1;
	const char *name;
	int directory;

	directory = open_directory(rootfs, dev, node->path, &owned, &name, error);
	if (directory < 0)
		return -1;
	if (bind && node->type != S_IFIFO)
		return bind_node(directory, name, node, error);
	if (mknodat(directory, name, node->type | node->mode, node->device) < 0) {
		if (errno == EEXIST)
			return accept_existing(directory, name, node, error);
		if (errno == EPERM && node->type != S_IFIFO)
			return bind_node(directory, name, node, error);
		return error_set(error, errno, "make device %s", node->path);
	}
	if ((node->uid != 0 || node->gid != 0) &&
	    fchownat(directory, name, node->uid, node->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return error_set(error, errno, "give device %s to %u:%u", node->path, node->uid, node->gid);
	return 0;
}

static int read_device(const struct oci_device *device, struct node *node, struct error *error)
{
	int64_t major_number = device->major.present ? device->major.value : 0;
	int64_t minor_number = device->minor.present ? device->minor.value : 0;

	if (!strcmp(device->type, "c") || !strcmp(device->type, "u"))
		node->type = S_IFCHR;
	else if (!strcmp(device->type, "b"))
		node->type = S_IFBLK;
	else if (!strcmp(device->type, "p"))
		node->type = S_IFIFO;
	else
		return error_set(error, 0, "device %s has invalid type \"%s\"", device->path, device->type);
	if (node->type != S_IFIFO &&
	    (major_number < 0 || major_number > UINT32_MAX || minor_number < 0 || minor_number > UINT32_MAX))
		return error_set(error, 0, "device %s has an invalid number", device->path);
	node->path = device->path;
	node->device =
		node->type == S_IFIFO ? 0 : makedev((unsigned int)major_number, (unsigned int)minor_number);
	node->mode = device->file_mode.present ? device->file_mode.value & 07777 : DEVICE_MODE;
	node->uid = device->uid.present ? device->uid.value : 0;
	node->gid = device->gid.present ? device->gid.value : 0;
	return 0;
}

static bool is_configured(const struct oci_device_list *devices, const char *path)
{
	for (size_t i = 0; i < devices->count; i++)
		if (!strcmp(devices->items[i].path, path))
			return true;
	return false;
}

static int make_nodes(struct rootfs *rootfs, int dev, struct error *error)
{
	/* Documentation/admin-guide/devices.txt; the specification's default devices. */
	static const struct {
		const char *path;
		unsigned int major;
		unsigned int minor;
	} defaults[] = {
		{ "/dev/null", 1, 3 }, { "/dev/random", 1, 8 }, { "/dev/full", 1, 7 },
		{ "/dev/tty", 5, 0 },  { "/dev/zero", 1, 5 },	{ "/dev/urandom", 1, 9 },
	};
	const struct oci_device_list *devices = &rootfs_linux(rootfs)->devices;
	bool bind = rootfs_has_user_namespace(rootfs);

	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		const struct node node = {
			.path = defaults[i].path,
			.type = S_IFCHR,
			.device = makedev(defaults[i].major, defaults[i].minor),
			.mode = DEVICE_MODE,
		};

		if (!is_configured(devices, node.path) && make_node(rootfs, dev, &node, bind, error) < 0)
			return -1;
	}
	for (size_t i = 0; i < devices->count; i++) {
		struct node node = { 0 };

		if (!strcmp(path_normalize(rootfs->arena, devices->items[i].path), "/dev/ptmx"))
			continue; /* always the link below */
		if (read_device(&devices->items[i], &node, error) < 0 ||
		    make_node(rootfs, dev, &node, bind, error) < 0)
			return -1;
	}
	return 0;
}

static int make_links(struct rootfs *rootfs, int dev, struct error *error)
{
	static const struct {
		const char *target;
		const char *name;
	} links[] = {
		{ "/proc/self/fd", "fd" },	 { "/proc/self/fd/0", "stdin" },
		{ "/proc/self/fd/1", "stdout" }, { "/proc/self/fd/2", "stderr" },
		{ "/proc/kcore", "core" },
	};
	size_t count = ARRAY_SIZE(links);

	/* The kernel may be built without kcore: no link then. */
	if (faccessat(rootfs->procfs, "kcore", F_OK, 0) < 0)
		count--;
	for (size_t i = 0; i < count; i++)
		if (symlinkat(links[i].target, dev, links[i].name) < 0 && errno != EEXIST)
			return error_set(error, errno, "make link /dev/%s", links[i].name);
	if (symlinkat("pts/ptmx", dev, "ptmx") == 0)
		return 0;
	if (errno == EEXIST && unlinkat(dev, "ptmx", 0) == 0 && symlinkat("pts/ptmx", dev, "ptmx") == 0)
		return 0;
	return error_set(error, errno, "make link /dev/ptmx");
}

static int mount_console(struct rootfs *rootfs, int dev, struct error *error)
{
	_cleanup_fd_ int tree = tree_clone(rootfs->console, "", false);
	_cleanup_fd_ int made = -1;
	_cleanup_fd_ int target = -1;
	struct stat status;

	if (tree < 0)
		return error_set(error, errno, "clone the console");
	made = openat(dev, "console", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, DEVICE_MODE);
	if (made < 0 && errno != EEXIST)
		return error_set(error, errno, "make /dev/console");
	target = openat(dev, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0 || fstat(target, &status) < 0)
		return error_set(error, errno, "open /dev/console");
	if (S_ISLNK(status.st_mode))
		return error_set(error, ELOOP, "/dev/console");
	if (tree_attach(tree, target) < 0)
		return error_set(error, errno, "mount the console at /dev/console");
	return 0;
}

static int make_all(struct rootfs *rootfs, struct error *error)
{
	bool makes_devices = rootfs_makes_devices(rootfs);
	_cleanup_fd_ int directory = -1;

	if (!makes_devices && rootfs->console < 0)
		return 0;
	directory = path_make_directory(rootfs->root, "/dev", 0755, error);
	if (directory < 0)
		return -1;
	if (makes_devices &&
	    (make_nodes(rootfs, directory, error) < 0 || make_links(rootfs, directory, error) < 0))
		return -1;
	return rootfs->console < 0 ? 0 : mount_console(rootfs, directory, error);
}

int rootfs_devices(struct rootfs *rootfs, struct error *error)
{
	mode_t umask_before = umask(0);
	int result = make_all(rootfs, error);

	umask(umask_before);
	return result;
}
