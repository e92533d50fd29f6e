/* SPDX-License-Identifier: Apache-2.0 */
#include "criu/protobuf.h"

#include <string.h>

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

static void put_varint(struct strbuf *out, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		strbuf_putc(out, (char)(value | 0x80));
	strbuf_putc(out, (char)value);
}

void protobuf_put_number(struct strbuf *out, unsigned int number, uint64_t value)
{
	put_varint(out, (uint64_t)number << 3 | WIRE_VARINT);
	put_varint(out, value);
}

void protobuf_put_bytes(struct strbuf *out, unsigned int number, const char *bytes, size_t length)
{
	put_varint(out, (uint64_t)number << 3 | WIRE_BYTES);
	put_varint(out, length);
	if (length > 0)
		strbuf_add(out, bytes, length);
}

void protobuf_put_string(struct strbuf *out, unsigned int number, const char *text)
{
	if (text)
		protobuf_put_bytes(out, number, text, strlen(text));
}

void protobuf_put_message(struct strbuf *out, unsigned int number, const struct strbuf *message)
{
	protobuf_put_bytes(out, number, strbuf_text(message), message->length);
}

static int next_varint(struct protobuf_reader *reader, uint64_t *value)
{
	*value = 0;
	for (unsigned int shift = 0; shift < 64; shift += 7) {
		uint64_t byte;

		if (reader->at == reader->end)
			return -1;
		byte = (unsigned char)*reader->at++;
		*value |= (byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return 0;
	}
	return -1;
}

static int skip(struct protobuf_reader *reader, uint64_t length)
{
	if (length > (uint64_t)(reader->end - reader->at))
		return -1;
	reader->at += length;
	return 0;
}

int protobuf_next(struct protobuf_reader *reader, struct protobuf_field *field)
{
	uint64_t key;

	if (reader->at == reader->end)
		return 0;
	if (next_varint(reader, &key) < 0 || key >> 3 == 0 || key >> 3 > UINT32_MAX)
		return -1;
	*field = (struct protobuf_field){ .number = (unsigned int)(key >> 3) };
	switch (key & 7) {
	case WIRE_VARINT: field->is_number = true; return next_varint(reader, &field->value) < 0 ? -1 : 1;
	case WIRE_FIXED64: return skip(reader, 8) < 0 ? -1 : 1;
	case WIRE_FIXED32: return skip(reader, 4) < 0 ? -1 : 1;
	case WIRE_BYTES: break;
	default: return -1;
	}
	if (next_varint(reader, &key) < 0)
		return -1;
	field->is_bytes = true;
	field->bytes = reader->at;
	field->length = (size_t)key;
	return skip(reader, key) < 0 ? -1 : 1;
}
