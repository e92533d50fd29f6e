/* SPDX-License-Identifier: Apache-2.0 */
/* The document of `exec --process`. */
#include "fuzz.h"
#include "spec/config.h"

static void check(const struct oci_process *process)
{
	struct error error = { 0 };

	if (process_check(process, &error) < 0)
		fuzz_require_message(&error);
}

FUZZ_DOCUMENT(process, struct oci_process, check(document))
