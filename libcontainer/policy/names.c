/* SPDX-License-Identifier: Apache-2.0 */
/* Names of policies, and sets of texts that remember who asked for each. */
#include <stdlib.h>
#include <string.h>

#include "policy/key.h"

bool policy_name_is_valid(const char *name)
{
	static const char inner[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return name[0] && !strchr("._-", name[0]) && name[strspn(name, inner)] == '\0' && strlen(name) <= 128;
}

struct string_list names_unite(struct arena *arena, const struct string_list *left,
			       const struct string_list *right)
{
	struct string_list united = { 0 };
	size_t l = 0, r = 0;

	if (left->items == right->items && left->count == right->count)
		return *left;
	united.items = ARENA_NEW_ARRAY(arena, const char *, left->count + right->count + 1);
	while (l < left->count || r < right->count) {
		int order = l == left->count	? 1
			    : r == right->count ? -1
						: strcmp(left->items[l], right->items[r]);

		united.items[united.count++] = order <= 0 ? left->items[l] : right->items[r];
		l += order <= 0;
		r += order >= 0;
	}
	return united;
}

static const char *joined(struct arena *arena, const struct string_list *list, const char *separator)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };

	if (list->count == 1)
		return list->items[0];
	for (size_t i = 0; i < list->count; i++) {
		strbuf_puts(&text, i ? separator : "");
		strbuf_puts(&text, list->items[i]);
	}
	return arena_strdup(arena, strbuf_text(&text));
}

const char *names_text(struct arena *arena, const struct string_list *names)
{
	return joined(arena, names, ",");
}

static int compare_items(const void *left, const void *right)
{
	return strcmp(((const struct named_item *)left)->text, ((const struct named_item *)right)->text);
}

static bool is_sorted(const struct named_item *items, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (compare_items(&items[i - 1], &items[i]) > 0)
			return false;
	return true;
}

struct named_set named_set_of(struct named_item *items, size_t count)
{
	struct named_set set = { .items = items };

	/* Most documents list them in order. */
	if (!is_sorted(items, count))
		qsort(items, count, sizeof(*items), compare_items);
	for (size_t i = 0; i < count; i++)
		if (set.count == 0 || strcmp(items[set.count - 1].text, items[i].text) != 0)
			items[set.count++] = items[i];
	return set;
}

struct named_set named_set_unite(struct arena *arena, const struct named_set *left,
				 const struct named_set *right)
{
	struct named_set united = { 0 };
	size_t l = 0, r = 0;

	united.items = ARENA_NEW_ARRAY(arena, struct named_item, left->count + right->count + 1);
	while (l < left->count || r < right->count) {
		int order = l == left->count	? 1
			    : r == right->count ? -1
						: strcmp(left->items[l].text, right->items[r].text);
		struct named_item *item = &united.items[united.count++];

		*item = order <= 0 ? left->items[l] : right->items[r];
		if (order == 0)
			item->names = names_unite(arena, &left->items[l].names, &right->items[r].names);
		l += order <= 0;
		r += order >= 0;
	}
	return united;
}

const struct named_item *named_set_find(const struct named_set *set, const char *text)
{
	for (size_t i = 0; i < set->count; i++)
		if (!strcmp(set->items[i].text, text))
			return &set->items[i];
	return NULL;
}

void named_set_print(struct json_writer *writer, const struct named_set *set)
{
	json_begin_array(writer);
	for (size_t i = 0; i < set->count; i++)
		json_string(writer, set->items[i].text);
	json_end_array(writer);
}

const char *string_list_text(struct arena *arena, const struct string_list *list)
{
	return list->count ? joined(arena, list, ", ") : "none";
}
