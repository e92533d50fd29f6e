/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/path.h"
#include "command.h"

#define HEAP_STEP (512 * 1024)

/* clang-format off */
static const struct command *const commands[] = {
	&command_audit,
	&command_checkpoint,
	&command_create,
	&command_delete,
	&command_events,
	&command_exec,
	&command_explain,
	&command_features,
	&command_kill,
	&command_list,
	&command_lock,
	&command_pause,
	&command_policy,
	&command_ps,
	&command_restore,
	&command_resume,
	&command_run,
	&command_setup,
	&command_spec,
	&command_start,
	&command_state,
	&command_unlock,
	&command_update,
	&command_verify,
	NULL,
};
/* clang-format on */

struct globals {
	const char *cgroup_manager;
	const char *criu;
	bool debug;
	const char *log;
	const char *log_format;
	const char *policy;
	const char *root;
	const char *rootless;
	bool systemd_cgroup;
	bool version;
};

static const struct option global_options[] = {
	OPTION_STRING_ENTRY(struct globals, root, "root", 0, "DIR",
			    "where the state of containers is kept (default: /run/casemate)"),
	OPTION_STRING_ENTRY(struct globals, policy, "policy", 0, "NAME|FILE[,...]",
			    "policies to hold the container to (default: baseline)"),
	OPTION_STRING_ENTRY(struct globals, log, "log", 0, "FILE", "append the log to FILE"),
	OPTION_STRING_ENTRY(struct globals, log_format, "log-format", 0, "text|json",
			    "form of the log's lines (default: text)"),
	OPTION_BOOL_ENTRY(struct globals, debug, "debug", 0, "log what is done, step by step"),
	OPTION_STRING_ENTRY(struct globals, cgroup_manager, "cgroup-manager", 0, "cgroupfs|systemd|disabled",
			    "who makes the cgroups (default: cgroupfs)"),
	OPTION_BOOL_ENTRY(struct globals, systemd_cgroup, "systemd-cgroup", 0,
			  "the same as --cgroup-manager systemd"),
	OPTION_STRING_ENTRY(struct globals, rootless, "rootless", 0, "true|false|auto",
			    "work without the host's root (default: auto)"),
	OPTION_TEXT_ENTRY(struct globals, criu, "criu", 0, "PATH", "the criu program (default: criu)"),
	OPTION_BOOL_ENTRY(struct globals, version, "version", 'v', "show the version"),
	{ 0 },
};

/* go-runc takes "runc version X" only for a version, so under that name the program calls itself so. */
static const char *program_name(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;
	const char *base = slash ? slash + 1 : argv0;

	return base && strcmp(base, "runc") == 0 ? "runc" : "casemate";
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; commands[i]; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}

static int fail(struct context *context, int status)
{
	output_error(&context->error);
	return status;
}

/* Wrong options or arguments: the help on standard output, the error where errors go. */
static int fail_usage(struct context *context, const struct command *command, const char *detail)
{
	char text[ERROR_TEXT_MAX];

	snprintf(text, sizeof(text), "%s", context->error.text);
	strbuf_printf(&context->out, "Incorrect Usage%s%s\n\n", detail ? ": " : ".", detail ? detail : "");
	if (command)
		help_command(&context->out, context->name, command);
	else
		help_program(&context->out, context->name, commands, global_options);
	if (output_flush(&context->out, &context->error) < 0)
		return fail(context, 1);
	error_set(&context->error, 0, "%s", text);
	return fail(context, 1);
}

static int set_cgroup_manager(struct context *context, const struct globals *globals)
{
	static const char *const names[] = {
		[CGROUP_MANAGER_CGROUPFS] = "cgroupfs",
		[CGROUP_MANAGER_SYSTEMD] = "systemd",
		[CGROUP_MANAGER_DISABLED] = "disabled",
	};

	if (!globals->cgroup_manager) {
		context->runtime.cgroup_manager =
			globals->systemd_cgroup ? CGROUP_MANAGER_SYSTEMD : CGROUP_MANAGER_CGROUPFS;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(globals->cgroup_manager, names[i]) == 0) {
			context->runtime.cgroup_manager = (enum cgroup_manager)i;
			return 0;
		}
	}
	return error_set(&context->error, 0,
			 "invalid cgroup-manager: %s (expected cgroupfs, systemd or disabled)",
			 globals->cgroup_manager);
}

static int set_rootless(struct context *context, const char *value)
{
	if (!value || !*value || strcasecmp(value, "auto") == 0)
		context->runtime.rootless = -1;
	else if (strcasecmp(value, "true") == 0 || strcmp(value, "1") == 0)
		context->runtime.rootless = 1;
	else if (strcasecmp(value, "false") == 0 || strcmp(value, "0") == 0)
		context->runtime.rootless = 0;
	else
		return error_set(&context->error, 0, "invalid rootless: %s (expected true, false or auto)",
				 value);
	return 0;
}

/* Absolute, so that it stays the same place for hooks and for whoever changes directory. */
static int set_root(struct context *context, const char *root)
{
	_cleanup_free_ char *cwd = NULL;
	const char *absolute;

	if (!root)
		return 0;
	if (*root != '/') {
		cwd = getcwd(NULL, 0);
		if (!cwd)
			return error_set(&context->error, 0, "option --root: the working directory is gone");
	}
	absolute = path_normalize(context->arena, path_join(context->arena, cwd ? cwd : "/", root));
	if (!*root || strcmp(absolute, "/") == 0)
		return error_set(&context->error, 0, "option --root argument should not be set to /");
	context->runtime.root = absolute;
	return 0;
}

static int set_globals(struct context *context, const struct globals *globals)
{
	struct log_options log = { .file = globals->log, .debug = globals->debug };

	if (globals->log_format && strcmp(globals->log_format, "json") == 0)
		log.json = true;
	else if (globals->log_format && *globals->log_format && strcmp(globals->log_format, "text") != 0)
		return error_set(&context->error, 0, "invalid log-format: %s", globals->log_format);
	if (log_open(&log, &context->error) < 0 || set_root(context, globals->root) < 0 ||
	    set_rootless(context, globals->rootless) < 0)
		return -1;
	context->runtime.policy = globals->policy;
	context->runtime.criu = globals->criu;
	return set_cgroup_manager(context, globals);
}

static int show(struct context *context)
{
	return output_flush(&context->out, &context->error) < 0 ? fail(context, 1) : 0;
}

static int show_version(struct context *context)
{
	strbuf_printf(&context->out, "%s version %s\n", context->name, CASEMATE_VERSION);
	strbuf_printf(&context->out, "commit: %s\n", *CASEMATE_COMMIT ? CASEMATE_COMMIT : "unknown");
	strbuf_printf(&context->out, "spec: %s\n", OCI_VERSION);
	library_versions_print(&context->out);
	return show(context);
}

static int no_such_command(struct context *context, const char *name)
{
	error_set(&context->error, 0, "No help topic for '%s'", name);
	return fail(context, 3);
}

static int show_help(struct context *context, const char *name)
{
	const struct command *command = name ? find_command(name) : NULL;

	if (name && !command)
		return no_such_command(context, name);
	if (command)
		help_command(&context->out, context->name, command);
	else
		help_program(&context->out, context->name, commands, global_options);
	return show(context);
}

static int check_count(struct context *context, const struct command *command, size_t count)
{
	const char *bound;
	size_t number;

	if (count >= command->min_arguments && count <= command->max_arguments)
		return 0;
	number = count < command->min_arguments ? command->min_arguments : command->max_arguments;
	if (command->min_arguments == command->max_arguments)
		bound = "exactly";
	else
		bound = count < command->min_arguments ? "a minimum of" : "a maximum of";
	return error_set(&context->error, 0, "%s: \"%s\" requires %s %zu argument(s)", context->name,
			 command->name, bound, number);
}

static int run_command(struct context *context, const struct command *command, const char *const *argv)
{
	void *values = arena_alloc(context->arena, command->values_size + 1);
	struct arguments arguments;
	int status;

	if (options_parse(context->arena, command->options, argv, command->stop_at_argument, values, &arguments,
			  &context->error) < 0)
		return fail_usage(context, command, context->error.text);
	if (arguments.help)
		return show_help(context, command->name);
	if (check_count(context, command, arguments.count) < 0)
		return fail_usage(context, command, NULL);
	status = command->run(context, values, &arguments);
	if (status >= 0 && output_flush(&context->out, &context->error) < 0)
		status = -1;
	if (status < 0)
		return fail(context, command->failure_status ? command->failure_status : 1);
	return status;
}

static int dispatch(struct context *context, char **argv)
{
	const struct command *command;
	struct globals globals = { 0 };
	struct arguments arguments;
	bool set;

	if (options_parse(context->arena, global_options, (const char *const *)argv + 1, true, &globals,
			  &arguments, &context->error) < 0)
		return fail_usage(context, NULL, context->error.text);
	if (arguments.help)
		return show_help(context, NULL);
	if (globals.version)
		return show_version(context);
	command = arguments.count ? find_command(arguments.items[0]) : NULL;
	if (command && command->protect && runtime_protect(argv, &context->error) < 0)
		return fail(context, 1);
	set = set_globals(context, &globals) == 0;
	if (!set)
		return fail(context, 1);
	if (command)
		return run_command(context, command, arguments.items + 1);
	if (arguments.count && strcmp(arguments.items[0], "help") != 0 && strcmp(arguments.items[0], "h") != 0)
		return no_such_command(context, arguments.items[0]);
	return show_help(context, arguments.count ? arguments.items[1] : NULL);
}

/*
 * A command lives for milliseconds and gives no memory back before its end: growing and shrinking the heap by and by
 * costs system calls and page faults. mallopt(3)
 */
static void set_up_heap(void)
{
#ifdef __GLIBC__
	mallopt(M_TOP_PAD, HEAP_STEP);
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

int main(int argc, char **argv)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct context context = { .arena = &arena, .runtime.rootless = -1 };
	int status;

	if (argc < 1)
		return 1;
	set_up_heap();
	context.name = program_name(argv[0]);
	status = dispatch(&context, argv);
	strbuf_release(&context.out);
	return status;
}
