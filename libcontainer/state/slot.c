/* SPDX-License-Identifier: Apache-2.0 */
#include "state/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/fd.h"

static int open_directory(const struct store *store, const char *kind, struct error *error)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), ".%s", kind);
	if (mkdirat(store->fd, name, 0700) < 0 && errno != EEXIST)
		return error_set(error, errno, "make %s/%s", store->path, name);
	fd = openat(store->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? error_set(error, errno, "open %s/%s", store->path, name) : fd;
}

/* Where the search begins: containers begin at different places, and rarely meet. FNV-1a */
static uint32_t hash(const char *id)
{
	uint32_t value = 2166136261U;

	for (; *id; id++)
		value = (value ^ (unsigned char)*id) * 16777619U;
	return value;
}

/* 0, 1 where somebody has it, or -1. */
static int try_slot(int directory, uint32_t number, struct slot *slot, struct error *error)
{
	_cleanup_fd_ int fd = -1;
	struct stat status;
	char name[16];

	snprintf(name, sizeof(name), "%u", number);
	fd = openat(directory, name, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set(error, errno, "open slot %u", number);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return 1;
		return error_set(error, errno, "lock slot %u", number);
	}
	if (fstat(fd, &status) < 0)
		return error_set(error, errno, "look at slot %u", number);
	if (status.st_nlink > 1)
		return 1;
	*slot = (struct slot){ TAKE_FD(fd), number };
	return 0;
}

int slot_take(const struct store *store, const char *kind, const char *id, uint32_t count, struct slot *slot,
	      struct error *error)
{
	_cleanup_fd_ int directory = open_directory(store, kind, error);
	uint32_t first = count ? hash(id) % count : 0;

	*slot = (struct slot){ .fd = -1 };
	if (directory < 0)
		return -1;
	for (uint32_t i = 0; i < count; i++) {
		int result = try_slot(directory, (uint32_t)(((uint64_t)first + i) % count), slot, error);

		if (result <= 0)
			return result;
	}
	return 1;
}

int slot_keep(struct slot *slot, const char *kind, const struct store_entry *entry, struct error *error)
{
	if (slot->fd < 0)
		return 0;
	if (linkat(AT_FDCWD, fd_path(slot->fd).text, entry->fd, kind, AT_SYMLINK_FOLLOW) < 0) {
		if (errno != EXDEV)
			return error_set(error, errno, "make %s/%s", entry->path, kind);
		return error_set(
			error, 0,
			"%s: not on the file system of the default state root, where it is kept for the "
			"whole machine which %s are taken",
			entry->path, kind);
	}
	slot_close(slot);
	return 0;
}

void slot_close(struct slot *slot)
{
	fd_close(&slot->fd);
}
