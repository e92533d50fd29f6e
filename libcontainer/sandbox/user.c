/* SPDX-License-Identifier: Apache-2.0 */
/* Groups, gid, uid and umask. */
#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "sandbox/identity.h"
#include "sandbox/procfs.h"

#define DEFAULT_UMASK 0022

static bool setgroups_is_denied(int procfs)
{
	char text[16];

	return procfs_read_file(procfs, 0, "setgroups", text, sizeof(text)) > 0 &&
	       strncmp(text, "deny", 4) == 0;
}

/* Whether the process is in every group that @user asks for without setgroups(2). */
static bool has_groups(const struct oci_user *user)
{
	_cleanup_arena_ struct arena arena = { 0 };
	int room = getgroups(0, NULL);
	gid_t *groups = ARENA_NEW_ARRAY(&arena, gid_t, room > 0 ? (size_t)room : 1);
	int count = getgroups(room, groups);

	if (room < 0 || count < 0)
		return false;
	for (size_t i = 0; i < user->additional_gids.count; i++) {
		bool found = user->additional_gids.items[i] == user->gid;

		for (int j = 0; j < count && !found; j++)
			found = groups[j] == user->additional_gids.items[i];
		if (!found)
			return false;
	}
	return true;
}

static int set_groups(int procfs, const struct oci_user *user, struct error *error)
{
	_Static_assert(sizeof(gid_t) == sizeof(*user->additional_gids.items), "a gid has 32 bits");

	/* Also with an empty list: the caller's groups must not come along. */
	if (setgroups(user->additional_gids.count, user->additional_gids.items) == 0)
		return 0;
	if (errno != EPERM || !setgroups_is_denied(procfs))
		return error_set(error, errno, "set the additional groups");
	if (!has_groups(user))
		return error_set(error, 0,
				 "cannot set any additional groups in a rootless container "
				 "(its user namespace denies setgroups)");
	return 0;
}

int identity_user(int procfs, const struct oci_user *user, struct error *error)
{
	umask(user->umask.present ? user->umask.value : DEFAULT_UMASK);
	if (set_groups(procfs, user, error) < 0)
		return -1;
	if (setresgid(user->gid, user->gid, user->gid) < 0) {
		if (errno == EINVAL)
			return error_set(error, 0, "cannot set gid to unmapped user in user namespace (gid %u)",
					 user->gid);
		return error_set(error, errno, "set gid %u", user->gid);
	}
	/* execve(2) resets it; identity_capabilities() still needs what a change away from root would take. */
	if (user->uid != 0 && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return error_set(error, errno, "keep the capabilities over the change of user");
	if (setresuid(user->uid, user->uid, user->uid) < 0) {
		if (errno == EINVAL)
			return error_set(error, 0, "cannot set uid to unmapped user in user namespace (uid %u)",
					 user->uid);
		return error_set(error, errno, "set uid %u", user->uid);
	}
	return 0;
}
