/* SPDX-License-Identifier: Apache-2.0 */
/* Strict numbers: what is taken reads the same when printed, and nothing else is taken. */
#include <inttypes.h>
#include <stdio.h>

#include "base/number.h"
#include "fuzz.h"

/* Digits without a leading zero have one reading only; others only have to be digits. */
static bool is_digits(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

static const char *without_zeros(const char *text)
{
	while (text[0] == '0' && text[1])
		text++;
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const char *text = fuzz_text(&arena, data, size);
	char printed[32];
	uint64_t value;
	int64_t integer;
	uint32_t small;

	if (parse_u64(text, 0, UINT64_MAX, &value) == 0) {
		snprintf(printed, sizeof(printed), "%" PRIu64, value);
		fuzz_require(is_digits(text) && strcmp(printed, without_zeros(text)) == 0);
	} else {
		fuzz_require(!is_digits(text) || strlen(without_zeros(text)) >= 20 || text[0] == '0');
	}
	if (parse_i64(text, INT64_MIN, INT64_MAX, &integer) == 0)
		fuzz_require(is_digits(text + (text[0] == '-')));
	if (parse_u32(text, &small) == 0) {
		fuzz_require(parse_u64(text, 0, UINT32_MAX, &value) == 0);
		fuzz_require(value == small);
	}
	return 0;
}
