/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/path.h"
#include "command.h"
#include "page.h"
#include "policy/policy.h"
#include "setup.h"

static const struct option options[] = {
	OPTION_STRING_ENTRY(struct setup_values, policy, "policy", 'p', "NAME[,...]",
			    "hold the engine's containers to these policies"),
	OPTION_STRING_ENTRY(struct setup_values, file, "file", 0, "FILE",
			    "the engine's configuration (default: where the engine looks for it)"),
	OPTION_STRING_ENTRY(struct setup_values, name, "name", 0, "NAME",
			    "what the engine calls the runtime (default: casemate)"),
	OPTION_BOOL_ENTRY(struct setup_values, make_default, "default", 'd', "make it the engine's default"),
	OPTION_BOOL_ENTRY(struct setup_values, dry_run, "dry-run", 'n', "show the change only"),
	OPTION_BOOL_ENTRY(struct setup_values, undo, "undo", 0, "take out what this command put there"),
	{ 0 },
};

/* Lines of @old that are not in @new in red, the others of @new in green: enough for what this command adds. */
static void put_lines(struct page *page, const char *text, const char *other, const char *mark,
		      enum colour colour)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		const char *line = arena_strndup(page->arena, text, length);
		const char *found = other;

		while (found && !((found == other || found[-1] == '\n') && strncmp(found, line, length) == 0 &&
				  (found[length] == '\n' || !found[length])))
			found = length && *found ? strstr(found + 1, line) : NULL;
		if (!found && length)
			page_put(page, colour,
				 arena_printf(page->arena, "%s %s\n", mark, page_printable(page, line)));
		text += length + (text[length] == '\n');
	}
}

static void show_change(struct context *context, const struct setup_change *change)
{
	struct page page;

	page_open(&page, &context->out, context->arena);
	page_put(&page, COLOUR_BOLD, arena_printf(context->arena, "%s\n", change->file));
	put_lines(&page, change->old ? change->old : "", change->new ? change->new : "", "-", COLOUR_RED);
	put_lines(&page, change->new ? change->new : "", change->old ? change->old : "", "+", COLOUR_GREEN);
}

static bool is_name(const char *name)
{
	return *name &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == strlen(name);
}

/* A policy that cannot be loaded would stop every container of the engine. */
static int check(struct context *context, struct setup_values *setup)
{
	struct policy_site site;
	struct policy *policy;

	if (!is_name(setup->name))
		return error_set(&context->error, 0, "--name: found \"%s\", expected letters, digits, _ and -",
				 setup->name);
	if (setup->policy && strpbrk(setup->policy, "\"\\\n"))
		return error_set(&context->error, 0, "--policy: \"%s\" cannot be written into a configuration",
				 setup->policy);
	if (setup->undo || !setup->policy)
		return 0;
	if (policy_site_load(context->arena, &site, &context->error) < 0)
		return -1;
	return policy_load(context->arena, &site, setup->policy, NULL, &policy, &context->error);
}

static int setup(struct context *context, void *values, const struct arguments *arguments)
{
	struct setup_values *setup = values;
	const struct setup_engine *engine = setup_find_engine(arguments->items[0]);
	struct setup_change change = { 0 };

	if (!engine)
		return error_set(&context->error, 0, "setup %s: expected docker, podman or containerd",
				 arguments->items[0]);
	if (!setup->name)
		setup->name = "casemate";
	if (!setup->file)
		setup->file = engine->file;
	if (check(context, setup) < 0 || setup_read(context->arena, setup, &change, &context->error) < 0 ||
	    engine->change(context->arena, setup, &change, &context->error) < 0)
		return -1;
	if (setup_is_unchanged(&change)) {
		strbuf_printf(&context->out, "%s: nothing to change\n", change.file);
		return 0;
	}
	show_change(context, &change);
	if (setup->dry_run)
		return 0;
	change.keep = !setup->undo;
	if (setup_write(context->arena, &change, &context->error) < 0)
		return -1;
	if (change.copy)
		strbuf_printf(&context->out, "\nA copy of what was there is in %s.\n", change.copy);
	strbuf_printf(&context->out, "%s\n", engine->next);
	return 0;
}

const struct command command_setup = {
	.name = "setup",
	.summary = "register the runtime with an engine",
	.usage = "docker|podman|containerd",
	.description =
		"   Writes the runtime into the engine's own configuration, shows the change, keeps a copy of what\n"
		"   was there, and says what to restart. --undo takes it out again. Doing it twice changes nothing.",
	.options = options,
	.values_size = sizeof(struct setup_values),
	.min_arguments = 1,
	.max_arguments = 1,
	.run = setup,
};
