/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON objects as C structures, by tables.
 *
 * One table an object says what its members are called, where they are in the structure, of which type,
 * in which range, which are required. Reading (with every check of type and value), writing and copying
 * are driven by it: a member is added to a document by one line of a table. config.h's documents are made
 * this way; so is every other document that the runtime keeps.
 *
 *	struct tray { const char *name; struct optional_u32 cups; };
 *
 *	static const struct spec_field tray_fields[] = {
 *		SPEC_FIELD(STRING, "name", struct tray, name, .required = true),
 *		SPEC_FIELD(OPTIONAL_U32, "cups", struct tray, cups, .max = 12),
 *	};
 *	static const struct spec_table tray_table = SPEC_TABLE(struct tray, tray_fields);
 *
 * Absent: an optional_* that is not present, a NULL string or object, an empty list, a number 0, false, an
 * enum's 0 where no name has that value. An absent member is left out in writing, unless it is required or
 * `always`. In reading, null is absent; so is "" for a string or an enum that is not required.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "spec/config.h"

/* How a member is kept in the structure. */
enum spec_kind {
	SPEC_STRING, /* const char * */
	SPEC_BOOL, /* bool */
	SPEC_OPTIONAL_BOOL, /* struct optional_bool, and so on */
	SPEC_I64,
	SPEC_OPTIONAL_I64,
	SPEC_U64,
	SPEC_OPTIONAL_U64,
	SPEC_U32,
	SPEC_OPTIONAL_U32,
	SPEC_ENUM, /* any enum: a string of .names */
	SPEC_STRING_LIST, /* struct string_list */
	SPEC_U32_LIST, /* struct u32_list */
	SPEC_STRING_MAP, /* struct string_map */
	SPEC_OBJECT, /* the structure of .table itself */
	SPEC_OBJECT_POINTER, /* a pointer to it */
	SPEC_OBJECT_LIST, /* struct { structure *items; size_t count; } of an array of objects */
	/*
	 * The same of an object whose members are objects: {"eth0": {…}}. The structure begins with
	 * `const char *key`, which gets the member's name and is not in .table.
	 */
	SPEC_OBJECT_MAP,
};

/* One name of an enum. */
struct spec_name {
	const char *name;
	int value;
};

struct spec_table;

struct spec_field {
	const char *name;
	enum spec_kind kind;
	size_t offset;
	bool required; /* refused where it is missing */
	bool always; /* written even where it is absent */
	bool secret; /* what was found there is not shown in an error: environment variables */
	/* Of a number, both included; both 0: all that the type holds. @max is not looked at where it is 0. */
	int64_t min;
	uint64_t max;
	size_t min_count; /* of a list */
	bool keep_empty; /* of a list of strings: [] is something else than absent, and has items that are not NULL */
	/* Whether a string (each one of a list) may be there, and what is expected, as errors show it. */
	bool (*valid)(const char *text);
	const char *expected;
	const struct spec_name *names; /* of an enum, or the strings that a list is made of; ends with NULL */
	const char *complaint; /* what stands first in the error where it is none of @names: engines match it */
	const struct spec_table *table; /* of an object */
};

#define SPEC_FIELDS_MAX 32

struct spec_table {
	size_t size; /* of the structure */
	const struct spec_field *fields;
	size_t count;
};

/*
 * The entries of a table. They do not compile where the member's type is not the kind's. More members of
 * struct spec_field may follow: SPEC_FIELD(STRING, "cwd", struct oci_process, cwd, .required = true).
 */
#define SPEC_FIELD(kind_, name_, structure, member, ...)                                                       \
	{                                                                                                      \
		.name = (name_), .kind = SPEC_##kind_,                                                         \
		.offset = SPEC_OFFSET(structure, member, SPEC_HAS_TYPE(structure, member, SPEC_TYPE_##kind_)), \
		##__VA_ARGS__                                                                                  \
	}
#define SPEC_FIELD_ENUM(name_, structure, member, names_, ...)                                             \
	{                                                                                                  \
		.name = (name_), .kind = SPEC_ENUM,                                                        \
		.offset = SPEC_OFFSET(structure, member, sizeof(((structure *)0)->member) == sizeof(int)), \
		.names = (names_), ##__VA_ARGS__                                                           \
	}
#define SPEC_FIELD_OBJECT(name_, structure, member, table_, ...)                             \
	{                                                                                    \
		.name = (name_), .kind = SPEC_OBJECT, .offset = offsetof(structure, member), \
		.table = &(table_), ##__VA_ARGS__                                            \
	}
#define SPEC_FIELD_POINTER(name_, structure, member, table_, ...)                            \
	{                                                                                    \
		.name = (name_), .kind = SPEC_OBJECT_POINTER,                                \
		.offset = SPEC_OFFSET(structure, member, sizeof(*((structure *)0)->member)), \
		.table = &(table_), ##__VA_ARGS__                                            \
	}
#define SPEC_FIELD_LIST(name_, structure, member, table_, ...)                                            \
	{                                                                                                 \
		.name = (name_), .kind = SPEC_OBJECT_LIST, .offset = SPEC_LIST_OFFSET(structure, member), \
		.table = &(table_), ##__VA_ARGS__                                                         \
	}
#define SPEC_FIELD_MAP(name_, structure, member, table_, ...)                                            \
	{                                                                                                \
		.name = (name_), .kind = SPEC_OBJECT_MAP, .offset = SPEC_LIST_OFFSET(structure, member), \
		.table = &(table_), ##__VA_ARGS__                                                        \
	}

#define SPEC_OFFSET(structure, member, holds) (offsetof(structure, member) + 0 * sizeof(char[(holds) ? 1 : -1]))
#define SPEC_HAS_TYPE(structure, member, type) \
	__builtin_types_compatible_p(__typeof__(((structure *)0)->member), type)
#define SPEC_LIST_OFFSET(structure, member)                                           \
	SPEC_OFFSET(structure, member,                                                \
		    SPEC_HAS_TYPE(structure, member.count, size_t) &&                 \
			    sizeof(((structure *)0)->member) == 2 * sizeof(void *) && \
			    offsetof(structure, member.items) == offsetof(structure, member))
#define SPEC_TYPE_STRING const char *
#define SPEC_TYPE_BOOL bool
#define SPEC_TYPE_OPTIONAL_BOOL struct optional_bool
#define SPEC_TYPE_I64 int64_t
#define SPEC_TYPE_OPTIONAL_I64 struct optional_i64
#define SPEC_TYPE_U64 uint64_t
#define SPEC_TYPE_OPTIONAL_U64 struct optional_u64
#define SPEC_TYPE_U32 uint32_t
#define SPEC_TYPE_OPTIONAL_U32 struct optional_u32
#define SPEC_TYPE_STRING_LIST struct string_list
#define SPEC_TYPE_U32_LIST struct u32_list
#define SPEC_TYPE_STRING_MAP struct string_map

#define SPEC_TABLE(structure, fields_)                                                     \
	{                                                                                  \
		.size = sizeof(structure), .fields = (fields_),                            \
		.count = ARRAY_SIZE(fields_) +                                             \
			 0 * sizeof(char[ARRAY_SIZE(fields_) <= SPEC_FIELDS_MAX ? 1 : -1]) \
	}

enum spec_unknown {
	SPEC_UNKNOWN_IGNORED, /* members that are not in the table: for OCI documents; the case of names, too */
	SPEC_UNKNOWN_REFUSED, /* for our own, where a typing error must not pass */
};

/*
 * Reads a whole document from its bytes into a structure of @table. Errors begin with @label and the member's path:
 * "config.json: linux.namespaces[2].type: found \"pidd\", expected one of …". It lives in @arena. NULL on a failure.
 */
void *spec_parse(struct arena *arena, const struct spec_table *table, const char *label, const char *bytes,
		 size_t length, enum spec_unknown unknown, struct error *error);

/* Writes @object as a JSON object with the members in the table's order. */
void spec_print(struct json_writer *writer, const struct spec_table *table, const void *object);

/* A deep copy; NULL for NULL. */
void *spec_copy(struct arena *arena, const struct spec_table *table, const void *object);

/*
 * A copy of @lower (may be NULL) in which every member that @upper sets has @upper's value; lists and maps are
 * replaced whole. Strings and lists may be shared with @upper, which must live as long.
 */
void *spec_merge(struct arena *arena, const struct spec_table *table, const void *lower, const void *upper);

/* The name of an enum's @value, or NULL where it has none; and back (false where no value has the name). */
const char *spec_enum_name(const struct spec_name *names, int value);
bool spec_enum_value(const struct spec_name *names, const char *name, int *value);
