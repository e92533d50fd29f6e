/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "explain.h"

#define GAP 2 /* blanks between columns */
#define TABLE_MIN 72 /* terminals narrower than this get a block of lines for each change */
#define NARROWEST 24 /* what is never gone below */
#define NO_TERMINAL_WIDTH 110 /* of what is piped on */
#define STACK_INDENT 4
#define ARROW "-> "
#define PLUS "+ "

enum colour { PLAIN, BOLD, RED, GREEN, DIM };

struct page {
	struct strbuf *out;
	struct arena *arena;
	bool colours;
	size_t width;
	size_t member_width; /* of the table's columns */
	size_t change_width;
	size_t by_width;
};

/* What one row shows: a change, or several of one member that all add something to it. */
struct row {
	const char *member;
	const char *from; /* NULL: @to is added */
	const char *to;
	const char *by; /* the policy and its key */
};

/* A column's text as lines. */
struct line {
	size_t indent;
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

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
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

/* Adds @text as lines no wider than @width; those behind the first are indented by @hang. */
static void wrap(struct page *page, struct lines *lines, const char *text, size_t width, size_t hang,
		 enum colour colour)
{
	size_t indent = 0;

	while (*text) {
		struct line *line = add_line(page, lines);

		line->indent = indent;
		line->text = text;
		line->length = line_length(text, width - indent);
		line->colour = colour;
		text += line->length;
		text += strspn(text, " ");
		indent = hang;
	}
}

/* "from -> to" on one line where it fits, else from, and below it to. */
static void wrap_change(struct page *page, struct lines *lines, const struct row *row, size_t width)
{
	size_t from;

	if (!row->from) {
		wrap(page, lines, arena_printf(page->arena, PLUS "%s", row->to), width, strlen(PLUS), GREEN);
		return;
	}
	from = strlen(row->from);
	if (text_width(row->from, from) + 1 + strlen(ARROW) + text_width(row->to, strlen(row->to)) <= width) {
		*add_line(page, lines) = (struct line){ 0, row->from, from, RED, row->to };
		return;
	}
	wrap(page, lines, row->from, width, 0, RED);
	wrap(page, lines, arena_printf(page->arena, ARROW "%s", row->to), width, strlen(ARROW), GREEN);
}

/* One line of a column, filled up to @width where another column follows (@width 0: none does). */
static void put_line(struct page *page, const struct lines *lines, size_t index, size_t width)
{
	const struct line *line = index < lines->count ? &lines->items[index] : NULL;
	size_t used = 0;

	if (line) {
		put_blanks(page, line->indent);
		put(page, line->colour, line->text, line->length);
		used = line->indent + text_width(line->text, line->length);
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

static void put_row(struct page *page, const struct row *row)
{
	struct lines member = { 0 };
	struct lines middle = { 0 };
	struct lines by = { 0 };

	wrap(page, &member, row->member, page->member_width, 2, BOLD);
	wrap_change(page, &middle, row, page->change_width);
	wrap(page, &by, row->by, page->by_width, 2, DIM);
	for (size_t i = 0; i < member.count || i < middle.count || i < by.count; i++) {
		bool last = i >= by.count;

		put_line(page, &member, i, last && i >= middle.count ? 0 : page->member_width + GAP);
		put_line(page, &middle, i, last ? 0 : page->change_width + GAP);
		put_line(page, &by, i, 0);
		strbuf_putc(page->out, '\n');
	}
}

static void put_stacked(struct page *page, const struct row *row)
{
	size_t width = larger(page->width, NARROWEST) - STACK_INDENT;
	struct lines lines = { 0 };

	put(page, BOLD, row->member, strlen(row->member));
	strbuf_putc(page->out, '\n');
	wrap_change(page, &lines, row, width);
	wrap(page, &lines, row->by, width, 2, DIM);
	for (size_t i = 0; i < lines.count; i++) {
		put_blanks(page, STACK_INDENT);
		put_line(page, &lines, i, 0);
		strbuf_putc(page->out, '\n');
	}
}

static bool adds_to(const struct policy_change *change, const struct policy_change *other)
{
	return strcmp(change->from, "absent") == 0 && strcmp(other->from, "absent") == 0 &&
	       strcmp(change->member, other->member) == 0 && strcmp(change->policy, other->policy) == 0 &&
	       strcmp(change->key, other->key) == 0;
}

/* What a configuration says may be meant for the terminal: nothing of it is obeyed. */
static const char *printable(struct page *page, const char *text)
{
	char *copy = arena_strdup(page->arena, text);

	for (char *c = copy; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	return copy;
}

/* Dozens of paths that one key masks are one row, not dozens. Returns the number of rows. */
static size_t make_rows(struct page *page, const struct explanation *explanation, struct row *rows)
{
	const struct policy_change *changes = explanation->changes;
	size_t count = 0;
	size_t next;

	for (size_t i = 0; i < explanation->change_count; i = next) {
		_cleanup_strbuf_ struct strbuf to = { 0 };

		strbuf_puts(&to, changes[i].to);
		for (next = i + 1; next < explanation->change_count && adds_to(&changes[i], &changes[next]);
		     next++)
			strbuf_printf(&to, ", %s", changes[next].to);
		rows[count++] = (struct row){
			.member = printable(page, changes[i].member),
			.from = next > i + 1 ? NULL : printable(page, changes[i].from),
			.to = printable(page, strbuf_text(&to)),
			.by = arena_printf(page->arena, "%s: %s", changes[i].policy, changes[i].key),
		};
	}
	return count;
}

/* The widths the columns would like, cut to the page's width: the middle gets what is left. */
static void set_columns(struct page *page, const struct row *rows, size_t count)
{
	size_t member = 0;
	size_t change = 0;
	size_t by = 0;

	for (size_t i = 0; i < count; i++) {
		size_t from = rows[i].from ? text_width(rows[i].from, strlen(rows[i].from)) + 1 : 0;

		member = larger(member, text_width(rows[i].member, strlen(rows[i].member)));
		change = larger(change, from + strlen(ARROW) + text_width(rows[i].to, strlen(rows[i].to)));
		by = larger(by, text_width(rows[i].by, strlen(rows[i].by)));
	}
	page->member_width = smaller(member, page->width * 36 / 100);
	page->by_width = smaller(by, page->width * 30 / 100);
	page->change_width = smaller(change, page->width - page->member_width - page->by_width - 2 * GAP);
}

static void open_page(struct page *page)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");
	struct winsize size;

	page->width = NO_TERMINAL_WIDTH;
	if (!isatty(STDOUT_FILENO))
		return;
	page->colours = !(no_colour && *no_colour) && !(terminal && strcmp(terminal, "dumb") == 0);
	page->width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void explain_print_text(struct context *context, const struct explanation *explanation)
{
	struct page page = { .out = &context->out, .arena = context->arena };
	struct row *rows = ARENA_NEW_ARRAY(context->arena, struct row, explanation->change_count + 1);
	size_t changes = explanation->change_count;
	size_t count = make_rows(&page, explanation, rows);

	open_page(&page);
	strbuf_puts(page.out, "policy: ");
	put(&page, BOLD, explanation->policies, strlen(explanation->policies));
	if (count == 0) {
		strbuf_puts(page.out,
			    "\nNothing is changed: the configuration is as strict as that already.\n");
		return;
	}
	strbuf_printf(page.out, "\n%zu change%s:\n\n", changes, changes == 1 ? "" : "s");
	set_columns(&page, rows, count);
	for (size_t i = 0; i < count; i++) {
		if (page.width < TABLE_MIN)
			put_stacked(&page, &rows[i]);
		else
			put_row(&page, &rows[i]);
	}
}
