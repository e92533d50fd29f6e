/* SPDX-License-Identifier: Apache-2.0 */
#include "state/trail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/time.h"
#include "policy/policy.h"

#define SYSLOG_SOCKET "/dev/log"
#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define FACILITY_AUTHPRIV (10 << 3) /* syslog(3) */
#define PRIORITY_WARNING 4
#define PRIORITY_NOTICE 5
#define SEND_LIMIT_US 500000

static void member(struct json_writer *writer, const char *name, const char *value)
{
	if (!value)
		return;
	json_member_string(writer, name, value);
}

static const char *outcome(const struct trail_event *event)
{
	if (!event->error)
		return "done";
	return event->error->refused ? "refused" : "failed";
}

static void print_event(struct strbuf *line, const struct trail_event *event)
{
	struct json_writer writer = { .out = line };
	char now[TIMESTAMP_SIZE];

	timestamp_now(now, true);
	json_begin_object(&writer);
	member(&writer, "time", now);
	member(&writer, "event", event->event);
	member(&writer, "id", event->id);
	member(&writer, "outcome", outcome(event));
	json_member_i64(&writer, "uid", getuid());
	member(&writer, "policies", event->policies);
	if (event->pid > 0)
		json_member_i64(&writer, "pid", event->pid);
	member(&writer, "program", event->program);
	member(&writer, "signal", event->signal);
	if (event->status >= 0)
		json_member_i64(&writer, "status", event->status);
	if (event->changes) {
		json_key(&writer, "changes");
		policy_changes_print(&writer, event->changes);
	}
	if (event->error)
		member(&writer, "error", event->error->text);
	json_end_object(&writer);
}

/* Each writes one line. 0, or -1 with errno. */

static int write_file(const char *path, const struct strbuf *line)
{
	_cleanup_fd_ int fd = open(
		path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK, 0600);
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -1;
	/* A pipe that nobody reads would hold the command up. */
	if (!S_ISREG(status.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	strbuf_add(&text, line->text, line->length);
	strbuf_putc(&text, '\n');
	/* At once: lines of commands that run at the same time do not mix. */
	return fd_write_once(fd, strbuf_text(&text));
}

static int connect_datagram(const char *path)
{
	/* A receiver that is stuck must not hold the commands up. */
	const struct timeval limit = { .tv_usec = SEND_LIMIT_US };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		return -1;
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return TAKE_FD(fd);
}

/* "<PRIORITY>Mmm dd hh:mm:ss NAME[PID]: …", as syslog(3) of the C library writes it. RFC 3164 */
static int write_syslog(int priority, const struct strbuf *line)
{
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	_cleanup_fd_ int fd = connect_datagram(SYSLOG_SOCKET);
	_cleanup_strbuf_ struct strbuf text = { 0 };
	time_t now = time(NULL);
	struct tm local;

	if (fd < 0)
		return -1;
	if (!localtime_r(&now, &local))
		memset(&local, 0, sizeof(local));
	strbuf_printf(&text, "<%d>%s %2d %02d:%02d:%02d casemate[%d]: %s", FACILITY_AUTHPRIV | priority,
		      months[local.tm_mon], local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, getpid(),
		      strbuf_text(line));
	return send(fd, text.text, text.length, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

/* What is too large for a datagram goes as a sealed file. https://systemd.io/JOURNAL_NATIVE_PROTOCOL/ */
static int send_as_file(int fd, const struct strbuf *text)
{
	_cleanup_fd_ int file = memfd_create("casemate-trail", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (file < 0 || fd_write_all(file, text->text, text->length) < 0 ||
	    fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return -1;
	return fd_send(fd, "", 0, &file, 1);
}

/* JSON has no newline in it: each field is a line. */
static int write_journal(int priority, const struct trail_event *event, const struct strbuf *line)
{
	_cleanup_fd_ int fd = connect_datagram(JOURNAL_SOCKET);
	_cleanup_strbuf_ struct strbuf text = { 0 };

	if (fd < 0)
		return -1;
	strbuf_printf(&text,
		      "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=casemate\nCASEMATE_EVENT=%s\n"
		      "CASEMATE_OUTCOME=%s\nCASEMATE_ID=%s\n",
		      strbuf_text(line), priority, event->event, outcome(event),
		      strchr(event->id, '\n') ? "" : event->id);
	if (send(fd, text.text, text.length, MSG_NOSIGNAL) >= 0)
		return 0;
	return errno == EMSGSIZE || errno == ENOBUFS ? send_as_file(fd, &text) : -1;
}

void trail_write(const struct string_list *targets, const struct trail_event *event)
{
	_cleanup_strbuf_ struct strbuf line = { 0 };
	int priority = event->error ? PRIORITY_WARNING : PRIORITY_NOTICE;

	if (targets->count)
		print_event(&line, event);
	for (size_t i = 0; i < targets->count; i++) {
		const char *target = targets->items[i];
		int result;

		if (!strcmp(target, "syslog"))
			result = write_syslog(priority, &line);
		else if (!strcmp(target, "journald"))
			result = write_journal(priority, event, &line);
		else
			result = write_file(target, &line);
		if (result < 0)
			log_warn("audit trail: write to %s: %s", target, error_describe(errno));
	}
}

int trail_done(const struct saved_state *state, const char *event, int result, const struct error *error)
{
	const struct trail_event whole = {
		.event = event,
		.id = state->id,
		.policies = state->policies,
		.pid = state->pid,
		.status = -1,
		.error = result < 0 ? error : NULL,
	};

	trail_write(&state->trail, &whole);
	return result;
}
