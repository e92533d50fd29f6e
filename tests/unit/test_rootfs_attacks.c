/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile images: links where directories are expected, names that lead out, and swaps while the rootfs is made.
 * What must hold each time: nothing outside the rootfs changes, and what cannot be done safely fails. Needs root.
 */
#include "policies.h"
#include "rootfs_box.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/* Whether BASE/outside is as empty as it was made. */
static bool outside_is_empty(struct box *box)
{
	return rmdir(box_path(box, "outside")) == 0 && mkdir(box_path(box, "outside"), 0755) == 0;
}

/* CVE-2019-19921: labels and sysctls are written below a forged /proc. */
static void proc_is_a_link(void **state)
{
	static const char *const targets[] = { "/fake", "fake", "/nowhere", "../outside" };
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_directory(&box, "rootfs/fake");
	box_mount(&box, "/proc", "proc", "proc", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		box_link(&box, targets[i], "rootfs/proc");
		assert_fails(&box, "must be mounted on ordinary directory");
		assert_int_equal(unlink(box_path(&box, "rootfs/proc")), 0);
	}
	box_link(&box, "/fake", "rootfs/sys");
	box.config.mounts.count = 0;
	box_mount(&box, "/sys", "sysfs", "sysfs", NULL);
	assert_fails(&box, "must be mounted on ordinary directory");
	assert_true(outside_is_empty(&box));
}

/* CVE-2023-27561 and the like: a volume, or another file system, in the place of /proc or inside it. */
static void mounts_inside_proc(void **state)
{
	static const char *const refused[] = { "/proc/self/attr", "/proc/sys/kernel/core_pattern",
					       "/proc/sysrq-trigger", "/proc/../proc/1", "//proc/./kcore" };
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_directory(&box, "directory");
	box_mount(&box, "/proc", "proc", "proc", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		box.config.mounts.count = 1;
		box_mount(&box, refused[i], "none", "directory", "bind", NULL);
		assert_fails(&box, "cannot be mounted because it is inside /proc");
	}
	box.config.mounts.count = 1;
	box_mount(&box, "/proc/acpi", "tmpfs", "tmpfs", NULL);
	assert_fails(&box, "cannot be mounted because it is inside /proc");
	box.config.mounts.count = 1;
	box_mount(&box, "/proc", "none", "directory", "bind", NULL);
	assert_fails(&box, "because it is not of type proc");
	box.config.mounts.count = 1;
	box_mount(&box, "/proc", "tmpfs", "tmpfs", NULL);
	assert_fails(&box, "because it is not of type proc");
}

static void links_into_proc(void **state)
{
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_directory(&box, "directory");
	box_link(&box, "/proc/sys", "rootfs/innocent");
	box_mount(&box, "/proc", "proc", "proc", NULL);
	box_mount(&box, "/innocent", "none", "directory", "bind", NULL);
	assert_fails(&box, "cannot be mounted because it is inside /proc");
	box.config.mounts.count = 1;
	box_mount(&box, "/innocent/kernel", "tmpfs", "tmpfs", NULL);
	assert_fails(&box, "cannot be mounted because it is inside /proc");
}

static void look_at_emulated(struct box *box, struct rootfs *rootfs)
{
	(void)rootfs;
	box_expect(box, !strcmp(box_read(box, "/proc/uptime"), "emulated"), "/proc/uptime");
}

static void files_that_lxcfs_emulates(void **state)
{
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_file(&box, "uptime", "emulated");
	box_mount(&box, "/proc", "proc", "proc", NULL);
	box_mount(&box, "/proc/uptime", "none", "uptime", "bind", NULL);
	box.inside = look_at_emulated;
	assert_runs(&box);
}

/* CVE-2026-41579: the links of /dev are made where the image's /dev leads on the host. */
static void dev_is_a_link(void **state)
{
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_link(&box, box_path(&box, "outside"), "rootfs/dev");
	box_mount(&box, "/proc", "proc", "proc", NULL);
	/* The same path inside is what is made and used. */
	assert_runs(&box);
	assert_true(outside_is_empty(&box));
	assert_true(box_has(&box, arena_printf(&box.arena, "rootfs%s/outside/null", box.base)));
	assert_true(box_has(&box, arena_printf(&box.arena, "rootfs%s/outside/ptmx", box.base)));
}

/* CVE-2021-30465 in its still form: destinations that climb out, by name or by links. */
static void destinations_that_climb(void **state)
{
	_cleanup_box_ struct box box;
	const char *outside;

	(void)state;
	box_needs_root();
	box_make(&box);
	outside = box_path(&box, "outside");
	box_file(&box, "directory/file", "");
	box_link(&box, "../../../../../../../../../..", "rootfs/up");
	box_link(&box, outside, "rootfs/absolute");
	box_mount(&box, arena_printf(&box.arena, "/../../..%s/climbed", outside), "none", "directory", "bind",
		  NULL);
	box_mount(&box, arena_printf(&box.arena, "/up%s/linked", outside), "none", "directory", "bind", NULL);
	box_mount(&box, "up/../up/relative", "tmpfs", "tmpfs", NULL);
	assert_runs(&box);
	assert_true(outside_is_empty(&box));
	assert_true(box_has(&box, arena_printf(&box.arena, "rootfs%s/climbed", outside)));
	assert_true(box_has(&box, arena_printf(&box.arena, "rootfs%s/linked", outside)));
	assert_true(box_has(&box, "rootfs/relative"));
	box.config.mounts.count = 0;
	box_mount(&box, "/absolute/made", "none", "directory", "bind", NULL);
	assert_runs(&box);
	assert_true(outside_is_empty(&box));
	assert_true(box_has(&box, arena_printf(&box.arena, "rootfs%s/made", outside)));
}

static void dangling_links(void **state)
{
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_directory(&box, "directory");
	box_file(&box, "file", "");
	box_link(&box, box_path(&box, "outside/made"), "rootfs/dangling");
	box_link(&box, "circle", "rootfs/circle");
	/* What it names is made, inside. */
	box_mount(&box, "/dangling", "none", "directory", "bind", NULL);
	assert_int_equal(box_run(&box), 0);
	assert_true(outside_is_empty(&box));
	box.config.mounts.count = 0;
	box_mount(&box, "/dangling", "none", "file", "bind", NULL);
	assert_int_equal(box_run(&box), -1);
	box.config.mounts.count = 0;
	box_mount(&box, "/circle/d", "tmpfs", "tmpfs", NULL);
	assert_fails(&box, "too many levels of symbolic links");
	assert_true(outside_is_empty(&box));
}

static void look_at_masks(struct box *box, struct rootfs *rootfs)
{
	struct stat mask = { 0 };
	_cleanup_fd_ int written = open("/secret/file", O_WRONLY | O_CLOEXEC);

	(void)rootfs;
	box_expect(box, !*box_read(box, "/secret/file"), "a masked file can be read");
	box_expect(box, written >= 0 && write(written, "x", 1) == 1, "a masked file swallows what is written");
	box_expect(box, stat("/hidden/inner", &mask) < 0 && errno == ENOENT, "a masked directory can be seen");
	box_expect(box, mkdir("/hidden/new", 0755) < 0 && errno == EROFS, "a masked directory can be written");
	box_expect(box, !*box_read(box, "/proc/keys") && !*box_read(box, "/proc/timer_list"), "/proc");
	box_expect(box, stat("/sys/firmware/acpi", &mask) < 0, "/sys/firmware");
	/* The mask is the host's node: it must not be changed through it. */
	box_expect(box, chmod("/secret/file", 0600) < 0 && errno == EROFS, "the mask's mode can be changed");
	box_expect(box, chown("/proc/keys", 1, 1) < 0 && errno == EROFS, "the mask's owner can be changed");
	box_expect(box, stat("/secret/file", &mask) == 0 && mask.st_rdev == makedev(1, 3), "the mask's device");
	box_expect(box, box_flags(box, "/proc/sys") & ST_RDONLY, "/proc/sys is writable");
	box_expect(box, box_flags(box, "/volume") & ST_RDONLY, "a read-only path is writable");
	box_expect(box, box_flags(box, "/volume/below") & ST_RDONLY,
		   "a mount below a read-only path is writable");
	box_expect(box, box_flags(box, "/volume/below") & ST_NOSUID, "its other flags are lost");
}

static int null_as_input(void)
{
	_cleanup_fd_ int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	return null < 0 ? -1 : dup2(null, STDIN_FILENO);
}

/* CVE-2025-31133: the image's /dev/null is a link to what is then bound over the masked path. */
static void masks_of_a_hostile_image(void **state)
{
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_file(&box, "rootfs/secret/file", "secret");
	box_directory(&box, "rootfs/hidden/inner");
	box_directory(&box, "rootfs/dev");
	box_link(&box, "/secret/file", "rootfs/dev/null");
	box_link(&box, "/secret", "rootfs/alias");
	box_mount(&box, "/proc", "proc", "proc", NULL);
	box_mount(&box, "/sys", "sysfs", "sysfs", NULL);
	box_mount(&box, "/volume", "tmpfs", "tmpfs", NULL);
	box_mount(&box, "/volume/below", "tmpfs", "tmpfs", "nosuid", NULL);
	box_masked(&box, "/proc/keys", "/alias/file", "/hidden", "/proc/timer_list", "/nowhere",
		   "/secret/file/x", "/proc/nowhere", "/sys/firmware", "/sys/nowhere/at/all", NULL);
	box_readonly(&box, "/proc/sys", "/volume", "/nowhere", "/proc/nowhere", NULL);
	box.inside = look_at_masks;
	assert_int_equal(null_as_input(), 0);
	assert_fails(&box, "/dev/null"); /* standard input would be reopened as that */
	box_mount(&box, "/dev", "tmpfs", "tmpfs", NULL);
	assert_runs(&box);
}

static void look_at_globs(struct box *box, struct rootfs *rootfs)
{
	(void)rootfs;
	box_expect(box, !*box_read(box, "/sys2/cpu0/secret") && !*box_read(box, "/sys2/cpu17/secret"), "cpu*");
	box_expect(box, !strcmp(box_read(box, "/sys2/other/secret"), "s"), "what does not match");
	box_expect(box, !strcmp(box_read(box, "/sys2/cpu0/open"), "o"), "what does not match");
}

static void patterns_in_masked_paths(void **state)
{
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_file(&box, "rootfs/sys2/cpu0/secret", "s");
	box_file(&box, "rootfs/sys2/cpu0/open", "o");
	box_file(&box, "rootfs/sys2/cpu17/secret", "s");
	box_file(&box, "rootfs/sys2/other/secret", "s");
	box_file(&box, "outside/cpu1/secret", "s");
	box_link(&box, box_path(&box, "outside"), "rootfs/sys2/cpu-link");
	box_masked(&box, "/sys2/cpu*/secret", "/nowhere/*/x", "/sys2/cpu0/op?n/*", NULL);
	box.inside = look_at_globs;
	box_mount(&box, "/dev", "tmpfs", "tmpfs", NULL);
	assert_runs(&box);
}

static void take_the_mask_away(struct box *box, struct rootfs *rootfs)
{
	struct error error;

	box_expect(box, umount2("/hidden", MNT_DETACH) == 0, "umount");
	box_expect(box, rootfs_verify(rootfs, &error) < 0 && strstr(error.text, "/hidden is not masked"),
		   "a directory's mask that is gone is not seen");
	rootfs->locked_paths[0].kind = LOCKED_NOT_THERE;
	box_expect(box, rootfs_verify(rootfs, &error) == 0, "%s", error.text);
	box_expect(box, umount2("/file", MNT_DETACH) == 0, "umount");
	box_expect(box, rootfs_verify(rootfs, &error) < 0 && strstr(error.text, "/file is not masked"),
		   "a file's mask that is gone is not seen");
}

static void make_it_writable(struct box *box, struct rootfs *rootfs)
{
	struct error error;

	box_expect(box, mount(NULL, "/volume", NULL, MS_REMOUNT | MS_BIND, NULL) == 0, "remount");
	box_expect(box, rootfs_verify(rootfs, &error) < 0 && strstr(error.text, "/volume is writable"),
		   "a read-only path that is writable is not seen");
}

static void the_check_before_exec_sees_it(void **state)
{
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_directory(&box, "rootfs/hidden");
	box_file(&box, "rootfs/file", "");
	box_mount(&box, "/dev", "tmpfs", "tmpfs", NULL);
	box_masked(&box, "/hidden", "/file", NULL);
	box.inside = take_the_mask_away;
	assert_runs(&box);
	box_directory(&box, "rootfs/volume");
	box.linux_.masked_paths.count = 0;
	box_readonly(&box, "/volume", NULL);
	box.inside = make_it_writable;
	assert_runs(&box);
}

static void open_console(struct box *box, struct rootfs *rootfs)
{
	_cleanup_fd_ int master = openat(rootfs->root, "dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int unlock = 0;

	box_expect(box, master >= 0 && ioctl(master, TIOCSPTLCK, &unlock) == 0, "open a pty");
	rootfs->console = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	box_expect(box, rootfs->console >= 0, "open the pty's slave");
	TAKE_FD(master);
}

static void look_at_console(struct box *box, struct rootfs *rootfs)
{
	struct stat console = { 0 };
	struct stat slave = { 0 };

	box_expect(box, stat("/dev/console", &console) == 0 && fstat(rootfs->console, &slave) == 0, "stat");
	box_expect(box, S_ISCHR(console.st_mode) && console.st_rdev == slave.st_rdev, "/dev/console");
}

/* CVE-2025-52565: the console is bound to what /dev/console leads to. */
static void console_is_a_link(void **state)
{
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_file(&box, "outside/file", "");
	box_directory(&box, "rootfs/dev/pts");
	box_file(&box, "rootfs/victim", "");
	box_link(&box, "/victim", "rootfs/dev/console");
	box_mount(&box, "/proc", "proc", "proc", NULL);
	box_mount(&box, "/dev/pts", "devpts", "devpts", "newinstance", "ptmxmode=0666", NULL);
	box.before_devices = open_console;
	assert_fails(&box, "/dev/console: too many levels of symbolic links");
	assert_int_equal(unlink(box_path(&box, "rootfs/dev/console")), 0);
	box_link(&box, box_path(&box, "outside/made"), "rootfs/dev/console");
	assert_fails(&box, "/dev/console: too many levels of symbolic links");
	assert_false(box_has(&box, "outside/made"));
	assert_int_equal(unlink(box_path(&box, "rootfs/dev/console")), 0);
	box.inside = look_at_console;
	assert_runs(&box);
}

static void devices_through_links(void **state)
{
	struct oci_device device = {
		.type = "c", .path = "/dev/x", .major = { true, 1 }, .minor = { true, 3 }
	};
	struct oci_id_mapping mapping = { 0, 200000, 65536 };
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_directory(&box, "rootfs/dev");
	box_link(&box, box_path(&box, "outside/x"), "rootfs/dev/x");
	box.linux_.devices.items = &device;
	box.linux_.devices.count = 1;
	box_run(&box); /* a link that is there stays there, and is not followed */
	assert_true(outside_is_empty(&box));
	/* Bound instead of made: the host has no such device, so that has to fail; a link would too. */
	assert_int_equal(chown(box_path(&box, "rootfs"), 200000, 200000), 0);
	assert_int_equal(chown(box_path(&box, "rootfs/dev"), 200000, 200000), 0);
	box.linux_.uid_mappings.items = &mapping;
	box.linux_.uid_mappings.count = 1;
	box.namespaces[box.linux_.namespaces.count++].type = OCI_NAMESPACE_USER;
	device.path = "/dev/zero"; /* with the null device's number */
	assert_fails(&box, "the host's /dev/zero is not device 1:3");
	assert_true(outside_is_empty(&box));
}

/* Exchanges rootfs/swapped, a directory, with a link that leads out, until it is killed. */
static pid_t start_swapping(struct box *box)
{
	const char *one = box_path(box, "rootfs/swapped");
	const char *two = box_path(box, "rootfs/link");
	pid_t child = fork();

	assert_true(child >= 0);
	if (child > 0)
		return child;
	for (;;)
		renameat2(AT_FDCWD, one, AT_FDCWD, two, RENAME_EXCHANGE);
}

static void look_outside(struct box *box, struct rootfs *rootfs)
{
	struct statx status;

	(void)rootfs;
	box_expect(box, statx(AT_FDCWD, box_path(box, "outside"), 0, STATX_TYPE, &status) == 0, "statx");
	box_expect(box, !(status.stx_attributes & STATX_ATTR_MOUNT_ROOT), "mounted outside of the rootfs");
}

/* CVE-2021-30465, CVE-2025-54867: the target is swapped for a link while it is walked to. */
static void a_target_that_is_swapped(void **state)
{
	_cleanup_box_ struct box box;
	pid_t swapper;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_directory(&box, "directory");
	box_directory(&box, "rootfs/swapped");
	box_link(&box, "../../../../../../../../../../../tmp", "rootfs/up");
	box_link(&box, "../outside", "rootfs/link");
	box_mount(&box, "/swapped", "tmpfs", "tmpfs", NULL);
	box_mount(&box, "/swapped/a/b", "none", "directory", "bind", NULL);
	box_mount(&box, "/swapped", "none", "directory", "bind", NULL);
	box_mount(&box, "/swapped/c", "tmpfs", "tmpfs", "tmpcopyup", NULL);
	box.before_pivot = look_outside;
	swapper = start_swapping(&box);
	for (int i = 0; i < 100; i++)
		box_run(&box); /* it may fail, and it may not: what counts is what happened outside */
	kill(swapper, SIGKILL);
	assert_int_equal(waitpid(swapper, NULL, 0), swapper);
	assert_true(outside_is_empty(&box));
}

/* What the policy looked at is not what is there when the source is opened. */
static void a_source_that_is_swapped(void **state)
{
	_cleanup_box_ struct box box;
	struct hardening hardening = { 0 };
	struct policy_changes changes = { 0 };
	struct policy_facts facts = { 0 };
	struct policy *policy;
	struct error error;
	char document[128];

	(void)state;
	box_needs_root();
	box_make(&box);
	box_directory(&box, "harmless");
	box_directory(&box, "secret/inner");
	box_link(&box, "harmless", "link");
	box_mount(&box, "/data", "none", box_path(&box, "link"), "bind", NULL);
	box.hardening = &hardening;
	snprintf(document, sizeof(document), "{ 'name': 'p', 'mounts': { 'denySources': ['%s'] } }",
		 box_path(&box, "secret"));
	policy = make_policy(&box.arena, document);
	assert_int_equal(policy_facts_gather(&box.arena, policy, &box.config, box.base, &facts, &error), 0);
	assert_int_equal(policy_apply(&box.arena, policy, &box.config, &facts, &hardening, &changes, &error),
			 0);
	assert_runs(&box);
	assert_int_equal(unlink(box_path(&box, "link")), 0);
	box_link(&box, "secret/inner", "link");
	assert_fails(&box, "policy p: mounts.denySources");
	box.privileged = true;
	assert_fails(&box, "policy p: mounts.denySources");
}

/* The same of an overlay's layers, which the kernel looks up by itself. */
static void a_layer_that_is_swapped(void **state)
{
	_cleanup_box_ struct box box;
	struct hardening hardening = { 0 };
	struct policy_changes changes = { 0 };
	struct policy_facts facts = { 0 };
	struct policy *policy;
	struct error error;
	char options[512], document[128];

	(void)state;
	box_needs_root();
	box_make(&box);
	box_directory(&box, "harmless");
	box_directory(&box, "other: one");
	box_directory(&box, "secret/inner");
	box_link(&box, "harmless", "link");
	snprintf(options, sizeof(options), "lowerdir=%s/other\\: one:%s/link,xino=off", box.base, box.base);
	box_mount(&box, "/data", "overlay", "overlay", options, NULL);
	box.hardening = &hardening;
	snprintf(document, sizeof(document), "{ 'name': 'p', 'mounts': { 'denySources': ['%s'] } }",
		 box_path(&box, "secret"));
	policy = make_policy(&box.arena, document);
	assert_int_equal(policy_facts_gather(&box.arena, policy, &box.config, box.base, &facts, &error), 0);
	assert_int_equal(policy_apply(&box.arena, policy, &box.config, &facts, &hardening, &changes, &error),
			 0);
	assert_runs(&box);
	assert_int_equal(unlink(box_path(&box, "link")), 0);
	box_link(&box, "secret/inner", "link");
	assert_fails(&box, "policy p: mounts.denySources");
	/* What cannot be opened cannot be judged. */
	assert_int_equal(unlink(box_path(&box, "link")), 0);
	assert_fails(&box, "no such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(proc_is_a_link),
		cmocka_unit_test(mounts_inside_proc),
		cmocka_unit_test(links_into_proc),
		cmocka_unit_test(files_that_lxcfs_emulates),
		cmocka_unit_test(dev_is_a_link),
		cmocka_unit_test(destinations_that_climb),
		cmocka_unit_test(dangling_links),
		cmocka_unit_test(masks_of_a_hostile_image),
		cmocka_unit_test(patterns_in_masked_paths),
		cmocka_unit_test(the_check_before_exec_sees_it),
		cmocka_unit_test(console_is_a_link),
		cmocka_unit_test(devices_through_links),
		cmocka_unit_test(a_target_that_is_swapped),
		cmocka_unit_test(a_source_that_is_swapped),
		cmocka_unit_test(a_layer_that_is_swapped),
	};

	return cmocka_run_group_tests_name("rootfs attacks", tests, NULL, NULL);
}
