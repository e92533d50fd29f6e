/* SPDX-License-Identifier: Apache-2.0 */
#include "state/store.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define ID_LENGTH_MAX 1024

int store_check_id(const char *id, struct error *error)
{
	size_t length = id ? strlen(id) : 0;

	if (length == 0)
		return error_set(error, 0, "container id cannot be empty");
	if (length > ID_LENGTH_MAX)
		return error_set(error, 0, "invalid container ID format: longer than %d characters",
				 ID_LENGTH_MAX);
	if (!strcmp(id, ".") || !strcmp(id, ".."))
		return error_set(error, 0, "invalid container ID format: \"%s\"", id);
	for (const char *c = id; *c; c++) {
		if (isalnum((unsigned char)*c) || strchr("_+-.", *c))
			continue;
		return error_set(error, 0,
				 "invalid container ID format: invalid character `%c` in the ID \"%s\": it has "
				 "letters, digits and _+-. only",
				 isprint((unsigned char)*c) ? *c : '?', id);
	}
	return 0;
}

static int make_root(const char *path, struct error *error)
{
	char prefix[4096];

	if (strlen(path) >= sizeof(prefix))
		return error_set(error, ENAMETOOLONG, "state root %s", path);
	/* A missing /run/user/... is made too: rootless commands outside of a session have none. */
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		memcpy(prefix, path, (size_t)(slash - path));
		prefix[slash - path] = '\0';
		if (mkdir(prefix, 0711) < 0 && errno != EEXIST)
			return error_set(error, errno, "make %s", prefix);
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return error_set(error, errno, "make the state root %s", path);
	return 0;
}

/*
 * Whoever can put a directory there can have hooks of his own run by `delete`, so the state root is the caller's (or
 * root's) and nobody else writes to it. Anybody can have made a default one in /tmp, or a link of that name.
 */
static int open_root(const struct runtime *runtime, const char *path, struct store *store, struct error *error)
{
	struct stat status;

	store->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC | (runtime->root ? 0 : O_NOFOLLOW));
	if (store->fd < 0)
		return error_set(error, errno, "open the state root %s", path);
	if (fstat(store->fd, &status) < 0)
		error_set(error, errno, "look at the state root %s", path);
	else if (status.st_uid != geteuid() && status.st_uid != 0)
		error_set(error, 0, "the state root %s belongs to uid %u: it has to be the caller's or root's",
			  path, status.st_uid);
	else if (status.st_mode & (S_IWGRP | S_IWOTH))
		error_set(error, 0, "the state root %s can be written by others than its owner (mode %04o)",
			  path, status.st_mode & 07777);
	else
		return 0;
	close(store->fd);
	store->fd = -1;
	return -1;
}

int store_open(struct arena *arena, const struct runtime *runtime, bool make, struct store *store,
	       struct error *error)
{
	const char *path = runtime->root ? runtime->root : runtime_default_root(arena);

	store->fd = -1;
	if (path[0] != '/') {
		_cleanup_free_ char *here = getcwd(NULL, 0);

		if (!here)
			return error_set(error, errno, "find the working directory");
		path = arena_printf(arena, "%s/%s", here, path);
	}
	store->path = path;
	if (open_root(runtime, path, store, error) == 0)
		return 0;
	if (error->number != ENOENT)
		return -1;
	if (!make)
		return 0;
	return make_root(path, error) < 0 ? -1 : open_root(runtime, path, store, error);
}

/* Engines have state roots of their own, and the machine's users, file systems and secret in common. */
int store_open_machine(struct arena *arena, struct store *store, struct error *error)
{
	static const struct runtime everybodys = { .rootless = -1 };

	return store_open(arena, &everybodys, true, store, error);
}

void store_close(struct store *store)
{
	if (store->fd >= 0)
		close(store->fd);
	store->fd = -1;
}

void store_entry_close(struct store_entry *entry)
{
	if (entry->fd >= 0)
		close(entry->fd);
	entry->fd = -1;
}

/* Waits for the lock; 1 when the directory was removed meanwhile. */
static int lock_entry(const struct store_entry *entry)
{
	struct stat status;

	while (flock(entry->fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return -1;
	if (fstat(entry->fd, &status) < 0)
		return -1;
	return status.st_nlink == 0;
}

int store_create(struct arena *arena, const struct store *store, const char *id, struct store_entry *entry,
		 struct error *error)
{
	int gone;

	if (store_check_id(id, error) < 0)
		return -1;
	entry->id = id;
	entry->path = arena_printf(arena, "%s/%s", store->path, id);
	if (mkdirat(store->fd, id, 0700) < 0) {
		if (errno == EEXIST)
			return error_set(error, 0, "container with given ID already exists");
		return error_set(error, errno, "make %s", entry->path);
	}
	entry->fd = openat(store->fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (entry->fd < 0)
		return error_set(error, errno, "open %s", entry->path);
	gone = lock_entry(entry);
	if (gone)
		return error_set(error, gone < 0 ? errno : ENOENT, "lock %s", entry->path);
	return 0;
}

int store_lookup(struct arena *arena, const struct store *store, const char *id, bool lock,
		 struct store_entry *entry, struct error *error)
{
	int gone;

	entry->fd = -1;
	if (store_check_id(id, error) < 0)
		return -1;
	entry->id = id;
	entry->path = arena_printf(arena, "%s/%s", store->path, id);
	if (store->fd >= 0)
		entry->fd = openat(store->fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (entry->fd < 0) {
		if (store->fd < 0 || errno == ENOENT || errno == ENAMETOOLONG)
			return error_set(error, 0, "container does not exist");
		return error_set(error, errno, "open %s", entry->path);
	}
	if (!lock)
		return 0;
	gone = lock_entry(entry);
	if (gone > 0)
		return error_set(error, 0, "container does not exist");
	if (gone < 0)
		return error_set(error, errno, "lock %s", entry->path);
	return 0;
}

bool store_is_locked(const struct store_entry *entry)
{
	/* A descriptor of its own: a lock taken on a shared one would replace this command's. */
	_cleanup_fd_ int fd = openat(entry->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

static int remove_files(int directory, struct error *error);

static int remove_one(int directory, const char *name, unsigned char type, struct error *error)
{
	struct stat status;

	/* Some file systems do not say. */
	if (type == DT_UNKNOWN && fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
		type = IFTODT(status.st_mode);
	if (type == DT_DIR) {
		_cleanup_fd_ int below =
			openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (below < 0)
			return error_set(error, errno, "open %s", name);
		if (remove_files(below, error) < 0)
			return -1;
	}
	if (unlinkat(directory, name, type == DT_DIR ? AT_REMOVEDIR : 0) < 0 && errno != ENOENT)
		return error_set(error, errno, "remove %s", name);
	return 0;
}

static int remove_files(int directory, struct error *error)
{
	int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;

	if (!dir)
		return error_set(error, errno, "read directory");
	for (;;) {
		struct dirent *found;

		errno = 0;
		found = readdir(dir);
		if (!found)
			return errno ? error_set(error, errno, "read directory") : 0;
		if (!strcmp(found->d_name, ".") || !strcmp(found->d_name, ".."))
			continue;
		if (remove_one(directory, found->d_name, found->d_type, error) < 0)
			return -1;
	}
}

int store_remove(const struct store *store, const struct store_entry *entry, struct error *error)
{
	static const char *const usual[] = { STORE_INIT, STORE_STATE, STORE_CONFIG, STORE_POLICY,
					     STORE_START_SOCKET };

	/* The usual names first: reading the directory is needed only where there is more. */
	for (size_t i = 0; i < ARRAY_SIZE(usual); i++)
		unlinkat(entry->fd, usual[i], 0);
	if (unlinkat(store->fd, entry->id, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno == ENOTEMPTY && remove_files(entry->fd, error) < 0)
		return error_context(error, "remove %s", entry->path);
	if (unlinkat(store->fd, entry->id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_set(error, errno, "remove %s", entry->path);
	return 0;
}

int store_seccomp_cache(const struct store *store)
{
	int fd = openat(store->fd, STORE_SECCOMP_CACHE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(store->fd, STORE_SECCOMP_CACHE, 0700) < 0 && errno != EEXIST)
		return -1;
	return openat(store->fd, STORE_SECCOMP_CACHE, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

bool store_is_own_name(const char *name)
{
	static const char *const names[] = { STORE_SECCOMP_CACHE, "." STORE_ID_RANGES, "." STORE_PROJECTS,
					     STORE_UNLOCK };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}
