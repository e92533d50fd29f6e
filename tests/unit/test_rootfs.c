/* SPDX-License-Identifier: Apache-2.0 */
/* The rootfs as a container finds it. Needs root: each test is skipped without. */
#include "rootfs_box.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static bool is_device(const char *path, mode_t type, unsigned int number_major, unsigned int number_minor)
{
	struct stat status;

	return lstat(path, &status) == 0 && (status.st_mode & S_IFMT) == type &&
	       status.st_rdev == makedev(number_major, number_minor);
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0 ? status.st_mode & 07777 : 0;
}

static bool exists(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0;
}

static void look_at_an_ordinary_one(struct box *box, struct rootfs *rootfs)
{
	static const struct {
		const char *name;
		unsigned int major;
		unsigned int minor;
	} devices[] = { { "/dev/null", 1, 3 }, { "/dev/zero", 1, 5 },	{ "/dev/full", 1, 7 },
			{ "/dev/tty", 5, 0 },  { "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 } };
	char cwd[64];
	char link[64] = "";

	(void)rootfs;
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		box_expect(box, is_device(devices[i].name, S_IFCHR, devices[i].major, devices[i].minor), "%s",
			   devices[i].name);
		box_expect(box, mode_of(devices[i].name) == 0666, "mode of %s", devices[i].name);
	}
	box_expect(box, readlink("/dev/ptmx", link, sizeof(link) - 1) > 0 && !strcmp(link, "pts/ptmx"), "ptmx");
	memset(link, 0, sizeof(link));
	box_expect(box, readlink("/dev/stdin", link, sizeof(link) - 1) > 0 && !strcmp(link, "/proc/self/fd/0"),
		   "stdin");
	box_expect(box, is_device("/dev/pts/ptmx", S_IFCHR, 5, 2), "/dev/pts/ptmx");
	box_expect(box, getcwd(cwd, sizeof(cwd)) && !strcmp(cwd, "/"), "the working directory");
	box_expect(box, !exists("/tmp") && exists("/marker"), "the root");
	box_expect(box, !strncmp(box_read(box, "/proc/self/stat"), "1 ", 2),
		   "/proc is of another pid namespace");
	box_expect(box,
		   (box_flags(box, "/sys") & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC)) ==
			   (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC),
		   "flags of /sys");
	box_expect(box, box_flags(box, "/dev") & ST_NOSUID && !(box_flags(box, "/dev") & ST_RDONLY), "/dev");
	box_expect(box, box_flags(box, "/") & ST_RDONLY, "the root is writable");
}

static void an_ordinary_container(void **state)
{
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_file(&box, "rootfs/marker", "");
	box_usual_mounts(&box);
	box.root.readonly = true;
	box.inside = look_at_an_ordinary_one;
	assert_runs(&box);
}

static void a_rootfs_that_is_not_there(void **state)
{
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box.root.path = "nowhere";
	assert_fails(&box, "invalid rootfs: nowhere: no such file or directory");
	box_file(&box, "file", "");
	box.root.path = "file";
	assert_fails(&box, "invalid rootfs: file: not a directory");
	box_link(&box, "rootfs", "link");
	box.root.path = "link";
	assert_fails(&box, "symbolic link");
}

static void look_at_binds(struct box *box, struct rootfs *rootfs)
{
	(void)rootfs;
	box_expect(box, !strcmp(box_read(box, "/made/for/it"), "a file"), "the file");
	box_expect(box, !strcmp(box_read(box, "/etc/name"), "new"), "the file over a file");
	box_expect(box, !strcmp(box_read(box, "/data/inner"), "inner"), "the directory");
	box_expect(box, !strcmp(box_read(box, "/relative/inner"), "inner"), "the relative destination");
	box_expect(box, !strcmp(box_read(box, "/real/target/inner"), "inner"), "the link was not followed");
}

static void binds_of_files_and_directories(void **state)
{
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_file(&box, "file", "a file");
	box_file(&box, "name", "new");
	box_file(&box, "directory/inner", "inner");
	box_file(&box, "rootfs/etc/name", "old");
	box_directory(&box, "rootfs/real/target");
	box_link(&box, "/real", "rootfs/link");
	box_mount(&box, "/made/for/it", "none", box_path(&box, "file"), "bind", NULL);
	box_mount(&box, "/etc/name", "bind", "name", "rbind", NULL);
	box_mount(&box, "/data", "bind", "directory", "rbind", NULL);
	box_mount(&box, "relative", NULL, "directory", "bind", NULL);
	box_mount(&box, "/link/target", NULL, "directory", "bind", NULL);
	box.inside = look_at_binds;
	assert_runs(&box);
	assert_true(box_has(&box, "rootfs/made/for/it"));
}

static void a_bind_source_that_is_not_there(void **state)
{
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_mount(&box, "/data", "none", "nowhere", "bind", NULL);
	assert_fails(&box, "no such file or directory");
	assert_non_null(strstr(box.error->text, "/data"));
	box.privileged = true;
	assert_fails(&box, "no such file or directory");
	assert_false(box_has(&box, "rootfs/data"));
}

static void a_directory_onto_a_file(void **state)
{
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_directory(&box, "directory");
	box_file(&box, "rootfs/file", "");
	box_mount(&box, "/file", "none", "directory", "bind", NULL);
	assert_fails(&box, "not a directory");
	box.mounts[0].destination = "/data";
	box.mounts[0].source = box_path(&box, "rootfs/file");
	box_directory(&box, "rootfs/data");
	assert_fails(&box, "not a directory");
}

/* Source: a tmpfs with nosuid and noexec, and one more mounted in it. */
static const char *mounted_source(struct box *box)
{
	const char *path;

	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), 0);
	box_directory(box, "source");
	path = box_path(box, "source");
	assert_int_equal(mount("t", path, "tmpfs", MS_NOSUID | MS_NOEXEC, NULL), 0);
	box_directory(box, "source/below");
	assert_int_equal(mount("t", box_path(box, "source/below"), "tmpfs", 0, NULL), 0);
	return path;
}

static void unmount_source(struct box *box)
{
	assert_int_equal(umount2(box_path(box, "source"), MNT_DETACH), 0);
}

static void look_at_bind_flags(struct box *box, struct rootfs *rootfs)
{
	const unsigned long flags = ST_RDONLY | ST_NOSUID | ST_NOEXEC | ST_NODEV;

	(void)rootfs;
	box_expect(box, (box_flags(box, "/kept") & flags) == (ST_NOSUID | ST_NOEXEC),
		   "flags that nobody changed");
	box_expect(box, (box_flags(box, "/ro") & flags) == ST_RDONLY, "exactly the flags asked for");
	box_expect(box, (box_flags(box, "/ro/below") & flags) == 0, "ro is not recursive");
	box_expect(box, (box_flags(box, "/rro") & flags) == (ST_RDONLY | ST_NOSUID | ST_NOEXEC), "rro");
	box_expect(box, (box_flags(box, "/rro/below") & flags) == ST_RDONLY, "rro is recursive");
	box_expect(box, (box_flags(box, "/exec") & flags) == 0, "cleared flags");
	box_expect(box, (box_flags(box, "/noatime") & (ST_NOATIME | ST_RELATIME)) == ST_NOATIME, "noatime");
	box_expect(box, !exists("/single/below/x") && (box_flags(box, "/single/below") & ST_NOSUID),
		   "bind is not recursive");
}

static void flags_of_binds(void **state)
{
	_cleanup_box_ struct box box;
	const char *source;

	(void)state;
	box_needs_root();
	box_make(&box);
	source = mounted_source(&box);
	box_mount(&box, "/kept", "none", source, "rbind", NULL);
	box_mount(&box, "/ro", "none", source, "rbind", "ro", NULL);
	box_mount(&box, "/rro", "none", source, "rbind", "rro", NULL);
	box_mount(&box, "/exec", "none", source, "rbind", "exec", NULL);
	box_mount(&box, "/noatime", "none", source, "rbind", "noatime", NULL);
	box_mount(&box, "/single", "none", source, "bind", NULL);
	box.inside = look_at_bind_flags;
	assert_runs(&box);
	unmount_source(&box);
}

static void look_at_tmpfs(struct box *box, struct rootfs *rootfs)
{
	(void)rootfs;
	box_expect(box, mode_of("/kept") == 01750, "mode of the directory below: %o", mode_of("/kept"));
	box_expect(box, mode_of("/asked") == 0711, "mode asked for: %o", mode_of("/asked"));
	box_expect(box, mode_of("/new") == 01777, "mode of a new directory: %o", mode_of("/new"));
	box_expect(box, box_flags(box, "/ro") & ST_RDONLY, "ro");
	box_expect(box, !strcmp(box_read(box, "/ro/in/it"), "text"), "a mount in a read-only tmpfs");
	box_expect(box, open("/ro/x", O_CREAT | O_WRONLY, 0600) < 0 && errno == EROFS, "writable");
}

static void tmpfs_modes_and_read_only(void **state)
{
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_file(&box, "file", "text");
	box_directory(&box, "rootfs/kept");
	box_directory(&box, "rootfs/asked");
	assert_int_equal(chmod(box_path(&box, "rootfs/kept"), 01750), 0);
	box_mount(&box, "/kept", "tmpfs", "tmpfs", "size=64k", NULL);
	box_mount(&box, "/asked", "tmpfs", "tmpfs", "mode=711", NULL);
	box_mount(&box, "/new", "tmpfs", "tmpfs", NULL);
	box_mount(&box, "/ro", "tmpfs", "tmpfs", "ro", NULL);
	box_mount(&box, "/ro/in/it", "none", "file", "bind", NULL);
	box.inside = look_at_tmpfs;
	assert_runs(&box);
}

static void look_at_copy(struct box *box, struct rootfs *rootfs)
{
	char link[64] = "";

	(void)rootfs;
	box_expect(box, !strcmp(box_read(box, "/copied/file"), "text"), "the file");
	box_expect(box, mode_of("/copied/file") == 04711, "its mode: %o", mode_of("/copied/file"));
	box_expect(box, !strcmp(box_read(box, "/copied/a/b/deep"), "deep"), "the file below");
	box_expect(box, readlink("/copied/link", link, sizeof(link) - 1) > 0 && !strcmp(link, "/outside/x"),
		   "the link");
	box_expect(box, mode_of("/copied") == 0700, "the directory's mode");
	box_expect(box, mkdir("/copied/new", 0755) == 0, "it is not writable");
}

static void tmpfs_with_a_copy(void **state)
{
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_file(&box, "rootfs/copied/file", "text");
	box_file(&box, "rootfs/copied/a/b/deep", "deep");
	box_link(&box, "/outside/x", "rootfs/copied/link");
	assert_int_equal(chmod(box_path(&box, "rootfs/copied/file"), 04711), 0);
	assert_int_equal(chmod(box_path(&box, "rootfs/copied"), 0700), 0);
	box_mount(&box, "/copied", "tmpfs", "tmpfs", "tmpcopyup", NULL);
	box.inside = look_at_copy;
	assert_runs(&box);
	assert_false(box_has(&box, "rootfs/copied/new"));
}

static void bad_options_of_a_file_system(void **state)
{
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_mount(&box, "/t", "tmpfs", "tmpfs", "size=much", NULL);
	assert_fails(&box, "size");
	box.config.mounts.count = 0;
	box_mount(&box, "/t", "tmpfs", "tmpfs", "no-such-option", NULL);
	assert_fails(&box, "no-such-option");
	box.config.mounts.count = 0;
	box_mount(&box, "/t", "no-such-type", "t", NULL);
	assert_fails(&box, "no-such-type: no such device");
}

static void look_at_overlay(struct box *box, struct rootfs *rootfs)
{
	(void)rootfs;
	box_expect(box, !strcmp(box_read(box, "/merged/below"), "below"), "the lower layer");
	box_expect(box, !strcmp(box_read(box, "/merged/above"), "above"), "the upper layer");
}

/* With a path longer than fsconfig(2) takes, and with one that it takes. */
static void overlays(void **state)
{
	_cleanup_box_ struct box box;
	const char *name;

	(void)state;
	box_needs_root();
	box_make(&box);
	name = arena_printf(&box.arena, "lower%0220d", 0);
	box_file(&box, arena_printf(&box.arena, "%s/below", name), "below");
	box_file(&box, "short/below", "below");
	box_file(&box, "upper/above", "above");
	box_directory(&box, "work");
	box_mount(&box, "/merged", "overlay", "overlay",
		  arena_printf(&box.arena, "lowerdir=%s:%s/.", box_path(&box, name), box_path(&box, "short")),
		  arena_printf(&box.arena, "upperdir=%s", box_path(&box, "upper")),
		  arena_printf(&box.arena, "workdir=%s", box_path(&box, "work")), NULL);
	box.inside = look_at_overlay;
	assert_runs(&box);
	box.mounts[0].options.items[0] = arena_printf(&box.arena, "lowerdir=%s", box_path(&box, "short"));
	assert_runs(&box);
}

static void look_at_devices(struct box *box, struct rootfs *rootfs)
{
	struct stat status;

	(void)rootfs;
	box_expect(box, is_device("/dev/deep/er/kmsg", S_IFCHR, 1, 11), "the node");
	box_expect(box,
		   stat("/dev/deep/er/kmsg", &status) == 0 && (status.st_mode & 07777) == 0640 &&
			   status.st_uid == 12 && status.st_gid == 34,
		   "its mode and owner");
	box_expect(box, is_device("/block", S_IFBLK, 7, 200), "the block device");
	box_expect(box, stat("/dev/fifo", &status) == 0 && S_ISFIFO(status.st_mode), "the fifo");
	box_expect(box, is_device("/dev/null", S_IFCHR, 1, 3) && mode_of("/dev/null") == 0600,
		   "a default device that is configured");
}

static void configured_devices(void **state)
{
	struct oci_device devices[] = {
		{ .type = "c",
		  .path = "/dev/deep/er/kmsg",
		  .major = { true, 1 },
		  .minor = { true, 11 },
		  .file_mode = { true, S_IFCHR | 0640 },
		  .uid = { true, 12 },
		  .gid = { true, 34 } },
		{ .type = "b", .path = "/block", .major = { true, 7 }, .minor = { true, 200 } },
		{ .type = "p", .path = "/dev/fifo" },
		{ .type = "u",
		  .path = "/dev/null",
		  .major = { true, 1 },
		  .minor = { true, 3 },
		  .file_mode = { true, 0600 } },
		{ .type = "c", .path = "/dev/ptmx", .major = { true, 5 }, .minor = { true, 2 } },
	};
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_usual_mounts(&box);
	box.linux_.devices.items = devices;
	box.linux_.devices.count = ARRAY_SIZE(devices);
	box.inside = look_at_devices;
	assert_runs(&box);
}

static void look_at_host_dev(struct box *box, struct rootfs *rootfs)
{
	(void)rootfs;
	box_expect(box, !strcmp(box_read(box, "/dev/mark"), "host"), "the host's directory");
	box_expect(box, !exists("/dev/null") && !exists("/dev/fd"),
		   "something was made in the host's directory");
}

static void the_hosts_dev_is_left_alone(void **state)
{
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_file(&box, "dev/mark", "host");
	box_mount(&box, "/dev/.", "none", "dev", "bind", NULL);
	box.inside = look_at_host_dev;
	assert_runs(&box);
}

static void set_mappings(struct box *box, struct oci_id_mapping *mapping)
{
	box->linux_.uid_mappings.items = mapping;
	box->linux_.uid_mappings.count = 1;
	box->linux_.gid_mappings = box->linux_.uid_mappings;
	box->namespaces[box->linux_.namespaces.count++].type = OCI_NAMESPACE_USER;
}

static void look_at_user_namespace(struct box *box, struct rootfs *rootfs)
{
	_cleanup_fd_ int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)rootfs;
	box_expect(box, is_device("/dev/null", S_IFCHR, 1, 3) && null >= 0 && write(null, "x", 1) == 1,
		   "the host's node is not there");
	box_expect(box, !strcmp(box_read(box, "/secret/file"), "secret"),
		   "a source that only the host's root reads");
	box_expect(box, open("/proc/keys", O_RDONLY) >= 0 && !*box_read(box, "/proc/keys"), "the mask");
	box_expect(box, box_flags(box, "/secret") & ST_RDONLY, "the flag of the bind mount");
}

/* The sources are opened with the host's rights; devices are bound. */
static void a_user_namespace(void **state)
{
	struct oci_id_mapping mapping = { 0, 200000, 65536 };
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_file(&box, "closed/directory/file", "secret");
	assert_int_equal(chmod(box_path(&box, "closed"), 0700), 0);
	assert_int_equal(chown(box_path(&box, "rootfs"), 200000, 200000), 0);
	box_usual_mounts(&box);
	box_mount(&box, "/secret", "none", "closed/directory", "rbind", "ro", NULL);
	box_masked(&box, "/proc/keys", "/sys/firmware", NULL);
	box_readonly(&box, "/proc/sys", NULL);
	set_mappings(&box, &mapping);
	box.privileged = true;
	box.inside = look_at_user_namespace;
	assert_runs(&box);
	box.privileged = false;
	assert_fails(&box, "permission denied");
}

static void look_at_mapped_ids(struct box *box, struct rootfs *rootfs)
{
	struct stat own = { 0 };
	struct stat host = { 0 };

	(void)rootfs;
	box_expect(box, stat("/mapped", &own) == 0 && own.st_uid == 7 && own.st_gid == 8, "mapped ids: %u:%u",
		   own.st_uid, own.st_gid);
	box_expect(box, stat("/plain", &host) == 0 && host.st_uid == 1007, "ids that are not mapped: %u",
		   host.st_uid);
}

static void idmapped_mounts(void **state)
{
	struct oci_id_mapping uids = { 1000, 0, 100 };
	struct oci_id_mapping gids = { 2000, 0, 100 };
	_cleanup_box_ struct box box;
	struct oci_mount *mount;

	(void)state;
	box_needs_root();
	if (!box_can_be_idmapped())
		skip_because("mounts of a tmpfs are id-mapped since Linux 6.3");
	box_make(&box);
	box_directory(&box, "owned");
	assert_int_equal(chown(box_path(&box, "owned"), 1007, 2008), 0);
	mount = box_mount(&box, "/mapped", "none", "owned", "bind", NULL);
	mount->uid_mappings = (struct oci_id_mapping_list){ &uids, 1 };
	mount->gid_mappings = (struct oci_id_mapping_list){ &gids, 1 };
	box_mount(&box, "/plain", "none", "owned", "bind", NULL);
	box.inside = look_at_mapped_ids;
	assert_runs(&box);
}

static void look_at_container_ids(struct box *box, struct rootfs *rootfs)
{
	struct stat status = { 0 };

	(void)rootfs;
	box_expect(box, stat("/mapped", &status) == 0 && status.st_uid == 0, "uid of an idmapped mount: %u",
		   status.st_uid);
	box_expect(box, stat("/plain", &status) == 0 && status.st_uid == 65534, "uid of a plain one: %u",
		   status.st_uid);
}

static void idmapped_with_the_containers_mappings(void **state)
{
	struct oci_id_mapping mapping = { 0, 200000, 65536 };
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	if (!box_can_be_idmapped())
		skip_because("mounts of a tmpfs are id-mapped since Linux 6.3");
	box_make(&box);
	box_directory(&box, "owned");
	assert_int_equal(chown(box_path(&box, "rootfs"), 200000, 200000), 0);
	box_mount(&box, "/mapped", "none", "owned", "rbind", "ridmap", NULL);
	box_mount(&box, "/plain", "none", "owned", "bind", NULL);
	set_mappings(&box, &mapping);
	box.privileged = true;
	box.inside = look_at_container_ids;
	assert_runs(&box);
	box.linux_.namespaces.count--;
	assert_fails(&box, "no user namespace");
}

static void look_at_sysctls(struct box *box, struct rootfs *rootfs)
{
	(void)rootfs;
	box_expect(box, !strcmp(box_read(box, "/proc/sys/net/ipv4/ip_unprivileged_port_start"), "77\n"),
		   "dots");
	box_expect(box, !strcmp(box_read(box, "/proc/sys/kernel/msgmax"), "4242\n"), "slashes");
}

static void sysctls(void **state)
{
	struct string_pair pairs[] = { { "net.ipv4.ip_unprivileged_port_start", "77" },
				       { "kernel/msgmax", "4242" } };
	struct string_pair missing[] = { { "net.ipv4.no_such_thing", "1" } };
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_usual_mounts(&box);
	box.linux_.sysctl = (struct string_map){ pairs, ARRAY_SIZE(pairs) };
	box.inside = look_at_sysctls;
	assert_runs(&box);
	box.linux_.sysctl = (struct string_map){ missing, 1 };
	assert_fails(&box, "net.ipv4.no_such_thing to 1: no such file or directory");
}

static void without_pivot_root(void **state)
{
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_file(&box, "rootfs/marker", "");
	box_usual_mounts(&box);
	box_masked(&box, "/proc/keys", NULL);
	box.root.readonly = true;
	box.no_pivot = true;
	box.inside = look_at_an_ordinary_one;
	assert_runs(&box);
	box.linux_.rootfs_propagation = OCI_PROPAGATION_RPRIVATE;
	assert_fails(&box, "not safe without pivot_root");
}

static bool mount_is(struct box *box, const char *point, const char *tag)
{
	_cleanup_file_ FILE *table = fopen("/proc/self/mountinfo", "re");
	char line[512];

	box_expect(box, table != NULL, "open the mount table");
	while (fgets(line, sizeof(line), table)) {
		char found[256];

		if (sscanf(line, "%*s %*s %*s %*s %255s", found) == 1 && !strcmp(found, point))
			return strstr(line, tag) != NULL;
	}
	box_expect(box, false, "%s is not mounted", point);
	return false;
}

static void look_at_shared(struct box *box, struct rootfs *rootfs)
{
	(void)rootfs;
	box_expect(box, mount_is(box, "/", "shared:"), "the root is not shared");
	box_expect(box, mount_is(box, "/data", "shared:"), "the bind mount is not shared");
	box_expect(box, mount("t", "/data/sub", "tmpfs", 0, NULL) == 0, "mount");
}

static void look_at_slave(struct box *box, struct rootfs *rootfs)
{
	(void)rootfs;
	box_expect(box, !mount_is(box, "/", "shared:"), "the root is shared");
	box_expect(box, !mount_is(box, "/data", "shared:"), "the bind mount is shared");
	box_expect(box, mount("t", "/data/sub", "tmpfs", 0, NULL) == 0, "mount");
}

static void look_at_private(struct box *box, struct rootfs *rootfs)
{
	(void)rootfs;
	box_expect(box, !mount_is(box, "/", "shared:") && !mount_is(box, "/", "master:"), "the root");
	box_expect(box, !mount_is(box, "/data", "shared:") && !mount_is(box, "/data", "master:"), "/data");
}

/* On a host where everything is shared, as systemd has it. What the container mounts stays in it, unless asked. */
static void propagation(void **state)
{
	_cleanup_box_ struct box box;
	struct statvfs before;
	struct statvfs after;

	(void)state;
	box_needs_root();
	box_make(&box);
	assert_int_equal(unshare(CLONE_NEWNS), 0);
	assert_int_equal(mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL), 0);
	assert_int_equal(mount(NULL, "/", NULL, MS_SHARED | MS_REC, NULL), 0);
	box_directory(&box, "data");
	assert_int_equal(mount("t", box_path(&box, "data"), "tmpfs", 0, NULL), 0);
	box_directory(&box, "data/sub");
	assert_int_equal(statvfs(box_path(&box, "data/sub"), &before), 0);
	box_usual_mounts(&box);
	box_mount(&box, "/data", "none", "data", "rbind", NULL);
	box.inside = look_at_slave;
	assert_runs(&box);
	box.privileged = true; /* the source then comes from the parent, where it is shared */
	assert_runs(&box);
	box.privileged = false;
	assert_int_equal(statvfs(box_path(&box, "data/sub"), &after), 0);
	assert_int_equal(before.f_fsid, after.f_fsid);
	assert_false(box_has(&box, "rootfs/proc/self"));
	box.linux_.rootfs_propagation = OCI_PROPAGATION_RPRIVATE;
	box.inside = look_at_private;
	assert_runs(&box);
	box.linux_.rootfs_propagation = OCI_PROPAGATION_RSHARED;
	box.mounts[box.config.mounts.count - 1].options.items[1] = "rshared";
	box.mounts[box.config.mounts.count - 1].options.count = 2;
	box.inside = look_at_shared;
	assert_runs(&box);
	assert_false(box_has(&box, "rootfs/proc/self"));
	assert_int_equal(statvfs(box_path(&box, "data/sub"), &after), 0);
	assert_int_not_equal(before.f_fsid, after.f_fsid);
	assert_int_equal(umount2(box_path(&box, "data"), MNT_DETACH), 0);
	assert_int_equal(mount(NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), 0);
}

static void look_at_notify(struct box *box, struct rootfs *rootfs)
{
	(void)rootfs;
	box_expect(box, exists("/run/notify/notify.sock"), "the socket");
	box_expect(box, box_flags(box, "/run/notify") & ST_RDONLY, "it is writable");
}

static void the_notify_directory(void **state)
{
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	box_make(&box);
	box_file(&box, "notify/notify.sock", "");
	box.notify_directory = box_path(&box, "notify");
	box.inside = look_at_notify;
	assert_runs(&box);
}

static void look_at_cgroups(struct box *box, struct rootfs *rootfs)
{
	(void)rootfs;
	box_expect(box, exists("/sys/fs/cgroup/memory/tasks"), "the hierarchy");
	box_expect(box, box_flags(box, "/sys/fs/cgroup/memory") & ST_RDONLY, "it is writable");
	box_expect(box, !(box_flags(box, "/sys/fs/cgroup") & ST_RDONLY), "the directory of hierarchies");
}

static void cgroups_of_version_1(void **state)
{
	struct stat status;
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	if (stat("/sys/fs/cgroup/memory/tasks", &status) < 0)
		skip_because("no cgroup v1 with memory here");
	box_make(&box);
	box_usual_mounts(&box);
	box_mount(&box, "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro",
		  NULL);
	box.cgroup_layout.count = 1;
	box.cgroup_layout.items[0].controllers = "memory";
	box.cgroup_layout.items[0].mountpoint = "/sys/fs/cgroup/memory";
	box.cgroup_layout.items[0].mount_root = "/";
	box.cgroup_layout.items[0].own_path = "/";
	box.inside = look_at_cgroups;
	assert_runs(&box);
	box.namespaces[box.linux_.namespaces.count++].type = OCI_NAMESPACE_CGROUP;
	assert_runs(&box);
}

static void look_at_unified(struct box *box, struct rootfs *rootfs)
{
	(void)rootfs;
	box_expect(box, exists("/sys/fs/cgroup/cgroup.procs"), "the hierarchy");
	box_expect(box, box_flags(box, "/sys/fs/cgroup") & ST_RDONLY, "it is writable");
}

/* Also where it can only be bound: then it is read-only even if nobody asks (CVE-2023-25809). */
static void cgroups_of_version_2(void **state)
{
	struct oci_id_mapping mapping = { 0, 200000, 65536 };
	const char *mountpoint = "/sys/fs/cgroup";
	struct stat status;
	_cleanup_box_ struct box box;

	(void)state;
	box_needs_root();
	if (stat("/sys/fs/cgroup/cgroup.procs", &status) < 0) {
		mountpoint = "/sys/fs/cgroup/unified";
		if (stat("/sys/fs/cgroup/unified/cgroup.procs", &status) < 0)
			skip_because("no cgroup v2 here");
	}
	box_make(&box);
	box_usual_mounts(&box);
	assert_int_equal(chown(box_path(&box, "rootfs"), 200000, 200000), 0);
	box_mount(&box, "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "ro", NULL);
	box.cgroup_layout.unified = true;
	box.cgroup_layout.count = 1;
	box.cgroup_layout.items[0].v2 = true;
	box.cgroup_layout.items[0].mountpoint = mountpoint;
	box.cgroup_layout.items[0].mount_root = "/";
	box.cgroup_layout.items[0].own_path = "/";
	box.inside = look_at_unified;
	assert_runs(&box);
	box.mounts[box.config.mounts.count - 1].options.count--; /* "ro" */
	set_mappings(&box, &mapping);
	assert_runs(&box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ordinary_container),
		cmocka_unit_test(a_rootfs_that_is_not_there),
		cmocka_unit_test(binds_of_files_and_directories),
		cmocka_unit_test(a_bind_source_that_is_not_there),
		cmocka_unit_test(a_directory_onto_a_file),
		cmocka_unit_test(flags_of_binds),
		cmocka_unit_test(tmpfs_modes_and_read_only),
		cmocka_unit_test(tmpfs_with_a_copy),
		cmocka_unit_test(bad_options_of_a_file_system),
		cmocka_unit_test(overlays),
		cmocka_unit_test(configured_devices),
		cmocka_unit_test(the_hosts_dev_is_left_alone),
		cmocka_unit_test(a_user_namespace),
		cmocka_unit_test(idmapped_mounts),
		cmocka_unit_test(idmapped_with_the_containers_mappings),
		cmocka_unit_test(sysctls),
		cmocka_unit_test(without_pivot_root),
		cmocka_unit_test(propagation),
		cmocka_unit_test(the_notify_directory),
		cmocka_unit_test(cgroups_of_version_1),
		cmocka_unit_test(cgroups_of_version_2),
	};

	return cmocka_run_group_tests_name("rootfs", tests, NULL, NULL);
}
