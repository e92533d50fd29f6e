/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seccomp filters that CRIU's images have, and which process and thread gets which. Whoever made the images may not be
 * trusted: what CRIU would read in another way than it is read here, and what it never writes, is refused.
 */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

#define SAVED_NO_FILTER UINT32_MAX

/*
 * CRIU lists a thread's filters as it loads them: the thread names the oldest one, and each the next newer, in a
 * field that is called "prev" as it stands in front of it in the image.
 */
struct saved_filter {
	struct sock_fprog program;
	uint32_t newer; /* its number, which is smaller; SAVED_NO_FILTER: it is the newest */
	bool is_shared; /* SECCOMP_FILTER_FLAG_TSYNC: loading it loads it for all threads; so with all newer ones, or none */
};

struct saved_filters {
	struct saved_filter *items;
	size_t count;
	size_t capacity;
};

/* seccomp.img, into @arena; no filters where there is none. 0, or -1. */
int saved_filters_read(struct arena *arena, int images, struct saved_filters *filters, struct error *error);

struct saved_thread {
	uint32_t process; /* numbers as the container sees them */
	uint32_t number; /* that of the process: its leader; of one that has ended there may be any */
	bool is_first; /* of a leader: the list of its process begins with it, as CRIU takes for granted */
};

struct saved_threads {
	struct saved_thread *items; /* of one process after the other, its leader first */
	size_t count;
	size_t capacity;
};

/* pstree.img, into @arena. 0, or -1. */
int saved_threads_read(struct arena *arena, int images, struct saved_threads *threads, struct error *error);

struct saved_core {
	uint32_t oldest; /* number of its oldest filter, or SAVED_NO_FILTER */
	bool lives; /* CRIU starts it again */
};

/*
 * The image @name of a thread, "core-NUMBER.img", which may have @left bytes at most and takes its own from them. 0,
 * or -1.
 */
int saved_core_read(int images, const char *name, const struct saved_filters *filters, size_t *left,
		    struct saved_core *core, struct error *error);
