/* SPDX-License-Identifier: Apache-2.0 */
/* All filters of one process, as few as can be. */
#include <linux/seccomp.h>
#include <string.h>

#include "base/log.h"
#include "base/strbuf.h"
#include "seccomp/document.h"
#include "seccomp/profile.h"
#include "seccomp/proof.h"

/* A document has no flags and no listener. */
static int check_source(const struct seccomp_source *source, struct seccomp_filter *filter, struct error *error)
{
	uint32_t default_action;

	*filter = (struct seccomp_filter){ 0 };
	return source->profile ? seccomp_profile_check(source->profile, filter, &default_action, error) : 0;
}

static int compile_source(struct arena *arena, const struct seccomp_source *source, int cache,
			  struct seccomp_filter *filter, struct error *error)
{
	if (source->profile)
		return seccomp_compile(arena, source->profile, cache, filter, error);
	return seccomp_document_compile(arena, source->label, source->document, source->capabilities, cache,
					filter, error);
}

/*
 * The flags of the one filter. Mitigations hold if one filter asks for them; what is logged is up to each filter, so that
 * has to be the same. False where it is not.
 */
static bool join_flags(const struct seccomp_filter *filters, size_t count, unsigned int *flags)
{
	*flags = filters[0].load_flags;
	for (size_t i = 1; i < count; i++) {
		if ((*flags ^ filters[i].load_flags) & ~(unsigned int)SECCOMP_FILTER_FLAG_SPEC_ALLOW)
			return false;
		*flags &= filters[i].load_flags;
	}
	return true;
}

/* Each source's key, with its length in front: no two lists have the same. */
static void stack_key(struct arena *arena, const struct seccomp_source *sources, size_t count,
		      struct strbuf *key)
{
	strbuf_printf(key, "stack %zu\n", count);
	for (size_t i = 0; i < count; i++) {
		_cleanup_strbuf_ struct strbuf part = { 0 };

		if (sources[i].profile)
			seccomp_cache_key(&part, sources[i].profile);
		else
			seccomp_document_key(arena, &part, sources[i].document, sources[i].capabilities);
		strbuf_printf(key, "%zu\n", part.length);
		strbuf_add(key, part.text, part.length);
	}
}

int seccomp_sources_read(struct arena *arena, const struct seccomp_source *sources, size_t count,
			 const struct oci_seccomp *const **profiles, struct error *error)
{
	const struct oci_seccomp **all = ARENA_NEW_ARRAY(arena, const struct oci_seccomp *, count + 1);

	for (size_t i = 0; i < count; i++) {
		const struct seccomp_source *source = &sources[i];
		struct oci_seccomp *profile;

		all[i] = source->profile;
		if (all[i])
			continue;
		if (seccomp_document_read(arena, source->label, source->document, source->capabilities,
					  &profile, error) < 0)
			return -1;
		all[i] = profile;
	}
	*profiles = all;
	return 0;
}

/* Whether @filter alone decides as all of @sources say. */
static bool is_proven(struct arena *arena, const struct seccomp_source *sources, size_t count,
		      const struct seccomp_filter *filter)
{
	const struct sock_fprog program = { filter->count, filter->instructions };
	const struct oci_seccomp *const *profiles;
	struct seccomp_proof proof;
	struct error error;

	if (seccomp_sources_read(arena, sources, count, &profiles, &error) < 0 ||
	    seccomp_prove(arena, profiles, count, &program, 1, &proof, &error) < 0)
		return false;
	if (proof.verdict != SECCOMP_AGREES)
		log_debug("seccomp: filters are not joined: %s", proof.difference.text);
	return proof.verdict == SECCOMP_AGREES;
}

/* *joined has no instructions where they cannot be one, or would not be proven to decide as each of them was. */
static void join(struct arena *arena, const struct seccomp_source *sources,
		 const struct seccomp_filter *filters, size_t count, struct seccomp_filter *joined)
{
	struct seccomp_program *programs = ARENA_NEW_ARRAY(arena, struct seccomp_program, count);
	struct seccomp_filter one = *joined;
	size_t length = 0;

	for (size_t i = 0; i < count; i++)
		programs[i] = (struct seccomp_program){ filters[i].instructions, filters[i].count };
	one.instructions = seccomp_compact(arena, programs, count, &length);
	one.count = (unsigned short)length;
	if (one.instructions && is_proven(arena, sources, count, &one))
		*joined = one;
}

int seccomp_compile_all(struct arena *arena, const struct seccomp_source *sources, size_t count, int cache,
			struct seccomp_filter *filters, size_t *filter_count, struct error *error)
{
	_cleanup_strbuf_ struct strbuf key = { 0 };
	struct seccomp_filter joined = { 0 };
	size_t plain = 0;
	bool is_known = false;

	*filter_count = 0;
	for (size_t i = 0; i < count; i++) {
		if (check_source(&sources[i], &filters[i], error) < 0)
			return -1;
		plain += plain == i && !filters[i].has_listener;
	}
	if (plain < 2 || !join_flags(filters, plain, &joined.load_flags))
		plain = 0;
	if (plain > 0 && cache >= 0) {
		stack_key(arena, sources, plain, &key);
		is_known = seccomp_cache_read(arena, cache, &key, &joined);
	}
	for (size_t i = joined.count ? plain : 0; i < count; i++)
		if (compile_source(arena, &sources[i], cache, &filters[i], error) < 0)
			return -1;
	if (plain > 0 && !is_known) {
		join(arena, sources, filters, plain, &joined);
		/* That they stay apart is kept as well: finding it out takes as long. */
		if (cache >= 0)
			seccomp_cache_write(cache, &key, &joined);
	}
	*filter_count = count;
	if (joined.count) {
		filters[0] = joined;
		memmove(filters + 1, filters + plain, (count - plain) * sizeof(*filters));
		*filter_count -= plain - 1;
	}
	return 0;
}
