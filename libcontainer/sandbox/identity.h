/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process is allowed and who it is: user, groups, capabilities, no_new_privs, LSM labels, keyring,
 * resource limits, scheduling, memory policy, personality. Each function acts on the calling process (the
 * child) and takes what the configuration says; absent means: leave alone. Writes below /proc go through
 * @procfs, the host's procfs opened by procfs_open() before the container's files could be in the way, as
 * "thread-self/…"; a path below the container's /proc is never used.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "spec/config.h"

/* The five sets as bit masks (1 << CAP_…). */
struct capability_masks {
	uint64_t bounding;
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
	uint64_t ambient;
};

/*
 * Names to masks; NULL: all sets are empty. Names the kernel or this table does not know are left out with a
 * warning in the log, as runc does; so are ambient ones that are not also permitted and inheritable.
 */
int capabilities_resolve(const struct oci_capabilities *capabilities, struct capability_masks *masks,
			 struct error *error);
/* Every name known here, up to the kernel's last, NULL-terminated: for `features`. */
const char *const *capabilities_known(void);

/*
 * Of the process @pid (0: the calling one). Raising either needs CAP_SYS_RESOURCE of the initial user
 * namespace, so the parent does it for a child that is in a user namespace of its own. An unknown rlimit is
 * an error.
 */
int identity_rlimits(pid_t pid, const struct oci_process *process, struct error *error);
int identity_oom_score(int procfs, pid_t pid, const struct oci_process *process, struct error *error);

/* Scheduling, memory, personality: of the calling process, while it still has its privileges. */
int identity_scheduler(const struct oci_process *process, struct error *error);
int identity_io_priority(const struct oci_process *process, struct error *error);
/* A cpu list as sched_setaffinity(2) wants it; @list may be NULL. */
int identity_cpu_affinity(const char *list, struct error *error);
int identity_memory_policy(const struct oci_memory_policy *policy, struct error *error);
int identity_personality(const struct oci_personality *wanted, struct error *error);

/*
 * Joins the session keyring named "_ses.ID", made where there is none, labelled @label where that is not NULL
 * or empty (SELinux), and lets the container's users search it (@userns: the container has a user namespace
 * of its own; then those are "others" to the key). Where another user has made a ring of that name, a new one
 * without a name is joined instead. ENOSYS is no error.
 */
int identity_session_keyring(int procfs, const char *container_id, const char *label, bool userns,
			     struct error *error);

/*
 * Labels for the next execve(2). Refused where the label is given but the LSM is not there or refuses it.
 * An empty or NULL label (and AppArmor's "unconfined" without AppArmor) is nothing to do. The parent asks
 * *_is_enabled() before anything is created; they look at the host's /sys. identity_check_labels() asks them for all
 * labels of @process (NULL: there is none): 0, or -1 and which module is not there.
 */
int identity_apparmor(int procfs, const char *profile, struct error *error);
int identity_selinux(int procfs, const char *label, struct error *error);
bool apparmor_is_enabled(void);
bool selinux_is_enabled(void);
int identity_check_labels(const struct oci_process *process, struct error *error);

/*
 * Who the process is, in the order the kernel needs: the bounding set while CAP_SETPCAP is there; then
 * groups, gid, uid (capabilities are kept over the change) and the umask (022 where none is given); then the
 * other sets. Where the user namespace denies setgroups(2), the groups stay as they are; asking for others is
 * an error.
 */
int identity_bounding(const struct capability_masks *masks, struct error *error);
int identity_user(int procfs, const struct oci_user *user, struct error *error);
int identity_capabilities(const struct capability_masks *masks, struct error *error);

int identity_no_new_privs(struct error *error);

/* The calling thread's status, which shows its state at each reading. A descriptor, or -1. */
int identity_open_status(int procfs, struct error *error);

/*
 * Part of the check before exec: this process's uid, gid, groups, no_new_privs, five capability sets and
 * seccomp mode are what was planned, as the kernel reports them: one reading of thread-self/status, which
 * costs less than asking for each capability. A seccomp filter may forbid that reading: with no_new_privs,
 * check first (@seccomp false), then load the filter, whose success is its own proof; else @status, of
 * identity_open_status() before the filter, at least spares the opening. @masks NULL: not compared; @seccomp:
 * a filter must be loaded. 0, or -1 naming the first mismatch.
 */
int identity_verify(int procfs, int status, const struct oci_process *process,
		    const struct capability_masks *masks, bool seccomp, struct error *error);
