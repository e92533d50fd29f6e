/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/pidfd.h>
#include <time.h>

#include "command.h"
#include "units.h"

#define INTERVAL_DEFAULT INT64_C(5000000000)
#define LOOK_INTERVAL INT64_C(500000000) /* between two looks for processes killed for want of memory */

struct events_options {
	const char *interval;
	bool stats;
};

static const struct option options[] = {
	OPTION_STRING_ENTRY(struct events_options, interval, "interval", 0, "DURATION",
			    "time between two lines, as in 500ms or 1m30s (default: 5s)"),
	OPTION_BOOL_ENTRY(struct events_options, stats, "stats", 0, "print one line of statistics and stop"),
	{ 0 },
};

static int print_stats(struct context *context, const char *id)
{
	struct json_writer writer = { .out = &context->out };

	if (container_stats(&writer, &context->runtime, id, &context->error) < 0) {
		context->out.length = 0;
		return -1;
	}
	strbuf_putc(&context->out, '\n');
	return output_flush(&context->out, &context->error);
}

/*
 * A descriptor of the container's first process, opened between two looks at the state so that it is that
 * process's and not that of a later one with its number.
 */
static int open_container(struct context *context, const char *id)
{
	struct container_state before;
	struct container_state after;
	int fd;

	if (container_state(context->arena, &context->runtime, id, &before, &context->error) < 0)
		return -1;
	fd = before.pid > 0 ? pidfd_open(before.pid, 0) : -1;
	if (fd < 0)
		return error_set(&context->error, 0, "container with id %s is not running", id);
	if (container_state(context->arena, &context->runtime, id, &after, &context->error) < 0 ||
	    after.pid != before.pid) {
		close(fd);
		return error_set(&context->error, 0, "container with id %s is not running", id);
	}
	return fd;
}

/* 1: the process has ended, 0: the interval has passed, -1: an error. */
static int wait_process(int process, int64_t nanoseconds, struct error *error)
{
	struct timespec timeout = { nanoseconds / 1000000000, nanoseconds % 1000000000 };
	struct pollfd poll = { .fd = process, .events = POLLIN };
	int ready = ppoll(&poll, 1, &timeout, NULL);

	if (ready < 0)
		return error_set(error, errno, "wait for the container");
	return ready;
}

/* A line where the kernel has killed more of the container's processes than *known. */
static int print_oom(struct context *context, const char *id, uint64_t *known)
{
	struct json_writer writer = { .out = &context->out };
	uint64_t kills;

	if (container_oom_kills(&context->runtime, id, &kills, &context->error) < 0 || kills <= *known)
		return 0; /* a container that is gone has no more to tell */
	*known = kills;
	json_begin_object(&writer);
	json_member_string(&writer, "type", "oom");
	json_member_string(&writer, "id", id);
	json_end_object(&writer);
	strbuf_putc(&context->out, '\n');
	return output_flush(&context->out, &context->error);
}

static int follow(struct context *context, const char *id, int64_t interval)
{
	_cleanup_fd_ int process = open_container(context, id);
	int64_t left = interval;
	uint64_t kills = 0;
	int ended;

	if (process < 0 || container_oom_kills(&context->runtime, id, &kills, &context->error) < 0)
		return -1;
	for (;;) {
		int64_t wait = left < LOOK_INTERVAL ? left : LOOK_INTERVAL;

		ended = wait_process(process, wait, &context->error);
		if (ended < 0 || print_oom(context, id, &kills) < 0)
			return -1;
		if (ended)
			return 0;
		left -= wait;
		if (left > 0)
			continue;
		left = interval;
		if (print_stats(context, id) == 0)
			continue;
		/* what could not be written for one moment may be there at the next, unless nobody reads */
		if (context->out.length > 0)
			return -1;
		output_error(&context->error);
	}
}

static int events(struct context *context, void *values, const struct arguments *arguments)
{
	const struct events_options *events = values;
	const char *id = arguments->items[0];
	int64_t interval = INTERVAL_DEFAULT;
	struct container_state state;

	if (events->interval && parse_duration(events->interval, &interval) < 0)
		return error_set(&context->error, 0, "invalid value \"%s\" for flag -interval: parse error",
				 events->interval);
	if (interval <= 0)
		return error_set(&context->error, 0, "duration interval must be greater than 0");
	if (!events->stats)
		return follow(context, id, interval);
	if (container_state(context->arena, &context->runtime, id, &state, &context->error) < 0)
		return -1;
	if (strcmp(state.status, "stopped") == 0)
		return error_set(&context->error, 0, "container with id %s is not running", id);
	return print_stats(context, id);
}

const struct command command_events = {
	.name = "events",
	.summary = "print what a container uses",
	.usage = "ID",
	.description =
		"   Prints the container's statistics of CPU, memory, processes and I/O at each interval, a\n"
		"   JSON object a line, until the container stops; and a line when the kernel has killed one of\n"
		"   its processes for want of memory.",
	.options = options,
	.values_size = sizeof(struct events_options),
	.min_arguments = 1,
	.max_arguments = 1,
	.run = events,
};
