/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc says of a process. proc(5) */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/*
 * When process @pid started (clock ticks since boot), and its state letter. 0, or -1 with errno: ESRCH, it is gone or
 * /proc does not show it to this user.
 */
int process_stat(pid_t pid, uint64_t *start, char *letter);
