/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that only look: state, list, ps, events --stats, explain. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/log.h"
#include "cgroup/resctrl.h"
#include "container/plan.h"
#include "state/container.h"

/* The name of @uid, looked up where @like does not have it. */
static const char *owner_name(struct arena *arena, uid_t uid, const struct container_state *like)
{
	return like && like->owner_uid == uid ? like->owner : state_user_name(arena, uid);
}

/* Of a state file nothing but this is kept: there may be thousands. */
static void keep_state(struct arena *arena, struct container_state *state)
{
	struct string_map kept = {
		.items = ARENA_NEW_ARRAY(arena, struct string_pair, state->annotations.count),
	};

	for (; kept.count < state->annotations.count; kept.count++)
		kept.items[kept.count] = (struct string_pair){
			.key = arena_strdup(arena, state->annotations.items[kept.count].key),
			.value = arena_strdup(arena, state->annotations.items[kept.count].value),
		};
	state->annotations = kept;
	state->oci_version = arena_strdup(arena, state->oci_version);
	state->id = arena_strdup(arena, state->id);
	state->bundle = arena_strdup(arena, state->bundle);
	state->rootfs = arena_strdup(arena, state->rootfs);
	state->created = arena_strdup(arena, state->created);
}

/* @like (may be NULL): one of those looked at before. */
static int look_at(struct arena *arena, const struct store *store, const char *id,
		   const struct container_state *like, struct container_state *state, struct error *error)
{
	_cleanup_arena_ struct arena scratch = { 0 };
	_cleanup_entry_ struct store_entry entry = { .fd = -1 };
	struct saved_state saved;
	struct cgroup *cgroup = NULL;

	if (store_lookup(&scratch, store, id, false, &entry, error) < 0 ||
	    state_load(&scratch, &entry, &saved, error) < 0)
		return -1;
	if (saved.cgroup && cgroup_open(&scratch, saved.cgroup, &cgroup, error) < 0)
		return -1;
	state_describe(&saved, state_status(&entry, &saved, cgroup), state);
	keep_state(arena, state);
	state->owner = owner_name(arena, saved.owner, like);
	if (cgroup)
		cgroup_close(cgroup);
	return 0;
}

int container_state(struct arena *arena, const struct runtime *runtime, const char *id,
		    struct container_state *state, struct error *error)
{
	_cleanup_store_ struct store store = { .fd = -1 };

	if (store_check_id(id, error) < 0 || store_open(arena, runtime, false, &store, error) < 0)
		return -1;
	return look_at(arena, &store, id, NULL, state, error);
}

static int compare_ids(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The names below the state root that can be ids, sorted. */
static int read_ids(struct arena *arena, const struct store *store, const char ***ids, size_t *count,
		    struct error *error)
{
	int fd = openat(store->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_dir_ DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	size_t capacity = 0;

	*count = 0;
	*ids = NULL;
	if (!dir)
		return error_set(error, errno, "read the state root %s", store->path);
	for (const struct dirent *found = readdir(dir); found; found = readdir(dir)) {
		struct error ignored;

		if (store_check_id(found->d_name, &ignored) < 0 || store_is_own_name(found->d_name) ||
		    (found->d_type != DT_DIR && found->d_type != DT_UNKNOWN))
			continue;
		*ids = arena_grow(arena, *ids, *count, &capacity, sizeof(**ids));
		(*ids)[(*count)++] = arena_strdup(arena, found->d_name);
	}
	if (*count)
		qsort(*ids, *count, sizeof(**ids), compare_ids);
	return 0;
}

int container_list(struct arena *arena, const struct runtime *runtime, struct container_state **states,
		   size_t *count, struct error *error)
{
	_cleanup_store_ struct store store = { .fd = -1 };
	const char **ids;
	size_t found;

	*count = 0;
	*states = NULL;
	if (store_open(arena, runtime, false, &store, error) < 0)
		return -1;
	if (store.fd < 0)
		return 0;
	if (read_ids(arena, &store, &ids, &found, error) < 0)
		return -1;
	*states = ARENA_NEW_ARRAY(arena, struct container_state, found + 1);
	for (size_t i = 0; i < found; i++) {
		const struct container_state *like = *count ? &(*states)[*count - 1] : NULL;
		struct error reason;

		if (look_at(arena, &store, ids[i], like, &(*states)[*count], &reason) < 0)
			log_warn("container %s: %s", ids[i], reason.text);
		else
			(*count)++;
	}
	return 0;
}

int container_pids(struct arena *arena, const struct runtime *runtime, const char *id, pid_t **pids,
		   size_t *count, struct error *error)
{
	_cleanup_container_ struct container container;

	if (container_open(arena, runtime, id, false, &container, error) < 0)
		return -1;
	if (!container.cgroup || cgroup_path(container.cgroup)[0] == '\0')
		return error_set(error, 0, "container %s has no cgroup, its processes are not known", id);
	return cgroup_pids(arena, container.cgroup, true, pids, count, error);
}

/* Its group, *present where it has one and resctrl is there. */
static int find_resctrl(struct arena *arena, const struct container *container, struct resctrl_group *group,
			bool *present, struct error *error)
{
	struct oci_config *config;

	*present = false;
	if (!resctrl_is_mounted())
		return 0;
	if (container_load_config(arena, &container->entry, &config, error) < 0)
		return -1;
	if (!config->linux_ || !config->linux_->intel_rdt)
		return 0;
	*present = true;
	*group = (struct resctrl_group){ .root = resctrl_open(error),
					 .wanted = config->linux_->intel_rdt,
					 .container_id = container->entry.id };
	return group->root < 0 ? -1 : 0;
}

int container_stats(struct json_writer *writer, const struct runtime *runtime, const char *id,
		    struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_container_ struct container container;
	struct resctrl_group resctrl = { .root = -1 };
	bool has_resctrl;
	int result;

	if (container_open(&arena, runtime, id, false, &container, error) < 0)
		return -1;
	if (container_status(&container) == STATUS_STOPPED)
		return error_set(error, 0, "container with id %s is not running", id);
	if (!container.cgroup)
		return error_set(error, 0, "container %s has no cgroup", id);
	if (find_resctrl(&arena, &container, &resctrl, &has_resctrl, error) < 0)
		return -1;
	json_begin_object(writer);
	json_member_string(writer, "type", "stats");
	json_member_string(writer, "id", id);
	json_key(writer, "data");
	result = cgroup_stats(writer, container.cgroup, has_resctrl ? &resctrl : NULL, error);
	fd_close(&resctrl.root);
	if (result < 0)
		return -1;
	json_end_object(writer);
	return 0;
}

int container_oom_kills(const struct runtime *runtime, const char *id, uint64_t *kills, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_container_ struct container container;

	*kills = 0;
	if (container_open(&arena, runtime, id, false, &container, error) < 0)
		return -1;
	if (container.cgroup)
		*kills = cgroup_oom_kills(container.cgroup);
	return 0;
}

/* explain ------------------------------------------------------------------------------------------------ */

static int explain_container(struct arena *arena, const struct container *container,
			     struct explanation *explanation, struct error *error)
{
	explanation->policies = container->state.policies ? container->state.policies : "off";
	explanation->changes = ARENA_NEW(arena, struct policy_changes);
	if (container_load_changes(arena, container, explanation->changes, error) < 0)
		return -1;
	return container_load_config(arena, &container->entry, &explanation->config, error);
}

static int explain_bundle(struct arena *arena, const struct runtime *runtime, const char *bundle,
			  struct explanation *explanation, struct error *error)
{
	_cleanup_plan_ struct plan plan = { .bundle_fd = -1, .id_range.fd = -1 };

	if (plan_make(arena, runtime, NULL, bundle, NULL, false, &plan, error) < 0)
		return -1;
	explanation->policies = policy_names(plan.policy);
	explanation->config = plan.config;
	explanation->changes = ARENA_NEW(arena, struct policy_changes);
	*explanation->changes = plan.changes;
	return 0;
}

int container_explain(struct arena *arena, const struct runtime *runtime, const char *bundle_or_id,
		      struct explanation *explanation, struct error *error)
{
	_cleanup_container_ struct container container = { .store.fd = -1, .entry.fd = -1 };
	int is_container = container_find(arena, runtime, bundle_or_id, &container, error);

	*explanation = (struct explanation){ 0 };
	if (is_container < 0)
		return -1;
	if (is_container)
		return explain_container(arena, &container, explanation, error);
	return explain_bundle(arena, runtime, bundle_or_id, explanation, error);
}
