/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>

#include "ondemand/companion/mode.h"

void *library_open(const char *name, const char *what, struct error *error)
{
	void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		error_set(error, 0, "%s needs %s, which cannot be opened: %s", what, name, dlerror());
	return library;
}

void *library_function(void *library, const char *name, struct error *error)
{
	void *function = dlsym(library, name);

	if (!function)
		error_set(error, 0, "the library has no %s, it is too old: %s", name, dlerror());
	return function;
}
