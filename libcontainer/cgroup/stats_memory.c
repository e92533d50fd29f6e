/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cgroup/stats.h"

struct memory_entry {
	uint64_t limit;
	uint64_t usage;
	uint64_t peak;
	uint64_t failures;
};

static void entry_write(struct json_writer *writer, const char *name, const struct memory_entry *entry)
{
	json_key(writer, name);
	json_begin_object(writer);
	json_member_u64(writer, "limit", entry->limit);
	stats_unless_zero(writer, "usage", entry->usage);
	stats_unless_zero(writer, "max", entry->peak);
	json_member_u64(writer, "failcnt", entry->failures);
	json_end_object(writer);
}

/* Every "KEY NUMBER" line of memory.stat as a member. */
static void raw_write(struct json_writer *writer, char *text)
{
	char *save = NULL;

	if (!*text)
		return;
	json_key(writer, "raw");
	json_begin_object(writer);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *blank = strchr(line, ' ');

		if (!blank)
			continue;
		*blank = '\0';
		json_member_u64(writer, line, strtoull(blank + 1, NULL, 10));
	}
	json_end_object(writer);
}

/* "memory.memsw.usage_in_bytes" and its neighbours. */
static struct memory_entry entry_v1(struct arena *arena, struct cgroup_group *group, const char *prefix)
{
	return (struct memory_entry){
		.limit = stats_number(group, arena_printf(arena, "%s.limit_in_bytes", prefix)),
		.usage = stats_number(group, arena_printf(arena, "%s.usage_in_bytes", prefix)),
		.peak = stats_number(group, arena_printf(arena, "%s.max_usage_in_bytes", prefix)),
		.failures = stats_number(group, arena_printf(arena, "%s.failcnt", prefix)),
	};
}

static struct memory_entry entry_v2(struct arena *arena, struct cgroup_group *group, const char *prefix)
{
	return (struct memory_entry){
		.limit = stats_number(group, arena_printf(arena, "%s.max", prefix)),
		.usage = stats_number(group, arena_printf(arena, "%s.current", prefix)),
		.peak = stats_number(group, arena_printf(arena, "%s.peak", prefix)),
	};
}

/* How often a limit was met, by the kernel's names. */
static void events_write(struct json_writer *writer, const char *text)
{
	static const char *const names[] = { "low", "high", "max", "oom", "oom_kill" };

	json_key(writer, "event_count");
	json_begin_object(writer);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		json_member_u64(writer, names[i], stats_value(text, names[i]));
	}
	json_end_object(writer);
}

void stats_memory(struct json_writer *writer, struct cgroup_group *group)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const char *stat = stats_text(&arena, group, "memory.stat");
	struct memory_entry memory = { 0 };
	struct memory_entry swap = { 0 };
	struct memory_entry kernel = { 0 };
	struct memory_entry tcp = { 0 };

	if (group && group->v2) {
		memory = entry_v2(&arena, group, "memory");
		swap = entry_v2(&arena, group, "memory.swap");
		/* v1's is memory plus swap; their peaks do not add up. */
		swap.usage += memory.usage;
		swap.peak = 0;
		swap.limit = swap.limit == UINT64_MAX || memory.limit == UINT64_MAX ? UINT64_MAX
										    : swap.limit + memory.limit;
	} else if (group) {
		memory = entry_v1(&arena, group, "memory");
		swap = entry_v1(&arena, group, "memory.memsw");
		kernel = entry_v1(&arena, group, "memory.kmem");
		tcp = entry_v1(&arena, group, "memory.kmem.tcp");
	}
	json_begin_object(writer);
	stats_unless_zero(writer, "cache", stats_value(stat, group && group->v2 ? "file" : "cache"));
	entry_write(writer, "usage", &memory);
	entry_write(writer, "swap", &swap);
	entry_write(writer, "kernel", &kernel);
	entry_write(writer, "kernelTCP", &tcp);
	raw_write(writer, arena_strdup(&arena, stat));
	stats_pressure(writer, group, "memory.pressure");
	if (group && group->v2)
		events_write(writer, stats_text(&arena, group, "memory.events"));
	json_end_object(writer);
}

uint64_t cgroup_oom_kills(const struct cgroup *cgroup)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct cgroup_group *group = group_find(cgroup, "memory");

	return stats_value(stats_text(&arena, group,
				      group && group->v2 ? "memory.events" : "memory.oom_control"),
			   "oom_kill");
}
