/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which namespaces the container's process gets: new ones, and ones joined by path.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "spec/config.h"

struct namespaces {
	uint64_t new_flags; /* CLONE_NEW* of those to make */
	int joined[OCI_NAMESPACE_TYPES]; /* descriptors of those to join, -1 where none */
	const struct oci_linux *config;
};

/*
 * Opens what is joined by path and makes sure each is a namespace of its kind. A user namespace that is the
 * runtime's own counts as none: it cannot be joined again. 0, or -1 with nothing left open.
 */
int namespaces_open(const struct oci_linux *config, struct namespaces *namespaces, struct error *error);
void namespaces_close(struct namespaces *namespaces);

/*
 * Joins those in the set @types (1 << OCI_NAMESPACE_*) on behalf of the caller, in the order that keeps the
 * right to join the next: first what the present credentials may, then the user namespace, then the rest.
 */
int namespaces_join(const struct namespaces *namespaces, uint32_t types, struct error *error);

/* Whether one of @type is joined. */
bool namespaces_joins(const struct namespaces *namespaces, enum oci_namespace_type type);

/*
 * Makes a new time namespace for the caller's future children and sets its offsets. Source:
 * time_namespaces(7).
 */
int namespaces_new_time(int procfs, const struct oci_time_offsets *offsets, struct error *error);

/* Brings the loopback device of the caller's network namespace up: a new namespace has nothing else. 0, or -1. */
int namespaces_loopback(struct error *error);
