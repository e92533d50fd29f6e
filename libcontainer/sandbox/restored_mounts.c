/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRIU mounts what its images say, with all the rights of the runtime: another procfs without masks, a disk of the host's, an
 * overlay of its directories. A container that may not mount anything itself has what was planned for it, and nothing else.
 */
#include "sandbox/rootfs_room.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mountinfo.h"
#include "base/path.h"
#include "base/words.h"
#include "cgroup/membership.h"

#define TABLE_MAX ((size_t)64 * 1024 * 1024)
#define NOTIFY_DIRECTORY "/run/notify" /* of its own; saved with one, it gets one */

struct table {
	struct rootfs *rootfs;
	struct mountinfo_list mounts; /* as the container sees them */
	struct cgroup_memberships groups; /* of the first process */
	const char **points; /* of rootfs->mounts, with every link followed; NULL: it is not there any more */
};

/* Where the planned mount @index is in the container. */
static const char *find_point(const struct table *table, size_t index)
{
	const struct rootfs *rootfs = table->rootfs;
	_cleanup_fd_ int fd = path_open_in_root(rootfs->root, rootfs->mounts[index].mount->destination, O_PATH);
	char target[PATH_MAX];
	char name[32];

	snprintf(name, sizeof(name), "self/fd/%d", fd);
	if (fd < 0 || link_read_at(rootfs->procfs, name, target, sizeof(target)) < 0)
		return NULL;
	return arena_strdup(rootfs->arena, target);
}

static int read_table(struct table *table, pid_t pid, struct error *error)
{
	struct rootfs *rootfs = table->rootfs;
	size_t length;
	char *text;

	if (file_read_at(rootfs->arena, rootfs->procfs, "thread-self/mountinfo", TABLE_MAX, &text, &length) < 0)
		return error_set(error, errno, "read the mounts of the restored container");
	table->mounts = mountinfo_parse(rootfs->arena, text);
	if (cgroup_memberships_read(rootfs->arena, rootfs->procfs,
				    arena_printf(rootfs->arena, "%d/cgroup", pid), &table->groups) < 0)
		return error_set(error, errno, "read the cgroups of the restored container");
	table->points = ARENA_NEW_ARRAY(rootfs->arena, const char *, rootfs->mount_count + 1);
	for (size_t i = 0; i < rootfs->mount_count; i++)
		table->points[i] = find_point(table, i);
	return 0;
}

static bool is_of_type(const struct rootfs_mount *planned, const struct mountinfo *mount)
{
	const char *type = planned->mount->type ? planned->mount->type : "";

	if (!strcmp(type, "cgroup"))
		return !strcmp(mount->type, "tmpfs") || !strcmp(mount->type, "cgroup2");
	return planned->options.bind || !strcmp(mount->type, type);
}

/* No more at one place than were planned there: what is covered can be reached by what is open. */
static bool is_planned(const struct table *table, const struct mountinfo *mount)
{
	size_t planned = !strcmp(mount->point, "/") || !strcmp(mount->point, NOTIFY_DIRECTORY);
	size_t found = 0;
	bool fits = planned;

	for (size_t i = 0; i < table->mounts.count; i++)
		found += !strcmp(table->mounts.items[i].point, mount->point);
	for (size_t i = 0; i < table->rootfs->mount_count; i++) {
		const struct rootfs_mount *other = &table->rootfs->mounts[i];

		if (!table->points[i] || strcmp(table->points[i], mount->point) != 0 ||
		    (other->options.set & MS_REMOUNT))
			continue;
		planned++;
		fits |= is_of_type(other, mount);
	}
	return fits && found <= planned;
}

/* A part of what it is mounted on, in its place, that nobody can write to: a read-only path. */
static bool is_readonly_part(const struct table *table, const struct mountinfo *mount)
{
	static const char *const inherited[] = { "nosuid", "nodev", "noexec" };
	const struct mountinfo *parent = mountinfo_find(&table->mounts, mount->parent);
	const char *inside;

	if (!parent || parent == mount || strcmp(parent->device, mount->device) != 0 ||
	    !path_is_below(mount->point, parent->point) || !words_have(mount->flags, "ro"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(inherited); i++)
		if (words_have(parent->flags, inherited[i]) && !words_have(mount->flags, inherited[i]))
			return false;
	inside = mount->point + (strcmp(parent->point, "/") ? strlen(parent->point) : 0);
	if (strcmp(parent->root, "/") != 0)
		inside = arena_printf(table->rootfs->arena, "%s%s", parent->root, inside);
	return !strcmp(inside, mount->root);
}

/* The root of @mount, or -1 where another covers it. */
static int open_mount(const struct table *table, const struct mountinfo *mount, struct statx *status)
{
	_cleanup_fd_ int fd = path_open_in_root(table->rootfs->root, mount->point, O_PATH);

	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, status) < 0 ||
	    status->stx_mnt_id != mount->id)
		return -1;
	return TAKE_FD(fd);
}

/* A terminal of its own, as /dev/console is; and in a user namespace, the host's devices: CRIU is told of no others. */
static bool is_device(const struct table *table, const struct mountinfo *mount)
{
	struct statx status;
	_cleanup_fd_ int fd = open_mount(table, mount, &status);

	if (fd < 0 || !(S_ISCHR(status.stx_mode) || S_ISBLK(status.stx_mode)) ||
	    !path_is_below(mount->point, "/dev"))
		return false;
	if (strcmp(mount->type, "devpts") != 0)
		return rootfs_has_user_namespace(table->rootfs);
	for (size_t i = 0; i < table->mounts.count; i++) {
		const struct mountinfo *other = &table->mounts.items[i];

		if (other != mount && !strcmp(other->device, mount->device) && is_planned(table, other))
			return true;
	}
	return false;
}

/* Whether it shows nothing above the container's groups, as the root of a cgroup namespace that an image tells may be. */
static bool shows_own_group(const struct table *table, const struct mountinfo *mount)
{
	for (size_t i = 0; i < table->groups.count; i++) {
		const struct cgroup_membership *group = &table->groups.items[i];

		if (cgroup_is_mount_of(mount, group->controllers))
			return path_is_below(mount->root, group->path);
	}
	return false;
}

/* The whole tree of the host's is shown to be read only. */
static bool is_harmless_group(const struct table *table, const struct mountinfo *mount)
{
	return strncmp(mount->type, "cgroup", strlen("cgroup")) != 0 || words_have(mount->flags, "ro") ||
	       shows_own_group(table, mount);
}

static bool is_cgroup(const struct table *table, const struct mountinfo *mount)
{
	if (strcmp(mount->type, "cgroup") != 0)
		return false;
	for (size_t i = 0; i < table->rootfs->mount_count; i++) {
		const char *type = table->rootfs->mounts[i].mount->type;

		if (type && !strcmp(type, "cgroup") && table->points[i] &&
		    path_is_below(mount->point, table->points[i]))
			return true;
	}
	return false;
}

/* Of the host's, below what is bound with all that is mounted there; a tmpfs of those CRIU has copied. */
static bool comes_with_bind(const struct table *table, const struct mountinfo *mount)
{
	struct statx status, expected;
	_cleanup_fd_ int fd = open_mount(table, mount, &status);

	for (size_t i = 0; fd >= 0 && i < table->rootfs->mount_count; i++) {
		const struct rootfs_mount *planned = &table->rootfs->mounts[i];
		const char *point = table->points[i];
		_cleanup_fd_ int source = -1;

		if (!planned->options.recursive_bind || !point || !path_is_below(mount->point, point))
			continue;
		if (!strcmp(mount->type, "tmpfs"))
			return true;
		source = planned->source < 0
				 ? -1
				 : path_open_in_root(planned->source, mount->point + strlen(point), O_PATH);
		if (source >= 0 && statx(source, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &expected) == 0 &&
		    expected.stx_ino == status.stx_ino && expected.stx_dev_major == status.stx_dev_major &&
		    expected.stx_dev_minor == status.stx_dev_minor)
			return true;
	}
	return false;
}

/* What is masked, perhaps by another policy's wish, stays so. */
static int take_mask(const struct table *table, const struct mountinfo *mount, bool *masked)
{
	struct statx status;
	_cleanup_fd_ int fd = open_mount(table, mount, &status);

	*masked = false;
	return fd < 0 ? 0 : rootfs_lock_mask(fd, masked);
}

static int check_mount(const struct table *table, const struct mountinfo *mount, struct error *error)
{
	bool masked;

	if (!is_harmless_group(table, mount))
		return error_set(error, 0,
				 "mounts: the checkpoint shows cgroups at %s that are not the container's",
				 mount->point);
	if (is_planned(table, mount) || is_readonly_part(table, mount) || is_device(table, mount) ||
	    is_cgroup(table, mount) || comes_with_bind(table, mount))
		return 0;
	if (take_mask(table, mount, &masked) < 0)
		return error_set(error, errno, "lock the mask %s", mount->point);
	if (masked)
		return 0;
	return error_set(error, 0, "mounts: the checkpoint has one at %s (%s) that is not planned",
			 mount->point, mount->type);
}

int rootfs_check_restored(struct rootfs *rootfs, pid_t pid, struct error *error)
{
	struct table table = { .rootfs = rootfs };

	if (read_table(&table, pid, error) < 0)
		return -1;
	for (size_t i = 0; i < table.mounts.count; i++)
		if (check_mount(&table, &table.mounts.items[i], error) < 0)
			return -1;
	return 0;
}
