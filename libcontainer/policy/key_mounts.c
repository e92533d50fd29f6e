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

int hardening_check_source(const struct hardening *hardening, const struct oci_mount *mount, const char *path,
			   struct error *error)
{
	for (size_t i = 0; i < hardening->denied_source_count; i++) {
		const struct denied_source *denied = &hardening->denied_sources[i];

		if (meets(path, denied->path, denied->below) || meets(path, denied->real_path, denied->below))
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

/* A path that is denied, as it is written and where it leads. */
struct denied {
	const struct named_item *item;
	const char *path;
	const char *real_path; /* NULL: the same */
	bool below; /* what lies below as well */
};

/* Where the denied @path leads; one that leads nowhere is compared as it is. */
static const char *real_or_own(const struct policy_pass *pass, const char *path)
{
	const char *real = facts_real_path(pass->arena, pass->facts, path);

	return real ? real : path;
}

static const struct denied *look_at_denied(const struct policy_pass *pass, const struct named_set *set)
{
	struct denied *denied = ARENA_NEW_ARRAY(pass->arena, struct denied, set->count);

	for (size_t i = 0; i < set->count; i++) {
		denied[i].item = &set->items[i];
		denied[i].path = denied_path(pass->arena, set->items[i].text, &denied[i].below);
		denied[i].real_path = real_or_own(pass, denied[i].path);
		if (!strcmp(denied[i].path, denied[i].real_path))
			denied[i].real_path = NULL;
	}
	return denied;
}

static bool meets_either(const char *source, const struct denied *denied, bool below)
{
	return meets(source, denied->path, below) ||
	       (denied->real_path && meets(source, denied->real_path, below));
}

/*
 * The root file system may lie below a denied path, where engines keep theirs, but neither be one nor hold one. A
 * relative path that nobody has looked at is one in the bundle.
 */
static int refuse_root(const struct policy_pass *pass, const struct denied *denied, size_t count,
		       struct error *error)
{
	const char *root = pass->config->root ? pass->config->root->path : NULL;
	const char *real = root ? facts_real_path(pass->arena, pass->facts, root) : NULL;

	for (size_t i = 0; real && i < count; i++)
		if (meets_either(real, &denied[i], false))
			return policy_refuse(&denied[i].item->names, sources_key, error,
					     "%s may not be the root file system, as it meets %s; give the "
					     "container one of its own or run with --policy off",
					     root, denied[i].item->text);
	return 0;
}

static int refuse_source(const struct policy_pass *pass, const struct denied *denied, size_t count,
			 const struct oci_mount *mount, const char *source, struct error *error)
{
	const char *plain = source[0] == '/' ? path_normalize(pass->arena, source) : NULL;
	const char *real = facts_real_path(pass->arena, pass->facts, source);

	if (plain && real && !strcmp(plain, real))
		plain = NULL;
	for (size_t i = 0; i < count; i++) {
		if (!real)
			return policy_refuse(
				&denied[i].item->names, sources_key, error,
				"it is not known where the mount source %s leads; give %s or run with "
				"--policy off",
				source,
				plain ? "its own path, which goes through no link of procfs"
				      : "an absolute one");
		if ((plain && meets_either(plain, &denied[i], denied[i].below)) ||
		    meets_either(real, &denied[i], denied[i].below))
			return policy_refuse(&denied[i].item->names, sources_key, error,
					     "%s may not be mounted on %s, as it meets %s; remove the mount or "
					     "run with --policy off",
					     source, mount->destination, denied[i].item->text);
	}
	return 0;
}

static int refuse(const struct policy_pass *pass, const void *value, struct error *error)
{
	const struct mounts_value *mounts = value;
	const struct denied *denied = look_at_denied(pass, &mounts->denied);
	size_t count = mounts->denied.count;

	if (refuse_root(pass, denied, count, error) < 0)
		return -1;
	for (size_t m = 0; count && m < pass->config->mounts.count; m++) {
		const struct oci_mount *mount = &pass->config->mounts.items[m];
		struct string_list sources = mount_sources(pass->arena, mount, pass->facts->directory);

		for (size_t i = 0; i < sources.count; i++)
			if (refuse_source(pass, denied, count, mount, sources.items[i], error) < 0)
				return -1;
	}
	return 0;
}

static bool has_either(const struct oci_mount *mount, const char *one, const char *other)
{
	return string_list_has(&mount->options, one) || string_list_has(&mount->options, other);
}

/* What of @restrictions @mount gets; *recursive: what is mounted below its source comes along. */
static unsigned int restrictions_for(struct arena *arena, const struct oci_mount *mount,
				     unsigned int restrictions, bool *recursive)
{
	bool bind = mount_is_bind(mount), tmpfs = mount->type && !strcmp(mount->type, "tmpfs");
	const char *destination = path_normalize(arena, mount->destination ? mount->destination : "/");

	*recursive = bind && has_either(mount, "rbind", "rro");
	if (!bind && !tmpfs && !string_list_has(&mount->options, "remount"))
		return 0;
	if (mount_is_readonly(mount) && !(string_list_has(&mount->options, "rbind")))
		return 0;
	if (string_list_has(&mount->options, "rro") && !has_either(mount, "rrw", "rw"))
		return 0;
	if (!strcmp(destination, "/dev"))
		return restrictions & ~(unsigned int)MOUNT_NODEV;
	if (bind && path_is_below(destination, "/dev") && mount->source &&
	    path_is_below(path_normalize(arena, mount->source), "/dev"))
		return restrictions & ~(unsigned int)MOUNT_NODEV;
	return restrictions;
}

/* For hardening_check_source(). */
static void keep_denied(struct policy_pass *pass, const struct mounts_value *mounts)
{
	struct hardening *hardening = pass->hardening;

	hardening->denied_sources =
		ARENA_NEW_ARRAY(pass->arena, struct denied_source, mounts->denied.count + 1);
	for (size_t i = 0; i < mounts->denied.count; i++) {
		struct denied_source *denied = &hardening->denied_sources[i];

		denied->path = denied_path(pass->arena, mounts->denied.items[i].text, &denied->below);
		denied->real_path = real_or_own(pass, denied->path);
		denied->policies = names_text(pass->arena, &mounts->denied.items[i].names);
	}
	hardening->denied_source_count = mounts->denied.count;
}

static void apply(struct policy_pass *pass, const void *value)
{
	const struct mounts_value *mounts = value;

	keep_denied(pass, mounts);
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
