/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

/* libcontainer's options, and the lists as the option table fills them. */
struct exec_values {
	struct exec_options exec;
	struct string_list env;
	struct string_list additional_gids;
	struct string_list capabilities;
	struct string_list cgroups;
};

static const struct option options[] = {
	OPTION_TEXT_ENTRY(struct exec_values, exec.process_file, "process", 'p', "FILE",
			  "take the whole process from FILE, a \"process\" object"),
	OPTION_BOOL_ENTRY(struct exec_values, exec.tty, "tty", 't', "give the process a terminal"),
	OPTION_STRING_ENTRY(struct exec_values, exec.user, "user", 'u', "UID[:GID]", "run as this user"),
	OPTION_LIST_ENTRY(struct exec_values, additional_gids, "additional-gids", 'g', "GID",
			  "add a group; may be repeated"),
	OPTION_TEXT_ENTRY(struct exec_values, exec.cwd, "cwd", 0, "DIR", "working directory in the container"),
	OPTION_LIST_ENTRY(struct exec_values, env, "env", 'e', "NAME=VALUE",
			  "set an environment variable; may be repeated"),
	OPTION_LIST_ENTRY(struct exec_values, capabilities, "cap", 'c', "CAP",
			  "add a capability; may be repeated"),
	OPTION_BOOL_ENTRY(struct exec_values, exec.no_new_privs, "no-new-privs", 0, "set no_new_privs"),
	OPTION_STRING_ENTRY(struct exec_values, exec.process_label, "process-label", 0, "LABEL",
			    "SELinux label"),
	OPTION_STRING_ENTRY(struct exec_values, exec.apparmor, "apparmor", 0, "PROFILE", "AppArmor profile"),
	OPTION_LIST_ENTRY(struct exec_values, cgroups, "cgroup", 0, "[CONTROLLER:]PATH",
			  "run in this group below the container's; may be repeated"),
	OPTION_BOOL_ENTRY(struct exec_values, exec.ignore_paused, "ignore-paused", 0,
			  "go ahead where the container is paused"),
	OPTION_BOOL_ENTRY(struct exec_values, exec.detach, "detach", 'd', "do not wait for the process"),
	OPTION_TEXT_ENTRY(struct exec_values, exec.console_socket, "console-socket", 0, "PATH",
			  "unix socket that receives the master end of the terminal"),
	OPTION_TEXT_ENTRY(struct exec_values, exec.pidfd_socket, "pidfd-socket", 0, "PATH",
			  "unix socket that receives a pidfd of the process"),
	OPTION_TEXT_ENTRY(struct exec_values, exec.pid_file, "pid-file", 0, "FILE",
			  "write the process id to FILE"),
	OPTION_UNSIGNED_ENTRY(struct exec_values, exec.preserve_fds, "preserve-fds", 0, "N",
			      "pass N more file descriptors, from 3 + $LISTEN_FDS on"),
	{ 0 },
};

static int exec(struct context *context, void *data, const struct arguments *arguments)
{
	struct exec_values *values = data;
	struct exec_options *exec = &values->exec;
	int status = 0;

	exec->id = arguments->items[0];
	exec->args = arguments->items + 1;
	exec->args_count = arguments->count - 1;
	exec->env = values->env.items;
	exec->env_count = values->env.count;
	exec->additional_gids = values->additional_gids.items;
	exec->additional_gids_count = values->additional_gids.count;
	exec->capabilities = values->capabilities.items;
	exec->capabilities_count = values->capabilities.count;
	exec->cgroups = values->cgroups.items;
	exec->cgroups_count = values->cgroups.count;
	if (container_exec(&context->runtime, exec, &status, &context->error) < 0)
		return error_context(&context->error, "exec failed");
	return status;
}

const struct command command_exec = {
	.name = "exec",
	.summary = "run one more process in a container",
	.usage = "ID COMMAND [ARGUMENT...]",
	.description =
		"   The process joins everything the container has, and is held to the container's policy.\n"
		"   With --process no COMMAND is given. The exit status is the process's own, or 128+N where\n"
		"   signal N ended it, or 255 where it could not be run.",
	.options = options,
	.values_size = sizeof(struct exec_values),
	.min_arguments = 1,
	.max_arguments = SIZE_MAX,
	.stop_at_argument = true,
	.protect = true,
	.failure_status = 255,
	.run = exec,
};
