/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mount points are taken from the container's own table of mounts: that is what CRIU reads, and links and
 * patterns of shells have been followed by then.
 */
#include "container/checkpoint_mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/file.h"
#include "base/mountinfo.h"
#include "base/path.h"
#include "container/images.h"
#include "sandbox/rootfs.h"

#define NULL_DEVICE makedev(1, 3)

struct search {
	struct arena *arena;
	const struct oci_config *config;
	struct criu_pair_list *list;
	int root; /* the container's */
	struct mountinfo_list mounts;
};

static int read_mounts(struct search *search, pid_t pid, struct error *error)
{
	const char *path = arena_printf(search->arena, "/proc/%d/mountinfo", pid);
	size_t length;
	char *text;

	if (file_read_at(search->arena, AT_FDCWD, path, FILE_SIZE_MAX, &text, &length) < 0)
		return error_set(error, errno, "read %s", path);
	search->mounts = mountinfo_parse(search->arena, text);
	return 0;
}

/* What the container sees at @path, and the mount it is on; NULL where that is not a mount point. */
static const struct mountinfo *look(const struct search *search, const char *path, mode_t *mode, dev_t *device)
{
	_cleanup_fd_ int fd = path_open_in_root(search->root, path, O_PATH);
	struct statx status;

	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &status) < 0 ||
	    !(status.stx_attributes & STATX_ATTR_MOUNT_ROOT))
		return NULL;
	*mode = status.stx_mode;
	*device = makedev(status.stx_rdev_major, status.stx_rdev_minor);
	return mountinfo_find(&search->mounts, status.stx_mnt_id);
}

static int add_binds(struct search *search, struct error *error)
{
	const struct oci_mount_list *mounts = &search->config->mounts;

	for (size_t i = 0; i < mounts->count; i++) {
		const struct oci_mount *mount = &mounts->items[i];
		const struct mountinfo *found;
		struct mount_options options;
		dev_t device;
		mode_t mode;

		if (mount_options_parse(search->arena, mount, &options, error) < 0)
			return -1;
		if (!options.bind)
			continue;
		found = look(search, mount->destination, &mode, &device);
		if (found)
			criu_pair_add(search->arena, search->list, found->point,
				      path_normalize(search->arena, mount->destination));
	}
	return 0;
}

static bool is_listed(const struct search *search, const char *point)
{
	for (size_t i = 0; i < search->list->count; i++)
		if (!strcmp(search->list->items[i].key, point))
			return true;
	return false;
}

/* A mask is the host's null device somewhere else than where that belongs. */
static const char *device_name(const char *point, dev_t device)
{
	return device == NULL_DEVICE && !path_is_below(point, "/dev") ? IMAGES_NULL_DEVICE : point;
}

static void add_others(struct search *search)
{
	bool bound_cgroups = !config_namespace(search->config, OCI_NAMESPACE_CGROUP);

	for (size_t i = 0; i < search->mounts.count; i++) {
		const struct mountinfo *mount = &search->mounts.items[i];
		dev_t device;
		mode_t mode;

		if (is_listed(search, mount->point))
			continue;
		if ((!strcmp(mount->type, "cgroup") && bound_cgroups) || !strcmp(mount->point, IMAGES_NOTIFY))
			criu_pair_add(search->arena, search->list, mount->point, mount->point);
		/* Terminals are the container's own: CRIU knows their file system. */
		else if (strcmp(mount->root, "/") != 0 && strcmp(mount->type, "devpts") != 0 &&
			 look(search, mount->point, &mode, &device) == mount &&
			 (S_ISCHR(mode) || S_ISBLK(mode)))
			criu_pair_add(search->arena, search->list, mount->point,
				      device_name(mount->point, device));
	}
}

int checkpoint_mounts(struct arena *arena, pid_t pid, const struct oci_config *config,
		      struct criu_pair_list *list, struct error *error)
{
	struct search search = { .arena = arena, .config = config, .list = list };
	const char *path = arena_printf(arena, "/proc/%d/root", pid);
	_cleanup_fd_ int root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return error_set(error, errno, "open %s", path);
	search.root = root;
	if (read_mounts(&search, pid, error) < 0 || add_binds(&search, error) < 0)
		return -1;
	add_others(&search);
	return 0;
}
