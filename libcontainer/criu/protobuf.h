/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The wire format of protocol buffers, as far as CRIU's messages use it: numbers (varint) and bytes (strings and
 * messages within messages). Source: protobuf.dev/programming-guides/encoding.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

/* Appends field @number with @value. A negative int32 is sign-extended to 64 bits first. */
void protobuf_put_number(struct strbuf *out, unsigned int number, uint64_t value);
void protobuf_put_bytes(struct strbuf *out, unsigned int number, const char *bytes, size_t length);
/* Nothing is appended where @text is NULL. */
void protobuf_put_string(struct strbuf *out, unsigned int number, const char *text);
void protobuf_put_message(struct strbuf *out, unsigned int number, const struct strbuf *message);

struct protobuf_reader {
	const char *at;
	const char *end;
};

struct protobuf_field {
	unsigned int number;
	bool is_number; /* neither: a type that CRIU's fields have not */
	bool is_bytes;
	uint64_t value; /* of a number */
	const char *bytes; /* in the message that is read */
	size_t length;
};

/* The next field: 1, 0 at the end, or -1 where the message is cut off or has a type of field that CRIU has not. */
int protobuf_next(struct protobuf_reader *reader, struct protobuf_field *field);
