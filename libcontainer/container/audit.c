/* SPDX-License-Identifier: Apache-2.0 */
/* audit: finds what is to be judged, a bundle, a container or a configuration from standard input. */
#include "policy/audit.h"

#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "base/file.h"
#include "base/log.h"
#include "container/audit_host.h"
#include "container/plan.h"
#include "seccomp/planned.h"
#include "state/container.h"

/* No filter is compiled that is not proven; nothing is loaded or cached here. */
static bool proves_filters(struct arena *arena, const struct oci_config *config,
			   const struct hardening *hardening)
{
	struct seccomp_filters filters;
	struct error error;

	if (seccomp_planned_compile(arena, -1, config, hardening, &filters, &error) == 0)
		return true;
	log_warn("%s", error.text);
	return false;
}

static void judge(struct arena *arena, const struct policy *policy, const struct oci_config *config,
		  const struct hardening *hardening, const struct audit_host *host, struct audit *audit)
{
	const struct audit_subject subject = {
		.arena = arena,
		.config = config,
		.hardening = hardening,
		.host = host,
		.exec = policy ? policy_exec_rule(policy) : EXEC_ALLOW,
		.filters_proven = proves_filters(arena, config, hardening),
	};

	audit->policies = policy ? policy_names(policy) : NULL;
	audit_run(&subject, audit);
}

static int audit_container(struct arena *arena, const struct container *container, struct audit *audit,
			   struct error *error)
{
	_cleanup_fd_ int process = state_open_process(&container->entry, &container->state);
	const struct saved_state *state = &container->state;
	struct hardening hardening = { 0 };
	struct audit_host host;
	struct oci_config *config;
	struct policy *policy;

	if (container_load_config(arena, &container->entry, &config, error) < 0 ||
	    container_hardening(arena, container, config, &policy, &hardening, error) < 0 ||
	    audit_host_look(arena, config, state->bundle, state->rootfs, process >= 0 ? state->pid : 0,
			    state->rootless, &host, error) < 0)
		return -1;
	judge(arena, policy, config, &hardening, &host, audit);
	return 0;
}

/*
 * A configuration of an engine's, as it is; under a policy only where --policy names one. It may come from another
 * host: what it names is not looked for on this one, and what it joins by path is taken for another container's.
 */
static int audit_input(struct arena *arena, const struct runtime *runtime, struct audit *audit,
		       struct error *error)
{
	struct policy_facts facts = { .rootless = runtime_is_rootless(runtime) };
	struct policy_changes changes = { 0 };
	struct hardening hardening = { 0 };
	struct policy *policy = NULL;
	struct oci_config *config;
	struct policy_site site;
	size_t length;
	char *text;

	for (size_t i = 0; i < OCI_NAMESPACE_TYPES; i++)
		facts.joined[i] = POLICY_NAMESPACE_OTHER;
	if (fd_read_all(arena, STDIN_FILENO, FILE_SIZE_MAX, &text, &length) < 0)
		return error_set(error, errno, "read standard input");
	if (config_parse(arena, "standard input", text, length, &config, error) < 0)
		return -1;
	if (runtime->policy && (policy_site_load(arena, &site, error) < 0 ||
				policy_load(arena, &site, runtime->policy, config, &policy, error) < 0 ||
				policy_apply(arena, policy, config, &facts, &hardening, &changes, error) < 0))
		return -1;
	judge(arena, policy, config, &hardening, NULL, audit);
	return 0;
}

static int audit_bundle(struct arena *arena, const struct runtime *runtime, const char *bundle,
			struct audit *audit, struct error *error)
{
	_cleanup_plan_ struct plan plan = { .bundle_fd = -1 };
	struct audit_host host;

	if (plan_make(arena, runtime, NULL, bundle, NULL, false, &plan, error) < 0 ||
	    audit_host_look(arena, plan.config, plan.bundle, plan.rootfs, 0, plan.rootless, &host, error) < 0)
		return -1;
	judge(arena, plan.policy, plan.config, &plan.hardening, &host, audit);
	return 0;
}

int container_audit(struct arena *arena, const struct runtime *runtime, const char *subject,
		    struct audit *audit, struct error *error)
{
	_cleanup_container_ struct container container = { .store.fd = -1, .entry.fd = -1 };
	int is_container;

	*audit = (struct audit){ .subject = subject };
	if (strcmp(subject, "-") == 0)
		return audit_input(arena, runtime, audit, error);
	is_container = container_find(arena, runtime, subject, &container, error);
	if (is_container < 0)
		return -1;
	if (is_container)
		return audit_container(arena, &container, audit, error);
	return audit_bundle(arena, runtime, subject, audit, error);
}
