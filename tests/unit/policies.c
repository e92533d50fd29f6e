/* SPDX-License-Identifier: Apache-2.0 */
#include "policies.h"

#include <string.h>

static char *quoted(struct arena *arena, const char *text)
{
	char *copy = arena_strdup(arena, text);

	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	return copy;
}

/* Puts @members first into the object that starts at the end of the first @opening. */
static char *with_members(struct arena *arena, const char *text, const char *opening, const char *members)
{
	const char *at = strstr(text, opening);
	const char *rest = at ? at + strlen(opening) : NULL;

	if (!at)
		return arena_strdup(arena, text);
	return arena_printf(arena, "%.*s%s%s%s", (int)(rest - text), text, members,
			    rest[strspn(rest, " ")] == '}' ? "" : ",", rest);
}

/* What the specification requires and no policy looks at. */
static char *whole_config(struct arena *arena, const char *text)
{
	const char *whole = with_members(arena, text, "{", "'ociVersion': '1.3.0'");

	return quoted(arena, with_members(arena, whole, "'process': {", "'cwd': '/'"));
}

static char *whole_process(struct arena *arena, const char *text)
{
	return quoted(arena, with_members(arena, text, "{", "'cwd': '/'"));
}

struct oci_config *make_config(struct arena *arena, const char *text)
{
	const char *whole = whole_config(arena, text);
	struct oci_config *config;
	struct error error;

	if (config_parse(arena, "config", whole, strlen(whole), &config, &error) < 0)
		fail_msg("%s", error.text);
	return config;
}

struct oci_process *make_process(struct arena *arena, const char *text)
{
	const char *whole = whole_process(arena, text);
	struct oci_process *process;
	struct error error;

	if (process_parse(arena, "process", whole, strlen(whole), &process, &error) < 0)
		fail_msg("%s", error.text);
	return process;
}

struct oci_resources *make_resources(struct arena *arena, const char *text)
{
	struct oci_resources *resources;
	struct error error;

	if (resources_parse(arena, "resources", quoted(arena, text), strlen(text), &resources, &error) < 0)
		fail_msg("%s", error.text);
	return resources;
}

static int parse_policy(struct arena *arena, const char *text, struct policy **policy, struct error *error)
{
	struct json_value *document;

	if (json_parse(arena, "policy", quoted(arena, text), strlen(text), &document, error) < 0)
		fail_msg("%s", error->text);
	return policy_parse(arena, "policy", document, policy, error);
}

struct policy *make_policy(struct arena *arena, const char *text)
{
	struct policy *policy;
	struct error error;

	if (parse_policy(arena, text, &policy, &error) < 0)
		fail_msg("%s", error.text);
	return policy;
}

const char *refused_policy(struct arena *arena, const char *text)
{
	struct policy *policy;
	struct error error;

	if (parse_policy(arena, text, &policy, &error) == 0)
		fail_msg("accepted: %s", text);
	return arena_strdup(arena, error.text);
}

struct policy *builtin_policy(struct arena *arena, const char *name)
{
	struct policy_site none = { 0 };
	struct policy *policy;
	struct error error;

	if (policy_load(arena, &none, name, NULL, &policy, &error) < 0)
		fail_msg("%s", error.text);
	return policy;
}

struct policy *stack(struct arena *arena, const struct policy *left, const struct policy *right)
{
	const struct policy *both[] = { left, right };
	struct policy *stacked;
	struct error error;

	if (policy_stack(arena, both, 2, &stacked, &error) < 0)
		fail_msg("%s", error.text);
	return stacked;
}

const char *config_text(struct arena *arena, const struct oci_config *config)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text };

	config_print(&writer, config);
	return arena_strdup(arena, strbuf_text(&text));
}

const char *policy_text(struct arena *arena, const struct policy *policy)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };
	struct json_writer writer = { .out = &text };

	policy_print(&writer, policy);
	return arena_strdup(arena, strbuf_text(&text));
}

/* What no change tells of is left out: how much a measure matters that is not there, a fresh keyring. */
const char *hardening_text(struct arena *arena, const struct hardening *hardening)
{
	_cleanup_strbuf_ struct strbuf text = { 0 };

	strbuf_printf(&text,
		      "idmap %d, securebits %d, core %d, disk %llu (%d), landlock %d:", hardening->idmap_root,
		      hardening->securebits, hardening->core_scheduling,
		      (unsigned long long)hardening->disk.bytes, hardening->disk.demand == DEMAND_REQUIRE,
		      hardening->landlock.demand == DEMAND_REQUIRE);
	for (size_t i = 0; i < hardening->landlock.count; i++)
		strbuf_printf(&text, " %s", hardening->landlock.texts.items[i]);
	for (size_t i = 0; i < hardening->seccomp_guards.count; i++)
		strbuf_printf(&text, ", guard of %s", hardening->seccomp_guards.items[i]);
	strbuf_puts(&text, ", egress");
	for (size_t i = 0; i < hardening->egress.count; i++)
		strbuf_printf(&text, " %s", hardening->egress.texts.items[i]);
	strbuf_puts(&text, ", speculation");
	for (size_t i = 0; i < SPECULATION_CONTROLS; i++)
		strbuf_printf(&text, " %d", hardening->speculation[i]);
	strbuf_puts(&text, ", seccomp");
	for (size_t i = 0; i < hardening->seccomp_profiles.count; i++)
		strbuf_printf(&text, " %s", hardening->seccomp_profiles.items[i]);
	return arena_strdup(arena, strbuf_text(&text));
}

size_t apply_policy(struct arena *arena, const struct policy *policy, struct oci_config *config)
{
	struct policy_changes changes = { 0 };
	struct hardening hardening = { 0 };
	struct error error;

	if (policy_apply(arena, policy, config, NULL, &hardening, &changes, &error) < 0)
		fail_msg("%s", error.text);
	return changes.count;
}

const char *refused_config(struct arena *arena, const struct policy *policy, struct oci_config *config,
			   const struct policy_facts *facts)
{
	const char *before = config_text(arena, config);
	struct policy_changes changes = { 0 };
	struct hardening hardening = { 0 };
	struct error error;

	if (policy_apply(arena, policy, config, facts, &hardening, &changes, &error) == 0)
		fail_msg("policy %s took %s", policy_names(policy), before);
	assert_string_equal(before, config_text(arena, config));
	assert_int_equal(changes.count, 0);
	return arena_strdup(arena, error.text);
}
