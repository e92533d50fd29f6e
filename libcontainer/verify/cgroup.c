/* SPDX-License-Identifier: Apache-2.0 */
/* verify: the groups, their limits and the devices they let through. A tighter limit than planned holds, too. */
#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "base/number_set.h"
#include "verify/looking.h"

void look_at_cgroup(struct looking *looking)
{
	const struct cgroup *cgroup = looking->container->cgroup;
	const char *path = cgroup ? cgroup_path(cgroup) : "";
	const char *without;

	if (!*path)
		return;
	without = cgroup_without(cgroup, looking->pid);
	look_add_bool(looking, !without, "linux.cgroupsPath", arena_strdup(looking->arena, path),
		      without ? arena_printf(looking->arena, "the first process is not in %s", without)
			      : "in it");
}

static const char *limit_text(struct arena *arena, uint64_t value)
{
	return value == UINT64_MAX ? "no limit" : arena_printf(arena, "%" PRIu64, value);
}

/* @planned: 0 or less is no limit, and no measure. */
static void compare(struct looking *looking, const char *name, int64_t planned,
		    const struct optional_u64 *found)
{
	const char *text = arena_printf(looking->arena, "at most %" PRId64, planned);

	if (planned <= 0)
		return;
	if (!found->present)
		look_add(looking, MEASURE_UNKNOWN, name, text, "not reported");
	else
		look_add_bool(looking, found->value <= (uint64_t)planned, name, text,
			      limit_text(looking->arena, found->value));
}

/* A pids limit of 0 is one of 1 to the kernel: the process itself. */
static void look_at_pids(struct looking *looking, const struct oci_resources *planned,
			 const struct cgroup_limits *found)
{
	int64_t limit = planned->pids && planned->pids->limit.present ? planned->pids->limit.value : -1;

	compare(looking, "linux.resources.pids.limit", limit == 0 ? 1 : limit, &found->pids);
}

static void look_at_cpu(struct looking *looking, const struct oci_cpu *planned,
			const struct cgroup_limits *found)
{
	uint64_t period = planned->period.present && planned->period.value ? planned->period.value : 100000;
	const char *text = arena_printf(looking->arena, "at most %" PRId64 " of %" PRIu64 " us",
					planned->quota.value, period);
	bool holds;

	if (!planned->quota.present || planned->quota.value <= 0)
		return;
	if (!found->cpu_quota.present || !found->cpu_period.present) {
		look_add(looking, MEASURE_UNKNOWN, "linux.resources.cpu.quota", text, "not reported");
		return;
	}
	holds = found->cpu_quota.value != UINT64_MAX &&
		(unsigned __int128)found->cpu_quota.value * period <=
			(unsigned __int128)planned->quota.value * found->cpu_period.value;
	look_add_bool(looking, holds, "linux.resources.cpu.quota", text,
		      arena_printf(looking->arena, "%s of %" PRIu64 " us",
				   limit_text(looking->arena, found->cpu_quota.value),
				   found->cpu_period.value));
}

/* @found lies in @planned, both lists of numbers. */
static void look_at_set(struct looking *looking, const char *name, const char *planned, const char *found)
{
	struct number_set *wide, *narrow;
	bool holds = true;

	if (!planned || !*planned)
		return;
	wide = ARENA_NEW(looking->arena, struct number_set);
	narrow = ARENA_NEW(looking->arena, struct number_set);
	if (!found || number_set_parse(planned, wide) < 0 || (*found && number_set_parse(found, narrow) < 0)) {
		look_add(looking, MEASURE_UNKNOWN, name, planned, found ? found : "not reported");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(wide->words); i++)
		holds &= !(narrow->words[i] & ~wide->words[i]);
	look_add_bool(looking, holds && *found, name, planned, *found ? found : "all");
}

/* Single numbers only: the kernel writes others in words of its own. */
static void look_at_unified(struct looking *looking, const struct string_map *unified)
{
	for (size_t i = 0; i < unified->count; i++) {
		const char *name =
			arena_printf(looking->arena, "linux.resources.unified %s", unified->items[i].key);
		struct optional_u64 found = { 0 };
		int64_t planned;
		const char *text;

		if (parse_i64(unified->items[i].value, 0, INT64_MAX, &planned) < 0)
			continue;
		text = cgroup_read_unified(looking->arena, looking->container->cgroup, unified->items[i].key);
		found.value = UINT64_MAX;
		found.present =
			text && (!strcmp(text, "max") || parse_u64(text, 0, UINT64_MAX, &found.value) == 0);
		compare(looking, name, planned, &found);
	}
}

void look_at_limits(struct looking *looking)
{
	const struct oci_resources *planned =
		looking->config->linux_ ? looking->config->linux_->resources : NULL;
	const struct cgroup *cgroup = looking->container->cgroup;
	struct cgroup_limits found = { 0 };

	if (!planned)
		return;
	if (cgroup)
		cgroup_read_limits(looking->arena, cgroup, &found);
	look_at_pids(looking, planned, &found);
	if (planned->memory) {
		compare(looking, "linux.resources.memory.limit", planned->memory->limit.value, &found.memory);
		compare(looking, "linux.resources.memory.swap", planned->memory->swap.value,
			&found.memory_and_swap);
	}
	if (planned->cpu) {
		look_at_cpu(looking, planned->cpu, &found);
		look_at_set(looking, "linux.resources.cpu.cpus", planned->cpu->cpus, found.cpus);
		look_at_set(looking, "linux.resources.cpu.mems", planned->cpu->mems, found.mems);
	}
	if (cgroup)
		look_at_unified(looking, &planned->unified);
}

void look_at_devices(struct looking *looking)
{
	const struct oci_linux *config = looking->config->linux_;
	const struct cgroup *cgroup = looking->container->cgroup;
	const struct oci_device_rule_list none = { 0 };
	const char *found = "";
	struct error error;
	int result;

	if (!cgroup || !*cgroup_path(cgroup))
		return;
	result = cgroup_check_devices(looking->arena, cgroup,
				      config && config->resources ? &config->resources->devices : &none,
				      config ? &config->devices : NULL, &found, &error);
	if (result < 0)
		look_add(looking, MEASURE_UNKNOWN, "linux.resources.devices", "as configured",
			 arena_strdup(looking->arena, error.text));
	else
		look_add_bool(looking, result, "linux.resources.devices", "no others than configured", found);
}
