/* SPDX-License-Identifier: Apache-2.0 */
/* The seccomp filters in CRIU's images, against those that a new container would get. */
#pragma once

#include "seccomp/planned.h"
#include "seccomp/seccomp.h"

struct filter_plan {
	const struct oci_seccomp *const *profiles;
	size_t profile_count; /* 0: none are planned, and none are looked at */
	const struct seccomp_filters *filters; /* what the profiles are compiled to */
};

/*
 * Whether each thread that the images in the directory @images have gets filters by which it can do no more than
 * planned: its oldest ones are byte for byte those of @plan; or they are proven (seccomp/proof.h) to decide no milder
 * than the profiles, by a proof without gaps, as it is when another version of the compilers made them. A thread without
 * filters gets its leader's, where these are so and all have SECCOMP_FILTER_FLAG_TSYNC: CRIU saves them so. *fewest: how
 * many each thread has to have in the end, so that none that was looked at is missing. 0, or -1 where a thread gets others,
 * and where an image is not as CRIU writes it: pstree.img, seccomp.img, core-NUMBER.img, https://criu.org/Images
 */
int restore_check_filters(int images, const struct filter_plan *plan, size_t *fewest, struct error *error);
