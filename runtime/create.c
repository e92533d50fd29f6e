/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

static const struct option options[] = { CREATE_OPTIONS, { 0 } };

static int create(struct context *context, void *values, const struct arguments *arguments)
{
	struct create_options *create = values;

	create->id = arguments->items[0];
	if (container_create(&context->runtime, create, &context->error) < 0)
		return error_context(&context->error, "%s create failed", context->name);
	return 0;
}

const struct command command_create = {
	.name = "create",
	.summary = "create a container",
	.usage = "ID",
	.description =
		"   Makes a container from the bundle: a directory with a config.json and a root filesystem.\n"
		"   Its program does not run before `start`. ID is a name no other container has.",
	.options = options,
	.values_size = sizeof(struct create_options),
	.min_arguments = 1,
	.max_arguments = 1,
	.protect = true,
	.run = create,
};
