/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `setup`: the runtime in the configurations of engines. setup.c is the command, setup_file.c reads and replaces the
 * file, setup_engines.c has a row for each engine: how its configuration is changed.
 */
#pragma once

#include "command.h"

struct setup_values {
	const char *policy; /* NULL: none is named, the site's default holds */
	const char *file;
	const char *name; /* of the runtime, for the engine */
	bool make_default;
	bool dry_run;
	bool undo;
};

struct setup_change {
	const char *file; /* symbolic links resolved, where it is there */
	const char *old; /* its text; NULL: there is no such file */
	const char *new; /* NULL: no file any more */
	bool was_there; /* before this program came, as the copy of that tells: never removed */
	const char *first; /* that copy's text; NULL: there is none */
	const char *program; /* the runtime's own path */
	bool keep; /* what is there is worth a copy */
	const char *copy; /* where the old text is kept; NULL: nothing was there */
};

struct setup_engine {
	const char *name;
	const char *file; /* where the engine looks for its configuration */
	const char *next; /* what to do then */
	/* Sets change->new. 0, or -1. */
	int (*change)(struct arena *arena, const struct setup_values *setup, struct setup_change *change,
		      struct error *error);
};

/* "docker", "podman", "containerd"; NULL: it is none of them. */
const struct setup_engine *setup_find_engine(const char *name);

/* Finds the program and the file, and reads it. 0, or -1. */
int setup_read(struct arena *arena, const struct setup_values *setup, struct setup_change *change,
	       struct error *error);
bool setup_is_unchanged(const struct setup_change *change);
/* Keeps a copy of what is there as FILE.before-casemate, unless there is one, and replaces the file. 0, or -1. */
int setup_write(struct arena *arena, struct setup_change *change, struct error *error);
