/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the policy room: resources.pids, resources.memory and resources.cpu, each a default and a maximum.
 *
 * A default holds where the config sets no limit at all; an explicit -1 is a limit that was asked for, and only
 * a maximum changes it. resources.unified writes to the same kernel interfaces and is clamped as well.
 */
#pragma once

#include "policy/key.h"

struct limit {
	bool present; /* the member is there */
	uint64_t default_value; /* 0: none */
	uint64_t max; /* 0: none */
	struct string_list default_names;
	struct string_list max_names;
};

/* What is limited: pids are a count, memory is in bytes, cpu in thousandths of a CPU. */
struct limits {
	struct limit pids;
	struct limit memory;
	struct limit cpu;
};

/*
 * What a limit that is not set becomes, 0 for nothing: the default, or else the maximum. Without the host's
 * root there may be no cgroup to set a default in; a maximum is never given up.
 */
uint64_t limit_where_none_is_set(const struct policy_pass *pass, const struct limit *limit, bool delegated,
				 const char **member, const struct string_list **names);

/* "unlimited", "absent" or the number. */
const char *limit_text(struct arena *arena, const struct optional_i64 *value);

/* Whether the value that cgroup v2 is given in resources.unified can be read: "max" or a number. */
bool unified_limit_is_readable(const struct policy_pass *pass, const char *name);
/* Brings it down to @max. */
void unified_limit_clamp(struct policy_pass *pass, const char *name, uint64_t max, const char *key,
			 const struct string_list *names);

void limit_pids(struct policy_pass *pass, const struct limit *limit);
void limit_memory(struct policy_pass *pass, const struct limit *limit);
void limit_cpu(struct policy_pass *pass, const struct limit *limit);
/* Whether resources.unified "cpu.max" can be read: "max" or a quota, and perhaps a period. */
bool unified_cpu_is_readable(const struct policy_pass *pass);
