/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/id_maps.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/strbuf.h"

static int run_helper(const char *name, pid_t pid, const struct oci_id_mapping_list *map, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	char **arguments = ARENA_NEW_ARRAY(&arena, char *, map->count * 3 + 3);
	char *environment[] = { (char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
				NULL };
	size_t count = 0;
	pid_t helper;
	int status;
	int failed;

	arguments[count++] = arena_strdup(&arena, name);
	arguments[count++] = arena_printf(&arena, "%d", pid);
	for (size_t i = 0; i < map->count; i++) {
		arguments[count++] = arena_printf(&arena, "%u", map->items[i].container_id);
		arguments[count++] = arena_printf(&arena, "%u", map->items[i].host_id);
		arguments[count++] = arena_printf(&arena, "%u", map->items[i].size);
	}
	failed = posix_spawnp(&helper, name, NULL, NULL, arguments, environment);
	if (failed)
		return error_set(error, failed, "run %s, which maps the ids of /etc/subuid and /etc/subgid",
				 name);
	while (waitpid(helper, &status, 0) < 0)
		if (errno != EINTR)
			return error_set(error, errno, "wait for %s", name);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(error, 0, "%s refused the mappings; see /etc/subuid and /etc/subgid", name);
	return 0;
}

static int write_map(int procfs, pid_t pid, const char *file, const struct oci_id_mapping_list *map)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	char path[48];

	for (size_t i = 0; i < map->count; i++)
		strbuf_printf(&text, "%u %u %u\n", map->items[i].container_id, map->items[i].host_id,
			      map->items[i].size);
	snprintf(path, sizeof(path), "%d/%s", pid, file);
	return file_write_at(procfs, path, strbuf_text(&text));
}

static bool maps_only(const struct oci_id_mapping_list *map, uint32_t own)
{
	return map->count == 1 && map->items[0].size == 1 && map->items[0].host_id == own;
}

static int write_uid_map(int procfs, pid_t pid, const struct oci_id_mapping_list *map, struct error *error)
{
	int failure;

	if (write_map(procfs, pid, "uid_map", map) == 0)
		return 0;
	failure = errno;
	if (failure == EPERM && geteuid() != 0 && !maps_only(map, geteuid()))
		return run_helper("newuidmap", pid, map, error);
	return error_set(error, failure, "write the uid map");
}

static int write_gid_map(int procfs, pid_t pid, const struct oci_id_mapping_list *map, struct error *error)
{
	char path[48];
	int failure;

	if (geteuid() != 0 && maps_only(map, getegid())) {
		snprintf(path, sizeof(path), "%d/setgroups", pid);
		if (file_write_at(procfs, path, "deny") < 0)
			return error_set(error, errno, "deny setgroups in the user namespace");
	}
	if (write_map(procfs, pid, "gid_map", map) == 0)
		return 0;
	failure = errno;
	if (failure == EPERM && geteuid() != 0 && !maps_only(map, getegid()))
		return run_helper("newgidmap", pid, map, error);
	return error_set(error, failure, "write the gid map");
}

int id_maps_write(int procfs, pid_t pid, const struct oci_linux *config, struct error *error)
{
	if (config->uid_mappings.count > 0 && write_uid_map(procfs, pid, &config->uid_mappings, error) < 0)
		return -1;
	if (config->gid_mappings.count > 0 && write_gid_map(procfs, pid, &config->gid_mappings, error) < 0)
		return -1;
	return 0;
}
