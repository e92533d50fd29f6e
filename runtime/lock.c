/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

static int lock_container(struct context *context, _unused_ void *values, const struct arguments *arguments)
{
	return container_lock(&context->runtime, arguments->items[0], &context->error);
}

const struct command command_lock = {
	.name = "lock",
	.summary = "close a container to exec",
	.usage = "ID",
	.description =
		"   Its policy has to say exec: lockable. What runs in it goes on; nothing joins it until\n"
		"   `unlock`.",
	.min_arguments = 1,
	.max_arguments = 1,
	.run = lock_container,
};
