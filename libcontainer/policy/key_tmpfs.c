/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tmpfs[]: memory file systems. One is mounted where the config mounts nothing; where the config mounts a
 * tmpfs there, flags unite and the smaller size wins; anything else that is mounted there stays (a volume).
 */
#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "base/path.h"
#include "policy/key.h"

struct tmpfs {
	const char *destination; /* normalized */
	unsigned int restrictions; /* MOUNT_* */
	bool has_mode;
	unsigned int mode; /* of one that is mounted new */
	uint64_t size; /* bytes; 0: any */
	struct string_list names;
};

struct tmpfs_list {
	struct tmpfs *items; /* sorted by destination */
	size_t count;
};

static int parse_mode(const char *text, unsigned int *mode)
{
	*mode = 0;
	if (!text[0] || strlen(text) > 4)
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '7')
			return -1;
		*mode = *mode * 8 + (unsigned int)(*text - '0');
	}
	return 0;
}

static int read_options(struct policy_reading *reading, const char *path, const struct json_value *value,
			struct tmpfs *tmpfs)
{
	static const char expected[] = "rw, ro, nosuid, nodev, noexec, nosymfollow or mode=OCTAL";

	if (value->type != JSON_ARRAY)
		return reading_error(reading, path, value, "an array of strings");
	for (size_t i = 0; i < value->array.count; i++) {
		const struct json_value *item = &value->array.items[i];
		const char *text = item->type == JSON_STRING ? item->string : "";

		if (mount_restriction(text)) {
			tmpfs->restrictions |= mount_restriction(text);
		} else if (!strncmp(text, "mode=", 5) && !parse_mode(text + 5, &tmpfs->mode)) {
			tmpfs->has_mode = true;
		} else if (strcmp(text, "rw") != 0) {
			return reading_error(reading, arena_printf(reading->arena, "%s[%zu]", path, i), item,
					     expected);
		}
	}
	return 0;
}

static int read_tmpfs(struct policy_reading *reading, const char *path, const struct json_value *value,
		      struct tmpfs *tmpfs)
{
	static const char *const members[] = { "destination", "options", "size", NULL };
	const struct json_value *destination, *options, *size;

	if (reading_object(reading, path, value, members))
		return -1;
	destination = json_get(value, "destination");
	options = json_get(value, "options");
	size = json_get(value, "size");
	if (destination && destination->type == JSON_STRING)
		tmpfs->destination = accept_path(reading->arena, destination->string);
	if (!tmpfs->destination || !strcmp(tmpfs->destination, "/")) {
		error_set(reading->error, 0, "%s: %s.destination: expected an absolute path below /",
			  reading->label, path);
		return -1;
	}
	if (options && read_options(reading, arena_printf(reading->arena, "%s.options", path), options, tmpfs))
		return -1;
	if (size && reading_bytes(reading, arena_printf(reading->arena, "%s.size", path), size, &tmpfs->size))
		return -1;
	tmpfs->names = reading->names;
	return 0;
}

static struct tmpfs stricter(struct arena *arena, const struct tmpfs *a, const struct tmpfs *b)
{
	struct tmpfs both = { .destination = a->destination };

	both.restrictions = a->restrictions | b->restrictions;
	both.has_mode = a->has_mode || b->has_mode;
	if (a->has_mode && b->has_mode) /* fewer permissions, and the sticky bit is a restriction */
		both.mode = (a->mode & b->mode & ~01000U) | ((a->mode | b->mode) & 01000U);
	else
		both.mode = a->has_mode ? a->mode : b->mode;
	both.size = !a->size || (b->size && b->size < a->size) ? b->size : a->size;
	both.names = names_unite(arena, &a->names, &b->names);
	return both;
}

static const void *merge(struct arena *arena, const void *left, const void *right)
{
	const struct tmpfs_list *a = left, *b = right;
	struct tmpfs_list *united = ARENA_NEW(arena, struct tmpfs_list);
	size_t l = 0, r = 0;

	united->items = ARENA_NEW_ARRAY(arena, struct tmpfs, a->count + b->count + 1);
	while (l < a->count || r < b->count) {
		int order = l == a->count   ? 1
			    : r == b->count ? -1
					    : strcmp(a->items[l].destination, b->items[r].destination);
		struct tmpfs *item = &united->items[united->count++];

		if (order == 0)
			*item = stricter(arena, &a->items[l], &b->items[r]);
		else
			*item = order < 0 ? a->items[l] : b->items[r];
		l += order <= 0;
		r += order >= 0;
	}
	return united;
}

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	const struct tmpfs_list *list = ARENA_NEW(reading->arena, struct tmpfs_list);

	if (value->type != JSON_ARRAY) {
		reading_error(reading, "tmpfs", value, "an array");
		return NULL;
	}
	for (size_t i = 0; i < value->array.count; i++) {
		struct tmpfs one = { 0 };
		struct tmpfs_list single = { &one, 1 };

		if (read_tmpfs(reading, arena_printf(reading->arena, "tmpfs[%zu]", i), &value->array.items[i],
			       &one))
			return NULL;
		list = merge(reading->arena, list, &single);
	}
	return list;
}

static void print(struct json_writer *writer, const void *value)
{
	const struct tmpfs_list *list = value;
	char mode[16];

	json_begin_array(writer);
	for (size_t i = 0; i < list->count; i++) {
		json_begin_object(writer);
		json_member_string(writer, "destination", list->items[i].destination);
		json_key(writer, "options");
		json_begin_array(writer);
		mount_restrictions_print(writer, list->items[i].restrictions);
		snprintf(mode, sizeof(mode), "mode=%o", list->items[i].mode);
		if (list->items[i].has_mode)
			json_string(writer, mode);
		json_end_array(writer);
		if (list->items[i].size) {
			json_member_u64(writer, "size", list->items[i].size);
		}
		json_end_object(writer);
	}
	json_end_array(writer);
}

/* The kernel splits an option at commas outside quotes. */
static struct string_list split_options(struct arena *arena, const struct string_list *options)
{
	struct string_list split = { 0 };

	for (size_t i = 0; i < options->count; i++) {
		const char *start = options->items[i];
		bool quoted = false;

		for (const char *c = start;; c++) {
			if (*c == '"')
				quoted = !quoted;
			if (*c && (*c != ',' || quoted))
				continue;
			string_list_add(arena, &split, arena_strndup(arena, start, (size_t)(c - start)));
			start = c + 1;
			if (!*c)
				break;
		}
	}
	return split;
}

static bool is_size(const char *option)
{
	return !strncmp(option, "size=", 5) || !strncmp(option, "nr_blocks=", 10);
}

/*
 * The size that the options come to: the last one counts. 0: as the kernel has it. Returns -1, with the option
 * in *odd, where it cannot be compared (a percentage of memory, blocks, another base).
 */
static int effective_size(const struct string_list *options, uint64_t *size, const char **odd)
{
	*size = 0;
	for (size_t i = 0; i < options->count; i++) {
		*odd = options->items[i];
		if (is_size(*odd) && (strncmp(*odd, "size=", 5) != 0 || parse_size(*odd + 5, size)))
			return -1;
	}
	return 0;
}

/* Whether @mount is a tmpfs at the destination, or changes what is mounted there. */
static bool concerns(struct arena *arena, const struct tmpfs *tmpfs, const struct oci_mount *mount)
{
	return mount->destination && !strcmp(path_normalize(arena, mount->destination), tmpfs->destination) &&
	       !mount_is_bind(mount) &&
	       ((mount->type && !strcmp(mount->type, "tmpfs")) || string_list_has(&mount->options, "remount"));
}

static int refuse(const struct policy_pass *pass, const void *value, struct error *error)
{
	const struct tmpfs_list *list = value;

	for (size_t i = 0; i < list->count; i++) {
		for (size_t m = 0; list->items[i].size && m < pass->config->mounts.count; m++) {
			const struct oci_mount *mount = &pass->config->mounts.items[m];
			struct string_list options;
			const char *odd = NULL;
			uint64_t size;

			if (!concerns(pass->arena, &list->items[i], mount))
				continue;
			options = split_options(pass->arena, &mount->options);
			if (effective_size(&options, &size, &odd))
				return policy_refuse(
					&list->items[i].names, "tmpfs", error,
					"the tmpfs on %s has %s, which cannot be held against a limit; "
					"give its size in bytes or run with --policy off",
					mount->destination, odd);
		}
	}
	return 0;
}

static void clamp(struct policy_pass *pass, const struct tmpfs *tmpfs, struct oci_mount *mount)
{
	const char *member = arena_printf(pass->arena, "mounts[%s].options", tmpfs->destination);
	struct string_list options = split_options(pass->arena, &mount->options);
	bool changed = mount_restrict(pass->arena, &options, tmpfs->restrictions, false);
	const char *odd = NULL;
	uint64_t size;

	if (tmpfs->size && !effective_size(&options, &size, &odd) && (size == 0 || size > tmpfs->size)) {
		size_t kept = 0;

		for (size_t i = 0; i < options.count; i++)
			if (!is_size(options.items[i]))
				options.items[kept++] = options.items[i];
		options.count = kept;
		string_list_add(pass->arena, &options, arena_printf(pass->arena, "size=%" PRIu64, tmpfs->size));
		changed = true;
	}
	if (!changed)
		return;
	pass_change(pass, &tmpfs->names, "tmpfs", member, string_list_text(pass->arena, &mount->options),
		    string_list_text(pass->arena, &options));
	mount->options = options;
}

/* In front of what is mounted below it, which it would hide. */
static void add_mount(struct policy_pass *pass, const struct tmpfs *tmpfs)
{
	struct oci_mount_list *mounts = &pass->target->mounts;
	struct oci_mount *items = ARENA_NEW_ARRAY(pass->arena, struct oci_mount, mounts->count + 1);
	struct oci_mount new = { .destination = tmpfs->destination, .type = "tmpfs", .source = "tmpfs" };
	size_t at = 0;

	while (at < mounts->count &&
	       !(mounts->items[at].destination &&
		 path_is_below(path_normalize(pass->arena, mounts->items[at].destination), tmpfs->destination)))
		at++;
	mount_restrict(pass->arena, &new.options, tmpfs->restrictions, false);
	if (tmpfs->has_mode)
		string_list_add(pass->arena, &new.options, arena_printf(pass->arena, "mode=%o", tmpfs->mode));
	if (tmpfs->size)
		string_list_add(pass->arena, &new.options,
				arena_printf(pass->arena, "size=%" PRIu64, tmpfs->size));
	if (at > 0)
		memcpy(items, mounts->items, at * sizeof(*items));
	items[at] = new;
	if (at < mounts->count)
		memcpy(items + at + 1, mounts->items + at, (mounts->count - at) * sizeof(*items));
	mounts->items = items;
	mounts->count++;
	pass_change(pass, &tmpfs->names, "tmpfs", arena_printf(pass->arena, "mounts[%s]", tmpfs->destination),
		    "absent",
		    arena_printf(pass->arena, "tmpfs (%s)", string_list_text(pass->arena, &new.options)));
}

static void apply(struct policy_pass *pass, const void *value)
{
	const struct tmpfs_list *list = value;

	for (size_t i = 0; i < list->count; i++) {
		struct oci_mount_list *mounts = &pass->target->mounts;
		bool mounted = false;

		for (size_t m = 0; m < mounts->count; m++) {
			const char *destination = mounts->items[m].destination;

			if (!destination ||
			    strcmp(path_normalize(pass->arena, destination), list->items[i].destination) != 0)
				continue;
			mounted = true;
			if (concerns(pass->arena, &list->items[i], &mounts->items[m]))
				clamp(pass, &list->items[i], &mounts->items[m]);
		}
		if (!mounted)
			add_mount(pass, &list->items[i]);
	}
}

const struct policy_key key_tmpfs = {
	.name = "tmpfs",
	.stages = POLICY_STAGE_CREATE,
	.read = read_value,
	.merge = merge,
	.print = print,
	.refuse = refuse,
	.apply = apply,
};
