/* SPDX-License-Identifier: Apache-2.0 */
#include "criu/image.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"

#define IMAGE_MAGIC 0x54564319U /* IMG_COMMON_MAGIC; the image's own follows */

int criu_image_damaged(const char *name, struct error *error)
{
	return error_set(error, 0, "%s: not as criu writes it", name);
}

int criu_image_read(struct arena *arena, int images, const char *name, size_t limit,
		    struct protobuf_reader *image, struct error *error)
{
	uint32_t magic[2]; /* the second is the image's own */
	size_t length;
	char *bytes;

	if (file_read_at(arena, images, name, limit, &bytes, &length) < 0)
		return errno == ENOENT ? 0 : error_set(error, errno, "read the image %s", name);
	if (length < sizeof(magic))
		return criu_image_damaged(name, error);
	memcpy(magic, bytes, sizeof(magic));
	if (magic[0] != IMAGE_MAGIC)
		return criu_image_damaged(name, error);
	*image = (struct protobuf_reader){ bytes + sizeof(magic), bytes + length };
	return 1;
}

int criu_image_next(const char *name, struct protobuf_reader *image, struct protobuf_reader *message,
		    struct error *error)
{
	uint32_t length;

	if (image->at == image->end)
		return 0;
	if ((size_t)(image->end - image->at) < sizeof(length))
		return criu_image_damaged(name, error);
	memcpy(&length, image->at, sizeof(length));
	image->at += sizeof(length);
	if (length > (size_t)(image->end - image->at))
		return criu_image_damaged(name, error);
	*message = (struct protobuf_reader){ image->at, image->at + length };
	image->at += length;
	return 1;
}

int criu_image_read_one(struct arena *arena, int images, const char *name, size_t limit,
			struct protobuf_reader *message, struct error *error)
{
	struct protobuf_reader image;
	int found = criu_image_read(arena, images, name, limit, &image, error);

	if (found <= 0)
		return found;
	found = criu_image_next(name, &image, message, error);
	return found == 0 ? criu_image_damaged(name, error) : found;
}
