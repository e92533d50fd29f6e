/* SPDX-License-Identifier: Apache-2.0 */
/* resources: reading and merging the limits, and those of pids; the others are in limit_*.c. */
#include <inttypes.h>
#include <string.h>

#include "base/number.h"
#include "policy/limits.h"

typedef int (*amount_reader)(struct policy_reading *reading, const char *path, const struct json_value *value,
			     uint64_t *out);

/* CPUs as a number such as 0.5 or 2, kept in thousandths. */
static int read_cpus(struct policy_reading *reading, const char *path, const struct json_value *value,
		     uint64_t *out)
{
	double cpus = 0;

	if (value->type == JSON_INTEGER && !value->integer.negative && value->integer.magnitude <= 1000000)
		cpus = (double)value->integer.magnitude;
	else if (value->type == JSON_DOUBLE)
		cpus = value->number;
	if (!(cpus >= 0.01 && cpus <= 1000000))
		return reading_error(reading, path, value, "a number of CPUs of at least 0.01");
	*out = (uint64_t)(cpus * 1000 + 1e-6);
	return 0;
}

static int read_limit(struct policy_reading *reading, const struct json_value *resources, const char *name,
		      amount_reader read_amount, struct limit *limit)
{
	static const char *const members[] = { "default", "max", NULL };
	const struct json_value *value = json_get(resources, name), *default_value, *max;
	const char *path = arena_printf(reading->arena, "resources.%s", name);

	if (!value)
		return 0;
	if (reading_object(reading, path, value, members))
		return -1;
	default_value = json_get(value, "default");
	max = json_get(value, "max");
	if (default_value && read_amount(reading, arena_printf(reading->arena, "%s.default", path),
					 default_value, &limit->default_value))
		return -1;
	if (max && read_amount(reading, arena_printf(reading->arena, "%s.max", path), max, &limit->max))
		return -1;
	limit->present = true;
	if (default_value)
		limit->default_names = reading->names;
	if (max)
		limit->max_names = reading->names;
	return 0;
}

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	static const char *const members[] = { "pids", "memory", "cpu", NULL };
	struct limits *limits = ARENA_NEW(reading->arena, struct limits);

	if (reading_object(reading, "resources", value, members) ||
	    read_limit(reading, value, "pids", reading_count, &limits->pids) ||
	    read_limit(reading, value, "memory", reading_bytes, &limits->memory) ||
	    read_limit(reading, value, "cpu", read_cpus, &limits->cpu))
		return NULL;
	return limits;
}

static void smaller(struct arena *arena, uint64_t a, const struct string_list *a_names, uint64_t b,
		    const struct string_list *b_names, uint64_t *out, struct string_list *names)
{
	bool first = a && (!b || a < b);

	*out = first ? a : b;
	if (a == b)
		*names = names_unite(arena, a_names, b_names);
	else
		*names = first ? *a_names : *b_names;
}

static struct limit merge_limit(struct arena *arena, const struct limit *a, const struct limit *b)
{
	struct limit both = { .present = a->present || b->present };

	smaller(arena, a->default_value, &a->default_names, b->default_value, &b->default_names,
		&both.default_value, &both.default_names);
	smaller(arena, a->max, &a->max_names, b->max, &b->max_names, &both.max, &both.max_names);
	return both;
}

static const void *merge(struct arena *arena, const void *left, const void *right)
{
	const struct limits *a = left, *b = right;
	struct limits *both = ARENA_NEW(arena, struct limits);

	both->pids = merge_limit(arena, &a->pids, &b->pids);
	both->memory = merge_limit(arena, &a->memory, &b->memory);
	both->cpu = merge_limit(arena, &a->cpu, &b->cpu);
	return both;
}

static void print_amount(struct json_writer *writer, const char *name, uint64_t amount, bool thousandths)
{
	if (!amount)
		return;
	json_key(writer, name);
	if (thousandths && amount % 1000)
		json_double(writer, (double)amount / 1000);
	else
		json_u64(writer, thousandths ? amount / 1000 : amount);
}

static void print_limit(struct json_writer *writer, const char *name, const struct limit *limit,
			bool thousandths)
{
	if (!limit->present)
		return;
	json_key(writer, name);
	json_begin_object(writer);
	print_amount(writer, "default", limit->default_value, thousandths);
	print_amount(writer, "max", limit->max, thousandths);
	json_end_object(writer);
}

static void print(struct json_writer *writer, const void *value)
{
	const struct limits *limits = value;

	json_begin_object(writer);
	print_limit(writer, "pids", &limits->pids, false);
	print_limit(writer, "memory", &limits->memory, false);
	print_limit(writer, "cpu", &limits->cpu, true);
	json_end_object(writer);
}

uint64_t limit_where_none_is_set(const struct policy_pass *pass, const struct limit *limit, bool delegated,
				 const char **member, const struct string_list **names)
{
	bool use_default =
		limit->default_value && !pass->facts->no_cgroup && (!pass->facts->rootless || delegated);

	if (use_default && (!limit->max || limit->default_value <= limit->max)) {
		*member = "default";
		*names = &limit->default_names;
		return limit->default_value;
	}
	*member = "max";
	*names = &limit->max_names;
	return limit->max;
}

const char *limit_text(struct arena *arena, const struct optional_i64 *value)
{
	if (!value->present)
		return "absent";
	return value->value < 0 ? "unlimited" : arena_printf(arena, "%" PRIi64, value->value);
}

static int unified_amount(const char *text, uint64_t *amount)
{
	*amount = UINT64_MAX;
	return strcmp(text, "max") != 0 ? parse_u64(text, 0, INT64_MAX, amount) : 0;
}

bool unified_limit_is_readable(const struct policy_pass *pass, const char *name)
{
	const struct string_pair *entry = unified_find(pass->resources, name);
	uint64_t amount;

	return !entry || !unified_amount(entry->value, &amount);
}

void unified_limit_clamp(struct policy_pass *pass, const char *name, uint64_t max, const char *key,
			 const struct string_list *names)
{
	struct string_pair *entry = unified_find(pass->resources, name);
	const char *to;
	uint64_t amount;

	if (!entry || unified_amount(entry->value, &amount) || amount <= max)
		return;
	to = arena_printf(pass->arena, "%" PRIu64, max);
	pass_change(pass, names, key, arena_printf(pass->arena, "linux.resources.unified.%s", name),
		    entry->value, to);
	entry->value = to;
}

void limit_pids(struct policy_pass *pass, const struct limit *limit)
{
	static const char member[] = "linux.resources.pids.limit";
	struct optional_i64 now = { 0 };
	const struct string_list *names = &limit->max_names;
	const char *bound = "max";
	uint64_t to;

	if (limit->max)
		unified_limit_clamp(pass, "pids.max", limit->max, "resources.pids.max", names);
	if (pass->resources && pass->resources->pids)
		now = pass->resources->pids->limit;
	if (now.present) {
		if (!limit->max || (now.value >= 0 && (uint64_t)now.value <= limit->max))
			return;
		to = limit->max;
	} else {
		if (pass->stage == POLICY_STAGE_UPDATE)
			return;
		to = limit_where_none_is_set(pass, limit, pass->facts->delegated.pids, &bound, &names);
		/* unified is clamped already; the default is not for a config that says what it wants there */
		if (unified_find(pass->resources, "pids.max"))
			to = limit->max, names = &limit->max_names, bound = "max";
		if (!to)
			return;
	}
	if (!pass_resources(pass)->pids)
		pass->resources->pids = ARENA_NEW(pass->arena, struct oci_pids);
	pass->resources->pids->limit = (struct optional_i64){ true, (int64_t)to };
	pass_change(pass, names, arena_printf(pass->arena, "resources.pids.%s", bound), member,
		    limit_text(pass->arena, &now), arena_printf(pass->arena, "%" PRIu64, to));
}

static int refuse_unified(const struct limit *limit, const char *name, const char *key, struct error *error)
{
	return policy_refuse(
		&limit->max_names, key, error,
		"cannot judge %s of resources.unified; set it to a plain number, remove it or run with "
		"--policy off",
		name);
}

/* A maximum is never given up: not for a container without a cgroup either. */
static int refuse_without_cgroup(const struct limits *limits, struct error *error)
{
	static const char *const keys[] = { "resources.pids.max", "resources.memory.max", "resources.cpu.max" };
	const struct limit *all[] = { &limits->pids, &limits->memory, &limits->cpu };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i]->max)
			return policy_refuse(
				&all[i]->max_names, keys[i], error,
				"a container without a cgroup cannot be limited; leave out "
				"--cgroup-manager disabled (--cgroups=disabled) or run with --policy off");
	return 0;
}

static int refuse(const struct policy_pass *pass, const void *value, struct error *error)
{
	const struct limits *limits = value;
	bool any = limits->pids.max || limits->memory.max || limits->cpu.max;

	if (pass->facts->no_cgroup && refuse_without_cgroup(limits, error) < 0)
		return -1;
	for (size_t i = 0; any && pass->resources && i < pass->resources->unified.count; i++)
		if (strchr(pass->resources->unified.items[i].key, '/'))
			return refuse_unified(limits->pids.max	   ? &limits->pids
					      : limits->memory.max ? &limits->memory
								   : &limits->cpu,
					      pass->resources->unified.items[i].key, "resources", error);
	if (limits->pids.max && !unified_limit_is_readable(pass, "pids.max"))
		return refuse_unified(&limits->pids, "pids.max", "resources.pids", error);
	if (limits->memory.max && !unified_limit_is_readable(pass, "memory.max"))
		return refuse_unified(&limits->memory, "memory.max", "resources.memory", error);
	if (limits->memory.max && !unified_limit_is_readable(pass, "memory.swap.max"))
		return refuse_unified(&limits->memory, "memory.swap.max", "resources.memory", error);
	/* The quota does not hold real-time tasks: they have an account of their own, for each CPU. sched-rt-group */
	if (limits->cpu.max && pass->resources && pass->resources->cpu &&
	    pass->resources->cpu->realtime_runtime.value != 0)
		return policy_refuse(
			&limits->cpu.max_names, "resources.cpu.max", error,
			"real-time tasks are not held by it; remove realtimeRuntime (--cpu-rt-runtime) "
			"or run with --policy off");
	if (limits->cpu.max && !unified_cpu_is_readable(pass))
		return refuse_unified(&limits->cpu, "cpu.max", "resources.cpu", error);
	return 0;
}

static void apply(struct policy_pass *pass, const void *value)
{
	const struct limits *limits = value;

	if (limits->pids.present)
		limit_pids(pass, &limits->pids);
	if (limits->memory.present)
		limit_memory(pass, &limits->memory);
	if (limits->cpu.present)
		limit_cpu(pass, &limits->cpu);
}

const struct policy_key key_resources = {
	.name = "resources",
	.stages = POLICY_STAGE_CREATE | POLICY_STAGE_UPDATE,
	.read = read_value,
	.merge = merge,
	.print = print,
	.refuse = refuse,
	.apply = apply,
};
