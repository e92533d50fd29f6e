/* SPDX-License-Identifier: Apache-2.0 */
#include "options.h"

#include <string.h>

#include "base/number.h"
#include "spec/config.h"

/* An argument that looks like an option, taken apart. */
struct word {
	const char *name;
	size_t name_length;
	const char *value; /* behind '=', or NULL */
};

static bool word_split(const char *argument, struct word *word)
{
	const char *name = argument + 1;
	const char *equals;

	if (argument[0] != '-' || !argument[1])
		return false;
	if (*name == '-')
		name++;
	equals = strchr(name, '=');
	word->name = name;
	word->name_length = equals ? (size_t)(equals - name) : strlen(name);
	word->value = equals ? equals + 1 : NULL;
	return true;
}

static bool word_is(const struct word *word, const char *name, char short_name)
{
	if (word->name_length == 1 && short_name && word->name[0] == short_name)
		return true;
	return strlen(name) == word->name_length && memcmp(word->name, name, word->name_length) == 0;
}

static const struct option *find_option(const struct option *table, const struct word *word)
{
	for (; table && table->name; table++) {
		if (word_is(word, table->name, table->short_name))
			return table;
	}
	return NULL;
}

static int parse_bool(const struct word *word, bool *value, struct error *error)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	if (!word->value) {
		*value = true;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcmp(word->value, yes[i]) == 0) {
			*value = true;
			return 0;
		}
		if (strcmp(word->value, no[i]) == 0) {
			*value = false;
			return 0;
		}
	}
	return error_set(error, 0, "invalid boolean value \"%s\" for -%.*s: parse error", word->value,
			 (int)word->name_length, word->name);
}

static void list_append(struct arena *arena, struct string_list *list, const char *item)
{
	/* grows at each power of two, the length being the only state */
	if ((list->count & (list->count - 1)) == 0) {
		const char **items = ARENA_NEW_ARRAY(arena, const char *, list->count ? list->count * 2 : 1);

		if (list->count)
			memcpy(items, list->items, list->count * sizeof(*items));
		list->items = items;
	}
	list->items[list->count++] = item;
}

static int store(struct arena *arena, const struct option *option, const struct word *word, void *values,
		 struct error *error)
{
	void *member = (char *)values + option->offset;
	uint32_t number;

	switch (option->kind) {
	case OPTION_BOOL: return parse_bool(word, member, error);
	case OPTION_STRING: *(const char **)member = word->value; return 0;
	case OPTION_TEXT: *(const char **)member = *word->value ? word->value : NULL; return 0;
	case OPTION_LIST: list_append(arena, member, word->value); return 0;
	case OPTION_UNSIGNED:
		if (parse_u32(word->value, &number) < 0)
			return error_set(error, 0, "invalid value \"%s\" for flag -%.*s: parse error",
					 word->value, (int)word->name_length, word->name);
		*(unsigned int *)member = number;
		return 0;
	}
	return error_set(error, 0, "flag -%s is of no known kind", option->name);
}

/* One option, with its value where that is the next argument. Returns the arguments used, or -1. */
static int take_option(struct arena *arena, const struct option *table, const char *const *argv,
		       struct word *word, void *values, struct arguments *arguments, struct error *error)
{
	const struct option *option = find_option(table, word);
	int used = 1;

	if (word->name_length == 0 || *word->name == '-')
		return error_set(error, 0, "bad flag syntax: %s", argv[0]);
	if (!option && word_is(word, "help", 'h'))
		return parse_bool(word, &arguments->help, error) < 0 ? -1 : 1;
	if (!option)
		return error_set(error, 0, "flag provided but not defined: -%.*s", (int)word->name_length,
				 word->name);
	if (option->kind != OPTION_BOOL && !word->value) {
		if (!argv[1])
			return error_set(error, 0, "flag needs an argument: -%.*s", (int)word->name_length,
					 word->name);
		word->value = argv[1];
		used = 2;
	}
	return store(arena, option, word, values, error) < 0 ? -1 : used;
}

static size_t count_strings(const char *const *strings)
{
	size_t count = 0;

	while (strings[count])
		count++;
	return count;
}

int options_parse(struct arena *arena, const struct option *table, const char *const *argv, bool stop,
		  void *values, struct arguments *arguments, struct error *error)
{
	*arguments =
		(struct arguments){ .items = ARENA_NEW_ARRAY(arena, const char *, count_strings(argv) + 1) };
	while (*argv) {
		struct word word;
		int used;

		if (strcmp(*argv, "--") == 0) {
			argv++;
			break;
		}
		if (!word_split(*argv, &word) ||
		    (arguments->count > 0 && !find_option(table, &word) && !word_is(&word, "help", 'h'))) {
			if (stop)
				break;
			arguments->items[arguments->count++] = *argv++;
			continue;
		}
		used = take_option(arena, table, argv, &word, values, arguments, error);
		if (used < 0)
			return -1;
		argv += used;
	}
	while (*argv)
		arguments->items[arguments->count++] = *argv++;
	return 0;
}
