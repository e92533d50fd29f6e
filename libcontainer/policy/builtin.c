/* SPDX-License-Identifier: Apache-2.0 */
/* The policies that ship, compiled in: one file on a bare host is enough. */
#include <string.h>

#include "policy/policy.h"

/* Built from the top of the tree, which the paths are relative to. */
#define BUILTIN(symbol, path)                                        \
	extern const char symbol[];                                  \
	__asm__(".pushsection .rodata." #symbol ",\"a\",%progbits\n" \
		".globl " #symbol "\n"                               \
		".hidden " #symbol "\n"                              \
		".type " #symbol ", %object\n" #symbol ":\n"         \
		".incbin \"" path "\"\n"                             \
		".byte 0\n"                                          \
		".size " #symbol ", . - " #symbol "\n"               \
		".popsection\n")

BUILTIN(policy_document_baseline, "policies/baseline.json");
BUILTIN(policy_document_off, "policies/off.json");

static const char *const names[] = { "baseline", "off", NULL };
static const char *const documents[] = { policy_document_baseline, policy_document_off };

_Static_assert(ARRAY_SIZE(names) == ARRAY_SIZE(documents) + 1, "a name for each document");

const char *policy_builtin(const char *name)
{
	for (size_t i = 0; names[i]; i++)
		if (!strcmp(names[i], name))
			return documents[i];
	return NULL;
}

const char *const *policy_builtin_names(void)
{
	return names;
}
