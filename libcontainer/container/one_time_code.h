/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One-time codes (TOTP, RFC 6238: six digits, 30 seconds, SHA-1), by the secret that an operator set up.
 *
 * A code is good once. After five wrong ones in a row each further one takes a pause first, which doubles with each from
 * 30 seconds to an hour: guessing then has a chance of one in ten thousand a day, and a right code is never kept out
 * for longer. The machine has one secret, so the count is the machine's, too: it is kept in the default state root,
 * where only the secret's owner writes.
 */
#pragma once

#include <time.h>

#include "policy/policy.h"
#include "state/store.h"

#define CODE_SECRET_FILE POLICY_SITE_DIRECTORY "/unlock.secret"

struct code_secret {
	unsigned char bytes[640];
	size_t length; /* 0: the operator has set none up */
};

void code_secret_wipe(struct code_secret *secret);
#define _cleanup_code_secret_ _cleanup_(code_secret_wipe)

/* Reads the secret of the file @path. What is on the way to it is wiped. 0, also where there is none, or -1. */
int code_secret_read(const char *path, struct code_secret *secret, struct error *error);

/* How many seconds there are between @wrong wrong codes in a row and the next one. */
unsigned int code_pause(uint64_t wrong);

/* Whether @code is the one of @now and was not used before; counted in @store before it is looked at. 0, or -1. */
int code_check(const struct store *store, const struct code_secret *secret, const char *code, time_t now,
	       struct error *error);
