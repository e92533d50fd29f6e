/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a list of device rules comes to.
 *
 * The rules are carried out one after another, as the v1 controller would: a rule for all devices sets the
 * default and forgets what came before, any other one makes an exception or takes one back. v2 gets a program
 * made from the outcome, so a container may do the same on either.
 */
#include <inttypes.h>
#include <string.h>

#include "base/path.h"
#include "cgroup/internal.h"

struct default_device {
	const char *path; /* linux.devices with this path takes the rule's place; NULL: nothing does */
	struct device_exception rule;
};

/* What every container may have. https://github.com/opencontainers/runc, AllowedDevices */
static const struct default_device default_devices[] = {
	{ NULL, { 'c', DEVICE_ANY, DEVICE_ANY, DEVICE_ACCESS_MKNOD } },
	{ NULL, { 'b', DEVICE_ANY, DEVICE_ANY, DEVICE_ACCESS_MKNOD } },
	{ "/dev/null", { 'c', 1, 3, DEVICE_ACCESS_ALL } },
	{ "/dev/random", { 'c', 1, 8, DEVICE_ACCESS_ALL } },
	{ "/dev/full", { 'c', 1, 7, DEVICE_ACCESS_ALL } },
	{ "/dev/tty", { 'c', 5, 0, DEVICE_ACCESS_ALL } },
	{ "/dev/zero", { 'c', 1, 5, DEVICE_ACCESS_ALL } },
	{ "/dev/urandom", { 'c', 1, 9, DEVICE_ACCESS_ALL } },
	{ NULL, { 'c', 136, DEVICE_ANY, DEVICE_ACCESS_ALL } }, /* /dev/pts/N */
	{ NULL, { 'c', 5, 2, DEVICE_ACCESS_ALL } }, /* /dev/ptmx */
	{ NULL, { 'c', 10, 200, DEVICE_ACCESS_ALL } }, /* /dev/net/tun */
};

static const char *access_text(unsigned int access, char text[4])
{
	char *end = text;

	if (access & DEVICE_ACCESS_READ)
		*end++ = 'r';
	if (access & DEVICE_ACCESS_WRITE)
		*end++ = 'w';
	if (access & DEVICE_ACCESS_MKNOD)
		*end++ = 'm';
	*end = '\0';
	return text;
}

const char *device_exception_text(const struct device_exception *exception, char text[64])
{
	char access[4];
	size_t length;

	length = (size_t)snprintf(text, 64, "%c ", exception->type);
	if (exception->major == DEVICE_ANY)
		length += (size_t)snprintf(text + length, 64 - length, "*:");
	else
		length += (size_t)snprintf(text + length, 64 - length, "%" PRId64 ":", exception->major);
	if (exception->minor == DEVICE_ANY)
		length += (size_t)snprintf(text + length, 64 - length, "* ");
	else
		length += (size_t)snprintf(text + length, 64 - length, "%" PRId64 " ", exception->minor);
	snprintf(text + length, 64 - length, "%s", access_text(exception->access, access));
	return text;
}

static bool same_devices(const struct device_exception *a, const struct device_exception *b)
{
	return a->type == b->type && a->major == b->major && a->minor == b->minor;
}

/* Whether @wide covers the devices of @narrow and more. */
static bool is_wider(const struct device_exception *wide, const struct device_exception *narrow)
{
	return wide->type == narrow->type && !same_devices(wide, narrow) &&
	       (wide->major == DEVICE_ANY || wide->major == narrow->major) &&
	       (wide->minor == DEVICE_ANY || wide->minor == narrow->minor);
}

static void exception_add(struct arena *arena, struct device_state *state, const struct device_exception *rule)
{
	for (size_t i = 0; i < state->count; i++) {
		if (same_devices(&state->exceptions[i], rule)) {
			state->exceptions[i].access |= rule->access;
			return;
		}
	}
	state->exceptions = arena_grow(arena, state->exceptions, state->count, &state->capacity,
				       sizeof(*state->exceptions));
	state->exceptions[state->count++] = *rule;
}

/*
 * A wider exception that stays would go on to cover what this rule takes away, and the v1 controller would not
 * say a word. There are 2^32 minors to split it into, so it is refused.
 */
static int exception_remove(struct device_state *state, const struct device_exception *rule,
			    struct error *error)
{
	char found[64];
	char wanted[64];

	for (size_t i = 0; i < state->count; i++) {
		const struct device_exception *exception = &state->exceptions[i];

		if (is_wider(exception, rule) && (exception->access & rule->access))
			return error_set(
				error, 0,
				"requested rule [%s] not supported by devices cgroupv1 (cannot punch hole in "
				"existing rule [%s])",
				device_exception_text(rule, wanted), device_exception_text(exception, found));
	}
	for (size_t i = 0; i < state->count; i++) {
		struct device_exception *exception = &state->exceptions[i];

		if (!same_devices(exception, rule))
			continue;
		exception->access &= ~rule->access;
		if (!exception->access)
			*exception = state->exceptions[--state->count];
		break;
	}
	return 0;
}

static int apply(struct arena *arena, struct device_state *state, bool allow,
		 const struct device_exception *rule, struct error *error)
{
	if (allow != state->allow) {
		exception_add(arena, state, rule);
		return 0;
	}
	return exception_remove(state, rule, error);
}

static int parse_access(const char *text, unsigned int *access)
{
	*access = 0;
	for (const char *c = text ? text : "rwm"; *c; c++) {
		if (*c == 'r')
			*access |= DEVICE_ACCESS_READ;
		else if (*c == 'w')
			*access |= DEVICE_ACCESS_WRITE;
		else if (*c == 'm')
			*access |= DEVICE_ACCESS_MKNOD;
		else if (*c != 'a') /* means nothing, and is there in configurations that runc takes */
			return -1;
	}
	return *access ? 0 : -1;
}

static int parse_number(const struct optional_i64 *number, int64_t *value)
{
	*value = number->present ? number->value : DEVICE_ANY;
	return *value < DEVICE_ANY || *value > UINT32_MAX ? -1 : 0;
}

/*
 * A rule for all types. Denying resets everything, whatever else the rule says. Allowing resets only where it
 * really speaks of all devices and all access: one that names a number or leaves out an access is taken at its
 * word, as one rule for block and one for character devices. (The v1 controller, and runc with it, allows
 * everything here.)
 */
static int apply_to_all(struct arena *arena, struct device_state *state, bool allow,
			const struct device_exception *rule, struct error *error)
{
	struct device_exception typed = *rule;

	if (!allow ||
	    (rule->major == DEVICE_ANY && rule->minor == DEVICE_ANY && rule->access == DEVICE_ACCESS_ALL)) {
		state->allow = allow;
		state->count = 0;
		return 0;
	}
	typed.type = 'b';
	if (apply(arena, state, allow, &typed, error) < 0)
		return -1;
	typed.type = 'c';
	return apply(arena, state, allow, &typed, error);
}

static int apply_rule(struct arena *arena, struct device_state *state, const struct oci_device_rule *rule,
		      struct error *error)
{
	const char *type = rule->type && *rule->type ? rule->type : "a";
	struct device_exception exception = { .type = type[0] };

	if (type[1] || !strchr("abc", type[0]))
		return error_set(error, 0, "invalid cgroup device type \"%s\"", type);
	if (parse_access(rule->access, &exception.access) < 0)
		return error_set(error, 0, "invalid cgroup device access \"%s\"", rule->access);
	if (parse_number(&rule->major, &exception.major) < 0 ||
	    parse_number(&rule->minor, &exception.minor) < 0)
		return error_set(error, 0, "invalid cgroup device number %" PRId64 ":%" PRId64, exception.major,
				 exception.minor);
	if (exception.type == 'a')
		return apply_to_all(arena, state, rule->allow, &exception, error);
	return apply(arena, state, rule->allow, &exception, error);
}

static bool is_replaced(const struct default_device *device, const struct oci_device_list *devices)
{
	for (size_t i = 0; device->path && devices && i < devices->count; i++)
		if (devices->items[i].path && strcmp(devices->items[i].path, device->path) == 0)
			return true;
	return false;
}

int devices_resolve(struct arena *arena, const struct oci_device_rule_list *rules,
		    const struct oci_device_list *devices, struct device_state *state, struct error *error)
{
	*state = (struct device_state){ .allow = false };
	for (size_t i = 0; rules && i < rules->count; i++)
		if (apply_rule(arena, state, &rules->items[i], error) < 0)
			return error_context(error, "linux.resources.devices[%zu]", i);
	for (size_t i = 0; i < ARRAY_SIZE(default_devices); i++)
		if (!is_replaced(&default_devices[i], devices) &&
		    apply(arena, state, true, &default_devices[i].rule, error) < 0)
			return error_context(error, "allow the default devices");
	return 0;
}

int cgroupfs_set_devices(struct cgroup *cgroup, const struct oci_device_rule_list *rules,
			 const struct oci_device_list *devices, struct error *error)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct cgroup_group *group;
	struct device_state state;

	if (devices_resolve(&arena, rules, devices, &state, error) < 0)
		return -1;
	/* Neither the v1 files nor bpf(2) are for who is not the host's root. */
	if (cgroup->rootless)
		return 0;
	group = group_find(cgroup, "devices");
	if (!group)
		return error_set(error, 0, "cannot set device rules: controller \"devices\" not available");
	return group->v2 ? devices_bpf_set(group, &state, error) : devices_v1_set(group, &state, error);
}
