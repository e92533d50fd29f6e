/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

struct kill_options {
	bool all;
};

static const struct option options[] = {
	OPTION_BOOL_ENTRY(struct kill_options, all, "all", 'a', "signal every process of the container"),
	{ 0 },
};

static int kill_container(struct context *context, void *values, const struct arguments *arguments)
{
	const struct kill_options *kill = values;
	const char *signal = arguments->count > 1 && *arguments->items[1] ? arguments->items[1] : "SIGTERM";

	return container_kill(&context->runtime, arguments->items[0], signal, kill->all, &context->error);
}

const struct command command_kill = {
	.name = "kill",
	.summary = "send a signal to a container's first process",
	.usage = "ID [SIGNAL]",
	.description =
		"   SIGNAL is a number or a name, with or without SIG; it is SIGTERM where none is given.",
	.options = options,
	.values_size = sizeof(struct kill_options),
	.min_arguments = 1,
	.max_arguments = 2,
	.run = kill_container,
};
