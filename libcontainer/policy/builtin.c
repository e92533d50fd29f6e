/* SPDX-License-Identifier: Apache-2.0 */
/* The policies and seccomp profiles that ship, compiled in: one file on a bare host is enough. */
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

BUILTIN(policy_document_app, "policies/app.json");
BUILTIN(policy_document_baseline, "policies/baseline.json");
BUILTIN(policy_document_business, "policies/business.json");
BUILTIN(policy_document_cache, "policies/cache.json");
BUILTIN(policy_document_database, "policies/database.json");
BUILTIN(policy_document_hobby, "policies/hobby.json");
BUILTIN(policy_document_internet, "policies/internet.json");
BUILTIN(policy_document_off, "policies/off.json");
BUILTIN(policy_document_pro, "policies/pro.json");
BUILTIN(policy_document_rootless, "policies/rootless.json");
BUILTIN(policy_document_terminal, "policies/terminal.json");
BUILTIN(policy_document_web, "policies/web.json");
BUILTIN(seccomp_document_cache, "seccomp-profiles/cache.json");
BUILTIN(seccomp_document_database, "seccomp-profiles/database.json");
BUILTIN(seccomp_document_default, "seccomp-profiles/default.json");
BUILTIN(seccomp_document_strict, "seccomp-profiles/strict.json");
BUILTIN(seccomp_document_terminal, "seccomp-profiles/terminal.json");
BUILTIN(seccomp_document_web, "seccomp-profiles/web.json");
BUILTIN(seccomp_guard_disk, "seccomp-profiles/guards/disk.json");
BUILTIN(seccomp_guard_egress, "seccomp-profiles/guards/egress.json");

/* clang-format off */
static const char *const names[] = {
	"app",
	"baseline",
	"business",
	"cache",
	"database",
	"hobby",
	"internet",
	"off",
	"pro",
	"rootless",
	"terminal",
	"web",
	NULL,
};
static const char *const documents[] = {
	policy_document_app,
	policy_document_baseline,
	policy_document_business,
	policy_document_cache,
	policy_document_database,
	policy_document_hobby,
	policy_document_internet,
	policy_document_off,
	policy_document_pro,
	policy_document_rootless,
	policy_document_terminal,
	policy_document_web,
};
static const char *const profile_names[] = {
	"cache",
	"database",
	"default",
	"strict",
	"terminal",
	"web",
	NULL,
};
static const char *const profile_documents[] = {
	seccomp_document_cache,
	seccomp_document_database,
	seccomp_document_default,
	seccomp_document_strict,
	seccomp_document_terminal,
	seccomp_document_web,
};
static const char *const guard_names[] = {
	"disk",
	"egress",
	NULL,
};
static const char *const guard_documents[] = {
	seccomp_guard_disk,
	seccomp_guard_egress,
};
/* clang-format on */

_Static_assert(ARRAY_SIZE(names) == ARRAY_SIZE(documents) + 1, "a name for each document");
_Static_assert(ARRAY_SIZE(profile_names) == ARRAY_SIZE(profile_documents) + 1, "a name for each document");
_Static_assert(ARRAY_SIZE(guard_names) == ARRAY_SIZE(guard_documents) + 1, "a name for each document");

static const char *find(const char *const *list, const char *const *texts, const char *name)
{
	for (size_t i = 0; list[i]; i++)
		if (!strcmp(list[i], name))
			return texts[i];
	return NULL;
}

const char *policy_builtin(const char *name)
{
	return find(names, documents, name);
}

const char *seccomp_profile_builtin(const char *name)
{
	return find(profile_names, profile_documents, name);
}

const char *const *seccomp_profile_builtin_names(void)
{
	return profile_names;
}

const char *seccomp_guard_builtin(const char *name)
{
	return find(guard_names, guard_documents, name);
}

const char *const *policy_builtin_names(void)
{
	return names;
}
