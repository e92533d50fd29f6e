/* SPDX-License-Identifier: Apache-2.0 */
/* Random policies and configs, from small universes, so that they meet each other often. */
#pragma once

#include <stdint.h>

#include "policy/policy.h"

struct random {
	uint64_t state; /* not 0 */
};

/* A number below @limit. */
unsigned int random_below(struct random *random, unsigned int limit);

/* A policy document called @name, in JSON. */
const char *random_policy(struct arena *arena, struct random *random, const char *name);

/* A config, in JSON. */
const char *random_config(struct arena *arena, struct random *random);

/* What the host is like: whether users can be remapped, whether it is rootless. */
struct policy_facts random_facts(struct random *random);
