/* SPDX-License-Identifier: Apache-2.0 */
/* New instances of file systems: fsopen(2) and what belongs to it, and mount(2) for what that cannot say. */
#include "sandbox/mount_tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"

#define VALUE_MAX 256 /* of fsconfig(2), with its NUL: fs/fsopen.c */

static const struct {
	unsigned long flag;
	const char *name;
} superblock_flags[] = {
	{ MS_RDONLY, "ro" },	 { MS_SYNCHRONOUS, "sync" },  { MS_DIRSYNC, "dirsync" },
	{ MS_MANDLOCK, "mand" }, { MS_LAZYTIME, "lazytime" },
};

static bool is_context(const char *name, size_t length)
{
	static const char *const names[] = { "context", "fscontext", "defcontext", "rootcontext" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i]) == length && !strncmp(names[i], name, length))
			return true;
	return false;
}

/*
 * The length of the option at @text. Commas separate, as the kernel's own parsers of mount(2) data have it:
 * but not in the quoted value of an SELinux context, and in overlay not after a backslash.
 */
static size_t option_length(const char *type, const char *text)
{
	bool escapes = !strcmp(type, "overlay");
	size_t length = strcspn(text, ",=");

	if (text[length] == '=' && text[length + 1] == '"' && is_context(text, length)) {
		const char *end = strchr(text + length + 2, '"');

		if (end)
			length = (size_t)(end - text) + 1;
	}
	for (; text[length] && text[length] != ','; length++)
		if (escapes && text[length] == '\\' && text[length + 1])
			length++;
	return length;
}

char *filesystem_next_option(struct arena *arena, const char *type, const char **rest, char **value)
{
	size_t length;
	char *option;

	*rest += strspn(*rest, ",");
	if (!**rest)
		return NULL;
	length = option_length(type, *rest);
	option = arena_strndup(arena, *rest, length);
	*rest += length;
	*value = strchr(option, '=');
	if (*value) {
		*(*value)++ = '\0';
		length = strlen(*value);
		if (is_context(option, strlen(option)) && length >= 2 && **value == '"' &&
		    (*value)[length - 1] == '"') {
			(*value)[length - 1] = '\0';
			(*value)++;
		}
	}
	return option;
}

bool filesystem_needs_mount(const struct filesystem *filesystem)
{
	const char *rest = filesystem->data ? filesystem->data : "";

	if (filesystem->flags & MS_I_VERSION)
		return true;
	if (filesystem->source && strlen(filesystem->source) >= VALUE_MAX)
		return true;
	while (*rest) {
		size_t length = option_length(filesystem->type, rest);

		if (length >= VALUE_MAX)
			return true;
		rest += length;
		rest += strspn(rest, ",");
	}
	return false;
}

/* Whether the options say a mode, which then counts anyway. */
static bool has_mode(const struct filesystem *filesystem)
{
	const char *data = filesystem->data;

	return data && (!strncmp(data, "mode=", strlen("mode=")) || strstr(data, ",mode="));
}

/* The kernel's own words, one message a read(2): "e tmpfs: Bad value for 'size'". The last error counts. */
static int context_error(int fs, int number, const struct filesystem *filesystem, const char *what,
			 struct error *error)
{
	char message[512];
	char last[512] = "";
	ssize_t length;

	while ((length = read(fs, message, sizeof(message) - 1)) > 0) {
		message[length] = '\0';
		message[strcspn(message, "\n")] = '\0';
		if (message[0] == 'e' && message[1] == ' ')
			snprintf(last, sizeof(last), "%s", message + 2);
	}
	if (last[0])
		return error_set(error, number, "mount file system %s%s: %s", filesystem->type, what, last);
	return error_set(error, number, "mount file system %s%s", filesystem->type, what);
}

static int set_string(int fs, const struct filesystem *filesystem, const char *key, const char *value,
		      struct error *error)
{
	char what[2 * VALUE_MAX + 32];

	if (sys_fsconfig(fs, FSCONFIG_SET_STRING, key, value, 0) == 0)
		return 0;
	snprintf(what, sizeof(what), " with option %s=%s", key, value);
	return context_error(fs, errno, filesystem, what, error);
}

static int set_flag(int fs, const struct filesystem *filesystem, const char *key, struct error *error)
{
	char what[VALUE_MAX + 32];

	if (sys_fsconfig(fs, FSCONFIG_SET_FLAG, key, NULL, 0) == 0)
		return 0;
	snprintf(what, sizeof(what), " with option %s", key);
	return context_error(fs, errno, filesystem, what, error);
}

static int set_options(struct arena *arena, int fs, const struct filesystem *filesystem, struct error *error)
{
	const char *rest = filesystem->data ? filesystem->data : "";
	char *value;
	char *key;

	while ((key = filesystem_next_option(arena, filesystem->type, &rest, &value))) {
		int result = value ? set_string(fs, filesystem, key, value, error)
				   : set_flag(fs, filesystem, key, error);

		if (result < 0)
			return -1;
	}
	if (filesystem->label)
		return set_string(fs, filesystem, "context", filesystem->label, error);
	return 0;
}

static bool is_limit(const char *key)
{
	return !strcmp(key, "size") || !strcmp(key, "nr_blocks") || !strcmp(key, "nr_inodes");
}

int filesystem_limit(struct arena *arena, int mount, const struct filesystem *filesystem, struct error *error)
{
	_cleanup_fd_ int fs = sys_fspick(mount, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
	const char *rest = filesystem->data ? filesystem->data : "";
	bool is_limited = false;
	char *value;
	char *key;

	if (fs < 0)
		return error_set(error, errno, "open file system %s", filesystem->type);
	while ((key = filesystem_next_option(arena, filesystem->type, &rest, &value))) {
		if (!value || !is_limit(key))
			continue;
		if (set_string(fs, filesystem, key, value, error) < 0)
			return -1;
		is_limited = true;
	}
	if (is_limited && sys_fsconfig(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0) < 0)
		return context_error(fs, errno, filesystem, " with other limits", error);
	return 0;
}

static int configure(struct arena *arena, int fs, const struct filesystem *filesystem, struct error *error)
{
	if (filesystem->source && *filesystem->source &&
	    set_string(fs, filesystem, "source", filesystem->source, error) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(superblock_flags); i++)
		if (filesystem->flags & superblock_flags[i].flag &&
		    set_flag(fs, filesystem, superblock_flags[i].name, error) < 0)
			return -1;
	if (filesystem->mode >= 0 && !has_mode(filesystem)) {
		char mode[16];

		snprintf(mode, sizeof(mode), "%04o", (unsigned int)filesystem->mode);
		if (set_string(fs, filesystem, "mode", mode, error) < 0)
			return -1;
	}
	return set_options(arena, fs, filesystem, error);
}

int filesystem_open(struct arena *arena, const struct filesystem *filesystem, struct error *error)
{
	_cleanup_fd_ int fs = sys_fsopen(filesystem->type, FSOPEN_CLOEXEC);
	int tree;

	if (fs < 0 && errno == ENOSYS)
		return error_set(error, ENOSYS, "the kernel lacks the mount API of Linux 5.12: fsopen");
	if (fs < 0)
		return error_set(error, errno, "mount file system %s", filesystem->type);
	if (configure(arena, fs, filesystem, error) < 0)
		return -1;
	if (sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return context_error(fs, errno, filesystem, "", error);
	tree = sys_fsmount(fs, FSMOUNT_CLOEXEC, mount_attributes(filesystem->flags));
	if (tree < 0)
		return context_error(fs, errno, filesystem, "", error);
	return tree;
}

int filesystem_mount_on(struct arena *arena, const struct filesystem *filesystem, int target,
			struct error *error)
{
	const char *data = filesystem->data;

	if (filesystem->mode >= 0)
		data = arena_printf(arena, "mode=%04o%s%s", (unsigned int)filesystem->mode, data ? "," : "",
				    data ? data : "");
	if (filesystem->label)
		data = arena_printf(arena, "%s%scontext=\"%s\"", data ? data : "", data ? "," : "",
				    filesystem->label);
	if (sys_mount(filesystem->source, fd_path(target).text, filesystem->type, filesystem->flags, data) < 0)
		return error_set(error, errno, "mount file system %s", filesystem->type);
	return 0;
}
