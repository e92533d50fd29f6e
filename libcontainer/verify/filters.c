/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify: what the seccomp filters decide that the kernel really has, of every process of the container, against the
 * profiles of its policies and of its configuration: seccomp/proof.h.
 *
 * The runtime loads a process's oldest filters. Those that a process loads itself only make more of its calls fail, so they
 * are not looked at where the older ones do as planned: they may be many, and made to be hard to judge.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/number.h"
#include "seccomp/planned.h"
#include "seccomp/proof.h"
#include "verify/looking.h"
#include "verify/tracee.h"

#define NAME "seccomp decisions"
#define TOO_LARGE_MAX 4
#define FILES_KEPT_FREE 64
#define BUSY_PATIENCE 3U /* for so many processes that do not stop there is time */

struct held {
	pid_t pid;
	int pidfd;
};

/* What is known so far of all processes. */
struct review {
	struct looking *looking;
	const struct oci_seccomp *const *profiles;
	size_t profile_count;
	struct held *held;
	size_t held_count;
	struct sock_fprog *programs; /* the last that were judged, the newest first, */
	size_t program_count;
	enum seccomp_verdict verdict; /* and how */
	const char *difference;
	size_t judged; /* processes */
	unsigned int busy; /* those that did not stop */
	const char *tighter; /* a decision that is not as planned, and more severe */
	const char *broken;
	const char *left_out; /* why a process was not looked at */
	bool refused; /* and no other can be either */
	size_t too_large; /* processes that took seconds in vain */
};

static void release_held(struct review *review)
{
	for (size_t i = 0; i < review->held_count; i++)
		fd_close(&review->held[i].pidfd);
}

static const char *of_process(const struct review *review, pid_t pid, const char *what)
{
	return arena_printf(review->looking->arena, "process %d: %s", pid, what);
}

/* How many processes can be held: a container may have more than this one may have open files. */
static size_t room_for_processes(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 0;
	if (limit.rlim_cur < limit.rlim_max) {
		struct rlimit more = { limit.rlim_max, limit.rlim_max };

		if (setrlimit(RLIMIT_NOFILE, &more) == 0)
			limit = more;
	}
	return limit.rlim_cur > FILES_KEPT_FREE ? limit.rlim_cur - FILES_KEPT_FREE : 0;
}

/*
 * Holds the processes, and then asks once more which are the container's: the number of one that is still held was not
 * given to another in between.
 */
static int hold_processes(struct review *review, struct error *error)
{
	struct looking *looking = review->looking;
	const struct cgroup *cgroup = looking->container->cgroup;
	const size_t room = room_for_processes();
	size_t count = 0, kept = 0;
	pid_t *pids = NULL;

	review->held = ARENA_NEW_ARRAY(looking->arena, struct held, looking->pid_count);
	for (size_t i = 0; i < looking->pid_count; i++) {
		struct held held = { looking->pids[i], -1 };

		if (review->held_count == room) {
			review->left_out =
				of_process(review, held.pid, "there are more than can be held at once");
			break;
		}
		if (held.pid == looking->pid)
			held.pidfd = state_open_process(&looking->container->entry, &looking->container->state);
		else
			held.pidfd = pidfd_open(held.pid, 0);
		if (held.pidfd < 0 && errno != ESRCH)
			return error_set(error, errno, "hold process %d", held.pid);
		if (held.pidfd >= 0)
			review->held[review->held_count++] = held;
	}
	if (cgroup && *cgroup_path(cgroup) && cgroup_members(looking->arena, cgroup, &pids, &count, error) < 0)
		return -1;
	for (size_t i = 0; i < review->held_count; i++) {
		bool is_member = review->held[i].pid == looking->pid;

		for (size_t j = 0; j < count && !is_member; j++)
			is_member = pids[j] == review->held[i].pid;
		if (is_member)
			review->held[kept++] = review->held[i];
		else
			fd_close(&review->held[i].pidfd);
	}
	review->held_count = kept;
	return 0;
}

/* The first thread, or another where it has ended before the rest: 0 where none is left. */
static pid_t living_thread(struct looking *looking, pid_t pid, const char *status)
{
	const char *state = look_field(looking->arena, status, "State");
	_cleanup_dir_ DIR *tasks = NULL;
	struct dirent *entry;

	if (state && *state != 'Z' && *state != 'X')
		return pid;
	tasks = opendir(arena_printf(looking->arena, "/proc/%d/task", pid));
	while (tasks && (entry = readdir(tasks))) {
		uint64_t thread;

		if (parse_u64(entry->d_name, 1, INT32_MAX, &thread) == 0 && (pid_t)thread != pid)
			return (pid_t)thread;
	}
	return 0;
}

/* Whether the oldest of @programs are the last that were judged. */
static bool are_the_last(const struct review *review, const struct sock_fprog *programs, size_t count)
{
	size_t newer = count - review->program_count;

	if (review->judged == 0 || count < review->program_count)
		return false;
	/* Not all have been judged of those that are not good enough, and no filter at all is not how all begin. */
	if (newer > 0 && (review->verdict == SECCOMP_LOOSER || review->program_count == 0))
		return false;
	for (size_t i = 0; i < review->program_count; i++)
		if (programs[newer + i].len != review->programs[i].len ||
		    memcmp(programs[newer + i].filter, review->programs[i].filter,
			   review->programs[i].len * sizeof(*programs[i].filter)) != 0)
			return false;
	return true;
}

static void keep_judged(struct review *review, const struct sock_fprog *programs, size_t count,
			const struct seccomp_proof *proof)
{
	struct arena *arena = review->looking->arena;

	review->programs = ARENA_NEW_ARRAY(arena, struct sock_fprog, count);
	review->program_count = count;
	for (size_t i = 0; i < count; i++) {
		review->programs[i].len = programs[i].len;
		review->programs[i].filter = ARENA_NEW_ARRAY(arena, struct sock_filter, programs[i].len);
		memcpy(review->programs[i].filter, programs[i].filter,
		       programs[i].len * sizeof(*programs[i].filter));
	}
	review->verdict = proof->verdict;
	review->difference = proof->difference.text ? arena_strdup(arena, proof->difference.text) : NULL;
}

static int prove(struct review *review, const struct sock_fprog *programs, size_t count, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct seccomp_proof proof;
	size_t judged;

	if (seccomp_prove_oldest(&arena, review->profiles, review->profile_count, programs, count, &judged,
				 &proof, error) < 0)
		return -1;
	keep_judged(review, judged ? programs + count - judged : NULL, judged, &proof);
	return 0;
}

static int judge(struct review *review, pid_t pid, const struct sock_fprog *programs, size_t count,
		 struct error *error)
{
	if (!are_the_last(review, programs, count) && prove(review, programs, count, error) < 0)
		return -1;
	review->judged++;
	if (review->verdict == SECCOMP_TOO_LARGE) {
		review->left_out = of_process(review, pid, review->difference);
		review->too_large++;
	} else if (review->verdict == SECCOMP_LOOSER)
		review->broken = of_process(review, pid, review->difference);
	else if (review->verdict == SECCOMP_TIGHTER && !review->tighter)
		review->tighter = of_process(review, pid, review->difference);
	return 0;
}

static void leave_out(struct review *review, pid_t pid, const char *status, enum tracee_result result,
		      const char *why)
{
	const char *tracer = look_field(review->looking->arena, status, "TracerPid");

	if (result == TRACEE_GONE)
		return;
	if (tracer && strcmp(tracer, "0") != 0)
		why = arena_printf(review->looking->arena, "traced by process %s", tracer);
	review->left_out = of_process(review, pid, why);
	review->refused = result == TRACEE_REFUSED;
	review->busy++;
}

/* One process. Who has no filter at all need not be stopped for that to be known. */
static int look_at_process(struct review *review, const struct held *held, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct looking *looking = review->looking;
	const char *status = look_read(looking, held->pid, "status");
	const char *mode = status ? look_field(looking->arena, status, "Seccomp") : NULL;
	struct sock_fprog *programs;
	enum tracee_result result;
	const char *why;
	pid_t thread;
	size_t count;

	if (!mode || pidfd_send_signal(held->pidfd, 0, NULL, 0) < 0)
		return 0; /* it has ended */
	thread = living_thread(looking, held->pid, status);
	if (thread == 0)
		return 0;
	if (strcmp(mode, "0") == 0)
		return judge(review, held->pid, NULL, 0, error);
	/* No container can make this take forever. */
	if (review->too_large == TOO_LARGE_MAX)
		return 0;
	/* More than there are profiles the runtime never loads. A container may be full of processes that do not stop. */
	result = tracee_filters(&arena, thread, held->pidfd, review->profile_count,
				review->busy < BUSY_PATIENCE, &programs, &count, &why);
	if (result == TRACEE_READ)
		return judge(review, held->pid, programs, count, error);
	leave_out(review, held->pid, status, result, why);
	return 0;
}

static int look_at_all(struct review *review, struct error *error)
{
	struct looking *looking = review->looking;

	if (hold_processes(review, error) < 0)
		return -1;
	for (size_t i = 0; i < review->held_count && !review->broken && !review->refused; i++) {
		if (looking->waits_for_start && review->held[i].pid == looking->pid)
			review->left_out = "it comes with start";
		else if (look_at_process(review, &review->held[i], error) < 0)
			return -1;
	}
	return 0;
}

static void add_result(struct review *review, const char *planned)
{
	struct arena *arena = review->looking->arena;
	const char *found =
		arena_printf(arena, "so in %zu process%s", review->judged, review->judged == 1 ? "" : "es");

	if (review->broken)
		look_add(review->looking, MEASURE_BROKEN, NAME, planned, review->broken);
	else if (review->left_out || review->judged == 0)
		look_add(review->looking, MEASURE_LEFT_OUT, NAME, planned,
			 review->left_out ? review->left_out : "there is no process");
	else
		look_add(review->looking, MEASURE_HOLDS, NAME, planned,
			 review->tighter ? arena_printf(arena, "%s; tighter: %s", found, review->tighter)
					 : found);
}

void look_at_filters(struct looking *looking)
{
	_cleanup_(release_held) struct review review = { .looking = looking };
	enum container_status status;
	const char *planned;
	struct error error;

	if (seccomp_planned_profiles(looking->arena, looking->config, &looking->hardening, &review.profiles,
				     &review.profile_count, &error) < 0) {
		look_add(looking, MEASURE_UNKNOWN, NAME, "those of the profiles",
			 arena_strdup(looking->arena, error.text));
		return;
	}
	if (review.profile_count == 0)
		return;
	planned = arena_printf(looking->arena, "as %zu profile%s say%s", review.profile_count,
			       review.profile_count == 1 ? "" : "s", review.profile_count == 1 ? "s" : "");
	status = container_status(looking->container);
	if (status == STATUS_PAUSED || status == STATUS_PAUSING) {
		look_add(looking, MEASURE_LEFT_OUT, NAME, planned, "the container is paused");
		return;
	}
	if (look_at_all(&review, &error) < 0)
		look_add(looking, MEASURE_UNKNOWN, NAME, planned, arena_strdup(looking->arena, error.text));
	else
		add_result(&review, planned);
}
