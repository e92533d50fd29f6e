/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRIU puts back the filters that its images have, and nothing tells which they are once it has: so they are looked at
 * there. Whoever can write the images between this and CRIU's reading decides about the container anyway.
 */
#include "container/restore_filters.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "criu/protobuf.h"
#include "seccomp/proof.h"

#define IMAGE_MAGIC 0x54564319U /* IMG_COMMON_MAGIC; the image's own follows */
#define FILTERS_MAX 1024
#define NO_FILTER UINT32_MAX

/* images/seccomp.proto, images/core.proto */
enum { SECCOMP_FILTERS = 1, FILTER_PROGRAM = 1, FILTER_PREVIOUS = 2 };
enum { CORE_THREAD = 5, THREAD_FILTER = 12 };

/* A filter, and the one that was loaded before it. */
struct saved_filter {
	struct sock_fprog program;
	uint32_t previous;
};

struct check {
	struct arena *arena;
	int images;
	const struct oci_seccomp *const *profiles;
	size_t profile_count;
	struct saved_filter filters[FILTERS_MAX];
	size_t filter_count;
	bool is_proven[FILTERS_MAX]; /* the chain that ends with it */
	struct error *error;
};

static int damaged(const struct check *check, const char *name)
{
	return error_set(check->error, 0, "%s: not as criu writes it", name);
}

/* The one message of the image @name. 1, 0 where there is no such file, or -1. */
static int read_image(struct check *check, const char *name, struct protobuf_reader *message)
{
	uint32_t header[3]; /* two magic numbers, the length */
	size_t length;
	char *bytes;

	if (file_read_at(check->arena, check->images, name, FILE_SIZE_MAX, &bytes, &length) < 0)
		return errno == ENOENT ? 0 : error_set(check->error, errno, "read the image %s", name);
	if (length < sizeof(header))
		return damaged(check, name);
	memcpy(header, bytes, sizeof(header));
	if (header[0] != IMAGE_MAGIC || header[2] > length - sizeof(header))
		return damaged(check, name);
	*message = (struct protobuf_reader){ bytes + sizeof(header), bytes + sizeof(header) + header[2] };
	return 1;
}

static int read_filter(struct check *check, const struct protobuf_field *entry)
{
	struct protobuf_reader reader = { entry->bytes, entry->bytes + entry->length };
	struct saved_filter *filter = &check->filters[check->filter_count];
	struct protobuf_field field;
	int found;

	if (check->filter_count == FILTERS_MAX)
		return -1;
	*filter = (struct saved_filter){ .previous = NO_FILTER };
	while ((found = protobuf_next(&reader, &field)) > 0) {
		const size_t size = sizeof(*filter->program.filter);

		if (field.number == FILTER_PREVIOUS && !field.is_bytes)
			/* An older one comes first: so no chain goes round in circles. */
			filter->previous =
				field.value < check->filter_count ? (uint32_t)field.value : NO_FILTER - 1;
		if (field.number != FILTER_PROGRAM || !field.is_bytes)
			continue;
		if (field.length == 0 || field.length % size || field.length / size > BPF_MAXINSNS)
			return -1;
		filter->program.len = (unsigned short)(field.length / size);
		filter->program.filter = ARENA_NEW_ARRAY(check->arena, struct sock_filter, filter->program.len);
		memcpy(filter->program.filter, field.bytes, field.length);
	}
	if (found < 0 || filter->program.len == 0 || filter->previous == NO_FILTER - 1)
		return -1;
	check->filter_count++;
	return 0;
}

static int read_filters(struct check *check)
{
	static const char name[] = "seccomp.img";
	struct protobuf_reader reader;
	struct protobuf_field field;
	int found = read_image(check, name, &reader);

	if (found <= 0)
		return found;
	while ((found = protobuf_next(&reader, &field)) > 0)
		if (field.number == SECCOMP_FILTERS && (!field.is_bytes || read_filter(check, &field) < 0))
			return damaged(check, name);
	return found < 0 ? damaged(check, name) : 0;
}

/* The thread's newest filter, NO_FILTER where it has none. *lives: it is one that CRIU starts again. */
static int read_thread(struct check *check, const char *name, uint32_t *filter, bool *lives)
{
	struct protobuf_reader reader;
	struct protobuf_field field;
	int found = read_image(check, name, &reader);

	*lives = false;
	*filter = NO_FILTER;
	if (found <= 0)
		return found < 0 ? -1 : damaged(check, name);
	while ((found = protobuf_next(&reader, &field)) > 0) {
		struct protobuf_reader thread = { field.bytes, field.bytes + field.length };

		if (field.number != CORE_THREAD || !field.is_bytes)
			continue;
		*lives = true;
		while ((found = protobuf_next(&thread, &field)) > 0)
			if (field.number == THREAD_FILTER && !field.is_bytes)
				*filter = field.value < check->filter_count ? (uint32_t)field.value
									    : NO_FILTER - 1;
		if (found < 0 || *filter == NO_FILTER - 1)
			return damaged(check, name);
	}
	return found < 0 ? damaged(check, name) : 0;
}

/* As few of the oldest of @programs as are enough: what a process has loaded itself need not be looked at. */
static int prove(struct check *check, const char *name, const struct sock_fprog *programs, size_t count)
{
	struct seccomp_proof proof = { 0 };

	for (size_t oldest = count > 0; oldest <= count && oldest <= check->profile_count; oldest++) {
		if (seccomp_prove(check->arena, check->profiles, check->profile_count,
				  count > 0 ? programs + count - oldest : NULL, oldest, &proof,
				  check->error) < 0)
			return -1;
		if (proof.verdict == SECCOMP_AGREES || proof.verdict == SECCOMP_TIGHTER)
			return 0;
	}
	return error_set(check->error, 0,
			 "linux.seccomp: %s: the filters of a process are not those planned: %s", name,
			 proof.difference.text);
}

static int check_thread(struct check *check, const char *name)
{
	struct sock_fprog programs[FILTERS_MAX];
	uint32_t newest;
	size_t count = 0;
	bool lives;

	if (read_thread(check, name, &newest, &lives) < 0)
		return -1;
	if (!lives || (newest != NO_FILTER && check->is_proven[newest]))
		return 0;
	for (uint32_t next = newest; next != NO_FILTER; next = check->filters[next].previous)
		programs[count++] = check->filters[next].program;
	if (prove(check, name, programs, count) < 0)
		return -1;
	if (newest != NO_FILTER)
		check->is_proven[newest] = true;
	return 0;
}

static bool is_thread(const char *name)
{
	size_t length = strlen(name);

	return !strncmp(name, "core-", 5) && length > 9 && !strcmp(name + length - 4, ".img");
}

int restore_check_filters(struct arena *arena, int images, const struct oci_seccomp *const *profiles,
			  size_t profile_count, struct error *error)
{
	struct check *check = ARENA_NEW(arena, struct check);
	_cleanup_dir_ DIR *directory = NULL;
	struct dirent *entry;
	int fd;

	*check = (struct check){ arena, images, profiles, profile_count, .error = error };
	if (profile_count == 0)
		return 0;
	if (read_filters(check) < 0)
		return -1;
	fd = openat(images, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	directory = fd < 0 ? NULL : fdopendir(fd);
	if (!directory) {
		error_set(error, errno, "read the directory of the images");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	errno = 0;
	while ((entry = readdir(directory)))
		if (is_thread(entry->d_name) && check_thread(check, entry->d_name) < 0)
			return -1;
	return 0;
}
