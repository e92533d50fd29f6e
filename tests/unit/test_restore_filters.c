/* SPDX-License-Identifier: Apache-2.0 */
/* Filters in CRIU's images: written here as CRIU writes them, with and without what is planned. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "container/restore_filters.h"
#include "criu/protobuf.h"
#include "directories.h"
#include "profiles.h"
#include "seccomp/seccomp.h"

#define NO_FILTER (-1)
#define TSYNC SECCOMP_FILTER_FLAG_TSYNC

struct fixture {
	struct arena arena;
	char path[64];
	int images;
	const struct oci_seccomp *profiles[2]; /* no mount, no bpf */
	struct seccomp_filter filters[3]; /* those, and one that allows all */
	struct strbuf saved; /* seccomp.img */
	int saved_count;
	struct strbuf threads; /* of the one process in pstree.img */
	size_t fewest;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	snprintf(fixture->path, sizeof(fixture->path), "%s/images-XXXXXX", P_tmpdir);
	assert_non_null(mkdtemp(fixture->path));
	fixture->images = open(fixture->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fixture->images >= 0);
	fixture->profiles[0] =
		profile_parse(&fixture->arena, "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":"
					       "[\"mount\"],\"action\":\"SCMP_ACT_ERRNO\"}]}");
	fixture->profiles[1] =
		profile_parse(&fixture->arena, "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":"
					       "[\"bpf\"],\"action\":\"SCMP_ACT_ERRNO\"}]}");
	fixture->filters[0] = profile_compile(&fixture->arena, fixture->profiles[0]);
	fixture->filters[1] = profile_compile(&fixture->arena, fixture->profiles[1]);
	fixture->filters[2] = profile_compile(
		&fixture->arena, profile_parse(&fixture->arena, "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}"));
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	close(fixture->images);
	remove_directory(fixture->path);
	strbuf_release(&fixture->saved);
	strbuf_release(&fixture->threads);
	arena_release(&fixture->arena);
	free(fixture);
	return 0;
}

static void write_image(const struct fixture *fixture, const char *name, const struct strbuf *message)
{
	_cleanup_strbuf_ struct strbuf image = { 0 };
	const uint32_t header[3] = { 0x54564319U, 0x64413049U, (uint32_t)message->length };

	strbuf_add(&image, (const char *)header, sizeof(header));
	strbuf_add(&image, strbuf_text(message), message->length);
	assert_int_equal(file_write_atomic_at(fixture->images, name, image.text, image.length, 0600), 0);
}

/* Adds a filter, after which CRIU loads number @newer. */
static int add_filter(struct fixture *fixture, const struct seccomp_filter *filter, int newer, unsigned flags)
{
	_cleanup_strbuf_ struct strbuf entry = { 0 };

	protobuf_put_bytes(&entry, 1, (const char *)filter->instructions,
			   filter->count * sizeof(*filter->instructions));
	if (newer != NO_FILTER)
		protobuf_put_number(&entry, 2, (uint64_t)newer);
	protobuf_put_number(&entry, 3, flags);
	protobuf_put_message(&fixture->saved, 1, &entry);
	return fixture->saved_count++;
}

static int save_filter(struct fixture *fixture, const struct seccomp_filter *filter, int newer, unsigned flags)
{
	int number = add_filter(fixture, filter, newer, flags);

	write_image(fixture, "seccomp.img", &fixture->saved);
	return number;
}

static void forget_filters(struct fixture *fixture)
{
	fixture->saved.length = 0;
	fixture->saved_count = 0;
}

/* Of the fixture's filters those with the numbers in @loaded, the oldest first. Returns the number of the oldest. */
static int save_chain(struct fixture *fixture, const char *loaded, unsigned flags)
{
	int newer = NO_FILTER;

	for (size_t i = strlen(loaded); i > 0; i--)
		newer = save_filter(fixture, &fixture->filters[loaded[i - 1] - '0'], newer, flags);
	return newer;
}

static void save_in_tree(struct fixture *fixture, uint64_t thread)
{
	if (fixture->threads.length == 0)
		protobuf_put_number(&fixture->threads, 1, thread);
	protobuf_put_number(&fixture->threads, 5, thread);
	write_image(fixture, "pstree.img", &fixture->threads);
}

/* core-NUMBER.img of @task and @thread, which may be NULL. */
static void save_core(struct fixture *fixture, int number, const struct strbuf *task,
		      const struct strbuf *thread)
{
	_cleanup_strbuf_ struct strbuf core = { 0 };

	protobuf_put_number(&core, 1, 1);
	if (task)
		protobuf_put_message(&core, 3, task);
	if (thread)
		protobuf_put_message(&core, 5, thread);
	write_image(fixture, arena_printf(&fixture->arena, "core-%d.img", number), &core);
}

static void put_filter(struct strbuf *thread, uint64_t mode, uint64_t filter)
{
	protobuf_put_number(thread, 11, mode);
	protobuf_put_number(thread, 12, filter);
}

/* A thread whose oldest filter is number @filter. */
static void save_thread(struct fixture *fixture, int number, int filter)
{
	_cleanup_strbuf_ struct strbuf thread = { 0 };

	protobuf_put_number(&thread, 1, 0);
	if (filter != NO_FILTER)
		put_filter(&thread, 2, (uint64_t)filter);
	save_core(fixture, number, NULL, &thread);
}

static void add_thread(struct fixture *fixture, int number, int filter)
{
	save_thread(fixture, number, filter);
	save_in_tree(fixture, (uint64_t)number);
}

static int check(struct fixture *fixture, size_t profiles, struct error *error)
{
	const struct seccomp_filters filters = { fixture->filters, profiles };
	const struct filter_plan plan = { fixture->profiles, profiles, &filters };

	return restore_check_filters(fixture->images, &plan, &fixture->fewest, error);
}

static void assert_taken(struct fixture *fixture, size_t profiles)
{
	struct error error = { 0 };

	if (check(fixture, profiles, &error) < 0)
		fail_msg("%s", error.text);
}

static void assert_refused(struct fixture *fixture, size_t profiles, const char *expected)
{
	struct error error = { 0 };

	assert_int_equal(check(fixture, profiles, &error), -1);
	if (!strstr(error.text, expected))
		fail_msg("\"%s\" does not say \"%s\"", error.text, expected);
}

/* what CRIU writes --------------------------------------------------------------------------------------- */

static void what_is_planned_is_taken(void **state)
{
	struct fixture *fixture = *state;

	add_thread(fixture, 1, save_chain(fixture, "01", 0));
	add_thread(fixture, 7, save_chain(fixture, "012", 0)); /* and the program's own */
	assert_taken(fixture, 2);
}

static void a_missing_filter_is_seen_in_each_thread(void **state)
{
	struct fixture *fixture = *state;

	add_thread(fixture, 1, save_chain(fixture, "01", 0));
	add_thread(fixture, 7, save_chain(fixture, "0", 0));
	assert_taken(fixture, 1);
	assert_refused(fixture, 2, "linux.seccomp: core-7.img");
	assert_refused(fixture, 2, "bpf: planned errno 1, found allow");
}

static void a_filter_that_allows_more_does_not_count(void **state)
{
	struct fixture *fixture = *state;

	add_thread(fixture, 1, save_chain(fixture, "22", 0));
	assert_refused(fixture, 2, "mount: planned errno 1, found allow");
	/* More than are planned were not loaded by the runtime: only the oldest count. */
	forget_filters(fixture);
	save_thread(fixture, 1, save_chain(fixture, "220", 0));
	assert_refused(fixture, 1, "mount: planned errno 1, found allow");
}

static void a_thread_without_filters_is_refused(void **state)
{
	struct fixture *fixture = *state;

	add_thread(fixture, 1, save_chain(fixture, "0", 0));
	add_thread(fixture, 2, NO_FILTER);
	assert_refused(fixture, 1, "linux.seccomp: core-2.img");
	assert_taken(fixture, 0);
}

static void a_thread_gets_the_filters_of_its_leader(void **state)
{
	struct fixture *fixture = *state;

	add_thread(fixture, 1, save_chain(fixture, "012", TSYNC));
	add_thread(fixture, 2, NO_FILTER);
	assert_taken(fixture, 2);
	/* Its leader's, not another process's. */
	forget_filters(fixture);
	save_thread(fixture, 1, save_chain(fixture, "01", TSYNC));
	assert_taken(fixture, 2);
	fixture->threads.length = 0;
	save_in_tree(fixture, 2);
	assert_refused(fixture, 2, "linux.seccomp: core-2.img");
}

/*
 * CRIU gives filters to all threads at once, or to each its own, and goes on where the kernel does not load one for all, as a
 * thread has another: the leader would have its last one only, that lets all through.
 */
static void what_is_shared_is_not_mixed(void **state)
{
	struct fixture *fixture = *state;
	int own, all;

	add_thread(fixture, 1, NO_FILTER);
	add_thread(fixture, 2, NO_FILTER);
	for (int i = 0; i < 2; i++) {
		/* One of the leader's, the newest or the oldest. */
		forget_filters(fixture);
		save_filter(fixture, &fixture->filters[2], NO_FILTER, i ? TSYNC : 0);
		save_thread(fixture, 1, save_filter(fixture, &fixture->filters[0], 0, i ? 0 : TSYNC));
		save_thread(fixture, 2, save_chain(fixture, "0", 0));
		assert_refused(fixture, 1, "seccomp.img: not as criu writes it");
	}
	forget_filters(fixture);
	all = save_chain(fixture, "02", TSYNC);
	own = save_chain(fixture, "0", 0);
	save_thread(fixture, 1, all);
	save_thread(fixture, 2, own);
	assert_refused(fixture, 1, "core-2.img: not as criu writes it");
	save_thread(fixture, 2, all);
	assert_refused(fixture, 1, "core-2.img: not as criu writes it");
	/* Another's than the leader's. */
	save_thread(fixture, 1, own);
	assert_refused(fixture, 1, "core-2.img: not as criu writes it");
	save_thread(fixture, 2, own);
	assert_taken(fixture, 1);
	save_thread(fixture, 1, all);
	save_thread(fixture, 2, NO_FILTER);
	assert_taken(fixture, 1);
}

static void many_processes_have_their_filters_each(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 2000; i++)
		add_filter(fixture, &fixture->filters[i % 3], NO_FILTER, 0);
	add_thread(fixture, 1, save_chain(fixture, "01", 0));
	assert_taken(fixture, 2);
	assert_int_equal(fixture->fewest, 2);
}

static void what_has_ended_has_none(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_strbuf_ struct strbuf ended = { 0 }, lives = { 0 };

	protobuf_put_number(&ended, 1, 2);
	protobuf_put_number(&lives, 1, 1);
	add_thread(fixture, 1, save_chain(fixture, "0", TSYNC));
	save_core(fixture, 3, &ended, NULL);
	/* A thread has to live if its process does. */
	save_in_tree(fixture, 3);
	assert_refused(fixture, 1, "core-3.img: not as criu writes it");
	/* Of a process that has ended CRIU writes any number for a thread. */
	fixture->threads.length = 0;
	save_in_tree(fixture, 3);
	protobuf_put_number(&fixture->threads, 5, UINT32_C(0x87654321));
	protobuf_put_number(&fixture->threads, 5, 0);
	write_image(fixture, "pstree.img", &fixture->threads);
	assert_taken(fixture, 1);
	/* It says of itself that it has. */
	save_core(fixture, 3, &lives, NULL);
	assert_refused(fixture, 1, "core-3.img: not as criu writes it");
	save_core(fixture, 3, NULL, NULL);
	assert_refused(fixture, 1, "core-3.img: not as criu writes it");
}

/* what somebody else wrote ------------------------------------------------------------------------------- */

/* What older versions of CRIU wrote for the task, a newer one takes instead of the leader's own. */
static void filters_of_the_task_are_refused(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_strbuf_ struct strbuf mode = { 0 }, filter = { 0 }, thread = { 0 }, other = { 0 };

	add_thread(fixture, 1, save_chain(fixture, "0", 0));
	put_filter(&thread, 2, 0);
	protobuf_put_number(&other, 1, 1);
	save_core(fixture, 1, &other, &thread);
	assert_taken(fixture, 1);
	protobuf_put_number(&mode, 11, 0);
	save_core(fixture, 1, &mode, &thread);
	assert_refused(fixture, 1, "core-1.img: not as criu writes it");
	protobuf_put_number(&filter, 12, 0);
	save_core(fixture, 1, &filter, &thread);
	assert_refused(fixture, 1, "core-1.img: not as criu writes it");
}

static void a_filter_counts_with_its_mode_only(void **state)
{
	static const struct {
		uint64_t mode, filter;
	} wrong[] = {
		{ 0, 0 }, { 1, 0 }, { 3, 0 }, { UINT64_C(0x100000002), 0 }, { 2, UINT64_C(0x100000000) }
	};
	struct fixture *fixture = *state;
	_cleanup_strbuf_ struct strbuf one = { 0 }, twice = { 0 }, bytes = { 0 };

	add_thread(fixture, 1, save_chain(fixture, "0", 0));
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		one.length = 0;
		put_filter(&one, wrong[i].mode, wrong[i].filter);
		save_core(fixture, 1, NULL, &one);
		assert_refused(fixture, 1, "core-1.img: not as criu writes it");
	}
	one.length = 0;
	protobuf_put_number(&one, 11, 2);
	save_core(fixture, 1, NULL, &one);
	assert_refused(fixture, 1, "core-1.img: not as criu writes it");
	protobuf_put_bytes(&one, 12, "\0", 1);
	save_core(fixture, 1, NULL, &one);
	assert_refused(fixture, 1, "core-1.img: not as criu writes it");
	put_filter(&twice, 2, 0);
	put_filter(&twice, 2, 0);
	save_core(fixture, 1, NULL, &twice);
	assert_refused(fixture, 1, "core-1.img: not as criu writes it");
	save_thread(fixture, 1, 0);
	assert_taken(fixture, 1);
}

static void numbers_are_those_that_criu_reads(void **state)
{
	static const uint64_t wrong[] = { 0, UINT64_C(0x80000000), UINT64_C(0x100000001), UINT64_MAX };
	struct fixture *fixture = *state;

	add_thread(fixture, 1, save_chain(fixture, "0", 0));
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		fixture->threads.length = 0;
		save_in_tree(fixture, wrong[i]);
		assert_refused(fixture, 1, "pstree.img: not as criu writes it");
		fixture->threads.length = 0;
		save_in_tree(fixture, 1);
		save_in_tree(fixture, wrong[i]);
		assert_refused(fixture, 1, "pstree.img: not as criu writes it");
	}
	/* As fixed32, and packed. */
	fixture->threads.length = 0;
	save_in_tree(fixture, 1);
	strbuf_add(&fixture->threads, "\x2d\2\0\0\0", 5);
	write_image(fixture, "pstree.img", &fixture->threads);
	assert_refused(fixture, 1, "pstree.img: not as criu writes it");
	fixture->threads.length = 0;
	save_in_tree(fixture, 1);
	protobuf_put_bytes(&fixture->threads, 5, "\2", 1);
	write_image(fixture, "pstree.img", &fixture->threads);
	assert_refused(fixture, 1, "pstree.img: not as criu writes it");
}

static void no_thread_comes_twice(void **state)
{
	struct fixture *fixture = *state;

	add_thread(fixture, 1, save_chain(fixture, "0", 0));
	add_thread(fixture, 2, 0);
	assert_taken(fixture, 1);
	save_in_tree(fixture, 2);
	assert_refused(fixture, 1, "pstree.img: not as criu writes it");
	fixture->threads.length = 0;
	save_in_tree(fixture, 1);
	save_in_tree(fixture, 1);
	assert_refused(fixture, 1, "pstree.img: not as criu writes it");
}

/* CRIU takes the first one for the leader. */
static void the_leader_is_the_first_thread(void **state)
{
	struct fixture *fixture = *state;

	add_thread(fixture, 1, save_chain(fixture, "0", 0));
	save_thread(fixture, 2, 0);
	fixture->threads.length = 0;
	protobuf_put_number(&fixture->threads, 1, 1);
	write_image(fixture, "pstree.img", &fixture->threads);
	assert_refused(fixture, 1, "pstree.img: not as criu writes it");
	save_in_tree(fixture, 2);
	assert_refused(fixture, 1, "pstree.img: not as criu writes it");
	save_in_tree(fixture, 1);
	assert_refused(fixture, 1, "pstree.img: not as criu writes it");
}

/* The planned program, in which @end decides instead of the error of mount(2): one thread has only that. */
static void save_changed(struct fixture *fixture, const struct sock_filter *end, size_t count)
{
	const struct seccomp_filter *planned = &fixture->filters[0];
	struct seccomp_filter changed = *planned;
	size_t at = 0;

	changed.count = (unsigned short)(planned->count + count);
	changed.instructions = ARENA_NEW_ARRAY(&fixture->arena, struct sock_filter, changed.count);
	memcpy(changed.instructions, planned->instructions, planned->count * sizeof(*end));
	memcpy(changed.instructions + planned->count, end, count * sizeof(*end));
	while (changed.instructions[at].k != (SECCOMP_RET_ERRNO | EPERM))
		assert_true(++at < planned->count);
	changed.instructions[at] =
		(struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (unsigned int)(planned->count - at - 1));
	forget_filters(fixture);
	save_thread(fixture, 1, save_filter(fixture, &changed, NO_FILTER, 0));
}

#define LOAD(word) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (word)*4)
#define EQUAL(constant, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, constant, then, otherwise)
#define BIT(constant, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, constant, then, otherwise)
#define FAIL BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void another_program_has_to_be_proven(void **state)
{
	/* Of no other meaning: whoever calls mount(2) gets the same error. */
	static const struct sock_filter same[] = { LOAD(4), EQUAL(7, 0, 0), FAIL };
	static const struct sock_filter masked[] = { LOAD(4), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
						     EQUAL(0x30, 0, 0), FAIL };
	static const struct sock_filter opens[] = { LOAD(4), EQUAL(7, 0, 1), ALLOW, FAIL };
	static const struct sock_filter multiplies[] = { LOAD(14),
							 BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, 0x9e3779b1),
							 EQUAL(0x1234567, 0, 1), ALLOW, FAIL };
	static const struct sock_filter keeps[] = { LOAD(14), BPF_STMT(BPF_ST, 0),
						    BPF_STMT(BPF_LD | BPF_MEM, 0), FAIL };
	/* 0x1234 in one half and 0x5678 in the other: no value that was taken from either has both. */
	static const struct sock_filter two_masks[] = { LOAD(4),
							BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xffff),
							EQUAL(0x1234, 0, 4),
							LOAD(4),
							BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xffff0000),
							EQUAL(0x56780000, 0, 1),
							ALLOW,
							FAIL };
	static const struct sock_filter bits[] = {
		LOAD(4), BIT(0x10, 0, 4), BIT(0x200, 0, 3), BIT(0x4000, 2, 0), BIT(0x80000, 1, 0), ALLOW, FAIL
	};
	static const struct sock_filter part_above[] = { LOAD(4), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff00),
							 BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 0x1234, 0, 0),
							 FAIL };
	struct fixture *fixture = *state;

	add_thread(fixture, 1, NO_FILTER);
	save_changed(fixture, same, ARRAY_SIZE(same));
	assert_taken(fixture, 1);
	save_changed(fixture, masked, ARRAY_SIZE(masked));
	assert_taken(fixture, 1);
	save_changed(fixture, opens, ARRAY_SIZE(opens));
	assert_refused(fixture, 1, "mount(0x7): planned errno 1, found allow");
	save_changed(fixture, multiplies, ARRAY_SIZE(multiplies));
	assert_refused(fixture, 1, "a filter calculates; the version that saved them");
	save_changed(fixture, keeps, ARRAY_SIZE(keeps));
	assert_refused(fixture, 1, "a filter calculates");
	save_changed(fixture, two_masks, ARRAY_SIZE(two_masks));
	assert_refused(fixture, 1, "different bits of the same argument");
	save_changed(fixture, bits, ARRAY_SIZE(bits));
	assert_refused(fixture, 1, "different bits of the same argument");
	save_changed(fixture, part_above, ARRAY_SIZE(part_above));
	assert_refused(fixture, 1, "compared in a way that cannot be followed");
}

/* All twelve words of the arguments have to be right: that is more than can be tried. */
static void a_sample_is_no_proof(void **state)
{
	struct sock_filter end[26];
	struct fixture *fixture = *state;

	for (unsigned int word = 0; word < 12; word++) {
		end[2 * word] = (struct sock_filter)LOAD(4 + word);
		end[2 * word + 1] =
			(struct sock_filter)EQUAL(0x1000 + 77 * word, 0, (unsigned char)(25 - 2 * word - 2));
	}
	end[24] = (struct sock_filter)ALLOW;
	end[25] = (struct sock_filter)FAIL;
	add_thread(fixture, 1, NO_FILTER);
	save_changed(fixture, end, ARRAY_SIZE(end));
	assert_refused(fixture, 1, "more combinations of arguments than can be tried");
}

/* It is 0 in front of the first load, and not what was loaded on another way to the same comparison. */
static void what_was_not_loaded_is_not_known(void **state)
{
	static const struct sock_filter begin[] = {
		EQUAL(0, 1, 0), /* always */
		LOAD(0),	EQUAL(165, 3, 0), /* 0, and not the number */
		LOAD(4),	EQUAL(0x777777, 0, 1), ALLOW,
	};
	struct fixture *fixture = *state;
	const struct seccomp_filter *planned = &fixture->filters[0];
	struct seccomp_filter changed = *planned;

	changed.count = (unsigned short)(planned->count + ARRAY_SIZE(begin));
	changed.instructions = ARENA_NEW_ARRAY(&fixture->arena, struct sock_filter, changed.count);
	memcpy(changed.instructions, begin, sizeof(begin));
	memcpy(changed.instructions + ARRAY_SIZE(begin), planned->instructions,
	       planned->count * sizeof(*begin));
	add_thread(fixture, 1, save_filter(fixture, &changed, NO_FILTER, 0));
	assert_refused(fixture, 1, "mount(0x777777): planned errno 1, found allow");
}

/* Of an older checkpoint in the same directory, which CRIU does not read. */
static void what_is_not_in_the_tree_does_not_count(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_strbuf_ struct strbuf other = { 0 };

	add_thread(fixture, 1, save_chain(fixture, "0", 0));
	assert_taken(fixture, 1);
	strbuf_puts(&other, "whatever");
	write_image(fixture, "core-4.img", &other);
	assert_taken(fixture, 1);
}

static void damaged_images_are_refused(void **state)
{
	struct fixture *fixture = *state;
	static const char *const texts[] = { "", "short", "twelve bytes and no magic number at all" };

	save_chain(fixture, "0", 0);
	add_thread(fixture, 1, 4);
	assert_refused(fixture, 1, "core-1.img: not as criu writes it");
	save_thread(fixture, 1, 0);
	assert_taken(fixture, 1);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(file_write_atomic_at(fixture->images, "seccomp.img", texts[i],
						      strlen(texts[i]), 0600),
				 0);
		assert_refused(fixture, 1, "seccomp.img: not as criu writes it");
	}
	forget_filters(fixture);
	save_chain(fixture, "0", 0);
	assert_taken(fixture, 1);
	save_in_tree(fixture, 8);
	assert_refused(fixture, 1, "core-8.img: not as criu writes it");
	assert_int_equal(unlinkat(fixture->images, "pstree.img", 0), 0);
	assert_refused(fixture, 1, "read the image pstree.img");
	/* a chain that goes round in circles, one from nowhere, and a flag that CRIU does not write */
	forget_filters(fixture);
	save_filter(fixture, &fixture->filters[0], 0, 0);
	assert_refused(fixture, 1, "seccomp.img: not as criu writes it");
	forget_filters(fixture);
	save_filter(fixture, &fixture->filters[0], 9, 0);
	assert_refused(fixture, 1, "seccomp.img: not as criu writes it");
	forget_filters(fixture);
	save_filter(fixture, &fixture->filters[0], NO_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	assert_refused(fixture, 1, "seccomp.img: not as criu writes it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_planned_is_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_missing_filter_is_seen_in_each_thread, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_filter_that_allows_more_does_not_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_thread_without_filters_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_thread_gets_the_filters_of_its_leader, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_shared_is_not_mixed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(many_processes_have_their_filters_each, set_up, tear_down),
		cmocka_unit_test_setup_teardown(filters_of_the_task_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_filter_counts_with_its_mode_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(numbers_are_those_that_criu_reads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_thread_comes_twice, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_leader_is_the_first_thread, set_up, tear_down),
		cmocka_unit_test_setup_teardown(another_program_has_to_be_proven, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_sample_is_no_proof, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_not_loaded_is_not_known, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_has_ended_has_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_in_the_tree_does_not_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damaged_images_are_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
