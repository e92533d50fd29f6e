/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The floor under every container runtime: only the system calls that a start cannot do without, with
 * everything hard-coded. No configuration is read, no state kept, nothing checked.
 *
 *   bare run ROOTFS CGROUP spec|docker   /bin/true in a container with the namespaces, mounts, devices, masks and
 *                                        capabilities of `runc spec`, or of docker run with its seccomp filter
 *   bare exec PID CGROUP spec|docker     /bin/true in the namespaces of PID
 *
 * CGROUP is made below each hierarchy that is mounted at /sys/fs/cgroup (one, or one a controller), joined
 * and removed.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUPS_MAX 16

static const char *const masked[] = { "/proc/acpi",	   "/proc/asound",	  "/proc/kcore",
				      "/proc/keys",	   "/proc/latency_stats", "/proc/timer_list",
				      "/proc/timer_stats", "/proc/sched_debug",	  "/sys/firmware",
				      "/proc/scsi" };
static const char *const readonly[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
					"/proc/sysrq-trigger" };
static const struct {
	const char *name;
	unsigned int major;
	unsigned int minor;
} devices[] = { { "null", 1, 3 }, { "zero", 1, 5 },   { "full", 1, 7 },
		{ "tty", 5, 0 },  { "random", 1, 8 }, { "urandom", 1, 9 } };
static const char *const links[][2] = { { "/proc/self/fd", "fd" },
					{ "/proc/self/fd/0", "stdin" },
					{ "/proc/self/fd/1", "stdout" },
					{ "/proc/self/fd/2", "stderr" },
					{ "pts/ptmx", "ptmx" } };

static void check(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bare: %s: %s\n", what, strerror(errno));
	_exit(1);
}

/* The cgroups: one directory in each hierarchy; returns their number. */
static int make_groups(const char *name, int groups[GROUPS_MAX])
{
	int count = 0;
	int top = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *hierarchies = fdopendir(top);
	char path[512];

	check(hierarchies != NULL, "open /sys/fs/cgroup");
	if (faccessat(top, "cgroup.procs", F_OK, 0) == 0) {
		check(mkdirat(top, name, 0755) == 0, "make cgroup");
		groups[0] = openat(top, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return 1;
	}
	for (struct dirent *entry = readdir(hierarchies); entry && count < GROUPS_MAX;
	     entry = readdir(hierarchies)) {
		if (entry->d_name[0] == '.' || entry->d_type == DT_LNK)
			continue;
		snprintf(path, sizeof(path), "%s/cgroup.procs", entry->d_name);
		if (faccessat(top, path, F_OK, 0) < 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", entry->d_name, name);
		check(mkdirat(top, path, 0755) == 0, "make cgroup");
		groups[count] = openat(top, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (strcmp(entry->d_name, "cpuset") == 0) {
			int file = openat(groups[count], "cpuset.mems", O_WRONLY | O_CLOEXEC);

			check(write(file, "0", 1) == 1, "cpuset.mems");
			close(file);
			file = openat(groups[count], "cpuset.cpus", O_WRONLY | O_CLOEXEC);
			check(write(file, "0", 1) == 1, "cpuset.cpus");
			close(file);
		}
		count++;
	}
	return count;
}

static void remove_groups(const char *name)
{
	char path[512];
	DIR *hierarchies = opendir("/sys/fs/cgroup");

	snprintf(path, sizeof(path), "/sys/fs/cgroup/%s", name);
	if (rmdir(path) == 0)
		return;
	for (struct dirent *entry = readdir(hierarchies); entry; entry = readdir(hierarchies)) {
		if (entry->d_name[0] == '.' || entry->d_type == DT_LNK)
			continue;
		snprintf(path, sizeof(path), "/sys/fs/cgroup/%s/%s", entry->d_name, name);
		rmdir(path);
	}
}

static void join_groups(const int *groups, int count, pid_t pid)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d", pid);

	for (int i = 0; i < count; i++) {
		int file = openat(groups[i], "cgroup.procs", O_WRONLY | O_CLOEXEC);

		check(write(file, text, (size_t)length) == length, "join cgroup");
		close(file);
	}
}

static void mount_new(int root, const char *type, const char *target, unsigned int attributes)
{
	int context = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
	int tree;

	check(context >= 0, type);
	if (strcmp(type, "devpts") == 0)
		syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, "ptmxmode", "0666", 0);
	check(syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0, type);
	tree = (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, attributes);
	check(tree >= 0, type);
	check(syscall(SYS_move_mount, tree, "", root, target, MOVE_MOUNT_F_EMPTY_PATH) == 0, target);
	close(context);
	close(tree);
}

static void make_devices(void)
{
	mode_t before = umask(0);

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		char path[32];

		snprintf(path, sizeof(path), "dev/%s", devices[i].name);
		check(mknod(path, S_IFCHR | 0666, makedev(devices[i].major, devices[i].minor)) == 0, path);
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		char path[32];

		snprintf(path, sizeof(path), "dev/%s", links[i][1]);
		check(symlink(links[i][0], path) == 0, path);
	}
	umask(before);
}

static void cover(const char *path, const char *with, bool only_read)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY };
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, with, OPEN_TREE_CLONE | O_CLOEXEC);

	if (tree < 0)
		return; /* not on this machine */
	if (only_read)
		check(syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) == 0,
		      path);
	syscall(SYS_move_mount, tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH);
	close(tree);
}

static void set_up_rootfs(const char *rootfs)
{
	struct mount_attr private = { .propagation = 1UL << 18 /* MS_PRIVATE */ };
	struct stat status;
	int tree;

	check(syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &private, sizeof(private)) == 0,
	      "private");
	tree = (int)syscall(SYS_open_tree, AT_FDCWD, rootfs, OPEN_TREE_CLONE | AT_RECURSIVE | O_CLOEXEC);
	check(tree >= 0, rootfs);
	check(syscall(SYS_move_mount, tree, "", AT_FDCWD, rootfs, MOVE_MOUNT_F_EMPTY_PATH) == 0, "bind root");
	check(fchdir(tree) == 0, "enter root");
	mount_new(AT_FDCWD, "proc", "proc", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	mount_new(AT_FDCWD, "tmpfs", "dev", MOUNT_ATTR_NOSUID);
	mkdir("dev/pts", 0755);
	mkdir("dev/shm", 01777);
	mkdir("dev/mqueue", 0755);
	mount_new(AT_FDCWD, "devpts", "dev/pts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
	mount_new(AT_FDCWD, "tmpfs", "dev/shm", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	mount_new(AT_FDCWD, "mqueue", "dev/mqueue", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	mount_new(AT_FDCWD, "sysfs", "sys",
		  MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	make_devices();
	check(syscall(SYS_pivot_root, ".", ".") == 0, "pivot root");
	check(syscall(SYS_umount2, ".", 2 /* MNT_DETACH */) == 0, "leave old root");
	check(chdir("/") == 0, "enter new root");
	for (size_t i = 0; i < sizeof(masked) / sizeof(masked[0]); i++) {
		if (stat(masked[i], &status) == 0)
			cover(masked[i], S_ISDIR(status.st_mode) ? "/dev/mqueue" : "/dev/null", true);
	}
	for (size_t i = 0; i < sizeof(readonly) / sizeof(readonly[0]); i++)
		cover(readonly[i], readonly[i], true);
}

/* As long as Docker's default filter is once compiled: about 360 comparisons, here of the number only. */
static void load_filter(void)
{
	static struct sock_filter filter[370];
	struct sock_fprog program = { .len = 0, .filter = filter };

	filter[program.len++] =
		(struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (unsigned int number = 1000; number < 1360; number++)
		filter[program.len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 0);
	filter[program.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	check(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0, "seccomp");
}

static void drop_privileges(bool docker)
{
	uint64_t keep = docker ? 0xa80425fb : 0x20000420;
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2] = { { .effective = (uint32_t)keep,
						    .permitted = (uint32_t)keep } };

	for (int capability = 0; capability <= 40; capability++) {
		if (!(keep & (1ULL << capability)))
			prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	check(setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0, "ids");
	check(syscall(SYS_capset, &header, sets) == 0, "capabilities");
	if (docker)
		load_filter();
}

static int execute(bool docker)
{
	char program[] = "true";
	char path[] = "PATH=/bin";
	char *arguments[] = { program, NULL };
	char *environment[] = { path, NULL };

	drop_privileges(docker);
	syscall(SYS_close_range, 3, ~0U, 0);
	execve("/bin/true", arguments, environment);
	check(false, "execute /bin/true");
	return 1;
}

static int wait_for(pid_t pid)
{
	int status;

	check(waitpid(pid, &status, 0) == pid, "wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(const char *rootfs, const char *cgroup, bool docker)
{
	struct clone_args arguments = { .flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC |
						 CLONE_NEWUTS,
					.exit_signal = SIGCHLD };
	int groups[GROUPS_MAX];
	int ready[2];
	int count = make_groups(cgroup, groups);
	pid_t pid;
	int status;

	if (count == 1) {
		arguments.flags |= CLONE_INTO_CGROUP;
		arguments.cgroup = (uint64_t)groups[0];
	}
	check(pipe2(ready, O_CLOEXEC) == 0, "pipe");
	pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
	check(pid >= 0, "clone");
	if (pid == 0) {
		char byte;

		check(read(ready[0], &byte, 1) == 1, "wait for the cgroup");
		check(sethostname("bare", 4) == 0, "host name");
		set_up_rootfs(rootfs);
		return execute(docker);
	}
	if (count > 1)
		join_groups(groups, count, pid);
	check(write(ready[1], "", 1) == 1, "go on");
	status = wait_for(pid);
	remove_groups(cgroup);
	return status;
}

static int enter(pid_t target, const char *cgroup, bool docker)
{
	int pidfd = (int)syscall(SYS_pidfd_open, target, 0);
	char path[512];
	pid_t pid;

	(void)cgroup;
	snprintf(path, sizeof(path), "/proc/%d/root", target);
	check(pidfd >= 0, "open the process");
	check(setns(pidfd, CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS) == 0,
	      "enter");
	pid = fork();
	if (pid == 0)
		return execute(docker);
	return wait_for(pid);
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "run") == 0)
		return run(argv[2], argv[3], strcmp(argv[4], "docker") == 0);
	if (argc == 5 && strcmp(argv[1], "exec") == 0)
		return enter((pid_t)strtol(argv[2], NULL, 10), argv[3], strcmp(argv[4], "docker") == 0);
	fprintf(stderr, "usage: bare run ROOTFS CGROUP spec|docker\n       bare exec PID CGROUP spec|docker\n");
	return 2;
}
