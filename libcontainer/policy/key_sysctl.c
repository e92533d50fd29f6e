/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysctl: values that are set where the container has a new namespace of the kind the sysctl belongs to. There
 * is no order among values: the policy's holds over the config's, and two policies that want different ones
 * contradict each other.
 */
#include <ctype.h>
#include <string.h>

#include "policy/key.h"

/* "NAME=value" is an item of the set, so that the values of one name stand side by side. */

/* What a name belongs to; OCI_NAMESPACE_TYPES where no namespace has it. */
static enum oci_namespace_type sysctl_namespace(const char *name)
{
	static const struct {
		const char *prefix;
		enum oci_namespace_type type;
	} owners[] = {
		{ "net.", OCI_NAMESPACE_NETWORK },	  { "fs.mqueue.", OCI_NAMESPACE_IPC },
		{ "kernel.msg", OCI_NAMESPACE_IPC },	  { "kernel.sem", OCI_NAMESPACE_IPC },
		{ "kernel.shm", OCI_NAMESPACE_IPC },	  { "kernel.domainname", OCI_NAMESPACE_UTS },
		{ "kernel.hostname", OCI_NAMESPACE_UTS },
	};

	for (size_t i = 0; i < ARRAY_SIZE(owners); i++)
		if (!strncmp(name, owners[i].prefix, strlen(owners[i].prefix)))
			return owners[i].type;
	return OCI_NAMESPACE_TYPES;
}

static bool name_is_valid(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			return false;
	return sysctl_namespace(name) != OCI_NAMESPACE_TYPES;
}

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	struct named_set *set = ARENA_NEW(reading->arena, struct named_set);

	if (value->type != JSON_OBJECT) {
		reading_error(reading, "sysctl", value, "an object");
		return NULL;
	}
	for (size_t i = 0; i < value->object.count; i++) {
		const struct json_member *member = &value->object.items[i];
		const char *path = arena_printf(reading->arena, "sysctl.%s", member->name);
		struct named_item item = { .names = reading->names };
		struct named_set one = { &item, 1 };
		const char *text;

		if (!name_is_valid(member->name)) {
			error_set(reading->error, 0, "%s: %s: not a sysctl of a network, ipc or uts namespace",
				  reading->label, path);
			return NULL;
		}
		if (reading_string(reading, path, &member->value, &text))
			return NULL;
		item.text = arena_printf(reading->arena, "%s=%s", member->name, text);
		*set = named_set_unite(reading->arena, set, &one);
	}
	return set;
}

static const void *merge(struct arena *arena, const void *left, const void *right)
{
	struct named_set *united = ARENA_NEW(arena, struct named_set);

	*united = named_set_unite(arena, left, right);
	return united;
}

static int check(const void *value, struct error *error)
{
	const struct named_set *set = value;

	for (size_t i = 0; i + 1 < set->count; i++) {
		const struct named_item *a = &set->items[i], *b = &set->items[i + 1];
		size_t length = strcspn(a->text, "=") + 1;

		if (strncmp(a->text, b->text, length) == 0)
			return error_set(
				error, 0,
				"policies %s and %s: sysctl: one sets %s, the other %s; use one of them",
				a->names.items[0], b->names.items[0], a->text, b->text);
	}
	return 0;
}

static void print(struct json_writer *writer, const void *value)
{
	const struct named_set *set = value;

	json_begin_object(writer);
	for (size_t i = 0; i < set->count; i++) {
		const char *text = set->items[i].text;
		size_t length = strcspn(text, "=");
		_cleanup_strbuf_ struct strbuf name = { 0 };

		strbuf_add(&name, text, length);
		json_member_string(writer, strbuf_text(&name), text + length + 1);
	}
	json_end_object(writer);
}

/* The config may write a name with slashes. */
static bool same_name(const char *config_name, const char *text, size_t length)
{
	if (strlen(config_name) != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if ((config_name[i] == '/' ? '.' : config_name[i]) != text[i])
			return false;
	return true;
}

static void set_sysctl(struct policy_pass *pass, struct string_map *map, const struct named_item *item)
{
	size_t length = strcspn(item->text, "=");
	const char *name = arena_strndup(pass->arena, item->text, length);
	const char *value = item->text + length + 1;
	const char *member = arena_printf(pass->arena, "linux.sysctl.%s", name);
	struct string_pair *items;
	bool found = false;

	/* there may be two entries, one with dots and one with slashes */
	for (size_t i = 0; i < map->count; i++) {
		if (!same_name(map->items[i].key, item->text, length))
			continue;
		if (strcmp(map->items[i].value, value) != 0)
			pass_change(pass, &item->names, "sysctl", member, map->items[i].value, value);
		map->items[i].value = value;
		found = true;
	}
	if (found)
		return;
	items = ARENA_NEW_ARRAY(pass->arena, struct string_pair, map->count + 1);
	if (map->count)
		memcpy(items, map->items, map->count * sizeof(*items));
	items[map->count++] = (struct string_pair){ name, value };
	map->items = items;
	pass_change(pass, &item->names, "sysctl", member, "absent", value);
}

static void apply(struct policy_pass *pass, const void *value)
{
	const struct named_set *set = value;

	for (size_t i = 0; i < set->count; i++)
		if (config_has_new_namespace(pass->config, sysctl_namespace(set->items[i].text)))
			set_sysctl(pass, &pass_linux(pass)->sysctl, &set->items[i]);
}

const struct policy_key key_sysctl = {
	.name = "sysctl",
	.stages = POLICY_STAGE_CREATE,
	.read = read_value,
	.merge = merge,
	.print = print,
	.check = check,
	.apply = apply,
};
