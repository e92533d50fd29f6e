/* SPDX-License-Identifier: Apache-2.0 */
/* linux.sysctl, written through the descriptor of the host's procfs: no path of the container takes part. */
#include "sandbox/rootfs_room.h"

#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "sandbox/procfs.h"

static int write_sysctl(struct rootfs *rootfs, const char *name, const char *value, struct error *error)
{
	struct open_how how = {
		.flags = O_WRONLY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	_cleanup_fd_ int fd = sys_openat2(rootfs->procfs, procfs_sysctl(rootfs->arena, name), &how);
	size_t length = strlen(value);

	if (fd < 0 || write(fd, value, length) != (ssize_t)length)
		return error_set(error, errno, "set sysctl %s to %s", name, value);
	return 0;
}

int rootfs_sysctls(struct rootfs *rootfs, struct error *error)
{
	const struct string_map *sysctls = &rootfs_linux(rootfs)->sysctl;

	for (size_t i = 0; i < sysctls->count; i++)
		if (write_sysctl(rootfs, sysctls->items[i].key, sysctls->items[i].value, error) < 0)
			return -1;
	return 0;
}
