/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls of the mount API that the C library of the oldest supported release does not wrap (and
 * whose constants its <sys/mount.h> and the kernel's <linux/mount.h> define twice). Kernel 5.12 has all of
 * them. Each wrapper behaves as the manual page of its name says: -1 and errno on failure.
 */
#pragma once

#include <fcntl.h>
#include <linux/mount.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef MOUNT_ATTR_NOSYMFOLLOW
#define MOUNT_ATTR_NOSYMFOLLOW 0x00200000
#endif
#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif

static inline int sys_fsopen(const char *type, unsigned int flags)
{
	return (int)syscall(SYS_fsopen, type, flags);
}

static inline int sys_fspick(int directory, const char *path, unsigned int flags)
{
	return (int)syscall(SYS_fspick, directory, path, flags);
}

static inline int sys_fsconfig(int fs, unsigned int command, const char *key, const void *value, int auxiliary)
{
	return (int)syscall(SYS_fsconfig, fs, command, key, value, auxiliary);
}

static inline int sys_fsmount(int fs, unsigned int flags, unsigned int attributes)
{
	return (int)syscall(SYS_fsmount, fs, flags, attributes);
}

static inline int sys_open_tree(int directory, const char *path, unsigned int flags)
{
	return (int)syscall(SYS_open_tree, directory, path, flags);
}

static inline int sys_move_mount(int from, const char *from_path, int to, const char *to_path,
				 unsigned int flags)
{
	return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}

static inline int sys_mount_setattr(int directory, const char *path, unsigned int flags,
				    struct mount_attr *attributes)
{
	return (int)syscall(SYS_mount_setattr, directory, path, flags, attributes, sizeof(*attributes));
}

static inline int sys_mount(const char *source, const char *target, const char *type, unsigned long flags,
			    const void *data)
{
	return (int)syscall(SYS_mount, source, target, type, flags, data);
}

static inline int sys_umount2(const char *target, int flags)
{
	return (int)syscall(SYS_umount2, target, flags);
}

static inline int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}
