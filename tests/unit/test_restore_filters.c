/* SPDX-License-Identifier: Apache-2.0 */
/* Filters in CRIU's images: written here as CRIU writes them, with and without what is planned. */
#include <fcntl.h>
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

struct fixture {
	struct arena arena;
	char path[64];
	int images;
	const struct oci_seccomp *profiles[2]; /* no mount, no bpf */
	struct seccomp_filter filters[3]; /* those, and one that allows all */
	struct strbuf saved; /* seccomp.img */
	struct strbuf threads; /* of the one process in pstree.img */
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

/* Adds a filter that was loaded after number @previous. */
static void save_filter(struct fixture *fixture, const struct seccomp_filter *filter, int previous)
{
	_cleanup_strbuf_ struct strbuf entry = { 0 };

	protobuf_put_bytes(&entry, 1, (const char *)filter->instructions,
			   filter->count * sizeof(*filter->instructions));
	if (previous != NO_FILTER)
		protobuf_put_number(&entry, 2, (uint64_t)previous);
	protobuf_put_message(&fixture->saved, 1, &entry);
	write_image(fixture, "seccomp.img", &fixture->saved);
}

static void save_in_tree(struct fixture *fixture, int thread)
{
	if (fixture->threads.length == 0)
		protobuf_put_number(&fixture->threads, 1, (uint64_t)thread);
	protobuf_put_number(&fixture->threads, 5, (uint64_t)thread);
	write_image(fixture, "pstree.img", &fixture->threads);
}

/* A thread whose newest filter is number @filter. */
static void save_thread(struct fixture *fixture, int thread, int filter)
{
	_cleanup_strbuf_ struct strbuf entry = { 0 }, core = { 0 };

	protobuf_put_number(&entry, 1, 0);
	if (filter != NO_FILTER)
		protobuf_put_number(&entry, 12, (uint64_t)filter);
	protobuf_put_number(&core, 1, 1);
	protobuf_put_message(&core, 5, &entry);
	write_image(fixture, arena_printf(&fixture->arena, "core-%d.img", thread), &core);
	save_in_tree(fixture, thread);
}

static int check(struct fixture *fixture, size_t profiles, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };

	return restore_check_filters(&arena, fixture->images, fixture->profiles, profiles, error);
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

static void what_is_planned_is_taken(void **state)
{
	struct fixture *fixture = *state;

	save_filter(fixture, &fixture->filters[0], NO_FILTER);
	save_filter(fixture, &fixture->filters[1], 0);
	save_filter(fixture, &fixture->filters[2], 1); /* the program's own */
	save_thread(fixture, 1, 1);
	save_thread(fixture, 7, 2);
	assert_taken(fixture, 2);
}

static void a_missing_filter_is_seen_in_each_thread(void **state)
{
	struct fixture *fixture = *state;

	save_filter(fixture, &fixture->filters[0], NO_FILTER);
	save_filter(fixture, &fixture->filters[1], 0);
	save_thread(fixture, 1, 1);
	save_thread(fixture, 7, 0);
	assert_taken(fixture, 1);
	assert_refused(fixture, 2, "linux.seccomp: core-7.img");
	assert_refused(fixture, 2, "bpf: planned errno 1, found allow");
}

static void a_filter_that_allows_more_does_not_count(void **state)
{
	struct fixture *fixture = *state;

	save_filter(fixture, &fixture->filters[2], NO_FILTER);
	save_filter(fixture, &fixture->filters[2], 0);
	save_thread(fixture, 1, 1);
	assert_refused(fixture, 2, "mount: planned errno 1, found allow");
}

static void a_thread_without_filters_is_refused(void **state)
{
	struct fixture *fixture = *state;

	save_filter(fixture, &fixture->filters[0], NO_FILTER);
	save_thread(fixture, 1, 0);
	save_thread(fixture, 2, NO_FILTER);
	assert_refused(fixture, 1, "linux.seccomp: core-2.img");
	assert_taken(fixture, 0);
}

static void what_has_ended_has_none(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_strbuf_ struct strbuf core = { 0 };

	save_filter(fixture, &fixture->filters[0], NO_FILTER);
	save_thread(fixture, 1, 0);
	protobuf_put_number(&core, 1, 1);
	write_image(fixture, "core-3.img", &core);
	save_in_tree(fixture, 3);
	assert_taken(fixture, 1);
}

/* Of an older checkpoint in the same directory, which CRIU does not read. */
static void what_is_not_in_the_tree_does_not_count(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_strbuf_ struct strbuf other = { 0 };

	save_filter(fixture, &fixture->filters[0], NO_FILTER);
	save_thread(fixture, 1, 0);
	assert_taken(fixture, 1);
	strbuf_puts(&other, "whatever");
	write_image(fixture, "core-4.img", &other);
	assert_taken(fixture, 1);
}

static void damaged_images_are_refused(void **state)
{
	struct fixture *fixture = *state;
	static const char *const texts[] = { "", "short", "twelve bytes and no magic number at all" };

	save_filter(fixture, &fixture->filters[0], NO_FILTER);
	save_thread(fixture, 1, 4);
	assert_refused(fixture, 1, "core-1.img: not as criu writes it");
	save_thread(fixture, 1, 0);
	assert_taken(fixture, 1);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(file_write_atomic_at(fixture->images, "seccomp.img", texts[i],
						      strlen(texts[i]), 0600),
				 0);
		assert_refused(fixture, 1, "seccomp.img: not as criu writes it");
	}
	fixture->saved.length = 0;
	save_filter(fixture, &fixture->filters[0], NO_FILTER);
	assert_taken(fixture, 1);
	save_in_tree(fixture, 8);
	assert_refused(fixture, 1, "core-8.img: not as criu writes it");
	assert_int_equal(unlinkat(fixture->images, "pstree.img", 0), 0);
	assert_refused(fixture, 1, "read the image pstree.img");
	/* a chain that goes round in circles, and one from nowhere */
	fixture->saved.length = 0;
	save_filter(fixture, &fixture->filters[0], 0);
	assert_refused(fixture, 1, "seccomp.img: not as criu writes it");
	fixture->saved.length = 0;
	save_filter(fixture, &fixture->filters[0], 9);
	assert_refused(fixture, 1, "seccomp.img: not as criu writes it");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_planned_is_taken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_missing_filter_is_seen_in_each_thread, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_filter_that_allows_more_does_not_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_thread_without_filters_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_has_ended_has_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_in_the_tree_does_not_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damaged_images_are_refused, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
