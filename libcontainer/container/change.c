/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that change a running container: pause, resume, update. */
#include <errno.h>

#include "container/intel_rdt.h"
#include "state/container.h"
#include "state/trail.h"

static int check_alive(const struct container *container, struct error *error)
{
	if (container_status(container) == STATUS_STOPPED)
		return error_set(error, 0, "container not running");
	if (!container->cgroup)
		return error_set(error, 0, "container has no cgroup");
	return 0;
}

static int pause_processes(const struct container *container, struct error *error)
{
	enum container_status status;

	if (check_alive(container, error) < 0)
		return -1;
	status = container_status(container);
	if (status != STATUS_RUNNING && status != STATUS_CREATED)
		return error_set(error, 0, "container not running");
	return cgroup_freeze(container->cgroup, error);
}

int container_pause(const struct runtime *runtime, const char *id, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_container_ struct container container;

	if (container_open(&arena, runtime, id, true, &container, error) < 0)
		return -1;
	return trail_done(&container.state, "pause", pause_processes(&container, error), error);
}

int container_resume(const struct runtime *runtime, const char *id, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_container_ struct container container;
	enum container_status status;

	if (container_open(&arena, runtime, id, true, &container, error) < 0)
		return -1;
	status = container_status(&container);
	if (status != STATUS_PAUSED && status != STATUS_PAUSING)
		return error_set(error, 0, "container not paused");
	return trail_done(&container.state, "resume", cgroup_thaw(container.cgroup, error), error);
}

/* What was asked for becomes part of the kept configuration, so that later commands see it. */
static int keep_resources(const struct container *container, struct oci_config *config,
			  const struct oci_resources *resources, struct error *error)
{
	config->linux_->resources = (struct oci_resources *)resources;
	return container_save_config(&container->entry, config, error);
}

/* No limit on memory leaves none on memory and swap together, unless the update names one. */
static void lift_swap_limit(const struct oci_resources *current, struct oci_resources *update)
{
	if (current && current->memory && current->memory->swap.value && update->memory &&
	    update->memory->limit.value == -1 && !update->memory->swap.value)
		update->memory->swap = (struct optional_i64){ .present = true, .value = -1 };
}

/* Device rules are no part of an update. */
static bool asks_for_limits(const struct oci_resources *resources)
{
	return resources->memory || resources->cpu || resources->pids || resources->block_io ||
	       resources->hugepage_limits.count || resources->network || resources->rdma.count ||
	       resources->unified.count;
}

static int update_container(struct arena *arena, const struct container *container,
			    struct oci_resources *resources, const struct oci_intel_rdt *shares,
			    struct policy_changes *changes, struct error *error)
{
	const struct policy_facts facts = { .rootless = container->state.rootless,
					    .no_cgroup = cgroup_is_disabled(container->cgroup) };
	const struct oci_resources *current;
	struct oci_resources *merged;
	struct oci_config *config;
	struct policy *policy;

	if (check_alive(container, error) < 0 ||
	    container_load_config(arena, &container->entry, &config, error) < 0 ||
	    container_load_policy(arena, container, &policy, error) < 0)
		return -1;
	if (facts.no_cgroup && asks_for_limits(resources))
		return error_set(error, 0, "container %s was made without a cgroup to set limits in",
				 container->entry.id);
	if (!config->linux_)
		config->linux_ = ARENA_NEW(arena, struct oci_linux);
	current = config->linux_->resources;
	lift_swap_limit(current, resources);
	if (policy_apply_resources(arena, policy, current, &facts, resources, changes, error) < 0)
		return -1;
	merged = resources_merge(arena, current, resources);
	/* Parts of these belong together: memory and swap, quota and period. */
	if (resources->memory)
		resources->memory = merged->memory;
	if (resources->cpu)
		resources->cpu = merged->cpu;
	if (cgroup_set_resources(container->cgroup, resources, error) < 0 ||
	    intel_rdt_update(arena, &container->entry, container->cgroup, config, shares, error) < 0)
		return -1;
	return keep_resources(container, config, merged, error);
}

int container_update(const struct runtime *runtime, const char *id, struct oci_resources *resources,
		     const struct oci_intel_rdt *shares, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_container_ struct container container;
	struct policy_changes changes = { 0 };
	struct trail_event decision = { .event = "policy", .id = id, .status = -1, .changes = &changes };
	int result;

	if (container_open(&arena, runtime, id, true, &container, error) < 0)
		return -1;
	result = update_container(&arena, &container, resources, shares, &changes, error);
	decision.policies = container.state.policies;
	if (changes.count)
		trail_write(&container.state.trail, &decision);
	return trail_done(&container.state, "update", result, error);
}
