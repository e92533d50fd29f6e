/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc says of a process. proc(5) */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * When process @pid started (clock ticks since boot), and its state letter. 0, or -1 with errno: ESRCH, it is gone or
 * /proc does not show it to this user.
 */
int process_stat(pid_t pid, uint64_t *start, char *letter);

/*
 * What stands behind "NAME:" in @status, the text of a /proc/PID/status, without the blanks in front of it and with all
 * that follows; NULL: there is no such line.
 */
const char *process_status_field(const char *status, const char *name);

/* Takes a number of @base off *field, which moves on. False: there is none up to the line's end, or it is too large. */
bool process_status_number(const char **field, int base, uint64_t *number);
