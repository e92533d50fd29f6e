/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Skips the test that runs. tests/unit/tap makes one line of that and of the reason. */
#define skip_because(reason)                              \
	do {                                              \
		print_message("skipped: %s\n", (reason)); \
		skip();                                   \
	} while (0)
