/* SPDX-License-Identifier: Apache-2.0 */
/* What policies need to know about the host. Here, in facts_namespaces.c and in load.c the room makes system calls. */
#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "base/syscalls.h"
#include "policy/key.h"

static void add_pair(struct arena *arena, const char *path, const char *real, struct policy_facts *facts)
{
	struct policy_real_paths *paths = &facts->real_paths;

	paths->items = arena_grow(arena, paths->items, paths->count, &paths->capacity, sizeof(*paths->items));
	paths->items[paths->count++] = (struct string_pair){ .key = path, .value = real };
}

/*
 * Where @path leads. Not through links of procfs, which are not what they say: /proc/PID/root is "/" whatever mounts that
 * process sees. The last is ELOOP, and so are too many links: then *real is NULL.
 */
static int find_real_path(struct arena *arena, const char *path, const char **real, struct error *error)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS };
	_cleanup_fd_ int fd = sys_openat2(AT_FDCWD, path, &how);
	char found[PATH_MAX];

	*real = NULL;
	if (fd < 0 && errno == ELOOP)
		return 0;
	/* what is not there cannot be mounted, and a denied path that is not there is compared as it is */
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		*real = path_normalize(arena, path);
		return 0;
	}
	if (fd < 0 || link_read_at(AT_FDCWD, fd_path(fd).text, found, sizeof(found)) < 0)
		return error_set(error, errno, "look at the mount source %s", path);
	*real = arena_strdup(arena, found);
	return 0;
}

/* A directory that has been found to be no link: paths have their parents in common, which are looked at once. */
struct plain_directory {
	const char *name; /* in the one it is in; not terminated */
	size_t length; /* of the name */
	struct plain_directory *inside; /* the first one in it */
	struct plain_directory *next; /* beside it */
};

struct looking {
	struct arena *arena;
	struct plain_directory root;
	struct policy_facts *facts;
	struct error *error;
};

static struct plain_directory *find_inside(const struct plain_directory *directory, const char *name,
					   size_t length)
{
	struct plain_directory *found = directory->inside;

	while (found && (found->length != length || memcmp(found->name, name, length) != 0))
		found = found->next;
	return found;
}

static struct plain_directory *add_inside(struct arena *arena, struct plain_directory *directory,
					  const char *name, size_t length)
{
	struct plain_directory *added = ARENA_NEW(arena, struct plain_directory);

	*added = (struct plain_directory){ .name = name, .length = length, .next = directory->inside };
	directory->inside = added;
	return added;
}

/* Whether the normal @path is its own real one, or is not there without a link on the way. */
static bool is_plain(struct looking *looking, const char *path)
{
	struct plain_directory *directory = &looking->root;
	const char *name = path + 1;

	while (*name) {
		size_t length = strcspn(name, "/");
		const char *end = name + length;
		struct plain_directory *known = find_inside(directory, name, length);
		char target[1];

		if (!known) {
			if (readlink(arena_strndup(looking->arena, path, (size_t)(end - path)), target,
				     sizeof(target)) >= 0)
				return false;
			if (errno != EINVAL)
				return errno == ENOENT || errno == ENOTDIR;
			known = add_inside(looking->arena, directory, name, length);
		}
		directory = known;
		name = end + (*end == '/');
	}
	return true;
}

/* @directory: where a relative path starts from. */
static int add_real_path(struct looking *looking, const char *path, const char *directory)
{
	const char *whole = path_join(looking->arena, directory, path);
	const char *real = whole;

	if ((!path_is_normal(whole) || !is_plain(looking, whole)) &&
	    find_real_path(looking->arena, whole, &real, looking->error) < 0)
		return -1;
	add_pair(looking->arena, path, real, looking->facts);
	return 0;
}

static int add_real_paths(struct looking *looking, const struct string_list *paths, const char *directory)
{
	for (size_t i = 0; i < paths->count; i++)
		if (add_real_path(looking, paths->items[i], directory) < 0)
			return -1;
	return 0;
}

/*
 * A denied path that an ordinary user may not look at, such as a socket in a directory of root's, they can mount
 * neither: it is compared as far as they can see it, and the rest as it is written.
 */
static int add_denied_path(struct looking *looking, const char *path)
{
	const char *whole = path_normalize(looking->arena, path);
	size_t length = strlen(whole);
	const char *real = whole;

	while (!is_plain(looking, whole) &&
	       find_real_path(looking->arena, arena_strndup(looking->arena, whole, length), &real,
			      looking->error) < 0) {
		if (!looking->facts->rootless || looking->error->number != EACCES || length <= 1)
			return -1;
		while (whole[--length] != '/')
			;
		length += length == 0;
	}
	if (real && real != whole)
		real = path_normalize(looking->arena,
				      arena_printf(looking->arena, "%s/%s", real, whole + length));
	add_pair(looking->arena, path, real, looking->facts);
	return 0;
}

static bool has_relative(const struct string_list *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		if (paths->items[i][0] != '/')
			return true;
	return false;
}

static int add_sources(struct looking *looking, const struct oci_config *config, const char *bundle)
{
	struct arena *arena = looking->arena;

	for (size_t i = 0; i < config->mounts.count; i++) {
		const struct oci_mount *mount = &config->mounts.items[i];
		struct string_list sources = mount_sources(arena, mount, NULL);

		if (!mount_is_bind(mount) && has_relative(&sources)) {
			looking->facts->directory =
				path_join(arena, bundle, config->root ? config->root->path : ".");
			sources = mount_sources(arena, mount, looking->facts->directory);
		}
		if (add_real_paths(looking, &sources, bundle) < 0)
			return -1;
	}
	return 0;
}

bool policy_wants_remap(const struct policy *policy, const struct oci_config *config)
{
	return userns_wants_remap(policy_value(policy, "userns")) &&
	       !config_namespace(config, OCI_NAMESPACE_USER);
}

/* What is known to be idmapped by the kernel, where it takes idmapped mounts at all. mount_setattr(2) */
static bool filesystem_can_be_idmapped(const char *path, const char **name)
{
	static const struct {
		__fsword_t type;
		bool can;
		const char *name;
	} kinds[] = {
		{ EXT4_SUPER_MAGIC, true, "ext4" },	 { XFS_SUPER_MAGIC, true, "xfs" },
		{ BTRFS_SUPER_MAGIC, true, "btrfs" },	 { F2FS_SUPER_MAGIC, true, "f2fs" },
		{ EROFS_SUPER_MAGIC_V1, true, "erofs" }, { SQUASHFS_MAGIC, true, "squashfs" },
		{ TMPFS_MAGIC, true, "tmpfs" },		 { OVERLAYFS_SUPER_MAGIC, false, "an overlay" },
		{ NFS_SUPER_MAGIC, false, "nfs" },	 { PROC_SUPER_MAGIC, false, "proc" },
		{ SYSFS_MAGIC, false, "sysfs" },
	};
	struct statfs status;

	*name = "of a kind not known here";
	if (statfs(path, &status) < 0)
		return true; /* what is wrong with it is said when it is opened */
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].type != status.f_type)
			continue;
		*name = kinds[i].name;
		return kinds[i].can;
	}
	return false;
}

/* A mount that the first process may only make in namespaces that its user namespace owns. */
static const char *needs_own_namespace(const struct oci_config *config)
{
	static const struct {
		const char *mount;
		enum oci_namespace_type type;
		const char *reason;
	} needs[] = {
		{ "sysfs", OCI_NAMESPACE_NETWORK, "sysfs is mounted without a new network namespace" },
		{ "proc", OCI_NAMESPACE_PID, "proc is mounted without a new pid namespace" },
		{ "mqueue", OCI_NAMESPACE_IPC, "mqueue is mounted without a new ipc namespace" },
	};

	for (size_t i = 0; i < config->mounts.count; i++)
		for (size_t n = 0; n < ARRAY_SIZE(needs); n++)
			if (config->mounts.items[i].type &&
			    !strcmp(config->mounts.items[i].type, needs[n].mount) &&
			    !config_has_new_namespace(config, needs[n].type))
				return needs[n].reason;
	for (size_t i = 0; config->linux_ && i < config->linux_->namespaces.count; i++)
		if (config->linux_->namespaces.items[i].path)
			return "the container joins namespaces of another one";
	return config_has_new_namespace(config, OCI_NAMESPACE_MOUNT) ? NULL : "there is no new mount namespace";
}

static const char *why_not_idmapped(struct arena *arena, const struct oci_config *config, const char *bundle)
{
	const char *reason = needs_own_namespace(config), *kind;

	if (reason || !config->root || !config->root->path)
		return reason;
	if (!filesystem_can_be_idmapped(path_join(arena, bundle, config->root->path), &kind))
		return arena_printf(arena, "the root file system is %s, which cannot be idmapped", kind);
	for (size_t i = 0; i < config->mounts.count; i++) {
		const struct oci_mount *mount = &config->mounts.items[i];

		if (mount_is_bind(mount) && mount->source &&
		    !filesystem_can_be_idmapped(path_join(arena, bundle, mount->source), &kind))
			return arena_printf(arena, "the source of %s is %s, which cannot be idmapped",
					    mount->destination, kind);
	}
	return NULL;
}

int policy_facts_gather(struct arena *arena, const struct policy *policy, const struct oci_config *config,
			const char *bundle, struct policy_facts *facts, struct error *error)
{
	const void *namespaces = policy_value(policy, "namespaces");
	const void *user = policy_value(policy, "user");
	struct string_list denied = mounts_denied(arena, policy_value(policy, "mounts"));
	struct looking looking = { .arena = arena, .facts = facts, .error = error };

	facts->real_paths = (struct policy_real_paths){ 0 };
	for (size_t i = 0; config->linux_ && i < config->linux_->namespaces.count; i++) {
		const struct oci_namespace *entry = &config->linux_->namespaces.items[i];
		bool asked =
			namespaces_require(namespaces, entry->type) ||
			(entry->type == OCI_NAMESPACE_NETWORK &&
			 egress_needs_network(policy_value(policy, "egress"))) ||
			(entry->type == OCI_NAMESPACE_USER &&
			 (user_needs_namespace(user) || userns_wants_remap(policy_value(policy, "userns"))));

		if (entry->path && asked && facts_look_at_namespace(entry->type, entry->path, facts, error))
			return -1;
	}
	if (facts->remap.possible && policy_wants_remap(policy, config)) {
		facts->remap.reason = why_not_idmapped(arena, config, bundle);
		facts->remap.possible = !facts->remap.reason;
	}
	if (denied.count == 0)
		return 0;
	for (size_t i = 0; i < denied.count; i++)
		if (add_denied_path(&looking, denied.items[i]) < 0)
			return -1;
	if (config->root && config->root->path && add_real_path(&looking, config->root->path, bundle) < 0)
		return -1;
	return add_sources(&looking, config, bundle);
}

int policy_facts_gather_all(struct arena *arena, const struct oci_config *config, const char *bundle, pid_t pid,
			    struct policy_facts *facts, struct error *error)
{
	struct looking looking = { .arena = arena, .facts = facts, .error = error };
	struct error ignored;

	for (size_t i = 0; config->linux_ && i < config->linux_->namespaces.count; i++) {
		const struct oci_namespace *entry = &config->linux_->namespaces.items[i];
		const char *path = entry->path;

		if (path && pid > 0)
			path = arena_printf(arena, "/proc/%d/ns/%s", pid, namespace_type_file(entry->type));
		if (path && facts_look_at_namespace(entry->type, path, facts, &ignored) < 0)
			facts->joined[entry->type] = POLICY_NAMESPACE_HOST;
	}
	return add_sources(&looking, config, bundle);
}

int policy_facts_gather_process(const struct policy *policy, const struct oci_config *config, pid_t pid,
				struct policy_facts *facts, struct error *error)
{
	const struct oci_namespace *user = config_namespace(config, OCI_NAMESPACE_USER);
	char path[32];

	if (!user || !user->path || !user_needs_namespace(policy_value(policy, "user")))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	return facts_look_at_namespace(OCI_NAMESPACE_USER, path, facts, error);
}
