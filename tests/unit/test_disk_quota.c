/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk quota beside the projects that engines give to layers. The kernel's part is played here: ioctl(2) and
 * syscall(2) of this program stand before the C library's, since not every kernel has project quotas.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/quota.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "container/disk_quota.h"
#include "skips.h"

#define FILES 64
#define MEGABYTE ((uint64_t)1024 * 1024)
#define ENGINES 7U /* a project of an engine's */

/* The file system's projects, by inode, and their limits, in blocks of 1024. */
static struct {
	struct {
		dev_t device;
		ino_t inode;
		uint32_t project;
	} files[FILES];
	size_t file_count;
	struct {
		uint32_t project;
		uint64_t blocks;
	} limits[FILES];
	size_t limit_count;
} disk;

static uint32_t *project_at(int fd)
{
	struct stat status;

	assert_int_equal(fstat(fd, &status), 0);
	for (size_t i = 0; i < disk.file_count; i++)
		if (disk.files[i].inode == status.st_ino && disk.files[i].device == status.st_dev)
			return &disk.files[i].project;
	assert_true(disk.file_count < FILES);
	disk.files[disk.file_count].inode = status.st_ino;
	disk.files[disk.file_count].device = status.st_dev;
	return &disk.files[disk.file_count++].project;
}

static uint64_t *limit_of(uint32_t project)
{
	for (size_t i = 0; i < disk.limit_count; i++)
		if (disk.limits[i].project == project)
			return &disk.limits[i].blocks;
	assert_true(disk.limit_count < FILES);
	disk.limits[disk.limit_count].project = project;
	return &disk.limits[disk.limit_count++].blocks;
}

int ioctl(int fd, unsigned long request, ...)
{
	struct fsxattr *attributes;
	va_list list;

	va_start(list, request);
	attributes = va_arg(list, struct fsxattr *);
	va_end(list);
	if (request == FS_IOC_FSGETXATTR)
		*attributes = (struct fsxattr){ .fsx_projid = *project_at(fd) };
	else if (request == FS_IOC_FSSETXATTR)
		*project_at(fd) = attributes->fsx_projid;
	else
		fail();
	return 0;
}

/* As the C library's own it takes six arguments, however many were given. */
__attribute__((no_sanitize_address)) long syscall(long __sysno, ...)
{
	const long number = __sysno;
	long arguments[6];
	va_list list;

	va_start(list, __sysno);
	for (size_t i = 0; i < 6; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (number == 443) { /* quotactl_fd */
		struct dqblk *limit = (struct dqblk *)arguments[3];

		if ((unsigned int)arguments[1] >> SUBCMDSHIFT == ((unsigned int)Q_GETQUOTA & 0xffffff))
			limit->dqb_bhardlimit = *limit_of((uint32_t)arguments[2]);
		else
			*limit_of((uint32_t)arguments[2]) = limit->dqb_bhardlimit;
		return 0;
	}
	return ((long (*)(long, ...))dlsym(RTLD_NEXT, "syscall"))(
		number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

struct room {
	struct arena arena;
	char path[64];
	struct slot slot;
	struct error error;
};

/* In a mount namespace of its own, with a default state root of its own. */
static int make_room(void **state)
{
	struct room *room = calloc(1, sizeof(*room));

	assert_non_null(room);
	memset(&disk, 0, sizeof(disk));
	room->slot.fd = -1;
	*state = room;
	if (geteuid() != 0)
		return 0;
	strcpy(room->path, "/tmp/casemate-quota-test-XXXXXX");
	assert_non_null(mkdtemp(room->path));
	mkdir("/run/casemate", 0700);
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	assert_int_equal(mount("state", "/run/casemate", "tmpfs", 0, "mode=700"), 0);
	assert_int_equal(mount("disk", room->path, "tmpfs", 0, NULL), 0);
	return 0;
}

static int remove_room(void **state)
{
	struct room *room = *state;

	slot_close(&room->slot);
	arena_release(&room->arena);
	if (geteuid() == 0) {
		umount2("/run/casemate", MNT_DETACH);
		assert_int_equal(umount2(room->path, MNT_DETACH), 0);
		assert_int_equal(rmdir(room->path), 0);
	}
	free(room);
	return 0;
}

static const char *at(struct room *room, const char *name)
{
	return arena_printf(&room->arena, "%s/%s", room->path, name);
}

/* Makes a directory in @project. */
static const char *make(struct room *room, const char *name, uint32_t project)
{
	const char *path = at(room, name);
	int fd;

	assert_int_equal(mkdir(path, 0755), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	*project_at(fd) = project;
	close(fd);
	return path;
}

static uint32_t project_of(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	uint32_t project = *project_at(fd);

	close(fd);
	return project;
}

static int set(struct room *room, const char *rootfs, uint64_t bytes, enum demand demand)
{
	const struct disk_quota quota = { .bytes = bytes, .demand = demand };

	return disk_quota_set(&room->arena, "one", rootfs, &quota, &room->slot, &room->error);
}

#define NEEDS_ROOT()        \
	if (geteuid() != 0) \
	skip_because("needs root")

static void a_layer_without_a_project_gets_one_of_its_own(void **state)
{
	struct room *room = *state;
	const char *rootfs, *below;
	uint32_t project;

	NEEDS_ROOT();
	rootfs = make(room, "rootfs", 0);
	below = make(room, "rootfs/below", 0);
	assert_int_equal(set(room, rootfs, MEGABYTE, DEMAND_REQUIRE), 0);
	project = project_of(rootfs);
	assert_int_not_equal(project, 0);
	assert_int_equal(project_of(below), project);
	assert_int_equal(*limit_of(project), 1024);
	assert_true(room->slot.fd >= 0);
}

/* Engines have state roots of their own, and one file system. */
static void a_project_is_one_container_s_on_the_whole_machine(void **state)
{
	struct room *room = *state;
	struct slot other = { .fd = -1 };
	const struct disk_quota quota = { .bytes = MEGABYTE, .demand = DEMAND_REQUIRE };
	const char *one, *two;

	NEEDS_ROOT();
	one = make(room, "one", 0);
	two = make(room, "two", 0);
	assert_int_equal(set(room, one, MEGABYTE, DEMAND_REQUIRE), 0);
	/* the same id, which begins to look at the same place: in a state root of its own it would find it free */
	assert_int_equal(disk_quota_set(&room->arena, "one", two, &quota, &other, &room->error), 0);
	assert_int_not_equal(project_of(one), project_of(two));
	assert_int_equal(access("/run/casemate/.projects", F_OK), 0);
	slot_close(&other);
}

static void a_project_that_starts_at_the_layer_is_limited_further(void **state)
{
	struct room *room = *state;
	const char *rootfs;

	NEEDS_ROOT();
	rootfs = make(room, "rootfs", ENGINES);
	*limit_of(ENGINES) = 4096;
	assert_int_equal(set(room, rootfs, MEGABYTE, DEMAND_REQUIRE), 0);
	assert_int_equal(*limit_of(ENGINES), 1024);
	assert_int_equal(project_of(rootfs), ENGINES);
	/* a smaller one stays */
	assert_int_equal(set(room, rootfs, 2 * MEGABYTE, DEMAND_REQUIRE), 0);
	assert_int_equal(*limit_of(ENGINES), 1024);
	assert_int_equal(room->slot.fd, -1);
}

static void a_project_that_others_are_in_keeps_its_limit(void **state)
{
	struct room *room = *state;
	const char *rootfs;

	NEEDS_ROOT();
	make(room, "data", ENGINES);
	rootfs = make(room, "data/rootfs", ENGINES);
	make(room, "data/other", ENGINES);
	*limit_of(ENGINES) = 4096;
	assert_int_equal(set(room, rootfs, MEGABYTE, DEMAND_AUTO), 0);
	assert_int_equal(*limit_of(ENGINES), 4096);
	assert_int_equal(project_of(rootfs), ENGINES);
	assert_int_equal(set(room, rootfs, MEGABYTE, DEMAND_REQUIRE), -1);
	assert_non_null(strstr(room->error.text, "project that others may be in"));
	assert_int_equal(*limit_of(ENGINES), 4096);
	/* one that is small enough is what was asked for */
	assert_int_equal(set(room, rootfs, 8 * MEGABYTE, DEMAND_REQUIRE), 0);
	assert_int_equal(*limit_of(ENGINES), 4096);
}

/* As storage drivers lay them out: LAYERS/ID/{diff,work,merged}, the project on LAYERS/ID. */
static void mount_overlay(struct room *room, const char *directory)
{
	const char *lower = make(room, "lower", 0);
	const char *merged = make(room, arena_printf(&room->arena, "%s/merged", directory), ENGINES);
	const char *upper = make(room, arena_printf(&room->arena, "%s/diff", directory), ENGINES);
	const char *work = make(room, arena_printf(&room->arena, "%s/work", directory), ENGINES);

	assert_int_equal(
		mount("overlay", merged, "overlay", 0,
		      arena_printf(&room->arena, "lowerdir=%s,upperdir=%s,workdir=%s", lower, upper, work)),
		0);
}

static void an_overlay_s_directory_is_the_layer_s(void **state)
{
	struct room *room = *state;

	NEEDS_ROOT();
	make(room, "layers", 0);
	make(room, "layers/id", ENGINES);
	mount_overlay(room, "layers/id");
	*limit_of(ENGINES) = 4096;
	assert_int_equal(set(room, at(room, "layers/id/merged"), MEGABYTE, DEMAND_REQUIRE), 0);
	assert_int_equal(*limit_of(ENGINES), 1024);
}

static void but_not_where_another_one_is_beside_it(void **state)
{
	struct room *room = *state;

	NEEDS_ROOT();
	make(room, "layers", ENGINES);
	make(room, "layers/id", ENGINES);
	mount_overlay(room, "layers/id");
	*limit_of(ENGINES) = 4096;
	/* the project begins further up */
	assert_int_equal(set(room, at(room, "layers/id/merged"), MEGABYTE, DEMAND_REQUIRE), -1);
	/* or here, for somebody else, too */
	*project_at(open(at(room, "layers"), O_RDONLY | O_CLOEXEC)) = 0;
	make(room, "layers/id/other", ENGINES);
	assert_int_equal(set(room, at(room, "layers/id/merged"), MEGABYTE, DEMAND_REQUIRE), -1);
	assert_int_equal(*limit_of(ENGINES), 4096);
}

/* What is above a bind mount is not what is above the directory. */
static void nor_where_a_mount_hides_what_is_above(void **state)
{
	struct room *room = *state;
	const char *rootfs, *elsewhere;

	NEEDS_ROOT();
	make(room, "data", ENGINES);
	rootfs = make(room, "data/rootfs", ENGINES);
	make(room, "data/other", ENGINES);
	elsewhere = make(room, "elsewhere", 0);
	assert_int_equal(mount(rootfs, elsewhere, NULL, MS_BIND, NULL), 0);
	*limit_of(ENGINES) = 4096;
	assert_int_equal(set(room, elsewhere, MEGABYTE, DEMAND_REQUIRE), -1);
	assert_int_equal(*limit_of(ENGINES), 4096);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_layer_without_a_project_gets_one_of_its_own, make_room,
						remove_room),
		cmocka_unit_test_setup_teardown(a_project_is_one_container_s_on_the_whole_machine, make_room,
						remove_room),
		cmocka_unit_test_setup_teardown(a_project_that_starts_at_the_layer_is_limited_further,
						make_room, remove_room),
		cmocka_unit_test_setup_teardown(a_project_that_others_are_in_keeps_its_limit, make_room,
						remove_room),
		cmocka_unit_test_setup_teardown(an_overlay_s_directory_is_the_layer_s, make_room, remove_room),
		cmocka_unit_test_setup_teardown(but_not_where_another_one_is_beside_it, make_room, remove_room),
		cmocka_unit_test_setup_teardown(nor_where_a_mount_hides_what_is_above, make_room, remove_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
