/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Libraries that are opened only when they are asked for.
 *
 * casemate is linked statically and cannot open a shared library. What needs one is done by a small program,
 * the companion, that is built beside it, embedded in it, and linked dynamically. It runs from a sealed memory
 * file, does one thing and ends: a JSON document goes in, another one comes back. A host that lacks the library
 * notices only where it is asked for.
 *
 * The companion starts with no environment but the variables named, no descriptor but those given, "/" as its
 * working directory, and dies with this process.
 */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"

/* The descriptor of a request is this one in the companion. */
#define ONDEMAND_FD 3

struct ondemand_request {
	const char *mode; /* of the table in companion/main.c: "systemd", "nftables" */
	const char *text; /* the JSON document */
	const char *const
		*variables; /* names of environment variables that are passed on; NULL, or NULL at the end */
	int fd; /* passed on as ONDEMAND_FD, or -1 */
	uint32_t limit_ms; /* the companion gets this long, and is killed then */
};

/*
 * Runs the companion. *reply (may be NULL) is its answer, in @arena. 0, or -1 with what the companion had to say:
 * the library that is missing, the error that it gave.
 */
int ondemand_call(struct arena *arena, const struct ondemand_request *request, const struct json_value **reply,
		  struct error *error);

/* Whether the mode "nftables" was built. */
#if __has_include(<nftables/libnftables.h>)
#define HAVE_NFTABLES 1
#else
#define HAVE_NFTABLES 0
#endif

/* embedded.c: the companion, as it was built. */
extern const char ondemand_companion[];
extern const uint64_t ondemand_companion_size;
