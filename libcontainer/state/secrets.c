/* SPDX-License-Identifier: Apache-2.0 */
#include "state/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static const size_t lists[] = {
	offsetof(struct oci_hooks, prestart),	      offsetof(struct oci_hooks, create_runtime),
	offsetof(struct oci_hooks, create_container), offsetof(struct oci_hooks, start_container),
	offsetof(struct oci_hooks, poststart),	      offsetof(struct oci_hooks, poststop),
};

static struct oci_hook_list *list_at(struct oci_hooks *hooks, size_t offset)
{
	return (struct oci_hook_list *)((char *)hooks + offset);
}

static void strip(struct arena *arena, struct oci_hook_list *list)
{
	struct oci_hook *items = ARENA_NEW_ARRAY(arena, struct oci_hook, list->count + 1);

	for (size_t i = 0; i < list->count; i++) {
		items[i] = list->items[i];
		items[i].env.count = 0;
	}
	list->items = items;
}

struct oci_config secrets_without(struct arena *arena, const struct oci_config *config)
{
	struct oci_config copy = *config;

	if (config->process) {
		copy.process = ARENA_NEW(arena, struct oci_process);
		*copy.process = *config->process;
		copy.process->env.count = 0;
	}
	if (config->hooks) {
		copy.hooks = ARENA_NEW(arena, struct oci_hooks);
		*copy.hooks = *config->hooks;
		for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
			strip(arena, list_at(copy.hooks, lists[i]));
	}
	return copy;
}

static int load_bundle(struct arena *arena, const struct saved_state *state, struct oci_config **config,
		       struct error *error)
{
	_cleanup_fd_ int bundle = open(state->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (bundle < 0)
		return error_set(error, errno, "open bundle %s", state->bundle);
	return config_load(arena, bundle, state->config ? state->config : "config.json", config, error);
}

/* Whether the hooks are those of the bundle; then they have its environments. */
static bool restore(struct oci_hook_list *kept, const struct oci_hook_list *bundle)
{
	if (kept->count != bundle->count)
		return false;
	for (size_t i = 0; i < kept->count; i++)
		if (strcmp(kept->items[i].path, bundle->items[i].path) != 0)
			return false;
	for (size_t i = 0; i < kept->count; i++)
		kept->items[i].env = bundle->items[i].env;
	return true;
}

void secrets_restore_hooks(struct arena *arena, const struct saved_state *state, struct oci_config *config)
{
	struct oci_config *bundle;
	struct error error;

	if (!config->hooks)
		return;
	if (load_bundle(arena, state, &bundle, &error) < 0) {
		log_warn("hooks run without their environment: %s", error.text);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (!bundle->hooks ||
		    !restore(list_at(config->hooks, lists[i]), list_at(bundle->hooks, lists[i])))
			log_warn("hooks run without their environment: bundle %s has other hooks now",
				 state->bundle);
}
