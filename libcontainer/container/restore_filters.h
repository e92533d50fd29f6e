/* SPDX-License-Identifier: Apache-2.0 */
/* What the seccomp filters in CRIU's images decide, against what a new container's would. */
#pragma once

#include "seccomp/seccomp.h"

/*
 * Whether each thread that the images in the directory @images have, gets filters by which it can do no more than
 * @profiles say. 0, or -1 where one could, and where an image is not as CRIU writes it: pstree.img, seccomp.img, core-PID.img,
 * https://criu.org/Images
 */
int restore_check_filters(struct arena *arena, int images, const struct oci_seccomp *const *profiles,
			  size_t profile_count, struct error *error);
