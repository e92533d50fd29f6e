/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "spec/check.h"

/*
 * sysctl(8): the first separator decides. "net/ipv4/conf/eno2.100/forwarding" is
 * "net.ipv4.conf.eno2/100.forwarding" in the form with dots.
 */
static char *with_dots(struct arena *arena, const char *name)
{
	char *dotted = arena_strdup(arena, name);

	if (dotted[strcspn(dotted, "./")] != '/')
		return dotted;
	for (char *c = dotted; *c; c++) {
		if (*c == '.')
			*c = '/';
		else if (*c == '/')
			*c = '.';
	}
	return dotted;
}

/* "net.//.kernel.core_pattern" would be /proc/sys/net/../kernel/core_pattern: no component "", "." or "..". */
static bool is_plain_path(const char *dotted)
{
	for (;;) {
		size_t length = strcspn(dotted, ".");

		if (length == 0 || (length == 1 && dotted[0] == '/') ||
		    (length == 2 && dotted[0] == '/' && dotted[1] == '/'))
			return false;
		if (!dotted[length])
			return true;
		dotted += length + 1;
	}
}

static bool is_ipc(const char *dotted)
{
	static const char *const names[] = {
		"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
		"kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i], dotted))
			return true;
	return !strncmp(dotted, "fs.mqueue.", strlen("fs.mqueue."));
}

/* /proc/sys belongs to the host but for what a namespace of the container's own has. */
static int check_sysctl(const struct oci_config *config, const char *name, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const char *dotted = with_dots(&arena, name);

	if (!is_plain_path(dotted))
		return error_set(error, 0, "linux.sysctl: sysctl \"%s\" is no name below /proc/sys", name);
	if (is_ipc(dotted)) {
		if (config_namespace(config, OCI_NAMESPACE_IPC))
			return 0;
		return error_set(error, 0,
				 "linux.sysctl: sysctl \"%s\" is not allowed in the hosts ipc namespace",
				 dotted);
	}
	if (!strncmp(dotted, "net.", strlen("net."))) {
		if (config_namespace(config, OCI_NAMESPACE_NETWORK))
			return 0;
		return error_set(error, 0, "linux.sysctl: sysctl \"%s\" not allowed in host network namespace",
				 dotted);
	}
	if (config_namespace(config, OCI_NAMESPACE_UTS)) {
		if (!strcmp(dotted, "kernel.domainname"))
			return 0;
		if (!strcmp(dotted, "kernel.hostname"))
			return error_set(
				error, 0,
				"linux.sysctl: sysctl \"%s\" is not allowed as it conflicts with the OCI \"hostname\" field",
				dotted);
	}
	return error_set(error, 0, "linux.sysctl: sysctl \"%s\" is not in a separate kernel namespace", dotted);
}

int check_sysctls(const struct oci_config *config, struct error *error)
{
	if (!config->linux_)
		return 0;
	for (size_t i = 0; i < config->linux_->sysctl.count; i++)
		if (check_sysctl(config, config->linux_->sysctl.items[i].key, error) < 0)
			return -1;
	return 0;
}
