/* SPDX-License-Identifier: Apache-2.0 */
/* The directory of a checkpoint: it stays the one that was looked at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "container/images.h"
#include "directories.h"

static void another_directory_of_that_name_is_not_the_same(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_images_ struct images images = IMAGES_NONE;
	struct image_options options = { 0 };
	char place[] = "/tmp/casemate-images-XXXXXX";
	struct error error = { 0 };
	const char *path;

	(void)state;
	assert_non_null(mkdtemp(place));
	path = arena_printf(&arena, "%s/images", place);
	options.image_path = path;
	assert_int_equal(images_open(&arena, &options, &images, &error), 0);
	assert_int_equal(images_reopen(&images, &error), 0);
	assert_int_equal(rename(path, arena_printf(&arena, "%s/judged", place)), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(images_reopen(&images, &error), -1);
	assert_non_null(strstr(error.text, "is no longer the directory that it was"));
	remove_directory(place);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_directory_of_that_name_is_not_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
