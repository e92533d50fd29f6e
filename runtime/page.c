/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NARROWEST 24 /* what is never gone below */
#define NO_TERMINAL_WIDTH 110 /* of what is piped on */
#define UNKNOWN_WIDTH 80 /* of a terminal that does not say */

void page_open(struct page *page, struct strbuf *out, struct arena *arena)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");
	struct winsize size;

	*page = (struct page){ .out = out, .arena = arena, .width = NO_TERMINAL_WIDTH };
	if (!isatty(STDOUT_FILENO))
		return;
	page->colours = !(no_colour && *no_colour) && !(terminal && strcmp(terminal, "dumb") == 0);
	page->width = UNKNOWN_WIDTH;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		page->width = size.ws_col > NARROWEST ? size.ws_col : NARROWEST;
}

static void put(struct page *page, enum colour colour, const char *text, size_t length)
{
	static const char *const codes[] = {
		[COLOUR_PLAIN] = "",	     [COLOUR_BOLD] = "\033[1m",	   [COLOUR_RED] = "\033[31m",
		[COLOUR_GREEN] = "\033[32m", [COLOUR_YELLOW] = "\033[33m", [COLOUR_DIM] = "\033[2m",
	};

	if (page->colours)
		strbuf_puts(page->out, codes[colour]);
	strbuf_add(page->out, text, length);
	if (page->colours && colour != COLOUR_PLAIN)
		strbuf_puts(page->out, "\033[0m");
}

void page_put(struct page *page, enum colour colour, const char *text)
{
	put(page, colour, text, strlen(text));
}

static void put_blanks(struct page *page, size_t count)
{
	strbuf_printf(page->out, "%*s", (int)count, "");
}

static size_t text_width(const char *text, size_t length)
{
	size_t width = 0;

	for (size_t i = 0; i < length; i++)
		width += ((unsigned char)text[i] & 0xc0) != 0x80;
	return width;
}

size_t page_text_width(const char *text)
{
	return text_width(text, strlen(text));
}

const char *page_printable(struct page *page, const char *text)
{
	char *copy = arena_strdup(page->arena, text);

	for (char *c = copy; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	return copy;
}

struct page_line *page_add_line(struct page *page, struct page_cell *cell)
{
	cell->lines = arena_grow(page->arena, cell->lines, cell->count, &cell->capacity, sizeof(*cell->lines));
	cell->lines[cell->count] = (struct page_line){ .text = "" };
	return &cell->lines[cell->count++];
}

/*
 * The bytes of @text that make a line of @width: up to the last blank that fits, else up to the last dot or
 * slash, else all that fit.
 */
static size_t line_length(const char *text, size_t width)
{
	size_t length = 0;
	size_t blank = 0;
	size_t joint = 0;

	for (size_t columns = 0; text[length]; columns++) {
		if (text[length] == ' ')
			blank = length;
		if (columns == width)
			return blank ? blank : joint ? joint : length;
		do
			length++;
		while (((unsigned char)text[length] & 0xc0) == 0x80);
		if (text[length - 1] == '.' || text[length - 1] == '/')
			joint = length;
	}
	return length;
}

void page_wrap(struct page *page, struct page_cell *cell, const char *text, size_t width, size_t hang,
	       enum colour colour)
{
	size_t indent = 0;

	while (*text) {
		struct page_line *line = page_add_line(page, cell);

		line->indent = indent;
		line->text = text;
		line->length = line_length(text, width > indent + 1 ? width - indent : 1);
		line->colour = colour;
		text += line->length;
		text += strspn(text, " ");
		indent = hang;
	}
}

/* One line of a cell, filled up to @width where another cell follows (@width 0: none does). */
static void put_line(struct page *page, const struct page_cell *cell, size_t index, size_t width)
{
	const struct page_line *line = index < cell->count ? &cell->lines[index] : NULL;
	size_t used = 0;

	if (line) {
		put_blanks(page, line->indent);
		put(page, line->colour, line->text, line->length);
		used = line->indent + text_width(line->text, line->length);
	}
	if (line && line->text_after) {
		put(page, COLOUR_DIM, " " PAGE_ARROW, strlen(" " PAGE_ARROW));
		page_put(page, line->colour_after, line->text_after);
		used += strlen(" " PAGE_ARROW) + page_text_width(line->text_after);
	}
	if (width > used)
		put_blanks(page, width - used);
}

void page_put_row(struct page *page, const struct page_cell *cells, const size_t *widths, size_t count)
{
	size_t height = 0;

	for (size_t i = 0; i < count; i++)
		height = cells[i].count > height ? cells[i].count : height;
	for (size_t i = 0; i < height; i++) {
		size_t last = count;

		while (last > 0 && i >= cells[last - 1].count)
			last--;
		for (size_t j = 0; j < last; j++)
			put_line(page, &cells[j], i, j + 1 == last ? 0 : widths[j] + PAGE_GAP);
		strbuf_putc(page->out, '\n');
	}
}

void page_put_block(struct page *page, const struct page_cell *cell, size_t indent)
{
	for (size_t i = 0; i < cell->count; i++) {
		put_blanks(page, indent);
		put_line(page, cell, i, 0);
		strbuf_putc(page->out, '\n');
	}
}
