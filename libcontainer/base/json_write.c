/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

static void new_line(struct json_writer *writer)
{
	if (writer->indent == 0)
		return;
	strbuf_putc(writer->out, '\n');
	for (unsigned int i = 0; i < writer->depth * writer->indent; i++)
		strbuf_putc(writer->out, ' ');
}

/* What stands between the values of one level. The value of a member follows its key on the same line. */
static void separate(struct json_writer *writer)
{
	if (writer->after_key) {
		writer->after_key = false;
		return;
	}
	if (writer->depth == 0)
		return;
	if (!writer->first)
		strbuf_putc(writer->out, ',');
	writer->first = false;
	new_line(writer);
}

static void begin(struct json_writer *writer, char bracket)
{
	separate(writer);
	strbuf_putc(writer->out, bracket);
	writer->depth++;
	writer->first = true;
}

static void end(struct json_writer *writer, char bracket)
{
	writer->depth--;
	if (!writer->first)
		new_line(writer);
	strbuf_putc(writer->out, bracket);
	writer->first = false;
}

void json_begin_object(struct json_writer *writer)
{
	begin(writer, '{');
}

void json_end_object(struct json_writer *writer)
{
	end(writer, '}');
}

void json_begin_array(struct json_writer *writer)
{
	begin(writer, '[');
}

void json_end_array(struct json_writer *writer)
{
	end(writer, ']');
}

/* The two-character form of a character that must be escaped, or 0. */
static char short_escape(char c)
{
	switch (c) {
	case '"':
	case '\\': return c;
	case '\b': return 'b';
	case '\f': return 'f';
	case '\n': return 'n';
	case '\r': return 'r';
	case '\t': return 't';
	default: return 0;
	}
}

/* What stands in a string as it is: printable ASCII but the quote and the backslash. */
static const bool is_plain[256] = { [0x20 ... 0x21] = true, [0x23 ... 0x5b] = true, [0x5d ... 0x7e] = true };

static size_t plain_prefix(const char *text)
{
	size_t length = 0;

	while (is_plain[(unsigned char)text[length]])
		length++;
	return length;
}

/* A name of a file may hold any bytes; what is no UTF-8 becomes U+FFFD, so that the document stays one. */
static void add_quoted(struct strbuf *out, const char *text)
{
	size_t plain;

	strbuf_putc(out, '"');
	for (;;) {
		plain = plain_prefix(text);
		strbuf_add(out, text, plain);
		text += plain;
		if (!*text)
			break;
		if (short_escape(*text)) {
			strbuf_putc(out, '\\');
			strbuf_putc(out, short_escape(*text++));
		} else if ((unsigned char)*text < 0x20 || *text == 0x7f) {
			strbuf_printf(out, "\\u%04x", (unsigned char)*text++);
		} else {
			size_t size = utf8_character(text, strnlen(text, 4));

			if (size)
				strbuf_add(out, text, size);
			else
				strbuf_puts(out, "\\ufffd");
			text += size ? size : 1;
		}
	}
	strbuf_putc(out, '"');
}

void json_key(struct json_writer *writer, const char *name)
{
	separate(writer);
	add_quoted(writer->out, name);
	strbuf_puts(writer->out, writer->indent ? ": " : ":");
	writer->after_key = true;
}

void json_string(struct json_writer *writer, const char *text)
{
	if (!text) {
		json_null(writer);
		return;
	}
	separate(writer);
	add_quoted(writer->out, text);
}

void json_bool(struct json_writer *writer, bool value)
{
	separate(writer);
	strbuf_puts(writer->out, value ? "true" : "false");
}

void json_i64(struct json_writer *writer, int64_t value)
{
	separate(writer);
	strbuf_printf(writer->out, "%" PRId64, value);
}

void json_u64(struct json_writer *writer, uint64_t value)
{
	separate(writer);
	strbuf_printf(writer->out, "%" PRIu64, value);
}

/* The shortest text that reads back as the same double, and as a double: with a point or an exponent. */
void json_double(struct json_writer *writer, double value)
{
	char text[40];

	if (!isfinite(value)) {
		json_null(writer);
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	separate(writer);
	strbuf_puts(writer->out, text);
	if (!strpbrk(text, ".e"))
		strbuf_puts(writer->out, ".0");
}

void json_null(struct json_writer *writer)
{
	separate(writer);
	strbuf_puts(writer->out, "null");
}

void json_strings(struct json_writer *writer, const char *const *items, size_t count)
{
	json_begin_array(writer);
	for (size_t i = 0; i < count; i++)
		json_string(writer, items[i]);
	json_end_array(writer);
}

void json_member_string(struct json_writer *writer, const char *name, const char *text)
{
	json_key(writer, name);
	json_string(writer, text);
}

void json_member_bool(struct json_writer *writer, const char *name, bool value)
{
	json_key(writer, name);
	json_bool(writer, value);
}

void json_member_i64(struct json_writer *writer, const char *name, int64_t value)
{
	json_key(writer, name);
	json_i64(writer, value);
}

void json_member_u64(struct json_writer *writer, const char *name, uint64_t value)
{
	json_key(writer, name);
	json_u64(writer, value);
}

static void write_integer(struct json_writer *writer, const struct json_value *value)
{
	separate(writer);
	strbuf_printf(writer->out, "%s%" PRIu64, value->integer.negative ? "-" : "", value->integer.magnitude);
}

void json_value(struct json_writer *writer, const struct json_value *value)
{
	switch (value->type) {
	case JSON_NULL: json_null(writer); break;
	case JSON_BOOL: json_bool(writer, value->boolean); break;
	case JSON_INTEGER: write_integer(writer, value); break;
	case JSON_DOUBLE: json_double(writer, value->number); break;
	case JSON_STRING: json_string(writer, value->string); break;
	case JSON_ARRAY:
		json_begin_array(writer);
		for (size_t i = 0; i < value->array.count; i++)
			json_value(writer, &value->array.items[i]);
		json_end_array(writer);
		break;
	case JSON_OBJECT:
		json_begin_object(writer);
		for (size_t i = 0; i < value->object.count; i++) {
			json_key(writer, value->object.items[i].name);
			json_value(writer, &value->object.items[i].value);
		}
		json_end_object(writer);
		break;
	}
}
