/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls and constants that the C library of the oldest supported release does not wrap. Each wrapper
 * behaves as the manual page of its name says: -1 and errno on failure.
 */
#pragma once

#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif
#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

#ifndef SYS_statmount
#define SYS_statmount 457 /* Linux 6.8, as the next; the same on all architectures */
#define SYS_listmount 458
#endif

/* struct mnt_id_req in its first version, and the beginning of struct statmount. <linux/mount.h> */
struct mount_request {
	uint32_t size;
	uint32_t spare;
	uint64_t id;
	uint64_t parameter;
};

struct mount_status {
	uint32_t size;
	uint32_t options;
	uint64_t mask;
	uint32_t device_major;
	uint32_t device_minor;
	uint64_t magic;
};

#define MOUNT_STATUS_FILESYSTEM 0x1ULL /* STATMOUNT_SB_BASIC: the device and the magic number */
#define MOUNT_LIST_ROOT UINT64_MAX /* LSMT_ROOT: everything in the mount namespace */

static inline int sys_statmount(const struct mount_request *request, struct mount_status *status)
{
	return (int)syscall(SYS_statmount, request, status, sizeof(*status), 0);
}

static inline ssize_t sys_listmount(const struct mount_request *request, uint64_t *ids, size_t count)
{
	return syscall(SYS_listmount, request, ids, count, 0);
}

static inline pid_t sys_clone3(struct clone_args *arguments, size_t size)
{
	return (pid_t)syscall(SYS_clone3, arguments, size);
}

static inline int sys_openat2(int dirfd, const char *path, struct open_how *how)
{
	return (int)syscall(SYS_openat2, dirfd, path, how, sizeof(*how));
}
