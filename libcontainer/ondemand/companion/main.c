/* SPDX-License-Identifier: Apache-2.0 */
/* The companion: casemate-companion MODE. Reads a document from standard input, writes the answer to standard output. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "ondemand/companion/mode.h"

#define REQUEST_MAX ((size_t)4 * 1024 * 1024)

static const struct {
	const char *name;
	mode_function run;
} modes[] = {
	{ "systemd", mode_systemd },
	{ "nftables", mode_nftables },
};

static int run(struct arena *arena, const char *mode, struct json_writer *answer, struct error *error)
{
	struct json_value *request;
	size_t length;
	char *text;

	if (fd_read_all(arena, STDIN_FILENO, REQUEST_MAX, &text, &length) < 0)
		return error_set(error, errno, "read the request");
	if (json_parse(arena, "the request", text, length, &request, error) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (strcmp(modes[i].name, mode) == 0)
			return modes[i].run(arena, request, answer, error);
	return error_set(error, 0, "this build has no mode %s", mode);
}

int main(int argc, char **argv)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	_cleanup_strbuf_ struct strbuf failure = { 0 };
	struct json_writer answer = { .out = &text, .first = true };
	struct json_writer complaint = { .out = &failure, .first = true };
	const struct strbuf *said = &text;
	struct error error;

	json_begin_object(&answer);
	if (run(&arena, argc > 1 ? argv[1] : "", &answer, &error) < 0) {
		json_begin_object(&complaint);
		json_member_string(&complaint, "error", error.text);
		json_end_object(&complaint);
		said = &failure;
	} else {
		json_end_object(&answer);
	}
	return fd_write_all(STDOUT_FILENO, strbuf_text(said), said->length) < 0;
}
