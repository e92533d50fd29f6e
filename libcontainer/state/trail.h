/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit trail: one line of JSON for each thing done to a container, for each decision of a policy and for each
 * refusal, to where the site's file says (`trail` of casemate.json): files, syslog, the journal. docs/schema/trail.json
 *
 * What a container is created with holds for its life: it is kept with its state, so that a host without a trail pays
 * nothing for it, not even a look for the site's file. A line never has the value of an environment variable. A trail
 * that cannot be written is a warning in the log; nothing is held up by it.
 */
#pragma once

#include "base/error.h"
#include "state/state.h"

struct trail_event {
	const char *event; /* "create", "policy", "start", "exec", "kill", "delete", … */
	const char *id;
	const char *policies; /* names; NULL: not known */
	pid_t pid; /* 0: none */
	const char *program; /* exec: its name, not its arguments; NULL: none */
	const char *signal; /* kill */
	int status; /* exit: of the program; -1: none */
	const struct policy_changes *changes; /* policy */
	const struct error *error; /* why it failed or was refused; NULL: it was done */
};

/* Nothing where @targets is empty. */
void trail_write(const struct string_list *targets, const struct trail_event *event);

/* The end of a command on a container: writes what became of @event by its @result (0, or -1 with @error). @result. */
int trail_done(const struct saved_state *state, const char *event, int result, const struct error *error);
