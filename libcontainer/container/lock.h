/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the container of @entry is locked to exec; what cannot be looked at counts as locked. */
#pragma once

#include "state/store.h"

bool lock_is_set(const struct store_entry *entry);
