/* SPDX-License-Identifier: Apache-2.0 */
/* What the site says: its file, and who may write what is read there. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "policy/key.h"

#define POLICY_FILE_MAX ((size_t)1024 * 1024)

/*
 * Root's or the caller's, and no one else's to write. In a user namespace root's files seem to be nobody's, as
 * does "/" then.
 */
static int check_owner(int fd, const char *path, struct error *error)
{
	struct stat status, root;

	if (fstat(fd, &status) < 0)
		return error_set(error, errno, "look at %s", path);
	if (status.st_uid != 0 && status.st_uid != geteuid() &&
	    (stat("/", &root) < 0 || status.st_uid != root.st_uid))
		return error_set(error, 0, "%s belongs to uid %u; it must belong to root or to the caller",
				 path, status.st_uid);
	if (status.st_mode & 022)
		return error_set(error, 0,
				 "%s can be written by others (mode %04o); take that away with chmod go-w",
				 path, status.st_mode & 07777);
	return 0;
}

int policy_document_read(struct arena *arena, const char *path, struct json_value **document,
			 struct error *error)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char *bytes;
	size_t length;

	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0)
		return error_set(error, errno, "open %s", path);
	if (check_owner(fd, path, error))
		return -1;
	if (fd_read_all(arena, fd, POLICY_FILE_MAX, &bytes, &length) < 0)
		return error_set(error, errno, "read %s", path);
	return json_parse(arena, path, bytes, length, document, error);
}

int policy_directory_check(const char *path, struct error *error)
{
	_cleanup_fd_ int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0)
		return error_set(error, errno, "open %s", path);
	return check_owner(fd, path, error);
}

static bool is_policy_name(const char *text)
{
	return policy_name_is_valid(text);
}

static bool is_trail(const char *text)
{
	return !strcmp(text, "journald") || !strcmp(text, "syslog") || text[0] == '/';
}

/* One text or several. */
static int read_texts(struct policy_reading *reading, const char *path, const struct json_value *value,
		      bool (*accept)(const char *text), const char *expected, struct string_list *list)
{
	size_t count = value->type == JSON_ARRAY ? value->array.count : 1;

	for (size_t i = 0; i < count; i++) {
		const struct json_value *item = value->type == JSON_ARRAY ? &value->array.items[i] : value;

		if (item->type != JSON_STRING || !accept(item->string))
			return reading_error(reading, path, item, expected);
		string_list_add(reading->arena, list, item->string);
	}
	return 0;
}

/* The ids of the host that containers get ranges of. */
static int read_ids(struct policy_reading *reading, const struct json_value *value, struct policy_site *site)
{
	static const char *const members[] = { "first", "count", NULL };
	static const char expected[] = "ids: a number from 1 to 4294967294";
	const struct json_value *given[2];
	uint64_t numbers[2] = { 0 };

	if (reading_object(reading, "userns", value, members))
		return -1;
	for (size_t i = 0; i < 2; i++) {
		given[i] = json_get(value, members[i]);
		if (!given[i])
			return error_set(reading->error, 0, "%s: userns.%s: missing", reading->label,
					 members[i]);
		if (reading_count(reading, "userns", given[i], &numbers[i]) || numbers[i] >= UINT32_MAX)
			return reading_error(reading, "userns", given[i], expected);
	}
	if (numbers[0] + numbers[1] > UINT32_MAX)
		return reading_error(reading, "userns.count", given[1], "no more ids than there are");
	site->first_id = (uint32_t)numbers[0];
	site->id_count = (uint32_t)numbers[1];
	return 0;
}

static int read_site(struct policy_reading *reading, const struct json_value *document,
		     struct policy_site *site)
{
	static const char *const members[] = { "defaultPolicy", "selectable", "trail", "userns", NULL };
	const struct json_value *value;

	if (reading_object(reading, "site", document, members))
		return -1;
	value = json_get(document, "defaultPolicy");
	if (value && reading_string(reading, "defaultPolicy", value, &site->default_policy))
		return -1;
	value = json_get(document, "selectable");
	if (value && value->type != JSON_ARRAY)
		return reading_error(reading, "selectable", value, "an array of names of policies");
	if (value &&
	    read_texts(reading, "selectable", value, is_policy_name, "a policy's name", &site->selectable))
		return -1;
	value = json_get(document, "userns");
	if (value && read_ids(reading, value, site))
		return -1;
	value = json_get(document, "trail");
	return value ? read_texts(reading, "trail", value, is_trail,
				  "\"journald\", \"syslog\" or the absolute path of a file", &site->trail)
		     : 0;
}

int policy_site_load_from(struct arena *arena, const char *directory, struct policy_site *site,
			  struct error *error)
{
	struct policy_reading reading = { .arena = arena, .error = error };
	struct json_value *document = NULL;
	int result = policy_directory_check(directory, error);

	*site = (struct policy_site){ 0 };
	if (result)
		return result > 0 ? 0 : -1;
	site->directory = arena_strdup(arena, directory);
	reading.label = arena_printf(arena, "%s/casemate.json", directory);
	result = policy_document_read(arena, reading.label, &document, error);
	if (result)
		return result > 0 ? 0 : -1;
	return read_site(&reading, document, site);
}

int policy_site_load(struct arena *arena, struct policy_site *site, struct error *error)
{
	return policy_site_load_from(arena, POLICY_SITE_DIRECTORY, site, error);
}
