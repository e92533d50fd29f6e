/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of create.c's table that concern cgroups. */
#include <signal.h>
#include <string.h>

#include "container/create_steps.h"

static bool mounts_cgroup_writable(const struct oci_config *config)
{
	for (size_t i = 0; i < config->mounts.count; i++) {
		const struct oci_mount *mount = &config->mounts.items[i];
		bool readonly = false;

		if (!mount->type || strcmp(mount->type, "cgroup") != 0 ||
		    strcmp(mount->destination, "/sys/fs/cgroup") != 0)
			continue;
		for (size_t j = 0; j < mount->options.count; j++)
			readonly |= !strcmp(mount->options.items[j], "ro");
		return !readonly;
	}
	return false;
}

/* Whom the container's tree of cgroup v2 is given to: the host's name of its user. config-linux.md, cgroup ownership */
static struct optional_u32 delegated_owner(const struct oci_config *config)
{
	const struct oci_id_mapping_list *map = config->linux_ ? &config->linux_->uid_mappings : NULL;
	uint32_t uid = config->process ? config->process->user.uid : 0;

	if (!config_has_new_namespace(config, OCI_NAMESPACE_CGROUP) ||
	    !config_has_new_namespace(config, OCI_NAMESPACE_USER) || !mounts_cgroup_writable(config))
		return (struct optional_u32){ 0 };
	for (size_t i = 0; map && i < map->count; i++)
		if (uid >= map->items[i].container_id && uid - map->items[i].container_id < map->items[i].size)
			return (struct optional_u32){
				.present = true,
				.value = map->items[i].host_id + (uid - map->items[i].container_id),
			};
	return (struct optional_u32){ 0 };
}

static struct cgroup_request cgroup_request(const struct creation *creation)
{
	const struct oci_linux *config = creation->plan.config->linux_;

	return (struct cgroup_request){
		.manager = creation->runtime->cgroup_manager,
		.container_id = creation->options->id,
		.cgroups_path = config ? config->cgroups_path : NULL,
		.rootless = creation->plan.rootless,
		.owner = delegated_owner(creation->plan.config),
		.devices = config ? &config->devices : NULL,
		.annotations = &creation->plan.config->annotations,
	};
}

static const char *cgroup_text(struct arena *arena, const struct cgroup *cgroup)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text, .first = true };

	cgroup_save(&writer, cgroup);
	return arena_strndup(arena, text.text, text.length);
}

int creation_plan_cgroup(struct creation *creation, struct cgroup **planned, struct error *error)
{
	struct cgroup_request request = cgroup_request(creation);

	if (cgroup_plan(creation->arena, &creation->layout, &request, planned, error) < 0)
		return -1;
	creation->planned_cgroup = cgroup_text(creation->arena, *planned);
	return 0;
}

static const struct oci_resources *resources_of(const struct oci_config *config)
{
	return config->linux_ ? config->linux_->resources : NULL;
}

/*
 * The group of v2, in which the process is born. Those of v1 it joins by itself, so they are made while it is busy with
 * its mounts; but not where a cgroup namespace has to be made in them before anything else, and not for a rootless
 * container, which may have to do without some.
 */
int creation_make_cgroup(struct creation *creation, struct error *error)
{
	const struct oci_config *config = creation->plan.config;
	struct cgroup_request request = cgroup_request(creation);

	request.v1_later = !creation->plan.rootless && !creation->restoration &&
			   !config_has_new_namespace(config, OCI_NAMESPACE_CGROUP);
	if (cgroup_create(creation->arena, &creation->layout, &request, resources_of(config), &creation->cgroup,
			  error) < 0)
		return error_context(error, "unable to apply cgroup configuration");
	creation->sandbox.cgroup = creation->cgroup;
	creation->sandbox.cgroup_later = request.v1_later;
	creation->sandbox.rootfs.cgroup = creation->cgroup;
	return 0;
}

int creation_set_limits(struct creation *creation, struct error *error)
{
	const struct oci_config *config = creation->plan.config;
	const struct oci_resources *resources = resources_of(config);
	const struct oci_device_rule_list none = { 0 };

	if (cgroup_set_resources(creation->cgroup, resources, error) < 0 ||
	    cgroup_set_devices(creation->cgroup, resources ? &resources->devices : &none,
			       config->linux_ ? &config->linux_->devices : NULL, error) < 0)
		return error_context(error, "unable to apply cgroup configuration");
	return 0;
}

int creation_limit(struct creation *creation, struct error *error)
{
	if (cgroup_create_rest(creation->cgroup, &creation->layout, resources_of(creation->plan.config),
			       error) < 0)
		return error_context(error, "unable to apply cgroup configuration");
	if (creation_set_limits(creation, error) < 0)
		return -1;
	if (sandbox_hand_cgroups(&creation->sandbox, error) < 0)
		return -1;
	/*
	 * Where it was born in its group; elsewhere it joins by itself, which is done when its setup is. Not earlier: a
	 * process that has ended by now would take its scope along, and its error would not be the one that is told.
	 */
	if (creation->restoration || cgroup_clone_fd(creation->cgroup) < 0)
		return 0;
	return cgroup_settle(creation->cgroup, error);
}

/* Some groups were not permitted, or were there already: usually there is nothing to correct. */
int creation_correct_cgroup(struct creation *creation, struct error *error)
{
	if (strcmp(cgroup_text(creation->arena, creation->cgroup), creation->planned_cgroup) == 0)
		return 0;
	return state_save(&creation->entry, &creation->state, creation->cgroup, error);
}

void creation_undo_cgroup(struct creation *creation)
{
	struct error ignored;

	cgroup_give_up_rest(creation->cgroup);
	cgroup_kill(creation->cgroup, SIGKILL, &ignored);
	if (cgroup_destroy(creation->cgroup, &ignored) == 0)
		return;
	log_warn("%s", ignored.text);
	/* What is left of it is found by `delete` only as long as the state says where it is. */
	store_entry_close(&creation->entry);
}
