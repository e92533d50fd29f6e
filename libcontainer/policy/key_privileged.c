/* SPDX-License-Identifier: Apache-2.0 */
/*
 * privileged: "refuse": no container that is the host in all but name.
 *
 * What counts as one is what engines write for --privileged: the bounding set has every capability that
 * rules the host (the list below), and besides either every device is allowed, or no path is masked and /sys
 * is writable. One of them alone (--cap-add=ALL, --device-cgroup-rule, unmasked paths) is not refused here:
 * other keys clamp it.
 *
 * A process that joins is privileged where it asks for all those capabilities and its container was not given
 * them.
 */
#include <string.h>
#include <strings.h>

#include "base/path.h"
#include "policy/level.h"

/*
 * Not all of them: an engine hands out those it has itself, and one in a container of its own lacks some. No
 * engine's default has even one of these.
 */
static const char *const ruling[] = {
	"CAP_SYS_ADMIN",
	"CAP_SYS_PTRACE",
	"CAP_NET_ADMIN",
	"CAP_DAC_READ_SEARCH",
};

static const char key[] = "privileged";
static const char *const words[] = { "allow", "refuse", NULL };

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	return level_read_word(reading, key, value, words);
}

static void print(struct json_writer *writer, const void *value)
{
	json_string(writer, words[((const struct level *)value)->value]);
}

static bool rules(const struct oci_process *process)
{
	const struct string_list *bounding;

	if (!process || !process->capabilities)
		return false;
	bounding = &process->capabilities->bounding;
	for (size_t i = 0; i < ARRAY_SIZE(ruling); i++) {
		size_t at = 0;

		while (at < bounding->count && strcasecmp(bounding->items[at], ruling[i]) != 0)
			at++;
		if (at == bounding->count)
			return false;
	}
	return true;
}

static bool is_wildcard(const struct optional_i64 *number)
{
	return !number->present || number->value < 0;
}

/* Rules hold in their order; only those that speak of every device of a type decide here. */
static bool allows_every_device(const struct oci_resources *resources)
{
	bool character = false, block = false;

	for (size_t i = 0; resources && i < resources->devices.count; i++) {
		const struct oci_device_rule *rule = &resources->devices.items[i];
		bool all = !rule->type || rule->type[0] == 'a' || rule->type[0] == '\0';

		if (!all && (!is_wildcard(&rule->major) || !is_wildcard(&rule->minor)))
			continue;
		/* the common "c *:* m" lets nodes be made, not opened */
		if (rule->access && rule->access[0] && !strpbrk(rule->access, "rw"))
			continue;
		/* what is denied in part is still allowed in part */
		if (!rule->allow && rule->access && rule->access[0] &&
		    !(strchr(rule->access, 'r') && strchr(rule->access, 'w')))
			continue;
		if (all || rule->type[0] == 'c')
			character = rule->allow;
		if (all || rule->type[0] == 'b')
			block = rule->allow;
	}
	return character && block;
}

static bool sys_is_writable(struct arena *arena, const struct oci_config *config)
{
	bool writable = false;

	for (size_t i = 0; i < config->mounts.count; i++) {
		const struct oci_mount *mount = &config->mounts.items[i];

		if (mount->destination && !strcmp(path_normalize(arena, mount->destination), "/sys"))
			writable = !mount_is_readonly(mount);
	}
	return writable;
}

bool config_is_privileged(struct arena *arena, const struct oci_config *config)
{
	bool unmasked = !config->linux_ || config->linux_->masked_paths.count == 0;

	return rules(config->process) &&
	       (allows_every_device(config->linux_ ? config->linux_->resources : NULL) ||
		(unmasked && sys_is_writable(arena, config)));
}

static int refuse(const struct policy_pass *pass, const void *value, struct error *error)
{
	const struct level *level = value;

	if (!level->value || !rules(pass->process))
		return 0;
	if (pass->stage == POLICY_STAGE_EXEC) {
		if (rules(pass->config->process))
			return 0;
		return policy_refuse(
			&level->names, key, error,
			"process asks for all capabilities in a container that has not got them; remove "
			"--privileged or run the container with --policy off");
	}
	if (!config_is_privileged(pass->arena, pass->config))
		return 0;
	return policy_refuse(
		&level->names, key, error,
		"container is privileged; remove --privileged (and add what it needs with --cap-add and "
		"--device) or run with --policy off");
}

const struct policy_key key_privileged = {
	.name = key,
	.stages = POLICY_STAGE_CREATE | POLICY_STAGE_EXEC,
	.read = read_value,
	.merge = level_merge_values,
	.print = print,
	.refuse = refuse,
};
