/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "explain.h"
#include "page.h"

#define STACK_INDENT 4
#define PLUS "+ "

/* What one row shows: a change, or several of one member that all add something to it. */
struct row {
	const char *member;
	const char *from; /* NULL: @to is added */
	const char *to;
	const char *by; /* the policy and its key */
};

enum column { MEMBER, CHANGE, BY, COLUMNS };

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/* "from -> to" on one line where it fits, else from, and below it to. */
static void wrap_change(struct page *page, struct page_cell *cell, const struct row *row, size_t width)
{
	struct page_line *line;

	if (!row->from) {
		page_wrap(page, cell, arena_printf(page->arena, PLUS "%s", row->to), width, strlen(PLUS),
			  COLOUR_GREEN);
		return;
	}
	if (page_text_width(row->from) + 1 + strlen(PAGE_ARROW) + page_text_width(row->to) <= width) {
		line = page_add_line(page, cell);
		line->text = row->from;
		line->length = strlen(row->from);
		line->colour = COLOUR_RED;
		line->text_after = row->to;
		line->colour_after = COLOUR_GREEN;
		return;
	}
	page_wrap(page, cell, row->from, width, 0, COLOUR_RED);
	page_wrap(page, cell, arena_printf(page->arena, PAGE_ARROW "%s", row->to), width, strlen(PAGE_ARROW),
		  COLOUR_GREEN);
}

static void put_row(struct page *page, const struct row *row, const size_t *widths)
{
	struct page_cell cells[COLUMNS] = { 0 };

	page_wrap(page, &cells[MEMBER], row->member, widths[MEMBER], 2, COLOUR_BOLD);
	wrap_change(page, &cells[CHANGE], row, widths[CHANGE]);
	page_wrap(page, &cells[BY], row->by, widths[BY], 2, COLOUR_DIM);
	page_put_row(page, cells, widths, COLUMNS);
}

static void put_stacked(struct page *page, const struct row *row)
{
	size_t width = page->width - STACK_INDENT;
	struct page_cell cell = { 0 };

	page_put(page, COLOUR_BOLD, row->member);
	strbuf_putc(page->out, '\n');
	wrap_change(page, &cell, row, width);
	page_wrap(page, &cell, row->by, width, 2, COLOUR_DIM);
	page_put_block(page, &cell, STACK_INDENT);
}

static bool adds_to(const struct policy_change *change, const struct policy_change *other)
{
	return strcmp(change->from, "absent") == 0 && strcmp(other->from, "absent") == 0 &&
	       strcmp(change->member, other->member) == 0 && strcmp(change->policy, other->policy) == 0 &&
	       strcmp(change->key, other->key) == 0;
}

/* Dozens of paths that one key masks are one row, not dozens. Returns the number of rows. */
static size_t make_rows(struct page *page, const struct explanation *explanation, struct row *rows)
{
	const struct policy_change *changes = explanation->changes->items;
	size_t count = 0;
	size_t next;

	for (size_t i = 0; i < explanation->changes->count; i = next) {
		_cleanup_strbuf_ struct strbuf to = { 0 };

		strbuf_puts(&to, changes[i].to);
		for (next = i + 1; next < explanation->changes->count && adds_to(&changes[i], &changes[next]);
		     next++)
			strbuf_printf(&to, ", %s", changes[next].to);
		rows[count++] = (struct row){
			.member = page_printable(page, changes[i].member),
			.from = next > i + 1 ? NULL : page_printable(page, changes[i].from),
			.to = page_printable(page, strbuf_text(&to)),
			.by = arena_printf(page->arena, "%s: %s", changes[i].policy, changes[i].key),
		};
	}
	return count;
}

/* The widths the columns would like, cut to the page's width: the middle gets what is left. */
static void set_columns(const struct page *page, const struct row *rows, size_t count, size_t *widths)
{
	size_t member = 0;
	size_t change = 0;
	size_t by = 0;

	for (size_t i = 0; i < count; i++) {
		size_t from = rows[i].from ? page_text_width(rows[i].from) + 1 : 0;

		member = larger(member, page_text_width(rows[i].member));
		change = larger(change, from + strlen(PAGE_ARROW) + page_text_width(rows[i].to));
		by = larger(by, page_text_width(rows[i].by));
	}
	widths[MEMBER] = smaller(member, page->width * 36 / 100);
	widths[BY] = smaller(by, page->width * 30 / 100);
	widths[CHANGE] = smaller(change, page->width - widths[MEMBER] - widths[BY] - 2 * PAGE_GAP);
}

/* What a policy would have liked to do, too. */
static void put_unmet(struct page *page, const struct string_list *unmet)
{
	for (size_t i = 0; i < unmet->count; i++) {
		const char *text = page_printable(page, unmet->items[i]);
		struct page_cell cell = { 0 };

		if (i == 0)
			strbuf_puts(page->out, "\nNot possible here:\n");
		page_wrap(page, &cell, text, page->width - STACK_INDENT, 2, COLOUR_YELLOW);
		page_put_block(page, &cell, STACK_INDENT);
	}
}

static void put_changes(struct page *page, const struct row *rows, size_t count)
{
	size_t widths[COLUMNS];

	set_columns(page, rows, count, widths);
	for (size_t i = 0; i < count; i++) {
		if (page->width < PAGE_TABLE_MIN)
			put_stacked(page, &rows[i]);
		else
			put_row(page, &rows[i], widths);
	}
}

void explain_print_text(struct context *context, const struct explanation *explanation)
{
	struct row *rows = ARENA_NEW_ARRAY(context->arena, struct row, explanation->changes->count + 1);
	size_t changes = explanation->changes->count;
	struct page page;

	page_open(&page, &context->out, context->arena);
	strbuf_puts(page.out, "policy: ");
	page_put(&page, COLOUR_BOLD, explanation->policies);
	if (changes == 0) {
		strbuf_puts(page.out, "\nNothing is changed");
		strbuf_puts(page.out, explanation->changes->unmet.count
					      ? ".\n"
					      : ": the configuration is as strict as that already.\n");
	} else {
		strbuf_printf(page.out, "\n%zu change%s:\n\n", changes, changes == 1 ? "" : "s");
		put_changes(&page, rows, make_rows(&page, explanation, rows));
	}
	put_unmet(&page, &explanation->changes->unmet);
}
