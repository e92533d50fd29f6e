/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says of a container's groups, whatever was written there once: for `verify`. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "cgroup/internal.h"

/* The v1 memory controller's "no limit" is the largest number of whole pages; no page is larger than this. */
#define LARGEST_PAGE (UINT64_C(1) << 20)

static struct optional_u64 read_limit(struct cgroup_group *group, const char *v1_file, const char *v2_file)
{
	struct optional_u64 limit = { 0 };

	limit.present = group && group_read_u64(group, group->v2 ? v2_file : v1_file, &limit.value) == 0;
	if (limit.present && limit.value >= (uint64_t)INT64_MAX - LARGEST_PAGE)
		limit.value = UINT64_MAX;
	return limit;
}

/* The specification counts memory and swap together, v2 swap alone. */
static struct optional_u64 read_swap(struct cgroup_group *group, const struct optional_u64 *memory)
{
	struct optional_u64 swap = read_limit(group, "memory.memsw.limit_in_bytes", "memory.swap.max");

	if (swap.present && group->v2 && swap.value != UINT64_MAX)
		swap.value = memory->value == UINT64_MAX ? UINT64_MAX : swap.value + memory->value;
	return swap;
}

static void read_cpu(struct arena *arena, struct cgroup_group *group, struct cgroup_limits *limits)
{
	char *text, *period;

	if (!group->v2) {
		limits->cpu_quota = read_limit(group, "cpu.cfs_quota_us", "");
		limits->cpu_period = read_limit(group, "cpu.cfs_period_us", "");
		return;
	}
	if (group_read(arena, group, "cpu.max", &text) < 0)
		return;
	period = strchr(text, ' ');
	if (!period)
		return;
	*period++ = '\0';
	limits->cpu_quota.value = UINT64_MAX;
	limits->cpu_quota.present =
		!strcmp(text, "max") || parse_u64(text, 0, UINT64_MAX, &limits->cpu_quota.value) == 0;
	limits->cpu_period.present = parse_u64(period, 0, UINT64_MAX, &limits->cpu_period.value) == 0;
}

static const char *read_text(struct arena *arena, struct cgroup_group *group, const char *file)
{
	char *text;

	return group && group_read(arena, group, file, &text) == 0 ? text : NULL;
}

void cgroup_read_limits(struct arena *arena, const struct cgroup *cgroup, struct cgroup_limits *limits)
{
	struct cgroup_group *memory = group_find(cgroup, "memory");
	struct cgroup_group *cpu = group_find(cgroup, "cpu");

	*limits = (struct cgroup_limits){ 0 };
	limits->pids = read_limit(group_find(cgroup, "pids"), "pids.max", "pids.max");
	limits->memory = read_limit(memory, "memory.limit_in_bytes", "memory.max");
	limits->memory_and_swap = read_swap(memory, &limits->memory);
	if (cpu)
		read_cpu(arena, cpu, limits);
	limits->cpus = read_text(arena, group_find(cgroup, "cpuset"), "cpuset.cpus");
	limits->mems = read_text(arena, group_find(cgroup, "cpuset"), "cpuset.mems");
}

const char *cgroup_read_unified(struct arena *arena, const struct cgroup *cgroup, const char *file)
{
	return read_text(arena, group_find(cgroup, NULL), file);
}

int cgroup_members(struct arena *arena, const struct cgroup *cgroup, pid_t **pids, size_t *count,
		   struct error *error)
{
	struct pid_set all = { 0 };
	size_t kept = 0;

	for (size_t i = 0; i < cgroup->count; i++) {
		int directory = cgroup->groups[i].dropped ? -1 : group_fd(&cgroup->groups[i]);

		if (directory >= 0 && pids_collect(arena, directory, true, &all) < 0)
			return error_set(error, errno, "list the processes of %s", cgroup->groups[i].directory);
	}
	for (size_t i = 0; i < all.count; i++) {
		size_t seen = 0;

		while (seen < kept && all.items[seen] != all.items[i])
			seen++;
		if (seen == kept)
			all.items[kept++] = all.items[i];
	}
	*pids = all.items;
	*count = kept;
	return 0;
}

static bool group_holds(struct cgroup_group *group, pid_t pid)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct pid_set pids = { 0 };
	int directory = group_fd(group);

	if (directory < 0 || pids_collect(&arena, directory, true, &pids) < 0)
		return false;
	for (size_t i = 0; i < pids.count; i++)
		if (pids.items[i] == pid)
			return true;
	return false;
}

const char *cgroup_without(const struct cgroup *cgroup, pid_t pid)
{
	for (size_t i = 0; i < cgroup->count; i++)
		if (!cgroup->groups[i].dropped && !group_holds(&cgroup->groups[i], pid))
			return cgroup->groups[i].directory;
	return NULL;
}

/* "c 1:3 rwm": 0, or -1. */
static int parse_line(const char *line, struct device_exception *device)
{
	char major[24], minor[24], access[8], type;

	if (sscanf(line, "%c %20[0-9*]:%20[0-9*] %7s", &type, major, minor, access) != 4)
		return -1;
	*device = (struct device_exception){ .type = type, .major = DEVICE_ANY, .minor = DEVICE_ANY };
	if (strcmp(major, "*") != 0 && parse_i64(major, 0, UINT32_MAX, &device->major) < 0)
		return -1;
	if (strcmp(minor, "*") != 0 && parse_i64(minor, 0, UINT32_MAX, &device->minor) < 0)
		return -1;
	device->access |= strchr(access, 'r') ? DEVICE_ACCESS_READ : 0;
	device->access |= strchr(access, 'w') ? DEVICE_ACCESS_WRITE : 0;
	device->access |= strchr(access, 'm') ? DEVICE_ACCESS_MKNOD : 0;
	return 0;
}

/* Whether the exceptions of a default that denies let @device through, all kinds of access together. */
static bool is_allowed(const struct device_state *state, const struct device_exception *device)
{
	unsigned int access = 0;

	for (size_t i = 0; i < state->count; i++) {
		const struct device_exception *wide = &state->exceptions[i];

		if (wide->type == device->type && (wide->major == DEVICE_ANY || wide->major == device->major) &&
		    (wide->minor == DEVICE_ANY || wide->minor == device->minor))
			access |= wide->access;
	}
	return !(device->access & ~access);
}

static int check_v1(struct arena *arena, struct cgroup_group *group, const struct device_state *state,
		    const char **found)
{
	char *text, *rest;

	if (group_read(arena, group, "devices.list", &text) < 0) {
		*found = arena_printf(arena, "%s/devices.list cannot be read", group->directory);
		return 0;
	}
	rest = text;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		struct device_exception device;

		if (*line && (parse_line(line, &device) < 0 || !is_allowed(state, &device))) {
			*found = arena_printf(arena, "%s is allowed", line);
			return 0;
		}
	}
	return 1;
}

int cgroup_check_devices(struct arena *arena, const struct cgroup *cgroup,
			 const struct oci_device_rule_list *rules, const struct oci_device_list *devices,
			 const char **found, struct error *error)
{
	struct cgroup_group *group = group_find(cgroup, "devices");
	struct device_state state;

	*found = "as planned";
	if (devices_resolve(arena, rules, devices, &state, error) < 0)
		return -1;
	/* A default that allows is all the kernel says of it: then there is nothing to compare. */
	if (cgroup->rootless || state.allow || !group) {
		*found = "not limited";
		return 1;
	}
	return group->v2 ? devices_bpf_check(group, &state, found) : check_v1(arena, group, &state, found);
}
