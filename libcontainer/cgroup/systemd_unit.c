/* SPDX-License-Identifier: Apache-2.0 */
/* Names of units and where they are. systemd.slice(5), https://github.com/opencontainers/runc docs/systemd.md */
#include <string.h>

#include "base/strbuf.h"
#include "cgroup/systemd.h"

#define SLICE ".slice"
#define SCOPE ".scope"
#define UNIT_NAME_MAX 255 /* with its suffix, as of systemd */

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);
	size_t wanted = strlen(end);

	return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

bool systemd_unit_is_slice(const struct systemd_unit *unit)
{
	return ends_with(unit->name, SLICE);
}

/* systemd.unit(5): letters, digits and these; an "@" would be a template's. */
static bool is_unit_name(const char *name)
{
	return *name && strlen(name) <= UNIT_NAME_MAX &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.\\@")];
}

/* "a-b.slice" is in "a.slice": "/a.slice/a-b.slice"; "-.slice" is the root. */
static int expand_slice(struct arena *arena, const char *slice, const char **path, struct error *error)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	size_t length = strlen(slice);

	if (!ends_with(slice, SLICE) || !is_unit_name(slice))
		return error_set(error, 0, "invalid slice name: %s", slice);
	length -= strlen(SLICE);
	*path = "";
	if (length == 1 && slice[0] == '-')
		return 0;
	for (const char *part = slice; part < slice + length;) {
		size_t rest = (size_t)(slice + length - part);
		const char *dash = memchr(part, '-', rest);
		const char *end = dash ? dash : part + rest;

		/* Neither "a--b" nor a dash at an end. */
		if (end == part || end + 1 == slice + length)
			return error_set(error, 0, "invalid slice name: %s", slice);
		strbuf_putc(&text, '/');
		strbuf_add(&text, slice, (size_t)(end - slice));
		strbuf_puts(&text, SLICE);
		part = end + (dash != NULL);
	}
	if (!text.length)
		return error_set(error, 0, "invalid slice name: %s", slice);
	*path = arena_strdup(arena, strbuf_text(&text));
	return 0;
}

/* The three parts of "slice:prefix:name"; the name may have colons of its own. */
static int split(struct arena *arena, const char *text, const char *parts[3], struct error *error)
{
	const char *first = strchr(text, ':');
	const char *second = first ? strchr(first + 1, ':') : NULL;

	if (!second || strchr(second + 1, ':'))
		return error_set(error, 0,
				 "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd "
				 "cgroups, got \"%s\" instead",
				 text);
	parts[0] = arena_strndup(arena, text, (size_t)(first - text));
	parts[1] = arena_strndup(arena, first + 1, (size_t)(second - first - 1));
	parts[2] = second + 1;
	return 0;
}

int systemd_unit_parse(struct arena *arena, const char *cgroups_path, const char *container_id, bool user,
		       struct systemd_unit *unit, struct error *error)
{
	const char *parts[3] = { "", "runc", container_id };

	if (cgroups_path && *cgroups_path && split(arena, cgroups_path, parts, error) < 0)
		return -1;
	*unit = (struct systemd_unit){ .holder_pidfd = -1 };
	unit->slice = *parts[0] ? parts[0] : user ? "user.slice" : "system.slice";
	/* What runc's documents call the root slice, and systemd "-.slice". */
	if (strcmp(unit->slice, "-") == 0)
		unit->slice = "-.slice";
	unit->container = parts[2];
	if (ends_with(parts[2], SLICE))
		unit->name = parts[2];
	else
		unit->name = arena_printf(arena, "%s-%s" SCOPE, parts[1], parts[2]);
	if (!*parts[2] || !is_unit_name(unit->name))
		return error_set(error, 0, "linux.cgroupsPath: \"%s\" is no name of a systemd unit",
				 unit->name);
	if (systemd_unit_is_slice(unit)) {
		/* A slice's name says which one it is in. */
		return expand_slice(arena, unit->name, &unit->slice_path, error);
	}
	return expand_slice(arena, unit->slice, &unit->slice_path, error);
}
