/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/steps.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/time.h"
#include "sandbox/channel.h"
#include "sandbox/console.h"

void steps_run(struct sandbox *sandbox, const struct step *steps, size_t count)
{
	struct error error = { 0 };

	for (size_t i = 0; i < count; i++) {
		int64_t began = log_is_debug() ? monotonic_us() : 0;

		if (steps[i].act(sandbox, &error) < 0) {
			log_debug("child: %s failed", steps[i].name);
			channel_send_error(sandbox->channel, &error);
			_exit(1);
		}
		log_debug("child: %s: %jd us", steps[i].name, (intmax_t)(monotonic_us() - began));
	}
}

int ask_runtime(struct sandbox *sandbox, enum message_type request, struct error *error)
{
	if (channel_send(sandbox->channel, request, 0, -1, error) < 0)
		return -1;
	return channel_expect(sandbox->channel, MESSAGE_CONTINUE, error);
}

static int ask_for_egress(struct sandbox *sandbox, enum egress_request request, struct error *error)
{
	if (sandbox->hardening->egress.count == 0)
		return 0;
	if (sandbox->network < 0)
		sandbox->network = openat(sandbox->procfs, "thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (sandbox->network < 0)
		return error_set(error, errno, "open the container's network namespace");
	if (channel_send(sandbox->channel, MESSAGE_EGRESS, (int)request, sandbox->network, error) < 0)
		return -1;
	return channel_expect(sandbox->channel, MESSAGE_CONTINUE, error);
}

int step_set_egress(struct sandbox *sandbox, struct error *error)
{
	return ask_for_egress(sandbox, EGRESS_SET, error);
}

/* `run` has just had them set. */
int step_check_egress(struct sandbox *sandbox, struct error *error)
{
	return sandbox->start == SANDBOX_START_TOLD ? 0 : ask_for_egress(sandbox, EGRESS_CHECK, error);
}

bool sandbox_has_user_namespace(const struct sandbox *sandbox)
{
	return config_namespace(sandbox->config, OCI_NAMESPACE_USER) != NULL;
}

/* Says which group did not take this process: of many, and with exec's --cgroup one that a user has made. */
static int join_error(int fd, int number, struct error *error)
{
	char path[PATH_MAX];
	ssize_t length = readlink(fd_path(fd).text, path, sizeof(path) - 1);

	if (length < 0)
		return error_set(error, number, "join the container's cgroup");
	return error_set(error, number, "join the container's cgroup: write to %.*s", (int)length, path);
}

/* A process that writes "0" moves itself. */
static int join_groups(const int *fds, size_t count, struct error *error)
{
	for (size_t i = 0; i < count; i++)
		if (write(fds[i], "0", 1) < 0)
			return join_error(fds[i], errno, error);
	return 0;
}

static int join_resctrl(struct sandbox *sandbox, struct error *error)
{
	for (size_t i = 0; i < RESCTRL_TASKS_MAX; i++) {
		_cleanup_fd_ int tasks = TAKE_FD(sandbox->resctrl_tasks[i]);

		if (tasks >= 0 && write(tasks, "0", 1) < 0)
			return error_set(error, errno, "intelrdt: join the container's resctrl group");
	}
	return 0;
}

/* What sandbox_hand_cgroups() sends. */
static int receive_groups(struct sandbox *sandbox, struct error *error)
{
	struct cgroup_join *join = &sandbox->join;
	int fds[2 * CGROUP_HIERARCHIES_MAX];
	size_t count = ARRAY_SIZE(fds);
	struct message message;
	int got = channel_receive_fds(sandbox->channel, &message, fds, &count, error);

	if (got < 0)
		return -1;
	if (got == 0)
		return error_set(error, 0, "the runtime ended while it made the container's cgroups");
	if (message.type != MESSAGE_CGROUPS || message.value < 0 || (size_t)message.value > count)
		return error_set(error, EPROTO, "message %u instead of the container's cgroups", message.type);
	join->early_count = (size_t)message.value;
	join->late_count = count - join->early_count;
	memcpy(join->early, fds, join->early_count * sizeof(*fds));
	memcpy(join->late, fds + join->early_count, join->late_count * sizeof(*fds));
	return 0;
}

/*
 * Groups that are joined late are visited for a moment, so that the cgroup namespace made next has them as its
 * root, and left again, so that the setup is not charged to their limits.
 */
int step_join_early_cgroups(struct sandbox *sandbox, struct error *error)
{
	const struct cgroup_join *join = &sandbox->join;

	if (sandbox->cgroup_later && receive_groups(sandbox, error) < 0)
		return -1;
	sandbox->cgroup_later = false;
	if (join_groups(join->early, join->early_count, error) < 0 || join_resctrl(sandbox, error) < 0)
		return -1;
	sandbox->join.early_count = 0;
	if (join->late_count == 0 || !(sandbox->namespaces.new_flags & CLONE_NEWCGROUP))
		return 0;
	if (join_groups(join->late, join->late_count, error) < 0)
		return -1;
	if (unshare(CLONE_NEWCGROUP) < 0)
		return error_set(error, errno, "make a cgroup namespace");
	sandbox->namespaces.new_flags &= ~(uint64_t)CLONE_NEWCGROUP;
	return join_groups(join->home, join->home_count, error);
}

int step_join_late_cgroups(struct sandbox *sandbox, struct error *error)
{
	return join_groups(sandbox->join.late, sandbox->join.late_count, error);
}

/* The runtime writes the id maps, idmaps mounts, moves network devices; nothing can be done before that. */
int step_wait_for_runtime(struct sandbox *sandbox, struct error *error)
{
	if (!child_waits(sandbox))
		return 0;
	if (channel_expect(sandbox->channel, MESSAGE_CONTINUE, error) < 0)
		return -1;
	prctl(PR_SET_DUMPABLE, 0);
	return 0;
}

/* What the caller ignores or blocks is its own affair: a shell's background job ignores SIGINT, say. */
int step_reset_signals(struct sandbox *sandbox, struct error *error)
{
	/* As the kernel has it: SIG_DFL, no flags, no mask. The C library keeps two signals to itself. */
	const unsigned long standard[4] = { 0 };
	sigset_t none;

	(void)sandbox;
	(void)error;
	for (int number = 1; number < NSIG; number++)
		syscall(SYS_rt_sigaction, number, standard, NULL, sizeof(unsigned long));
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	return 0;
}

int step_new_session(struct sandbox *sandbox, struct error *error)
{
	(void)sandbox;
	if (setsid() < 0)
		return error_set(error, errno, "make a session");
	return 0;
}

/* In a user namespace: its root, where it maps one. The process's own ids may have no name there. */
int step_become_root(struct sandbox *sandbox, struct error *error)
{
	if (!sandbox_has_user_namespace(sandbox))
		return 0;
	if (setresgid(0, 0, 0) < 0 && errno != EINVAL)
		return error_set(error, errno, "become gid 0");
	if (setresuid(0, 0, 0) < 0 && errno != EINVAL)
		return error_set(error, errno, "become uid 0");
	/* A change of ids can make a process dumpable again under fs.suid_dumpable. */
	prctl(PR_SET_DUMPABLE, 0);
	return 0;
}

int step_attach_console(struct sandbox *sandbox, struct error *error)
{
	if (sandbox->console < 0)
		return 0;
	return console_attach(sandbox->console, sandbox->process->user.uid, error);
}

int step_keyring(struct sandbox *sandbox, struct error *error)
{
	const char *label = sandbox->process ? sandbox->process->selinux_label : NULL;

	if (!sandbox->new_keyring)
		return 0;
	return identity_session_keyring(sandbox->procfs, sandbox->container_id, label,
					sandbox_has_user_namespace(sandbox), error);
}

/* Closes all from @first on but those of @keep, which are in rising order, -1 for none. */
static int close_others(unsigned int first, const int *keep, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (keep[i] < 0 || (unsigned int)keep[i] < first)
			continue;
		if ((unsigned int)keep[i] > first && close_range(first, (unsigned int)keep[i] - 1, 0) < 0)
			return -1;
		first = (unsigned int)keep[i] + 1;
	}
	return close_range(first, ~0U, 0);
}

static void sort(int *numbers, size_t count)
{
	for (size_t i = 1; i < count; i++)
		for (size_t j = i; j > 0 && numbers[j - 1] > numbers[j]; j--) {
			int larger = numbers[j - 1];

			numbers[j - 1] = numbers[j];
			numbers[j] = larger;
		}
}

/* Nothing of the host stays open near the container but what the last steps need; all of it close-on-exec. */
/*
 * What a process of the container's could take from one that joins it, were it allowed to trace it: the host's
 * cgroups, its processes, the state root. Only how to report, and what is written to later, goes in.
 */
int close_before_entering(struct sandbox *sandbox, struct error *error)
{
	int keep[2 * CGROUP_HIERARCHIES_MAX + RESCTRL_TASKS_MAX + 3] = { sandbox->child_channel,
									 sandbox->entering, log_fd() };
	size_t count = 3;

	for (size_t i = 0; i < sandbox->join.early_count; i++)
		keep[count++] = sandbox->join.early[i];
	for (size_t i = 0; i < sandbox->join.late_count; i++)
		keep[count++] = sandbox->join.late[i];
	for (size_t i = 0; i < RESCTRL_TASKS_MAX; i++)
		keep[count++] = sandbox->resctrl_tasks[i];
	sort(keep, count);
	if (close_others(3 + sandbox->preserve_fds, keep, count) < 0)
		return error_set(error, errno, "close the runtime's descriptors");
	sandbox->procfs = -1;
	sandbox->target = -1;
	return 0;
}

/* Nothing of the host's stays open near the container but what the last steps need; all of it close-on-exec. */
int step_close_descriptors(struct sandbox *sandbox, struct error *error)
{
	int keep[] = { sandbox->channel, sandbox->start_socket, sandbox->procfs, sandbox->cwd,
		       sandbox->network, sandbox->entering,	log_fd() };

	sort(keep, ARRAY_SIZE(keep));
	if (close_others(3 + sandbox->preserve_fds, keep, ARRAY_SIZE(keep)) < 0)
		return error_set(error, errno, "close the runtime's descriptors");
	return 0;
}
