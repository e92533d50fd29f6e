/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes and durations as engines write them on the command line. */
#pragma once

#include <stdint.h>

/* "1048576", "512k", "1.5g", "2 GiB": bytes, in powers of 1024. 0, or -1. */
int parse_bytes(const char *text, int64_t *bytes);

/* "5s", "1m30s", "1.5h", "250ms", with the units ns, us, ms, s, m, h: nanoseconds. 0, or -1. */
int parse_duration(const char *text, int64_t *nanoseconds);
