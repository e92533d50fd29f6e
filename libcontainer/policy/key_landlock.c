/* SPDX-License-Identifier: Apache-2.0 */
/*
 * landlock: rulesets of Landlock (landlock(7)), each of which restricts further. Two policies' rulesets are not mixed
 * into one: the kernel intersects them, with links and mounts as they are in the container.
 *
 * A document with one ruleset has its members in the object itself, one with several in "layers".
 */
#include <string.h>

#include "base/path.h"
#include "base/strbuf.h"
#include "policy/level.h"

/* More are refused by the kernel: LANDLOCK_MAX_NUM_LAYERS. */
#define LAYERS_MAX 16

/* Stands for the destination of every bind mount and tmpfs of the container that is not read-only. */
static const char writable_mounts[] = "$mounts";

struct landlock {
	struct level require;
	struct named_set
		layers; /* their rules are struct landlock_rules; layers with the same text are the same */
};

static const char *accept_rule_path(struct arena *arena, const char *text)
{
	return !strcmp(text, writable_mounts) ? text : accept_path(arena, text);
}

/* reading ------------------------------------------------------------------------------------------------- */

static int read_paths(struct policy_reading *reading, const struct json_value *object, const char *name,
		      struct string_list *list)
{
	const struct json_value *value = json_get(object, name);
	const char *path = arena_printf(reading->arena, "landlock.filesystem.%s", name);
	struct named_set set;

	if (!value)
		return 0;
	if (reading_set(reading, path, value, accept_rule_path,
			"an absolute path without \"..\", or \"$mounts\"", &set))
		return -1;
	for (size_t i = 0; i < set.count; i++)
		string_list_add(reading->arena, list, set.items[i].text);
	return 0;
}

static int read_files(struct policy_reading *reading, const struct json_value *value,
		      struct landlock_rules *rules)
{
	static const char *const members[] = { "read", "execute", "write", NULL };

	if (!value)
		return 0;
	rules->governs_files = true;
	if (reading_object(reading, "landlock.filesystem", value, members) ||
	    read_paths(reading, value, "read", &rules->read) ||
	    read_paths(reading, value, "execute", &rules->execute))
		return -1;
	return read_paths(reading, value, "write", &rules->write);
}

static int read_ports(struct policy_reading *reading, const struct json_value *object, const char *name,
		      bool *governs, struct port_list *list)
{
	const struct json_value *value = json_get(object, name);
	const char *path = arena_printf(reading->arena, "landlock.network.%s", name);

	*governs = value != NULL;
	if (!value)
		return 0;
	if (value->type != JSON_ARRAY)
		return reading_error(reading, path, value, "an array of ports");
	list->items = ARENA_NEW_ARRAY(reading->arena, uint16_t, value->array.count + 1);
	for (size_t i = 0; i < value->array.count; i++) {
		const struct json_value *item = &value->array.items[i];
		size_t at = list->count;

		if (item->type != JSON_INTEGER || item->integer.negative ||
		    item->integer.magnitude > UINT16_MAX)
			return reading_error(reading, path, item, "a port from 0 to 65535");
		while (at > 0 && list->items[at - 1] > item->integer.magnitude) {
			list->items[at] = list->items[at - 1];
			at--;
		}
		list->items[at] = (uint16_t)item->integer.magnitude;
		list->count++;
	}
	return 0;
}

static int read_network(struct policy_reading *reading, const struct json_value *value,
			struct landlock_rules *rules)
{
	static const char *const members[] = { "bind", "connect", NULL };

	if (!value)
		return 0;
	if (reading_object(reading, "landlock.network", value, members) ||
	    read_ports(reading, value, "bind", &rules->governs_bind, &rules->bind))
		return -1;
	return read_ports(reading, value, "connect", &rules->governs_connect, &rules->connect);
}

static int read_scope(struct policy_reading *reading, const struct json_value *value,
		      struct landlock_rules *rules)
{
	static const char expected[] = "\"abstractUnixSocket\" or \"signal\"";

	if (!value)
		return 0;
	if (value->type != JSON_ARRAY)
		return reading_error(reading, "landlock.scope", value, "an array of strings");
	for (size_t i = 0; i < value->array.count; i++) {
		const struct json_value *item = &value->array.items[i];

		if (item->type == JSON_STRING && !strcmp(item->string, "abstractUnixSocket"))
			rules->scopes_sockets = true;
		else if (item->type == JSON_STRING && !strcmp(item->string, "signal"))
			rules->scopes_signals = true;
		else
			return reading_error(reading, "landlock.scope", item, expected);
	}
	return 0;
}

static bool governs_nothing(const struct landlock_rules *rules)
{
	return !rules->governs_files && !rules->governs_bind && !rules->governs_connect &&
	       !rules->scopes_sockets && !rules->scopes_signals;
}

static void print_rules(struct json_writer *writer, const struct landlock_rules *rules);

static int add_layer(struct policy_reading *reading, const struct json_value *value, struct landlock *landlock)
{
	struct landlock_rules *rules = ARENA_NEW(reading->arena, struct landlock_rules);
	struct named_item layer = { .names = reading->names, .rules = rules };
	const struct named_set one = { &layer, 1 };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text, .first = true };

	if (read_files(reading, json_get(value, "filesystem"), rules) ||
	    read_network(reading, json_get(value, "network"), rules) ||
	    read_scope(reading, json_get(value, "scope"), rules))
		return -1;
	json_begin_object(&writer);
	print_rules(&writer, rules);
	json_end_object(&writer);
	layer.text = arena_strdup(reading->arena, strbuf_text(&text));
	if (!governs_nothing(rules))
		landlock->layers = named_set_unite(reading->arena, &landlock->layers, &one);
	return 0;
}

static int read_layers(struct policy_reading *reading, const struct json_value *value,
		       struct landlock *landlock)
{
	static const char *const members[] = { "filesystem", "network", "scope", NULL };

	if (value->type != JSON_ARRAY)
		return reading_error(reading, "landlock.layers", value, "an array of rulesets");
	for (size_t i = 0; i < value->array.count; i++) {
		const struct json_value *item = &value->array.items[i];

		if (reading_object(reading, "landlock.layers", item, members) ||
		    add_layer(reading, item, landlock))
			return -1;
	}
	return 0;
}

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	static const char *const members[] = { "kernel", "layers", "filesystem", "network", "scope", NULL };
	struct landlock *landlock = ARENA_NEW(reading->arena, struct landlock);
	const struct json_value *kernel, *layers;

	if (reading_object(reading, "landlock", value, members))
		return NULL;
	kernel = json_get(value, "kernel");
	layers = json_get(value, "layers");
	landlock->require = (struct level){ DEMAND_AUTO, reading->names };
	if (kernel &&
	    level_read(reading, "landlock.kernel", kernel, demand_words + DEMAND_AUTO, &landlock->require))
		return NULL;
	if (kernel)
		landlock->require.value += DEMAND_AUTO;
	if (layers && read_layers(reading, layers, landlock))
		return NULL;
	return add_layer(reading, value, landlock) ? NULL : landlock;
}

static const void *merge(struct arena *arena, const void *left, const void *right)
{
	const struct landlock *a = left, *b = right;
	struct landlock *both = ARENA_NEW(arena, struct landlock);

	both->require = level_merge(arena, &a->require, &b->require);
	both->layers = named_set_unite(arena, &a->layers, &b->layers);
	return both;
}

static int check(const void *value, struct error *error)
{
	const struct landlock *landlock = value;

	if (landlock->layers.count <= LAYERS_MAX)
		return 0;
	return error_set(error, 0,
			 "landlock: %zu different rulesets are stacked, and the kernel takes %d; use fewer "
			 "policies with landlock",
			 landlock->layers.count, LAYERS_MAX);
}

/* writing ------------------------------------------------------------------------------------------------- */

static void print_paths(struct json_writer *writer, const char *name, const struct string_list *paths)
{
	json_key(writer, name);
	json_strings(writer, paths->items, paths->count);
}

static void print_ports(struct json_writer *writer, const char *name, const struct port_list *ports)
{
	json_key(writer, name);
	json_begin_array(writer);
	for (size_t i = 0; i < ports->count; i++)
		json_u64(writer, ports->items[i]);
	json_end_array(writer);
}

static void print_rules(struct json_writer *writer, const struct landlock_rules *rules)
{
	if (rules->governs_files) {
		json_key(writer, "filesystem");
		json_begin_object(writer);
		print_paths(writer, "read", &rules->read);
		print_paths(writer, "execute", &rules->execute);
		print_paths(writer, "write", &rules->write);
		json_end_object(writer);
	}
	if (rules->governs_bind || rules->governs_connect) {
		json_key(writer, "network");
		json_begin_object(writer);
		if (rules->governs_bind)
			print_ports(writer, "bind", &rules->bind);
		if (rules->governs_connect)
			print_ports(writer, "connect", &rules->connect);
		json_end_object(writer);
	}
	if (rules->scopes_sockets || rules->scopes_signals) {
		json_key(writer, "scope");
		json_begin_array(writer);
		if (rules->scopes_sockets)
			json_string(writer, "abstractUnixSocket");
		if (rules->scopes_signals)
			json_string(writer, "signal");
		json_end_array(writer);
	}
}

static void print(struct json_writer *writer, const void *value)
{
	const struct landlock *landlock = value;

	json_begin_object(writer);
	json_member_string(writer, "kernel", demand_words[landlock->require.value]);
	json_key(writer, "layers");
	json_begin_array(writer);
	for (size_t i = 0; i < landlock->layers.count; i++) {
		json_begin_object(writer);
		print_rules(writer, landlock->layers.items[i].rules);
		json_end_object(writer);
	}
	json_end_array(writer);
	json_end_object(writer);
}

/* applying ------------------------------------------------------------------------------------------------ */

static bool is_writable(const struct oci_mount *mount)
{
	bool holds_files = mount_is_bind(mount) || (mount->type && !strcmp(mount->type, "tmpfs"));

	return holds_files && !mount_is_readonly(mount);
}

/* Each rule costs a start of the container three system calls. */
static void add_once(struct arena *arena, struct string_list *paths, const char *path)
{
	if (!string_list_has(paths, path))
		string_list_add(arena, paths, path);
}

/* "$mounts" is known here for the first time. */
static struct string_list expand(struct policy_pass *pass, const struct string_list *paths)
{
	struct string_list expanded = { 0 };

	for (size_t i = 0; i < paths->count; i++) {
		if (strcmp(paths->items[i], writable_mounts) != 0) {
			add_once(pass->arena, &expanded, paths->items[i]);
			continue;
		}
		for (size_t m = 0; m < pass->config->mounts.count; m++) {
			const struct oci_mount *mount = &pass->config->mounts.items[m];

			if (mount->destination && is_writable(mount))
				add_once(pass->arena, &expanded,
					 path_normalize(pass->arena, mount->destination));
		}
	}
	return expanded;
}

static void describe_ports(struct strbuf *text, const char *what, bool governs, const struct port_list *ports)
{
	if (!governs)
		return;
	strbuf_printf(text, "%s%s ", text->length ? "; " : "", what);
	for (size_t i = 0; i < ports->count; i++)
		strbuf_printf(text, "%s%u", i ? ", " : "", ports->items[i]);
	if (!ports->count)
		strbuf_puts(text, "none");
}

static const char *describe(struct arena *arena, const struct landlock_rules *rules)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };

	if (rules->governs_files)
		strbuf_printf(&text, "read %s; execute %s; write %s", string_list_text(arena, &rules->read),
			      string_list_text(arena, &rules->execute), string_list_text(arena, &rules->write));
	describe_ports(&text, "bind tcp", rules->governs_bind, &rules->bind);
	describe_ports(&text, "connect tcp", rules->governs_connect, &rules->connect);
	if (rules->scopes_sockets)
		strbuf_printf(&text, "%sno abstract sockets of others", text.length ? "; " : "");
	if (rules->scopes_signals)
		strbuf_printf(&text, "%sno signals to others", text.length ? "; " : "");
	return arena_strdup(arena, strbuf_text(&text));
}

static void plan_layer(struct policy_pass *pass, const struct named_item *layer)
{
	struct landlock_plan *plan = &pass->hardening->landlock;
	const struct landlock_rules *rules = layer->rules;
	struct landlock_rules *layers = ARENA_NEW_ARRAY(pass->arena, struct landlock_rules, plan->count + 1);
	struct landlock_rules *added = &layers[plan->count];

	if (plan->count)
		memcpy(layers, plan->layers, plan->count * sizeof(*layers));
	*added = *rules;
	added->read = expand(pass, &rules->read);
	added->execute = expand(pass, &rules->execute);
	added->write = expand(pass, &rules->write);
	plan->layers = layers;
	plan->count++;
	string_list_add(pass->arena, &plan->texts, layer->text);
	pass_change(pass, &layer->names, "landlock", "landlock ruleset", "absent",
		    describe(pass->arena, added));
}

static void apply(struct policy_pass *pass, const void *value)
{
	const struct landlock *landlock = value;
	struct landlock_plan *plan = &pass->hardening->landlock;

	for (size_t i = 0; i < landlock->layers.count; i++)
		if (!string_list_has(&plan->texts, landlock->layers.items[i].text))
			plan_layer(pass, &landlock->layers.items[i]);
	if (landlock->require.value <= plan->demand)
		return;
	if (landlock->require.value == DEMAND_REQUIRE)
		pass_change(pass, &landlock->require.names, "landlock.kernel", "landlock",
			    "where the kernel can", "required");
	plan->demand = (enum demand)landlock->require.value;
	plan->demanded_by = landlock->require.names;
}

const struct policy_key key_landlock = {
	.name = "landlock",
	.stages = POLICY_STAGE_CREATE | POLICY_STAGE_EXEC,
	.read = read_value,
	.merge = merge,
	.print = print,
	.check = check,
	.apply = apply,
};
