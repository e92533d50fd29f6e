/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled filters on disk: found again by content, and not trusted where someone else could have written. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "profiles.h"
#include "seccomp/profile.h"
#include "skips.h"

#define NOBODY 65534

static const char profile_text[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":["
				   "{\"names\":[\"read\",\"write\",\"mseal\"],\"action\":\"SCMP_ACT_ALLOW\"},"
				   "{\"names\":[\"personality\"],\"action\":\"SCMP_ACT_ALLOW\","
				   "\"args\":[{\"index\":0,\"value\":8,\"op\":\"SCMP_CMP_EQ\"}]}]}";

struct fixture {
	struct arena arena;
	char path[64];
	int cache;
	struct oci_seccomp *profile;
	struct seccomp_filter compiled; /* without the cache */
	char entry[256]; /* the name of the one file, once it is there */
};

static struct seccomp_filter compile(struct fixture *fixture, const struct oci_seccomp *profile, int cache)
{
	struct seccomp_filter filter;
	struct error error;

	if (seccomp_compile(&fixture->arena, profile, cache, &filter, &error) < 0)
		fail_msg("%s", error.text);
	return filter;
}

static bool in_cache(struct fixture *fixture, const struct oci_seccomp *profile)
{
	_cleanup_strbuf_ struct strbuf key = { 0 };
	struct seccomp_filter filter = { .load_flags = fixture->compiled.load_flags };

	seccomp_cache_key(&key, profile);
	return seccomp_cache_read(&fixture->arena, fixture->cache, &key, &filter);
}

static void assert_same(const struct seccomp_filter *a, const struct seccomp_filter *b)
{
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->load_flags, b->load_flags);
	assert_int_equal(a->has_listener, b->has_listener);
	assert_memory_equal(a->instructions, b->instructions, a->count * sizeof(*a->instructions));
}

/* The number of files; the last one's name goes into the fixture. */
static size_t count_files(struct fixture *fixture)
{
	_cleanup_dir_ DIR *directory = opendir(fixture->path);
	struct dirent *entry;
	size_t count = 0;

	assert_non_null(directory);
	while ((entry = readdir(directory)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
			snprintf(fixture->entry, sizeof(fixture->entry), "%s", entry->d_name);
			count++;
		}
	return count;
}

static int make_cache(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	snprintf(fixture->path, sizeof(fixture->path), "%s/seccomp-cache-XXXXXX", P_tmpdir);
	assert_non_null(mkdtemp(fixture->path));
	fixture->cache = open(fixture->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fixture->cache >= 0);
	fixture->profile = profile_parse(&fixture->arena, profile_text);
	fixture->compiled = compile(fixture, fixture->profile, -1);
	*state = fixture;
	return 0;
}

static int remove_cache(void **state)
{
	struct fixture *fixture = *state;

	(void)!fchown(fixture->cache, geteuid(), (gid_t)-1);
	(void)fchmod(fixture->cache, S_IRWXU);
	while (count_files(fixture) > 0)
		if (unlinkat(fixture->cache, fixture->entry, 0) < 0)
			assert_int_equal(unlinkat(fixture->cache, fixture->entry, AT_REMOVEDIR), 0);
	close(fixture->cache);
	assert_int_equal(rmdir(fixture->path), 0);
	arena_release(&fixture->arena);
	free(fixture);
	return 0;
}

/* Compiles into the cache, so that there is one entry. */
static void fill(struct fixture *fixture)
{
	struct seccomp_filter filter = compile(fixture, fixture->profile, fixture->cache);

	assert_same(&filter, &fixture->compiled);
	assert_int_equal(count_files(fixture), 1);
	assert_true(in_cache(fixture, fixture->profile));
}

static void rewrite(struct fixture *fixture, const void *bytes, size_t length)
{
	assert_int_equal(file_write_atomic_at(fixture->cache, fixture->entry, bytes, length, S_IRUSR | S_IWUSR),
			 0);
}

static char *slurp(struct fixture *fixture, size_t *length)
{
	char *bytes;

	assert_int_equal(file_read_at(&fixture->arena, fixture->cache, fixture->entry, FILE_SIZE_MAX, &bytes,
				      length),
			 0);
	return bytes;
}

static void what_was_compiled_is_found_again(void **state)
{
	struct fixture *fixture = *state;
	struct seccomp_filter filter;
	struct stat status;

	assert_false(in_cache(fixture, fixture->profile));
	fill(fixture);
	assert_int_equal(fstatat(fixture->cache, fixture->entry, &status, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(status.st_mode));
	assert_int_equal(status.st_mode & 07777, 0600);
	filter = compile(fixture, fixture->profile, fixture->cache);
	assert_same(&filter, &fixture->compiled);
	assert_int_equal(count_files(fixture), 1);
}

#define KILL "{\"defaultAction\":\"SCMP_ACT_KILL\""
#define ERRNO "{\"defaultAction\":\"SCMP_ACT_ERRNO\""
#define READ "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\""

static void every_member_counts(void **state)
{
	static const char *const others[] = {
		KILL ",\"syscalls\":[" READ "}]}",
		ERRNO ",\"syscalls\":[" READ "}]}",
		ERRNO ",\"defaultErrnoRet\":2,\"syscalls\":[" READ "}]}",
		ERRNO ",\"architectures\":[\"SCMP_ARCH_X86\"],\"syscalls\":[" READ "}]}",
		ERRNO ",\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"syscalls\":[" READ "}]}",
		ERRNO ",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_LOG\"}]}",
		ERRNO ",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":2}]}",
		ERRNO ",\"syscalls\":[" READ ",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}",
		ERRNO ",\"syscalls\":[" READ ",\"args\":[{\"index\":1,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}",
		ERRNO ",\"syscalls\":[" READ ",\"args\":[{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]}]}",
		ERRNO ",\"syscalls\":[" READ
		      ",\"args\":[{\"index\":0,\"value\":1,\"valueTwo\":1,\"op\":\"SCMP_CMP_MASKED_EQ\"}]}]}",
		ERRNO ",\"syscalls\":[" READ ",\"args\":[{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_NE\"}]}]}",
		ERRNO ",\"syscalls\":[{\"names\":[\"re\",\"ad\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
		ERRNO ",\"syscalls\":[{\"names\":[\"re\"],\"action\":\"SCMP_ACT_ALLOW\"},"
		      "{\"names\":[\"ad\"],\"action\":\"SCMP_ACT_ALLOW\"}]}",
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		compile(fixture, profile_parse(&fixture->arena, others[i]), fixture->cache);
		assert_int_equal(count_files(fixture), i + 1);
	}
}

static void another_profiles_entry_is_not_used(void **state)
{
	struct fixture *fixture = *state;
	struct oci_seccomp *other = profile_parse(&fixture->arena, "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}");
	struct seccomp_filter filter;
	char name[256];

	compile(fixture, other, fixture->cache);
	assert_int_equal(count_files(fixture), 1);
	snprintf(name, sizeof(name), "%s", fixture->entry);
	assert_int_equal(unlinkat(fixture->cache, name, 0), 0);
	fill(fixture);
	compile(fixture, other, fixture->cache);
	assert_int_equal(renameat(fixture->cache, name, fixture->cache, fixture->entry), 0);
	assert_false(in_cache(fixture, fixture->profile));
	filter = compile(fixture, fixture->profile, fixture->cache);
	assert_same(&filter, &fixture->compiled);
}

static void damaged_entries_are_replaced(void **state)
{
	struct fixture *fixture = *state;
	struct seccomp_filter filter;
	size_t length;
	char *bytes;

	fill(fixture);
	bytes = slurp(fixture, &length);
	for (size_t i = 0; i < length; i++) {
		bytes[i] ^= 1;
		rewrite(fixture, bytes, length);
		bytes[i] ^= 1;
		assert_false(in_cache(fixture, fixture->profile));
	}
	for (size_t i = 0; i < length; i += 7) {
		rewrite(fixture, bytes, i);
		assert_false(in_cache(fixture, fixture->profile));
	}
	bytes = memcpy(arena_alloc(&fixture->arena, 2 * FILE_SIZE_MAX), bytes, length);
	rewrite(fixture, bytes, length + 1);
	assert_false(in_cache(fixture, fixture->profile));
	rewrite(fixture, bytes, 2 * FILE_SIZE_MAX);
	assert_false(in_cache(fixture, fixture->profile));
	filter = compile(fixture, fixture->profile, fixture->cache);
	assert_same(&filter, &fixture->compiled);
	assert_true(in_cache(fixture, fixture->profile));
}

static void files_of_another_kind_are_not_used(void **state)
{
	struct fixture *fixture = *state;
	struct seccomp_filter filter;

	fill(fixture);
	assert_int_equal(renameat(fixture->cache, fixture->entry, fixture->cache, "seccomp-moved"), 0);
	assert_int_equal(symlinkat("seccomp-moved", fixture->cache, fixture->entry), 0);
	assert_false(in_cache(fixture, fixture->profile));
	assert_int_equal(unlinkat(fixture->cache, fixture->entry, 0), 0);
	/* A second name may be someone else's. */
	assert_int_equal(linkat(fixture->cache, "seccomp-moved", fixture->cache, fixture->entry, 0), 0);
	assert_false(in_cache(fixture, fixture->profile));
	assert_int_equal(unlinkat(fixture->cache, fixture->entry, 0), 0);
	assert_int_equal(mkfifoat(fixture->cache, fixture->entry, 0600), 0);
	assert_false(in_cache(fixture, fixture->profile));
	filter = compile(fixture, fixture->profile, fixture->cache);
	assert_same(&filter, &fixture->compiled);
	assert_true(in_cache(fixture, fixture->profile));
	assert_int_equal(unlinkat(fixture->cache, fixture->entry, 0), 0);
	assert_int_equal(mkdirat(fixture->cache, fixture->entry, 0700), 0);
	assert_false(in_cache(fixture, fixture->profile));
	filter = compile(fixture, fixture->profile, fixture->cache);
	assert_same(&filter, &fixture->compiled);
}

static void what_others_can_write_is_not_used(void **state)
{
	static const mode_t modes[] = { 0620, 0602, 0666 };
	struct fixture *fixture = *state;

	fill(fixture);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_int_equal(fchmodat(fixture->cache, fixture->entry, modes[i], 0), 0);
		assert_false(in_cache(fixture, fixture->profile));
	}
	assert_int_equal(fchmodat(fixture->cache, fixture->entry, 0600, 0), 0);
	assert_true(in_cache(fixture, fixture->profile));
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct oci_seccomp *other =
			profile_parse(&fixture->arena, "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}");

		assert_int_equal(fchmod(fixture->cache, modes[i] | S_IXUSR | S_ISVTX), 0);
		assert_false(in_cache(fixture, fixture->profile));
		compile(fixture, other, fixture->cache);
		assert_int_equal(count_files(fixture), 1);
	}
	assert_int_equal(fchmod(fixture->cache, 0755), 0);
	assert_true(in_cache(fixture, fixture->profile));
}

static void what_others_own_is_not_used(void **state)
{
	struct fixture *fixture = *state;
	struct oci_seccomp *other = profile_parse(&fixture->arena, "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}");

	if (geteuid() != 0) {
		skip_because("only root can give files away");
	}
	fill(fixture);
	assert_int_equal(fchownat(fixture->cache, fixture->entry, NOBODY, (gid_t)-1, 0), 0);
	assert_false(in_cache(fixture, fixture->profile));
	assert_int_equal(fchownat(fixture->cache, fixture->entry, 0, (gid_t)-1, 0), 0);
	assert_true(in_cache(fixture, fixture->profile));
	assert_int_equal(fchown(fixture->cache, NOBODY, (gid_t)-1), 0);
	assert_false(in_cache(fixture, fixture->profile));
	compile(fixture, other, fixture->cache);
	assert_int_equal(count_files(fixture), 1);
}

static void the_number_of_entries_is_bounded(void **state)
{
	struct fixture *fixture = *state;
	struct oci_seccomp *last = NULL;

	/* One as a crash leaves it behind: the oldest, so it is the first to go. */
	assert_int_equal(file_write_atomic_at(fixture->cache, ".seccomp-0.1", "", 0, 0600), 0);
	for (int i = 0; i < 80; i++) {
		last = profile_parse(
			&fixture->arena,
			arena_printf(&fixture->arena,
				     "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":%d}", i));
		compile(fixture, last, fixture->cache);
	}
	assert_int_equal(count_files(fixture), 64);
	assert_true(in_cache(fixture, last));
	assert_int_equal(faccessat(fixture->cache, ".seccomp-0.1", F_OK, 0), -1);
}

static void a_cache_that_does_not_work_is_no_error(void **state)
{
	struct fixture *fixture = *state;
	_cleanup_fd_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct seccomp_filter filter;

	filter = compile(fixture, fixture->profile, null);
	assert_same(&filter, &fixture->compiled);
	filter = compile(fixture, fixture->profile, 1000000);
	assert_same(&filter, &fixture->compiled);
}

static void mistakes_are_found_in_spite_of_the_cache(void **state)
{
	struct fixture *fixture = *state;
	struct oci_seccomp *profile =
		profile_parse(&fixture->arena,
			      "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"/s\",\"syscalls\":["
			      "{\"names\":[\"read\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}");
	struct seccomp_filter filter;
	struct error error;

	filter = compile(fixture, profile, fixture->cache);
	assert_true(filter.has_listener);
	filter = compile(fixture, profile, fixture->cache);
	assert_true(filter.has_listener);
	profile->listener_path = NULL;
	assert_int_equal(seccomp_compile(&fixture->arena, profile, fixture->cache, &filter, &error), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_cache, remove_cache)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_compiled_is_found_again),
		TEST(every_member_counts),
		TEST(another_profiles_entry_is_not_used),
		TEST(damaged_entries_are_replaced),
		TEST(files_of_another_kind_are_not_used),
		TEST(what_others_can_write_is_not_used),
		TEST(what_others_own_is_not_used),
		TEST(the_number_of_entries_is_bounded),
		TEST(a_cache_that_does_not_work_is_no_error),
		TEST(mistakes_are_found_in_spite_of_the_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
