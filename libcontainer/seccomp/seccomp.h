/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp: an OCI profile compiled to a BPF program by libseccomp, cached, loaded.
 *
 * A system call newer than what the profile (that is: libseccomp's tables and the profile's rules) knows
 * gives ENOSYS instead of the profile's default errno, so that C libraries fall back to older calls.
 */
#pragma once

#include <linux/filter.h>

#include "base/arena.h"
#include "base/error.h"
#include "spec/config.h"

struct seccomp_filter {
	struct sock_filter *instructions; /* in the arena */
	unsigned short count;
	unsigned int load_flags; /* SECCOMP_FILTER_FLAG_* for seccomp(2) */
	bool has_listener; /* an action is NOTIFY: loading returns a descriptor */
};

/*
 * Compiles @profile, or takes it from the cache directory @cache (a descriptor; -1: no cache), where
 * compiled filters are kept by content: the whole profile is compared, not a hash of it. A cache that
 * cannot be read or written is no error; one that is not owned by the caller or is writable by others is
 * not used. Unknown system call names are skipped, as the specification asks; unknown flags, actions or
 * architectures are errors, and so are NOTIFY as the default, for write(2) or without listenerPath. A filter that was
 * compiled and not proven to decide as @profile says (seccomp/proof.h) is one, too. 0, or -1.
 */
int seccomp_compile(struct arena *arena, const struct oci_seccomp *profile, int cache,
		    struct seccomp_filter *filter, struct error *error);

/* What a filter is made from: a profile, or a document (seccomp/document.h). */
struct seccomp_source {
	const struct oci_seccomp *profile; /* NULL: the rest counts */
	const char *label; /* stands in front of errors */
	const char *document;
	const struct string_list *capabilities; /* of the bounding set */
};

/* The profiles that @sources are: *profiles in @arena, @count of them. 0, or -1. */
int seccomp_sources_read(struct arena *arena, const struct seccomp_source *sources, size_t count,
			 const struct oci_seccomp *const **profiles, struct error *error);

/*
 * The filters that a process with all of @sources loads, in this order; @filters has room for one each. Loading takes
 * time, so those without a listener become one where they can: it decides as they would together. *filter_count is
 * how many there are then. 0, or -1.
 */
int seccomp_compile_all(struct arena *arena, const struct seccomp_source *sources, size_t count, int cache,
			struct seccomp_filter *filters, size_t *filter_count, struct error *error);

/*
 * Loads @filter into the calling process; it must have no_new_privs or CAP_SYS_ADMIN. Where the filter has
 * a listener, *listener becomes its descriptor (close-on-exec), else -1. Makes no other system call than
 * seccomp(2); from its return on, the filter decides about the caller's, too. 0, or -1.
 */
int seccomp_filter_load(const struct seccomp_filter *filter, int *listener, struct error *error);

/* The names `features` prints: NULL-terminated. */
const char *const *seccomp_known_actions(void);
const char *const *seccomp_known_operators(void);
const char *const *seccomp_known_architectures(void);
const char *const *seccomp_known_flags(void); /* those the specification names */
const char *const *seccomp_supported_flags(void); /* those of them this kernel takes */
const char *seccomp_library_version(void); /* "2.5.4" */
