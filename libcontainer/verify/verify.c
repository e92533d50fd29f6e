/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/looking.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/file.h"

#define PROC_FILE_MAX ((size_t)4 * 1024 * 1024)

/* What is looked at, in this order. */
static void (*const parts[])(struct looking *looking) = {
	look_at_namespaces,	look_at_id_maps,   look_at_processes, look_at_filters, look_at_hardening,
	look_at_user,		look_at_labels,	   look_at_root,      look_at_mounts,  look_at_masks,
	look_at_readonly_paths, look_at_sysctls,   look_at_cgroup,    look_at_limits,  look_at_devices,
	look_at_rlimits,	look_at_oom_score,
};

void look_add(struct looking *looking, enum measure_state state, const char *name, const char *planned,
	      const char *found)
{
	struct verification *verification = looking->verification;

	verification->measures = arena_grow(looking->arena, verification->measures, verification->count,
					    &verification->capacity, sizeof(*verification->measures));
	verification->measures[verification->count++] = (struct measure){ state, name, planned, found };
	verification->broken += state == MEASURE_BROKEN;
	verification->unknown += state == MEASURE_UNKNOWN;
	verification->left_out += state == MEASURE_LEFT_OUT;
}

void look_add_bool(struct looking *looking, bool holds, const char *name, const char *planned,
		   const char *found)
{
	look_add(looking, holds ? MEASURE_HOLDS : MEASURE_BROKEN, name, planned, found);
}

const char *look_read(struct looking *looking, pid_t pid, const char *name)
{
	const char *path = arena_printf(looking->arena, "/proc/%d/%s", pid, name);
	size_t length;
	char *text;

	if (pid == looking->pid)
		return file_read_at(looking->arena, looking->process, name, PROC_FILE_MAX, &text, &length) < 0
			       ? NULL
			       : text;
	return file_read_at(looking->arena, AT_FDCWD, path, PROC_FILE_MAX, &text, &length) < 0 ? NULL : text;
}

/* The first process alone, where the container has no group to find the others in. */
static int find_processes(struct looking *looking, struct error *error)
{
	const struct cgroup *cgroup = looking->container->cgroup;
	pid_t *all;

	if (cgroup && *cgroup_path(cgroup) &&
	    cgroup_members(looking->arena, cgroup, &looking->pids, &looking->pid_count, error) < 0)
		return -1;
	for (size_t i = 0; i < looking->pid_count; i++)
		if (looking->pids[i] == looking->pid)
			return 0;
	/* Moved out of its group, or there is none: it is the container's all the same. */
	all = ARENA_NEW_ARRAY(looking->arena, pid_t, looking->pid_count + 1);
	if (looking->pid_count)
		memcpy(all, looking->pids, looking->pid_count * sizeof(*all));
	all[looking->pid_count++] = looking->pid;
	looking->pids = all;
	return 0;
}

/* The descriptors stay with that process; that it is the container's is asked for after they are open. */
static int open_process(struct looking *looking, struct error *error)
{
	const char *path = arena_printf(looking->arena, "/proc/%d", looking->pid);
	_cleanup_fd_ int alive = -1;
	char *mountinfo;
	size_t length;

	looking->process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (looking->process < 0)
		return error_set(error, errno, "open %s", path);
	alive = state_open_process(&looking->container->entry, &looking->container->state);
	if (alive < 0)
		return error_set(error, 0, "container %s has no running process to look at",
				 looking->container->state.id);
	looking->root = openat(looking->process, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (looking->root < 0)
		return error_set(error, errno, "open %s/root", path);
	if (file_read_at(looking->arena, looking->process, "mountinfo", PROC_FILE_MAX, &mountinfo, &length) < 0)
		return error_set(error, errno, "read %s/mountinfo", path);
	looking->mounts = mountinfo_parse(looking->arena, mountinfo);
	return find_processes(looking, error);
}

static void find_hardening(struct looking *looking)
{
	struct hardening hardening = { 0 };
	struct policy *policy;
	struct error error;

	if (container_hardening(looking->arena, looking->container, looking->config, &policy, &hardening,
				&error) < 0)
		looking->hardening_error = arena_strdup(looking->arena, error.text);
	else
		looking->hardening = hardening;
}

static void looking_close(struct looking *looking)
{
	fd_close(&looking->process);
	fd_close(&looking->root);
}

int container_verify(struct arena *arena, const struct runtime *runtime, const char *id,
		     struct verification *verification, struct error *error)
{
	_cleanup_container_ struct container container;
	_cleanup_(looking_close) struct looking looking = {
		.arena = arena,
		.container = &container,
		.process = -1,
		.root = -1,
		.verification = verification,
	};
	struct oci_config *config;
	struct policy *policy;

	*verification = (struct verification){ 0 };
	if (container_open(arena, runtime, id, false, &container, error) < 0)
		return -1;
	if (container_status(&container) == STATUS_STOPPED || container_status(&container) == STATUS_CREATING)
		return error_set(error, 0, "container %s is not running: there is nothing to look at", id);
	if (container_load_config(arena, &container.entry, &config, error) < 0 ||
	    container_load_policy(arena, &container, &policy, error) < 0)
		return -1;
	looking.config = config;
	looking.policy = policy;
	find_hardening(&looking);
	looking.pid = container.state.pid;
	verification->id = arena_strdup(arena, id);
	verification->pid = looking.pid;
	verification->policies = container.state.policies ? container.state.policies : "off";
	if (open_process(&looking, error) < 0)
		return -1;
	verification->processes = looking.pid_count;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		parts[i](&looking);
	return 0;
}
