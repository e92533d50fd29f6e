/* SPDX-License-Identifier: Apache-2.0 */
/* Shares of cache and bandwidth: the text for the kernel, and groups in a directory that stands for its file system. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "cgroup/resctrl.h"

static void the_lines_to_write(void **state)
{
	const char *lines[] = { "L2:0=3", "L3:0=1;1=2" };
	struct {
		struct oci_intel_rdt wanted;
		const char *text;
	} cases[] = {
		{ { .clos_id = "a" }, NULL },
		{ { .l3_cache_schema = "L3:0=ff;1=c0" }, "L3:0=ff;1=c0\n" },
		{ { .mem_bw_schema = "MB:0=20" }, "MB:0=20\n" },
		{ { .l3_cache_schema = "L3:0=ff", .mem_bw_schema = "MB:0=20" }, "L3:0=ff\nMB:0=20\n" },
		{ { .l3_cache_schema = "L3:0=ff\nMB:0=70\nL3CODE:0=1\n", .mem_bw_schema = "MB:0=20" },
		  "L3:0=ff\nL3CODE:0=1\nMB:0=20\n" },
		{ { .l3_cache_schema = " MB : 0=70", .mem_bw_schema = "MB:0=20" }, "MB:0=20\n" },
		{ { .l3_cache_schema = "L3:0=ff\nMB:0=70" }, "L3:0=ff\nMB:0=70\n" },
		{ { .schemata = { lines, 2 } }, "L2:0=3\nL3:0=1;1=2\n" },
		{ { .l3_cache_schema = "L3:0=ff", .mem_bw_schema = "MB:0=20", .schemata = { lines, 2 } },
		  "MB:0=20\nL2:0=3\nL3:0=1;1=2\n" },
	};
	_cleanup_arena_ struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *text = resctrl_schemata(&arena, &cases[i].wanted);

		if (cases[i].text)
			assert_string_equal(text, cases[i].text);
		else
			assert_null(text);
	}
}

static void what_a_group_has(void **state)
{
	static const char present[] = "    L3:0=00ff;1=c00\n    MB:0= 20;1=100\n";
	static const char *const has[] = {
		"L3:0=ff\n", "L3:1=C00;0=ff\nMB:0=20\n", "MB: 1 = 100\n", "L3:00=0ff\n", "",
	};
	static const char *const lacks[] = {
		"L3:0=f\n",	   "L3:2=ff\n",		 "MB:0=30\n", "L2:0=ff\n",
		"L3:0=ff;1=c01\n", "L3:0=ff\nMB:1=10\n", "L:0=ff\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(has); i++)
		if (!resctrl_schemata_has(present, has[i]))
			fail_msg("%s is not found", has[i]);
	for (size_t i = 0; i < ARRAY_SIZE(lacks); i++)
		if (resctrl_schemata_has(present, lacks[i]))
			fail_msg("%s is found", lacks[i]);
	assert_false(resctrl_schemata_has("", "L3:0=f\n"));
}

static void put_file(int root, const char *path, const char *text)
{
	_cleanup_fd_ int fd = openat(root, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

/* A directory with a class "shared", as the kernel would show it. */
static int make_tree(char template[])
{
	int root;

	assert_non_null(mkdtemp(template));
	root = open(template, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	assert_int_equal(mkdirat(root, "shared", 0755), 0);
	assert_int_equal(mkdirat(root, "shared/mon_groups", 0755), 0);
	put_file(root, "shared/schemata", "L3:0=ff\n");
	put_file(root, "shared/tasks", "");
	return root;
}

static void remove_tree(int root, const char *path)
{
	unlinkat(root, "shared/schemata", 0);
	unlinkat(root, "shared/tasks", 0);
	unlinkat(root, "shared/mon_groups", AT_REMOVEDIR);
	unlinkat(root, "shared", AT_REMOVEDIR);
	assert_int_equal(rmdir(path), 0); /* nothing else is left */
	close(root);
}

static void a_class_of_others(void **state)
{
	char path[] = "/tmp/resctrl-XXXXXX";
	int root = make_tree(path);
	struct oci_intel_rdt wanted = { .clos_id = "shared", .l3_cache_schema = "L3:0=0ff" };
	_cleanup_arena_ struct arena arena = { 0 };
	struct string_list plan = resctrl_plan(&arena, root, &wanted, "box");
	struct error error;
	int tasks[RESCTRL_TASKS_MAX];

	(void)state;
	assert_int_equal(plan.count, 0);
	assert_int_equal(resctrl_create(&arena, root, &wanted, "box", &plan, &error), 0);
	assert_int_equal(resctrl_open_tasks(&arena, root, &wanted, "box", tasks, &error), 0);
	assert_true(tasks[0] >= 0 && tasks[1] == -1);
	close(tasks[0]);
	wanted.l3_cache_schema = "L3:0=f";
	assert_int_equal(resctrl_create(&arena, root, &wanted, "box", &plan, &error), -1);
	assert_non_null(strstr(error.text, "has other schemata than those specified in config"));
	assert_int_equal(resctrl_remove(&arena, root, &plan, &error), 0);
	assert_int_equal(faccessat(root, "shared/schemata", F_OK, 0), 0);
	remove_tree(root, path);
}

static void a_group_that_counts(void **state)
{
	char path[] = "/tmp/resctrl-XXXXXX";
	int root = make_tree(path);
	struct oci_intel_rdt wanted = { .clos_id = "shared", .enable_monitoring = { true, true } };
	_cleanup_arena_ struct arena arena = { 0 };
	struct string_list plan = resctrl_plan(&arena, root, &wanted, "box");
	int tasks[RESCTRL_TASKS_MAX];
	struct error error;

	(void)state;
	assert_int_equal(plan.count, 1);
	assert_string_equal(plan.items[0], "shared/mon_groups/box");
	assert_int_equal(resctrl_create(&arena, root, &wanted, "box", &plan, &error), 0);
	assert_int_equal(faccessat(root, "shared/mon_groups/box", F_OK, 0), 0);
	/* The kernel would have made the file. */
	assert_int_equal(resctrl_open_tasks(&arena, root, &wanted, "box", tasks, &error), -1);
	assert_int_equal(error.number, ENOENT);
	assert_int_equal(tasks[0], -1);
	assert_int_equal(resctrl_remove(&arena, root, &plan, &error), 0);
	assert_int_equal(resctrl_remove(&arena, root, &plan, &error), 0);
	assert_int_equal(faccessat(root, "shared/mon_groups/box", F_OK, 0), -1);
	remove_tree(root, path);
}

static void a_group_of_its_own(void **state)
{
	char path[] = "/tmp/resctrl-XXXXXX";
	int root = make_tree(path);
	struct oci_intel_rdt wanted = { 0 };
	_cleanup_arena_ struct arena arena = { 0 };
	struct string_list plan = resctrl_plan(&arena, root, &wanted, "box");
	struct error error;

	(void)state;
	assert_int_equal(plan.count, 1);
	assert_string_equal(plan.items[0], "box");
	assert_int_equal(resctrl_create(&arena, root, &wanted, "box", &plan, &error), 0);
	/* With a member it is not taken away. */
	put_file(root, "box/tasks", "12\n");
	assert_int_equal(resctrl_remove(&arena, root, &plan, &error), 0);
	assert_int_equal(unlinkat(root, "box/tasks", 0), 0);
	assert_int_equal(resctrl_remove(&arena, root, &plan, &error), 0);

	/* Shares that cannot be set leave no group: this directory has no file for them. */
	wanted.l3_cache_schema = "L3:0=f";
	assert_int_equal(resctrl_create(&arena, root, &wanted, "box", &plan, &error), -1);
	assert_int_equal(error.number, ENOENT);
	assert_int_equal(faccessat(root, "box", F_OK, 0), -1);
	remove_tree(root, path);
}

static void what_is_refused(void **state)
{
	char path[] = "/tmp/resctrl-XXXXXX";
	int root = make_tree(path);
	struct oci_intel_rdt wanted = { .clos_id = "missing" };
	_cleanup_arena_ struct arena arena = { 0 };
	struct string_list plan = resctrl_plan(&arena, root, &wanted, "box");
	struct error error;

	(void)state;
	assert_int_equal(resctrl_create(&arena, root, &wanted, "box", &plan, &error), -1);
	assert_non_null(strstr(error.text, "must be pre-created"));
	wanted.l3_cache_schema = "L3:0=f";
	assert_int_equal(resctrl_check(root, &wanted, &error), -1);
	assert_non_null(strstr(error.text, "Intel RDT/CAT is not enabled"));
	assert_int_equal(mkdirat(root, "info", 0755), 0);
	assert_int_equal(mkdirat(root, "info/L3", 0755), 0);
	assert_int_equal(resctrl_check(root, &wanted, &error), 0);
	wanted.mem_bw_schema = "MB:0=10";
	assert_int_equal(resctrl_check(root, &wanted, &error), -1);
	assert_non_null(strstr(error.text, "Intel RDT/MBA is not enabled"));
	assert_int_equal(unlinkat(root, "info/L3", AT_REMOVEDIR) + unlinkat(root, "info", AT_REMOVEDIR), 0);
	wanted = (struct oci_intel_rdt){ .clos_id = "/" };
	assert_int_equal(resctrl_plan(&arena, root, &wanted, "box").count, 0);
	remove_tree(root, path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lines_to_write), cmocka_unit_test(what_a_group_has),
		cmocka_unit_test(a_class_of_others),  cmocka_unit_test(a_group_that_counts),
		cmocka_unit_test(a_group_of_its_own), cmocka_unit_test(what_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
