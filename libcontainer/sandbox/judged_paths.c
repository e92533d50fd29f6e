/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File systems of a container whose policy denies mount sources: what is judged is what is mounted. Each layer of an
 * overlay and each device is opened, the policy judges where that is, and the kernel gets the descriptor's name in place
 * of the path. https://docs.kernel.org/filesystems/overlayfs.html
 */
#include "sandbox/rootfs_room.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/strbuf.h"

void judged_paths_close(struct judged_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		fd_close(&paths->fds[i]);
}

/* @path without the backslashes that keep what follows them from being a separator. */
static const char *unescape(struct arena *arena, const char *path, size_t length)
{
	char *plain = arena_alloc(arena, length + 1);
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		if (path[i] == '\\' && i + 1 < length)
			i++;
		plain[used++] = path[i];
	}
	plain[used] = '\0';
	return plain;
}

static size_t path_length(const char *text)
{
	size_t length = 0;

	while (text[length] && text[length] != ':')
		length += text[length] == '\\' && text[length + 1] ? 2 : 1;
	return length;
}

struct rewriting {
	const struct rootfs *rootfs;
	const struct oci_mount *mount;
	struct judged_paths *judged;
	struct strbuf *data; /* the new options */
};

/* The name that @path has from here on, or NULL. */
static const char *open_path(const struct rewriting *rewriting, const char *path, struct error *error)
{
	struct arena *arena = rewriting->rootfs->arena;
	struct judged_paths *judged = rewriting->judged;
	int *fds = ARENA_NEW_ARRAY(arena, int, judged->count + 1);
	struct oci_mount one = *rewriting->mount;
	int fd;

	one.source = path;
	fd = rootfs_open_judged(rewriting->rootfs, &one, path, error);
	if (fd < 0)
		return NULL;
	if (judged->count)
		memcpy(fds, judged->fds, judged->count * sizeof(*fds));
	fds[judged->count++] = fd;
	judged->fds = fds;
	return arena_strdup(arena, fd_path(fd).text);
}

/* "KEY=" and the paths of @value, which colons separate in a list. */
static int add_option(const struct rewriting *rewriting, const char *key, const char *value, bool is_list,
		      struct error *error)
{
	strbuf_printf(rewriting->data, "%s=", key);
	while (*value) {
		size_t length = is_list ? path_length(value) : strlen(value);
		const char *name = "";

		if (length > 0)
			name = open_path(rewriting, unescape(rewriting->rootfs->arena, value, length), error);
		if (!name)
			return -1;
		strbuf_puts(rewriting->data, name);
		value += length;
		/* two of them: what follows has data only */
		for (; is_list && *value == ':'; value++)
			strbuf_putc(rewriting->data, ':');
	}
	return 0;
}

static int rewrite_data(const struct rewriting *rewriting, const char *type, const char *data,
			struct error *error)
{
	struct arena *arena = rewriting->rootfs->arena;

	while (data += strspn(data, ","), *data) {
		const char *option = data, *key;
		char *value;

		key = filesystem_next_option(arena, type, &data, &value);
		if (rewriting->data->length)
			strbuf_putc(rewriting->data, ',');
		if (!value || !mount_option_is_path(type, key))
			strbuf_add(rewriting->data, option, (size_t)(data - option));
		else if (add_option(rewriting, key, value, !strcmp(key, "lowerdir"), error) < 0)
			return -1;
	}
	return 0;
}

int judged_paths_open(const struct rootfs *rootfs, const struct oci_mount *mount, struct filesystem *filesystem,
		      struct judged_paths *paths, struct error *error)
{
	_cleanup_strbuf_ struct strbuf data = { 0 };
	const struct rewriting rewriting = { rootfs, mount, paths, &data };
	const bool reads_paths = mount_type_reads_paths(filesystem->type);

	if (!reads_paths && strcmp(filesystem->type, "overlay") != 0)
		return 0;
	if (fchdir(rootfs->root) < 0)
		return error_set(error, errno, "enter the rootfs");
	if (!rootfs_denies_sources(rootfs))
		return 0;
	if (reads_paths && filesystem->source && *filesystem->source) {
		filesystem->source = open_path(&rewriting, filesystem->source, error);
		if (!filesystem->source)
			return -1;
	}
	if (!filesystem->data)
		return 0;
	if (rewrite_data(&rewriting, filesystem->type, filesystem->data, error) < 0)
		return -1;
	filesystem->data = arena_strdup(rootfs->arena, strbuf_text(&data));
	return 0;
}
