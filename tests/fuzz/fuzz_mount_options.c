/* SPDX-License-Identifier: Apache-2.0 */
/* A mount's options: each line of the input is one; the first is the type. */
#include <linux/mount.h>

#include "fuzz.h"
#include "sandbox/rootfs.h"

#define OPTIONS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const char *options[OPTIONS_MAX];
	struct oci_mount mount = { .destination = "/mnt", .source = "source" };
	struct mount_options parsed = { 0 };
	struct error error = { 0 };
	char *rest;
	size_t count = 0;

	mount.type = strtok_r(fuzz_text(&arena, data, size), "\n", &rest);
	while (count < OPTIONS_MAX && (options[count] = strtok_r(NULL, "\n", &rest)))
		count++;
	mount.options.items = options;
	mount.options.count = count;
	if (mount_options_parse(&arena, &mount, &parsed, &error) < 0)
		fuzz_require_message(&error);
	else /* the kernel wants the access time's bits cleared whenever one of them is set */
		fuzz_require((parsed.recursive_set & parsed.recursive_clear & ~(uint64_t)MOUNT_ATTR__ATIME) ==
			     0);
	return 0;
}
