/* SPDX-License-Identifier: Apache-2.0 */
/* What keys need while they are applied. */
#include <string.h>

#include "base/path.h"
#include "policy/key.h"

void pass_change(struct policy_pass *pass, const struct string_list *names, const char *key, const char *member,
		 const char *from, const char *to)
{
	struct policy_changes *changes = pass->changes;

	changes->items = arena_grow(pass->arena, changes->items, changes->count, &changes->capacity,
				    sizeof(*changes->items));
	changes->items[changes->count++] = (struct policy_change){
		.member = member,
		.from = from,
		.to = to,
		.policy = names_text(pass->arena, names),
		.key = key,
	};
}

void pass_unmet(struct policy_pass *pass, const struct string_list *names, const char *key, const char *why)
{
	string_list_add(pass->arena, &pass->changes->unmet,
			arena_printf(pass->arena, "%s: %s: %s", names_text(pass->arena, names), key, why));
}

void pass_guard(struct policy_pass *pass, const struct string_list *names, const char *key, const char *guard,
		const char *what)
{
	struct string_list *guards = &pass->hardening->seccomp_guards;

	if (string_list_has(guards, guard))
		return;
	string_list_add(pass->arena, guards, guard);
	pass_change(pass, names, key, "seccomp filter", "absent", what);
}

int policy_refuse(const struct string_list *names, const char *key, struct error *error, const char *format,
		  ...)
{
	_cleanup_strbuf_ struct strbuf list = { 0 };
	va_list arguments;
	char text[ERROR_TEXT_MAX];

	for (size_t i = 0; i < names->count; i++)
		strbuf_printf(&list, "%s%s", i ? "," : "", names->items[i]);
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	error_set(error, 0, "policy %s: %s: %s", strbuf_text(&list), key, text);
	error->refused = true;
	return -1;
}

struct oci_linux *pass_linux(struct policy_pass *pass)
{
	if (!pass->target->linux_)
		pass->target->linux_ = ARENA_NEW(pass->arena, struct oci_linux);
	return pass->target->linux_;
}

struct oci_resources *pass_resources(struct policy_pass *pass)
{
	if (!pass->resources) {
		pass->resources = ARENA_NEW(pass->arena, struct oci_resources);
		pass_linux(pass)->resources = pass->resources;
	}
	return pass->resources;
}

const char *facts_real_path(struct arena *arena, const struct policy_facts *facts, const char *path)
{
	for (size_t i = 0; i < facts->real_paths.count; i++)
		if (!strcmp(facts->real_paths.items[i].key, path))
			return facts->real_paths.items[i].value;
	return path[0] == '/' ? path_normalize(arena, path) : NULL;
}

struct string_pair *unified_find(struct oci_resources *resources, const char *name)
{
	for (size_t i = 0; resources && i < resources->unified.count; i++)
		if (!strcmp(resources->unified.items[i].key, name))
			return &resources->unified.items[i];
	return NULL;
}
