/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a container's groups: listing and signalling them. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "base/number.h"
#include "cgroup/internal.h"
#include "cgroup/membership.h"

#define PIDS_TEXT_MAX ((size_t)64 * 1024 * 1024)
#define KILL_ROUNDS 10U

static void pids_add(struct arena *arena, struct pid_set *pids, pid_t pid)
{
	pids->items = arena_grow(arena, pids->items, pids->count, &pids->capacity, sizeof(*pids->items));
	pids->items[pids->count++] = pid;
}

/* Lines of numbers; 0 stands for a process of another pid namespace, which cannot be named here. */
static int pids_parse(struct arena *arena, char *text, struct pid_set *pids)
{
	char *save = NULL;

	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		uint32_t pid;

		if (parse_u32(line, &pid) < 0 || pid > INT32_MAX) {
			errno = EBADMSG;
			return -1;
		}
		if (pid > 0)
			pids_add(arena, pids, (pid_t)pid);
	}
	return 0;
}

/* A group that goes away under our hands has no processes. */
static bool is_gone(int number)
{
	return number == ENOENT || number == ENODEV;
}

static int processes_of(struct arena *scratch, int directory, char **text, size_t *length)
{
	if (file_read_at(scratch, directory, "cgroup.procs", PIDS_TEXT_MAX, text, length) == 0)
		return 0;
	/* A threaded group lists threads only. */
	return errno == EOPNOTSUPP
		       ? file_read_at(scratch, directory, "cgroup.threads", PIDS_TEXT_MAX, text, length)
		       : -1;
}

static int threads_of(struct arena *scratch, int directory, char **text, size_t *length)
{
	if (file_read_at(scratch, directory, "cgroup.threads", PIDS_TEXT_MAX, text, length) == 0)
		return 0;
	/* v1 names it differently. */
	return errno == ENOENT ? file_read_at(scratch, directory, "tasks", PIDS_TEXT_MAX, text, length) : -1;
}

struct collection {
	struct arena *arena;
	struct pid_set *pids;
	bool threads;
};

static int collect(int directory, void *data)
{
	_cleanup_arena_ struct arena scratch = { 0 };
	struct collection *collection = data;
	size_t length;
	char *text;

	if ((collection->threads ? threads_of : processes_of)(&scratch, directory, &text, &length) < 0)
		return is_gone(errno) ? 0 : -1;
	return pids_parse(collection->arena, text, collection->pids);
}

static int collect_all(struct collection *collection, int directory, bool recursive)
{
	const struct group_visitor visitor = { .enter = collect, .data = collection };

	return recursive ? group_walk(directory, &visitor) : collect(directory, collection);
}

int pids_collect(struct arena *arena, int directory, bool recursive, struct pid_set *pids)
{
	return collect_all(&(struct collection){ .arena = arena, .pids = pids }, directory, recursive);
}

/* The group to look for processes in: every process is in all of them, so one is enough. */
static struct cgroup_group *processes_group(const struct cgroup *cgroup)
{
	struct cgroup_group *group = group_find(cgroup, "devices");

	for (size_t i = 0; !group && i < cgroup->count; i++)
		if (!cgroup->groups[i].dropped)
			group = &cgroup->groups[i];
	return group;
}

static int list(const struct cgroup *cgroup, bool recursive, struct collection *collection, struct error *error)
{
	struct cgroup_group *group = processes_group(cgroup);
	int directory;

	if (!group)
		return 0;
	directory = group_fd(group);
	if (directory < 0 && is_gone(errno))
		return 0;
	if (directory < 0 || collect_all(collection, directory, recursive) < 0)
		return error_set(error, errno, "read the processes of cgroup %s", group->directory);
	return 0;
}

int cgroup_pids(struct arena *arena, const struct cgroup *cgroup, bool recursive, pid_t **pids, size_t *count,
		struct error *error)
{
	struct pid_set set = { 0 };
	int result = list(cgroup, recursive, &(struct collection){ .arena = arena, .pids = &set }, error);

	*pids = set.items;
	*count = set.count;
	return result;
}

int cgroup_threads(struct arena *arena, const struct cgroup *cgroup, pid_t **threads, size_t *count,
		   struct error *error)
{
	struct pid_set set = { 0 };
	struct collection collection = { .arena = arena, .pids = &set, .threads = true };
	int result = list(cgroup, true, &collection, error);

	*threads = set.items;
	*count = set.count;
	return result;
}

/* How many could be signalled, or -1. */
static int signal_once(const struct cgroup *cgroup, int signal, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	int signalled = 0;
	size_t count;
	pid_t *pids;

	if (cgroup_pids(&arena, cgroup, true, &pids, &count, error) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (kill(pids[i], signal) == 0)
			signalled++;
		else if (errno != ESRCH)
			return error_set(error, errno, "send signal %d to process %d", signal, pids[i]);
	}
	return signalled;
}

static int thaw(int directory, void *data)
{
	(void)data;
	file_write_at(directory, "freezer.state", "THAWED");
	return 0;
}

/* The directory of the freezer's group that @pid is in, or -1. */
static int freezer_of_process(const struct cgroup_group *freezer, pid_t pid)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct cgroup_memberships memberships;
	const char *path;

	if (cgroup_memberships_read(&arena, AT_FDCWD, arena_printf(&arena, "/proc/%d/cgroup", pid),
				    &memberships) < 0)
		return -1;
	path = cgroup_memberships_path(&memberships, "freezer");
	return path ? cgroup_directory_open(arena_printf(&arena, "%s%s", freezer->mountpoint, path),
					    O_PATH | O_DIRECTORY)
		    : -1;
}

void cgroup_let_die(const struct cgroup *cgroup, pid_t pid)
{
	const struct group_visitor visitor = { .enter = thaw };
	struct cgroup_group *freezer = group_find_v1(cgroup, "freezer");
	_cleanup_fd_ int elsewhere = -1;

	if (!freezer || freezer->dropped)
		return;
	if (group_fd(freezer) >= 0)
		group_walk(group_fd(freezer), &visitor);
	if (pid > 0)
		elsewhere = freezer_of_process(freezer, pid);
	if (elsewhere >= 0)
		thaw(elsewhere, NULL);
}

/*
 * Frozen, no process can fork away while the list is gone through. Where there is no freezer, SIGKILL goes
 * round again until nobody new turns up.
 */
static int signal_each(const struct cgroup *cgroup, int signal, struct error *error)
{
	struct error freezing;
	bool was_frozen = cgroup_is_frozen(cgroup, NULL, &freezing) == 1;
	bool frozen = was_frozen || cgroup_freeze(cgroup, &freezing) == 0;
	int result;

	if (!frozen)
		log_debug("signalling without freezing: %s", freezing.text);
	result = signal_once(cgroup, signal, error);
	for (unsigned int round = 1; !frozen && signal == SIGKILL && result > 0 && round < KILL_ROUNDS; round++)
		result = signal_once(cgroup, signal, error);
	/* A frozen process cannot even die. */
	if (frozen && (!was_frozen || signal == SIGKILL) && cgroup_thaw(cgroup, &freezing) < 0 && result >= 0)
		return error_set(error, 0, "%s", freezing.text);
	if (result > 0 && signal == SIGKILL)
		cgroup_let_die(cgroup, 0);
	return result < 0 ? -1 : 0;
}

int cgroup_kill(const struct cgroup *cgroup, int signal, struct error *error)
{
	struct cgroup_group *group = group_find(cgroup, NULL);
	struct error thawing;
	int signalled;

	if (!processes_group(cgroup))
		return error_set(error, 0, "the container has no cgroup to find its processes in");
	if (cgroup->foreign)
		return 0;
	/* One write, and no process can fork away. */
	if (signal != SIGKILL || !group || strcmp(group->inner, "/") == 0 ||
	    group_try_write(group, "cgroup.kill", "1") < 0)
		return signal_each(cgroup, signal, error);
	if (cgroup->unified)
		return 0;
	/*
	 * What is in the v1 groups should be in the v2 group, too; make sure, and let what is frozen there die.
	 */
	signalled = signal_once(cgroup, signal, error);
	if (signalled < 0)
		return -1;
	if (group_find_v1(cgroup, "freezer") && cgroup_thaw(cgroup, &thawing) < 0)
		return error_set(error, 0, "%s", thawing.text);
	if (signalled > 0)
		cgroup_let_die(cgroup, 0);
	return 0;
}
