/* SPDX-License-Identifier: Apache-2.0 */
#include "explain.h"

#include <stdio.h>
#include <string.h>

struct explain_values {
	const char *format;
};

static const struct option options[] = {
	OPTION_STRING_ENTRY(struct explain_values, format, "format", 'f', "text|json|config",
			    "what to print; config: the hardened config.json (default: text)"),
	{ 0 },
};

/* An array of the names in the comma-separated @names. */
static void print_names(struct json_writer *writer, struct arena *arena, const char *names)
{
	char *rest = arena_strdup(arena, names);

	json_begin_array(writer);
	while (rest && *rest)
		json_string(writer, strsep(&rest, ","));
	json_end_array(writer);
}

static void print_json(struct context *context, const struct explanation *explanation)
{
	struct json_writer writer = { .out = &context->out, .indent = 2 };

	json_begin_object(&writer);
	json_key(&writer, "policies");
	print_names(&writer, context->arena, explanation->policies);
	json_key(&writer, "changes");
	policy_changes_print(&writer, explanation->changes);
	json_key(&writer, "unmet");
	policy_unmet_print(&writer, explanation->changes);
	json_end_object(&writer);
	strbuf_putc(&context->out, '\n');
}

/* Secrets are handed to containers as environment variables: names are shown, values never. */
static void hide_values(struct arena *arena, struct string_list *env)
{
	const char **items = ARENA_NEW_ARRAY(arena, const char *, env->count + 1);

	for (size_t i = 0; i < env->count; i++) {
		size_t length = strcspn(env->items[i], "=");

		items[i] = arena_printf(arena, "%.*s=", (int)length, env->items[i]);
	}
	env->items = items;
}

static void hide_hook_values(struct arena *arena, struct oci_hook_list *hooks)
{
	for (size_t i = 0; i < hooks->count; i++)
		hide_values(arena, &hooks->items[i].env);
}

static void print_config(struct context *context, const struct oci_config *original)
{
	struct json_writer writer = { .out = &context->out, .indent = 4 };
	struct oci_config *config = config_copy(context->arena, original);

	if (config->process)
		hide_values(context->arena, &config->process->env);
	if (config->hooks) {
		hide_hook_values(context->arena, &config->hooks->prestart);
		hide_hook_values(context->arena, &config->hooks->create_runtime);
		hide_hook_values(context->arena, &config->hooks->create_container);
		hide_hook_values(context->arena, &config->hooks->start_container);
		hide_hook_values(context->arena, &config->hooks->poststart);
		hide_hook_values(context->arena, &config->hooks->poststop);
	}
	config_print(&writer, config);
	strbuf_putc(&context->out, '\n');
}

static int explain(struct context *context, void *values, const struct arguments *arguments)
{
	static const char *const formats[] = { "text", "json", "config" };
	const struct explain_values *explain = values;
	const char *subject = arguments->count ? arguments->items[0] : ".";
	struct explanation explanation = { 0 };
	size_t format = 0;

	while (explain->format && format < ARRAY_SIZE(formats) && strcmp(explain->format, formats[format]) != 0)
		format++;
	if (format == ARRAY_SIZE(formats))
		return error_set(&context->error, 0, "invalid format option");
	if (container_explain(context->arena, &context->runtime, subject, &explanation, &context->error) < 0)
		return -1;
	if (format == 0)
		explain_print_text(context, &explanation);
	else if (format == 1)
		print_json(context, &explanation);
	else
		print_config(context, explanation.config);
	return 0;
}

const struct command command_explain = {
	.name = "explain",
	.summary = "show what the policy changes, and why",
	.usage = "[BUNDLE|ID]",
	.description =
		"   For a bundle (default: the working directory) it shows what its policy would change, for a\n"
		"   container what it has changed: each member of the configuration, from what to what, by\n"
		"   which key of which policy. Values of environment variables are never shown.",
	.options = options,
	.values_size = sizeof(struct explain_values),
	.max_arguments = 1,
	.run = explain,
};
