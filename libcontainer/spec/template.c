/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "spec/config.h"

#define JSON(...) #__VA_ARGS__

/* clang-format off */
static const char document[] = "{ \"ociVersion\": \"" OCI_VERSION "\"," JSON(
	"process": {
		"terminal": true,
		"user": { "uid": 0, "gid": 0 },
		"args": ["sh"],
		"env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
		"cwd": "/",
		"capabilities": {
			"bounding": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
			"effective": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
			"permitted": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
		},
		"rlimits": [{ "type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024 }],
		"noNewPrivileges": true
	},
	"root": { "path": "rootfs", "readonly": true },
	"hostname": "runc",
	"mounts": [
		{ "destination": "/proc", "type": "proc", "source": "proc" },
		{ "destination": "/dev", "type": "tmpfs", "source": "tmpfs",
		  "options": ["nosuid", "strictatime", "mode=755", "size=65536k"] },
		{ "destination": "/dev/pts", "type": "devpts", "source": "devpts",
		  "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"] },
		{ "destination": "/dev/shm", "type": "tmpfs", "source": "shm",
		  "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"] },
		{ "destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
		  "options": ["nosuid", "noexec", "nodev"] },
		{ "destination": "/sys", "type": "sysfs", "source": "sysfs",
		  "options": ["nosuid", "noexec", "nodev", "ro"] },
		{ "destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
		  "options": ["nosuid", "noexec", "nodev", "relatime", "ro"] }
	],
	"linux": {
		"resources": { "devices": [{ "allow": false, "access": "rwm" }] },
		"namespaces": [
			{ "type": "pid" }, { "type": "network" }, { "type": "ipc" }, { "type": "uts" },
			{ "type": "mount" }
		],
		"maskedPaths": [
			"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
			"/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/sys/firmware", "/proc/scsi"
		],
		"readonlyPaths": [
			"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"
		]
	}
) "}";
/* clang-format on */

static void add_namespace(struct arena *arena, struct oci_namespace_list *list, enum oci_namespace_type type)
{
	struct oci_namespace *items = ARENA_NEW_ARRAY(arena, struct oci_namespace, list->count + 1);

	memcpy(items, list->items, list->count * sizeof(*items));
	items[list->count++].type = type;
	list->items = items;
}

/* A process that is alone in a user namespace cannot make a network for itself. */
static void remove_namespace(struct oci_namespace_list *list, enum oci_namespace_type type)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].type != type)
			list->items[kept++] = list->items[i];
	}
	list->count = kept;
}

static void set_mapping(struct arena *arena, struct oci_id_mapping_list *list, uint32_t host_id)
{
	list->items = ARENA_NEW(arena, struct oci_id_mapping);
	list->items[0] = (struct oci_id_mapping){ .container_id = 0, .host_id = host_id, .size = 1 };
	list->count = 1;
}

/* Only one id is mapped, so no mount can belong to another. */
static void remove_owner_options(struct string_list *options)
{
	size_t kept = 0;

	for (size_t i = 0; i < options->count; i++) {
		if (strncmp(options->items[i], "gid=", 4) != 0 && strncmp(options->items[i], "uid=", 4) != 0)
			options->items[kept++] = options->items[i];
	}
	options->count = kept;
}

/* sysfs can be mounted only by the owner of the network namespace: the host's is bound in instead. */
static void bind_sysfs(struct arena *arena, struct oci_mount *mount)
{
	static const char *const options[] = { "rbind", "nosuid", "noexec", "nodev", "ro" };

	mount->type = "none";
	mount->source = "/sys";
	mount->options.items = ARENA_NEW_ARRAY(arena, const char *, ARRAY_SIZE(options));
	memcpy(mount->options.items, options, sizeof(options));
	mount->options.count = ARRAY_SIZE(options);
}

static void make_rootless(struct arena *arena, struct oci_config *config)
{
	struct oci_linux *platform = config->linux_;

	remove_namespace(&platform->namespaces, OCI_NAMESPACE_NETWORK);
	add_namespace(arena, &platform->namespaces, OCI_NAMESPACE_USER);
	set_mapping(arena, &platform->uid_mappings, geteuid());
	set_mapping(arena, &platform->gid_mappings, getegid());
	platform->resources = NULL;
	for (size_t i = 0; i < config->mounts.count; i++) {
		struct oci_mount *mount = &config->mounts.items[i];

		if (strcmp(mount->destination, "/sys") == 0)
			bind_sysfs(arena, mount);
		else
			remove_owner_options(&mount->options);
	}
}

static bool host_is_unified(void)
{
	struct statfs status;

	return statfs("/sys/fs/cgroup", &status) == 0 && status.f_type == CGROUP2_SUPER_MAGIC;
}

struct oci_config *config_template(struct arena *arena, bool rootless)
{
	struct oci_config *config;
	struct error error;

	if (config_parse(arena, "template", document, strlen(document), &config, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		abort();
	}
	if (host_is_unified())
		add_namespace(arena, &config->linux_->namespaces, OCI_NAMESPACE_CGROUP);
	if (rootless)
		make_rootless(arena, config);
	return config;
}
