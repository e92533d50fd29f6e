/* SPDX-License-Identifier: Apache-2.0 */
#include "spec/config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/syscalls.h"
#include "spec/tables.h"

int config_parse(struct arena *arena, const char *label, const char *bytes, size_t length,
		 struct oci_config **config, struct error *error)
{
	*config = spec_parse(arena, &spec_config_table, label, bytes, length, SPEC_UNKNOWN_IGNORED, error);
	return *config ? 0 : -1;
}

int process_parse(struct arena *arena, const char *label, const char *bytes, size_t length,
		  struct oci_process **process, struct error *error)
{
	*process = spec_parse(arena, &spec_process_table, label, bytes, length, SPEC_UNKNOWN_IGNORED, error);
	return *process ? 0 : -1;
}

int resources_parse(struct arena *arena, const char *label, const char *bytes, size_t length,
		    struct oci_resources **resources, struct error *error)
{
	*resources =
		spec_parse(arena, &spec_resources_table, label, bytes, length, SPEC_UNKNOWN_IGNORED, error);
	return *resources ? 0 : -1;
}

int seccomp_parse(struct arena *arena, const char *label, const char *bytes, size_t length,
		  struct oci_seccomp **seccomp, struct error *error)
{
	*seccomp = spec_parse(arena, &spec_seccomp_table, label, bytes, length, SPEC_UNKNOWN_IGNORED, error);
	return *seccomp ? 0 : -1;
}

int config_load(struct arena *arena, int bundle, const char *name, struct oci_config **config,
		struct error *error)
{
	/* A FIFO would block, and a terminal become ours: neither may happen before the type is known. */
	_cleanup_fd_ int fd = openat(bundle, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	size_t length;
	char *bytes;

	if (fd < 0 && errno == ENOENT)
		return error_set(error, 0, "JSON specification file %s not found", name);
	if (fd < 0)
		return error_set(error, errno, "open %s", name);
	if (fstat(fd, &status) < 0)
		return error_set(error, errno, "look at %s", name);
	if (S_ISDIR(status.st_mode))
		return error_set(error, EISDIR, "read %s", name);
	if (!S_ISREG(status.st_mode))
		return error_set(error, 0, "read %s: not a regular file", name);
	if (fd_read_all(arena, fd, FILE_SIZE_MAX, &bytes, &length) < 0)
		return error_set(error, errno, "read %s", name);
	return config_parse(arena, name, bytes, length, config, error);
}

void config_print(struct json_writer *writer, const struct oci_config *config)
{
	spec_print(writer, &spec_config_table, config);
}

struct oci_config *config_copy(struct arena *arena, const struct oci_config *config)
{
	return spec_copy(arena, &spec_config_table, config);
}

struct oci_resources *resources_merge(struct arena *arena, const struct oci_resources *current,
				      const struct oci_resources *update)
{
	return spec_merge(arena, &spec_resources_table, current, update);
}

const struct oci_namespace *config_namespace(const struct oci_config *config, enum oci_namespace_type type)
{
	if (!config->linux_)
		return NULL;
	for (size_t i = 0; i < config->linux_->namespaces.count; i++)
		if (config->linux_->namespaces.items[i].type == type)
			return &config->linux_->namespaces.items[i];
	return NULL;
}

bool config_has_new_namespace(const struct oci_config *config, enum oci_namespace_type type)
{
	const struct oci_namespace *namespace = config_namespace(config, type);

	return namespace && !namespace->path;
}

bool string_list_has(const struct string_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i], text))
			return true;
	return false;
}

void string_list_add(struct arena *arena, struct string_list *list, const char *text)
{
	const char **items = ARENA_NEW_ARRAY(arena, const char *, list->count + 1);

	if (list->count)
		memcpy(items, list->items, list->count * sizeof(*items));
	items[list->count++] = text;
	list->items = items;
}

bool mount_has_either(const struct oci_mount *mount, const char *one, const char *other)
{
	return string_list_has(&mount->options, one) || string_list_has(&mount->options, other);
}

const char *namespace_type_name(enum oci_namespace_type type)
{
	return spec_enum_name(spec_namespace_names, (int)type);
}

const char *namespace_type_file(enum oci_namespace_type type)
{
	switch (type) {
	case OCI_NAMESPACE_MOUNT: return "mnt";
	case OCI_NAMESPACE_NETWORK: return "net";
	default: return namespace_type_name(type);
	}
}

int namespace_type_flag(enum oci_namespace_type type)
{
	static const int flags[OCI_NAMESPACE_TYPES] = {
		[OCI_NAMESPACE_MOUNT] = CLONE_NEWNS,	  [OCI_NAMESPACE_PID] = CLONE_NEWPID,
		[OCI_NAMESPACE_NETWORK] = CLONE_NEWNET,	  [OCI_NAMESPACE_IPC] = CLONE_NEWIPC,
		[OCI_NAMESPACE_UTS] = CLONE_NEWUTS,	  [OCI_NAMESPACE_USER] = CLONE_NEWUSER,
		[OCI_NAMESPACE_CGROUP] = CLONE_NEWCGROUP, [OCI_NAMESPACE_TIME] = CLONE_NEWTIME,
	};

	return flags[type];
}
