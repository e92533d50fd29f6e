/* SPDX-License-Identifier: Apache-2.0 */
#include "container/destroy.h"

#include <signal.h>

#include "container/intel_rdt.h"
#include "container/late_hooks.h"
#include "state/container.h"
#include "state/secrets.h"

int container_destroy(struct arena *arena, const struct store *store, const struct store_entry *entry,
		      const struct saved_state *state, const struct oci_config *config, struct cgroup *cgroup,
		      struct error *error)
{
	struct oci_config *kept;

	if (cgroup) {
		struct error ignored;

		/* With a pid namespace of its own nothing can be left, but for what joined the groups from outside. */
		if (!state->own_pid_namespace && cgroup_kill(cgroup, SIGKILL, &ignored) < 0)
			log_warn("%s", ignored.text);
		if (cgroup_destroy(cgroup, error) < 0)
			return -1;
	}
	if (intel_rdt_destroy(arena, entry, error) < 0)
		return -1;
	/* Without its configuration (killed while it was created) there are no hooks to run. */
	if (!config && container_load_config(arena, entry, &kept, error) == 0) {
		if (kept->hooks && kept->hooks->poststop.count)
			secrets_restore_hooks(arena, state, kept);
		config = kept;
	}
	if (config)
		run_poststop_hooks(arena, state, config);
	return store_remove(store, entry, error);
}
