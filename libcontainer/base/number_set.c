/* SPDX-License-Identifier: Apache-2.0 */
#include "base/number_set.h"

#include <ctype.h>
#include <string.h>

static const char *skip_blanks(const char *text)
{
	while (*text == ' ')
		text++;
	return text;
}

/* A number at the start of *text, which moves behind it and the blanks that follow. 0, or -1. */
static int take_number(const char **text, size_t *number)
{
	const char *next = skip_blanks(*text);
	size_t value = 0;

	if (!isdigit((unsigned char)*next))
		return -1;
	for (; isdigit((unsigned char)*next); next++) {
		value = value * 10 + (size_t)(*next - '0');
		if (value >= NUMBER_SET_BITS)
			return -1;
	}
	*number = value;
	*text = skip_blanks(next);
	return 0;
}

static void add_range(struct number_set *set, size_t first, size_t last)
{
	size_t bytes = (last / NUMBER_SET_WORD + 1) * sizeof(unsigned long);

	for (size_t i = first; i <= last; i++)
		set->words[i / NUMBER_SET_WORD] |= 1UL << (i % NUMBER_SET_WORD);
	if (bytes > set->bytes)
		set->bytes = bytes;
}

int number_set_parse(const char *list, struct number_set *set)
{
	const char *next = list;

	memset(set, 0, sizeof(*set));
	for (;;) {
		size_t first;
		size_t last;

		if (take_number(&next, &first) < 0)
			return -1;
		last = first;
		if (*next == '-') {
			next++;
			if (take_number(&next, &last) < 0 || last < first)
				return -1;
		}
		add_range(set, first, last);
		if (*next == '\0')
			return 0;
		if (*next++ != ',')
			return -1;
	}
}

size_t number_set_count(const struct number_set *set)
{
	size_t count = 0;

	for (size_t i = 0; i < set->bytes / sizeof(*set->words); i++)
		count += (size_t)__builtin_popcountl(set->words[i]);
	return count;
}
