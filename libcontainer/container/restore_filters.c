/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRIU puts back the filters that its images have, and nothing tells which they are once it has: so they are looked at
 * there. Nobody else can change the images between this and CRIU's reading: see images_check_owner().
 */
#include "container/restore_filters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "container/saved_filters.h"
#include "criu/image.h"
#include "seccomp/proof.h"

#define TREE "pstree.img"
#define CORES_MAX ((size_t)256 * 1024 * 1024) /* bytes of all threads' images */
#define KINDS_MAX \
	4 /* proofs, which may take some seconds each where they were made for it: a container has one kind */

/* Some of a thread's filters, the oldest first. */
struct programs {
	const struct sock_fprog *items;
	size_t count;
};

struct check {
	struct arena *arena;
	int images;
	const struct filter_plan *plan;
	struct saved_filters filters;
	bool *is_taken; /* the chain that starts with it */
	struct programs planned;
	struct programs
		proven[KINDS_MAX]; /* that were not those planned: CRIU saves them again for each process */
	size_t proven_count;
	size_t fewest; /* filters that a thread was taken for */
	struct saved_core leader; /* of the process that is looked at */
	uint32_t *seen; /* processes, and threads of those that live */
	size_t seen_count;
	size_t cores_left;
	struct error *error;
};

static struct programs planned_programs(struct arena *arena, const struct seccomp_filters *filters)
{
	struct sock_fprog *items = ARENA_NEW_ARRAY(arena, struct sock_fprog, filters->count + 1);

	for (size_t i = 0; i < filters->count; i++)
		items[i] = (struct sock_fprog){ filters->items[i].count, filters->items[i].instructions };
	return (struct programs){ items, filters->count };
}

/* As many as are looked at: newer ones make no call succeed that these let fail. */
static struct programs chain(const struct check *check, uint32_t oldest)
{
	const size_t most = check->planned.count > check->plan->profile_count ? check->planned.count
									      : check->plan->profile_count;
	struct sock_fprog *items = ARENA_NEW_ARRAY(check->arena, struct sock_fprog, most);
	size_t count = 0;

	for (uint32_t next = oldest; next != SAVED_NO_FILTER && count < most;
	     next = check->filters.items[next].newer)
		items[count++] = check->filters.items[next].program;
	return (struct programs){ items, count };
}

/* Whether the oldest of @programs are @known. */
static bool begin_with(const struct programs *programs, const struct programs *known)
{
	if (programs->count < known->count)
		return false;
	for (size_t i = 0; i < known->count; i++) {
		const struct sock_fprog *one = &programs->items[i], *other = &known->items[i];

		if (one->len != other->len ||
		    memcmp(one->filter, other->filter, one->len * sizeof(*one->filter)) != 0)
			return false;
	}
	return true;
}

/* Those @programs begin with that are planned or proven, or NULL. */
static const struct programs *find_known(const struct check *check, const struct programs *programs)
{
	if (check->planned.count > 0 && begin_with(programs, &check->planned))
		return &check->planned;
	for (size_t i = 0; i < check->proven_count; i++)
		if (begin_with(programs, &check->proven[i]))
			return &check->proven[i];
	return NULL;
}

static int judge(const struct check *check, const char *name, const struct seccomp_proof *proof)
{
	if (proof->verdict != SECCOMP_AGREES && proof->verdict != SECCOMP_TIGHTER)
		return error_set(check->error, 0,
				 "linux.seccomp: %s: the filters of a process are not those planned: %s", name,
				 proof->difference.text);
	if (proof->gap)
		return error_set(check->error, 0,
				 "linux.seccomp: %s: the filters of a process are not those planned, and "
				 "cannot be proven to be as strict: %s; the version that saved them can "
				 "restore them",
				 name, proof->gap);
	return 0;
}

/* They are not those planned: whether they are as strict. *proven: as many of them as are enough. */
static int prove(struct check *check, const char *name, const struct programs *programs,
		 const struct programs **proven)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct sock_fprog *newest_first = ARENA_NEW_ARRAY(&arena, struct sock_fprog, programs->count + 1);
	struct seccomp_proof proof;
	size_t judged;

	if (check->proven_count == KINDS_MAX)
		return error_set(
			check->error, 0,
			"linux.seccomp: %s: the checkpoint has more kinds of filters than are looked at", name);
	for (size_t i = 0; i < programs->count; i++)
		newest_first[i] = programs->items[programs->count - 1 - i];
	if (seccomp_prove_oldest(&arena, check->plan->profiles, check->plan->profile_count, newest_first,
				 programs->count, &judged, &proof, check->error) < 0)
		return -1;
	if (judge(check, name, &proof) < 0)
		return -1;
	*proven = &check->proven[check->proven_count];
	check->proven[check->proven_count++] = (struct programs){ programs->items, judged };
	return 0;
}

static int check_chain(struct check *check, const char *name, uint32_t oldest)
{
	const struct programs *known;
	struct programs programs;

	if (oldest != SAVED_NO_FILTER && check->is_taken[oldest])
		return 0;
	programs = chain(check, oldest);
	known = find_known(check, &programs);
	if (!known && prove(check, name, &programs, &known) < 0)
		return -1;
	if (known->count < check->fewest)
		check->fewest = known->count;
	if (oldest != SAVED_NO_FILTER)
		check->is_taken[oldest] = true;
	return 0;
}

static bool is_shared(const struct check *check, const struct saved_core *core)
{
	return core->oldest != SAVED_NO_FILTER && check->filters.items[core->oldest].is_shared;
}

/* What is shared is the leader's, and the others have nothing beside it: see saved_filters.c. */
static bool goes_with_leader(const struct check *check, const struct saved_core *core)
{
	return !is_shared(check, core) &&
	       (core->oldest == SAVED_NO_FILTER || !is_shared(check, &check->leader));
}

static int check_thread(struct check *check, const struct saved_thread *thread)
{
	const bool is_leader = thread->number == thread->process;
	struct saved_core core;
	char name[32];

	/* What has ended has no threads, and CRIU looks at none. */
	if (!is_leader && !check->leader.lives)
		return 0;
	if (thread->number == 0 || thread->number > INT32_MAX)
		return criu_image_damaged(TREE, check->error);
	check->seen[check->seen_count++] = thread->number;
	snprintf(name, sizeof(name), "core-%u.img", thread->number);
	if (saved_core_read(check->images, name, &check->filters, &check->cores_left, &core, check->error) < 0)
		return -1;
	if (is_leader)
		check->leader = core;
	if (!core.lives)
		return is_leader ? 0 : criu_image_damaged(name, check->error);
	if (is_leader && !thread->is_first)
		return criu_image_damaged(TREE, check->error);
	if (!is_leader && !goes_with_leader(check, &core))
		return criu_image_damaged(name, check->error);
	if (!is_leader && is_shared(check, &check->leader))
		return 0;
	return check_chain(check, name, core.oldest);
}

static int compare_numbers(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left;
	uint32_t b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

static int check_threads(struct check *check, const struct saved_threads *threads)
{
	check->seen = ARENA_NEW_ARRAY(check->arena, uint32_t, threads->count + 1);
	for (size_t i = 0; i < threads->count; i++)
		if (check_thread(check, &threads->items[i]) < 0)
			return -1;
	qsort(check->seen, check->seen_count, sizeof(*check->seen), compare_numbers);
	for (size_t i = 1; i < check->seen_count; i++)
		if (check->seen[i] == check->seen[i - 1])
			return criu_image_damaged(TREE, check->error);
	return 0;
}

int restore_check_filters(int images, const struct filter_plan *plan, size_t *fewest, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct check *check;
	struct saved_threads threads;

	*fewest = 0;
	if (plan->profile_count == 0)
		return 0;
	check = ARENA_NEW(&arena, struct check);
	*check = (struct check){ &arena, images, plan, .cores_left = CORES_MAX, .error = error };
	check->planned = planned_programs(&arena, plan->filters);
	check->fewest = SIZE_MAX;
	if (saved_filters_read(&arena, images, &check->filters, error) < 0 ||
	    saved_threads_read(&arena, images, &threads, error) < 0)
		return -1;
	check->is_taken = ARENA_NEW_ARRAY(&arena, bool, check->filters.count + 1);
	if (check_threads(check, &threads) < 0)
		return -1;
	*fewest = check->fewest;
	return 0;
}
