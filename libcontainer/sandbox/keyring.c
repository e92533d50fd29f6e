/* SPDX-License-Identifier: Apache-2.0 */
/* The session keyring. */
#include <errno.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "sandbox/identity.h"
#include "sandbox/procfs.h"

/* include/linux/key.h: who may find the ring by searching. */
#define KEY_USR_SEARCH 0x00080000UL
#define KEY_OTH_SEARCH 0x00000008UL

/* The owner and the permissions in "keyring;UID;GID;PERMISSIONS;NAME". 0, or -1. */
static int read_description(long ring, unsigned long *owner, unsigned long *permissions)
{
	char description[1536]; /* a container's id has at most 1024 characters */
	char *field = description;
	char *end;
	long length = syscall(SYS_keyctl, KEYCTL_DESCRIBE, ring, description, sizeof(description) - 1);

	if (length < 0)
		return -1;
	errno = EINVAL;
	if ((size_t)length >= sizeof(description))
		return -1;
	description[length] = '\0';
	for (int i = 0; i < 3; i++) {
		field = strchr(field, ';');
		if (!field)
			return -1;
		field++;
		if (i == 0)
			*owner = strtoul(field, NULL, 10);
	}
	*permissions = strtoul(field, &end, 16);
	return end > field && *end == ';' ? 0 : -1;
}

static int make_searchable(long ring, unsigned long who)
{
	unsigned long permissions;
	unsigned long owner;

	if (read_description(ring, &owner, &permissions) < 0)
		return -1;
	/* Any user of the host can have made a ring of that name, and would read the container's keys in it. */
	if (owner != geteuid())
		return syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 ? -1 : 0;
	if (permissions & who)
		return 0;
	return (int)syscall(SYS_keyctl, KEYCTL_SETPERM, ring, permissions | who);
}

int identity_session_keyring(int procfs, const char *container_id, const char *label, bool userns,
			     struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const char *name = arena_printf(&arena, "_ses.%s", container_id);
	bool labelled = label && *label;
	long ring;
	int saved;

	if (labelled && procfs_write_file(procfs, 0, "attr/keycreate", label) < 0)
		return error_set(error, errno, "label the session keyring %s", label);
	ring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
	saved = errno;
	/* Keys that the program makes itself are not for us to label. */
	if (labelled && procfs_write_file(procfs, 0, "attr/keycreate", "") < 0)
		return error_set(error, errno, "reset the label of new keys");
	if (ring < 0 && saved == ENOSYS)
		return 0;
	if (ring < 0)
		return error_set(error, saved, "unable to join session keyring");
	if (make_searchable(ring, userns ? KEY_OTH_SEARCH : KEY_USR_SEARCH) < 0)
		return error_set(error, errno, "unable to mod keyring permissions");
	return 0;
}
