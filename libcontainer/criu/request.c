/* SPDX-License-Identifier: Apache-2.0 */
/* CRIU's messages: the numbers of fields are those of rpc.proto. */
#include "criu/criu.h"

#include <stddef.h>
#include <string.h>

#include "criu/protobuf.h"

#define LOG_LEVEL_ALL 4

void criu_pair_add(struct arena *arena, struct criu_pair_list *list, const char *key, const char *value)
{
	list->items = arena_grow(arena, list->items, list->count, &list->capacity, sizeof(*list->items));
	list->items[list->count++] = (struct criu_pair){ .key = key, .value = value };
}

const char *criu_type_name(enum criu_type type)
{
	static const char *const names[] = {
		"EMPTY",       "DUMP",	   "RESTORE",	       "CHECK",		  "PRE_DUMP",
		"PAGE_SERVER", "NOTIFY",   "CPUINFO_DUMP",     "CPUINFO_CHECK",	  "FEATURE_CHECK",
		"VERSION",     "WAIT_PID", "PAGE_SERVER_CHLD", "SINGLE_PRE_DUMP",
	};

	return (size_t)type < ARRAY_SIZE(names) ? names[type] : "UNKNOWN";
}

/* Writing ------------------------------------------------------------------------------------------------ */

static const struct {
	unsigned int number;
	size_t offset;
} bool_fields[] = {
	{ 3, offsetof(struct criu_options, leave_running) },
	{ 4, offsetof(struct criu_options, ext_unix_sk) },
	{ 5, offsetof(struct criu_options, tcp_established) },
	{ 6, offsetof(struct criu_options, evasive_devices) },
	{ 7, offsetof(struct criu_options, shell_job) },
	{ 8, offsetof(struct criu_options, file_locks) },
	{ 15, offsetof(struct criu_options, track_mem) },
	{ 16, offsetof(struct criu_options, auto_dedup) },
	{ 18, offsetof(struct criu_options, link_remap) },
	{ 26, offsetof(struct criu_options, rst_sibling) },
	{ 46, offsetof(struct criu_options, tcp_skip_in_flight) },
	{ 48, offsetof(struct criu_options, lazy_pages) },
}, string_fields[] = {
	{ 10, offsetof(struct criu_options, log_file) },
	{ 13, offsetof(struct criu_options, root) },
	{ 14, offsetof(struct criu_options, parent_img) },
	{ 44, offsetof(struct criu_options, freeze_cgroup) },
	{ 51, offsetof(struct criu_options, config_file) },
	{ 53, offsetof(struct criu_options, lsm_profile) },
	{ 63, offsetof(struct criu_options, lsm_mount_context) },
};

/* Messages of two strings: ext_mount_map, cgroup_root, join_namespace. */
static void put_pairs(struct strbuf *out, unsigned int number, const struct criu_pair_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		_cleanup_strbuf_ struct strbuf pair = { 0 };

		protobuf_put_string(&pair, 1, list->items[i].key);
		protobuf_put_string(&pair, 2, list->items[i].value);
		protobuf_put_message(out, number, &pair);
	}
}

static void put_inherited(struct strbuf *out, unsigned int number, const struct criu_inherited *inherited)
{
	_cleanup_strbuf_ struct strbuf message = { 0 };

	protobuf_put_string(&message, 1, inherited->key);
	protobuf_put_number(&message, 2, (uint64_t)inherited->fd);
	protobuf_put_message(out, number, &message);
}

static void put_page_server(struct strbuf *out, unsigned int number, const struct criu_options *options)
{
	_cleanup_strbuf_ struct strbuf message = { 0 };

	if (!options->page_server_address)
		return;
	protobuf_put_string(&message, 1, options->page_server_address);
	protobuf_put_number(&message, 2, options->page_server_port);
	protobuf_put_message(out, number, &message);
}

static void put_descriptor(struct strbuf *out, unsigned int number, int fd)
{
	if (fd >= 0)
		protobuf_put_number(out, number, (uint64_t)fd);
}

static void put_options(struct strbuf *out, const struct criu_options *options)
{
	const char *base = (const char *)options;

	put_descriptor(out, 1, options->images_dir_fd);
	put_descriptor(out, 17, options->work_dir_fd);
	put_descriptor(out, 49, options->status_fd);
	if (options->pid > 0)
		protobuf_put_number(out, 2, (uint64_t)options->pid);
	for (size_t i = 0; i < ARRAY_SIZE(bool_fields); i++)
		if (*(const bool *)(base + bool_fields[i].offset))
			protobuf_put_number(out, bool_fields[i].number, true);
	for (size_t i = 0; i < ARRAY_SIZE(string_fields); i++)
		protobuf_put_string(out, string_fields[i].number,
				    *(const char *const *)(base + string_fields[i].offset));
	protobuf_put_number(out, 9, LOG_LEVEL_ALL);
	put_page_server(out, 11, options);
	protobuf_put_number(out, 12, true); /* notify_scripts */
	put_pairs(out, 23, &options->external_mounts);
	protobuf_put_number(out, 24, true); /* manage_cgroups, which the mode has made obsolete */
	put_pairs(out, 25, &options->cgroup_roots);
	for (size_t i = 0; i < options->inherited_count; i++)
		put_inherited(out, 27, &options->inherited[i]);
	protobuf_put_number(out, 34, options->manage_cgroups_mode);
	for (size_t i = 0; i < options->external_count; i++)
		protobuf_put_string(out, 37, options->external[i]);
	if (options->empty_ns)
		protobuf_put_number(out, 38, options->empty_ns);
	put_pairs(out, 39, &options->joined_namespaces);
	protobuf_put_number(out, 50, true); /* orphan_pts_master */
}

void criu_request(struct strbuf *out, enum criu_type type, const struct criu_options *options,
		  const struct criu_features *features)
{
	_cleanup_strbuf_ struct strbuf message = { 0 };

	protobuf_put_number(out, 1, type);
	if (options) {
		put_options(&message, options);
		protobuf_put_message(out, 2, &message);
	}
	if (features) {
		protobuf_put_number(&message, 1, features->mem_track);
		protobuf_put_number(&message, 2, features->lazy_pages);
		protobuf_put_message(out, 5, &message);
	}
}

void criu_acknowledge(struct strbuf *out, bool success)
{
	protobuf_put_number(out, 1, CRIU_NOTIFY);
	protobuf_put_number(out, 3, success);
}

/* Reading ------------------------------------------------------------------------------------------------ */

static void read_script(struct criu_response *response, const struct protobuf_field *field)
{
	size_t length = field->length < sizeof(response->script) ? field->length : sizeof(response->script) - 1;

	memcpy(response->script, field->bytes, length);
	response->script[length] = '\0';
}

/* A message in the answer: @number is its field, the fields of all of them are told apart by both numbers. */
static int read_part(struct criu_response *response, const struct protobuf_field *part)
{
	struct protobuf_reader reader = { .at = part->bytes, .end = part->bytes + part->length };
	struct protobuf_field field;
	int found;

	while ((found = protobuf_next(&reader, &field)) > 0) {
		if (field.number > UINT8_MAX)
			continue;
		switch (part->number << 8 | field.number) {
		case 4 << 8 | 1: response->pid = (pid_t)field.value; break; /* criu_restore_resp.pid */
		case 5 << 8 | 1: /* criu_notify.script */
			if (!field.is_bytes)
				return -1;
			read_script(response, &field);
			break;
		case 5 << 8 | 2: response->pid = (pid_t)field.value; break; /* criu_notify.pid */
		case 8 << 8 | 1: response->features.mem_track = field.value; break;
		case 8 << 8 | 2: response->features.lazy_pages = field.value; break;
		case 10 << 8 | 1: response->version += (int)field.value * 10000; break; /* criu_version */
		case 10 << 8 | 2: response->version += (int)field.value * 100; break;
		/* Built from between two releases: what the next one can, it can. */
		case 10 << 8 | 3: response->version += 100; break;
		case 10 << 8 | 4: response->version += (int)field.value; break;
		default: break;
		}
	}
	return found;
}

int criu_response(const char *bytes, size_t length, struct criu_response *response)
{
	struct protobuf_reader reader = { .at = bytes, .end = bytes + length };
	struct protobuf_field field;
	int found;

	*response = (struct criu_response){ 0 };
	while ((found = protobuf_next(&reader, &field)) > 0) {
		if (field.is_bytes && field.number != 9 && field.number <= UINT8_MAX &&
		    read_part(response, &field) < 0)
			return -1;
		switch (field.number) {
		case 1: response->type = (enum criu_type)field.value; break;
		case 2: response->success = field.value; break;
		case 7: response->error_number = (int)field.value; break;
		default: break;
		}
	}
	return found;
}
