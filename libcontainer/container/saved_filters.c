/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRIU reads its images with protobuf-c: of a field that is there twice the last one counts, of a number for which there is
 * no room the lowest bits, and one message that is there twice becomes one. Here all of that is an error.
 * Source: images/seccomp.proto, images/pstree.proto and images/core.proto, criu/seccomp.c of CRIU 4.2.1.
 */
#include "container/saved_filters.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "criu/image.h"

#define THREADS_MAX 65536U
#define FILTERS_MAX 65536U /* CRIU saves those of each process again */
#define FILTERS_SIZE_MAX ((size_t)64 * 1024 * 1024)
#define FLAGS_KNOWN (SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG) /* all that CRIU writes */

enum { SECCOMP_FILTERS = 1, FILTER_PROGRAM = 1, FILTER_NEWER = 2, FILTER_FLAGS = 3 };
enum { PROCESS_PID = 1, PROCESS_THREADS = 5 };
enum { CORE_TASK = 3, CORE_THREAD = 5 };
enum { TASK_DEAD = 2 }; /* criu/include/pid.h */
enum { TASK_STATE = 1, TASK_OLD_MODE = 11, TASK_OLD_FILTER = 12, THREAD_MODE = 11, THREAD_FILTER = 12 };

/* A number that may be there once. */
struct number {
	uint32_t value;
	bool is_set;
};

static int take_number(const struct protobuf_field *field, uint32_t most, struct number *number)
{
	if (!field->is_number || field->value > most || number->is_set)
		return -1;
	*number = (struct number){ (uint32_t)field->value, true };
	return 0;
}

static struct protobuf_reader inside(const struct protobuf_field *field)
{
	return (struct protobuf_reader){ field->bytes, field->bytes + field->length };
}

/* filters ------------------------------------------------------------------------------------------------ */

static int take_program(struct arena *arena, const struct protobuf_field *field, struct sock_fprog *program)
{
	const size_t size = sizeof(*program->filter);

	if (!field->is_bytes || program->len || field->length == 0 || field->length % size ||
	    field->length / size > BPF_MAXINSNS)
		return -1;
	program->len = (unsigned short)(field->length / size);
	program->filter = ARENA_NEW_ARRAY(arena, struct sock_filter, program->len);
	memcpy(program->filter, field->bytes, field->length);
	return 0;
}

/*
 * Where threads have different filters, one that is shared is not loaded, which CRIU takes for a success: it goes on with
 * the next. So CRIU's own rule is kept to: all of a thread's are shared, or none.
 */
static bool has_place(const struct saved_filters *filters, const struct saved_filter *filter)
{
	/* A newer one comes first: so no chain goes round in circles. */
	return filter->newer == SAVED_NO_FILTER ||
	       (filter->newer < filters->count && filters->items[filter->newer].is_shared == filter->is_shared);
}

static int read_filter(struct arena *arena, struct saved_filters *filters, const struct protobuf_field *entry)
{
	struct number newer = { 0 }, flags = { 0 };
	struct saved_filter filter = { 0 };
	struct protobuf_field field;
	int found, result = 0;

	if (!entry->is_bytes || filters->count == FILTERS_MAX)
		return -1;
	for (struct protobuf_reader reader = inside(entry);
	     result == 0 && (found = protobuf_next(&reader, &field)) != 0;) {
		if (found < 0)
			return -1;
		switch (field.number) {
		case FILTER_PROGRAM: result = take_program(arena, &field, &filter.program); break;
		case FILTER_NEWER: result = take_number(&field, FILTERS_MAX, &newer); break;
		case FILTER_FLAGS: result = take_number(&field, FLAGS_KNOWN, &flags); break;
		default: break;
		}
	}
	filter.newer = newer.is_set ? newer.value : SAVED_NO_FILTER;
	filter.is_shared = flags.value & SECCOMP_FILTER_FLAG_TSYNC;
	if (result < 0 || filter.program.len == 0 || (flags.value & ~(uint32_t)FLAGS_KNOWN) ||
	    !has_place(filters, &filter))
		return -1;
	filters->items = arena_grow(arena, filters->items, filters->count, &filters->capacity, sizeof(filter));
	filters->items[filters->count++] = filter;
	return 0;
}

int saved_filters_read(struct arena *arena, int images, struct saved_filters *filters, struct error *error)
{
	static const char name[] = "seccomp.img";
	struct protobuf_reader reader;
	struct protobuf_field field;
	int found = criu_image_read_one(arena, images, name, FILTERS_SIZE_MAX, &reader, error);

	*filters = (struct saved_filters){ 0 };
	if (found <= 0)
		return found;
	while ((found = protobuf_next(&reader, &field)) > 0)
		if (field.number == SECCOMP_FILTERS && read_filter(arena, filters, &field) < 0)
			return criu_image_damaged(name, error);
	return found < 0 ? criu_image_damaged(name, error) : 0;
}

/* processes and threads ---------------------------------------------------------------------------------- */

static int add_thread(struct arena *arena, struct saved_threads *threads, uint32_t process, uint32_t number)
{
	if (threads->count == THREADS_MAX)
		return -1;
	threads->items =
		arena_grow(arena, threads->items, threads->count, &threads->capacity, sizeof(*threads->items));
	threads->items[threads->count++] = (struct saved_thread){ .process = process, .number = number };
	return 0;
}

static int read_threads(struct arena *arena, struct saved_threads *threads, struct protobuf_reader process,
			uint32_t pid)
{
	const size_t index = threads->count - 1; /* of the leader, which is there already */
	struct number leader = { 0 };
	struct protobuf_field field;

	while (protobuf_next(&process, &field) > 0) {
		struct number number = { 0 };

		if (field.number != PROCESS_THREADS)
			continue;
		/* CRIU writes whatever was in memory for a process that has ended. */
		if (take_number(&field, UINT32_MAX, &number) < 0)
			return -1;
		if (number.value != pid) {
			if (add_thread(arena, threads, pid, number.value) < 0)
				return -1;
			continue;
		}
		/* It is one of its threads once. */
		if (take_number(&field, INT32_MAX, &leader) < 0)
			return -1;
		threads->items[index].is_first = threads->count == index + 1;
	}
	return 0;
}

static int read_process(struct arena *arena, struct saved_threads *threads, struct protobuf_reader process)
{
	struct protobuf_reader reader = process;
	struct protobuf_field field;
	struct number pid = { 0 };
	int found;

	while ((found = protobuf_next(&reader, &field)) > 0)
		if (field.number == PROCESS_PID && take_number(&field, INT32_MAX, &pid) < 0)
			return -1;
	if (found < 0 || pid.value == 0 || add_thread(arena, threads, pid.value, pid.value) < 0)
		return -1;
	return read_threads(arena, threads, process, pid.value);
}

int saved_threads_read(struct arena *arena, int images, struct saved_threads *threads, struct error *error)
{
	static const char name[] = "pstree.img";
	struct protobuf_reader image, process;
	int found = criu_image_read(arena, images, name, FILE_SIZE_MAX, &image, error);

	*threads = (struct saved_threads){ 0 };
	if (found <= 0)
		return found < 0 ? -1 : error_set(error, ENOENT, "read the image %s", name);
	while ((found = criu_image_next(name, &image, &process, error)) > 0)
		if (read_process(arena, threads, process) < 0)
			return criu_image_damaged(name, error);
	return found;
}

/* a thread ----------------------------------------------------------------------------------------------- */

/* Old versions of CRIU kept mode and filter here; where there are any, a newer one takes the leader's from here. */
static int check_task(struct protobuf_reader task, bool *has_ended)
{
	struct number state = { 0 };
	struct protobuf_field field;
	int found;

	while ((found = protobuf_next(&task, &field)) > 0)
		if (field.number == TASK_OLD_MODE || field.number == TASK_OLD_FILTER ||
		    (field.number == TASK_STATE && take_number(&field, UINT32_MAX, &state) < 0))
			return -1;
	*has_ended = state.value == TASK_DEAD;
	return found;
}

static int read_thread(struct protobuf_reader thread, const struct saved_filters *filters, uint32_t *oldest)
{
	struct number mode = { 0 }, filter = { 0 };
	struct protobuf_field field;
	int found;

	while ((found = protobuf_next(&thread, &field)) > 0)
		if ((field.number == THREAD_MODE && take_number(&field, SECCOMP_MODE_FILTER, &mode) < 0) ||
		    (field.number == THREAD_FILTER && take_number(&field, UINT32_MAX, &filter) < 0))
			return -1;
	/* A thread in the strict mode cannot have had filters, and could not be given any. */
	if (found < 0 || mode.value == SECCOMP_MODE_STRICT ||
	    filter.is_set != (mode.value == SECCOMP_MODE_FILTER) ||
	    (filter.is_set && filter.value >= filters->count))
		return -1;
	*oldest = filter.is_set ? filter.value : SAVED_NO_FILTER;
	return 0;
}

static int read_core(struct protobuf_reader reader, const struct saved_filters *filters,
		     struct saved_core *core)
{
	struct protobuf_field field;
	bool has_task = false, has_ended = false;
	int found;

	*core = (struct saved_core){ .oldest = SAVED_NO_FILTER };
	while ((found = protobuf_next(&reader, &field)) > 0) {
		if (field.number != CORE_TASK && field.number != CORE_THREAD)
			continue;
		if (!field.is_bytes || (field.number == CORE_TASK ? has_task : core->lives))
			return -1;
		if (field.number == CORE_TASK) {
			has_task = true;
			found = check_task(inside(&field), &has_ended);
		} else {
			core->lives = true;
			found = read_thread(inside(&field), filters, &core->oldest);
		}
		if (found < 0)
			return -1;
	}
	return found < 0 || (!core->lives && !has_ended) ? -1 : 0;
}

int saved_core_read(int images, const char *name, const struct saved_filters *filters, size_t *left,
		    struct saved_core *core, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const size_t most = *left < FILE_SIZE_MAX ? *left : FILE_SIZE_MAX;
	struct protobuf_reader image, message;
	int found = criu_image_read(&arena, images, name, most, &image, error);

	if (found > 0) {
		*left -= (size_t)(image.end - image.at);
		found = criu_image_next(name, &image, &message, error);
	}
	if (found < 0)
		return -1;
	return found == 0 || read_core(message, filters, core) < 0 ? criu_image_damaged(name, error) : 0;
}
