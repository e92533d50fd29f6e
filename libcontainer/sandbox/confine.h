/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The measures that a policy plans and no OCI config can: Landlock, securebits, core scheduling, speculation
 * controls. Each acts on the calling process, which is a container's first or one that exec adds. DEMAND_AUTO passes
 * over what the kernel or the hardware cannot, DEMAND_REQUIRE makes an error of it.
 */
#pragma once

#include "base/error.h"
#include "policy/hardening.h"
#include "sandbox/identity.h"

/* More the kernel does not stack (LANDLOCK_MAX_NUM_LAYERS), and the key `landlock` refuses. */
#define LANDLOCK_LAYERS_MAX 16

struct landlock_rulesets {
	int fds[LANDLOCK_LAYERS_MAX];
	size_t count;
};

/*
 * Makes the rulesets of @plan. Their paths are looked up in the process's root, with its rights; those that are not
 * there are passed over. 0, or -1. landlock(7)
 */
int confine_landlock_prepare(const struct landlock_plan *plan, struct landlock_rulesets *rulesets,
			     struct error *error);
/*
 * Restricts the process to them, and closes them. It must have no_new_privs or CAP_SYS_ADMIN; from then on it can
 * neither mount nor open what lies outside of its root (the host's procfs, say). 0, or -1.
 */
int confine_landlock(struct landlock_rulesets *rulesets, struct error *error);

/* A core-scheduling cookie of the process's own. 0, or -1. prctl(2) PR_SCHED_CORE */
int confine_core(const struct hardening *hardening, struct error *error);
/* The cookie of process @pid, which the caller may trace: what it forks from then on belongs to the container. */
int confine_join_core(const struct hardening *hardening, pid_t pid, struct error *error);

/* 0, or -1. prctl(2) PR_SET_SPECULATION_CTRL */
int confine_speculation(const struct hardening *hardening, struct error *error);

/*
 * Locks the securebits as @lock and the sets that the process is going to have ask for: after the bounding set is
 * dropped, before the user changes, as then the right to is lost. 0, or -1. capabilities(7)
 */
int confine_securebits(enum securebits_lock lock, const struct capability_masks *masks, struct error *error);
/* Part of the check before exec: they are what they should be. */
int confine_verify_securebits(enum securebits_lock lock, const struct capability_masks *masks,
			      struct error *error);

/* Whether this kernel and this hardware can: what DEMAND_AUTO passes over where not. */
bool confine_can_landlock(void);
bool confine_can_core(void);
bool confine_can_speculation(enum speculation which);
