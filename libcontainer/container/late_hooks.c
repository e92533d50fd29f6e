/* SPDX-License-Identifier: Apache-2.0 */
#include "container/late_hooks.h"

#include "sandbox/hooks.h"

int run_poststart_hooks(struct arena *arena, const struct saved_state *state, const struct oci_config *config,
			struct error *error)
{
	const struct oci_hooks *hooks = config->hooks;

	if (!hooks || hooks->poststart.count == 0)
		return 0;
	return hooks_run("poststart", &hooks->poststart, state_for_hooks(arena, state, state->pid, "running"),
			 NULL, error);
}

void run_poststop_hooks(struct arena *arena, const struct saved_state *state, const struct oci_config *config)
{
	const struct oci_hooks *hooks = config->hooks;
	struct error error;

	for (size_t i = 0; hooks && i < hooks->poststop.count; i++) {
		const struct oci_hook_list one = { .items = &hooks->poststop.items[i], .count = 1 };

		if (hooks_run("poststop", &one, state_for_hooks(arena, state, 0, "stopped"), NULL, &error) < 0)
			log_warn("%s", error.text);
	}
}
