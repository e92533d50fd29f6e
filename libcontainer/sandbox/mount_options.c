/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox/mount_calls.h"
#include "sandbox/rootfs.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

/* What a name means; the value is read according to it. */
enum option_kind {
	OPTION_FLAG, /* MS_*: of the mount itself */
	OPTION_PROPAGATION, /* MS_SHARED and the like, with MS_REC or without */
	OPTION_RECURSIVE, /* MOUNT_ATTR_*: of the mount and all below it */
	OPTION_COPY_UP,
	OPTION_IDMAP,
	OPTION_RECURSIVE_IDMAP,
};

struct option {
	const char *name;
	enum option_kind kind;
	bool clear;
	uint64_t value;
};

/*
 * Sorted by name, for bsearch(3) and for `features`. "acl" and "noacl" change nothing, as in runc, where they are
 * a flag that file systems replace by what they have compiled in; as an option of its own tmpfs would refuse it.
 */
static const struct option options_known[] = {
	{ "acl", OPTION_FLAG, false, 0 },
	{ "async", OPTION_FLAG, true, MS_SYNCHRONOUS },
	{ "atime", OPTION_FLAG, true, MS_NOATIME },
	{ "bind", OPTION_FLAG, false, MS_BIND },
	{ "defaults", OPTION_FLAG, false, 0 },
	{ "dev", OPTION_FLAG, true, MS_NODEV },
	{ "diratime", OPTION_FLAG, true, MS_NODIRATIME },
	{ "dirsync", OPTION_FLAG, false, MS_DIRSYNC },
	{ "exec", OPTION_FLAG, true, MS_NOEXEC },
	{ "idmap", OPTION_IDMAP, false, 0 },
	{ "iversion", OPTION_FLAG, false, MS_I_VERSION },
	{ "lazytime", OPTION_FLAG, false, MS_LAZYTIME },
	{ "loud", OPTION_FLAG, true, MS_SILENT },
	{ "mand", OPTION_FLAG, false, MS_MANDLOCK },
	{ "noacl", OPTION_FLAG, false, 0 },
	{ "noatime", OPTION_FLAG, false, MS_NOATIME },
	{ "nodev", OPTION_FLAG, false, MS_NODEV },
	{ "nodiratime", OPTION_FLAG, false, MS_NODIRATIME },
	{ "noexec", OPTION_FLAG, false, MS_NOEXEC },
	{ "noiversion", OPTION_FLAG, true, MS_I_VERSION },
	{ "nolazytime", OPTION_FLAG, true, MS_LAZYTIME },
	{ "nomand", OPTION_FLAG, true, MS_MANDLOCK },
	{ "norelatime", OPTION_FLAG, true, MS_RELATIME },
	{ "nostrictatime", OPTION_FLAG, true, MS_STRICTATIME },
	{ "nosuid", OPTION_FLAG, false, MS_NOSUID },
	{ "nosymfollow", OPTION_FLAG, false, MS_NOSYMFOLLOW },
	{ "private", OPTION_PROPAGATION, false, MS_PRIVATE },
	{ "ratime", OPTION_RECURSIVE, true, MOUNT_ATTR_NOATIME },
	{ "rbind", OPTION_FLAG, false, MS_BIND | MS_REC },
	{ "rdev", OPTION_RECURSIVE, true, MOUNT_ATTR_NODEV },
	{ "rdiratime", OPTION_RECURSIVE, true, MOUNT_ATTR_NODIRATIME },
	{ "relatime", OPTION_FLAG, false, MS_RELATIME },
	{ "remount", OPTION_FLAG, false, MS_REMOUNT },
	{ "rexec", OPTION_RECURSIVE, true, MOUNT_ATTR_NOEXEC },
	{ "ridmap", OPTION_RECURSIVE_IDMAP, false, 0 },
	{ "rnoatime", OPTION_RECURSIVE, false, MOUNT_ATTR_NOATIME },
	{ "rnodev", OPTION_RECURSIVE, false, MOUNT_ATTR_NODEV },
	{ "rnodiratime", OPTION_RECURSIVE, false, MOUNT_ATTR_NODIRATIME },
	{ "rnoexec", OPTION_RECURSIVE, false, MOUNT_ATTR_NOEXEC },
	{ "rnorelatime", OPTION_RECURSIVE, true, MOUNT_ATTR_RELATIME },
	{ "rnostrictatime", OPTION_RECURSIVE, true, MOUNT_ATTR_STRICTATIME },
	{ "rnosuid", OPTION_RECURSIVE, false, MOUNT_ATTR_NOSUID },
	{ "rnosymfollow", OPTION_RECURSIVE, false, MOUNT_ATTR_NOSYMFOLLOW },
	{ "ro", OPTION_FLAG, false, MS_RDONLY },
	{ "rprivate", OPTION_PROPAGATION, false, MS_PRIVATE | MS_REC },
	{ "rrelatime", OPTION_RECURSIVE, false, MOUNT_ATTR_RELATIME },
	{ "rro", OPTION_RECURSIVE, false, MOUNT_ATTR_RDONLY },
	{ "rrw", OPTION_RECURSIVE, true, MOUNT_ATTR_RDONLY },
	{ "rshared", OPTION_PROPAGATION, false, MS_SHARED | MS_REC },
	{ "rslave", OPTION_PROPAGATION, false, MS_SLAVE | MS_REC },
	{ "rstrictatime", OPTION_RECURSIVE, false, MOUNT_ATTR_STRICTATIME },
	{ "rsuid", OPTION_RECURSIVE, true, MOUNT_ATTR_NOSUID },
	{ "rsymfollow", OPTION_RECURSIVE, true, MOUNT_ATTR_NOSYMFOLLOW },
	{ "runbindable", OPTION_PROPAGATION, false, MS_UNBINDABLE | MS_REC },
	{ "rw", OPTION_FLAG, true, MS_RDONLY },
	{ "shared", OPTION_PROPAGATION, false, MS_SHARED },
	{ "silent", OPTION_FLAG, false, MS_SILENT },
	{ "slave", OPTION_PROPAGATION, false, MS_SLAVE },
	{ "strictatime", OPTION_FLAG, false, MS_STRICTATIME },
	{ "suid", OPTION_FLAG, true, MS_NOSUID },
	{ "symfollow", OPTION_FLAG, true, MS_NOSYMFOLLOW },
	{ "sync", OPTION_FLAG, false, MS_SYNCHRONOUS },
	{ "tmpcopyup", OPTION_COPY_UP, false, 0 },
	{ "unbindable", OPTION_PROPAGATION, false, MS_UNBINDABLE },
};

static int compare_name(const void *name, const void *option)
{
	return strcmp(name, ((const struct option *)option)->name);
}

static const struct option *find_option(const char *name)
{
	return bsearch(name, options_known, ARRAY_SIZE(options_known), sizeof(options_known[0]), compare_name);
}

static void apply_flag(struct mount_options *options, const struct option *option)
{
	unsigned long value = (unsigned long)option->value;

	if (option->clear) {
		options->set &= ~value;
		options->clear |= value;
	} else {
		options->set |= value;
		options->clear &= ~value;
	}
	if (!option->clear && value & MS_BIND) {
		options->bind = true;
		options->recursive_bind |= (value & MS_REC) != 0;
	}
}

/* The access time settings are one field of which a value is set whole: mount_setattr(2). */
static void apply_recursive(struct mount_options *options, const struct option *option)
{
	bool is_atime = (option->value & MOUNT_ATTR__ATIME) == option->value;

	if (option->clear) {
		/* As in runc "rro" holds also with "rrw": what is set is set after what is taken away. */
		if (is_atime)
			options->recursive_set &= ~option->value;
		/* Taking away a value of the field is setting its default, relatime, which is 0 and stays. */
		if (option->value != 0)
			options->recursive_clear |= is_atime ? MOUNT_ATTR__ATIME : option->value;
	} else {
		if (is_atime) {
			options->recursive_set &= ~(uint64_t)MOUNT_ATTR__ATIME;
			options->recursive_clear |= MOUNT_ATTR__ATIME;
		} else {
			options->recursive_clear &= ~option->value;
		}
		options->recursive_set |= option->value;
	}
}

static int apply_propagation(struct mount_options *options, const struct option *option, struct error *error)
{
	if (options->propagation_count == ARRAY_SIZE(options->propagation))
		return error_set(error, 0, "more than %zu propagation options", options->propagation_count);
	options->propagation[options->propagation_count++] = (unsigned long)option->value;
	return 0;
}

static int apply_option(struct mount_options *options, const struct option *option, struct error *error)
{
	switch (option->kind) {
	case OPTION_FLAG: apply_flag(options, option); break;
	case OPTION_PROPAGATION: return apply_propagation(options, option, error);
	case OPTION_RECURSIVE: apply_recursive(options, option); break;
	case OPTION_COPY_UP: options->copy_up = true; break;
	case OPTION_IDMAP:
		options->idmap = true;
		options->recursive_idmap = false;
		break;
	case OPTION_RECURSIVE_IDMAP:
		options->idmap = true;
		options->recursive_idmap = true;
		break;
	}
	return 0;
}

int mount_options_parse(struct arena *arena, const struct oci_mount *mount, struct mount_options *options,
			struct error *error)
{
	_cleanup_strbuf_ struct strbuf data = { 0 };

	*options = (struct mount_options){ 0 };
	for (size_t i = 0; i < mount->options.count; i++) {
		const struct option *option = find_option(mount->options.items[i]);

		if (option) {
			if (apply_option(options, option, error) < 0)
				return error_context(error, "mount %s", mount->destination);
			continue;
		}
		if (data.length > 0)
			strbuf_putc(&data, ',');
		strbuf_puts(&data, mount->options.items[i]);
	}
	if (data.length > 0)
		options->data = arena_strdup(arena, strbuf_text(&data));
	if (mount->uid_mappings.count > 0 || mount->gid_mappings.count > 0)
		options->idmap = true;
	if (options->idmap && !options->bind)
		return error_set(error, 0, "mount %s: id-mapped mounts are only supported for bind-mounts",
				 mount->destination);
	if ((mount->uid_mappings.count > 0) != (mount->gid_mappings.count > 0))
		return error_set(error, 0,
				 "mount %s: id-mapped mounts must have both uid and gid mappings specified",
				 mount->destination);
	if (options->copy_up && (options->bind || !mount->type || strcmp(mount->type, "tmpfs") != 0))
		return error_set(error, 0, "mount %s: tmpcopyup is an option of tmpfs only",
				 mount->destination);
	return 0;
}

const char *const *mount_options_known(void)
{
	static const char *names[ARRAY_SIZE(options_known) + 1];

	for (size_t i = 0; i < ARRAY_SIZE(options_known); i++)
		names[i] = options_known[i].name;
	return names;
}
