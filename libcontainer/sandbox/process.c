/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a child that is in its container becomes the process of the configuration, as far as that can be done before its
 * program is executed. The table at the end is the same for a container's first process and for one that joins.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "sandbox/channel.h"
#include "sandbox/steps.h"

/*
 * Pipes and sockets made for this container become its user's, so that /dev/stdout can be opened again. A
 * file or a device of the host is never given away: it may be anybody's.
 */
static int step_own_stdio(struct sandbox *sandbox, struct error *error)
{
	if (!sandbox->process || sandbox->console >= 0)
		return 0;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		struct stat status;

		if (fstat(fd, &status) < 0) {
			if (errno == EBADF)
				continue;
			return error_set(error, errno, "look at descriptor %d", fd);
		}
		if (!S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode))
			continue;
		if (status.st_uid == sandbox->process->user.uid)
			continue;
		if (fchown(fd, sandbox->process->user.uid, (gid_t)-1) < 0 && errno != EPERM &&
		    errno != EINVAL && errno != EROFS)
			return error_set(error, errno, "give descriptor %d to uid %u", fd,
					 sandbox->process->user.uid);
	}
	return 0;
}

static int step_limits(struct sandbox *sandbox, struct error *error)
{
	if (!sandbox->process || sandbox->process->rlimits.count == 0)
		return 0;
	if (sandbox_has_user_namespace(sandbox))
		return ask_runtime(sandbox, MESSAGE_LIMITS, error);
	return identity_rlimits(0, sandbox->process, error);
}

static void allow_all_cpus(void)
{
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	(void)!sched_setaffinity(0, sizeof(all), &all);
}

/* The kernel gives a deadline only to who may run on every CPU, and says no more than EPERM. sched_setattr(2) */
static int set_scheduler(const struct sandbox *sandbox, struct error *error)
{
	const struct oci_linux *config = sandbox->config->linux_;

	if (identity_scheduler(sandbox->process, error) == 0)
		return 0;
	if (error->number == EPERM && config && config->resources && config->resources->cpu &&
	    config->resources->cpu->cpus)
		return error_context(error, "process scheduler can't be used together with AllowedCPUs");
	return -1;
}

static int step_scheduling(struct sandbox *sandbox, struct error *error)
{
	const struct oci_process *process = sandbox->process;
	const struct oci_linux *config = sandbox->config->linux_;

	if (process) {
		const struct oci_cpu_affinity *affinity = sandbox->is_exec ? process->exec_cpu_affinity : NULL;

		/* The cgroup's CPUs, not those that the runtime happened to be confined to. */
		if (!affinity || !affinity->final)
			allow_all_cpus();
		if (set_scheduler(sandbox, error) < 0 || identity_io_priority(process, error) < 0 ||
		    identity_cpu_affinity(affinity ? affinity->final : NULL, error) < 0)
			return -1;
	}
	if (config && (identity_memory_policy(config->memory_policy, error) < 0 ||
		       identity_personality(config->personality, error) < 0))
		return -1;
	return 0;
}

static int step_labels(struct sandbox *sandbox, struct error *error)
{
	if (!sandbox->process)
		return 0;
	if (identity_selinux(sandbox->procfs, sandbox->process->selinux_label, error) < 0)
		return -1;
	return identity_apparmor(sandbox->procfs, sandbox->process->apparmor_profile, error);
}

/*
 * Where getcwd(3) cannot name the directory from the root, the process would start outside of it
 * (CVE-2024-21626).
 */
static int enter_cwd(struct sandbox *sandbox, struct error *error)
{
	char where[PATH_MAX];

	if (fchdir(sandbox->cwd) < 0)
		return error_set(error, errno, "chdir to cwd (\"%s\") set in config.json failed",
				 sandbox->process->cwd);
	if (!getcwd(where, sizeof(where)) || where[0] != '/')
		return error_set(error, 0,
				 "current working directory is outside of container mount namespace root -- "
				 "possible container breakout detected");
	close(sandbox->cwd);
	sandbox->cwd = -1;
	sandbox->in_cwd = true;
	return 0;
}

static int open_cwd(struct sandbox *sandbox, struct error *error)
{
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const char *cwd = sandbox->process->cwd;

	if (root < 0)
		return error_set(error, errno, "open the container's root");
	sandbox->cwd = path_open_in_root(root, cwd, O_PATH | O_DIRECTORY);
	if (sandbox->cwd < 0)
		return error_set(error, errno, "chdir to cwd (\"%s\") set in config.json failed", cwd);
	return 0;
}

/*
 * With the runtime's rights where they suffice; on a network file system only the user may have the right,
 * then it is tried again after the change of user (step_identity).
 */
static int step_open_cwd(struct sandbox *sandbox, struct error *error)
{
	if (!sandbox->process)
		return 0;
	if (open_cwd(sandbox, error) < 0 || enter_cwd(sandbox, error) < 0)
		return error->number == EACCES ? 0 : -1;
	return 0;
}

/* Without no_new_privs, restricting oneself takes a privilege that is dropped next. */
static bool restricts_early(const struct sandbox *sandbox)
{
	return !sandbox->process->no_new_privileges;
}

/*
 * Without no_new_privs loading a filter takes a privilege that is dropped next; a listener has to be handed over
 * while the command that creates the container is still there.
 */
static bool loads_early(const struct sandbox *sandbox)
{
	size_t count = sandbox->filters.count;

	return !sandbox->process || !sandbox->process->no_new_privileges ||
	       (count > 0 && sandbox->filters.items[count - 1].has_listener);
}

/* While the process has its privileges, with nothing left to be mounted, before a filter may forbid it. */
static int step_confine(struct sandbox *sandbox, struct error *error)
{
	const struct hardening *hardening = sandbox->hardening;

	sandbox->status = identity_open_status(sandbox->procfs, error);
	if (sandbox->status < 0)
		return -1;
	if (!sandbox->process)
		return 0;
	if (!sandbox->is_exec && confine_core(hardening, error) < 0)
		return -1;
	if (confine_landlock_prepare(&hardening->landlock, &sandbox->rulesets, error) < 0 ||
	    (loads_early(sandbox) && confine_speculation(hardening, error) < 0))
		return -1;
	return restricts_early(sandbox) ? confine_landlock(&sandbox->rulesets, error) : 0;
}

/*
 * From then on the process is slower, most of all where it and others take turns: so it comes last, unless a filter is
 * there already that may forbid it.
 */
static int step_speculation(struct sandbox *sandbox, struct error *error)
{
	if (!sandbox->process || loads_early(sandbox))
		return 0;
	return confine_speculation(sandbox->hardening, error);
}

/* When nothing of the host's is opened any more. */
static int step_landlock(struct sandbox *sandbox, struct error *error)
{
	return confine_landlock(&sandbox->rulesets, error);
}

static int step_identity(struct sandbox *sandbox, struct error *error)
{
	const struct oci_process *process = sandbox->process;

	if (!process)
		return 0;
	if (identity_bounding(&sandbox->capabilities, error) < 0)
		return -1;
	if (confine_securebits(sandbox->hardening->securebits, &sandbox->capabilities, error) < 0)
		return -1;
	if (identity_user(sandbox->procfs, &process->user, error) < 0)
		return -1;
	if (identity_capabilities(&sandbox->capabilities, error) < 0)
		return -1;
	prctl(PR_SET_DUMPABLE, 0);
	if (!sandbox->in_cwd &&
	    ((sandbox->cwd < 0 && open_cwd(sandbox, error) < 0) || enter_cwd(sandbox, error) < 0))
		return -1;
	return process->no_new_privileges ? identity_no_new_privs(error) : 0;
}

static int step_verify(struct sandbox *sandbox, struct error *error)
{
	const struct oci_process *process = sandbox->process;
	int result = 0;

	if (process)
		result = identity_verify(sandbox->procfs, sandbox->status, process, &sandbox->capabilities,
					 sandbox->filters.count > 0 && loads_early(sandbox), error);
	if (process && result == 0)
		result = confine_verify_securebits(sandbox->hardening->securebits, &sandbox->capabilities,
						   error);
	close(sandbox->procfs);
	close(sandbox->status);
	sandbox->procfs = -1;
	sandbox->status = -1;
	return result;
}

/*
 * The filter decides about the calls that hand its own listener over, and nobody answers before that is done: so
 * write(2) alone tells the runtime the descriptor's number, and it fetches it (write with NOTIFY is refused, as in
 * runc). In a user namespace it may not, and the descriptor is sent.
 */
static int load_filter(struct sandbox *sandbox, const struct seccomp_filter *filter, struct error *error)
{
	int listener = -1;

	log_debug("seccomp filter flags: %u",
		  filter->load_flags & ~(unsigned int)SECCOMP_FILTER_FLAG_NEW_LISTENER);
	if (seccomp_filter_load(filter, &listener, error) < 0)
		return -1;
	if (listener < 0)
		return 0;
	if (sandbox_has_user_namespace(sandbox)) {
		if (channel_send(sandbox->channel, MESSAGE_LISTENER, 0, listener, error) < 0)
			return -1;
	} else if (channel_send_plainly(sandbox->channel, MESSAGE_LISTENER, listener, error) < 0) {
		return -1;
	}
	if (channel_expect(sandbox->channel, MESSAGE_CONTINUE, error) < 0)
		return -1;
	close(listener);
	return 0;
}

static int load_filters(struct sandbox *sandbox, struct error *error)
{
	for (size_t i = 0; i < sandbox->filters.count; i++)
		if (load_filter(sandbox, &sandbox->filters.items[i], error) < 0)
			return -1;
	return 0;
}

static int step_early_seccomp(struct sandbox *sandbox, struct error *error)
{
	return loads_early(sandbox) ? load_filters(sandbox, error) : 0;
}

/* As late as can be: then the profile need not allow what the runtime itself does. */
int step_late_seccomp(struct sandbox *sandbox, struct error *error)
{
	return loads_early(sandbox) ? 0 : load_filters(sandbox, error);
}

static const struct step process_steps[] = {
	{ "environment", step_environment },
	{ "working directory", step_open_cwd },
	{ "scheduling", step_scheduling },
	{ "labels", step_labels },
	{ "standard streams", step_own_stdio },
	{ "join cgroups", step_join_late_cgroups },
	{ "limits", step_limits },
	{ "close descriptors", step_close_descriptors },
	{ "confinement", step_confine },
	{ "seccomp", step_early_seccomp },
	{ "identity", step_identity },
	{ "program", step_find_program },
	{ "check the identity", step_verify },
	{ "landlock", step_landlock },
	{ "speculation", step_speculation },
};

void steps_become_process(struct sandbox *sandbox)
{
	steps_run(sandbox, process_steps, ARRAY_SIZE(process_steps));
}
