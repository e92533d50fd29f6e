/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "seccomp/seccomp.h"

int seccomp_filter_load(const struct seccomp_filter *filter, int *listener, struct error *error)
{
	struct sock_fprog program = { .len = filter->count, .filter = filter->instructions };
	long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter->load_flags, &program);

	*listener = -1;
	if (result < 0 && errno == EBUSY && filter->has_listener)
		return error_set(error, errno, "load the seccomp filter: another one has a listener already");
	if (result < 0)
		return error_set(error, errno, "load the seccomp filter");
	if (filter->has_listener)
		*listener = (int)result;
	return 0;
}
