/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log: the one piece of global state. Lines go to the file of --log (appended, one write a line) or to
 * standard error, as text or as JSON objects {"level","msg","time"}; engines read the latter line by line.
 * A value of an environment variable never goes into a message.
 */
#pragma once

#include <stdbool.h>

#include "base/error.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log_options {
	const char *file; /* NULL: standard error */
	bool json;
	bool debug; /* debug lines are written too */
};

/* Opens the log. Returns 0, or -1 where the file cannot be opened for appending. */
int log_open(const struct log_options *options, struct error *error);

/*
 * Sends lines to @fd instead, as they are (a stage near the container gets a pipe to the parent). -1 ends
 * the logging of this process.
 */
void log_redirect(int fd);

/* The descriptor of the log file, or -1 where there is none: a stage that closes all others keeps it. */
int log_fd(void);

bool log_is_debug(void);

void log_write(enum log_level level, const char *format, ...) _printf_(2, 3);
#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)                                           \
	do {                                                     \
		if (log_is_debug())                              \
			log_write(LOG_LEVEL_DEBUG, __VA_ARGS__); \
	} while (0)
