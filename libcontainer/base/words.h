/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of words in one string, as the kernel writes them: "cpu,cpuacct", "cpuset cpu io", "rw,size=64k". */
#pragma once

#include <stdbool.h>

#include "base/arena.h"

/* Whether @word is one of @list, whose words are separated by commas or blanks; of NULL none is. */
bool words_have(const char *list, const char *word);
/* Whether all of @words are among them. */
bool words_have_all(const char *list, const char *words);

/* What stands behind "NAME=" in the first word of @list that begins so, in @arena, or NULL. */
const char *words_value(struct arena *arena, const char *list, const char *name);
