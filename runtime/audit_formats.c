/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "audit.h"
#include "page.h"

/* text --------------------------------------------------------------------------------------------------- */

enum column { STATE, WEIGHT, DETAIL, COLUMNS };

static void put_check(struct page *page, const struct audit_check *check, bool passed, const size_t *widths)
{
	struct page_cell cells[COLUMNS] = { 0 };

	page_wrap(page, &cells[STATE], passed ? "pass" : "FAIL", widths[STATE], 0,
		  passed ? COLOUR_GREEN : COLOUR_RED);
	page_wrap(page, &cells[WEIGHT], arena_printf(page->arena, "%*u", (int)widths[WEIGHT], check->weight),
		  widths[WEIGHT] + 1, 0, COLOUR_DIM);
	page_wrap(page, &cells[DETAIL], check->title, widths[DETAIL], 2, passed ? COLOUR_PLAIN : COLOUR_BOLD);
	if (!passed)
		page_wrap(page, &cells[DETAIL], arena_printf(page->arena, "fix: %s", check->fix),
			  widths[DETAIL], 5, COLOUR_YELLOW);
	page_put_row(page, cells, widths, COLUMNS);
}

void audit_print_text(struct context *context, const struct audit *audit)
{
	static const enum colour colours[] = { COLOUR_RED, COLOUR_YELLOW, COLOUR_GREEN };
	struct page page;
	size_t widths[COLUMNS] = { 4, 2, 0 };

	page_open(&page, &context->out, context->arena);
	widths[DETAIL] = page.width - widths[STATE] - widths[WEIGHT] - 2 * PAGE_GAP;
	page_put(&page, colours[audit->score >= 8 ? 2 : audit->score >= 6],
		 arena_printf(context->arena, "score %u of %d", audit->score, AUDIT_SCORE_MAX));
	strbuf_printf(page.out, " (%u of %d points), ", audit->points, AUDIT_POINTS);
	if (audit->policies)
		strbuf_printf(page.out, "policy %s\n\n", audit->policies);
	else
		strbuf_puts(page.out, "no policy\n\n");
	for (size_t i = 0; i < audit_check_count(); i++)
		if (!audit->passed[i])
			put_check(&page, &audit_checks[i], false, widths);
	for (size_t i = 0; i < audit_check_count(); i++)
		if (audit->passed[i])
			put_check(&page, &audit_checks[i], true, widths);
}

/* json --------------------------------------------------------------------------------------------------- */

void audit_print_json(struct context *context, const struct audit *audit)
{
	struct json_writer writer = { .out = &context->out, .indent = 2 };

	json_begin_object(&writer);
	json_member_string(&writer, "subject", audit->subject);
	json_member_string(&writer, "policies", audit->policies);
	json_member_u64(&writer, "score", audit->score);
	json_member_u64(&writer, "points", audit->points);
	json_key(&writer, "checks");
	json_begin_array(&writer);
	for (size_t i = 0; i < audit_check_count(); i++) {
		json_begin_object(&writer);
		json_member_string(&writer, "id", audit_checks[i].id);
		json_member_string(&writer, "title", audit_checks[i].title);
		json_member_u64(&writer, "weight", audit_checks[i].weight);
		json_member_bool(&writer, "passed", audit->passed[i]);
		json_member_string(&writer, "fix", audit_checks[i].fix);
		json_end_object(&writer);
	}
	json_end_array(&writer);
	json_end_object(&writer);
	strbuf_putc(&context->out, '\n');
}

/* sarif -------------------------------------------------------------------------------------------------- */

static const char *level(const struct audit_check *check)
{
	return check->weight >= 5 ? "error" : check->weight >= 2 ? "warning" : "note";
}

static void text_object(struct json_writer *writer, const char *name, const char *text)
{
	json_key(writer, name);
	json_begin_object(writer);
	json_member_string(writer, "text", text);
	json_end_object(writer);
}

static void print_tool(struct json_writer *writer)
{
	json_key(writer, "tool");
	json_begin_object(writer);
	json_key(writer, "driver");
	json_begin_object(writer);
	json_member_string(writer, "name", "casemate");
	json_key(writer, "rules");
	json_begin_array(writer);
	for (size_t i = 0; i < audit_check_count(); i++) {
		json_begin_object(writer);
		json_member_string(writer, "id", audit_checks[i].id);
		text_object(writer, "shortDescription", audit_checks[i].title);
		text_object(writer, "help", audit_checks[i].fix);
		json_key(writer, "defaultConfiguration");
		json_begin_object(writer);
		json_member_string(writer, "level", level(&audit_checks[i]));
		json_end_object(writer);
		json_end_object(writer);
	}
	json_end_array(writer);
	json_end_object(writer);
	json_end_object(writer);
}

/* Where the fault is: the configuration as a whole, whose lines are not counted. */
static void print_location(struct json_writer *writer, const char *uri)
{
	json_key(writer, "locations");
	json_begin_array(writer);
	json_begin_object(writer);
	json_key(writer, "physicalLocation");
	json_begin_object(writer);
	json_key(writer, "artifactLocation");
	json_begin_object(writer);
	json_member_string(writer, "uri", uri);
	json_end_object(writer);
	json_key(writer, "region");
	json_begin_object(writer);
	json_member_u64(writer, "startLine", 1);
	json_end_object(writer);
	json_end_object(writer);
	json_end_object(writer);
	json_end_array(writer);
}

static void print_result(struct json_writer *writer, struct arena *arena, size_t index, const char *uri)
{
	const struct audit_check *check = &audit_checks[index];

	json_begin_object(writer);
	json_member_string(writer, "ruleId", check->id);
	json_member_u64(writer, "ruleIndex", index);
	json_member_string(writer, "level", level(check));
	text_object(writer, "message",
		    arena_printf(arena, "This does not hold: %s. To fix it: %s.", check->title, check->fix));
	print_location(writer, uri);
	json_end_object(writer);
}

/* A URI reference: a relative path of the bundle's without "./". */
static const char *configuration_uri(struct arena *arena, const char *subject)
{
	while (strncmp(subject, "./", 2) == 0)
		subject += 2;
	if (strcmp(subject, "-") == 0 || strcmp(subject, ".") == 0 || !*subject)
		return "config.json";
	return arena_printf(arena, "%s%s/config.json", *subject == '/' ? "file://" : "", subject);
}

void audit_print_sarif(struct context *context, const struct audit *audit)
{
	struct json_writer writer = { .out = &context->out, .indent = 2 };
	const char *uri = configuration_uri(context->arena, audit->subject);

	json_begin_object(&writer);
	json_member_string(&writer, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	json_member_string(&writer, "version", "2.1.0");
	json_key(&writer, "runs");
	json_begin_array(&writer);
	json_begin_object(&writer);
	print_tool(&writer);
	json_key(&writer, "properties");
	json_begin_object(&writer);
	json_member_u64(&writer, "score", audit->score);
	json_member_u64(&writer, "points", audit->points);
	json_end_object(&writer);
	json_key(&writer, "results");
	json_begin_array(&writer);
	for (size_t i = 0; i < audit_check_count(); i++)
		if (!audit->passed[i])
			print_result(&writer, context->arena, i, uri);
	json_end_array(&writer);
	json_end_object(&writer);
	json_end_array(&writer);
	json_end_object(&writer);
	strbuf_putc(&context->out, '\n');
}
