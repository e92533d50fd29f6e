/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

static int start(struct context *context, _unused_ void *values, const struct arguments *arguments)
{
	return container_start(&context->runtime, arguments->items[0], &context->error);
}

const struct command command_start = {
	.name = "start",
	.summary = "run the program of a created container",
	.usage = "ID",
	.description = "   The container must have been made by `create` and not been started before.",
	.min_arguments = 1,
	.max_arguments = 1,
	.run = start,
};
