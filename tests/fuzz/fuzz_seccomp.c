/* SPDX-License-Identifier: Apache-2.0 */
/* A seccomp profile: read, printed, read again, and compiled. */
#include "fuzz.h"
#include "seccomp/seccomp.h"
#include "spec/config.h"

static void compile(struct arena *arena, const struct oci_seccomp *profile)
{
	struct seccomp_filter filter = { 0 };
	struct error error = { 0 };

	if (seccomp_compile(arena, profile, -1, &filter, &error) < 0)
		fuzz_require_message(&error);
	else
		fuzz_require(filter.count > 0 && filter.instructions);
}

FUZZ_DOCUMENT(seccomp, struct oci_seccomp, compile(&arena, document))
