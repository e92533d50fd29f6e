/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Classic BPF as the kernel runs it for seccomp: every instruction that seccomp_check_filter() of the kernel lets
 * through, and no other. Programs may come from anywhere: what is read is checked first.
 */
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The words of 32 bits that struct seccomp_data consists of, in which a program sees it. */
#define SECCOMP_WORDS (sizeof(struct seccomp_data) / sizeof(uint32_t))
enum { SECCOMP_WORD_NUMBER = 0, SECCOMP_WORD_ARCHITECTURE = 1, SECCOMP_WORD_ARGUMENTS = 4 };

/*
 * The index of the first instruction that the kernel would refuse, @count itself for a program without end; -1
 * for one that it takes, and the functions below are for those only.
 */
int seccomp_program_fault(const struct sock_filter *program, size_t count);

/*
 * Whether @program, which the kernel takes, does nothing but load words of struct seccomp_data, cut them by masks and
 * compare them with constants: what comes out then depends on seccomp_constants() alone.
 */
bool seccomp_only_compares(const struct sock_filter *program, size_t count);

/* What is counted over several runs. */
struct seccomp_trace {
	uint32_t words; /* a bit for each word that was looked at */
	uint64_t steps; /* instructions that were run */
};

/* What @program returns for @data. */
uint32_t seccomp_interpret(const struct sock_filter *program, size_t count, const struct seccomp_data *data,
			   struct seccomp_trace *trace);

/*
 * Calls @found for each constant that @program may compare a word of struct seccomp_data with, where @data is
 * known as far as the bits in @known say: (@mask and the word) with @constant. Where a program calculates with a
 * word in other ways, its constants are told of every word, as they are, and not @exactly; nor are masks that
 * depend on the way to a comparison, and a greater or smaller that is asked of a part of a word.
 */
typedef void seccomp_constant_found(void *context, size_t word, uint32_t mask, uint32_t constant, bool exactly);
void seccomp_constants(const struct sock_filter *program, size_t count, const struct seccomp_data *data,
		       uint32_t known, seccomp_constant_found *found, void *context);
