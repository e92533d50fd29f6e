/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/path.h against an image that was made to deceive: a rootfs full of links, and one that changes while
 * the runtime walks through it. Beside the root lies `outside`, which must stay as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/fs.h>
#include <cmocka.h>

#include "base/path.h"

struct tree {
	char path[40];
	int top; /* the directory that holds root and outside */
	int root;
	struct stat outside;
};

static void remove_below(int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	while (entries && (entry = readdir(entries)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			remove_below(fd, entry->d_name);
	if (entries)
		closedir(entries);
	unlinkat(directory, name, fd < 0 ? 0 : AT_REMOVEDIR);
}

static int make_tree(void **state)
{
	static const char *const links[][2] = {
		{ "../outside", "up" },		{ "../../../../../../../../..", "top" },
		{ "/outside", "absolute" },	{ "/dir", "inside" },
		{ "/missing", "dangling" },	{ "loop", "loop" },
		{ "/proc/self/root", "magic" },
	};
	struct tree *tree = test_calloc(1, sizeof(*tree));
	_cleanup_fd_ int secret = -1;

	strcpy(tree->path, "/tmp/casemate-path-XXXXXX");
	assert_non_null(mkdtemp(tree->path));
	tree->top = open(tree->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(tree->top >= 0);
	assert_int_equal(mkdirat(tree->top, "root", 0755), 0);
	assert_int_equal(mkdirat(tree->top, "outside", 0755), 0);
	secret = openat(tree->top, "outside/secret", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(secret >= 0);
	tree->root = openat(tree->top, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(tree->root, "dir", 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		assert_int_equal(symlinkat(links[i][0], tree->root, links[i][1]), 0);
	assert_int_equal(fstatat(tree->top, "outside", &tree->outside, 0), 0);
	*state = tree;
	return 0;
}

static int remove_tree(void **state)
{
	struct tree *tree = *state;

	close(tree->root);
	remove_below(tree->top, "root");
	remove_below(tree->top, "outside");
	close(tree->top);
	if (rmdir(tree->path) < 0)
		return -1;
	test_free(tree);
	return 0;
}

static void assert_same(int fd, int directory, const char *name)
{
	struct stat found;
	struct stat expected;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &found), 0);
	assert_int_equal(fstatat(directory, name, &expected, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(found.st_dev == expected.st_dev && found.st_ino == expected.st_ino);
	close(fd);
}

/* Nothing was made in or removed from `outside`. */
static void assert_untouched(const struct tree *tree)
{
	struct stat status;

	assert_int_equal(fstatat(tree->top, "outside", &status, 0), 0);
	assert_int_equal(status.st_nlink, tree->outside.st_nlink);
	assert_true(status.st_mtim.tv_sec == tree->outside.st_mtim.tv_sec &&
		    status.st_mtim.tv_nsec == tree->outside.st_mtim.tv_nsec);
}

static void opens_inside_only(void **state)
{
	static const char *const nowhere[] = { "up/secret",	    "absolute/secret",	  "/outside/secret",
					       "../outside/secret", "top/outside/secret", "dangling" };
	const struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(nowhere); i++) {
		assert_int_equal(path_open_in_root(tree->root, nowhere[i], O_PATH), -1);
		assert_int_equal(errno, ENOENT);
	}
	assert_int_equal(path_open_in_root(tree->root, "loop", O_PATH), -1);
	assert_int_equal(errno, ELOOP);
	assert_same(path_open_in_root(tree->root, "inside", O_PATH), tree->root, "dir");
	assert_same(path_open_in_root(tree->root, "/dir", O_PATH), tree->root, "dir");
	assert_same(path_open_in_root(tree->root, "../../dir", O_PATH), tree->root, "dir");
	assert_same(path_open_in_root(tree->root, "top/dir", O_PATH), tree->root, "dir");
	assert_same(path_open_in_root(tree->root, "/", O_PATH), tree->top, "root");
}

static void refuses_magic_links(void **state)
{
	_cleanup_fd_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	assert_true(root >= 0);
	assert_int_equal(path_open_in_root(root, "/proc/self/root/etc", O_PATH), -1);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(path_open_in_root(root, "/proc/self/exe", O_PATH), -1);
	assert_int_equal(path_open_in_root(root, "/proc/self/fd/0", O_PATH), -1);
}

static void closes_on_exec(void **state)
{
	const struct tree *tree = *state;
	int fd = path_open_in_root(tree->root, "dir", O_PATH);

	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

static void makes_directories_inside(void **state)
{
	const struct tree *tree = *state;
	struct error error = { 0 };
	struct stat status;

	assert_same(path_make_directory(tree->root, "/a/b//./c/", 0700, &error), tree->root, "a/b/c");
	assert_int_equal(fstatat(tree->root, "a", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	assert_same(path_make_directory(tree->root, "a/b/c", 0755, &error), tree->root, "a/b/c");
	assert_same(path_make_directory(tree->root, "inside/new", 0755, &error), tree->root, "dir/new");
	assert_same(path_make_directory(tree->root, "x/../../../y", 0755, &error), tree->root, "y");
	/* ".." of the root is the root: so is where the link goes. */
	assert_same(path_make_directory(tree->root, "top/z", 0755, &error), tree->root, "z");
	assert_int_equal(fstatat(tree->root, "x", &status, 0), 0);
	assert_same(path_make_directory(tree->root, "", 0755, &error), tree->top, "root");
	assert_untouched(tree);
}

/* As runc does: an image may bring a link before what it names. */
static void makes_what_links_name(void **state)
{
	const struct tree *tree = *state;
	struct error error = { 0 };

	assert_same(path_make_directory(tree->root, "up/new", 0755, &error), tree->root, "outside/new");
	assert_same(path_make_directory(tree->root, "absolute/more/deep", 0755, &error), tree->root,
		    "outside/more/deep");
	assert_same(path_make_file(tree->root, "dangling", 0644, &error), tree->root, "missing");
	assert_int_equal(unlinkat(tree->root, "missing", 0), 0);
	assert_same(path_make_file(tree->root, "dangling/new", 0644, &error), tree->root, "missing/new");
	assert_same(path_make_directory(tree->root, "dangling", 0755, &error), tree->root, "missing");
	assert_untouched(tree);
}

static void refuses_links_in_a_circle(void **state)
{
	static const char *const paths[] = { "loop/new", "loop" };
	const struct tree *tree = *state;

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct error error = { 0 };

		assert_int_equal(path_make_directory(tree->root, paths[i], 0755, &error), -1);
		assert_non_null(strstr(error.text, "directory "));
		assert_int_equal(path_make_file(tree->root, paths[i], 0644, &error), -1);
	}
	assert_untouched(tree);
}

static void makes_files_inside(void **state)
{
	const struct tree *tree = *state;
	struct error error = { 0 };
	struct stat status;

	assert_same(path_make_file(tree->root, "/etc/deep/resolv.conf", 0600, &error), tree->root,
		    "etc/deep/resolv.conf");
	assert_int_equal(fstatat(tree->root, "etc/deep/resolv.conf", &status, 0), 0);
	assert_true(S_ISREG(status.st_mode) && status.st_size == 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(fstatat(tree->root, "etc", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0755);
	assert_same(path_make_file(tree->root, "etc/deep/resolv.conf", 0644, &error), tree->root,
		    "etc/deep/resolv.conf");
	assert_same(path_make_file(tree->root, "dir", 0644, &error), tree->root, "dir");
	assert_same(path_make_file(tree->root, "inside/f", 0644, &error), tree->root, "dir/f");
	assert_int_equal(path_make_file(tree->root, "etc/deep/resolv.conf/x", 0644, &error), -1);
	assert_int_equal(path_make_file(tree->root, "a/..", 0644, &error), -1);
	assert_untouched(tree);
}

static void opens_parents(void **state)
{
	const struct tree *tree = *state;
	_cleanup_arena_ struct arena arena = { 0 };
	struct error error = { 0 };
	const char *name;

	assert_same(path_open_parent(&arena, tree->root, "/dir/x", false, &name, &error), tree->root, "dir");
	assert_string_equal(name, "x");
	assert_same(path_open_parent(&arena, tree->root, "inside/x///", false, &name, &error), tree->root,
		    "dir");
	assert_string_equal(name, "x");
	assert_same(path_open_parent(&arena, tree->root, "x", false, &name, &error), tree->top, "root");
	assert_int_equal(path_open_parent(&arena, tree->root, "no/x", false, &name, &error), -1);
	assert_same(path_open_parent(&arena, tree->root, "no/x", true, &name, &error), tree->root, "no");
	assert_int_equal(path_open_parent(&arena, tree->root, "/", false, &name, &error), -1);
	assert_int_equal(path_open_parent(&arena, tree->root, "", false, &name, &error), -1);
	assert_int_equal(path_open_parent(&arena, tree->root, "dir/..", false, &name, &error), -1);
	assert_int_equal(path_open_parent(&arena, tree->root, "dir/.", false, &name, &error), -1);
}

/* The component is a directory in one moment and a link out of the root in the next. */
static void survives_swapping(void **state)
{
	const struct tree *tree = *state;
	struct stat status;
	int made = 0;
	pid_t swapper;

	assert_int_equal(mkdirat(tree->root, "swap", 0755), 0);
	assert_int_equal(symlinkat("../outside", tree->root, "link"), 0);
	swapper = fork();
	assert_true(swapper >= 0);
	if (swapper == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			syscall(SYS_renameat2, tree->root, "swap", tree->root, "link", RENAME_EXCHANGE);
	}
	for (int i = 0; i < 3000; i++) {
		char path[40];
		struct error error = { 0 };
		int fd;

		snprintf(path, sizeof(path), "/swap/d%d/e", i);
		fd = path_make_directory(tree->root, path, 0755, &error);
		if (fd >= 0)
			close(fd);
		made += fd >= 0;
		snprintf(path, sizeof(path), "/swap/f%d", i);
		fd = path_make_file(tree->root, path, 0644, &error);
		if (fd >= 0)
			close(fd);
		fd = path_open_in_root(tree->root, "swap/secret", O_PATH);
		assert_int_equal(fd, -1);
	}
	assert_int_equal(kill(swapper, SIGKILL), 0);
	assert_int_equal(waitpid(swapper, NULL, 0), swapper);
	/* Both states were met, or nothing was tested: what the link names was made, inside. */
	assert_true(made > 0);
	assert_int_equal(fstatat(tree->root, "outside", &status, 0), 0);
	assert_untouched(tree);
}

static void normalizes(void **state)
{
	static const char *const rows[][2] = {
		{ "", "/" },
		{ "/", "/" },
		{ "a", "/a" },
		{ "//a///b/", "/a/b" },
		{ "/a/./b/.", "/a/b" },
		{ "/a/../b", "/b" },
		{ "/../../a", "/a" },
		{ "a/b/../../..", "/" },
		{ "/...", "/..." },
		{ "/a/..b/.c", "/a/..b/.c" },
	};
	_cleanup_arena_ struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *once = path_normalize(&arena, rows[i][0]);

		assert_string_equal(once, rows[i][1]);
		assert_string_equal(path_normalize(&arena, once), once);
		assert_true(path_is_normal(once));
		assert_int_equal(path_is_normal(rows[i][0]), strcmp(rows[i][0], once) == 0);
	}
	assert_string_equal(path_join(&arena, "/base", "/a"), "/a");
	assert_string_equal(path_join(&arena, "/base", "a"), "/base/a");
	assert_true(path_is_below("/a/b", "/a"));
	assert_true(path_is_below("/a", "/a"));
	assert_true(path_is_below("/a", "/"));
	assert_false(path_is_below("/ab", "/a"));
	assert_false(path_is_below("/", "/a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(opens_inside_only, make_tree, remove_tree),
		cmocka_unit_test(refuses_magic_links),
		cmocka_unit_test_setup_teardown(closes_on_exec, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(makes_directories_inside, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(makes_what_links_name, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(refuses_links_in_a_circle, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(makes_files_inside, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(opens_parents, make_tree, remove_tree),
		cmocka_unit_test_setup_teardown(survives_swapping, make_tree, remove_tree),
		cmocka_unit_test(normalizes),
	};

	return cmocka_run_group_tests_name("base/path", tests, NULL, NULL);
}
