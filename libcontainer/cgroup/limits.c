/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources, part by part: each goes to the hierarchy in which its controller lives. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/words.h"
#include "cgroup/internal.h"

/*
 * The group to write limits of @controller to; @v2_name is what v2 calls it, NULL where it has no such thing.
 */
static struct cgroup_group *controller_group(struct cgroup *cgroup, const char *controller, const char *v2_name,
					     struct error *error)
{
	struct cgroup_group *group = group_find_v1(cgroup, controller);

	if (group)
		return group;
	group = group_find(cgroup, NULL);
	if (group && v2_name && words_have(v2_controllers(cgroup, group), v2_name))
		return group;
	if (cgroup->rootless && !cgroup->path_given && !group && cgroup->unified)
		error_set(error, 0,
			  "cannot set %s limit: rootless needs no limits + no cgrouppath when no permission is "
			  "granted for cgroups",
			  controller);
	else if (cgroup->rootless && !cgroup->path_given && !group)
		error_set(error, 0, "cannot set %s limit: container could not join or create cgroup",
			  controller);
	else if (cgroup->refusal)
		error_set(error, 0, "cannot set %s limit: controller \"%s\" not available: cannot %s",
			  controller, controller, cgroup->refusal);
	else
		error_set(error, 0, "cannot set %s limit: controller \"%s\" not available", controller,
			  controller);
	return NULL;
}

static bool has_swap_or_limit(const struct oci_memory *memory)
{
	return memory->limit.value || memory->reservation.value || memory->swap.value;
}

/* What v1 alone has. The kernel's own memory is a limit of kernels that are gone: nobody is refused for it. */
static bool has_v1_memory(const struct cgroup *cgroup, const struct oci_memory *memory)
{
	if (memory->swappiness.present || memory->disable_oom_killer.value)
		return group_lives_in_v1(cgroup, "memory");
	return (memory->kernel.value || memory->kernel_tcp.value) && group_find_v1(cgroup, "memory");
}

static int set_memory(struct cgroup *cgroup, const struct oci_memory *memory, struct error *error)
{
	struct cgroup_group *group;

	if (!has_swap_or_limit(memory) && !has_v1_memory(cgroup, memory))
		return 0;
	group = controller_group(cgroup, "memory", "memory", error);
	if (!group)
		return -1;
	return group->v2 ? v2_set_memory(group, memory, error) : v1_set_memory(group, memory, error);
}

static int set_cpu(struct cgroup *cgroup, const struct oci_cpu *cpu, struct error *error)
{
	struct cgroup_group *group;
	bool v1 = group_lives_in_v1(cgroup, "cpu");

	if (!cpu->shares.value && !cpu->quota.value && !cpu->period.value && !cpu->burst.present &&
	    !cpu->idle.present && !(v1 && (cpu->realtime_period.value || cpu->realtime_runtime.value)))
		return 0;
	group = controller_group(cgroup, "cpu", "cpu", error);
	if (!group)
		return -1;
	return group->v2 ? v2_set_cpu(group, cpu, error) : v1_set_cpu(group, cpu, error);
}

static int set_cpuset(struct cgroup *cgroup, const struct oci_cpu *cpu, struct error *error)
{
	struct cgroup_group *group;

	if (!(cpu->cpus && *cpu->cpus) && !(cpu->mems && *cpu->mems))
		return 0;
	group = controller_group(cgroup, "cpuset", "cpuset", error);
	if (!group)
		return -1;
	if (cpu->cpus && *cpu->cpus && group_write(group, "cpuset.cpus", cpu->cpus, error) < 0)
		return -1;
	if (cpu->mems && *cpu->mems && group_write(group, "cpuset.mems", cpu->mems, error) < 0)
		return -1;
	return 0;
}

/*
 * A limit of 0 is a limit: only the program itself. The kernel's own 0 would keep even that one from starting.
 */
static int set_pids(struct cgroup *cgroup, const struct oci_pids *pids, struct error *error)
{
	struct cgroup_group *group;
	int64_t limit;

	if (!pids->limit.present)
		return 0;
	group = controller_group(cgroup, "pids", "pids", error);
	if (!group)
		return -1;
	if (pids->limit.value < 0)
		return group_write(group, "pids.max", "max", error);
	limit = pids->limit.value == 0 ? 1 : pids->limit.value;
	if (cgroup->making && group->v2 && limit < SETUP_PROCESSES) {
		cgroup->pids = (struct optional_i64){ .present = true, .value = limit };
		limit = SETUP_PROCESSES;
	}
	return group_write_i64(group, "pids.max", limit, error);
}

static int set_block_io(struct cgroup *cgroup, const struct oci_block_io *io, struct error *error)
{
	struct cgroup_group *group;

	if (!io->weight.value && !io->leaf_weight.value && !io->weight_device.count &&
	    !io->throttle_read_bps_device.count && !io->throttle_write_bps_device.count &&
	    !io->throttle_read_iops_device.count && !io->throttle_write_iops_device.count)
		return 0;
	group = controller_group(cgroup, "blkio", "io", error);
	if (!group)
		return -1;
	return group->v2 ? v2_set_block_io(group, io, error) : v1_set_block_io(group, io, error);
}

/* The page size is part of a file name: "2MB" and the like, nothing that could be a path. */
static bool is_page_size(const char *text)
{
	size_t digits;

	if (!text)
		return false;
	digits = strspn(text, "0123456789");
	return digits > 0 && digits < 16 &&
	       (!strcmp(text + digits, "KB") || !strcmp(text + digits, "MB") || !strcmp(text + digits, "GB"));
}

/* The limit, and the one for reservations (kernel 5.7) with the same value, where the kernel has it. */
static int set_hugepages(struct cgroup *cgroup, const struct oci_hugepage_limit_list *limits,
			 struct error *error)
{
	struct cgroup_group *group;

	if (!limits->count)
		return 0;
	group = controller_group(cgroup, "hugetlb", "hugetlb", error);
	if (!group)
		return -1;
	for (size_t i = 0; i < limits->count; i++) {
		const char *suffix = group->v2 ? "max" : "limit_in_bytes";
		char value[24];
		char file[64];

		if (!is_page_size(limits->items[i].page_size))
			return error_set(error, 0, "hugepageLimits: \"%s\" is no page size",
					 limits->items[i].page_size);
		snprintf(value, sizeof(value), "%" PRIu64, limits->items[i].limit);
		snprintf(file, sizeof(file), "hugetlb.%s.%s", limits->items[i].page_size, suffix);
		if (group_write(group, file, value, error) < 0)
			return -1;
		snprintf(file, sizeof(file), "hugetlb.%s.rsvd.%s", limits->items[i].page_size, suffix);
		if (group_try_write(group, file, value) < 0 && errno != ENOENT)
			return group_write_error(group, file, value, error);
	}
	return 0;
}

static int set_rdma(struct cgroup *cgroup, const struct oci_rdma_list *rdma, struct error *error)
{
	struct cgroup_group *group;

	if (!rdma->count)
		return 0;
	group = controller_group(cgroup, "rdma", "rdma", error);
	if (!group)
		return -1;
	for (size_t i = 0; i < rdma->count; i++) {
		const struct oci_rdma *device = &rdma->items[i];
		_cleanup_strbuf_ struct strbuf line = { 0 };

		strbuf_puts(&line, device->key);
		if (device->hca_handles.present)
			strbuf_printf(&line, " hca_handle=%u", device->hca_handles.value);
		if (device->hca_objects.present)
			strbuf_printf(&line, " hca_object=%u", device->hca_objects.value);
		if (group_write(group, "rdma.max", strbuf_text(&line), error) < 0)
			return -1;
	}
	return 0;
}

static int set_network(struct cgroup *cgroup, const struct oci_network *network, struct error *error)
{
	struct cgroup_group *group;

	if (network->class_id.value) {
		group = controller_group(cgroup, "net_cls", NULL, error);
		if (!group || group_write_u64(group, "net_cls.classid", network->class_id.value, error) < 0)
			return -1;
	}
	if (!network->priorities.count)
		return 0;
	group = controller_group(cgroup, "net_prio", NULL, error);
	if (!group)
		return -1;
	for (size_t i = 0; i < network->priorities.count; i++) {
		const struct oci_interface_priority *item = &network->priorities.items[i];
		_cleanup_strbuf_ struct strbuf line = { 0 };

		strbuf_printf(&line, "%s %u", item->name, item->priority);
		if (group_write(group, "net_prio.ifpriomap", strbuf_text(&line), error) < 0)
			return -1;
	}
	return 0;
}

int limits_set(struct cgroup *cgroup, const struct oci_resources *resources, struct error *error)
{
	if (resources->pids && set_pids(cgroup, resources->pids, error) < 0)
		return -1;
	if (resources->memory && set_memory(cgroup, resources->memory, error) < 0)
		return -1;
	if (resources->block_io && set_block_io(cgroup, resources->block_io, error) < 0)
		return -1;
	if (resources->cpu &&
	    (set_cpu(cgroup, resources->cpu, error) < 0 || set_cpuset(cgroup, resources->cpu, error) < 0))
		return -1;
	if (set_hugepages(cgroup, &resources->hugepage_limits, error) < 0 ||
	    set_rdma(cgroup, &resources->rdma, error) < 0)
		return -1;
	if (resources->network && set_network(cgroup, resources->network, error) < 0)
		return -1;
	return v2_set_unified(cgroup, &resources->unified, error);
}
