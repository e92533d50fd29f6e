/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime itself: where it keeps its state, with whose rights it runs, from which file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/id_map.h"
#include "libcontainer.h"

/* The initial user namespace maps every id to itself. user_namespaces(7) */
static bool in_initial_user_namespace(void)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct id_map map;

	return id_map_own(&arena, &map) && map.count == 1 && map.lines[0].inside == 0 &&
	       map.lines[0].outside == 0 && map.lines[0].size == UINT32_MAX;
}

/*
 * As runc decides it: podman of an ordinary user runs the runtime as root of a user namespace, which may not write to
 * /run; root itself in a container that happens to have a session's variables may.
 */
static bool has_session(const char *session)
{
	const char *user = getenv("USER");

	if (!session || session[0] != '/')
		return false;
	return geteuid() != 0 || (!in_initial_user_namespace() && !(user && strcmp(user, "root") == 0));
}

const char *runtime_default_root(struct arena *arena)
{
	const char *session = getenv("XDG_RUNTIME_DIR");

	if (has_session(session))
		return arena_printf(arena, "%s/casemate", session);
	if (geteuid() != 0)
		return arena_printf(arena, P_tmpdir "/casemate-%u", geteuid());
	return "/run/casemate";
}

bool runtime_is_rootless(const struct runtime *runtime)
{
	if (runtime->rootless >= 0)
		return runtime->rootless;
	return geteuid() != 0 || !in_initial_user_namespace();
}

/* Whether this program already runs from a read-only mount of its own file, or from a sealed copy. */
static bool is_protected(int self)
{
	struct statfs filesystem;
	struct statx status;
	int seals = fcntl(self, F_GET_SEALS);

	if (seals >= 0 && (seals & F_SEAL_WRITE))
		return true;
	return statx(self, "", AT_EMPTY_PATH, 0, &status) == 0 &&
	       (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) && fstatfs(self, &filesystem) == 0 &&
	       (filesystem.f_flags & ST_RDONLY);
}

/* A detached mount of just this file, read-only, that has no name anywhere. No byte is copied. */
static int mount_read_only(int self)
{
	struct mount_attr attributes = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID };
	_cleanup_fd_ int tree = open_tree(self, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0)
		return -1;
	return TAKE_FD(tree);
}

/* Without the right to mount: a copy in memory that nobody can write any more. memfd_create(2) */
static int copy_and_seal(int self)
{
	_cleanup_fd_ int copy = fd_memory_file("casemate");
	struct stat status;
	off_t copied = 0;

	if (copy < 0 || fstat(self, &status) < 0)
		return -1;
	while (copied < status.st_size)
		if (sendfile(copy, self, &copied, (size_t)(status.st_size - copied)) <= 0)
			return -1;
	if (fcntl(copy, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -1;
	return TAKE_FD(copy);
}

/*
 * Standard streams that the caller has closed: the next descriptors opened here would take their place, and reach
 * the container as such.
 */
static int protect_streams(int *self, char **argv, struct error *error)
{
	close(TAKE_FD(*self));
	for (;;) {
		int fd = open("/dev/null", O_RDWR | O_NOCTTY);

		if (fd < 0)
			return error_set(error, errno, "open /dev/null");
		if (fd > STDERR_FILENO) {
			close(fd);
			return runtime_protect(argv, error);
		}
	}
}

int runtime_protect(char **argv, struct error *error)
{
	_cleanup_fd_ int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	_cleanup_fd_ int safe = -1;

	if (self < 0)
		return error_set(error, errno, "open /proc/self/exe");
	if (self <= STDERR_FILENO)
		return protect_streams(&self, argv, error);
	if (is_protected(self)) {
		/* Executed by descriptor, the process is named after its number otherwise. */
		prctl(PR_SET_NAME, program_invocation_short_name);
		return 0;
	}
	safe = mount_read_only(self);
	if (safe < 0)
		safe = copy_and_seal(self);
	if (safe < 0)
		return error_set(error, errno, "make a protected copy of the runtime's own program");
	execveat(safe, "", argv, environ, AT_EMPTY_PATH);
	return error_set(error, errno, "execute the protected copy of the runtime's own program");
}
