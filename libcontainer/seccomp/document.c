/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/document.h"

#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/json.h"
#include "base/strbuf.h"
#include "seccomp/profile.h"

struct document {
	struct arena *arena;
	const char *label;
	const struct string_list *capabilities;
	struct error *error;
};

/* Go's name of this host's architecture, as conditions have it. */
static const char *go_name(uint32_t token)
{
	static const struct {
		uint32_t token;
		const char *name;
	} names[] = {
		{ SCMP_ARCH_X86_64, "amd64" },	  { SCMP_ARCH_X86, "x86" },
		{ SCMP_ARCH_AARCH64, "arm64" },	  { SCMP_ARCH_ARM, "arm" },
		{ SCMP_ARCH_S390X, "s390x" },	  { SCMP_ARCH_PPC64LE, "ppc64le" },
		{ SCMP_ARCH_RISCV64, "riscv64" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].token == token)
			return names[i].name;
	return "";
}

static int wrong(const struct document *document, size_t rule, const char *what)
{
	return error_set(document->error, 0, "%s: syscalls[%zu]: %s", document->label, rule, what);
}

/* The strings of @value among those that hold; -1 where it is no array of strings. */
static int count_held(const struct document *document, const struct json_value *value, bool are_capabilities,
		      size_t *held)
{
	const char *native = go_name(seccomp_arch_native());

	*held = 0;
	if (value->type != JSON_ARRAY)
		return -1;
	for (size_t i = 0; i < value->array.count; i++) {
		const struct json_value *item = &value->array.items[i];

		if (item->type != JSON_STRING)
			return -1;
		if (are_capabilities ? string_list_has(document->capabilities, item->string)
				     : !strcmp(item->string, native))
			(*held)++;
	}
	return 0;
}

/* The first two numbers of a version such as "6.1.0-13-amd64". */
static bool read_version(const char *text, unsigned long *major, unsigned long *minor)
{
	char *end;

	*major = strtoul(text, &end, 10);
	if (end == text || *end != '.')
		return false;
	text = end + 1;
	*minor = strtoul(text, &end, 10);
	return end != text;
}

/* "4.8": whether this kernel is that or newer. */
static int kernel_is_new_enough(const struct json_value *value, bool *enough)
{
	unsigned long wanted[2], found[2];
	struct utsname host;

	if (value->type != JSON_STRING || strspn(value->string, "0123456789.") != strlen(value->string) ||
	    !read_version(value->string, &wanted[0], &wanted[1]) || uname(&host) < 0 ||
	    !read_version(host.release, &found[0], &found[1]))
		return -1;
	*enough = found[0] > wanted[0] || (found[0] == wanted[0] && found[1] >= wanted[1]);
	return 0;
}

/* Whether the conditions @name of rule number @index hold: @all of them, or any. Without any, @otherwise. */
static int conditions_hold(const struct document *document, const struct json_value *rule, size_t index,
			   const char *name, bool *holds)
{
	const struct json_value *conditions = json_get(rule, name);
	bool all = !strcmp(name, "includes");

	*holds = all;
	if (!conditions || conditions->type == JSON_NULL)
		return 0;
	if (conditions->type != JSON_OBJECT)
		return wrong(document, index, "includes and excludes are objects");
	for (size_t i = 0; i < conditions->object.count; i++) {
		const struct json_member *member = &conditions->object.items[i];
		bool capabilities = !strcmp(member->name, "caps"), one;
		size_t held;

		if (!strcmp(member->name, "minKernel")) {
			if (kernel_is_new_enough(&member->value, &one) < 0)
				return wrong(document, index, "minKernel is a version such as \"4.8\"");
		} else if (capabilities || !strcmp(member->name, "arches")) {
			if (count_held(document, &member->value, capabilities, &held) < 0)
				return wrong(document, index, "caps and arches are arrays of strings");
			one = capabilities && all ? held == member->value.array.count : held > 0;
		} else {
			return wrong(document, index, "conditions are caps, arches and minKernel");
		}
		*holds = all ? *holds && one : *holds || one;
	}
	return 0;
}

/* @profile has the same rules in the same order; those whose conditions do not hold are taken out. */
static int choose_rules(const struct document *document, const struct json_value *root,
			struct oci_seccomp *profile)
{
	const struct json_value *rules = json_get(root, "syscalls");
	size_t kept = 0;

	for (size_t i = 0; i < profile->syscalls.count; i++) {
		const struct json_value *rule = &rules->array.items[i];
		bool included, excluded;

		if (conditions_hold(document, rule, i, "includes", &included) < 0 ||
		    conditions_hold(document, rule, i, "excludes", &excluded) < 0)
			return -1;
		if (included && !excluded)
			profile->syscalls.items[kept++] = profile->syscalls.items[i];
	}
	profile->syscalls.count = kept;
	return 0;
}

static int choose_architectures(const struct document *document, const struct json_value *root,
				struct oci_seccomp *profile)
{
	const struct seccomp_architecture *native = seccomp_architecture_by_token(seccomp_arch_native());
	const struct json_value *map = json_get(root, "archMap");

	for (size_t i = 0; native && map && map->type == JSON_ARRAY && i < map->array.count; i++) {
		const struct json_value *own = json_get(&map->array.items[i], "architecture");
		const struct json_value *others = json_get(&map->array.items[i], "subArchitectures");

		if (!own || own->type != JSON_STRING)
			return error_set(document->error, 0, "%s: archMap[%zu]: no architecture",
					 document->label, i);
		if (strcmp(own->string, native->name) != 0)
			continue;
		string_list_add(document->arena, &profile->architectures, own->string);
		for (size_t j = 0; others && others->type == JSON_ARRAY && j < others->array.count; j++) {
			if (others->array.items[j].type != JSON_STRING)
				return error_set(document->error, 0,
						 "%s: archMap[%zu].subArchitectures: not strings",
						 document->label, i);
			string_list_add(document->arena, &profile->architectures,
					others->array.items[j].string);
		}
	}
	return 0;
}

int seccomp_document_read(struct arena *arena, const char *label, const char *text,
			  const struct string_list *capabilities, struct oci_seccomp **profile,
			  struct error *error)
{
	static const char *no_flags[] = { NULL };
	struct document document = { arena, label, capabilities, error };
	struct json_value *root;

	if (seccomp_parse(arena, label, text, strlen(text), profile, error) < 0 ||
	    json_parse(arena, label, text, strlen(text), &root, error) < 0)
		return -1;
	/* Without the flag that gives up mitigations, which is for profiles that say nothing about flags. */
	if (!(*profile)->flags.items)
		(*profile)->flags.items = no_flags;
	if (choose_rules(&document, root, *profile) < 0)
		return -1;
	return choose_architectures(&document, root, *profile);
}

static int compare(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* No profile's key begins like it. */
void seccomp_document_key(struct arena *arena, struct strbuf *key, const char *text,
			  const struct string_list *capabilities)
{
	const struct scmp_version *library = seccomp_version();
	const char **sorted = ARENA_NEW_ARRAY(arena, const char *, capabilities->count + 1);
	struct utsname host = { 0 };

	uname(&host);
	strbuf_printf(key, "document %u.%u.%u %s %s", library->major, library->minor, library->micro,
		      host.machine, host.release);
	if (capabilities->count) {
		memcpy(sorted, capabilities->items, capabilities->count * sizeof(*sorted));
		qsort(sorted, capabilities->count, sizeof(*sorted), compare);
	}
	for (size_t i = 0; i < capabilities->count; i++)
		strbuf_printf(key, " %zu:%s", strlen(sorted[i]), sorted[i]);
	strbuf_putc(key, '\n');
	strbuf_puts(key, text);
}

int seccomp_document_compile(struct arena *arena, const char *label, const char *text,
			     const struct string_list *capabilities, int cache, struct seccomp_filter *filter,
			     struct error *error)
{
	_cleanup_strbuf_ struct strbuf key = { 0 };
	struct oci_seccomp *profile;

	*filter = (struct seccomp_filter){ 0 };
	if (cache >= 0) {
		seccomp_document_key(arena, &key, text, capabilities);
		/* As every document of ours compiles: no flags, no listener. */
		if (seccomp_cache_read(arena, cache, &key, filter))
			return 0;
	}
	if (seccomp_document_read(arena, label, text, capabilities, &profile, error) < 0 ||
	    seccomp_compile(arena, profile, -1, filter, error) < 0)
		return -1;
	if (cache >= 0)
		seccomp_cache_write(cache, &key, filter);
	return 0;
}
