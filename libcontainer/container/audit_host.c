/* SPDX-License-Identifier: Apache-2.0 */
#include "container/audit_host.h"

#include "container/disk_quota.h"
#include "sandbox/confine.h"

int audit_host_look(struct arena *arena, const struct oci_config *config, const char *bundle,
		    const char *rootfs, pid_t pid, bool rootless, struct audit_host *host, struct error *error)
{
	*host = (struct audit_host){
		.landlock = confine_can_landlock(),
		.core_scheduling = confine_can_core(),
		.disk_quota = disk_quota_can(arena, rootfs),
		.facts.rootless = rootless,
	};
	for (size_t i = 0; i < SPECULATION_CONTROLS; i++)
		host->speculation[i] = confine_can_speculation((enum speculation)i);
	return policy_facts_gather_all(arena, config, bundle, pid, &host->facts, error);
}
