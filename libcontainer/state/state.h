/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a container between two commands: state.json, which is written before anything is made, the link
 * `init` with its first process, and what the kernel says of that.
 *
 * The process is known later than the rest, and replacing a file that was just written costs milliseconds where a
 * journal is kept (ext4's auto_da_alloc writes the new one's data out first). A symbolic link that leads nowhere holds
 * two numbers, is there at once and whole, and is made and read with one system call each.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "state/store.h"

enum container_status {
	STATUS_CREATING,
	STATUS_CREATED,
	STATUS_RUNNING,
	STATUS_PAUSING,
	STATUS_PAUSED,
	STATUS_STOPPED,
};

/* "creating", … */
const char *status_name(enum container_status status);

struct saved_state {
	const char *oci_version;
	const char *id;
	pid_t pid; /* 0: it has not got that far */
	uint64_t pid_start; /* of /proc/PID/stat: a pid that starts at another time is somebody else */
	const char *created; /* RFC 3339 with nanoseconds */
	const char *bundle;
	const char *config; /* in the bundle; NULL: config.json */
	const char *rootfs;
	uid_t owner;
	bool rootless;
	bool own_pid_namespace;
	bool session_keyring;
	struct string_map annotations;
	const char *policies; /* names */
	struct string_list trail; /* where the audit trail goes: see state/trail.h */
	const struct json_value *cgroup; /* of cgroup_save(); NULL where there is none */
};

/* Writes state.json whole, with @cgroup: all of @state but the process. 0, or -1. */
int state_save(const struct store_entry *entry, const struct saved_state *state, const struct cgroup *cgroup,
	       struct error *error);

/* Makes `init`, once: @state->pid and when that process started, "PID.START". 0, or -1. */
int state_save_init(const struct store_entry *entry, const struct saved_state *state, struct error *error);

/* Both. Without `init` the pid is 0. */
int state_load(struct arena *arena, const struct store_entry *entry, struct saved_state *state,
	       struct error *error);

/*
 * A pidfd of the container's process where it still runs, or -1 with errno: ESRCH where it has ended (as a zombie
 * has), others where that cannot be said. That the pid was not given to somebody else is checked after the pidfd is
 * open.
 */
int state_open_process(const struct store_entry *entry, const struct saved_state *state);

/* What the container is doing now. @cgroup may be NULL: then "paused" is not looked for. */
enum container_status state_status(const struct store_entry *entry, const struct saved_state *state,
				   const struct cgroup *cgroup);

/* The state document of the specification, for hooks and for `state`; all but the owner's name. */
void state_describe(const struct saved_state *state, enum container_status status,
		    struct container_state *description);
/* The name of the user @uid, or "#UID" where it has none. */
const char *state_user_name(struct arena *arena, uid_t uid);
/* The same as one line of JSON, with @pid and @status as given. */
const char *state_for_hooks(struct arena *arena, const struct saved_state *state, pid_t pid,
			    const char *status);
