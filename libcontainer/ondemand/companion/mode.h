/* SPDX-License-Identifier: Apache-2.0 */
/* The companion's modes: each opens its library and answers one document with another. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

/*
 * @request is the document that came in. Writes the members of the answer (an object that is open already). 0, or
 * -1: then @error is the answer.
 */
typedef int (*mode_function)(struct arena *arena, const struct json_value *request, struct json_writer *answer,
			     struct error *error);

int mode_systemd(struct arena *arena, const struct json_value *request, struct json_writer *answer,
		 struct error *error);
int mode_nftables(struct arena *arena, const struct json_value *request, struct json_writer *answer,
		  struct error *error);

/* library.c: opens the shared library @name; @what it is for, in the error. NULL on an error. */
void *library_open(const char *name, const char *what, struct error *error);
/* The function @name of it. NULL on an error. */
void *library_function(void *library, const char *name, struct error *error);
