/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

static const struct option options[] = {
	CREATE_OPTIONS,
	OPTION_BOOL_ENTRY(struct create_options, detach, "detach", 'd',
			  "do not wait for the container's program"),
	OPTION_BOOL_ENTRY(struct create_options, keep, "keep", 0, "do not delete the container after it stops"),
	OPTION_BOOL_ENTRY(struct create_options, no_subreaper, "no-subreaper", 0,
			  "do not adopt processes the container leaves behind"),
	{ 0 },
};

static int run(struct context *context, void *values, const struct arguments *arguments)
{
	struct create_options *create = values;
	int status = 0;

	create->id = arguments->items[0];
	if (container_run(&context->runtime, create, &status, &context->error) < 0)
		return error_context(&context->error, "%s run failed", context->name);
	return status;
}

const struct command command_run = {
	.name = "run",
	.summary = "create and run a container",
	.usage = "ID",
	.description =
		"   Makes a container from the bundle, starts it, waits for its program and deletes it again.\n"
		"   The exit status is the program's own, or 128+N where signal N ended it.",
	.options = options,
	.values_size = sizeof(struct create_options),
	.min_arguments = 1,
	.max_arguments = 1,
	.protect = true,
	.run = run,
};
