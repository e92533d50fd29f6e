/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

static int features(struct context *context, _unused_ void *values, _unused_ const struct arguments *arguments)
{
	struct json_writer writer = { .out = &context->out, .indent = 4 };

	features_print(&writer);
	strbuf_putc(&context->out, '\n');
	return 0;
}

const struct command command_features = {
	.name = "features",
	.summary = "print what the runtime supports",
	.usage = "",
	.description = "   Prints the features document of the runtime specification, as JSON.",
	.run = features,
};
