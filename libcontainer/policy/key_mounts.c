/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mounts.options: restrictions that every writable bind mount and tmpfs gets, recursively where the bind is.
 * /dev itself, and devices of the host bound below it, stay usable: nodev is not for them.
 *
 * mounts.denySources: host paths that may not be mounted in. "/etc" denies /etc, what lies below it and what
 * it lies below; "/var/lib/docker/." denies the directory and its parents but not what lies below it, where
 * the engine keeps what it hands to containers. "/" is "/.". Symbolic links are seen through where the
 * caller's facts have the real paths.
 */
#include <string.h>

#include "base/path.h"
#include "policy/key.h"

struct mounts_value {
	unsigned int restrictions;
	struct string_list option_names;
	struct named_set denied; /* an item that ends in "/." does not deny what lies below it */
};

static const char *accept_denied(struct arena *arena, const char *text)
{
	size_t length = strlen(text);
	const char *path = accept_path(arena, text);

	if (!path)
		return NULL;
	if (!strcmp(path, "/"))
		return "/.";
	if (length > 2 && !strcmp(text + length - 2, "/."))
		return arena_printf(arena, "%s/.", path);
	return path;
}

static int read_options(struct policy_reading *reading, const struct json_value *value,
			struct mounts_value *mounts)
{
	if (value->type != JSON_ARRAY)
		return reading_error(reading, "mounts.options", value, "an array of strings");
	for (size_t i = 0; i < value->array.count; i++) {
		const struct json_value *item = &value->array.items[i];
		unsigned int bit = item->type == JSON_STRING ? mount_restriction(item->string) : 0;

		if (!bit || bit == MOUNT_RO)
			return reading_error(reading, arena_printf(reading->arena, "mounts.options[%zu]", i),
					     item, "nosuid, nodev, noexec or nosymfollow");
		mounts->restrictions |= bit;
	}
	mounts->option_names = reading->names;
	return 0;
}

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	static const char *const members[] = { "options", "denySources", NULL };
	struct mounts_value *mounts = ARENA_NEW(reading->arena, struct mounts_value);
	const struct json_value *options, *denied;

	if (reading_object(reading, "mounts", value, members))
		return NULL;
	options = json_get(value, "options");
	denied = json_get(value, "denySources");
	if (options && read_options(reading, options, mounts))
		return NULL;
	if (denied && reading_set(reading, "mounts.denySources", denied, accept_denied,
				  "an absolute path without \"..\"", &mounts->denied))
		return NULL;
	return mounts;
}

static const void *merge(struct arena *arena, const void *left, const void *right)
{
	const struct mounts_value *a = left, *b = right;
	struct mounts_value *both = ARENA_NEW(arena, struct mounts_value);

	both->restrictions = a->restrictions | b->restrictions;
	both->option_names = names_unite(arena, &a->option_names, &b->option_names);
	both->denied = named_set_unite(arena, &a->denied, &b->denied);
	return both;
}

static void print(struct json_writer *writer, const void *value)
{
	const struct mounts_value *mounts = value;

	json_begin_object(writer);
	if (mounts->restrictions) {
		json_key(writer, "options");
		json_begin_array(writer);
		mount_restrictions_print(writer, mounts->restrictions);
		json_end_array(writer);
	}
	if (mounts->denied.count) {
		json_key(writer, "denySources");
		named_set_print(writer, &mounts->denied);
	}
	json_end_object(writer);
}

/* "/a/." without its mark; *below: whether what lies below is denied as well. */
static const char *denied_path(struct arena *arena, const char *text, bool *below)
{
	size_t length = strlen(text);

	*below = length < 2 || strcmp(text + length - 2, "/.") != 0;
	if (*below)
		return text;
	return length == 2 ? "/" : arena_strndup(arena, text, length - 2);
}

struct string_list mounts_denied(struct arena *arena, const void *value)
{
	const struct mounts_value *mounts = value;
	struct string_list paths = { 0 };
	bool below;

	for (size_t i = 0; mounts && i < mounts->denied.count; i++)
		string_list_add(arena, &paths, denied_path(arena, mounts->denied.items[i].text, &below));
	return paths;
}

static bool meets(const char *source, const char *denied, bool below)
{
	return path_is_below(denied, source) || (below && path_is_below(source, denied));
}

static bool meets_either(const char *source, const struct denied_source *denied, bool below)
{
	return meets(source, denied->path, below) ||
	       (denied->real_path != denied->path && meets(source, denied->real_path, below));
}

int hardening_check_source(const struct hardening *hardening, const struct oci_mount *mount, const char *path,
			   struct error *error)
{
	for (size_t i = 0; i < hardening->denied_source_count; i++) {
		const struct denied_source *denied = &hardening->denied_sources[i];

		if (meets_either(path, denied, denied->below))
			return error_set(error, 0,
					 "policy %s: mounts.denySources: %s, which is %s by now, may not be "
					 "mounted on %s, as it meets %s; remove the mount or run with "
					 "--policy off",
					 denied->policies, mount->source, path, mount->destination,
					 denied->path);
	}
	return 0;
}

int hardening_refuse_link(const struct hardening *hardening, const struct oci_mount *mount, const char *path,
			  struct error *error)
{
	return error_set(
		error, 0,
		"policy %s: mounts.denySources: %s leads through a link of procfs, such as /proc/PID/root, "
		"or through too many links, and may not be mounted on %s; give its own path or run with "
		"--policy off",
		hardening->denied_sources[0].policies, path, mount->destination);
}

static const char sources_key[] = "mounts.denySources";

/* What @set denies, and where that leads; what leads nowhere is compared as it is. Who says so is left to the caller. */
static struct denied_source *look_at_denied(const struct policy_pass *pass, const struct named_set *set)
{
	struct denied_source *sources = ARENA_NEW_ARRAY(pass->arena, struct denied_source, set->count);

	for (size_t i = 0; i < set->count; i++) {
		const char *path = denied_path(pass->arena, set->items[i].text, &sources[i].below);
		const char *real = facts_real_path(pass->arena, pass->facts, path);

		sources[i].path = path;
		sources[i].real_path = real && strcmp(real, path) != 0 ? real : path;
	}
	return sources;
}

/*
 * The root file system may lie below a denied path, where engines keep theirs, but neither be one nor hold one. A
 * relative path that nobody has looked at is one in the bundle.
 */
static int refuse_root(const struct policy_pass *pass, const struct named_set *set,
		       const struct denied_source *denied, struct error *error)
{
	const char *root = pass->config->root ? pass->config->root->path : NULL;
	const char *real = root ? facts_real_path(pass->arena, pass->facts, root) : NULL;

	for (size_t i = 0; real && i < set->count; i++)
		if (meets_either(real, &denied[i], false))
			return policy_refuse(&set->items[i].names, sources_key, error,
					     "%s may not be the root file system, as it meets %s; give the "
					     "container one of its own or run with --policy off",
					     root, set->items[i].text);
	return 0;
}

static int refuse_source(const struct policy_pass *pass, const struct named_set *set,
			 const struct denied_source *denied, const struct oci_mount *mount, const char *source,
			 struct error *error)
{
	const char *plain = source[0] == '/' ? path_normalize(pass->arena, source) : NULL;
	const char *real = facts_real_path(pass->arena, pass->facts, source);

	if (!real)
		return policy_refuse(&set->items[0].names, sources_key, error,
				     "it is not known where the mount source %s leads; give %s or run with "
				     "--policy off",
				     source,
				     plain ? "its own path, which goes through no link of procfs"
					   : "an absolute one");
	if (plain && !strcmp(plain, real))
		plain = NULL;
	for (size_t i = 0; i < set->count; i++)
		if ((plain && meets_either(plain, &denied[i], denied[i].below)) ||
		    meets_either(real, &denied[i], denied[i].below))
			return policy_refuse(&set->items[i].names, sources_key, error,
					     "%s may not be mounted on %s, as it meets %s; remove the mount or "
					     "run with --policy off",
					     source, mount->destination, set->items[i].text);
	return 0;
}

static int refuse(const struct policy_pass *pass, const void *value, struct error *error)
{
	const struct named_set *set = &((const struct mounts_value *)value)->denied;
	const struct denied_source *denied = look_at_denied(pass, set);

	if (set->count == 0)
		return 0;
	if (refuse_root(pass, set, denied, error) < 0)
		return -1;
	for (size_t m = 0; m < pass->config->mounts.count; m++) {
		const struct oci_mount *mount = &pass->config->mounts.items[m];
		struct string_list sources = mount_sources(pass->arena, mount, pass->facts->directory);

		for (size_t i = 0; i < sources.count; i++)
			if (refuse_source(pass, set, denied, mount, sources.items[i], error) < 0)
				return -1;
	}
	return 0;
}

/* What of @restrictions @mount gets; *recursive: what is mounted below its source comes along. */
static unsigned int restrictions_for(struct arena *arena, const struct oci_mount *mount,
				     unsigned int restrictions, bool *recursive)
{
	bool bind = mount_is_bind(mount), tmpfs = mount->type && !strcmp(mount->type, "tmpfs");
	const char *destination = path_normalize(arena, mount->destination ? mount->destination : "/");

	*recursive = bind && mount_has_either(mount, "rbind", "rro");
	if (!bind && !tmpfs && !string_list_has(&mount->options, "remount"))
		return 0;
	if (mount_is_readonly(mount) && !(string_list_has(&mount->options, "rbind")))
		return 0;
	if (string_list_has(&mount->options, "rro") && !mount_has_either(mount, "rrw", "rw"))
		return 0;
	if (!strcmp(destination, "/dev"))
		return restrictions & ~(unsigned int)MOUNT_NODEV;
	if (bind && path_is_below(destination, "/dev") && mount->source &&
	    path_is_below(path_normalize(arena, mount->source), "/dev"))
		return restrictions & ~(unsigned int)MOUNT_NODEV;
	return restrictions;
}

/* For hardening_check_source(). */
static void keep_denied(struct policy_pass *pass, const struct named_set *set)
{
	struct denied_source *denied = look_at_denied(pass, set);

	for (size_t i = 0; i < set->count; i++)
		denied[i].policies = names_text(pass->arena, &set->items[i].names);
	pass->hardening->denied_sources = denied;
	pass->hardening->denied_source_count = set->count;
}

static void apply(struct policy_pass *pass, const void *value)
{
	const struct mounts_value *mounts = value;

	keep_denied(pass, &mounts->denied);
	for (size_t i = 0; i < pass->target->mounts.count; i++) {
		struct oci_mount *mount = &pass->target->mounts.items[i];
		struct string_list before = mount->options;
		bool recursive;
		unsigned int bits = restrictions_for(pass->arena, mount, mounts->restrictions, &recursive);

		if (mount_restrict(pass->arena, &mount->options, bits, recursive))
			pass_change(pass, &mounts->option_names, "mounts.options",
				    arena_printf(pass->arena, "mounts[%s].options", mount->destination),
				    string_list_text(pass->arena, &before),
				    string_list_text(pass->arena, &mount->options));
	}
}

const struct policy_key key_mounts = {
	.name = "mounts",
	.stages = POLICY_STAGE_CREATE,
	.read = read_value,
	.merge = merge,
	.print = print,
	.refuse = refuse,
	.apply = apply,
};
