/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control groups: one interface, v1, v2 and mixtures of both behind it.
 *
 * A host may mount some controllers as v1 hierarchies and others in v2: each controller is used where it lives.
 * What is mounted where is found once, from /proc/self/cgroup and the customary places, or where those do not
 * hold from /proc/self/mountinfo.
 *
 * A start goes: cgroup_layout_read, cgroup_create, clone3 with cgroup_clone_fd, cgroup_create_rest,
 * cgroup_set_resources, cgroup_set_devices, and the child writes "0" to the descriptors of cgroup_join_fds. So the
 * groups of v1, of which there may be a dozen, are made while the child is busy with its mounts. cgroup_save
 * goes into the state, and each later command starts with cgroup_open. When the process is in the groups for good,
 * cgroup_settle.
 *
 * With the manager systemd the groups are those of a transient unit (systemd.c), and everything else is as above.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "spec/config.h"

#define CGROUP_HIERARCHIES_MAX 24

enum cgroup_manager { CGROUP_MANAGER_CGROUPFS, CGROUP_MANAGER_SYSTEMD, CGROUP_MANAGER_DISABLED };

/* One mounted hierarchy as this process sees it. */
struct cgroup_hierarchy {
	const char *controllers; /* v1: "cpu,cpuacct" or "name=systemd"; v2: "" */
	const char *mountpoint; /* on the host: "/sys/fs/cgroup/memory" */
	const char *mount_root; /* root of that mount in the hierarchy, "/" but for containers */
	const char *own_path; /* cgroup of this process in it, as of /proc/self/cgroup */
	int fd; /* O_PATH of the mountpoint, checked to be a cgroup filesystem */
	bool v2;
};

struct cgroup_layout {
	struct cgroup_hierarchy items[CGROUP_HIERARCHIES_MAX];
	size_t count;
	bool unified; /* /sys/fs/cgroup itself is cgroup2: a pure v2 host */
};

/* Finds what is mounted. Strings live in @arena. 0, or -1. */
int cgroup_layout_read(struct arena *arena, struct cgroup_layout *layout, struct error *error);
/* Closes the descriptors; @layout is empty then. */
void cgroup_layout_release(struct cgroup_layout *layout);
#define _cleanup_cgroup_layout_ _cleanup_(cgroup_layout_release)

struct cgroup_request {
	enum cgroup_manager manager;
	const char *container_id;
	const char
		*cgroups_path; /* linux.cgroupsPath; NULL: the manager's default for the id, as runc has it */
	bool rootless;
	/*
	 * The host's user that gets the v2 group delegated, as the specification wants where the container has
	 * a cgroup namespace and mounts its cgroup tree writable: the one that process.user.uid is mapped to.
	 */
	struct optional_u32 owner;
	const struct oci_device_list *devices; /* linux.devices, or NULL */
	const struct string_map *annotations; /* systemd: org.systemd.property.NAME; or NULL */
	bool v1_later; /* the groups of v1 may be left to cgroup_create_rest(); a manager that makes all at once does */
};

struct cgroup; /* the container's groups in all hierarchies, with a descriptor for each */

/*
 * What cgroup_create() would make, without making it: only good for cgroup_save() (so that a command killed in
 * between leaves a state from which delete finds the groups). Where the group exists already it may be in use
 * by others: cgroup_kill() of what is saved so kills nobody then, and cgroup_destroy() leaves alone what is
 * busy. Once the groups are made, save what cgroup_create() gave. 0, or -1.
 */
int cgroup_plan(struct arena *arena, const struct cgroup_layout *layout, const struct cgroup_request *request,
		struct cgroup **cgroup, struct error *error);

/*
 * Makes the container's cgroups. Groups that exist and are empty are taken over (runc does so too); one that
 * holds processes, or is frozen, is refused. A rootless container without a cgroupsPath goes without those
 * hierarchies that it may not write to: limits there are then refused by cgroup_set_resources(). @resources (may
 * be NULL) decides what has to be enabled on the way; no limit is set. *cgroup lives in @arena. 0, or -1, and what
 * was made is removed again.
 */
int cgroup_create(struct arena *arena, const struct cgroup_layout *layout, const struct cgroup_request *request,
		  const struct oci_resources *resources, struct cgroup **cgroup, struct error *error);

/* Makes those that cgroup_create() was to leave for later. 0, or -1, and what it made is removed again. */
int cgroup_create_rest(struct cgroup *cgroup, const struct cgroup_layout *layout,
		       const struct oci_resources *resources, struct error *error);

/*
 * Before cgroup_kill() and cgroup_destroy() of a container that did not come to be: groups of v1 that were not made for
 * it are not its own, and what is there under their names, processes too, is left alone.
 */
void cgroup_give_up_rest(struct cgroup *cgroup);

/*
 * Opens the cgroups of an existing container from what cgroup_save() wrote. A group that has gone is no error.
 */
int cgroup_open(struct arena *arena, const struct json_value *saved, struct cgroup **cgroup,
		struct error *error);

/* Writes the object ("cgroup": {…}) that cgroup_open() reads. */
void cgroup_save(struct json_writer *writer, const struct cgroup *cgroup);

/* Closes descriptors; removes nothing. */
void cgroup_close(struct cgroup *cgroup);

/* Whether it was opened for a container that was made without one: --cgroup-manager disabled. */
bool cgroup_is_disabled(const struct cgroup *cgroup);

/* The path in the hierarchy ("/docker/ID"): what runc shows as cgroup path; "" where there is none. */
const char *cgroup_path(const struct cgroup *cgroup);
/* Its directory on the host in the hierarchy of @controller ("memory"; NULL: the v2 one), or NULL. */
const char *cgroup_directory(const struct cgroup *cgroup, const char *controller);

/*
 * The v2 directory for clone3(2) CLONE_INTO_CGROUP, or -1 where there is none (or where a small memory limit
 * makes joining late necessary: the setup itself must not be charged to a limit it does not fit in).
 */
int cgroup_clone_fd(const struct cgroup *cgroup);

/*
 * Descriptors that a single-threaded process joins by writing "0" to: v1 `tasks` files and, where clone3
 * could not be used, the v2 `cgroup.procs`. A process that moves only itself through `tasks` does not take
 * the kernel's threadgroup lock and waits for no RCU grace period (cgroup_procs_write_start()).
 * @early and @late have room for CGROUP_HIERARCHIES_MAX each: the groups to join first, and those to join
 * only when the setup is done (memory, where its limit is small). For each of @late, @home is the runtime's own
 * group of that hierarchy: a child that needs a cgroup namespace joins late[], makes it, and goes back home[]
 * until the setup is done. They belong to @cgroup.
 */
struct cgroup_join {
	int early[CGROUP_HIERARCHIES_MAX];
	size_t early_count;
	int late[CGROUP_HIERARCHIES_MAX];
	size_t late_count;
	int home[CGROUP_HIERARCHIES_MAX];
	size_t home_count;
};
int cgroup_join_fds(const struct cgroup *cgroup, bool cloned, struct cgroup_join *join, struct error *error);

/*
 * Whether one more process may join. The pids controller looks at its limit when a process forks, not when one
 * moves in: on v1, where processes move themselves, it has to be asked. 0, or -1 (EAGAIN as of fork(2)).
 */
int cgroup_check_room(const struct cgroup *cgroup, struct error *error);

/*
 * The container's process is in its groups and stays there: what was needed until then is released, and limits set
 * that it would not have come in under. 0, or -1.
 */
int cgroup_settle(struct cgroup *cgroup, struct error *error);

/*
 * Where this process may not move a child into the groups (EACCES from clone3: an ordinary user outside of the
 * delegated tree), the manager may: systemd moves it into the container's unit. 0, or -1.
 */
bool cgroup_can_attach(const struct cgroup *cgroup);
int cgroup_attach(struct cgroup *cgroup, pid_t pid, struct error *error);

/* Moves another process in, through cgroup.procs of every hierarchy (older kernels, restore). 0, or -1. */
int cgroup_add_process(const struct cgroup *cgroup, pid_t pid, struct error *error);

/*
 * A view of the same container in v2 from where process @pid of it is. For exec: where a container has passed
 * controllers on to groups of its own, its own group takes no processes any more (EBUSY from clone3). 0, or -1.
 */
int cgroup_of_process(struct arena *arena, const struct cgroup *cgroup, pid_t pid, struct cgroup **view,
		      struct error *error);

/*
 * A view of the same container narrowed to a sub-cgroup for `exec --cgroup [CONTROLLERS:]PATH`, made from the
 * option's values as runc reads them. Paths that leave the container's group are refused.
 */
int cgroup_sub(struct arena *arena, const struct cgroup *cgroup, const char *const *options, size_t count,
	       struct cgroup **sub, struct error *error);

/*
 * Sets every limit of @resources (NULL: none) that is present; its device rules are left to the next function.
 * What is asked for and cannot be set is an error. Exceptions, as runc has it: what v2 has no counterpart of
 * and what would not confine any tighter (swappiness, disableOOMKiller, kernel, kernelTCP, leaf weights,
 * realtime). -1 with a limit that was not set: earlier ones stay. 0, or -1.
 */
int cgroup_set_resources(struct cgroup *cgroup, const struct oci_resources *resources, struct error *error);

/*
 * Sets the device rules: everything is denied, then come @rules in their order, then what every container has:
 * mknod of all, and null, zero, full, random, urandom, tty, ptmx, pts and net/tun, but for those that @devices
 * (linux.devices; may be NULL) has under the same path. To be called for each new container, with or without
 * rules; `update` leaves devices alone. A rootless runtime may not do this, and needs not: it does nothing. 0,
 * or -1.
 */
int cgroup_set_devices(struct cgroup *cgroup, const struct oci_device_rule_list *rules,
		       const struct oci_device_list *devices, struct error *error);

/* Limits as the kernel has them now. Absent: there is no such file; UINT64_MAX: no limit. */
struct cgroup_limits {
	struct optional_u64 pids;
	struct optional_u64 memory; /* bytes */
	struct optional_u64 memory_and_swap;
	struct optional_u64 cpu_quota; /* microseconds in a period */
	struct optional_u64 cpu_period;
	const char *cpus; /* a list of CPUs, "" for all of the parent's; NULL: absent */
	const char *mems;
};
void cgroup_read_limits(struct arena *arena, const struct cgroup *cgroup, struct cgroup_limits *limits);
/* What @file of the v2 group says, or NULL. */
const char *cgroup_read_unified(struct arena *arena, const struct cgroup *cgroup, const char *file);

/* The processes that are in any group of the container's, or below it: each once. 0, or -1. */
int cgroup_members(struct arena *arena, const struct cgroup *cgroup, pid_t **pids, size_t *count,
		   struct error *error);

/* The directory of a group of the container's that process @pid is not in, nor below it; NULL: it is in all. */
const char *cgroup_without(const struct cgroup *cgroup, pid_t pid);

/*
 * Whether the kernel allows no other devices than cgroup_set_devices() with the same arguments would: 1, or 0 with
 * *found saying what differs (in both cases a text in @arena or a constant). -1: the rules are wrong.
 */
int cgroup_check_devices(struct arena *arena, const struct cgroup *cgroup,
			 const struct oci_device_rule_list *rules, const struct oci_device_list *devices,
			 const char **found, struct error *error);

/*
 * The v2 controllers that a rootless runtime's containers can be limited by, separated by blanks, before any group is
 * made: those that were delegated to where @request has its group. "" where it may make none.
 */
const char *cgroup_delegated(struct arena *arena, const struct cgroup_layout *layout,
			     const struct cgroup_request *request);

/* Everything in the container's groups and below them: pids as this process sees them. 0, or -1. */
int cgroup_pids(struct arena *arena, const struct cgroup *cgroup, bool recursive, pid_t **pids, size_t *count,
		struct error *error);

/* The same of threads, in the groups and below them. */
int cgroup_threads(struct arena *arena, const struct cgroup *cgroup, pid_t **threads, size_t *count,
		   struct error *error);

/* Sends @signal to every process below (cgroup.kill where it can, else frozen and signalled one by one). */
int cgroup_kill(const struct cgroup *cgroup, int signal, struct error *error);

/*
 * Lets what was killed die. On v1 a frozen process does not: the container's groups are thawed with all below them,
 * which the container may have frozen itself, and so is the group that process @pid (0: none) was moved to.
 */
void cgroup_let_die(const struct cgroup *cgroup, pid_t pid);

/*
 * Freezes all that is in the container's group and below it, and waits until it is; or lets it go on. A freezing that does
 * not come to an end is taken back, and an error. 0, or -1.
 */
int cgroup_freeze(const struct cgroup *cgroup, struct error *error);
int cgroup_thaw(const struct cgroup *cgroup, struct error *error);
/* 1 frozen, 0 not, -1 on an error; *settled (may be NULL): false while the kernel still works on it. */
int cgroup_is_frozen(const struct cgroup *cgroup, bool *settled, struct error *error);

/*
 * Writes runc's object `events --stats` "data": cpu, cpuset, memory, pids, blkio, hugetlb, intel_rdt, which @resctrl
 * (resctrl.h) has the group of, and is empty where that is NULL, and network_interfaces, which are empty. 0, or -1
 * with the object not ended.
 */
struct resctrl_group;
int cgroup_stats(struct json_writer *writer, const struct cgroup *cgroup, const struct resctrl_group *resctrl,
		 struct error *error);

/*
 * How many processes of the container the kernel has killed for its memory limit; 0 where that is not known.
 * What runc asks when a container's process ends early: "container init was OOM-killed (memory limit too
 * low?)".
 */
uint64_t cgroup_oom_kills(const struct cgroup *cgroup);

/*
 * Removes the groups and those below them; waits, with a limit of 10 s and by events, for the last process
 * to leave. A group that is gone already is fine. 0, or -1.
 */
int cgroup_destroy(struct cgroup *cgroup, struct error *error);
