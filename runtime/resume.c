/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

static int resume(struct context *context, _unused_ void *values, const struct arguments *arguments)
{
	return container_resume(&context->runtime, arguments->items[0], &context->error);
}

const struct command command_resume = {
	.name = "resume",
	.summary = "let the processes of a paused container go on",
	.usage = "ID",
	.min_arguments = 1,
	.max_arguments = 1,
	.run = resume,
};
