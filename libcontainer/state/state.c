/* SPDX-License-Identifier: Apache-2.0 */
#include "state/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/number.h"
#include "base/process.h"

#define INIT_TEXT_MAX 40

const char *status_name(enum container_status status)
{
	static const char *const names[] = {
		[STATUS_CREATING] = "creating", [STATUS_CREATED] = "created", [STATUS_RUNNING] = "running",
		[STATUS_PAUSING] = "pausing",	[STATUS_PAUSED] = "paused",   [STATUS_STOPPED] = "stopped",
	};

	return names[status];
}

/* Writing ------------------------------------------------------------------------------------------------ */

static void write_map(struct json_writer *writer, const struct string_map *map)
{
	json_begin_object(writer);
	for (size_t i = 0; i < map->count; i++)
		json_member_string(writer, map->items[i].key, map->items[i].value);
	json_end_object(writer);
}

int state_save(const struct store_entry *entry, const struct saved_state *state, const struct cgroup *cgroup,
	       struct error *error)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text, .first = true };

	json_begin_object(&writer);
	json_member_string(&writer, "ociVersion", state->oci_version);
	json_member_string(&writer, "id", state->id);
	json_member_string(&writer, "created", state->created);
	json_member_string(&writer, "bundle", state->bundle);
	if (state->config)
		json_member_string(&writer, "config", state->config);
	json_member_string(&writer, "rootfs", state->rootfs);
	json_member_u64(&writer, "owner", state->owner);
	json_member_bool(&writer, "rootless", state->rootless);
	json_member_bool(&writer, "ownPidNamespace", state->own_pid_namespace);
	json_member_bool(&writer, "sessionKeyring", state->session_keyring);
	json_key(&writer, "annotations");
	write_map(&writer, &state->annotations);
	if (state->policies)
		json_member_string(&writer, "policies", state->policies);
	if (state->trail.count) {
		json_key(&writer, "trail");
		json_strings(&writer, state->trail.items, state->trail.count);
	}
	json_key(&writer, "cgroup");
	cgroup_save(&writer, cgroup);
	json_end_object(&writer);
	if (file_write_atomic_at(entry->fd, STORE_STATE, text.text, text.length, 0600) < 0)
		return error_set(error, errno, "write %s/" STORE_STATE, entry->path);
	return 0;
}

int state_save_init(const struct store_entry *entry, const struct saved_state *state, struct error *error)
{
	char process[INIT_TEXT_MAX];

	snprintf(process, sizeof(process), "%d.%" PRIu64, state->pid, state->pid_start);
	if (symlinkat(process, entry->fd, STORE_INIT) < 0)
		return error_set(error, errno, "make %s/" STORE_INIT, entry->path);
	return 0;
}

/* Reading ------------------------------------------------------------------------------------------------ */

static int member_error(const char *label, const char *name, struct error *error)
{
	return error_set(error, 0, "%s: %s: missing or of the wrong type", label, name);
}

static int read_string(const char *label, const struct json_value *root, const char *name, const char **value,
		       struct error *error)
{
	const struct json_value *member = json_get(root, name);

	if (!member || member->type != JSON_STRING)
		return member_error(label, name, error);
	*value = member->string;
	return 0;
}

static int read_number(const char *label, const struct json_value *root, const char *name, uint64_t max,
		       uint64_t *value, struct error *error)
{
	const struct json_value *member = json_get(root, name);

	if (!member || member->type != JSON_INTEGER || member->integer.negative ||
	    member->integer.magnitude > max)
		return member_error(label, name, error);
	*value = member->integer.magnitude;
	return 0;
}

static int read_bool(const char *label, const struct json_value *root, const char *name, bool *value,
		     struct error *error)
{
	const struct json_value *member = json_get(root, name);

	if (!member || member->type != JSON_BOOL)
		return member_error(label, name, error);
	*value = member->boolean;
	return 0;
}

static int read_map(struct arena *arena, const char *label, const struct json_value *root, const char *name,
		    struct string_map *map, struct error *error)
{
	const struct json_value *member = json_get(root, name);

	if (!member || member->type != JSON_OBJECT)
		return member_error(label, name, error);
	map->count = member->object.count;
	map->items = ARENA_NEW_ARRAY(arena, struct string_pair, map->count);
	for (size_t i = 0; i < map->count; i++) {
		if (member->object.items[i].value.type != JSON_STRING)
			return member_error(label, name, error);
		map->items[i].key = member->object.items[i].name;
		map->items[i].value = member->object.items[i].value.string;
	}
	return 0;
}

static int read_list(struct arena *arena, const char *label, const struct json_value *root, const char *name,
		     struct string_list *list, struct error *error)
{
	const struct json_value *member = json_get(root, name);

	if (!member)
		return 0;
	if (member->type != JSON_ARRAY)
		return member_error(label, name, error);
	list->items = ARENA_NEW_ARRAY(arena, const char *, member->array.count + 1);
	for (; list->count < member->array.count; list->count++) {
		const struct json_value *item = &member->array.items[list->count];

		if (item->type != JSON_STRING)
			return member_error(label, name, error);
		list->items[list->count] = item->string;
	}
	return 0;
}

static int read_state(struct arena *arena, const char *label, const struct json_value *root,
		      struct saved_state *state, struct error *error)
{
	const struct json_value *policies = json_get(root, "policies");
	uint64_t owner = 0;

	if (read_string(label, root, "ociVersion", &state->oci_version, error) < 0 ||
	    read_string(label, root, "id", &state->id, error) < 0 ||
	    read_string(label, root, "created", &state->created, error) < 0 ||
	    read_string(label, root, "bundle", &state->bundle, error) < 0 ||
	    (json_get(root, "config") && read_string(label, root, "config", &state->config, error) < 0) ||
	    read_string(label, root, "rootfs", &state->rootfs, error) < 0 ||
	    read_number(label, root, "owner", UINT32_MAX, &owner, error) < 0 ||
	    read_bool(label, root, "rootless", &state->rootless, error) < 0 ||
	    read_bool(label, root, "ownPidNamespace", &state->own_pid_namespace, error) < 0 ||
	    read_bool(label, root, "sessionKeyring", &state->session_keyring, error) < 0 ||
	    read_map(arena, label, root, "annotations", &state->annotations, error) < 0 ||
	    read_list(arena, label, root, "trail", &state->trail, error) < 0)
		return -1;
	state->owner = (uid_t)owner;
	state->policies = policies && policies->type == JSON_STRING ? policies->string : NULL;
	state->cgroup = json_get(root, "cgroup");
	return 0;
}

/* Without it the container has not got that far. */
static int load_init(const struct store_entry *entry, struct saved_state *state, struct error *error)
{
	char process[INIT_TEXT_MAX];
	uint64_t pid;
	char *dot;

	if (link_read_at(entry->fd, STORE_INIT, process, sizeof(process)) < 0) {
		if (errno == ENOENT)
			return 0;
		/* no link, or a long one: neither comes from here */
		if (errno != EINVAL && errno != ENAMETOOLONG)
			return error_set(error, errno, "read %s/" STORE_INIT, entry->path);
		process[0] = '\0';
	}
	dot = strchr(process, '.');
	if (dot)
		*dot = '\0';
	if (!dot || parse_u64(process, 1, INT32_MAX, &pid) < 0 ||
	    parse_u64(dot + 1, 0, UINT64_MAX, &state->pid_start) < 0)
		return error_set(error, 0, "%s/" STORE_INIT ": expected a process and when it started",
				 entry->path);
	state->pid = (pid_t)pid;
	return 0;
}

int state_load(struct arena *arena, const struct store_entry *entry, struct saved_state *state,
	       struct error *error)
{
	const char *label = arena_printf(arena, "%s/" STORE_STATE, entry->path);
	struct json_value *root;
	size_t length;
	char *text;

	*state = (struct saved_state){ 0 };
	if (file_read_replaced_at(arena, entry->fd, STORE_STATE, &text, &length) < 0)
		return errno == ENOENT ? error_set(error, ENOENT, "container does not exist: %s", label)
				       : error_set(error, errno, "read %s", label);
	if (json_parse(arena, label, text, length, &root, error) < 0 ||
	    read_state(arena, label, root, state, error) < 0)
		return -1;
	if (strcmp(state->id, entry->id) != 0)
		return error_set(error, 0, "%s: id: found \"%s\", expected \"%s\"", label, state->id,
				 entry->id);
	return load_init(entry, state, error);
}

/* The process -------------------------------------------------------------------------------------------- */

/* Only the container's first process listens there, once `create` has ended, and it goes on as soon as it is told to. */
static bool waits_for_start(const struct store_entry *entry)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/" STORE_START_SOCKET, fd_path(entry->fd).text);
	return fd >= 0 && (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN);
}

/*
 * Whether it is there: 1, 0, or -1 with errno where that cannot be said. /proc may be mounted so that it shows a user
 * no processes but his own (hidepid, proc(5)), and undumpable as it is until it executes its program it counts as
 * somebody else's. Who is hidden and refuses this user's signals (EPERM) is somebody else: the container's first process
 * is in a user namespace of this user's. kill(2)
 */
static int look_for_process(const struct store_entry *entry, const struct saved_state *state)
{
	uint64_t start;
	char letter;

	if (process_stat(state->pid, &start, &letter) == 0)
		return start == state->pid_start && letter != 'Z' && letter != 'X';
	if (errno != ESRCH && errno != EPERM)
		return -1;
	if (kill(state->pid, 0) < 0)
		return errno == ESRCH || errno == EPERM ? 0 : -1;
	if (waits_for_start(entry))
		return 1;
	errno = EACCES;
	return -1;
}

int state_open_process(const struct store_entry *entry, const struct saved_state *state)
{
	_cleanup_fd_ int pidfd = -1;
	int found;

	errno = ESRCH;
	if (state->pid <= 0)
		return -1;
	pidfd = pidfd_open(state->pid, 0);
	if (pidfd < 0)
		return -1;
	found = look_for_process(entry, state);
	if (found > 0)
		return TAKE_FD(pidfd);
	if (found == 0)
		errno = ESRCH;
	return -1;
}

enum container_status state_status(const struct store_entry *entry, const struct saved_state *state,
				   const struct cgroup *cgroup)
{
	struct error ignored;
	bool settled = true;

	if (state->pid <= 0)
		return store_is_locked(entry) ? STATUS_CREATING : STATUS_STOPPED;
	/* Where the kernel could not be asked it counts as running: nothing is removed from under it. */
	if (look_for_process(entry, state) == 0)
		return STATUS_STOPPED;
	if (cgroup) {
		int frozen = cgroup_is_frozen(cgroup, &settled, &ignored);

		if (frozen > 0)
			return STATUS_PAUSED;
		if (frozen == 0 && !settled)
			return STATUS_PAUSING;
	}
	return faccessat(entry->fd, STORE_START_SOCKET, F_OK, 0) == 0 ? STATUS_CREATED : STATUS_RUNNING;
}

/* Without the name service switch: a static program has none. */
const char *state_user_name(struct arena *arena, uid_t uid)
{
	_cleanup_file_ FILE *passwd = fopen("/etc/passwd", "re");
	const struct passwd *entry;

	while (passwd && (entry = fgetpwent(passwd)))
		if (entry->pw_uid == uid)
			return arena_strdup(arena, entry->pw_name);
	return arena_printf(arena, "#%u", uid);
}

void state_describe(const struct saved_state *state, enum container_status status,
		    struct container_state *description)
{
	*description = (struct container_state){
		.oci_version = state->oci_version,
		.id = state->id,
		.pid = status == STATUS_STOPPED ? 0 : state->pid,
		.status = status_name(status),
		.bundle = state->bundle,
		.rootfs = state->rootfs,
		.created = state->created,
		.annotations = state->annotations,
		.owner_uid = state->owner,
	};
}

void container_state_print(struct json_writer *writer, const struct container_state *state)
{
	json_begin_object(writer);
	json_member_string(writer, "ociVersion", state->oci_version);
	json_member_string(writer, "id", state->id);
	json_member_i64(writer, "pid", state->pid);
	json_member_string(writer, "status", state->status);
	json_member_string(writer, "bundle", state->bundle);
	json_member_string(writer, "rootfs", state->rootfs);
	json_member_string(writer, "created", state->created);
	if (state->annotations.count > 0) {
		json_key(writer, "annotations");
		write_map(writer, &state->annotations);
	}
	json_member_string(writer, "owner", state->owner);
	json_end_object(writer);
}

const char *state_for_hooks(struct arena *arena, const struct saved_state *state, pid_t pid, const char *status)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text, .first = true };

	json_begin_object(&writer);
	json_member_string(&writer, "ociVersion", state->oci_version);
	json_member_string(&writer, "id", state->id);
	json_member_string(&writer, "status", status);
	if (pid > 0) {
		json_member_i64(&writer, "pid", pid);
	}
	json_member_string(&writer, "bundle", state->bundle);
	if (state->annotations.count > 0) {
		json_key(&writer, "annotations");
		write_map(&writer, &state->annotations);
	}
	json_end_object(&writer);
	return arena_strdup(arena, text.text);
}
