/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "explain.h"

#define GAP 2 /* blanks between columns */
#define TABLE_MIN 72 /* terminals narrower than this get a block of lines for each change */
#define STACK_INDENT 4
#define ARROW "-> "

enum colour { PLAIN, BOLD, RED, GREEN, DIM };

struct page {
	struct strbuf *out;
	struct arena *arena;
	bool colours;
	size_t width; /* 0: no terminal, lines are as long as they are */
	size_t member_width; /* of the table's columns */
	size_t change_width;
};

/* A column's text as lines. */
struct line {
	const char *text;
	size_t length; /* bytes */
	enum colour colour;
	const char *text_after; /* goes on in the same line: "-> to" behind "from" */
};

struct lines {
	struct line *items;
	size_t count;
	size_t capacity;
};

static size_t text_width(const char *text, size_t length)
{
	size_t width = 0;

	for (size_t i = 0; i < length; i++)
		width += ((unsigned char)text[i] & 0xc0) != 0x80;
	return width;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void put(struct page *page, enum colour colour, const char *text, size_t length)
{
	static const char *const codes[] = { "", "\033[1m", "\033[31m", "\033[32m", "\033[2m" };

	if (page->colours)
		strbuf_puts(page->out, codes[colour]);
	strbuf_add(page->out, text, length);
	if (page->colours && colour != PLAIN)
		strbuf_puts(page->out, "\033[0m");
}

static void put_blanks(struct page *page, size_t count)
{
	strbuf_printf(page->out, "%*s", (int)count, "");
}

static struct line *add_line(struct page *page, struct lines *lines)
{
	if (lines->count == lines->capacity) {
		size_t capacity = lines->capacity ? lines->capacity * 2 : 8;
		struct line *items = ARENA_NEW_ARRAY(page->arena, struct line, capacity);

		if (lines->count)
			memcpy(items, lines->items, lines->count * sizeof(*items));
		lines->items = items;
		lines->capacity = capacity;
	}
	return &lines->items[lines->count++];
}

/* The bytes of @text that make a line of @width: up to the last blank or comma that fits, else all that fit. */
static size_t line_length(const char *text, size_t width)
{
	size_t length = 0;
	size_t best = 0;

	for (size_t columns = 0; text[length]; columns++) {
		if (columns == width)
			return best ? best : length;
		if (text[length] == ' ')
			best = length;
		do
			length++;
		while (((unsigned char)text[length] & 0xc0) == 0x80);
		if (text[length - 1] == ',' || text[length - 1] == '/')
			best = length;
	}
	return length;
}

/* Adds @text as lines no wider than @width (0: one line). */
static void wrap(struct page *page, struct lines *lines, const char *text, size_t width, enum colour colour)
{
	while (*text) {
		struct line *line = add_line(page, lines);

		line->text = text;
		line->length = width ? line_length(text, width) : strlen(text);
		line->colour = colour;
		text += line->length;
		text += strspn(text, " ");
	}
}

/* "from -> to" on one line where it fits, else from, and below it to. */
static void wrap_change(struct page *page, struct lines *lines, const struct policy_change *change,
			size_t width)
{
	size_t from = strlen(change->from);
	size_t total =
		text_width(change->from, from) + 1 + text_width(change->to, strlen(change->to)) + strlen(ARROW);

	if (width == 0 || total <= width) {
		struct line *line = add_line(page, lines);

		*line = (struct line){ change->from, from, RED, change->to };
		return;
	}
	wrap(page, lines, change->from, width, RED);
	wrap(page, lines, arena_printf(page->arena, ARROW "%s", change->to), width, GREEN);
}

/* One line of a column, filled up to @width where another column follows (@width 0: none does). */
static void put_line(struct page *page, const struct lines *lines, size_t index, size_t width)
{
	const struct line *line = index < lines->count ? &lines->items[index] : NULL;
	size_t used = 0;

	if (line) {
		put(page, line->colour, line->text, line->length);
		used = text_width(line->text, line->length);
	}
	if (line && line->text_after) {
		size_t length = strlen(line->text_after);

		put(page, DIM, " " ARROW, strlen(" " ARROW));
		put(page, GREEN, line->text_after, length);
		used += strlen(" " ARROW) + text_width(line->text_after, length);
	}
	if (width > used)
		put_blanks(page, width - used);
}

static const char *cause(struct page *page, const struct policy_change *change)
{
	return arena_printf(page->arena, "%s: %s", change->policy, change->key);
}

static void put_row(struct page *page, const struct policy_change *change)
{
	size_t used = page->member_width + page->change_width + 2 * GAP;
	struct lines member = { 0 };
	struct lines middle = { 0 };
	struct lines by = { 0 };

	wrap(page, &member, change->member, page->width ? page->member_width : 0, BOLD);
	wrap_change(page, &middle, change, page->width ? page->change_width : 0);
	wrap(page, &by, cause(page, change), page->width ? page->width - used : 0, DIM);
	for (size_t i = 0; i < member.count || i < middle.count || i < by.count; i++) {
		bool last = i >= by.count;

		put_line(page, &member, i, last && i >= middle.count ? 0 : page->member_width + GAP);
		put_line(page, &middle, i, last ? 0 : page->change_width + GAP);
		put_line(page, &by, i, 0);
		strbuf_putc(page->out, '\n');
	}
}

static void put_stacked(struct page *page, const struct policy_change *change)
{
	size_t width = page->width > STACK_INDENT + 20 ? page->width - STACK_INDENT : 20;
	struct lines lines = { 0 };

	put(page, BOLD, change->member, strlen(change->member));
	strbuf_putc(page->out, '\n');
	wrap_change(page, &lines, change, width);
	wrap(page, &lines, cause(page, change), width, DIM);
	for (size_t i = 0; i < lines.count; i++) {
		put_blanks(page, STACK_INDENT);
		put_line(page, &lines, i, 0);
		strbuf_putc(page->out, '\n');
	}
}

/* The widths each column would like; a terminal's are cut to its width, the middle getting what is left. */
static void set_columns(struct page *page, const struct explanation *explanation)
{
	size_t by_width = 0;

	for (size_t i = 0; i < explanation->change_count; i++) {
		const struct policy_change *change = &explanation->changes[i];
		size_t member = text_width(change->member, strlen(change->member));
		size_t middle = text_width(change->from, strlen(change->from)) + 1 + strlen(ARROW) +
				text_width(change->to, strlen(change->to));
		size_t by = strlen(change->policy) + 2 + strlen(change->key);

		if (member > page->member_width)
			page->member_width = member;
		if (middle > page->change_width)
			page->change_width = middle;
		if (by > by_width)
			by_width = by;
	}
	if (page->width == 0)
		return;
	page->member_width = smaller(page->member_width, page->width * 35 / 100);
	by_width = smaller(by_width, page->width * 30 / 100);
	page->change_width = smaller(page->change_width, page->width - page->member_width - by_width - 2 * GAP);
}

static void open_page(struct page *page)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return;
	page->colours = !(no_colour && *no_colour) && !(terminal && strcmp(terminal, "dumb") == 0);
	page->width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void explain_print_text(struct context *context, const struct explanation *explanation)
{
	struct page page = { .out = &context->out, .arena = context->arena };
	size_t count = explanation->change_count;

	open_page(&page);
	set_columns(&page, explanation);
	strbuf_puts(page.out, "policy: ");
	put(&page, BOLD, explanation->policies, strlen(explanation->policies));
	if (count == 0)
		strbuf_puts(page.out,
			    "\nNothing is changed: the configuration is as strict as that already.\n");
	else
		strbuf_printf(page.out, "\n%zu change%s:\n\n", count, count == 1 ? "" : "s");
	for (size_t i = 0; i < count; i++) {
		if (page.width && page.width < TABLE_MIN)
			put_stacked(&page, &explanation->changes[i]);
		else
			put_row(&page, &explanation->changes[i]);
	}
}
