/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What glibc has and musl has not: included before everything else where the C library is musl (Makefile). System calls
 * behave as their manual pages say; the kernel's headers have the constants. The rooms know nothing of this.
 */
#pragma once

#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
/* Both headers have this structure, and the kernel's alone has the newest constants. */
#define prctl_mm_map kernel_prctl_mm_map
#include <linux/prctl.h>
#undef prctl_mm_map
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

/* musl's struct statx ends before the mount's id: from here on the name is the kernel's. */
#define statx kernel_statx
#define statx_timestamp kernel_statx_timestamp
#include <linux/stat.h>

static inline int statx(int dirfd, const char *path, int flags, unsigned int mask, struct statx *status)
{
	return (int)syscall(SYS_statx, dirfd, path, flags, mask, status);
}

/* musl's rlim_t has 64 bits on every architecture. */
#define rlimit64 rlimit
#define prlimit64 prlimit
enum __rlimit_resource { RESOURCE_IS_AN_INT };

/* Of struct statfs. */
typedef unsigned long __fsword_t;

static inline const char *strerrordesc_np(int number)
{
	return strerror(number);
}

static inline const char *sigdescr_np(int number)
{
	return strsignal(number);
}

/* signal(7), x86 and arm */
static inline const char *sigabbrev_np(int number)
{
	static const char *const names[] = {
		NULL,	"HUP",	"INT",	"QUIT", "ILL",	  "TRAP",   "ABRT",  "BUS",  "FPE",  "KILL", "USR1",
		"SEGV", "USR2", "PIPE", "ALRM", "TERM",	  "STKFLT", "CHLD",  "CONT", "STOP", "TSTP", "TTIN",
		"TTOU", "URG",	"XCPU", "XFSZ", "VTALRM", "PROF",   "WINCH", "POLL", "PWR",  "SYS",
	};

	return number > 0 && number < (int)(sizeof(names) / sizeof(*names)) ? names[number] : NULL;
}

static inline int close_range(unsigned int first, unsigned int last, int flags)
{
	return (int)syscall(SYS_close_range, first, last, flags);
}

static inline int execveat(int dirfd, const char *path, char *const arguments[], char *const environment[],
			   int flags)
{
	return (int)syscall(SYS_execveat, dirfd, path, arguments, environment, flags);
}

static inline int open_tree(int dirfd, const char *path, unsigned int flags)
{
	return (int)syscall(SYS_open_tree, dirfd, path, flags);
}

static inline int move_mount(int from_dirfd, const char *from, int to_dirfd, const char *to, unsigned int flags)
{
	return (int)syscall(SYS_move_mount, from_dirfd, from, to_dirfd, to, flags);
}

static inline int fsopen(const char *type, unsigned int flags)
{
	return (int)syscall(SYS_fsopen, type, flags);
}

static inline int fsconfig(int fd, unsigned int command, const char *key, const void *value, int auxiliary)
{
	return (int)syscall(SYS_fsconfig, fd, command, key, value, auxiliary);
}

static inline int fsmount(int fd, unsigned int flags, unsigned int attributes)
{
	return (int)syscall(SYS_fsmount, fd, flags, attributes);
}

static inline int mount_setattr(int dirfd, const char *path, unsigned int flags, struct mount_attr *attributes,
				size_t size)
{
	return (int)syscall(SYS_mount_setattr, dirfd, path, flags, attributes, size);
}
