/* SPDX-License-Identifier: Apache-2.0 */
#include "container/restore_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/syscalls.h"

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

struct process {
	pid_t pid;
	const char *status; /* proc(5) */
};

/* The number of @base behind "NAME:" in the status. */
static int status_number(const struct process *process, const char *name, int base, uint64_t *number,
			 struct error *error)
{
	size_t length = strlen(name);

	for (const char *line = process->status; line; line = strchr(line, '\n')) {
		char *end;

		line += *line == '\n';
		if (strncmp(line, name, length) != 0 || line[length] != ':')
			continue;
		errno = 0;
		*number = strtoull(line + length + 1, &end, base);
		if (errno == 0 && end != line + length + 1)
			return 0;
	}
	return error_set(error, 0, "the kernel does not report %s of process %d", name, process->pid);
}

static int check_capabilities(const struct process *process, const struct capability_masks *planned,
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

		if (status_number(process, sets[i].name, 16, &found, error) < 0)
			return -1;
		if (found & ~sets[i].planned)
			return error_set(
				error, 0,
				"process.capabilities: %s of the restored process is %#jx, at most %#jx is allowed",
				sets[i].name, (uintmax_t)found, (uintmax_t)sets[i].planned);
	}
	return 0;
}

static int check_confinement(const struct creation *creation, const struct process *process,
			     struct error *error)
{
	const struct oci_config *config = creation->plan.config;
	size_t planned = creation->sandbox.filter_count;
	uint64_t no_new_privs;
	uint64_t filters = 0;

	if (status_number(process, "NoNewPrivs", 10, &no_new_privs, error) < 0 ||
	    (planned > 0 && status_number(process, "Seccomp_filters", 10, &filters, error) < 0))
		return -1;
	if (config->process->no_new_privileges && no_new_privs != 1)
		return error_set(error, 0, "process.noNewPrivileges: not set on restored process %d",
				 process->pid);
	if (filters < planned)
		return error_set(error, 0,
				 "linux.seccomp: restored process %d has %ju filters, %zu were planned",
				 process->pid, (uintmax_t)filters, planned);
	return 0;
}

/* That which the configuration gives a new namespace of must not be the runtime's own. */
static int check_namespaces(const struct creation *creation, pid_t pid, struct error *error)
{
	static const char *const names[OCI_NAMESPACE_TYPES] = {
		[OCI_NAMESPACE_PID] = "pid",	   [OCI_NAMESPACE_NETWORK] = "net",
		[OCI_NAMESPACE_MOUNT] = "mnt",	   [OCI_NAMESPACE_IPC] = "ipc",
		[OCI_NAMESPACE_UTS] = "uts",	   [OCI_NAMESPACE_USER] = "user",
		[OCI_NAMESPACE_CGROUP] = "cgroup",
	};

	for (int type = 0; type < OCI_NAMESPACE_TYPES; type++) {
		char path[64];
		struct stat theirs;
		struct stat ours;

		if (!names[type] ||
		    !config_has_new_namespace(creation->plan.config, (enum oci_namespace_type)type))
			continue;
		snprintf(path, sizeof(path), "%d/ns/%s", pid, names[type]);
		if (fstatat(creation->sandbox.procfs, path, &theirs, 0) < 0)
			return error_set(error, errno, "look at the %s namespace of the restored process",
					 names[type]);
		snprintf(path, sizeof(path), "self/ns/%s", names[type]);
		if (fstatat(creation->sandbox.procfs, path, &ours, 0) < 0)
			return error_set(error, errno, "look at the own %s namespace", names[type]);
		if (theirs.st_ino == ours.st_ino && theirs.st_dev == ours.st_dev)
			return error_set(error, 0,
					 "linux.namespaces: the checkpoint shares the host's %s namespace",
					 names[type]);
	}
	return 0;
}

static int read_process(const struct creation *creation, struct process *process, struct error *error)
{
	const char *path = arena_printf(creation->arena, "%d/status", process->pid);
	size_t length;
	char *text;

	if (file_read_at(creation->arena, creation->sandbox.procfs, path, FILE_SIZE_MAX, &text, &length) < 0)
		return error_set(error, errno, "read the status of restored process %d", process->pid);
	process->status = text;
	return 0;
}

int restore_check(struct creation *creation, pid_t criu, struct error *error)
{
	struct process first = { .pid = creation->sandbox.pid };
	pid_t *pids = &first.pid;
	size_t count = 1;

	if (policy_is_off(creation->plan.policy))
		return 0;
	if (read_process(creation, &first, error) < 0 ||
	    check_capabilities(&first, &creation->sandbox.capabilities, error) < 0 ||
	    check_namespaces(creation, first.pid, error) < 0)
		return -1;
	if (creation->cgroup && cgroup_pids(creation->arena, creation->cgroup, true, &pids, &count, error) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		struct process process = { .pid = pids[i] };

		if (pids[i] == criu)
			continue;
		if (read_process(creation, &process, error) < 0 ||
		    check_confinement(creation, &process, error) < 0)
			return -1;
	}
	return check_confinement(creation, &first, error);
}
