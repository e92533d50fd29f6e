/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `lock` and `unlock`: whether a process may join a container whose policies say exec: lockable. The lock is a file in
 * the container's directory.
 *
 * Where the operator set a secret up, unlocking takes a one-time code.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/number.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "container/lock.h"
#include "container/one_time_code.h"
#include "state/container.h"
#include "state/trail.h"

bool lock_is_set(const struct store_entry *entry)
{
	return faccessat(entry->fd, STORE_LOCKED, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

/* How long execs on their way in are waited for, and how often it is looked: flock(2) waits without a limit. */
#define ENTERING_LIMIT_US INT64_C(10000000)
#define ENTERING_PAUSE_US 20000

static int open_entering(const struct store_entry *entry, struct error *error)
{
	int fd = openat(entry->fd, STORE_ENTERING, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	return fd < 0 ? error_set(error, errno, "open %s/" STORE_ENTERING, entry->path) : fd;
}

/* Nobody has it for long but an exec, which waits for no other. */
int lock_hold_off(const struct store_entry *entry, struct error *error)
{
	_cleanup_fd_ int fd = open_entering(entry, error);

	if (fd < 0)
		return -1;
	while (flock(fd, LOCK_SH) < 0)
		if (errno != EINTR)
			return error_set(error, errno, "lock %s/" STORE_ENTERING, entry->path);
	return TAKE_FD(fd);
}

/* By what the links say: looking at the files themselves may hang, as the exec does that is looked for. */
static bool has_open(const char *pid, const char *file)
{
	char path[64];
	_cleanup_dir_ DIR *dir = NULL;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	for (const struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
		char target[PATH_MAX];

		if (link_read_at(dirfd(dir), entry->d_name, target, sizeof(target)) == 0 &&
		    !strcmp(target, file))
			return true;
	}
	return false;
}

/* The processes that have the file open, but for this one: "12, 13". */
static void find_entering(int entering, struct strbuf *pids)
{
	_cleanup_dir_ DIR *dir = opendir("/proc");
	char file[PATH_MAX];

	if (!dir || link_read_at(AT_FDCWD, fd_path(entering).text, file, sizeof(file)) < 0)
		return;
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		uint32_t pid;

		if (parse_u32(entry->d_name, &pid) == 0 && (pid_t)pid != getpid() &&
		    has_open(entry->d_name, file))
			strbuf_printf(pids, "%s%u", pids->length ? ", " : "", pid);
	}
}

/* Until no exec is on its way in: one may hang in execve(2), on a file system whose server does not answer. */
static int wait_for_entering(const struct store_entry *entry, struct error *error)
{
	const int64_t end = monotonic_us() + ENTERING_LIMIT_US;
	_cleanup_fd_ int fd = open_entering(entry, error);
	_cleanup_strbuf_ struct strbuf pids = { 0 };

	if (fd < 0)
		return -1;
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_set(error, errno, "lock %s/" STORE_ENTERING, entry->path);
		if (monotonic_us() < end) {
			pause_us(ENTERING_PAUSE_US);
			continue;
		}
		find_entering(fd, &pids);
		return error_set(
			error, 0,
			"the container is locked, and an exec that began before is still on its way in "
			"after 10 seconds (process %s); end it, or lock again to wait for it",
			pids.length ? strbuf_text(&pids) : "not known");
	}
	return 0;
}

/* The commands ------------------------------------------------------------------------------------------ */

static int open_lockable(struct arena *arena, const struct runtime *runtime, const char *id,
			 struct container *container, struct error *error)
{
	struct policy *policy;

	if (container_open(arena, runtime, id, true, container, error) < 0 ||
	    container_load_policy(arena, container, &policy, error) < 0)
		return -1;
	if (policy_exec_rule(policy) != EXEC_LOCKABLE)
		return error_set(error, 0,
				 "container cannot be locked: its policy (%s) does not say exec: lockable",
				 policy_names(policy));
	return 0;
}

/*
 * From here on exec refuses; those that found the container open are waited for. Other commands are not held up by one
 * that takes its time.
 */
static int lock(const struct container *container, struct error *error)
{
	_cleanup_fd_ int fd =
		openat(container->entry.fd, STORE_LOCKED, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_set(error, errno, "make %s/" STORE_LOCKED, container->entry.path);
	flock(container->entry.fd, LOCK_UN);
	return wait_for_entering(&container->entry, error);
}

int container_lock(const struct runtime *runtime, const char *id, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_container_ struct container container = { .store.fd = -1, .entry.fd = -1 };

	if (open_lockable(&arena, runtime, id, &container, error) < 0)
		return -1;
	return trail_done(&container.state, "lock", lock(&container, error), error);
}

static int check_code(struct arena *arena, const char *code, struct error *error)
{
	_cleanup_code_secret_ struct code_secret secret;
	_cleanup_store_ struct store store = { .fd = -1 };

	if (code_secret_read(CODE_SECRET_FILE, &secret, error) < 0)
		return -1;
	if (secret.length == 0 && code)
		return error_set(error, 0, "there is no " CODE_SECRET_FILE " to check the code by");
	if (secret.length == 0)
		return 0;
	if (!code)
		return error_set(error, 0, "unlocking takes a code here: --code CODE");
	if (store_open_machine(arena, &store, error) < 0)
		return -1;
	return code_check(&store, &secret, code, time(NULL), error);
}

static int unlock(struct arena *arena, const struct container *container, const char *code, struct error *error)
{
	if (check_code(arena, code, error) < 0)
		return -1;
	if (unlinkat(container->entry.fd, STORE_LOCKED, 0) < 0 && errno != ENOENT)
		return error_set(error, errno, "remove %s/" STORE_LOCKED, container->entry.path);
	return 0;
}

int container_unlock(const struct runtime *runtime, const char *id, const char *code, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_container_ struct container container = { .store.fd = -1, .entry.fd = -1 };

	if (open_lockable(&arena, runtime, id, &container, error) < 0)
		return -1;
	return trail_done(&container.state, "unlock", unlock(&arena, &container, code, error), error);
}
