/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify: what the container sees of files. Each path is opened below the root of the first process, as that process
 * would; which mount it is on and how that is set comes from statx(2), statfs(2) and the process's mountinfo.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "base/number.h"
#include "base/path.h"
#include "base/words.h"
#include "sandbox/rootfs_room.h"
#include "verify/looking.h"

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif
#define STATFS_NOSYMFOLLOW 0x2000 /* ST_NOSYMFOLLOW of the kernel's include/linux/statfs.h */

/* A path of the container as it is now. */
struct place {
	int fd; /* O_PATH; -1: it is not there, or see `number` */
	int number; /* errno */
	struct statx status;
	unsigned long flags; /* ST_* of its mount */
	const struct mountinfo *mount; /* NULL: none */
};

static void place_close(struct place *place)
{
	if (place->fd >= 0)
		close(place->fd);
}
#define _cleanup_place_ _cleanup_(place_close)

static void place_open(struct looking *looking, const char *path, struct place *place)
{
	struct statfs filesystem;

	*place = (struct place){ .fd = path_open_in_root(looking->root, path, O_PATH) };
	place->number = place->fd < 0 ? errno : 0;
	if (place->fd < 0)
		return;
	if (statx(place->fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_MNT_ID, &place->status) < 0 ||
	    fstatfs(place->fd, &filesystem) < 0) {
		place->number = errno;
		close(place->fd);
		place->fd = -1;
		return;
	}
	place->flags = (unsigned long)filesystem.f_flags;
	place->mount = mountinfo_find(&looking->mounts, place->status.stx_mnt_id);
}

static bool is_gone(const struct place *place)
{
	return place->fd < 0 && (place->number == ENOENT || place->number == ENOTDIR);
}

static bool is_mount_point(const struct place *place)
{
	return (place->status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/* "" where the mount is not known. */
static const char *mount_type(const struct place *place)
{
	return place->mount ? place->mount->type : "";
}

/* What lies at a path below another mount's need not be below it: it can be covered by that one. */
static bool is_mounted_below(const struct looking *looking, const struct mountinfo *mount,
			     const struct mountinfo *top)
{
	for (size_t depth = 0; mount && depth < looking->mounts.count; depth++) {
		if (mount->parent == top->id)
			return true;
		mount = mountinfo_find(&looking->mounts, mount->parent);
	}
	return false;
}

/* A mount below @place that can be written to, or NULL; anywhere, where the place's own is not known. */
static const char *writable_below(const struct looking *looking, const struct place *place)
{
	for (size_t i = 0; i < looking->mounts.count; i++) {
		const struct mountinfo *mount = &looking->mounts.items[i];

		if (words_have(mount->flags, "rw") &&
		    (!place->mount || is_mounted_below(looking, mount, place->mount)))
			return mount->point;
	}
	return NULL;
}

/* A type that mountinfo calls by another name, or that a bind mount stands for, is not compared. */
static bool type_differs(const struct oci_mount *mount, const struct mount_options *options,
			 const struct place *place)
{
	static const char *const compared[] = { "proc", "sysfs", "tmpfs", "devpts", "mqueue" };

	for (size_t i = 0; mount->type && !options->bind && i < ARRAY_SIZE(compared); i++)
		if (!strcmp(mount->type, compared[i]))
			return strcmp(mount_type(place), compared[i]) != 0;
	return false;
}

static const char *cannot_look(struct looking *looking, const struct place *place)
{
	return arena_printf(looking->arena, "cannot be looked at: %s", error_describe(place->number));
}

void look_at_root(struct looking *looking)
{
	_cleanup_place_ struct place place = { .fd = -1 };

	if (!looking->config->root->readonly)
		return;
	place_open(looking, "/", &place);
	if (place.fd < 0)
		look_add(looking, MEASURE_UNKNOWN, "root.readonly", "read-only", cannot_look(looking, &place));
	else
		look_add_bool(looking, place.flags & ST_RDONLY, "root.readonly", "read-only",
			      place.flags & ST_RDONLY ? "read-only" : "writable");
}

/* masks and read-only paths ------------------------------------------------------------------------------ */

/* The mount of the configuration that @path lies in, or NULL. */
static const struct oci_mount *planned_mount(struct looking *looking, const char *path)
{
	const struct oci_mount_list *list = &looking->config->mounts;
	const char *normal = path_normalize(looking->arena, path);
	const struct oci_mount *found = NULL;
	size_t length = 0;

	for (size_t i = 0; i < list->count; i++) {
		const char *point = path_normalize(looking->arena, list->items[i].destination);

		if (strlen(point) < length || strlen(point) == 1 || !path_is_below(normal, point))
			continue;
		found = &list->items[i];
		length = strlen(point);
	}
	return found;
}

/*
 * What is there in place of the mount that @path, which is not there, would lie in: then its absence does not say that it
 * is hidden. NULL where that mount is as planned; *known: false where that cannot be said.
 */
static const char *instead_of_mount(struct looking *looking, const char *path, bool *known)
{
	const struct oci_mount *mount = planned_mount(looking, path);
	_cleanup_place_ struct place place = { .fd = -1 };
	struct mount_options options = { 0 };
	struct error error;

	*known = true;
	if (!mount)
		return NULL;
	*known = false;
	if (mount_options_parse(looking->arena, mount, &options, &error) < 0)
		return arena_strdup(looking->arena, error.text);
	place_open(looking, mount->destination, &place);
	if (place.fd < 0 && !is_gone(&place))
		return cannot_look(looking, &place);
	*known = true;
	if (place.fd < 0 || !is_mount_point(&place))
		return arena_printf(looking->arena, "not there: nothing is mounted on %s", mount->destination);
	if (type_differs(mount, &options, &place))
		return arena_printf(looking->arena, "not there: %s is mounted on %s", mount_type(&place),
				    mount->destination);
	return NULL;
}

/*
 * Of a path that is hidden, or cannot be written to, by not being there. @otherwise: what is said where the mount it would
 * lie in is as planned; NULL: nothing.
 */
static void look_at_absent(struct looking *looking, const char *name, const char *planned, const char *path,
			   const char *otherwise)
{
	bool known;
	const char *instead = instead_of_mount(looking, path, &known);

	if (!known)
		look_add(looking, MEASURE_UNKNOWN, name, planned, instead);
	else if (instead || otherwise)
		look_add_bool(looking, !instead, name, planned, instead ? instead : otherwise);
}

/* The runtime's empty tmpfs; a directory that is really empty and read-only hides what is below it as well. */
static bool is_empty_directory(const struct place *place)
{
	int fd = openat(place->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;

	if (!directory)
		return false;
	errno = 0;
	for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return false;
	return errno == 0;
}

static bool is_mask(const struct place *place)
{
	if (S_ISDIR(place->status.stx_mode))
		return is_mount_point(place) && (place->flags & ST_RDONLY) && is_empty_directory(place);
	return is_mount_point(place) && S_ISCHR(place->status.stx_mode) && place->status.stx_rdev_major == 1 &&
	       place->status.stx_rdev_minor == 3;
}

/* "a directory of tmpfs, read-only, empty", "device 1:3", "a file of proc" */
static const char *describe(struct looking *looking, const struct place *place)
{
	const bool empty = S_ISDIR(place->status.stx_mode) && is_empty_directory(place);

	if (S_ISCHR(place->status.stx_mode) || S_ISBLK(place->status.stx_mode))
		return arena_printf(looking->arena, "%sdevice %u:%u",
				    S_ISBLK(place->status.stx_mode) ? "block " : "",
				    place->status.stx_rdev_major, place->status.stx_rdev_minor);
	return arena_printf(looking->arena, "a %s of %s, %s%s",
			    S_ISDIR(place->status.stx_mode) ? "directory" : "file",
			    place->mount ? place->mount->type : "an unknown file system",
			    place->flags & ST_RDONLY ? "read-only" : "writable", empty ? ", empty" : "");
}

static void look_at_mask(struct looking *looking, const char *path)
{
	const char *name = arena_printf(looking->arena, "linux.maskedPaths %s", path);
	_cleanup_place_ struct place place = { .fd = -1 };

	place_open(looking, path, &place);
	if (is_gone(&place))
		look_at_absent(looking, name, "masked", path, "not there");
	else if (place.fd < 0)
		look_add(looking, MEASURE_UNKNOWN, name, "masked", cannot_look(looking, &place));
	else
		look_add_bool(looking, is_mask(&place), name, "masked", describe(looking, &place));
}

/* Patterns stand for what is there in the container now. */
static void for_each_path(struct looking *looking, const struct string_list *planned, const char *member,
			  void (*look)(struct looking *looking, const char *path))
{
	for (size_t i = 0; i < planned->count; i++) {
		struct string_list paths = { 0 };
		struct error error;

		if (glob_in_root(looking->arena, looking->root, planned->items[i], &paths, &error) < 0) {
			look_add(looking, MEASURE_UNKNOWN,
				 arena_printf(looking->arena, "%s %s", member, planned->items[i]), "-",
				 arena_strdup(looking->arena, error.text));
			continue;
		}
		/* Of a pattern that nothing matches: there is nothing, or nothing left. */
		if (paths.count == 0)
			look_at_absent(looking,
				       arena_printf(looking->arena, "%s %s", member, planned->items[i]), "-",
				       planned->items[i], NULL);
		for (size_t j = 0; j < paths.count; j++)
			look(looking, paths.items[j]);
	}
}

void look_at_masks(struct looking *looking)
{
	if (looking->config->linux_)
		for_each_path(looking, &looking->config->linux_->masked_paths, "linux.maskedPaths",
			      look_at_mask);
}

static void look_at_readonly_path(struct looking *looking, const char *path)
{
	const char *name = arena_printf(looking->arena, "linux.readonlyPaths %s", path);
	_cleanup_place_ struct place place = { .fd = -1 };
	const char *writable;

	place_open(looking, path, &place);
	if (is_gone(&place)) {
		look_at_absent(looking, name, "read-only", path, "not there");
		return;
	}
	if (place.fd < 0) {
		look_add(looking, MEASURE_UNKNOWN, name, "read-only", cannot_look(looking, &place));
		return;
	}
	if (!(place.flags & ST_RDONLY)) {
		look_add(looking, MEASURE_BROKEN, name, "read-only", "writable");
		return;
	}
	writable = is_mount_point(&place) ? writable_below(looking, &place) : NULL;
	look_add_bool(looking, !writable, name, "read-only",
		      writable ? arena_printf(looking->arena, "%s below it is writable", writable)
			       : "read-only");
}

void look_at_readonly_paths(struct looking *looking)
{
	if (looking->config->linux_)
		for_each_path(looking, &looking->config->linux_->readonly_paths, "linux.readonlyPaths",
			      look_at_readonly_path);
}

/* mounts ------------------------------------------------------------------------------------------------- */

/* Flags that restrict, as mount(2), mount_setattr(2) and statfs(2) have them. */
static const struct {
	const char *name;
	unsigned long ms;
	uint64_t attribute;
	unsigned long st;
} restrictions[] = {
	{ "ro", MS_RDONLY, MOUNT_ATTR_RDONLY, ST_RDONLY },
	{ "nosuid", MS_NOSUID, MOUNT_ATTR_NOSUID, ST_NOSUID },
	{ "nodev", MS_NODEV, MOUNT_ATTR_NODEV, ST_NODEV },
	{ "noexec", MS_NOEXEC, MOUNT_ATTR_NOEXEC, ST_NOEXEC },
	{ "nosymfollow", MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW, STATFS_NOSYMFOLLOW },
};

/* Whether @options ask for the restriction: what they take away recursively is taken away after what "ro" sets. */
static bool restricts(const struct mount_options *options, size_t restriction)
{
	uint64_t attribute = restrictions[restriction].attribute;

	return (options->recursive_set & attribute) ||
	       ((options->set & restrictions[restriction].ms) && !(options->recursive_clear & attribute));
}

/* "size=" among the @options of a tmpfs, in bytes; 0: none, or in a unit that mountinfo does not use. */
static uint64_t size_option(struct arena *arena, const char *options)
{
	const char *text = words_value(arena, options, "size");
	uint64_t bytes;

	return text && parse_size(text, &bytes) == 0 ? bytes : 0;
}

static const char *normal_name(struct arena *arena, const char *path)
{
	return path_is_normal(path) ? path : path_normalize(arena, path);
}

static bool is_remount(const struct oci_mount *mount)
{
	return string_list_has(&mount->options, "remount");
}

/*
 * Whether a later mount lies at or above that with number @index. By the names alone: a link in the container may lead
 * elsewhere by now.
 */
static bool is_covered(struct arena *arena, const struct oci_config *config, size_t index)
{
	const char *destination = normal_name(arena, config->mounts.items[index].destination);

	for (size_t i = index + 1; i < config->mounts.count; i++) {
		const struct oci_mount *later = &config->mounts.items[i];
		const char *name = normal_name(arena, later->destination);

		if (is_remount(later) ? !strcmp(destination, name) : path_is_below(destination, name))
			return true;
	}
	return config->linux_ && string_list_has(&config->linux_->masked_paths, destination);
}

/* v1 hierarchies are shown in a tmpfs that stays writable, as runc has it: what is read-only are they. */
static bool shows_hierarchies(const struct oci_mount *mount, const struct place *place)
{
	return mount->type && !strcmp(mount->type, "cgroup") && !strcmp(mount_type(place), "tmpfs");
}

/* What of the plan is missing, as text; "" where nothing is. */
static const char *missing(struct looking *looking, const struct oci_mount *mount,
			   const struct mount_options *options, const struct place *place)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	uint64_t planned_size = size_option(looking->arena, options->data);
	uint64_t size = planned_size && place->mount ? size_option(looking->arena, place->mount->options) : 0;
	bool hierarchies = shows_hierarchies(mount, place);
	const char *writable;

	if (type_differs(mount, options, place))
		strbuf_printf(&text, "%s is mounted there", mount_type(place));
	for (size_t i = 0; i < ARRAY_SIZE(restrictions); i++)
		if (restricts(options, i) && !(place->flags & restrictions[i].st) &&
		    !(hierarchies && restrictions[i].ms == MS_RDONLY))
			strbuf_printf(&text, "%snot %s", text.length ? ", " : "", restrictions[i].name);
	if ((options->recursive_set & MOUNT_ATTR_RDONLY) || (hierarchies && (options->set & MS_RDONLY))) {
		writable = writable_below(looking, place);
		if (writable)
			strbuf_printf(&text, "%s%s below it is writable", text.length ? ", " : "", writable);
	}
	if (planned_size && (size == 0 || size > planned_size))
		strbuf_printf(&text, "%ssize is larger", text.length ? ", " : "");
	return arena_strdup(looking->arena, strbuf_text(&text));
}

/* "tmpfs ro,nosuid,size=…": what is compared of a mount. */
static const char *planned_text(struct looking *looking, const struct oci_mount *mount,
				const struct mount_options *options)
{
	uint64_t size = size_option(looking->arena, options->data);
	_cleanup_strbuf_ struct strbuf text = { 0 };

	strbuf_puts(&text, options->bind ? "bind" : mount->type ? mount->type : "mounted");
	for (size_t i = 0; i < ARRAY_SIZE(restrictions); i++)
		if (restricts(options, i))
			strbuf_printf(&text, "%c%s", strchr(strbuf_text(&text), ' ') ? ',' : ' ',
				      restrictions[i].name);
	if (size)
		strbuf_printf(&text, "%csize=%ju", strchr(strbuf_text(&text), ' ') ? ',' : ' ',
			      (uintmax_t)size);
	return arena_strdup(looking->arena, strbuf_text(&text));
}

static void look_at_mount(struct looking *looking, const struct oci_mount *mount)
{
	const char *name = arena_printf(looking->arena, "mounts %s", mount->destination);
	struct mount_options options;
	_cleanup_place_ struct place place = { .fd = -1 };
	struct error error;
	const char *planned, *differs;

	if (mount_options_parse(looking->arena, mount, &options, &error) < 0) {
		look_add(looking, MEASURE_UNKNOWN, name, "-", arena_strdup(looking->arena, error.text));
		return;
	}
	planned = planned_text(looking, mount, &options);
	place_open(looking, mount->destination, &place);
	if (place.fd < 0 && !is_gone(&place)) {
		look_add(looking, MEASURE_UNKNOWN, name, planned, cannot_look(looking, &place));
		return;
	}
	if (place.fd < 0 || !is_mount_point(&place)) {
		look_add(looking, MEASURE_BROKEN, name, planned, "nothing is mounted there");
		return;
	}
	differs = missing(looking, mount, &options, &place);
	look_add_bool(looking, !*differs, name, planned, *differs ? differs : "so");
}

void look_at_mounts(struct looking *looking)
{
	const struct oci_config *config = looking->config;

	for (size_t i = 0; i < config->mounts.count; i++)
		if (!is_covered(looking->arena, config, i))
			look_at_mount(looking, &config->mounts.items[i]);
}
