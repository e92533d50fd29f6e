/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

static const struct option options[] = {
	OPTION_TEXT_ENTRY(struct restore_options, create.bundle, "bundle", 'b', "DIR",
			  "bundle directory (default: the working directory)"),
	OPTION_TEXT_ENTRY(struct restore_options, create.config, "config", 'f', "FILE",
			  "configuration in the bundle (default: config.json)"),
	OPTION_TEXT_ENTRY(struct restore_options, create.console_socket, "console-socket", 0, "PATH",
			  "unix socket that receives the master end of the terminal"),
	OPTION_TEXT_ENTRY(struct restore_options, create.pid_file, "pid-file", 0, "FILE",
			  "write the process id to FILE"),
	OPTION_BOOL_ENTRY(struct restore_options, create.detach, "detach", 'd',
			  "do not wait for the container's program"),
	OPTION_BOOL_ENTRY(struct restore_options, create.no_subreaper, "no-subreaper", 0,
			  "do not adopt processes the container leaves behind"),
	OPTION_BOOL_ENTRY(struct restore_options, create.no_pivot, "no-pivot", 0,
			  "of no effect: CRIU changes the root in its own way"),
	IMAGE_OPTIONS(struct restore_options),
	OPTION_TEXT_ENTRY(struct restore_options, lsm_profile, "lsm-profile", 0, "LSM:PROFILE",
			  "profile of the processes: apparmor:NAME or selinux:LABEL"),
	OPTION_TEXT_ENTRY(struct restore_options, lsm_mount_context, "lsm-mount-context", 0, "CONTEXT",
			  "SELinux context of the mounts"),
	{ 0 },
};

static int restore(struct context *context, void *values, const struct arguments *arguments)
{
	struct restore_options *restore = values;
	int status = 0;

	restore->create.id = arguments->items[0];
	if (container_restore(&context->runtime, restore, &status, &context->error) < 0)
		return error_context(&context->error, "%s restore failed", context->name);
	return status;
}

const struct command command_restore = {
	.name = "restore",
	.summary = "make a container again from a checkpoint",
	.usage = "ID",
	.description =
		"   Makes a container of the bundle's configuration with the processes that `checkpoint` saved.\n"
		"   The policy that holds for new containers holds for it. The exit status is that of `run`.",
	.options = options,
	.values_size = sizeof(struct restore_options),
	.min_arguments = 1,
	.max_arguments = 1,
	.protect = true,
	.run = restore,
};
