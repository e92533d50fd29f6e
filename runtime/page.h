/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text for people: columns no wider than the terminal, in colour where standard output is one and neither NO_COLOR
 * nor TERM=dumb says otherwise. What is piped on has no colour and a fixed width.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/strbuf.h"

#define PAGE_GAP 2 /* blanks between columns */
#define PAGE_TABLE_MIN 72 /* on narrower terminals a row is a block of lines */

enum colour { COLOUR_PLAIN, COLOUR_BOLD, COLOUR_RED, COLOUR_GREEN, COLOUR_YELLOW, COLOUR_DIM };

struct page {
	struct strbuf *out;
	struct arena *arena;
	bool colours;
	size_t width;
};

/* A line of a cell; the second text goes on in the same line. */
struct page_line {
	size_t indent;
	const char *text;
	size_t length; /* bytes */
	enum colour colour;
	const char *text_after; /* NULL: none; an arrow stands in front of it */
	enum colour colour_after;
};

/* A cell of a row. */
struct page_cell {
	struct page_line *lines;
	size_t count;
	size_t capacity;
};

/* Looks at the terminal. */
void page_open(struct page *page, struct strbuf *out, struct arena *arena);

/* The text, as it is, in @colour. */
void page_put(struct page *page, enum colour colour, const char *text);

/* How many columns @text takes. */
size_t page_text_width(const char *text);

/* What others wrote may be meant for the terminal: a copy of which nothing is obeyed. */
const char *page_printable(struct page *page, const char *text);

/* Adds one line to @cell, empty so far. */
struct page_line *page_add_line(struct page *page, struct page_cell *cell);

/*
 * Adds @text to @cell in lines no wider than @width, broken at blanks, else at dots and slashes; those behind the
 * first are indented by @hang.
 */
void page_wrap(struct page *page, struct page_cell *cell, const char *text, size_t width, size_t hang,
	       enum colour colour);

#define PAGE_ARROW "-> "

/* @count cells beside each other, filled up to @widths but for the last that has anything in a line. */
void page_put_row(struct page *page, const struct page_cell *cells, const size_t *widths, size_t count);

/* The lines of @cell below each other, indented. */
void page_put_block(struct page *page, const struct page_cell *cell, size_t indent);
