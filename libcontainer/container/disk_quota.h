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
 * project of container @id's own; *slot (empty) has it until it is kept or closed. Where an engine has given them a
 * project already they keep it, and its limit becomes the smaller one, unless others are in it. What cannot be had is
 * an error where it is required, and passed over otherwise. 0, or -1.
 */
int disk_quota_set(struct arena *arena, const char *id, const char *rootfs, const struct disk_quota *quota,
		   struct slot *slot, struct error *error);

/* Whether the file system that the root file system at @rootfs is written to has project quotas. */
bool disk_quota_can(struct arena *arena, const char *rootfs);
