/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "spec/check.h"

#define SWAPPINESS_MAX 100

/* Amounts of memory and numbers of devices: -1 stands for "no limit", or "all of them". */
static int check_amount(const char *member, const struct optional_i64 *amount, struct error *error)
{
	if (amount->present && amount->value < -1)
		return error_set(error, 0, "linux.resources.%s: found %" PRId64 ", expected -1 or more", member,
				 amount->value);
	return 0;
}

static int check_memory(const struct oci_memory *memory, struct error *error)
{
	if (check_amount("memory.limit", &memory->limit, error) < 0 ||
	    check_amount("memory.reservation", &memory->reservation, error) < 0 ||
	    check_amount("memory.swap", &memory->swap, error) < 0 ||
	    check_amount("memory.kernel", &memory->kernel, error) < 0 ||
	    check_amount("memory.kernelTCP", &memory->kernel_tcp, error) < 0)
		return -1;
	if (memory->swappiness.present && memory->swappiness.value > SWAPPINESS_MAX)
		return error_set(error, 0,
				 "linux.resources.memory.swappiness: invalid memory swappiness value: %" PRIu64
				 " (valid range is 0-100)",
				 memory->swappiness.value);
	/* 0 is "not set" to engines. */
	if (memory->swap.present && memory->swap.value > 0 && memory->limit.present &&
	    memory->swap.value < memory->limit.value)
		return error_set(error, 0,
				 "linux.resources.memory.swap: memory+swap limit should be >= memory limit");
	return 0;
}

static int check_device_rules(const struct oci_device_rule_list *rules, struct error *error)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct oci_device_rule *rule = &rules->items[i];
		char member[64];

		snprintf(member, sizeof(member), "devices[%zu].major", i);
		if (check_amount(member, &rule->major, error) < 0)
			return -1;
		snprintf(member, sizeof(member), "devices[%zu].minor", i);
		if (check_amount(member, &rule->minor, error) < 0)
			return -1;
	}
	return 0;
}

/* Names that are written into a line of a cgroup file, or are such a file's: nothing that could end either. */
static bool is_word(const char *name)
{
	return *name && !name[strcspn(name, " \t\n\r\v\f/")];
}

int check_resources(const struct oci_resources *resources, struct error *error)
{
	if (resources->memory && check_memory(resources->memory, error) < 0)
		return -1;
	if (check_device_rules(&resources->devices, error) < 0)
		return -1;
	for (size_t i = 0; i < resources->rdma.count; i++)
		if (!is_word(resources->rdma.items[i].key))
			return error_set(error, 0,
					 "linux.resources.rdma: found \"%.60s\", expected a device's name",
					 resources->rdma.items[i].key);
	for (size_t i = 0; resources->network && i < resources->network->priorities.count; i++)
		if (!is_word(resources->network->priorities.items[i].name))
			return error_set(
				error, 0,
				"linux.resources.network.priorities[%zu].name: found \"%.60s\", expected an interface's name",
				i, resources->network->priorities.items[i].name);
	for (size_t i = 0; i < resources->unified.count; i++)
		if (!is_word(resources->unified.items[i].key))
			return error_set(
				error, 0,
				"linux.resources.unified: unified resource \"%.60s\" must be a file name (no slashes)",
				resources->unified.items[i].key);
	return 0;
}
