/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/mount_tree.h"

#include <errno.h>

#include "base/fd.h"

#define ATIME_FLAGS (MS_NOATIME | MS_NODIRATIME | MS_RELATIME | MS_STRICTATIME)

int tree_clone(int directory, const char *path, bool recursive)
{
	unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;

	if (recursive)
		flags |= AT_RECURSIVE;
	if (!*path)
		flags |= AT_EMPTY_PATH;
	return sys_open_tree(directory, path, flags);
}

int tree_attach(int tree, int target)
{
	return sys_move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int tree_set_attributes(int tree, bool recursive, uint64_t set, uint64_t clear)
{
	struct mount_attr attributes = { .attr_set = set, .attr_clr = clear };

	return sys_mount_setattr(tree, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attributes);
}

int tree_set_propagation(int tree, unsigned long propagation)
{
	struct mount_attr attributes = { .propagation = propagation & ~(unsigned long)MS_REC };
	unsigned int recursive = propagation & MS_REC ? AT_RECURSIVE : 0;

	return sys_mount_setattr(tree, "", AT_EMPTY_PATH | recursive, &attributes);
}

static unsigned int simple_attributes(unsigned long flags)
{
	static const struct {
		unsigned long flag;
		unsigned int attribute;
	} map[] = {
		{ MS_RDONLY, MOUNT_ATTR_RDONLY },
		{ MS_NOSUID, MOUNT_ATTR_NOSUID },
		{ MS_NODEV, MOUNT_ATTR_NODEV },
		{ MS_NOEXEC, MOUNT_ATTR_NOEXEC },
		{ MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW },
	};
	unsigned int attributes = 0;

	for (size_t i = 0; i < ARRAY_SIZE(map); i++)
		if (flags & map[i].flag)
			attributes |= map[i].attribute;
	return attributes;
}

/* The order in which mount(2) looks at them: strictatime, then noatime, else relatime. */
static unsigned int atime_attributes(unsigned long flags)
{
	unsigned int attributes = flags & MS_NODIRATIME ? MOUNT_ATTR_NODIRATIME : 0;

	if (flags & MS_STRICTATIME)
		attributes |= MOUNT_ATTR_STRICTATIME;
	else if (flags & MS_NOATIME)
		attributes |= MOUNT_ATTR_NOATIME;
	return attributes;
}

unsigned int mount_attributes(unsigned long flags)
{
	return simple_attributes(flags) | atime_attributes(flags);
}

/*
 * As runc does it: first exactly the flags that are asked for, whatever the source had ("mount --bind -o");
 * where the kernel refuses because some are locked in this user namespace, the source's flags stay and only
 * what is asked for is set or cleared. That fails in turn where a locked flag is to be cleared. Access times
 * stay the source's unless an option says what they become: "atime" and the like alone do not.
 */
int name_set_bind_flags(int directory, const char *name, const struct mount_options *options)
{
	const unsigned long own = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOSYMFOLLOW;
	struct mount_attr attributes = { .attr_set = simple_attributes(options->set) };
	uint64_t clear_atime = 0;

	if (((options->set | options->clear) & ~(unsigned long)(MS_BIND | MS_REC | MS_REMOUNT)) == 0)
		return 0;
	if (options->set & ATIME_FLAGS) {
		attributes.attr_set |= atime_attributes(options->set);
		clear_atime = MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME;
	}
	attributes.attr_clr = simple_attributes(own) | clear_atime;
	if (sys_mount_setattr(directory, name, AT_EMPTY_PATH, &attributes) == 0)
		return 0;
	if (errno != EPERM)
		return -1;
	attributes.attr_clr = simple_attributes(options->clear) | clear_atime;
	return sys_mount_setattr(directory, name, AT_EMPTY_PATH, &attributes);
}

int tree_set_bind_flags(int tree, const struct mount_options *options)
{
	return name_set_bind_flags(tree, "", options);
}
