/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

struct unlock_values {
	const char *code;
};

static const struct option options[] = {
	OPTION_STRING_ENTRY(struct unlock_values, code, "code", 'c', "CODE",
			    "the one-time code, where /etc/casemate/unlock.secret asks for one"),
	{ 0 },
};

static int unlock_container(struct context *context, void *values, const struct arguments *arguments)
{
	const struct unlock_values *unlock = values;

	return container_unlock(&context->runtime, arguments->items[0], unlock->code, &context->error);
}

const struct command command_unlock = {
	.name = "unlock",
	.summary = "open a locked container to exec again",
	.usage = "[--code CODE] ID",
	.options = options,
	.values_size = sizeof(struct unlock_values),
	.min_arguments = 1,
	.max_arguments = 1,
	.run = unlock_container,
};
