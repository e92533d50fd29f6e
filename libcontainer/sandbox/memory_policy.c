/* SPDX-License-Identifier: Apache-2.0 */
/* The NUMA memory policy. */
#include <errno.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/number_set.h"
#include "sandbox/identity.h"

#ifndef MPOL_F_NUMA_BALANCING
#define MPOL_F_NUMA_BALANCING (1 << 13)
#endif

/* enum of linux/mempolicy.h by number: the installed header may be older than the last of them. */
static const int modes[] = {
	[OCI_MPOL_DEFAULT] = 0,
	[OCI_MPOL_PREFERRED] = 1,
	[OCI_MPOL_BIND] = 2,
	[OCI_MPOL_INTERLEAVE] = 3,
	[OCI_MPOL_LOCAL] = 4,
	[OCI_MPOL_PREFERRED_MANY] = 5,
	[OCI_MPOL_WEIGHTED_INTERLEAVE] = 6,
};

static const struct {
	const char *name;
	int flag;
} flags[] = {
	{ "MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING },
	{ "MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES },
	{ "MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES },
};

static int add_flag(const char *name, int *mode, struct error *error)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (strcmp(flags[i].name, name) == 0) {
			*mode |= flags[i].flag;
			return 0;
		}
	return error_set(error, 0, "invalid memory policy flag %s", name);
}

int identity_memory_policy(const struct oci_memory_policy *policy, struct error *error)
{
	struct number_set nodes = { .bytes = 0 };
	int mode;

	if (!policy)
		return 0;
	if (policy->mode == OCI_MPOL_UNSET || (size_t)policy->mode >= ARRAY_SIZE(modes))
		return error_set(error, 0, "memory policy mode is required");
	mode = modes[policy->mode];
	for (size_t i = 0; i < policy->flags.count; i++)
		if (add_flag(policy->flags.items[i], &mode, error) < 0)
			return -1;
	if (policy->nodes && *policy->nodes && number_set_parse(policy->nodes, &nodes) < 0)
		return error_set(error, 0, "invalid memory policy node list \"%s\"", policy->nodes);
	/* The kernel takes one from the number of bits it is told. */
	if (syscall(SYS_set_mempolicy, mode, nodes.bytes ? nodes.words : NULL,
		    nodes.bytes ? nodes.bytes * 8 + 1 : 0) < 0)
		return error_set(error, errno, "set memory policy");
	return 0;
}
