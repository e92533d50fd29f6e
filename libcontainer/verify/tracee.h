/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seccomp filters of a thread, as the kernel has them: ptrace(2), PTRACE_SECCOMP_GET_FILTER. The thread is stopped
 * for as long as that takes. It needs CAP_SYS_ADMIN in the initial user namespace, a caller without a filter of its
 * own, and a kernel with CONFIG_CHECKPOINT_RESTORE.
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"

enum tracee_result {
	TRACEE_READ,
	TRACEE_GONE, /* it has ended */
	TRACEE_REFUSED, /* nobody's filters can be read by this caller, on this kernel */
	TRACEE_BUSY, /* those of this thread cannot: another process traces it, or it does not stop */
};

/*
 * Reads the oldest @most of those of @thread of the process that @pidfd holds into *programs, the newest of them first;
 * whatever happens, the thread goes on. It is waited for @is_patient for a second, else for some milliseconds. *why is set
 * unless they are read.
 */
enum tracee_result tracee_filters(struct arena *arena, pid_t thread, int pidfd, size_t most, bool is_patient,
				  struct sock_fprog **programs, size_t *count, const char **why);
