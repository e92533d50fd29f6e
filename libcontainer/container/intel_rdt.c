/* SPDX-License-Identifier: Apache-2.0 */
#include "container/intel_rdt.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/strbuf.h"

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
