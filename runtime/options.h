/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options of the command line.
 *
 * A command describes its options in one table, which drives parsing and --help. The rules are those of
 * Go's flag package, which engines were written against: `--name value`, `--name=value` and both with one
 * dash; short names stand alone (no grouping); a boolean takes a value only behind '=' (1, t, true, 0, f,
 * false …); "--" ends the options, "-" is an argument. An option given twice counts the last time, a list
 * collects.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

enum option_kind {
	OPTION_BOOL, /* bool */
	OPTION_STRING, /* const char * */
	OPTION_TEXT, /* the same, but an empty one is as if it were not given: NULL */
	OPTION_LIST, /* struct string_list */
	OPTION_UNSIGNED, /* unsigned int */
};

struct option {
	const char *name; /* without dashes; NULL ends a table */
	char short_name; /* 0: none */
	enum option_kind kind;
	size_t offset; /* of its member in the command's structure of values */
	const char *value; /* what --help calls the value; NULL for OPTION_BOOL */
	const char *help; /* one line; NULL: not shown, taken for compatibility */
};

/* Entries of a table whose values are kept in `structure`. */
#define OPTION_BOOL_ENTRY(structure, member, name, short_name, help)                   \
	{                                                                              \
		name, short_name, OPTION_BOOL, offsetof(structure, member), NULL, help \
	}
#define OPTION_STRING_ENTRY(structure, member, name, short_name, value, help)             \
	{                                                                                 \
		name, short_name, OPTION_STRING, offsetof(structure, member), value, help \
	}
#define OPTION_TEXT_ENTRY(structure, member, name, short_name, value, help)             \
	{                                                                               \
		name, short_name, OPTION_TEXT, offsetof(structure, member), value, help \
	}
#define OPTION_LIST_ENTRY(structure, member, name, short_name, value, help)             \
	{                                                                               \
		name, short_name, OPTION_LIST, offsetof(structure, member), value, help \
	}
#define OPTION_UNSIGNED_ENTRY(structure, member, name, short_name, value, help)             \
	{                                                                                   \
		name, short_name, OPTION_UNSIGNED, offsetof(structure, member), value, help \
	}

/* What is left of the command line. */
struct arguments {
	const char **items; /* NULL-terminated */
	size_t count;
	bool help; /* -h or --help, which every table has without listing it */
};

/*
 * Parses the NULL-terminated @argv by @table into the structure @values. @stop: the first argument that is no
 * option ends the options, so that what follows belongs to someone else (a command, the program of `exec`);
 * without it options are taken from anywhere, and what looks like one behind the first argument but is none
 * is an argument. 0, or -1 with Go's words for what is wrong.
 */
int options_parse(struct arena *arena, const struct option *table, const char *const *argv, bool stop,
		  void *values, struct arguments *arguments, struct error *error);
