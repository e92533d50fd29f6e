/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/number.h"
#include "command.h"
#include "units.h"

struct update_options {
	const char *resources;
	const char *blkio_weight;
	const char *cpu_period;
	const char *cpu_quota;
	const char *cpu_burst;
	const char *cpu_share;
	const char *cpu_rt_period;
	const char *cpu_rt_runtime;
	const char *cpu_idle;
	const char *cpuset_cpus;
	const char *cpuset_mems;
	const char *memory;
	const char *memory_reservation;
	const char *memory_swap;
	const char *pids_limit;
	const char *l3_cache_schema;
	const char *mem_bw_schema;
	const char *kernel_memory;
	const char *kernel_memory_tcp;
};

#define UPDATE_OPTION(member, name, value, help) \
	OPTION_TEXT_ENTRY(struct update_options, member, name, 0, value, help)

static const struct option options[] = {
	OPTION_TEXT_ENTRY(struct update_options, resources, "resources", 'r', "FILE|-",
			  "take the limits from FILE, a \"resources\" object; \"-\" is standard input"),
	UPDATE_OPTION(blkio_weight, "blkio-weight", "N", "relative weight of block I/O, 10 to 1000"),
	UPDATE_OPTION(cpu_period, "cpu-period", "MICROSECONDS", "period of the CPU quota"),
	UPDATE_OPTION(cpu_quota, "cpu-quota", "MICROSECONDS", "CPU time in a period; -1: no limit"),
	UPDATE_OPTION(cpu_burst, "cpu-burst", "MICROSECONDS", "CPU time that may be saved up for a burst"),
	UPDATE_OPTION(cpu_share, "cpu-share", "N", "relative weight of CPU time"),
	UPDATE_OPTION(cpu_rt_period, "cpu-rt-period", "MICROSECONDS", "period of the realtime quota"),
	UPDATE_OPTION(cpu_rt_runtime, "cpu-rt-runtime", "MICROSECONDS", "realtime CPU time in a period"),
	UPDATE_OPTION(cpu_idle, "cpu-idle", "0|1", "1: run only when nothing else wants the CPU"),
	UPDATE_OPTION(cpuset_cpus, "cpuset-cpus", "LIST", "CPUs to use, as in 0-3,7"),
	UPDATE_OPTION(cpuset_mems, "cpuset-mems", "LIST", "memory nodes to use"),
	UPDATE_OPTION(memory, "memory", "SIZE", "memory limit in bytes, or with k, m, g; -1: no limit"),
	UPDATE_OPTION(memory_reservation, "memory-reservation", "SIZE", "memory that is kept under pressure"),
	UPDATE_OPTION(memory_swap, "memory-swap", "SIZE", "limit of memory and swap together; -1: no limit"),
	UPDATE_OPTION(pids_limit, "pids-limit", "N", "number of processes; -1: no limit"),
	UPDATE_OPTION(l3_cache_schema, "l3-cache-schema", "SCHEMA",
		      "shares of the L3 cache, as in \"L3:0=f0;1=f\" (Intel RDT)"),
	UPDATE_OPTION(mem_bw_schema, "mem-bw-schema", "SCHEMA",
		      "shares of the memory bandwidth, as in \"MB:0=20;1=70\" (Intel RDT)"),
	UPDATE_OPTION(kernel_memory, "kernel-memory", "SIZE", NULL),
	UPDATE_OPTION(kernel_memory_tcp, "kernel-memory-tcp", "SIZE", NULL),
	{ 0 },
};

static int invalid(const char *name, const char *text, struct error *error)
{
	return error_set(error, 0, "invalid value for %s: \"%s\"", name, text);
}

static int set_u64(const char *name, const char *text, struct optional_u64 *value, struct error *error)
{
	if (!text)
		return 0;
	if (parse_u64(text, 0, UINT64_MAX, &value->value) < 0)
		return invalid(name, text, error);
	value->present = true;
	return 0;
}

static int set_i64(const char *name, const char *text, struct optional_i64 *value, struct error *error)
{
	if (!text)
		return 0;
	if (parse_i64(text, INT64_MIN, INT64_MAX, &value->value) < 0)
		return invalid(name, text, error);
	value->present = true;
	return 0;
}

static int set_size(const char *name, const char *text, struct optional_i64 *value, struct error *error)
{
	if (!text)
		return 0;
	if (strcmp(text, "-1") == 0)
		value->value = -1;
	else if (parse_bytes(text, &value->value) < 0)
		return invalid(name, text, error);
	value->present = true;
	return 0;
}

static int set_cpu(const struct update_options *update, struct oci_cpu *cpu, struct error *error)
{
	if (update->cpuset_cpus)
		cpu->cpus = update->cpuset_cpus;
	if (update->cpuset_mems)
		cpu->mems = update->cpuset_mems;
	if (set_u64("cpu-period", update->cpu_period, &cpu->period, error) < 0 ||
	    set_i64("cpu-quota", update->cpu_quota, &cpu->quota, error) < 0 ||
	    set_u64("cpu-burst", update->cpu_burst, &cpu->burst, error) < 0 ||
	    set_u64("cpu-share", update->cpu_share, &cpu->shares, error) < 0 ||
	    set_u64("cpu-rt-period", update->cpu_rt_period, &cpu->realtime_period, error) < 0 ||
	    set_i64("cpu-rt-runtime", update->cpu_rt_runtime, &cpu->realtime_runtime, error) < 0)
		return -1;
	return set_i64("cpu-idle", update->cpu_idle, &cpu->idle, error);
}

static int set_memory(const struct update_options *update, struct oci_memory *memory, struct error *error)
{
	if (set_size("memory", update->memory, &memory->limit, error) < 0 ||
	    set_size("memory-reservation", update->memory_reservation, &memory->reservation, error) < 0)
		return -1;
	return set_size("memory-swap", update->memory_swap, &memory->swap, error);
}

static int set_block_io(const struct update_options *update, struct oci_block_io *block_io, struct error *error)
{
	struct optional_u64 weight = { 0 };

	if (set_u64("blkio-weight", update->blkio_weight, &weight, error) < 0)
		return -1;
	if (weight.value > UINT16_MAX)
		return invalid("blkio-weight", update->blkio_weight, error);
	block_io->weight = (struct optional_u32){ weight.present && weight.value, (uint32_t)weight.value };
	return 0;
}

/* The resources that the single flags describe: an object is there only where one of its flags was given. */
static int from_flags(struct arena *arena, const struct update_options *update, struct oci_resources **result,
		      struct error *error)
{
	struct oci_resources *resources = ARENA_NEW(arena, struct oci_resources);
	struct oci_memory *memory = ARENA_NEW(arena, struct oci_memory);
	struct oci_block_io *block_io = ARENA_NEW(arena, struct oci_block_io);
	struct oci_pids *pids = ARENA_NEW(arena, struct oci_pids);
	struct oci_cpu *cpu = ARENA_NEW(arena, struct oci_cpu);

	if (set_cpu(update, cpu, error) < 0 || set_memory(update, memory, error) < 0 ||
	    set_block_io(update, block_io, error) < 0 ||
	    set_i64("pids-limit", update->pids_limit, &pids->limit, error) < 0)
		return -1;
	if (cpu->cpus || cpu->mems || cpu->period.present || cpu->quota.present || cpu->burst.present ||
	    cpu->shares.present || cpu->realtime_period.present || cpu->realtime_runtime.present ||
	    cpu->idle.present)
		resources->cpu = cpu;
	if (memory->limit.present || memory->reservation.present || memory->swap.present)
		resources->memory = memory;
	if (block_io->weight.present)
		resources->block_io = block_io;
	if (pids->limit.present)
		resources->pids = pids;
	*result = resources;
	return 0;
}

static int from_file(struct arena *arena, const char *path, struct oci_resources **resources,
		     struct error *error)
{
	bool is_stdin = strcmp(path, "-") == 0;
	const char *label = is_stdin ? "standard input" : path;
	char *bytes = NULL;
	size_t length = 0;
	int result;

	if (is_stdin)
		result = fd_read_all(arena, STDIN_FILENO, FILE_SIZE_MAX, &bytes, &length);
	else
		result = file_read_at(arena, AT_FDCWD, path, FILE_SIZE_MAX, &bytes, &length);
	if (result < 0)
		return error_set(error, errno, "read %s", label);
	return resources_parse(arena, label, bytes, length, resources, error);
}

static int update(struct context *context, void *values, const struct arguments *arguments)
{
	const struct update_options *update = values;
	const struct oci_intel_rdt shares = { .l3_cache_schema = update->l3_cache_schema,
					      .mem_bw_schema = update->mem_bw_schema };
	struct oci_resources *resources = NULL;
	int result;

	if (update->resources)
		result = from_file(context->arena, update->resources, &resources, &context->error);
	else
		result = from_flags(context->arena, update, &resources, &context->error);
	if (result < 0)
		return -1;
	/* The kernel has no such limit any more. */
	if (update->kernel_memory)
		log_warn("Setting --kernel-memory is ignored and will be removed");
	if (update->kernel_memory_tcp)
		log_warn("Setting --kernel-memory-tcp is ignored and will be removed");
	return container_update(&context->runtime, arguments->items[0], resources, &shares, &context->error);
}

const struct command command_update = {
	.name = "update",
	.summary = "change the resource limits of a container",
	.usage = "ID",
	.description =
		"   Limits that are not given stay as they are. With --resources all other options but those\n"
		"   of Intel RDT are ignored. The result is held to the container's policy.",
	.options = options,
	.values_size = sizeof(struct update_options),
	.min_arguments = 1,
	.max_arguments = 1,
	.run = update,
};
