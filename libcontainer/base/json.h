/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON in and out.
 *
 * In: one pass over the bytes with yajl builds a tree in an arena. Refused, with file, line and column or
 * the member's path: bytes after the document, bad UTF-8, a NUL in a string, nesting deeper than
 * JSON_DEPTH_MAX, more than JSON_VALUES_MAX values, a member that comes twice, half a surrogate pair, a
 * number that is not a finite double. A number without point and exponent that fits into 64 bits (signed or
 * unsigned) is an integer and exact, every other one a double. Names of members are compared byte by byte here.
 * Out: a writer that keeps commas, quoting and indentation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/strbuf.h"

#define JSON_DEPTH_MAX 64
#define JSON_VALUES_MAX 1000000

enum json_type { JSON_NULL, JSON_BOOL, JSON_INTEGER, JSON_DOUBLE, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_value {
	enum json_type type;
	union {
		bool boolean;
		struct {
			bool negative; /* then the value is -magnitude */
			uint64_t magnitude;
		} integer;
		double number;
		const char *string;
		struct {
			struct json_value *items;
			size_t count;
		} array;
		struct {
			struct json_member *items; /* in the document's order */
			size_t count;
		} object;
	};
};

struct json_member {
	const char *name;
	struct json_value value;
};

/* @label names the document in errors (a file name). The tree lives in @arena. 0, or -1. */
int json_parse(struct arena *arena, const char *label, const char *bytes, size_t length,
	       struct json_value **root, struct error *error);

/* The member @name of an object, or NULL; NULL too where @object is NULL or no object. */
const struct json_value *json_get(const struct json_value *object, const char *name);

/* The text of the member @name, or NULL, also where it is no string. */
const char *json_get_string(const struct json_value *object, const char *name);

/* "string", "object", … as used in messages. */
const char *json_type_name(enum json_type type);

/* The writer. Members of objects are written as key, then value. */
struct json_writer {
	struct strbuf *out;
	unsigned int indent; /* blanks a level; 0: everything on one line, without blanks */
	unsigned int depth;
	bool first; /* nothing was written yet at this level */
	bool after_key;
};

void json_begin_object(struct json_writer *writer);
void json_end_object(struct json_writer *writer);
void json_begin_array(struct json_writer *writer);
void json_end_array(struct json_writer *writer);
void json_key(struct json_writer *writer, const char *name);
void json_string(struct json_writer *writer, const char *text); /* NULL is written as null */
void json_bool(struct json_writer *writer, bool value);
void json_i64(struct json_writer *writer, int64_t value);
void json_u64(struct json_writer *writer, uint64_t value);
void json_double(struct json_writer *writer, double value);
void json_null(struct json_writer *writer);
void json_strings(struct json_writer *writer, const char *const *items, size_t count); /* an array */

/* A member at once. */
void json_member_string(struct json_writer *writer, const char *name, const char *text);
void json_member_bool(struct json_writer *writer, const char *name, bool value);
void json_member_i64(struct json_writer *writer, const char *name, int64_t value);
void json_member_u64(struct json_writer *writer, const char *name, uint64_t value);

/* Writes a parsed tree again. */
void json_value(struct json_writer *writer, const struct json_value *value);
