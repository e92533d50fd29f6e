/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base32.h"

#include <string.h>

static int value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

long base32_decode(const char *text, unsigned char *bytes, size_t size)
{
	unsigned int bits = 0, pending = 0; /* the last, so many of which are not written yet */
	size_t digits = 0, written = 0;

	for (; *text && *text != '='; text++) {
		int value = value_of(*text);

		if (*text == ' ')
			continue;
		if (value < 0)
			return -1;
		digits++;
		bits = bits << 5 | (unsigned int)value;
		pending += 5;
		if (pending < 8)
			continue;
		if (written == size)
			return -1;
		pending -= 8;
		bytes[written++] = (unsigned char)(bits >> pending);
		bits &= (1U << pending) - 1;
	}
	if (text[strspn(text, "=")] || strlen(text) > 6)
		return -1;
	/* Lengths that no number of bytes has, and bits that are left over. */
	if (digits % 8 == 1 || digits % 8 == 3 || digits % 8 == 6 || bits)
		return -1;
	return (long)written;
}
