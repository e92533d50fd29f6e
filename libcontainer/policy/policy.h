/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hardening: a config goes in, a config that is at least as strict comes out, with the list of what changed
 * and why.
 *
 * A policy is a JSON document. Applying it makes no system call. Three laws hold for every policy and every
 * config: the result is never looser than either; applying twice changes nothing more; the order of stacked
 * policies does not matter. What cannot be clamped into shape is refused, with a line that names the policy,
 * the key and the way out. docs/policies.md describes the keys.
 *
 * Each key is one row of the table in keys.c and one file key_NAME.c: how its value is read, how two values
 * merge into the stricter one, how it is applied to a config.
 *
 * In order: policy_site_load(), policy_load(), policy_facts_gather(), policy_apply(). Loading and gathering
 * look at the host; everything else is computed from what is handed in.
 */
#pragma once

#include <sys/stat.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "policy/hardening.h"
#include "spec/config.h"

struct policy; /* one or several stacked policies */

/* One thing a policy changed. */
struct policy_change {
	const char *member; /* of the config: "process.noNewPrivileges" */
	const char *from; /* as short text; never the value of an environment variable */
	const char *to;
	const char *policy; /* the names of the policies that asked for it, comma-separated */
	const char *key; /* of the policy: "noNewPrivileges" */
};

struct policy_changes {
	struct policy_change *items;
	size_t count;
	size_t capacity;
	struct string_list
		unmet; /* what is wanted where it can be had ("auto"), and why it cannot: "web: userns: …" */
};

/* Writes them as an array of objects, a member for each of policy_change's. */
void policy_changes_print(struct json_writer *writer, const struct policy_changes *changes);
/* Writes what is unmet as an array of strings. */
void policy_unmet_print(struct json_writer *writer, const struct policy_changes *changes);
/* Reads such arrays, found in the document @label; without the second nothing is unmet. 0, or -1. */
int policy_changes_read(struct arena *arena, const char *label, const struct json_value *array,
			const struct json_value *unmet, struct policy_changes *changes, struct error *error);

/* loading ------------------------------------------------------------------------------------------------ */

#define POLICY_SITE_DIRECTORY "/etc/casemate"
#define POLICY_ANNOTATION "dev.casemate.policy"

/* What the site says: SITE_DIRECTORY/casemate.json. */
struct policy_site {
	const char *directory; /* NULL where there is none: then there are no policies of the site either */
	const char *default_policy; /* names, comma-separated; NULL: "baseline" */
	struct string_list selectable; /* what the annotation dev.casemate.policy may name */
	uint32_t first_id; /* the host's ids that containers get ranges of, in uids and gids alike */
	uint32_t id_count; /* 0: none are named */
	struct string_list
		trail; /* where the audit trail goes: "journald", "syslog", absolute paths of files */
};

/*
 * Reads /etc/casemate/casemate.json; a site without one gets the defaults, one that cannot be read or has an
 * unknown member is an error. Every file and directory read must belong to root or the caller and be writable
 * by no one else. policy_site_load_from() takes another directory (for tests).
 */
int policy_site_load(struct arena *arena, struct policy_site *site, struct error *error);
int policy_site_load_from(struct arena *arena, const char *directory, struct policy_site *site,
			  struct error *error);

/*
 * Loads the policies that hold for a container: @selection (of --policy: names or files, comma-separated;
 * NULL: the site's default) stacked with the annotation's, each with what it extends. A name is looked for
 * in /etc/casemate/policies/NAME.json, then among the built-in ones (`off` is always the built-in one); a
 * selection with a '/' is a file. An annotation that names what is not selectable is refused.
 * Unknown names, keys and values are errors: a typing error never weakens anything. @config may be NULL.
 */
int policy_load(struct arena *arena, const struct policy_site *site, const char *selection,
		const struct oci_config *config, struct policy **policy, struct error *error);

/* Loads the policy in the file @path, whatever it is called, with what it extends. 0, or -1. */
int policy_load_file(struct arena *arena, const struct policy_site *site, const char *path,
		     struct policy **policy, struct error *error);

/* A policy that can be asked for by its name. */
struct policy_entry {
	const char *name;
	const char *file; /* the site's; NULL: built in */
	const char *description; /* NULL: none */
	struct string_list extends;
	bool is_default; /* one of those that hold where --policy names none */
	bool selectable; /* by the annotation */
	const char *problem; /* why it cannot be loaded; NULL: it can */
};

/* All of them, by name. One of the site's that cannot be loaded is among them with its problem. 0, or -1. */
int policy_catalogue(struct arena *arena, const struct policy_site *site, struct policy_entry **entries,
		     size_t *count, struct error *error);

/* The document of the policy @name as it is written, without what it extends. 0, or -1. */
int policy_source(struct arena *arena, const struct policy_site *site, const char *name,
		  struct json_value **document, struct error *error);

/*
 * Stacks @count policies: per key the stricter value. Commutative, associative, idempotent. An error where two
 * of them contradict each other (different values for one sysctl).
 */
int policy_stack(struct arena *arena, const struct policy *const *policies, size_t count,
		 struct policy **stacked, struct error *error);

/* "baseline", "hobby,terminal": the names, sorted; "off" for the policy that adds nothing. */
const char *policy_names(const struct policy *policy);

/* Whether it is `off`: runc's behaviour to the letter. */
bool policy_is_off(const struct policy *policy);

/* The merged policy as a document, and back: it is kept with the container's state. */
void policy_print(struct json_writer *writer, const struct policy *policy);
int policy_parse(struct arena *arena, const char *label, const struct json_value *document,
		 struct policy **policy, struct error *error);

/* applying ----------------------------------------------------------------------------------------------- */

/* Whose namespace a path leads to. */
enum policy_namespace_origin {
	POLICY_NAMESPACE_UNKNOWN, /* not looked at: refused where a policy requires one that is not the host's */
	POLICY_NAMESPACE_HOST,
	POLICY_NAMESPACE_OTHER,
	POLICY_NAMESPACE_HAS_ROOT, /* a user namespace that is not the host's, but maps its root or may yet */
};

/* Which namespace was judged: its path may lead to another one later. */
struct policy_namespace_identity {
	dev_t device;
	ino_t inode; /* 0: none was */
};

/* Whether a container can get a user namespace with a range of ids of its own. */
struct policy_remap {
	bool possible;
	const char *reason; /* where it is not */
	uint32_t first_uid; /* of the range, on the host */
	uint32_t first_gid;
	uint32_t size;
};

struct policy_real_paths {
	struct string_pair *items; /* a path, and where it leads */
	size_t count;
	size_t capacity;
};

/*
 * What applying needs to know about the host, as data. All zero is a valid answer: what is not known counts as
 * the worst case.
 */
struct policy_facts {
	bool rootless; /* the runtime does not run as the host's root: it may have no cgroup to set limits in, */
	struct {
		bool pids;
		bool memory;
		bool cpu;
	} delegated; /* unless one with these controllers was given to it */
	bool no_cgroup; /* the caller wants none: no limit can be set */
	bool no_new_keyring; /* the caller asked for no fresh session keyring */
	/* By kind: where the config joins a namespace by path, what is behind that path. */
	enum policy_namespace_origin joined[OCI_NAMESPACE_TYPES];
	struct policy_namespace_identity joined_identity[OCI_NAMESPACE_TYPES];
	struct policy_remap
		remap; /* what the caller offers; policy_facts_gather() looks whether it can be had */
	bool exec_locked; /* exec: the container is locked */
	/*
	 * A path of the config (bind source) or policy (denySources) to the real one, symbolic links resolved; NULL where
	 * it goes through a link of procfs, which is not what its name says.
	 */
	struct policy_real_paths real_paths;
	/* The root's, where the kernel starts from with relative paths in file systems to mount; NULL: not needed so far. */
	const char *directory;
};

/* Whether @policy gives a container of @config a user namespace where it can: then facts.remap is asked for. */
bool policy_wants_remap(const struct policy *policy, const struct oci_config *config);

/*
 * Whether the namespace that fstat(2) says this of is the host's: the runtime's own, or that of the first process, if it
 * is another, as the runtime may have been started in a namespace that its engine made. 1, 0, or -1.
 */
int policy_namespace_is_hosts(enum oci_namespace_type type, const struct stat *namespace, struct error *error);

/*
 * Looks at the host for what @policy needs to know about @config, and sets `joined` and `real_paths`, and takes
 * `remap.possible` back where what is mounted cannot be idmapped; the other members are the caller's. No system
 * call where the policy requires nothing of it. @bundle is the absolute path that relative mount sources start from. 0, or -1: something that has to be judged cannot be looked at.
 */
int policy_facts_gather(struct arena *arena, const struct policy *policy, const struct oci_config *config,
			const char *bundle, struct policy_facts *facts, struct error *error);

/*
 * The same whatever a policy requires, for who judges a configuration: where all mount sources lead, and what each
 * namespace is that is joined by path (@pid: by that process, 0: it is looked up). One that cannot be looked at counts as
 * the host's. 0, or -1: a source cannot be looked at.
 */
int policy_facts_gather_all(struct arena *arena, const struct oci_config *config, const char *bundle, pid_t pid,
			    struct policy_facts *facts, struct error *error);

/*
 * The same for a process that joins the container whose first process is @pid: sets `joined`, of what that process
 * is in, as the path that the container was made with may lead elsewhere by now.
 */
int policy_facts_gather_process(const struct policy *policy, const struct oci_config *config, pid_t pid,
				struct policy_facts *facts, struct error *error);

/*
 * Judges what the source of @mount turned out to be when it was opened: @path is its real path. What policy_apply()
 * looked at may have been replaced since. 0, or -1 with the refusal.
 */
int hardening_check_source(const struct hardening *hardening, const struct oci_mount *mount, const char *path,
			   struct error *error);

/* The refusal of one that leads through a link of procfs: what is behind /proc/PID/root has other names here. -1. */
int hardening_refuse_link(const struct hardening *hardening, const struct oci_mount *mount, const char *path,
			  struct error *error);

/* Whether a new file system of @type takes its source for a path of the host's, as what is on a device does. */
bool mount_type_reads_paths(const char *type);
/* Whether the value of its option @key is one, or a list of them. */
bool mount_option_is_path(const char *type, const char *key);

/*
 * Applies @policy to @config, in place, and to *hardening (all zero, or what holds already). Appends to @changes. 0,
 * or -1 for a refusal or an error; both are then as they were.
 */
int policy_apply(struct arena *arena, const struct policy *policy, struct oci_config *config,
		 const struct policy_facts *facts, struct hardening *hardening, struct policy_changes *changes,
		 struct error *error);

/*
 * What @policy plans, beside the hardened @config that it made, for the container that came of both: *hardening (all
 * zero). What was judged when it was made is not judged again, as it may have lost its name since.
 */
void policy_plan(struct arena *arena, const struct policy *policy, const struct oci_config *config,
		 const struct policy_facts *facts, struct hardening *hardening);

/*
 * The same for a process that joins a container (exec) that was made from the hardened @config. A process
 * without capabilities gets the container's own, not all.
 */
int policy_apply_process(struct arena *arena, const struct policy *policy, const struct oci_config *config,
			 const struct policy_facts *facts, struct oci_process *process,
			 struct hardening *hardening, struct policy_changes *changes, struct error *error);

/* Whether no process of a container of this policy may be the host's root. */
bool policy_demands_non_root(const struct policy *policy);

/* Whether exec may enter a container of this policy. */
enum exec_rule policy_exec_rule(const struct policy *policy);

/*
 * The same for new limits of a running container (update). @current: its limits so far, which the members that
 * @resources does not set keep (a new period changes what the old quota allows); NULL where there are none.
 */
int policy_apply_resources(struct arena *arena, const struct policy *policy,
			   const struct oci_resources *current, const struct policy_facts *facts,
			   struct oci_resources *resources, struct policy_changes *changes,
			   struct error *error);

/* built in ----------------------------------------------------------------------------------------------- */

/* The built-in documents (compiled in from policies/): NULL where there is none of that name. */
const char *policy_builtin(const char *name);
/* Their names, NULL-terminated, sorted. */
const char *const *policy_builtin_names(void);

/* Likewise the seccomp profiles (from seccomp-profiles/), in Docker's format: see seccomp/document.h. */
const char *seccomp_profile_builtin(const char *name);
const char *const *seccomp_profile_builtin_names(void);
/* And the filters that keep other measures from being gone past (seccomp-profiles/guards/): hardening.seccomp_guards. */
const char *seccomp_guard_builtin(const char *name);
