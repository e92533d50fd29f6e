/* SPDX-License-Identifier: Apache-2.0 */
/* verify: what a policy asks for that an OCI config has no member for, as far as the kernel shows it from outside. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/prctl.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/fd.h"
#include "base/number.h"
#include "sandbox/egress.h"
#include "verify/looking.h"

#ifndef PR_SCHED_CORE
#define PR_SCHED_CORE 62
#define PR_SCHED_CORE_GET 0
#endif
#define SCHED_CORE_THREAD 0 /* PR_SCHED_CORE_SCOPE_THREAD */

/* A core-scheduling cookie of 0 is the host's. prctl(2), the kernel's admin-guide/hw-vuln/core-scheduling */
static void look_at_core_scheduling(struct looking *looking, enum demand demand)
{
	static const char name[] = "coreScheduling";
	uint64_t cookie = 0;

	if (demand == DEMAND_OFF)
		return;
	if (prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, looking->pid, SCHED_CORE_THREAD, &cookie) == 0)
		look_add_bool(looking, cookie != 0, name, "a core of its own",
			      cookie ? "a core of its own" : "it shares cores with the host");
	else if (demand == DEMAND_AUTO && (errno == ENODEV || errno == EINVAL))
		look_add(looking, MEASURE_HOLDS, name, "where the kernel can", "not there");
	else
		look_add(looking, MEASURE_UNKNOWN, name, "a core of its own", error_describe(errno));
}

/* The words of /proc/PID/status where the process could have it and has not. proc(5) */
static const struct {
	const char *name;
	const char *field;
	const char *exposed;
} speculation[] = {
	[SPECULATION_STORE_BYPASS] = { "speculation.storeBypass", "Speculation_Store_Bypass",
				       "thread vulnerable" },
	[SPECULATION_INDIRECT_BRANCH] = { "speculation.indirectBranch", "SpeculationIndirectBranch",
					  "conditional enabled" },
};

static void look_at_speculation(struct looking *looking, const char *status, const enum demand *demands)
{
	for (size_t i = 0; i < ARRAY_SIZE(speculation); i++) {
		const char *found = status ? look_field(looking->arena, status, speculation[i].field) : NULL;

		if (demands[i] == DEMAND_OFF)
			continue;
		if (!found)
			look_add(looking, MEASURE_UNKNOWN, speculation[i].name, "held back", "not reported");
		else
			look_add_bool(looking, strcmp(found, speculation[i].exposed) != 0, speculation[i].name,
				      "held back", found);
	}
}

/* The rules in the network namespace that the first process is in now. */
static void look_at_egress(struct looking *looking, const struct egress_plan *plan)
{
	static const char name[] = "egress";
	const char *planned =
		arena_printf(looking->arena, "%zu layer%s of rules", plan->count, plan->count == 1 ? "" : "s");
	_cleanup_fd_ int network = -1;
	const char *found;
	struct error error;
	int in_force;

	if (plan->count == 0)
		return;
	network = openat(looking->process, "ns/net", O_RDONLY | O_CLOEXEC);
	if (network < 0) {
		look_add(looking, MEASURE_UNKNOWN, name, planned, error_describe(errno));
		return;
	}
	in_force = egress_look(looking->arena, plan, network, &found, &error);
	if (in_force < 0)
		look_add(looking, MEASURE_UNKNOWN, name, planned, arena_strdup(looking->arena, error.text));
	else
		look_add_bool(looking, in_force, name, planned, found);
}

void look_at_hardening(struct looking *looking)
{
	const struct hardening *hardening = &looking->hardening;

	if (looking->hardening_error) {
		look_add(looking, MEASURE_UNKNOWN, "policy", looking->verification->policies,
			 looking->hardening_error);
		return;
	}
	look_at_core_scheduling(looking, hardening->core_scheduling);
	look_at_speculation(looking, look_read(looking, looking->pid, "status"), hardening->speculation);
	look_at_egress(looking, &hardening->egress);
}
