/* SPDX-License-Identifier: Apache-2.0 */
/* One-time codes: each good once, a pause that grows with wrong ones and never lasts; base32. */
#include <errno.h>
#include <fcntl.h>
#include <liboath/oath.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/base32.h"
#include "container/one_time_code.h"
#include "directories.h"
#include "skips.h"

#define SECRET "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
#define NOW ((time_t)1800000000)

struct room {
	char path[64];
	struct store store;
	struct code_secret secret;
};

static int make_room(void **state)
{
	struct room *room = calloc(1, sizeof(*room));
	long length;

	assert_non_null(room);
	strcpy(room->path, "/tmp/casemate-code-test-XXXXXX");
	assert_non_null(mkdtemp(room->path));
	room->store = (struct store){ room->path, open(room->path, O_PATH | O_DIRECTORY | O_CLOEXEC) };
	length = base32_decode(SECRET, room->secret.bytes, sizeof(room->secret.bytes));
	assert_int_equal(length, 20);
	room->secret.length = (size_t)length;
	*state = room;
	return 0;
}

static int remove_room(void **state)
{
	struct room *room = *state;

	store_close(&room->store);
	remove_directory(room->path);
	free(room);
	return 0;
}

static const char *code_of(const struct room *room, time_t when)
{
	static char code[8];

	assert_int_equal(oath_totp_generate((const char *)room->secret.bytes, room->secret.length, when, 30, 0,
					    6, code),
			 OATH_OK);
	return code;
}

static void assert_refused(const struct room *room, const char *code, time_t now, const char *text)
{
	struct error error = { 0 };

	assert_int_equal(code_check(&room->store, &room->secret, code, now, &error), -1);
	assert_non_null(strstr(error.text, text));
}

static void assert_good(const struct room *room, time_t now)
{
	struct error error = { 0 };

	assert_int_equal(code_check(&room->store, &room->secret, code_of(room, now), now, &error), 0);
}

/* A code that is none of those around @now. */
static const char *wrong_code(const struct room *room, time_t now)
{
	return code_of(room, now + 1000000);
}

static void a_code_is_good_once_and_for_about_its_time(void **state)
{
	const struct room *room = *state;

	assert_refused(room, code_of(room, NOW + 90), NOW, "wrong code");
	assert_refused(room, code_of(room, NOW - 90), NOW, "wrong code");
	assert_refused(room, "12345", NOW, "wrong code");
	assert_refused(room, "", NOW, "wrong code");
	assert_good(room, NOW);
	assert_refused(room, code_of(room, NOW), NOW, "used before");
	/* nor does an older one count any more */
	assert_refused(room, code_of(room, NOW - 30), NOW, "used before");
	assert_good(room, NOW + 30);
}

static void the_pause_doubles_up_to_an_hour(void **state)
{
	const struct room *room = *state;
	unsigned int expected = 30;
	time_t now = NOW;

	for (int i = 0; i < 5; i++)
		assert_refused(room, wrong_code(room, now), now, "wrong code");
	for (int i = 0; i < 12; i++) {
		/* in the pause a right one is not looked at, and none makes it longer */
		assert_refused(room, code_of(room, now + 1), now + 1, "too many wrong codes; wait ");
		assert_refused(room, code_of(room, now), now + expected - 1, "wait 1 seconds");
		now += expected;
		assert_refused(room, wrong_code(room, now), now, "wrong code");
		expected = expected * 2 > 3600 ? 3600 : expected * 2;
	}
	assert_int_equal(expected, 3600);
	assert_good(room, now + 3600);
	/* and then all begins again */
	assert_refused(room, wrong_code(room, now), now + 3600, "wrong code");
	assert_good(room, now + 3630);
}

static void wrong_codes_of_other_half_minutes_count_as_well(void **state)
{
	const struct room *room = *state;

	for (int i = 0; i < 5; i++)
		assert_refused(room, wrong_code(room, NOW), NOW + i * 40, "wrong code");
	assert_refused(room, code_of(room, NOW + 161), NOW + 161, "too many wrong codes");
}

static void a_clock_that_is_put_back_keeps_nobody_out(void **state)
{
	const struct room *room = *state;

	for (int i = 0; i < 5; i++)
		assert_refused(room, wrong_code(room, NOW), NOW, "wrong code");
	assert_refused(room, code_of(room, NOW - 1000000), NOW - 1000000, "wait 30 seconds");
	assert_good(room, NOW - 1000000 + 30);
}

static void the_pause_does_not_overflow(void **state)
{
	(void)state;
	assert_int_equal(code_pause(4), 0);
	assert_int_equal(code_pause(5), 30);
	assert_int_equal(code_pause(12), 3600);
	assert_int_equal(code_pause(UINT64_MAX), 3600);
	for (uint64_t i = 0; i < 200; i++)
		assert_true(code_pause(i) <= code_pause(i + 1));
}

static void a_secret_is_read_strictly(void **state)
{
	const struct room *room = *state;
	static const struct {
		const char *text;
		mode_t mode;
		long length;
	} cases[] = {
		{ SECRET "\n", 0600, 20 },
		{ "jbsw y3dp ehpk 3pxp\r\nmore", 0400, 10 },
		{ SECRET, 0640, -1 },
		{ "", 0600, -1 },
		{ "JBSWY3DPEHPK3P", 0600, -1 },
		{ "JBSWY3DPEHPK3PX1", 0600, -1 },
		{ "JBSW=Y3DPEHPK3PXP", 0600, -1 },
	};
	char path[96];

	if (geteuid() != 0)
		skip_because("needs root");
	snprintf(path, sizeof(path), "%s/secret", room->path);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct code_secret secret;
		struct error error = { 0 };
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

		assert_int_equal(write(fd, cases[i].text, strlen(cases[i].text)), strlen(cases[i].text));
		assert_int_equal(fchmod(fd, cases[i].mode), 0);
		close(fd);
		assert_int_equal(code_secret_read(path, &secret, &error), cases[i].length < 0 ? -1 : 0);
		if (cases[i].length >= 0)
			assert_int_equal(secret.length, cases[i].length);
		assert_int_equal(unlink(path), 0);
		assert_int_equal(code_secret_read(path, &secret, &error), 0);
		assert_int_equal(secret.length, 0);
	}
}

/* RFC 4648, 10 */
static void base32_is_that_of_the_rfc(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "f", "MY======" },
		{ "fo", "MZXQ====" },
		{ "foo", "MZXW6===" },
		{ "foob", "MZXW6YQ=" },
		{ "fooba", "MZXW6YTB" },
		{ "foobar", "MZXW6YTBOI" },
		{ "fooba", "mzxw6ytb" },
	};
	static const char *const bad[] = { "M", "MZX", "MZXW6Y", "MZXW6YTB1", "MR", "MY=A", "M-", "MY=======" };
	unsigned char bytes[16];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		long length = base32_decode(cases[i][1], bytes, sizeof(bytes));

		assert_int_equal(length, strlen(cases[i][0]));
		assert_memory_equal(bytes, cases[i][0], (size_t)length);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(base32_decode(bad[i], bytes, sizeof(bytes)), -1);
	assert_int_equal(base32_decode("MZXW6YTB", bytes, 4), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_code_is_good_once_and_for_about_its_time, make_room,
						remove_room),
		cmocka_unit_test_setup_teardown(the_pause_doubles_up_to_an_hour, make_room, remove_room),
		cmocka_unit_test_setup_teardown(wrong_codes_of_other_half_minutes_count_as_well, make_room,
						remove_room),
		cmocka_unit_test_setup_teardown(a_clock_that_is_put_back_keeps_nobody_out, make_room,
						remove_room),
		cmocka_unit_test(the_pause_does_not_overflow),
		cmocka_unit_test_setup_teardown(a_secret_is_read_strictly, make_room, remove_room),
		cmocka_unit_test(base32_is_that_of_the_rfc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
