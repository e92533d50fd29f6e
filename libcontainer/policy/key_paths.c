/* SPDX-License-Identifier: Apache-2.0 */
/*
 * maskedPaths, readonlyPaths: lists that unite with the config's. A pattern is left as it is: the sandbox
 * expands it in the container's own view. What lies below a path that is covered anyway is not added, as
 * every mask costs system calls.
 */
#include <string.h>

#include "base/path.h"
#include "policy/key.h"

static const void *read_paths(struct policy_reading *reading, const char *key, const struct json_value *value)
{
	struct named_set *set = ARENA_NEW(reading->arena, struct named_set);

	if (reading_set(reading, key, value, accept_path, "an absolute path without \"..\"", set))
		return NULL;
	return set;
}

static const void *read_masked(struct policy_reading *reading, const struct json_value *value)
{
	return read_paths(reading, "maskedPaths", value);
}

static const void *read_readonly(struct policy_reading *reading, const struct json_value *value)
{
	return read_paths(reading, "readonlyPaths", value);
}

static const void *merge(struct arena *arena, const void *left, const void *right)
{
	struct named_set *united = ARENA_NEW(arena, struct named_set);

	*united = named_set_unite(arena, left, right);
	return united;
}

static void print(struct json_writer *writer, const void *value)
{
	named_set_print(writer, value);
}

static bool is_covered(const struct string_list *normal, const char *path)
{
	for (size_t i = 0; i < normal->count; i++)
		if (path_is_below(path, normal->items[i]))
			return true;
	return false;
}

static struct string_list normalized(struct arena *arena, const struct string_list *paths, size_t more)
{
	struct string_list normal = { ARENA_NEW_ARRAY(arena, const char *, paths->count + more + 1), 0 };

	for (; normal.count < paths->count; normal.count++)
		normal.items[normal.count] = path_normalize(arena, paths->items[normal.count]);
	return normal;
}

/* @covers: the paths that cover one as well, or NULL. */
static void add_paths(struct policy_pass *pass, const struct named_set *set, const char *key,
		      const char *member, struct string_list *list, const struct string_list *covers)
{
	static const struct string_list none;
	struct string_list normal = normalized(pass->arena, list, set->count);
	struct string_list others = normalized(pass->arena, covers ? covers : &none, 0);
	const char **items = ARENA_NEW_ARRAY(pass->arena, const char *, list->count + set->count + 1);

	if (list->count)
		memcpy(items, list->items, list->count * sizeof(*items));
	list->items = items;
	for (size_t i = 0; i < set->count; i++) {
		const char *path = set->items[i].text;

		if (is_covered(&normal, path) || is_covered(&others, path))
			continue;
		normal.items[normal.count++] = path;
		list->items[list->count++] = path;
		pass_change(pass, &set->items[i].names, key, member, "absent", path);
	}
}

static void apply_masked(struct policy_pass *pass, const void *value)
{
	const struct named_set *set = value;

	if (set->count > 0)
		add_paths(pass, set, "maskedPaths", "linux.maskedPaths", &pass_linux(pass)->masked_paths, NULL);
}

static void apply_readonly(struct policy_pass *pass, const void *value)
{
	const struct named_set *set = value;

	if (set->count > 0)
		add_paths(pass, set, "readonlyPaths", "linux.readonlyPaths", &pass_linux(pass)->readonly_paths,
			  &pass_linux(pass)->masked_paths);
}

const struct policy_key key_masked_paths = {
	.name = "maskedPaths",
	.stages = POLICY_STAGE_CREATE,
	.read = read_masked,
	.merge = merge,
	.print = print,
	.apply = apply_masked,
};

const struct policy_key key_readonly_paths = {
	.name = "readonlyPaths",
	.stages = POLICY_STAGE_CREATE,
	.read = read_readonly,
	.merge = merge,
	.print = print,
	.apply = apply_readonly,
};
