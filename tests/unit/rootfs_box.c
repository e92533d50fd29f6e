/* SPDX-License-Identifier: Apache-2.0 */
#include "rootfs_box.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "directories.h"

void box_make(struct box *box)
{
	static const enum oci_namespace_type types[] = { OCI_NAMESPACE_MOUNT, OCI_NAMESPACE_PID,
							 OCI_NAMESPACE_NETWORK, OCI_NAMESPACE_IPC };

	*box = (struct box){ 0 };
	strcpy(box->base, "/tmp/casemate-rootfs-XXXXXX");
	assert_non_null(mkdtemp(box->base));
	assert_int_equal(chmod(box->base, 0755), 0);
	box_directory(box, "rootfs");
	box_directory(box, "outside");
	box->error = mmap(NULL, sizeof(*box->error), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(box->error, MAP_FAILED);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		box->namespaces[i].type = types[i];
	box->linux_.namespaces.items = box->namespaces;
	box->linux_.namespaces.count = ARRAY_SIZE(types);
	box->root.path = "rootfs";
	box->config.root = &box->root;
	box->config.linux_ = &box->linux_;
	box->config.mounts.items = box->mounts;
}

bool box_can_be_idmapped(void)
{
	unsigned int major = 0, minor = 0;
	struct statfs status;
	struct utsname host;

	assert_int_equal(statfs("/tmp", &status), 0);
	assert_int_equal(uname(&host), 0);
	/* NOLINTNEXTLINE(bugprone-unchecked-string-to-number-conversion,cert-err34-c) */
	assert_int_equal(sscanf(host.release, "%u.%u", &major, &minor), 2);
	return status.f_type != TMPFS_MAGIC || major > 6 || (major == 6 && minor >= 3);
}

void box_release(struct box *box)
{
	remove_directory(box->base);
	munmap(box->error, sizeof(*box->error));
	arena_release(&box->arena);
}

const char *box_path(struct box *box, const char *name)
{
	return arena_printf(&box->arena, "%s/%s", box->base, name);
}

static void make_parents(const char *path)
{
	char parent[256];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
		assert_true(mkdir(parent, 0755) == 0 || errno == EEXIST);
	}
}

void box_directory(struct box *box, const char *name)
{
	const char *path = box_path(box, name);

	make_parents(path);
	assert_true(mkdir(path, 0755) == 0 || errno == EEXIST);
	assert_int_equal(chmod(path, 0755), 0);
}

void box_file(struct box *box, const char *name, const char *text)
{
	const char *path = box_path(box, name);
	_cleanup_file_ FILE *file = NULL;

	make_parents(path);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fchmod(fileno(file), 0644), 0);
}

void box_link(struct box *box, const char *target, const char *name)
{
	const char *path = box_path(box, name);

	make_parents(path);
	assert_int_equal(symlink(target, path), 0);
}

bool box_has(struct box *box, const char *name)
{
	struct stat status;

	return lstat(box_path(box, name), &status) == 0;
}

struct oci_mount *box_mount(struct box *box, const char *destination, const char *type, const char *source, ...)
{
	struct oci_mount *mount = &box->mounts[box->config.mounts.count++];
	const char *option;
	va_list options;

	assert_true(box->config.mounts.count <= BOX_MOUNTS);
	*mount = (struct oci_mount){ .destination = destination, .type = type, .source = source };
	mount->options.items = ARENA_NEW_ARRAY(&box->arena, const char *, 16);
	va_start(options, source);
	while ((option = va_arg(options, const char *)))
		mount->options.items[mount->options.count++] = option;
	va_end(options);
	return mount;
}

void box_usual_mounts(struct box *box)
{
	box_mount(box, "/proc", "proc", "proc", NULL);
	box_mount(box, "/dev", "tmpfs", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k", NULL);
	box_mount(box, "/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666",
		  "mode=0620", NULL);
	box_mount(box, "/sys", "sysfs", "sysfs", "nosuid", "noexec", "nodev", "ro", NULL);
}

static void add_paths(struct box *box, struct string_list *list, const char *path, va_list paths)
{
	list->items = ARENA_NEW_ARRAY(&box->arena, const char *, 32);
	for (; path; path = va_arg(paths, const char *))
		list->items[list->count++] = path;
}

void box_masked(struct box *box, const char *path, ...)
{
	va_list paths;

	va_start(paths, path);
	add_paths(box, &box->linux_.masked_paths, path, paths);
	va_end(paths);
}

void box_readonly(struct box *box, const char *path, ...)
{
	va_list paths;

	va_start(paths, path);
	add_paths(box, &box->linux_.readonly_paths, path, paths);
	va_end(paths);
}

void box_expect(struct box *box, bool condition, const char *format, ...)
{
	va_list arguments;

	if (condition)
		return;
	va_start(arguments, format);
	vsnprintf(box->error->text, sizeof(box->error->text), format, arguments);
	va_end(arguments);
	_exit(1);
}

unsigned long box_flags(struct box *box, const char *path)
{
	struct statvfs status;

	box_expect(box, statvfs(path, &status) == 0, "statvfs %s: %s", path, strerror(errno));
	return status.f_flag;
}

const char *box_read(struct box *box, const char *path)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[256] = "";

	box_expect(box, fd >= 0, "open %s: %s", path, strerror(errno));
	box_expect(box, read(fd, text, sizeof(text) - 1) >= 0, "read %s: %s", path, strerror(errno));
	return arena_strdup(&box->arena, text);
}

static int build(struct box *box, struct rootfs *rootfs)
{
	if (rootfs_begin(rootfs, box->error) < 0 || rootfs_mounts(rootfs, box->error) < 0)
		return -1;
	if (box->before_devices)
		box->before_devices(box, rootfs);
	if (rootfs_devices(rootfs, box->error) < 0)
		return -1;
	if (box->before_pivot)
		box->before_pivot(box, rootfs);
	if (rootfs_pivot(rootfs, box->error) < 0 || rootfs_finish(rootfs, box->error) < 0 ||
	    rootfs_verify(rootfs, box->error) < 0)
		return -1;
	if (box->inside)
		box->inside(box, rootfs);
	return 0;
}

/* Uids and gids 0 to 65535 as the configuration maps them; one mapping. */
static void write_maps(struct box *box, pid_t child)
{
	const struct oci_id_mapping *map = box->linux_.uid_mappings.items;
	static const char *const names[] = { "uid_map", "gid_map" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[64];
		char text[64];

		snprintf(path, sizeof(path), "/proc/%d/%s", child, names[i]);
		snprintf(text, sizeof(text), "%u %u %u", map->container_id, map->host_id, map->size);
		assert_int_equal(file_write_at(AT_FDCWD, path, text), 0);
	}
}

static int run_child(struct box *box, struct rootfs *rootfs, unsigned long flags)
{
	int gate[2];
	int status;
	pid_t child;

	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	child = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
	assert_true(child >= 0);
	if (child == 0) {
		char byte;

		close(gate[1]);
		if (read(gate[0], &byte, 1) != 1)
			_exit(1);
		if (flags & CLONE_NEWUSER && (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
			_exit(1);
		_exit(build(box, rootfs) < 0);
	}
	close(gate[0]);
	if (flags & CLONE_NEWUSER)
		write_maps(box, child);
	if (rootfs_needs_idmap(rootfs)) {
		char path[64];

		snprintf(path, sizeof(path), "%d/ns/user", child);
		rootfs->userns = openat(rootfs->procfs, path, O_RDONLY | O_CLOEXEC);
		if (rootfs_idmap_sources(rootfs, box->error) < 0)
			kill(child, SIGKILL);
		cleanup_fd(&rootfs->userns);
		rootfs->userns = -1;
	}
	assert_int_equal(write(gate[1], "", 1), 1);
	close(gate[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	return status == 0 ? 0 : -1;
}

int box_run(struct box *box)
{
	struct rootfs rootfs;
	unsigned long flags = 0;
	int result;

	*box->error = (struct error){ 0 };
	rootfs_init(&rootfs);
	rootfs.arena = &box->arena;
	rootfs.config = &box->config;
	rootfs.bundle = open(box->base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	rootfs.bundle_path = box->base;
	rootfs.procfs = procfs_open(box->error);
	rootfs.cgroup_layout = &box->cgroup_layout;
	rootfs.notify_directory = box->notify_directory;
	rootfs.no_pivot = box->no_pivot;
	rootfs.hardening = box->hardening;
	assert_true(rootfs.bundle >= 0);
	assert_true(rootfs.procfs >= 0);
	for (size_t i = 0; i < box->linux_.namespaces.count; i++)
		flags |= (unsigned long)namespace_type_flag(box->namespaces[i].type);
	result = rootfs_open_sources(&rootfs, box->privileged, box->error);
	if (result == 0)
		result = run_child(box, &rootfs, flags);
	rootfs_close(&rootfs);
	close(rootfs.bundle);
	close(rootfs.procfs);
	return result;
}

void assert_runs(struct box *box)
{
	if (box_run(box) < 0)
		fail_msg("the rootfs could not be made: %s", box->error->text);
}

void assert_fails(struct box *box, const char *part)
{
	if (box_run(box) == 0)
		fail_msg("the rootfs was made, where \"%s\" was expected", part);
	if (!strstr(box->error->text, part))
		fail_msg("found \"%s\", expected something with \"%s\"", box->error->text, part);
}
