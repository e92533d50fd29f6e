/* SPDX-License-Identifier: Apache-2.0 */
/* Which paths of the host a mount shows: its source, the layers of an overlay, the devices of a file system. */
#include <string.h>

#include "base/path.h"
#include "base/words.h"
#include "policy/key.h"

static bool is_one_of(const char *const *list, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(list[i], text))
			return true;
	return false;
}

bool mount_type_reads_paths(const char *type)
{
	/* Their source is a name, or somewhere else than on this host. filesystems(5) */
	static const char *const others[] = {
		"proc",	       "sysfs",	     "tmpfs",	 "ramfs",     "devtmpfs", "devpts",  "mqueue",
		"cgroup",      "cgroup2",    "overlay",	 "bpf",	      "debugfs",  "tracefs", "pstore",
		"securityfs",  "efivarfs",   "configfs", "hugetlbfs", "fusectl",  "fuse",    "virtiofs",
		"binfmt_misc", "rpc_pipefs", "resctrl",	 "selinuxfs", "smackfs",  "autofs",  "9p",
		"nfs",	       "nfs4",	     "cifs",	 "smb3",      "ceph",	  "afs",     "lustre",
		"binder",      "functionfs", "nfsd",	 "ubifs",     "vboxsf",	  "zfs",
	};

	if (type && !strncmp(type, "fuse.", strlen("fuse.")))
		return false;
	return !is_one_of(others, ARRAY_SIZE(others), type ? type : "");
}

bool mount_option_is_path(const char *type, const char *key)
{
	static const char *const layers[] = { "lowerdir", "upperdir", "workdir", "lowerdir+", "datadir+" };
	/* ext4(5), xfs(5), btrfs(5), the kernel's filesystems/erofs */
	static const char *const devices[] = { "source", "journal_path", "logdev", "rtdev", "device", "jdev" };

	if (type && !strcmp(type, "overlay"))
		return is_one_of(layers, ARRAY_SIZE(layers), key);
	return mount_type_reads_paths(type) && is_one_of(devices, ARRAY_SIZE(devices), key);
}

static void add(struct arena *arena, const char *path, const char *directory, struct string_list *paths)
{
	string_list_add(arena, paths, directory ? path_join(arena, directory, path) : path);
}

/* @option is "KEY=VALUE"; colons separate layers. */
static void add_option(struct arena *arena, const char *type, char *option, const char *directory,
		       struct string_list *paths)
{
	char *value = strchr(option, '=');

	if (!value)
		return;
	*value++ = '\0';
	if (!mount_option_is_path(type, option))
		return;
	for (const char *next = value; *next; next += strspn(next, ":")) {
		size_t part = strcspn(next, ":");

		add(arena, arena_strndup(arena, next, part), directory, paths);
		next += part;
	}
}

/* The source of 9p is a name or an address, but with trans=unix a socket's path. Kernel: Documentation/filesystems/9p */
static bool source_is_path(const struct oci_mount *mount)
{
	bool path = mount_type_reads_paths(mount->type);

	for (size_t i = 0; mount->type && !strcmp(mount->type, "9p") && i < mount->options.count; i++)
		path |= words_have(mount->options.items[i], "trans=unix");
	return path;
}

struct string_list mount_sources(struct arena *arena, const struct oci_mount *mount, const char *directory)
{
	bool bind = mount_is_bind(mount);
	struct string_list paths = { 0 };

	if (mount->source && mount->source[0] && (bind || mount->source[0] == '/' || source_is_path(mount)))
		add(arena, mount->source, bind ? NULL : directory, &paths);
	for (size_t i = 0; !bind && i < mount->options.count; i++) {
		char *options = arena_strdup(arena, mount->options.items[i]), *rest = NULL;

		for (char *one = strtok_r(options, ",", &rest); one; one = strtok_r(NULL, ",", &rest))
			add_option(arena, mount->type, one, directory, &paths);
	}
	return paths;
}
