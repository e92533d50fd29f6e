/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs what a fuzzer checks without a fuzzer: on each file named, whole and cut off at some places, as a document is
 * while somebody writes it.
 */
#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "fuzz.h"

#define CUTS 24

int main(int argc, char **argv)
{
	unsigned int runs = 0;

	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	for (int i = 1; i < argc; i++) {
		_cleanup_arena_ struct arena arena = { 0 };
		size_t length;
		char *bytes;

		if (file_read_at(&arena, AT_FDCWD, argv[i], FILE_SIZE_MAX, &bytes, &length) < 0) {
			perror(argv[i]);
			return 1;
		}
		fprintf(stderr, "%s\n", argv[i]);
		for (size_t cut = 0; cut <= CUTS; cut++, runs++)
			LLVMFuzzerTestOneInput((const uint8_t *)bytes, length - length * cut / CUTS);
	}
	printf("%u documents\n", runs);
	return 0;
}
