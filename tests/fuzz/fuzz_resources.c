/* SPDX-License-Identifier: Apache-2.0 */
/* The document of `update --resources`. */
#include "fuzz.h"
#include "spec/config.h"

FUZZ_DOCUMENT(resources, struct oci_resources, (void)document)
