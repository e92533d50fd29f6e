/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: the words of a profile and the numbers behind them. */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "seccomp/program.h"
#include "seccomp/seccomp.h"
#include "spec/config.h"

struct seccomp_architecture {
	const char *name; /* "SCMP_ARCH_X86_64" */
	uint32_t token; /* libseccomp's */
	uint32_t audit; /* as seccomp_data.arch has it; x32 shares x86-64's */
	bool wide; /* arguments have 64 bits */
	uint32_t base; /* added to the number of a system call that has the same on all architectures */
};

#define X32_SYSCALL_BIT 0x40000000U

/* The entry for @name, or NULL. */
const struct seccomp_architecture *seccomp_architecture(const char *name);
/* The entry for libseccomp's @token, or NULL. */
const struct seccomp_architecture *seccomp_architecture_by_token(uint32_t token);
/* All entries: NULL from seccomp_architecture_count() on. */
const struct seccomp_architecture *seccomp_architecture_at(size_t index);
size_t seccomp_architecture_count(void);

/*
 * The value a filter returns for @action, with its errno (EPERM where none is given). An errno for an action
 * that takes none is an error. @where stands in front of errors. 0, or -1.
 */
int seccomp_action_value(enum oci_seccomp_action action, const struct optional_u32 *errno_ret,
			 const char *where, uint32_t *value, struct error *error);

#define SECCOMP_ARGUMENTS 6

/*
 * 1 where @rule names an argument twice, 0, or -1: an argument or an operator does not exist. libseccomp takes no argument
 * twice; runc has always read that as "any of these conditions", and so profiles rely on it.
 */
int seccomp_rule_alternatives(const struct oci_syscall *rule, struct error *error);

/* The SECCOMP_FILTER_FLAG_* of @profile; @notify: one of its actions is NOTIFY. 0, or -1. */
int seccomp_load_flags(const struct oci_seccomp *profile, bool notify, unsigned int *all, struct error *error);

/* The number of @name on @architecture where libseccomp may be too old to know it, or -1. */
int seccomp_newer_syscall(const struct seccomp_architecture *architecture, const char *name);
/* The other way: the name of such a @number, or NULL. */
const char *seccomp_newer_name(const struct seccomp_architecture *architecture, uint32_t number);

/* A rule for one system call: all conditions hold (none: always). */
struct seccomp_rule {
	uint32_t number; /* as seccomp_data.nr has it */
	size_t order; /* of rules for one number: the first that matches decides */
	uint32_t action; /* what the filter returns */
	struct oci_seccomp_arg *conditions;
	size_t condition_count;
};

/*
 * For qsort(3): by number; of one number first the rule without conditions, which is wider than all others, then in order.
 */
int seccomp_rule_compare(const void *left, const void *right);

/* What the prelude decides for one architecture, before libseccomp's part of the filter. */
struct seccomp_prelude {
	const struct seccomp_architecture *architecture;
	uint32_t largest; /* the largest number that the profile names; 0: none */
	struct seccomp_rule *rules; /* for system calls that libseccomp does not know */
	size_t rule_count;
};

/*
 * Builds the instructions that stand in front of libseccomp's: the rules of each of @parts, and, where
 * @unknown_is_enosys, ENOSYS for what is larger than the largest number. @default_action is the value for a
 * system call whose rules all do not match. *count becomes 0 where nothing has to be decided. The result is
 * in @arena.
 */
struct sock_filter *seccomp_prelude_build(struct arena *arena, struct seccomp_prelude *parts, size_t part_count,
					  uint32_t default_action, bool unknown_is_enosys, size_t *count);

/*
 * What holds of @profile whatever the cache has: the flags and the listener of its @filter, the value of its default
 * action. 0, or -1 where it cannot be compiled.
 */
int seccomp_profile_check(const struct oci_seccomp *profile, struct seccomp_filter *filter,
			  uint32_t *default_action, struct error *error);

/* Whether libseccomp may loop for ever over the rules of @profile: several conditions each, for one call. */
bool seccomp_is_too_much_for_library(const struct oci_seccomp *profile);

/*
 * The decisions of @programs, which are loaded in this order and each decide by themselves, in one program that is shorter
 * than all of them together. NULL where there is none, or where it would have to ask what it does not understand. The
 * result is in @arena.
 */
struct sock_filter *seccomp_compact(struct arena *arena, const struct seccomp_program *programs,
				    size_t program_count, size_t *count);

/*
 * The cache. seccomp_cache_key() is everything a compiled filter depends on, as bytes: two profiles have the
 * same key only where they are the same. Looking up is quiet: false where there is no entry, no cache, or one
 * that cannot be trusted. Storing is quiet as well. A filter without instructions says that there can be none:
 * that several are not to be joined.
 */
void seccomp_cache_key(struct strbuf *key, const struct oci_seccomp *profile);
bool seccomp_cache_read(struct arena *arena, int cache, const struct strbuf *key,
			struct seccomp_filter *filter);
void seccomp_cache_write(int cache, const struct strbuf *key, const struct seccomp_filter *filter);
