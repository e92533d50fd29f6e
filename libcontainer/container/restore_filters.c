/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRIU puts back the filters that its images have, and nothing tells which they are once it has: so they are looked at
 * there. Whoever can write the images between this and CRIU's reading decides about the container anyway.
 */
#include "container/restore_filters.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "criu/protobuf.h"
#include "seccomp/proof.h"

#define IMAGE_MAGIC 0x54564319U /* IMG_COMMON_MAGIC; the image's own follows */
#define FILTERS_MAX 1024
#define NO_FILTER UINT32_MAX

/* images/seccomp.proto, images/pstree.proto, images/core.proto */
enum { SECCOMP_FILTERS = 1, FILTER_PROGRAM = 1, FILTER_PREVIOUS = 2 };
enum { PROCESS_PID = 1, PROCESS_THREADS = 5 };
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

/* The messages of the image @name, of which next_message() gets one after the other. 1, 0: no such file, or -1. */
static int read_image(struct check *check, const char *name, struct protobuf_reader *image)
{
	uint32_t magic[2]; /* the second is the image's own */
	size_t length;
	char *bytes;

	if (file_read_at(check->arena, check->images, name, FILE_SIZE_MAX, &bytes, &length) < 0)
		return errno == ENOENT ? 0 : error_set(check->error, errno, "read the image %s", name);
	if (length < sizeof(magic))
		return damaged(check, name);
	memcpy(magic, bytes, sizeof(magic));
	if (magic[0] != IMAGE_MAGIC)
		return damaged(check, name);
	*image = (struct protobuf_reader){ bytes + sizeof(magic), bytes + length };
	return 1;
}

/* 1, 0 at the end, or -1. */
static int next_message(struct check *check, const char *name, struct protobuf_reader *image,
			struct protobuf_reader *message)
{
	uint32_t length;

	if (image->at == image->end)
		return 0;
	if ((size_t)(image->end - image->at) < sizeof(length))
		return damaged(check, name);
	memcpy(&length, image->at, sizeof(length));
	image->at += sizeof(length);
	if (length > (size_t)(image->end - image->at))
		return damaged(check, name);
	*message = (struct protobuf_reader){ image->at, image->at + length };
	image->at += length;
	return 1;
}

/* The first message of an image, in which there is no other. 1, 0: there is no such file, or -1. */
static int read_message(struct check *check, const char *name, struct protobuf_reader *message)
{
	struct protobuf_reader image;
	int found = read_image(check, name, &image);

	if (found <= 0)
		return found;
	found = next_message(check, name, &image, message);
	return found == 0 ? damaged(check, name) : found;
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
	int found = read_message(check, name, &reader);

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
	int found = read_message(check, name, &reader);

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

static int check_thread(struct check *check, uint64_t thread)
{
	const char *name = arena_printf(check->arena, "core-%ju.img", (uintmax_t)thread);
	struct sock_fprog programs[FILTERS_MAX];
	struct seccomp_proof proof;
	uint32_t newest;
	size_t count = 0, judged;
	bool lives;

	if (read_thread(check, name, &newest, &lives) < 0)
		return -1;
	if (!lives || (newest != NO_FILTER && check->is_proven[newest]))
		return 0;
	for (uint32_t next = newest; next != NO_FILTER; next = check->filters[next].previous)
		programs[count++] = check->filters[next].program;
	if (seccomp_prove_oldest(check->arena, check->profiles, check->profile_count, programs, count, &judged,
				 &proof, check->error) < 0)
		return -1;
	if (proof.verdict != SECCOMP_AGREES && proof.verdict != SECCOMP_TIGHTER)
		return error_set(check->error, 0,
				 "linux.seccomp: %s: the filters of a process are not those planned: %s", name,
				 proof.difference.text);
	if (newest != NO_FILTER)
		check->is_proven[newest] = true;
	return 0;
}

/* Each process, and each of its threads. */
static int check_process(struct check *check, const char *name, struct protobuf_reader *process)
{
	struct protobuf_field field;
	int found;

	while ((found = protobuf_next(process, &field)) > 0) {
		if (field.number != PROCESS_PID && field.number != PROCESS_THREADS)
			continue;
		if (field.is_bytes)
			return damaged(check, name);
		if (check_thread(check, field.value) < 0)
			return -1;
	}
	return found < 0 ? damaged(check, name) : 0;
}

int restore_check_filters(struct arena *arena, int images, const struct oci_seccomp *const *profiles,
			  size_t profile_count, struct error *error)
{
	static const char name[] = "pstree.img";
	struct check *check = ARENA_NEW(arena, struct check);
	struct protobuf_reader image, process;
	int found;

	*check = (struct check){ arena, images, profiles, profile_count, .error = error };
	if (profile_count == 0)
		return 0;
	if (read_filters(check) < 0)
		return -1;
	found = read_image(check, name, &image);
	if (found <= 0)
		return found < 0 ? -1 : error_set(error, ENOENT, "read the image %s", name);
	while ((found = next_message(check, name, &image, &process)) > 0)
		if (check_process(check, name, &process) < 0)
			return -1;
	return found;
}
