/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration's members that all platforms share. */
#include "spec/tables.h"

static const struct spec_field root_fields[] = {
	SPEC_FIELD(STRING, "path", struct oci_root, path, .required = true),
	SPEC_FIELD(BOOL, "readonly", struct oci_root, readonly),
};
static const struct spec_table root_table = SPEC_TABLE(struct oci_root, root_fields);

static const struct spec_field id_mapping_fields[] = {
	SPEC_FIELD(U32, "containerID", struct oci_id_mapping, container_id, .required = true),
	SPEC_FIELD(U32, "hostID", struct oci_id_mapping, host_id, .required = true),
	SPEC_FIELD(U32, "size", struct oci_id_mapping, size, .required = true),
};
const struct spec_table spec_id_mapping_table = SPEC_TABLE(struct oci_id_mapping, id_mapping_fields);

static const struct spec_field mount_fields[] = {
	SPEC_FIELD(STRING, "destination", struct oci_mount, destination, .required = true),
	SPEC_FIELD(STRING, "type", struct oci_mount, type),
	SPEC_FIELD(STRING, "source", struct oci_mount, source),
	SPEC_FIELD(STRING_LIST, "options", struct oci_mount, options),
	SPEC_FIELD_LIST("uidMappings", struct oci_mount, uid_mappings, spec_id_mapping_table),
	SPEC_FIELD_LIST("gidMappings", struct oci_mount, gid_mappings, spec_id_mapping_table),
};
static const struct spec_table mount_table = SPEC_TABLE(struct oci_mount, mount_fields);

static const struct spec_field hook_fields[] = {
	SPEC_FIELD(STRING, "path", struct oci_hook, path, .required = true),
	SPEC_FIELD(STRING_LIST, "args", struct oci_hook, args),
	SPEC_FIELD(STRING_LIST, "env", struct oci_hook, env, .secret = true),
	SPEC_FIELD(OPTIONAL_I64, "timeout", struct oci_hook, timeout, .min = 1, .max = INT64_MAX),
};
static const struct spec_table hook_table = SPEC_TABLE(struct oci_hook, hook_fields);

static const struct spec_field hooks_fields[] = {
	SPEC_FIELD_LIST("prestart", struct oci_hooks, prestart, hook_table),
	SPEC_FIELD_LIST("createRuntime", struct oci_hooks, create_runtime, hook_table),
	SPEC_FIELD_LIST("createContainer", struct oci_hooks, create_container, hook_table),
	SPEC_FIELD_LIST("startContainer", struct oci_hooks, start_container, hook_table),
	SPEC_FIELD_LIST("poststart", struct oci_hooks, poststart, hook_table),
	SPEC_FIELD_LIST("poststop", struct oci_hooks, poststop, hook_table),
};
static const struct spec_table hooks_table = SPEC_TABLE(struct oci_hooks, hooks_fields);

static const struct spec_field config_fields[] = {
	SPEC_FIELD(STRING, "ociVersion", struct oci_config, oci_version, .required = true),
	SPEC_FIELD_POINTER("process", struct oci_config, process, spec_process_table),
	SPEC_FIELD_POINTER("root", struct oci_config, root, root_table),
	SPEC_FIELD(STRING, "hostname", struct oci_config, hostname),
	SPEC_FIELD(STRING, "domainname", struct oci_config, domainname),
	SPEC_FIELD_LIST("mounts", struct oci_config, mounts, mount_table),
	SPEC_FIELD_POINTER("hooks", struct oci_config, hooks, hooks_table),
	SPEC_FIELD(STRING_MAP, "annotations", struct oci_config, annotations),
	SPEC_FIELD_POINTER("linux", struct oci_config, linux_, spec_linux_table),
};
const struct spec_table spec_config_table = SPEC_TABLE(struct oci_config, config_fields);
