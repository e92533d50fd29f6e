/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/time.h"

static struct {
	int fd;
	bool to_file;
	bool json;
	bool debug;
} log_state = { .fd = STDERR_FILENO };

int log_open(const struct log_options *options, struct error *error)
{
	int fd;

	log_state.json = options->json;
	log_state.debug = options->debug;
	if (!options->file || !*options->file) {
		/* A stage near the container gets the container's standard error: its trace stays the runtime's. */
		fd = options->debug ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : -1;
		if (fd >= 0) {
			log_state.fd = fd;
			log_state.to_file = true;
		}
		return 0;
	}
	fd = open(options->file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
	if (fd < 0)
		return error_set(error, errno, "open log file %s", options->file);
	log_state.fd = fd;
	log_state.to_file = true;
	return 0;
}

void log_redirect(int fd)
{
	log_state.fd = fd;
	log_state.to_file = fd >= 0;
}

int log_fd(void)
{
	return log_state.to_file ? log_state.fd : -1;
}

bool log_is_debug(void)
{
	return log_state.debug;
}

static void add_quoted(struct strbuf *line, const char *text)
{
	strbuf_putc(line, '"');
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			strbuf_printf(line, "\\%c", *c);
		else if (*c == '\n')
			strbuf_puts(line, "\\n");
		else if (*c < 0x20)
			strbuf_printf(line, "\\u%04x", *c);
		else
			strbuf_putc(line, (char)*c);
	}
	strbuf_putc(line, '"');
}

void log_write(enum log_level level, const char *format, ...)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	_cleanup_strbuf_ struct strbuf line = { 0 };
	char message[ERROR_TEXT_MAX];
	char when[TIMESTAMP_SIZE];
	va_list arguments;

	if (log_state.fd < 0 || (level == LOG_LEVEL_DEBUG && !log_state.debug))
		return;
	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	timestamp_now(when, false);
	if (log_state.json) {
		strbuf_printf(&line, "{\"level\":\"%s\",\"msg\":", names[level]);
		add_quoted(&line, message);
		strbuf_printf(&line, ",\"time\":\"%s\"}\n", when);
	} else {
		strbuf_printf(&line, "time=\"%s\" level=%s msg=", when, names[level]);
		add_quoted(&line, message);
		strbuf_putc(&line, '\n');
	}
	(void)!write(log_state.fd, line.text, line.length);
}
