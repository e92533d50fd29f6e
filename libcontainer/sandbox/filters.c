/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/filters.h"

#include "policy/policy.h"

struct source_list {
	struct arena *arena;
	const struct string_list *capabilities;
	struct seccomp_source *items;
	size_t count;
};

/* The built-in documents @names, each of which @find has. */
static void add_documents(struct source_list *list, const char *kind, const struct string_list *names,
			  const char *(*find)(const char *name))
{
	for (size_t i = 0; i < names->count; i++)
		list->items[list->count++] = (struct seccomp_source){
			.label = arena_printf(list->arena, "seccomp %s %s", kind, names->items[i]),
			.document = find(names->items[i]),
			.capabilities = list->capabilities,
		};
}

/* The configuration's is the last, as it may forbid to load another or hand out a listener. */
static struct source_list list_sources(struct arena *arena, const struct oci_config *config,
				       const struct hardening *hardening)
{
	static const struct string_list none;
	const struct oci_process *process = config->process;
	const struct oci_seccomp *own = config->linux_ ? config->linux_->seccomp : NULL;
	struct source_list list = {
		.arena = arena,
		/* Of the container, also for what exec adds: the filter is one of the container's walls. */
		.capabilities = process && process->capabilities ? &process->capabilities->bounding : &none,
		.items = ARENA_NEW_ARRAY(arena, struct seccomp_source,
					 hardening->seccomp_guards.count + hardening->seccomp_profiles.count +
						 1),
	};

	add_documents(&list, "guard", &hardening->seccomp_guards, seccomp_guard_builtin);
	add_documents(&list, "profile", &hardening->seccomp_profiles, seccomp_profile_builtin);
	if (own)
		list.items[list.count++] = (struct seccomp_source){ .profile = own };
	return list;
}

int filters_compile(struct arena *arena, int cache, const struct oci_config *config,
		    const struct hardening *hardening, struct filters *filters, struct error *error)
{
	const struct source_list list = list_sources(arena, config, hardening);

	*filters = (struct filters){ 0 };
	if (list.count == 0)
		return 0;
	filters->items = ARENA_NEW_ARRAY(arena, struct seccomp_filter, list.count);
	return seccomp_compile_all(arena, list.items, list.count, cache, filters->items, &filters->count,
				   error);
}
