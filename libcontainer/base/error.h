/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors that say what failed, on what, and why.
 *
 * A function that can fail returns 0 (or a useful non-negative value) on success and -1 on failure, and
 * takes a struct error to fill. Where the failure happens error_set() writes the cause; on the way up each
 * level that knows more puts its context in front with error_context(). What the user sees is one line,
 * outermost context first: "create container web: mount /data: no such file or directory".
 *
 * The buffer is part of the structure, so an error can be reported when memory has run out, and can travel
 * through a socket between the stages of a container's start as it is.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>

#include "base/cleanup.h"

#define ERROR_TEXT_MAX 2048

struct error {
	int number; /* the errno behind it, or 0 where there is none */
	bool bare; /* see error_set_bare() */
	bool refused; /* by a policy: it did not fail */
	char text[ERROR_TEXT_MAX]; /* NUL-terminated, no newline; cut at the end where it is too long */
};

/*
 * Sets the cause. Where @number is not 0, its description is appended after ": ", in lower case as
 * container engines expect it ("no such file or directory"). Returns -1, so that a caller can write
 * `return error_set(...)`.
 */
int error_set(struct error *error, int number, const char *format, ...) _printf_(3, 4);

/*
 * The same for what the container's own program has to answer for, and not the runtime: the user sees it as a shell
 * would say it, without a context and not as a line of the log. Returns -1.
 */
int error_set_bare(struct error *error, int number, const char *format, ...) _printf_(3, 4);

/* Puts "CONTEXT: " in front of what the error says, unless it is bare. Returns -1. */
int error_context(struct error *error, const char *format, ...) _printf_(2, 3);

/* The description of an errno as error_set() appends it: strerror in lower case, never NULL. */
const char *error_describe(int number);

/* clang's analyzer does not look into other files: without this it goes on where a caller has returned -1. */
#if defined(__clang_analyzer__) && !defined(ERROR_HERE)
#define error_set(...) (error_set(__VA_ARGS__), -1)
#define error_context(...) (error_context(__VA_ARGS__), -1)
#endif
