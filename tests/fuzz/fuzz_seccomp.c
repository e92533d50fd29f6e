/* SPDX-License-Identifier: Apache-2.0 */
/* A seccomp profile: read, printed, read again, compiled, and proven to be what was compiled. */
#include <string.h>

#include "fuzz.h"
#include "seccomp/proof.h"
#include "seccomp/seccomp.h"
#include "spec/config.h"

static void prove(struct arena *arena, const struct oci_seccomp *profile, const struct seccomp_filter *filter)
{
	const struct sock_fprog program = { filter->count, filter->instructions };
	struct error error = { 0 };
	struct seccomp_proof proof;

	fuzz_require(seccomp_prove(arena, &profile, 1, &program, 1, &proof, &error) == 0);
	fuzz_require(proof.verdict == SECCOMP_AGREES);
}

static void compile(struct arena *arena, const struct oci_seccomp *profile)
{
	struct seccomp_filter filter = { 0 };
	struct error error = { 0 };

	if (seccomp_compile(arena, profile, -1, &filter, &error) < 0) {
		fuzz_require_message(&error);
		fuzz_require(!strstr(error.text, "does not decide as its profile says"));
		return;
	}
	fuzz_require(filter.count > 0 && filter.instructions);
	prove(arena, profile, &filter);
}

FUZZ_DOCUMENT(seccomp, struct oci_seccomp, compile(&arena, document))
