/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `lock` and `unlock`: whether a process may join a container whose policies say exec: lockable. The lock is a file in
 * the container's directory.
 *
 * Where the operator set a secret up, unlocking takes a one-time code (RFC 6238): each is good once, and after a few
 * wrong ones there is a pause, also where several commands try at a time.
 */
#include <errno.h>
#include <fcntl.h>
#include <liboath/oath.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "state/container.h"
#include "state/trail.h"
#include "container/lock.h"

#define SECRET_FILE POLICY_SITE_DIRECTORY "/unlock.secret"
#define SECRET_SIZE_MAX 1024
#define USED_FILE \
	STORE_UNLOCK /* in the state root: the last code's time step, and the wrong codes of this one */
#define STEP_SECONDS 30
#define DIGITS 6
#define WINDOW 1 /* steps that a clock may be off */
#define WRONG_MAX 5 /* a step */

struct attempts {
	uint64_t used_step;
	uint64_t wrong_step;
	uint64_t wrong_count;
};

bool lock_is_set(const struct store_entry *entry)
{
	return faccessat(entry->fd, STORE_LOCKED, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

static int open_entering(const struct store_entry *entry, int operation, struct error *error)
{
	_cleanup_fd_ int fd =
		openat(entry->fd, STORE_ENTERING, O_RDONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_set(error, errno, "open %s/" STORE_ENTERING, entry->path);
	while (flock(fd, operation) < 0)
		if (errno != EINTR)
			return error_set(error, errno, "lock %s/" STORE_ENTERING, entry->path);
	return TAKE_FD(fd);
}

int lock_hold_off(const struct store_entry *entry, struct error *error)
{
	return open_entering(entry, LOCK_SH, error);
}

/* The secret -------------------------------------------------------------------------------------------- */

/* The secret's bytes, in @arena; *length 0 where the operator has set none up. 0, or -1. */
static int read_secret(struct arena *arena, char **secret, size_t *length, struct error *error)
{
	_cleanup_fd_ int fd = open(SECRET_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;
	char *text, *decoded = NULL;
	size_t text_length;

	*length = 0;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set(error, errno, "open " SECRET_FILE);
	if (status.st_uid != 0 || (status.st_mode & 077) || !S_ISREG(status.st_mode))
		return error_set(error, 0,
				 SECRET_FILE " must be a file of root's that nobody else can read: chmod 600");
	if (fd_read_all(arena, fd, SECRET_SIZE_MAX, &text, &text_length) < 0)
		return error_set(error, errno, "read " SECRET_FILE);
	text[strcspn(text, "\r\n")] = '\0';
	if (!*text || oath_base32_decode(text, strlen(text), &decoded, length) != OATH_OK || *length < 10)
		return error_set(error, 0, SECRET_FILE ": expected a secret of at least 80 bits in base32");
	*secret = arena_alloc(arena, *length);
	memcpy(*secret, decoded, *length);
	explicit_bzero(decoded, *length);
	free(decoded);
	return 0;
}

/* The code ----------------------------------------------------------------------------------------------- */

static int open_attempts(const struct store *store, struct attempts *attempts, struct error *error)
{
	_cleanup_fd_ int fd = openat(store->fd, USED_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	*attempts = (struct attempts){ 0 };
	if (fd < 0)
		return error_set(error, errno, "open %s/" USED_FILE, store->path);
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return error_set(error, errno, "lock %s/" USED_FILE, store->path);
	/* One that is not whole is one that was never written. */
	if (pread(fd, attempts, sizeof(*attempts), 0) != sizeof(*attempts))
		*attempts = (struct attempts){ 0 };
	return TAKE_FD(fd);
}

static bool is_code(const char *code)
{
	return strlen(code) == DIGITS && strspn(code, "0123456789") == DIGITS;
}

static int check_code(const struct store *store, const char *secret, size_t length, const char *code,
		      struct error *error)
{
	time_t now = time(NULL);
	uint64_t step = (uint64_t)now / STEP_SECONDS, matched = 0;
	struct attempts attempts;
	_cleanup_fd_ int fd = open_attempts(store, &attempts, error);
	int position = 0;
	bool right;

	if (fd < 0)
		return -1;
	if (attempts.wrong_step == step && attempts.wrong_count >= WRONG_MAX)
		return error_set(error, 0, "too many wrong codes; wait %d seconds", STEP_SECONDS);
	if (oath_init() != OATH_OK)
		return error_set(error, 0, "liboath does not work");
	right = is_code(code) &&
		oath_totp_validate2(secret, length, now, STEP_SECONDS, 0, WINDOW, &position, code) >= 0;
	oath_done();
	if (right)
		matched = step + (uint64_t)(int64_t)position;
	right = right && matched > attempts.used_step;
	if (right)
		attempts.used_step = matched;
	else if (attempts.wrong_step != step)
		attempts.wrong_step = step, attempts.wrong_count = 1;
	else
		attempts.wrong_count++;
	/* Before it counts: a code that was used is used, whatever happens next. */
	if (pwrite(fd, &attempts, sizeof(attempts), 0) != sizeof(attempts))
		return error_set(error, errno, "write %s/" USED_FILE, store->path);
	return right ? 0 : error_set(error, 0, "wrong code, or one that was used before");
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
	_cleanup_fd_ int entering = -1;
	_cleanup_fd_ int fd = openat(container->entry.fd, STORE_LOCKED,
				     O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_set(error, errno, "make %s/" STORE_LOCKED, container->entry.path);
	flock(container->entry.fd, LOCK_UN);
	entering = open_entering(&container->entry, LOCK_EX, error);
	return entering < 0 ? -1 : 0;
}

int container_lock(const struct runtime *runtime, const char *id, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_container_ struct container container = { .store.fd = -1, .entry.fd = -1 };

	if (open_lockable(&arena, runtime, id, &container, error) < 0)
		return -1;
	return trail_done(&container.state, "lock", lock(&container, error), error);
}

static int unlock(struct arena *arena, const struct container *container, const char *code, struct error *error)
{
	char *secret = NULL;
	size_t length;
	int result;

	if (read_secret(arena, &secret, &length, error) < 0)
		return -1;
	if (!secret && code)
		return error_set(error, 0, "there is no " SECRET_FILE " to check the code by");
	if (secret && !code)
		return error_set(error, 0, "unlocking takes a code here: --code CODE");
	if (secret) {
		result = check_code(&container->store, secret, length, code, error);
		explicit_bzero(secret, length);
		if (result < 0)
			return -1;
	}
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
