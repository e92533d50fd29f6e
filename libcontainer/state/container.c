/* SPDX-License-Identifier: Apache-2.0 */
#include "state/container.h"

#include <errno.h>

int container_open(struct arena *arena, const struct runtime *runtime, const char *id, bool lock,
		   struct container *container, struct error *error)
{
	*container = (struct container){ .store.fd = -1, .entry.fd = -1 };
	if (store_check_id(id, error) < 0 || store_open(arena, runtime, false, &container->store, error) < 0 ||
	    store_lookup(arena, &container->store, id, lock, &container->entry, error) < 0 ||
	    state_load(arena, &container->entry, &container->state, error) < 0)
		return -1;
	if (container->state.cgroup)
		return cgroup_open(arena, container->state.cgroup, &container->cgroup, error);
	return 0;
}

void container_close(struct container *container)
{
	if (container->cgroup)
		cgroup_close(container->cgroup);
	store_entry_close(&container->entry);
	store_close(&container->store);
}

int container_load_config(struct arena *arena, const struct store_entry *entry, struct oci_config **config,
			  struct error *error)
{
	return config_load(arena, entry->fd, STORE_CONFIG, config, error);
}

int container_load_policy(struct arena *arena, const struct container *container, struct policy **policy,
			  struct error *error)
{
	if (!container->state.policy)
		return error_set(error, 0, "%s/" STORE_STATE ": policy: missing", container->entry.path);
	return policy_parse(arena, arena_printf(arena, "%s/" STORE_STATE, container->entry.path),
			    container->state.policy, policy, error);
}

int container_hardening(struct arena *arena, const struct container *container, const struct oci_config *config,
			struct policy **policy, struct hardening *hardening, struct error *error)
{
	struct policy_facts facts = { .rootless = container->state.rootless };
	struct policy_changes changes = { 0 };

	if (container_load_policy(arena, container, policy, error) < 0)
		return -1;
	/* What it joined by path was judged when it was made, and may have lost that name since. */
	for (size_t i = 0; i < OCI_NAMESPACE_TYPES; i++)
		facts.joined[i] = POLICY_NAMESPACE_OTHER;
	return policy_apply(arena, *policy, config_copy(arena, config), &facts, hardening, &changes, error);
}

enum container_status container_status(const struct container *container)
{
	return state_status(&container->entry, &container->state, container->cgroup);
}
