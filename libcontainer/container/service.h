/* SPDX-License-Identifier: Apache-2.0 */
/* What a process that sets itself up asks of the command that made it: the same for create and for exec. */
#pragma once

#include "container/handover.h"
#include "sandbox/sandbox.h"

struct service {
	struct arena *arena;
	struct sandbox *sandbox; /* the process's */
	struct handover *handover; /* where its console and its listener go */
	const struct hardening *hardening;
	const struct oci_config *config;
	const struct saved_state *state; /* that the listener is told */
	int (*hooks)(void *owner, struct error *error); /* of @owner; NULL: it has none to ask for */
	void *owner;
};

/* sandbox_serve(): until it has set itself up. 0, or -1. */
int service_serve(const struct service *service, struct error *error);

/* sandbox_start(): until it has executed its program. 0, or -1. */
int service_start(const struct service *service, struct error *error);
