/* SPDX-License-Identifier: Apache-2.0 */
/* Which policies hold: the site's file, names, files, what they extend, the annotation. */
#include "policies.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A site directory that is removed when it leaves scope. */
struct site_directory {
	char path[64];
};

static void site_release(struct site_directory *site)
{
	static const char *const files[] = { "policies/baseline.json", "policies/tight.json", "policies/a.json",
					     "policies/b.json",	       "policies/off.json",   "casemate.json" };
	char path[256];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", site->path, files[i]);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/policies", site->path);
	rmdir(path);
	rmdir(site->path);
}
#define _cleanup_site_ _cleanup_(site_release)

static void site_make(struct site_directory *site)
{
	char path[256];

	strcpy(site->path, "/tmp/casemate-policy-test-XXXXXX");
	assert_non_null(mkdtemp(site->path));
	snprintf(path, sizeof(path), "%s/policies", site->path);
	assert_int_equal(mkdir(path, 0755), 0);
}

static void site_write(const struct site_directory *site, const char *name, const char *text)
{
	_cleanup_file_ FILE *file = NULL;
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", site->path, name);
	file = fopen(path, "we");
	assert_non_null(file);
	for (; *text; text++)
		fputc(*text == '\'' ? '"' : *text, file);
	assert_int_equal(chmod(path, 0644), 0);
}

/* The names and the merged document, or the error. */
static const char *loaded(struct arena *arena, const struct site_directory *directory, const char *selection,
			  const struct oci_config *config)
{
	struct policy *policy;
	struct policy_site site;
	struct error error;

	if (policy_site_load_from(arena, directory->path, &site, &error) < 0 ||
	    policy_load(arena, &site, selection, config, &policy, &error) < 0)
		return arena_strdup(arena, error.text);
	return policy_text(arena, policy);
}

static const char *built_in(struct arena *arena, const char *name)
{
	return policy_text(arena, builtin_policy(arena, name));
}

static void a_bare_host_has_the_built_in_ones(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct site_directory none = { "/tmp/casemate-policy-test-none" };

	(void)state;
	assert_string_equal(loaded(&arena, &none, NULL, NULL), built_in(&arena, "baseline"));
	assert_string_equal(loaded(&arena, &none, "baseline", NULL), built_in(&arena, "baseline"));
	assert_string_equal(loaded(&arena, &none, "off", NULL), "{\"name\":\"off\"}");
	assert_string_equal(loaded(&arena, &none, "off,baseline", NULL), built_in(&arena, "baseline"));
	assert_string_equal(loaded(&arena, &none, "basline", NULL), "load policy: no policy is called basline");
	assert_string_equal(loaded(&arena, &none, "", NULL), "load policy: \"\" is no name of a policy");
	assert_string_equal(loaded(&arena, &none, "off,", NULL), "load policy: \"\" is no name of a policy");
	assert_string_equal(loaded(&arena, &none, "./none.json", NULL),
			    "load policy: open ./none.json: no such file or directory");
}

static void a_site_has_its_default_and_policies(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_site_ struct site_directory site;

	(void)state;
	site_make(&site);
	site_write(&site, "casemate.json", "{ 'defaultPolicy': 'tight' }");
	site_write(&site, "policies/tight.json", "{ 'name': 'tight', 'rootfs': { 'readonly': true } }");
	site_write(&site, "policies/off.json", "{ 'name': 'off', 'rootfs': { 'readonly': true } }");
	assert_string_equal(loaded(&arena, &site, NULL, NULL),
			    "{\"name\":\"tight\",\"rootfs\":{\"readonly\":true}}");
	assert_string_equal(loaded(&arena, &site, "baseline", NULL), built_in(&arena, "baseline"));
	assert_string_equal(loaded(&arena, &site, "off", NULL), "{\"name\":\"off\"}");
	assert_string_equal(loaded(&arena, &site, arena_printf(&arena, "off,%s/policies/tight.json", site.path),
				   NULL),
			    "{\"name\":\"tight\",\"rootfs\":{\"readonly\":true}}");
}

static void extended_policies_are_stacked_below(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_site_ struct site_directory site;
	struct policy_changes changes = { 0 };
	struct policy_site loaded_site;
	struct hardening hardening = { 0 };
	struct policy *policy;
	struct error error;

	(void)state;
	site_make(&site);
	site_write(&site, "policies/a.json",
		   "{ 'name': 'a', 'extends': ['b'], 'rootfs': { 'readonly': true } }");
	site_write(&site, "policies/b.json", "{ 'name': 'b', 'extends': 'off', 'noNewPrivileges': true }");
	assert_string_equal(loaded(&arena, &site, "a", NULL),
			    "{\"name\":\"a\",\"noNewPrivileges\":true,\"rootfs\":{\"readonly\":true}}");
	assert_int_equal(policy_site_load_from(&arena, site.path, &loaded_site, &error), 0);
	assert_int_equal(policy_load(&arena, &loaded_site, "a", NULL, &policy, &error), 0);
	assert_int_equal(policy_apply(&arena, policy,
				      make_config(&arena, "{ 'process': {}, 'root': { 'path': 'r' } }"), NULL,
				      &hardening, &changes, &error),
			 0);
	assert_int_equal(changes.count, 2);
	assert_string_equal(changes.items[0].policy, "b");
	assert_string_equal(changes.items[1].policy, "a");
}

static void a_site_can_add_to_a_built_in_policy(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_site_ struct site_directory site;
	const char *text;

	(void)state;
	site_make(&site);
	site_write(&site, "policies/baseline.json",
		   "{ 'name': 'baseline', 'extends': ['baseline'], 'rootfs': { 'readonly': true } }");
	text = loaded(&arena, &site, NULL, NULL);
	assert_non_null(strstr(text, "\"rootfs\":{\"readonly\":true}"));
	assert_non_null(strstr(text, "\"privileged\":\"refuse\""));
}

static void circles_and_wrong_names_are_refused(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_site_ struct site_directory site;

	(void)state;
	site_make(&site);
	site_write(&site, "policies/a.json", "{ 'name': 'a', 'extends': ['b'] }");
	site_write(&site, "policies/b.json", "{ 'name': 'b', 'extends': ['a'] }");
	assert_non_null(strstr(loaded(&arena, &site, "a", NULL), "policy a extends itself"));
	site_write(&site, "policies/a.json", "{ 'name': 'a', 'extends': ['a'] }");
	assert_non_null(strstr(loaded(&arena, &site, "a", NULL), "no policy is called a"));
	site_write(&site, "policies/a.json", "{ 'name': 'b' }");
	assert_non_null(strstr(loaded(&arena, &site, "a", NULL),
			       "name: found \"b\", expected \"a\" as the file is called"));
	site_write(&site, "policies/a.json", "{ 'name': 'a' ");
	assert_non_null(strstr(loaded(&arena, &site, "a", NULL), "policies/a.json"));
}

static void a_site_file_is_read_strictly(void **state)
{
	static const struct {
		const char *text, *said;
	} mistakes[] = {
		{ "{ 'default': 'off' }", "site.default: unknown member" },
		{ "{ 'defaultPolicy': 1 }", "defaultPolicy: found 1, expected a string" },
		{ "{ 'selectable': 'baseline' }",
		  "selectable: found \"baseline\", expected an array of names of policies" },
		{ "{ 'selectable': ['a/b'] }", "selectable: found \"a/b\", expected a policy's name" },
		{ "[]", "site: found array, expected an object" },
	};
	_cleanup_site_ struct site_directory site;

	(void)state;
	site_make(&site);
	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		_cleanup_arena_ struct arena arena = { 0 };

		site_write(&site, "casemate.json", mistakes[i].text);
		assert_string_equal(loaded(&arena, &site, "off", NULL),
				    arena_printf(&arena, "%s/casemate.json: %s", site.path, mistakes[i].said));
	}
}

static void what_others_can_write_is_not_trusted(void **state)
{
	static const char *const files[] = { "", "/casemate.json", "/policies", "/policies/a.json" };
	_cleanup_site_ struct site_directory site;

	(void)state;
	site_make(&site);
	site_write(&site, "casemate.json", "{}");
	site_write(&site, "policies/a.json", "{ 'name': 'a' }");
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_arena_ struct arena arena = { 0 };
		const char *path = arena_printf(&arena, "%s%s", site.path, files[i]);

		assert_string_equal(loaded(&arena, &site, "a", NULL), "{\"name\":\"a\"}");
		assert_int_equal(chmod(path, 0775), 0);
		assert_non_null(strstr(loaded(&arena, &site, "a", NULL),
				       arena_printf(&arena, "%s can be written by others (mode 0775)", path)));
		assert_int_equal(chmod(path, 0755), 0);
		if (geteuid() != 0)
			continue;
		assert_int_equal(chown(path, 12345, 0), 0);
		assert_non_null(strstr(loaded(&arena, &site, "a", NULL),
				       arena_printf(&arena, "%s belongs to uid 12345", path)));
		assert_int_equal(chown(path, 0, 0), 0);
	}
}

static void the_annotation_adds_what_is_selectable(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_site_ struct site_directory site;
	struct oci_config *config =
		make_config(&arena, "{ 'annotations': { 'dev.casemate.policy': 'tight,baseline' } }");

	(void)state;
	site_make(&site);
	site_write(&site, "policies/tight.json", "{ 'name': 'tight', 'rootfs': { 'readonly': true } }");
	site_write(&site, "casemate.json", "{ 'selectable': ['tight'] }");
	assert_string_equal(
		loaded(&arena, &site, "off", config),
		"load policy: annotation dev.casemate.policy: policy \"baseline\" is not selectable here; "
		"list it as selectable in /etc/casemate/casemate.json, or remove the annotation");
	config->annotations.items[0].value = "tight";
	assert_string_equal(loaded(&arena, &site, "off", config),
			    "{\"name\":\"tight\",\"rootfs\":{\"readonly\":true}}");
	site_write(&site, "casemate.json", "{ 'selectable': ['tight', 'off'] }");
	config->annotations.items[0].value = "off";
	assert_string_equal(loaded(&arena, &site, NULL, config), built_in(&arena, "baseline"));
	config->annotations.items[0].value = "./tight";
	assert_non_null(strstr(loaded(&arena, &site, NULL, config), "not selectable"));
}

static void facts_tell_whose_namespace_is_joined(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct policy *policy =
		make_policy(&arena, "{ 'name': 'a', 'namespaces': { 'require': ['pid', 'mount'] } }");
	struct oci_config *config =
		make_config(&arena,
			    "{ 'linux': { 'namespaces': [{ 'type': 'pid', 'path': '/proc/self/ns/pid' },"
			    "{ 'type': 'mount', 'path': '/proc/self/ns/uts' },"
			    "{ 'type': 'network', 'path': '/nowhere' }] } }");
	struct policy_facts facts = { 0 };
	struct error error;

	(void)state;
	assert_int_equal(policy_facts_gather(&arena, policy, config, "/", &facts, &error), 0);
	assert_int_equal(facts.joined[OCI_NAMESPACE_PID], POLICY_NAMESPACE_HOST);
	assert_int_equal(facts.joined[OCI_NAMESPACE_MOUNT], POLICY_NAMESPACE_OTHER);
	assert_int_equal(facts.joined[OCI_NAMESPACE_NETWORK], POLICY_NAMESPACE_UNKNOWN);
	config->linux_->namespaces.items[0].path = "/nowhere";
	assert_int_equal(policy_facts_gather(&arena, policy, config, "/", &facts, &error), -1);
	assert_string_equal(error.text, "look at the pid namespace /nowhere: no such file or directory");
}

static void facts_tell_whose_user_namespace_a_process_is_in(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct policy *policy = make_policy(&arena, "{ 'name': 'a', 'user': { 'nonRoot': true } }");
	struct oci_config *config =
		make_config(&arena, "{ 'linux': { 'namespaces': [{ 'type': 'user', 'path': '/gone' }] } }");
	struct policy_facts facts = { 0 };
	struct error error;

	(void)state;
	assert_int_equal(policy_facts_gather_process(policy, config, getpid(), &facts, &error), 0);
	assert_int_equal(facts.joined[OCI_NAMESPACE_USER], POLICY_NAMESPACE_HOST);
	assert_int_equal(policy_facts_gather_process(policy, config, INT_MAX, &facts, &error), -1);
}

static void facts_tell_where_links_lead(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct policy *policy = make_policy(&arena, "{ 'name': 'a', 'mounts': { 'denySources': ['/proc'] } }");
	struct oci_config *config;
	struct policy_facts facts = { 0 };
	struct error error;
	char directory[] = "/tmp/casemate-policy-test-XXXXXX";
	const char *link;

	(void)state;
	assert_non_null(mkdtemp(directory));
	link = arena_printf(&arena, "%s/link", directory);
	assert_int_equal(symlink("/proc/sys", link), 0);
	config = make_config(
		&arena, "{ 'mounts': [{ 'destination': '/x', 'type': 'bind', 'source': 'link/kernel' }] }");
	assert_int_equal(policy_facts_gather(&arena, policy, config, directory, &facts, &error), 0);
	unlink(link);
	rmdir(directory);
	assert_string_equal(
		refused_config(&arena, policy, config, &facts),
		"policy a: mounts.denySources: link/kernel may not be mounted on /x, as it meets /proc; "
		"remove the mount or run with --policy off");
}

static void a_site_sets_ids_aside(void **state)
{
	static const char *const wrong[] = {
		"{ 'userns': { 'first': 1 } }",
		"{ 'userns': { 'first': 0, 'count': 65536 } }",
		"{ 'userns': { 'first': 1, 'count': 4294967295 } }",
		"{ 'userns': { 'first': 4294900000, 'count': 131072 } }",
		"{ 'userns': { 'first': 1, 'count': 65536, 'last': 2 } }",
		"{ 'userns': 100000 }",
	};
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_site_ struct site_directory directory;
	struct policy_site site;
	struct error error;

	(void)state;
	site_make(&directory);
	site_write(&directory, "casemate.json", "{ 'userns': { 'first': 100000, 'count': 655360 } }");
	assert_int_equal(policy_site_load_from(&arena, directory.path, &site, &error), 0);
	assert_int_equal(site.first_id, 100000);
	assert_int_equal(site.id_count, 655360);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		site_write(&directory, "casemate.json", wrong[i]);
		assert_int_equal(policy_site_load_from(&arena, directory.path, &site, &error), -1);
		assert_non_null(strstr(error.text, "userns"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bare_host_has_the_built_in_ones),
		cmocka_unit_test(a_site_has_its_default_and_policies),
		cmocka_unit_test(a_site_sets_ids_aside),
		cmocka_unit_test(extended_policies_are_stacked_below),
		cmocka_unit_test(a_site_can_add_to_a_built_in_policy),
		cmocka_unit_test(circles_and_wrong_names_are_refused),
		cmocka_unit_test(a_site_file_is_read_strictly),
		cmocka_unit_test(what_others_can_write_is_not_trusted),
		cmocka_unit_test(the_annotation_adds_what_is_selectable),
		cmocka_unit_test(facts_tell_whose_namespace_is_joined),
		cmocka_unit_test(facts_tell_whose_user_namespace_a_process_is_in),
		cmocka_unit_test(facts_tell_where_links_lead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
