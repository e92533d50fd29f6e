/* SPDX-License-Identifier: Apache-2.0 */
/* base/json.h: what is refused and how, exact numbers, the writer, and hostile documents. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "base/json.h"
#include "base/utf8.h"

#define LARGE ((size_t)100 * 1024 * 1024)
#define PATIENCE \
	120.0 /* seconds of processor time, under a sanitizer on a slow or an emulated machine: squares take hours */

struct refusal {
	const char *text;
	const char *error;
};

static void refuses_with_line_and_column(void **state)
{
	static const struct refusal refusals[] = {
		{ "", "f.json: line 1, column 1: premature EOF" },
		{ "  ", "f.json: line 1, column 3: premature EOF" },
		{ "{", "f.json: line 1, column 2: premature EOF" },
		{ "{]", "f.json: line 1, column 3: invalid object key (must be a string)" },
		{ "[1,]", "f.json: line 1, column 5: unallowed token at this point in JSON text" },
		{ "{\"a\":1,}", "f.json: line 1, column 9: invalid object key (must be a string)" },
		{ "[1,2]x", "f.json: line 1, column 7: trailing garbage" },
		{ "{} {}", "f.json: line 1, column 5: trailing garbage" },
		{ "[01]", "f.json: line 1, column 4: after array element, I expect ',' or ']'" },
		{ "[+1]", "f.json: line 1, column 2: invalid char in json text." },
		{ "[\"a\nb\"]", "f.json: line 1, column 4: invalid character inside string." },
		{ "// c\n{}", "f.json: line 1, column 1: probable comment found in input text, "
			      "comments are not enabled." },
		{ "{\n  \"\xc3\xa4\": ?\n}", "f.json: line 2, column 8: invalid char in json text." },
		{ "[\n\"\xc0\x80\"]", "f.json: line 2, column 2: found bytes that are no UTF-8" },
		{ "[\"\xed\xa0\x80\"]", "f.json: line 1, column 3: found bytes that are no UTF-8" },
		{ "[\"\\ud800\"]", "f.json: line 1, column 3: found half of a surrogate pair" },
		{ "[\"\\ud800\\u0041\"]", "f.json: line 1, column 3: found half of a surrogate pair" },
		{ "[\"\\\\\\uDC00\"]", "f.json: line 1, column 5: found half of a surrogate pair" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		_cleanup_arena_ struct arena arena = { 0 };
		struct json_value *root;
		struct error error = { 0 };

		assert_int_equal(json_parse(&arena, "f.json", refusals[i].text, strlen(refusals[i].text), &root,
					    &error),
				 -1);
		assert_string_equal(error.text, refusals[i].error);
	}
}

static void refuses_with_the_path(void **state)
{
	static const struct refusal refusals[] = {
		{ "{\"a\":1,\"a\":1}", "f.json: a: found a second time" },
		{ "{\"b\":{\"c\":[1,{\"x\":1,\"y\":2,\"x\":3}]}}", "f.json: b.c[1].x: found a second time" },
		{ "{\"\\u0061\":1,\"a\":1}", "f.json: a: found a second time" },
		{ "[{\"n\":\"a\\u0000b\"}]", "f.json: [0].n: found a string with a NUL character in it" },
		{ "[{\"a\\u0000\":1}]", "f.json: [0]: found a member whose name has a NUL character in it" },
		{ "{\"n\":[1,1e400]}", "f.json: n[1]: found a number that is too large" },
		{ "{\"n\":-1e400}", "f.json: n: found a number that is too large" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		_cleanup_arena_ struct arena arena = { 0 };
		struct json_value *root;
		struct error error = { 0 };

		assert_int_equal(json_parse(&arena, "f.json", refusals[i].text, strlen(refusals[i].text), &root,
					    &error),
				 -1);
		assert_string_equal(error.text, refusals[i].error);
	}
}

static void refuses_raw_nul(void **state)
{
	static const char text[] = "[\"a\0b\"]";
	_cleanup_arena_ struct arena arena = { 0 };
	struct json_value *root;
	struct error error = { 0 };

	(void)state;
	assert_int_equal(json_parse(&arena, "f", text, sizeof(text) - 1, &root, &error), -1);
	assert_int_equal(json_parse(&arena, "f", "{}\0", 3, &root, &error), -1);
	assert_int_equal(json_parse(&arena, "f", "{}", 2, &root, &error), 0);
}

static const struct json_value *parse(struct arena *arena, const char *text)
{
	struct json_value *root = NULL;
	struct error error = { 0 };

	if (json_parse(arena, "f", text, strlen(text), &root, &error) < 0)
		fail_msg("%s: %s", text, error.text);
	return root;
}

static void keeps_numbers_exact(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const struct json_value *items = parse(&arena, "[18446744073709551615, -9223372036854775808, -0, "
						       "18446744073709551616, -9223372036854775809, 1.0, 1e2]")
						 ->array.items;

	(void)state;
	assert_int_equal(items[0].type, JSON_INTEGER);
	assert_false(items[0].integer.negative);
	assert_true(items[0].integer.magnitude == UINT64_MAX);
	assert_int_equal(items[1].type, JSON_INTEGER);
	assert_true(items[1].integer.negative);
	assert_true(items[1].integer.magnitude == (uint64_t)INT64_MAX + 1);
	assert_int_equal(items[2].type, JSON_INTEGER);
	assert_false(items[2].integer.negative);
	for (int i = 3; i < 7; i++)
		assert_int_equal(items[i].type, JSON_DOUBLE);
	assert_true(items[6].number == 100.0);
}

static void limits_depth(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	char text[2 * JSON_DEPTH_MAX + 3];
	struct error error = { 0 };
	struct json_value *root;

	(void)state;
	memset(text, '[', JSON_DEPTH_MAX);
	memset(text + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	assert_int_equal(json_parse(&arena, "f", text, (size_t)2 * JSON_DEPTH_MAX, &root, &error), 0);
	memset(text, '[', JSON_DEPTH_MAX + 1);
	memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	assert_int_equal(json_parse(&arena, "f", text, (size_t)2 * JSON_DEPTH_MAX + 2, &root, &error), -1);
	assert_non_null(strstr(error.text, "nested too deep"));
}

static void finds_members(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const struct json_value *root = parse(&arena, "{\"a\":{\"b\":\"c\"},\"A\":1,\"n\":null}");

	(void)state;
	assert_string_equal(json_get(json_get(root, "a"), "b")->string, "c");
	assert_int_equal(json_get(root, "A")->integer.magnitude, 1);
	assert_int_equal(json_get(root, "n")->type, JSON_NULL);
	assert_null(json_get(root, "x"));
	assert_null(json_get(json_get(root, "A"), "b"));
	assert_null(json_get(NULL, "b"));
	assert_string_equal(json_type_name(json_get(root, "a")->type), "object");
}

/* Parsing and writing gives the text again, where the text is as the writer writes. */
static void writes_what_it_read(void **state)
{
	static const char *const texts[] = {
		"null",
		"\"x\"",
		"[]",
		"{}",
		"[[],{},[{}]]",
		"{\"a\":[1,-2,true,false,null,\"b\"],\"c\":{\"d\":{\"e\":1.5}}}",
		"[18446744073709551615,-9223372036854775808,0.1,1e+300,1.0,-4.94065645841247e-324]",
		"[\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u007f/\xc3\xa4\xf0\x9f\x98\x80\"]",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_arena_ struct arena arena = { 0 };
		_cleanup_strbuf_ struct strbuf out = { 0 };
		struct json_writer writer = { .out = &out };

		json_value(&writer, parse(&arena, texts[i]));
		assert_string_equal(strbuf_text(&out), texts[i]);
	}
}

static void indents(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct json_writer writer = { .out = &out, .indent = 2 };

	(void)state;
	json_value(&writer, parse(&arena, "{\"a\":[1,{}],\"b\":[],\"c\":{\"d\":1}}"));
	assert_string_equal(strbuf_text(&out), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": [],\n"
					       "  \"c\": {\n    \"d\": 1\n  }\n}");
}

static void writes_any_bytes_as_json(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct json_writer writer = { .out = &out };
	char every[256];

	(void)state;
	for (int i = 0; i < 255; i++)
		every[i] = (char)(i + 1);
	every[255] = '\0';
	json_begin_array(&writer);
	json_string(&writer, every);
	json_string(&writer, "\xff");
	json_string(&writer, NULL);
	json_double(&writer, 1.0 / 0.0);
	json_i64(&writer, INT64_MIN);
	json_u64(&writer, UINT64_MAX);
	json_end_array(&writer);
	assert_string_equal(parse(&arena, strbuf_text(&out))->array.items[1].string, "\xef\xbf\xbd");
	assert_int_equal(parse(&arena, strbuf_text(&out))->array.items[2].type, JSON_NULL);
	assert_int_equal(parse(&arena, strbuf_text(&out))->array.items[3].type, JSON_NULL);
}

static void knows_utf8(void **state)
{
	static const char *const bad[] = { "\x80",
					   "\xc1\xbf",
					   "\xe0\x9f\xbf",
					   "\xed\xa0\x80",
					   "\xf0\x8f\xbf\xbf",
					   "\xf4\x90\x80\x80",
					   "\xf5\x80\x80\x80",
					   "\xe2\x82",
					   "\xc3(",
					   "\xf0\x9f\x98" };
	static const char good[] =
		"plain ascii text \xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf";

	(void)state;
	assert_int_equal(utf8_valid_prefix(good, sizeof(good) - 1), sizeof(good) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char text[40];
		size_t length = (size_t)snprintf(text, sizeof(text), "0123456789%s", bad[i]);

		assert_int_equal(utf8_character(bad[i], strlen(bad[i])), 0);
		assert_int_equal(utf8_valid_prefix(text, length), 10);
	}
}

/* Parses @length bytes, releases them, and fails the test where that takes too long. */
static void parse_hostile(char *bytes, size_t length, int expected)
{
	_cleanup_arena_ struct arena arena = { 0 };
	clock_t start = clock();
	struct json_value *root;
	struct error error = { 0 };
	int result = json_parse(&arena, "hostile.json", bytes, length, &root, &error);
	double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;

	free(bytes);
	assert_int_equal(result, expected);
	if (expected < 0)
		assert_memory_equal(error.text, "hostile.json: ", strlen("hostile.json: "));
	assert_true(seconds < PATIENCE);
}

static char *filled(const char *pattern)
{
	size_t length = strlen(pattern);
	char *bytes = malloc(LARGE);

	assert_non_null(bytes);
	for (size_t i = 0; i + length <= LARGE; i += length)
		for (size_t j = 0; j < length; j++)
			bytes[i + j] = pattern[j];
	return bytes;
}

static void survives_large_documents(void **state)
{
	char *bytes;

	(void)state;
	parse_hostile(filled("["), LARGE, -1);
	parse_hostile(filled("{\"a\":"), LARGE, -1);
	parse_hostile(filled("1"), LARGE, -1);
	parse_hostile(filled(" "), LARGE, -1);
	parse_hostile(filled("\xff"), LARGE, -1);
	bytes = filled("1,");
	bytes[0] = '[';
	bytes[1] = ' ';
	parse_hostile(bytes, LARGE, -1);
	bytes = filled("a");
	bytes[0] = bytes[LARGE - 1] = '"';
	parse_hostile(bytes, LARGE, 0);
}

/* Duplicates among many members are found without comparing each with each. */
static void survives_many_members(void **state)
{
	for (int duplicate = 0; duplicate < 2; duplicate++) {
		const int count = 400000;
		char *bytes = malloc((size_t)count * 16 + 2);
		size_t length = 0;

		(void)state;
		assert_non_null(bytes);
		bytes[length++] = '{';
		for (int i = 0; i < count; i++)
			length += (size_t)sprintf(bytes + length, "%s\"m%d\":1", i ? "," : "",
						  duplicate && i == count - 1 ? 7 : i);
		bytes[length++] = '}';
		parse_hostile(bytes, length, duplicate ? -1 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_with_line_and_column),
		cmocka_unit_test(refuses_with_the_path),
		cmocka_unit_test(refuses_raw_nul),
		cmocka_unit_test(keeps_numbers_exact),
		cmocka_unit_test(limits_depth),
		cmocka_unit_test(finds_members),
		cmocka_unit_test(writes_what_it_read),
		cmocka_unit_test(indents),
		cmocka_unit_test(writes_any_bytes_as_json),
		cmocka_unit_test(knows_utf8),
		cmocka_unit_test(survives_large_documents),
		cmocka_unit_test(survives_many_members),
	};

	return cmocka_run_group_tests_name("base/json", tests, NULL, NULL);
}
