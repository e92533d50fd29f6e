/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "command.h"

#define COLUMNS 6
#define COLUMN_MIN 12 /* the widths of Go's tabwriter as runc sets it */
#define COLUMN_GAP 3

struct list_options {
	const char *format;
	bool quiet;
};

static const struct option options[] = {
	OPTION_STRING_ENTRY(struct list_options, format, "format", 'f', "table|json",
			    "what to print (default: table)"),
	OPTION_BOOL_ENTRY(struct list_options, quiet, "quiet", 'q', "print the ids only"),
	{ 0 },
};

struct row {
	const char *cells[COLUMNS];
};

/* Characters, not bytes: a bundle's path may be UTF-8. */
static size_t text_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void print_rows(struct strbuf *out, const struct row *rows, size_t count)
{
	size_t widths[COLUMNS];

	for (size_t column = 0; column < COLUMNS; column++) {
		widths[column] = COLUMN_MIN;
		for (size_t i = 0; i < count; i++) {
			size_t width = text_width(rows[i].cells[column]) + COLUMN_GAP;

			if (width > widths[column])
				widths[column] = width;
		}
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t column = 0; column < COLUMNS - 1; column++) {
			const char *cell = rows[i].cells[column];

			strbuf_printf(out, "%s%*s", cell, (int)(widths[column] - text_width(cell)), "");
		}
		strbuf_printf(out, "%s\n", rows[i].cells[COLUMNS - 1]);
	}
}

static void print_table(struct context *context, const struct container_state *states, size_t count)
{
	struct row *rows = ARENA_NEW_ARRAY(context->arena, struct row, count + 1);

	rows[0] = (struct row){ { "ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER" } };
	for (size_t i = 0; i < count; i++)
		rows[i + 1] = (struct row){ {
			states[i].id,
			arena_printf(context->arena, "%d", states[i].pid),
			states[i].status,
			states[i].bundle,
			states[i].created,
			states[i].owner,
		} };
	print_rows(&context->out, rows, count + 1);
}

/* Where there is none it is `null`, as engines know it from runc. */
static void print_json(struct context *context, const struct container_state *states, size_t count)
{
	struct json_writer writer = { .out = &context->out };

	if (count == 0) {
		strbuf_puts(&context->out, "null\n");
		return;
	}
	json_begin_array(&writer);
	for (size_t i = 0; i < count; i++)
		container_state_print(&writer, &states[i]);
	json_end_array(&writer);
	strbuf_putc(&context->out, '\n');
}

static int list(struct context *context, void *values, _unused_ const struct arguments *arguments)
{
	const struct list_options *list = values;
	struct container_state *states = NULL;
	enum output_format format;
	size_t count = 0;

	if (output_format(list->format, &format, &context->error) < 0 ||
	    container_list(context->arena, &context->runtime, &states, &count, &context->error) < 0)
		return -1;
	if (list->quiet) {
		for (size_t i = 0; i < count; i++)
			strbuf_printf(&context->out, "%s\n", states[i].id);
	} else if (format == FORMAT_JSON) {
		print_json(context, states, count);
	} else {
		print_table(context, states, count);
	}
	return 0;
}

const struct command command_list = {
	.name = "list",
	.summary = "list the containers",
	.usage = "",
	.description = "   Lists the containers whose state is kept below --root.",
	.options = options,
	.values_size = sizeof(struct list_options),
	.run = list,
};
