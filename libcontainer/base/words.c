/* SPDX-License-Identifier: Apache-2.0 */
#include "base/words.h"

#include <string.h>

#define SEPARATORS ", "

static const char *next_word(const char *word)
{
	word += strcspn(word, SEPARATORS);
	return word + strspn(word, SEPARATORS);
}

static bool have(const char *list, const char *word, size_t length)
{
	for (const char *next = list; next && *next; next = next_word(next))
		if (strcspn(next, SEPARATORS) == length && strncmp(next, word, length) == 0)
			return true;
	return false;
}

bool words_have(const char *list, const char *word)
{
	return have(list, word, strlen(word));
}

bool words_have_all(const char *list, const char *words)
{
	for (const char *next = words; *next; next = next_word(next))
		if (!have(list, next, strcspn(next, SEPARATORS)))
			return false;
	return true;
}

const char *words_value(struct arena *arena, const char *list, const char *name)
{
	size_t length = strlen(name);

	for (const char *next = list; next && *next; next = next_word(next)) {
		const char *value = next + length + 1;

		if (strncmp(next, name, length) == 0 && next[length] == '=')
			return arena_strndup(arena, value, strcspn(value, SEPARATORS));
	}
	return NULL;
}
