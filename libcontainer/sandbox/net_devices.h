/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.netDevices: devices of the runtime's network namespace that the container gets, under another name where the
 * configuration says so, with their settings and their permanent global addresses.
 *
 * Once the container has ended and nobody else holds its network namespace, the kernel gives physical devices back to
 * the initial network namespace and removes virtual ones. A namespace joined by path is its owner's, who also has the
 * devices in it from then on. config-linux.md, "Network Devices"
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "spec/config.h"

struct net_devices {
	int namespace; /* the container's, held as long as its devices may have to come back; -1: none */
	int procfs;
	struct net_device *items;
	size_t count; /* those that were moved */
};

/*
 * Moves the devices of @list into the network namespace @namespace, whose descriptor is taken, and brings them up. With
 * the caller's rights: the container's user namespace does not matter. Either all are moved, or -1 and what was
 * moved is back.
 */
int net_devices_move(struct arena *arena, int procfs, int namespace, const struct oci_net_device_list *list,
		     struct net_devices *moved, struct error *error);

/* Takes back, to the caller's namespace, what a container that was not to be had got: as it was. Failures are logged. */
void net_devices_return(struct net_devices *moved);

void net_devices_close(struct net_devices *moved);
