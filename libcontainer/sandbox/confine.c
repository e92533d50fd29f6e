/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/confine.h"

#include <errno.h>
#include <linux/prctl.h>
#include <linux/securebits.h>
#include <sys/prctl.h>

#include "base/log.h"

/* Linux 5.14; the C library's headers may be older. */
#ifndef PR_SCHED_CORE
#define PR_SCHED_CORE 62
#define PR_SCHED_CORE_GET 0
#endif
#ifndef PR_SCHED_CORE_CREATE
#define PR_SCHED_CORE_CREATE 1
#define PR_SCHED_CORE_SHARE_FROM 3
#endif
#define SCOPE_THREAD 0 /* PR_SCHED_CORE_SCOPE_THREAD */
#define SCOPE_THREAD_GROUP 1 /* PR_SCHED_CORE_SCOPE_THREAD_GROUP */
#ifndef PR_SPEC_L1D_FLUSH
#define PR_SPEC_L1D_FLUSH 2 /* Linux 5.16 */
#endif

/* Core scheduling ---------------------------------------------------------------------------------------- */

/* EINVAL: a kernel without it; ENODEV: no core has a second thread, or the machine does not say so. */
static int core_result(int result, const struct hardening *hardening, const char *doing, struct error *error)
{
	if (result == 0)
		return 0;
	if (hardening->core_scheduling == DEMAND_AUTO && (errno == EINVAL || errno == ENODEV)) {
		log_debug("core scheduling: not on this kernel or processor");
		return 0;
	}
	if (errno == EINVAL || errno == ENODEV)
		return policy_refuse(&hardening->core_scheduling_by, "coreScheduling", error,
				     "this kernel or processor has none; say \"auto\" there, or run with "
				     "--policy off");
	return error_set(error, errno, "core scheduling: %s", doing);
}

int confine_core(const struct hardening *hardening, struct error *error)
{
	if (hardening->core_scheduling == DEMAND_OFF)
		return 0;
	return core_result(prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 0, SCOPE_THREAD_GROUP, 0), hardening,
			   "make a cookie", error);
}

int confine_join_core(const struct hardening *hardening, pid_t pid, struct error *error)
{
	if (hardening->core_scheduling == DEMAND_OFF)
		return 0;
	return core_result(prctl(PR_SCHED_CORE, PR_SCHED_CORE_SHARE_FROM, pid, SCOPE_THREAD, 0), hardening,
			   "take the container's cookie", error);
}

bool confine_can_core(void)
{
	uint64_t cookie;

	return prctl(PR_SCHED_CORE, PR_SCHED_CORE_GET, 0, SCOPE_THREAD, &cookie) == 0;
}

/* Speculation -------------------------------------------------------------------------------------------- */

static const struct {
	unsigned long control;
	unsigned long wanted;
	const char *key; /* of policies */
} controls[SPECULATION_CONTROLS] = {
	/* Disabled for good: neither the process nor what it executes can enable it again. */
	[SPECULATION_STORE_BYPASS] = { PR_SPEC_STORE_BYPASS, PR_SPEC_FORCE_DISABLE, "speculation.storeBypass" },
	[SPECULATION_INDIRECT_BRANCH] = { PR_SPEC_INDIRECT_BRANCH, PR_SPEC_FORCE_DISABLE,
					  "speculation.indirectBranch" },
	/* Here it is the flushing that is enabled. */
	[SPECULATION_L1D_FLUSH] = { PR_SPEC_L1D_FLUSH, PR_SPEC_ENABLE, "speculation.l1dFlush" },
};

static int control(size_t which, const struct hardening *hardening, struct error *error)
{
	int state = prctl(PR_GET_SPECULATION_CTRL, controls[which].control, 0, 0, 0);

	if (state == PR_SPEC_NOT_AFFECTED || (state >= 0 && ((unsigned long)state & controls[which].wanted)))
		return 0;
	/* For the whole machine. Of a process alone, without force, it could be taken back. */
	if (state >= 0 && which != SPECULATION_L1D_FLUSH && (state & PR_SPEC_DISABLE) &&
	    !(state & PR_SPEC_PRCTL))
		return 0;
	if (state >= 0 && (state & PR_SPEC_PRCTL) &&
	    prctl(PR_SET_SPECULATION_CTRL, controls[which].control, controls[which].wanted, 0, 0) == 0)
		return 0;
	if (hardening->speculation[which] == DEMAND_AUTO) {
		log_debug("%s: not on this kernel or processor", controls[which].key);
		return 0;
	}
	return policy_refuse(&hardening->speculation_by[which], controls[which].key, error,
			     "this kernel or processor cannot control it for single processes; say \"auto\" "
			     "there, or run with --policy off");
}

bool confine_can_speculation(enum speculation which)
{
	int state = prctl(PR_GET_SPECULATION_CTRL, controls[which].control, 0, 0, 0);

	return state == PR_SPEC_NOT_AFFECTED ||
	       (state > 0 && ((unsigned long)state & (controls[which].wanted | PR_SPEC_PRCTL))) ||
	       (state > 0 && which != SPECULATION_L1D_FLUSH && (state & PR_SPEC_DISABLE));
}

int confine_speculation(const struct hardening *hardening, struct error *error)
{
	for (size_t i = 0; i < SPECULATION_CONTROLS; i++)
		if (hardening->speculation[i] != DEMAND_OFF && control(i, hardening, error) < 0)
			return -1;
	return 0;
}

/* Securebits --------------------------------------------------------------------------------------------- */

/*
 * 0: left as they are. Without SECBIT_KEEP_CAPS_LOCKED: identity_user() needs that bit, and it says nothing where
 * SECBIT_NO_SETUID_FIXUP is set.
 */
static unsigned long planned_bits(enum securebits_lock lock, const struct capability_masks *masks)
{
	uint64_t any =
		masks->bounding | masks->effective | masks->permitted | masks->inheritable | masks->ambient;
	unsigned long bits =
		SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED;

	if (lock == SECUREBITS_OFF || (lock == SECUREBITS_AUTO && any))
		return 0;
	if (!masks->ambient)
		bits |= SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
	return bits;
}

int confine_securebits(enum securebits_lock lock, const struct capability_masks *masks, struct error *error)
{
	unsigned long bits = planned_bits(lock, masks);

	if (bits && prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) < 0)
		return error_set(error, errno, "lock the securebits");
	return 0;
}

int confine_verify_securebits(enum securebits_lock lock, const struct capability_masks *masks,
			      struct error *error)
{
	unsigned long bits = planned_bits(lock, masks);
	int found;

	if (!bits)
		return 0;
	found = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
	if (found < 0 || ((unsigned long)found & bits) != bits)
		return error_set(error, 0, "check before exec: securebits are %#x, planned was %#lx",
				 (unsigned int)found, bits);
	return 0;
}
