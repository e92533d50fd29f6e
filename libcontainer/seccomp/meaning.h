/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a profile says about a system call, read from the profile itself: neither libseccomp nor a compiled filter
 * is asked, so that both can be judged by it. libseccomp only tells the numbers of names.
 *
 * - An architecture that is not named is killed (the thread); the host's own is always one that is named.
 * - A number larger than the largest one that the profile names gives ENOSYS, unless the default action lets calls
 *   through.
 * - A rule with the default action says nothing, and neither does a name that nobody knows.
 * - Of the rules without conditions for one call the first decides, and none with conditions beside it, unless
 *   those are no conditions: a mask of 0. Of the rules whose conditions hold any may decide: neither the
 *   specification nor libseccomp gives them an order.
 * - Two conditions on one argument make each condition of that rule a rule of its own.
 * - Where arguments have 32 bits, and on x32, conditions are about their lower 32 bits, and about those of the
 *   value they are compared with.
 * - What is said about a call that x86 also has through socketcall(2) or ipc(2) is said about that, too, with the
 *   call's number there in place of what is said about the first argument, which lies in memory.
 */
#pragma once

#include <linux/seccomp.h>

#include "seccomp/profile.h"

struct seccomp_meaning; /* in an arena, with pointers into the profile */

/* A part of a meaning: its rules for one architecture. */
struct seccomp_meaning_part {
	const struct seccomp_architecture *architecture;
	bool is_judged; /* kernels on the processors this runtime is for run it, and libseccomp knows it */
	uint32_t largest; /* the largest number that the profile names; 0: none */
	struct seccomp_rule *rules; /* by number; of one number first those without conditions */
	size_t rule_count;
	size_t capacity;
};

#define SECCOMP_ANSWERS_MAX 16

/* Each of these values of a filter is what the profile says. The first of those that a profile has too many of. */
struct seccomp_answers {
	uint32_t values[SECCOMP_ANSWERS_MAX];
	size_t count;
};

/* 0, or -1: an architecture, an action, an operator or an argument that does not exist. */
int seccomp_meaning_read(struct arena *arena, const struct oci_seccomp *profile,
			 struct seccomp_meaning **meaning, struct error *error);

/* What the profile says of the system call @data. */
void seccomp_meaning_answer(const struct seccomp_meaning *meaning, const struct seccomp_data *data,
			    struct seccomp_answers *answers);

/* The rules for the number of @data, and for no other; *count may be 0. */
const struct seccomp_rule *seccomp_meaning_rules(const struct seccomp_meaning *meaning,
						 const struct seccomp_data *data, size_t *count);

/* The parts: what is neither named nor the host's is not among them. */
const struct seccomp_meaning_part *seccomp_meaning_parts(const struct seccomp_meaning *meaning, size_t *count);
