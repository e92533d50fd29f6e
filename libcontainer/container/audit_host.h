/* SPDX-License-Identifier: Apache-2.0 */
/* What `audit` has to know of this host. */
#pragma once

#include "policy/audit.h"

/*
 * Looks what of @config this host can carry out and where its mount sources and namespaces lead. @bundle: absolute,
 * where relative paths start; @rootfs: absolute; @pid: of the process that is in the namespaces, 0: there is none and
 * they are looked up by their paths. 0, or -1.
 */
int audit_host_look(struct arena *arena, const struct oci_config *config, const char *bundle,
		    const char *rootfs, pid_t pid, bool rootless, struct audit_host *host, struct error *error);
