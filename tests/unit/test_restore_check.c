/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What CRIU has put back from an image that somebody may have made by hand: no thread of no process has more than was
 * planned. The processes are files in a directory that stands for procfs.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container/restore.h"
#include "container/restore_check.h"
#include "directories.h"
#include "policies.h"

#define CRIU 9

struct room {
	struct arena arena;
	char path[64];
	struct creation creation;
	struct restoration restoration;
	struct error error;
};

static const char *at(struct room *room, const char *name)
{
	return arena_printf(&room->arena, "%s/%s", room->path, name);
}

static void write_file(struct room *room, const char *name, const char *text)
{
	FILE *file = fopen(at(room, name), "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static const char *const kinds[] = { "pid", "net", "mnt", "ipc", "uts", "cgroup", "user", "time" };

/* Namespaces of its own. */
static void make_namespaces(struct room *room, const char *process)
{
	assert_int_equal(mkdir(at(room, arena_printf(&room->arena, "%s/ns", process)), 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		write_file(room, arena_printf(&room->arena, "%s/ns/%s", process, kinds[i]), "");
}

/* Puts @process into that of the same kind of @other. */
static void join_namespace(struct room *room, const char *process, const char *kind, const char *other)
{
	const char *path = at(room, arena_printf(&room->arena, "%s/ns/%s", process, kind));

	assert_int_equal(unlink(path), 0);
	assert_int_equal(link(at(room, arena_printf(&room->arena, "%s/ns/%s", other, kind)), path), 0);
}

static const char *const as_planned =
	"Name:\tx\nState:\tt (tracing stop)\nUid:\t1000\t1000\t1000\t1000\n"
	"CapInh:\t0000000000000000\nCapPrm:\t0000000000000020\n"
	"CapEff:\t0000000000000020\nCapBnd:\t0000000000000020\n"
	"CapAmb:\t0000000000000000\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t2\n";

static const char *const groups = "2:cpu,cpuacct:/up/x\n1:name=systemd:/x\n0::/\n";

/* Thread @tid of process @pid, whose children are @children. */
static void make_thread(struct room *room, int pid, int tid, const char *children)
{
	const char *thread = arena_printf(&room->arena, "%d/task/%d", pid, tid);

	if (pid == tid) {
		assert_int_equal(mkdir(at(room, arena_printf(&room->arena, "%d", pid)), 0755), 0);
		assert_int_equal(mkdir(at(room, arena_printf(&room->arena, "%d/task", pid)), 0755), 0);
	}
	assert_int_equal(mkdir(at(room, thread), 0755), 0);
	write_file(room, arena_printf(&room->arena, "%s/status", thread), as_planned);
	write_file(room, arena_printf(&room->arena, "%s/children", thread), children);
	write_file(room, arena_printf(&room->arena, "%s/cgroup", thread), groups);
	make_namespaces(room, thread);
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && tid != 100; i++)
		join_namespace(room, thread, kinds[i], "100/task/100");
}

/* The first process 100 with a second thread, whose child is 200, whose child is 300. */
static int make_room(void **state)
{
	struct room *room = calloc(1, sizeof(*room));

	assert_non_null(room);
	strcpy(room->path, "/tmp/casemate-restore-test-XXXXXX");
	assert_non_null(mkdtemp(room->path));
	assert_int_equal(mkdir(at(room, "self"), 0755), 0);
	make_namespaces(room, "self");
	make_thread(room, 100, 100, "");
	make_thread(room, 100, 101, "200 ");
	make_thread(room, 200, 200, "300 ");
	make_thread(room, 300, 300, "");
	creation_init(&room->creation, &room->arena, NULL, NULL, false);
	room->creation.sandbox.procfs = open(room->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	room->creation.sandbox.pid = 100;
	room->restoration = (struct restoration){
		.filters = 2,
		.criu_pid = CRIU,
		.groups = cgroup_memberships_parse(&room->arena, groups),
	};
	room->creation.restoration = &room->restoration;
	room->creation.sandbox.capabilities =
		(struct capability_masks){ .permitted = 0x20, .effective = 0x20, .bounding = 0x20 };
	room->creation.plan.policy = make_policy(
		&room->arena, "{'name': 'test', 'user': {'nonRoot': true}, 'noNewPrivileges': true}");
	room->creation.plan.config = make_config(
		&room->arena,
		"{'process': {'args': ['x'], 'user': {'uid': 1000, 'gid': 0}, 'noNewPrivileges': true},"
		" 'linux': {'namespaces': [{'type': 'pid'}, {'type': 'network'}, {'type': 'mount'},"
		" {'type': 'ipc', 'path': '/x'}, {'type': 'time'}]}}");
	*state = room;
	return 0;
}

static int remove_room(void **state)
{
	struct room *room = *state;

	remove_directory(room->path);
	creation_close(&room->creation);
	arena_release(&room->arena);
	free(room);
	return 0;
}

static int check(struct room *room)
{
	return restore_check(&room->creation, &room->error);
}

static void assert_refused(struct room *room, const char *text)
{
	assert_int_equal(check(room), -1);
	if (!strstr(room->error.text, text))
		fail_msg("expected %s, got %s", text, room->error.text);
}

/* The status of @thread with @to for @from. */
static void change(struct room *room, const char *thread, const char *from, const char *to)
{
	const char *place = strstr(as_planned, from);

	assert_non_null(place);
	write_file(room, arena_printf(&room->arena, "%s/status", thread),
		   arena_printf(&room->arena, "%.*s%s%s", (int)(place - as_planned), as_planned, to,
				place + strlen(from)));
}

static void what_is_as_planned_passes(void **state)
{
	assert_int_equal(check(*state), 0);
}

static const char *const threads[] = { "100/task/100", "100/task/101", "200/task/200", "300/task/300" };

static void no_thread_has_more_than_was_planned(void **state)
{
	static const struct {
		const char *from, *to, *refusal;
	} cases[] = {
		{ "CapEff:\t0000000000000020", "CapEff:\t0000000000200020", "CapEff of the restored process" },
		{ "CapPrm:\t0000000000000020", "CapPrm:\t0000000000200000", "CapPrm of the restored process" },
		{ "CapBnd:\t0000000000000020", "CapBnd:\t000001ffffffffff", "CapBnd of the restored process" },
		{ "CapInh:\t0000000000000000", "CapInh:\t0000000000000020", "CapInh of the restored process" },
		{ "CapAmb:\t0000000000000000", "CapAmb:\t0000000000000020", "CapAmb of the restored process" },
		{ "NoNewPrivs:\t1", "NoNewPrivs:\t0", "noNewPrivileges" },
		{ "Seccomp_filters:\t2", "Seccomp_filters:\t1", "linux.seccomp" },
		{ "Uid:\t1000\t1000\t1000\t1000", "Uid:\t1000\t1000\t0\t1000", "user.nonRoot" },
		{ "CapEff", "CapXxx", "does not report CapEff" },
		{ "Uid:", "Xid:", "user.nonRoot" },
	};
	struct room *room = *state;

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(cases); j++) {
			change(room, threads[i], cases[j].from, cases[j].to);
			assert_refused(room, cases[j].refusal);
		}
		change(room, threads[i], "x", "x");
		assert_int_equal(check(room), 0);
	}
}

static void none_is_in_a_namespace_of_the_hosts(void **state)
{
	/* all that the configuration names, joined ones too; it does not name uts and cgroup */
	static const char *const named[] = { "pid", "net", "mnt", "ipc", "time" };
	static const char *const others[] = { "uts", "cgroup" };
	struct room *room = *state;

	for (size_t j = 0; j < ARRAY_SIZE(others); j++)
		for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
			join_namespace(room, threads[i], others[j], "self");
	assert_int_equal(check(room), 0);
	for (size_t i = ARRAY_SIZE(threads) - 1; i > 0; i--)
		for (size_t j = 0; j < ARRAY_SIZE(named); j++) {
			join_namespace(room, threads[i], named[j], "self");
			assert_refused(room, "the checkpoint shares the host's");
			join_namespace(room, threads[i], named[j], threads[0]);
		}
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		join_namespace(room, threads[i], "net", "self");
	assert_refused(room, "the checkpoint shares the host's");
}

/* Masks, flags of mounts and rules of the network are set again in those of the first one. */
static void all_are_in_the_same_namespaces(void **state)
{
	struct room *room = *state;

	make_namespaces(room, "100");
	for (size_t i = 1; i < ARRAY_SIZE(threads); i++)
		for (size_t j = 0; j < ARRAY_SIZE(kinds); j++) {
			join_namespace(room, threads[i], kinds[j], "100");
			assert_refused(room, arena_printf(&room->arena, "another %s namespace", kinds[j]));
			/* One that may make some. */
			room->creation.sandbox.capabilities.bounding |= 0x200000;
			assert_int_equal(check(room), 0);
			room->creation.sandbox.capabilities.bounding = 0x20;
			join_namespace(room, threads[i], kinds[j], threads[0]);
		}
	assert_int_equal(check(room), 0);
}

static void all_have_a_profile(void **state)
{
	struct room *room = *state;

	room->creation.plan.config->process->apparmor_profile = "planned";
	assert_refused(room, " is not confined by planned");
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		assert_int_equal(mkdir(at(room, arena_printf(&room->arena, "%s/attr", threads[i])), 0755), 0);
		write_file(room, arena_printf(&room->arena, "%s/attr/current", threads[i]),
			   "planned (enforce)\n");
	}
	assert_int_equal(check(room), 0);
	write_file(room, "300/task/300/attr/current", "planned//changed (enforce)\n");
	assert_int_equal(check(room), 0);
	write_file(room, "300/task/300/attr/current", "unconfined\n");
	assert_refused(room, "process.apparmorProfile: restored process 300/task/300");
	room->creation.plan.config->process->apparmor_profile = "unconfined";
	assert_int_equal(check(room), 0);
}

static void all_are_in_groups_of_the_container(void **state)
{
	static const char *const inside[] = { "2:cpu,cpuacct:/up/x/below\n1:name=systemd:/x\n0::/\n",
					      "0::/service\n1:name=systemd:/x/y/z\n2:cpu,cpuacct:/up/x\n" };
	static const char *const outside[] = { "2:cpu,cpuacct:/up\n1:name=systemd:/x\n0::/\n",
					       "2:cpu,cpuacct:/up/xy\n1:name=systemd:/x\n0::/\n",
					       "2:cpu,cpuacct:/up/x\n1:name=systemd:/\n0::/\n",
					       "2:cpu,cpuacct:/up/x\n0::/../other\n",
					       "3:memory:/up/x\n",
					       "2:cpu:/up/x\n" };
	struct room *room = *state;

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		const char *name = arena_printf(&room->arena, "%s/cgroup", threads[i]);

		for (size_t j = 0; j < ARRAY_SIZE(inside); j++) {
			write_file(room, name, inside[j]);
			assert_int_equal(check(room), 0);
		}
		for (size_t j = 0; j < ARRAY_SIZE(outside); j++) {
			write_file(room, name, outside[j]);
			assert_refused(room, "linux.cgroupsPath: restored process");
		}
		write_file(room, name, groups);
	}
	assert_int_equal(check(room), 0);
}

/* In the container's cgroup, and no offspring of its first process. */
static void a_stranger_is_held_to_the_same(void **state)
{
	static const pid_t strangers[] = { 500 };
	static const struct {
		const char *from, *to, *refusal;
	} cases[] = {
		{ "CapEff:\t0000000000000020", "CapEff:\t0000000000200020", "CapEff of the restored process" },
		{ "NoNewPrivs:\t1", "NoNewPrivs:\t0", "noNewPrivileges" },
		{ "Uid:\t1000\t1000\t1000\t1000", "Uid:\t1000\t1000\t0\t1000", "user.nonRoot" },
	};
	struct room *room = *state;

	make_thread(room, 500, 500, "");
	make_thread(room, 500, 501, "");
	assert_int_equal(restore_check_processes(&room->creation, strangers, 1, &room->error), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		change(room, "500/task/501", cases[i].from, cases[i].to);
		assert_int_equal(restore_check_processes(&room->creation, strangers, 1, &room->error), -1);
		assert_non_null(strstr(room->error.text, cases[i].refusal));
	}
	change(room, "500/task/501", "x", "x");
	join_namespace(room, "500/task/500", "net", "self");
	assert_int_equal(restore_check_processes(&room->creation, strangers, 1, &room->error), -1);
	assert_non_null(strstr(room->error.text, "the checkpoint shares the host's net namespace"));
}

static void one_that_has_ended_is_nobody(void **state)
{
	struct room *room = *state;

	write_file(room, "300/task/300/status", "Name:\tx\nState:\tZ (zombie)\nUid:\t0\t0\t0\t0\n");
	assert_int_equal(check(room), 0);
}

static void one_that_cannot_be_looked_at_is_refused(void **state)
{
	struct room *room = *state;

	write_file(room, "300/task/300/children", "400 ");
	assert_refused(room, "400");
	write_file(room, "300/task/300/children", "x");
	assert_refused(room, "children of restored process 300");
}

static void off_looks_at_nothing(void **state)
{
	struct room *room = *state;

	room->creation.plan.policy = builtin_policy(&room->arena, "off");
	write_file(room, "300/task/300/children", "400 ");
	assert_int_equal(check(room), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_as_planned_passes, make_room, remove_room),
		cmocka_unit_test_setup_teardown(no_thread_has_more_than_was_planned, make_room, remove_room),
		cmocka_unit_test_setup_teardown(none_is_in_a_namespace_of_the_hosts, make_room, remove_room),
		cmocka_unit_test_setup_teardown(all_are_in_the_same_namespaces, make_room, remove_room),
		cmocka_unit_test_setup_teardown(all_have_a_profile, make_room, remove_room),
		cmocka_unit_test_setup_teardown(all_are_in_groups_of_the_container, make_room, remove_room),
		cmocka_unit_test_setup_teardown(a_stranger_is_held_to_the_same, make_room, remove_room),
		cmocka_unit_test_setup_teardown(one_that_has_ended_is_nobody, make_room, remove_room),
		cmocka_unit_test_setup_teardown(one_that_cannot_be_looked_at_is_refused, make_room,
						remove_room),
		cmocka_unit_test_setup_teardown(off_looks_at_nothing, make_room, remove_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
