/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The steps that the first process of a container and a process joining it have in common, and what runs a
 * table of them. Each acts on the calling process.
 */
#pragma once

#include "sandbox/sandbox.h"

struct step {
	const char *name; /* for the trace; errors are whole sentences without it */
	int (*act)(struct sandbox *sandbox, struct error *error);
};

/* Runs the table; on a failure the error goes to the runtime and the process ends. */
void steps_run(struct sandbox *sandbox, const struct step *steps, size_t count);

int step_join_early_cgroups(struct sandbox *sandbox, struct error *error);
int step_join_late_cgroups(struct sandbox *sandbox, struct error *error);
int step_wait_for_runtime(struct sandbox *sandbox, struct error *error);
int step_reset_signals(struct sandbox *sandbox, struct error *error);
int step_new_session(struct sandbox *sandbox, struct error *error);
int step_become_root(struct sandbox *sandbox, struct error *error);
int step_attach_console(struct sandbox *sandbox, struct error *error);
int step_keyring(struct sandbox *sandbox, struct error *error);
int step_environment(struct sandbox *sandbox, struct error *error);
int step_find_program(struct sandbox *sandbox, struct error *error);
/* Opens the network namespace and has the rules put into it, or checked. Nothing where there are none. */
int step_set_egress(struct sandbox *sandbox, struct error *error);
int step_check_egress(struct sandbox *sandbox, struct error *error);
int step_close_descriptors(struct sandbox *sandbox, struct error *error);
int step_late_seccomp(struct sandbox *sandbox, struct error *error);

/*
 * Makes a child that is in its container the process of its configuration, from the environment to Landlock: all but
 * the filters that need not be loaded early (step_late_seccomp), and execute_program(). Ends the process on a failure.
 */
void steps_become_process(struct sandbox *sandbox);

/* Whether the configuration has one, a new or a joined one. */
bool sandbox_has_user_namespace(const struct sandbox *sandbox);

/*
 * Whether the child is told when it may go on: the runtime has id maps, idmapped mounts or network devices to see to,
 * or has yet to hear from the intermediate process who the child is, before the child says anything itself.
 */
bool child_waits(const struct sandbox *sandbox);

/* Asks the runtime for something and waits until it is done. */
int ask_runtime(struct sandbox *sandbox, enum message_type request, struct error *error);

/* exec: closes all that the process does not need once it is in the container; before it is. */
int close_before_entering(struct sandbox *sandbox, struct error *error);

/* execve(2) of the program. Returns only on a failure. */
int execute_program(struct sandbox *sandbox, struct error *error);
