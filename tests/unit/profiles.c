/* SPDX-License-Identifier: Apache-2.0 */
#include "profiles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

struct oci_seccomp *profile_parse(struct arena *arena, const char *text)
{
	struct oci_seccomp *profile;
	struct error error;

	if (seccomp_parse(arena, "profile", text, strlen(text), &profile, &error) < 0)
		fail_msg("%s", error.text);
	return profile;
}

struct seccomp_filter profile_compile(struct arena *arena, const struct oci_seccomp *profile)
{
	struct seccomp_filter filter;
	struct error error;

	if (seccomp_compile(arena, profile, -1, &filter, &error) < 0)
		fail_msg("%s", error.text);
	return filter;
}
