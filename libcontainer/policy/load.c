/* SPDX-License-Identifier: Apache-2.0 */
/* Finding policies: the site's directory, files by path, built-in ones. */
#include <errno.h>
#include <string.h>

#include "policy/key.h"

#define EXTENDS_DEPTH_MAX 16

struct loading {
	struct arena *arena;
	const struct policy_site *site;
	struct error *error;
	const char *chain[EXTENDS_DEPTH_MAX]; /* what is being loaded, to see circles */
	size_t depth;
};

static int load_name(struct loading *loading, const char *name, bool builtin, struct policy **policy);

/* A document, stacked on what it extends. @name: what it must be called; NULL: anything. */
static int load_document(struct loading *loading, const char *label, const char *name, bool builtin,
			 const struct json_value *document, struct policy **policy)
{
	struct arena *arena = loading->arena;
	struct string_list extends;
	const struct policy **parts;
	struct policy *own, *whole;

	if (policy_read(arena, label, document, &own, &extends, loading->error))
		return -1;
	if (name && strcmp(own->names_text, name) != 0)
		return error_set(loading->error, 0,
				 "%s: name: found \"%s\", expected \"%s\" as the file is called", label,
				 own->names_text, name);
	parts = ARENA_NEW_ARRAY(arena, const struct policy *, extends.count + 1);
	parts[0] = own;
	for (size_t i = 0; i < extends.count; i++) {
		/* a site's policy may add to the built-in one of its own name */
		bool shadowed = !builtin && name && !strcmp(extends.items[i], name);
		struct policy *base = NULL;

		if (load_name(loading, extends.items[i], builtin || shadowed, &base))
			return error_context(loading->error, "%s: extends", label);
		parts[i + 1] = base;
	}
	if (policy_stack(arena, parts, extends.count + 1, &whole, loading->error))
		return error_context(loading->error, "%s", label);
	/* who extends is known by its own name; what it extends shows in the changes */
	whole->names = own->names;
	whole->names_text = own->names_text;
	*policy = whole;
	return 0;
}

static int load_builtin(struct loading *loading, const char *name, struct policy **policy)
{
	const char *text = policy_builtin(name);
	const char *label = arena_printf(loading->arena, "policy %s", name);
	struct json_value *document = NULL;

	if (!text)
		return error_set(loading->error, 0, "no policy is called %s", name);
	if (json_parse(loading->arena, label, text, strlen(text), &document, loading->error))
		return -1;
	return load_document(loading, label, name, true, document, policy);
}

static int load_from_site(struct loading *loading, const char *name, struct policy **policy)
{
	const char *directory = arena_printf(loading->arena, "%s/policies", loading->site->directory);
	const char *path = arena_printf(loading->arena, "%s/%s.json", directory, name);
	struct json_value *document = NULL;
	int result = policy_directory_check(directory, loading->error);

	if (!result)
		result = policy_document_read(loading->arena, path, &document, loading->error);
	if (result)
		return result;
	return load_document(loading, path, name, false, document, policy);
}

/* @builtin: only among the built-in ones. */
static int load_name(struct loading *loading, const char *name, bool builtin, struct policy **policy)
{
	const char *place = arena_printf(loading->arena, "%s%s", builtin ? "=" : "", name);
	int result = 1;

	if (!policy_name_is_valid(name))
		return error_set(loading->error, 0, "\"%s\" is no name of a policy", name);
	for (size_t i = 0; i < loading->depth; i++)
		if (!strcmp(loading->chain[i], place))
			return error_set(loading->error, 0, "policy %s extends itself", name);
	if (loading->depth == EXTENDS_DEPTH_MAX)
		return error_set(loading->error, 0, "policy %s: more than %d policies extend each other", name,
				 EXTENDS_DEPTH_MAX);
	loading->chain[loading->depth++] = place;
	if (!builtin && loading->site->directory && strcmp(name, "off") != 0)
		result = load_from_site(loading, name, policy);
	if (result > 0)
		result = load_builtin(loading, name, policy);
	loading->depth--;
	return result;
}

static int load_file(struct loading *loading, const char *path, struct policy **policy)
{
	struct json_value *document = NULL;
	int result = policy_document_read(loading->arena, path, &document, loading->error);

	if (result > 0)
		return error_set(loading->error, ENOENT, "open %s", path);
	return result ? result : load_document(loading, path, NULL, false, document, policy);
}

int policy_load_file(struct arena *arena, const struct policy_site *site, const char *path,
		     struct policy **policy, struct error *error)
{
	struct loading loading = { .arena = arena, .site = site, .error = error };

	return load_file(&loading, path, policy);
}

/* @files: a part with a '/' is a file. @parts has room for every comma and two more. */
static int load_list(struct loading *loading, const char *list, bool files, const struct policy **parts,
		     size_t *count)
{
	for (const char *next = list;; next++) {
		const char *part = arena_strndup(loading->arena, next, strcspn(next, ","));
		struct policy *policy = NULL;
		int result = files && strchr(part, '/') ? load_file(loading, part, &policy)
							: load_name(loading, part, false, &policy);

		if (result)
			return -1;
		parts[(*count)++] = policy;
		next += strlen(part);
		if (!*next)
			return 0;
	}
}

static const char *annotation(const struct oci_config *config)
{
	for (size_t i = 0; config && i < config->annotations.count; i++)
		if (!strcmp(config->annotations.items[i].key, POLICY_ANNOTATION))
			return config->annotations.items[i].value;
	return NULL;
}

static int check_selectable(const struct policy_site *site, struct arena *arena, const char *list,
			    struct error *error)
{
	for (const char *next = list;; next++) {
		const char *name = arena_strndup(arena, next, strcspn(next, ","));

		if (!string_list_has(&site->selectable, name)) {
			error_set(error, 0,
				  "annotation %s: policy \"%s\" is not selectable here; list it as selectable "
				  "in %s/casemate.json, or remove the annotation",
				  POLICY_ANNOTATION, name, POLICY_SITE_DIRECTORY);
			error->refused = true;
			return -1;
		}
		next += strlen(name);
		if (!*next)
			return 0;
	}
}

int policy_load(struct arena *arena, const struct policy_site *site, const char *selection,
		const struct oci_config *config, struct policy **policy, struct error *error)
{
	struct loading loading = { .arena = arena, .site = site, .error = error };
	const char *asked = annotation(config);
	const struct policy **parts;
	size_t count = 0;

	if (!selection)
		selection = site->default_policy ? site->default_policy : "baseline";
	parts = ARENA_NEW_ARRAY(arena, const struct policy *,
				strlen(selection) + (asked ? strlen(asked) : 0) + 2);
	if (load_list(&loading, selection, true, parts, &count))
		return error_context(error, "load policy");
	if (asked &&
	    (check_selectable(site, arena, asked, error) || load_list(&loading, asked, false, parts, &count)))
		return error_context(error, "load policy");
	return policy_stack(arena, parts, count, policy, error);
}
