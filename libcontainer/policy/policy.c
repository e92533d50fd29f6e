/* SPDX-License-Identifier: Apache-2.0 */
/* Policies as values: read, stacked, written. */
#include <string.h>

#include "policy/key.h"

/* The name of a stacked policy is the names of its parts, comma-separated. */
static int read_names(struct policy_reading *reading, const struct json_value *document)
{
	static const char expected[] = "letters, digits, '.', '_' and '-'";
	const struct json_value *value = json_get(document, "name");
	const char *text;

	if (!value)
		return error_set(reading->error, 0, "%s: name: missing", reading->label);
	if (reading_string(reading, "name", value, &text))
		return -1;
	for (const char *next = text;; next++) {
		const char *name = arena_strndup(reading->arena, next, strcspn(next, ","));
		struct string_list one = { &name, 1 };

		if (!policy_name_is_valid(name))
			return reading_error(reading, "name", value, expected);
		if (!strcmp(name, "off") && strcmp(text, "off") != 0)
			return reading_error(reading, "name", value, "no `off` among others");
		reading->names = names_unite(reading->arena, &reading->names, &one);
		next += strlen(name);
		if (!*next)
			return 0;
	}
}

static int read_extends(struct policy_reading *reading, const struct json_value *value,
			struct string_list *extends)
{
	static const char expected[] = "a policy's name or an array of them";
	size_t count = value->type == JSON_ARRAY ? value->array.count : 1;

	for (size_t i = 0; i < count; i++) {
		const struct json_value *item = value->type == JSON_ARRAY ? &value->array.items[i] : value;

		if (item->type != JSON_STRING || !policy_name_is_valid(item->string))
			return reading_error(reading, "extends", item, expected);
		string_list_add(reading->arena, extends, item->string);
	}
	return 0;
}

static int read_member(struct policy_reading *reading, const struct json_member *member, struct policy *policy,
		       struct string_list *extends)
{
	const char *text;

	if (!strcmp(member->name, "name"))
		return 0;
	if (!strcmp(member->name, "description") || !strcmp(member->name, "$schema"))
		return reading_string(reading, member->name, &member->value, &text);
	if (!strcmp(member->name, "extends"))
		return read_extends(reading, &member->value, extends);
	for (size_t i = 0; policy_keys[i]; i++) {
		if (strcmp(policy_keys[i]->name, member->name) != 0)
			continue;
		policy->values[i] = policy_keys[i]->read(reading, &member->value);
		return policy->values[i] ? 0 : -1;
	}
	return error_set(reading->error, 0, "%s: %s: unknown key", reading->label, member->name);
}

static int check_values(const struct policy *policy, struct error *error)
{
	for (size_t i = 0; policy_keys[i]; i++)
		if (policy->values[i] && policy_keys[i]->check &&
		    policy_keys[i]->check(policy->values[i], error))
			return -1;
	return 0;
}

int policy_read(struct arena *arena, const char *label, const struct json_value *document,
		struct policy **policy, struct string_list *extends, struct error *error)
{
	struct policy_reading reading = { .arena = arena, .label = label, .error = error };
	struct policy *read = ARENA_NEW(arena, struct policy);
	bool off;

	*extends = (struct string_list){ 0 };
	if (document->type != JSON_OBJECT)
		return error_set(error, 0, "%s: found %s, expected a policy: an object", label,
				 json_type_name(document->type));
	if (read_names(&reading, document))
		return -1;
	for (size_t i = 0; i < document->object.count; i++)
		if (read_member(&reading, &document->object.items[i], read, extends))
			return -1;
	off = reading.names.count > 0 && !strcmp(reading.names.items[0], "off");
	for (size_t i = 0; off && policy_keys[i]; i++)
		if (read->values[i])
			return error_set(error, 0, "%s: %s: the policy `off` has no keys", label,
					 policy_keys[i]->name);
	if (off && extends->count)
		return error_set(error, 0, "%s: extends: the policy `off` has no keys", label);
	if (!off)
		read->names = reading.names;
	read->names_text = off ? "off" : names_text(arena, &reading.names);
	*policy = read;
	return check_values(read, error);
}

int policy_parse(struct arena *arena, const char *label, const struct json_value *document,
		 struct policy **policy, struct error *error)
{
	struct string_list extends;

	if (policy_read(arena, label, document, policy, &extends, error))
		return -1;
	if (extends.count)
		return error_set(error, 0, "%s: extends: not in a policy kept with a container", label);
	return 0;
}

int policy_stack(struct arena *arena, const struct policy *const *policies, size_t count,
		 struct policy **stacked, struct error *error)
{
	struct policy *whole = ARENA_NEW(arena, struct policy);

	for (size_t p = 0; p < count; p++) {
		whole->names = names_unite(arena, &whole->names, &policies[p]->names);
		for (size_t i = 0; policy_keys[i]; i++) {
			const void *value = policies[p]->values[i];

			if (whole->values[i] && value)
				value = policy_keys[i]->merge(arena, whole->values[i], value);
			if (value)
				whole->values[i] = value;
		}
	}
	whole->names_text = whole->names.count ? names_text(arena, &whole->names) : "off";
	*stacked = whole;
	return check_values(whole, error);
}

const char *policy_names(const struct policy *policy)
{
	return policy->names_text;
}

bool policy_is_off(const struct policy *policy)
{
	return policy->names.count == 0;
}

const void *policy_value(const struct policy *policy, const char *name)
{
	for (size_t i = 0; policy_keys[i]; i++)
		if (!strcmp(policy_keys[i]->name, name))
			return policy->values[i];
	return NULL;
}

void policy_print(struct json_writer *writer, const struct policy *policy)
{
	json_begin_object(writer);
	json_member_string(writer, "name", policy->names_text);
	for (size_t i = 0; policy_keys[i]; i++) {
		if (!policy->values[i])
			continue;
		json_key(writer, policy_keys[i]->name);
		policy_keys[i]->print(writer, policy->values[i]);
	}
	json_end_object(writer);
}

void policy_changes_print(struct json_writer *writer, const struct policy_changes *changes)
{
	json_begin_array(writer);
	for (size_t i = 0; i < changes->count; i++) {
		const struct policy_change *change = &changes->items[i];

		json_begin_object(writer);
		json_member_string(writer, "member", change->member);
		json_member_string(writer, "from", change->from);
		json_member_string(writer, "to", change->to);
		json_member_string(writer, "policy", change->policy);
		json_member_string(writer, "key", change->key);
		json_end_object(writer);
	}
	json_end_array(writer);
}

void policy_unmet_print(struct json_writer *writer, const struct policy_changes *changes)
{
	json_strings(writer, changes->unmet.items, changes->unmet.count);
}

static int read_change_member(const char *label, const struct json_value *change, const char *name,
			      const char **value, struct error *error)
{
	*value = json_get_string(change, name);
	if (!*value)
		return error_set(error, 0, "%s: changes: %s: missing or of the wrong type", label, name);
	return 0;
}

static int read_unmet(struct arena *arena, const char *label, const struct json_value *array,
		      struct string_list *unmet, struct error *error)
{
	if (array->type != JSON_ARRAY)
		return error_set(error, 0, "%s: unmet: expected an array", label);
	for (size_t i = 0; i < array->array.count; i++) {
		if (array->array.items[i].type != JSON_STRING)
			return error_set(error, 0, "%s: unmet[%zu]: expected a string", label, i);
		string_list_add(arena, unmet, array->array.items[i].string);
	}
	return 0;
}

int policy_changes_read(struct arena *arena, const char *label, const struct json_value *array,
			const struct json_value *unmet, struct policy_changes *changes, struct error *error)
{
	if (array->type != JSON_ARRAY)
		return error_set(error, 0, "%s: changes: expected an array", label);
	changes->capacity = array->array.count;
	changes->items = ARENA_NEW_ARRAY(arena, struct policy_change, changes->capacity);
	for (changes->count = 0; changes->count < changes->capacity; changes->count++) {
		const struct json_value *item = &array->array.items[changes->count];
		struct policy_change *change = &changes->items[changes->count];

		if (read_change_member(label, item, "member", &change->member, error) < 0 ||
		    read_change_member(label, item, "from", &change->from, error) < 0 ||
		    read_change_member(label, item, "to", &change->to, error) < 0 ||
		    read_change_member(label, item, "policy", &change->policy, error) < 0 ||
		    read_change_member(label, item, "key", &change->key, error) < 0)
			return -1;
	}
	return unmet ? read_unmet(arena, label, unmet, &changes->unmet, error) : 0;
}
