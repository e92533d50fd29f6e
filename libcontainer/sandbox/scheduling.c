/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduler, I/O priority and CPU affinity. */
#include <errno.h>
#include <linux/ioprio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/number_set.h"
#include "sandbox/identity.h"

/* struct sched_attr of linux/sched/types.h, which cannot be included next to the C library's sched.h. */
struct scheduler_attributes {
	uint32_t size;
	uint32_t sched_policy;
	uint64_t sched_flags;
	int32_t sched_nice;
	uint32_t sched_priority;
	uint64_t sched_runtime;
	uint64_t sched_deadline;
	uint64_t sched_period;
	uint32_t sched_util_min;
	uint32_t sched_util_max;
};

/* include/uapi/linux/sched.h */
static const uint32_t policies[] = {
	[OCI_SCHED_OTHER] = 0, [OCI_SCHED_FIFO] = 1, [OCI_SCHED_RR] = 2,       [OCI_SCHED_BATCH] = 3,
	[OCI_SCHED_ISO] = 4,   [OCI_SCHED_IDLE] = 5, [OCI_SCHED_DEADLINE] = 6,
};

static const struct {
	const char *name;
	uint64_t flag;
} flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", 0x01 },  { "SCHED_FLAG_RECLAIM", 0x02 },
	{ "SCHED_FLAG_DL_OVERRUN", 0x04 },     { "SCHED_FLAG_KEEP_POLICY", 0x08 },
	{ "SCHED_FLAG_KEEP_PARAMS", 0x10 },    { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 },
};

static int add_flag(const char *name, uint64_t *all, struct error *error)
{
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (strcmp(flags[i].name, name) == 0) {
			*all |= flags[i].flag;
			return 0;
		}
	return error_set(error, 0, "invalid scheduler flag %s", name);
}

int identity_scheduler(const struct oci_process *process, struct error *error)
{
	const struct oci_scheduler *scheduler = process->scheduler;
	struct scheduler_attributes attributes = { .size = sizeof(attributes) };

	if (!scheduler)
		return 0;
	if (scheduler->policy == OCI_SCHED_UNSET || (size_t)scheduler->policy >= ARRAY_SIZE(policies))
		return error_set(error, 0, "scheduler policy is required");
	if (scheduler->nice < INT32_MIN || scheduler->nice > INT32_MAX || scheduler->priority < 0 ||
	    scheduler->priority > INT32_MAX)
		return error_set(error, ERANGE, "scheduler nice value or priority");
	attributes.sched_policy = policies[scheduler->policy];
	attributes.sched_nice = (int32_t)scheduler->nice;
	attributes.sched_priority = (uint32_t)scheduler->priority;
	attributes.sched_runtime = scheduler->runtime;
	attributes.sched_deadline = scheduler->deadline;
	attributes.sched_period = scheduler->period;
	for (size_t i = 0; i < scheduler->flags.count; i++)
		if (add_flag(scheduler->flags.items[i], &attributes.sched_flags, error) < 0)
			return -1;
	if (syscall(SYS_sched_setattr, 0, &attributes, 0U) < 0)
		return error_set(error, errno, "error setting scheduler");
	return 0;
}

int identity_io_priority(const struct oci_process *process, struct error *error)
{
	static const int classes[] = {
		[OCI_IOPRIO_RT] = IOPRIO_CLASS_RT,
		[OCI_IOPRIO_BE] = IOPRIO_CLASS_BE,
		[OCI_IOPRIO_IDLE] = IOPRIO_CLASS_IDLE,
	};
	const struct oci_io_priority *wanted = process->io_priority;

	if (!wanted)
		return 0;
	if (wanted->class == OCI_IOPRIO_UNSET || (size_t)wanted->class >= ARRAY_SIZE(classes))
		return error_set(error, 0, "ioPriority class is required");
	if (wanted->priority < 0 || wanted->priority > 7)
		return error_set(error, 0, "invalid ioPriority priority %lld: expected 0 to 7",
				 (long long)wanted->priority);
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0,
		    classes[wanted->class] << IOPRIO_CLASS_SHIFT | (int)wanted->priority) < 0)
		return error_set(error, errno, "failed to set io priority");
	return 0;
}

int identity_cpu_affinity(const char *list, struct error *error)
{
	struct number_set cpus;

	if (!list || !*list)
		return 0;
	if (number_set_parse(list, &cpus) < 0)
		return error_set(error, 0, "invalid CPU list \"%s\"", list);
	if (syscall(SYS_sched_setaffinity, 0, cpus.bytes, cpus.words) < 0)
		return error_set(error, errno, "error setting CPU affinity to %s", list);
	return 0;
}
