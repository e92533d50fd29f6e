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

static inline pid_t sys_clone3(struct clone_args *arguments, size_t size)
{
	return (pid_t)syscall(SYS_clone3, arguments, size);
}

static inline int sys_openat2(int dirfd, const char *path, struct open_how *how)
{
	return (int)syscall(SYS_openat2, dirfd, path, how, sizeof(*how));
}
