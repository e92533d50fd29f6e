/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources as properties of a unit. systemd.resource-control(5); names on the bus: org.freedesktop.systemd1(5) */
#include <string.h>

#include "base/number.h"
#include "base/number_set.h"
#include "cgroup/systemd.h"

#define INFINITE UINT64_MAX
#define PERIOD_DEFAULT 100000ULL /* microseconds; the kernel's */
#define SECOND 1000000ULL
#define PERCENT 10000ULL /* of a second, in microseconds: what systemd counts in */

/* The first versions of systemd that know these. */
#define SINCE_QUOTA_PERIOD 242
#define SINCE_CPUSET 244
#define SINCE_IDLE 252
#define SINCE_OOM_POLICY 253 /* of scopes */

void property_begin(struct json_writer *writer, const char *name, const char *type, unsigned int since)
{
	json_begin_object(writer);
	json_member_string(writer, "name", name);
	json_member_string(writer, "type", type);
	if (since) {
		json_member_u64(writer, "since", since);
	}
	json_key(writer, "value");
}

void property_end(struct json_writer *writer)
{
	json_end_object(writer);
}

void property_u64(struct json_writer *writer, const char *name, unsigned int since, uint64_t value)
{
	property_begin(writer, name, "t", since);
	json_u64(writer, value);
	property_end(writer);
}

void property_bool(struct json_writer *writer, const char *name, bool value)
{
	property_begin(writer, name, "b", 0);
	json_bool(writer, value);
	property_end(writer);
}

void property_string(struct json_writer *writer, const char *name, unsigned int since, const char *value)
{
	property_begin(writer, name, "s", since);
	json_string(writer, value);
	property_end(writer);
}

static uint64_t amount(int64_t value)
{
	return value < 0 ? INFINITE : (uint64_t)value;
}

static int memory(struct json_writer *writer, const struct oci_memory *memory, bool unified,
		  struct error *error)
{
	int64_t swap;
	bool set;

	if (!unified) {
		if (memory->limit.value)
			property_u64(writer, "MemoryLimit", 0, amount(memory->limit.value));
		return 0;
	}
	if (swap_max_of_memory_swap(memory->swap.value, memory->limit.value, &set, &swap, error) < 0)
		return -1;
	if (memory->limit.value)
		property_u64(writer, "MemoryMax", 0, amount(memory->limit.value));
	if (memory->reservation.value)
		property_u64(writer, "MemoryLow", 0, amount(memory->reservation.value));
	if (set)
		property_u64(writer, "MemorySwapMax", 0, amount(swap));
	return 0;
}

/*
 * systemd keeps a whole percentage of a CPU: rounded up, so that it does not confine tighter than what is written to
 * the file after it.
 */
static void cpu_quota(struct json_writer *writer, int64_t quota, uint64_t period)
{
	uint64_t per_second = INFINITE;

	if (!quota && !period)
		return;
	if (period)
		property_u64(writer, "CPUQuotaPeriodUSec", SINCE_QUOTA_PERIOD, period);
	if (quota > 0) {
		unsigned __int128 exact =
			(unsigned __int128)quota * SECOND / (period ? period : PERIOD_DEFAULT);

		exact = (exact + PERCENT - 1) / PERCENT * PERCENT;
		per_second = exact >= INFINITE ? INFINITE : (uint64_t)exact;
	}
	property_u64(writer, "CPUQuotaPerSecUSec", 0, per_second);
}

/* A list of CPUs or nodes as the bytes of a mask, lowest first. */
static int number_mask(struct json_writer *writer, const char *name, const char *list, struct error *error)
{
	struct number_set set = { 0 };
	size_t bytes;

	if (!list || !*list)
		return 0;
	if (number_set_parse(list, &set) < 0)
		return error_set(error, 0, "linux.resources.cpu: \"%s\" is no list of numbers", list);
	property_begin(writer, name, "ay", SINCE_CPUSET);
	json_begin_array(writer);
	bytes = set.bytes;
	for (size_t i = 0; i < bytes; i++)
		json_u64(writer, (set.words[i / sizeof(long)] >> (i % sizeof(long) * 8)) & 0xff);
	json_end_array(writer);
	property_end(writer);
	return 0;
}

static int cpu(struct json_writer *writer, const struct oci_cpu *cpu, bool unified, struct error *error)
{
	uint64_t shares = cpu->shares.value;
	bool idle = cpu->idle.present && cpu->idle.value == 1;

	if (unified && idle)
		property_u64(writer, "CPUWeight", SINCE_IDLE, 0);
	else if (unified && shares)
		property_u64(writer, "CPUWeight", 0, cpu_weight_of_shares(shares));
	else if (shares && !idle)
		property_u64(writer, "CPUShares", 0, shares);
	cpu_quota(writer, cpu->quota.value, cpu->period.value);
	if (number_mask(writer, "AllowedCPUs", cpu->cpus, error) < 0)
		return -1;
	return number_mask(writer, "AllowedMemoryNodes", cpu->mems, error);
}

static void block_io(struct json_writer *writer, const struct oci_block_io *io, bool unified)
{
	if (!io->weight.value)
		return;
	if (unified)
		property_u64(writer, "IOWeight", 0, io_weight_of_blkio_weight(io->weight.value));
	else
		property_u64(writer, "BlockIOWeight", 0, io->weight.value);
}

static int unified_error(const char *key, const char *value, struct error *error)
{
	return error_set(error, 0, "unified resource \"%s\": found \"%s\", expected a number or \"max\"", key,
			 value);
}

/* "max", or a number. */
static int unified_amount(const char *key, const char *text, uint64_t *value, struct error *error)
{
	*value = INFINITE;
	return strcmp(text, "max") == 0 || parse_u64(text, 0, UINT64_MAX, value) == 0
		       ? 0
		       : unified_error(key, text, error);
}

/* "QUOTA [PERIOD]" */
static int unified_cpu_max(struct json_writer *writer, struct arena *arena, const char *text,
			   struct error *error)
{
	char *quota = arena_strdup(arena, text);
	char *period = strchr(quota, ' ');
	uint64_t microseconds = PERIOD_DEFAULT;
	int64_t value = -1;

	if (period)
		*period++ = '\0';
	if ((strcmp(quota, "max") != 0 && parse_i64(quota, 0, INT64_MAX, &value) < 0) ||
	    (period && parse_u64(period, 1, UINT64_MAX, &microseconds) < 0))
		return error_set(error, 0, "unified resource \"cpu.max\" value invalid: \"%s\"", text);
	cpu_quota(writer, value, microseconds);
	return 0;
}

static const struct {
	const char *key;
	const char *property;
	unsigned int since;
} amounts[] = {
	{ "cpu.weight", "CPUWeight", 0 },   { "memory.high", "MemoryHigh", 0 },
	{ "memory.low", "MemoryLow", 0 },   { "memory.max", "MemoryMax", 0 },
	{ "memory.min", "MemoryMin", 240 }, { "memory.swap.max", "MemorySwapMax", 0 },
	{ "pids.max", "TasksMax", 0 },
};

/* Files that systemd has no name for are written by v2_set_unified() alone. */
static int unified_one(struct json_writer *writer, struct arena *arena, const char *key, const char *text,
		       bool starting, struct error *error)
{
	uint64_t value;

	for (size_t i = 0; i < ARRAY_SIZE(amounts); i++) {
		if (strcmp(amounts[i].key, key) != 0)
			continue;
		if (unified_amount(key, text, &value, error) < 0)
			return -1;
		property_u64(writer, amounts[i].property, amounts[i].since, value);
		return 0;
	}
	if (strcmp(key, "cpu.max") == 0)
		return unified_cpu_max(writer, arena, text, error);
	if (strcmp(key, "cpu.idle") == 0 && strcmp(text, "1") == 0)
		property_u64(writer, "CPUWeight", SINCE_IDLE, 0);
	if (strcmp(key, "cpuset.cpus") == 0)
		return number_mask(writer, "AllowedCPUs", text, error);
	if (strcmp(key, "cpuset.mems") == 0)
		return number_mask(writer, "AllowedMemoryNodes", text, error);
	if (strcmp(key, "memory.oom.group") == 0 && starting)
		property_string(writer, "OOMPolicy", SINCE_OOM_POLICY,
				strcmp(text, "1") == 0 ? "kill" : "continue");
	return 0;
}

static int unified_map(struct json_writer *writer, const struct string_map *unified, bool starting,
		       struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };

	for (size_t i = 0; i < unified->count; i++) {
		const char *text = unified->items[i].value;
		size_t length;

		/* The kernel does not mind blanks around it. */
		text += strspn(text, " \t\n");
		length = strlen(text);
		while (length > 0 && strchr(" \t\n", text[length - 1]))
			length--;
		if (unified_one(writer, &arena, unified->items[i].key, arena_strndup(&arena, text, length),
				starting, error) < 0)
			return -1;
	}
	return 0;
}

/* systemd writes its own value again whenever it likes: it has to be told of no limit that the setup would break. */
static void tasks_max(struct json_writer *writer, int64_t limit, bool starting)
{
	int64_t least = starting ? SETUP_PROCESSES : 1;

	property_u64(writer, "TasksMax", 0, limit >= 0 && limit < least ? (uint64_t)least : amount(limit));
}

int systemd_limits(struct json_writer *writer, const struct oci_resources *resources, bool unified,
		   bool starting, struct error *error)
{
	if (resources->memory && memory(writer, resources->memory, unified, error) < 0)
		return -1;
	if (resources->cpu && cpu(writer, resources->cpu, unified, error) < 0)
		return -1;
	if (resources->block_io)
		block_io(writer, resources->block_io, unified);
	if (resources->pids && resources->pids->limit.present)
		tasks_max(writer, resources->pids->limit.value, starting && unified);
	return unified ? unified_map(writer, &resources->unified, starting, error) : 0;
}
