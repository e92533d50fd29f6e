/* SPDX-License-Identifier: Apache-2.0 */
/* spec/config.h and spec/table.h: reading, refusing, writing and copying configurations. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "documents.h"
#include "spec/config.h"
#include "spec/tables.h"

static char *print(struct arena *arena, const struct spec_table *table, const void *object)
{
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct json_writer writer = { .out = &out, .indent = 2 };

	spec_print(&writer, table, object);
	return arena_strdup(arena, strbuf_text(&out));
}

static void *must_parse(struct arena *arena, const struct spec_table *table, const char *text)
{
	struct error error = { 0 };
	void *object = spec_parse(arena, table, "f", text, strlen(text), SPEC_UNKNOWN_IGNORED, &error);

	if (!object)
		fail_msg("%s", error.text);
	return object;
}

static struct oci_config *load(struct arena *arena, const char *path)
{
	struct oci_config *config = NULL;
	struct error error = { 0 };
	size_t length;
	char *bytes = document_read(arena, path, &length);

	if (config_parse(arena, path, bytes, length, &config, &error) < 0)
		fail_msg("%s", error.text);
	return config;
}

/* Members that the specification does not have, so that they are lost in writing. */
static bool is_unknown(const char *path)
{
	static const char *const unknown[] = { ".freebsd", ".zos", ".linux.resources.oomScoreAdj" };

	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		if (!strcmp(unknown[i], path))
			return true;
	return false;
}

/* What may be left out: it says the same as when it is absent. */
static bool says_nothing(const struct json_value *value)
{
	switch (value->type) {
	case JSON_NULL: return true;
	case JSON_BOOL: return !value->boolean;
	case JSON_INTEGER: return value->integer.magnitude == 0;
	case JSON_STRING: return !*value->string;
	case JSON_ARRAY: return value->array.count == 0;
	case JSON_OBJECT: return value->object.count == 0;
	default: return false;
	}
}

/* Everything of the @original is in the @written document, with the same value. */
static void assert_kept(struct arena *arena, const char *path, const struct json_value *original,
			const struct json_value *written)
{
	if (!written) {
		if (!says_nothing(original))
			fail_msg("%s was lost", path);
		return;
	}
	if (original->type != written->type)
		fail_msg("%s has another type", path);
	if (original->type == JSON_OBJECT) {
		for (size_t i = 0; i < original->object.count; i++) {
			const struct json_member *member = &original->object.items[i];
			const char *below = arena_printf(arena, "%s.%s", path, member->name);

			if (!is_unknown(below))
				assert_kept(arena, below, &member->value, json_get(written, member->name));
		}
	} else if (original->type == JSON_ARRAY) {
		assert_int_equal(original->array.count, written->array.count);
		for (size_t i = 0; i < original->array.count; i++)
			assert_kept(arena, arena_printf(arena, "%s[%zu]", path, i), &original->array.items[i],
				    &written->array.items[i]);
	} else {
		_cleanup_strbuf_ struct strbuf left = { 0 };
		_cleanup_strbuf_ struct strbuf right = { 0 };

		json_value(&(struct json_writer){ .out = &left }, original);
		json_value(&(struct json_writer){ .out = &right }, written);
		assert_string_equal(strbuf_text(&left), strbuf_text(&right));
	}
}

static const struct json_value *tree(struct arena *arena, const char *text)
{
	struct json_value *root;
	struct error error;

	assert_int_equal(json_parse(arena, "f", text, strlen(text), &root, &error), 0);
	return root;
}

static void round_trip(const char *path)
{
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_arena_ struct arena other = { 0 };
	struct oci_config *config = load(&other, path);
	struct oci_config *copied = config_copy(&arena, config);
	char *text = print(&arena, &spec_config_table, config);

	/* The copy shares nothing with what it was made from. */
	arena_release(&other);
	assert_string_equal(print(&arena, &spec_config_table, copied), text);
	assert_string_equal(print(&arena, &spec_config_table, must_parse(&arena, &spec_config_table, text)),
			    text);
	assert_kept(&arena, "", document_parse(&arena, path), tree(&arena, text));
}

static void takes_the_good_documents(void **state)
{
	static const char *const directories[] = { "oci-schema/config/good", "engine-configs" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		_cleanup_arena_ struct arena arena = { 0 };
		const char **paths;
		size_t count = document_list(&arena, directories[i], &paths);

		assert_true(count >= 3);
		for (size_t j = 0; j < count; j++)
			round_trip(paths[j]);
	}
}

struct refusal {
	const char *text;
	const char *error;
};

static void assert_refused(const struct spec_table *table, const struct refusal *refusals, size_t count,
			   enum spec_unknown unknown)
{
	for (size_t i = 0; i < count; i++) {
		_cleanup_arena_ struct arena arena = { 0 };
		struct error error = { 0 };

		assert_null(spec_parse(&arena, table, "f.json", refusals[i].text, strlen(refusals[i].text),
				       unknown, &error));
		assert_string_equal(error.text, refusals[i].error);
	}
}

static void refuses_the_bad_documents(void **state)
{
	static const struct refusal refusals[] = {
		{ "oci-schema/config/bad/invalid-json.json",
		  "f: line 1, column 3: invalid object key (must be a string)" },
		{ "oci-schema/config/bad/linux-hugepage.json",
		  "f: linux.resources.hugepageLimits[0].pageSize: found \"64kB\", "
		  "expected a size such as 64KB, 2MB or 1GB" },
		{ "oci-schema/config/bad/linux-netdevice.json",
		  "f: linux.netDevices.eth0.name: found 23, expected string" },
		{ "oci-schema/config/bad/linux-rdma.json",
		  "f: linux.resources.rdma.mlx5_1.hcaHandles: found \"not a uint32\", "
		  "expected integer from 0 to 4294967295" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		_cleanup_arena_ struct arena arena = { 0 };
		struct oci_config *config;
		struct error error = { 0 };
		size_t length;
		char *bytes = document_read(&arena, refusals[i].text, &length);

		assert_int_equal(config_parse(&arena, "f", bytes, length, &config, &error), -1);
		assert_string_equal(error.text, refusals[i].error);
	}
}

#define IN_CONFIG(text) "{\"ociVersion\":\"1.0.0\"," text "}"
#define IN_PROCESS(text) IN_CONFIG("\"process\":{\"cwd\":\"/\"," text "}")
#define IN_LINUX(text) IN_CONFIG("\"linux\":{" text "}")
#define IN_SECCOMP(text) IN_LINUX("\"seccomp\":{\"defaultAction\":\"SCMP_ACT_KILL\"," text "}")

static void refuses_wrong_types_and_values(void **state)
{
	static const struct refusal refusals[] = {
		{ "[]", "f.json: found array, expected object" },
		{ "{}", "f.json: ociVersion: found nothing, expected string" },
		{ "{\"ociVersion\":null}", "f.json: ociVersion: found null, expected string" },
		{ "{\"ociVersion\":1}", "f.json: ociVersion: found 1, expected string" },
		{ IN_CONFIG("\"process\":{}"), "f.json: process.cwd: found nothing, expected string" },
		{ IN_CONFIG("\"process\":[]"), "f.json: process: found array, expected object" },
		{ IN_CONFIG("\"root\":{}"), "f.json: root.path: found nothing, expected string" },
		{ IN_CONFIG("\"mounts\":{}"), "f.json: mounts: found object, expected array" },
		{ IN_CONFIG("\"mounts\":[{}]"),
		  "f.json: mounts[0].destination: found nothing, expected string" },
		{ IN_CONFIG("\"mounts\":[null]"), "f.json: mounts[0]: found null, expected object" },
		{ IN_CONFIG("\"annotations\":{\"a.b\":1}"),
		  "f.json: annotations[\"a.b\"]: found 1, expected string" },
		{ IN_CONFIG("\"hooks\":{\"poststop\":[{\"path\":\"/x\",\"timeout\":0}]}"),
		  "f.json: hooks.poststop[0].timeout: found 0, expected integer from 1 to 9223372036854775807" },
		{ IN_PROCESS("\"terminal\":\"yes\""),
		  "f.json: process.terminal: found \"yes\", expected true or false" },
		{ IN_PROCESS("\"user\":{\"uid\":-1}"),
		  "f.json: process.user.uid: found -1, expected integer from 0 to 4294967295" },
		{ IN_PROCESS("\"user\":{\"gid\":4294967296}"),
		  "f.json: process.user.gid: found 4294967296, expected integer from 0 to 4294967295" },
		{ IN_PROCESS("\"user\":{\"additionalGids\":[1,\"2\"]}"),
		  "f.json: process.user.additionalGids[1]: found \"2\", expected integer from 0 to 4294967295" },
		{ IN_PROCESS("\"consoleSize\":{\"height\":1}"),
		  "f.json: process.consoleSize.width: found nothing, "
		  "expected integer from 0 to 18446744073709551615" },
		{ IN_PROCESS("\"oomScoreAdj\":1.5"),
		  "f.json: process.oomScoreAdj: found 1.5, "
		  "expected integer from -9223372036854775808 to 9223372036854775807" },
		{ IN_PROCESS("\"rlimits\":[{\"type\":\"NOFILE\",\"soft\":1,\"hard\":1}]"),
		  "f.json: process.rlimits[0].type: found \"NOFILE\", expected a name such as RLIMIT_NOFILE" },
		{ IN_PROCESS("\"ioPriority\":{\"class\":\"RT\"}"),
		  "f.json: process.ioPriority.class: found \"RT\", expected one of \"IOPRIO_CLASS_RT\", "
		  "\"IOPRIO_CLASS_BE\", \"IOPRIO_CLASS_IDLE\"" },
		{ IN_PROCESS("\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":2147483648}"),
		  "f.json: process.scheduler.nice: found 2147483648, "
		  "expected integer from -2147483648 to 2147483647" },
		{ IN_PROCESS("\"execCPUAffinity\":{\"final\":\"0-a\"}"),
		  "f.json: process.execCPUAffinity.final: found \"0-a\", "
		  "expected a list of processors such as 0-3,7" },
		{ IN_LINUX("\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"pidd\"}]"),
		  "f.json: linux.namespaces[1].type: found \"pidd\", expected one of \"mount\", \"pid\", "
		  "\"network\", \"ipc\", \"uts\", \"user\", \"cgroup\", \"time\"" },
		{ IN_LINUX("\"devices\":[{\"path\":\"/dev/x\",\"type\":\"char\"}]"),
		  "f.json: linux.devices[0].type: found \"char\", expected \"c\", \"b\", \"u\" or \"p\"" },
		{ IN_LINUX("\"resources\":{\"devices\":[{\"access\":\"rwm\"}]}"),
		  "f.json: linux.resources.devices[0].allow: found nothing, expected true or false" },
		{ IN_LINUX("\"resources\":{\"devices\":[{\"allow\":true,\"access\":\"rx\"}]}"),
		  "f.json: linux.resources.devices[0].access: found \"rx\", expected letters of \"rwm\"" },
		{ IN_LINUX("\"resources\":{\"blockIO\":{\"weight\":65536}}"),
		  "f.json: linux.resources.blockIO.weight: found 65536, expected integer from 0 to 65535" },
		{ IN_LINUX("\"resources\":{\"memory\":{\"limit\":9223372036854775808}}"),
		  "f.json: linux.resources.memory.limit: found 9223372036854775808, "
		  "expected integer from -9223372036854775808 to 9223372036854775807" },
		{ IN_LINUX("\"resources\":{\"memory\":{\"disableOOMKiller\":0}}"),
		  "f.json: linux.resources.memory.disableOOMKiller: found 0, expected true or false" },
		{ IN_LINUX("\"intelRdt\":{\"memBwSchema\":\"L3:0=f\"}"),
		  "f.json: linux.intelRdt.memBwSchema: found \"L3:0=f\", expected one line that begins with MB:" },
		{ IN_LINUX("\"rootfsPropagation\":\"public\""),
		  "f.json: linux.rootfsPropagation: found \"public\", expected one of \"private\", \"shared\", "
		  "\"slave\", \"unbindable\", \"rprivate\", \"rshared\", \"rslave\", \"runbindable\"" },
		{ IN_LINUX("\"seccomp\":{}"),
		  "f.json: linux.seccomp.defaultAction: found nothing, expected one of \"SCMP_ACT_KILL\", "
		  "\"SCMP_ACT_KILL_PROCESS\", \"SCMP_ACT_KILL_THREAD\", \"SCMP_ACT_TRAP\", \"SCMP_ACT_ERRNO\", "
		  "\"SCMP_ACT_TRACE\", \"SCMP_ACT_ALLOW\", \"SCMP_ACT_LOG\", \"SCMP_ACT_NOTIFY\"" },
		{ IN_SECCOMP("\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_LOG\"}]"),
		  "f.json: linux.seccomp.syscalls[0].names: found array of 0, expected array of at least 1" },
		{ IN_SECCOMP("\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\",\"args\":"
			     "[{\"index\":6,\"value\":0,\"op\":\"SCMP_CMP_EQ\"}]}]"),
		  "f.json: linux.seccomp.syscalls[0].args[0].index: found 6, expected integer from 0 to 5" },
		{ IN_SECCOMP("\"flags\":[\"SECCOMP_FILTER_FLAG_NEW_LISTENER\"]"),
		  "f.json: linux.seccomp.flags[0]: found \"SECCOMP_FILTER_FLAG_NEW_LISTENER\", expected one of "
		  "\"SECCOMP_FILTER_FLAG_TSYNC\", \"SECCOMP_FILTER_FLAG_LOG\", "
		  "\"SECCOMP_FILTER_FLAG_SPEC_ALLOW\", \"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV\"" },
	};

	(void)state;
	assert_refused(&spec_config_table, refusals, ARRAY_SIZE(refusals), SPEC_UNKNOWN_IGNORED);
}

static void shows_no_secret(void **state)
{
	static const struct refusal refusals[] = {
		{ IN_PROCESS("\"env\":\"TOKEN=hush\""), "f.json: process.env: found string, expected array" },
		{ IN_PROCESS("\"env\":[\"A=b\",1234]"),
		  "f.json: process.env[1]: found integer, expected string" },
		{ IN_PROCESS("\"env\":{\"TOKEN\":\"hush\"}"),
		  "f.json: process.env: found object, expected array" },
		{ IN_CONFIG("\"hooks\":{\"prestart\":[{\"path\":\"/x\",\"env\":\"TOKEN=hush\"}]}"),
		  "f.json: hooks.prestart[0].env: found string, expected array" },
	};

	(void)state;
	assert_refused(&spec_config_table, refusals, ARRAY_SIZE(refusals), SPEC_UNKNOWN_IGNORED);
}

/* A long value is cut, and what a terminal would act on does not get through. */
static void shows_found_text_safely(void **state)
{
	static const struct refusal refusals[] = {
		{ IN_LINUX("\"intelRdt\":{\"memBwSchema\":\"\\u001b[2J\\n\\u007f\"}"),
		  "f.json: linux.intelRdt.memBwSchema: found \"?[2J??\", expected one line that begins with MB:" },
		{ IN_LINUX("\"intelRdt\":{\"memBwSchema\":\"0123456789012345678901234567890123456789"
			   "012345678901234567\xc3\xa4\xc3\xa4\xc3\xa4\"}"),
		  "f.json: linux.intelRdt.memBwSchema: found \"0123456789012345678901234567890123456789"
		  "012345678901234567\xc3\xa4...\", expected one line that begins with MB:" },
	};

	(void)state;
	assert_refused(&spec_config_table, refusals, ARRAY_SIZE(refusals), SPEC_UNKNOWN_IGNORED);
}

static void takes_null_and_empty_as_absent(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct oci_config *config = must_parse(
		&arena, &spec_config_table,
		IN_CONFIG("\"process\":null,\"root\":null,\"hostname\":\"\",\"mounts\":null,\"hooks\":null,"
			  "\"annotations\":null,\"linux\":{\"namespaces\":[{\"type\":\"pid\",\"path\":\"\"}],"
			  "\"rootfsPropagation\":\"\",\"resources\":{\"memory\":{\"limit\":null}},"
			  "\"intelRdt\":{\"memBwSchema\":\"\"}}"));

	(void)state;
	assert_null(config->process);
	assert_null(config->root);
	assert_null(config->hostname);
	assert_int_equal(config->mounts.count, 0);
	assert_null(config->linux_->namespaces.items[0].path);
	assert_int_equal(config->linux_->rootfs_propagation, OCI_PROPAGATION_UNSET);
	assert_false(config->linux_->resources->memory->limit.present);
	assert_null(config->linux_->intel_rdt->mem_bw_schema);
	assert_string_equal(print(&arena, &spec_config_table, config),
			    "{\n  \"ociVersion\": \"1.0.0\",\n  \"linux\": {\n    \"resources\": {\n"
			    "      \"memory\": {}\n    },\n    \"namespaces\": [\n      {\n"
			    "        \"type\": \"pid\"\n      }\n    ],\n    \"intelRdt\": {}\n  }\n}");
}

/* Names of members are exact, unknown ones are ignored or refused as the caller says. */
static void treats_unknown_members(void **state)
{
	static const struct refusal refusals[] = {
		{ "{\"path\":\"/x\",\"readOnly\":true}", "f.json: readOnly: found an unknown member, "
							 "expected one of path, args, env, timeout" },
	};
	static const char text[] = IN_CONFIG("\"new\":{\"of\":[1.3]},\"host\":\"x\",\"linux\":{\"later\":1}");
	_cleanup_arena_ struct arena arena = { 0 };
	struct oci_config *config = must_parse(&arena, &spec_config_table, text);
	const struct spec_table *hooks = NULL;

	(void)state;
	assert_null(config->hostname);
	for (size_t i = 0; i < spec_config_table.count; i++)
		if (!strcmp(spec_config_table.fields[i].name, "hooks"))
			hooks = spec_config_table.fields[i].table;
	if (!hooks) {
		fail_msg("there is no table of hooks");
		return;
	}
	assert_refused(hooks->fields[0].table, refusals, ARRAY_SIZE(refusals), SPEC_UNKNOWN_REFUSED);
}

/* As Go's encoding/json, and so runc, takes them. */
static void takes_names_in_any_case(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct oci_config *config = must_parse(
		&arena, &spec_config_table,
		"{\"ociversion\":\"1.0.0\",\"HostName\":\"other\",\"hostname\":\"exact\",\"linux\":{\"resources\":"
		"{\"hugepageLimits\":[{\"pagesize\":\"2MB\",\"LIMIT\":1,\"limiT\":7}]}}}");

	(void)state;
	assert_string_equal(config->oci_version, "1.0.0");
	assert_string_equal(config->hostname, "exact");
	assert_string_equal(config->linux_->resources->hugepage_limits.items[0].page_size, "2MB");
	assert_int_equal(config->linux_->resources->hugepage_limits.items[0].limit, 7);
}

static void reads_the_other_documents(void **state)
{
	static const char process[] = "{\"cwd\":\"/\",\"args\":[\"a\"],\"user\":{\"uid\":1,\"gid\":2}}";
	static const char resources[] = "{\"pids\":{\"limit\":-1},\"unified\":{\"memory.high\":\"1\"},"
					"\"rdma\":{\"mlx\":{\"hcaHandles\":3}}}";
	static const char seccomp[] = "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38}";
	_cleanup_strbuf_ struct strbuf out = { 0 };
	struct json_writer writer = { .out = &out };
	_cleanup_arena_ struct arena arena = { 0 };
	struct oci_resources *limits;
	struct oci_process *program;
	struct oci_seccomp *filter;
	struct error error = { 0 };

	(void)state;
	assert_int_equal(process_parse(&arena, "f", process, strlen(process), &program, &error), 0);
	assert_int_equal(resources_parse(&arena, "f", resources, strlen(resources), &limits, &error), 0);
	assert_int_equal(seccomp_parse(&arena, "f", seccomp, strlen(seccomp), &filter, &error), 0);
	spec_print(&writer, &spec_process_table, spec_copy(&arena, &spec_process_table, program));
	spec_print(&writer, &spec_resources_table, spec_copy(&arena, &spec_resources_table, limits));
	spec_print(&writer, &spec_seccomp_table, filter);
	assert_string_equal(strbuf_text(&out), "{\"user\":{\"uid\":1,\"gid\":2},\"args\":[\"a\"],\"cwd\":\"/\"}"
					       "{\"pids\":{\"limit\":-1},\"rdma\":{\"mlx\":{\"hcaHandles\":3}},"
					       "\"unified\":{\"memory.high\":\"1\"}}"
					       "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38}");
	assert_null(spec_copy(&arena, &spec_process_table, NULL));
	assert_int_equal(process_parse(&arena, "p.json", "{}", 2, &program, &error), -1);
	assert_string_equal(error.text, "p.json: cwd: found nothing, expected string");
}

static void finds_namespaces(void **state)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct oci_config *config = must_parse(
		&arena, &spec_config_table,
		IN_LINUX("\"namespaces\":[{\"type\":\"network\",\"path\":\"/run/n\"},{\"type\":\"mount\"}]"));
	struct oci_config bare = { 0 };

	(void)state;
	assert_string_equal(config_namespace(config, OCI_NAMESPACE_NETWORK)->path, "/run/n");
	assert_false(config_has_new_namespace(config, OCI_NAMESPACE_NETWORK));
	assert_true(config_has_new_namespace(config, OCI_NAMESPACE_MOUNT));
	assert_null(config_namespace(config, OCI_NAMESPACE_PID));
	assert_null(config_namespace(&bare, OCI_NAMESPACE_PID));
	assert_string_equal(namespace_type_name(OCI_NAMESPACE_CGROUP), "cgroup");
	assert_int_equal(namespace_type_flag(OCI_NAMESPACE_MOUNT), 0x00020000);
	assert_int_equal(namespace_type_flag(OCI_NAMESPACE_TIME), 0x00000080);
}

static void refuses_to_load(int bundle, const char *name, const char *expected)
{
	_cleanup_arena_ struct arena arena = { 0 };
	struct oci_config *config;
	struct error error = { 0 };

	assert_int_equal(config_load(&arena, bundle, name, &config, &error), -1);
	assert_string_equal(error.text, expected);
}

static void loads_regular_files_only(void **state)
{
	char path[] = "/tmp/casemate-spec-XXXXXX";
	_cleanup_arena_ struct arena arena = { 0 };
	_cleanup_fd_ int bundle = -1;
	_cleanup_fd_ int large = -1;
	struct oci_config *config;
	struct error error = { 0 };

	(void)state;
	assert_non_null(mkdtemp(path));
	bundle = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(bundle >= 0);
	refuses_to_load(bundle, "config.json", "JSON specification file config.json not found");
	assert_int_equal(mkfifoat(bundle, "config.json", 0600), 0);
	refuses_to_load(bundle, "config.json", "read config.json: not a regular file");
	assert_int_equal(unlinkat(bundle, "config.json", 0), 0);
	assert_int_equal(mkdirat(bundle, "config.json", 0700), 0);
	refuses_to_load(bundle, "config.json", "read config.json: is a directory");
	assert_int_equal(unlinkat(bundle, "config.json", AT_REMOVEDIR), 0);
	large = openat(bundle, "config.json", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(ftruncate(large, (off_t)16 * 1024 * 1024 + 1), 0);
	refuses_to_load(bundle, "config.json", "read config.json: file too large");
	assert_int_equal(ftruncate(large, 0), 0);
	assert_int_equal(write(large, "{\"ociVersion\":\"1.3.0\"}", 22), 22);
	assert_int_equal(config_load(&arena, bundle, "config.json", &config, &error), 0);
	assert_string_equal(config->oci_version, "1.3.0");
	assert_int_equal(unlinkat(bundle, "config.json", 0), 0);
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_good_documents),
		cmocka_unit_test(refuses_the_bad_documents),
		cmocka_unit_test(refuses_wrong_types_and_values),
		cmocka_unit_test(shows_no_secret),
		cmocka_unit_test(shows_found_text_safely),
		cmocka_unit_test(takes_null_and_empty_as_absent),
		cmocka_unit_test(treats_unknown_members),
		cmocka_unit_test(takes_names_in_any_case),
		cmocka_unit_test(reads_the_other_documents),
		cmocka_unit_test(finds_namespaces),
		cmocka_unit_test(loads_regular_files_only),
	};

	return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
