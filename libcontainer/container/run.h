/* SPDX-License-Identifier: Apache-2.0 */
/* What `run` and `restore` do once the container runs. */
#pragma once

#include "container/create.h"

/* The lock is for changes: while the program runs, other commands may pause, update or kill the container. */
void run_unlock(struct creation *creation);

/*
 * Stays until the container's program ends, and removes the container unless it is to be kept. @notify: the socket of
 * notify_bind(), or -1. *exit_status: the program's. 0, or -1.
 */
int run_stay(struct creation *creation, int notify, int *exit_status, struct error *error);
