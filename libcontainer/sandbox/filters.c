/* SPDX-License-Identifier: Apache-2.0 */
#include "container/filters.h"

#include "seccomp/document.h"

struct filter_list {
	struct arena *arena;
	const struct oci_config *config;
	int cache;
	struct sandbox *sandbox;
};

/* The built-in documents @names, each of which @find has. */
static int compile_documents(const struct filter_list *list, const char *kind, const struct string_list *names,
			     const char *(*find)(const char *name), struct error *error)
{
	static const struct string_list none;
	const struct oci_process *process = list->config->process;
	/* Of the container, also for what exec adds: the filter is one of the container's walls. */
	const struct string_list *capabilities =
		process && process->capabilities ? &process->capabilities->bounding : &none;
	struct sandbox *sandbox = list->sandbox;

	for (size_t i = 0; i < names->count; i++) {
		const char *label = arena_printf(list->arena, "seccomp %s %s", kind, names->items[i]);

		if (seccomp_document_compile(list->arena, label, find(names->items[i]), capabilities,
					     list->cache, &sandbox->filters[sandbox->filter_count++],
					     error) < 0)
			return -1;
	}
	return 0;
}

int filters_compile(struct arena *arena, const struct store *store, const struct oci_config *config,
		    const struct hardening *hardening, struct sandbox *sandbox, struct error *error)
{
	const struct string_list *guards = &hardening->seccomp_guards;
	const struct string_list *profiles = &hardening->seccomp_profiles;
	const struct oci_seccomp *own = config->linux_ ? config->linux_->seccomp : NULL;
	const size_t count = guards->count + profiles->count + (own ? 1 : 0);
	_cleanup_fd_ int cache = -1;

	if (count == 0)
		return 0;
	cache = store_seccomp_cache(store);
	sandbox->filters = ARENA_NEW_ARRAY(arena, struct seccomp_filter, count);

	const struct filter_list list = { arena, config, cache, sandbox };

	if (compile_documents(&list, "guard", guards, seccomp_guard_builtin, error) < 0 ||
	    compile_documents(&list, "profile", profiles, seccomp_profile_builtin, error) < 0)
		return -1;
	if (!own)
		return 0;
	return seccomp_compile(arena, own, cache, &sandbox->filters[sandbox->filter_count++], error);
}
