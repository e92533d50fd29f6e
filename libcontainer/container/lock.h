/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a container is locked to exec, and how exec and `lock` keep out of each other's way. */
#pragma once

#include "state/store.h"

/* Whether the container of @entry is locked to exec; what cannot be looked at counts as locked. */
bool lock_is_set(const struct store_entry *entry);

/*
 * For exec, before it looks whether the container is locked: as long as the descriptor is open, here or in the process
 * that is on its way in, `lock` does not return. So none enters after that. A descriptor, or -1.
 */
int lock_hold_off(const struct store_entry *entry, struct error *error);
