/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/syscalls.h"

/* Joining these changes what later ones may: pid last of the plain ones, mount last of all. */
static const enum oci_namespace_type join_order[] = {
	OCI_NAMESPACE_NETWORK, OCI_NAMESPACE_IPC,  OCI_NAMESPACE_UTS,	OCI_NAMESPACE_CGROUP,
	OCI_NAMESPACE_PID,     OCI_NAMESPACE_TIME, OCI_NAMESPACE_MOUNT,
};

static bool is_own_user_namespace(int fd)
{
	struct stat theirs;
	struct stat ours;

	return fstat(fd, &theirs) == 0 && stat("/proc/self/ns/user", &ours) == 0 &&
	       file_is_same(&theirs, &ours);
}

static int open_one(const struct oci_namespace *entry, int *fd, struct error *error)
{
	const char *kind = namespace_type_name(entry->type);
	int found;

	*fd = open(entry->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (*fd < 0)
		return error_set(error, errno, "open %s namespace %s", kind, entry->path);
	found = ioctl(*fd, NS_GET_NSTYPE);
	if (found < 0)
		return error_set(error, 0, "%s namespace %s: this is not a namespace", kind, entry->path);
	if (found != namespace_type_flag(entry->type))
		return error_set(error, 0, "%s namespace %s: this is a namespace of another kind", kind,
				 entry->path);
	return 0;
}

int namespaces_open(const struct oci_linux *config, struct namespaces *namespaces, struct error *error)
{
	namespaces->config = config;
	namespaces->new_flags = 0;
	for (int type = 0; type < OCI_NAMESPACE_TYPES; type++)
		namespaces->joined[type] = -1;
	for (size_t i = 0; config && i < config->namespaces.count; i++) {
		const struct oci_namespace *entry = &config->namespaces.items[i];
		int *fd = &namespaces->joined[entry->type];

		if (!entry->path) {
			namespaces->new_flags |= (unsigned int)namespace_type_flag(entry->type);
			continue;
		}
		if (open_one(entry, fd, error) < 0) {
			namespaces_close(namespaces);
			return -1;
		}
		if (entry->type == OCI_NAMESPACE_USER && is_own_user_namespace(*fd)) {
			close(*fd);
			*fd = -1;
		}
	}
	return 0;
}

void namespaces_close(struct namespaces *namespaces)
{
	for (int type = 0; type < OCI_NAMESPACE_TYPES; type++) {
		if (namespaces->joined[type] >= 0)
			close(namespaces->joined[type]);
		namespaces->joined[type] = -1;
	}
}

bool namespaces_joins(const struct namespaces *namespaces, enum oci_namespace_type type)
{
	return namespaces->joined[type] >= 0;
}

static int join_one(const struct namespaces *namespaces, enum oci_namespace_type type, struct error *error)
{
	if (setns(namespaces->joined[type], namespace_type_flag(type)) < 0)
		return error_set(error, errno, "join the %s namespace", namespace_type_name(type));
	return 0;
}

int namespaces_join(const struct namespaces *namespaces, uint32_t types, struct error *error)
{
	bool joins_user =
		(types & (1U << OCI_NAMESPACE_USER)) && namespaces_joins(namespaces, OCI_NAMESPACE_USER);
	uint32_t later = 0;

	for (size_t i = 0; i < ARRAY_SIZE(join_order); i++) {
		enum oci_namespace_type type = join_order[i];

		if (!(types & (1U << type)) || !namespaces_joins(namespaces, type))
			continue;
		if (join_one(namespaces, type, error) == 0)
			continue;
		/* It belongs to the user namespace that is joined next: then there is a second chance. */
		if (!joins_user || error->number != EPERM)
			return -1;
		later |= 1U << type;
	}
	if (joins_user && join_one(namespaces, OCI_NAMESPACE_USER, error) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(join_order); i++)
		if ((later & (1U << join_order[i])) && join_one(namespaces, join_order[i], error) < 0)
			return -1;
	return 0;
}

int namespaces_new_time(int procfs, const struct oci_time_offsets *offsets, struct error *error)
{
	char text[160];
	int length = 0;

	if (unshare(CLONE_NEWTIME) < 0)
		return error_set(error, errno, "make a time namespace");
	if (!offsets)
		return 0;
	if (offsets->monotonic)
		length += snprintf(text + length, sizeof(text) - (size_t)length, "monotonic %jd %u\n",
				   (intmax_t)offsets->monotonic->secs, offsets->monotonic->nanosecs);
	if (offsets->boottime)
		length += snprintf(text + length, sizeof(text) - (size_t)length, "boottime %jd %u\n",
				   (intmax_t)offsets->boottime->secs, offsets->boottime->nanosecs);
	if (length > 0 && file_write_at(procfs, "self/timens_offsets", text) < 0)
		return error_set(error, errno, "set the offsets of the time namespace");
	return 0;
}

int namespaces_loopback(struct error *error)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	/* A kernel without IPv4 has it up when somebody needs it. */
	if (fd < 0)
		return errno == EAFNOSUPPORT ? 0
					     : error_set(error, errno, "open a socket for the loopback device");
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return error_set(error, errno, "bring the loopback device up");
	return 0;
}
