/* SPDX-License-Identifier: Apache-2.0 */
/* The member "process" of the configuration, which is also the document of `exec --process`. */
#include "spec/tables.h"

static const struct spec_field console_size_fields[] = {
	SPEC_FIELD(U64, "height", struct oci_console_size, height, .required = true),
	SPEC_FIELD(U64, "width", struct oci_console_size, width, .required = true),
};
static const struct spec_table console_size_table = SPEC_TABLE(struct oci_console_size, console_size_fields);

static const struct spec_field user_fields[] = {
	SPEC_FIELD(U32, "uid", struct oci_user, uid, .always = true),
	SPEC_FIELD(U32, "gid", struct oci_user, gid, .always = true),
	SPEC_FIELD(OPTIONAL_U32, "umask", struct oci_user, umask),
	SPEC_FIELD(U32_LIST, "additionalGids", struct oci_user, additional_gids),
	SPEC_FIELD(STRING, "username", struct oci_user, username),
};
static const struct spec_table user_table = SPEC_TABLE(struct oci_user, user_fields);

static const struct spec_field capabilities_fields[] = {
	SPEC_FIELD(STRING_LIST, "bounding", struct oci_capabilities, bounding),
	SPEC_FIELD(STRING_LIST, "effective", struct oci_capabilities, effective),
	SPEC_FIELD(STRING_LIST, "permitted", struct oci_capabilities, permitted),
	SPEC_FIELD(STRING_LIST, "inheritable", struct oci_capabilities, inheritable),
	SPEC_FIELD(STRING_LIST, "ambient", struct oci_capabilities, ambient),
};
static const struct spec_table capabilities_table = SPEC_TABLE(struct oci_capabilities, capabilities_fields);

static const struct spec_field rlimit_fields[] = {
	SPEC_FIELD(STRING, "type", struct oci_rlimit, type, .required = true, .valid = spec_valid_rlimit,
		   .expected = "a name such as RLIMIT_NOFILE"),
	SPEC_FIELD(U64, "hard", struct oci_rlimit, hard, .required = true),
	SPEC_FIELD(U64, "soft", struct oci_rlimit, soft, .required = true),
};
static const struct spec_table rlimit_table = SPEC_TABLE(struct oci_rlimit, rlimit_fields);

static const struct spec_name io_priority_class_names[] = {
	{ "IOPRIO_CLASS_RT", OCI_IOPRIO_RT },
	{ "IOPRIO_CLASS_BE", OCI_IOPRIO_BE },
	{ "IOPRIO_CLASS_IDLE", OCI_IOPRIO_IDLE },
	{ NULL, 0 },
};
static const struct spec_field io_priority_fields[] = {
	SPEC_FIELD_ENUM("class", struct oci_io_priority, class, io_priority_class_names, .required = true),
	SPEC_FIELD(I64, "priority", struct oci_io_priority, priority, .min = INT32_MIN, .max = INT32_MAX,
		   .always = true),
};
static const struct spec_table io_priority_table = SPEC_TABLE(struct oci_io_priority, io_priority_fields);

static const struct spec_name scheduler_policy_names[] = {
	{ "SCHED_OTHER", OCI_SCHED_OTHER },
	{ "SCHED_FIFO", OCI_SCHED_FIFO },
	{ "SCHED_RR", OCI_SCHED_RR },
	{ "SCHED_BATCH", OCI_SCHED_BATCH },
	{ "SCHED_ISO", OCI_SCHED_ISO },
	{ "SCHED_IDLE", OCI_SCHED_IDLE },
	{ "SCHED_DEADLINE", OCI_SCHED_DEADLINE },
	{ NULL, 0 },
};
static const struct spec_name scheduler_flag_names[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", 0 },  { "SCHED_FLAG_RECLAIM", 0 },
	{ "SCHED_FLAG_DL_OVERRUN", 0 },	    { "SCHED_FLAG_KEEP_POLICY", 0 },
	{ "SCHED_FLAG_KEEP_PARAMS", 0 },    { "SCHED_FLAG_UTIL_CLAMP_MIN", 0 },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0 }, { NULL, 0 },
};
static const struct spec_field scheduler_fields[] = {
	SPEC_FIELD_ENUM("policy", struct oci_scheduler, policy, scheduler_policy_names, .required = true),
	SPEC_FIELD(I64, "nice", struct oci_scheduler, nice, .min = INT32_MIN, .max = INT32_MAX),
	SPEC_FIELD(I64, "priority", struct oci_scheduler, priority, .min = INT32_MIN, .max = INT32_MAX),
	SPEC_FIELD(STRING_LIST, "flags", struct oci_scheduler, flags, .names = scheduler_flag_names),
	SPEC_FIELD(U64, "runtime", struct oci_scheduler, runtime),
	SPEC_FIELD(U64, "deadline", struct oci_scheduler, deadline),
	SPEC_FIELD(U64, "period", struct oci_scheduler, period),
};
static const struct spec_table scheduler_table = SPEC_TABLE(struct oci_scheduler, scheduler_fields);

static const struct spec_field cpu_affinity_fields[] = {
	SPEC_FIELD(STRING, "initial", struct oci_cpu_affinity, initial, .valid = spec_valid_cpu_list,
		   .expected = "a list of processors such as 0-3,7"),
	SPEC_FIELD(STRING, "final", struct oci_cpu_affinity, final, .valid = spec_valid_cpu_list,
		   .expected = "a list of processors such as 0-3,7"),
};
static const struct spec_table cpu_affinity_table = SPEC_TABLE(struct oci_cpu_affinity, cpu_affinity_fields);

static const struct spec_field process_fields[] = {
	SPEC_FIELD(BOOL, "terminal", struct oci_process, terminal),
	SPEC_FIELD_POINTER("consoleSize", struct oci_process, console_size, console_size_table),
	SPEC_FIELD_OBJECT("user", struct oci_process, user, user_table),
	SPEC_FIELD(STRING_LIST, "args", struct oci_process, args),
	SPEC_FIELD(STRING, "commandLine", struct oci_process, command_line),
	SPEC_FIELD(STRING_LIST, "env", struct oci_process, env, .secret = true),
	SPEC_FIELD(STRING, "cwd", struct oci_process, cwd, .required = true),
	SPEC_FIELD_POINTER("capabilities", struct oci_process, capabilities, capabilities_table),
	SPEC_FIELD_LIST("rlimits", struct oci_process, rlimits, rlimit_table),
	SPEC_FIELD(BOOL, "noNewPrivileges", struct oci_process, no_new_privileges),
	SPEC_FIELD(STRING, "apparmorProfile", struct oci_process, apparmor_profile),
	SPEC_FIELD(OPTIONAL_I64, "oomScoreAdj", struct oci_process, oom_score_adj),
	SPEC_FIELD(STRING, "selinuxLabel", struct oci_process, selinux_label),
	SPEC_FIELD_POINTER("ioPriority", struct oci_process, io_priority, io_priority_table),
	SPEC_FIELD_POINTER("scheduler", struct oci_process, scheduler, scheduler_table),
	SPEC_FIELD_POINTER("execCPUAffinity", struct oci_process, exec_cpu_affinity, cpu_affinity_table),
};
const struct spec_table spec_process_table = SPEC_TABLE(struct oci_process, process_fields);
