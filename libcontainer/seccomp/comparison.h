/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the proof (proof.h): one comparison of what is planned with what is decided. */
#pragma once

#include "seccomp/interpreter.h"
#include "seccomp/meaning.h"
#include "seccomp/proof.h"
#include "seccomp/values.h"

#define WORDS_KNOWN (1U << SECCOMP_WORD_NUMBER | 1U << SECCOMP_WORD_ARCHITECTURE)

struct comparison {
	struct arena *arena;
	struct seccomp_meaning **meanings;
	size_t meaning_count;
	const struct sock_fprog *programs;
	size_t program_count;
	struct seccomp_proof *proof;
	uint64_t steps;
	struct seccomp_values architectures;
	struct seccomp_values numbers; /* of the architecture that is looked at */
	struct seccomp_values words[SECCOMP_WORDS]; /* of the system call that is looked at */
};

/* Why a difference could be there that is not found. The first reason counts. */
void leave_gap(const struct comparison *comparison, const char *why);

/*
 * Compares one decision; *words gets those of @data that the programs have looked at. False: nothing more has to be
 * looked at, as it is looser, or too much has been.
 */
bool compare_call(struct comparison *comparison, const struct seccomp_data *data, uint32_t *words);

/* The same for the system call of @data with all arguments, or as many as can be tried. */
bool compare_arguments(struct comparison *comparison, struct seccomp_data data);
