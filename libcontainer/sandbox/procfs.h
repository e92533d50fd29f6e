/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in the host's procfs: a process's, and sysctls.
 *
 * Labels, scores and the like are written by opening "thread-self/…" below the descriptor of the host's
 * procfs, never by a path below the container's /proc: libselinux and libapparmor do the latter, and whatever
 * an image has mounted there then gets the label (CVE-2019-16884 and its successors). Nothing may be mounted
 * on the way either.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"

/* Opens @name of process @pid (0: the calling thread) with open(2) @flags. A descriptor, or -1 with errno. */
int procfs_open_file(int procfs, pid_t pid, const char *name, int flags);

/*
 * The file of the sysctl @name below procfs, in @arena. "net.ipv4.ip_forward" and "net/ipv4/ip_forward" are the same: the
 * first separator decides, and the other character is part of a name from then on and stands for the separator:
 * "net/ipv4/conf/eth0.100/mtu" is "net.ipv4.conf.eth0/100.mtu". sysctl(8)
 */
char *procfs_sysctl(struct arena *arena, const char *name);

/* One write(2) of @text. 0, or -1 with errno. */
int procfs_write_file(int procfs, pid_t pid, const char *name, const char *text);

/* Reads at most @size - 1 bytes; the text is NUL-terminated. The length, or -1 with errno. */
ssize_t procfs_read_file(int procfs, pid_t pid, const char *name, char *text, size_t size);
