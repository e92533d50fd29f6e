/* SPDX-License-Identifier: Apache-2.0 */
/* The conversation with a CRIU that was started. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "criu/criu.h"

#define MESSAGE_MAX ((size_t)40 * 1024) /* of CRIU's: they are of some dozen bytes */

static int send_message(const struct criu *criu, const struct strbuf *message, struct error *error)
{
	if (send(criu->socket, message->text, message->length, MSG_NOSIGNAL) != (ssize_t)message->length)
		return error_set(error, errno, "send a request to criu");
	return 0;
}

static int receive(const struct criu *criu, struct criu_response *response, int *fd, struct error *error)
{
	char bytes[MESSAGE_MAX];
	size_t count = 1;
	ssize_t got;

	*fd = -1;
	got = fd_receive(criu->socket, bytes, sizeof(bytes), fd, &count);
	if (count == 0)
		*fd = -1;
	if (got < 0)
		return error_set(error, errno, "receive from criu");
	if (got == 0)
		return error_set(error, 0, CRIU_FAILED "it ended without an answer");
	if (criu_response(bytes, (size_t)got, response) < 0)
		return error_set(error, EPROTO, "receive from criu");
	return 0;
}

/* Answers a notification. @failure keeps the first error of @notify: CRIU only hears that there was one. */
static int serve(struct criu *criu, const struct criu_response *notification, criu_notify notify, void *context,
		 int fd, struct error *failure, struct error *error)
{
	_cleanup_strbuf_ struct strbuf answer = { 0 };
	_cleanup_fd_ int own = fd;
	bool good = true;

	log_debug("criu notifies: %s", notification->script);
	if (notify)
		good = notify(context, notification, TAKE_FD(own), error) == 0;
	if (!good && !*failure->text)
		*failure = *error;
	criu_acknowledge(&answer, good);
	return send_message(criu, &answer, error);
}

int criu_talk(struct criu *criu, enum criu_type type, const struct strbuf *request, criu_notify notify,
	      void *context, int *status_fd, struct criu_response *response, struct error *error)
{
	struct error failure = { 0 };
	int fd;

	if (send_message(criu, request, error) < 0)
		return -1;
	for (;;) {
		int result = receive(criu, response, &fd, error);

		if (status_fd)
			fd_close(status_fd);
		/* What made this side refuse says more than that CRIU then gave up. */
		if (*failure.text && (result < 0 || response->type != CRIU_NOTIFY || !response->success)) {
			fd_close(&fd);
			*error = failure;
			return -1;
		}
		if (result < 0)
			return -1;
		if (response->type != CRIU_NOTIFY || !response->success)
			break;
		if (serve(criu, response, notify, context, fd, &failure, error) < 0) {
			/* It has gone already where that has ended the processes it waited for. */
			if (*failure.text)
				*error = failure;
			return -1;
		}
	}
	fd_close(&fd);
	if (!response->success)
		return error_set(error, 0, CRIU_FAILED "type %s errno %d", criu_type_name(response->type),
				 response->error_number);
	if (response->type != type)
		return error_set(error, 0, CRIU_FAILED "it answered %s", criu_type_name(response->type));
	return 0;
}

/* One question without options. */
static int ask(const char *program, enum criu_type type, const struct criu_features *features,
	       struct criu_response *response, struct error *error)
{
	const struct criu_setup setup = { .program = program };
	_cleanup_strbuf_ struct strbuf request = { 0 };
	struct criu criu;
	int result;

	if (criu_start(&setup, &criu, error) < 0)
		return -1;
	criu_request(&request, type, NULL, features);
	result = criu_talk(&criu, type, &request, NULL, NULL, NULL, response, error);
	criu_finish(&criu);
	return result;
}

int criu_version(const char *program, int *version, struct error *error)
{
	struct criu_response response;

	if (ask(program, CRIU_VERSION, NULL, &response, error) < 0)
		return error_context(error, "CRIU version check failed");
	*version = response.version;
	if (*version < CRIU_VERSION_MIN)
		return error_set(error, 0, "CRIU version %d must be %d or higher", *version, CRIU_VERSION_MIN);
	return 0;
}

int criu_check_features(const char *program, const struct criu_features *wanted, struct error *error)
{
	struct criu_response response;

	if (ask(program, CRIU_FEATURE_CHECK, wanted, &response, error) < 0)
		return error_context(error, "CRIU feature check failed");
	if (wanted->mem_track && !response.features.mem_track)
		return error_set(error, 0, "criu is missing features: [MemTrack]");
	if (wanted->lazy_pages && !response.features.lazy_pages)
		return error_set(error, 0, "criu is missing features: [LazyPages]");
	return 0;
}

/* CRIU tries to raise its own limit first, and goes on where it may not. */
static bool is_harmless(const char *line, size_t length)
{
	static const char limit[] = "rlimit: Can't setup RLIMIT_NOFILE for self";

	return memmem(line, length, limit, sizeof(limit) - 1) != NULL;
}

/* The first is the cause, those behind it are its consequences. */
const char *criu_log_error(struct arena *arena, int directory, const char *name)
{
	const char *found = NULL, *line;
	size_t length;
	char *text;

	if (file_read_at(arena, directory, name, FILE_SIZE_MAX, &text, &length) < 0)
		return NULL;
	for (line = strstr(text, "Error ("); line; line = strstr(line + length, "Error (")) {
		length = strcspn(line, "\n");
		if (is_harmless(line, length) && found)
			continue;
		found = arena_strndup(arena, line, length);
		if (!is_harmless(line, length))
			break;
	}
	return found;
}
