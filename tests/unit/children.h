/* SPDX-License-Identifier: Apache-2.0 */
/* Unit tests that change the process they run in: each in a child of its own. */
#pragma once

#include <stdio.h>

/* In a child: ends the test with a line that says what does not hold. */
#define CHECK(condition)                                                                               \
	do {                                                                                           \
		if (!(condition)) {                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
			return 1;                                                                      \
		}                                                                                      \
	} while (0)

/* For what a child cannot try here; the reason is printed. */
#define CHILD_SKIPS(reason)                                 \
	do {                                                \
		fprintf(stderr, "skipped: %s\n", (reason)); \
		return 77;                                  \
	} while (0)

/* Runs @test in a child and fails, or skips, as that does. */
void run_in_child(int (*test)(void));

/* Skips the test, with a reason, where it does not run as root. */
void need_root(void);
