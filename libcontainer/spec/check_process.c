/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "spec/check.h"

#define NO_ID UINT32_MAX /* (uid_t)-1: "leave it as it is" to the kernel */
#define IO_PRIORITY_MAX 7
#define NICE_MIN (-20)
#define NICE_MAX 19
#define OOM_SCORE_MAX 1000

/* A value of an environment variable never goes into a message, so the entry is named by its index. */
static int check_environment(const struct string_list *env, struct error *error)
{
	for (size_t i = 0; i < env->count; i++) {
		if (!strchr(env->items[i], '='))
			return error_set(error, 0,
					 "process.env[%zu]: invalid environment variable: missing '='", i);
		if (env->items[i][0] == '=')
			return error_set(error, 0,
					 "process.env[%zu]: invalid environment variable: name cannot be empty",
					 i);
	}
	return 0;
}

static int check_user(const struct oci_user *user, struct error *error)
{
	if (user->uid == NO_ID || user->gid == NO_ID)
		return error_set(error, 0, "process.user.%s: %u is no id", user->uid == NO_ID ? "uid" : "gid",
				 NO_ID);
	for (size_t i = 0; i < user->additional_gids.count; i++)
		if (user->additional_gids.items[i] == NO_ID)
			return error_set(error, 0, "process.user.additionalGids[%zu]: %u is no id", i, NO_ID);
	return 0;
}

static bool is_known_rlimit(const char *type)
{
	static const char *const known[] = {
		"RLIMIT_AS",	 "RLIMIT_CORE",	  "RLIMIT_CPU",	       "RLIMIT_DATA",
		"RLIMIT_FSIZE",	 "RLIMIT_LOCKS",  "RLIMIT_MEMLOCK",    "RLIMIT_MSGQUEUE",
		"RLIMIT_NICE",	 "RLIMIT_NOFILE", "RLIMIT_NPROC",      "RLIMIT_RSS",
		"RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK",
	};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(known[i], type))
			return true;
	return false;
}

static int check_rlimits(const struct oci_rlimit_list *rlimits, struct error *error)
{
	for (size_t i = 0; i < rlimits->count; i++) {
		const struct oci_rlimit *rlimit = &rlimits->items[i];

		if (!is_known_rlimit(rlimit->type))
			return error_set(error, 0, "process.rlimits[%zu].type: wrong rlimit value: %s", i,
					 rlimit->type);
		if (rlimit->soft > rlimit->hard)
			return error_set(error, 0,
					 "process.rlimits[%zu]: soft limit %" PRIu64
					 " of %s is above the hard one, %" PRIu64,
					 i, rlimit->soft, rlimit->type, rlimit->hard);
		/* Of the known types, so there are no more comparisons than types before this ends. */
		for (size_t j = 0; j < i; j++)
			if (!strcmp(rlimits->items[j].type, rlimit->type))
				return error_set(error, 0, "process.rlimits[%zu].type: %s comes twice", i,
						 rlimit->type);
	}
	return 0;
}

static int check_scheduler(const struct oci_scheduler *scheduler, struct error *error)
{
	bool nice_counts = scheduler->policy == OCI_SCHED_OTHER || scheduler->policy == OCI_SCHED_BATCH;
	bool priority_counts = scheduler->policy == OCI_SCHED_FIFO || scheduler->policy == OCI_SCHED_RR;

	if (scheduler->policy == OCI_SCHED_UNSET)
		return error_set(error, 0, "process.scheduler.policy: scheduler policy is required");
	if (nice_counts && (scheduler->nice < NICE_MIN || scheduler->nice > NICE_MAX))
		return error_set(error, 0,
				 "process.scheduler.nice: invalid scheduler.nice: %" PRId64
				 ", expected %d to %d",
				 scheduler->nice, NICE_MIN, NICE_MAX);
	if (scheduler->priority != 0 && !priority_counts)
		return error_set(
			error, 0,
			"process.scheduler.priority: scheduler.priority can only be specified for SchedFIFO or SchedRR policy");
	if (scheduler->policy != OCI_SCHED_DEADLINE &&
	    (scheduler->runtime || scheduler->deadline || scheduler->period))
		return error_set(
			error, 0,
			"process.scheduler: scheduler runtime/deadline/period can only be specified for SchedDeadline policy");
	return 0;
}

int check_process(const struct oci_process *process, struct error *error)
{
	const struct oci_io_priority *io_priority = process->io_priority;
	const struct optional_i64 *score = &process->oom_score_adj;

	if (!process->cwd || !*process->cwd)
		return error_set(error, 0, "process.cwd: cwd property must not be empty");
	if (process->cwd[0] != '/')
		return error_set(error, 0, "process.cwd: cwd must be an absolute path");
	if (process->args.count == 0)
		return error_set(error, 0, "process.args: args must not be empty");
	if (score->present && (score->value < -OOM_SCORE_MAX || score->value > OOM_SCORE_MAX))
		return error_set(error, 0, "process.oomScoreAdj: found %" PRId64 ", expected -1000 to 1000",
				 score->value);
	if (io_priority && (io_priority->priority < 0 || io_priority->priority > IO_PRIORITY_MAX))
		return error_set(error, 0,
				 "process.ioPriority.priority: invalid ioPriority.Priority: %" PRId64
				 ", expected 0 to 7",
				 io_priority->priority);
	if (check_user(&process->user, error) < 0 || check_environment(&process->env, error) < 0 ||
	    check_rlimits(&process->rlimits, error) < 0)
		return -1;
	return process->scheduler ? check_scheduler(process->scheduler, error) : 0;
}

int process_check(const struct oci_process *process, struct error *error)
{
	if (!process)
		return error_set(error, 0, "process: process property must not be empty");
	return check_process(process, error);
}
