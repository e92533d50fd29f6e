/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "spec/tables.h"

static bool is_one_of(const char *text, const char *letters)
{
	return *text && !text[1] && strchr(letters, *text);
}

bool spec_valid_cpu_list(const char *text)
{
	return !text[strspn(text, "0123456789, -")];
}

bool spec_valid_rlimit(const char *text)
{
	static const char prefix[] = "RLIMIT_";
	const char *name = text + sizeof(prefix) - 1;

	return !strncmp(text, prefix, sizeof(prefix) - 1) && *name &&
	       !name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")];
}

bool spec_valid_page_size(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && text[0] != '0' && text[digits] && strchr("KMG", text[digits]) &&
	       !strcmp(text + digits + 1, "B");
}

bool spec_valid_device_type(const char *text)
{
	return is_one_of(text, "cbup");
}

bool spec_valid_device_rule_type(const char *text)
{
	return is_one_of(text, "abc");
}

bool spec_valid_device_access(const char *text)
{
	return !text[strspn(text, "rwma")];
}

bool spec_valid_memory_bandwidth(const char *text)
{
	return !strncmp(text, "MB:", 3) && !strchr(text, '\n');
}
