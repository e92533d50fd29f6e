/* SPDX-License-Identifier: Apache-2.0 */
#include "state/container.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"

int container_open(struct arena *arena, const struct runtime *runtime, const char *id, bool lock,
		   struct container *container, struct error *error)
{
	*container = (struct container){ .store.fd = -1, .entry.fd = -1 };
	if (store_check_id(id, error) < 0 || store_open(arena, runtime, false, &container->store, error) < 0 ||
	    store_lookup(arena, &container->store, id, lock, &container->entry, error) < 0 ||
	    state_load(arena, &container->entry, &container->state, error) < 0)
		return -1;
	if (container->state.cgroup)
		return cgroup_open(arena, container->state.cgroup, &container->cgroup, error);
	return 0;
}

int container_find(struct arena *arena, const struct runtime *runtime, const char *bundle_or_id,
		   struct container *container, struct error *error)
{
	struct error reason;

	*container = (struct container){ .store.fd = -1, .entry.fd = -1 };
	if (!bundle_or_id || store_check_id(bundle_or_id, &reason) < 0)
		return 0;
	if (container_open(arena, runtime, bundle_or_id, false, container, &reason) == 0)
		return 1;
	if (access(bundle_or_id, F_OK) == 0)
		return 0;
	*error = reason;
	return error_context(error, "%s is neither a bundle nor a container", bundle_or_id);
}

void container_close(struct container *container)
{
	if (container->cgroup)
		cgroup_close(container->cgroup);
	store_entry_close(&container->entry);
	store_close(&container->store);
}

static int save(const struct store_entry *entry, const char *name, const struct strbuf *text,
		struct error *error)
{
	if (file_write_atomic_at(entry->fd, name, text->text, text->length, 0600) < 0)
		return error_set(error, errno, "write %s/%s", entry->path, name);
	return 0;
}

int container_save_config(const struct store_entry *entry, const struct oci_config *config, struct error *error)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text, .first = true };

	config_print(&writer, config);
	return save(entry, STORE_CONFIG, &text, error);
}

int container_load_config(struct arena *arena, const struct store_entry *entry, struct oci_config **config,
			  struct error *error)
{
	return config_load(arena, entry->fd, STORE_CONFIG, config, error);
}

int container_save_policy(const struct store_entry *entry, const struct policy *policy,
			  const struct policy_changes *changes, struct error *error)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text, .first = true };

	json_begin_object(&writer);
	json_key(&writer, "policy");
	policy_print(&writer, policy);
	json_key(&writer, "changes");
	policy_changes_print(&writer, changes);
	json_key(&writer, "unmet");
	policy_unmet_print(&writer, changes);
	json_end_object(&writer);
	return save(entry, STORE_POLICY, &text, error);
}

/* Without it a container would be as without a policy, so it has to be there. */
static int load_policy_document(struct arena *arena, const struct container *container, const char **label,
				const struct json_value **document, struct error *error)
{
	struct json_value *parsed;
	size_t length;
	char *text;

	*label = arena_printf(arena, "%s/" STORE_POLICY, container->entry.path);
	if (file_read_at(arena, container->entry.fd, STORE_POLICY, FILE_SIZE_MAX, &text, &length) < 0)
		return error_set(error, errno, "read %s", *label);
	if (json_parse(arena, *label, text, length, &parsed, error) < 0)
		return -1;
	*document = parsed;
	return 0;
}

int container_load_policy(struct arena *arena, const struct container *container, struct policy **policy,
			  struct error *error)
{
	const struct json_value *document;
	const struct json_value *member;
	const char *label;

	if (load_policy_document(arena, container, &label, &document, error) < 0)
		return -1;
	member = json_get(document, "policy");
	return member ? policy_parse(arena, label, member, policy, error)
		      : error_set(error, 0, "%s: policy: missing", label);
}

int container_load_changes(struct arena *arena, const struct container *container,
			   struct policy_changes *changes, struct error *error)
{
	const struct json_value *document;
	const struct json_value *list;
	const char *label;

	if (load_policy_document(arena, container, &label, &document, error) < 0)
		return -1;
	list = json_get(document, "changes");
	return list ? policy_changes_read(arena, label, list, json_get(document, "unmet"), changes, error)
		    : error_set(error, 0, "%s: changes: missing", label);
}

int container_hardening(struct arena *arena, const struct container *container, const struct oci_config *config,
			struct policy **policy, struct hardening *hardening, struct error *error)
{
	const struct policy_facts facts = { .rootless = container->state.rootless };

	if (container_load_policy(arena, container, policy, error) < 0)
		return -1;
	policy_plan(arena, *policy, config, &facts, hardening);
	return 0;
}

enum container_status container_status(const struct container *container)
{
	return state_status(&container->entry, &container->state, container->cgroup);
}
