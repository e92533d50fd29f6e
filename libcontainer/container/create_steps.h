/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps of the table in create.c that have files of their own (see restore.h, too). Each returns 0, or -1 with nothing
 * left of what it made; an undo takes back what its step has made.
 */
#pragma once

#include "container/create.h"

/* create_cgroup.c: what the cgroup will be. Nothing is made; *planned is for the state, it is not to be closed. */
int creation_plan_cgroup(struct creation *creation, struct cgroup **planned, struct error *error);
int creation_make_cgroup(struct creation *creation, struct error *error);
void creation_undo_cgroup(struct creation *creation);

/* The groups that were left for now, and all limits; hands them to the process that has to join by itself. */
int creation_limit(struct creation *creation, struct error *error);

/* All limits of the groups there are, devices too. */
int creation_set_limits(struct creation *creation, struct error *error);

/* Writes the state again where the cgroup became another than was planned. */
int creation_correct_cgroup(struct creation *creation, struct error *error);

/* create_process.c: makes creation->sandbox ready to spawn. No process yet. */
int creation_prepare(struct creation *creation, struct error *error);

/* One more variable, "NAME=value", for the container's first process. */
void creation_add_environment(struct creation *creation, const char *text);

/* The process, which begins to set itself up at once. */
int creation_make_process(struct creation *creation, struct error *error);
void creation_undo_process(struct creation *creation);

/* Answers that process until it is set up. */
int creation_serve(struct creation *creation, struct error *error);
