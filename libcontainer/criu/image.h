/* SPDX-License-Identifier: Apache-2.0 */
/* CRIU's image files: a magic number each, then messages with their length in front. Source: criu.org/Images. */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "criu/protobuf.h"

/* The error of an image, or of a message in it, that CRIU would not have written so: -1. */
int criu_image_damaged(const char *name, struct error *error);

/*
 * Reads the file @name of the directory @images, at most @limit bytes, into @arena. criu_image_next() gets its messages
 * from @image. 1, 0: there is no such file, or -1.
 */
int criu_image_read(struct arena *arena, int images, const char *name, size_t limit,
		    struct protobuf_reader *image, struct error *error);

/* The next message: 1, 0 at the end, or -1. */
int criu_image_next(const char *name, struct protobuf_reader *image, struct protobuf_reader *message,
		    struct error *error);

/* The first message of an image, the only one that CRIU reads of most. 1, 0: there is no such file, or -1. */
int criu_image_read_one(struct arena *arena, int images, const char *name, size_t limit,
			struct protobuf_reader *message, struct error *error);
