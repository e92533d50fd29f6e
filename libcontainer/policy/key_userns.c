/* SPDX-License-Identifier: Apache-2.0 */
/*
 * userns: "auto" gives the container a user namespace with a range of ids of its own where that can work, "require"
 * refuses it where it cannot. Its files keep their owners: the root file system and the bind mounts are idmapped.
 * The range, and whether it can work, are facts.
 */
#include <inttypes.h>
#include <string.h>

#include "policy/level.h"

static const char key[] = "userns";

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	return level_read_word(reading, key, value, demand_words);
}

static void print(struct json_writer *writer, const void *value)
{
	json_string(writer, demand_words[((const struct level *)value)->value]);
}

static bool maps_root(const struct oci_id_mapping_list *mappings)
{
	for (size_t i = 0; i < mappings->count; i++)
		if (mappings->items[i].host_id == 0 && mappings->items[i].size > 0)
			return true;
	return false;
}

/* Why the user namespace of the config does not set the container's users apart from the host's; NULL: it does. */
static const char *shares_users(const struct policy_pass *pass, const struct oci_namespace *entry)
{
	if (!entry->path && maps_root(&pass->config->linux_->uid_mappings))
		return "the user namespace maps the host's root";
	if (!entry->path)
		return maps_root(&pass->config->linux_->gid_mappings)
			       ? "the user namespace maps the host's group 0"
			       : NULL;
	switch (pass->facts->joined[OCI_NAMESPACE_USER]) {
	case POLICY_NAMESPACE_OTHER: return NULL;
	case POLICY_NAMESPACE_HAS_ROOT: return "the user namespace that is joined maps the host's root";
	case POLICY_NAMESPACE_HOST: return "the user namespace that is joined is the host's";
	default: return "it is not known whether the user namespace that is joined is the host's";
	}
}

/* Why this container cannot be remapped; NULL: it can. */
static const char *unmappable(const struct policy_pass *pass)
{
	const struct policy_remap *remap = &pass->facts->remap;

	if (!remap->possible)
		return remap->reason ? remap->reason : "it is not known whether users can be remapped here";
	if (pass->process && pass->process->user.uid >= remap->size)
		return "the process's uid lies outside of the range";
	if (pass->process && pass->process->user.gid >= remap->size)
		return "the process's gid lies outside of the range";
	return NULL;
}

static int refuse(const struct policy_pass *pass, const void *value, struct error *error)
{
	const struct level *level = value;
	const struct oci_namespace *entry = config_namespace(pass->config, OCI_NAMESPACE_USER);
	const char *reason;

	if (level->value < DEMAND_REQUIRE || pass->facts->rootless)
		return 0;
	reason = entry ? shares_users(pass, entry) : unmappable(pass);
	if (!reason)
		return 0;
	return policy_refuse(&level->names, key, error,
			     "%s; give the container a user namespace (--userns, userns-remap) or run with "
			     "--policy off",
			     reason);
}

static void add_option(struct policy_pass *pass, struct oci_mount *mount)
{
	bool recursive = string_list_has(&mount->options, "rbind");

	if (!mount_is_bind(mount) || mount->uid_mappings.count > 0 ||
	    string_list_has(&mount->options, "idmap") || string_list_has(&mount->options, "ridmap"))
		return;
	string_list_add(pass->arena, &mount->options, recursive ? "ridmap" : "idmap");
}

static void add_namespace(struct policy_pass *pass, struct oci_linux *linux_)
{
	struct oci_namespace_list *list = &linux_->namespaces;
	struct oci_namespace *items = ARENA_NEW_ARRAY(pass->arena, struct oci_namespace, list->count + 1);

	if (list->count)
		memcpy(items, list->items, list->count * sizeof(*items));
	items[list->count++] = (struct oci_namespace){ .type = OCI_NAMESPACE_USER };
	list->items = items;
}

static struct oci_id_mapping_list mapping(struct policy_pass *pass, uint32_t first)
{
	struct oci_id_mapping_list list = { ARENA_NEW(pass->arena, struct oci_id_mapping), 1 };

	list.items[0] = (struct oci_id_mapping){ .host_id = first, .size = pass->facts->remap.size };
	return list;
}

static void apply(struct policy_pass *pass, const void *value)
{
	const struct level *level = value;
	const struct policy_remap *remap = &pass->facts->remap;
	struct oci_linux *linux_;
	const char *obstacle;

	if (level->value == DEMAND_OFF || pass->facts->rootless ||
	    config_namespace(pass->config, OCI_NAMESPACE_USER))
		return;
	obstacle = unmappable(pass);
	if (obstacle) {
		pass_unmet(pass, &level->names, key, obstacle);
		return;
	}
	linux_ = pass_linux(pass);
	add_namespace(pass, linux_);
	linux_->uid_mappings = mapping(pass, remap->first_uid);
	linux_->gid_mappings = mapping(pass, remap->first_gid);
	for (size_t i = 0; i < pass->target->mounts.count; i++)
		add_option(pass, &pass->target->mounts.items[i]);
	pass->hardening->idmap_root = true;
	pass_change(pass, &level->names, key, "linux.uidMappings", "the host's users",
		    arena_printf(pass->arena, "%" PRIu32 " to %" PRIu32, remap->first_uid,
				 remap->first_uid + remap->size - 1));
}

bool userns_wants_remap(const void *value)
{
	return value && ((const struct level *)value)->value > DEMAND_OFF;
}

const struct policy_key key_userns = {
	.name = key,
	.stages = POLICY_STAGE_CREATE,
	.read = read_value,
	.merge = level_merge_values,
	.print = print,
	.refuse = refuse,
	.apply = apply,
};
