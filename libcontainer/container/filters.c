/* SPDX-License-Identifier: Apache-2.0 */
#include "container/filters.h"

#include "seccomp/document.h"

static int compile_profile(struct arena *arena, const char *name, const struct oci_config *config, int cache,
			   struct seccomp_filter *filter, struct error *error)
{
	static const struct string_list none;
	const struct oci_capabilities *sets = config->process ? config->process->capabilities : NULL;
	const char *label = arena_printf(arena, "seccomp profile %s", name);

	/* Of the container, also for what exec adds: the filter is one of the container's walls. */
	return seccomp_document_compile(arena, label, seccomp_profile_builtin(name),
					sets ? &sets->bounding : &none, cache, filter, error);
}

int filters_compile(struct arena *arena, const struct store *store, const struct oci_config *config,
		    const struct hardening *hardening, struct sandbox *sandbox, struct error *error)
{
	const struct string_list *profiles = &hardening->seccomp_profiles;
	const struct oci_seccomp *own = config->linux_ ? config->linux_->seccomp : NULL;
	_cleanup_fd_ int cache = -1;

	if (profiles->count == 0 && !own)
		return 0;
	cache = store_seccomp_cache(store);
	sandbox->filters = ARENA_NEW_ARRAY(arena, struct seccomp_filter, profiles->count + 1);
	for (size_t i = 0; i < profiles->count; i++)
		if (compile_profile(arena, profiles->items[i], config, cache,
				    &sandbox->filters[sandbox->filter_count++], error) < 0)
			return -1;
	if (!own)
		return 0;
	return seccomp_compile(arena, own, cache, &sandbox->filters[sandbox->filter_count++], error);
}
