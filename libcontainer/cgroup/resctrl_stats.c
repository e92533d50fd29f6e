/* SPDX-License-Identifier: Apache-2.0 */
/* What resctrl says of a container's group, with the names that runc's statistics have for it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/number.h"
#include "cgroup/resctrl.h"
#include "cgroup/stats.h"

struct counters {
	bool total_bytes, local_bytes, occupancy; /* which of them the hardware has */
};

static const char *read_text(struct arena *arena, int directory, const char *path, struct error *error)
{
	char *text;
	size_t length;

	if (file_read_at(arena, directory, path, FILE_SIZE_MAX, &text, &length) < 0) {
		error_set(error, errno, "intelrdt: read " RESCTRL_MOUNTPOINT "/%s", path);
		return NULL;
	}
	return text;
}

static const char *first_line(struct arena *arena, const char *text)
{
	text += strspn(text, " \t");
	return arena_strndup(arena, text, strcspn(text, "\n"));
}

/* The number a file holds; 0 where it holds a word: a counter that was not ready says "Unavailable". */
static int read_number(struct arena *arena, int directory, const char *path, uint64_t *value,
		       struct error *error)
{
	const char *text = read_text(arena, directory, path, error);

	*value = 0;
	if (!text)
		return -1;
	if (parse_u64(first_line(arena, text), 0, UINT64_MAX, value) < 0)
		*value = 0;
	return 0;
}

static int put_number(struct json_writer *writer, struct arena *arena, int root, const char *directory,
		      const char *name, struct error *error)
{
	uint64_t value;

	if (read_number(arena, root, arena_printf(arena, "%s/%s", directory, name), &value, error) < 0)
		return -1;
	stats_unless_zero(writer, name, value);
	return 0;
}

static void put_text(struct json_writer *writer, const char *name, const char *text)
{
	if (*text)
		json_member_string(writer, name, text);
}

/* The last line that speaks of @resource: with code and data apart there are two for the cache, and runc prints one. */
static const char *schema_line(struct arena *arena, const char *schemata, const char *resource)
{
	const char *found = "";

	for (const char *line = schemata; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *text = first_line(arena, line);

		if (strstr(text, resource))
			found = text;
	}
	return found;
}

/* @prefix: of the members that say what is in the root's group and in the container's. */
static int put_schemas(struct json_writer *writer, struct arena *arena, const struct resctrl_group *group,
		       const char *resource, const char *prefix, struct error *error)
{
	const char *path = resctrl_group_path(group->wanted, group->container_id);
	const char *root = read_text(arena, group->root, "schemata", error);
	const char *own =
		root ? read_text(arena, group->root, arena_printf(arena, "%s/schemata", path), error) : NULL;

	if (!own)
		return -1;
	put_text(writer, arena_printf(arena, "%s_root", prefix), schema_line(arena, root, resource));
	put_text(writer, prefix, schema_line(arena, own, resource));
	return 0;
}

static int put_cache(struct json_writer *writer, struct arena *arena, const struct resctrl_group *group,
		     const char *info, struct error *error)
{
	const char *mask = read_text(arena, group->root, arena_printf(arena, "%s/cbm_mask", info), error);

	if (!mask)
		return -1;
	json_key(writer, "l3_cache_info");
	json_begin_object(writer);
	put_text(writer, "cbm_mask", first_line(arena, mask));
	if (put_number(writer, arena, group->root, info, "min_cbm_bits", error) < 0 ||
	    put_number(writer, arena, group->root, info, "num_closids", error) < 0)
		return -1;
	json_end_object(writer);
	return put_schemas(writer, arena, group, "L3", "l3_cache_schema", error);
}

static int put_bandwidth(struct json_writer *writer, struct arena *arena, const struct resctrl_group *group,
			 struct error *error)
{
	static const char *const names[] = { "bandwidth_gran", "delay_linear", "min_bandwidth", "num_closids" };

	json_key(writer, "mem_bw_info");
	json_begin_object(writer);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (put_number(writer, arena, group->root, "info/MB", names[i], error) < 0)
			return -1;
	json_end_object(writer);
	return put_schemas(writer, arena, group, "MB", "mem_bw_schema", error);
}

static int read_counters(struct arena *arena, int root, struct counters *counters, struct error *error)
{
	const char *line = read_text(arena, root, "info/L3_MON/mon_features", error);

	*counters = (struct counters){ 0 };
	if (!line)
		return -1;
	for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *name = first_line(arena, line);

		counters->total_bytes |= strcmp(name, "mbm_total_bytes") == 0;
		counters->local_bytes |= strcmp(name, "mbm_local_bytes") == 0;
		counters->occupancy |= strcmp(name, "llc_occupancy") == 0;
	}
	return 0;
}

static int compare_names(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The directories of the cache's domains in @mon_data, by name. */
static int list_domains(struct arena *arena, int root, const char *mon_data, struct string_list *domains,
			struct error *error)
{
	_cleanup_fd_ int fd = openat(root, mon_data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *listing = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	size_t capacity = 0;

	if (!listing)
		return error_set(error, errno, "intelrdt: read " RESCTRL_MOUNTPOINT "/%s", mon_data);
	(void)TAKE_FD(fd);
	while ((entry = readdir(listing))) {
		if (strncmp(entry->d_name, "mon_L3_", strlen("mon_L3_")) != 0)
			continue;
		domains->items =
			arena_grow(arena, domains->items, domains->count, &capacity, sizeof(*domains->items));
		domains->items[domains->count++] = arena_printf(arena, "%s/%s", mon_data, entry->d_name);
	}
	if (domains->count)
		qsort(domains->items, domains->count, sizeof(*domains->items), compare_names);
	return 0;
}

/* A counter is always printed, also one the hardware does not have. */
static int put_counter(struct json_writer *writer, struct arena *arena, int root, const char *domain,
		       const char *name, bool has, struct error *error)
{
	uint64_t value = 0;

	if (has && read_number(arena, root, arena_printf(arena, "%s/%s", domain, name), &value, error) < 0)
		return -1;
	json_member_u64(writer, name, value);
	return 0;
}

static int put_traffic(struct json_writer *writer, struct arena *arena, int root,
		       const struct string_list *domains, const struct counters *counters, struct error *error)
{
	json_key(writer, "mbm_stats");
	json_begin_array(writer);
	for (size_t i = 0; i < domains->count; i++) {
		json_begin_object(writer);
		if (put_counter(writer, arena, root, domains->items[i], "mbm_total_bytes",
				counters->total_bytes, error) < 0 ||
		    put_counter(writer, arena, root, domains->items[i], "mbm_local_bytes",
				counters->local_bytes, error) < 0)
			return -1;
		json_end_object(writer);
	}
	json_end_array(writer);
	return 0;
}

static int put_occupancy(struct json_writer *writer, struct arena *arena, int root,
			 const struct string_list *domains, struct error *error)
{
	json_key(writer, "cmt_stats");
	json_begin_array(writer);
	for (size_t i = 0; i < domains->count; i++) {
		json_begin_object(writer);
		if (put_counter(writer, arena, root, domains->items[i], "llc_occupancy", true, error) < 0)
			return -1;
		json_end_object(writer);
	}
	json_end_array(writer);
	return 0;
}

static int put_monitoring(struct json_writer *writer, struct arena *arena, const struct resctrl_group *group,
			  struct error *error)
{
	const char *own = resctrl_monitor_path(arena, group->wanted, group->container_id);
	const char *path = own ? own : resctrl_group_path(group->wanted, group->container_id);
	struct counters counters;
	struct string_list domains = { 0 };

	if (read_counters(arena, group->root, &counters, error) < 0 ||
	    list_domains(arena, group->root, arena_printf(arena, "%s/mon_data", path), &domains, error) < 0)
		return -1;
	if ((counters.total_bytes || counters.local_bytes) &&
	    put_traffic(writer, arena, group->root, &domains, &counters, error) < 0)
		return -1;
	return counters.occupancy ? put_occupancy(writer, arena, group->root, &domains, error) : 0;
}

int resctrl_stats(struct json_writer *writer, const struct resctrl_group *group, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const char *cache = resctrl_cache_info(group->root);

	json_begin_object(writer);
	if (cache && put_cache(writer, &arena, group, cache, error) < 0)
		return -1;
	if (faccessat(group->root, "info/MB", F_OK, 0) == 0 && put_bandwidth(writer, &arena, group, error) < 0)
		return -1;
	if (faccessat(group->root, "info/L3_MON", F_OK, 0) == 0 &&
	    put_monitoring(writer, &arena, group, error) < 0)
		return -1;
	json_end_object(writer);
	return 0;
}
