/* SPDX-License-Identifier: Apache-2.0 */
/* base/: numbers, memory, text, errors, descriptors, files. Paths are in test_base_path.c, JSON in test_json.c. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/id_map.h"
#include "base/mountinfo.h"
#include "base/number.h"
#include "base/process.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "base/words.h"
#include "skips.h"

/* Numbers ---------------------------------------------------------------------------------------------- */

static void takes_digits_only(void **state)
{
	static const char *const bad[] = { "",
					   " ",
					   "1 ",
					   " 1",
					   "+1",
					   "-",
					   "--1",
					   "1x",
					   "0x1",
					   "1.0",
					   "1e1",
					   "1,0",
					   "\t1",
					   "1\n",
					   "1_0",
					   "\xd9\xa1",
					   "18446744073709551616",
					   "99999999999999999999999" };
	uint64_t u64 = 77;
	int64_t i64 = 77;
	uint32_t u32 = 77;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse_u64(bad[i], 0, UINT64_MAX, &u64), -1);
		assert_int_equal(parse_i64(bad[i], INT64_MIN, INT64_MAX, &i64), -1);
		assert_int_equal(parse_u32(bad[i], &u32), -1);
	}
	assert_int_equal(parse_u64(NULL, 0, UINT64_MAX, &u64), -1);
	assert_int_equal(parse_i64(NULL, INT64_MIN, INT64_MAX, &i64), -1);
	assert_int_equal(parse_u64("-1", 0, UINT64_MAX, &u64), -1);
	assert_int_equal(parse_u32("4294967296", &u32), -1);
	assert_int_equal(parse_i64("9223372036854775808", INT64_MIN, INT64_MAX, &i64), -1);
	assert_int_equal(parse_i64("-9223372036854775809", INT64_MIN, INT64_MAX, &i64), -1);
	assert_true(u64 == 77 && i64 == 77 && u32 == 77);
}

static void keeps_to_the_range(void **state)
{
	uint64_t u64 = 0;
	int64_t i64 = 0;
	uint32_t u32 = 0;

	(void)state;
	assert_int_equal(parse_u64("18446744073709551615", 0, UINT64_MAX, &u64), 0);
	assert_true(u64 == UINT64_MAX);
	assert_int_equal(parse_u64("007", 0, 7, &u64), 0);
	assert_true(u64 == 7);
	assert_int_equal(parse_u64("8", 0, 7, &u64), -1);
	assert_int_equal(parse_u64("1", 2, 7, &u64), -1);
	assert_int_equal(parse_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &i64), 0);
	assert_true(i64 == INT64_MIN);
	assert_int_equal(parse_i64("-5", -5, 5, &i64), 0);
	assert_true(i64 == -5);
	assert_int_equal(parse_i64("-6", -5, 5, &i64), -1);
	assert_int_equal(parse_i64("6", -5, 5, &i64), -1);
	assert_int_equal(parse_u32("4294967295", &u32), 0);
	assert_true(u32 == UINT32_MAX);
}

/* Memory and text -------------------------------------------------------------------------------------- */

static void gives_zeroed_aligned_memory(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };

	(void)state;
	for (size_t size = 0; size < 100000; size = size * 3 + 1) {
		unsigned char *memory = arena_alloc(&arena, size);

		assert_non_null(memory);
		assert_int_equal((uintptr_t)memory % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(memory[i], 0);
		memset(memory, 0xff, size);
	}
	arena_release(&arena);
	assert_null(arena.blocks);
	assert_string_equal(arena_strdup(&arena, "again"), "again");
}

static void copies_text(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	char *first = arena_strndup(&arena, "abcdef", 3);
	char *second = arena_printf(&arena, "%s-%d", first, 42);

	(void)state;
	assert_string_equal(first, "abc");
	assert_string_equal(second, "abc-42");
	assert_string_equal(arena_strndup(&arena, "", 0), "");
	assert_int_equal(strlen(arena_printf(&arena, "%100000d", 1)), 100000);
}

static void fields_of_a_status_are_read(void **state)
{
	static const char status[] =
		"Name:\tUid:\nState:\tS (sleeping)\nUid:\t1\t22 4294967295\nCapEff:\t00ff\n"
		"Huge:\t99999999999999999999\nNone:\n";
	const char *field = process_status_field(status, "Uid");
	uint64_t number;

	(void)state;
	assert_non_null(field);
	for (size_t i = 0; i < 3; i++) {
		assert_true(process_status_number(&field, 10, &number));
		assert_int_equal(number, ((const uint64_t[]){ 1, 22, UINT32_MAX })[i]);
	}
	assert_false(process_status_number(&field, 10, &number)); /* not that of the next line */
	field = process_status_field(status, "CapEff");
	assert_true(process_status_number(&field, 16, &number));
	assert_int_equal(number, 0xff);
	assert_int_equal(*process_status_field(status, "State"), 'S');
	field = process_status_field(status, "Huge");
	assert_false(process_status_number(&field, 10, &number));
	field = process_status_field(status, "None");
	assert_false(process_status_number(&field, 10, &number));
	assert_null(process_status_field(status, "Cap"));
	assert_null(process_status_field(status, "Gid"));
}

static void what_is_left_of_a_time_is_rounded_up(void **state)
{
	int64_t now = monotonic_us();

	(void)state;
	assert_int_equal(milliseconds_left(now), 0);
	assert_int_equal(milliseconds_left(0), 0);
	assert_int_equal(milliseconds_left(INT64_MAX / 2), INT32_MAX);
	pause_us(2000);
	assert_true(monotonic_us() - now >= 2000);
	now = monotonic_us();
	/* however long the machine lets this process wait here */
	assert_true(milliseconds_left(now + 3600000001) <= 3600001);
	assert_true(milliseconds_left(now + 3600000001) > 3500000);
}

static void lists_grow(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	size_t count = 0, capacity = 0;
	uint32_t *items = NULL;

	(void)state;
	while (count < 1000) {
		items = arena_grow(&arena, items, count, &capacity, sizeof(*items));
		assert_true(count < capacity);
		assert_int_equal(items[count], 0);
		items[count] = (uint32_t)count;
		count++;
	}
	assert_true(capacity <= 2000);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
}

/* The process ends with one line rather than with memory of the wrong size. */
static void ends_on_overflow(void **state)
{
	int status = 0;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		struct arena arena = { 0 };

		close(STDERR_FILENO);
		arena_array(&arena, SIZE_MAX / 2, 3);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

static void builds_text(void **state)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };

	(void)state;
	assert_string_equal(strbuf_text(&text), "");
	for (int i = 0; i < 1000; i++)
		strbuf_printf(&text, "%d,", i % 10);
	assert_int_equal(text.length, 2000);
	assert_memory_equal(strbuf_text(&text) + 1990, "5,6,7,8,9,", 11);
	strbuf_putc(&text, 'x');
	strbuf_puts(&text, "yz");
	strbuf_add(&text, "", 0);
	assert_string_equal(strbuf_text(&text) + 2000, "xyz");
	strbuf_release(&text);
	assert_string_equal(strbuf_text(&text), "");
}

/* Errors ----------------------------------------------------------------------------------------------- */

static void chains_errors(void **state)
{
	struct error error;

	(void)state;
	assert_int_equal(error_set(&error, ENOENT, "mount %s", "/data"), -1);
	assert_int_equal(error.number, ENOENT);
	assert_string_equal(error.text, "mount /data: no such file or directory");
	assert_int_equal(error_context(&error, "create container %s", "web"), -1);
	assert_int_equal(error.number, ENOENT);
	assert_string_equal(error.text, "create container web: mount /data: no such file or directory");
	error_set(&error, 0, "plain");
	assert_string_equal(error.text, "plain");
	error_set(&error, EPERM, "%s", "");
	assert_string_equal(error.text, "operation not permitted");
	error_set(&error, ENOTDIR, "x");
	assert_string_equal(error.text, "x: not a directory");
	assert_string_equal(error_describe(EISDIR), "is a directory");
	assert_string_equal(error_describe(EACCES), "permission denied");
	assert_string_equal(error_describe(99999), "error 99999");
}

static void keeps_errors_on_one_line(void **state)
{
	char large[3 * ERROR_TEXT_MAX];
	struct error error;

	(void)state;
	error_set(&error, 0, "open a\nlevel=error\r\nb");
	assert_string_equal(error.text, "open a level=error  b");
	error_context(&error, "x\ny");
	assert_string_equal(error.text, "x y: open a level=error  b");
	memset(large, 'a', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	error_set(&error, ENOENT, "%s", large);
	assert_int_equal(strlen(error.text), ERROR_TEXT_MAX - 1);
	error_set(&error, 0, "cause");
	error_context(&error, "%s", large);
	assert_int_equal(strlen(error.text), ERROR_TEXT_MAX - 1);
}

/* Descriptors ------------------------------------------------------------------------------------------ */

static bool is_cloexec(int fd)
{
	return fcntl(fd, F_GETFD) & FD_CLOEXEC;
}

static void reads_up_to_the_limit(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	size_t length = 0;
	char *bytes;
	int ends[2];

	(void)state;
	for (int round = 0; round < 2; round++) {
		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		assert_int_equal(fd_write_all(ends[1], "0123456789", 10), 0);
		close(ends[1]);
		if (round == 0) {
			assert_int_equal(fd_read_all(&arena, ends[0], 10, &bytes, &length), 0);
			assert_int_equal(length, 10);
			assert_string_equal(bytes, "0123456789");
		} else {
			assert_int_equal(fd_read_all(&arena, ends[0], 9, &bytes, &length), -1);
			assert_int_equal(errno, EFBIG);
		}
		close(ends[0]);
	}
	assert_int_equal(fd_read_all(&arena, -1, 9, &bytes, &length), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(fd_write_all(-1, "x", 1), -1);
}

static void passes_descriptors(void **state)
{
	_cleanup_fd_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int received[2] = { -1, -1 };
	int sent[2] = { null, null };
	size_t count = 2;
	char text[8] = "";
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(fd_send(ends[0], "hello", 6, sent, 2), 0);
	assert_int_equal(fd_receive(ends[1], text, sizeof(text), received, &count), 6);
	assert_string_equal(text, "hello");
	assert_int_equal(count, 2);
	assert_true(received[0] > 2 && received[1] > 2 && received[0] != received[1]);
	assert_true(is_cloexec(received[0]) && is_cloexec(received[1]));
	close(received[0]);
	close(received[1]);
	assert_int_equal(fd_send(ends[0], "x", 2, NULL, 0), 0);
	count = 2;
	assert_int_equal(fd_receive(ends[1], text, sizeof(text), received, &count), 2);
	assert_int_equal(count, 0);
	close(ends[0]);
	assert_int_equal(fd_receive(ends[1], text, sizeof(text), received, &count), 0);
	close(ends[1]);
}

static size_t open_descriptors(void)
{
	_cleanup_dir_ DIR *directory = opendir("/proc/self/fd");
	size_t count = 0;

	while (directory && readdir(directory))
		count++;
	return count;
}

/* More than asked for is an error, and none of them stays open. */
static void refuses_too_many_descriptors(void **state)
{
	int sent[65];
	int received[1];
	size_t count = 1;
	size_t before;
	char byte;
	int ends[2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sent); i++)
		sent[i] = STDERR_FILENO;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(fd_send(ends[0], "x", 1, sent, 65), -1);
	assert_int_equal(errno, EINVAL);
	before = open_descriptors();
	assert_int_equal(fd_send(ends[0], "x", 1, sent, 3), 0);
	assert_int_equal(fd_receive(ends[1], &byte, 1, received, &count), -1);
	assert_int_equal(errno, EMSGSIZE);
	assert_int_equal(count, 0);
	assert_int_equal(open_descriptors(), before);
	assert_int_equal(fd_send(ends[0], "x", 1, sent, 1), 0);
	assert_int_equal(fd_receive(ends[1], &byte, 1, NULL, NULL), -1);
	assert_int_equal(open_descriptors(), before);
	close(ends[0]);
	close(ends[1]);
}

static void send_to_nobody_is_an_error(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	close(ends[1]);
	/* Were SIGPIPE sent, the test would end here. */
	assert_int_equal(fd_send(ends[0], "x", 1, NULL, 0), -1);
	assert_int_equal(errno, EPIPE);
	close(ends[0]);
}

/* A temporary directory, removed with everything in it. */
struct directory {
	char path[40];
	int fd;
};

static int make_directory(void **state)
{
	struct directory *directory = test_calloc(1, sizeof(*directory));

	strcpy(directory->path, "/tmp/casemate-base-XXXXXX");
	if (!mkdtemp(directory->path))
		return -1;
	directory->fd = open(directory->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = directory;
	return directory->fd < 0 ? -1 : 0;
}

static int remove_directory(void **state)
{
	struct directory *directory = *state;
	DIR *entries = fdopendir(directory->fd);
	struct dirent *entry;
	int result;

	while (entries && (entry = readdir(entries)))
		unlinkat(directory->fd, entry->d_name, 0);
	if (entries)
		closedir(entries);
	result = rmdir(directory->path);
	test_free(directory);
	return result;
}

/* sun_path holds 108 bytes; a bundle's path may be longer. */
static void connects_to_long_paths(void **state)
{
	struct directory *directory = *state;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_fd_ int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	_cleanup_fd_ int client = -1;
	char *path;
	char name[201];

	memset(name, 'n', 200);
	name[200] = '\0';
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/short", directory->path);
	assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(server, 1), 0);
	assert_int_equal(renameat(directory->fd, "short", directory->fd, name), 0);
	path = arena_printf(&arena, "%s/%s", directory->path, name);
	client = fd_connect_unix(path);
	assert_true(client >= 0);
	assert_true(is_cloexec(client));
	assert_int_equal(fd_connect_unix(directory->path), -1);
	assert_int_equal(fd_connect_unix("/nowhere/at/all"), -1);
	assert_int_equal(errno, ENOENT);
}

static void marks_descriptors(void **state)
{
	int fd = dup(STDERR_FILENO);

	(void)state;
	assert_true(fd > 2);
	assert_false(is_cloexec(fd));
	assert_int_equal(fd_cloexec_from((unsigned int)fd), 0);
	assert_true(is_cloexec(fd));
	close(fd);
	assert_string_equal(fd_path(17).text, "/proc/self/fd/17");
}

/* Files ------------------------------------------------------------------------------------------------ */

static void replaces_files_whole(void **state)
{
	struct directory *directory = *state;
	_cleanup_arena_ struct arena arena = { 0 };
	struct stat status;
	size_t length;
	char *bytes;

	assert_int_equal(file_write_atomic_at(directory->fd, "a", "one", 3, 0600), 0);
	assert_int_equal(file_write_atomic_at(directory->fd, "a", "second", 6, 0600), 0);
	assert_int_equal(file_read_at(&arena, directory->fd, "a", 100, &bytes, &length), 0);
	assert_string_equal(bytes, "second");
	assert_int_equal(file_read_at(&arena, directory->fd, "a", 5, &bytes, &length), -1);
	assert_int_equal(errno, EFBIG);
	assert_int_equal(fstatat(directory->fd, "a", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	/* A link at the name is replaced, not followed. */
	assert_int_equal(symlinkat("/dev/null", directory->fd, "link"), 0);
	assert_int_equal(file_write_atomic_at(directory->fd, "link", "x", 1, 0600), 0);
	assert_int_equal(fstatat(directory->fd, "link", &status, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(status.st_mode));
	assert_int_equal(file_write_atomic_at(directory->fd, "no/such", "x", 1, 0600), -1);
}

static void writes_existing_files_only(void **state)
{
	struct directory *directory = *state;

	assert_int_equal(file_write_at(directory->fd, "absent", "x"), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(file_write_atomic_at(directory->fd, "there", "", 0, 0600), 0);
	assert_int_equal(file_write_at(directory->fd, "there", "abc"), 0);
}

static void opens_procfs(void **state)
{
	struct error error = { 0 };
	_cleanup_fd_ int proc = procfs_open(&error);
	struct stat status;

	(void)state;
	assert_true(proc >= 0);
	assert_int_equal(fstatat(proc, "self/status", &status, 0), 0);
}

static void reads_id_maps(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct id_map map;

	(void)state;
	assert_true(id_map_parse(&arena, "         0     100000      65536\n     65536          5 1\n", &map));
	assert_int_equal(map.count, 2);
	assert_int_equal(map.lines[0].outside, 100000);
	assert_int_equal(map.lines[0].size, 65536);
	assert_int_equal(map.lines[1].inside, 65536);
	assert_true(id_map_parse(&arena, "", &map));
	assert_int_equal(map.count, 0);
	assert_true(id_map_parse(&arena, "0 0 4294967295\n", &map));
	assert_int_equal(map.lines[0].size, UINT32_MAX);
	assert_false(id_map_parse(&arena, "0 0\n", &map));
	assert_false(id_map_parse(&arena, "0 0 x\n", &map));
	assert_false(id_map_parse(&arena, "0 0 4294967296\n", &map));
	assert_false(id_map_parse(&arena, "1 1 1 1 1 1 1 1 1\n", &map));
	assert_true(id_map_own(&arena, &map));
	assert_true(map.count > 0);
}

static void lines_of_mountinfo(void **state)
{
	char text[] = "36 35 98:0 /a\\040b /mnt\\011x rw,noatime master:1 - ext3 /dev/sda rw\n"
		      "nonsense\n"
		      "\n"
		      "x 35 98:0 / /y rw - tmpfs t rw\n"
		      "7 35 0:3 / / rw,nosuid - tmpfs  rw,size=64k";
	struct mountinfo mount;
	char *rest = text;

	(void)state;
	assert_true(mountinfo_next(&rest, &mount));
	assert_int_equal(mount.id, 36);
	assert_int_equal(mount.parent, 35);
	assert_string_equal(mount.root, "/a b");
	assert_string_equal(mount.point, "/mnt\tx");
	assert_string_equal(mount.flags, "rw,noatime");
	assert_string_equal(mount.type, "ext3");
	assert_string_equal(mount.options, "rw");
	assert_true(mountinfo_next(&rest, &mount));
	assert_int_equal(mount.id, 7);
	assert_string_equal(mount.flags, "rw,nosuid");
	assert_string_equal(mount.type, "tmpfs"); /* and what is mounted has no name */
	assert_string_equal(mount.options, "rw,size=64k");
	assert_false(mountinfo_next(&rest, &mount));
}

/* What the kernel says without its table is what stands there. */
static void types_of_mounts(void **state)
{
	static const struct {
		const char *name;
		uint64_t magic;
	} types[] = {
		{ "proc", PROC_SUPER_MAGIC },
		{ "cgroup2", CGROUP2_SUPER_MAGIC },
		{ "none that there is", 0x6e6f6e65 },
	};
	_cleanup_arena_ struct arena arena = { 0 };
	struct mountinfo_list list;
	size_t length;
	char *text;

	(void)state;
	if (mountinfo_has_type(PROC_SUPER_MAGIC) < 0)
		skip_because("listmount(2) is Linux 6.8's");
	assert_int_equal(file_read_at(&arena, AT_FDCWD, "/proc/self/mountinfo", FILE_SIZE_MAX, &text, &length),
			 0);
	list = mountinfo_parse(&arena, text);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		bool expected = false;

		for (size_t j = 0; j < list.count; j++)
			expected |= strcmp(list.items[j].type, types[i].name) == 0;
		assert_int_equal(mountinfo_has_type(types[i].magic), expected);
	}
}

static void words_of_a_list(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };

	(void)state;
	assert_true(words_have("cpu,cpuacct", "cpuacct"));
	assert_true(words_have("cpuset cpu io", "cpu"));
	assert_false(words_have("cpuset cpuacct", "cpu"));
	assert_false(words_have("", "cpu"));
	assert_false(words_have(NULL, "cpu"));
	assert_string_equal(words_value(&arena, "rw,nosize=1,size=64k,mode=755", "size"), "64k");
	assert_string_equal(words_value(&arena, "size=", "size"), "");
	assert_null(words_value(&arena, "size,rw", "size"));
	assert_null(words_value(&arena, NULL, "size"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_digits_only),
		cmocka_unit_test(keeps_to_the_range),
		cmocka_unit_test(gives_zeroed_aligned_memory),
		cmocka_unit_test(copies_text),
		cmocka_unit_test(lists_grow),
		cmocka_unit_test(what_is_left_of_a_time_is_rounded_up),
		cmocka_unit_test(fields_of_a_status_are_read),
		cmocka_unit_test(ends_on_overflow),
		cmocka_unit_test(builds_text),
		cmocka_unit_test(chains_errors),
		cmocka_unit_test(keeps_errors_on_one_line),
		cmocka_unit_test(reads_up_to_the_limit),
		cmocka_unit_test(passes_descriptors),
		cmocka_unit_test(refuses_too_many_descriptors),
		cmocka_unit_test(send_to_nobody_is_an_error),
		cmocka_unit_test_setup_teardown(connects_to_long_paths, make_directory, remove_directory),
		cmocka_unit_test(marks_descriptors),
		cmocka_unit_test_setup_teardown(replaces_files_whole, make_directory, remove_directory),
		cmocka_unit_test_setup_teardown(writes_existing_files_only, make_directory, remove_directory),
		cmocka_unit_test(opens_procfs),
		cmocka_unit_test(reads_id_maps),
		cmocka_unit_test(lines_of_mountinfo),
		cmocka_unit_test(types_of_mounts),
		cmocka_unit_test(words_of_a_list),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
