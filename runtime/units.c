/* SPDX-License-Identifier: Apache-2.0 */
#include "units.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/*
 * The decimal number at *text times @unit, added to *sum; the unit is known only behind the number, so its
 * digits are handed over: from *text up to @end, with one dot at most.
 */
static int add_scaled(const char *text, const char *end, int64_t unit, int64_t *sum)
{
	__int128 value = 0;
	__int128 divisor = 1;
	bool fraction = false;
	int digits = 0;

	for (; text < end; text++) {
		if (*text == '.') {
			if (fraction)
				return -1;
			fraction = true;
			continue;
		}
		if (++digits > 19)
			return -1;
		value = value * 10 + (*text - '0');
		if (fraction)
			divisor *= 10;
	}
	value = value * unit / divisor + *sum;
	if (digits == 0 || value > INT64_MAX)
		return -1;
	*sum = (int64_t)value;
	return 0;
}

static const char *number_end(const char *text)
{
	return text + strspn(text, "0123456789.");
}

int parse_bytes(const char *text, int64_t *bytes)
{
	static const char letters[] = "kmgtp";
	const char *end = number_end(text);
	const char *suffix = end + (*end == ' ');
	const char *letter = NULL;
	int64_t unit = 1;
	int64_t sum = 0;

	if (end == text || *text == '.' || end[-1] == '.')
		return -1;
	if (*suffix)
		letter = strchr(letters, *suffix | 0x20);
	if (letter) {
		unit = INT64_C(1) << (10 * (letter - letters + 1));
		suffix++;
		suffix += (*suffix | 0x20) == 'i';
	}
	suffix += (*suffix | 0x20) == 'b';
	if (*suffix || suffix[-1] == ' ' || add_scaled(text, end, unit, &sum) < 0)
		return -1;
	*bytes = sum;
	return 0;
}

int parse_duration(const char *text, int64_t *nanoseconds)
{
	static const struct {
		const char *name;
		int64_t nanoseconds;
	} units[] = {
		/* the longer name first, where one begins with the other */
		{ "ns", 1 },	      { "us", 1000 },	   { "ms", 1000000 }, { "h", 3600000000000 },
		{ "m", 60000000000 }, { "s", 1000000000 },
	};
	int64_t sum = 0;

	if (strcmp(text, "0") == 0) {
		*nanoseconds = 0;
		return 0;
	}
	if (!*text)
		return -1;
	while (*text) {
		const char *end = number_end(text);
		size_t i = 0;

		while (i < sizeof(units) / sizeof(*units) &&
		       strncmp(end, units[i].name, strlen(units[i].name)) != 0)
			i++;
		if (i == sizeof(units) / sizeof(*units) ||
		    add_scaled(text, end, units[i].nanoseconds, &sum) < 0)
			return -1;
		text = end + strlen(units[i].name);
	}
	*nanoseconds = sum;
	return 0;
}
