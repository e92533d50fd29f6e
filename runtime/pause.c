/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

static int pause_container(struct context *context, _unused_ void *values, const struct arguments *arguments)
{
	return container_pause(&context->runtime, arguments->items[0], &context->error);
}

const struct command command_pause = {
	.name = "pause",
	.summary = "suspend all processes of a container",
	.usage = "ID",
	.description = "   The processes stay as they are until `resume`.",
	.min_arguments = 1,
	.max_arguments = 1,
	.run = pause_container,
};
