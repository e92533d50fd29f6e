/* SPDX-License-Identifier: Apache-2.0 */
#include "container/one_time_code.h"

#include <errno.h>
#include <fcntl.h>
#include <liboath/oath.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base32.h"

#define TEXT_MAX 1024
#define SECRET_MIN 10 /* bytes: RFC 4226 wants 128 bits, authenticators' own have had 80 */
#define STEP_SECONDS 30
#define DIGITS 6
#define WINDOW 1 /* steps that a clock may be off */
#define WRONG_FREE 5
#define PAUSE_MAX 3600U

struct attempts {
	uint64_t used_step; /* the last good code's */
	uint64_t wrong; /* in a row */
	uint64_t wrong_time; /* when the last of them was */
};

void code_secret_wipe(struct code_secret *secret)
{
	explicit_bzero(secret, sizeof(*secret));
}

/* The file's text into @text; its length, 0 where it is not there, or -1. */
static ssize_t read_text(const char *path, char text[TEXT_MAX], struct error *error)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;
	ssize_t length;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &status) < 0)
		return error_set(error, errno, "open %s", path);
	if (status.st_uid != 0 || (status.st_mode & 077) || !S_ISREG(status.st_mode))
		return error_set(error, 0, "%s must be a file of root's that nobody else can read: chmod 600",
				 path);
	length = read(fd, text, TEXT_MAX - 1);
	if (length < 0)
		return error_set(error, errno, "read %s", path);
	text[length] = '\0';
	return length ? length : error_set(error, 0, "%s is empty", path);
}

int code_secret_read(const char *path, struct code_secret *secret, struct error *error)
{
	char text[TEXT_MAX];
	ssize_t length = read_text(path, text, error);
	long decoded;

	secret->length = 0;
	if (length <= 0)
		return (int)length;
	text[strcspn(text, "\r\n")] = '\0';
	decoded = base32_decode(text, secret->bytes, sizeof(secret->bytes));
	explicit_bzero(text, sizeof(text));
	if (decoded < SECRET_MIN) {
		code_secret_wipe(secret);
		return error_set(error, 0, "%s: expected a secret of at least 80 bits in base32", path);
	}
	secret->length = (size_t)decoded;
	return 0;
}

static int open_attempts(const struct store *store, struct attempts *attempts, struct error *error)
{
	_cleanup_fd_ int fd = openat(store->fd, STORE_UNLOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	*attempts = (struct attempts){ 0 };
	if (fd < 0)
		return error_set(error, errno, "open %s/" STORE_UNLOCK, store->path);
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return error_set(error, errno, "lock %s/" STORE_UNLOCK, store->path);
	/* One that is not whole is one that was never written. */
	if (pread(fd, attempts, sizeof(*attempts), 0) != sizeof(*attempts))
		*attempts = (struct attempts){ 0 };
	return TAKE_FD(fd);
}

static int write_attempts(const struct store *store, int fd, const struct attempts *attempts,
			  struct error *error)
{
	if (pwrite(fd, attempts, sizeof(*attempts), 0) != sizeof(*attempts))
		return error_set(error, errno, "write %s/" STORE_UNLOCK, store->path);
	return 0;
}

unsigned int code_pause(uint64_t wrong)
{
	if (wrong < WRONG_FREE)
		return 0;
	/* from there on it has doubled often enough */
	if (wrong - WRONG_FREE >= 7)
		return PAUSE_MAX;
	return STEP_SECONDS << (wrong - WRONG_FREE);
}

/* A clock that was put back makes the pause begin again, and not last until the old time is reached. */
static int check_pause(const struct store *store, int fd, struct attempts *attempts, uint64_t now,
		       struct error *error)
{
	uint64_t end;

	if (attempts->wrong_time > now) {
		attempts->wrong_time = now;
		if (write_attempts(store, fd, attempts, error) < 0)
			return -1;
	}
	end = attempts->wrong_time + code_pause(attempts->wrong);
	if (end > now)
		return error_set(error, 0, "too many wrong codes; wait %u seconds", (unsigned int)(end - now));
	return 0;
}

/* The time step @code is the code of, or 0. */
static uint64_t step_of(const struct code_secret *secret, const char *code, time_t now)
{
	int position = 0;
	bool right;

	if (strlen(code) != DIGITS || strspn(code, "0123456789") != DIGITS)
		return 0;
	right = oath_totp_validate2((const char *)secret->bytes, secret->length, now, STEP_SECONDS, 0, WINDOW,
				    &position, code) >= 0;
	return right ? (uint64_t)now / STEP_SECONDS + (uint64_t)(int64_t)position : 0;
}

int code_check(const struct store *store, const struct code_secret *secret, const char *code, time_t now,
	       struct error *error)
{
	struct attempts attempts;
	_cleanup_fd_ int fd = open_attempts(store, &attempts, error);
	uint64_t step;

	if (fd < 0 || check_pause(store, fd, &attempts, (uint64_t)now, error) < 0)
		return -1;
	if (oath_init() != OATH_OK)
		return error_set(error, 0, "liboath does not work");
	/* Counted as a wrong one first: a guess that is killed before it is judged was a guess. */
	attempts.wrong += attempts.wrong < UINT64_MAX;
	attempts.wrong_time = (uint64_t)now;
	if (write_attempts(store, fd, &attempts, error) < 0)
		return -1;
	step = step_of(secret, code, now);
	oath_done();
	if (step <= attempts.used_step)
		return error_set(error, 0, "wrong code, or one that was used before");
	/* Before it counts: a code that was used is used, whatever happens next. */
	return write_attempts(store, fd, &(struct attempts){ .used_step = step }, error);
}
