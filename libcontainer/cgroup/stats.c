/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics under runc's names: https://github.com/opencontainers/runc, types/events.go */
#include "cgroup/resctrl.h"
#include "cgroup/stats.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/strbuf.h"

#define NANOSECONDS_PER_TICK 10000000ULL /* USER_HZ is 100 on every architecture that matters here */

uint64_t stats_value(const char *text, const char *key)
{
	size_t length = strlen(key);

	while (text && *text) {
		if (strncmp(text, key, length) == 0 && text[length] == ' ')
			return strtoull(text + length + 1, NULL, 10);
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return 0;
}

const char *stats_text(struct arena *arena, struct cgroup_group *group, const char *file)
{
	char *text;

	return group && group_read(arena, group, file, &text) == 0 ? text : "";
}

uint64_t stats_number(struct cgroup_group *group, const char *file)
{
	uint64_t value;

	return group && group_read_u64(group, file, &value) == 0 ? value : 0;
}

void stats_unless_zero(struct json_writer *writer, const char *name, uint64_t value)
{
	if (!value)
		return;
	json_member_u64(writer, name, value);
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0" */
static void pressure_line(struct json_writer *writer, const char *text, const char *name)
{
	static const char *const averages[] = { "avg10", "avg60", "avg300" };
	const char *line = strstr(text, name);
	const char *next = line;

	if (!line || !strstr(line, " total="))
		return;
	json_key(writer, name);
	json_begin_object(writer);
	for (size_t i = 0; i < ARRAY_SIZE(averages); i++) {
		next = next ? strchr(next, '=') : NULL;
		json_key(writer, averages[i]);
		json_double(writer, next ? strtod(++next, NULL) : 0);
	}
	json_member_u64(writer, "total", strtoull(strstr(line, " total=") + 7, NULL, 10));
	json_end_object(writer);
}

void stats_pressure(struct json_writer *writer, struct cgroup_group *group, const char *file)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const char *text = group && group->v2 ? stats_text(&arena, group, file) : "";

	if (!*text)
		return;
	json_key(writer, "psi");
	json_begin_object(writer);
	pressure_line(writer, text, "some");
	pressure_line(writer, text, "full");
	json_end_object(writer);
}

/* Column @column (0: the cpu's number) of the table that cpuacct.usage_all is, as an array. */
static void percpu(struct json_writer *writer, const char *name, const char *table, unsigned int column)
{
	const char *line = strchr(table, '\n');

	if (!line)
		return;
	json_key(writer, name);
	json_begin_array(writer);
	for (; line; line = strchr(line + 1, '\n')) {
		char *next = (char *)line + 1;
		uint64_t value = 0;

		for (unsigned int i = 0; i <= column; i++)
			value = strtoull(next, &next, 10);
		json_u64(writer, value);
	}
	json_end_array(writer);
}

static void percpu_total(struct json_writer *writer, const char *text)
{
	char *next = (char *)text;

	if (!*text)
		return;
	json_key(writer, "percpu");
	json_begin_array(writer);
	while (*next >= '0' && *next <= '9') {
		json_u64(writer, strtoull(next, &next, 10));
		next += strspn(next, " ");
	}
	json_end_array(writer);
}

static void cpu_usage_v1(struct json_writer *writer, struct cgroup_group *group)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const char *ticks = stats_text(&arena, group, "cpuacct.stat");
	const char *table = stats_text(&arena, group, "cpuacct.usage_all");

	json_begin_object(writer);
	stats_unless_zero(writer, "total", stats_number(group, "cpuacct.usage"));
	percpu_total(writer, stats_text(&arena, group, "cpuacct.usage_percpu"));
	percpu(writer, "percpu_kernel", table, 2);
	percpu(writer, "percpu_user", table, 1);
	json_member_u64(writer, "kernel", stats_value(ticks, "system") * NANOSECONDS_PER_TICK);
	json_member_u64(writer, "user", stats_value(ticks, "user") * NANOSECONDS_PER_TICK);
	json_end_object(writer);
}

static void cpu_usage_v2(struct json_writer *writer, const char *stat)
{
	json_begin_object(writer);
	stats_unless_zero(writer, "total", stats_value(stat, "usage_usec") * 1000);
	json_member_u64(writer, "kernel", stats_value(stat, "system_usec") * 1000);
	json_member_u64(writer, "user", stats_value(stat, "user_usec") * 1000);
	json_end_object(writer);
}

static void stats_cpu(struct json_writer *writer, const struct cgroup *cgroup)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct cgroup_group *group = group_find(cgroup, "cpu");
	struct cgroup_group *account = group_find(cgroup, "cpuacct");
	const char *stat = stats_text(&arena, group, "cpu.stat");
	uint64_t throttled = stats_value(stat, "throttled_time");

	json_begin_object(writer);
	json_key(writer, "usage");
	if (account && account->v2)
		cpu_usage_v2(writer, stats_text(&arena, account, "cpu.stat"));
	else
		cpu_usage_v1(writer, account);
	json_key(writer, "throttling");
	json_begin_object(writer);
	stats_unless_zero(writer, "periods", stats_value(stat, "nr_periods"));
	stats_unless_zero(writer, "throttledPeriods", stats_value(stat, "nr_throttled"));
	stats_unless_zero(writer, "throttledTime",
			  throttled ? throttled : stats_value(stat, "throttled_usec") * 1000);
	json_end_object(writer);
	stats_pressure(writer, group, "cpu.pressure");
	json_end_object(writer);
}

/* "0-2,7" as [0,1,2,7]; left out where it is empty. */
static void number_list(struct json_writer *writer, const char *name, const char *text)
{
	char *next = (char *)text;

	if (*text < '0' || *text > '9')
		return;
	json_key(writer, name);
	json_begin_array(writer);
	while (*next >= '0' && *next <= '9') {
		uint64_t first = strtoull(next, &next, 10);
		uint64_t last = first;

		if (*next == '-')
			last = strtoull(next + 1, &next, 10);
		for (uint64_t i = first; i <= last && i <= UINT16_MAX; i++)
			json_u64(writer, i);
		next += *next == ',';
	}
	json_end_array(writer);
}

/* v2 has no such statistics: runc then writes the members that it never leaves out, as 0. */
static void stats_cpuset(struct json_writer *writer, struct cgroup_group *group)
{
	static const char *const flags[] = {
		"mem_hardwall",	      "mem_exclusive",	 "memory_migrate",     "memory_spread_page",
		"memory_spread_slab", "memory_pressure", "sched_load_balance",
	};
	_cleanup_arena_ struct arena arena = { 0 };
	const char *domain;

	json_begin_object(writer);
	number_list(writer, "cpus", stats_text(&arena, group, "cpuset.cpus"));
	json_member_u64(writer, "cpu_exclusive", stats_number(group, "cpuset.cpu_exclusive"));
	number_list(writer, "mems", stats_text(&arena, group, "cpuset.mems"));
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
		json_member_u64(writer, flags[i],
				stats_number(group, arena_printf(&arena, "cpuset.%s", flags[i])));
	}
	domain = stats_text(&arena, group, "cpuset.sched_relax_domain_level");
	json_member_i64(writer, "sched_relax_domain_level", *domain ? strtoll(domain, NULL, 10) : 0);
	json_end_object(writer);
}

static void stats_pids(struct json_writer *writer, struct cgroup_group *group)
{
	uint64_t limit = stats_number(group, "pids.max");

	json_begin_object(writer);
	stats_unless_zero(writer, "current", stats_number(group, "pids.current"));
	stats_unless_zero(writer, "limit", limit == UINT64_MAX ? 0 : limit);
	json_end_object(writer);
}

/* "hugepages-2048kB" of /sys/kernel/mm/hugepages as the controller writes it: "2MB". */
static bool page_size_of(const char *name, char size[24])
{
	uint32_t kilobytes;
	char digits[16];
	size_t length;

	if (strncmp(name, "hugepages-", 10) != 0)
		return false;
	name += 10;
	length = strspn(name, "0123456789");
	if (strcmp(name + length, "kB") != 0 || length >= sizeof(digits))
		return false;
	memcpy(digits, name, length);
	digits[length] = '\0';
	if (parse_u32(digits, &kilobytes) < 0)
		return false;
	if (kilobytes >= 1U << 20)
		snprintf(size, 24, "%uGB", kilobytes >> 20);
	else if (kilobytes >= 1U << 10)
		snprintf(size, 24, "%uMB", kilobytes >> 10);
	else
		snprintf(size, 24, "%uKB", kilobytes);
	return true;
}

static void stats_page_size(struct json_writer *writer, struct cgroup_group *group, const char *size)
{
	const char *usage_file = group->v2 ? "current" : "usage_in_bytes";
	_cleanup_arena_ struct arena arena = { 0 };
	const char *prefix = arena_printf(&arena, "hugetlb.%s.rsvd", size);
	uint64_t usage;

	/* What is reserved says more, where the kernel knows it. */
	if (group_read_u64(group, arena_printf(&arena, "%s.%s", prefix, usage_file), &usage) < 0) {
		prefix = arena_printf(&arena, "hugetlb.%s", size);
		if (group_read_u64(group, arena_printf(&arena, "%s.%s", prefix, usage_file), &usage) < 0)
			return;
	}
	json_key(writer, size);
	json_begin_object(writer);
	stats_unless_zero(writer, "usage", usage);
	if (!group->v2)
		stats_unless_zero(writer, "max",
				  stats_number(group, arena_printf(&arena, "%s.max_usage_in_bytes", prefix)));
	json_key(writer, "failcnt");
	if (group->v2)
		json_u64(writer,
			 stats_value(stats_text(&arena, group, arena_printf(&arena, "hugetlb.%s.events", size)),
				     "max"));
	else
		json_u64(writer, stats_number(group, arena_printf(&arena, "%s.failcnt", prefix)));
	json_end_object(writer);
}

static void stats_hugetlb(struct json_writer *writer, struct cgroup_group *group)
{
	_cleanup_dir_ DIR *sizes = group ? opendir("/sys/kernel/mm/hugepages") : NULL;
	const struct dirent *entry;
	char size[24];

	json_begin_object(writer);
	while (sizes && (entry = readdir(sizes)))
		if (page_size_of(entry->d_name, size))
			stats_page_size(writer, group, size);
	json_end_object(writer);
}

static int stats_resctrl(struct json_writer *writer, const struct resctrl_group *group, struct error *error)
{
	if (group)
		return resctrl_stats(writer, group, error);
	json_begin_object(writer);
	json_end_object(writer);
	return 0;
}

int cgroup_stats(struct json_writer *writer, const struct cgroup *cgroup, const struct resctrl_group *resctrl,
		 struct error *error)
{
	if (cgroup->count == 0)
		return error_set(error, 0, "the container has no cgroup to take statistics from");
	if (group_fd(&cgroup->groups[0]) < 0)
		return error_set(error, errno, "open cgroup %s", cgroup->groups[0].directory);
	json_begin_object(writer);
	json_key(writer, "cpu");
	stats_cpu(writer, cgroup);
	json_key(writer, "cpuset");
	stats_cpuset(writer, group_find_v1(cgroup, "cpuset"));
	json_key(writer, "memory");
	stats_memory(writer, group_find(cgroup, "memory"));
	json_key(writer, "pids");
	stats_pids(writer, group_find(cgroup, "pids"));
	json_key(writer, "blkio");
	stats_io(writer, group_find(cgroup, "blkio"));
	json_key(writer, "hugetlb");
	stats_hugetlb(writer, group_find(cgroup, "hugetlb"));
	json_key(writer, "intel_rdt");
	if (stats_resctrl(writer, resctrl, error) < 0)
		return -1;
	json_key(writer, "network_interfaces");
	json_null(writer);
	json_end_object(writer);
	return 0;
}
