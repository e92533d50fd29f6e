/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

static int state(struct context *context, _unused_ void *values, const struct arguments *arguments)
{
	struct json_writer writer = { .out = &context->out, .indent = 2 };
	struct container_state state;

	if (container_state(context->arena, &context->runtime, arguments->items[0], &state, &context->error) <
	    0)
		return -1;
	container_state_print(&writer, &state);
	strbuf_putc(&context->out, '\n');
	return 0;
}

const struct command command_state = {
	.name = "state",
	.summary = "print the state of a container",
	.usage = "ID",
	.description =
		"   Prints a JSON object: ociVersion, id, pid, status (creating, created, running, pausing,\n"
		"   paused or stopped), bundle, rootfs, created, annotations, owner.",
	.min_arguments = 1,
	.max_arguments = 1,
	.run = state,
};
