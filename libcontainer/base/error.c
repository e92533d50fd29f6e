/* SPDX-License-Identifier: Apache-2.0 */
#define ERROR_HERE /* this file has the functions themselves */
#include "base/error.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *error_describe(int number)
{
	static __thread char text[96];
	const char *description = strerrordesc_np(number);

	if (!description)
		snprintf(text, sizeof(text), "error %d", number);
	else
		snprintf(text, sizeof(text), "%s", description);
	/* "Not a directory" becomes "not a directory", but "RPC version wrong" stays. */
	if (isupper((unsigned char)text[0]) && !isupper((unsigned char)text[1]))
		text[0] = (char)tolower((unsigned char)text[0]);
	return text;
}

/* A message is one line: a newline in a name from outside must not forge a second one. */
static void flatten(char *text)
{
	for (char *c = text; *c; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' ';
}

static void set(struct error *error, int number, const char *format, va_list arguments)
{
	size_t length;

	error->number = number;
	error->refused = false;
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	if (number) {
		length = strlen(error->text);
		snprintf(error->text + length, sizeof(error->text) - length, "%s%s", length ? ": " : "",
			 error_describe(number));
	}
	flatten(error->text);
}

int error_set(struct error *error, int number, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	set(error, number, format, arguments);
	va_end(arguments);
	error->bare = false;
	return -1;
}

int error_set_bare(struct error *error, int number, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	set(error, number, format, arguments);
	va_end(arguments);
	error->bare = true;
	return -1;
}

int error_context(struct error *error, const char *format, ...)
{
	char context[ERROR_TEXT_MAX];
	char cause[ERROR_TEXT_MAX];
	va_list arguments;
	size_t length;

	if (error->bare)
		return -1;
	va_start(arguments, format);
	vsnprintf(context, sizeof(context), format, arguments);
	va_end(arguments);
	memcpy(cause, error->text, sizeof(cause));
	length = (size_t)snprintf(error->text, sizeof(error->text), "%s", context);
	if (length < sizeof(error->text))
		snprintf(error->text + length, sizeof(error->text) - length, ": %s", cause);
	flatten(error->text);
	return -1;
}
