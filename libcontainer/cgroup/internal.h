/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the cgroup room.
 *
 * A container has one group in each mounted hierarchy. A group's directory is opened only when something is
 * read or written there: a container without limits costs one mkdir and one open a hierarchy.
 */
#pragma once

#include "cgroup/cgroup.h"

/*
 * v2 counts who is born into a group: at one time as many as this (an intermediate process, the container's, and
 * the one that holds a place in a unit of systemd). A lower limit is set when they are in.
 */
#define SETUP_PROCESSES 3

struct cgroup_group {
	bool v2;
	bool verified; /* the directory comes from the mount table, or its filesystem was looked at */
	bool dropped; /* not permitted (rootless), or given up: as if the hierarchy were not mounted */
	bool taken_over; /* it was there before cgroup_create() */
	bool late; /* joined when the setup is done */
	unsigned int made; /* how many components of the path cgroup_create() made, from its end */
	const char *
		controllers; /* v1: those of the hierarchy, "cpu,cpuacct"; v2: of the group, "cpu io", or NULL */
	const char *mountpoint;
	const char *inner; /* below the mountpoint: "/docker/ID" */
	const char *directory; /* mountpoint and inner together */
	int fd; /* O_PATH, or -1: see group_fd() */
	int join_fd; /* for writing to tasks or cgroup.procs, or -1 */
	const char *home; /* the runtime's own group in this hierarchy; NULL where the state file was read */
	int home_fd; /* the same as join_fd of it */
};

struct cgroup_ops;

struct cgroup {
	struct arena *arena;
	const struct cgroup_ops *ops;
	bool rootless;
	bool path_given; /* linux.cgroupsPath was there: then a missing permission is an error for rootless, too */
	bool unified; /* a pure v2 host */
	bool v1_later; /* the groups of v1 are still to be made */
	/*
	 * From a plan, and some group was there already: it may be someone else's, so nobody in it is killed
	 * and it is removed only if it is empty.
	 */
	bool foreign;
	const char *path;
	struct optional_u32 owner; /* of the v2 group */
	const char *refusal; /* v2: why controllers could not be passed down to the group, or NULL */
	bool making; /* between cgroup_create() and cgroup_settle() */
	struct optional_i64
		pids; /* the limit that is set when the container's process is in, where it is below SETUP_PROCESSES */
	struct systemd_unit *unit; /* the systemd manager's, else NULL */
	struct cgroup_group *groups;
	size_t count;
};

/* A manager: who makes the groups, sets their limits and removes them. All else goes by the directories. */
struct cgroup_ops {
	const char *name; /* as in --cgroup-manager and the state file */
	/* Says what the groups are, without touching the file system; */
	int (*plan)(struct cgroup *cgroup, const struct cgroup_layout *layout,
		    const struct cgroup_request *request, struct error *error);
	/* makes what was planned. */
	int (*create)(struct cgroup *cgroup, const struct cgroup_layout *layout,
		      const struct oci_resources *resources, struct error *error);
	int (*set_resources)(struct cgroup *cgroup, const struct oci_resources *resources, struct error *error);
	int (*set_devices)(struct cgroup *cgroup, const struct oci_device_rule_list *rules,
			   const struct oci_device_list *devices, struct error *error);
	int (*destroy)(struct cgroup *cgroup, struct error *error);
	/* The directory whose controllers the container's v2 group can have; NULL: the group's parent. */
	const char *(*delegated)(const struct cgroup *cgroup);
	/* Where this process may not move others into the group: the manager does it. NULL: it cannot. */
	int (*attach)(struct cgroup *cgroup, pid_t pid, struct error *error);
	/* The container's process has joined; releases what was needed until then. NULL: nothing was. */
	void (*settle)(struct cgroup *cgroup);
};
extern const struct cgroup_ops cgroupfs_ops;
extern const struct cgroup_ops systemd_ops;
extern const struct cgroup_ops disabled_ops;

/* layout.c */
/* Fills @layout from the texts of /proc/self/mountinfo and /proc/self/cgroup; opens nothing. 0, or -1. */
int layout_parse(struct arena *arena, const char *mountinfo, const char *own, struct cgroup_layout *layout,
		 struct error *error);

/* paths.c */
/*
 * The runtime's own group as the mount of @hierarchy shows it. In a container without a cgroup namespace
 * /proc/self/cgroup speaks of the host's paths, of which the mount shows only a part.
 */
const char *visible_own_path(struct arena *arena, const struct cgroup_hierarchy *hierarchy);
/* The path of the container's group below the mountpoint of @hierarchy, normalized. */
const char *inner_path(struct arena *arena, const struct cgroup_hierarchy *hierarchy, bool unified,
		       const char *cgroups_path, const char *container_id);

/* group.c */
/* The group in whose hierarchy @controller lives, or NULL; NULL as controller: the v2 group. */
struct cgroup_group *group_find(const struct cgroup *cgroup, const char *controller);
/* The v1 group of @controller, or NULL. */
struct cgroup_group *group_find_v1(const struct cgroup *cgroup, const char *controller);
/* Whether @controller is a v1 hierarchy's, also one in which the container may have no group. */
bool group_lives_in_v1(const struct cgroup *cgroup, const char *controller);
/* The directory's descriptor, opened on first use and checked to be in a cgroup filesystem; -1 with errno. */
int group_fd(struct cgroup_group *group);
/* Writes @value to @file. -1 with errno; the second form fills @error with what was written where. */
int group_try_write(struct cgroup_group *group, const char *file, const char *value);
int group_write(struct cgroup_group *group, const char *file, const char *value, struct error *error);
int group_write_u64(struct cgroup_group *group, const char *file, uint64_t value, struct error *error);
int group_write_i64(struct cgroup_group *group, const char *file, int64_t value, struct error *error);
int group_write_error(const struct cgroup_group *group, const char *file, const char *value,
		      struct error *error);
/* Reads @file into @arena, without the newline at its end. -1 with errno. */
int group_read(struct arena *arena, struct cgroup_group *group, const char *file, char **text);
/*
 * The first line of a file with one short value, as far as it fits into @size, with as few system calls as can be: `list`
 * asks every container. 0, or -1 with errno.
 */
int group_read_value(struct cgroup_group *group, const char *file, char *value, size_t size);
/* A file that holds one number; "max" is UINT64_MAX, and so is a number that does not fit. -1 with errno. */
int group_read_u64(struct cgroup_group *group, const char *file, uint64_t *value);
/* The controllers enabled in the v2 group, read the first time; "" where that fails. */
const char *v2_controllers(const struct cgroup *cgroup, struct cgroup_group *group);
/* Closes the descriptors. */
void group_close(struct cgroup_group *group);
/*
 * Opens @path without following any symbolic link, and makes sure it is in a cgroup filesystem. -1 with errno.
 */
int cgroup_directory_open(const char *path, int flags);

/* create.c */
/* Fills cgroup->groups: @inner (in @data's words) is the group's path below the mountpoint of a hierarchy. */
typedef const char *(*inner_path_function)(struct cgroup *cgroup, const struct cgroup_hierarchy *hierarchy,
					   const void *data);
void groups_plan(struct cgroup *cgroup, const struct cgroup_layout *layout, inner_path_function inner,
		 const void *data);
/* Makes and opens one group and passes controllers down to it. 0, or -1. */
int group_make(struct cgroup *cgroup, struct cgroup_group *group, const struct cgroup_hierarchy *hierarchy,
	       const struct oci_resources *resources, struct error *error);

/* create_v2.c */
/*
 * Passes controllers down to a new group, from the mount root @base on; refuses one that cannot take processes;
 * gives it to its owner. 0, or -1.
 */
int v2_prepare(struct cgroup *cgroup, struct cgroup_group *group, int base,
	       const struct oci_resources *resources, struct error *error);
/* The v2 controllers that @resources needs, as a list with blanks between. */
const char *v2_needed(struct arena *arena, const struct oci_resources *resources);

/* limits.c: the parts of linux.resources, each written by v1.c or v2.c where the controller lives */
int limits_set(struct cgroup *cgroup, const struct oci_resources *resources, struct error *error);

/* v1.c */
int v1_set_memory(struct cgroup_group *group, const struct oci_memory *memory, struct error *error);
int v1_set_cpu(struct cgroup_group *group, const struct oci_cpu *cpu, struct error *error);
int v1_set_block_io(struct cgroup_group *group, const struct oci_block_io *block_io, struct error *error);

/* v2.c */
/* checkBeforeUpdate. 0, or -1 where the limits are below what is used. */
int v2_check_usage(struct cgroup_group *group, const struct oci_memory *memory, struct error *error);
int v2_set_memory(struct cgroup_group *group, const struct oci_memory *memory, struct error *error);
int v2_set_cpu(struct cgroup_group *group, const struct oci_cpu *cpu, struct error *error);
int v2_set_block_io(struct cgroup_group *group, const struct oci_block_io *block_io, struct error *error);
int v2_set_unified(struct cgroup *cgroup, const struct string_map *unified, struct error *error);

/* convert.c: values of the specification, which thinks in v1, as those of v2 */
uint64_t cpu_weight_of_shares(uint64_t shares); /* 0: unset */
uint64_t io_weight_of_blkio_weight(uint32_t weight); /* 0: unset */
/*
 * memory.swap.max for memory plus swap. *value: -1 is "max"; *set: whether to write at all. @memory and @swap
 * are 0 where they are unset. 0, or -1 where the two do not fit.
 */
int swap_max_of_memory_swap(int64_t swap, int64_t memory, bool *set, int64_t *value, struct error *error);

struct bpf_insn; /* linux/bpf.h */

/* devices.c: what a list of device rules comes to */
#define DEVICE_ACCESS_MKNOD 1U /* as BPF_DEVCG_ACC_MKNOD and its neighbours */
#define DEVICE_ACCESS_READ 2U
#define DEVICE_ACCESS_WRITE 4U
#define DEVICE_ACCESS_ALL 7U
#define DEVICE_ANY (-1)

struct device_exception {
	char type; /* 'b' or 'c' */
	int64_t major; /* or DEVICE_ANY */
	int64_t minor;
	unsigned int access;
};

/* A default, and exceptions to it. */
struct device_state {
	bool allow;
	struct device_exception *exceptions;
	size_t count;
	size_t capacity;
};

/*
 * @rules, and after them the devices every container has, but for those that @devices (may be NULL) has under
 * the same path. 0, or -1 on a rule that cannot be expressed.
 */
int devices_resolve(struct arena *arena, const struct oci_device_rule_list *rules,
		    const struct oci_device_list *devices, struct device_state *state, struct error *error);
int devices_v1_set(struct cgroup_group *group, const struct device_state *state, struct error *error);
/* "c 1:3 rwm", as the v1 controller reads and writes it. */
const char *device_exception_text(const struct device_exception *exception, char text[64]);

/* devices_bpf.c */
struct bpf_program {
	struct bpf_insn *items;
	size_t count;
};
void devices_bpf_assemble(struct arena *arena, const struct device_state *state, struct bpf_program *program);
/* Attaches the program, and then detaches those that were there before. */
int devices_bpf_set(struct cgroup_group *group, const struct device_state *state, struct error *error);

/* Whether a program as devices_bpf_set() would attach it is attached: 1, or 0 with *found saying what there is. */
int devices_bpf_check(struct cgroup_group *group, const struct device_state *state, const char **found);

/* cgroup_set_devices() of the manager cgroupfs. */
int cgroupfs_set_devices(struct cgroup *cgroup, const struct oci_device_rule_list *rules,
			 const struct oci_device_list *devices, struct error *error);

/* destroy.c */
int cgroupfs_destroy(struct cgroup *cgroup, struct error *error);
/* walk.c */
struct group_visitor {
	/* For each group, from the top down; and, when all below it are done, for each but the top. -1 ends the walk. */
	int (*enter)(int directory, void *data);
	int (*leave)(int parent, const char *name, void *data);
	void *data;
};
/* Goes through the group behind @top and all below it, however deep. 0, or -1 with errno. */
int group_walk(int top, const struct group_visitor *visitor);

/* kill.c */
/* The processes of the group behind @directory and of those below it where @recursive. 0, or -1 with errno. */
struct pid_set {
	pid_t *items;
	size_t count;
	size_t capacity;
};
int pids_collect(struct arena *arena, int directory, bool recursive, struct pid_set *pids);
