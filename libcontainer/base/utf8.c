/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool in_range(unsigned char byte, unsigned char low, unsigned char high)
{
	return byte >= low && byte <= high;
}

/* What may follow the first byte is in table 3-7 of the Unicode standard ("Well-Formed UTF-8"). */
size_t utf8_character(const char *bytes, size_t length)
{
	const unsigned char *byte = (const unsigned char *)bytes;
	unsigned char low = 0x80;
	unsigned char high = 0xbf;
	size_t size;

	if (length == 0)
		return 0;
	if (byte[0] < 0x80)
		return 1;
	if (in_range(byte[0], 0xc2, 0xdf))
		size = 2;
	else if (in_range(byte[0], 0xe0, 0xef))
		size = 3;
	else if (in_range(byte[0], 0xf0, 0xf4))
		size = 4;
	else
		return 0;
	if (byte[0] == 0xe0)
		low = 0xa0;
	else if (byte[0] == 0xed)
		high = 0x9f;
	else if (byte[0] == 0xf0)
		low = 0x90;
	else if (byte[0] == 0xf4)
		high = 0x8f;
	if (length < size || !in_range(byte[1], low, high))
		return 0;
	for (size_t i = 2; i < size; i++)
		if (!in_range(byte[i], 0x80, 0xbf))
			return 0;
	return size;
}

size_t utf8_valid_prefix(const char *bytes, size_t length)
{
	const uint64_t high_bits = 0x8080808080808080ULL;
	size_t offset = 0;

	while (offset < length) {
		uint64_t word;
		size_t size;

		/* Documents are nearly all ASCII: eight bytes at a time. */
		if (length - offset >= sizeof(word)) {
			memcpy(&word, bytes + offset, sizeof(word));
			if (!(word & high_bits)) {
				offset += sizeof(word);
				continue;
			}
		}
		size = utf8_character(bytes + offset, length - offset);
		if (size == 0)
			break;
		offset += size;
	}
	return offset;
}
