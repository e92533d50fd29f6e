/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clocks and timestamps. The C library's conversions read the time zone's file first, even for UTC: several
 * system calls that a start does without.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define TIMESTAMP_SIZE 36

/* Now, UTC, as RFC 3339: "2026-11-21T10:00:00Z", with @nanoseconds "2026-11-21T10:00:00.000000001Z". */
void timestamp_now(char text[TIMESTAMP_SIZE], _Bool nanoseconds);

/* The same of @seconds since 1970 and @nanoseconds (negative: without). */
void timestamp_format(char text[TIMESTAMP_SIZE], int64_t seconds, long nanoseconds);

/* The monotonic clock in microseconds. */
int64_t monotonic_us(void);
