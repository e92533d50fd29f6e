/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

static const struct option options[] = {
	IMAGE_OPTIONS(struct checkpoint_options),
	OPTION_TEXT_ENTRY(struct checkpoint_options, parent_path, "parent-path", 0, "DIR",
			  "images of an earlier pre-dump, relative to the image directory"),
	OPTION_BOOL_ENTRY(struct checkpoint_options, leave_running, "leave-running", 0,
			  "let the container go on, and keep it"),
	OPTION_BOOL_ENTRY(struct checkpoint_options, pre_dump, "pre-dump", 0,
			  "save the memory only, and let the container go on"),
	OPTION_BOOL_ENTRY(struct checkpoint_options, tcp_skip_in_flight, "tcp-skip-in-flight", 0,
			  "leave TCP connections out that are not established yet"),
	OPTION_BOOL_ENTRY(struct checkpoint_options, link_remap, "link-remap", 0,
			  "save open files whose name is gone by linking them again"),
	OPTION_STRING_ENTRY(struct checkpoint_options, status_fd, "status-fd", 0, "FD",
			    "descriptor that gets a zero byte when lazy pages can be had"),
	OPTION_TEXT_ENTRY(struct checkpoint_options, page_server, "page-server", 0, "ADDRESS:PORT",
			  "page server that memory is sent to, or, with lazy pages, served at"),
	{ 0 },
};

static int checkpoint(struct context *context, void *values, const struct arguments *arguments)
{
	struct checkpoint_options *checkpoint = values;

	checkpoint->id = arguments->items[0];
	return container_checkpoint(&context->runtime, checkpoint, &context->error);
}

const struct command command_checkpoint = {
	.name = "checkpoint",
	.summary = "save a running container to files",
	.usage = "ID",
	.description =
		"   Saves the container's processes with CRIU and deletes the container. `restore` makes it again.",
	.options = options,
	.values_size = sizeof(struct checkpoint_options),
	.min_arguments = 1,
	.max_arguments = 1,
	.run = checkpoint,
};
