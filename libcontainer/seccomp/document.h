/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seccomp profiles in the format of Docker's documents: an OCI profile whose rules may have conditions,
 *
 *	"includes": { "caps": [...], "arches": [...], "minKernel": "4.8" }: the rule is there only with all of them
 *	"excludes": { ... }: and only without any of them
 *
 * capabilities being those of the bounding set, architectures named as Go does ("amd64"), and whose "archMap" gives
 * the architectures that a native one runs besides its own. https://docs.docker.com/engine/security/seccomp/
 */
#pragma once

#include "base/strbuf.h"
#include "seccomp/seccomp.h"

/*
 * The profile that the document @text is for a process with the bounding set @capabilities on this host. @label
 * stands in front of errors. 0, or -1.
 */
int seccomp_document_read(struct arena *arena, const char *label, const char *text,
			  const struct string_list *capabilities, struct oci_seccomp **profile,
			  struct error *error);

/* Adds to @key what the filter depends on: the document itself and what decides about its conditions. */
void seccomp_document_key(struct arena *arena, struct strbuf *key, const char *text,
			  const struct string_list *capabilities);

/* seccomp_compile() of it: what the cache has is not even parsed. */
int seccomp_document_compile(struct arena *arena, const char *label, const char *text,
			     const struct string_list *capabilities, int cache, struct seccomp_filter *filter,
			     struct error *error);
