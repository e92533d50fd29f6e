/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of which a container has one to itself: which range of ids, which project of the disk quota.
 *
 * The machine has one set of each, whatever the state roots of its engines are: which are taken is kept in the default
 * state root. A number is a file there, ROOT/.KIND/NUMBER, and taken while the file has a second name in a container's directory: so it
 * is free again when that directory is removed, however that happens. Until it has that name, whoever takes it holds
 * a lock (flock(2)), which ends with the command. Finding one does not take longer the more containers there are.
 */
#pragma once

#include "state/store.h"

struct slot {
	int fd; /* holds the lock; -1: none */
	uint32_t number;
};

/* Takes a number below @count, of those kept in @store (store_open_machine()), for container @id. 0; 1 where all are taken; or -1. */
int slot_take(const struct store *store, const char *kind, const char *id, uint32_t count, struct slot *slot,
	      struct error *error);

/* Makes it that of the container whose directory @entry is; does nothing where none was taken. 0, or -1. */
int slot_keep(struct slot *slot, const char *kind, const struct store_entry *entry, struct error *error);

/* Gives back what was not kept. */
void slot_close(struct slot *slot);
