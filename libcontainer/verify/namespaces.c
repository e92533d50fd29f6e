/* SPDX-License-Identifier: Apache-2.0 */
/* verify: namespaces, the ids mapped into the container's, and the sysctls that belong to them. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/id_map.h"
#include "sandbox/procfs.h"
#include "verify/looking.h"

static void look_at_namespace(struct looking *looking, const struct oci_namespace *namespace)
{
	const char *file = arena_printf(looking->arena, "ns/%s", namespace_type_file(namespace->type));
	const char *name =
		arena_printf(looking->arena, "linux.namespaces %s", namespace_type_name(namespace->type));
	const char *planned = namespace->path ? namespace->path : "not the host's";
	struct stat container, other;

	if (fstatat(looking->process, file, &container, 0) < 0 ||
	    stat(namespace->path ? namespace->path : arena_printf(looking->arena, "/proc/self/%s", file),
		 &other) < 0) {
		/* What was joined by path may have lost that name. */
		look_add(looking, MEASURE_UNKNOWN, name, planned,
			 arena_printf(looking->arena, "cannot be looked at: %s", error_describe(errno)));
		return;
	}
	if (namespace->path)
		look_add_bool(looking, file_is_same(&container, &other), name, planned,
			      file_is_same(&container, &other) ? "so" : "another");
	else
		look_add_bool(looking, !file_is_same(&container, &other), name, planned,
			      file_is_same(&container, &other) ? "the host's" : "its own");
}

void look_at_namespaces(struct looking *looking)
{
	const struct oci_linux *config = looking->config->linux_;

	for (size_t i = 0; config && i < config->namespaces.count; i++)
		look_at_namespace(looking, &config->namespaces.items[i]);
}

/* id maps ------------------------------------------------------------------------------------------------ */

static bool has_mapping(const struct oci_id_mapping_list *planned, const struct id_map_line *found)
{
	for (size_t i = 0; i < planned->count; i++)
		if (planned->items[i].container_id == found->inside &&
		    planned->items[i].host_id == found->outside && planned->items[i].size == found->size)
			return true;
	return false;
}

static void look_at_map(struct looking *looking, const char *file, const char *member,
			const struct oci_id_mapping_list *planned)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	const char *map = look_read(looking, looking->pid, file);
	const char *planned_text;
	struct id_map found;
	size_t matching = 0;

	for (size_t i = 0; i < planned->count; i++)
		strbuf_printf(&text, "%s%u to %u (%u)", i ? ", " : "", planned->items[i].container_id,
			      planned->items[i].host_id, planned->items[i].size);
	planned_text = arena_strdup(looking->arena, strbuf_text(&text));
	if (!map || !id_map_parse(looking->arena, map, &found)) {
		look_add(looking, MEASURE_UNKNOWN, member, planned_text, "not reported");
		return;
	}
	text.length = 0;
	for (size_t i = 0; i < found.count; i++) {
		const struct id_map_line *line = &found.lines[i];

		strbuf_printf(&text, "%s%u to %u (%u)", i ? ", " : "", line->inside, line->outside, line->size);
		matching += has_mapping(planned, line);
	}
	look_add_bool(looking, found.count == planned->count && matching == found.count, member, planned_text,
		      arena_strdup(looking->arena, text.length ? strbuf_text(&text) : "no id is mapped"));
}

void look_at_id_maps(struct looking *looking)
{
	const struct oci_linux *config = looking->config->linux_;

	if (!config_has_new_namespace(looking->config, OCI_NAMESPACE_USER))
		return;
	look_at_map(looking, "uid_map", "linux.uidMappings", &config->uid_mappings);
	look_at_map(looking, "gid_map", "linux.gidMappings", &config->gid_mappings);
}

/* sysctls ------------------------------------------------------------------------------------------------ */

static int enter(const struct looking *looking, const char *file, int kind)
{
	_cleanup_fd_ int fd = openat(looking->process, file, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : setns(fd, kind);
}

/*
 * Of the child: writes a line of each value, "?" for one that cannot be read. The host's procfs shows those of the
 * namespaces of whoever reads.
 */
static _Noreturn void report_sysctls(struct looking *looking, const struct string_map *sysctls, int out)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct error ignored;
	int procfs = procfs_open(&ignored);

	/* Namespaces of a user namespace are entered by its root only. */
	if (procfs < 0 ||
	    (enter(looking, "ns/net", CLONE_NEWNET) < 0 &&
	     (enter(looking, "ns/user", CLONE_NEWUSER) < 0 || enter(looking, "ns/net", CLONE_NEWNET) < 0)))
		_exit(1);
	if (enter(looking, "ns/ipc", CLONE_NEWIPC) < 0 || enter(looking, "ns/uts", CLONE_NEWUTS) < 0)
		_exit(1);
	for (size_t i = 0; i < sysctls->count; i++) {
		size_t length;
		char *value;

		if (file_read_at(looking->arena, procfs, procfs_sysctl(looking->arena, sysctls->items[i].key),
				 65536, &value, &length) < 0)
			value = arena_strdup(looking->arena, "?");
		strbuf_printf(&text, "%.*s\n", (int)strcspn(value, "\n"), value);
	}
	_exit(fd_write_all(out, strbuf_text(&text), text.length) < 0 ? 1 : 0);
}

/* Blanks and tabs between numbers are the kernel's own. */
static bool same_words(const char *a, const char *b)
{
	for (;;) {
		size_t length;

		a += strspn(a, " \t");
		b += strspn(b, " \t");
		length = strcspn(a, " \t");
		if (length != strcspn(b, " \t") || strncmp(a, b, length) != 0)
			return false;
		if (!length)
			return true;
		a += length;
		b += length;
	}
}

static void compare_sysctls(struct looking *looking, const struct string_map *sysctls, char *values)
{
	for (size_t i = 0; i < sysctls->count; i++) {
		const char *name = arena_printf(looking->arena, "linux.sysctl %s", sysctls->items[i].key);
		const char *planned = sysctls->items[i].value;
		const char *found = values ? strsep(&values, "\n") : "?";

		if (!strcmp(found, "?"))
			look_add(looking, MEASURE_UNKNOWN, name, planned, "cannot be looked at");
		else
			look_add_bool(looking, same_words(found, planned), name, planned, found);
	}
}

void look_at_sysctls(struct looking *looking)
{
	const struct string_map *sysctls = looking->config->linux_ ? &looking->config->linux_->sysctl : NULL;
	char *values = NULL;
	size_t length = 0;
	int status = 1;
	int ends[2];
	pid_t child;

	if (!sysctls || sysctls->count == 0)
		return;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		compare_sysctls(looking, sysctls, NULL);
		return;
	}
	child = fork();
	if (child == 0)
		report_sysctls(looking, sysctls, ends[1]);
	close(ends[1]);
	if (fd_read_all(looking->arena, ends[0], FILE_SIZE_MAX, &values, &length) < 0)
		values = NULL;
	close(ends[0]);
	if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
		values = NULL;
	compare_sysctls(looking, sysctls, values);
}
