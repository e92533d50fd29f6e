/* SPDX-License-Identifier: Apache-2.0 */
/* Which of a container's mounts are the host's and not CRIU's to save. */
#pragma once

#include "criu/criu.h"
#include "spec/config.h"

/*
 * Appends to @list, for process @pid of a container with @config, each mount point of what was bound in from
 * outside and the name that `restore` knows it by: bind mounts by their destination, masks by the null device,
 * other devices and, without a cgroup namespace, v1 hierarchies by their path. 0, or -1.
 */
int checkpoint_mounts(struct arena *arena, pid_t pid, const struct oci_config *config,
		      struct criu_pair_list *list, struct error *error);
