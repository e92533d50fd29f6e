/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what CRIU has put back is no more than the hardened configuration allows. */
#pragma once

#include "container/create.h"

/*
 * Before anything is created: refuses what the policy plans and CRIU can neither put back nor be checked for: Landlock,
 * securebits that are always locked, a root whose ids are remapped. 0, or -1.
 */
int restore_check_plan(const struct creation *creation, struct error *error);

/* Whether a program of the container's may have mounted something, or made a namespace, before it was saved. */
bool restore_may_make_namespaces(const struct creation *creation);

/*
 * The image may have been saved under a weaker policy, or made by hand: nothing can be taken from a process from outside,
 * so one that has more than is planned ends the restore. Looks at every thread of the first process, of all that come from
 * it, and of whatever else is in the container's cgroup, which CRIU holds, but of CRIU itself. Nothing is checked where the
 * policy is off. 0, or -1 with what is too much.
 */
int restore_check(struct creation *creation, struct error *error);
/* The same of these processes and of all that come from them, each once. */
int restore_check_processes(const struct creation *creation, const pid_t *pids, size_t count,
			    struct error *error);
