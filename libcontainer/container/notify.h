/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sd_notify(3) for a container: it gets a socket of its own, and what it says of its readiness goes on to the
 * host's NOTIFY_SOCKET.
 */
#pragma once

#include "state/store.h"

/* Where the container's program finds its socket; its directory is mounted at /run/notify. */
#define NOTIFY_CONTAINER_PATH "/run/notify/notify.sock"

/* NOTIFY_SOCKET of this process's environment, or NULL. */
const char *notify_host_socket(void);

/* Makes the directory STORE_NOTIFY of the container, which is mounted into it. 0, or -1. */
int notify_make_directory(const struct store_entry *entry, struct error *error);

/* Binds the container's socket in it, before the program starts. A descriptor, or -1. */
int notify_bind(const struct store_entry *entry, struct error *error);

/*
 * Waits until the container says READY=1 or its process (@pidfd) ends, and then tells the host's @socket
 * READY=1, MAINPID=@pid and waits for its barrier. Nothing else is passed on. 0, or -1.
 */
int notify_forward(int bound, const char *socket, pid_t pid, int pidfd, struct error *error);
