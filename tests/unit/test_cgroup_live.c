/* SPDX-License-Identifier: Apache-2.0 */
/* Real groups, of whatever hierarchies this machine has. Skipped where none can be made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "base/syscalls.h"
#include "base/words.h"
#include "cgroup/internal.h"
#include "skips.h"

#define OUT_OF_THE_WAY "/casemate-unit-test/%d"

static struct arena arena;
static struct error error;
static struct cgroup_layout layout;
static char path[64];

static struct cgroup_request request_for(const char *cgroups_path)
{
	return (struct cgroup_request){ .container_id = "unit", .cgroups_path = cgroups_path };
}

static struct cgroup *make(const struct oci_resources *resources)
{
	const struct cgroup_request request = request_for(path);
	struct cgroup *cgroup;

	if (cgroup_create(&arena, &layout, &request, resources, &cgroup, &error) < 0)
		fail_msg("%s", error.text);
	return cgroup;
}

/* A process that joins as a container's does, and once it has, does @job. */
static pid_t start(struct cgroup *cgroup, int (*job)(void))
{
	struct clone_args arguments = { .exit_signal = SIGCHLD };
	int group = cgroup_clone_fd(cgroup);
	struct cgroup_join join;
	char joined;
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	if (cgroup_join_fds(cgroup, group >= 0, &join, &error) < 0)
		fail_msg("%s", error.text);
	if (group >= 0) {
		arguments.flags = CLONE_INTO_CGROUP;
		arguments.cgroup = (uint64_t)group;
	}
	pid = sys_clone3(&arguments, sizeof(arguments));
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (size_t i = 0; i < join.early_count; i++)
			if (write(join.early[i], "0", 1) != 1)
				_exit(100);
		for (size_t i = 0; i < join.late_count; i++)
			if (write(join.late[i], "0", 1) != 1)
				_exit(101);
		if (write(ends[1], "j", 1) != 1)
			_exit(102);
		close(ends[1]);
		_exit(job());
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &joined, 1), 1);
	close(ends[0]);
	return pid;
}

static int sleep_long(void)
{
	pause();
	return 0;
}

static int sleep_in_thread(void *unused)
{
	(void)unused;
	return sleep_long();
}

static int sleep_briefly(void)
{
	const struct timespec time = { .tv_nsec = 300000000 };

	nanosleep(&time, NULL);
	return 0;
}

static int status_of(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Until so many processes are listed: one that was killed takes a moment to go. */
static void wait_joined(const struct cgroup *cgroup, size_t wanted)
{
	const struct timespec pause_time = { .tv_nsec = 5000000 };
	size_t count = 0;
	pid_t *pids;

	for (unsigned int i = 0; i < 1000; i++) {
		assert_int_equal(cgroup_pids(&arena, cgroup, true, &pids, &count, &error), 0);
		if (count == wanted)
			return;
		nanosleep(&pause_time, NULL);
	}
	fail_msg("%zu processes instead of %zu", count, wanted);
}

static void destroy(struct cgroup *cgroup)
{
	if (cgroup_destroy(cgroup, &error) < 0)
		fail_msg("%s", error.text);
	for (size_t i = 0; i < cgroup->count; i++)
		assert_int_equal(access(cgroup->groups[i].directory, F_OK), -1);
}

static const char *content(struct cgroup *cgroup, const char *controller, const char *file)
{
	struct cgroup_group *group = group_find(cgroup, controller);
	char *text;

	if (!group || group_read(&arena, group, file, &text) < 0)
		return "";
	return text;
}

/* -------------------------------------------------------------------------------------------------------- */

static void a_process_joins_freezes_and_dies(void **state)
{
	struct cgroup *cgroup = make(NULL);
	pid_t pid = start(cgroup, sleep_long);
	bool settled;
	size_t count;
	pid_t *pids;

	(void)state;
	wait_joined(cgroup, 1);
	for (size_t i = 0; i < cgroup->count; i++) {
		char *listed;

		assert_int_equal(group_read(&arena, &cgroup->groups[i], "cgroup.procs", &listed), 0);
		assert_string_equal(listed, arena_printf(&arena, "%d", pid));
	}
	assert_int_equal(cgroup_pids(&arena, cgroup, false, &pids, &count, &error), 0);
	assert_int_equal(count, 1);
	assert_int_equal(pids[0], pid);
	assert_int_equal(cgroup_is_frozen(cgroup, &settled, &error), 0);
	if (cgroup_freeze(cgroup, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(cgroup_is_frozen(cgroup, &settled, &error), 1);
	assert_true(settled);
	assert_int_equal(cgroup_thaw(cgroup, &error), 0);
	assert_int_equal(cgroup_is_frozen(cgroup, &settled, &error), 0);
	assert_int_equal(cgroup_kill(cgroup, SIGTERM, &error), 0);
	assert_int_equal(status_of(pid), 128 + SIGTERM);
	destroy(cgroup);
}

static void a_frozen_process_dies_too(void **state)
{
	struct cgroup *cgroup = make(NULL);
	pid_t pid = start(cgroup, sleep_long);

	(void)state;
	wait_joined(cgroup, 1);
	assert_int_equal(cgroup_freeze(cgroup, &error), 0);
	assert_int_equal(cgroup_kill(cgroup, SIGKILL, &error), 0);
	assert_int_equal(status_of(pid), 128 + SIGKILL);
	destroy(cgroup);
}

static void used_and_frozen_groups_are_refused(void **state)
{
	struct cgroup *cgroup = make(NULL);
	const struct cgroup_request request = request_for(path);
	pid_t pid = start(cgroup, sleep_long);
	struct cgroup *second;

	(void)state;
	wait_joined(cgroup, 1);
	assert_int_equal(cgroup_create(&arena, &layout, &request, NULL, &second, &error), -1);
	assert_string_equal(error.text, "container's cgroup is not empty: 1 process(es) found");
	assert_int_equal(cgroup_kill(cgroup, SIGKILL, &error), 0);
	assert_int_equal(status_of(pid), 128 + SIGKILL);
	wait_joined(cgroup, 0);
	/* Empty now, so it is taken over. */
	assert_int_equal(cgroup_create(&arena, &layout, &request, NULL, &second, &error), 0);
	cgroup_close(second);
	/* An empty v1 group freezes at once, one of v2 as well. */
	assert_int_equal(cgroup_freeze(cgroup, &error), 0);
	assert_int_equal(cgroup_create(&arena, &layout, &request, NULL, &second, &error), -1);
	assert_string_equal(error.text, "container's cgroup unexpectedly frozen");
	assert_int_equal(cgroup_thaw(cgroup, &error), 0);
	destroy(cgroup);
}

static void removing_waits_for_the_last_process(void **state)
{
	struct cgroup *cgroup = make(NULL);
	pid_t pid = start(cgroup, sleep_briefly);

	(void)state;
	wait_joined(cgroup, 1);
	destroy(cgroup);
	assert_int_equal(status_of(pid), 0);
}

static void groups_below_are_removed(void **state)
{
	struct cgroup *cgroup = make(NULL);
	struct json_value *root;
	struct cgroup *opened;
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text };

	(void)state;
	for (size_t i = 0; i < cgroup->count; i++) {
		int directory = group_fd(&cgroup->groups[i]);

		assert_int_equal(mkdirat(directory, "a", 0755), 0);
		assert_int_equal(mkdirat(directory, "a/b", 0755), 0);
		assert_int_equal(mkdirat(directory, "c", 0755), 0);
	}
	cgroup_save(&writer, cgroup);
	cgroup_close(cgroup);
	assert_int_equal(json_parse(&arena, "state", strbuf_text(&text), text.length, &root, &error), 0);
	assert_int_equal(cgroup_open(&arena, root, &opened, &error), 0);
	destroy(opened);
	destroy(opened); /* gone already */
}

/* Deeper than there are descriptors, and with a process at the bottom. */
static void a_deep_tree_is_listed_and_removed(void **state)
{
	struct cgroup *cgroup = make(NULL);
	struct cgroup_group *group =
		group_find(cgroup, NULL) ? group_find(cgroup, NULL) : group_find(cgroup, "freezer");
	int directory = openat(group_fd(group), ".", O_PATH | O_CLOEXEC);
	struct pid_set pids = { 0 };
	pid_t pid;

	(void)state;
	for (unsigned int depth = 0; depth < 1500; depth++) {
		int below;

		assert_int_equal(mkdirat(directory, "d", 0755), 0);
		below = openat(directory, "d", O_PATH | O_CLOEXEC);
		assert_true(below >= 0);
		close(directory);
		directory = below;
	}
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(sleep_long());
	}
	assert_int_equal(file_write_at(directory, "cgroup.procs", arena_printf(&arena, "%d", pid)), 0);
	close(directory);
	assert_int_equal(pids_collect(&arena, group_fd(group), true, &pids), 0);
	assert_int_equal(pids.count, 1);
	assert_int_equal(pids.items[0], pid);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(status_of(pid), 128 + SIGKILL);
	destroy(cgroup);
}

static void a_plan_for_what_is_there_kills_nobody(void **state)
{
	struct cgroup *cgroup = make(NULL);
	const struct cgroup_request request = request_for(path);
	pid_t pid = start(cgroup, sleep_long);
	struct cgroup *plan;

	(void)state;
	wait_joined(cgroup, 1);
	assert_int_equal(cgroup_plan(&arena, &layout, &request, &plan, &error), 0);
	assert_int_equal(cgroup_kill(plan, SIGKILL, &error), 0);
	assert_int_equal(cgroup_destroy(plan, &error), 0);
	wait_joined(cgroup, 1);
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(status_of(pid), 128 + SIGTERM);
	destroy(cgroup);
	assert_int_equal(cgroup_plan(&arena, &layout, &request, &plan, &error), 0);
	assert_false(plan->foreign);
}

static void limits_are_what_was_asked_for(void **state)
{
	struct oci_pids pids = { .limit = { true, 17 } };
	struct oci_memory memory = { .limit = { true, 64 << 20 }, .reservation = { true, 32 << 20 } };
	struct oci_cpu cpu = { .shares = { true, 512 }, .quota = { true, 50000 }, .period = { true, 200000 } };
	struct oci_resources resources = { 0 };
	const struct oci_cpu period = { .period = { true, 100000 } };
	const struct oci_resources period_only = { .cpu = (struct oci_cpu *)&period };
	struct cgroup *cgroup;
	bool v2;

	(void)state;
	resources.pids = &pids;
	resources.memory = &memory;
	resources.cpu = &cpu;
	cgroup = make(&resources);
	if (cgroup_set_resources(cgroup, &resources, &error) < 0)
		fail_msg("%s", error.text);
	assert_string_equal(content(cgroup, "pids", "pids.max"), "17");
	v2 = group_find(cgroup, "memory")->v2;
	assert_string_equal(content(cgroup, "memory", v2 ? "memory.max" : "memory.limit_in_bytes"), "67108864");
	assert_string_equal(content(cgroup, "memory", v2 ? "memory.low" : "memory.soft_limit_in_bytes"),
			    "33554432");
	v2 = group_find(cgroup, "cpu")->v2;
	assert_string_equal(content(cgroup, "cpu", v2 ? "cpu.weight" : "cpu.shares"), v2 ? "59" : "512");
	assert_string_equal(content(cgroup, "cpu", v2 ? "cpu.max" : "cpu.cfs_quota_us"),
			    v2 ? "50000 200000" : "50000");
	/* A new period leaves the quota as it is. */
	assert_int_equal(cgroup_set_resources(cgroup, &period_only, &error), 0);
	assert_string_equal(content(cgroup, "cpu", v2 ? "cpu.max" : "cpu.cfs_quota_us"),
			    v2 ? "50000 100000" : "50000");
	pids.limit.value = 0;
	memory.limit.value = -1;
	assert_int_equal(cgroup_set_resources(cgroup, &resources, &error), 0);
	/* v2 counts who sets the container up, as long as that takes. */
	assert_string_equal(content(cgroup, "pids", "pids.max"), group_find(cgroup, "pids")->v2 ? "3" : "1");
	assert_int_equal(cgroup_settle(cgroup, &error), 0);
	assert_string_equal(content(cgroup, "pids", "pids.max"), "1");
	pids.limit.value = -1;
	assert_int_equal(cgroup_set_resources(cgroup, &resources, &error), 0);
	assert_string_equal(content(cgroup, "pids", "pids.max"), "max");
	destroy(cgroup);
}

static void memory_and_swap_grow_and_shrink(void **state)
{
	static const int64_t steps[][2] = { { 64, 128 }, { 256, 512 }, { 32, 32 }, { 128, -1 }, { 64, 100 } };
	struct oci_memory memory = { 0 };
	const struct oci_resources resources = { .memory = &memory };
	struct cgroup *cgroup;

	(void)state;
	memory.limit = (struct optional_i64){ true, 64 << 20 };
	cgroup = make(&resources);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		bool v2 = group_find(cgroup, "memory")->v2;

		memory.limit.value = steps[i][0] << 20;
		memory.swap = (struct optional_i64){ true, steps[i][1] < 0 ? -1 : steps[i][1] << 20 };
		if (cgroup_set_resources(cgroup, &resources, &error) < 0 && error.number != ENOENT)
			fail_msg("%s", error.text);
		assert_string_equal(content(cgroup, "memory", v2 ? "memory.max" : "memory.limit_in_bytes"),
				    arena_printf(&arena, "%lld", (long long)memory.limit.value));
	}
	destroy(cgroup);
}

static void small_memory_is_joined_late(void **state)
{
	struct oci_memory memory = { .limit = { true, 512 << 10 } };
	const struct oci_resources resources = { .memory = &memory };
	struct cgroup *cgroup = make(&resources);
	bool v2 = group_find(cgroup, "memory")->v2;
	struct cgroup_join join;

	(void)state;
	assert_int_equal(cgroup_join_fds(cgroup, cgroup_clone_fd(cgroup) >= 0, &join, &error), 0);
	assert_int_equal(join.late_count, 1);
	assert_int_equal(join.home_count, 1);
	if (v2)
		assert_int_equal(cgroup_clone_fd(cgroup), -1);
	destroy(cgroup);
}

/* Whether the device may be opened: 0, or an errno. */
static int try_device(unsigned int major_number, unsigned int minor_number)
{
	char node[] = "/tmp/casemate-unit-XXXXXX";
	int result;
	int fd;

	if (!mkdtemp(node) || chdir(node) < 0)
		return 200;
	result = mknod("device", S_IFCHR | 0600, makedev(major_number, minor_number)) < 0 ? 201 : 0;
	if (!result) {
		fd = open("device", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		result = fd < 0 ? errno : 0;
	}
	unlink("device");
	if (chdir("/") < 0 || rmdir(node) < 0)
		return 202;
	return result;
}

static int open_null(void)
{
	return try_device(1, 3);
}

static int open_kmsg(void)
{
	return try_device(1, 11);
}

static void devices_are_denied_but_for_the_default_ones(void **state)
{
	static const struct oci_device_rule all = { .allow = false, .access = "rwm" };
	const struct oci_device_rule_list rules = { (struct oci_device_rule *)&all, 1 };
	struct cgroup *cgroup = make(NULL);

	(void)state;
	if (cgroup_set_devices(cgroup, &rules, NULL, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(status_of(start(cgroup, open_null)), 0);
	assert_int_equal(status_of(start(cgroup, open_kmsg)), EPERM);
	destroy(cgroup);
}

/* The v2 way, also where v1 has the controller. A second program takes the place of the first. */
static void the_v2_program_is_attached_and_replaced(void **state)
{
	static const struct oci_device_rule kmsg = { true, "c", { true, 1 }, { true, 11 }, "rwm" };
	const struct oci_device_rule_list rules = { (struct oci_device_rule *)&kmsg, 1 };
	struct cgroup *cgroup = make(NULL);
	struct cgroup_group *group = group_find(cgroup, NULL);
	struct device_state devices;

	(void)state;
	if (!group) {
		destroy(cgroup);
		skip_because("cgroup v2 is not mounted here");
		return;
	}
	assert_int_equal(devices_resolve(&arena, NULL, NULL, &devices, &error), 0);
	if (devices_bpf_set(group, &devices, &error) < 0) {
		destroy(cgroup);
		skip_because(error.text);
	}
	assert_int_equal(status_of(start(cgroup, open_null)), 0);
	assert_int_equal(status_of(start(cgroup, open_kmsg)), EPERM);
	group->taken_over = true;
	assert_int_equal(devices_resolve(&arena, &rules, NULL, &devices, &error), 0);
	assert_int_equal(devices_bpf_set(group, &devices, &error), 0);
	assert_int_equal(status_of(start(cgroup, open_kmsg)), 0);
	destroy(cgroup);
}

static void statistics_have_all_members(void **state)
{
	static const char *const members[] = { "cpu",	"cpuset",  "memory",   "pids",
					       "blkio", "hugetlb", "intel_rdt" };
	struct cgroup *cgroup = make(NULL);
	pid_t pid = start(cgroup, sleep_long);
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text };
	const struct json_value *current;
	struct json_value *root;

	(void)state;
	wait_joined(cgroup, 1);
	assert_int_equal(cgroup_stats(&writer, cgroup, NULL, &error), 0);
	assert_int_equal(json_parse(&arena, "stats", strbuf_text(&text), text.length, &root, &error), 0);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		assert_int_equal(json_get(root, members[i])->type, JSON_OBJECT);
	current = json_get(json_get(root, "pids"), "current");
	assert_non_null(current);
	assert_int_equal(current->integer.magnitude, 1);
	assert_true(json_get(json_get(json_get(root, "memory"), "usage"), "limit")->integer.magnitude > 0);
	assert_int_equal(cgroup_kill(cgroup, SIGKILL, &error), 0);
	status_of(pid);
	destroy(cgroup);
}

static int two_threads(void)
{
	thrd_t second;

	return thrd_create(&second, sleep_in_thread, NULL) == thrd_success ? sleep_long() : 1;
}

static void threads_are_listed(void **state)
{
	const struct timespec pause_time = { .tv_nsec = 5000000 };
	struct cgroup *cgroup = make(NULL);
	pid_t pid = start(cgroup, two_threads);
	pid_t *threads;
	size_t count = 0;

	(void)state;
	for (unsigned int i = 0; i < 1000 && count != 2; i++) {
		assert_int_equal(cgroup_threads(&arena, cgroup, &threads, &count, &error), 0);
		nanosleep(&pause_time, NULL);
	}
	assert_int_equal(count, 2);
	assert_true((threads[0] == pid) != (threads[1] == pid));
	assert_int_equal(cgroup_kill(cgroup, SIGKILL, &error), 0);
	status_of(pid);
	destroy(cgroup);
}

static void a_sub_group_can_be_joined(void **state)
{
	static const char *const options[] = { "below" };
	struct cgroup *cgroup = make(NULL);
	struct cgroup *sub;
	pid_t pid;

	(void)state;
	assert_int_equal(cgroup_sub(&arena, cgroup, options, 1, &sub, &error), -1);
	assert_non_null(strstr(error.text, " adding pid "));
	for (size_t i = 0; i < cgroup->count; i++) {
		struct cgroup_group *group = &cgroup->groups[i];

		assert_int_equal(mkdirat(group_fd(group), "below", 0755), 0);
		if (group->controllers && words_have(group->controllers, "cpuset") && !group->v2) {
			assert_int_equal(file_write_at(group_fd(group), "below/cpuset.cpus", "0"), 0);
			assert_int_equal(file_write_at(group_fd(group), "below/cpuset.mems", "0"), 0);
		}
	}
	assert_int_equal(cgroup_sub(&arena, cgroup, options, 1, &sub, &error), 0);
	pid = start(sub, sleep_long);
	wait_joined(sub, 1);
	wait_joined(cgroup, 1);
	assert_string_equal(content(cgroup, "devices", "cgroup.procs"), "");
	cgroup_close(sub);
	assert_int_equal(cgroup_of_process(&arena, cgroup, pid, &sub, &error), 0);
	if (group_find(sub, NULL))
		assert_non_null(strstr(cgroup_directory(sub, NULL), "/below"));
	cgroup_close(sub);
	assert_int_equal(cgroup_kill(cgroup, SIGKILL, &error), 0);
	status_of(pid);
	destroy(cgroup);
}

static void failing_leaves_nothing(void **state)
{
	struct cgroup_request request = request_for(NULL);
	struct cgroup *cgroup;
	struct cgroup_layout broken = layout;
	char long_path[5000];

	(void)state;
	/* The last hierarchy fails, after those before it have been made. */
	broken.items[broken.count - 1].fd = -1;
	request.cgroups_path = path;
	assert_int_equal(cgroup_create(&arena, &broken, &request, NULL, &cgroup, &error), -1);
	for (size_t i = 0; i < layout.count; i++)
		assert_int_equal(access(arena_printf(&arena, "%s%s", layout.items[i].mountpoint, path), F_OK),
				 -1);
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[0] = '/';
	long_path[sizeof(long_path) - 1] = '\0';
	request.cgroups_path = long_path;
	assert_int_equal(cgroup_create(&arena, &layout, &request, NULL, &cgroup, &error), -1);
	assert_int_equal(error.number, ENAMETOOLONG);
}

static int setup(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), OUT_OF_THE_WAY, getpid());
	if (cgroup_layout_read(&arena, &layout, &error) < 0)
		fail_msg("%s", error.text);
	return 0;
}

/* Only what this test made; what a failure left behind must not make the next test fail. */
static int teardown(void **state)
{
	const struct cgroup_request request = request_for(path);
	struct cgroup *leftover;

	(void)state;
	if (cgroup_plan(&arena, &layout, &request, &leftover, &error) == 0 && leftover->foreign) {
		leftover->foreign = false;
		cgroup_kill(leftover, SIGKILL, &error);
		while (waitpid(-1, NULL, 0) > 0)
			;
		cgroup_destroy(leftover, &error);
	}
	for (size_t i = 0; i < layout.count; i++) {
		rmdir(arena_printf(&arena, "%s%s", layout.items[i].mountpoint, path));
		rmdir(arena_printf(&arena, "%s/casemate-unit-test", layout.items[i].mountpoint));
	}
	cgroup_layout_release(&layout);
	arena_release(&arena);
	return 0;
}

static bool can_make_groups(void)
{
	const struct cgroup_request request = request_for(path);
	struct cgroup *cgroup;
	bool can;

	snprintf(path, sizeof(path), OUT_OF_THE_WAY, getpid());
	if (cgroup_layout_read(&arena, &layout, &error) < 0)
		return false;
	can = cgroup_create(&arena, &layout, &request, NULL, &cgroup, &error) == 0;
	if (can)
		cgroup_destroy(cgroup, &error);
	teardown(NULL);
	return can;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_process_joins_freezes_and_dies, setup, teardown),
		cmocka_unit_test_setup_teardown(a_frozen_process_dies_too, setup, teardown),
		cmocka_unit_test_setup_teardown(used_and_frozen_groups_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(removing_waits_for_the_last_process, setup, teardown),
		cmocka_unit_test_setup_teardown(groups_below_are_removed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_deep_tree_is_listed_and_removed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_plan_for_what_is_there_kills_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(limits_are_what_was_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(memory_and_swap_grow_and_shrink, setup, teardown),
		cmocka_unit_test_setup_teardown(small_memory_is_joined_late, setup, teardown),
		cmocka_unit_test_setup_teardown(devices_are_denied_but_for_the_default_ones, setup, teardown),
		cmocka_unit_test_setup_teardown(the_v2_program_is_attached_and_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(statistics_have_all_members, setup, teardown),
		cmocka_unit_test_setup_teardown(threads_are_listed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_sub_group_can_be_joined, setup, teardown),
		cmocka_unit_test_setup_teardown(failing_leaves_nothing, setup, teardown),
	};

	if (!can_make_groups()) {
		printf("1..0 # SKIP no cgroup can be made here: %s\n", error.text);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
