/* SPDX-License-Identifier: Apache-2.0 */
/* The option parser of the command line, and the sizes and durations it is given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "options.c" /* NOLINT(bugprone-suspicious-include): runtime/ is no library */
#include "units.c" /* NOLINT(bugprone-suspicious-include) */

struct values {
	bool tty;
	bool force;
	const char *user;
	struct string_list env;
	unsigned int fds;
	const char *bundle;
};

static const struct option table[] = {
	OPTION_BOOL_ENTRY(struct values, tty, "tty", 't', "terminal"),
	OPTION_BOOL_ENTRY(struct values, force, "force", 0, "force"),
	OPTION_STRING_ENTRY(struct values, user, "user", 'u', "UID", "user"),
	OPTION_LIST_ENTRY(struct values, env, "env", 'e', "NAME=VALUE", "environment"),
	OPTION_UNSIGNED_ENTRY(struct values, fds, "preserve-fds", 0, "N", "descriptors"),
	OPTION_TEXT_ENTRY(struct values, bundle, "bundle", 'b', "DIR", "bundle"),
	{ 0 },
};

static struct arena arena;
static struct values values;
static struct arguments arguments;
static struct error error;

static int parse_argv(const char *const *argv, bool stop)
{
	values = (struct values){ 0 };
	error = (struct error){ 0 };
	return options_parse(&arena, table, argv, stop, &values, &arguments, &error);
}

#define PARSE(stop, ...) parse_argv((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL }, stop)

static int release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static void forms_of_a_value(void **state)
{
	static const char *const forms[][2] = {
		{ "--user", "1:2" }, { "-user", "1:2" }, { "-u", "1:2" }, { "--u", "1:2" },
		{ "--user=1:2" },    { "-user=1:2" },	 { "-u=1:2" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		const char *argv[] = { forms[i][0], forms[i][1], NULL };

		assert_int_equal(parse_argv(argv, false), 0);
		assert_string_equal(values.user, "1:2");
		assert_int_equal(arguments.count, 0);
	}
}

static void values_are_taken_as_they_are(void **state)
{
	(void)state;
	assert_int_equal(PARSE(false, "--user", "--tty", "-u="), 0);
	assert_string_equal(values.user, "");
	assert_false(values.tty);
	assert_int_equal(PARSE(false, "--env", "A=B=C", "--env=D=E=F", "-e", "", "-e=x,y"), 0);
	assert_int_equal(values.env.count, 4);
	assert_string_equal(values.env.items[0], "A=B=C");
	assert_string_equal(values.env.items[1], "D=E=F");
	assert_string_equal(values.env.items[2], "");
	assert_string_equal(values.env.items[3], "x,y");
	assert_int_equal(PARSE(false, "--bundle", "x", "-b", ""), 0);
	assert_null(values.bundle);
	assert_int_equal(PARSE(false, "--bundle", "", "-b=x"), 0);
	assert_string_equal(values.bundle, "x");
	assert_int_equal(PARSE(false, "-u", "1", "-u", "2"), 0);
	assert_string_equal(values.user, "2");
}

static void booleans(void **state)
{
	(void)state;
	assert_int_equal(PARSE(false, "--tty"), 0);
	assert_true(values.tty);
	assert_int_equal(PARSE(false, "-t", "--tty=false"), 0);
	assert_false(values.tty);
	assert_int_equal(PARSE(false, "--tty=1", "--force=T"), 0);
	assert_true(values.tty && values.force);
	assert_int_equal(PARSE(false, "--tty", "false"), 0);
	assert_true(values.tty);
	assert_string_equal(arguments.items[0], "false");
	assert_int_equal(PARSE(false, "--tty=yes"), -1);
	assert_string_equal(error.text, "invalid boolean value \"yes\" for -tty: parse error");
	assert_int_equal(PARSE(false, "--tty="), -1);
}

static void options_behind_arguments(void **state)
{
	(void)state;
	assert_int_equal(PARSE(false, "id", "--tty", "-9", "more", "-u", "5"), 0);
	assert_true(values.tty);
	assert_string_equal(values.user, "5");
	assert_int_equal(arguments.count, 3);
	assert_string_equal(arguments.items[1], "-9");
	assert_null(arguments.items[3]);
}

static void what_follows_belongs_to_the_program(void **state)
{
	(void)state;
	assert_int_equal(PARSE(true, "-t", "id", "sh", "--user", "x", "--", "-h"), 0);
	assert_true(values.tty);
	assert_null(values.user);
	assert_false(arguments.help);
	assert_int_equal(arguments.count, 6);
	assert_string_equal(arguments.items[0], "id");
	assert_string_equal(arguments.items[5], "-h");
}

static void end_of_options(void **state)
{
	(void)state;
	assert_int_equal(PARSE(false, "-t", "--", "--user", "x"), 0);
	assert_null(values.user);
	assert_int_equal(arguments.count, 2);
	assert_int_equal(PARSE(false, "-", "--tty"), 0);
	assert_string_equal(arguments.items[0], "-");
	assert_true(values.tty);
}

static void help_is_always_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		static const char *const forms[] = { "-h", "--help", "-help", "--h" };

		assert_int_equal(PARSE(false, forms[i]), 0);
		assert_true(arguments.help);
	}
	assert_int_equal(PARSE(false, "--help=false"), 0);
	assert_false(arguments.help);
}

static void what_is_refused(void **state)
{
	static const struct {
		const char *argument;
		const char *text;
	} cases[] = {
		{ "--nope", "flag provided but not defined: -nope" },
		{ "-nope=1", "flag provided but not defined: -nope" },
		{ "-te", "flag provided but not defined: -te" },
		{ "--use", "flag provided but not defined: -use" },
		{ "---tty", "bad flag syntax: ---tty" },
		{ "--=x", "bad flag syntax: --=x" },
		{ "-=x", "bad flag syntax: -=x" },
		{ "--user", "flag needs an argument: -user" },
		{ "-e", "flag needs an argument: -e" },
		{ "--preserve-fds=x", "invalid value \"x\" for flag -preserve-fds: parse error" },
		{ "--preserve-fds=", "invalid value \"\" for flag -preserve-fds: parse error" },
		{ "--preserve-fds=-1", "invalid value \"-1\" for flag -preserve-fds: parse error" },
		{ "--preserve-fds=4294967296",
		  "invalid value \"4294967296\" for flag -preserve-fds: parse error" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(PARSE(false, cases[i].argument), -1);
		assert_string_equal(error.text, cases[i].text);
	}
	assert_int_equal(PARSE(false, "--preserve-fds", "7"), 0);
	assert_int_equal(values.fds, 7);
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} good[] = {
		{ "0", 0 },
		{ "1048576", 1048576 },
		{ "512k", 524288 },
		{ "512K", 524288 },
		{ "1.5g", 1610612736 },
		{ "2 GiB", INT64_C(2) << 30 },
		{ "1mb", 1048576 },
		{ "100b", 100 },
		{ "1t", INT64_C(1) << 40 },
		{ "1p", INT64_C(1) << 50 },
		{ "9223372036854775807", INT64_MAX },
	};
	static const char *const bad[] = { "",	    " ",
					   "k",	    "1x",
					   "1kk",   "-1",
					   "+1",    "1 ",
					   "1.",    ".5k",
					   "1..5",  "0x10",
					   "1e3",   " 1",
					   "1ki ",  "9223372036854775808",
					   "8192p", "99999999999999999999" };
	int64_t bytes = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(parse_bytes(good[i].text, &bytes), 0);
		assert_true(bytes == good[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		bytes = 42;
		assert_int_equal(parse_bytes(bad[i], &bytes), -1);
		assert_true(bytes == 42);
	}
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t nanoseconds;
	} good[] = {
		{ "0", 0 },
		{ "5s", 5000000000 },
		{ "250ms", 250000000 },
		{ "1m30s", 90000000000 },
		{ "1.5h", 5400000000000 },
		{ "7us", 7000 },
		{ "9ns", 9 },
		{ "1h1m1s1ms", 3661001000000 },
	};
	static const char *const bad[] = { "", "5", "s", "5x", "-5s", "5 s", "1..5s", ".s", "5s3", "9999999h" };
	int64_t nanoseconds = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(parse_duration(good[i].text, &nanoseconds), 0);
		assert_true(nanoseconds == good[i].nanoseconds);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_duration(bad[i], &nanoseconds), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(forms_of_a_value, release),
		cmocka_unit_test_teardown(values_are_taken_as_they_are, release),
		cmocka_unit_test_teardown(booleans, release),
		cmocka_unit_test_teardown(options_behind_arguments, release),
		cmocka_unit_test_teardown(what_follows_belongs_to_the_program, release),
		cmocka_unit_test_teardown(end_of_options, release),
		cmocka_unit_test_teardown(help_is_always_there, release),
		cmocka_unit_test_teardown(what_is_refused, release),
		cmocka_unit_test(sizes),
		cmocka_unit_test(durations),
	};

	return cmocka_run_group_tests_name("runtime options", tests, NULL, NULL);
}
