/* SPDX-License-Identifier: Apache-2.0 */
/* From a bundle to what is to be carried out: parse, harden, check. Creates nothing. */
#pragma once

#include "libcontainer.h"
#include "policy/policy.h"
#include "state/slot.h"

struct plan {
	const char *bundle; /* absolute */
	int bundle_fd;
	const char *rootfs; /* absolute, as `state` shows it */
	struct oci_config *config; /* hardened and checked */
	struct policy *policy;
	struct policy_changes changes;
	struct hardening hardening;
	struct string_list trail; /* where the site wants its audit trail */
	bool rootless;
	/* By kind: what the policy judged of that which is joined by path. */
	struct policy_namespace_identity joined[OCI_NAMESPACE_TYPES];
	struct slot id_range; /* of the container, where its users are remapped; to be kept */
};

/*
 * Reads the configuration @name (NULL: config.json) of @bundle (NULL: the working directory), applies the policies
 * that hold and checks the result. @id: of the container to be created, NULL: none is, so
 * it takes no rights. 0, or -1. The descriptor in @plan is closed with plan_close() either way.
 */
int plan_make(struct arena *arena, const struct runtime *runtime, const char *id, const char *bundle,
	      const char *name, bool no_new_keyring, struct plan *plan, struct error *error);
void plan_close(struct plan *plan);
#define _cleanup_plan_ _cleanup_(plan_close)
