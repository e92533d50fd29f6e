/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the policy room: what a key is, and what keys share.
 *
 * A key is a top-level member of a policy document. Its values form a join-semilattice: merge(a, b) is the
 * loosest value that is at least as strict as both, so it commutes, associates and is idempotent; an absent
 * key asks for nothing. Values are immutable and carry the names of the policies that asked for each part.
 */
#pragma once

#include "policy/policy.h"

/* Texts, sorted, each with the policies that asked for it. */
struct named_item {
	const char *text;
	struct string_list names;
	const void *rules; /* what a key makes of the text, or NULL: the same for the same text */
};

struct named_set {
	struct named_item *items;
	size_t count;
};

enum policy_stage { POLICY_STAGE_CREATE = 1, POLICY_STAGE_EXEC = 2, POLICY_STAGE_UPDATE = 4 };

/* One application of a policy. */
struct policy_pass {
	enum policy_stage stage;
	struct arena *arena;
	const struct policy_facts *facts; /* never NULL */
	const struct oci_config *config; /* create, exec; NULL in update */
	struct oci_config *target; /* create: the same config, to be changed; else NULL */
	struct oci_process *process; /* create, exec; may be NULL */
	struct oci_resources *resources; /* create, update; may be NULL: see pass_resources() */
	const struct oci_resources *current; /* update; may be NULL */
	struct hardening *hardening; /* create, exec; else NULL */
	struct policy_changes *changes;
};

/* A document while it is read. */
struct policy_reading {
	struct arena *arena;
	const char *label; /* in front of errors */
	struct string_list names; /* of the policy */
	struct error *error;
};

struct policy_key {
	const char *name;
	unsigned int stages; /* POLICY_STAGE_* in which it is applied */
	/* The value, or NULL with reading->error set. */
	const void *(*read)(struct policy_reading *reading, const struct json_value *value);
	const void *(*merge)(struct arena *arena, const void *left, const void *right);
	/* Writes the value; it is read back as the same one. */
	void (*print)(struct json_writer *writer, const void *value);
	/* Contradictions that merging can bring about; may be NULL. 0, or -1. */
	int (*check)(const void *value, struct error *error);
	/* Looks at the config as it came, before any key has changed it; may be NULL. 0, or -1 for a refusal. */
	int (*refuse)(const struct policy_pass *pass, const void *value, struct error *error);
	/* Cannot fail: what could fail is for refuse(). May be NULL. */
	void (*apply)(struct policy_pass *pass, const void *value);
};

#define POLICY_KEYS_MAX 32

/* The table (keys.c), in the order of application; NULL-terminated. */
extern const struct policy_key *const policy_keys[];

struct policy {
	struct string_list names; /* sorted; empty for `off` */
	const char *names_text;
	const void *values[POLICY_KEYS_MAX]; /* by row of the table; NULL: the key is absent */
};

/* Reads one document and what it extends. 0, or -1. */
int policy_read(struct arena *arena, const char *label, const struct json_value *document,
		struct policy **policy, struct string_list *extends, struct error *error);
/* The value of the key @name, or NULL. */
const void *policy_value(const struct policy *policy, const char *name);

/*
 * A file of policies or the site: root's or the caller's, and no one else's to write. 0, 1 where there is none (no
 * such directory), or -1.
 */
int policy_document_read(struct arena *arena, const char *path, struct json_value **document,
			 struct error *error);
int policy_directory_check(const char *path, struct error *error);

/* reading: each gives 0, or -1 with "LABEL: PATH: found …, expected …" */
int reading_error(struct policy_reading *reading, const char *path, const struct json_value *found,
		  const char *expected);
int reading_bool(struct policy_reading *reading, const char *path, const struct json_value *value, bool *out);
int reading_string(struct policy_reading *reading, const char *path, const struct json_value *value,
		   const char **out);
int reading_count(struct policy_reading *reading, const char *path, const struct json_value *value,
		  uint64_t *out); /* at least 1 */
/* Bytes: a number, or text with one of the suffixes k, m, g, t (of 1024); at least 1. */
int reading_bytes(struct policy_reading *reading, const char *path, const struct json_value *value,
		  uint64_t *out);
/* An object with no other members than @allowed (NULL-terminated). */
int reading_object(struct policy_reading *reading, const char *path, const struct json_value *value,
		   const char *const *allowed);
/* An array of strings, each of which @accept (may be NULL) turns into its normal form or into NULL. */
int reading_set(struct policy_reading *reading, const char *path, const struct json_value *value,
		const char *(*accept)(struct arena *arena, const char *text), const char *expected,
		struct named_set *set);
/* Accepts an absolute path without "..". */
const char *accept_path(struct arena *arena, const char *text);

/* names and sets */
struct string_list names_unite(struct arena *arena, const struct string_list *left,
			       const struct string_list *right);
const char *names_text(struct arena *arena, const struct string_list *names);
/* Sorts @items and takes out what is there twice; they become the set's. */
struct named_set named_set_of(struct named_item *items, size_t count);
struct named_set named_set_unite(struct arena *arena, const struct named_set *left,
				 const struct named_set *right);
const struct named_item *named_set_find(const struct named_set *set, const char *text);
void named_set_print(struct json_writer *writer, const struct named_set *set);
/* "a, b, c"; "none" where it is empty. */
const char *string_list_text(struct arena *arena, const struct string_list *list);

/* A name of a policy: letters, digits, '.', '_', '-'; the first a letter or digit. */
bool policy_name_is_valid(const char *name);

/* applying */
void pass_change(struct policy_pass *pass, const struct string_list *names, const char *key, const char *member,
		 const char *from, const char *to);
/* What @key wants where it can be had, and @why it cannot. */
void pass_unmet(struct policy_pass *pass, const struct string_list *names, const char *key, const char *why);
/* A filter of seccomp-profiles/guards/ that the measure of @key needs; @what it refuses. */
void pass_guard(struct policy_pass *pass, const struct string_list *names, const char *key, const char *guard,
		const char *what);
struct oci_linux *pass_linux(struct policy_pass *pass); /* create: made where missing */
struct oci_resources *pass_resources(struct policy_pass *pass); /* create, update: likewise */

/* mounts, as several keys see them */
bool mount_is_bind(const struct oci_mount *mount);
/* Whether the last of its options "ro" and "rw" is "ro". */
bool mount_is_readonly(const struct oci_mount *mount);

/* Restrictions of a mount, as bits. */
enum mount_restriction {
	MOUNT_RO = 1,
	MOUNT_NOSUID = 2,
	MOUNT_NODEV = 4,
	MOUNT_NOEXEC = 8,
	MOUNT_NOSYMFOLLOW = 16,
	MOUNT_RESTRICTIONS = 31,
};
/* The bit of "nosuid" and so on, 0 where it is none. */
unsigned int mount_restriction(const char *option);
/* Writes the set bits as strings of the array that has been begun. */
void mount_restrictions_print(struct json_writer *writer, unsigned int restrictions);
/*
 * Makes @options restrict what the bits say, and below the mount too where @recursive: takes away what
 * contradicts and adds what is missing. Whether anything had to change.
 */
bool mount_restrict(struct arena *arena, struct string_list *options, unsigned int restrictions,
		    bool recursive);

/*
 * The real path of @path by the facts, else its normal form; NULL for a relative one that facts do not know, and one that
 * leads through a link of procfs.
 */
const char *facts_real_path(struct arena *arena, const struct policy_facts *facts, const char *path);

/*
 * Whose the namespace at @path is, and which: sets `joined` and `joined_identity` of its kind. 0, or -1: it cannot be
 * looked at.
 */
int facts_look_at_namespace(enum oci_namespace_type type, const char *path, struct policy_facts *facts,
			    struct error *error);

/*
 * What mounts.denySources looks at: the paths of @mount's bind source, overlay layers, devices. @directory: where relative
 * ones start from, but those of bind mounts; NULL: they stay relative.
 */
struct string_list mount_sources(struct arena *arena, const struct oci_mount *mount, const char *directory);
/* The denied paths of the value of the key "mounts", without the mark "/.". */
struct string_list mounts_denied(struct arena *arena, const void *value);
/* The kinds that the value of the key "namespaces" requires. */
bool namespaces_require(const void *value, enum oci_namespace_type type);
/* Whether the value of the key "user" asks whose user namespace is joined. */
bool user_needs_namespace(const void *value);

/* Whether the value of the key "userns" asks for a user namespace. */
bool userns_wants_remap(const void *value);

/* Whether the value of the key "egress" has rules, which need a network namespace that is not the host's. */
bool egress_needs_network(const void *value);

/* Takes @taken (NULL-terminated) out of all five sets of the process. */
void capabilities_take(struct policy_pass *pass, const char *const *taken, const struct string_list *names,
		       const char *key);

/* Whether a container of @config is one that the key "privileged" refuses. */
bool config_is_privileged(struct arena *arena, const struct oci_config *config);
/* Whether the device rules and nodes go no further than the default devices of an OCI runtime. */
bool devices_are_default(const struct oci_linux *config);

/* What a kernel interface of cgroup v2 is set to in resources.unified, or NULL. */
struct string_pair *unified_find(struct oci_resources *resources, const char *name);

/* The table's rows, each in its file. */
extern const struct policy_key key_privileged;
extern const struct policy_key key_namespaces;
extern const struct policy_key key_user;
extern const struct policy_key key_no_new_privileges;
extern const struct policy_key key_capabilities;
extern const struct policy_key key_rootfs;
extern const struct policy_key key_tmpfs;
extern const struct policy_key key_mounts;
extern const struct policy_key key_masked_paths;
extern const struct policy_key key_readonly_paths;
extern const struct policy_key key_resources;
extern const struct policy_key key_devices;
extern const struct policy_key key_sysctl;
extern const struct policy_key key_keyring;
extern const struct policy_key key_userns;
extern const struct policy_key key_seccomp;
extern const struct policy_key key_landlock;
extern const struct policy_key key_securebits;
extern const struct policy_key key_core_scheduling;
extern const struct policy_key key_speculation;
extern const struct policy_key key_disk;
extern const struct policy_key key_egress;
extern const struct policy_key key_exec;
