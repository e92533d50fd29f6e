/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to CRIU and what it answers, byte by byte. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "criu/criu.h"
#include "criu/protobuf.h"

#define assert_bytes(buffer, bytes)                                           \
	do {                                                                  \
		assert_int_equal((buffer).length, sizeof(bytes) - 1);         \
		assert_memory_equal((buffer).text, bytes, sizeof(bytes) - 1); \
	} while (0)

static void numbers_and_strings(void **state)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };

	(void)state;
	protobuf_put_number(&out, 1, 150); /* the example of protobuf.dev */
	protobuf_put_string(&out, 2, "testing");
	protobuf_put_string(&out, 3, NULL);
	protobuf_put_number(&out, 63, 0);
	assert_bytes(out, "\x08\x96\x01\x12\x07testing\xf8\x03\x00");
}

static void a_field_is_read_back(void **state)
{
	static const uint64_t values[] = { 0, 1, 127, 128, 300, UINT32_MAX, INT64_MAX, UINT64_MAX };
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct protobuf_reader reader;
	struct protobuf_field field;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		protobuf_put_number(&out, (unsigned int)i + 1, values[i]);
	protobuf_put_bytes(&out, 99, "", 0);
	reader = (struct protobuf_reader){ out.text, out.text + out.length };
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		assert_int_equal(protobuf_next(&reader, &field), 1);
		assert_int_equal(field.number, i + 1);
		assert_false(field.is_bytes);
		assert_true(field.value == values[i]);
	}
	assert_int_equal(protobuf_next(&reader, &field), 1);
	assert_true(field.is_bytes && field.number == 99 && field.length == 0);
	assert_int_equal(protobuf_next(&reader, &field), 0);
}

/* Whatever is cut off, too long or of another kind is refused, and nothing behind the end is read. */
static void malformed_messages(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} cases[] = {
		{ "\x08", 1 }, /* no value */
		{ "\x08\x96", 2 }, /* a value that goes on */
		{ "\x12\x05test", 6 }, /* four bytes of five */
		{ "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 }, /* 2^64-1 bytes */
		{ "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12 }, /* a number of 77 bits */
		{ "\x00\x00", 2 }, /* field 0 */
		{ "\x0b\x0c", 2 }, /* groups */
		{ "\x09\x01\x02", 3 }, /* a short fixed64 */
		{ "\x0d\x01", 2 }, /* a short fixed32 */
	};
	struct criu_response response;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *copy = malloc(cases[i].length);

		assert_non_null(copy);
		memcpy(copy, cases[i].bytes, cases[i].length);
		assert_int_equal(criu_response(copy, cases[i].length, &response), -1);
		free(copy);
	}
}

static void a_dump_request(void **state)
{
	struct criu_options options = {
		.images_dir_fd = 4,
		.work_dir_fd = -1,
		.status_fd = -1,
		.pid = 300,
		.log_file = "d",
		.leave_running = true,
		.manage_cgroups_mode = CRIU_CGROUPS_SOFT,
	};
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_strbuf_ struct strbuf out = { 0 };

	(void)state;
	criu_pair_add(&arena, &options.external_mounts, "/a", "b");
	criu_request(&out, CRIU_DUMP, &options, NULL);
	assert_bytes(out, "\x08\x01\x12\x21"
			  "\x08\x04" /* images_dir_fd */
			  "\x10\xac\x02" /* pid */
			  "\x18\x01" /* leave_running */
			  "\x52\x01"
			  "d" /* log_file */
			  "\x48\x04" /* log_level */
			  "\x60\x01" /* notify_scripts */
			  "\xba\x01\x07\x0a\x02/a\x12\x01"
			  "b" /* ext_mnt */
			  "\xc0\x01\x01" /* manage_cgroups */
			  "\x90\x02\x03" /* manage_cgroups_mode */
			  "\x90\x03\x01" /* orphan_pts_master */);
}

static void answers(void **state)
{
	static const char notify[] = "\x08\x06\x10\x01\x2a\x0f\x0a\x0apost-setup\x10\x2a";
	static const char failed[] = "\x08\x01\x10\x00\x38\x34";
	static const char version[] = "\x08\x0a\x10\x01\x52\x06\x08\x03\x10\x11\x20\x01";
	static const char features[] = "\x08\x09\x10\x01\x42\x04\x08\x01\x10\x00";
	static const char restored[] = "\x08\x02\x10\x01\x22\x02\x08\x2a";
	struct criu_response response;

	(void)state;
	assert_int_equal(criu_response(notify, sizeof(notify) - 2, &response), -1);
	assert_int_equal(criu_response(failed, sizeof(failed) - 1, &response), 0);
	assert_int_equal(response.type, CRIU_DUMP);
	assert_false(response.success);
	assert_int_equal(response.error_number, 52);
	assert_int_equal(criu_response(version, sizeof(version) - 1, &response), 0);
	assert_int_equal(response.version, 31701);
	assert_int_equal(criu_response(features, sizeof(features) - 1, &response), 0);
	assert_true(response.features.mem_track);
	assert_false(response.features.lazy_pages);
	assert_int_equal(criu_response(restored, sizeof(restored) - 1, &response), 0);
	assert_true(response.success && response.type == CRIU_RESTORE && response.pid == 42);
}

static void a_notification(void **state)
{
	_cleanup_strbuf_ struct strbuf inner = { 0 };
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct criu_response response;
	char longest[200];

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	protobuf_put_string(&inner, 1, "setup-namespaces");
	protobuf_put_number(&inner, 2, 77);
	protobuf_put_number(&out, 1, CRIU_NOTIFY);
	protobuf_put_number(&out, 2, true);
	protobuf_put_message(&out, 5, &inner);
	assert_int_equal(criu_response(out.text, out.length, &response), 0);
	assert_string_equal(response.script, "setup-namespaces");
	assert_int_equal(response.pid, 77);
	/* A name nobody knows is cut. */
	strbuf_release(&inner);
	protobuf_put_string(&inner, 1, longest);
	protobuf_put_message(&out, 5, &inner);
	assert_int_equal(criu_response(out.text, out.length, &response), 0);
	assert_int_equal(strlen(response.script), sizeof(response.script) - 1);
}

/* CRIU is gone by the time that it would hear of it. */
static int refuse(void *context, const struct criu_response *notification, int fd, struct error *error)
{
	const int *other = context;

	(void)notification;
	assert_int_equal(fd, -1);
	close(*other);
	return error_set(error, 0, "the reason");
}

static void the_first_error_is_told(void **state)
{
	_cleanup_strbuf_ struct strbuf inner = { 0 };
	_cleanup_strbuf_ struct strbuf notification = { 0 };
	_cleanup_strbuf_ struct strbuf request = { 0 };
	struct criu_response response;
	struct error error = { 0 };
	struct criu criu = { 0 };
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	criu.socket = ends[0];
	protobuf_put_string(&inner, 1, "pre-resume");
	protobuf_put_number(&notification, 1, CRIU_NOTIFY);
	protobuf_put_number(&notification, 2, true);
	protobuf_put_message(&notification, 5, &inner);
	assert_int_equal(send(ends[1], notification.text, notification.length, 0), notification.length);
	strbuf_puts(&request, "x");
	assert_int_equal(criu_talk(&criu, CRIU_RESTORE, &request, refuse, &ends[1], NULL, &response, &error),
			 -1);
	assert_string_equal(error.text, "the reason");
	close(ends[0]);
}

/* A program that is not CRIU, and one that is not there. */
static void no_criu(void **state)
{
	struct error error;
	int version;

	(void)state;
	assert_int_equal(criu_version("/bin/true", &version, &error), -1);
	assert_non_null(strstr(error.text, "CRIU version check failed: "));
	assert_int_equal(criu_version("/nonexistent/criu", &version, &error), -1);
	assert_non_null(strstr(error.text, "exec: /nonexistent/criu: no such file or directory"));
	setenv("PATH", "/nonexistent", 1);
	assert_int_equal(criu_version(NULL, &version, &error), -1);
	assert_string_equal(error.text, "CRIU version check failed: "
					"exec: \"criu\": executable file not found in $PATH");
}

/* The log @text as CRIU writes it; what is said of it. */
static const char *logged(struct arena *arena, const char *text)
{
	char path[] = "/tmp/casemate-criu-log-XXXXXX";
	int fd = mkstemp(path);
	const char *found;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	found = criu_log_error(arena, AT_FDCWD, path);
	assert_int_equal(unlink(path), 0);
	return found;
}

#define HARMLESS "Error (criu/util.c:1): rlimit: Can't setup RLIMIT_NOFILE for self: Operation not permitted"
#define CAUSE "Error (criu/files-reg.c:2143): File tmp/x has bad size 4 (expect 3)"

static void the_log_tells_the_cause(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };

	(void)state;
	assert_null(logged(&arena, "(00.1) Warn  (criu/x.c:1): y\n"));
	assert_string_equal(logged(&arena, "(00.1) " CAUSE "\n(00.2) Error (criu/cr-restore.c:1): FAILED.\n"),
			    CAUSE);
	assert_string_equal(logged(&arena, "(00.1) " HARMLESS "\n(00.2) Warn x\n(00.3) " CAUSE
					   "\n(00.4) Error (criu/cr-restore.c:1): Restoring FAILED.\n"),
			    CAUSE);
	assert_string_equal(logged(&arena, "(00.1) " HARMLESS "\n(00.2) " HARMLESS "\n"), HARMLESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_log_tells_the_cause),
		cmocka_unit_test(numbers_and_strings),
		cmocka_unit_test(a_field_is_read_back),
		cmocka_unit_test(malformed_messages),
		cmocka_unit_test(a_dump_request),
		cmocka_unit_test(answers),
		cmocka_unit_test(a_notification),
		cmocka_unit_test(the_first_error_is_told),
		cmocka_unit_test(no_criu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
