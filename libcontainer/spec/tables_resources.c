/* SPDX-License-Identifier: Apache-2.0 */
/* The member "linux.resources" of the configuration, which is also the document of `update`. */
#include "spec/tables.h"

static const struct spec_field device_rule_fields[] = {
	SPEC_FIELD(BOOL, "allow", struct oci_device_rule, allow, .required = true),
	SPEC_FIELD(STRING, "type", struct oci_device_rule, type, .valid = spec_valid_device_rule_type,
		   .expected = "\"a\", \"b\" or \"c\""),
	SPEC_FIELD(OPTIONAL_I64, "major", struct oci_device_rule, major),
	SPEC_FIELD(OPTIONAL_I64, "minor", struct oci_device_rule, minor),
	SPEC_FIELD(STRING, "access", struct oci_device_rule, access, .valid = spec_valid_device_access,
		   .expected = "letters of \"rwm\""),
};
static const struct spec_table device_rule_table = SPEC_TABLE(struct oci_device_rule, device_rule_fields);

static const struct spec_field memory_fields[] = {
	SPEC_FIELD(OPTIONAL_I64, "limit", struct oci_memory, limit),
	SPEC_FIELD(OPTIONAL_I64, "reservation", struct oci_memory, reservation),
	SPEC_FIELD(OPTIONAL_I64, "swap", struct oci_memory, swap),
	SPEC_FIELD(OPTIONAL_I64, "kernel", struct oci_memory, kernel),
	SPEC_FIELD(OPTIONAL_I64, "kernelTCP", struct oci_memory, kernel_tcp),
	SPEC_FIELD(OPTIONAL_U64, "swappiness", struct oci_memory, swappiness),
	SPEC_FIELD(OPTIONAL_BOOL, "disableOOMKiller", struct oci_memory, disable_oom_killer),
	SPEC_FIELD(OPTIONAL_BOOL, "useHierarchy", struct oci_memory, use_hierarchy),
	SPEC_FIELD(OPTIONAL_BOOL, "checkBeforeUpdate", struct oci_memory, check_before_update),
};
static const struct spec_table memory_table = SPEC_TABLE(struct oci_memory, memory_fields);

static const struct spec_field cpu_fields[] = {
	SPEC_FIELD(OPTIONAL_U64, "shares", struct oci_cpu, shares),
	SPEC_FIELD(OPTIONAL_I64, "quota", struct oci_cpu, quota),
	SPEC_FIELD(OPTIONAL_U64, "burst", struct oci_cpu, burst),
	SPEC_FIELD(OPTIONAL_U64, "period", struct oci_cpu, period),
	SPEC_FIELD(OPTIONAL_I64, "realtimeRuntime", struct oci_cpu, realtime_runtime),
	SPEC_FIELD(OPTIONAL_U64, "realtimePeriod", struct oci_cpu, realtime_period),
	SPEC_FIELD(STRING, "cpus", struct oci_cpu, cpus),
	SPEC_FIELD(STRING, "mems", struct oci_cpu, mems),
	SPEC_FIELD(OPTIONAL_I64, "idle", struct oci_cpu, idle),
};
static const struct spec_table cpu_table = SPEC_TABLE(struct oci_cpu, cpu_fields);

/* Engines leave the limit out where there is none, though the schema asks for it. */
static const struct spec_field pids_fields[] = {
	SPEC_FIELD(OPTIONAL_I64, "limit", struct oci_pids, limit),
};
static const struct spec_table pids_table = SPEC_TABLE(struct oci_pids, pids_fields);

static const struct spec_field weight_device_fields[] = {
	SPEC_FIELD(I64, "major", struct oci_weight_device, major, .required = true),
	SPEC_FIELD(I64, "minor", struct oci_weight_device, minor, .required = true),
	SPEC_FIELD(OPTIONAL_U32, "weight", struct oci_weight_device, weight, .max = UINT16_MAX),
	SPEC_FIELD(OPTIONAL_U32, "leafWeight", struct oci_weight_device, leaf_weight, .max = UINT16_MAX),
};
static const struct spec_table weight_device_table = SPEC_TABLE(struct oci_weight_device, weight_device_fields);

static const struct spec_field throttle_device_fields[] = {
	SPEC_FIELD(I64, "major", struct oci_throttle_device, major, .required = true),
	SPEC_FIELD(I64, "minor", struct oci_throttle_device, minor, .required = true),
	SPEC_FIELD(U64, "rate", struct oci_throttle_device, rate, .always = true),
};
static const struct spec_table throttle_device_table =
	SPEC_TABLE(struct oci_throttle_device, throttle_device_fields);

static const struct spec_field block_io_fields[] = {
	SPEC_FIELD(OPTIONAL_U32, "weight", struct oci_block_io, weight, .max = UINT16_MAX),
	SPEC_FIELD(OPTIONAL_U32, "leafWeight", struct oci_block_io, leaf_weight, .max = UINT16_MAX),
	SPEC_FIELD_LIST("weightDevice", struct oci_block_io, weight_device, weight_device_table),
	SPEC_FIELD_LIST("throttleReadBpsDevice", struct oci_block_io, throttle_read_bps_device,
			throttle_device_table),
	SPEC_FIELD_LIST("throttleWriteBpsDevice", struct oci_block_io, throttle_write_bps_device,
			throttle_device_table),
	SPEC_FIELD_LIST("throttleReadIOPSDevice", struct oci_block_io, throttle_read_iops_device,
			throttle_device_table),
	SPEC_FIELD_LIST("throttleWriteIOPSDevice", struct oci_block_io, throttle_write_iops_device,
			throttle_device_table),
};
static const struct spec_table block_io_table = SPEC_TABLE(struct oci_block_io, block_io_fields);

static const struct spec_field hugepage_limit_fields[] = {
	SPEC_FIELD(STRING, "pageSize", struct oci_hugepage_limit, page_size, .required = true,
		   .valid = spec_valid_page_size, .expected = "a size such as 64KB, 2MB or 1GB"),
	SPEC_FIELD(U64, "limit", struct oci_hugepage_limit, limit, .required = true),
};
static const struct spec_table hugepage_limit_table =
	SPEC_TABLE(struct oci_hugepage_limit, hugepage_limit_fields);

static const struct spec_field interface_priority_fields[] = {
	SPEC_FIELD(STRING, "name", struct oci_interface_priority, name, .required = true),
	SPEC_FIELD(U32, "priority", struct oci_interface_priority, priority, .required = true),
};
static const struct spec_table interface_priority_table =
	SPEC_TABLE(struct oci_interface_priority, interface_priority_fields);

static const struct spec_field network_fields[] = {
	SPEC_FIELD(OPTIONAL_U32, "classID", struct oci_network, class_id),
	SPEC_FIELD_LIST("priorities", struct oci_network, priorities, interface_priority_table),
};
static const struct spec_table network_table = SPEC_TABLE(struct oci_network, network_fields);

static const struct spec_field rdma_fields[] = {
	SPEC_FIELD(OPTIONAL_U32, "hcaHandles", struct oci_rdma, hca_handles),
	SPEC_FIELD(OPTIONAL_U32, "hcaObjects", struct oci_rdma, hca_objects),
};
static const struct spec_table rdma_table = SPEC_TABLE(struct oci_rdma, rdma_fields);

static const struct spec_field resources_fields[] = {
	SPEC_FIELD_LIST("devices", struct oci_resources, devices, device_rule_table),
	SPEC_FIELD_POINTER("memory", struct oci_resources, memory, memory_table),
	SPEC_FIELD_POINTER("cpu", struct oci_resources, cpu, cpu_table),
	SPEC_FIELD_POINTER("pids", struct oci_resources, pids, pids_table),
	SPEC_FIELD_POINTER("blockIO", struct oci_resources, block_io, block_io_table),
	SPEC_FIELD_LIST("hugepageLimits", struct oci_resources, hugepage_limits, hugepage_limit_table),
	SPEC_FIELD_POINTER("network", struct oci_resources, network, network_table),
	SPEC_FIELD_MAP("rdma", struct oci_resources, rdma, rdma_table),
	SPEC_FIELD(STRING_MAP, "unified", struct oci_resources, unified),
};
const struct spec_table spec_resources_table = SPEC_TABLE(struct oci_resources, resources_fields);
