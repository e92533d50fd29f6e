/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "base/mountinfo.h"
#include "base/path.h"
#include "cgroup/internal.h"
#include "cgroup/membership.h"

#define CGROUP_MOUNT "/sys/fs/cgroup"
#define HIERARCHY_ROOT_INODE 1 /* the root of a kernfs; the root of a subtree or of a namespace has another */

/* Every hierarchy there is, mounted or not. */
static size_t own_groups(struct arena *arena, const char *own, struct cgroup_hierarchy *items)
{
	const struct cgroup_memberships memberships = cgroup_memberships_parse(arena, own);
	size_t count = 0;

	for (; count < memberships.count && count < CGROUP_HIERARCHIES_MAX; count++)
		items[count] = (struct cgroup_hierarchy){
			.v2 = !*memberships.items[count].controllers,
			.controllers = memberships.items[count].controllers,
			.own_path = memberships.items[count].path,
			.fd = -1,
		};
	return count;
}

/* The first mount of a hierarchy counts, but one in the customary place comes before any other. */
static void place(const struct mountinfo *mount, struct cgroup_hierarchy *items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct cgroup_hierarchy *hierarchy = &items[i];

		if (!cgroup_is_mount_of(mount, hierarchy->controllers))
			continue;
		if (!hierarchy->mountpoint || (path_is_below(mount->point, CGROUP_MOUNT) &&
					       !path_is_below(hierarchy->mountpoint, CGROUP_MOUNT))) {
			hierarchy->mountpoint = mount->point;
			hierarchy->mount_root = mount->root;
		}
		return;
	}
}

static void keep_mounted(struct cgroup_layout *layout, const struct cgroup_hierarchy *items, size_t count)
{
	layout->count = 0;
	layout->unified = false;
	for (size_t i = 0; i < count; i++) {
		if (!items[i].mountpoint)
			continue;
		layout->items[layout->count++] = items[i];
		if (items[i].v2 && strcmp(items[i].mountpoint, CGROUP_MOUNT) == 0)
			layout->unified = true;
	}
	if (layout->count == 1 && layout->items[0].v2)
		layout->unified = true;
}

int layout_parse(struct arena *arena, const char *mountinfo, const char *own, struct cgroup_layout *layout,
		 struct error *error)
{
	struct cgroup_hierarchy items[CGROUP_HIERARCHIES_MAX];
	size_t count = own_groups(arena, own, items);
	char *rest = arena_strdup(arena, mountinfo);
	struct mountinfo mount;

	while (mountinfo_next(&rest, &mount))
		place(&mount, items, count);
	keep_mounted(layout, items, count);
	if (layout->count == 0)
		return error_set(error, 0, "no cgroup filesystem is mounted");
	return 0;
}

/* Opens a mountpoint and looks whether it is the root of a hierarchy. -1 with errno: it is something else. */
static int mountpoint_open(const char *path, bool v2, bool whole)
{
	_cleanup_fd_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs filesystem;
	struct stat status;

	if (fd < 0)
		return -1;
	if (fstatfs(fd, &filesystem) < 0 || fstat(fd, &status) < 0)
		return -1;
	if (filesystem.f_type != (v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC) ||
	    (whole && status.st_ino != HIERARCHY_ROOT_INODE)) {
		errno = ENOTSUP;
		return -1;
	}
	return TAKE_FD(fd);
}

/*
 * Where everything is mounted in the customary places, the mount table need not be read, whose length (and the
 * time the kernel needs to write it) grows with the containers of the host. v2 may be mounted nowhere: every host with
 * v1 alone has processes in it. Anything unusual, such as only a part of a hierarchy being visible, and the table
 * decides. @items keep what was opened until then.
 */
static bool layout_guess(struct arena *arena, struct cgroup_hierarchy *items, size_t count,
			 struct cgroup_layout *layout)
{
	int unified = mountpoint_open(CGROUP_MOUNT, true, true);

	if (unified >= 0 && count > 1) {
		close(unified);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const char *name = items[i].controllers;

		if (strncmp(name, "name=", 5) == 0)
			name += 5;
		items[i].mount_root = "/";
		items[i].mountpoint = unified >= 0  ? CGROUP_MOUNT
				      : items[i].v2 ? CGROUP_MOUNT "/unified"
						    : arena_printf(arena, CGROUP_MOUNT "/%s", name);
		items[i].fd = unified >= 0 ? unified : mountpoint_open(items[i].mountpoint, items[i].v2, true);
		if (items[i].fd < 0 && items[i].v2 && mountinfo_has_type(CGROUP2_SUPER_MAGIC) == 0)
			items[i].mountpoint = NULL;
		else if (items[i].fd < 0)
			return false;
	}
	keep_mounted(layout, items, count);
	return layout->count > 0;
}

/* What the guess has opened at the same place; -1: nothing. */
static int take_guessed(struct cgroup_hierarchy *guessed, size_t count,
			const struct cgroup_hierarchy *hierarchy)
{
	for (size_t i = 0; i < count; i++)
		if (guessed[i].fd >= 0 && guessed[i].v2 == hierarchy->v2 &&
		    strcmp(guessed[i].controllers, hierarchy->controllers) == 0 &&
		    strcmp(guessed[i].mountpoint, hierarchy->mountpoint) == 0)
			return TAKE_FD(guessed[i].fd);
	return -1;
}

/* Whether the table's mount point leads to something else: another mount, on it or above it, is over it. */
static bool is_hidden(int number)
{
	return number == ENOENT || number == ENOTDIR || number == ENOTSUP;
}

/* What is where it was guessed is not opened again. What is hidden counts as not mounted. */
static int layout_from_table(struct arena *arena, const char *own, struct cgroup_hierarchy *guessed,
			     size_t guessed_count, struct cgroup_layout *layout, struct error *error)
{
	char *mountinfo;
	size_t length;

	if (file_read_at(arena, AT_FDCWD, "/proc/self/mountinfo", FILE_SIZE_MAX, &mountinfo, &length) < 0)
		return error_set(error, errno, "read /proc/self/mountinfo");
	if (layout_parse(arena, mountinfo, own, layout, error) < 0)
		return -1;
	for (size_t i = 0; i < layout->count; i++) {
		struct cgroup_hierarchy *hierarchy = &layout->items[i];

		hierarchy->fd = take_guessed(guessed, guessed_count, hierarchy);
		if (hierarchy->fd < 0)
			hierarchy->fd = mountpoint_open(hierarchy->mountpoint, hierarchy->v2, false);
		if (hierarchy->fd < 0 && is_hidden(errno)) {
			hierarchy->mountpoint = NULL;
		} else if (hierarchy->fd < 0) {
			error_set(error, errno, "open the cgroup hierarchy at %s", hierarchy->mountpoint);
			cgroup_layout_release(layout);
			return -1;
		}
	}
	keep_mounted(layout, layout->items, layout->count);
	if (layout->count == 0)
		return error_set(error, 0, "no cgroup filesystem is mounted");
	return 0;
}

int cgroup_layout_read(struct arena *arena, struct cgroup_layout *layout, struct error *error)
{
	struct cgroup_hierarchy guessed[CGROUP_HIERARCHIES_MAX];
	size_t length;
	size_t count;
	int result;
	char *own;

	layout->count = 0;
	if (file_read_at(arena, AT_FDCWD, "/proc/self/cgroup", FILE_SIZE_MAX, &own, &length) < 0)
		return error_set(error, errno, "read /proc/self/cgroup");
	count = own_groups(arena, own, guessed);
	if (layout_guess(arena, guessed, count, layout))
		return 0;
	result = layout_from_table(arena, own, guessed, count, layout, error);
	for (size_t i = 0; i < count; i++)
		if (guessed[i].fd >= 0)
			close(guessed[i].fd);
	return result;
}

void cgroup_layout_release(struct cgroup_layout *layout)
{
	for (size_t i = 0; i < layout->count; i++) {
		if (layout->items[i].fd >= 0)
			close(layout->items[i].fd);
		layout->items[i].fd = -1;
	}
	layout->count = 0;
}
