/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/number.h"
#include "command.h"

struct ps_options {
	const char *format;
};

static const struct option options[] = {
	OPTION_STRING_ENTRY(struct ps_options, format, "format", 'f', "table|json",
			    "what to print (default: table)"),
	{ 0 },
};

/* Starts ps(1) with both its outputs on @output. Returns its pid, or -1. */
static pid_t spawn_ps(char **argv, int output, struct error *error)
{
	posix_spawn_file_actions_t actions;
	pid_t pid;
	int result;

	result = posix_spawn_file_actions_init(&actions);
	if (result)
		return error_set(error, result, "start ps");
	result = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (!result)
		result = posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
	if (!result)
		result = posix_spawnp(&pid, "ps", &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (result == ENOENT)
		return error_set(error, 0, "exec: \"ps\": executable file not found in $PATH");
	if (result)
		return error_set(error, result, "start ps");
	return pid;
}

static int wait_ps(pid_t pid, const char *output, struct error *error)
{
	int status;

	int first_line = (int)strcspn(output, "\n"); /* errors are one line */

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return error_set(error, errno, "wait for ps");
	}
	if (WIFSIGNALED(status))
		return error_set(error, 0, "ps: signal %d: %.*s", WTERMSIG(status), first_line, output);
	if (WEXITSTATUS(status) != 0)
		return error_set(error, 0, "ps: exit status %d: %.*s", WEXITSTATUS(status), first_line, output);
	return 0;
}

/* All that ps prints, once it has ended well; NULL where it did not. */
static char *collect(struct arena *arena, int reader, pid_t pid, struct error *error)
{
	char *output = NULL;
	size_t length;

	if (fd_read_all(arena, reader, FILE_SIZE_MAX, &output, &length) < 0) {
		error_set(error, errno, "read what ps prints");
		kill(pid, SIGKILL);
		wait_ps(pid, "", &(struct error){ 0 });
		return NULL;
	}
	return wait_ps(pid, output, error) < 0 ? NULL : output;
}

/* Runs ps with @args ("-ef" where there are none) and returns what it printed, or NULL. */
static char *run_ps(struct arena *arena, const struct string_list *args, struct error *error)
{
	char **argv = ARENA_NEW_ARRAY(arena, char *, args->count + 3);
	char *output = NULL;
	int pipes[2];
	pid_t pid;

	argv[0] = arena_strdup(arena, "ps");
	argv[1] = arena_strdup(arena, "-ef");
	for (size_t i = 0; i < args->count; i++)
		argv[i + 1] = arena_strdup(arena, args->items[i]);
	if (pipe2(pipes, O_CLOEXEC) < 0) {
		error_set(error, errno, "pipe");
		return NULL;
	}
	pid = spawn_ps(argv, pipes[1], error);
	close(pipes[1]); /* else the end of what ps prints would never come */
	if (pid >= 0)
		output = collect(arena, pipes[0], pid, error);
	close(pipes[0]);
	return output;
}

/* The field of @line with this index, blanks between fields; NULL where it has fewer. */
static const char *field(struct arena *arena, const char *line, size_t index)
{
	static const char blanks[] = " \t";

	line += strspn(line, blanks);
	while (index > 0 && *line) {
		line += strcspn(line, blanks);
		line += strspn(line, blanks);
		index--;
	}
	return *line ? arena_strndup(arena, line, strcspn(line, blanks)) : NULL;
}

static int pid_column(struct arena *arena, const char *title, size_t *index, struct error *error)
{
	const char *name;

	for (*index = 0; (name = field(arena, title, *index)); (*index)++) {
		if (strcmp(name, "PID") == 0)
			return 0;
	}
	return error_set(error, 0, "couldn't find PID field in ps output");
}

static bool contains(const pid_t *pids, size_t count, uint32_t pid)
{
	for (size_t i = 0; i < count; i++) {
		if (pids[i] >= 0 && (uint32_t)pids[i] == pid)
			return true;
	}
	return false;
}

/* The title, then the lines of the container's processes. */
static int print_table(struct context *context, const struct string_list *args, const pid_t *pids, size_t count)
{
	char *rest = run_ps(context->arena, args, &context->error);
	const char *title;
	size_t column;

	if (!rest)
		return -1;
	title = strsep(&rest, "\n");
	if (pid_column(context->arena, title, &column, &context->error) < 0)
		return -1;
	strbuf_printf(&context->out, "%s\n", title);
	while (rest) {
		const char *line = strsep(&rest, "\n");
		const char *text;
		uint32_t pid;

		if (!*line)
			continue;
		text = field(context->arena, line, column);
		if (!text || parse_u32(text, &pid) < 0)
			return error_set(&context->error, 0, "unable to parse pid: \"%s\"", text ? text : line);
		if (contains(pids, count, pid))
			strbuf_printf(&context->out, "%s\n", line);
	}
	return 0;
}

static void print_json(struct context *context, const pid_t *pids, size_t count)
{
	struct json_writer writer = { .out = &context->out };

	json_begin_array(&writer);
	for (size_t i = 0; i < count; i++)
		json_i64(&writer, pids[i]);
	json_end_array(&writer);
	strbuf_putc(&context->out, '\n');
}

static int ps(struct context *context, void *values, const struct arguments *arguments)
{
	const struct ps_options *ps = values;
	const struct string_list args = { arguments->items + 1, arguments->count - 1 };
	enum output_format format;
	pid_t *pids = NULL;
	size_t count = 0;

	if (output_format(ps->format, &format, &context->error) < 0 ||
	    container_pids(context->arena, &context->runtime, arguments->items[0], &pids, &count,
			   &context->error) < 0)
		return -1;
	if (format == FORMAT_TABLE)
		return print_table(context, &args, pids, count);
	print_json(context, pids, count);
	return 0;
}

const struct command command_ps = {
	.name = "ps",
	.summary = "list the processes of a container",
	.usage = "ID [PS-OPTION...]",
	.description =
		"   Runs ps(1) with the given options (default: -ef) and prints the lines of the container's\n"
		"   processes. With --format json it prints their process ids.",
	.options = options,
	.values_size = sizeof(struct ps_options),
	.min_arguments = 1,
	.max_arguments = SIZE_MAX,
	.stop_at_argument = true,
	.run = ps,
};
