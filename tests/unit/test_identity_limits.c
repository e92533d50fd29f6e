/* SPDX-License-Identifier: Apache-2.0 */
/* What a process is allowed of the machine: limits, scheduling, memory, personality, keyring. */
#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <linux/keyctl.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/number_set.h"
#include "children.h"
#include "sandbox/identity.h"

static void lists_of_numbers(void **state)
{
	static const struct {
		const char *list;
		unsigned long first_word;
		size_t bytes;
		size_t count;
	} good[] = {
		{ "0", 0x1, 8, 1 },    { "0-3", 0xf, 8, 4 },	  { "0,2-3", 0xd, 8, 3 },
		{ "3,0", 0x9, 8, 2 },  { "63", 1UL << 63, 8, 1 }, { "1, 3 - 4 ,1", 0x1a, 8, 3 },
		{ "64", 0, 16, 1 },    { "0-64", ~0UL, 16, 65 },  { "8191", 0, 1024, 1 },
		{ "007", 0x80, 8, 1 },
	};
	static const char *const bad[] = {
		"",    " ",	",",	"a",   "0,",  ",0",   "0,,1",	"1-",
		"-1",  "3-1",	"1--2", "0x1", "0 1", "8192", "0-8192", "99999999999999999999",
		"0\n", "1-2-3", "+1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct number_set set;

		assert_int_equal(number_set_parse(good[i].list, &set), 0);
		assert_int_equal(set.words[0], good[i].first_word);
		assert_int_equal(set.bytes, good[i].bytes);
		assert_int_equal(number_set_count(&set), good[i].count);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct number_set set;

		if (number_set_parse(bad[i], &set) == 0)
			fail_msg("\"%s\" is taken for a list", bad[i]);
	}
}

static int limit_files(void)
{
	struct oci_rlimit limits[] = { { "RLIMIT_NOFILE", 50, 60 }, { "RLIMIT_CORE", 0, 0 } };
	struct oci_process process = { .rlimits = { limits, 2 } };
	struct rlimit found;
	struct error error;
	pid_t child;
	int status;

	CHECK(identity_rlimits(0, &process, &error) == 0);
	CHECK(getrlimit(RLIMIT_NOFILE, &found) == 0 && found.rlim_cur == 50 && found.rlim_max == 60);
	CHECK(getrlimit(RLIMIT_CORE, &found) == 0 && found.rlim_cur == 0 && found.rlim_max == 0);

	child = fork();
	CHECK(child >= 0);
	if (child == 0) {
		pause();
		_exit(0);
	}
	limits[0].soft = limits[0].hard = 40;
	CHECK(identity_rlimits(child, &process, &error) == 0);
	CHECK(prlimit(child, RLIMIT_NOFILE, NULL, &found) == 0 && found.rlim_max == 40);
	CHECK(getrlimit(RLIMIT_NOFILE, &found) == 0 && found.rlim_max == 60);
	kill(child, SIGKILL);
	CHECK(waitpid(child, &status, 0) == child);

	limits[0].soft = 41;
	limits[0].hard = 40;
	CHECK(identity_rlimits(0, &process, &error) == -1 && error.number == EINVAL);
	CHECK(strstr(error.text, "error setting rlimit RLIMIT_NOFILE"));
	limits[0].type = "RLIMIT_FUN";
	CHECK(identity_rlimits(0, &process, &error) == -1);
	CHECK(strcmp(error.text, "invalid rlimit type: RLIMIT_FUN") == 0);
	return 0;
}

static void limits_are_set(void **state)
{
	(void)state;
	run_in_child(limit_files);
}

static int know_all_limits(void)
{
	static const char *const names[] = {
		"RLIMIT_AS",	 "RLIMIT_CORE",	  "RLIMIT_CPU",	       "RLIMIT_DATA",
		"RLIMIT_FSIZE",	 "RLIMIT_LOCKS",  "RLIMIT_MEMLOCK",    "RLIMIT_MSGQUEUE",
		"RLIMIT_NICE",	 "RLIMIT_NOFILE", "RLIMIT_NPROC",      "RLIMIT_RSS",
		"RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK",
	};
	static const int resources[] = {
		RLIMIT_AS,	RLIMIT_CORE,	 RLIMIT_CPU,	    RLIMIT_DATA,   RLIMIT_FSIZE, RLIMIT_LOCKS,
		RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_NICE,	    RLIMIT_NOFILE, RLIMIT_NPROC, RLIMIT_RSS,
		RLIMIT_RTPRIO,	RLIMIT_RTTIME,	 RLIMIT_SIGPENDING, RLIMIT_STACK,
	};
	struct error error;

	/* Each to what it is already, and its soft limit down to a value that no other has. */
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct rlimit before;
		struct rlimit after;
		struct oci_rlimit limit = { .type = names[i] };
		struct oci_process process = { .rlimits = { &limit, 1 } };

		CHECK(getrlimit((enum __rlimit_resource)resources[i], &before) == 0);
		limit.hard = before.rlim_max;
		limit.soft = before.rlim_max == 0		? 0
			     : before.rlim_max == RLIM_INFINITY ? (1UL << 40) + i
								: before.rlim_max;
		CHECK(identity_rlimits(0, &process, &error) == 0);
		CHECK(getrlimit((enum __rlimit_resource)resources[i], &after) == 0);
		CHECK(after.rlim_cur == limit.soft && after.rlim_max == limit.hard);
	}
	return 0;
}

static void every_limit_is_known(void **state)
{
	(void)state;
	run_in_child(know_all_limits);
}

static int raise_oom_score(void)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct oci_process process = { .oom_score_adj = { true, 987 } };
	struct error error;
	int procfs = procfs_open(&error);
	size_t length;
	char *text;

	CHECK(identity_oom_score(procfs, 0, &process, &error) == 0);
	CHECK(file_read_at(&arena, procfs, "self/oom_score_adj", 100, &text, &length) == 0);
	CHECK(strcmp(text, "987\n") == 0);
	process.oom_score_adj.value = 988;
	CHECK(identity_oom_score(procfs, getpid(), &process, &error) == 0);
	CHECK(file_read_at(&arena, procfs, "self/oom_score_adj", 100, &text, &length) == 0);
	CHECK(strcmp(text, "988\n") == 0);
	process.oom_score_adj.value = 1001;
	CHECK(identity_oom_score(procfs, 0, &process, &error) == -1 && error.number == EINVAL);
	CHECK(strstr(error.text, "set oom_score_adj to 1001: invalid argument"));
	process.oom_score_adj.present = false;
	CHECK(identity_oom_score(procfs, 0, &process, &error) == 0);
	return 0;
}

static void the_oom_score_is_set(void **state)
{
	(void)state;
	run_in_child(raise_oom_score);
}

static int change_scheduler(void)
{
	const char *flag = "SCHED_FLAG_RESET_ON_FORK";
	struct oci_scheduler scheduler = { .policy = OCI_SCHED_BATCH, .nice = 5 };
	struct oci_process process = { .scheduler = &scheduler };
	struct sched_param parameters;
	struct error error;

	CHECK(identity_scheduler(&process, &error) == 0);
	CHECK(sched_getscheduler(0) == SCHED_BATCH);
	CHECK(getpriority(PRIO_PROCESS, 0) == 5);
	scheduler = (struct oci_scheduler){ .policy = OCI_SCHED_OTHER, .nice = 6, .flags = { &flag, 1 } };
	CHECK(identity_scheduler(&process, &error) == 0);
	CHECK(sched_getscheduler(0) == (SCHED_OTHER | SCHED_RESET_ON_FORK));
	flag = "SCHED_FLAG_FUN";
	CHECK(identity_scheduler(&process, &error) == -1);
	CHECK(strstr(error.text, "invalid scheduler flag SCHED_FLAG_FUN"));
	scheduler = (struct oci_scheduler){ .policy = OCI_SCHED_ISO };
	CHECK(identity_scheduler(&process, &error) == -1 && error.number == EINVAL);
	scheduler = (struct oci_scheduler){ .policy = OCI_SCHED_UNSET };
	CHECK(identity_scheduler(&process, &error) == -1);
	scheduler = (struct oci_scheduler){ .policy = OCI_SCHED_OTHER, .nice = INT64_C(1) << 32 };
	CHECK(identity_scheduler(&process, &error) == -1 && error.number == ERANGE);
	scheduler = (struct oci_scheduler){ .policy = OCI_SCHED_RR, .priority = 3 };
	if (identity_scheduler(&process, &error) < 0)
		CHILD_SKIPS("no realtime scheduling here");
	CHECK((sched_getscheduler(0) & ~SCHED_RESET_ON_FORK) == SCHED_RR);
	CHECK(sched_getparam(0, &parameters) == 0 && parameters.sched_priority == 3);
	return 0;
}

static void the_scheduler_is_set(void **state)
{
	(void)state;
	run_in_child(change_scheduler);
}

static int meet_deadlines(void)
{
	struct oci_scheduler scheduler = {
		.policy = OCI_SCHED_DEADLINE,
		.runtime = 1000000,
		.deadline = 50000000,
		.period = 100000000,
	};
	struct oci_process process = { .scheduler = &scheduler };
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} found = { 0 };
	struct error error;

	if (identity_scheduler(&process, &error) < 0) {
		CHECK(error.number == EPERM || error.number == EBUSY);
		CHILD_SKIPS("no deadline scheduling here");
	}
	CHECK(syscall(SYS_sched_getattr, 0, &found, sizeof(found), 0) == 0);
	CHECK(found.policy == 6);
	CHECK(found.runtime == 1000000 && found.deadline == 50000000 && found.period == 100000000);
	return 0;
}

static void deadlines_are_set(void **state)
{
	(void)state;
	run_in_child(meet_deadlines);
}

static int change_io_priority(void)
{
	struct oci_io_priority priority = { .class = OCI_IOPRIO_BE, .priority = 6 };
	struct oci_process process = { .io_priority = &priority };
	struct error error;

	CHECK(identity_io_priority(&process, &error) == 0);
	CHECK(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) == (IOPRIO_CLASS_BE << IOPRIO_CLASS_SHIFT | 6));
	priority = (struct oci_io_priority){ .class = OCI_IOPRIO_IDLE };
	CHECK(identity_io_priority(&process, &error) == 0);
	CHECK(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, 0) >> IOPRIO_CLASS_SHIFT == IOPRIO_CLASS_IDLE);
	priority.priority = 8;
	CHECK(identity_io_priority(&process, &error) == -1);
	CHECK(strstr(error.text, "invalid ioPriority priority 8"));
	priority = (struct oci_io_priority){ .class = OCI_IOPRIO_UNSET };
	CHECK(identity_io_priority(&process, &error) == -1);
	return 0;
}

static void the_io_priority_is_set(void **state)
{
	(void)state;
	run_in_child(change_io_priority);
}

static int stay_on_one_cpu(void)
{
	cpu_set_t before;
	cpu_set_t after;
	struct error error;
	char list[16];
	int cpu = 0;

	CHECK(sched_getaffinity(0, sizeof(before), &before) == 0);
	while (!CPU_ISSET(cpu, &before))
		cpu++;
	snprintf(list, sizeof(list), "%d", cpu);
	CHECK(identity_cpu_affinity(NULL, &error) == 0 && identity_cpu_affinity("", &error) == 0);
	CHECK(identity_cpu_affinity(list, &error) == 0);
	CHECK(sched_getaffinity(0, sizeof(after), &after) == 0);
	CHECK(CPU_COUNT(&after) == 1 && CPU_ISSET(cpu, &after));
	CHECK(identity_cpu_affinity("0-", &error) == -1);
	CHECK(strcmp(error.text, "invalid CPU list \"0-\"") == 0);
	CHECK(identity_cpu_affinity("8191", &error) == -1 && error.number == EINVAL);
	return 0;
}

static void the_cpus_are_set(void **state)
{
	(void)state;
	run_in_child(stay_on_one_cpu);
}

static int bind_memory(void)
{
	const char *flag = "MPOL_F_STATIC_NODES";
	struct oci_memory_policy policy = { .mode = OCI_MPOL_BIND, .nodes = "0", .flags = { &flag, 1 } };
	unsigned long nodes[16] = { 0 };
	struct error error;
	int mode;

	CHECK(identity_memory_policy(NULL, &error) == 0);
	if (identity_memory_policy(&policy, &error) < 0 && error.number == ENOSYS)
		CHILD_SKIPS("this kernel has no memory policies");
	CHECK(syscall(SYS_get_mempolicy, &mode, nodes, sizeof(nodes) * 8, NULL, 0) == 0);
	CHECK(mode == (MPOL_BIND | MPOL_F_STATIC_NODES) && nodes[0] == 1);
	policy = (struct oci_memory_policy){ .mode = OCI_MPOL_LOCAL };
	CHECK(identity_memory_policy(&policy, &error) == 0);
	CHECK(syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0) == 0 && mode == MPOL_LOCAL);
	policy = (struct oci_memory_policy){ .mode = OCI_MPOL_DEFAULT };
	CHECK(identity_memory_policy(&policy, &error) == 0);
	CHECK(syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0) == 0 && mode == MPOL_DEFAULT);
	policy = (struct oci_memory_policy){ .mode = OCI_MPOL_INTERLEAVE, .nodes = "0" };
	CHECK(identity_memory_policy(&policy, &error) == 0);
	CHECK(syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0) == 0 && mode == MPOL_INTERLEAVE);
	policy.nodes = "0-x";
	CHECK(identity_memory_policy(&policy, &error) == -1);
	CHECK(strstr(error.text, "invalid memory policy node list \"0-x\""));
	policy.nodes = "1023";
	CHECK(identity_memory_policy(&policy, &error) == -1 && error.number == EINVAL);
	flag = "MPOL_F_FUN";
	policy.flags = (struct string_list){ &flag, 1 };
	CHECK(identity_memory_policy(&policy, &error) == -1);
	CHECK(strstr(error.text, "invalid memory policy flag MPOL_F_FUN"));
	policy = (struct oci_memory_policy){ .nodes = "0" };
	CHECK(identity_memory_policy(&policy, &error) == -1);
	return 0;
}

static void the_memory_policy_is_set(void **state)
{
	(void)state;
	run_in_child(bind_memory);
}

static int change_personality(void)
{
	struct oci_personality wanted = { .domain = OCI_PERSONALITY_LINUX32 };
	struct error error;

	CHECK(identity_personality(NULL, &error) == 0);
	CHECK(identity_personality(&wanted, &error) == 0);
	CHECK(personality(0xffffffff) == PER_LINUX32);
	wanted.domain = OCI_PERSONALITY_LINUX;
	CHECK(identity_personality(&wanted, &error) == 0);
	CHECK(personality(0xffffffff) == PER_LINUX);
	wanted.domain = OCI_PERSONALITY_UNSET;
	CHECK(identity_personality(&wanted, &error) == -1);
	return 0;
}

static void the_personality_is_set(void **state)
{
	(void)state;
	run_in_child(change_personality);
}

static long session_keyring(void)
{
	return syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
}

static int join_keyring(bool userns, unsigned long searcher)
{
	struct error error;
	int procfs = procfs_open(&error);
	long before = session_keyring();
	char description[256] = "";
	unsigned long permissions;
	char name[64];
	pid_t child;
	long joined;
	int status;

	if (before < 0 && errno == ENOSYS)
		CHILD_SKIPS("this kernel has no keyrings");
	snprintf(name, sizeof(name), "test-%d", getpid());
	CHECK(identity_session_keyring(procfs, name, "", userns, &error) == 0);
	joined = session_keyring();
	CHECK(joined > 0 && joined != before);
	CHECK(syscall(SYS_keyctl, KEYCTL_DESCRIBE, joined, description, sizeof(description)) > 0);
	CHECK(strstr(description, ";_ses.test-"));
	/* keyring;UID;GID;PERMISSIONS;NAME */
	permissions = strtoul(strchr(strchr(strchr(description, ';') + 1, ';') + 1, ';') + 1, NULL, 16);
	CHECK((permissions & searcher) == searcher);
	if (userns)
		return 0; /* what others may find is not for this user */
	/* As exec does: from another session, while this one lives. */
	child = fork();
	CHECK(child >= 0);
	if (child == 0)
		_exit(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) > 0 &&
				      session_keyring() != joined &&
				      identity_session_keyring(procfs, name, NULL, userns, &error) == 0 &&
				      session_keyring() == joined
			      ? 0
			      : 1);
	CHECK(waitpid(child, &status, 0) == child && status == 0);
	return 0;
}

static int join_own_keyring(void)
{
	return join_keyring(false, 0x00080000);
}

static int join_keyring_of_user_namespace(void)
{
	return join_keyring(true, 0x00000008);
}

static void the_session_keyring_is_joined(void **state)
{
	(void)state;
	run_in_child(join_own_keyring);
	run_in_child(join_keyring_of_user_namespace);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_of_numbers),
		cmocka_unit_test(limits_are_set),
		cmocka_unit_test(every_limit_is_known),
		cmocka_unit_test(the_oom_score_is_set),
		cmocka_unit_test(the_scheduler_is_set),
		cmocka_unit_test(deadlines_are_set),
		cmocka_unit_test(the_io_priority_is_set),
		cmocka_unit_test(the_cpus_are_set),
		cmocka_unit_test(the_memory_policy_is_set),
		cmocka_unit_test(the_personality_is_set),
		cmocka_unit_test(the_session_keyring_is_joined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
