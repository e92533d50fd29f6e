/* SPDX-License-Identifier: Apache-2.0 */
#include "container/intel_rdt.h"

#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/strbuf.h"

#define ADD_ROUNDS 100U
#define MADE_FILE "resctrl" /* in the container's directory: a path on each line */

static const struct oci_intel_rdt *wanted_by(const struct oci_config *config)
{
	return config->linux_ ? config->linux_->intel_rdt : NULL;
}

static int remember(const struct store_entry *entry, const struct string_list *plan, struct error *error)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };

	for (size_t i = 0; i < plan->count; i++)
		strbuf_printf(&text, "%s\n", plan->items[i]);
	if (text.length && file_write_atomic_at(entry->fd, MADE_FILE, text.text, text.length, 0600) < 0)
		return error_set(error, errno, "write %s/" MADE_FILE, entry->path);
	return 0;
}

static struct string_list split_lines(struct arena *arena, char *text)
{
	struct string_list list = { .items = ARENA_NEW_ARRAY(arena, const char *, RESCTRL_TASKS_MAX) };
	char *rest = text;
	char *line;

	while (list.count < RESCTRL_TASKS_MAX && (line = strsep(&rest, "\n")))
		if (*line)
			list.items[list.count++] = line;
	return list;
}

int intel_rdt_create(struct arena *arena, const struct store_entry *entry, const struct oci_config *config,
		     int tasks[RESCTRL_TASKS_MAX], struct error *error)
{
	const struct oci_intel_rdt *wanted = wanted_by(config);
	_cleanup_fd_ int root = -1;
	struct string_list plan;
	struct error ignored;

	if (!wanted)
		return 0;
	root = resctrl_open(error);
	if (root < 0 || resctrl_check(root, wanted, error) < 0)
		return -1;
	plan = resctrl_plan(arena, root, wanted, entry->id);
	if (remember(entry, &plan, error) < 0 ||
	    resctrl_create(arena, root, wanted, entry->id, &plan, error) < 0)
		return -1;
	if (resctrl_open_tasks(arena, root, wanted, entry->id, tasks, error) == 0)
		return 0;
	resctrl_remove(arena, root, &plan, &ignored);
	return -1;
}

int intel_rdt_open(struct arena *arena, const char *container_id, const struct oci_config *config,
		   int tasks[RESCTRL_TASKS_MAX], struct error *error)
{
	const struct oci_intel_rdt *wanted = wanted_by(config);
	_cleanup_fd_ int root = -1;

	if (!wanted)
		return 0;
	root = resctrl_open(error);
	if (root < 0)
		return -1;
	return resctrl_open_tasks(arena, root, wanted, container_id, tasks, error);
}

/* Every thread of the container, also what it starts meanwhile: children are born in their parent's group. */
static int add_all(struct arena *arena, const struct cgroup *cgroup, const struct resctrl_group *group,
		   const int tasks[RESCTRL_TASKS_MAX], struct error *error)
{
	for (unsigned int round = 0; round < ADD_ROUNDS; round++) {
		pid_t *threads;
		size_t count;
		int added;

		if (cgroup_threads(arena, cgroup, &threads, &count, error) < 0)
			return -1;
		added = resctrl_add(arena, group, tasks, threads, count, error);
		if (added <= 0)
			return added;
	}
	return error_set(error, 0, "intelrdt: the container starts threads faster than they can be added");
}

/* A container that had no group gets one while it runs. */
static int begin(struct arena *arena, const struct store_entry *entry, const struct cgroup *cgroup,
		 const struct oci_config *config, struct error *error)
{
	struct resctrl_group group = { .wanted = wanted_by(config), .container_id = entry->id };
	int tasks[RESCTRL_TASKS_MAX];
	struct error ignored;
	int result;

	if (intel_rdt_create(arena, entry, config, tasks, error) < 0)
		return -1;
	group.root = resctrl_open(error);
	result = group.root < 0 ? -1 : add_all(arena, cgroup, &group, tasks, error);
	for (size_t i = 0; i < RESCTRL_TASKS_MAX; i++)
		fd_close(&tasks[i]);
	fd_close(&group.root);
	if (result < 0)
		intel_rdt_destroy(arena, entry, &ignored);
	return result;
}

static int check_enabled(const struct oci_intel_rdt *shares, struct error *error)
{
	struct error ignored;
	_cleanup_fd_ int root = resctrl_open(&ignored);
	struct oci_intel_rdt cache = { .l3_cache_schema = shares->l3_cache_schema };

	if (cache.l3_cache_schema && (root < 0 || resctrl_check(root, &cache, &ignored) < 0))
		return error_set(error, 0, "Intel RDT/CAT: l3 cache schema is not enabled");
	if (shares->mem_bw_schema && (root < 0 || resctrl_check(root, shares, &ignored) < 0))
		return error_set(error, 0, "Intel RDT/MBA: memory bandwidth schema is not enabled");
	return 0;
}

int intel_rdt_update(struct arena *arena, const struct store_entry *entry, const struct cgroup *cgroup,
		     struct oci_config *config, const struct oci_intel_rdt *shares, struct error *error)
{
	const struct oci_intel_rdt *current = wanted_by(config);
	const char *schemata = resctrl_schemata(arena, shares);
	struct resctrl_group group = { .wanted = current, .container_id = entry->id };
	_cleanup_fd_ int root = -1;

	if (!schemata)
		return 0;
	if (check_enabled(shares, error) < 0)
		return -1;
	config->linux_->intel_rdt = resctrl_merge(arena, current, shares);
	if (!current)
		return begin(arena, entry, cgroup, config, error);
	root = resctrl_open(error);
	group.root = root;
	return root < 0 ? -1 : resctrl_set_shares(arena, &group, schemata, error);
}

int intel_rdt_destroy(struct arena *arena, const struct store_entry *entry, struct error *error)
{
	_cleanup_fd_ int root = -1;
	struct string_list made;
	struct error ignored;
	size_t length;
	char *text;

	if (file_read_at(arena, entry->fd, MADE_FILE, FILE_SIZE_MAX, &text, &length) < 0) {
		if (errno == ENOENT)
			return 0;
		return error_set(error, errno, "read %s/" MADE_FILE, entry->path);
	}
	/* Unmounted since then: the groups went with it. */
	root = resctrl_open(&ignored);
	if (root < 0)
		return 0;
	made = split_lines(arena, text);
	return resctrl_remove(arena, root, &made, error);
}
