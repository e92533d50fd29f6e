/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/id_maps.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/strbuf.h"

#define HELPER_TEXT_MAX 4096

/* What it says on standard error, up to the end of it, as one line without its name; "" where there is nothing to quote. */
static const char *helper_text(struct arena *arena, int fd, const char *name)
{
	char *text;
	size_t length;

	if (fd_read_all(arena, fd, HELPER_TEXT_MAX, &text, &length) < 0)
		return "";
	text[strcspn(text, "\n")] = '\0';
	length = strlen(name);
	return !strncmp(text, name, length) && !strncmp(text + length, ": ", 2) ? text + length + 2 : text;
}

/* Runs it to its end: 0, or -1. */
static int run_to_end(struct arena *arena, char **arguments, struct error *error)
{
	char *environment[] = { (char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
				NULL };
	_cleanup_fd_ int from = -1;
	_cleanup_fd_ int to = -1;
	posix_spawn_file_actions_t actions;
	const char *text;
	int ends[2];
	pid_t helper;
	int status;
	int failed;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_set(error, errno, "make a pipe");
	from = ends[0];
	to = ends[1];
	failed = posix_spawn_file_actions_init(&actions);
	if (failed)
		return error_set(error, failed, "prepare %s", arguments[0]);
	failed = posix_spawn_file_actions_adddup2(&actions, to, STDERR_FILENO);
	if (!failed)
		failed = posix_spawnp(&helper, arguments[0], &actions, NULL, arguments, environment);
	posix_spawn_file_actions_destroy(&actions);
	if (failed)
		return error_set(error, failed, "run %s, which maps the ids of /etc/subuid and /etc/subgid",
				 arguments[0]);
	fd_close(&to);
	text = helper_text(arena, from, arguments[0]);
	fd_close(&from);
	while (waitpid(helper, &status, 0) < 0)
		if (errno != EINTR)
			return error_set(error, errno, "wait for %s", arguments[0]);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(error, 0, "%s refused the mappings%s%s; see /etc/subuid and /etc/subgid",
				 arguments[0], *text ? ": " : "", text);
	return 0;
}

/* The map as arguments, after the process. newuidmap(1) */
static int run_helper(const char *name, pid_t pid, const struct oci_id_mapping_list *map, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	char **arguments = ARENA_NEW_ARRAY(&arena, char *, map->count * 3 + 3);
	size_t count = 0;

	arguments[count++] = arena_strdup(&arena, name);
	arguments[count++] = arena_printf(&arena, "%d", pid);
	for (size_t i = 0; i < map->count; i++) {
		arguments[count++] = arena_printf(&arena, "%u", map->items[i].container_id);
		arguments[count++] = arena_printf(&arena, "%u", map->items[i].host_id);
		arguments[count++] = arena_printf(&arena, "%u", map->items[i].size);
	}
	return run_to_end(&arena, arguments, error);
}

int id_map_write(int procfs, pid_t pid, const char *file, const struct oci_id_mapping_list *map)
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

	if (id_map_write(procfs, pid, "uid_map", map) == 0)
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
	if (id_map_write(procfs, pid, "gid_map", map) == 0)
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
