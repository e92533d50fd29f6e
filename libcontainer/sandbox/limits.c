/* SPDX-License-Identifier: Apache-2.0 */
/* Resource limits and the out-of-memory score. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "sandbox/identity.h"
#include "sandbox/procfs.h"

static const struct {
	const char *name;
	int resource;
} limits[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
};

/* The number of the limit @name, or -1. */
static int limit_number(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (strcmp(limits[i].name, name) == 0)
			return limits[i].resource;
	return -1;
}

int identity_rlimits(pid_t pid, const struct oci_process *process, struct error *error)
{
	for (size_t i = 0; i < process->rlimits.count; i++) {
		const struct oci_rlimit *wanted = &process->rlimits.items[i];
		struct rlimit64 limit = { .rlim_cur = wanted->soft, .rlim_max = wanted->hard };
		int resource = limit_number(wanted->type);

		if (resource < 0)
			return error_set(error, 0, "invalid rlimit type: %s", wanted->type);
		if (prlimit64(pid, (enum __rlimit_resource)resource, &limit, NULL) < 0)
			return error_set(error, errno, "error setting rlimit %s", wanted->type);
	}
	return 0;
}

int identity_oom_score(int procfs, pid_t pid, const struct oci_process *process, struct error *error)
{
	char text[32];

	if (!process->oom_score_adj.present)
		return 0;
	snprintf(text, sizeof(text), "%lld", (long long)process->oom_score_adj.value);
	if (procfs_write_file(procfs, pid, "oom_score_adj", text) < 0)
		return error_set(error, errno, "set oom_score_adj to %s", text);
	return 0;
}
