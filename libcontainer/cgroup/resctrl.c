/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/resctrl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/fd.h"
#include "base/file.h"

#define RESCTRL_MAGIC 0x7655821 /* RDTGROUP_SUPER_MAGIC of linux/magic.h */

int resctrl_open(struct error *error)
{
	_cleanup_fd_ int fd = open(RESCTRL_MOUNTPOINT, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs status;

	if (fd < 0 || fstatfs(fd, &status) < 0 || status.f_type != RESCTRL_MAGIC)
		return error_set(
			error, 0,
			"linux.intelRdt: intelRdt is specified in config, but Intel RDT is not enabled");
	return TAKE_FD(fd);
}

bool resctrl_is_mounted(void)
{
	struct statfs status;

	return statfs(RESCTRL_MOUNTPOINT, &status) == 0 && status.f_type == RESCTRL_MAGIC;
}

static bool is_there(int root, const char *path)
{
	return faccessat(root, path, F_OK, 0) == 0;
}

/* With code and data apart ("cdp") the cache has two names. */
const char *resctrl_cache_info(int root)
{
	if (is_there(root, "info/L3"))
		return "info/L3";
	return is_there(root, "info/L3CODE") ? "info/L3CODE" : NULL;
}

int resctrl_check(int root, const struct oci_intel_rdt *wanted, struct error *error)
{
	if (wanted->l3_cache_schema && !resctrl_cache_info(root))
		return error_set(
			error, 0,
			"linux.intelRdt.l3CacheSchema: intelRdt.l3CacheSchema is specified in config, but "
			"Intel RDT/CAT is not enabled");
	if (wanted->mem_bw_schema && !is_there(root, "info/MB"))
		return error_set(error, 0,
				 "linux.intelRdt.memBwSchema: intelRdt.memBwSchema is specified in config, but "
				 "Intel RDT/MBA is not enabled");
	return 0;
}

static bool has_class(const struct oci_intel_rdt *wanted)
{
	return wanted->clos_id && *wanted->clos_id;
}

const char *resctrl_group_path(const struct oci_intel_rdt *wanted, const char *container_id)
{
	if (!has_class(wanted))
		return container_id;
	return strcmp(wanted->clos_id, "/") == 0 ? "." : wanted->clos_id;
}

const char *resctrl_monitor_path(struct arena *arena, const struct oci_intel_rdt *wanted,
				 const char *container_id)
{
	if (!wanted->enable_monitoring.present || !wanted->enable_monitoring.value)
		return NULL;
	return arena_printf(arena, "%s/mon_groups/%s", resctrl_group_path(wanted, container_id), container_id);
}

struct string_list resctrl_plan(struct arena *arena, int root, const struct oci_intel_rdt *wanted,
				const char *container_id)
{
	const char *group = resctrl_group_path(wanted, container_id);
	const char *monitor = resctrl_monitor_path(arena, wanted, container_id);
	struct string_list plan = { .items = ARENA_NEW_ARRAY(arena, const char *, 2) };

	if (!is_there(root, group))
		plan.items[plan.count++] = group;
	if (monitor)
		plan.items[plan.count++] = monitor;
	return plan;
}

/* The kernel says in a file of its own what was wrong. */
static const char *last_status(struct arena *arena, int root)
{
	char *text;
	size_t length;

	if (file_read_at(arena, root, "info/last_cmd_status", FILE_SIZE_MAX, &text, &length) < 0)
		return "";
	return arena_printf(arena, " (last_cmd_status: %.*s)", (int)strcspn(text, "\n"), text);
}

static int write_schemata(struct arena *arena, int root, const char *group, const char *text,
			  struct error *error)
{
	int number;

	if (file_write_at(root, arena_printf(arena, "%s/schemata", group), text) == 0)
		return 0;
	number = errno;
	return error_set(error, number, "intelrdt: write " RESCTRL_MOUNTPOINT "/%s/schemata%s", group,
			 last_status(arena, root));
}

int resctrl_set_shares(struct arena *arena, const struct resctrl_group *group, const char *schemata,
		       struct error *error)
{
	return write_schemata(arena, group->root, resctrl_group_path(group->wanted, group->container_id),
			      schemata, error);
}

static int compare_schemata(struct arena *arena, int root, const char *group, const char *text,
			    struct error *error)
{
	char *present;
	size_t length;

	if (file_read_at(arena, root, arena_printf(arena, "%s/schemata", group), FILE_SIZE_MAX, &present,
			 &length) < 0)
		return error_set(error, errno, "intelrdt: read %s/%s/schemata", RESCTRL_MOUNTPOINT, group);
	if (!resctrl_schemata_has(present, text))
		return error_set(error, 0,
				 "intelrdt: %s/%s exists and has other schemata than those specified in config",
				 RESCTRL_MOUNTPOINT, group);
	return 0;
}

static int make_directories(int root, const struct string_list *plan, struct error *error)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (mkdirat(root, plan->items[i], 0755) == 0)
			continue;
		error_set(error, errno, "intelrdt: make %s/%s", RESCTRL_MOUNTPOINT, plan->items[i]);
		while (i > 0)
			unlinkat(root, plan->items[--i], AT_REMOVEDIR);
		return -1;
	}
	return 0;
}

static int set_shares(struct arena *arena, int root, const char *group, bool is_new, const char *schemata,
		      struct error *error)
{
	if (!schemata)
		return 0;
	return is_new ? write_schemata(arena, root, group, schemata, error)
		      : compare_schemata(arena, root, group, schemata, error);
}

int resctrl_create(struct arena *arena, int root, const struct oci_intel_rdt *wanted, const char *container_id,
		   const struct string_list *plan, struct error *error)
{
	const char *group = resctrl_group_path(wanted, container_id);
	const char *schemata = resctrl_schemata(arena, wanted);
	bool is_new = plan->count > 0 && strcmp(plan->items[0], group) == 0;
	struct error ignored;

	if (is_new && has_class(wanted) && !schemata)
		return error_set(
			error, ENOENT,
			"clos dir %s/%s not accessible (must be pre-created when schemata, l3CacheSchema "
			"and memBwSchema are empty)",
			RESCTRL_MOUNTPOINT, group);
	if (make_directories(root, plan, error) < 0)
		return -1;
	if (set_shares(arena, root, group, is_new, schemata, error) == 0)
		return 0;
	resctrl_remove(arena, root, plan, &ignored);
	return -1;
}

/* The kernel would put its members into the class of all others: they are not asked whether they want that. */
static bool has_members(struct arena *arena, int root, const char *group)
{
	char *tasks;
	size_t length;

	return file_read_at(arena, root, arena_printf(arena, "%s/tasks", group), FILE_SIZE_MAX, &tasks,
			    &length) == 0 &&
	       length > 0;
}

int resctrl_remove(struct arena *arena, int root, const struct string_list *plan, struct error *error)
{
	for (size_t i = plan->count; i > 0; i--) {
		const char *directory = plan->items[i - 1];

		if (!strchr(directory, '/') && has_members(arena, root, directory))
			continue;
		if (unlinkat(root, directory, AT_REMOVEDIR) < 0 && errno != ENOENT)
			return error_set(error, errno, "intelrdt: remove %s/%s", RESCTRL_MOUNTPOINT, directory);
	}
	return 0;
}
