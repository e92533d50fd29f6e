/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/audit_checks.h"

#include <fnmatch.h>
#include <string.h>
#include <strings.h>

#include "base/path.h"
#include "policy/key.h"

#define FEW_PIDS 512

static bool list_has(const char *const *list, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (!strcasecmp(list[i], text))
			return true;
	return false;
}

static const struct oci_linux *linux_of(const struct audit_subject *subject)
{
	static const struct oci_linux none;

	return subject->config->linux_ ? subject->config->linux_ : &none;
}

static const struct oci_resources *resources_of(const struct audit_subject *subject)
{
	static const struct oci_resources none;

	return linux_of(subject)->resources ? linux_of(subject)->resources : &none;
}

/* Without a process there are no capabilities. */
static const struct oci_capabilities *capabilities_of(const struct audit_subject *subject)
{
	static const struct oci_capabilities none;
	const struct oci_process *process = subject->config->process;

	return process && process->capabilities ? process->capabilities : &none;
}

bool audit_not_privileged(const struct audit_subject *subject)
{
	return !config_is_privileged(subject->arena, subject->config);
}

/* capabilities ------------------------------------------------------------------------------------------- */

bool audit_no_ruling_capability(const struct audit_subject *subject)
{
	static const char *const ruling[] = {
		"CAP_SYS_ADMIN",    "CAP_SYS_PTRACE",	   "CAP_SYS_MODULE",	"CAP_SYS_RAWIO",
		"CAP_SYS_BOOT",	    "CAP_SYS_TIME",	   "CAP_NET_ADMIN",	"CAP_DAC_READ_SEARCH",
		"CAP_BPF",	    "CAP_PERFMON",	   "CAP_SYSLOG",	"CAP_MAC_ADMIN",
		"CAP_MAC_OVERRIDE", "CAP_LINUX_IMMUTABLE", "CAP_AUDIT_CONTROL", "CAP_CHECKPOINT_RESTORE",
	};
	const struct string_list *bounding = &capabilities_of(subject)->bounding;

	for (size_t i = 0; i < bounding->count; i++)
		if (list_has(ruling, ARRAY_SIZE(ruling), bounding->items[i]))
			return false;
	return true;
}

bool audit_few_capabilities(const struct audit_subject *subject)
{
	static const char *const few[] = {
		"CAP_CHOWN",  "CAP_DAC_OVERRIDE", "CAP_FOWNER",	  "CAP_KILL",	  "CAP_NET_BIND_SERVICE",
		"CAP_SETGID", "CAP_SETUID",	  "CAP_SYS_NICE", "CAP_IPC_LOCK",
	};
	const struct string_list *bounding = &capabilities_of(subject)->bounding;

	for (size_t i = 0; i < bounding->count; i++)
		if (!list_has(few, ARRAY_SIZE(few), bounding->items[i]))
			return false;
	return true;
}

bool audit_no_capability(const struct audit_subject *subject)
{
	const struct oci_capabilities *sets = capabilities_of(subject);

	return !sets->bounding.count && !sets->permitted.count && !sets->effective.count;
}

bool audit_nothing_inheritable(const struct audit_subject *subject)
{
	return !capabilities_of(subject)->inheritable.count && !capabilities_of(subject)->ambient.count;
}

bool audit_no_new_privileges(const struct audit_subject *subject)
{
	return subject->config->process && subject->config->process->no_new_privileges;
}

bool audit_securebits(const struct audit_subject *subject)
{
	return subject->hardening->securebits != SECUREBITS_OFF;
}

/* One that is joined by path is another container's, where it is not known to be the host's. */
static bool has(const struct audit_subject *subject, enum oci_namespace_type type)
{
	const struct oci_namespace *namespace = config_namespace(subject->config, type);

	return namespace && (!namespace->path || !subject->host ||
			     subject->host->facts.joined[type] != POLICY_NAMESPACE_HOST);
}

/* Another user than root, or one that a user namespace maps to another. */
bool audit_user(const struct audit_subject *subject)
{
	const struct oci_process *process = subject->config->process;
	const struct oci_namespace *namespace = config_namespace(subject->config, OCI_NAMESPACE_USER);
	const struct audit_host *host = subject->host;
	const struct oci_id_mapping_list *map = &linux_of(subject)->uid_mappings;

	if (process && process->user.uid != 0 && audit_no_new_privileges(subject))
		return true;
	if (!has(subject, OCI_NAMESPACE_USER))
		return false;
	if (namespace->path)
		return !host || host->facts.joined[OCI_NAMESPACE_USER] != POLICY_NAMESPACE_HAS_ROOT;
	for (size_t i = 0; i < map->count; i++)
		if (map->items[i].host_id == 0)
			return false;
	return map->count > 0;
}

/* seccomp and labels ------------------------------------------------------------------------------------- */

static bool denies(enum oci_seccomp_action action)
{
	return action != OCI_SECCOMP_ALLOW && action != OCI_SECCOMP_LOG && action != OCI_SECCOMP_UNSET;
}

bool audit_seccomp(const struct audit_subject *subject)
{
	const struct oci_seccomp *seccomp = linux_of(subject)->seccomp;

	return subject->hardening->seccomp_profiles.count || (seccomp && denies(seccomp->default_action));
}

bool audit_proven_seccomp(const struct audit_subject *subject)
{
	return audit_seccomp(subject) && subject->filters_proven;
}

/* A profile of a policy's, or a filter that lets none of these through, whatever their arguments. */
bool audit_strict_seccomp(const struct audit_subject *subject)
{
	static const char *const unneeded[] = {
		"ptrace",      "process_vm_readv", "process_vm_writev", "mount",       "bpf",	     "keyctl",
		"userfaultfd", "io_uring_setup",   "perf_event_open",	"init_module", "kexec_load", "unshare",
		"setns",
	};
	const struct oci_seccomp *seccomp = linux_of(subject)->seccomp;

	for (size_t i = 0; i < subject->hardening->seccomp_profiles.count; i++)
		if (strcmp(subject->hardening->seccomp_profiles.items[i], "default") != 0)
			return true;
	if (!audit_seccomp(subject) || !seccomp || !denies(seccomp->default_action))
		return false;
	for (size_t i = 0; i < seccomp->syscalls.count; i++) {
		const struct oci_syscall *rule = &seccomp->syscalls.items[i];

		for (size_t j = 0; !denies(rule->action) && j < rule->names.count; j++)
			if (list_has(unneeded, ARRAY_SIZE(unneeded), rule->names.items[j]))
				return false;
	}
	return true;
}

bool audit_lsm(const struct audit_subject *subject)
{
	const struct oci_process *process = subject->config->process;

	return process && ((process->apparmor_profile && *process->apparmor_profile &&
			    strcmp(process->apparmor_profile, "unconfined") != 0) ||
			   (process->selinux_label && *process->selinux_label));
}

/* namespaces --------------------------------------------------------------------------------------------- */

bool audit_own_mounts_and_pids(const struct audit_subject *subject)
{
	return has(subject, OCI_NAMESPACE_MOUNT) && has(subject, OCI_NAMESPACE_PID);
}

bool audit_own_network(const struct audit_subject *subject)
{
	return has(subject, OCI_NAMESPACE_NETWORK);
}

bool audit_own_ipc_and_uts(const struct audit_subject *subject)
{
	return has(subject, OCI_NAMESPACE_IPC) && has(subject, OCI_NAMESPACE_UTS);
}

/* files -------------------------------------------------------------------------------------------------- */

bool audit_rootfs(const struct audit_subject *subject)
{
	return subject->config->root && subject->config->root->readonly;
}

/* Whether each of @wanted is in @list or below something there. */
static bool covers(const struct audit_subject *subject, const struct string_list *list,
		   const char *const *wanted, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool covered = false;

		for (size_t j = 0; j < list->count && !covered; j++)
			covered = path_is_below(wanted[i], path_normalize(subject->arena, list->items[j])) ||
				  fnmatch(list->items[j], wanted[i], FNM_PATHNAME) == 0;
		if (!covered)
			return false;
	}
	return true;
}

bool audit_masks(const struct audit_subject *subject)
{
	static const char *const wanted[] = { "/proc/acpi",	     "/proc/kcore",	 "/proc/keys",
					      "/proc/latency_stats", "/proc/timer_list", "/proc/sched_debug",
					      "/proc/scsi",	     "/sys/firmware" };

	return covers(subject, &linux_of(subject)->masked_paths, wanted, ARRAY_SIZE(wanted));
}

bool audit_more_masks(const struct audit_subject *subject)
{
	static const char *const wanted[] = { "/proc/kallsyms",
					      "/proc/slabinfo",
					      "/proc/interrupts",
					      "/proc/vmallocinfo",
					      "/proc/modules",
					      "/proc/iomem",
					      "/sys/devices/virtual/powercap" };

	return covers(subject, &linux_of(subject)->masked_paths, wanted, ARRAY_SIZE(wanted));
}

bool audit_readonly_paths(const struct audit_subject *subject)
{
	static const char *const wanted[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
					      "/proc/sysrq-trigger" };

	return covers(subject, &linux_of(subject)->readonly_paths, wanted, ARRAY_SIZE(wanted));
}

bool audit_sysfs(const struct audit_subject *subject)
{
	const struct oci_mount_list *mounts = &subject->config->mounts;

	for (size_t i = 0; i < mounts->count; i++) {
		const char *destination = path_normalize(subject->arena, mounts->items[i].destination);

		if (path_is_below(destination, "/sys") && !mount_is_readonly(&mounts->items[i]))
			return false;
	}
	return true;
}

/* Whether @path is one of those, or shows one. */
static bool rules_the_host(const char *path)
{
	static const char *const ruling[] = {
		"/boot",
		"/dev",
		"/etc",
		"/proc",
		"/root",
		"/sys",
		"/run/docker.sock",
		"/var/run/docker.sock",
		"/run/containerd/containerd.sock",
		"/run/crio/crio.sock",
		"/run/podman/podman.sock",
		"/var/lib/docker",
		"/var/lib/containerd",
		"/var/lib/containers",
		"/var/lib/kubelet",
	};
	for (size_t i = 0; i < ARRAY_SIZE(ruling); i++)
		if (!strcmp(path, "/") || path_is_below(ruling[i], path))
			return true;
	return false;
}

/* As they are written and, where the host is known, by what they lead to. */
bool audit_no_host_sources(const struct audit_subject *subject)
{
	const struct oci_mount_list *mounts = &subject->config->mounts;
	static const struct policy_facts nothing;
	const struct policy_facts *facts = subject->host ? &subject->host->facts : &nothing;

	for (size_t i = 0; i < mounts->count; i++) {
		struct string_list sources = mount_sources(subject->arena, &mounts->items[i], facts->directory);

		for (size_t j = 0; j < sources.count; j++) {
			const char *source = sources.items[j];
			const char *real = facts_real_path(subject->arena, facts, source);

			if ((real && rules_the_host(real)) ||
			    (source[0] == '/' && rules_the_host(path_normalize(subject->arena, source))))
				return false;
		}
	}
	return true;
}

/* /dev is there for its devices, and what is bound below it too. */
bool audit_mount_flags(const struct audit_subject *subject)
{
	const struct oci_mount_list *mounts = &subject->config->mounts;

	for (size_t i = 0; i < mounts->count; i++) {
		const struct oci_mount *mount = &mounts->items[i];
		bool is_tmpfs = mount->type && !strcmp(mount->type, "tmpfs");
		bool in_dev = path_is_below(path_normalize(subject->arena, mount->destination), "/dev");

		if ((!mount_is_bind(mount) && !is_tmpfs) || mount_is_readonly(mount))
			continue;
		if (!mount_has_either(mount, "nosuid", "rnosuid") ||
		    (!in_dev && !mount_has_either(mount, "nodev", "rnodev")))
			return false;
	}
	return true;
}

bool audit_landlock(const struct audit_subject *subject)
{
	const struct landlock_plan *plan = &subject->hardening->landlock;

	return plan->count > 0 && plan->demand != DEMAND_OFF && (!subject->host || subject->host->landlock);
}

bool audit_disk(const struct audit_subject *subject)
{
	return audit_rootfs(subject) ||
	       (subject->hardening->disk.bytes > 0 && (!subject->host || subject->host->disk_quota));
}

/* resources ---------------------------------------------------------------------------------------------- */

bool audit_devices(const struct audit_subject *subject)
{
	return devices_are_default(linux_of(subject));
}

static bool unified_limits(const struct audit_subject *subject, const char *name)
{
	const struct string_map *unified = &resources_of(subject)->unified;

	for (size_t i = 0; i < unified->count; i++)
		if (!strcmp(unified->items[i].key, name))
			return strncmp(unified->items[i].value, "max", 3) != 0;
	return false;
}

static int64_t pids_of(const struct audit_subject *subject)
{
	const struct oci_pids *pids = resources_of(subject)->pids;

	return pids && pids->limit.present ? pids->limit.value : -1;
}

bool audit_pids(const struct audit_subject *subject)
{
	return pids_of(subject) >= 0 || unified_limits(subject, "pids.max");
}

bool audit_few_pids(const struct audit_subject *subject)
{
	return pids_of(subject) >= 0 && pids_of(subject) <= FEW_PIDS;
}

bool audit_memory(const struct audit_subject *subject)
{
	const struct oci_memory *memory = resources_of(subject)->memory;

	return (memory && memory->limit.value > 0) || unified_limits(subject, "memory.max");
}

bool audit_cpu(const struct audit_subject *subject)
{
	const struct oci_cpu *cpu = resources_of(subject)->cpu;

	return (cpu && cpu->quota.value > 0) || unified_limits(subject, "cpu.max");
}

/* the rest ----------------------------------------------------------------------------------------------- */

bool audit_keyring(const struct audit_subject *subject)
{
	return subject->hardening->session_keyring;
}

bool audit_core_scheduling(const struct audit_subject *subject)
{
	return subject->hardening->core_scheduling != DEMAND_OFF &&
	       (!subject->host || subject->host->core_scheduling);
}

bool audit_speculation(const struct audit_subject *subject)
{
	static const enum speculation counted[] = { SPECULATION_STORE_BYPASS, SPECULATION_INDIRECT_BRANCH };

	for (size_t i = 0; i < ARRAY_SIZE(counted); i++)
		if (subject->hardening->speculation[counted[i]] == DEMAND_OFF ||
		    (subject->host && !subject->host->speculation[counted[i]]))
			return false;
	return true;
}

bool audit_egress(const struct audit_subject *subject)
{
	return subject->hardening->egress.count > 0;
}

bool audit_exec(const struct audit_subject *subject)
{
	return subject->exec != EXEC_ALLOW;
}
