/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "command.h"
#include "page.h"

#define BROKEN_STATUS 2 /* what is planned is not in force: another thing than a failure of the command */

struct verify_values {
	const char *format;
	bool quiet;
};

static const struct option options[] = {
	OPTION_STRING_ENTRY(struct verify_values, format, "format", 'f', "text|json",
			    "what to print (default: text)"),
	OPTION_BOOL_ENTRY(struct verify_values, quiet, "quiet", 'q', "print only what is not in force"),
	{ 0 },
};

static const struct {
	const char *text; /* in the table, of one width */
	const char *json;
	enum colour colour;
} states[] = {
	[MEASURE_HOLDS] = { "ok    ", "in force", COLOUR_GREEN },
	[MEASURE_BROKEN] = { "BROKEN", "broken", COLOUR_RED },
	[MEASURE_UNKNOWN] = { "?     ", "unknown", COLOUR_YELLOW },
	[MEASURE_LEFT_OUT] = { "-     ", "not looked at", COLOUR_DIM },
};

enum column { STATE, NAME, DETAIL, COLUMNS };

static void put_measure(struct page *page, const struct measure *measure, const size_t *widths)
{
	struct page_cell cells[COLUMNS] = { 0 };
	bool holds = measure->state == MEASURE_HOLDS;
	const char *detail =
		holds ? measure->planned
		      : arena_printf(page->arena, "planned: %s; found: %s", measure->planned, measure->found);

	page_wrap(page, &cells[STATE], states[measure->state].text, widths[STATE], 0,
		  states[measure->state].colour);
	page_wrap(page, &cells[NAME], page_printable(page, measure->name), widths[NAME], 2,
		  holds ? COLOUR_PLAIN : COLOUR_BOLD);
	page_wrap(page, &cells[DETAIL], page_printable(page, detail), widths[DETAIL], 2,
		  holds ? COLOUR_DIM : COLOUR_PLAIN);
	page_put_row(page, cells, widths, COLUMNS);
}

static void set_widths(const struct page *page, const struct verification *verification, size_t *widths)
{
	widths[STATE] = strlen(states[MEASURE_BROKEN].text);
	widths[NAME] = 0;
	for (size_t i = 0; i < verification->count; i++) {
		size_t width = page_text_width(verification->measures[i].name);

		widths[NAME] = width > widths[NAME] ? width : widths[NAME];
	}
	if (widths[NAME] > page->width / 2)
		widths[NAME] = page->width / 2;
	widths[DETAIL] = page->width - widths[STATE] - widths[NAME] - 2 * PAGE_GAP;
}

static void print_text(struct context *context, const struct verification *verification, bool quiet)
{
	size_t in_force =
		verification->count - verification->broken - verification->unknown - verification->left_out;
	size_t widths[COLUMNS];
	struct page page;

	page_open(&page, &context->out, context->arena);
	strbuf_puts(page.out, "container ");
	page_put(&page, COLOUR_BOLD, verification->id);
	strbuf_printf(page.out, ", policy %s, process %d and %zu more\n\n", verification->policies,
		      verification->pid, verification->processes - 1);
	set_widths(&page, verification, widths);
	for (size_t i = 0; i < verification->count; i++)
		if (!quiet || verification->measures[i].state != MEASURE_HOLDS)
			put_measure(&page, &verification->measures[i], widths);
	strbuf_printf(page.out, "%s%zu measures: ", quiet && in_force == verification->count ? "" : "\n",
		      verification->count);
	page_put(&page, COLOUR_GREEN, arena_printf(context->arena, "%zu in force", in_force));
	if (verification->broken)
		page_put(&page, COLOUR_RED, arena_printf(context->arena, ", %zu BROKEN", verification->broken));
	if (verification->unknown)
		page_put(&page, COLOUR_YELLOW,
			 arena_printf(context->arena, ", %zu not known", verification->unknown));
	if (verification->left_out)
		page_put(&page, COLOUR_DIM,
			 arena_printf(context->arena, ", %zu not looked at", verification->left_out));
	strbuf_putc(page.out, '\n');
}

static void print_json(struct context *context, const struct verification *verification, bool quiet)
{
	struct json_writer writer = { .out = &context->out, .indent = 2 };

	json_begin_object(&writer);
	json_member_string(&writer, "id", verification->id);
	json_member_i64(&writer, "pid", verification->pid);
	json_member_u64(&writer, "processes", verification->processes);
	json_member_string(&writer, "policies", verification->policies);
	json_member_bool(&writer, "inForce", verification->broken == 0 && verification->unknown == 0);
	json_key(&writer, "measures");
	json_begin_array(&writer);
	for (size_t i = 0; i < verification->count; i++) {
		const struct measure *measure = &verification->measures[i];

		if (quiet && measure->state == MEASURE_HOLDS)
			continue;
		json_begin_object(&writer);
		json_member_string(&writer, "name", measure->name);
		json_member_string(&writer, "state", states[measure->state].json);
		json_member_string(&writer, "planned", measure->planned);
		json_member_string(&writer, "found", measure->found);
		json_end_object(&writer);
	}
	json_end_array(&writer);
	json_end_object(&writer);
	strbuf_putc(&context->out, '\n');
}

static int verify(struct context *context, void *values, const struct arguments *arguments)
{
	const struct verify_values *verify = values;
	struct verification verification;
	bool json = verify->format && strcmp(verify->format, "json") == 0;

	if (verify->format && !json && strcmp(verify->format, "text") != 0)
		return error_set(&context->error, 0, "invalid format option");
	if (container_verify(context->arena, &context->runtime, arguments->items[0], &verification,
			     &context->error) < 0)
		return -1;
	if (json)
		print_json(context, &verification, verify->quiet);
	else
		print_text(context, &verification, verify->quiet);
	return verification.broken || verification.unknown ? BROKEN_STATUS : 0;
}

const struct command command_verify = {
	.name = "verify",
	.summary = "compare a running container with what was planned",
	.usage = "ID",
	.description =
		"   Looks at the container from outside: the status of its processes, their mounts, namespaces, id\n"
		"   maps and groups, as the kernel reports them now, against its hardened configuration. One line a\n"
		"   measure; the exit status is 2 where one is not in force, or cannot be told to be.",
	.options = options,
	.values_size = sizeof(struct verify_values),
	.min_arguments = 1,
	.max_arguments = 1,
	.run = verify,
};
