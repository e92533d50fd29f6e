/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

struct delete_options {
	bool force;
};

static const struct option options[] = {
	OPTION_BOOL_ENTRY(struct delete_options, force, "force", 'f',
			  "kill a container that still runs; one that does not exist is no failure"),
	{ 0 },
};

static int delete (struct context *context, void *values, const struct arguments *arguments)
{
	const struct delete_options *delete = values;

	return container_delete(&context->runtime, arguments->items[0], delete->force, &context->error);
}

const struct command command_delete = {
	.name = "delete",
	.summary = "remove a stopped container and all it holds",
	.usage = "ID",
	.description = "   Removes the container's cgroups, mounts and state. Its bundle stays.",
	.options = options,
	.values_size = sizeof(struct delete_options),
	.min_arguments = 1,
	.max_arguments = 1,
	.run = delete,
};
