/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include <stddef.h>

/* The length (1 to 4) of the character that @bytes begin with, or 0 where they begin with none. */
size_t utf8_character(const char *bytes, size_t length);

/* The offset of the first byte that is not part of a character; @length where all are. */
size_t utf8_valid_prefix(const char *bytes, size_t length);
