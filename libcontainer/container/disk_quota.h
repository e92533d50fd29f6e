/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A limit for what a container writes to its root file system: a project quota of the file system that holds it, or
 * that holds an overlay's upper directory. quotactl(2), ioctl_xfs_fsgetxattr(2)
 */
#pragma once

#include "state/slot.h"
#include "policy/hardening.h"

/*
 * Sets the limit that @quota plans for the root file system at @rootfs (absolute), whose files become those of a
 * project of container @id's own. A file system without project quotas is an error where they are required, and
 * passed over otherwise. *slot has the project until it is kept or closed. 0, or -1.
 */
int disk_quota_set(struct arena *arena, const struct store *store, const char *id, const char *rootfs,
		   const struct disk_quota *quota, struct slot *slot, struct error *error);
