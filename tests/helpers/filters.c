/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program whose threads have seccomp filters of their own making. Linked statically, so that it runs in any rootfs.
 *
 *   filters [own|shared|thread|child]...   one after the other, then sleeps until killed:
 *     own      loads a filter with which acct(2) gives ENOTTY, into this thread
 *     shared   the same, into all threads
 *     thread   starts a thread that sleeps
 *     child    starts a process that ends, and does not wait for it to be gone
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void *sleep_forever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static int leave_child(void)
{
	siginfo_t ended;
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child < 0 ? -1 : waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT);
}

static int load(unsigned int flags)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_acct, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = { sizeof(filter) / sizeof(*filter), filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0
		       ? -1
		       : (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		pthread_t thread;
		int result = -1;

		if (strcmp(argv[i], "own") == 0)
			result = load(0);
		else if (strcmp(argv[i], "shared") == 0)
			result = load(SECCOMP_FILTER_FLAG_TSYNC);
		else if (strcmp(argv[i], "thread") == 0)
			result = pthread_create(&thread, NULL, sleep_forever, NULL) == 0 ? 0 : -1;
		else if (strcmp(argv[i], "child") == 0)
			result = leave_child();
		if (result != 0) {
			fprintf(stderr, "filters: %s: %s\n", argv[i], strerror(errno));
			return 1;
		}
	}
	puts("ready");
	fflush(stdout);
	sleep_forever(NULL);
}
