/* SPDX-License-Identifier: Apache-2.0 */
/* The check before exec: what the kernel says this process is, against what was planned. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/process.h"
#include "sandbox/identity.h"
#include "sandbox/procfs.h"

/* With the longest list of groups (65536 of at most 10 digits) a status file has less than this. */
#define STATUS_SIZE ((size_t)1024 * 1024)
#define STATUS_USUAL_SIZE ((size_t)8 * 1024)

static int check_number(const char *status, const char *name, int base, uint64_t planned, struct error *error)
{
	const char *text = process_status_field(status, name);
	uint64_t found;

	if (!text || !process_status_number(&text, base, &found))
		return error_set(error, 0, "the kernel does not report %s", name);
	if (found == planned)
		return 0;
	if (base == 16)
		return error_set(error, 0, "%s is %#jx, planned was %#jx", name, (uintmax_t)found,
				 (uintmax_t)planned);
	return error_set(error, 0, "%s is %ju, planned was %ju", name, (uintmax_t)found, (uintmax_t)planned);
}

/* The real, effective, saved and filesystem ids: all of them. */
static int check_ids(const char *status, const char *name, uint32_t planned, struct error *error)
{
	const char *text = process_status_field(status, name);
	uint64_t found;
	int count = 0;

	while (text && process_status_number(&text, 10, &found)) {
		if (found != planned)
			return error_set(error, 0, "%s is %ju, planned was %u", name, (uintmax_t)found,
					 planned);
		count++;
	}
	if (count != 4)
		return error_set(error, 0, "the kernel does not report %s", name);
	return 0;
}

static bool list_has(const struct u32_list *list, uint64_t number)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i] == number)
			return true;
	return false;
}

static bool text_has(const char *text, uint32_t number)
{
	uint64_t found;

	while (process_status_number(&text, 10, &found))
		if (found == number)
			return true;
	return false;
}

/* A user namespace that denies setgroups(2) leaves the groups it was made with: no one can change them. */
static bool groups_are_fixed(int procfs)
{
	char text[16];

	return procfs_read_file(procfs, 0, "setgroups", text, sizeof(text)) > 0 &&
	       strncmp(text, "deny", 4) == 0;
}

static int check_groups(int procfs, const char *status, const struct oci_user *user, struct error *error)
{
	const char *text = process_status_field(status, "Groups");
	const char *next = text;
	uint64_t found;

	if (!text)
		return error_set(error, 0, "the kernel does not report Groups");
	for (size_t i = 0; i < user->additional_gids.count; i++) {
		uint32_t planned = user->additional_gids.items[i];

		if (!text_has(text, planned) && !(planned == user->gid && groups_are_fixed(procfs)))
			return error_set(error, 0, "additional group %u is missing", planned);
	}
	while (process_status_number(&next, 10, &found))
		if (!list_has(&user->additional_gids, found) && !groups_are_fixed(procfs))
			return error_set(error, 0, "additional group %ju was not planned", (uintmax_t)found);
	return 0;
}

/* A set asked for may be larger than the runtime's own: that is stricter, not a mismatch. */
static int check_bounding_set(const char *status, uint64_t planned, struct error *error)
{
	const char *text = process_status_field(status, "CapBnd");
	uint64_t found;

	if (!text || !process_status_number(&text, 16, &found))
		return error_set(error, 0, "the kernel does not report CapBnd");
	if (found & ~planned)
		return error_set(error, 0, "CapBnd is %#jx, planned was %#jx", (uintmax_t)found,
				 (uintmax_t)planned);
	return 0;
}

static int check_capabilities(const char *status, const struct capability_masks *masks, struct error *error)
{
	const struct {
		const char *name;
		uint64_t planned;
	} sets[] = {
		{ "CapEff", masks->effective },
		{ "CapPrm", masks->permitted },
		{ "CapInh", masks->inheritable },
		{ "CapAmb", masks->ambient },
	};

	if (check_bounding_set(status, masks->bounding, error) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++)
		if (check_number(status, sets[i].name, 16, sets[i].planned, error) < 0)
			return -1;
	return 0;
}

int identity_open_status(int procfs, struct error *error)
{
	int status = procfs_open_file(procfs, 0, "status", O_RDONLY);

	return status < 0 ? error_set(error, errno, "open the own status") : status;
}

/* One read in the usual case; a file that does not fit is read once more with all the room it can need. */
static const char *read_status(struct arena *arena, int fd)
{
	for (size_t size = STATUS_USUAL_SIZE;; size = STATUS_SIZE) {
		char *text = arena_alloc(arena, size);
		ssize_t length = pread(fd, text, size - 1, 0);

		if (length < 0)
			return NULL;
		text[length] = '\0';
		if ((size_t)length < size - 1)
			return text;
		if (size == STATUS_SIZE) {
			errno = EFBIG;
			return NULL;
		}
	}
}

int identity_verify(int procfs, int status, const struct oci_process *process,
		    const struct capability_masks *masks, bool seccomp, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const char *text = read_status(&arena, status);

	if (!text)
		return error_set(error, errno, "check before exec: read the own status");
	if (check_ids(text, "Uid", process->user.uid, error) < 0 ||
	    check_ids(text, "Gid", process->user.gid, error) < 0 ||
	    check_groups(procfs, text, &process->user, error) < 0 ||
	    (masks && check_capabilities(text, masks, error) < 0) ||
	    (process->no_new_privileges && check_number(text, "NoNewPrivs", 10, 1, error) < 0) ||
	    (seccomp && check_number(text, "Seccomp", 10, SECCOMP_MODE_FILTER, error) < 0))
		return error_context(error, "check before exec");
	return 0;
}
