/* SPDX-License-Identifier: Apache-2.0 */
/* Directories of unit tests. */
#pragma once

/* Removes @path with everything below it, on its file system only; fails the test where something is left. */
void remove_directory(const char *path);
