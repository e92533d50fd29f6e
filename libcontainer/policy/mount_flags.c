/* SPDX-License-Identifier: Apache-2.0 */
/* Mount options as policies see them: what restricts, what contradicts that. */
#include <string.h>

#include "policy/key.h"

static const struct {
	enum mount_restriction bit;
	const char *sets, *sets_below;
	const char *clears, *clears_below;
} restrictions_table[] = {
	{ MOUNT_RO, "ro", "rro", "rw", "rrw" },
	{ MOUNT_NOSUID, "nosuid", "rnosuid", "suid", "rsuid" },
	{ MOUNT_NODEV, "nodev", "rnodev", "dev", "rdev" },
	{ MOUNT_NOEXEC, "noexec", "rnoexec", "exec", "rexec" },
	{ MOUNT_NOSYMFOLLOW, "nosymfollow", "rnosymfollow", "symfollow", "rsymfollow" },
};

unsigned int mount_restriction(const char *option)
{
	for (size_t i = 0; i < ARRAY_SIZE(restrictions_table); i++)
		if (!strcmp(restrictions_table[i].sets, option))
			return restrictions_table[i].bit;
	return 0;
}

void mount_restrictions_print(struct json_writer *writer, unsigned int restrictions)
{
	for (size_t i = 0; i < ARRAY_SIZE(restrictions_table); i++)
		if (restrictions & restrictions_table[i].bit)
			json_string(writer, restrictions_table[i].sets);
}

static bool take_away(struct string_list *options, const char *option)
{
	size_t kept = 0, count = options->count;

	for (size_t i = 0; i < count; i++)
		if (strcmp(options->items[i], option) != 0)
			options->items[kept++] = options->items[i];
	options->count = kept;
	return kept != count;
}

bool mount_restrict(struct arena *arena, struct string_list *options, unsigned int restrictions, bool recursive)
{
	struct string_list own = { ARENA_NEW_ARRAY(arena, const char *, options->count + 1), options->count };
	bool changed = false;

	/* the list may be shared with a copy of the config */
	if (options->count)
		memcpy(own.items, options->items, options->count * sizeof(*own.items));
	for (size_t i = 0; i < ARRAY_SIZE(restrictions_table); i++) {
		if (!(restrictions & restrictions_table[i].bit))
			continue;
		changed |= take_away(&own, restrictions_table[i].clears);
		changed |= take_away(&own, restrictions_table[i].clears_below);
		if (!string_list_has(&own, restrictions_table[i].sets)) {
			string_list_add(arena, &own, restrictions_table[i].sets);
			changed = true;
		}
		if (recursive && !string_list_has(&own, restrictions_table[i].sets_below)) {
			string_list_add(arena, &own, restrictions_table[i].sets_below);
			changed = true;
		}
	}
	if (changed)
		*options = own;
	return changed;
}

bool mount_is_bind(const struct oci_mount *mount)
{
	return (mount->type && !strcmp(mount->type, "bind")) || string_list_has(&mount->options, "bind") ||
	       string_list_has(&mount->options, "rbind");
}

bool mount_is_readonly(const struct oci_mount *mount)
{
	bool readonly = false;

	for (size_t i = 0; i < mount->options.count; i++) {
		if (!strcmp(mount->options.items[i], "ro"))
			readonly = true;
		else if (!strcmp(mount->options.items[i], "rw"))
			readonly = false;
	}
	return readonly;
}
