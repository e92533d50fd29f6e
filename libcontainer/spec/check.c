/* SPDX-License-Identifier: Apache-2.0 */
#include "spec/check.h"

#include <string.h>

#define HOST_NAME_LENGTH 64 /* __NEW_UTS_LEN of linux/utsname.h */

/* A number without sign or leading zero; what stands behind it, or NULL. */
static const char *skip_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits == 0 || (digits > 1 && text[0] == '0') ? NULL : text + digits;
}

/*
 * Semantic versions: what a newer 1.x adds may be ignored. The drafts before 1.0.0, which the specification
 * still uses in its examples, are read by the same rules, as engines' other runtimes do.
 */
static int check_version(const char *version, struct error *error)
{
	const char *rest = version;
	bool known = rest[0] == '0' || rest[0] == '1';

	for (int i = 0; rest && i < 3; i++) {
		if (i > 0)
			rest = *rest == '.' ? rest + 1 : NULL;
		rest = rest ? skip_number(rest) : NULL;
	}
	if (rest && *rest && *rest != '-' && *rest != '+')
		rest = NULL;
	if (rest && rest[strspn(rest, "-+.0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")])
		rest = NULL;
	if (!rest || !known || version[1] != '.')
		return error_set(error, 0,
				 "ociVersion: found \"%.60s\", expected a version 1.x such as \"1.3.0\"",
				 version);
	return 0;
}

static int check_host_name(const struct oci_config *config, const char *member, const char *name,
			   struct error *error)
{
	if (!name)
		return 0;
	if (!config_namespace(config, OCI_NAMESPACE_UTS))
		return error_set(error, 0, "%s: unable to set %s without a private UTS namespace", member,
				 member);
	if (strlen(name) > HOST_NAME_LENGTH)
		return error_set(error, 0, "%s: found %zu characters, expected at most %d", member,
				 strlen(name), HOST_NAME_LENGTH);
	return 0;
}

static int check_hooks(const char *member, const struct oci_hook_list *hooks, struct error *error)
{
	for (size_t i = 0; i < hooks->count; i++)
		if (hooks->items[i].path[0] != '/')
			return error_set(error, 0,
					 "hooks.%s[%zu].path: found \"%.60s\", expected an absolute path",
					 member, i, hooks->items[i].path);
	return 0;
}

static int check_all_hooks(const struct oci_hooks *hooks, struct error *error)
{
	if (!hooks)
		return 0;
	if (check_hooks("prestart", &hooks->prestart, error) < 0 ||
	    check_hooks("createRuntime", &hooks->create_runtime, error) < 0 ||
	    check_hooks("createContainer", &hooks->create_container, error) < 0 ||
	    check_hooks("startContainer", &hooks->start_container, error) < 0 ||
	    check_hooks("poststart", &hooks->poststart, error) < 0)
		return -1;
	return check_hooks("poststop", &hooks->poststop, error);
}

/* A relative destination is deprecated, but taken: it starts at the container's root. */
static int check_mounts(const struct oci_mount_list *mounts, struct error *error)
{
	for (size_t i = 0; i < mounts->count; i++)
		if (!*mounts->items[i].destination)
			return error_set(error, 0, "mounts[%zu].destination: found \"\", expected a path", i);
	return 0;
}

int config_check(const struct oci_config *config, struct error *error)
{
	if (check_version(config->oci_version, error) < 0)
		return -1;
	if (!config->root)
		return error_set(error, 0, "root: root must be specified");
	if (!*config->root->path)
		return error_set(error, 0, "root.path: found \"\", expected a path");
	if (process_check(config->process, error) < 0)
		return -1;
	if (check_host_name(config, "hostname", config->hostname, error) < 0 ||
	    check_host_name(config, "domainname", config->domainname, error) < 0)
		return -1;
	if (check_mounts(&config->mounts, error) < 0 || check_mount_mappings(config, error) < 0 ||
	    check_all_hooks(config->hooks, error) < 0)
		return -1;
	if (check_linux(config, error) < 0 || check_mappings(config, error) < 0)
		return -1;
	return check_sysctls(config, error);
}
