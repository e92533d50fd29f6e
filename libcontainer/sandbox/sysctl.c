// SPDX-License-Identifier: Apache-2.0
/* linux.sysctl, written through the descriptor of the host's procfs: no path of the container takes part. */
#include "sandbox/rootfs_room.h"

#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "base/syscalls.h"

/*
 * "net.ipv4.ip_forward" and "net/ipv4/ip_forward" are the same. The first separator decides; the other
 * character is then part of a name and stands for the separator's opposite: "net/ipv4/conf/eth0.100/mtu" is
 * "net.ipv4.conf.eth0/100.mtu". sysctl(8)
 */
static char *sysctl_path(struct arena *arena, const char *name)
{
	const char *first = strpbrk(name, "./");
	char *path = arena_printf(arena, "sys/%s", name);

	if (!first || *first == '/')
		return path;
	for (char *c = path + strlen("sys/"); *c; c++) {
		if (*c == '.')
			*c = '/';
		else if (*c == '/')
			*c = '.';
	}
	return path;
}

static int write_sysctl(struct rootfs *rootfs, const char *name, const char *value, struct error *error)
{
	struct open_how how = {
		.flags = O_WRONLY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	_cleanup_fd_ int fd = sys_openat2(rootfs->procfs, sysctl_path(rootfs->arena, name), &how);
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
