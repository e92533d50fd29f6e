/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proof that filters decide as their profiles say.
 *
 * On one side the profiles (seccomp/meaning.h), of whose answers to a system call the most severe counts; on the
 * other the programs as the kernel has them, run by an interpreter (seccomp/interpreter.h), of whose decisions the
 * most severe counts as well: seccomp(2). They are compared
 *
 * - for every architecture that processes here can be of, for those that no profile names, and for what the
 *   programs take for one;
 * - for every number up to beyond the largest one there is, those that a profile names, and those next to a
 *   constant that a program compares a number with: between two of them no comparison comes out differently;
 * - where a profile or a program looks at arguments, for all combinations of the values next to each constant that
 *   either compares that half of an argument with, and of those that differ from one in one bit of a mask. Where
 *   there are more than some thousand combinations: pairs of values; those of each rule, beside arguments that make
 *   it hold; and a sample of the rest.
 *
 * So a difference is found wherever whole numbers, and of each argument's half always the same bits, are compared with
 * constants, and all combinations were tried. Where that is not so, `gap` says why: a program that was made to hide a
 * difference there could. The compilers here make none. What the runtime made itself may have gaps; what comes from
 * elsewhere (container/restore_filters.h) may not. A process that loads a filter of its own beside those that are
 * planned can only make more of its calls fail.
 */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include "seccomp/seccomp.h"

enum seccomp_verdict {
	SECCOMP_AGREES,
	SECCOMP_TIGHTER, /* somewhere another decision, but none less severe than planned */
	SECCOMP_LOOSER, /* somewhere less severe than planned, or a program that is none */
	SECCOMP_TOO_LARGE, /* it would take seconds: programs that were made for that, or hundreds of conditions */
};

struct seccomp_difference {
	const char *architecture; /* "x86_64"; one that nobody knows: "architecture 0x1234" */
	uint32_t number;
	const char *name; /* of the system call, or NULL */
	uint64_t arguments[6];
	uint32_t planned; /* what a filter would return; the least severe where more than one would do */
	uint32_t found;
	const char *text; /* "x86_64 unshare: planned errno 1, found allow" */
};

/* The difference between the values of a filter @planned and @found for @data, with its text in @arena. */
struct seccomp_difference seccomp_difference_of(struct arena *arena, const struct seccomp_data *data,
						uint32_t planned, uint32_t found);

struct seccomp_proof {
	enum seccomp_verdict verdict;
	size_t decisions; /* how many were compared */
	const char *gap; /* why a difference could be hidden; NULL: none can be, unless it was too large */
	struct seccomp_difference difference; /* the first one that made the verdict what it is */
};

/*
 * Compares the @profile_count profiles with the @program_count programs, the newest one first: of decisions as
 * severe as each other, as two errors are, the kernel takes the newest program's, while any profile's is as planned.
 * It stops where something is less severe. 0, or -1: a profile says what does not exist.
 */
int seccomp_prove(struct arena *arena, const struct oci_seccomp *const *profiles, size_t profile_count,
		  const struct sock_fprog *programs, size_t program_count, struct seccomp_proof *proof,
		  struct error *error);

/*
 * The same of as few of the oldest of @programs as are enough, as the others are those that a process has loaded itself,
 * but of no more than there are profiles: more the runtime never loads. *judged: how many @proof is about. What is too
 * large beside programs that are not enough does not make up for what is missing.
 */
int seccomp_prove_oldest(struct arena *arena, const struct oci_seccomp *const *profiles, size_t profile_count,
			 const struct sock_fprog *programs, size_t program_count, size_t *judged,
			 struct seccomp_proof *proof, struct error *error);
