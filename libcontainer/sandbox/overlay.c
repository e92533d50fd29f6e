// SPDX-License-Identifier: Apache-2.0
/*
 * Overlays of a container whose policy denies mount sources: what is judged is what is mounted. Each layer is opened, the
 * policy judges where that is, and the kernel gets the descriptor's name in place of the layer's.
 * https://docs.kernel.org/filesystems/overlayfs.html
 */
#include "sandbox/rootfs_room.h"

#include <string.h>

#include "base/fd.h"
#include "base/strbuf.h"

void overlay_layers_close(struct overlay_layers *layers)
{
	for (size_t i = 0; i < layers->count; i++)
		fd_close(&layers->fds[i]);
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
	struct overlay_layers *layers;
	struct strbuf *data; /* the new options */
};

static int add_layer(const struct rewriting *rewriting, const char *path, struct error *error)
{
	struct overlay_layers *layers = rewriting->layers;
	int *fds = ARENA_NEW_ARRAY(rewriting->rootfs->arena, int, layers->count + 1);
	struct oci_mount layer = *rewriting->mount;
	int fd;

	layer.source = path;
	fd = rootfs_open_judged(rewriting->rootfs, &layer, path, error);
	if (fd < 0)
		return -1;
	if (layers->count)
		memcpy(fds, layers->fds, layers->count * sizeof(*fds));
	fds[layers->count++] = fd;
	layers->fds = fds;
	strbuf_puts(rewriting->data, fd_path(fd).text);
	return 0;
}

/* "KEY=" and the layers of @value, which colons separate in a list. */
static int add_option(const struct rewriting *rewriting, const char *key, const char *value, bool is_list,
		      struct error *error)
{
	strbuf_printf(rewriting->data, "%s=", key);
	while (*value) {
		size_t length = is_list ? path_length(value) : strlen(value);

		if (length > 0 &&
		    add_layer(rewriting, unescape(rewriting->rootfs->arena, value, length), error) < 0)
			return -1;
		value += length;
		/* two of them: what follows has data only */
		for (; is_list && *value == ':'; value++)
			strbuf_putc(rewriting->data, ':');
	}
	return 0;
}

int overlay_open_layers(const struct rootfs *rootfs, const struct oci_mount *mount, const char **data,
			struct overlay_layers *layers, struct error *error)
{
	static const char *const keys[] = { "lowerdir", "upperdir", "workdir", "lowerdir+", "datadir+" };
	_cleanup_strbuf_ struct strbuf judged = { 0 };
	const struct rewriting rewriting = { rootfs, mount, layers, &judged };
	const char *rest = *data ? *data : "";

	if (!rootfs->hardening || rootfs->hardening->denied_source_count == 0)
		return 0;
	while (rest += strspn(rest, ","), *rest) {
		const char *option = rest, *key;
		char *value;
		size_t i = 0;

		key = filesystem_next_option(rootfs->arena, "overlay", &rest, &value);
		while (i < ARRAY_SIZE(keys) && strcmp(keys[i], key) != 0)
			i++;
		if (judged.length)
			strbuf_putc(&judged, ',');
		if (i == ARRAY_SIZE(keys) || !value)
			strbuf_add(&judged, option, (size_t)(rest - option));
		else if (add_option(&rewriting, key, value, i == 0, error) < 0)
			return -1;
	}
	*data = arena_strdup(rootfs->arena, strbuf_text(&judged));
	return 0;
}
