/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resources.memory: the limit, and with it memory plus swap, so that a limit is not stepped over by swapping.
 * As in runc, 0 means not set.
 */
#include <inttypes.h>

#include "base/number.h"
#include "policy/limits.h"

static bool is_set(const struct optional_i64 *value)
{
	return value->present && value->value != 0;
}

static bool exceeds(const struct optional_i64 *value, uint64_t max)
{
	return value->value < 0 || (uint64_t)value->value > max;
}

static struct oci_memory *own_memory(struct policy_pass *pass)
{
	struct oci_resources *resources = pass_resources(pass);

	if (!resources->memory)
		resources->memory = ARENA_NEW(pass->arena, struct oci_memory);
	return resources->memory;
}

static void set_amount(struct policy_pass *pass, struct optional_i64 *value, uint64_t to, const char *member,
		       const char *key, const struct string_list *names)
{
	pass_change(pass, names, key, member, limit_text(pass->arena, value),
		    arena_printf(pass->arena, "%" PRIu64, to));
	*value = (struct optional_i64){ true, (int64_t)to };
}

/* In v2 swap is limited by itself: what the ceiling leaves beside the memory. */
static void clamp_unified(struct policy_pass *pass, const struct limit *limit)
{
	static const char key[] = "resources.memory.max";
	const struct oci_memory *memory = pass->resources ? pass->resources->memory : NULL;
	const struct string_pair *entry;
	uint64_t used = limit->max;

	unified_limit_clamp(pass, "memory.max", limit->max, key, &limit->max_names);
	entry = unified_find(pass->resources, "memory.max");
	if (!entry || parse_u64(entry->value, 0, limit->max, &used))
		used = memory && is_set(&memory->limit) ? (uint64_t)memory->limit.value : limit->max;
	unified_limit_clamp(pass, "memory.swap.max", limit->max - used, key, &limit->max_names);
}

void limit_memory(struct policy_pass *pass, const struct limit *limit)
{
	static const char limit_member[] = "linux.resources.memory.limit";
	static const char swap_member[] = "linux.resources.memory.swap";
	const struct oci_memory *memory = pass->resources ? pass->resources->memory : NULL;
	bool update = pass->stage == POLICY_STAGE_UPDATE;
	const struct string_list *names = &limit->max_names;
	uint64_t ceiling = limit->max;
	const char *bound = "max", *key;

	if (!memory || !is_set(&memory->limit)) {
		if (!update && !unified_find(pass->resources, "memory.max"))
			ceiling = limit_where_none_is_set(pass, limit, pass->facts->delegated.memory, &bound,
							  &names);
		key = arena_printf(pass->arena, "resources.memory.%s", bound);
		if (!update && ceiling) {
			/* the kernel wants memory plus swap to be no less than memory */
			if (memory && memory->swap.value > 0 && (uint64_t)memory->swap.value < ceiling)
				ceiling = (uint64_t)memory->swap.value;
			set_amount(pass, &own_memory(pass)->limit, ceiling, limit_member, key, names);
			if (!is_set(&pass->resources->memory->swap))
				set_amount(pass, &pass->resources->memory->swap, ceiling, swap_member, key,
					   names);
		}
	}
	if (!limit->max)
		return;
	memory = pass->resources ? pass->resources->memory : NULL;
	names = &limit->max_names;
	if (memory && is_set(&memory->limit) && exceeds(&memory->limit, limit->max))
		set_amount(pass, &own_memory(pass)->limit, limit->max, limit_member, "resources.memory.max",
			   names);
	if (memory && is_set(&memory->swap) && exceeds(&memory->swap, limit->max))
		set_amount(pass, &own_memory(pass)->swap, limit->max, swap_member, "resources.memory.max",
			   names);
	if (memory && !is_set(&memory->swap) && !update)
		set_amount(pass, &own_memory(pass)->swap, limit->max, swap_member, "resources.memory.max",
			   names);
	clamp_unified(pass, limit);
}
