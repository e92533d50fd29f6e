/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "base/number.h"
#include "base/syscalls.h"
#include "base/words.h"
#include "cgroup/internal.h"

#define CGROUP_FILE_MAX ((size_t)4 * 1024 * 1024)

struct cgroup_group *group_find_v1(const struct cgroup *cgroup, const char *controller)
{
	for (size_t i = 0; i < cgroup->count; i++) {
		struct cgroup_group *group = &cgroup->groups[i];

		if (!group->v2 && !group->dropped && words_have(group->controllers, controller))
			return group;
	}
	return NULL;
}

bool group_lives_in_v1(const struct cgroup *cgroup, const char *controller)
{
	for (size_t i = 0; i < cgroup->count; i++)
		if (!cgroup->groups[i].v2 && words_have(cgroup->groups[i].controllers, controller))
			return true;
	return false;
}

static struct cgroup_group *group_find_v2(const struct cgroup *cgroup)
{
	for (size_t i = 0; i < cgroup->count; i++)
		if (cgroup->groups[i].v2 && !cgroup->groups[i].dropped)
			return &cgroup->groups[i];
	return NULL;
}

struct cgroup_group *group_find(const struct cgroup *cgroup, const char *controller)
{
	struct cgroup_group *group = controller ? group_find_v1(cgroup, controller) : NULL;

	return group ? group : group_find_v2(cgroup);
}

static int open_in_cgroupfs(const char *path, int flags)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC), .resolve = RESOLVE_NO_SYMLINKS };
	_cleanup_fd_ int fd = sys_openat2(AT_FDCWD, path, &how);
	struct statfs filesystem;

	if (fd < 0 || fstatfs(fd, &filesystem) < 0)
		return -1;
	if (filesystem.f_type != CGROUP_SUPER_MAGIC && filesystem.f_type != CGROUP2_SUPER_MAGIC) {
		errno = EXDEV;
		return -1;
	}
	return TAKE_FD(fd);
}

int cgroup_directory_open(const char *path, int flags)
{
	return open_in_cgroupfs(path, flags | O_DIRECTORY);
}

int group_fd(struct cgroup_group *group)
{
	if (group->fd < 0) {
		group->fd = cgroup_directory_open(group->directory, O_PATH);
		group->verified = group->fd >= 0;
	}
	return group->fd;
}

int group_try_write(struct cgroup_group *group, const char *file, const char *value)
{
	int directory = group_fd(group);

	return directory < 0 ? -1 : file_write_at(directory, file, value);
}

int group_write_error(const struct cgroup_group *group, const char *file, const char *value,
		      struct error *error)
{
	return error_set(error, errno, "write \"%s\" to %s/%s", value, group->directory, file);
}

int group_write(struct cgroup_group *group, const char *file, const char *value, struct error *error)
{
	if (group_try_write(group, file, value) < 0)
		return group_write_error(group, file, value, error);
	return 0;
}

int group_write_u64(struct cgroup_group *group, const char *file, uint64_t value, struct error *error)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return group_write(group, file, text, error);
}

int group_write_i64(struct cgroup_group *group, const char *file, int64_t value, struct error *error)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	return group_write(group, file, text, error);
}

int group_read(struct arena *arena, struct cgroup_group *group, const char *file, char **text)
{
	int directory = group_fd(group);
	size_t length;

	if (directory < 0 || file_read_at(arena, directory, file, CGROUP_FILE_MAX, text, &length) < 0)
		return -1;
	if (length > 0 && (*text)[length - 1] == '\n')
		(*text)[length - 1] = '\0';
	return 0;
}

int group_read_value(struct cgroup_group *group, const char *file, char *value, size_t size)
{
	_cleanup_fd_ int fd = -1;
	char path[PATH_MAX];
	ssize_t length;

	if (group->fd >= 0) {
		fd = openat(group->fd, file, O_RDONLY | O_CLOEXEC);
	} else if ((size_t)snprintf(path, sizeof(path), "%s/%s", group->directory, file) < sizeof(path)) {
		fd = open_in_cgroupfs(path, O_RDONLY);
	} else {
		errno = ENAMETOOLONG;
	}
	if (fd < 0)
		return -1;
	length = read(fd, value, size - 1);
	if (length < 0)
		return -1;
	value[length] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return 0;
}

int group_read_u64(struct cgroup_group *group, const char *file, uint64_t *value)
{
	_cleanup_arena_ struct arena arena = { 0 };
	char *text;

	if (group_read(&arena, group, file, &text) < 0)
		return -1;
	if (strcmp(text, "max") == 0 || strcmp(text, "-1") == 0) {
		*value = UINT64_MAX;
		return 0;
	}
	if (parse_u64(text, 0, UINT64_MAX, value) < 0) {
		errno = EBADMSG;
		return -1;
	}
	return 0;
}

const char *v2_controllers(const struct cgroup *cgroup, struct cgroup_group *group)
{
	char *text;

	if (!group->controllers)
		group->controllers =
			group_read(cgroup->arena, group, "cgroup.controllers", &text) < 0 ? "" : text;
	return group->controllers;
}

void group_close(struct cgroup_group *group)
{
	if (group->fd >= 0)
		close(group->fd);
	if (group->join_fd >= 0)
		close(group->join_fd);
	if (group->home_fd >= 0)
		close(group->home_fd);
	group->fd = -1;
	group->join_fd = -1;
	group->home_fd = -1;
}
