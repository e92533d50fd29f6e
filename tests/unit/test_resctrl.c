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

#include "base/file.h"
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

/* The files of a machine with two caches, as resctrl.rst shows them. */
static const struct {
	const char *path;
	const char *text; /* NULL: a directory */
} machine[] = {
	{ "info", NULL },
	{ "info/L3", NULL },
	{ "info/L3/cbm_mask", "7ff\n" },
	{ "info/L3/min_cbm_bits", "1\n" },
	{ "info/L3/num_closids", "16\n" },
	{ "info/MB", NULL },
	{ "info/MB/bandwidth_gran", "10\n" },
	{ "info/MB/delay_linear", "1\n" },
	{ "info/MB/min_bandwidth", "10\n" },
	{ "info/MB/num_closids", "8\n" },
	{ "info/L3_MON", NULL },
	{ "info/L3_MON/mon_features", "llc_occupancy\nmbm_total_bytes\nmbm_total_bytes_config\n" },
	{ "info/last_cmd_status", "mask f0f has non-consecutive 1-bits\n" },
	{ "schemata", "    MB:0=100;1=100\n    L3:0=7ff;1=7ff\n" },
	{ "box", NULL },
	{ "box/schemata", "    MB:0= 20;1= 70\n    L3:0=7f0;1=01f\n" },
	{ "box/tasks", "7\n12\n" },
	{ "box/mon_data", NULL },
	{ "box/mon_data/mon_L3_01", NULL },
	{ "box/mon_data/mon_L3_01/llc_occupancy", "Unavailable\n" },
	{ "box/mon_data/mon_L3_01/mbm_total_bytes", "3\n" },
	{ "box/mon_data/mon_L3_00", NULL },
	{ "box/mon_data/mon_L3_00/llc_occupancy", "4096\n" },
	{ "box/mon_data/mon_L3_00/mbm_total_bytes", "18446744073709551615\n" },
	{ "box/mon_data/mon_PERF_PKG_00", NULL },
};

static int make_machine(char template[])
{
	int root;

	assert_non_null(mkdtemp(template));
	root = open(template, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(machine); i++)
		if (machine[i].text)
			put_file(root, machine[i].path, machine[i].text);
		else
			assert_int_equal(mkdirat(root, machine[i].path, 0755), 0);
	return root;
}

static void remove_machine(int root, const char *path)
{
	for (size_t i = ARRAY_SIZE(machine); i > 0; i--)
		assert_int_equal(unlinkat(root, machine[i - 1].path, machine[i - 1].text ? 0 : AT_REMOVEDIR),
				 0);
	assert_int_equal(rmdir(path), 0);
	close(root);
}

/* What runc's types/events.go has, in its order. */
static void statistics_as_runc_has_them(void **state)
{
	char path[] = "/tmp/resctrl-XXXXXX";
	const struct oci_intel_rdt wanted = { 0 };
	struct resctrl_group group = { make_machine(path), &wanted, "box" };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text };
	struct error error;

	(void)state;
	assert_int_equal(resctrl_stats(&writer, &group, &error), 0);
	assert_string_equal(
		text.text,
		"{\"l3_cache_info\":{\"cbm_mask\":\"7ff\",\"min_cbm_bits\":1,\"num_closids\":16},"
		"\"l3_cache_schema_root\":\"L3:0=7ff;1=7ff\",\"l3_cache_schema\":\"L3:0=7f0;1=01f\","
		"\"mem_bw_info\":{\"bandwidth_gran\":10,\"delay_linear\":1,\"min_bandwidth\":10,\"num_closids\":8},"
		"\"mem_bw_schema_root\":\"MB:0=100;1=100\",\"mem_bw_schema\":\"MB:0= 20;1= 70\","
		"\"mbm_stats\":[{\"mbm_total_bytes\":18446744073709551615,\"mbm_local_bytes\":0},"
		"{\"mbm_total_bytes\":3,\"mbm_local_bytes\":0}],"
		"\"cmt_stats\":[{\"llc_occupancy\":4096},{\"llc_occupancy\":0}]}");
	group.container_id = "missing";
	assert_int_equal(resctrl_stats(&writer, &group, &error), -1);
	assert_non_null(strstr(error.text, "missing/schemata"));
	remove_machine(group.root, path);
}

static void hardware_that_only_counts(void **state)
{
	char path[] = "/tmp/resctrl-XXXXXX";
	const struct oci_intel_rdt wanted = { .clos_id = "shared", .enable_monitoring = { true, true } };
	struct resctrl_group group = { make_tree(path), &wanted, "box" };
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text };
	struct error error;

	(void)state;
	assert_int_equal(mkdirat(group.root, "info", 0755) + mkdirat(group.root, "info/L3_MON", 0755), 0);
	put_file(group.root, "info/L3_MON/mon_features", "mbm_local_bytes\n");
	/* Its own counters, not those of all in the class. */
	assert_int_equal(mkdirat(group.root, "shared/mon_groups/box", 0755) +
				 mkdirat(group.root, "shared/mon_groups/box/mon_data", 0755) +
				 mkdirat(group.root, "shared/mon_groups/box/mon_data/mon_L3_00", 0755),
			 0);
	put_file(group.root, "shared/mon_groups/box/mon_data/mon_L3_00/mbm_local_bytes", "5\n");
	assert_int_equal(resctrl_stats(&writer, &group, &error), 0);
	assert_string_equal(text.text, "{\"mbm_stats\":[{\"mbm_total_bytes\":0,\"mbm_local_bytes\":5}]}");
	assert_int_equal(unlinkat(group.root, "shared/mon_groups/box/mon_data/mon_L3_00/mbm_local_bytes", 0) +
				 unlinkat(group.root, "shared/mon_groups/box/mon_data/mon_L3_00",
					  AT_REMOVEDIR) +
				 unlinkat(group.root, "shared/mon_groups/box/mon_data", AT_REMOVEDIR) +
				 unlinkat(group.root, "shared/mon_groups/box", AT_REMOVEDIR) +
				 unlinkat(group.root, "info/L3_MON/mon_features", 0) +
				 unlinkat(group.root, "info/L3_MON", AT_REMOVEDIR) +
				 unlinkat(group.root, "info", AT_REMOVEDIR),
			 0);
	remove_tree(group.root, path);
}

static void shares_are_changed(void **state)
{
	char path[] = "/tmp/resctrl-XXXXXX";
	const struct oci_intel_rdt wanted = { 0 };
	struct resctrl_group group = { make_machine(path), &wanted, "box" };
	_cleanup_arena_ struct arena arena = { 0 };
	struct error error;
	size_t length;
	char *text;

	(void)state;
	/* The kernel takes a write as a command; a plain file has to be empty for it. */
	close(openat(group.root, "box/schemata", O_WRONLY | O_TRUNC | O_CLOEXEC));
	assert_int_equal(resctrl_set_shares(&arena, &group, "L3:0=f;1=f\n", &error), 0);
	assert_int_equal(file_read_at(&arena, group.root, "box/schemata", 4096, &text, &length), 0);
	assert_string_equal(text, "L3:0=f;1=f\n");
	group.container_id = "missing";
	assert_int_equal(resctrl_set_shares(&arena, &group, "L3:0=f0f\n", &error), -1);
	assert_string_equal(error.text,
			    "intelrdt: write /sys/fs/resctrl/missing/schemata (last_cmd_status: mask f0f "
			    "has non-consecutive 1-bits): no such file or directory");
	remove_machine(group.root, path);
}

static void members_are_added_once(void **state)
{
	char path[] = "/tmp/resctrl-XXXXXX";
	static const pid_t threads[] = { 12, 7, 4711 };
	const struct oci_intel_rdt wanted = { 0 };
	struct resctrl_group group = { make_machine(path), &wanted, "box" };
	_cleanup_arena_ struct arena arena = { 0 };
	int tasks[RESCTRL_TASKS_MAX];
	struct error error;
	size_t length;
	char *text;

	(void)state;
	assert_int_equal(resctrl_open_tasks(&arena, group.root, &wanted, "box", tasks, &error), 0);
	assert_int_equal(resctrl_add(&arena, &group, tasks, threads, 2, &error), 0);
	/* The kernel would add the line; a plain file has it in the place of the first ones. */
	assert_int_equal(resctrl_add(&arena, &group, tasks, threads, 3, &error), 1);
	assert_int_equal(file_read_at(&arena, group.root, "box/tasks", 4096, &text, &length), 0);
	assert_string_equal(text, "4711\n");
	assert_int_equal(resctrl_add(&arena, &group, tasks, threads + 2, 1, &error), 0);
	close(tasks[0]);
	remove_machine(group.root, path);
}

static void an_update_replaces_lines(void **state)
{
	const char *lines[] = { "L3:0=f\nL2:0=1", "MB:0=10", "L3:1=3" };
	const struct oci_intel_rdt current = { .clos_id = "class",
					       .mem_bw_schema = "MB:0=50",
					       .schemata = { .items = lines, .count = 3 } };
	const struct oci_intel_rdt update = { .l3_cache_schema = "L3:0=1" };
	_cleanup_arena_ struct arena arena = { 0 };
	const struct oci_intel_rdt *merged = resctrl_merge(&arena, &current, &update);

	(void)state;
	assert_string_equal(merged->clos_id, "class");
	assert_string_equal(merged->mem_bw_schema, "MB:0=50");
	assert_string_equal(resctrl_schemata(&arena, merged), "L3:0=1\nL2:0=1\nMB:0=10\n");
	assert_string_equal(resctrl_schemata(&arena, resctrl_merge(&arena, NULL, &update)), "L3:0=1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_lines_to_write),	       cmocka_unit_test(what_a_group_has),
		cmocka_unit_test(a_class_of_others),	       cmocka_unit_test(a_group_that_counts),
		cmocka_unit_test(a_group_of_its_own),	       cmocka_unit_test(what_is_refused),
		cmocka_unit_test(statistics_as_runc_has_them), cmocka_unit_test(hardware_that_only_counts),
		cmocka_unit_test(shares_are_changed),	       cmocka_unit_test(members_are_added_once),
		cmocka_unit_test(an_update_replaces_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
