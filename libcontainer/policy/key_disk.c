/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disk: how much the container may write to its root file system, by a project quota of the file system that holds
 * it. quota "auto": where that file system has them; "require": or the container does not start.
 */
#include <inttypes.h>

#include "policy/level.h"

struct disk {
	uint64_t max; /* bytes; 0: none */
	struct string_list max_names;
	struct level quota;
};

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	static const char *const members[] = { "max", "quota", NULL };
	struct disk *disk = ARENA_NEW(reading->arena, struct disk);
	const struct json_value *max, *quota;

	if (reading_object(reading, "disk", value, members))
		return NULL;
	max = json_get(value, "max");
	quota = json_get(value, "quota");
	disk->quota = (struct level){ DEMAND_AUTO, reading->names };
	if (max && reading_bytes(reading, "disk.max", max, &disk->max))
		return NULL;
	if (max)
		disk->max_names = reading->names;
	/* "off" would leave a maximum that holds nothing */
	if (quota && level_read(reading, "disk.quota", quota, demand_words + DEMAND_AUTO, &disk->quota))
		return NULL;
	if (quota)
		disk->quota.value += DEMAND_AUTO;
	return disk;
}

static const void *merge(struct arena *arena, const void *left, const void *right)
{
	const struct disk *a = left, *b = right;
	struct disk *both = ARENA_NEW(arena, struct disk);
	bool first = a->max && (!b->max || a->max < b->max);

	both->max = first ? a->max : b->max;
	both->max_names = a->max == b->max ? names_unite(arena, &a->max_names, &b->max_names)
			  : first	   ? a->max_names
					   : b->max_names;
	both->quota = level_merge(arena, &a->quota, &b->quota);
	return both;
}

static void print(struct json_writer *writer, const void *value)
{
	const struct disk *disk = value;

	json_begin_object(writer);
	if (disk->max) {
		json_member_u64(writer, "max", disk->max);
	}
	json_member_string(writer, "quota", demand_words[disk->quota.value]);
	json_end_object(writer);
}

/*
 * A quota is worth something only where the container can neither take files out of their project nor write beyond its
 * limit: ioctl_xfs_fsgetxattr(2), capabilities(7). In a user namespace of its own the kernel lets it change no project
 * (fs/file_attr.c, fileattr_set_prepare()), and a read-only root file system has no quota. The capabilities go in any
 * case, so that stacking gives none back.
 */
static void keep_in(struct policy_pass *pass, const struct disk *disk)
{
	static const char *const taken[] = { "CAP_SYS_ADMIN", "CAP_SYS_RESOURCE", NULL };
	bool readonly = pass->config->root && pass->config->root->readonly;

	capabilities_take(pass, taken, &disk->max_names, "disk.max");
	if (!readonly && !config_has_new_namespace(pass->config, OCI_NAMESPACE_USER))
		pass_guard(pass, &disk->max_names, "disk.max", "disk",
			   "against changing the project of a file");
}

static void apply(struct policy_pass *pass, const void *value)
{
	const struct disk *disk = value;
	struct disk_quota *now = &pass->hardening->disk;

	if (!disk->max)
		return;
	keep_in(pass, disk);
	if (pass->stage != POLICY_STAGE_CREATE)
		return;
	if (!now->bytes || disk->max < now->bytes) {
		pass_change(pass, &disk->max_names, "disk.max", "disk quota",
			    now->bytes ? arena_printf(pass->arena, "%" PRIu64, now->bytes) : "absent",
			    arena_printf(pass->arena, "%" PRIu64, disk->max));
		now->bytes = disk->max;
	}
	if (disk->quota.value <= now->demand)
		return;
	if (disk->quota.value == DEMAND_REQUIRE)
		pass_change(pass, &disk->quota.names, "disk.quota", "disk quota", "where the file system can",
			    "required");
	now->demand = (enum demand)disk->quota.value;
	now->demanded_by = disk->quota.names;
}

const struct policy_key key_disk = {
	.name = "disk",
	.stages = POLICY_STAGE_CREATE | POLICY_STAGE_EXEC,
	.read = read_value,
	.merge = merge,
	.print = print,
	.apply = apply,
};
