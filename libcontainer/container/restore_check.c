/* SPDX-License-Identifier: Apache-2.0 */
#include "container/restore_check.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/number.h"
#include "base/path.h"
#include "base/process.h"
#include "base/syscalls.h"
#include "container/restore.h"

int restore_check_plan(const struct creation *creation, struct error *error)
{
	const struct hardening *hardening = &creation->plan.hardening;
	const char *policies = policy_names(creation->plan.policy);

	if (hardening->landlock.count > 0 && hardening->landlock.demand != DEMAND_OFF)
		return error_set(
			error, 0,
			"policy %s: landlock: criu does not put Landlock rules back; restore with a policy "
			"without them",
			policies);
	if (hardening->securebits == SECUREBITS_ALWAYS)
		return error_set(
			error, 0,
			"policy %s: securebits: nothing tells which ones a restored process has; restore with "
			"a policy without them",
			policies);
	if (hardening->idmap_root)
		return error_set(
			error, 0,
			"policy %s: userns: criu cannot remap the ids of a container's files; restore with "
			"a policy that leaves them",
			policies);
	return 0;
}

/* Each thread has credentials and filters of its own, and an image may say what it likes of each. */
struct thread {
	const char *path; /* below procfs: "PID/task/TID" */
	const char *status; /* proc(5) */
};

static int status_number(const struct thread *thread, const char *name, int base, uint64_t *number,
			 struct error *error)
{
	const char *field = process_status_field(thread->status, name);

	if (!field || !process_status_number(&field, base, number))
		return error_set(error, 0, "the kernel does not report %s of restored process %s", name,
				 thread->path);
	return 0;
}

static int check_capabilities(const struct thread *thread, const struct capability_masks *planned,
			      struct error *error)
{
	const struct {
		const char *name;
		uint64_t planned;
	} sets[] = {
		{ "CapInh", planned->inheritable }, { "CapPrm", planned->permitted },
		{ "CapEff", planned->effective },   { "CapBnd", planned->bounding },
		{ "CapAmb", planned->ambient },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		uint64_t found;

		if (status_number(thread, sets[i].name, 16, &found, error) < 0)
			return -1;
		if (found & ~sets[i].planned)
			return error_set(
				error, 0,
				"process.capabilities: %s of the restored process is %#jx, at most %#jx is allowed",
				sets[i].name, (uintmax_t)found, (uintmax_t)sets[i].planned);
	}
	return 0;
}

/* Real, effective, saved and of the file system. */
static int check_user(const struct creation *creation, const struct thread *thread, struct error *error)
{
	const char *uids = process_status_field(thread->status, "Uid");

	if (creation->plan.rootless || !policy_demands_non_root(creation->plan.policy))
		return 0;
	for (int i = 0; i < 4; i++) {
		uint64_t uid;

		if (!uids || !process_status_number(&uids, 10, &uid) || uid == 0)
			return error_set(error, 0, "user.nonRoot: restored process %s is the host's root",
					 thread->path);
	}
	return 0;
}

static int check_confinement(const struct creation *creation, const struct thread *thread, struct error *error)
{
	const struct oci_config *config = creation->plan.config;
	size_t planned = creation->restoration->filters;
	uint64_t no_new_privs;
	uint64_t filters = 0;

	if (status_number(thread, "NoNewPrivs", 10, &no_new_privs, error) < 0 ||
	    (planned > 0 && status_number(thread, "Seccomp_filters", 10, &filters, error) < 0))
		return -1;
	if (config->process->no_new_privileges && no_new_privs != 1)
		return error_set(error, 0, "process.noNewPrivileges: not set on restored process %s",
				 thread->path);
	if (filters < planned)
		return error_set(
			error, 0,
			"linux.seccomp: restored process %s has %ju filters, its image has %zu at least",
			thread->path, (uintmax_t)filters, planned);
	return 0;
}

/* CRIU gives each the profile that the images say, or none; another than the planned one may be one that it changed to. */
static int check_profile(const struct creation *creation, const struct thread *thread, struct error *error)
{
	static const char *const files[] = { "attr/apparmor/current", "attr/current" };
	static const char none[] = "unconfined";
	const char *planned = creation->plan.config->process->apparmor_profile;
	char *text = NULL;
	size_t length;

	if (!planned || !*planned || !strcmp(planned, none))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(files) && !text; i++) {
		const char *path = arena_printf(creation->arena, "%s/%s", thread->path, files[i]);

		if (file_read_at(creation->arena, creation->sandbox.procfs, path, FILE_SIZE_MAX, &text,
				 &length) < 0)
			text = NULL;
	}
	if (!text || !strncmp(text, none, strlen(none)))
		return error_set(error, 0, "process.apparmorProfile: restored process %s is not confined by %s",
				 thread->path, planned);
	return 0;
}

/* Namespaces ---------------------------------------------------------------------------------------------- */

static int look_at_namespace(const struct creation *creation, const char *process, enum oci_namespace_type type,
			     struct stat *status, struct error *error)
{
	const char *name = namespace_type_file(type);
	const char *path = arena_printf(creation->arena, "%s/ns/%s", process, name);

	if (fstatat(creation->sandbox.procfs, path, status, 0) < 0)
		return error_set(error, errno, "look at the %s namespace of process %s", name, process);
	return 0;
}

/*
 * What the configuration names is not the runtime's own. One that is joined by path may be: that is for the policy's
 * keys, which looked at it.
 */
static int check_namespaces(const struct creation *creation, const struct thread *thread, struct error *error)
{
	for (enum oci_namespace_type type = 0; type < OCI_NAMESPACE_TYPES; type++) {
		int joined = creation->sandbox.namespaces.joined[type];
		struct stat theirs, ours, meant;

		if (!config_namespace(creation->plan.config, type))
			continue;
		if (look_at_namespace(creation, thread->path, type, &theirs, error) < 0 ||
		    look_at_namespace(creation, "self", type, &ours, error) < 0)
			return -1;
		if (!file_is_same(&theirs, &ours) ||
		    (joined >= 0 && fstat(joined, &meant) == 0 && file_is_same(&meant, &ours)))
			continue;
		/* The runtime's own user namespace is not joined: see namespaces_open(). */
		if (type == OCI_NAMESPACE_USER && joined < 0 &&
		    !config_has_new_namespace(creation->plan.config, OCI_NAMESPACE_USER))
			continue;
		return error_set(error, 0, "linux.namespaces: the checkpoint shares the host's %s namespace",
				 namespace_type_file(type));
	}
	return 0;
}

/* Groups ------------------------------------------------------------------------------------------------- */

/* The container's group in the hierarchy of @controllers; "": none. */
static const char *planned_group(const struct creation *creation, const char *controllers)
{
	const struct cgroup_memberships *groups = &creation->restoration->groups;

	for (size_t i = 0; i < groups->count; i++)
		if (!strcmp(groups->items[i].controllers, controllers))
			return groups->items[i].path;
	return "";
}

/* CRIU moves processes to wherever the images say, also beside the container's groups and its limits. */
static int check_groups(const struct creation *creation, const struct thread *thread, struct error *error)
{
	const char *path = arena_printf(creation->arena, "%s/cgroup", thread->path);
	struct cgroup_memberships groups;

	if (cgroup_memberships_read(creation->arena, creation->sandbox.procfs, path, &groups) < 0)
		return error_set(error, errno, "read the cgroups of restored process %s", thread->path);
	for (size_t i = 0; i < groups.count; i++) {
		const char *group = groups.items[i].path;
		const char *planned = planned_group(creation, groups.items[i].controllers);

		if (!*planned || !path_is_below(group, planned) || !strncmp(group, "/..", 3))
			return error_set(
				error, 0,
				"linux.cgroupsPath: restored process %s is in the cgroup %s, outside of the "
				"container's %s",
				thread->path, group, planned);
	}
	return 0;
}

/* Every process ------------------------------------------------------------------------------------------ */

static int read_status(const struct creation *creation, struct thread *thread, struct error *error)
{
	const char *path = arena_printf(creation->arena, "%s/status", thread->path);
	size_t length;
	char *text;

	if (file_read_at(creation->arena, creation->sandbox.procfs, path, FILE_SIZE_MAX, &text, &length) < 0)
		return error_set(error, errno, "read the status of restored process %s", thread->path);
	thread->status = text;
	return 0;
}

static bool has_ended(const struct thread *thread)
{
	const char *state = process_status_field(thread->status, "State");

	return state && (*state == 'Z' || *state == 'X');
}

/* That takes CAP_SYS_ADMIN, or a user namespace within, which CRIU does not save. */
bool restore_may_make_namespaces(const struct creation *creation)
{
	return creation->sandbox.capabilities.bounding & UINT64_C(1) << CAP_SYS_ADMIN;
}

/* What the runtime sets again after CRIU holds in the first process's namespaces only. */
static int check_same_namespaces(const struct creation *creation, const struct thread *thread,
				 struct error *error)
{
	const pid_t pid = creation->sandbox.pid;
	const char *first = arena_printf(creation->arena, "%d/task/%d", pid, pid);

	if (restore_may_make_namespaces(creation))
		return 0;
	for (enum oci_namespace_type type = 0; type < OCI_NAMESPACE_TYPES; type++) {
		struct stat theirs, meant;

		if (look_at_namespace(creation, thread->path, type, &theirs, error) < 0 ||
		    look_at_namespace(creation, first, type, &meant, error) < 0)
			return -1;
		if (!file_is_same(&theirs, &meant))
			return error_set(
				error, 0,
				"linux.namespaces: restored process %s has another %s namespace than the "
				"first one",
				thread->path, namespace_type_file(type));
	}
	return 0;
}

static int check_thread(const struct creation *creation, const char *path, struct error *error)
{
	struct thread thread = { .path = path };

	if (read_status(creation, &thread, error) < 0)
		return -1;
	if (has_ended(&thread))
		return 0;
	if (check_capabilities(&thread, &creation->sandbox.capabilities, error) < 0 ||
	    check_user(creation, &thread, error) < 0 || check_confinement(creation, &thread, error) < 0)
		return -1;
	if (check_profile(creation, &thread, error) < 0 || check_namespaces(creation, &thread, error) < 0 ||
	    check_groups(creation, &thread, error) < 0)
		return -1;
	return check_same_namespaces(creation, &thread, error);
}

struct pid_list {
	pid_t *items;
	size_t count;
	size_t capacity;
};

/* Once: it may be another one's child and in the container's cgroup. */
static void add_process(const struct creation *creation, struct pid_list *list, pid_t pid)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i] == pid)
			return;
	list->items = arena_grow(creation->arena, list->items, list->count, &list->capacity, sizeof(pid));
	list->items[list->count++] = pid;
}

/* Adds the children of the thread @path. CRIU itself needs a kernel that lists them. */
static int add_children(const struct creation *creation, const char *path, struct pid_list *list,
			struct error *error)
{
	size_t length;
	char *text;

	if (file_read_at(creation->arena, creation->sandbox.procfs,
			 arena_printf(creation->arena, "%s/children", path), FILE_SIZE_MAX, &text, &length) < 0)
		return error_set(error, errno, "read the children of restored process %s", path);
	for (char *word = strtok_r(text, " \n", &text); word; word = strtok_r(NULL, " \n", &text)) {
		uint32_t pid;

		if (parse_u32(word, &pid) < 0 || pid > INT32_MAX)
			return error_set(error, 0, "children of restored process %s: found \"%s\"", path, word);
		add_process(creation, list, (pid_t)pid);
	}
	return 0;
}

static int check_process(const struct creation *creation, pid_t pid, struct pid_list *list, struct error *error)
{
	const char *path = arena_printf(creation->arena, "%d/task", pid);
	int fd = openat(creation->sandbox.procfs, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *found;

	if (!dir)
		return error_set(error, errno, "list the threads of restored process %d", pid);
	while (errno = 0, (found = readdir(dir))) {
		const char *thread = arena_printf(creation->arena, "%s/%s", path, found->d_name);

		if (found->d_name[0] == '.')
			continue;
		if (check_thread(creation, thread, error) < 0 ||
		    add_children(creation, thread, list, error) < 0)
			return -1;
	}
	return errno ? error_set(error, errno, "list the threads of restored process %d", pid) : 0;
}

int restore_check_processes(const struct creation *creation, const pid_t *pids, size_t count,
			    struct error *error)
{
	struct pid_list list = { 0 };

	for (size_t i = 0; i < count; i++)
		add_process(creation, &list, pids[i]);
	for (size_t i = 0; i < list.count; i++)
		if (check_process(creation, list.items[i], &list, error) < 0)
			return -1;
	return 0;
}

int restore_check(struct creation *creation, struct error *error)
{
	pid_t *group = NULL, *pids;
	size_t in_group = 0, count = 0;

	if (policy_is_off(creation->plan.policy))
		return 0;
	if (creation->cgroup &&
	    cgroup_pids(creation->arena, creation->cgroup, true, &group, &in_group, error) < 0)
		return -1;
	pids = ARENA_NEW_ARRAY(creation->arena, pid_t, in_group + 1);
	pids[count++] = creation->sandbox.pid;
	/* Whoever is in the container's cgroup is held to the same, offspring or not: but CRIU, which has the runtime's rights. */
	for (size_t i = 0; i < in_group; i++)
		if (group[i] != creation->restoration->criu_pid)
			pids[count++] = group[i];
	return restore_check_processes(creation, pids, count, error);
}
