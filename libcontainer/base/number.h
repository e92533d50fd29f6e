/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict numbers: digits only, the whole string, inside the given range. No sign except one '-' where the
 * type has it, no blanks, no prefix. "exec -u 1x read as uid 1" is how runtimes were broken.
 */
#pragma once

#include <stdint.h>

/* Each returns 0 and stores the value, or returns -1 and leaves *value alone. Base 10. */
int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *value);
int parse_i64(const char *text, int64_t min, int64_t max, int64_t *value);
int parse_u32(const char *text, uint32_t *value);

/*
 * Bytes: "512m", "65536k", "1073741824", with a suffix for powers of 1024 from k to e in either case. A leading zero,
 * which the kernel takes for octal, is refused. As above.
 */
int parse_size(const char *text, uint64_t *bytes);
