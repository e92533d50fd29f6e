/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside `verify`: the running container as the kernel reports it, against its hardened configuration. What is planned
 * comes from the container's directory, what is found from /proc/PID of its processes, its namespaces and its groups.
 *
 * verify.c has the table of what is looked at; the other files have the looking, one a part of the kernel.
 */
#pragma once

#include "base/mountinfo.h"
#include "state/container.h"

struct looking {
	struct arena *arena;
	const struct container *container;
	const struct oci_config *config; /* hardened */
	const struct policy *policy;
	struct hardening
		hardening; /* what it plans beside the configuration; nothing where hardening_error is set */
	const char *hardening_error; /* why that is not known, or NULL */
	pid_t pid; /* of the first process */
	bool waits_for_start; /* it did when the processes' status files were read, or a moment before */
	int process; /* /proc/PID */
	int root; /* /proc/PID/root */
	struct mountinfo_list mounts; /* as the first process sees them */
	pid_t *pids; /* of all processes in the container */
	size_t pid_count;
	struct verification *verification;
};

/* One measure. @found: what differs, or what is there. */
void look_add(struct looking *looking, enum measure_state state, const char *name, const char *planned,
	      const char *found);
/* The same with the state that @holds says. */
void look_add_bool(struct looking *looking, bool holds, const char *name, const char *planned,
		   const char *found);

/* The text of a file of process @pid, or NULL where it cannot be read: the process may be gone. */
const char *look_read(struct looking *looking, pid_t pid, const char *name);

/* The text behind "NAME:" in a status file, without blanks in front, up to the line's end; NULL: there is none. */
const char *look_field(struct arena *arena, const char *status, const char *name);

/* The parts; each adds its measures. What cannot be looked at is a measure that is not known to hold. */
void look_at_namespaces(struct looking *looking);
void look_at_id_maps(struct looking *looking);
void look_at_sysctls(struct looking *looking);
void look_at_processes(struct looking *looking); /* no_new_privs, seccomp, capabilities */
void look_at_filters(struct looking *looking); /* what the seccomp filters decide */
void look_at_hardening(struct looking *looking); /* what a policy asks for besides the configuration */
void look_at_user(struct looking *looking);
void look_at_rlimits(struct looking *looking);
void look_at_oom_score(struct looking *looking);
void look_at_labels(struct looking *looking);
void look_at_root(struct looking *looking);
void look_at_mounts(struct looking *looking);
void look_at_masks(struct looking *looking);
void look_at_readonly_paths(struct looking *looking);
void look_at_cgroup(struct looking *looking);
void look_at_limits(struct looking *looking);
void look_at_devices(struct looking *looking);
