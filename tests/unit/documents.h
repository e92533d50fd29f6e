/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON documents under tests/data, for unit tests. */
#pragma once

#include "base/arena.h"
#include "base/json.h"

/* The directory they are in: $CASEMATE_TEST_DATA, else tests/data below the working directory. */
const char *documents_directory(void);

/* The bytes of tests/data/@path; fails the test where there is no such file. */
char *document_read(struct arena *arena, const char *path, size_t *length);

/* The same parsed. */
const struct json_value *document_parse(struct arena *arena, const char *path);

/* The paths (below tests/data) of the *.json files in @path, sorted; fails the test where there are none. */
size_t document_list(struct arena *arena, const char *path, const char ***paths);
