/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzzers share. Each reads one kind of document or text that comes from outside, and checks more than that
 * nothing breaks: what was read is printed and read again, and has to be the same.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "base/strbuf.h"
#include "spec/tables.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input as text that ends with a NUL, as the readers of files hand it on. */
static inline char *fuzz_text(struct arena *arena, const uint8_t *data, size_t size)
{
	return arena_strndup(arena, (const char *)data, size);
}

/* What must hold for every input. */
static inline void fuzz_require(bool holds)
{
	if (!holds)
		abort();
}

/* A failure says why, on one line. */
static inline void fuzz_require_message(const struct error *error)
{
	fuzz_require(error->text[0] != '\0' && !strchr(error->text, '\n'));
}

static inline bool fuzz_same(const struct strbuf *one, const struct strbuf *other)
{
	return one->length == other->length && memcmp(one->text, other->text, one->length) == 0;
}

/*
 * Defines a fuzzer for documents of the specification that NAME_parse() reads into a TYPE and their table prints; @then
 * is a statement for what comes after, with `arena` and `document` in scope.
 */
#define FUZZ_DOCUMENT(name, type, then)                                                                      \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                                         \
	{                                                                                                    \
		_cleanup_arena_ struct arena arena = { 0 };                                                  \
		_cleanup_strbuf_ struct strbuf first = { 0 };                                                \
		_cleanup_strbuf_ struct strbuf second = { 0 };                                               \
		struct json_writer writer = { .out = &first };                                               \
		struct error error = { 0 };                                                                  \
		type *document;                                                                              \
                                                                                                             \
		if (name##_parse(&arena, "input", fuzz_text(&arena, data, size), size, &document, &error)) { \
			fuzz_require_message(&error);                                                        \
			return 0;                                                                            \
		}                                                                                            \
		spec_print(&writer, &spec_##name##_table, document);                                         \
		fuzz_require(name##_parse(&arena, "printed", strbuf_text(&first), first.length, &document,   \
					  &error) == 0);                                                     \
		writer = (struct json_writer){ .out = &second };                                             \
		spec_print(&writer, &spec_##name##_table, document);                                         \
		fuzz_require(fuzz_same(&first, &second));                                                    \
		then;                                                                                        \
		return 0;                                                                                    \
	}
