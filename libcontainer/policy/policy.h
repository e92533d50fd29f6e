/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hardening: a config goes in, a config that is at least as strict comes out, with the list of what changed
 * and why.
 *
 * A policy is a JSON document. Applying it makes no system call. Three laws hold for every policy and every
 * config: the result is never looser than either; applying twice changes nothing more; the order of stacked
 * policies does not matter. What cannot be clamped into shape is refused, with a line that names the policy,
 * the key and the way out.
 *
 * Each key is one entry of the table in keys.c, one file a key or family of keys: how its value is read, how
 * two values merge into the stricter one, how it is applied to a config.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "base/json.h"
#include "spec/config.h"

struct policy; /* one or several merged policies */

/* One thing a policy changed. */
struct policy_change {
	const char *member; /* of the config: "process.noNewPrivileges" */
	const char *from; /* as short text; never the value of an environment variable */
	const char *to;
	const char *policy; /* the names of the policies that asked for it, comma-separated */
	const char *key; /* of the policy: "noNewPrivileges" */
};

struct policy_changes {
	struct policy_change *items;
	size_t count;
	size_t capacity;
};

/* What the host and its site file say, gathered by the caller; the pure part gets it as data. */
struct policy_site {
	const char *default_policy; /* names, comma-separated; NULL: "baseline" */
	struct string_list selectable; /* what the annotation dev.casemate.policy may name */
};

/*
 * Reads /etc/casemate/casemate.json; a site without one gets the defaults, one that cannot be read or has an
 * unknown member is an error.
 */
int policy_site_load(struct arena *arena, struct policy_site *site, struct error *error);

/*
 * Loads the policies that hold for a container: @selection (of --policy: names or files, comma-separated;
 * NULL: the site's default) stacked with the annotation's, each with what it extends. A name is looked for
 * in /etc/casemate/policies/NAME.json, then among the built-in ones; a selection with a '/' is a file.
 * Unknown names, keys and values are errors: a typing error never weakens anything.
 */
int policy_load(struct arena *arena, const struct policy_site *site, const char *selection,
		const struct oci_config *config, struct policy **policy, struct error *error);

/* "baseline", "hobby,terminal": the names, sorted; "off" for the policy that adds nothing. */
const char *policy_names(const struct policy *policy);

/* Whether it is `off`: runc's behaviour to the letter. */
bool policy_is_off(const struct policy *policy);

/* The merged policy as a document, and back: it is kept with the container's state. */
void policy_print(struct json_writer *writer, const struct policy *policy);
int policy_parse(struct arena *arena, const char *label, const struct json_value *document,
		 struct policy **policy, struct error *error);

/*
 * Applies @policy to @config, in place. @rootless: the runtime does not run as the host's root. Appends to
 * @changes. 0, or -1 for a refusal or an error.
 */
int policy_apply(struct arena *arena, const struct policy *policy, struct oci_config *config, bool rootless,
		 struct policy_changes *changes, struct error *error);

/*
 * The same for a process that joins a container (exec) that was made from the hardened @config, and for
 * resources that change one (update).
 */
int policy_apply_process(struct arena *arena, const struct policy *policy, const struct oci_config *config,
			 struct oci_process *process, struct policy_changes *changes, struct error *error);
int policy_apply_resources(struct arena *arena, const struct policy *policy, struct oci_resources *resources,
			   struct policy_changes *changes, struct error *error);

/* The built-in documents (compiled in from policies/): NULL where there is none of that name. */
const char *policy_builtin(const char *name);
/* Their names, NULL-terminated, sorted. */
const char *const *policy_builtin_names(void);
