/* SPDX-License-Identifier: Apache-2.0 */
/* Text that grows while it is written. An empty one is all zero; it owns its bytes. */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"

struct strbuf {
	char *text; /* NUL-terminated once anything was added, else NULL */
	size_t length;
	size_t capacity;
};

void strbuf_release(struct strbuf *buffer);
#define _cleanup_strbuf_ _cleanup_(strbuf_release)

void strbuf_add(struct strbuf *buffer, const char *bytes, size_t length);
void strbuf_puts(struct strbuf *buffer, const char *text);
void strbuf_putc(struct strbuf *buffer, char c);
void strbuf_printf(struct strbuf *buffer, const char *format, ...) _printf_(2, 3);

/* The text so far; "" where nothing was added. It stays valid until the next addition. */
const char *strbuf_text(const struct strbuf *buffer);
