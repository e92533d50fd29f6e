/* SPDX-License-Identifier: Apache-2.0 */
/* Staying with a process that runs in the caller's foreground: its terminal, its signals, its end. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"

/*
 * Blocks all signals in this process, so that foreground_wait() gets them. What this process makes afterwards, the
 * container's first process and hooks, blocks none.
 */
void foreground_block_signals(void);

/* Blocks them but for those that stop a job: ^Z stops this process with the hooks that it waits for. */
void foreground_hold_signals(void);

/* Lets them through again, also those that came meanwhile. */
void foreground_unblock_signals(void);

/*
 * Waits for process @pid: passes on the signals this process gets, copies between the caller's terminal and the
 * pty @master (-1: none), with the window's size, and reaps whatever else becomes this process's child. The
 * terminal is as before afterwards. Returns the program's exit status, 128+N for signal N, or -1.
 */
int foreground_wait(struct arena *arena, pid_t pid, int master, struct error *error);
