/* SPDX-License-Identifier: Apache-2.0 */
/* What a v2 group needs before it can be used: controllers passed down to it, a type, an owner. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/strbuf.h"
#include "base/words.h"
#include "cgroup/internal.h"

#define CONTROLLERS_MAX ((size_t)4096)
#define DELEGATE_MAX ((size_t)4096)

/* Calls @each for the words of @list, which is left as it is. */
static const char *next_word(struct arena *arena, const char **list)
{
	const char *word;
	size_t length;

	*list += strspn(*list, " ,\n");
	length = strcspn(*list, " ,\n");
	if (length == 0)
		return NULL;
	word = arena_strndup(arena, *list, length);
	*list += length;
	return word;
}

static bool has_all(struct arena *arena, const char *list, const char *wanted)
{
	const char *word;

	while ((word = next_word(arena, &wanted)))
		if (!words_have(list, word))
			return false;
	return true;
}

static bool has_block_io(const struct oci_resources *resources)
{
	const struct oci_block_io *io = resources->block_io;

	return io && ((io->weight.present && io->weight.value) || io->weight_device.count ||
		      io->throttle_read_bps_device.count || io->throttle_write_bps_device.count ||
		      io->throttle_read_iops_device.count || io->throttle_write_iops_device.count);
}

static bool has_memory(const struct oci_resources *resources)
{
	const struct oci_memory *memory = resources->memory;

	return memory && (memory->limit.value || memory->reservation.value || memory->swap.value);
}

static bool has_cpu(const struct oci_resources *resources)
{
	const struct oci_cpu *cpu = resources->cpu;

	return cpu && (cpu->shares.value || cpu->quota.value || cpu->period.value || cpu->idle.present ||
		       cpu->burst.present);
}

const char *v2_needed(struct arena *arena, const struct oci_resources *resources)
{
	_cleanup_strbuf_ struct strbuf list = { 0 };

	if (!resources)
		return "";
	if (has_memory(resources))
		strbuf_puts(&list, "memory ");
	if (has_cpu(resources))
		strbuf_puts(&list, "cpu ");
	if (resources->cpu && ((resources->cpu->cpus && *resources->cpu->cpus) ||
			       (resources->cpu->mems && *resources->cpu->mems)))
		strbuf_puts(&list, "cpuset ");
	if (resources->pids && resources->pids->limit.present)
		strbuf_puts(&list, "pids ");
	if (has_block_io(resources))
		strbuf_puts(&list, "io ");
	if (resources->hugepage_limits.count)
		strbuf_puts(&list, "hugetlb ");
	if (resources->rdma.count)
		strbuf_puts(&list, "rdma ");
	for (size_t i = 0; i < resources->unified.count; i++) {
		const char *key = resources->unified.items[i].key;

		strbuf_add(&list, key, strcspn(key, "."));
		strbuf_putc(&list, ' ');
	}
	return arena_strdup(arena, strbuf_text(&list));
}

/* runc counts cpu among these, though the kernel has threaded cpu groups. */
static bool needs_domain(const struct oci_resources *resources)
{
	return resources && (has_memory(resources) || has_block_io(resources) || has_cpu(resources) ||
			     resources->hugepage_limits.count);
}

/* Enables in the group @path below @base what @wanted lists: all at once, else each that can be. */
static void enable_at(struct cgroup *cgroup, struct cgroup_group *group, int base, const char *path,
		      const char *wanted)
{
	const char *file = *path ? arena_printf(cgroup->arena, "%s/cgroup.subtree_control", path)
				 : "cgroup.subtree_control";
	_cleanup_strbuf_ struct strbuf all = { 0 };
	const char *list = wanted;
	const char *word;

	while ((word = next_word(cgroup->arena, &list)))
		strbuf_printf(&all, "%s+%s", all.length ? " " : "", word);
	if (!all.length || file_write_at(base, file, strbuf_text(&all)) == 0)
		return;
	list = wanted;
	while ((word = next_word(cgroup->arena, &list))) {
		if (file_write_at(base, file, arena_printf(cgroup->arena, "+%s", word)) == 0 || cgroup->refusal)
			continue;
		cgroup->refusal = arena_printf(cgroup->arena, "enable it in %s%s%s: %s%s", group->mountpoint,
					       *path ? "/" : "", path, error_describe(errno),
					       errno == EBUSY ? " (that group holds processes itself)" : "");
	}
}

/* The controllers of @wanted that the mount root has at all. */
static const char *available(struct cgroup *cgroup, int base, const char *wanted)
{
	_cleanup_strbuf_ struct strbuf list = { 0 };
	const char *word;
	size_t length;
	char *text;

	if (file_read_at(cgroup->arena, base, "cgroup.controllers", CONTROLLERS_MAX, &text, &length) < 0)
		return "";
	text[strcspn(text, "\n")] = '\0';
	if (!wanted)
		return text;
	while ((word = next_word(cgroup->arena, &wanted)))
		if (words_have(text, word))
			strbuf_printf(&list, "%s ", word);
	return arena_strdup(cgroup->arena, strbuf_text(&list));
}

static void enable_along(struct cgroup *cgroup, struct cgroup_group *group, int base, const char *wanted)
{
	char *path = arena_strdup(cgroup->arena, group->inner + 1);
	const char *list = available(cgroup, base, wanted);
	char *slash = path;

	if (!*list || !*path)
		return;
	enable_at(cgroup, group, base, "", list);
	while ((slash = strchr(slash, '/'))) {
		*slash = '\0';
		enable_at(cgroup, group, base, path, list);
		*slash++ = '/';
	}
	group->controllers = NULL; /* read again */
}

/*
 * On a pure v2 host a container gets every controller, as engines read its statistics there; where v1 has most
 * of them, only what a limit needs. In the usual case the parent passes them on already: one small read.
 */
static void enable(struct cgroup *cgroup, struct cgroup_group *group, int base,
		   const struct oci_resources *resources)
{
	const char *needed = v2_needed(cgroup->arena, resources);

	if (!cgroup->unified) {
		if (*needed && !has_all(cgroup->arena, v2_controllers(cgroup, group), needed))
			enable_along(cgroup, group, base, needed);
		return;
	}
	if (!has_all(cgroup->arena, v2_controllers(cgroup, group), "cpuset cpu io memory hugetlb pids rdma"))
		enable_along(cgroup, group, base, NULL);
}

/* A group below a threaded one, or below one that holds processes, is no domain. */
static int check_type(struct cgroup *cgroup, struct cgroup_group *group, const struct oci_resources *resources,
		      struct error *error)
{
	char *type;

	if (group_read(cgroup->arena, group, "cgroup.type", &type) < 0 || strcmp(type, "domain") == 0)
		return 0; /* the root has no type */
	if (needs_domain(resources))
		return error_set(error, 0,
				 "cannot enter cgroupv2 \"%s\" with domain controllers -- it is in %s",
				 group->directory,
				 strcmp(type, "domain invalid") == 0
					 ? "an invalid state"
					 : arena_printf(cgroup->arena, "%s mode", type));
	if (strcmp(type, "domain invalid") == 0)
		return group_write(group, "cgroup.type", "threaded", error);
	return 0;
}

/*
 * The owner may make groups below and move processes about in them, but not change the limits of the group
 * itself: only the files that the kernel lists change hands.
 */
static int delegate(struct cgroup *cgroup, struct cgroup_group *group, uid_t owner, struct error *error)
{
	const char *list = "cgroup.procs cgroup.subtree_control cgroup.threads";
	const char *file;
	size_t length;
	char *text;

	if (file_read_at(cgroup->arena, AT_FDCWD, "/sys/kernel/cgroup/delegate", DELEGATE_MAX, &text,
			 &length) == 0)
		list = text;
	if (fchownat(group->fd, "", owner, (gid_t)-1, AT_EMPTY_PATH) < 0)
		return error_set(error, errno, "give cgroup %s to user %u", group->directory, owner);
	while ((file = next_word(cgroup->arena, &list)))
		if (fchownat(group->fd, file, owner, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
			return error_set(error, errno, "give %s/%s to user %u", group->directory, file, owner);
	return 0;
}

int v2_prepare(struct cgroup *cgroup, struct cgroup_group *group, int base,
	       const struct oci_resources *resources, struct error *error)
{
	bool nested = strchr(group->inner + 1, '/') != NULL;

	enable(cgroup, group, base, resources);
	/* Where every controller came through, the group is a domain. */
	if ((cgroup->unified ? cgroup->refusal || !words_have(v2_controllers(cgroup, group), "memory")
			     : nested) &&
	    check_type(cgroup, group, resources, error) < 0)
		return -1;
	if (cgroup->owner.present && cgroup->unified)
		return delegate(cgroup, group, cgroup->owner.value, error);
	return 0;
}
