/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One pool of memory that lives as long as the command.
 *
 * A runtime command runs for milliseconds: what it parses and plans is allocated from one arena and
 * released with it, so nothing is freed one by one and nothing dangles. Memory comes zeroed. Running out
 * of memory ends the process with one line: there is nothing sensible a runtime could do instead.
 */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "base/cleanup.h"

struct arena_block;

struct arena {
	struct arena_block *blocks;
};

/* Releases everything allocated from @arena; it can be used again afterwards. */
void arena_release(struct arena *arena);
#define _cleanup_arena_ _cleanup_(arena_release)

/* @size zeroed bytes, aligned for any type. Never NULL. */
void *arena_alloc(struct arena *arena, size_t size);

/* @count zeroed elements of @size bytes; an overflowing product ends the process. */
void *arena_array(struct arena *arena, size_t count, size_t size);

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_NEW_ARRAY(arena, type, count) ((type *)arena_array((arena), (count), sizeof(type)))

/*
 * Room for one element more in a list of @count elements of @size bytes: @items, or where all of *@capacity (0 at first)
 * are taken, a copy that has room for twice as many.
 */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t *capacity, size_t size);

/* Copies of a string, of @length bytes of one (a NUL is added), and of formatted text. */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...) _printf_(2, 3);
char *arena_vprintf(struct arena *arena, const char *format, va_list arguments);
