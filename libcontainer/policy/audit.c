/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/audit.h"

#include "policy/audit_checks.h"

/* clang-format off */
const struct audit_check audit_checks[] = {
	/* what engines do by default: 60 */
	{ "not-privileged", "it is not privileged",
	  "remove --privileged; add what is needed with --cap-add and --device", 10, audit_not_privileged },
	{ "capabilities-none-ruling", "no capability that rules the host",
	  "drop CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_SYS_MODULE and their like (policy: capabilities.max)", 8,
	  audit_no_ruling_capability },
	{ "seccomp", "a seccomp filter denies what it does not name",
	  "remove seccomp=unconfined, or use a policy with seccomp.profile", 7, audit_seccomp },
	{ "seccomp-proven", "the seccomp filter is proven to decide every call as its profile says",
	  "use a profile that the runtime can compile and prove: create says why it cannot", 1,
	  audit_proven_seccomp },
	{ "namespaces-mount-pid", "mounts and processes of its own",
	  "remove --pid=host (policy: namespaces.require mount, pid)", 6, audit_own_mounts_and_pids },
	{ "namespace-network", "a network of its own",
	  "remove --network=host (policy: namespaces.require network)", 5, audit_own_network },
	{ "masked-paths", "what procfs and sysfs tell of the host is masked",
	  "remove systempaths=unconfined (policy: maskedPaths; baseline has them)", 5, audit_masks },
	{ "host-sources", "no path that rules the host is bound in",
	  "bind neither /, /etc, /proc, /sys, /dev nor an engine's socket (policy: mounts.denySources)", 5,
	  audit_no_host_sources },
	{ "readonly-paths", "settings of the kernel are read-only",
	  "remove systempaths=unconfined (policy: readonlyPaths; baseline has them)", 4, audit_readonly_paths },
	{ "devices", "no other devices than the default ones",
	  "remove --device and --device-cgroup-rule (policy: devices \"default\")", 4, audit_devices },
	{ "namespaces-ipc-uts", "shared memory and a host name of its own",
	  "remove --ipc=host and --uts=host (policy: namespaces.require ipc, uts)", 3, audit_own_ipc_and_uts },
	{ "sysfs-readonly", "sysfs and the cgroups are read-only",
	  "mount /sys and /sys/fs/cgroup with ro", 1, audit_sysfs },
	{ "capabilities-inheritable", "no inheritable or ambient capability",
	  "leave those two sets empty (policy: capabilities.ambient [])", 1, audit_nothing_inheritable },
	/* what `baseline` adds: 7 */
	{ "no-new-privileges", "no program gains rights by being executed",
	  "use --security-opt no-new-privileges (policy: noNewPrivileges)", 4, audit_no_new_privileges },
	{ "masked-paths-more", "kernel addresses, heaps and side channels are masked",
	  "use the policy baseline, or mask /proc/kallsyms, /proc/slabinfo, /proc/interrupts and their like", 1,
	  audit_more_masks },
	{ "pids-limit", "the number of processes is limited",
	  "use --pids-limit (policy: resources.pids)", 1, audit_pids },
	{ "keyring", "a session keyring of its own whatever the engine asks for",
	  "use the policy baseline (key keyring)", 1, audit_keyring },
	/* what stricter policies add: 33 */
	{ "capabilities-none", "no capability at all",
	  "use --cap-drop=ALL (policy: capabilities.max []; web)", 5, audit_no_capability },
	{ "landlock", "Landlock rules hold besides the mounts",
	  "use a policy with landlock (web), on a kernel that has it", 5, audit_landlock },
	{ "user", "root in the container is nobody on the host",
	  "use a user namespace (policy: userns), or --user with another than 0 (policy: user.nonRoot)", 4,
	  audit_user },
	{ "seccomp-strict", "no tracing, mounting or other calls that no service needs",
	  "use a policy with seccomp.profile strict or one made for the service", 3, audit_strict_seccomp },
	{ "rootfs-readonly", "the root file system is read-only",
	  "use --read-only (policy: rootfs.readonly)", 3, audit_rootfs },
	{ "capabilities-few", "none but the capabilities a service starts with",
	  "use --cap-drop=ALL and add what is needed (policy: capabilities.max)", 2, audit_few_capabilities },
	{ "mount-flags", "nothing writable honours set-user-id files or devices",
	  "use a policy with mounts.options nosuid, nodev", 1, audit_mount_flags },
	{ "pids-few", "at most 512 processes",
	  "use --pids-limit 256 (policy: resources.pids.max)", 1, audit_few_pids },
	{ "memory-limit", "memory is limited",
	  "use --memory (policy: resources.memory.max; hobby, pro, business)", 1, audit_memory },
	{ "cpu-limit", "CPU time is limited",
	  "use --cpus (policy: resources.cpu.max; hobby, pro, business)", 1, audit_cpu },
	{ "disk-limit", "what it writes to its root file system is limited",
	  "use a read-only root file system, or a policy with disk where it has project quotas", 1, audit_disk },
	{ "securebits", "being uid 0 gives no capabilities back",
	  "use a policy with securebits", 1, audit_securebits },
	{ "core-scheduling", "no other tenant on the same core at the same time",
	  "use a policy with coreScheduling, on a kernel and a processor that have it", 1, audit_core_scheduling },
	{ "speculation", "speculative execution is held back",
	  "use a policy with speculation, on a processor that can", 1, audit_speculation },
	{ "egress", "packets go only where a policy lets them",
	  "use a policy with egress (internet)", 1, audit_egress },
	{ "exec", "no one can enter a locked container",
	  "use a policy with exec \"lockable\" or \"deny\"", 1, audit_exec },
	{ "lsm", "an AppArmor profile or an SELinux label",
	  "use a host with AppArmor or SELinux, and the engine's profile", 1, audit_lsm },
	{ 0 },
};
/* clang-format on */

size_t audit_check_count(void)
{
	return ARRAY_SIZE(audit_checks) - 1;
}

void audit_run(const struct audit_subject *subject, struct audit *audit)
{
	audit->passed = ARENA_NEW_ARRAY(subject->arena, bool, audit_check_count());
	audit->points = 0;
	for (size_t i = 0; i < audit_check_count(); i++) {
		audit->passed[i] = audit_checks[i].passes(subject);
		audit->points += audit->passed[i] ? audit_checks[i].weight : 0;
	}
	audit->score = audit->points * AUDIT_SCORE_MAX / AUDIT_POINTS;
}
