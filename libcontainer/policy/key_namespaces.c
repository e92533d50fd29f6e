/* SPDX-License-Identifier: Apache-2.0 */
/* namespaces.require: kinds of namespaces that must not be the host's. */
#include <string.h>

#include "policy/key.h"

static const char key[] = "namespaces.require";

/* How engines are told to share the host's; what to leave away is the way out. */
static const struct {
	enum oci_namespace_type type;
	const char *remedy;
} remedies[] = {
	{ OCI_NAMESPACE_MOUNT, "give it a mount namespace" },
	{ OCI_NAMESPACE_PID, "remove --pid=host" },
	{ OCI_NAMESPACE_NETWORK, "remove --network=host" },
	{ OCI_NAMESPACE_IPC, "remove --ipc=host" },
	{ OCI_NAMESPACE_UTS, "remove --uts=host" },
	{ OCI_NAMESPACE_USER, "give it a user namespace" },
	{ OCI_NAMESPACE_CGROUP, "remove --cgroupns=host" },
	{ OCI_NAMESPACE_TIME, "give it a time namespace" },
};

static const char *accept_kind(struct arena *arena, const char *text)
{
	(void)arena;
	for (size_t i = 0; i < ARRAY_SIZE(remedies); i++)
		if (!strcmp(namespace_type_name(remedies[i].type), text))
			return text;
	return NULL;
}

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	static const char *const members[] = { "require", NULL };
	struct named_set *set = ARENA_NEW(reading->arena, struct named_set);
	const struct json_value *require;

	if (reading_object(reading, "namespaces", value, members))
		return NULL;
	require = json_get(value, "require");
	if (require && reading_set(reading, key, require, accept_kind, "a kind of namespace", set))
		return NULL;
	return set;
}

static const void *merge(struct arena *arena, const void *left, const void *right)
{
	struct named_set *united = ARENA_NEW(arena, struct named_set);

	*united = named_set_unite(arena, left, right);
	return united;
}

static void print(struct json_writer *writer, const void *value)
{
	json_begin_object(writer);
	json_key(writer, "require");
	named_set_print(writer, value);
	json_end_object(writer);
}

static int refuse(const struct policy_pass *pass, const void *value, struct error *error)
{
	const struct named_set *set = value;

	for (size_t i = 0; i < ARRAY_SIZE(remedies); i++) {
		const char *kind = namespace_type_name(remedies[i].type);
		const struct named_item *item = named_set_find(set, kind);
		const struct oci_namespace *entry = config_namespace(pass->config, remedies[i].type);

		if (!item || (entry && !entry->path))
			continue;
		if (entry && pass->facts->joined[remedies[i].type] >= POLICY_NAMESPACE_OTHER)
			continue;
		if (entry && pass->facts->joined[remedies[i].type] == POLICY_NAMESPACE_UNKNOWN)
			return policy_refuse(
				&item->names, key, error,
				"it is not known whether the %s namespace %s is the host's; %s or run "
				"with --policy off",
				kind, entry->path, remedies[i].remedy);
		return policy_refuse(&item->names, key, error,
				     "container shares the host's %s namespace; %s or run with --policy off",
				     kind, remedies[i].remedy);
	}
	return 0;
}

bool namespaces_require(const void *value, enum oci_namespace_type type)
{
	return value && named_set_find(value, namespace_type_name(type));
}

const struct policy_key key_namespaces = {
	.name = "namespaces",
	.stages = POLICY_STAGE_CREATE,
	.read = read_value,
	.merge = merge,
	.print = print,
	.refuse = refuse,
};
