/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Labels of the Linux security modules for the program to be executed.
 *
 * The labels are written here and not by libselinux or libapparmor, because those open /proc/… by path, and
 * in a container that is whatever its image and mounts made of it (see procfs.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "sandbox/identity.h"
#include "sandbox/procfs.h"

bool apparmor_is_enabled(void)
{
	_cleanup_fd_ int fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
	char answer = 'N';

	return fd >= 0 && read(fd, &answer, 1) == 1 && answer == 'Y' &&
	       access("/sys/kernel/security/apparmor", F_OK) == 0;
}

bool selinux_is_enabled(void)
{
	struct statfs filesystem;

	return statfs("/sys/fs/selinux", &filesystem) == 0 && (unsigned long)filesystem.f_type == SELINUX_MAGIC;
}

int identity_check_labels(const struct oci_process *process, struct error *error)
{
	if (!process)
		return 0;
	if (process->apparmor_profile && *process->apparmor_profile &&
	    strcmp(process->apparmor_profile, "unconfined") != 0 && !apparmor_is_enabled())
		return error_set(
			error, 0,
			"process.apparmorProfile: profile \"%s\" specified in config, but apparmor is not "
			"enabled on this host",
			process->apparmor_profile);
	if (process->selinux_label && *process->selinux_label && !selinux_is_enabled())
		return error_set(error, 0,
				 "process.selinuxLabel: selinux label is specified in config, but "
				 "selinux is disabled or not supported");
	return 0;
}

int identity_apparmor(int procfs, const char *profile, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const char *command;
	int result;

	if (!profile || !*profile)
		return 0;
	command = arena_printf(&arena, "exec %s", profile);
	result = procfs_write_file(procfs, 0, "attr/apparmor/exec", command);
	/* Before Linux 5.8 all modules shared one file. */
	if (result < 0 && errno == ENOENT)
		result = procfs_write_file(procfs, 0, "attr/exec", command);
	if (result == 0)
		return 0;
	/* EINVAL: no module took it. A profile that is not loaded gives ENOENT from write(2), too. */
	if (errno == EINVAL && strcmp(profile, "unconfined") == 0)
		return 0;
	if (errno == EINVAL)
		return error_set(error, 0,
				 "unable to apply apparmor profile %s: apparmor is not enabled on the host",
				 profile);
	return error_set(error, errno, "unable to apply apparmor profile %s", profile);
}

int identity_selinux(int procfs, const char *label, struct error *error)
{
	if (!label || !*label)
		return 0;
	if (procfs_write_file(procfs, 0, "attr/exec", label) == 0)
		return 0;
	return error_set(error, errno, "can't set process label %s", label);
}
