/* SPDX-License-Identifier: Apache-2.0 */
#include "strictness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/path.h"
#include "packets.h"

static const struct oci_linux no_linux;
static const struct oci_resources no_resources;
static const struct oci_capabilities no_capabilities;

static const struct oci_linux *linux_of(const struct oci_config *config)
{
	return config->linux_ ? config->linux_ : &no_linux;
}

static const struct oci_resources *resources_of(const struct oci_config *config)
{
	return linux_of(config)->resources ? linux_of(config)->resources : &no_resources;
}

static bool has(const struct string_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcasecmp(list->items[i], text))
			return true;
	return false;
}

static bool json_has(const struct json_value *array, const char *text)
{
	for (size_t i = 0; array && i < array->array.count; i++)
		if (!strcmp(array->array.items[i].string, text))
			return true;
	return false;
}

static const struct json_value *json_at(const struct json_value *document, const char *one, const char *two)
{
	return json_get(json_get(document, one), two);
}

static bool json_is(const struct json_value *value, const char *text)
{
	return value && value->type == JSON_STRING && !strcmp(value->string, text);
}

/* amounts: what is not limited is infinite ------------------------------------------------------------------ */

static double json_amount(const struct json_value *value)
{
	double number;
	char *end;

	if (!value)
		return INFINITY;
	if (value->type == JSON_INTEGER)
		return (double)value->integer.magnitude;
	if (value->type == JSON_DOUBLE)
		return value->number;
	number = strtod(value->string, &end);
	return *end == 'm' ? number * 1048576 : number;
}

static const char *unified(const struct oci_config *config, const char *name)
{
	const struct string_map *map = &resources_of(config)->unified;

	for (size_t i = 0; i < map->count; i++)
		if (!strcmp(map->items[i].key, name))
			return map->items[i].value;
	return NULL;
}

static double unified_amount(const struct oci_config *config, const char *name)
{
	const char *text = unified(config, name);

	return !text || !strcmp(text, "max") ? INFINITY : strtod(text, NULL);
}

static double pids_of(const struct oci_config *config)
{
	const struct oci_pids *pids = resources_of(config)->pids;

	return pids && pids->limit.present && pids->limit.value >= 0 ? (double)pids->limit.value : INFINITY;
}

static double memory_amount(const struct optional_i64 *value)
{
	return value->present && value->value > 0 ? (double)value->value : INFINITY;
}

static double memory_of(const struct oci_config *config)
{
	const struct oci_memory *memory = resources_of(config)->memory;

	return memory ? memory_amount(&memory->limit) : INFINITY;
}

static double swap_of(const struct oci_config *config)
{
	const struct oci_memory *memory = resources_of(config)->memory;

	return memory ? memory_amount(&memory->swap) : INFINITY;
}

static double cpus_of(const struct oci_config *config)
{
	const struct oci_cpu *cpu = resources_of(config)->cpu;
	double period = cpu && cpu->period.present && cpu->period.value ? (double)cpu->period.value : 100000;

	return cpu && cpu->quota.present && cpu->quota.value > 0 ? (double)cpu->quota.value / period : INFINITY;
}

static double unified_cpus(const struct oci_config *config)
{
	const char *text = unified(config, "cpu.max");
	double quota, period = 100000;
	char *end;

	if (!text || !strncmp(text, "max", 3))
		return INFINITY;
	quota = strtod(text, &end);
	if (*end)
		period = strtod(end, NULL);
	return quota / period;
}

/* devices: asked one by one ----------------------------------------------------------------------------------- */

/* Without a rule, the runtime allows nothing but its defaults. */
static bool device_is_allowed(const struct oci_config *config, char type, int64_t major, int64_t minor,
			      char access)
{
	const struct oci_device_rule_list *rules = &resources_of(config)->devices;
	bool allowed = false;

	for (size_t i = 0; i < rules->count; i++) {
		const struct oci_device_rule *rule = &rules->items[i];

		if (rule->type && rule->type[0] != 'a' && rule->type[0] != type)
			continue;
		if (rule->major.present && rule->major.value != -1 && rule->major.value != major)
			continue;
		if (rule->minor.present && rule->minor.value != -1 && rule->minor.value != minor)
			continue;
		if (rule->access && !strchr(rule->access, access))
			continue;
		allowed = rule->allow;
	}
	return allowed;
}

static bool policy_lists_device(const struct json_value *devices, char type, int64_t major, int64_t minor,
				char access)
{
	for (size_t i = 0; devices->type == JSON_ARRAY && i < devices->array.count; i++) {
		const struct json_value *one = &devices->array.items[i];
		const struct json_value *ma = json_get(one, "major"), *mi = json_get(one, "minor");

		if (json_get(one, "type")->string[0] == type &&
		    (!ma || (int64_t)ma->integer.magnitude == major) &&
		    (!mi || (int64_t)mi->integer.magnitude == minor) &&
		    strchr(json_get(one, "access")->string, access))
			return true;
	}
	return false;
}

static const struct sample {
	int64_t major, minor;
	char type;
	bool is_default;
} samples[] = {
	{ 1, 3, 'c', true },  { 5, 0, 'c', true },  { 136, 4, 'c', true }, { 1, 1, 'c', false },
	{ 7, 0, 'c', false }, { 7, 1, 'c', false }, { 8, 1, 'c', false },  { 10, 229, 'c', false },
	{ 7, 0, 'b', false }, { 8, 0, 'b', false }, { 8, 1, 'b', false },  { 9, 0, 'b', false },
	{ 1, 3, 'b', false },
};

/* mounts ------------------------------------------------------------------------------------------------------ */

/* The option that is given last of the two, as mount(8) has it. */
static bool is_restricted(const struct oci_mount *mount, const char *yes, const char *no)
{
	char recursive[32];
	bool restricted = false;

	snprintf(recursive, sizeof(recursive), "r%s", no);
	for (size_t i = 0; i < mount->options.count; i++) {
		if (!strcmp(mount->options.items[i], yes))
			restricted = true;
		if (!strcmp(mount->options.items[i], no))
			restricted = false;
	}
	return restricted && !has(&mount->options, recursive);
}

static const char *const restrictions[][2] = { { "ro", "rw" },
					       { "nosuid", "suid" },
					       { "nodev", "dev" },
					       { "noexec", "exec" },
					       { "nosymfollow", "symfollow" } };

static bool mount_restricts(const struct oci_mount *mount, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(restrictions); i++)
		if (!strcmp(restrictions[i][0], name))
			return is_restricted(mount, restrictions[i][0], restrictions[i][1]);
	return false;
}

static double tmpfs_size(const struct oci_mount *mount)
{
	double size = INFINITY;

	for (size_t i = 0; i < mount->options.count; i++) {
		const char *option = mount->options.items[i];
		char *end;

		if (strncmp(option, "size=", 5) != 0)
			continue;
		size = strtod(option + 5, &end);
		if (*end == 'm')
			size *= 1048576;
		if (size == 0)
			size = INFINITY;
	}
	return size;
}

/* Texts that may be absent. */
static bool same_text(const char *one, const char *other)
{
	return !strcmp(one ? one : "", other ? other : "");
}

static bool mount_is_looser(const struct oci_mount *before, const struct oci_mount *after)
{
	for (size_t i = 0; i < ARRAY_SIZE(restrictions); i++)
		if (is_restricted(before, restrictions[i][0], restrictions[i][1]) &&
		    !is_restricted(after, restrictions[i][0], restrictions[i][1]))
			return true;
	return tmpfs_size(after) > tmpfs_size(before);
}

/* Every mount of before is there in its order; what came in between is a tmpfs where nothing was. */
static const char *looser_mounts(struct arena *arena, const struct oci_config *before,
				 const struct oci_config *after)
{
	size_t at = 0;

	for (size_t i = 0; i < after->mounts.count; i++) {
		const struct oci_mount *mount = &after->mounts.items[i];
		const struct oci_mount *old = &before->mounts.items[at];

		if (at < before->mounts.count && same_text(old->destination, mount->destination) &&
		    same_text(old->type, mount->type) && same_text(old->source, mount->source)) {
			if (mount_is_looser(old, mount))
				return arena_printf(arena, "mount %s", mount->destination);
			at++;
			continue;
		}
		if (!mount->destination || !same_text(mount->type, "tmpfs"))
			return arena_printf(arena, "new mount %s",
					    mount->destination ? mount->destination : "nowhere");
		for (size_t b = 0; b < before->mounts.count; b++) {
			const char *there = path_normalize(arena, before->mounts.items[b].destination);

			if (!strcmp(there, mount->destination) ||
			    (b < at && path_is_below(there, mount->destination)))
				return arena_printf(arena, "mount that hides %s", there);
		}
	}
	return at == before->mounts.count ? NULL : "a mount is gone";
}

/* paths ------------------------------------------------------------------------------------------------------- */

static bool covers(struct arena *arena, const struct string_list *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++)
		if (path_is_below(path_normalize(arena, path), path_normalize(arena, list->items[i])))
			return true;
	return false;
}

static const char *looser_paths(struct arena *arena, const struct oci_config *before,
				const struct oci_config *after)
{
	const struct oci_linux *old = linux_of(before), *new = linux_of(after);

	for (size_t i = 0; i < old->masked_paths.count; i++)
		if (!covers(arena, &new->masked_paths, old->masked_paths.items[i]))
			return old->masked_paths.items[i];
	for (size_t i = 0; i < old->readonly_paths.count; i++)
		if (!covers(arena, &new->readonly_paths, old->readonly_paths.items[i]) &&
		    !covers(arena, &new->masked_paths, old->readonly_paths.items[i]))
			return old->readonly_paths.items[i];
	return NULL;
}

/* capabilities ------------------------------------------------------------------------------------------------ */

static const char *const set_names[] = { "bounding", "effective", "permitted", "inheritable", "ambient" };

static const struct string_list *capability_set(const struct oci_config *config, size_t set)
{
	const struct oci_capabilities *own = config->process && config->process->capabilities
						     ? config->process->capabilities
						     : &no_capabilities;
	const struct string_list *sets[] = { &own->bounding, &own->effective, &own->permitted,
					     &own->inheritable, &own->ambient };

	return sets[set];
}

static const char *looser_capabilities(const struct oci_config *before, const struct oci_config *after)
{
	for (size_t set = 0; set < ARRAY_SIZE(set_names); set++)
		for (size_t i = 0; i < capability_set(after, set)->count; i++)
			if (!has(capability_set(before, set), capability_set(after, set)->items[i]))
				return set_names[set];
	return NULL;
}

/* everything else --------------------------------------------------------------------------------------------- */

/* The config without what a policy may change. */
static const char *the_rest(struct arena *arena, const struct oci_config *config)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text };
	struct oci_config *copy = config_copy(arena, config);
	struct oci_resources *resources;

	copy->mounts.count = 0;
	if (config_namespace(copy, OCI_NAMESPACE_USER)) {
		/* a user namespace may have been added, at the end */
		copy->linux_->uid_mappings.count = copy->linux_->gid_mappings.count = 0;
		for (size_t i = 0; i < copy->linux_->namespaces.count; i++)
			if (copy->linux_->namespaces.items[i].type == OCI_NAMESPACE_USER)
				copy->linux_->namespaces.count = i;
	}
	if (copy->root)
		copy->root->readonly = false;
	if (copy->process) {
		copy->process->capabilities = NULL;
		copy->process->no_new_privileges = false;
	}
	if (!copy->linux_)
		copy->linux_ = ARENA_NEW(arena, struct oci_linux);
	copy->linux_->masked_paths.count = copy->linux_->readonly_paths.count = 0;
	copy->linux_->sysctl.count = copy->linux_->devices.count = 0;
	if (!copy->linux_->resources)
		copy->linux_->resources = ARENA_NEW(arena, struct oci_resources);
	resources = copy->linux_->resources;
	resources->devices.count = resources->unified.count = 0;
	resources->pids = NULL;
	resources->memory = NULL;
	if (!resources->cpu)
		resources->cpu = ARENA_NEW(arena, struct oci_cpu);
	resources->cpu->quota.present = resources->cpu->period.present = false;
	config_print(&writer, copy);
	return arena_strdup(arena, strbuf_text(&text));
}

static const char *looser_amount(const struct oci_config *before, const struct oci_config *after)
{
	if (pids_of(after) > pids_of(before) ||
	    unified_amount(after, "pids.max") > unified_amount(before, "pids.max"))
		return "pids";
	if (memory_of(after) > memory_of(before) ||
	    unified_amount(after, "memory.max") > unified_amount(before, "memory.max"))
		return "memory";
	if (swap_of(after) > swap_of(before))
		return "swap";
	if (cpus_of(after) > cpus_of(before) || unified_cpus(after) > unified_cpus(before))
		return "cpu";
	return NULL;
}

const char *looser_in(struct arena *arena, const struct oci_config *before, const struct oci_config *after)
{
	const char *where = looser_capabilities(before, after);

	if (!where)
		where = looser_paths(arena, before, after);
	if (!where)
		where = looser_mounts(arena, before, after);
	if (!where)
		where = looser_amount(before, after);
	if (where)
		return where;
	if (before->process && before->process->no_new_privileges && !after->process->no_new_privileges)
		return "noNewPrivileges";
	if (before->root->readonly && !after->root->readonly)
		return "root.readonly";
	for (size_t i = 0; i < ARRAY_SIZE(samples); i++)
		for (const char *access = "rwm"; *access; access++)
			if (device_is_allowed(after, samples[i].type, samples[i].major, samples[i].minor,
					      *access) &&
			    !device_is_allowed(before, samples[i].type, samples[i].major, samples[i].minor,
					       *access))
				return "devices";
	if (config_namespace(before, OCI_NAMESPACE_USER) &&
	    (!config_namespace(after, OCI_NAMESPACE_USER) ||
	     linux_of(before)->uid_mappings.count != linux_of(after)->uid_mappings.count))
		return "user namespace";
	if (linux_of(after)->devices.count > linux_of(before)->devices.count)
		return "device nodes";
	if (linux_of(after)->sysctl.count < linux_of(before)->sysctl.count)
		return "sysctl";
	return strcmp(the_rest(arena, before), the_rest(arena, after)) == 0 ? NULL : "what no policy changes";
}

/* what a policy asks for --------------------------------------------------------------------------------------- */

static const char *unmet_capabilities(const struct json_value *document, const struct oci_config *after)
{
	const struct json_value *capabilities = json_get(document, "capabilities");
	const struct json_value *max = json_get(capabilities, "max"),
				*ambient = json_get(capabilities, "ambient");

	if (!capabilities || !after->process)
		return NULL;
	if (!after->process->capabilities)
		return "capabilities that are not said";
	for (size_t set = 0; set < ARRAY_SIZE(set_names); set++) {
		for (size_t i = 0; i < capability_set(after, set)->count; i++) {
			const char *name = capability_set(after, set)->items[i];

			if ((max && !json_has(max, name)) || (set >= 3 && !json_has(ambient, name)))
				return set_names[set];
		}
	}
	return NULL;
}

static const char *unmet_paths(struct arena *arena, const struct json_value *document,
			       const struct oci_config *after)
{
	const struct json_value *masked = json_get(document, "maskedPaths");
	const struct json_value *readonly = json_get(document, "readonlyPaths");

	for (size_t i = 0; masked && i < masked->array.count; i++)
		if (!covers(arena, &linux_of(after)->masked_paths, masked->array.items[i].string))
			return masked->array.items[i].string;
	for (size_t i = 0; readonly && i < readonly->array.count; i++)
		if (!covers(arena, &linux_of(after)->masked_paths, readonly->array.items[i].string) &&
		    !covers(arena, &linux_of(after)->readonly_paths, readonly->array.items[i].string))
			return readonly->array.items[i].string;
	return NULL;
}

static const char *unmet_tmpfs(struct arena *arena, const struct json_value *document,
			       const struct oci_config *after)
{
	const struct json_value *list = json_get(document, "tmpfs");

	for (size_t i = 0; list && i < list->array.count; i++) {
		const struct json_value *one = &list->array.items[i], *options = json_get(one, "options");
		const char *destination = json_get(one, "destination")->string;
		bool there = false;

		for (size_t m = 0; m < after->mounts.count; m++) {
			const struct oci_mount *mount = &after->mounts.items[m];

			if (strcmp(path_normalize(arena, mount->destination), destination) != 0)
				continue;
			there = true;
			if (!same_text(mount->type, "tmpfs"))
				continue;
			if (tmpfs_size(mount) > json_amount(json_get(one, "size")))
				return "the size of a tmpfs";
			for (size_t o = 0; options && o < options->array.count; o++)
				if (!mount_restricts(mount, options->array.items[o].string))
					return "an option of a tmpfs";
		}
		if (!there)
			return "a tmpfs";
	}
	return NULL;
}

static const char *unmet_mounts(struct arena *arena, const struct json_value *document,
				const struct oci_config *after)
{
	const struct json_value *options = json_at(document, "mounts", "options");
	const struct json_value *denied = json_at(document, "mounts", "denySources");

	for (size_t m = 0; m < after->mounts.count; m++) {
		const struct oci_mount *mount = &after->mounts.items[m];
		bool bind = same_text(mount->type, "bind"), tmpfs = same_text(mount->type, "tmpfs");
		bool writable = !is_restricted(mount, "ro", "rw");

		for (size_t i = 0; (bind || tmpfs) && writable && options && i < options->array.count; i++) {
			const char *name = options->array.items[i].string;
			const char *below = arena_printf(arena, "r%s", name);

			if (!strcmp(name, "nodev") &&
			    !strcmp(path_normalize(arena, mount->destination), "/dev"))
				continue;
			if (!mount_restricts(mount, name) ||
			    (has(&mount->options, "rbind") && !has(&mount->options, below)))
				return name;
		}
		for (size_t i = 0; bind && denied && i < denied->array.count; i++) {
			const char *path = denied->array.items[i].string;

			if (path_is_below(path, mount->source) ||
			    (strcmp(path, "/") != 0 && path_is_below(mount->source, path)))
				return "a denied source";
		}
	}
	return NULL;
}

static const char *unmet_limits(const struct json_value *document, const struct oci_config *before,
				const struct oci_config *after, const struct policy_facts *facts)
{
	const struct json_value *resources = json_get(document, "resources");
	const struct json_value *pids = json_get(resources, "pids"), *memory = json_get(resources, "memory");
	const struct json_value *cpu = json_get(resources, "cpu");
	const struct oci_resources *old = resources_of(before);
	double bound = json_amount(json_get(pids, "max"));

	if (pids_of(after) > bound || (unified(after, "pids.max") && unified_amount(after, "pids.max") > bound))
		return "pids.max";
	if (!(old->pids && old->pids->limit.present) && !unified(before, "pids.max") && !facts->rootless &&
	    pids_of(after) > json_amount(json_get(pids, "default")))
		return "pids.default";
	bound = json_amount(json_get(memory, "max"));
	if (memory_of(after) > bound || swap_of(after) > bound ||
	    (unified(after, "memory.max") && unified_amount(after, "memory.max") > bound))
		return "memory.max";
	if (!(old->memory && old->memory->limit.value) && !unified(before, "memory.max") && !facts->rootless &&
	    memory_of(after) > json_amount(json_get(memory, "default")))
		return "memory.default";
	bound = json_amount(json_get(cpu, "max"));
	if (cpus_of(after) > bound || (unified(after, "cpu.max") && unified_cpus(after) > bound))
		return "cpu.max";
	if (!(old->cpu && old->cpu->quota.value) && !unified(before, "cpu.max") && !facts->rootless &&
	    cpus_of(after) > json_amount(json_get(cpu, "default")))
		return "cpu.default";
	return NULL;
}

static const char *unmet_devices(const struct json_value *document, const struct oci_config *after)
{
	const struct json_value *devices = json_get(document, "devices");
	const struct oci_device_list *nodes = &linux_of(after)->devices;

	for (size_t i = 0; devices && i < ARRAY_SIZE(samples); i++) {
		const struct sample *s = &samples[i];

		for (const char *access = "rw"; *access; access++)
			if (device_is_allowed(after, s->type, s->major, s->minor, *access) && !s->is_default &&
			    !policy_lists_device(devices, s->type, s->major, s->minor, *access))
				return "devices";
	}
	for (size_t i = 0; devices && i < nodes->count; i++)
		if (!policy_lists_device(devices, nodes->items[i].type[0], nodes->items[i].major.value,
					 nodes->items[i].minor.value, 'r') &&
		    !policy_lists_device(devices, nodes->items[i].type[0], nodes->items[i].major.value,
					 nodes->items[i].minor.value, 'w'))
			return "device nodes";
	return NULL;
}

static const char *unmet_namespaces(const struct json_value *document, const struct oci_config *after)
{
	const struct json_value *require = json_at(document, "namespaces", "require");

	for (size_t i = 0; require && i < require->array.count; i++) {
		const struct oci_namespace_list *list = &linux_of(after)->namespaces;
		bool own = false;

		for (size_t n = 0; n < list->count; n++)
			if (!strcmp(namespace_type_name(list->items[n].type), require->array.items[i].string))
				own = !list->items[n].path;
		if (!own)
			return require->array.items[i].string;
	}
	return NULL;
}

static bool owns(const struct oci_config *config, const char *sysctl)
{
	const char *kind = !strncmp(sysctl, "net.", 4)		  ? "network"
			   : !strcmp(sysctl, "kernel.domainname") ? "uts"
								  : "ipc";
	const struct oci_namespace_list *list = &linux_of(config)->namespaces;

	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(namespace_type_name(list->items[i].type), kind))
			return !list->items[i].path;
	return false;
}

static const char *unmet_sysctl(struct arena *arena, const struct json_value *document,
				const struct oci_config *after)
{
	const struct json_value *sysctl = json_get(document, "sysctl");

	for (size_t i = 0; sysctl && i < sysctl->object.count; i++) {
		const struct json_member *member = &sysctl->object.items[i];
		const struct string_map *map = &linux_of(after)->sysctl;
		bool set = false;

		if (!owns(after, member->name))
			continue;
		for (size_t s = 0; s < map->count; s++) {
			char *name = arena_strdup(arena, map->items[s].key);

			for (char *c = name; *c; c++)
				if (*c == '/')
					*c = '.';
			if (strcmp(name, member->name) != 0)
				continue;
			set = true;
			if (strcmp(map->items[s].value, member->value.string) != 0)
				return member->name;
		}
		if (!set)
			return member->name;
	}
	return NULL;
}

static bool is_privileged(const struct oci_config *config)
{
	static const char *const all[] = { "CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_SYS_PTRACE",
					   "CAP_DAC_READ_SEARCH" };
	bool writable = false;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!has(capability_set(config, 0), all[i]))
			return false;
	for (size_t i = 0; i < config->mounts.count; i++)
		if (!strcmp(config->mounts.items[i].destination, "/sys"))
			writable = !is_restricted(&config->mounts.items[i], "ro", "rw");
	if (writable && !linux_of(config)->masked_paths.count)
		return true;
	/* devices that no rule of the universe speaks of by number */
	return device_is_allowed(config, 'c', 99, 99, 'r') && device_is_allowed(config, 'b', 99, 99, 'r') &&
	       device_is_allowed(config, 'c', 99, 99, 'w') && device_is_allowed(config, 'b', 99, 99, 'w');
}

static bool plans_more(enum demand planned, const struct json_value *asked)
{
	return planned == DEMAND_REQUIRE || !json_is(asked, "require");
}

static bool has_text(const struct string_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i], text))
			return true;
	return false;
}

static const char *unmet_landlock(const struct json_value *document, const struct landlock_plan *plan)
{
	const struct json_value *files = json_at(document, "landlock", "filesystem");
	const struct json_value *bind = json_get(json_at(document, "landlock", "network"), "bind");
	const struct json_value *scope = json_at(document, "landlock", "scope");
	bool governed = false;

	if (!plans_more(plan->demand, json_at(document, "landlock", "kernel")))
		return "landlock.kernel";
	/* some layer lets no more be written than this document does */
	for (size_t i = 0; i < plan->count; i++) {
		const struct landlock_rules *rules = &plan->layers[i];
		bool same = rules->governs_files == (files != NULL) && rules->governs_bind == (bind != NULL) &&
			    rules->scopes_signals == (scope && json_has(scope, "signal"));

		for (size_t w = 0; same && w < rules->write.count; w++)
			same = json_has(json_get(files, "write"), rules->write.items[w]) ||
			       json_has(json_get(files, "write"), "$mounts");
		if (same && bind)
			same = rules->bind.count == 1 &&
			       rules->bind.items[0] == bind->array.items[0].integer.magnitude;
		governed |= same;
	}
	if ((files || bind || (scope && scope->array.count)) && !governed)
		return "landlock";
	return NULL;
}

/* No packet passes that the document stops, and no process can change that. */
static const char *unmet_egress(const struct json_value *document, const struct oci_config *after,
				const struct hardening *hardening)
{
	const struct egress_plan *plan = &hardening->egress;
	static const char *const taken[] = { "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_SYS_ADMIN" };
	bool stops = false;

	for (size_t i = 0; i < packet_count; i++) {
		bool passes = document_passes(document, &packets[i]);

		if (!passes && plan_passes(plan, &packets[i]))
			return "egress";
		stops |= !passes;
	}
	if (stops && !has_text(&hardening->seccomp_guards, "egress"))
		return "egress: other families of sockets";
	for (size_t set = 0; stops && set < 5; set++)
		for (size_t i = 0; i < ARRAY_SIZE(taken); i++)
			if (has(capability_set(after, set), taken[i]))
				return "egress: capabilities";
	return NULL;
}

/* Where it has a root file system to write to, in the host's user namespace or one that may be. */
static bool can_change_projects(const struct oci_config *config)
{
	return !(config->root && config->root->readonly) &&
	       !config_has_new_namespace(config, OCI_NAMESPACE_USER);
}

static const char *unmet_hardening(const struct json_value *document, const struct oci_config *before,
				   const struct oci_config *after, const struct policy_facts *facts,
				   const struct hardening *hardening)
{
	const struct json_value *profiles = json_at(document, "seccomp", "profile");
	const struct json_value *userns = json_get(document, "userns"), *disk = json_get(document, "disk");

	for (size_t i = 0; profiles && i < profiles->array.count; i++)
		if (!has_text(&hardening->seccomp_profiles, profiles->array.items[i].string))
			return "seccomp.profile";
	if ((json_is(json_get(document, "securebits"), "always") &&
	     hardening->securebits != SECUREBITS_ALWAYS) ||
	    (json_is(json_get(document, "securebits"), "auto") && hardening->securebits == SECUREBITS_OFF))
		return "securebits";
	if (!plans_more(hardening->core_scheduling, json_get(document, "coreScheduling")))
		return "coreScheduling";
	if (!plans_more(hardening->speculation[SPECULATION_L1D_FLUSH],
			json_at(document, "speculation", "l1dFlush")))
		return "speculation.l1dFlush";
	if (json_get(disk, "max") &&
	    (!hardening->disk.bytes || hardening->disk.bytes > json_get(disk, "max")->integer.magnitude))
		return "disk.max";
	if (json_get(disk, "max") &&
	    ((can_change_projects(after) && !has_text(&hardening->seccomp_guards, "disk")) ||
	     has(capability_set(after, 0), "CAP_SYS_ADMIN") ||
	     has(capability_set(after, 0), "CAP_SYS_RESOURCE")))
		return "disk.max: what goes past it";
	if (!plans_more(hardening->disk.demand, json_get(disk, "quota")) && hardening->disk.bytes)
		return "disk.quota";
	if (json_is(userns, "require") && !facts->rootless && !hardening->idmap_root &&
	    !config_namespace(before, OCI_NAMESPACE_USER))
		return "userns";
	return unmet_landlock(document, &hardening->landlock);
}

const char *looser_hardening(const struct hardening *before, const struct hardening *after)
{
	for (size_t i = 0; i < before->seccomp_profiles.count; i++)
		if (!has_text(&after->seccomp_profiles, before->seccomp_profiles.items[i]))
			return "seccomp.profile";
	for (size_t i = 0; i < before->landlock.count; i++)
		if (!has_text(&after->landlock.texts, before->landlock.texts.items[i]))
			return "landlock";
	for (size_t i = 0; i < before->egress.count; i++)
		if (!has_text(&after->egress.texts, before->egress.texts.items[i]))
			return "egress";
	for (size_t i = 0; i < SPECULATION_CONTROLS; i++)
		if (after->speculation[i] < before->speculation[i])
			return "speculation";
	if (after->landlock.demand < before->landlock.demand || after->securebits < before->securebits ||
	    after->core_scheduling < before->core_scheduling || after->disk.demand < before->disk.demand)
		return "how much a measure matters";
	if (before->disk.bytes && (!after->disk.bytes || after->disk.bytes > before->disk.bytes))
		return "disk.max";
	if (before->idmap_root && !after->idmap_root)
		return "userns";
	return before->session_keyring && !after->session_keyring ? "keyring" : NULL;
}

const char *unmet_in(struct arena *arena, const struct json_value *document, const struct oci_config *before,
		     const struct oci_config *after, const struct policy_facts *facts,
		     const struct hardening *hardening)
{
	const struct json_value *nnp = json_get(document, "noNewPrivileges");
	const struct json_value *readonly = json_at(document, "rootfs", "readonly");
	const struct json_value *non_root = json_at(document, "user", "nonRoot");
	const char *unmet = unmet_capabilities(document, after);

	if (!unmet)
		unmet = unmet_paths(arena, document, after);
	if (!unmet)
		unmet = unmet_tmpfs(arena, document, after);
	if (!unmet)
		unmet = unmet_mounts(arena, document, after);
	if (!unmet)
		unmet = unmet_limits(document, before, after, facts);
	if (!unmet)
		unmet = unmet_devices(document, after);
	if (!unmet)
		unmet = unmet_namespaces(document, after);
	if (!unmet)
		unmet = unmet_sysctl(arena, document, after);
	if (!unmet)
		unmet = unmet_hardening(document, before, after, facts, hardening);
	if (!unmet)
		unmet = unmet_egress(document, after, hardening);
	if (unmet)
		return unmet;
	if (nnp && nnp->boolean && after->process && !after->process->no_new_privileges)
		return "noNewPrivileges";
	if (readonly && readonly->boolean && !after->root->readonly)
		return "rootfs.readonly";
	if (non_root && non_root->boolean && after->process && after->process->user.uid == 0 &&
	    !facts->rootless)
		return "user.nonRoot";
	if (json_is(json_get(document, "privileged"), "refuse") && is_privileged(before))
		return "privileged";
	if (json_is(json_get(document, "keyring"), "session") && !hardening->session_keyring)
		return "keyring";
	return NULL;
}
