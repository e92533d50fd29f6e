/* SPDX-License-Identifier: Apache-2.0 */
/* `baseline` and `off` on what engines write, and on the config of `spec`. */
#include "policies.h"

#include <string.h>

#include "documents.h"
#include "libcontainer.h"

/* An engine's config, from its file. */
static struct oci_config *engine_config(struct arena *arena, const char *path)
{
	struct oci_config *config;
	struct error error;
	size_t length;
	char *bytes = document_read(arena, path, &length);

	if (config_parse(arena, path, bytes, length, &config, &error) < 0)
		fail_msg("%s", error.text);
	return config;
}

static bool has(const struct string_list *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i], text))
			return true;
	return false;
}

static void assert_baseline_holds(const struct oci_config *config)
{
	static const char *const masked[] = { "/proc/interrupts", "/proc/kallsyms",
					      "/proc/kcore",	  "/proc/kpageflags",
					      "/proc/modules",	  "/sys/devices/virtual/powercap",
					      "/sys/firmware",	  "/sys/kernel/debug" };
	static const char *const readonly[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
						"/proc/sysrq-trigger" };

	assert_true(config->process->no_new_privileges);
	assert_int_equal(config->process->capabilities->inheritable.count, 0);
	assert_int_equal(config->process->capabilities->ambient.count, 0);
	assert_true(config->linux_->resources->pids->limit.present);
	for (size_t i = 0; i < ARRAY_SIZE(masked); i++)
		assert_true(has(&config->linux_->masked_paths, masked[i]));
	for (size_t i = 0; i < ARRAY_SIZE(readonly); i++)
		assert_true(has(&config->linux_->readonly_paths, readonly[i]));
}

/* What programs read: none of it may be behind a mask. */
static void assert_programs_find_their_files(const struct oci_config *config)
{
	static const char *const read_by_programs[] = {
		"/proc/cpuinfo",
		"/proc/meminfo",
		"/proc/stat",
		"/proc/loadavg",
		"/proc/uptime",
		"/proc/version",
		"/proc/vmstat",
		"/proc/diskstats",
		"/proc/mounts",
		"/proc/net",
		"/proc/self",
		"/proc/cgroups",
		"/proc/filesystems",
		"/proc/swaps",
		"/proc/partitions",
		"/proc/pressure",
		"/proc/sys/kernel",
		"/proc/cmdline",
		"/proc/devices",
		"/proc/kmsg",
		"/sys/fs/cgroup",
		"/sys/devices/system/cpu/online",
		"/sys/devices/system/cpu/cpu0/cache",
		"/sys/devices/system/node",
		"/sys/block",
		"/sys/class/net",
		"/sys/class/dmi/id/product_name",
		"/sys/devices/virtual/dmi/id/product_name",
		"/sys/hypervisor",
		"/sys/kernel/mm/transparent_hugepage/enabled",
		"/sys/kernel/mm/hugepages",
		"/sys/module",
		"/sys/devices/virtual/net",
	};

	for (size_t i = 0; i < ARRAY_SIZE(read_by_programs); i++) {
		for (size_t m = 0; m < config->linux_->masked_paths.count; m++) {
			const char *masked = config->linux_->masked_paths.items[m];
			size_t length = strlen(masked);

			if (!strncmp(read_by_programs[i], masked, length) &&
			    (read_by_programs[i][length] == '/' || read_by_programs[i][length] == '\0'))
				fail_msg("%s is behind %s", read_by_programs[i], masked);
		}
	}
}

static void engines_defaults_pass(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	const char **paths;
	size_t count = document_list(&arena, "engine-configs", &paths);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct oci_config *config = engine_config(&arena, paths[i]);
		const char *before = config_text(&arena, config), *once;

		assert_int_equal(apply_policy(&arena, builtin_policy(&arena, "off"), config), 0);
		assert_string_equal(config_text(&arena, config), before);
		assert_true(apply_policy(&arena, builtin_policy(&arena, "baseline"), config) > 0);
		assert_baseline_holds(config);
		assert_programs_find_their_files(config);
		once = config_text(&arena, config);
		assert_int_equal(apply_policy(&arena, builtin_policy(&arena, "baseline"), config), 0);
		assert_string_equal(config_text(&arena, config), once);
	}
}

static void the_config_of_spec_passes(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };

	(void)state;
	for (int rootless = 0; rootless <= 1; rootless++) {
		struct oci_config *config = config_template(&arena, rootless);

		apply_policy(&arena, builtin_policy(&arena, "baseline"), config);
		assert_baseline_holds(config);
	}
}

static void limits_of_the_engine_stay(void **state)
{
	static const struct {
		const char *path;
		int64_t pids;
	} limits[] = {
		{ "engine-configs/docker-default.json", 2048 },
		{ "engine-configs/docker-hardened-flags.json", 256 },
		{ "engine-configs/podman-default.json", 2048 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		_cleanup_arena_ struct arena arena = { 0 };
		struct oci_config *config = engine_config(&arena, limits[i].path);
		struct oci_capabilities before = *config->process->capabilities;

		apply_policy(&arena, builtin_policy(&arena, "baseline"), config);
		assert_int_equal(config->linux_->resources->pids->limit.value, limits[i].pids);
		assert_int_equal(config->process->capabilities->bounding.count, before.bounding.count);
		assert_int_equal(config->process->capabilities->effective.count, before.effective.count);
	}
}

static struct oci_namespace *namespace_entry(struct oci_config *config, enum oci_namespace_type type)
{
	for (size_t i = 0; i < config->linux_->namespaces.count; i++)
		if (config->linux_->namespaces.items[i].type == type)
			return &config->linux_->namespaces.items[i];
	fail_msg("no %s namespace", namespace_type_name(type));
	return NULL;
}

static void pid_host_is_refused_and_pid_container_passes(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct policy *baseline = builtin_policy(&arena, "baseline");
	struct oci_config *config = engine_config(&arena, "engine-configs/docker-default.json");
	struct oci_namespace *pid = namespace_entry(config, OCI_NAMESPACE_PID);
	struct policy_facts facts = { .joined[OCI_NAMESPACE_PID] = POLICY_NAMESPACE_OTHER };
	struct policy_changes changes = { 0 };
	struct hardening hardening = { 0 };
	struct error error;

	(void)state;
	pid->path = "/proc/4711/ns/pid"; /* --pid=container:X */
	assert_int_equal(policy_apply(&arena, baseline, config, &facts, &hardening, &changes, &error), 0);
	assert_true(hardening.session_keyring);
	/* --pid=host leaves the entry out */
	*pid = config->linux_->namespaces.items[--config->linux_->namespaces.count];
	assert_string_equal(
		refused_config(&arena, baseline, config, &facts),
		"policy baseline: namespaces.require: container shares the host's pid namespace; remove "
		"--pid=host or run with --policy off");
}

/* What `docker run --privileged` makes of Docker's default, on an engine that lacks some capability itself. */
static void docker_privileged_is_refused(void **state)
{
	static const char *capabilities[] = { "CAP_CHOWN",     "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH",
					      "CAP_NET_ADMIN", "CAP_SYS_PTRACE",   "CAP_SYS_ADMIN",
					      "CAP_SYS_MODULE" };
	static struct oci_device_rule every_device = { .allow = true, .access = "rwm" };
	_cleanup_arena_ struct arena arena = { 0 };
	struct policy *baseline = builtin_policy(&arena, "baseline");
	struct oci_config *config = engine_config(&arena, "engine-configs/docker-default.json");
	struct oci_device_rule_list rules = config->linux_->resources->devices;

	(void)state;
	config->process->capabilities->bounding =
		(struct string_list){ capabilities, ARRAY_SIZE(capabilities) };
	config->linux_->resources->devices = (struct oci_device_rule_list){ &every_device, 1 };
	assert_non_null(strstr(refused_config(&arena, baseline, config, NULL),
			       "policy baseline: privileged: container is privileged; "));
	/* --cap-add=ALL is a bad idea, but a different one */
	config->linux_->resources->devices = rules;
	assert_true(apply_policy(&arena, baseline, config) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(engines_defaults_pass),
		cmocka_unit_test(the_config_of_spec_passes),
		cmocka_unit_test(limits_of_the_engine_stay),
		cmocka_unit_test(pid_host_is_refused_and_pid_container_passes),
		cmocka_unit_test(docker_privileged_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
