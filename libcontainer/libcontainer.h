/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime as a library: what a command of runtime/ calls. One function an OCI operation.
 *
 * Every function returns 0 on success and -1 with *error filled on failure, unless it says otherwise.
 * Strings handed in are borrowed for the call; strings handed out live in the given arena.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "cgroup/cgroup.h"
#include "spec/config.h"

/* The global options. */
struct runtime {
	const char *root; /* the state root: NULL for the default, see runtime_default_root() */
	enum cgroup_manager cgroup_manager;
	int rootless; /* 1, 0, or -1: decide by looking */
	const char *policy; /* --policy; NULL: the site's default */
	const char *criu; /* --criu */
};

/* /run/casemate as root, else $XDG_RUNTIME_DIR/casemate. */
const char *runtime_default_root(struct arena *arena);

/* Whether the runtime works without the host's root. */
bool runtime_is_rootless(const struct runtime *runtime);

/*
 * Run from a read-only, detached copy-free mount of the own binary from here on (CVE-2019-5736): re-executes
 * the program with the same arguments where that has not been done yet. Commands that put a process near a
 * container (create, run, exec, restore) call it first thing. Returns only in the protected process.
 */
int runtime_protect(char **argv, struct error *error);

struct create_options {
	const char *id;
	const char *bundle; /* NULL: the working directory */
	const char *config; /* relative to the bundle; NULL: config.json */
	const char *console_socket;
	const char *pidfd_socket;
	const char *pid_file;
	bool no_pivot;
	bool no_new_keyring;
	unsigned int preserve_fds;
	/* run only */
	bool detach;
	bool keep;
	bool no_subreaper;
};

int container_create(const struct runtime *runtime, const struct create_options *options, struct error *error);
int container_start(const struct runtime *runtime, const char *id, struct error *error);
/* *exit_status: the program's own, 128+N for signal N; 0 with detach. */
int container_run(const struct runtime *runtime, const struct create_options *options, int *exit_status,
		  struct error *error);

struct exec_options {
	const char *id;
	const char
		*process_file; /* --process; NULL: made from the members below on the container's own process */
	const char *const *args;
	size_t args_count;
	const char *cwd;
	const char *const *env;
	size_t env_count;
	const char *user; /* "uid[:gid]" */
	const char *const *additional_gids;
	size_t additional_gids_count;
	const char *const *capabilities; /* --cap */
	size_t capabilities_count;
	const char *apparmor;
	const char *process_label;
	const char *const *cgroups; /* --cgroup */
	size_t cgroups_count;
	bool tty;
	bool no_new_privs;
	bool ignore_paused;
	bool detach;
	const char *console_socket;
	const char *pidfd_socket;
	const char *pid_file;
	unsigned int preserve_fds;
};

int container_exec(const struct runtime *runtime, const struct exec_options *options, int *exit_status,
		   struct error *error);

/* @signal: a number, "KILL" or "SIGKILL", any case. */
int container_kill(const struct runtime *runtime, const char *id, const char *signal, bool all,
		   struct error *error);
int container_delete(const struct runtime *runtime, const char *id, bool force, struct error *error);
int container_lock(const struct runtime *runtime, const char *id, struct error *error);
/* @code: NULL, or the one-time code where /etc/casemate/unlock.secret asks for one. */
int container_unlock(const struct runtime *runtime, const char *id, const char *code, struct error *error);
int container_pause(const struct runtime *runtime, const char *id, struct error *error);
int container_resume(const struct runtime *runtime, const char *id, struct error *error);
/* @shares: of linux.intelRdt's "l3CacheSchema" and "memBwSchema" those that are to be changed. */
int container_update(const struct runtime *runtime, const char *id, struct oci_resources *resources,
		     const struct oci_intel_rdt *shares, struct error *error);

/* What `checkpoint` and `restore` are both told of CRIU's images. */
struct image_options {
	const char *image_path; /* NULL: "checkpoint" in the working directory */
	const char *work_path; /* for CRIU's logs; NULL: with the images */
	const char *manage_cgroups_mode; /* "soft", "full", "strict", "ignore" or NULL */
	struct string_list empty_ns; /* "network" */
	bool tcp_established;
	bool ext_unix_sk;
	bool shell_job;
	bool file_locks;
	bool lazy_pages;
	bool auto_dedup;
};

struct checkpoint_options {
	const char *id;
	struct image_options images;
	const char *parent_path; /* relative to the images: a pre-dump's */
	const char *page_server; /* "ADDRESS:PORT" */
	const char *status_fd; /* with lazy pages: gets a byte when they can be had */
	bool leave_running;
	bool pre_dump; /* only the memory; the container goes on */
	bool tcp_skip_in_flight;
	bool link_remap;
};

/* Saves the container with CRIU; unless it is left running, it is deleted. */
int container_checkpoint(const struct runtime *runtime, const struct checkpoint_options *options,
			 struct error *error);

struct restore_options {
	struct create_options create;
	struct image_options images;
	const char *lsm_profile; /* "apparmor:NAME", "selinux:LABEL" */
	const char *lsm_mount_context;
};

/* Makes a container of the bundle's configuration from CRIU's images. *exit_status: as of container_run(). */
int container_restore(const struct runtime *runtime, const struct restore_options *options, int *exit_status,
		      struct error *error);

struct container_state {
	const char *oci_version;
	const char *id;
	pid_t pid; /* 0 when stopped */
	const char *status; /* "creating", "created", "running", "pausing", "paused", "stopped" */
	const char *bundle;
	const char *rootfs;
	const char *created; /* RFC 3339 with nanoseconds */
	struct string_map annotations;
	const char *owner; /* a user name, or "#UID" */
	uid_t owner_uid;
};

int container_state(struct arena *arena, const struct runtime *runtime, const char *id,
		    struct container_state *state, struct error *error);
/* The document of `state`. */
void container_state_print(struct json_writer *writer, const struct container_state *state);

/* All containers, by id. One whose state cannot be read is left out with a warning in the log. */
int container_list(struct arena *arena, const struct runtime *runtime, struct container_state **states,
		   size_t *count, struct error *error);

/* The pids in the container as the host sees them. */
int container_pids(struct arena *arena, const struct runtime *runtime, const char *id, pid_t **pids,
		   size_t *count, struct error *error);

/* {"type":"stats","id":…,"data":{…}} on one line. */
int container_stats(struct json_writer *writer, const struct runtime *runtime, const char *id,
		    struct error *error);

/* How many processes of the container the kernel has killed for want of memory; 0 without a cgroup. */
int container_oom_kills(const struct runtime *runtime, const char *id, uint64_t *kills, struct error *error);

/*
 * What the policy did: for a bundle directory (applied now) or for a container (what was applied). @config is
 * the hardened configuration.
 */
struct explanation {
	const char *policies; /* names */
	struct oci_config *config;
	struct policy_changes *changes; /* policy/policy.h */
};
int container_explain(struct arena *arena, const struct runtime *runtime, const char *bundle_or_id,
		      struct explanation *explanation, struct error *error);

/*
 * How hard a container is (policy/audit.h has the checks): one that there is, a bundle under the policies that would
 * hold, or for "-" a configuration from standard input, under --policy only. 0, or -1: a refusal, too.
 */
struct audit;
int container_audit(struct arena *arena, const struct runtime *runtime, const char *subject,
		    struct audit *audit, struct error *error);

enum measure_state {
	MEASURE_HOLDS,
	MEASURE_BROKEN,
	MEASURE_UNKNOWN, /* the kernel does not say, or not to this process */
	MEASURE_LEFT_OUT, /* looking would disturb the container, or takes rights that the caller need not have */
};

/* One thing that was planned for a container, and what the kernel says of it. */
struct measure {
	enum measure_state state;
	const char
		*name; /* a member of the configuration, and which of several: "linux.maskedPaths /proc/keys" */
	const char *planned;
	const char *found;
};

struct verification {
	const char *id;
	const char *policies; /* names */
	pid_t pid; /* of the first process */
	size_t processes; /* that were looked at */
	struct measure *measures;
	size_t count;
	size_t capacity;
	size_t broken;
	size_t unknown;
	size_t left_out;
};

/*
 * Compares what was planned for running container @id (its hardened configuration) with what is: its processes,
 * mounts, namespaces and groups as the kernel reports them now. 0 also where something is broken; -1 where the
 * container cannot be looked at.
 */
int container_verify(struct arena *arena, const struct runtime *runtime, const char *id,
		     struct verification *verification, struct error *error);

/* The features document. */
void features_print(struct json_writer *writer);

/* "NAME: VERSION", a line for each library the program was built with, as `--version` ends. */
void library_versions_print(struct strbuf *out);
