/* SPDX-License-Identifier: Apache-2.0 */
/* Seccomp profiles for unit tests. What cannot be read or compiled fails the test. */
#pragma once

#include "seccomp/seccomp.h"

struct oci_seccomp *profile_parse(struct arena *arena, const char *text);

/* Without a cache. */
struct seccomp_filter profile_compile(struct arena *arena, const struct oci_seccomp *profile);
