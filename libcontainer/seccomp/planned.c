/* SPDX-License-Identifier: Apache-2.0 */
#include "seccomp/planned.h"

#include "seccomp/document.h"

/* The built-in documents @names, each of which @find has. */
static int add_documents(struct arena *arena, const struct oci_config *config, const char *kind,
			 const struct string_list *names, const char *(*find)(const char *name),
			 const struct oci_seccomp **profiles, size_t *count, struct error *error)
{
	static const struct string_list none;
	const struct oci_process *process = config->process;
	const struct string_list *capabilities =
		process && process->capabilities ? &process->capabilities->bounding : &none;

	for (size_t i = 0; i < names->count; i++) {
		const char *label = arena_printf(arena, "seccomp %s %s", kind, names->items[i]);
		const char *text = find(names->items[i]);
		struct oci_seccomp *profile;

		if (!text)
			return error_set(error, 0, "%s is not built in", label);
		if (seccomp_document_read(arena, label, text, capabilities, &profile, error) < 0)
			return -1;
		profiles[(*count)++] = profile;
	}
	return 0;
}

int seccomp_planned(struct arena *arena, const struct oci_config *config, const struct hardening *hardening,
		    const struct oci_seccomp *const **profiles, size_t *count, struct error *error)
{
	const struct oci_seccomp *own = config->linux_ ? config->linux_->seccomp : NULL;
	const struct oci_seccomp **all =
		ARENA_NEW_ARRAY(arena, const struct oci_seccomp *,
				hardening->seccomp_guards.count + hardening->seccomp_profiles.count + 1);

	*count = 0;
	*profiles = all;
	if (add_documents(arena, config, "guard", &hardening->seccomp_guards, seccomp_guard_builtin, all, count,
			  error) < 0 ||
	    add_documents(arena, config, "profile", &hardening->seccomp_profiles, seccomp_profile_builtin, all,
			  count, error) < 0)
		return -1;
	if (own)
		all[(*count)++] = own;
	return 0;
}
