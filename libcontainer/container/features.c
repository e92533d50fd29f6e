/* SPDX-License-Identifier: Apache-2.0 */
#include <yajl/yajl_version.h>

#include "libcontainer.h"
#include "ondemand/ondemand.h"
#include "sandbox/identity.h"
#include "sandbox/rootfs.h"
#include "seccomp/seccomp.h"

static void print_strings(struct json_writer *writer, const char *name, const char *const *strings)
{
	json_key(writer, name);
	json_begin_array(writer);
	for (; *strings; strings++)
		json_string(writer, *strings);
	json_end_array(writer);
}

/* {"enabled": VALUE} */
static void print_enabled(struct json_writer *writer, const char *name, bool value)
{
	json_key(writer, name);
	json_begin_object(writer);
	json_member_bool(writer, "enabled", value);
	json_end_object(writer);
}

static void print_cgroup(struct json_writer *writer)
{
	json_key(writer, "cgroup");
	json_begin_object(writer);
	json_member_bool(writer, "v1", true);
	json_member_bool(writer, "v2", true);
	json_member_bool(writer, "systemd", true);
	json_member_bool(writer, "systemdUser", true);
	json_member_bool(writer, "rdma", true);
	json_end_object(writer);
}

static void print_seccomp(struct json_writer *writer)
{
	json_key(writer, "seccomp");
	json_begin_object(writer);
	json_member_bool(writer, "enabled", true);
	print_strings(writer, "actions", seccomp_known_actions());
	print_strings(writer, "operators", seccomp_known_operators());
	print_strings(writer, "archs", seccomp_known_architectures());
	print_strings(writer, "knownFlags", seccomp_known_flags());
	print_strings(writer, "supportedFlags", seccomp_supported_flags());
	json_end_object(writer);
}

static void print_mount_extensions(struct json_writer *writer)
{
	json_key(writer, "mountExtensions");
	json_begin_object(writer);
	print_enabled(writer, "idmap", true);
	json_end_object(writer);
}

static void print_intel_rdt(struct json_writer *writer)
{
	json_key(writer, "intelRdt");
	json_begin_object(writer);
	json_member_bool(writer, "enabled", true);
	json_member_bool(writer, "schemata", true);
	json_member_bool(writer, "monitoring", true);
	json_end_object(writer);
}

static void print_linux(struct json_writer *writer)
{
	static const char *const namespaces[] = { "cgroup", "ipc",  "mount", "network", "pid",
						  "time",   "user", "uts",   NULL };

	json_key(writer, "linux");
	json_begin_object(writer);
	print_strings(writer, "namespaces", namespaces);
	print_strings(writer, "capabilities", capabilities_known());
	print_cgroup(writer);
	print_seccomp(writer);
	print_enabled(writer, "apparmor", true);
	print_enabled(writer, "selinux", true);
	print_intel_rdt(writer);
	print_mount_extensions(writer);
	print_enabled(writer, "netDevices", true);
	json_end_object(writer);
}

void features_print(struct json_writer *writer)
{
	static const char *const hooks[] = {
		"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop", NULL
	};
	/* What a container's annotations can change here; a dot at the end stands for all that begin so. */
	static const char *const unsafe_annotations[] = { "org.criu.config", "org.systemd.property.", NULL };

	json_begin_object(writer);
	json_member_string(writer, "ociVersionMin", "1.0.0");
	json_member_string(writer, "ociVersionMax", OCI_VERSION);
	print_strings(writer, "hooks", hooks);
	print_strings(writer, "mountOptions", mount_options_known());
	print_linux(writer);
	json_key(writer, "annotations");
	json_begin_object(writer);
	json_member_string(writer, "dev.casemate.version", CASEMATE_VERSION);
	json_member_string(writer, "dev.casemate.commit", CASEMATE_COMMIT);
	json_member_string(writer, "dev.casemate.egress.enabled", HAVE_NFTABLES ? "true" : "false");
	json_member_string(writer, "io.github.seccomp.libseccomp.version", seccomp_library_version());
	json_member_string(writer, "org.opencontainers.runc.checkpoint.enabled", "true");
	json_end_object(writer);
	print_strings(writer, "potentiallyUnsafeConfigAnnotations", unsafe_annotations);
	json_end_object(writer);
}

void library_versions_print(struct strbuf *out)
{
	int yajl = yajl_version();

	strbuf_printf(out, "libseccomp: %s\n", seccomp_library_version());
	strbuf_printf(out, "yajl: %d.%d.%d\n", yajl / 10000, yajl / 100 % 100, yajl % 100);
}
