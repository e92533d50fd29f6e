/* SPDX-License-Identifier: Apache-2.0 */
/* Limits that v1 and v2 have under different names: the v1 side. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cgroup/internal.h"

#ifndef ENOTSUPP
#define ENOTSUPP 524 /* the kernel's own; kmem.limit_in_bytes let it out */
#endif

#define SHARES_MIN 2U
#define SHARES_MAX 262144U
#define SWAPPINESS_MAX 100U

static const char memory_limit[] = "memory.limit_in_bytes";
static const char swap_limit[] = "memory.memsw.limit_in_bytes";

static int write_memory(struct cgroup_group *group, int64_t value, struct error *error)
{
	uint64_t usage = 0;
	uint64_t peak = 0;

	if (group_write_i64(group, memory_limit, value, error) == 0)
		return 0;
	if (error->number != EBUSY)
		return -1;
	/* The kernel could not reclaim enough. */
	group_read_u64(group, "memory.usage_in_bytes", &usage);
	group_read_u64(group, "memory.max_usage_in_bytes", &peak);
	return error_set(error, 0,
			 "unable to set memory limit to %" PRId64 " (current usage: %" PRIu64
			 ", peak usage: %" PRIu64 ")",
			 value, usage, peak);
}

/*
 * Memory plus swap may at no moment be less than memory: where both grow, swap goes first; where they shrink,
 * memory does.
 */
static int write_memory_and_swap(struct cgroup_group *group, int64_t limit, int64_t swap, struct error *error)
{
	uint64_t current;

	if (limit == -1 && swap == 0) {
		/* Unlimited memory means unlimited swap, too, where swap is accounted at all. */
		if (group_try_write(group, swap_limit, "-1") < 0 && errno != ENOENT)
			return group_write_error(group, swap_limit, "-1", error);
		return write_memory(group, limit, error);
	}
	if (limit && swap) {
		if (group_read_u64(group, memory_limit, &current) < 0)
			return error_set(error, errno, "read %s/%s", group->directory, memory_limit);
		if (swap == -1 || current < (uint64_t)swap)
			return group_write_i64(group, swap_limit, swap, error) < 0 ||
					       write_memory(group, limit, error) < 0
				       ? -1
				       : 0;
	}
	if (limit && write_memory(group, limit, error) < 0)
		return -1;
	return swap ? group_write_i64(group, swap_limit, swap, error) : 0;
}

/*
 * Newer kernels have taken the separate kernel memory limit away (it counts as memory anyhow): the file is
 * gone, or it refuses everything. Then there is nothing to be limited.
 */
static int write_kernel_memory(struct cgroup_group *group, const char *file, int64_t value, struct error *error)
{
	char text[24];

	if (value == 0)
		return 0;
	snprintf(text, sizeof(text), "%" PRId64, value);
	if (group_try_write(group, file, text) == 0 || errno == ENOENT || errno == EOPNOTSUPP ||
	    errno == ENOTSUPP)
		return 0;
	return group_write_error(group, file, text, error);
}

int v1_set_memory(struct cgroup_group *group, const struct oci_memory *memory, struct error *error)
{
	if (write_memory_and_swap(group, memory->limit.value, memory->swap.value, error) < 0 ||
	    write_kernel_memory(group, "memory.kmem.limit_in_bytes", memory->kernel.value, error) < 0 ||
	    write_kernel_memory(group, "memory.kmem.tcp.limit_in_bytes", memory->kernel_tcp.value, error) < 0)
		return -1;
	if (memory->reservation.value &&
	    group_write_i64(group, "memory.soft_limit_in_bytes", memory->reservation.value, error) < 0)
		return -1;
	if (memory->disable_oom_killer.value && group_write(group, "memory.oom_control", "1", error) < 0)
		return -1;
	/* Engines write -1 for "leave it". */
	if (!memory->swappiness.present || memory->swappiness.value == UINT64_MAX)
		return 0;
	if (memory->swappiness.value > SWAPPINESS_MAX)
		return error_set(error, 0,
				 "invalid memory swappiness value: %" PRIu64 " (valid range is 0-100)",
				 memory->swappiness.value);
	return group_write_u64(group, "memory.swappiness", memory->swappiness.value, error);
}

static int write_shares(struct cgroup_group *group, uint64_t shares, struct error *error)
{
	if (shares == 0)
		return 0;
	if (group_write_u64(group, "cpu.shares", shares, error) < 0)
		return -1;
	/* The kernel takes the nearest value it knows without a word. */
	if (shares < SHARES_MIN)
		return error_set(error, 0, "the minimum allowed cpu-shares is %u", SHARES_MIN);
	if (shares > SHARES_MAX)
		return error_set(error, 0, "the maximum allowed cpu-shares is %u", SHARES_MAX);
	return 0;
}

/*
 * What depends on the quota that is about to be set may be refused before it (EINVAL): then it is tried again
 * after. *again tells.
 */
static int write_around_quota(struct cgroup_group *group, const char *file, uint64_t value, bool has_quota,
			      bool *again, struct error *error)
{
	*again = false;
	if (group_write_u64(group, file, value, error) == 0)
		return 0;
	*again = has_quota && error->number == EINVAL;
	return *again ? 0 : -1;
}

static int write_quota(struct cgroup_group *group, const struct oci_cpu *cpu, struct error *error)
{
	bool has_quota = cpu->quota.value != 0;
	bool period_again = false;
	bool burst_again = false;

	if (cpu->period.value && write_around_quota(group, "cpu.cfs_period_us", cpu->period.value, has_quota,
						    &period_again, error) < 0)
		return -1;
	if (cpu->burst.present &&
	    write_around_quota(group, "cpu.cfs_burst_us", cpu->burst.value, has_quota, &burst_again, error) < 0)
		return -1;
	if (!has_quota)
		return 0;
	if (group_write_i64(group, "cpu.cfs_quota_us", cpu->quota.value, error) < 0)
		return -1;
	if (period_again && group_write_u64(group, "cpu.cfs_period_us", cpu->period.value, error) < 0)
		return -1;
	if (burst_again && group_write_u64(group, "cpu.cfs_burst_us", cpu->burst.value, error) < 0)
		return -1;
	return 0;
}

static int write_realtime(struct cgroup_group *group, const struct oci_cpu *cpu, struct error *error)
{
	bool has_runtime = cpu->realtime_runtime.value != 0;
	bool period_again = false;

	if (cpu->realtime_period.value &&
	    write_around_quota(group, "cpu.rt_period_us", cpu->realtime_period.value, has_runtime,
			       &period_again, error) < 0)
		return -1;
	if (has_runtime && group_write_i64(group, "cpu.rt_runtime_us", cpu->realtime_runtime.value, error) < 0)
		return -1;
	return period_again ? group_write_u64(group, "cpu.rt_period_us", cpu->realtime_period.value, error) : 0;
}

int v1_set_cpu(struct cgroup_group *group, const struct oci_cpu *cpu, struct error *error)
{
	/* An idle group's shares are fixed: no longer idle first, and none for one that becomes so. */
	if (cpu->idle.present && group_write_i64(group, "cpu.idle", cpu->idle.value, error) < 0)
		return -1;
	if (!cpu->idle.value && write_shares(group, cpu->shares.value, error) < 0)
		return -1;
	if (write_quota(group, cpu, error) < 0)
		return -1;
	return write_realtime(group, cpu, error);
}

/* "MAJOR:MINOR VALUE" */
static int write_device(struct cgroup_group *group, const char *file, int64_t major, int64_t minor,
			uint64_t value, struct error *error)
{
	char text[72];

	snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64 " %" PRIu64, major, minor, value);
	return group_write(group, file, text, error);
}

static int write_throttles(struct cgroup_group *group, const char *file,
			   const struct oci_throttle_device_list *list, struct error *error)
{
	for (size_t i = 0; i < list->count; i++)
		if (write_device(group, file, list->items[i].major, list->items[i].minor, list->items[i].rate,
				 error) < 0)
			return -1;
	return 0;
}

/* The names with ".bfq" are those of kernels without the CFQ scheduler. */
static const char *weight_file(struct cgroup_group *group, const char *file, const char *bfq_file)
{
	uint64_t ignored;

	return group_read_u64(group, file, &ignored) < 0 && errno == ENOENT ? bfq_file : file;
}

static int write_weights(struct cgroup_group *group, const struct oci_block_io *io, struct error *error)
{
	const char *device_file = "blkio.weight_device";
	const char *file = "blkio.weight";

	if (io->weight.value || io->weight_device.count)
		file = weight_file(group, file, "blkio.bfq.weight");
	if (strcmp(file, "blkio.bfq.weight") == 0)
		device_file = "blkio.bfq.weight_device";
	if (io->weight.value && group_write_u64(group, file, io->weight.value, error) < 0)
		return -1;
	if (io->leaf_weight.value &&
	    group_write_u64(group, "blkio.leaf_weight", io->leaf_weight.value, error) < 0)
		return -1;
	for (size_t i = 0; i < io->weight_device.count; i++) {
		const struct oci_weight_device *device = &io->weight_device.items[i];

		if (device->weight.value && write_device(group, device_file, device->major, device->minor,
							 device->weight.value, error) < 0)
			return -1;
		if (device->leaf_weight.value &&
		    write_device(group, "blkio.leaf_weight_device", device->major, device->minor,
				 device->leaf_weight.value, error) < 0)
			return -1;
	}
	return 0;
}

int v1_set_block_io(struct cgroup_group *group, const struct oci_block_io *io, struct error *error)
{
	if (write_weights(group, io, error) < 0 ||
	    write_throttles(group, "blkio.throttle.read_bps_device", &io->throttle_read_bps_device, error) <
		    0 ||
	    write_throttles(group, "blkio.throttle.write_bps_device", &io->throttle_write_bps_device, error) <
		    0 ||
	    write_throttles(group, "blkio.throttle.read_iops_device", &io->throttle_read_iops_device, error) <
		    0)
		return -1;
	return write_throttles(group, "blkio.throttle.write_iops_device", &io->throttle_write_iops_device,
			       error);
}
