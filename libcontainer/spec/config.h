/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OCI runtime configuration (config.json, runtime-spec 1.3) as C structures: every member of it that
 * applies to Linux, under its name in the specification.
 *
 * Everything lives in one arena. An absent string is NULL, an absent object a NULL pointer, an absent list
 * an empty one; where zero and absent mean different things the type is one of the optional_* below.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"

/* The version of the runtime specification that is carried out. */
#define OCI_VERSION "1.3.0"

struct optional_bool {
	bool present;
	bool value;
};

struct optional_i64 {
	bool present;
	int64_t value;
};

struct optional_u64 {
	bool present;
	uint64_t value;
};

struct optional_u32 {
	bool present;
	uint32_t value;
};

struct string_list {
	const char **items;
	size_t count;
};

struct string_pair {
	const char *key;
	const char *value;
};

struct string_map {
	struct string_pair *items; /* in the document's order, keys unique */
	size_t count;
};

struct u32_list {
	uint32_t *items;
	size_t count;
};

/* process ------------------------------------------------------------------------------------------------ */

struct oci_console_size {
	uint64_t height;
	uint64_t width;
};

struct oci_user {
	uint32_t uid;
	uint32_t gid;
	struct optional_u32 umask;
	struct u32_list additional_gids;
	const char *username; /* Windows only; kept for printing */
};

struct oci_capabilities {
	struct string_list bounding;
	struct string_list effective;
	struct string_list permitted;
	struct string_list inheritable;
	struct string_list ambient;
};

struct oci_rlimit {
	const char *type; /* "RLIMIT_NOFILE" */
	uint64_t soft;
	uint64_t hard;
};

struct oci_rlimit_list {
	struct oci_rlimit *items;
	size_t count;
};

enum oci_io_priority_class { OCI_IOPRIO_UNSET, OCI_IOPRIO_RT, OCI_IOPRIO_BE, OCI_IOPRIO_IDLE };

struct oci_io_priority {
	enum oci_io_priority_class class;
	int64_t priority; /* int32 in the specification */
};

enum oci_scheduler_policy {
	OCI_SCHED_UNSET,
	OCI_SCHED_OTHER,
	OCI_SCHED_FIFO,
	OCI_SCHED_RR,
	OCI_SCHED_BATCH,
	OCI_SCHED_ISO,
	OCI_SCHED_IDLE,
	OCI_SCHED_DEADLINE,
};

struct oci_scheduler {
	enum oci_scheduler_policy policy;
	int64_t nice; /* int32 */
	int64_t priority; /* int32 */
	struct string_list flags; /* "SCHED_FLAG_…" */
	uint64_t runtime; /* nanoseconds, as are the next two */
	uint64_t deadline;
	uint64_t period;
};

struct oci_cpu_affinity {
	const char *initial; /* a cpu list, "0-3,7" */
	const char *final;
};

struct oci_process {
	bool terminal;
	struct oci_console_size *console_size;
	struct oci_user user;
	struct string_list args;
	const char *command_line; /* Windows only */
	struct string_list env; /* "NAME=value" */
	const char *cwd;
	struct oci_capabilities *capabilities;
	struct oci_rlimit_list rlimits;
	bool no_new_privileges;
	const char *apparmor_profile;
	struct optional_i64 oom_score_adj;
	const char *selinux_label;
	struct oci_io_priority *io_priority;
	struct oci_scheduler *scheduler;
	struct oci_cpu_affinity *exec_cpu_affinity;
};

/* root, mounts, hooks ------------------------------------------------------------------------------------ */

struct oci_root {
	const char *path;
	bool readonly;
};

struct oci_id_mapping {
	uint32_t container_id;
	uint32_t host_id;
	uint32_t size;
};

struct oci_id_mapping_list {
	struct oci_id_mapping *items;
	size_t count;
};

struct oci_mount {
	const char *destination;
	const char *type;
	const char *source;
	struct string_list options;
	struct oci_id_mapping_list uid_mappings;
	struct oci_id_mapping_list gid_mappings;
};

struct oci_mount_list {
	struct oci_mount *items;
	size_t count;
};

struct oci_hook {
	const char *path;
	struct string_list args; /* args.items[0] is argv[0] */
	struct string_list env;
	struct optional_i64 timeout; /* seconds, at least 1 */
};

struct oci_hook_list {
	struct oci_hook *items;
	size_t count;
};

struct oci_hooks {
	struct oci_hook_list prestart;
	struct oci_hook_list create_runtime;
	struct oci_hook_list create_container;
	struct oci_hook_list start_container;
	struct oci_hook_list poststart;
	struct oci_hook_list poststop;
};

/* linux -------------------------------------------------------------------------------------------------- */

enum oci_namespace_type {
	OCI_NAMESPACE_MOUNT,
	OCI_NAMESPACE_PID,
	OCI_NAMESPACE_NETWORK,
	OCI_NAMESPACE_IPC,
	OCI_NAMESPACE_UTS,
	OCI_NAMESPACE_USER,
	OCI_NAMESPACE_CGROUP,
	OCI_NAMESPACE_TIME,
	OCI_NAMESPACE_TYPES,
};

struct oci_namespace {
	enum oci_namespace_type type;
	const char *path; /* NULL (or "", read as NULL): a new one */
};

struct oci_namespace_list {
	struct oci_namespace *items;
	size_t count;
};

struct oci_device {
	const char *type; /* "c", "b", "u" or "p" */
	const char *path;
	struct optional_i64 major;
	struct optional_i64 minor;
	struct optional_u32 file_mode;
	struct optional_u32 uid;
	struct optional_u32 gid;
};

struct oci_device_list {
	struct oci_device *items;
	size_t count;
};

struct oci_net_device {
	const char *key; /* the name on the host */
	const char *name; /* the name in the container, NULL: the same */
};

struct oci_net_device_list {
	struct oci_net_device *items;
	size_t count;
};

struct oci_device_rule {
	bool allow;
	const char *type; /* "a", "b", "c"; NULL: all */
	struct optional_i64 major; /* absent or -1: all */
	struct optional_i64 minor;
	const char *access; /* of "rwm"; NULL: all */
};

struct oci_device_rule_list {
	struct oci_device_rule *items;
	size_t count;
};

struct oci_memory {
	struct optional_i64 limit; /* bytes, -1: unlimited, as are all but swappiness */
	struct optional_i64 reservation;
	struct optional_i64 swap; /* memory plus swap */
	struct optional_i64 kernel;
	struct optional_i64 kernel_tcp;
	struct optional_u64 swappiness;
	struct optional_bool disable_oom_killer;
	struct optional_bool use_hierarchy;
	struct optional_bool check_before_update;
};

struct oci_cpu {
	struct optional_u64 shares;
	struct optional_i64 quota; /* microseconds, as are the next four */
	struct optional_u64 burst;
	struct optional_u64 period;
	struct optional_i64 realtime_runtime;
	struct optional_u64 realtime_period;
	const char *cpus;
	const char *mems;
	struct optional_i64 idle;
};

struct oci_pids {
	struct optional_i64 limit; /* -1: unlimited */
};

struct oci_weight_device {
	int64_t major;
	int64_t minor;
	struct optional_u32 weight; /* uint16 */
	struct optional_u32 leaf_weight;
};

struct oci_weight_device_list {
	struct oci_weight_device *items;
	size_t count;
};

struct oci_throttle_device {
	int64_t major;
	int64_t minor;
	uint64_t rate; /* bytes or operations a second */
};

struct oci_throttle_device_list {
	struct oci_throttle_device *items;
	size_t count;
};

struct oci_block_io {
	struct optional_u32 weight; /* uint16 */
	struct optional_u32 leaf_weight;
	struct oci_weight_device_list weight_device;
	struct oci_throttle_device_list throttle_read_bps_device;
	struct oci_throttle_device_list throttle_write_bps_device;
	struct oci_throttle_device_list throttle_read_iops_device;
	struct oci_throttle_device_list throttle_write_iops_device;
};

struct oci_hugepage_limit {
	const char *page_size; /* "2MB" */
	uint64_t limit; /* bytes */
};

struct oci_hugepage_limit_list {
	struct oci_hugepage_limit *items;
	size_t count;
};

struct oci_interface_priority {
	const char *name;
	uint32_t priority;
};

struct oci_interface_priority_list {
	struct oci_interface_priority *items;
	size_t count;
};

struct oci_network {
	struct optional_u32 class_id;
	struct oci_interface_priority_list priorities;
};

struct oci_rdma {
	const char *key; /* the device's name */
	struct optional_u32 hca_handles;
	struct optional_u32 hca_objects;
};

struct oci_rdma_list {
	struct oci_rdma *items;
	size_t count;
};

struct oci_resources {
	struct oci_device_rule_list devices;
	struct oci_memory *memory;
	struct oci_cpu *cpu;
	struct oci_pids *pids;
	struct oci_block_io *block_io;
	struct oci_hugepage_limit_list hugepage_limits;
	struct oci_network *network;
	struct oci_rdma_list rdma;
	struct string_map unified;
};

enum oci_seccomp_action {
	OCI_SECCOMP_UNSET,
	OCI_SECCOMP_KILL, /* the same as KILL_THREAD */
	OCI_SECCOMP_KILL_PROCESS,
	OCI_SECCOMP_KILL_THREAD,
	OCI_SECCOMP_TRAP,
	OCI_SECCOMP_ERRNO,
	OCI_SECCOMP_TRACE,
	OCI_SECCOMP_ALLOW,
	OCI_SECCOMP_LOG,
	OCI_SECCOMP_NOTIFY,
};

enum oci_seccomp_operator {
	OCI_SECCOMP_OP_UNSET,
	OCI_SECCOMP_NE,
	OCI_SECCOMP_LT,
	OCI_SECCOMP_LE,
	OCI_SECCOMP_EQ,
	OCI_SECCOMP_GE,
	OCI_SECCOMP_GT,
	OCI_SECCOMP_MASKED_EQ,
};

struct oci_seccomp_arg {
	uint32_t index; /* 0 to 5 */
	uint64_t value;
	uint64_t value_two;
	enum oci_seccomp_operator op;
};

struct oci_seccomp_arg_list {
	struct oci_seccomp_arg *items;
	size_t count;
};

struct oci_syscall {
	struct string_list names;
	enum oci_seccomp_action action;
	struct optional_u32 errno_ret;
	struct oci_seccomp_arg_list args;
};

struct oci_syscall_list {
	struct oci_syscall *items;
	size_t count;
};

struct oci_seccomp {
	enum oci_seccomp_action default_action;
	struct optional_u32 default_errno_ret;
	struct string_list architectures; /* "SCMP_ARCH_…" */
	struct string_list flags; /* "SECCOMP_FILTER_FLAG_…" */
	const char *listener_path;
	const char *listener_metadata;
	struct oci_syscall_list syscalls;
};

struct oci_intel_rdt {
	const char *clos_id;
	struct string_list schemata;
	const char *l3_cache_schema;
	const char *mem_bw_schema;
	struct optional_bool enable_monitoring;
};

enum oci_memory_policy_mode {
	OCI_MPOL_UNSET,
	OCI_MPOL_DEFAULT,
	OCI_MPOL_BIND,
	OCI_MPOL_INTERLEAVE,
	OCI_MPOL_WEIGHTED_INTERLEAVE,
	OCI_MPOL_PREFERRED,
	OCI_MPOL_PREFERRED_MANY,
	OCI_MPOL_LOCAL,
};

struct oci_memory_policy {
	enum oci_memory_policy_mode mode;
	const char *nodes; /* a node list, "0,2-3" */
	struct string_list flags; /* "MPOL_F_…" */
};

enum oci_personality_domain { OCI_PERSONALITY_UNSET, OCI_PERSONALITY_LINUX, OCI_PERSONALITY_LINUX32 };

struct oci_personality {
	enum oci_personality_domain domain;
	struct string_list flags;
};

struct oci_time_offset {
	int64_t secs;
	uint32_t nanosecs;
};

struct oci_time_offsets {
	struct oci_time_offset *boottime;
	struct oci_time_offset *monotonic;
};

enum oci_propagation {
	OCI_PROPAGATION_UNSET,
	OCI_PROPAGATION_PRIVATE,
	OCI_PROPAGATION_SHARED,
	OCI_PROPAGATION_SLAVE,
	OCI_PROPAGATION_UNBINDABLE,
	/* runc takes these too, though the schema does not list them */
	OCI_PROPAGATION_RPRIVATE,
	OCI_PROPAGATION_RSHARED,
	OCI_PROPAGATION_RSLAVE,
	OCI_PROPAGATION_RUNBINDABLE,
};

struct oci_linux {
	struct oci_id_mapping_list uid_mappings;
	struct oci_id_mapping_list gid_mappings;
	struct string_map sysctl;
	struct oci_resources *resources;
	const char *cgroups_path;
	struct oci_namespace_list namespaces;
	struct oci_device_list devices;
	struct oci_net_device_list net_devices;
	struct oci_seccomp *seccomp;
	enum oci_propagation rootfs_propagation;
	struct string_list masked_paths;
	struct string_list readonly_paths;
	const char *mount_label;
	struct oci_intel_rdt *intel_rdt;
	struct oci_memory_policy *memory_policy;
	struct oci_personality *personality;
	struct oci_time_offsets *time_offsets;
};

struct oci_config {
	const char *oci_version;
	struct oci_process
		*process; /* optional in a document; config_check() wants it, as runc's create does */
	struct oci_root *root;
	const char *hostname;
	const char *domainname;
	struct oci_mount_list mounts;
	struct oci_hooks *hooks;
	struct string_map annotations;
	struct oci_linux *linux_; /* "linux"; the compiler predefines the bare word in GNU modes */
};

/*
 * Reading. @label (a file name) stands in front of errors: "LABEL: linux.namespaces[2].type: found \"pidd\",
 * expected one of …". Unknown members are ignored, as the specification demands; a member given as null is
 * taken as absent, and so is an empty string where a string or a name is optional. What belongs to
 * process.env or a hook's env is not shown. The result lives in @arena. 0, or -1.
 */
int config_parse(struct arena *arena, const char *label, const char *bytes, size_t length,
		 struct oci_config **config, struct error *error);
int process_parse(struct arena *arena, const char *label, const char *bytes, size_t length,
		  struct oci_process **process, struct error *error);
int resources_parse(struct arena *arena, const char *label, const char *bytes, size_t length,
		    struct oci_resources **resources, struct error *error);
int seccomp_parse(struct arena *arena, const char *label, const char *bytes, size_t length,
		  struct oci_seccomp **seccomp, struct error *error);

/*
 * Reads @name below the directory @bundle (AT_FDCWD works): no larger than FILE_SIZE_MAX, a regular file.
 */
int config_load(struct arena *arena, int bundle, const char *name, struct oci_config **config,
		struct error *error);

/* Writing: parse(print(config)) gives the same structures. Absent members are left out. */
void config_print(struct json_writer *writer, const struct oci_config *config);

/* The config `spec` writes, in @arena; @rootless as `spec --rootless`. */
struct oci_config *config_template(struct arena *arena, bool rootless);

/* Whether @text is one of @list. */
bool string_list_has(const struct string_list *list, const char *text);
/* Adds @text to @list. The items are copied: those that @list has may be another one's too. */
void string_list_add(struct arena *arena, struct string_list *list, const char *text);

/* A deep copy in @arena. */
struct oci_config *config_copy(struct arena *arena, const struct oci_config *config);

/* @current (may be NULL) with every member that @update sets replaced: what `update` leaves in force. */
struct oci_resources *resources_merge(struct arena *arena, const struct oci_resources *current,
				      const struct oci_resources *update);

/*
 * Everything that can be known wrong about a configuration without touching the system, checked after the
 * policy and before anything is created: version 1.x (or an older draft), root.path there, process.args not
 * empty, cwd absolute, namespaces unique, mappings without a user namespace, sysctls of a namespace the
 * container does not own, hooks with absolute paths, rlimits unique and known, … 0, or -1 with the member's
 * path; where runc has a text for it, that text follows. Not known here: whether a joined namespace is the
 * host's (a sysctl of it would be the host's), and what the kernel and the LSMs support.
 */
int config_check(const struct oci_config *config, struct error *error);
int process_check(const struct oci_process *process, struct error *error);

/* Whether @mount has one of two options: one that there is recursively too, say. */
bool mount_has_either(const struct oci_mount *mount, const char *one, const char *other);

/* The entry for @type, or NULL where the container shares the runtime's namespace. */
const struct oci_namespace *config_namespace(const struct oci_config *config, enum oci_namespace_type type);
/* Whether the container gets a new namespace of @type. */
bool config_has_new_namespace(const struct oci_config *config, enum oci_namespace_type type);
/* "mount", "pid", … */
const char *namespace_type_name(enum oci_namespace_type type);
/* Its name below /proc/PID/ns. namespaces(7) */
const char *namespace_type_file(enum oci_namespace_type type);
/* CLONE_NEWNS, … */
int namespace_type_flag(enum oci_namespace_type type);
