/* SPDX-License-Identifier: Apache-2.0 */
/* The member "linux.seccomp" of the configuration, which is also a profile's document. */
#include "spec/tables.h"

static const struct spec_name action_names[] = {
	{ "SCMP_ACT_KILL", OCI_SECCOMP_KILL },
	{ "SCMP_ACT_KILL_PROCESS", OCI_SECCOMP_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", OCI_SECCOMP_KILL_THREAD },
	{ "SCMP_ACT_TRAP", OCI_SECCOMP_TRAP },
	{ "SCMP_ACT_ERRNO", OCI_SECCOMP_ERRNO },
	{ "SCMP_ACT_TRACE", OCI_SECCOMP_TRACE },
	{ "SCMP_ACT_ALLOW", OCI_SECCOMP_ALLOW },
	{ "SCMP_ACT_LOG", OCI_SECCOMP_LOG },
	{ "SCMP_ACT_NOTIFY", OCI_SECCOMP_NOTIFY },
	{ NULL, 0 },
};

static const struct spec_name operator_names[] = {
	{ "SCMP_CMP_NE", OCI_SECCOMP_NE },
	{ "SCMP_CMP_LT", OCI_SECCOMP_LT },
	{ "SCMP_CMP_LE", OCI_SECCOMP_LE },
	{ "SCMP_CMP_EQ", OCI_SECCOMP_EQ },
	{ "SCMP_CMP_GE", OCI_SECCOMP_GE },
	{ "SCMP_CMP_GT", OCI_SECCOMP_GT },
	{ "SCMP_CMP_MASKED_EQ", OCI_SECCOMP_MASKED_EQ },
	{ NULL, 0 },
};

static const struct spec_name architecture_names[] = {
	{ "SCMP_ARCH_X86", 0 },		{ "SCMP_ARCH_X86_64", 0 },  { "SCMP_ARCH_X32", 0 },
	{ "SCMP_ARCH_ARM", 0 },		{ "SCMP_ARCH_AARCH64", 0 }, { "SCMP_ARCH_LOONGARCH64", 0 },
	{ "SCMP_ARCH_M68K", 0 },	{ "SCMP_ARCH_MIPS", 0 },    { "SCMP_ARCH_MIPS64", 0 },
	{ "SCMP_ARCH_MIPS64N32", 0 },	{ "SCMP_ARCH_MIPSEL", 0 },  { "SCMP_ARCH_MIPSEL64", 0 },
	{ "SCMP_ARCH_MIPSEL64N32", 0 }, { "SCMP_ARCH_PPC", 0 },	    { "SCMP_ARCH_PPC64", 0 },
	{ "SCMP_ARCH_PPC64LE", 0 },	{ "SCMP_ARCH_S390", 0 },    { "SCMP_ARCH_S390X", 0 },
	{ "SCMP_ARCH_SH", 0 },		{ "SCMP_ARCH_SHEB", 0 },    { "SCMP_ARCH_PARISC", 0 },
	{ "SCMP_ARCH_PARISC64", 0 },	{ "SCMP_ARCH_RISCV64", 0 }, { NULL, 0 },
};

static const struct spec_name flag_names[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", 0 },
	{ "SECCOMP_FILTER_FLAG_LOG", 0 },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", 0 },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0 },
	{ NULL, 0 },
};

static const struct spec_field arg_fields[] = {
	SPEC_FIELD(U32, "index", struct oci_seccomp_arg, index, .required = true, .max = 5),
	SPEC_FIELD(U64, "value", struct oci_seccomp_arg, value, .required = true),
	SPEC_FIELD(U64, "valueTwo", struct oci_seccomp_arg, value_two),
	SPEC_FIELD_ENUM("op", struct oci_seccomp_arg, op, operator_names, .required = true),
};
static const struct spec_table arg_table = SPEC_TABLE(struct oci_seccomp_arg, arg_fields);

static const struct spec_field syscall_fields[] = {
	SPEC_FIELD(STRING_LIST, "names", struct oci_syscall, names, .required = true, .min_count = 1),
	SPEC_FIELD_ENUM("action", struct oci_syscall, action, action_names, .required = true),
	SPEC_FIELD(OPTIONAL_U32, "errnoRet", struct oci_syscall, errno_ret),
	SPEC_FIELD_LIST("args", struct oci_syscall, args, arg_table),
};
static const struct spec_table syscall_table = SPEC_TABLE(struct oci_syscall, syscall_fields);

static const struct spec_field seccomp_fields[] = {
	SPEC_FIELD_ENUM("defaultAction", struct oci_seccomp, default_action, action_names, .required = true),
	SPEC_FIELD(OPTIONAL_U32, "defaultErrnoRet", struct oci_seccomp, default_errno_ret),
	SPEC_FIELD(STRING_LIST, "architectures", struct oci_seccomp, architectures,
		   .names = architecture_names),
	SPEC_FIELD(STRING_LIST, "flags", struct oci_seccomp, flags, .keep_empty = true, .names = flag_names),
	SPEC_FIELD(STRING, "listenerPath", struct oci_seccomp, listener_path),
	SPEC_FIELD(STRING, "listenerMetadata", struct oci_seccomp, listener_metadata),
	SPEC_FIELD_LIST("syscalls", struct oci_seccomp, syscalls, syscall_table),
};
const struct spec_table spec_seccomp_table = SPEC_TABLE(struct oci_seccomp, seccomp_fields);
