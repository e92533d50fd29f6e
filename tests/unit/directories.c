/* SPDX-License-Identifier: Apache-2.0 */
#include "directories.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#define OPEN_AT_ONCE 32

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

void remove_directory(const char *path)
{
	nftw(path, remove_entry, OPEN_AT_ONCE, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(errno, ENOENT);
}
