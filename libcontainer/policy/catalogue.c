/* SPDX-License-Identifier: Apache-2.0 */
/* The policies there are: the site's, and the built-in ones that none of the site's stands before. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "policy/key.h"

#define SUFFIX ".json"

static int compare(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static const char *site_file(struct arena *arena, const struct policy_site *site, const char *name)
{
	return arena_printf(arena, "%s/policies/%s" SUFFIX, site->directory, name);
}

/* The names of the files NAME.json that `off` is not one of: that is always the built-in one. */
static int add_site_names(struct arena *arena, const struct policy_site *site, struct string_list *names,
			  struct error *error)
{
	const char *path = site->directory ? arena_printf(arena, "%s/policies", site->directory) : NULL;
	int present = path ? policy_directory_check(path, error) : 1;
	_cleanup_dir_ DIR *directory = NULL;

	if (present)
		return present > 0 ? 0 : -1;
	directory = opendir(path);
	if (!directory)
		return error_set(error, errno, "open %s", path);
	for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
		size_t length = strlen(entry->d_name);
		const char *name;

		if (length <= strlen(SUFFIX) || strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX) != 0)
			continue;
		name = arena_strndup(arena, entry->d_name, length - strlen(SUFFIX));
		if (policy_name_is_valid(name) && strcmp(name, "off") != 0)
			string_list_add(arena, names, name);
	}
	return 0;
}

int policy_source(struct arena *arena, const struct policy_site *site, const char *name,
		  struct json_value **document, struct error *error)
{
	const char *text = policy_builtin(name);
	int result = 1;

	if (!policy_name_is_valid(name))
		return error_set(error, 0, "\"%s\" is no name of a policy", name);
	if (site->directory && strcmp(name, "off") != 0)
		result = policy_document_read(arena, site_file(arena, site, name), document, error);
	if (result <= 0)
		return result;
	if (!text)
		return error_set(error, 0, "there is no policy called %s", name);
	return json_parse(arena, arena_printf(arena, "built-in policy %s", name), text, strlen(text), document,
			  error);
}

static void describe(struct arena *arena, const struct policy_site *site, struct policy_entry *entry)
{
	const char *by_default = site->default_policy ? site->default_policy : "baseline";
	struct json_value *document = NULL;
	const struct json_value *value;
	struct policy *policy;
	struct error error;

	entry->is_default = words_have(by_default, entry->name);
	entry->selectable = string_list_has(&site->selectable, entry->name);
	if (policy_source(arena, site, entry->name, &document, &error) ||
	    policy_load(arena, site, entry->name, NULL, &policy, &error)) {
		entry->problem = arena_strdup(arena, error.text);
		return;
	}
	entry->description = json_get_string(document, "description");
	value = json_get(document, "extends");
	if (value && value->type == JSON_STRING)
		string_list_add(arena, &entry->extends, value->string);
	for (size_t i = 0; value && value->type == JSON_ARRAY && i < value->array.count; i++)
		string_list_add(arena, &entry->extends, value->array.items[i].string);
}

int policy_catalogue(struct arena *arena, const struct policy_site *site, struct policy_entry **entries,
		     size_t *count, struct error *error)
{
	const char *const *builtin = policy_builtin_names();
	struct string_list names = { 0 };
	size_t from_site;

	if (add_site_names(arena, site, &names, error))
		return -1;
	from_site = names.count;
	for (size_t i = 0; builtin[i]; i++)
		if (!string_list_has(&names, builtin[i]))
			string_list_add(arena, &names, builtin[i]);
	*entries = ARENA_NEW_ARRAY(arena, struct policy_entry, names.count + 1);
	*count = names.count;
	for (size_t i = 0; i < names.count; i++)
		(*entries)[i] = (struct policy_entry){
			.name = names.items[i],
			.file = i < from_site ? site_file(arena, site, names.items[i]) : NULL,
		};
	/* a name is the first member: so they are compared by it */
	qsort(*entries, *count, sizeof(**entries), compare);
	for (size_t i = 0; i < *count; i++)
		describe(arena, site, &(*entries)[i]);
	return 0;
}
