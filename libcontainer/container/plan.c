/* SPDX-License-Identifier: Apache-2.0 */
#include "container/plan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/words.h"
#include "container/id_range.h"
#include "sandbox/identity.h"

static int open_bundle(struct arena *arena, const char *bundle, struct plan *plan, struct error *error)
{
	char path[PATH_MAX];
	ssize_t length;

	plan->bundle_fd = open(bundle ? bundle : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (plan->bundle_fd < 0)
		return error_set(error, errno, "open bundle %s", bundle ? bundle : ".");
	length = readlink(fd_path(plan->bundle_fd).text, path, sizeof(path) - 1);
	if (length < 0)
		return error_set(error, errno, "find the path of bundle %s", bundle ? bundle : ".");
	plan->bundle = arena_strndup(arena, path, (size_t)length);
	return 0;
}

/* Without rights on the host everything takes a user namespace: said in runc's words, not as the kernel's refusal. */
static int check_user(const struct oci_config *config, struct error *error)
{
	if (geteuid() == 0 || config_namespace(config, OCI_NAMESPACE_USER))
		return 0;
	return error_set(error, 0, "rootless container requires user namespaces");
}

/* Which limits a rootless container can have: the policy's defaults hold only where they can. */
static void look_for_delegation(struct arena *arena, const struct runtime *runtime,
				const struct oci_config *config, struct policy_facts *facts)
{
	_cleanup_cgroup_layout_ struct cgroup_layout layout = { 0 };
	struct cgroup_request request = {
		.manager = runtime->cgroup_manager,
		.container_id = "container",
		.cgroups_path = config->linux_ ? config->linux_->cgroups_path : NULL,
		.rootless = true,
	};
	const char *list = "";
	struct error ignored;

	if (runtime->cgroup_manager != CGROUP_MANAGER_DISABLED &&
	    cgroup_layout_read(arena, &layout, &ignored) == 0)
		list = cgroup_delegated(arena, &layout, &request);
	facts->delegated.pids = words_have(list, "pids");
	facts->delegated.memory = words_have(list, "memory");
	facts->delegated.cpu = words_have(list, "cpu");
	if (!facts->delegated.pids)
		log_debug(
			"rootless, without a cgroup that limits can be set in: the policy's default ones do not hold");
}

/* Asked for before the policy is applied; a container whose users are mapped in another way gives it back. */
static int offer_ids(struct arena *arena, const struct policy_site *site, const char *id, struct plan *plan,
		     struct policy_remap *remap, struct error *error)
{
	if (plan->rootless || !policy_wants_remap(plan->policy, plan->config))
		return 0;
	return id_range_offer(arena, site, id, remap, &plan->id_range, error);
}

int plan_make(struct arena *arena, const struct runtime *runtime, const char *id, const char *bundle,
	      const char *name, bool no_new_keyring, struct plan *plan, struct error *error)
{
	struct policy_facts facts = { .no_new_keyring = no_new_keyring };
	struct policy_site site;

	*plan = (struct plan){ .bundle_fd = -1, .id_range.fd = -1, .rootless = runtime_is_rootless(runtime) };
	facts.rootless = plan->rootless;
	facts.no_cgroup = runtime->cgroup_manager == CGROUP_MANAGER_DISABLED;
	if (policy_site_load(arena, &site, error) < 0)
		return -1;
	plan->trail = site.trail;
	if (open_bundle(arena, bundle, plan, error) < 0 ||
	    config_load(arena, plan->bundle_fd, name ? name : "config.json", &plan->config, error) < 0)
		return -1;
	if (plan->rootless)
		look_for_delegation(arena, runtime, plan->config, &facts);
	if (policy_load(arena, &site, runtime->policy, plan->config, &plan->policy, error) < 0 ||
	    offer_ids(arena, &site, id, plan, &facts.remap, error) < 0 ||
	    policy_facts_gather(arena, plan->policy, plan->config, plan->bundle, &facts, error) < 0 ||
	    policy_apply(arena, plan->policy, plan->config, &facts, &plan->hardening, &plan->changes, error) <
		    0)
		return -1;
	memcpy(plan->joined, facts.joined_identity, sizeof(plan->joined));
	if (!plan->hardening.idmap_root)
		slot_close(&plan->id_range);
	for (size_t i = 0; i < plan->changes.unmet.count; i++)
		log_debug("policy %s", plan->changes.unmet.items[i]);
	if (config_check(plan->config, error) < 0 || (id && check_user(plan->config, error) < 0) ||
	    identity_check_labels(plan->config->process, error) < 0)
		return -1;
	plan->rootfs = path_normalize(arena, path_join(arena, plan->bundle, plan->config->root->path));
	return 0;
}

void plan_close(struct plan *plan)
{
	if (plan->bundle_fd >= 0)
		close(plan->bundle_fd);
	plan->bundle_fd = -1;
	slot_close(&plan->id_range);
}
