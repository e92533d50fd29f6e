/* SPDX-License-Identifier: Apache-2.0 */
/* The pure parts of the cgroup room: what is mounted where, paths, conversions, the saved form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "base/words.h"
#include "cgroup/internal.h"
#include "cgroup/membership.h"

static struct arena arena;
static struct error error;

static int release(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static const char mixed_mounts[] =
	"22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
	"31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
	"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
	"35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
	"36 31 0:32 / /mnt/odd\\040place rw,relatime - cgroup cgroup rw,memory\n"
	"40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup systemd rw,xattr,name=systemd\n"
	"41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n";
static const char mixed_own[] = "9:name=systemd:/init.scope\n"
				"8:pids:/user.slice\n"
				"4:memory:/a:b\n"
				"1:cpu,cpuacct:/\n"
				"0::/user.slice/session.scope\n";

static void mixed_hierarchies_are_found(void **state)
{
	struct cgroup_layout layout;

	(void)state;
	assert_int_equal(layout_parse(&arena, mixed_mounts, mixed_own, &layout, &error), 0);
	assert_int_equal(layout.count, 4); /* pids is not mounted */
	assert_false(layout.unified);
	assert_string_equal(layout.items[0].controllers, "name=systemd");
	assert_string_equal(layout.items[0].mountpoint, "/sys/fs/cgroup/systemd");
	assert_string_equal(layout.items[1].controllers, "memory");
	assert_string_equal(layout.items[1].own_path, "/a:b");
	assert_string_equal(layout.items[1].mountpoint, "/sys/fs/cgroup/memory");
	assert_string_equal(layout.items[2].mountpoint, "/sys/fs/cgroup/cpu,cpuacct");
	assert_true(layout.items[3].v2);
	assert_string_equal(layout.items[3].mountpoint, "/sys/fs/cgroup/unified");
}

static void the_customary_place_comes_first(void **state)
{
	static const char mounts[] = "30 1 0:32 / /mnt/odd\\040place rw - cgroup cgroup rw,memory\n"
				     "31 1 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
	struct cgroup_layout layout;

	(void)state;
	assert_int_equal(layout_parse(&arena, mounts, "4:memory:/\n", &layout, &error), 0);
	assert_string_equal(layout.items[0].mountpoint, "/sys/fs/cgroup/memory");
	assert_int_equal(layout_parse(&arena, "30 1 0:32 / /mnt/odd\\040place rw - cgroup cgroup rw,memory\n",
				      "4:memory:/\n", &layout, &error),
			 0);
	assert_string_equal(layout.items[0].mountpoint, "/mnt/odd place");
}

static void pure_v2_is_recognised(void **state)
{
	struct cgroup_layout layout;

	(void)state;
	assert_int_equal(layout_parse(&arena, "30 1 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n",
				      "0::/x\n", &layout, &error),
			 0);
	assert_true(layout.unified);
	assert_int_equal(layout.count, 1);
}

static void nothing_mounted_is_an_error(void **state)
{
	struct cgroup_layout layout;

	(void)state;
	assert_int_equal(layout_parse(&arena,
				      "22 1 254:0 / / rw - ext4 /dev/vda rw\nrubbish - cgroup\n - cgroup x y\n",
				      "0::/x\nrubbish\n1:cpu:relative\n", &layout, &error),
			 -1);
	assert_string_equal(error.text, "no cgroup filesystem is mounted");
}

static void groups_of_a_process_are_found_by_controller(void **state)
{
	struct cgroup_memberships groups = cgroup_memberships_parse(&arena, mixed_own);

	(void)state;
	assert_int_equal(groups.count, 5);
	assert_string_equal(groups.items[0].controllers, "name=systemd");
	assert_string_equal(groups.items[2].path, "/a:b");
	assert_string_equal(cgroup_memberships_path(&groups, "cpuacct"), "/");
	assert_string_equal(cgroup_memberships_path(&groups, "pids"), "/user.slice");
	assert_string_equal(cgroup_memberships_path(&groups, ""), "/user.slice/session.scope");
	assert_null(cgroup_memberships_path(&groups, "cpuset"));
	groups = cgroup_memberships_parse(&arena, "rubbish\n1:cpu:relative\n\n3:cpu:/last");
	assert_int_equal(groups.count, 1);
	assert_string_equal(groups.items[0].path, "/last");
	assert_int_equal(cgroup_memberships_parse(&arena, "").count, 0);
}

static void a_mount_is_of_the_hierarchy_with_all_its_controllers(void **state)
{
	struct mountinfo mount = { .type = "cgroup", .options = "rw,cpu,cpuacct" };

	(void)state;
	assert_true(cgroup_is_mount_of(&mount, "cpu,cpuacct"));
	assert_false(cgroup_is_mount_of(&mount, "cpu,cpuset"));
	assert_false(cgroup_is_mount_of(&mount, ""));
	mount.type = "cgroup2";
	assert_true(cgroup_is_mount_of(&mount, ""));
	assert_false(cgroup_is_mount_of(&mount, "cpu,cpuacct"));
}

static void paths_are_those_of_runc(void **state)
{
	static const struct {
		bool v2, unified;
		const char *root, *own, *given, *expected;
	} cases[] = {
		{ false, false, "/", "/", "/docker/ID", "/docker/ID" },
		{ false, false, "/", "/user", "/docker/ID", "/docker/ID" },
		{ false, false, "/", "/user", NULL, "/user/ID" },
		{ false, false, "/", "/user", "", "/user/ID" },
		{ false, false, "/", "/user", "rel/x", "/user/rel/x" },
		{ false, false, "/", "/user", "../../x", "/user/x" },
		{ false, false, "/", "/", "/../../x", "/x" },
		{ false, false, "/", "/", "/a//b/./c/", "/a/b/c" },
		{ false, false, "/docker/abc", "/docker/abc/sub", NULL, "/sub/ID" },
		{ false, false, "/docker/abc", "/docker/abc", NULL, "/ID" },
		{ false, false, "/docker/abc", "/docker/abcd", NULL, "/ID" },
		{ true, false, "/", "/user/s.scope", NULL, "/user/s.scope/ID" },
		{ true, true, "/", "/user/s.scope", NULL, "/user/ID" },
		{ true, true, "/", "/s.scope", NULL, "/ID" },
		{ true, true, "/", "/", NULL, "/ID" },
		{ true, true, "/", "/user/s.scope", "/abs", "/abs" },
		{ true, true, "/", "/user/s.scope", "rel", "/user/rel" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct cgroup_hierarchy hierarchy = {
			.v2 = cases[i].v2,
			.mount_root = cases[i].root,
			.own_path = cases[i].own,
		};

		assert_string_equal(inner_path(&arena, &hierarchy, cases[i].unified, cases[i].given, "ID"),
				    cases[i].expected);
	}
}

static void shares_become_weights(void **state)
{
	(void)state;
	assert_int_equal(cpu_weight_of_shares(0), 0);
	assert_int_equal(cpu_weight_of_shares(1), 1);
	assert_int_equal(cpu_weight_of_shares(2), 1);
	assert_int_equal(cpu_weight_of_shares(1024), 100);
	assert_int_equal(cpu_weight_of_shares(262143), 10000);
	assert_int_equal(cpu_weight_of_shares(262144), 10000);
	assert_int_equal(cpu_weight_of_shares(UINT64_MAX), 10000);
	for (uint64_t shares = 2; shares < 262144; shares++)
		assert_true(cpu_weight_of_shares(shares) <= cpu_weight_of_shares(shares + 1));
}

static void blkio_weights_become_io_weights(void **state)
{
	(void)state;
	assert_int_equal(io_weight_of_blkio_weight(0), 0);
	assert_int_equal(io_weight_of_blkio_weight(5), 1);
	assert_int_equal(io_weight_of_blkio_weight(10), 1);
	assert_int_equal(io_weight_of_blkio_weight(750), 7475);
	assert_int_equal(io_weight_of_blkio_weight(1000), 10000);
}

static void swap_is_what_exceeds_memory(void **state)
{
	static const struct {
		int64_t swap, memory;
		int result;
		bool set;
		int64_t value;
	} cases[] = {
		{ 0, 0, 0, false, 0 },	     { 0, 1000, 0, false, 0 },	    { 0, -1, 0, true, -1 },
		{ -1, 1000, 0, true, -1 },   { 3000, 1000, 0, true, 2000 }, { 1000, 1000, 0, true, 0 },
		{ 3000, -1, 0, true, 3000 }, { 3000, 0, -1, false, 0 },	    { 500, 1000, -1, false, 0 },
		{ 3000, -2, -1, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t value = 0;
		bool set = false;

		assert_int_equal(swap_max_of_memory_swap(cases[i].swap, cases[i].memory, &set, &value, &error),
				 cases[i].result);
		if (cases[i].result < 0)
			continue;
		assert_int_equal(set, cases[i].set);
		if (set)
			assert_int_equal(value, cases[i].value);
	}
}

static void needed_controllers_are_those_with_limits(void **state)
{
	struct oci_memory memory = { .limit = { true, 1 }, .swappiness = { true, 0 } };
	struct oci_cpu cpu = { .cpus = "0", .mems = "" };
	struct oci_pids pids = { .limit = { true, -1 } };
	struct oci_block_io io = { .weight = { true, 0 } };
	struct string_pair pair = { "misc.max", "x" };
	const struct oci_resources resources = {
		.memory = &memory,
		.cpu = &cpu,
		.pids = &pids,
		.block_io = &io,
		.unified = { &pair, 1 },
	};
	const char *needed = v2_needed(&arena, &resources);

	(void)state;
	assert_true(words_have(needed, "memory"));
	assert_false(words_have(needed, "cpu"));
	assert_true(words_have(needed, "cpuset"));
	assert_true(words_have(needed, "pids"));
	assert_false(words_have(needed, "io"));
	assert_true(words_have(needed, "misc"));
	assert_string_equal(v2_needed(&arena, NULL), "");
}

static struct cgroup *planned(const char *path)
{
	const struct cgroup_request request = { .container_id = "ID", .cgroups_path = path, .rootless = true };
	struct cgroup_layout layout;
	struct cgroup *cgroup;

	assert_int_equal(layout_parse(&arena, mixed_mounts, mixed_own, &layout, &error), 0);
	assert_int_equal(cgroup_plan(&arena, &layout, &request, &cgroup, &error), 0);
	return cgroup;
}

static struct json_value *saved(const struct cgroup *cgroup)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text };
	struct json_value *root;

	cgroup_save(&writer, cgroup);
	assert_int_equal(json_parse(&arena, "state", strbuf_text(&text), text.length, &root, &error), 0);
	return root;
}

static void what_is_saved_is_opened(void **state)
{
	struct cgroup *cgroup = planned("/docker/ID");
	struct cgroup *opened;

	(void)state;
	assert_string_equal(cgroup_path(cgroup), "/docker/ID");
	assert_int_equal(cgroup_open(&arena, saved(cgroup), &opened, &error), 0);
	assert_string_equal(cgroup_path(opened), "/docker/ID");
	assert_string_equal(cgroup_directory(opened, "memory"), "/sys/fs/cgroup/memory/docker/ID");
	assert_string_equal(cgroup_directory(opened, "cpuacct"), "/sys/fs/cgroup/cpu,cpuacct/docker/ID");
	assert_string_equal(cgroup_directory(opened, "name=systemd"), "/sys/fs/cgroup/systemd/docker/ID");
	assert_string_equal(cgroup_directory(opened, NULL), "/sys/fs/cgroup/unified/docker/ID");
	assert_true(opened->rootless);
	assert_true(opened->path_given);
	assert_int_equal(opened->count, cgroup->count);
}

static void damaged_states_are_refused(void **state)
{
	static const char *const documents[] = {
		"{}",
		"[]",
		"{\"manager\":\"cgroupfs\",\"path\":\"/x\"}",
		"{\"manager\":\"magic\",\"path\":\"/x\",\"groups\":[]}",
		"{\"manager\":\"cgroupfs\",\"path\":\"/x\",\"groups\":[1]}",
		"{\"manager\":\"cgroupfs\",\"path\":\"/x\",\"groups\":[{\"controllers\":\"\",\"mountpoint\":\"sys\",\"inner\":\"/x\"}]}",
		"{\"manager\":\"cgroupfs\",\"path\":\"/x\",\"groups\":[{\"controllers\":\"\",\"mountpoint\":\"/sys\",\"inner\":\"x\"}]}",
		"{\"manager\":\"cgroupfs\",\"path\":\"/x\",\"groups\":[{\"controllers\":\"\",\"mountpoint\":\"/sys\",\"inner\":\"/a/../..\"}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(documents); i++) {
		struct json_value *root;
		struct cgroup *cgroup;

		assert_int_equal(json_parse(&arena, "state", documents[i], strlen(documents[i]), &root, &error),
				 0);
		assert_int_equal(cgroup_open(&arena, root, &cgroup, &error), -1);
		assert_non_null(strstr(error.text, "the saved cgroup is damaged"));
	}
}

/* A directory that is in no cgroup file system is neither read nor removed, whatever the state says. */
static void only_cgroups_are_touched(void **state)
{
	static const char text[] =
		"{\"manager\":\"cgroupfs\",\"path\":\"/x\",\"groups\":[{\"controllers\":\"memory\","
		"\"mountpoint\":\"/proc\",\"inner\":\"/self\"}]}";
	struct json_value *root;
	struct cgroup *cgroup;
	size_t count;
	pid_t *pids;

	(void)state;
	assert_int_equal(json_parse(&arena, "state", text, strlen(text), &root, &error), 0);
	assert_int_equal(cgroup_open(&arena, root, &cgroup, &error), 0);
	assert_int_equal(cgroup_pids(&arena, cgroup, true, &pids, &count, &error), -1);
	assert_int_equal(cgroup_destroy(cgroup, &error), -1);
	assert_non_null(strstr(error.text, "remove cgroup /proc/self"));
}

static void systemd_where_it_cannot_be_is_one_clear_error(void **state)
{
	const struct cgroup_request request = {
		.manager = CGROUP_MANAGER_SYSTEMD,
		.container_id = "ID",
		.rootless = true,
	};
	const struct cgroup_layout layout = { .count = 0 };
	struct cgroup *cgroup;

	(void)state;
	assert_int_equal(cgroup_create(&arena, &layout, &request, NULL, &cgroup, &error), -1);
	if (access("/run/systemd/system", F_OK) == 0)
		assert_string_equal(error.text, "cannot use rootless systemd cgroups manager on cgroup v1");
	else
		assert_string_equal(error.text,
				    "systemd not running on this host, cannot use systemd cgroups manager");
}

static void disabled_has_nothing_and_limits_nothing(void **state)
{
	const struct cgroup_request request = { .manager = CGROUP_MANAGER_DISABLED, .container_id = "ID" };
	const struct cgroup_layout layout = { .count = 0 };
	struct oci_pids pids = { .limit = { true, 5 } };
	const struct oci_resources resources = { .pids = &pids };
	struct cgroup *cgroup;
	struct cgroup *opened;
	struct cgroup_join join;
	bool settled;

	(void)state;
	assert_int_equal(cgroup_create(&arena, &layout, &request, NULL, &cgroup, &error), 0);
	assert_string_equal(cgroup_path(cgroup), "");
	assert_int_equal(cgroup_set_resources(cgroup, &resources, &error), 0);
	assert_int_equal(cgroup_set_devices(cgroup, NULL, NULL, &error), 0);
	assert_int_equal(cgroup_clone_fd(cgroup), -1);
	assert_int_equal(cgroup_join_fds(cgroup, false, &join, &error), 0);
	assert_int_equal(join.early_count + join.late_count, 0);
	assert_null(cgroup_directory(cgroup, "memory"));
	assert_int_equal(cgroup_is_frozen(cgroup, &settled, &error), 0);
	assert_int_equal(cgroup_freeze(cgroup, &error), -1);
	assert_int_equal(cgroup_kill(cgroup, 9, &error), -1);
	assert_int_equal(cgroup_open(&arena, saved(cgroup), &opened, &error), 0);
	assert_int_equal(cgroup_destroy(opened, &error), 0);
}

static void sub_paths_stay_inside(void **state)
{
	static const struct {
		const char *options[2];
		size_t count;
		const char *error;
	} cases[] = {
		{ { ".." }, 1, "bad sub cgroup path" },
		{ { "../IDx" }, 1, "bad sub cgroup path" },
		{ { "cpu:../IDx" }, 1, "bad sub cgroup path" },
		{ { "whaaat:/" }, 1, "unknown controller " },
		{ { ":/x" }, 1, "empty <controller> prefix" },
		{ { "cpu,:/x" }, 1, "error adding pid to cgroups" },
		{ { "x", "y" }, 2, "missing <controller>: prefix" },
	};
	struct cgroup *cgroup = planned("/casemate-not-there/ID");
	struct cgroup *sub;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(cgroup_sub(&arena, cgroup, cases[i].options, cases[i].count, &sub, &error),
				 -1);
		assert_non_null(strstr(error.text, cases[i].error));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(mixed_hierarchies_are_found, release),
		cmocka_unit_test_teardown(the_customary_place_comes_first, release),
		cmocka_unit_test_teardown(pure_v2_is_recognised, release),
		cmocka_unit_test_teardown(nothing_mounted_is_an_error, release),
		cmocka_unit_test_teardown(groups_of_a_process_are_found_by_controller, release),
		cmocka_unit_test_teardown(a_mount_is_of_the_hierarchy_with_all_its_controllers, release),
		cmocka_unit_test_teardown(paths_are_those_of_runc, release),
		cmocka_unit_test_teardown(shares_become_weights, release),
		cmocka_unit_test_teardown(blkio_weights_become_io_weights, release),
		cmocka_unit_test_teardown(swap_is_what_exceeds_memory, release),
		cmocka_unit_test_teardown(needed_controllers_are_those_with_limits, release),
		cmocka_unit_test_teardown(what_is_saved_is_opened, release),
		cmocka_unit_test_teardown(damaged_states_are_refused, release),
		cmocka_unit_test_teardown(only_cgroups_are_touched, release),
		cmocka_unit_test_teardown(systemd_where_it_cannot_be_is_one_clear_error, release),
		cmocka_unit_test_teardown(disabled_has_nothing_and_limits_nothing, release),
		cmocka_unit_test_teardown(sub_paths_stay_inside, release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
