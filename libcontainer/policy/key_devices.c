/* SPDX-License-Identifier: Apache-2.0 */
/*
 * devices: "default" for the default devices of an OCI runtime only, or a list of what may be used besides:
 * { "type": "c", "major": 10, "minor": 229, "access": "rwm" }. Rules of the config that allow more are cut down
 * to what both allow, and its other device nodes are not made.
 *
 * A value is a set of boxes (a type, a number or all, a number or all, kinds of access) of which none lies in
 * another. Merging keeps the largest boxes that lie in one of both sets.
 */
#include <inttypes.h>
#include <string.h>

#include "policy/key.h"

enum { ACCESS_READ = 1, ACCESS_WRITE = 2, ACCESS_MAKE = 4, ACCESS_ALL = 7 };

struct box {
	int64_t major; /* -1: all */
	int64_t minor;
	char type; /* 'b' or 'c' */
	unsigned int access;
};

struct devices {
	struct box *boxes; /* sorted */
	size_t count;
	struct string_list names;
};

/* The runtime's own devices, and that every node may be made (not opened). */
static const struct box default_boxes[] = {
	{ -1, -1, 'b', ACCESS_MAKE }, { -1, -1, 'c', ACCESS_MAKE }, { 1, 3, 'c', ACCESS_ALL },
	{ 1, 5, 'c', ACCESS_ALL },    { 1, 7, 'c', ACCESS_ALL },    { 1, 8, 'c', ACCESS_ALL },
	{ 1, 9, 'c', ACCESS_ALL },    { 5, 0, 'c', ACCESS_ALL },    { 5, 1, 'c', ACCESS_ALL },
	{ 5, 2, 'c', ACCESS_ALL },    { 136, -1, 'c', ACCESS_ALL },
};

static bool intersect_number(int64_t a, int64_t b, int64_t *out)
{
	*out = a < 0 ? b : a;
	return a < 0 || b < 0 || a == b;
}

static bool intersect(const struct box *a, const struct box *b, struct box *out)
{
	out->type = a->type;
	out->access = a->access & b->access;
	return a->type == b->type && out->access && intersect_number(a->major, b->major, &out->major) &&
	       intersect_number(a->minor, b->minor, &out->minor);
}

static bool lies_in(const struct box *inner, const struct box *outer)
{
	return inner->type == outer->type && !(inner->access & ~outer->access) &&
	       (outer->major < 0 || outer->major == inner->major) &&
	       (outer->minor < 0 || outer->minor == inner->minor);
}

static int compare(const struct box *a, const struct box *b)
{
	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	if (a->minor != b->minor)
		return a->minor < b->minor ? -1 : 1;
	return (a->access > b->access) - (a->access < b->access);
}

/* Keeps @boxes sorted and none in another; there must be room for one more. */
static void add_box(struct box *boxes, size_t *count, const struct box *new)
{
	size_t kept = 0, at;

	for (size_t i = 0; i < *count; i++)
		if (lies_in(new, &boxes[i]))
			return;
	for (size_t i = 0; i < *count; i++)
		if (!lies_in(&boxes[i], new))
			boxes[kept++] = boxes[i];
	for (at = kept; at > 0 && compare(&boxes[at - 1], new) > 0; at--)
		boxes[at] = boxes[at - 1];
	boxes[at] = *new;
	*count = kept + 1;
}

static unsigned int parse_access(const char *text)
{
	unsigned int access = 0;

	if (!text || !*text)
		return ACCESS_ALL;
	for (; *text; text++)
		access |= *text == 'r'	 ? ACCESS_READ
			  : *text == 'w' ? ACCESS_WRITE
			  : *text == 'm' ? ACCESS_MAKE
					 : 0;
	return access;
}

/* Room for "rwm". */
struct access_text {
	char text[4];
};

static struct access_text access_text(unsigned int access)
{
	struct access_text letters = { "" };
	size_t length = 0;

	if (access & ACCESS_READ)
		letters.text[length++] = 'r';
	if (access & ACCESS_WRITE)
		letters.text[length++] = 'w';
	if (access & ACCESS_MAKE)
		letters.text[length++] = 'm';
	return letters;
}

static int read_number(struct policy_reading *reading, const char *path, const struct json_value *value,
		       int64_t *out)
{
	*out = -1;
	if (!value)
		return 0;
	if (value->type != JSON_INTEGER || value->integer.negative || value->integer.magnitude > UINT32_MAX)
		return reading_error(reading, path, value, "a device number");
	*out = (int64_t)value->integer.magnitude;
	return 0;
}

static int read_box(struct policy_reading *reading, const char *path, const struct json_value *value,
		    struct box *box)
{
	static const char *const members[] = { "type", "major", "minor", "access", NULL };
	const struct json_value *type, *access;

	if (reading_object(reading, path, value, members))
		return -1;
	type = json_get(value, "type");
	access = json_get(value, "access");
	if (!type || type->type != JSON_STRING || strlen(type->string) != 1 || !strchr("bc", type->string[0]))
		return error_set(reading->error, 0, "%s: %s.type: expected \"b\" or \"c\"", reading->label,
				 path);
	box->type = type->string[0];
	box->access = ACCESS_ALL;
	if (access) {
		const char *text = access->type == JSON_STRING ? access->string : "";

		if (!*text || text[strspn(text, "rwm")])
			return reading_error(reading, arena_printf(reading->arena, "%s.access", path), access,
					     "letters of \"rwm\"");
		box->access = parse_access(text);
	}
	return read_number(reading, path, json_get(value, "major"), &box->major) ||
			       read_number(reading, path, json_get(value, "minor"), &box->minor)
		       ? -1
		       : 0;
}

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	struct devices *devices = ARENA_NEW(reading->arena, struct devices);

	devices->names = reading->names;
	if (value->type == JSON_STRING && !strcmp(value->string, "default"))
		return devices;
	if (value->type != JSON_ARRAY) {
		reading_error(reading, "devices", value, "\"default\" or an array of devices");
		return NULL;
	}
	devices->boxes = ARENA_NEW_ARRAY(reading->arena, struct box, value->array.count + 1);
	for (size_t i = 0; i < value->array.count; i++) {
		struct box box;

		if (read_box(reading, arena_printf(reading->arena, "devices[%zu]", i), &value->array.items[i],
			     &box))
			return NULL;
		add_box(devices->boxes, &devices->count, &box);
	}
	return devices;
}

static const void *merge(struct arena *arena, const void *left, const void *right)
{
	const struct devices *a = left, *b = right;
	struct devices *both = ARENA_NEW(arena, struct devices);

	both->boxes = ARENA_NEW_ARRAY(arena, struct box, a->count * b->count + 1);
	for (size_t l = 0; l < a->count; l++) {
		for (size_t r = 0; r < b->count; r++) {
			struct box common;

			if (intersect(&a->boxes[l], &b->boxes[r], &common))
				add_box(both->boxes, &both->count, &common);
		}
	}
	both->names = names_unite(arena, &a->names, &b->names);
	return both;
}

static void print(struct json_writer *writer, const void *value)
{
	const struct devices *devices = value;

	json_begin_array(writer);
	for (size_t i = 0; i < devices->count; i++) {
		const struct box *box = &devices->boxes[i];
		char type[2] = { box->type, '\0' };

		json_begin_object(writer);
		json_member_string(writer, "type", type);
		if (box->major >= 0) {
			json_member_i64(writer, "major", box->major);
		}
		if (box->minor >= 0) {
			json_member_i64(writer, "minor", box->minor);
		}
		json_member_string(writer, "access", access_text(box->access).text);
		json_end_object(writer);
	}
	json_end_array(writer);
}

static const char *rule_text(struct arena *arena, const struct oci_device_rule *rule)
{
	const char *major = "*", *minor = "*";

	if (rule->major.present && rule->major.value >= 0)
		major = arena_printf(arena, "%" PRIi64, rule->major.value);
	if (rule->minor.present && rule->minor.value >= 0)
		minor = arena_printf(arena, "%" PRIi64, rule->minor.value);
	return arena_printf(arena, "allow %s %s:%s %s", rule->type ? rule->type : "a", major, minor,
			    rule->access && rule->access[0] ? rule->access : "rwm");
}

static void add_rule(struct arena *arena, struct oci_device_rule_list *list, const struct box *box)
{
	struct oci_device_rule *rule = &list->items[list->count++];

	*rule = (struct oci_device_rule){ .allow = true, .type = box->type == 'c' ? "c" : "b" };
	if (box->major >= 0)
		rule->major = (struct optional_i64){ true, box->major };
	if (box->minor >= 0)
		rule->minor = (struct optional_i64){ true, box->minor };
	rule->access = arena_strdup(arena, access_text(box->access).text);
}

/* What of an allowing rule may stay: the boxes it has in common with the default ones and the policy's. */
static size_t common_boxes(const struct devices *devices, const struct oci_device_rule *rule,
			   struct box *common)
{
	bool all = !rule->type || rule->type[0] == 'a' || rule->type[0] == '\0';
	size_t count = 0;

	for (const char *type = "bc"; *type; type++) {
		struct box asked = { -1, -1, *type, parse_access(rule->access) }, both;

		if (!all && rule->type[0] != *type)
			continue;
		if (!all && rule->major.present && rule->major.value >= 0)
			asked.major = rule->major.value;
		if (!all && rule->minor.present && rule->minor.value >= 0)
			asked.minor = rule->minor.value;
		for (size_t i = 0; i < ARRAY_SIZE(default_boxes); i++)
			if (intersect(&asked, &default_boxes[i], &both))
				add_box(common, &count, &both);
		for (size_t i = 0; i < devices->count; i++)
			if (intersect(&asked, &devices->boxes[i], &both))
				add_box(common, &count, &both);
	}
	return count;
}

static bool is_the_rule(const struct oci_device_rule *rule, const struct box *box)
{
	int64_t major = rule->major.present && rule->major.value >= 0 ? rule->major.value : -1;
	int64_t minor = rule->minor.present && rule->minor.value >= 0 ? rule->minor.value : -1;

	return rule->type && rule->type[0] == box->type && major == box->major && minor == box->minor &&
	       parse_access(rule->access) == box->access;
}

static bool denies_all(const struct oci_device_rule *rule)
{
	bool all = !rule->type || rule->type[0] == 'a' || rule->type[0] == '\0';

	return !rule->allow && all && parse_access(rule->access) == ACCESS_ALL &&
	       (!rule->major.present || rule->major.value < 0) &&
	       (!rule->minor.present || rule->minor.value < 0);
}

static void clamp_rules(struct policy_pass *pass, const struct devices *devices)
{
	struct oci_resources *resources = pass_resources(pass);
	const struct oci_device_rule_list *rules = &resources->devices;
	size_t most = 2 * (ARRAY_SIZE(default_boxes) + devices->count) + 1;
	struct oci_device_rule_list kept = { 0 };
	struct box *common = ARENA_NEW_ARRAY(pass->arena, struct box, most);

	kept.items = ARENA_NEW_ARRAY(pass->arena, struct oci_device_rule, rules->count * most + 1);
	if (!rules->count || !denies_all(&rules->items[0])) {
		kept.items[kept.count++] = (struct oci_device_rule){ .access = "rwm" };
		pass_change(pass, &devices->names, "devices", "linux.resources.devices", "no rule first",
			    "deny a *:* rwm first");
	}
	for (size_t i = 0; i < rules->count; i++) {
		const struct oci_device_rule *rule = &rules->items[i];
		size_t count = rule->allow ? common_boxes(devices, rule, common) : 0, first = kept.count;

		if (!rule->allow || (count == 1 && is_the_rule(rule, &common[0]))) {
			kept.items[kept.count++] = *rule;
			continue;
		}
		for (size_t b = 0; b < count; b++)
			add_rule(pass->arena, &kept, &common[b]);
		pass_change(pass, &devices->names, "devices",
			    arena_printf(pass->arena, "linux.resources.devices[%zu]", i),
			    rule_text(pass->arena, rule),
			    count == 0	 ? "none"
			    : count == 1 ? rule_text(pass->arena, &kept.items[first])
					 : "what the policy allows of it");
	}
	resources->devices = kept;
}

static bool node_is_allowed(const struct devices *devices, const struct oci_device *device)
{
	struct box node = { device->major.value, device->minor.value, 'c', 0 };

	if (device->type && device->type[0] == 'p')
		return true;
	if (device->type && device->type[0] == 'b')
		node.type = 'b';
	if (!device->major.present || !device->minor.present || node.major < 0 || node.minor < 0)
		return false;
	for (size_t access = ACCESS_READ; access <= ACCESS_WRITE; access *= 2) {
		node.access = (unsigned int)access;
		for (size_t i = 0; i < ARRAY_SIZE(default_boxes); i++)
			if (lies_in(&node, &default_boxes[i]))
				return true;
		for (size_t i = 0; i < devices->count; i++)
			if (lies_in(&node, &devices->boxes[i]))
				return true;
	}
	return false;
}

static void drop_nodes(struct policy_pass *pass, const struct devices *devices)
{
	struct oci_device_list *nodes = &pass_linux(pass)->devices;
	struct oci_device_list kept = { ARENA_NEW_ARRAY(pass->arena, struct oci_device, nodes->count + 1), 0 };

	for (size_t i = 0; i < nodes->count; i++) {
		if (node_is_allowed(devices, &nodes->items[i]))
			kept.items[kept.count++] = nodes->items[i];
		else
			pass_change(pass, &devices->names, "devices", "linux.devices", nodes->items[i].path,
				    "absent");
	}
	*nodes = kept;
}

bool devices_are_default(const struct oci_linux *config)
{
	static const struct devices none;
	struct box common[2 * ARRAY_SIZE(default_boxes) + 1];
	const struct oci_device_rule_list *rules = config->resources ? &config->resources->devices : NULL;

	for (size_t i = 0; rules && i < rules->count; i++)
		if (rules->items[i].allow && (common_boxes(&none, &rules->items[i], common) != 1 ||
					      !is_the_rule(&rules->items[i], &common[0])))
			return false;
	for (size_t i = 0; i < config->devices.count; i++)
		if (!node_is_allowed(&none, &config->devices.items[i]))
			return false;
	return true;
}

static void apply(struct policy_pass *pass, const void *value)
{
	if (pass->stage == POLICY_STAGE_UPDATE && !pass->resources->devices.count)
		return;
	clamp_rules(pass, value);
	if (pass->stage == POLICY_STAGE_CREATE)
		drop_nodes(pass, value);
}

const struct policy_key key_devices = {
	.name = "devices",
	.stages = POLICY_STAGE_CREATE | POLICY_STAGE_UPDATE,
	.read = read_value,
	.merge = merge,
	.print = print,
	.apply = apply,
};
