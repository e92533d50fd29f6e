/* SPDX-License-Identifier: Apache-2.0 */
/* Base32 as authenticators take it: RFC 4648, in either case, with or without padding and blanks between groups. */
#pragma once

#include <stddef.h>

/*
 * Decodes @text into @bytes, which has room for @size. No memory but that one sees it: it may be a secret. Returns the
 * number of bytes, or -1: not base32, or more than @size.
 */
long base32_decode(const char *text, unsigned char *bytes, size_t size);
