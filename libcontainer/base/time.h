/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clocks and timestamps. The C library's conversions read the time zone's file first, even for UTC: several
 * system calls that a start does without.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TIMESTAMP_SIZE 36

/* Now, UTC, as RFC 3339: "2026-11-21T10:00:00Z", with @nanoseconds "2026-11-21T10:00:00.000000001Z". */
void timestamp_now(char text[TIMESTAMP_SIZE], bool nanoseconds);

/* The monotonic clock in microseconds. */
int64_t monotonic_us(void);

/* What is left until that clock is at @deadline, as poll(2) takes it: milliseconds, rounded up; 0 where it is past. */
int milliseconds_left(int64_t deadline);

/* Sleeps; a signal may end it earlier. */
void pause_us(int64_t microseconds);
