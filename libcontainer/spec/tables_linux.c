/* SPDX-License-Identifier: Apache-2.0 */
/* The member "linux" of the configuration, without resources and seccomp. */
#include "spec/tables.h"

const struct spec_name spec_namespace_names[] = {
	{ "mount", OCI_NAMESPACE_MOUNT },
	{ "pid", OCI_NAMESPACE_PID },
	{ "network", OCI_NAMESPACE_NETWORK },
	{ "ipc", OCI_NAMESPACE_IPC },
	{ "uts", OCI_NAMESPACE_UTS },
	{ "user", OCI_NAMESPACE_USER },
	{ "cgroup", OCI_NAMESPACE_CGROUP },
	{ "time", OCI_NAMESPACE_TIME },
	{ NULL, 0 },
};
static const struct spec_field namespace_fields[] = {
	SPEC_FIELD_ENUM("type", struct oci_namespace, type, spec_namespace_names, .required = true),
	SPEC_FIELD(STRING, "path", struct oci_namespace, path),
};
static const struct spec_table namespace_table = SPEC_TABLE(struct oci_namespace, namespace_fields);

/* Engines write the mode as stat(2) gives it, with the file's type: so no limit of 511. */
static const struct spec_field device_fields[] = {
	SPEC_FIELD(STRING, "path", struct oci_device, path, .required = true),
	SPEC_FIELD(STRING, "type", struct oci_device, type, .required = true, .valid = spec_valid_device_type,
		   .expected = "\"c\", \"b\", \"u\" or \"p\""),
	SPEC_FIELD(OPTIONAL_I64, "major", struct oci_device, major),
	SPEC_FIELD(OPTIONAL_I64, "minor", struct oci_device, minor),
	SPEC_FIELD(OPTIONAL_U32, "fileMode", struct oci_device, file_mode),
	SPEC_FIELD(OPTIONAL_U32, "uid", struct oci_device, uid),
	SPEC_FIELD(OPTIONAL_U32, "gid", struct oci_device, gid),
};
static const struct spec_table device_table = SPEC_TABLE(struct oci_device, device_fields);

static const struct spec_field net_device_fields[] = {
	SPEC_FIELD(STRING, "name", struct oci_net_device, name),
};
static const struct spec_table net_device_table = SPEC_TABLE(struct oci_net_device, net_device_fields);

static const struct spec_field intel_rdt_fields[] = {
	SPEC_FIELD(STRING, "closID", struct oci_intel_rdt, clos_id),
	SPEC_FIELD(STRING_LIST, "schemata", struct oci_intel_rdt, schemata),
	SPEC_FIELD(STRING, "l3CacheSchema", struct oci_intel_rdt, l3_cache_schema),
	SPEC_FIELD(STRING, "memBwSchema", struct oci_intel_rdt, mem_bw_schema,
		   .valid = spec_valid_memory_bandwidth, .expected = "one line that begins with MB:"),
	SPEC_FIELD(OPTIONAL_BOOL, "enableMonitoring", struct oci_intel_rdt, enable_monitoring),
};
static const struct spec_table intel_rdt_table = SPEC_TABLE(struct oci_intel_rdt, intel_rdt_fields);

static const struct spec_name memory_policy_mode_names[] = {
	{ "MPOL_DEFAULT", OCI_MPOL_DEFAULT },
	{ "MPOL_BIND", OCI_MPOL_BIND },
	{ "MPOL_INTERLEAVE", OCI_MPOL_INTERLEAVE },
	{ "MPOL_WEIGHTED_INTERLEAVE", OCI_MPOL_WEIGHTED_INTERLEAVE },
	{ "MPOL_PREFERRED", OCI_MPOL_PREFERRED },
	{ "MPOL_PREFERRED_MANY", OCI_MPOL_PREFERRED_MANY },
	{ "MPOL_LOCAL", OCI_MPOL_LOCAL },
	{ NULL, 0 },
};
static const struct spec_name memory_policy_flag_names[] = {
	{ "MPOL_F_NUMA_BALANCING", 0 },
	{ "MPOL_F_RELATIVE_NODES", 0 },
	{ "MPOL_F_STATIC_NODES", 0 },
	{ NULL, 0 },
};
static const struct spec_field memory_policy_fields[] = {
	SPEC_FIELD_ENUM("mode", struct oci_memory_policy, mode, memory_policy_mode_names,
			.complaint = "invalid memory policy mode"),
	SPEC_FIELD(STRING, "nodes", struct oci_memory_policy, nodes),
	SPEC_FIELD(STRING_LIST, "flags", struct oci_memory_policy, flags, .names = memory_policy_flag_names,
		   .complaint = "invalid memory policy flag"),
};
static const struct spec_table memory_policy_table = SPEC_TABLE(struct oci_memory_policy, memory_policy_fields);

static const struct spec_name personality_domain_names[] = {
	{ "LINUX", OCI_PERSONALITY_LINUX },
	{ "LINUX32", OCI_PERSONALITY_LINUX32 },
	{ NULL, 0 },
};
static const struct spec_field personality_fields[] = {
	SPEC_FIELD_ENUM("domain", struct oci_personality, domain, personality_domain_names),
	SPEC_FIELD(STRING_LIST, "flags", struct oci_personality, flags),
};
static const struct spec_table personality_table = SPEC_TABLE(struct oci_personality, personality_fields);

static const struct spec_field time_offset_fields[] = {
	SPEC_FIELD(I64, "secs", struct oci_time_offset, secs, .always = true),
	SPEC_FIELD(U32, "nanosecs", struct oci_time_offset, nanosecs, .always = true),
};
static const struct spec_table time_offset_table = SPEC_TABLE(struct oci_time_offset, time_offset_fields);

static const struct spec_field time_offsets_fields[] = {
	SPEC_FIELD_POINTER("boottime", struct oci_time_offsets, boottime, time_offset_table),
	SPEC_FIELD_POINTER("monotonic", struct oci_time_offsets, monotonic, time_offset_table),
};
static const struct spec_table time_offsets_table = SPEC_TABLE(struct oci_time_offsets, time_offsets_fields);

static const struct spec_name propagation_names[] = {
	{ "private", OCI_PROPAGATION_PRIVATE },
	{ "shared", OCI_PROPAGATION_SHARED },
	{ "slave", OCI_PROPAGATION_SLAVE },
	{ "unbindable", OCI_PROPAGATION_UNBINDABLE },
	{ "rprivate", OCI_PROPAGATION_RPRIVATE },
	{ "rshared", OCI_PROPAGATION_RSHARED },
	{ "rslave", OCI_PROPAGATION_RSLAVE },
	{ "runbindable", OCI_PROPAGATION_RUNBINDABLE },
	{ NULL, 0 },
};

static const struct spec_field linux_fields[] = {
	SPEC_FIELD_LIST("uidMappings", struct oci_linux, uid_mappings, spec_id_mapping_table),
	SPEC_FIELD_LIST("gidMappings", struct oci_linux, gid_mappings, spec_id_mapping_table),
	SPEC_FIELD(STRING_MAP, "sysctl", struct oci_linux, sysctl),
	SPEC_FIELD_POINTER("resources", struct oci_linux, resources, spec_resources_table),
	SPEC_FIELD(STRING, "cgroupsPath", struct oci_linux, cgroups_path),
	SPEC_FIELD_LIST("namespaces", struct oci_linux, namespaces, namespace_table),
	SPEC_FIELD_LIST("devices", struct oci_linux, devices, device_table),
	SPEC_FIELD_MAP("netDevices", struct oci_linux, net_devices, net_device_table),
	SPEC_FIELD_POINTER("seccomp", struct oci_linux, seccomp, spec_seccomp_table),
	SPEC_FIELD_ENUM("rootfsPropagation", struct oci_linux, rootfs_propagation, propagation_names),
	SPEC_FIELD(STRING_LIST, "maskedPaths", struct oci_linux, masked_paths),
	SPEC_FIELD(STRING_LIST, "readonlyPaths", struct oci_linux, readonly_paths),
	SPEC_FIELD(STRING, "mountLabel", struct oci_linux, mount_label),
	SPEC_FIELD_POINTER("intelRdt", struct oci_linux, intel_rdt, intel_rdt_table),
	SPEC_FIELD_POINTER("memoryPolicy", struct oci_linux, memory_policy, memory_policy_table),
	SPEC_FIELD_POINTER("personality", struct oci_linux, personality, personality_table),
	SPEC_FIELD_POINTER("timeOffsets", struct oci_linux, time_offsets, time_offsets_table),
};
const struct spec_table spec_linux_table = SPEC_TABLE(struct oci_linux, linux_fields);
