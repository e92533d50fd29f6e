/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/planned.h"

#include "policy/policy.h"

struct source_list {
	struct arena *arena;
	const struct string_list *capabilities;
	struct seccomp_source *items;
	size_t count;
};

/* The built-in documents @names, each of which @find has, or NULL. */
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

bool seccomp_is_planned(const struct oci_config *config, const struct hardening *hardening)
{
	return hardening->seccomp_guards.count || hardening->seccomp_profiles.count ||
	       (config->linux_ && config->linux_->seccomp);
}

static int list_sources(struct arena *arena, const struct oci_config *config, const struct hardening *hardening,
			struct seccomp_source **sources, size_t *count, struct error *error)
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
	for (size_t i = 0; i < list.count; i++)
		if (!list.items[i].document)
			return error_set(error, 0, "%s is not built in", list.items[i].label);
	if (own)
		list.items[list.count++] = (struct seccomp_source){ .profile = own };
	*sources = list.items;
	*count = list.count;
	return 0;
}

int seccomp_planned_profiles(struct arena *arena, const struct oci_config *config,
			     const struct hardening *hardening, const struct oci_seccomp *const **profiles,
			     size_t *count, struct error *error)
{
	struct seccomp_source *sources;

	if (list_sources(arena, config, hardening, &sources, count, error) < 0)
		return -1;
	return seccomp_sources_read(arena, sources, *count, profiles, error);
}

int seccomp_planned_compile(struct arena *arena, int cache, const struct oci_config *config,
			    const struct hardening *hardening, struct seccomp_filters *filters,
			    struct error *error)
{
	struct seccomp_source *sources;
	size_t count;

	*filters = (struct seccomp_filters){ 0 };
	if (list_sources(arena, config, hardening, &sources, &count, error) < 0)
		return -1;
	if (count == 0)
		return 0;
	filters->items = ARENA_NEW_ARRAY(arena, struct seccomp_filter, count);
	return seccomp_compile_all(arena, sources, count, cache, filters->items, &filters->count, error);
}
