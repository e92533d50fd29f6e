/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <net/if.h>
#include <string.h>

#include "base/number_set.h"
#include "spec/check.h"

#define NANOSECONDS 1000000000
/* The numbers of a device as mknod(2) takes them: MAJOR and MINOR of the kernel's linux/kdev_t.h. */
#define DEVICE_MAJOR_MAX ((1 << 12) - 1)
#define DEVICE_MINOR_MAX ((1 << 20) - 1)

static int check_namespaces(const struct oci_namespace_list *list, struct error *error)
{
	bool seen[OCI_NAMESPACE_TYPES] = { false };

	for (size_t i = 0; i < list->count; i++) {
		const struct oci_namespace *namespace = &list->items[i];

		if (seen[namespace->type])
			return error_set(error, 0,
					 "linux.namespaces[%zu]: malformed spec file: duplicated ns \"%s\"", i,
					 namespace_type_name(namespace->type));
		seen[namespace->type] = true;
		if (namespace->path && namespace->path[0] != '/')
			return error_set(
				error, 0,
				"linux.namespaces[%zu].path: found \"%.60s\", expected an absolute path", i,
				namespace->path);
	}
	return 0;
}

static int check_time(const struct oci_config *config, struct error *error)
{
	const struct oci_namespace *namespace = config_namespace(config, OCI_NAMESPACE_TIME);
	const struct oci_time_offsets *offsets = config->linux_->time_offsets;

	if (!offsets)
		return 0;
	if (!namespace)
		return error_set(
			error, 0,
			"linux.timeOffsets: time namespace offsets specified, but time namespace isn't enabled in the config");
	if (namespace->path)
		return error_set(
			error, 0,
			"linux.timeOffsets: time namespace enabled, but both namespace path and time offsets "
			"specified -- you may only provide one");
	if ((offsets->boottime && offsets->boottime->nanosecs >= NANOSECONDS) ||
	    (offsets->monotonic && offsets->monotonic->nanosecs >= NANOSECONDS))
		return error_set(error, 0, "linux.timeOffsets: nanosecs must be below %d", NANOSECONDS);
	return 0;
}

static int check_paths(const char *member, const struct string_list *paths, struct error *error)
{
	for (size_t i = 0; i < paths->count; i++)
		if (paths->items[i][0] != '/')
			return error_set(error, 0, "%s[%zu]: found \"%.60s\", expected an absolute path",
					 member, i, paths->items[i]);
	return 0;
}

static int check_restrictions(const struct oci_config *config, struct error *error)
{
	const struct oci_linux *linux_ = config->linux_;

	if ((linux_->masked_paths.count || linux_->readonly_paths.count) &&
	    !config_namespace(config, OCI_NAMESPACE_MOUNT))
		return error_set(error, 0,
				 "linux.%s: unable to restrict sys entries without a private MNT namespace",
				 linux_->masked_paths.count ? "maskedPaths" : "readonlyPaths");
	if (check_paths("linux.maskedPaths", &linux_->masked_paths, error) < 0)
		return -1;
	return check_paths("linux.readonlyPaths", &linux_->readonly_paths, error);
}

static int check_devices(const struct oci_device_list *devices, struct error *error)
{
	for (size_t i = 0; i < devices->count; i++) {
		const struct oci_device *device = &devices->items[i];

		if (!*device->path)
			return error_set(error, 0, "linux.devices[%zu].path: found \"\", expected a path", i);
		if (!strcmp(device->type, "p"))
			continue;
		if (device->major.present &&
		    (device->major.value < 0 || device->major.value > DEVICE_MAJOR_MAX))
			return error_set(error, 0,
					 "linux.devices[%zu].major: found %" PRId64 ", expected 0 to %d", i,
					 device->major.value, DEVICE_MAJOR_MAX);
		if (device->minor.present &&
		    (device->minor.value < 0 || device->minor.value > DEVICE_MINOR_MAX))
			return error_set(error, 0,
					 "linux.devices[%zu].minor: found %" PRId64 ", expected 0 to %d", i,
					 device->minor.value, DEVICE_MINOR_MAX);
	}
	return 0;
}

/* What the kernel takes (dev_valid_name of net/core/dev.c), but for patterns such as "eth%d". */
static bool is_interface_name(const char *name)
{
	return *name && strlen(name) < IFNAMSIZ && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
	       !name[strcspn(name, "/:% \t\n\v\f\r")];
}

static const char *name_inside(const struct oci_net_device *device)
{
	return device->name ? device->name : device->key;
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static int check_unique_names(const struct oci_net_device_list *devices, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const char **names = ARENA_NEW_ARRAY(&arena, const char *, devices->count);

	for (size_t i = 0; i < devices->count; i++)
		names[i] = name_inside(&devices->items[i]);
	qsort(names, devices->count, sizeof(*names), compare_names);
	for (size_t i = 1; i < devices->count; i++)
		if (!strcmp(names[i - 1], names[i]))
			return error_set(error, 0, "linux.netDevices: two devices get the name \"%s\"",
					 names[i]);
	return 0;
}

static int check_net_devices(const struct oci_config *config, struct error *error)
{
	const struct oci_net_device_list *devices = &config->linux_->net_devices;

	if (devices->count && !config_namespace(config, OCI_NAMESPACE_NETWORK))
		return error_set(error, 0,
				 "linux.netDevices: unable to move network devices without a NET namespace");
	for (size_t i = 0; i < devices->count; i++) {
		const struct oci_net_device *device = &devices->items[i];

		if (!is_interface_name(device->key) || !is_interface_name(name_inside(device)))
			return error_set(error, 0, "linux.netDevices: invalid network device name \"%.60s\"",
					 is_interface_name(device->key) ? device->name : device->key);
	}
	return check_unique_names(devices, error);
}

static int check_intel_rdt(const struct oci_intel_rdt *rdt, struct error *error)
{
	const char *id = rdt->clos_id;

	if (id &&
	    (!strcmp(id, ".") || !strcmp(id, "..") || (id[0] && id[1] && strchr(id, '/')) || strchr(id, '\n')))
		return error_set(error, 0, "linux.intelRdt.closID: invalid intelRdt.ClosID \"%.60s\"", id);
	return 0;
}

/* How many nodes the mode takes: mbind(2). The words are runc's. */
static int check_memory_nodes(const struct oci_memory_policy *policy, struct error *error)
{
	struct number_set nodes = { .bytes = 0 };
	size_t count;

	if (policy->nodes && *policy->nodes && number_set_parse(policy->nodes, &nodes) < 0)
		return error_set(error, 0,
				 "linux.memoryPolicy.nodes: invalid memory policy node list \"%.60s\"",
				 policy->nodes);
	count = number_set_count(&nodes);
	switch (policy->mode) {
	case OCI_MPOL_DEFAULT:
	case OCI_MPOL_LOCAL:
		if (count > 0)
			return error_set(error, 0,
					 "linux.memoryPolicy.nodes: mode requires 0 nodes but got %zu", count);
		return 0;
	case OCI_MPOL_PREFERRED: return 0;
	default:
		if (count == 0)
			return error_set(error, 0,
					 "linux.memoryPolicy.nodes: mode requires at least 1 node but got 0");
		return 0;
	}
}

static int check_memory_policy(const struct oci_memory_policy *policy, struct error *error)
{
	if (policy->mode == OCI_MPOL_UNSET)
		return error_set(
			error, 0,
			"linux.memoryPolicy.mode: invalid memory policy mode: found nothing, expected a mode");
	if (string_list_has(&policy->flags, "MPOL_F_RELATIVE_NODES") &&
	    string_list_has(&policy->flags, "MPOL_F_STATIC_NODES"))
		return error_set(
			error, 0,
			"linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES exclude each other");
	return check_memory_nodes(policy, error);
}

int check_linux(const struct oci_config *config, struct error *error)
{
	const struct oci_linux *linux_ = config->linux_;

	if (!linux_)
		return 0;
	if (check_namespaces(&linux_->namespaces, error) < 0 || check_time(config, error) < 0 ||
	    check_restrictions(config, error) < 0 || check_devices(&linux_->devices, error) < 0 ||
	    check_net_devices(config, error) < 0)
		return -1;
	if (linux_->personality && linux_->personality->domain == OCI_PERSONALITY_UNSET)
		return error_set(error, 0,
				 "linux.personality.domain: found nothing, expected LINUX or LINUX32");
	if (linux_->intel_rdt && check_intel_rdt(linux_->intel_rdt, error) < 0)
		return -1;
	if (linux_->memory_policy && check_memory_policy(linux_->memory_policy, error) < 0)
		return -1;
	return linux_->resources ? check_resources(linux_->resources, error) : 0;
}
