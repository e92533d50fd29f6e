/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "command.h"

int output_flush(struct strbuf *out, struct error *error)
{
	if (out->length > 0 && fd_write_all(STDOUT_FILENO, out->text, out->length) < 0)
		return error_set(error, errno, "write to standard output");
	out->length = 0;
	return 0;
}

void output_error(struct error *error)
{
	if (log_fd() >= 0 || !error->bare)
		log_error("%s", error->text);
	if (log_fd() < 0 && !error->bare)
		return;
	for (char *c = error->text; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?'; /* one line, and none that a terminal obeys */
	}
	fprintf(stderr, "%s\n", error->text);
}

int output_format(const char *format, enum output_format *result, struct error *error)
{
	if (!format || strcmp(format, "table") == 0)
		*result = FORMAT_TABLE;
	else if (strcmp(format, "json") == 0)
		*result = FORMAT_JSON;
	else
		return error_set(error, 0, "invalid format option");
	return 0;
}
