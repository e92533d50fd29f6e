/* SPDX-License-Identifier: Apache-2.0 */
/* Finding policies: the site's file and directory, files by path, built-in ones. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "policy/key.h"

#define POLICY_FILE_MAX ((size_t)1024 * 1024)
#define EXTENDS_DEPTH_MAX 16

struct loading {
	struct arena *arena;
	const struct policy_site *site;
	struct error *error;
	const char *chain[EXTENDS_DEPTH_MAX]; /* what is being loaded, to see circles */
	size_t depth;
};

static int load_name(struct loading *loading, const char *name, bool builtin, struct policy **policy);

/*
 * Root's or the caller's, and no one else's to write. In a user namespace root's files seem to be nobody's, as
 * does "/" then.
 */
static int check_owner(int fd, const char *path, struct error *error)
{
	struct stat status, root;

	if (fstat(fd, &status) < 0)
		return error_set(error, errno, "look at %s", path);
	if (status.st_uid != 0 && status.st_uid != geteuid() &&
	    (stat("/", &root) < 0 || status.st_uid != root.st_uid))
		return error_set(error, 0, "%s belongs to uid %u; it must belong to root or to the caller",
				 path, status.st_uid);
	if (status.st_mode & 022)
		return error_set(error, 0,
				 "%s can be written by others (mode %04o); take that away with chmod go-w",
				 path, status.st_mode & 07777);
	return 0;
}

/* 1 where there is no such file. */
static int read_document(struct arena *arena, const char *path, struct json_value **document,
			 struct error *error)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *bytes;
	size_t length;

	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0)
		return error_set(error, errno, "open %s", path);
	if (check_owner(fd, path, error))
		return -1;
	if (fd_read_all(arena, fd, POLICY_FILE_MAX, &bytes, &length) < 0)
		return error_set(error, errno, "read %s", path);
	return json_parse(arena, path, bytes, length, document, error);
}

/* 1 where there is no such directory. */
static int check_directory(const char *path, struct error *error)
{
	_cleanup_fd_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0)
		return error_set(error, errno, "open %s", path);
	return check_owner(fd, path, error);
}

static int read_site(struct policy_reading *reading, const struct json_value *document,
		     struct policy_site *site)
{
	static const char *const members[] = { "defaultPolicy", "selectable", NULL };
	const struct json_value *value;

	if (reading_object(reading, "site", document, members))
		return -1;
	value = json_get(document, "defaultPolicy");
	if (value && reading_string(reading, "defaultPolicy", value, &site->default_policy))
		return -1;
	value = json_get(document, "selectable");
	if (!value)
		return 0;
	if (value->type != JSON_ARRAY)
		return reading_error(reading, "selectable", value, "an array of names of policies");
	for (size_t i = 0; i < value->array.count; i++) {
		const struct json_value *item = &value->array.items[i];

		if (item->type != JSON_STRING || !policy_name_is_valid(item->string))
			return reading_error(reading, "selectable", item, "a policy's name");
		string_list_add(reading->arena, &site->selectable, item->string);
	}
	return 0;
}

int policy_site_load_from(struct arena *arena, const char *directory, struct policy_site *site,
			  struct error *error)
{
	struct policy_reading reading = { .arena = arena, .error = error };
	struct json_value *document = NULL;
	int result = check_directory(directory, error);

	*site = (struct policy_site){ 0 };
	if (result)
		return result > 0 ? 0 : -1;
	site->directory = arena_strdup(arena, directory);
	reading.label = arena_printf(arena, "%s/casemate.json", directory);
	result = read_document(arena, reading.label, &document, error);
	if (result)
		return result > 0 ? 0 : -1;
	return read_site(&reading, document, site);
}

int policy_site_load(struct arena *arena, struct policy_site *site, struct error *error)
{
	return policy_site_load_from(arena, POLICY_SITE_DIRECTORY, site, error);
}

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
	int result = check_directory(directory, loading->error);

	if (!result)
		result = read_document(loading->arena, path, &document, loading->error);
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
	int result = read_document(loading->arena, path, &document, loading->error);

	if (result > 0)
		return error_set(loading->error, ENOENT, "open %s", path);
	return result ? result : load_document(loading, path, NULL, false, document, policy);
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

		if (!string_list_has(&site->selectable, name))
			return error_set(
				error, 0,
				"annotation %s: policy \"%s\" is not selectable here; list it as selectable "
				"in %s/casemate.json, or remove the annotation",
				POLICY_ANNOTATION, name, POLICY_SITE_DIRECTORY);
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
