/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resources.cpu: how many CPUs' time a container gets: quota over period. A quota that is absent, 0 or negative
 * is no limit.
 */
#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "policy/limits.h"

/* The kernel's, microseconds: the period it starts with, and the least quota it takes. */
#define PERIOD_DEFAULT 100000
#define QUOTA_MIN 1000

static bool exceeds(uint64_t quota, uint64_t period, uint64_t thousandths)
{
	return (unsigned __int128)quota * 1000 > (unsigned __int128)period * thousandths;
}

/* The quota that is @thousandths of a CPU; a period too short for it becomes the kernel's. */
static uint64_t quota_for(uint64_t thousandths, uint64_t *period)
{
	unsigned __int128 quota = (unsigned __int128)*period * thousandths / 1000;

	if (quota < QUOTA_MIN || quota > INT64_MAX) {
		*period = PERIOD_DEFAULT;
		quota = (unsigned __int128)PERIOD_DEFAULT * thousandths / 1000;
	}
	return (uint64_t)quota;
}

/* "QUOTA [PERIOD]" of cgroup v2; a quota of "max" is 0. */
static int parse_cpu_max(const char *text, uint64_t *quota, uint64_t *period)
{
	char words[64], *rest = NULL, *first, *second;

	if (strlen(text) >= sizeof(words))
		return -1;
	memcpy(words, text, strlen(text) + 1);
	first = strtok_r(words, " ", &rest);
	second = strtok_r(NULL, " ", &rest);
	*quota = 0;
	*period = PERIOD_DEFAULT;
	if (!first || strtok_r(NULL, " ", &rest))
		return -1;
	if (strcmp(first, "max") != 0 && parse_u64(first, 1, INT64_MAX, quota))
		return -1;
	return second ? parse_u64(second, 1, INT64_MAX, period) : 0;
}

bool unified_cpu_is_readable(const struct policy_pass *pass)
{
	const struct string_pair *entry = unified_find(pass->resources, "cpu.max");
	uint64_t quota, period;

	return !entry || !parse_cpu_max(entry->value, &quota, &period);
}

static void clamp_unified(struct policy_pass *pass, const struct limit *limit)
{
	struct string_pair *entry = unified_find(pass->resources, "cpu.max");
	uint64_t quota, period;
	const char *to;

	if (!entry || parse_cpu_max(entry->value, &quota, &period) ||
	    (quota && !exceeds(quota, period, limit->max)))
		return;
	quota = quota_for(limit->max, &period);
	to = arena_printf(pass->arena, "%" PRIu64 " %" PRIu64, quota, period);
	pass_change(pass, &limit->max_names, "resources.cpu.max", "linux.resources.unified.cpu.max",
		    entry->value, to);
	entry->value = to;
}

static const char *cpu_text(struct arena *arena, uint64_t quota, uint64_t period)
{
	return quota ? arena_printf(arena, "%" PRIu64 " of %" PRIu64 " us", quota, period) : "unlimited";
}

static void set_quota(struct policy_pass *pass, uint64_t thousandths, uint64_t old_quota, uint64_t period,
		      const char *key, const struct string_list *names)
{
	struct oci_resources *resources = pass_resources(pass);
	uint64_t new_period = period, quota = quota_for(thousandths, &new_period);

	if (!resources->cpu)
		resources->cpu = ARENA_NEW(pass->arena, struct oci_cpu);
	resources->cpu->quota = (struct optional_i64){ true, (int64_t)quota };
	resources->cpu->period = (struct optional_u64){ true, new_period };
	/* a burst is taken from quota that was not used; the kernel refuses a larger one */
	if (resources->cpu->burst.value > quota)
		resources->cpu->burst.value = quota;
	pass_change(pass, names, key, "linux.resources.cpu.quota", cpu_text(pass->arena, old_quota, period),
		    cpu_text(pass->arena, quota, new_period));
}

void limit_cpu(struct policy_pass *pass, const struct limit *limit)
{
	const struct oci_cpu *cpu = pass->resources ? pass->resources->cpu : NULL;
	const struct oci_cpu *before = pass->current ? pass->current->cpu : NULL;
	bool quota_given = cpu && cpu->quota.present && cpu->quota.value != 0;
	bool period_given = cpu && cpu->period.present && cpu->period.value != 0;
	uint64_t quota = 0, period = PERIOD_DEFAULT, to;
	const struct string_list *names;
	const char *bound;

	if (limit->max)
		clamp_unified(pass, limit);
	if (period_given)
		period = cpu->period.value;
	else if (before && before->period.present && before->period.value)
		period = before->period.value;
	if (quota_given && cpu->quota.value > 0)
		quota = (uint64_t)cpu->quota.value;
	else if (!quota_given && before && before->quota.present && before->quota.value > 0)
		quota = (uint64_t)before->quota.value;
	if (pass->stage == POLICY_STAGE_UPDATE && !quota_given && !period_given)
		return;
	if (quota_given || pass->stage == POLICY_STAGE_UPDATE) {
		if (limit->max && (!quota || exceeds(quota, period, limit->max)))
			set_quota(pass, limit->max, quota, period, "resources.cpu.max", &limit->max_names);
		return;
	}
	to = limit_where_none_is_set(pass, limit, pass->facts->delegated.cpu, &bound, &names);
	if (unified_find(pass->resources, "cpu.max"))
		to = limit->max, names = &limit->max_names, bound = "max";
	if (to)
		set_quota(pass, to, 0, period, arena_printf(pass->arena, "resources.cpu.%s", bound), names);
}
