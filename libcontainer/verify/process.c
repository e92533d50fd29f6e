/* SPDX-License-Identifier: Apache-2.0 */
/* verify: what the processes may do: /proc/PID/status, limits, attr, oom_score_adj. proc(5) */
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/number.h"
#include "base/process.h"
#include "sandbox/identity.h"
#include "seccomp/planned.h"
#include "verify/looking.h"

const char *look_field(struct arena *arena, const char *status, const char *name)
{
	const char *found = process_status_field(status, name);

	return found ? arena_strndup(arena, found, strcspn(found, "\n")) : NULL;
}

/* What each process's status says under one name; @differs: whether that is not as planned. */
struct status_check {
	const char *member;
	const char *field;
	const char *planned;
	uint64_t mask; /* capabilities that may be there */
	bool comes_last; /* right before the program is executed: not yet where the container is only created */
	bool (*differs)(const struct status_check *check, const char *value);
	const char *(*describe)(struct arena *arena, const struct status_check *check, const char *value);
};

static const char *names_of(struct arena *arena, uint64_t mask)
{
	const char *const *name = capabilities_known();
	_cleanup_strbuf_ struct strbuf text = { 0 };

	for (unsigned int i = 0; i < 64; i++) {
		if (mask & (UINT64_C(1) << i)) {
			strbuf_puts(&text, text.length ? ", " : "");
			if (*name)
				strbuf_puts(&text, *name);
			else
				strbuf_printf(&text, "%u", i);
		}
		name += *name != NULL;
	}
	return text.length ? arena_strdup(arena, strbuf_text(&text)) : "none";
}

static bool caps_differ(const struct status_check *check, const char *value)
{
	char *end;
	uint64_t found = strtoull(value, &end, 16);

	return *end || end == value || (found & ~check->mask) != 0;
}

static const char *describe_caps(struct arena *arena, const struct status_check *check, const char *value)
{
	uint64_t beyond = strtoull(value, NULL, 16) & ~check->mask;

	return arena_printf(arena, "%s besides", names_of(arena, beyond));
}

static bool not_set(const struct status_check *check, const char *value)
{
	(void)check;
	return strcmp(value, "1") != 0;
}

static bool no_filter(const struct status_check *check, const char *value)
{
	(void)check;
	return strcmp(value, "2") != 0; /* SECCOMP_MODE_FILTER */
}

/* The mask is how many there have to be. */
static bool fewer_filters(const struct status_check *check, const char *value)
{
	uint64_t found;

	return parse_u64(value, 0, UINT64_MAX, &found) < 0 || found < check->mask;
}

static const char *describe_filters(struct arena *arena, const struct status_check *check, const char *value)
{
	(void)check;
	return arena_printf(arena, "%s", value);
}

static const char *describe_plain(struct arena *arena, const struct status_check *check, const char *value)
{
	(void)value;
	return arena_printf(arena, "%s", check->differs == no_filter ? "no filter" : "not set");
}

static void check_status(struct looking *looking, const struct status_check *check, const char *const *statuses)
{
	bool is_too_early = check->comes_last && looking->waits_for_start;
	size_t looked_at = 0;

	for (size_t i = 0; i < looking->pid_count; i++) {
		const char *value = statuses[i] ? look_field(looking->arena, statuses[i], check->field) : NULL;

		if (!statuses[i] && looking->pids[i] != looking->pid)
			continue; /* it has ended */
		if (is_too_early && looking->pids[i] == looking->pid)
			continue;
		looked_at++;
		if (!value) {
			look_add(looking, MEASURE_UNKNOWN, check->member, check->planned,
				 arena_printf(looking->arena, "process %d: not reported", looking->pids[i]));
			return;
		}
		if (check->differs(check, value)) {
			look_add(looking, MEASURE_BROKEN, check->member, check->planned,
				 arena_printf(looking->arena, "process %d: %s", looking->pids[i],
					      check->describe(looking->arena, check, value)));
			return;
		}
	}
	if (is_too_early && looked_at == 0)
		look_add(looking, MEASURE_HOLDS, check->member, check->planned, "comes with start");
	else
		look_add(looking, MEASURE_HOLDS, check->member, check->planned,
			 arena_printf(looking->arena, "so in %zu process%s", looked_at,
				      looked_at == 1 ? "" : "es"));
}

static void check_capabilities(struct looking *looking, const char *const *statuses)
{
	const struct oci_capabilities *planned = looking->config->process->capabilities;
	struct capability_masks masks;
	struct error ignored;

	if (capabilities_resolve(planned, &masks, &ignored) < 0)
		return;
	const struct {
		const char *set;
		const char *field;
		uint64_t mask;
	} sets[] = {
		{ "bounding", "CapBnd", masks.bounding },   { "effective", "CapEff", masks.effective },
		{ "permitted", "CapPrm", masks.permitted }, { "inheritable", "CapInh", masks.inheritable },
		{ "ambient", "CapAmb", masks.ambient },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		const struct status_check check = {
			.member = arena_printf(looking->arena, "process.capabilities.%s", sets[i].set),
			.field = sets[i].field,
			.planned = names_of(looking->arena, sets[i].mask),
			.mask = sets[i].mask,
			.differs = caps_differ,
			.describe = describe_caps,
		};

		check_status(looking, &check, statuses);
	}
}

/* As many as the profiles and guards of the policies come to, with the configuration's. */
static void check_policy_filters(struct looking *looking, const char *const *statuses)
{
	struct status_check check = {
		.member = "seccomp filters",
		.field = "Seccomp_filters",
		.comes_last = true,
		.differs = fewer_filters,
		.describe = describe_filters,
	};
	_cleanup_fd_ int cache = -1;
	struct seccomp_filters filters;
	struct error error;

	if (looking->hardening.seccomp_profiles.count + looking->hardening.seccomp_guards.count == 0)
		return;
	cache = store_seccomp_cache(&looking->container->store);
	if (seccomp_planned_compile(looking->arena, cache, looking->config, &looking->hardening, &filters,
				    &error) < 0) {
		look_add(looking, MEASURE_UNKNOWN, check.member, "those of the policies",
			 arena_strdup(looking->arena, error.text));
		return;
	}
	check.mask = filters.count;
	check.planned = arena_printf(looking->arena, "at least %zu filter%s", filters.count,
				     filters.count == 1 ? "" : "s");
	check_status(looking, &check, statuses);
}

void look_at_processes(struct looking *looking)
{
	const struct oci_process *process = looking->config->process;
	const struct status_check no_new_privileges = {
		"process.noNewPrivileges", "NoNewPrivs", "set", 0, false, not_set, describe_plain,
	};
	const struct status_check seccomp = {
		"linux.seccomp", "Seccomp", "a filter", 0, true, no_filter, describe_plain,
	};
	const char **statuses = ARENA_NEW_ARRAY(looking->arena, const char *, looking->pid_count);

	looking->waits_for_start = faccessat(looking->container->entry.fd, STORE_START_SOCKET, F_OK, 0) == 0;
	for (size_t i = 0; i < looking->pid_count; i++)
		statuses[i] = look_read(looking, looking->pids[i], "status");
	if (process && process->no_new_privileges)
		check_status(looking, &no_new_privileges, statuses);
	if (looking->config->linux_ && looking->config->linux_->seccomp)
		check_status(looking, &seccomp, statuses);
	check_policy_filters(looking, statuses);
	if (process)
		check_capabilities(looking, statuses);
}

/* What the host calls the container's root; false where no id is root's there. */
static bool host_root(const struct oci_config *config, uint64_t *uid)
{
	const struct oci_id_mapping_list *map = config->linux_ ? &config->linux_->uid_mappings : NULL;

	*uid = 0;
	if (!config_namespace(config, OCI_NAMESPACE_USER))
		return true;
	for (size_t i = 0; map && i < map->count; i++) {
		if (map->items[i].container_id == 0) {
			*uid = map->items[i].host_id;
			return true;
		}
	}
	return false;
}

/* A program may become another user; root is none of them where it was not begun with. */
void look_at_user(struct looking *looking)
{
	const struct oci_process *process = looking->config->process;
	const char *status, *uids;
	uint64_t root;
	bool is_root = false;

	if (!process || process->user.uid == 0 || !host_root(looking->config, &root))
		return;
	status = look_read(looking, looking->pid, "status");
	uids = status ? look_field(looking->arena, status, "Uid") : NULL;
	if (!uids) {
		look_add(looking, MEASURE_UNKNOWN, "process.user", "not root", "not reported");
		return;
	}
	for (const char *next = uids; *next; next += strspn(next, "\t "))
		is_root |= strtoull(next, (char **)&next, 10) == root;
	look_add_bool(looking, !is_root, "process.user", "not root",
		      arena_printf(looking->arena, "uid %s", is_root ? "0" : "is another"));
}

/* limits ------------------------------------------------------------------------------------------------- */

/* As /proc/PID/limits calls them. */
static const struct {
	const char *type;
	const char *name;
} limit_names[] = {
	{ "RLIMIT_CPU", "Max cpu time" },
	{ "RLIMIT_FSIZE", "Max file size" },
	{ "RLIMIT_DATA", "Max data size" },
	{ "RLIMIT_STACK", "Max stack size" },
	{ "RLIMIT_CORE", "Max core file size" },
	{ "RLIMIT_RSS", "Max resident set" },
	{ "RLIMIT_NPROC", "Max processes" },
	{ "RLIMIT_NOFILE", "Max open files" },
	{ "RLIMIT_MEMLOCK", "Max locked memory" },
	{ "RLIMIT_AS", "Max address space" },
	{ "RLIMIT_LOCKS", "Max file locks" },
	{ "RLIMIT_SIGPENDING", "Max pending signals" },
	{ "RLIMIT_MSGQUEUE", "Max msgqueue size" },
	{ "RLIMIT_NICE", "Max nice priority" },
	{ "RLIMIT_RTPRIO", "Max realtime priority" },
	{ "RLIMIT_RTTIME", "Max realtime timeout" },
};

/* The hard limit in the line of @type, or NULL. */
static const char *hard_limit(struct arena *arena, const char *limits, const char *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(limit_names); i++) {
		const char *line =
			strcmp(limit_names[i].type, type) ? NULL : strstr(limits, limit_names[i].name);

		if (!line)
			continue;
		line += strlen(limit_names[i].name);
		line += strspn(line, " ");
		line += strcspn(line, " ");
		line += strspn(line, " ");
		return arena_strndup(arena, line, strcspn(line, " "));
	}
	return NULL;
}

static const char *limit_text(struct arena *arena, uint64_t value)
{
	return value == UINT64_MAX ? "unlimited" : arena_printf(arena, "%" PRIu64, value);
}

void look_at_rlimits(struct looking *looking)
{
	const struct oci_process *process = looking->config->process;
	const char *limits =
		process && process->rlimits.count ? look_read(looking, looking->pid, "limits") : "";

	for (size_t i = 0; process && i < process->rlimits.count; i++) {
		const struct oci_rlimit *planned = &process->rlimits.items[i];
		const char *name = arena_printf(looking->arena, "process.rlimits %s", planned->type);
		const char *found = limits ? hard_limit(looking->arena, limits, planned->type) : NULL;
		uint64_t hard = UINT64_MAX;

		if (!found || (strcmp(found, "unlimited") != 0 && parse_u64(found, 0, UINT64_MAX, &hard) < 0))
			look_add(looking, MEASURE_UNKNOWN, name, limit_text(looking->arena, planned->hard),
				 "not reported");
		else
			look_add_bool(looking, hard <= planned->hard, name,
				      limit_text(looking->arena, planned->hard), found);
	}
}

/* A process may raise its own, which only hurts itself. */
void look_at_oom_score(struct looking *looking)
{
	const struct oci_process *process = looking->config->process;
	const char *text, *planned;
	int64_t found;

	if (!process || !process->oom_score_adj.present)
		return;
	planned = arena_printf(looking->arena, "%" PRId64, process->oom_score_adj.value);
	text = look_read(looking, looking->pid, "oom_score_adj");
	if (text)
		text = arena_strndup(looking->arena, text, strcspn(text, "\n"));
	if (!text || parse_i64(text, -1000, 1000, &found) < 0)
		look_add(looking, MEASURE_UNKNOWN, "process.oomScoreAdj", planned, "not reported");
	else
		look_add_bool(looking, found >= process->oom_score_adj.value, "process.oomScoreAdj", planned,
			      text);
}

/* labels ------------------------------------------------------------------------------------------------- */

static void check_label(struct looking *looking, const char *name, const char *planned,
			const char *const *files, size_t count)
{
	const char *text = NULL;

	for (size_t i = 0; i < count && !text; i++)
		text = look_read(looking, looking->pid, files[i]);
	/* AppArmor adds its mode: "docker-default (enforce)". */
	if (text)
		text = arena_strndup(looking->arena, text, strcspn(text, "\n"));
	if (!text)
		look_add(looking, MEASURE_UNKNOWN, name, planned, "not reported");
	else
		look_add_bool(looking,
			      !strcmp(text, planned) ||
				      !strcmp(text, arena_printf(looking->arena, "%s (enforce)", planned)),
			      name, planned, text);
}

void look_at_labels(struct looking *looking)
{
	static const char *const apparmor[] = { "attr/apparmor/current", "attr/current" };
	static const char *const selinux[] = { "attr/current" };
	const struct oci_process *process = looking->config->process;

	if (process && process->apparmor_profile && *process->apparmor_profile &&
	    strcmp(process->apparmor_profile, "unconfined") != 0)
		check_label(looking, "process.apparmorProfile", process->apparmor_profile, apparmor,
			    ARRAY_SIZE(apparmor));
	if (process && process->selinux_label && *process->selinux_label)
		check_label(looking, "process.selinuxLabel", process->selinux_label, selinux,
			    ARRAY_SIZE(selinux));
}
