/* SPDX-License-Identifier: Apache-2.0 */
#include "documents.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "base/file.h"

const char *documents_directory(void)
{
	const char *directory = getenv("CASEMATE_TEST_DATA");

	return directory ? directory : "tests/data";
}

char *document_read(struct arena *arena, const char *path, size_t *length)
{
	char *full = arena_printf(arena, "%s/%s", documents_directory(), path);
	char *bytes;

	if (file_read_at(arena, AT_FDCWD, full, FILE_SIZE_MAX, &bytes, length) < 0)
		fail_msg("cannot read %s", full);
	return bytes;
}

const struct json_value *document_parse(struct arena *arena, const char *path)
{
	struct json_value *root;
	struct error error;
	size_t length;
	char *bytes = document_read(arena, path, &length);

	if (json_parse(arena, path, bytes, length, &root, &error) < 0)
		fail_msg("%s", error.text);
	return root;
}

static int compare_paths(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right);
}

size_t document_list(struct arena *arena, const char *path, const char ***paths)
{
	_cleanup_dir_ DIR *directory = opendir(arena_printf(arena, "%s/%s", documents_directory(), path));
	const size_t most = 100;
	struct dirent *entry;
	size_t count = 0;

	*paths = ARENA_NEW_ARRAY(arena, const char *, most);
	while (directory && (entry = readdir(directory))) {
		const char *suffix = strrchr(entry->d_name, '.');

		if (!suffix || strcmp(suffix, ".json") != 0)
			continue;
		assert_true(count < most);
		(*paths)[count++] = arena_printf(arena, "%s/%s", path, entry->d_name);
	}
	if (count == 0)
		fail_msg("no documents in %s/%s", documents_directory(), path);
	qsort(*paths, count, sizeof(**paths), compare_paths);
	return count;
}
