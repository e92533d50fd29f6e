/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process that holds a scope until the container's own is in it. Born with clone3 and without memory of its own
 * but for what it touches, it is charged next to nothing even to a small limit.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "cgroup/systemd.h"

static _Noreturn void hold(pid_t parent)
{
	sigset_t all;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	close_range(0, ~0U, 0);
	for (;;)
		pause();
}

int holder_start(struct systemd_unit *unit, struct error *error)
{
	struct clone_args clone = {
		.flags = CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&unit->holder_pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t parent = getpid();

	unit->holder = sys_clone3(&clone, sizeof(clone));
	if (unit->holder == 0)
		hold(parent);
	if (unit->holder < 0) {
		unit->holder = 0;
		return error_set(error, errno, "make a process that holds the unit %s", unit->name);
	}
	return 0;
}

void holder_end(struct systemd_unit *unit)
{
	if (unit->holder <= 0)
		return;
	pidfd_send_signal(unit->holder_pidfd, SIGKILL, NULL, 0);
	while (waitpid(unit->holder, NULL, 0) < 0 && errno == EINTR)
		;
	unit->holder = 0;
	fd_close(&unit->holder_pidfd);
}
