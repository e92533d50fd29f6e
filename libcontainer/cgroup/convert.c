/* SPDX-License-Identifier: Apache-2.0 */
/* Values of the specification, which thinks in cgroup v1, as those of v2. */
#include <math.h>

#include "cgroup/internal.h"

#define SHARES_MIN 2
#define SHARES_MAX 262144
#define WEIGHT_MAX 10000

/*
 * A curve through (2, 1), (1024, 100) and (262144, 10000): unlike a straight line it keeps the default the
 * default. https://github.com/opencontainers/cgroups/pull/20
 */
uint64_t cpu_weight_of_shares(uint64_t shares)
{
	double l;

	if (shares == 0)
		return 0;
	if (shares <= SHARES_MIN)
		return 1;
	if (shares >= SHARES_MAX)
		return WEIGHT_MAX;
	l = log2((double)shares);
	return (uint64_t)ceil(pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0));
}

/* Linear, from 10..1000 to 1..10000. */
uint64_t io_weight_of_blkio_weight(uint32_t weight)
{
	if (weight == 0)
		return 0;
	return weight <= 10 ? 1 : 1 + ((uint64_t)weight - 10) * 9999 / 990;
}

int swap_max_of_memory_swap(int64_t swap, int64_t memory, bool *set, int64_t *value, struct error *error)
{
	*set = true;
	*value = -1;
	/* Unlimited memory without a word about swap means both, as on v1. */
	if (memory == -1 && swap == 0)
		return 0;
	*set = swap != 0;
	*value = swap;
	if (swap == -1 || swap == 0 || memory == -1)
		return 0;
	if (memory == 0)
		return error_set(error, 0, "unable to set swap limit without memory limit");
	if (memory < 0)
		return error_set(error, 0, "invalid memory value: %lld", (long long)memory);
	if (swap < memory)
		return error_set(error, 0, "memory+swap limit should be >= memory limit");
	*value = swap - memory;
	return 0;
}
