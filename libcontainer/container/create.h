/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Creating a container, for `create` and `run`: a table of steps with their undoing. Whoever knows that table
 * knows the runtime.
 */
#pragma once

#include "container/handover.h"
#include "container/plan.h"
#include "sandbox/sandbox.h"
#include "state/state.h"

struct creation {
	const struct runtime *runtime;
	const struct create_options *options;
	struct arena *arena;
	bool is_run; /* the container is started by this command */
	struct restoration *restoration; /* `restore` only, else NULL */

	struct plan plan;
	struct store store;
	struct store_entry entry;
	struct saved_state state;
	struct cgroup_layout layout;
	const char *planned_cgroup; /* as the state has it */
	struct cgroup *cgroup;
	struct sandbox sandbox;
	struct handover handover;
	const char *host_notify_socket; /* NOTIFY_SOCKET, where the container gets one of its own */
	size_t done; /* steps of the table that are done */
};

/* Prepares a creation; creation_close() releases what it holds of this process (not the container). */
void creation_init(struct creation *creation, struct arena *arena, const struct runtime *runtime,
		   const struct create_options *options, bool is_run);
void creation_close(struct creation *creation);

/* Carries out the table: the container is created afterwards, or nothing is left of it. 0, or -1. */
int creation_run(struct creation *creation, struct error *error);

/* prestart and createRuntime hooks. 0, or -1. */
int creation_run_hooks(struct creation *creation, struct error *error);

/* `run`: has the first process execute its program. 0, or -1. */
int creation_start(struct creation *creation, struct error *error);
