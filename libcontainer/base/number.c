/* SPDX-License-Identifier: Apache-2.0 */
#include "base/number.h"

#include <stddef.h>
#include <string.h>

int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	uint64_t result = 0;

	if (!text || !*text)
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		if (__builtin_mul_overflow(result, 10, &result) ||
		    __builtin_add_overflow(result, (uint64_t)(*text - '0'), &result))
			return -1;
	}
	if (result < min || result > max)
		return -1;
	*value = result;
	return 0;
}

int parse_i64(const char *text, int64_t min, int64_t max, int64_t *value)
{
	const uint64_t lowest = (uint64_t)INT64_MAX + 1;
	uint64_t magnitude;
	int64_t result;

	if (!text)
		return -1;
	if (*text == '-') {
		if (parse_u64(text + 1, 0, lowest, &magnitude) < 0)
			return -1;
		result = magnitude == lowest ? INT64_MIN : -(int64_t)magnitude;
	} else {
		if (parse_u64(text, 0, INT64_MAX, &magnitude) < 0)
			return -1;
		result = (int64_t)magnitude;
	}
	if (result < min || result > max)
		return -1;
	*value = result;
	return 0;
}

int parse_u32(const char *text, uint32_t *value)
{
	uint64_t wide;

	if (parse_u64(text, 0, UINT32_MAX, &wide) < 0)
		return -1;
	*value = (uint32_t)wide;
	return 0;
}

int parse_size(const char *text, uint64_t *bytes)
{
	static const char suffixes[] = "kmgtpe";
	size_t length = strlen(text);
	unsigned int shift = 0;
	char digits[24];

	if (length == 0 || length >= sizeof(digits))
		return -1;
	memcpy(digits, text, length + 1);
	for (unsigned int i = 0; suffixes[i]; i++)
		if ((digits[length - 1] | 0x20) == suffixes[i])
			shift = (i + 1) * 10;
	if (shift)
		digits[length - 1] = '\0';
	/* the kernel takes a leading zero for octal: no one should be surprised by that */
	if (digits[0] == '0' && digits[1])
		return -1;
	if (parse_u64(digits, 0, (uint64_t)INT64_MAX >> shift, bytes))
		return -1;
	*bytes <<= shift;
	return 0;
}
