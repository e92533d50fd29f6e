/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks from inside a container at what busybox has no command for. Linked statically, so that it runs in any
 * rootfs. Each subcommand prints one line a fact.
 *
 *   probe syscall NUMBER [ARGUMENT...]   the raw system call: its result, or the name of its errno
 *   probe fds                            the open descriptors above 2 and what they are
 *   probe prctl                          no_new_privs, dumpable, securebits, parent death signal
 *   probe keyring                        description and serial number of the session keyring
 *   probe scheduling                     policy, priority, nice, I/O priority
 *   probe signals                        blocked and ignored signals
 *   probe mkdirs PATH COUNT              COUNT nested directories (for deep cgroups)
 *   probe project PATH NUMBER            makes the file that project's, and new files of a directory not: three ways
 *   probe sleep                          sleeps until killed, ignoring nothing
 *   probe trap SIGNAL...                 prints "ready", then the name of each signal it gets; ends on TERM
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int probe_syscall(int argc, char **argv)
{
	long arguments[6] = { 0 };
	long number = strtol(argv[0], NULL, 0);
	long result;

	for (int i = 1; i < argc && i <= 6; i++)
		arguments[i - 1] = (long)strtoull(argv[i], NULL, 0);
	errno = 0;
	result = syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
			 arguments[5]);
	if (result == -1)
		printf("%s\n", strerrorname_np(errno));
	else
		printf("%ld\n", result);
	return 0;
}

static int probe_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;

	if (!directory)
		return 1;
	while ((entry = readdir(directory))) {
		char target[4096];
		ssize_t length;
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] == '.' || fd <= 2 || fd == dirfd(directory))
			continue;
		length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target) - 1);
		target[length > 0 ? length : 0] = '\0';
		printf("%d %s\n", fd, target);
	}
	closedir(directory);
	return 0;
}

static int probe_prctl(void)
{
	int death_signal = 0;

	prctl(PR_GET_PDEATHSIG, &death_signal);
	printf("no_new_privs %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	printf("dumpable %d\n", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	printf("securebits %#x\n", (unsigned int)prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
	printf("pdeathsig %d\n", death_signal);
	printf("subreaper %d\n", ({
		       int on = 0;
		       prctl(PR_GET_CHILD_SUBREAPER, &on);
		       on;
	       }));
	return 0;
}

static int probe_keyring(void)
{
	char description[512] = "";
	long serial = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);

	if (serial < 0 ||
	    syscall(SYS_keyctl, KEYCTL_DESCRIBE, serial, description, sizeof(description) - 1) < 0) {
		printf("none %s\n", strerrorname_np(errno));
		return 0;
	}
	printf("description %s\n", description);
	printf("serial %ld\n", serial);
	return 0;
}

static int probe_scheduling(void)
{
	struct sched_param parameter = { 0 };
	long io_priority = syscall(SYS_ioprio_get, 1, 0);

	sched_getparam(0, &parameter);
	printf("policy %d\n", sched_getscheduler(0));
	printf("priority %d\n", parameter.sched_priority);
	printf("nice %d\n", getpriority(PRIO_PROCESS, 0));
	printf("io %ld %ld\n", io_priority >> 13, io_priority & 0x1fff);
	return 0;
}

static int probe_signals(void)
{
	sigset_t blocked;

	sigprocmask(SIG_BLOCK, NULL, &blocked);
	for (int number = 1; number < 65; number++) {
		struct sigaction action;

		if (sigismember(&blocked, number) == 1)
			printf("blocked %d\n", number);
		if (!sigaction(number, NULL, &action) && action.sa_handler == SIG_IGN)
			printf("ignored %d\n", number);
	}
	return 0;
}

static int probe_mkdirs(const char *path, int count)
{
	if (chdir(path))
		return 1;
	while (count-- > 0)
		if (mkdir("d", 0755) || chdir("d"))
			return 1;
	return 0;
}

static void say(const char *way, long result)
{
	printf("%s %s\n", way, result < 0 ? strerrorname_np(errno) : "set");
}

/* ioctl_xfs_fsgetxattr(2), ioctl_iflags(2), file_setattr of Linux 6.17 */
static int probe_project(const char *path, unsigned int project)
{
	struct {
		uint64_t xflags;
		uint32_t extsize, nextents, projid, cowextsize;
	} file;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct fsxattr attributes;
	int flags;

	if (fd < 0 || ioctl(fd, FS_IOC_FSGETXATTR, &attributes) < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return 1;
	if (syscall(468, AT_FDCWD, path, &file, sizeof(file), 0) == 0) {
		file.projid = project;
		say("file_setattr", syscall(469, AT_FDCWD, path, &file, sizeof(file), 0));
	}
	attributes.fsx_projid = project;
	say("FSSETXATTR", ioctl(fd, FS_IOC_FSSETXATTR, &attributes));
	flags &= ~FS_PROJINHERIT_FL;
	say("SETFLAGS", ioctl(fd, FS_IOC_SETFLAGS, &flags));
	close(fd);
	return 0;
}

static int probe_trap(int argc, char **argv)
{
	sigset_t wanted;
	int number;

	sigemptyset(&wanted);
	sigaddset(&wanted, SIGTERM);
	for (int i = 0; i < argc; i++)
		sigaddset(&wanted, atoi(argv[i]));
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	puts("ready");
	fflush(stdout);
	while (!sigwait(&wanted, &number)) {
		printf("SIG%s\n", sigabbrev_np(number));
		fflush(stdout);
		if (number == SIGTERM)
			return 0;
	}
	return 1;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "syscall") && argc > 2)
		return probe_syscall(argc - 2, argv + 2);
	if (!strcmp(what, "fds"))
		return probe_fds();
	if (!strcmp(what, "prctl"))
		return probe_prctl();
	if (!strcmp(what, "keyring"))
		return probe_keyring();
	if (!strcmp(what, "scheduling"))
		return probe_scheduling();
	if (!strcmp(what, "signals"))
		return probe_signals();
	if (!strcmp(what, "mkdirs") && argc == 4)
		return probe_mkdirs(argv[2], atoi(argv[3]));
	if (!strcmp(what, "project") && argc == 4)
		return probe_project(argv[2], (unsigned int)strtoul(argv[3], NULL, 0));
	if (!strcmp(what, "trap"))
		return probe_trap(argc - 2, argv + 2);
	if (!strcmp(what, "sleep"))
		while (pause())
			continue;
	fprintf(stderr, "probe: unknown subcommand '%s'\n", what);
	return 2;
}
