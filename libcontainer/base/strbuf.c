/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strbuf.h"

#include <stdarg.h>
#include <string.h>

void strbuf_release(struct strbuf *buffer)
{
	free(buffer->text);
	*buffer = (struct strbuf){ 0 };
}

static void reserve(struct strbuf *buffer, size_t more)
{
	static const char message[] = "cannot allocate memory\n";
	size_t capacity = buffer->capacity ? buffer->capacity : 256;
	char *text;

	if (buffer->length + more + 1 <= buffer->capacity)
		return;
	while (capacity < buffer->length + more + 1)
		capacity *= 2;
	text = realloc(buffer->text, capacity);
	if (!text) {
		(void)!write(STDERR_FILENO, message, sizeof(message) - 1);
		_exit(1);
	}
	buffer->text = text;
	buffer->capacity = capacity;
}

void strbuf_add(struct strbuf *buffer, const char *bytes, size_t length)
{
	reserve(buffer, length);
	if (length)
		memcpy(buffer->text + buffer->length, bytes, length);
	buffer->length += length;
	buffer->text[buffer->length] = '\0';
}

void strbuf_puts(struct strbuf *buffer, const char *text)
{
	strbuf_add(buffer, text, strlen(text));
}

void strbuf_putc(struct strbuf *buffer, char c)
{
	/* Documents are written character by character. */
	if (buffer->length + 2 > buffer->capacity)
		reserve(buffer, 1);
	buffer->text[buffer->length++] = c;
	buffer->text[buffer->length] = '\0';
}

void strbuf_printf(struct strbuf *buffer, const char *format, ...)
{
	va_list arguments;
	size_t room;
	int length;

	reserve(buffer, 0);
	room = buffer->capacity - buffer->length;
	va_start(arguments, format);
	length = vsnprintf(buffer->text + buffer->length, room, format, arguments);
	va_end(arguments);
	/* Formatted a second time only where there was not room enough. */
	if (length >= 0 && (size_t)length >= room) {
		reserve(buffer, (size_t)length);
		va_start(arguments, format);
		vsnprintf(buffer->text + buffer->length, (size_t)length + 1, format, arguments);
		va_end(arguments);
	}
	if (length > 0)
		buffer->length += (size_t)length;
}

const char *strbuf_text(const struct strbuf *buffer)
{
	return buffer->text ? buffer->text : "";
}
