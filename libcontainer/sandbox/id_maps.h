/* SPDX-License-Identifier: Apache-2.0 */
/* The id maps of a new user namespace. Source: user_namespaces(7), newuidmap(1). */
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "spec/config.h"

/* Writes @map to @file ("uid_map", "gid_map") of @pid in one go, as the kernel takes it. 0, or -1 with errno. */
int id_map_write(int procfs, pid_t pid, const char *file, const struct oci_id_mapping_list *map);

/*
 * Writes the maps of the user namespace that @pid was made in: directly where the runtime may, else through
 * newuidmap and newgidmap, which know the ranges of /etc/subuid and /etc/subgid. A runtime without
 * privileges that maps its own gid has to give up setgroups(2) first. 0, or -1.
 */
int id_maps_write(int procfs, pid_t pid, const struct oci_linux *config, struct error *error);
