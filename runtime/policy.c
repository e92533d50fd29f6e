/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "command.h"
#include "page.h"
#include "policy/policy.h"

struct policy_values {
	const char *format;
	bool source;
};

static const struct option options[] = {
	OPTION_STRING_ENTRY(struct policy_values, format, "format", 'f', "table|json",
			    "form of the list (default: table)"),
	OPTION_BOOL_ENTRY(struct policy_values, source, "source", 's',
			  "show a policy as it is written, without what it extends"),
	{ 0 },
};

/* list --------------------------------------------------------------------------------------------------- */

#define DESCRIPTION_MIN 24

enum column { NAME, FROM, DESCRIPTION, COLUMNS };

static const char *origin(struct arena *arena, const struct policy_entry *entry)
{
	return arena_printf(arena, "%s%s%s", entry->file ? "site" : "built in",
			    entry->is_default ? ", default" : "", entry->selectable ? ", selectable" : "");
}

static void add_description(struct page *page, struct page_cell *cell, const struct policy_entry *entry,
			    size_t width)
{
	const char *text = entry->problem ? entry->problem : entry->description;
	_cleanup_strbuf_ struct strbuf extends = { 0 };

	if (text)
		page_wrap(page, cell, page_printable(page, text), width, 0,
			  entry->problem ? COLOUR_RED : COLOUR_PLAIN);
	if (!entry->extends.count)
		return;
	strbuf_puts(&extends, "extends");
	for (size_t i = 0; i < entry->extends.count; i++)
		strbuf_printf(&extends, "%s %s", i ? "," : "", entry->extends.items[i]);
	page_wrap(page, cell, arena_strdup(page->arena, strbuf_text(&extends)), width, 2, COLOUR_DIM);
}

static void list_table(struct context *context, const struct policy_entry *entries, size_t count)
{
	size_t widths[COLUMNS] = { 0 };
	struct page page;

	page_open(&page, &context->out, context->arena);
	for (size_t i = 0; i < count; i++) {
		size_t name = page_text_width(entries[i].name);
		size_t from = page_text_width(origin(context->arena, &entries[i]));

		widths[NAME] = name > widths[NAME] ? name : widths[NAME];
		widths[FROM] = from > widths[FROM] ? from : widths[FROM];
	}
	widths[DESCRIPTION] = page.width > widths[NAME] + widths[FROM] + DESCRIPTION_MIN
				      ? page.width - widths[NAME] - widths[FROM] - 2 * PAGE_GAP
				      : DESCRIPTION_MIN;
	for (size_t i = 0; i < count; i++) {
		struct page_cell cells[COLUMNS] = { 0 };

		page_wrap(&page, &cells[NAME], entries[i].name, widths[NAME], 0, COLOUR_BOLD);
		page_wrap(&page, &cells[FROM], origin(context->arena, &entries[i]), widths[FROM], 0,
			  COLOUR_DIM);
		add_description(&page, &cells[DESCRIPTION], &entries[i], widths[DESCRIPTION]);
		page_put_row(&page, cells, widths, COLUMNS);
	}
}

static void print_text(struct json_writer *writer, const char *name, const char *text)
{
	if (!text)
		return;
	json_member_string(writer, name, text);
}

static void list_json(struct context *context, const struct policy_entry *entries, size_t count)
{
	struct json_writer writer = { .out = &context->out, .indent = 2 };

	json_begin_array(&writer);
	for (size_t i = 0; i < count; i++) {
		json_begin_object(&writer);
		print_text(&writer, "name", entries[i].name);
		print_text(&writer, "file", entries[i].file);
		print_text(&writer, "description", entries[i].description);
		json_key(&writer, "extends");
		json_strings(&writer, entries[i].extends.items, entries[i].extends.count);
		json_member_bool(&writer, "default", entries[i].is_default);
		json_member_bool(&writer, "selectable", entries[i].selectable);
		print_text(&writer, "problem", entries[i].problem);
		json_end_object(&writer);
	}
	json_end_array(&writer);
	strbuf_putc(&context->out, '\n');
}

static int list(struct context *context, const struct policy_values *values, const struct policy_site *site,
		const struct arguments *arguments)
{
	struct policy_entry *entries;
	enum output_format format;
	size_t count;

	if (arguments->count > 1)
		return error_set(&context->error, 0, "policy list takes no argument");
	if (output_format(values->format, &format, &context->error) < 0 ||
	    policy_catalogue(context->arena, site, &entries, &count, &context->error) < 0)
		return -1;
	if (format == FORMAT_JSON)
		list_json(context, entries, count);
	else
		list_table(context, entries, count);
	return 0;
}

/* show --------------------------------------------------------------------------------------------------- */

static int show(struct context *context, const struct policy_values *values, const struct policy_site *site,
		const struct arguments *arguments)
{
	struct json_writer writer = { .out = &context->out, .indent = 2 };
	struct json_value *document;
	struct policy *policy;

	if (arguments->count != 2)
		return error_set(&context->error, 0, "policy show takes the name of a policy");
	if (values->source) {
		if (policy_source(context->arena, site, arguments->items[1], &document, &context->error) < 0)
			return -1;
		json_value(&writer, document);
	} else {
		if (policy_load(context->arena, site, arguments->items[1], NULL, &policy, &context->error) < 0)
			return -1;
		policy_print(&writer, policy);
	}
	strbuf_putc(&context->out, '\n');
	return 0;
}

/* check -------------------------------------------------------------------------------------------------- */

static int check(struct context *context, const struct policy_values *values, const struct policy_site *site,
		 const struct arguments *arguments)
{
	int status = 0;

	(void)values;
	if (arguments->count < 2)
		return error_set(&context->error, 0, "policy check takes a file");
	for (size_t i = 1; i < arguments->count; i++) {
		const char *file = arguments->items[i];
		const char *path = strcmp(file, "-") == 0 ? "/dev/stdin" : file;
		struct policy *policy;

		if (policy_load_file(context->arena, site, path, &policy, &context->error) < 0) {
			output_error(&context->error);
			status = 1;
		} else {
			strbuf_printf(&context->out, "%s: policy %s, fine\n", file, policy_names(policy));
		}
	}
	return status;
}

static int run(struct context *context, void *values, const struct arguments *arguments)
{
	static const struct {
		const char *name;
		int (*run)(struct context *context, const struct policy_values *values,
			   const struct policy_site *site, const struct arguments *arguments);
	} actions[] = { { "list", list }, { "show", show }, { "check", check } };
	struct policy_site site;

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(arguments->items[0], actions[i].name) != 0)
			continue;
		if (policy_site_load(context->arena, &site, &context->error) < 0)
			return -1;
		return actions[i].run(context, values, &site, arguments);
	}
	return error_set(&context->error, 0, "policy %s: expected list, show or check", arguments->items[0]);
}

const struct command command_policy = {
	.name = "policy",
	.summary = "list, show and check policies",
	.usage = "list | show NAME[,...] | check FILE...",
	.description = "   list: the policies of this site and the built-in ones.\n"
		       "   show: what holds under a policy or several, with all they extend, as one document.\n"
		       "   check: whether files are policies that can be used; \"-\" is standard input.",
	.options = options,
	.values_size = sizeof(struct policy_values),
	.min_arguments = 1,
	.max_arguments = SIZE_MAX,
	.run = run,
};
