/* SPDX-License-Identifier: Apache-2.0 */
/* Limits that v1 and v2 have under different names: the v2 side. And linux.resources.unified. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/words.h"
#include "cgroup/internal.h"

#define PERIOD_DEFAULT 100000 /* microseconds; Documentation/admin-guide/cgroup-v2.rst, cpu.max */

static int write_or_max(struct cgroup_group *group, const char *file, int64_t value, struct error *error)
{
	return value == -1 ? group_write(group, file, "max", error)
			   : group_write_i64(group, file, value, error);
}

/* checkBeforeUpdate: v2 would kill where v1 refuses. A usage that cannot be read is no obstacle. */
int v2_check_usage(struct cgroup_group *group, const struct oci_memory *memory, struct error *error)
{
	uint64_t usage;

	if (!memory->check_before_update.value || (memory->limit.value <= 0 && memory->swap.value <= 0) ||
	    group_read_u64(group, "memory.current", &usage) < 0)
		return 0;
	if (memory->swap.value > 0 && (uint64_t)memory->swap.value <= usage)
		return error_set(error, 0, "rejecting memory+swap limit %" PRId64 " <= usage %" PRIu64,
				 memory->swap.value, usage);
	if (memory->limit.value > 0 && (uint64_t)memory->limit.value <= usage)
		return error_set(error, 0, "rejecting memory limit %" PRId64 " <= usage %" PRIu64,
				 memory->limit.value, usage);
	return 0;
}

static int write_swap(struct cgroup_group *group, const struct oci_memory *memory, struct error *error)
{
	static const char file[] = "memory.swap.max";
	char text[24] = "max";
	int64_t value;
	bool set;

	if (swap_max_of_memory_swap(memory->swap.value, memory->limit.value, &set, &value, error) < 0)
		return -1;
	if (!set)
		return 0;
	if (value != -1)
		snprintf(text, sizeof(text), "%" PRId64, value);
	if (group_try_write(group, file, text) == 0)
		return 0;
	/* A kernel that does not account swap: nothing to be done about it is what was asked for. */
	if (errno == ENOENT && (value == -1 || value == 0))
		return 0;
	return group_write_error(group, file, text, error);
}

int v2_set_memory(struct cgroup_group *group, const struct oci_memory *memory, struct error *error)
{
	if (v2_check_usage(group, memory, error) < 0 || write_swap(group, memory, error) < 0)
		return -1;
	if (memory->limit.value && write_or_max(group, "memory.max", memory->limit.value, error) < 0)
		return -1;
	if (memory->reservation.value &&
	    write_or_max(group, "memory.low", memory->reservation.value, error) < 0)
		return -1;
	return 0;
}

/*
 * The quota in "QUOTA PERIOD". With a period alone the present quota stays: writing "max" there would lift a
 * limit that nobody spoke of.
 */
static int write_cpu_max(struct cgroup_group *group, const struct oci_cpu *cpu, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	char text[64];
	char *current;

	if (cpu->quota.value > 0)
		snprintf(text, sizeof(text), "%" PRId64, cpu->quota.value);
	else
		snprintf(text, sizeof(text), "max");
	if (!cpu->quota.value && group_read(&arena, group, "cpu.max", &current) == 0) {
		current[strcspn(current, " ")] = '\0';
		snprintf(text, sizeof(text), "%.24s", current);
	}
	if (cpu->period.value)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " %" PRIu64, cpu->period.value);
	return group_write(group, "cpu.max", text, error);
}

int v2_set_cpu(struct cgroup_group *group, const struct oci_cpu *cpu, struct error *error)
{
	uint64_t weight = cpu_weight_of_shares(cpu->shares.value);
	bool has_max = cpu->quota.value || cpu->period.value;
	bool burst_again = false;

	if (cpu->idle.present && group_write_i64(group, "cpu.idle", cpu->idle.value, error) < 0)
		return -1;
	if (weight && !cpu->idle.value && group_write_u64(group, "cpu.weight", weight, error) < 0)
		return -1;
	if (cpu->burst.present && group_write_u64(group, "cpu.max.burst", cpu->burst.value, error) < 0) {
		/* It may not be larger than the quota, and that one comes next. */
		burst_again = error->number == EINVAL && cpu->quota.value;
		if (!burst_again)
			return -1;
	}
	if (has_max && write_cpu_max(group, cpu, error) < 0)
		return -1;
	return burst_again ? group_write_u64(group, "cpu.max.burst", cpu->burst.value, error) : 0;
}

static int write_io_max(struct cgroup_group *group, const char *key,
			const struct oci_throttle_device_list *list, struct error *error)
{
	char text[96];

	for (size_t i = 0; i < list->count; i++) {
		const struct oci_throttle_device *device = &list->items[i];

		if (device->rate)
			snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %s=%" PRIu64, device->major,
				 device->minor, key, device->rate);
		else
			snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %s=max", device->major,
				 device->minor, key);
		if (group_write(group, "io.max", text, error) < 0)
			return -1;
	}
	return 0;
}

/* BFQ's own file takes the specification's value as it is, and it alone has weights by device. */
static int write_io_weights(struct cgroup_group *group, const struct oci_block_io *io, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	char text[72];
	char *ignored;
	bool bfq;

	if (!io->weight.value && !io->weight_device.count)
		return 0;
	bfq = group_read(&arena, group, "io.bfq.weight", &ignored) == 0;
	if (io->weight.value) {
		if (bfq ? group_write_u64(group, "io.bfq.weight", io->weight.value, error) < 0
			: group_write_u64(group, "io.weight", io_weight_of_blkio_weight(io->weight.value),
					  error) < 0)
			return -1;
	}
	for (size_t i = 0; i < io->weight_device.count; i++) {
		const struct oci_weight_device *device = &io->weight_device.items[i];

		if (!device->weight.value)
			continue;
		snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %" PRIu64, device->major, device->minor,
			 bfq ? device->weight.value : io_weight_of_blkio_weight(device->weight.value));
		if (group_write(group, bfq ? "io.bfq.weight" : "io.weight", text, error) < 0)
			return -1;
	}
	return 0;
}

int v2_set_block_io(struct cgroup_group *group, const struct oci_block_io *io, struct error *error)
{
	if (write_io_weights(group, io, error) < 0 ||
	    write_io_max(group, "rbps", &io->throttle_read_bps_device, error) < 0 ||
	    write_io_max(group, "wbps", &io->throttle_write_bps_device, error) < 0 ||
	    write_io_max(group, "riops", &io->throttle_read_iops_device, error) < 0)
		return -1;
	return write_io_max(group, "wiops", &io->throttle_write_iops_device, error);
}

/* One write a line: that is what the kernel's parsers of such files expect. */
static int write_lines(struct cgroup_group *group, const char *file, const char *text)
{
	_cleanup_arena_ struct arena arena = { 0 };
	char *save = NULL;

	for (char *line = strtok_r(arena_strdup(&arena, text), "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (group_try_write(group, file, line) < 0)
			return -1;
	return 0;
}

/* These move or kill processes, possibly of others; they limit nothing. */
static bool is_no_limit(const char *key)
{
	return strcmp(key, "cgroup.procs") == 0 || strcmp(key, "cgroup.threads") == 0 ||
	       strcmp(key, "cgroup.kill") == 0;
}

static int unified_error(const struct cgroup *cgroup, struct cgroup_group *group, const char *key,
			 struct error *error)
{
	size_t length = strcspn(key, ".");
	int number = errno;
	char *controller;

	if (number != ENOENT && number != EPERM && number != EACCES)
		return error_set(error, number, "unable to set unified resource \"%s\"", key);
	if (!key[length])
		return error_set(error, 0, "unified resource \"%s\" must be in the form CONTROLLER.PARAMETER",
				 key);
	controller = arena_strndup(cgroup->arena, key, length);
	if (strcmp(controller, "cgroup") != 0 && !words_have(v2_controllers(cgroup, group), controller))
		return error_set(error, 0,
				 "%sunified resource \"%s\" can't be set: controller \"%s\" not available",
				 cgroup->unified ? "" : "invalid configuration: ", key, controller);
	return error_set(error, number, "unable to set unified resource \"%s\"", key);
}

int v2_set_unified(struct cgroup *cgroup, const struct string_map *unified, struct error *error)
{
	struct cgroup_group *group = group_find(cgroup, NULL);

	if (!unified->count)
		return 0;
	if (!group)
		return error_set(error, 0, "invalid configuration: cannot use unified on cgroup v1");
	for (size_t i = 0; i < unified->count; i++) {
		const char *key = unified->items[i].key;

		if (strchr(key, '/') || !*key || strcmp(key, ".") == 0 || strcmp(key, "..") == 0)
			return error_set(error, 0, "unified resource \"%s\" must be a file name (no slashes)",
					 key);
		if (is_no_limit(key))
			return error_set(error, 0, "unified resource \"%s\" is no resource", key);
		if (write_lines(group, key, unified->items[i].value) < 0)
			return unified_error(cgroup, group, key, error);
	}
	return 0;
}
