/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capabilities.max: a ceiling for all five sets. capabilities.ambient: a ceiling for inheritable and ambient;
 * nothing where it is not given.
 */
#include <string.h>
#include <strings.h>

#include "policy/key.h"

/* By number (capability.h). A name that is not here is in no ceiling. */
static const char *const capability_names[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

struct capabilities {
	bool has_max;
	uint64_t max;
	uint64_t ambient;
	struct string_list max_names;
	struct string_list ambient_names;
};

/* The bit of a name, in any case as libcap takes it; 0 where there is none. */
static uint64_t capability_bit(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(capability_names); i++)
		if (!strcasecmp(capability_names[i], name))
			return 1ULL << i;
	return 0;
}

static const char *accept_capability(struct arena *arena, const char *text)
{
	(void)arena;
	for (size_t i = 0; i < ARRAY_SIZE(capability_names); i++)
		if (!strcmp(capability_names[i], text))
			return text;
	return NULL;
}

static int read_mask(struct policy_reading *reading, const char *path, const struct json_value *value,
		     uint64_t *mask)
{
	struct named_set set;

	if (reading_set(reading, path, value, accept_capability, "a capability such as \"CAP_CHOWN\"", &set))
		return -1;
	*mask = 0;
	for (size_t i = 0; i < set.count; i++)
		*mask |= capability_bit(set.items[i].text);
	return 0;
}

static const void *read_value(struct policy_reading *reading, const struct json_value *value)
{
	static const char *const members[] = { "max", "ambient", NULL };
	struct capabilities *ceiling = ARENA_NEW(reading->arena, struct capabilities);
	const struct json_value *max, *ambient;

	if (reading_object(reading, "capabilities", value, members))
		return NULL;
	max = json_get(value, "max");
	ambient = json_get(value, "ambient");
	if (max && read_mask(reading, "capabilities.max", max, &ceiling->max))
		return NULL;
	if (ambient && read_mask(reading, "capabilities.ambient", ambient, &ceiling->ambient))
		return NULL;
	ceiling->has_max = max != NULL;
	if (max)
		ceiling->max_names = reading->names;
	ceiling->ambient_names = reading->names;
	return ceiling;
}

static const void *merge(struct arena *arena, const void *left, const void *right)
{
	const struct capabilities *a = left, *b = right;
	struct capabilities *both = ARENA_NEW(arena, struct capabilities);

	both->has_max = a->has_max || b->has_max;
	both->max = (a->has_max ? a->max : UINT64_MAX) & (b->has_max ? b->max : UINT64_MAX);
	if (!both->has_max)
		both->max = 0;
	both->ambient = a->ambient & b->ambient;
	both->max_names = names_unite(arena, &a->max_names, &b->max_names);
	both->ambient_names = names_unite(arena, &a->ambient_names, &b->ambient_names);
	return both;
}

static void print_mask(struct json_writer *writer, uint64_t mask)
{
	json_begin_array(writer);
	for (unsigned int i = 0; i < ARRAY_SIZE(capability_names); i++)
		if (mask & (1ULL << i))
			json_string(writer, capability_names[i]);
	json_end_array(writer);
}

static void print(struct json_writer *writer, const void *value)
{
	const struct capabilities *ceiling = value;

	json_begin_object(writer);
	if (ceiling->has_max) {
		json_key(writer, "max");
		print_mask(writer, ceiling->max);
	}
	json_key(writer, "ambient");
	print_mask(writer, ceiling->ambient);
	json_end_object(writer);
}

static void clamp_set(struct policy_pass *pass, struct string_list *set, const char *member, uint64_t ceiling,
		      const struct string_list *names, const char *key)
{
	struct string_list kept = { ARENA_NEW_ARRAY(pass->arena, const char *, set->count + 1), 0 };

	for (size_t i = 0; i < set->count; i++)
		if (ceiling && (capability_bit(set->items[i]) & ceiling))
			kept.items[kept.count++] = set->items[i];
	if (kept.count == set->count)
		return;
	pass_change(pass, names, key, arena_printf(pass->arena, "process.capabilities.%s", member),
		    string_list_text(pass->arena, set), string_list_text(pass->arena, &kept));
	*set = kept;
}

/* All five; true for those that are passed on to programs that are not asked. */
struct capability_set {
	const char *name;
	struct string_list *set;
	bool passed_on;
};

#define CAPABILITY_SETS 5

static void list_sets(struct oci_capabilities *sets, struct capability_set all[CAPABILITY_SETS])
{
	all[0] = (struct capability_set){ "bounding", &sets->bounding, false };
	all[1] = (struct capability_set){ "effective", &sets->effective, false };
	all[2] = (struct capability_set){ "permitted", &sets->permitted, false };
	all[3] = (struct capability_set){ "inheritable", &sets->inheritable, true };
	all[4] = (struct capability_set){ "ambient", &sets->ambient, true };
}

/*
 * A process without the member gets none (create) or the container's own (exec), as in runc: under a ceiling
 * that is written down, so that nothing later can take absence for "all".
 */
static struct oci_capabilities *own_capabilities(struct policy_pass *pass, const struct capabilities *ceiling)
{
	struct oci_capabilities *own = ARENA_NEW(pass->arena, struct oci_capabilities);
	const char *to = "none";

	if (pass->stage == POLICY_STAGE_EXEC && pass->config->process && pass->config->process->capabilities) {
		*own = *pass->config->process->capabilities;
		to = "the container's";
	}
	pass_change(pass, &ceiling->ambient_names, "capabilities", "process.capabilities", "absent", to);
	return own;
}

static void apply(struct policy_pass *pass, const void *value)
{
	const struct capabilities *ceiling = value;
	struct capability_set all[CAPABILITY_SETS];

	if (!pass->process)
		return;
	if (!pass->process->capabilities)
		pass->process->capabilities = own_capabilities(pass, ceiling);
	list_sets(pass->process->capabilities, all);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		if (ceiling->has_max)
			clamp_set(pass, all[i].set, all[i].name, ceiling->max, &ceiling->max_names,
				  "capabilities.max");
		if (all[i].passed_on)
			clamp_set(pass, all[i].set, all[i].name, ceiling->ambient, &ceiling->ambient_names,
				  "capabilities.ambient");
	}
}

/* Where the process names none, it gets none, or (exec) the container's, which have lost them. */
void capabilities_take(struct policy_pass *pass, const char *const *taken, const struct string_list *names,
		       const char *key)
{
	struct capability_set all[CAPABILITY_SETS];
	uint64_t ceiling = UINT64_MAX;

	if (!pass->process || !pass->process->capabilities)
		return;
	for (size_t i = 0; taken[i]; i++)
		ceiling &= ~capability_bit(taken[i]);
	list_sets(pass->process->capabilities, all);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		clamp_set(pass, all[i].set, all[i].name, ceiling, names, key);
}

const struct policy_key key_capabilities = {
	.name = "capabilities",
	.stages = POLICY_STAGE_CREATE | POLICY_STAGE_EXEC,
	.read = read_value,
	.merge = merge,
	.print = print,
	.apply = apply,
};
