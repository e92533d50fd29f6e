/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Idmapped mounts. The kernel takes a mapping in the form of a user namespace; for mappings of a mount's
 * own one is made that nobody lives in: a child enters it, its maps are written, its descriptor is taken,
 * the child ends.
 */
#include "sandbox/rootfs_room.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "sandbox/id_maps.h"

int tree_set_idmap(int tree, bool recursive, int userns)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)userns };

	return sys_mount_setattr(tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attributes);
}

static int map_child(int procfs, pid_t pid, const struct oci_id_mapping_list *uids,
		     const struct oci_id_mapping_list *gids, struct error *error)
{
	char path[64];
	int fd;

	if (id_map_write(procfs, pid, "uid_map", uids) < 0 || id_map_write(procfs, pid, "gid_map", gids) < 0)
		return error_set(error, errno, "write the id maps of the mount's mapping");
	snprintf(path, sizeof(path), "%d/ns/user", pid);
	fd = openat(procfs, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(error, errno, "open the user namespace of the mount's mapping");
	return fd;
}

int idmap_open_namespace(int procfs, const struct oci_id_mapping_list *uids,
			 const struct oci_id_mapping_list *gids, struct error *error)
{
	/* No exit signal: whoever waits for children of the runtime's does not see this one. */
	struct clone_args arguments = { .flags = CLONE_NEWUSER };
	pid_t parent = getpid();
	pid_t child;
	int userns;

	child = sys_clone3(&arguments, sizeof(arguments));
	if (child < 0)
		return error_set(error, errno, "make a user namespace for the mount's mapping");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (getppid() == parent)
			pause();
		_exit(0);
	}
	userns = map_child(procfs, child, uids, gids, error);
	kill(child, SIGKILL);
	while (waitpid(child, NULL, __WALL) < 0 && errno == EINTR)
		;
	return userns;
}
